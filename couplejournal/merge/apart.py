"""Words that do not count: what a removed device wrote after the place at which its removal ends it.

They are kept and shown apart, and a live device of their author may write them again as its own: an entry with a
reference `TAKEN_OVER` to the old one, or a revision that names the old one (docs/spec/membership.md 5).
"""

from __future__ import annotations

from typing import Final

import msgspec

from couplejournal.merge.frozen import Frozen, Record
from couplejournal.merge.versions import versions_of
from couplejournal.ops.op import Op

TAKEN_OVER: Final = "taken_over"


class Apart(msgspec.Struct, frozen=True, gc=False):
    """A write that does not count, with its last fields, or a revision that does not, of an entry that does.

    ``op`` is the write or the revision; ``record`` is that of the entry.
    """

    op: Op
    record: Record
    fields: msgspec.Raw

    @property
    def is_revision(self) -> bool:
        """Return whether it is the revision of an entry that counts."""
        return self.op.id != self.record.id


def apart_of(frozen: Frozen) -> tuple[Apart, ...]:
    """Return what does not count, in order of (clock, op id), but for what was taken over or retracted since."""
    if not frozen.accepted:
        return ()
    found = []
    for entry, written in frozen.written.items():
        if not frozen.counts(written.op):
            found += _writes(frozen, entry)
    for entry in frozen.marks:
        written_one = frozen.written.get(entry)
        if written_one is not None and frozen.counts(written_one.op):
            found += _revisions(frozen, entry)
    return tuple(sorted(found, key=lambda one: (one.op.clock, one.op.id)))


def taken_over_by(frozen: Frozen, entry: bytes) -> bytes | None:
    """Return the entry as which its author wrote one again that does not count: of several the first by (clock, id)."""
    written = frozen.written.get(entry) if frozen.accepted else None
    if written is None or frozen.counts(written.op):
        return None
    found = [frozen.written[referrer] for referrer in frozen.referrers(entry)]
    return min(
        (
            (one.op.clock, one.op.id)
            for one in found
            if (TAKEN_OVER, entry) in one.write.refs and frozen.is_author(written.op, one.op)
        ),
        default=(None, None),
    )[1]


def _writes(frozen: Frozen, entry: bytes) -> list[Apart]:
    """Return an entry that does not count, with all of its revisions, which do not either."""
    record = frozen.record(entry)
    if record is None or record.retractions or taken_over_by(frozen, entry) is not None:
        return []
    marks = frozen.marks.get(entry)
    revisions = marks.revisions if marks is not None else ()
    may = tuple(mark for mark in revisions if frozen.may_revise(record.op, record.write, mark[0]))
    shown = versions_of(msgspec.structs.replace(record, revisions=may)).shown
    return [Apart(record.op, record, shown.fields)]


def _revisions(frozen: Frozen, entry: bytes) -> list[Apart]:
    """Return the revisions of a visible entry that do not count and that no other names."""
    record, marks = frozen.record(entry), frozen.marks.get(entry)
    if record is None or marks is None or versions_of(record).is_hidden:
        return []
    may = [mark for mark in marks.revisions if frozen.may_revise(record.op, record.write, mark[0])]
    named = {op_id for op, revise in may for op_id in revise.after if op_id != op.id}
    return [Apart(op, record, revise.fields) for op, revise in may if not frozen.counts(op) and op.id not in named]
