"""Which version of an entry is shown, which others stand beside it, and whether it is shown at all.

A version is the write or a revision. A revision that no other names is *current*; no clock decides between revisions of
which one knew the other. Two current ones are a conflict: both are kept, and the later by (clock, op id) is shown. A
retraction takes away the versions that it names; a current one that it does not name keeps the entry visible
(docs/spec/format.md 8).
"""

from __future__ import annotations

import attrs
import msgspec

from couplejournal.merge.frozen import Record
from couplejournal.ops.op import Op


@attrs.frozen
class Version:
    """One version of an entry: the operation that made it, and its fields, undecoded."""

    op: Op
    fields: msgspec.Raw


@attrs.frozen
class Versions:
    """What to show of an entry.

    ``shown`` is there even where ``is_hidden`` says that nobody shows it. ``others`` are the other current versions
    that no retraction names, the later first. ``was_retracted``: a retraction did not know what is shown.
    ``named`` are the ids that a revision or a retraction made now has to name.
    """

    shown: Version
    others: tuple[Version, ...] = ()
    is_hidden: bool = False
    was_retracted: bool = False
    named: tuple[bytes, ...] = ()


def versions_of(record: Record) -> Versions:
    """Return which versions of an entry are current, and whether it is hidden."""
    written = Version(record.op, record.write.fields)
    if not record.revisions:
        return Versions(written, is_hidden=bool(record.retractions), named=(record.op.id,))
    superseded = {op_id for op, revise in record.revisions for op_id in revise.after if op_id != op.id}
    every = [Version(op, revise.fields) for op, revise in reversed(record.revisions)]
    # An id is a hash over what it names, so no circle can be signed; but nothing may depend on that here.
    current = [version for version in every if version.op.id not in superseded] or every[:1]
    named = tuple(sorted(version.op.id for version in current))
    if not record.retractions:
        return Versions(current[0], tuple(current[1:]), named=named)
    retracted = {op_id for _, retract in record.retractions for op_id in retract.after}
    standing = [version for version in current if version.op.id not in retracted]
    if not standing:
        return Versions(current[0], is_hidden=True, named=named)
    return Versions(standing[0], tuple(standing[1:]), was_retracted=True, named=named)
