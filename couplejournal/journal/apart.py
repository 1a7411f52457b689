"""Take over what a removed device of one's own wrote after its removal: write it again, as one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.book import Book, Draft
from couplejournal.errors import NoSuchEntryError, NotYourEntryError
from couplejournal.journal.reading import Reader
from couplejournal.ops import words

if TYPE_CHECKING:  # start-up: see journal.py
    from couplejournal.merge import Apart, Frozen
    from couplejournal.model.entry import Entry

_HINT: Final = "`log --apart` lists what was written after a removal"
SHORTEST_PREFIX: Final = 2


def take_over(reader: Reader, named: str) -> str:
    """Write again what stands apart under this id or unique beginning of it; return the id of the entry that has it.

    A write becomes an entry with the same content, time and references, and one more to the old one; another text of
    an entry becomes its newest revision. Answers to the old one belong to the new one from then on.

    Raises:
        NoSuchEntryError: nothing apart has this id, several begin with it, or it stands in an earlier journal.
        NotYourEntryError: it is the other's.
        StoreError: the disk is full or failing, or this device may not write; nothing was saved.
    """
    device = reader.device
    with device.hold():
        device.reload()
        entry = _found(reader.view().apart(), named)
        if not entry.is_mine:
            raise NotYourEntryError("only its author can take this over", hint="they do so on a device of theirs")
        book, frozen, one = _place_of(reader, bytes.fromhex(entry.id))
        if one.is_revision:
            book.append([_revision(one)])
            return one.record.id.hex()
        return book.append([_again(one, frozen)])[0].id.hex()


def sealed_apart(reader: Reader) -> int:
    """Return how many sealed answers of this person do not count, since a device wrote them after its removal.

    They cannot be taken over: an answer is bound to the operation that sealed it, and the other may have named it.

    Raises:
        StoreError: the disk fails.
    """
    device = reader.device
    with device.hold():
        device.reload()
        shared = device.shared
        if shared is None:
            return 0
        me, person_of = shared.person, shared.membership.person_of
        own = [op for op in shared.ops_after({}) if op.word == "seal" and person_of(op.key) == me]
        return sum(not shared.counts(op) for op in own)


def _found(apart: tuple[Entry, ...], named: str) -> Entry:
    wanted = named.strip().casefold()
    found = [entry for entry in apart if len(wanted) >= SHORTEST_PREFIX and entry.id.startswith(wanted)]
    if len(found) > 1:
        raise NoSuchEntryError(f"{len(found)} of what stands apart have an id like this", hint="give more of the id")
    if not found:
        raise NoSuchEntryError("nothing that stands apart has this id", hint=_HINT)
    return found[0]


def _place_of(reader: Reader, op_id: bytes) -> tuple[Book, Frozen, Apart]:
    """Return where something apart stands, among the books that are written to."""
    from couplejournal.merge import apart_of

    device = reader.device
    mine, ours = reader.states()
    for book, frozen in ((device.shared, ours), (device.private_if_here, mine)):
        for one in apart_of(frozen) if frozen is not None else ():
            if book is not None and frozen is not None and one.op.id == op_id:
                return book, frozen, one
    raise NoSuchEntryError("this stands in an earlier journal, which is read and never written")


def _again(one: Apart, frozen: Frozen) -> Draft:
    """Return the entry once more; what it refers to may have been taken over before it."""
    from couplejournal.merge import TAKEN_OVER, taken_over_by

    write = one.record.write
    refs = [
        (relation, target if relation == TAKEN_OVER else taken_over_by(frozen, target) or target)
        for relation, target in write.refs
    ]
    fresh = msgspec.structs.replace(write, fields=one.fields, refs=(*refs, (TAKEN_OVER, one.record.id)))
    return Draft("write", fresh)


def _revision(one: Apart) -> Draft:
    """Return the text once more, as the newest of its entry."""
    from couplejournal.merge import versions_of

    after = sorted({*versions_of(one.record).named, one.op.id})
    return Draft("revise", words.Revise(entry=one.record.id, after=after, fields=one.fields))
