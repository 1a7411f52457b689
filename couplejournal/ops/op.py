"""One verified operation, with its place; what `book` hands to `merge`."""

from __future__ import annotations

import msgspec


class Op(msgspec.Struct, frozen=True, gc=False):
    """A verified operation of a word stream.

    ``id`` is its link (32 bytes); ``key`` the id of the key that signed it (32 bytes); ``fields`` are msgpack bytes,
    undecoded: `couplejournal.ops.words.decode_fields` reads them when somebody looks.
    """

    id: bytes
    key: bytes
    stream: bytes
    seq: int
    word: str
    clock: tuple[int, int]
    salt: bytes
    fields: bytes
