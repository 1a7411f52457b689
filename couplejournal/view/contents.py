"""From the undecoded fields of an entry to its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.model.kinds import decode_content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.merge import Record
    from couplejournal.model.kinds import Content, Kind, RawContent

_decoder: Final = msgspec.msgpack.Decoder()


def fields_of(raw: msgspec.Raw) -> object:
    """Return the fields as plain values; what is no msgpack at all comes back as its bytes. It never raises."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, TypeError, ValueError):
        return bytes(raw)


def content_of(record: Record, fields: msgspec.Raw, kinds: Mapping[str, Kind]) -> Content | RawContent:
    """Return the content of one version of an entry; a revision has the kind and the schema of its write."""
    return decode_content(record.write.kind, record.write.schema, fields_of(fields), kinds)
