"""Everything that is held of every entry: for whoever copies a journal whole, and for nobody else.

What a timeline leaves out is here too: entries that their author took back, entries that went into the shared book,
entries that a removed device wrote after its removal, and the versions that nobody sees any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from couplejournal.view.books import BookState, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from couplejournal.merge import Record, Versions
    from couplejournal.model.entry import Entry
    from couplejournal.ops.op import Op
    from couplejournal.ops.words import Retract, Revise
    from couplejournal.view.books import Shelf


@attrs.frozen(kw_only=True)
class Whole:
    """An entry with all that is held of it.

    ``entry`` is how it shows now, or would show; ``versions`` says which versions are current. ``revisions`` are those
    by somebody who may revise it, ``retractions`` those by its author, each in order of (clock, op id), and
    ``apart`` holds the ids of those operations, the write among them, that do not count since their device was removed
    before. ``stands_as`` is the id under which it stands now, where it was shared or taken over; else None.
    """

    entry: Entry
    record: Record
    book: BookState
    versions: Versions
    revisions: tuple[tuple[Op, Revise], ...]
    retractions: tuple[tuple[Op, Retract], ...]
    apart: frozenset[bytes]
    stands_as: bytes | None

    @property
    def is_shown(self) -> bool:
        """Return whether a timeline has it, under this id."""
        return not (self.versions.is_hidden or self.stands_as is not None or self.record.op.id in self.apart)


def every_entry(shelf: Shelf, entry_of: Callable[[Item], Entry]) -> Iterator[Whole]:
    """Iterate over what the books hold, one book after the other, each in order of (happened, clock, id)."""
    for book in shelf.books:
        for _, _, entry in book.frozen.order:
            record = book.frozen.record(entry)
            if record is not None:
                yield _whole(shelf, book, record, entry_of)


def _whole(shelf: Shelf, book: BookState, record: Record, entry_of: Callable[[Item], Entry]) -> Whole:
    frozen, item = book.frozen, Item(book, record)
    marks = frozen.marks.get(record.op.id)
    revisions = () if marks is None else marks.revisions
    retractions = () if marks is None else marks.retractions
    revisions = tuple(mark for mark in revisions if frozen.may_revise(record.op, record.write, mark[0]))
    retractions = tuple(mark for mark in retractions if frozen.is_author(record.op, mark[0]))
    stands_as = shelf.resolved(record.op.id)
    ops = (record.op, *(op for op, _ in revisions), *(op for op, _ in retractions))
    return Whole(
        entry=entry_of(item),
        record=record,
        book=book,
        versions=item.versions,
        revisions=revisions,
        retractions=retractions,
        apart=frozenset(op.id for op in ops if not frozen.counts(op)),
        stands_as=None if stands_as == record.op.id else stands_as,
    )
