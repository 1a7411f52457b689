"""From an item of the shelf to the `Entry` that a person sees, and the people in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.merge import TAKEN_OVER
from couplejournal.model.entry import Author, Entry, Ref
from couplejournal.model.moment import Moment, as_utc
from couplejournal.view.books import audience_of
from couplejournal.view.contents import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from couplejournal.merge import Apart
    from couplejournal.model.kinds import Kind
    from couplejournal.view.books import BookState, Item, Role, Shelf
    from couplejournal.view.standings import Standings

NO_CHANGE: Final = "no change of state"
KEPT: Final = "retracted, but revised elsewhere at the same time"
REVISES: Final = "revises"
APART: Final = "written after the removal"
APART_REVISION: Final = "another text, written after the removal"
_NAMES_FROM: Final[tuple[Role, ...]] = ("earlier", "private", "shared")


class People:
    """Who is who on a shelf: one self, whatever the keys and roots; the partner; those of earlier books."""

    def __init__(self, shelf: Shelf, *, me: bytes, my_keys: AbstractSet[bytes], partner: bytes | None) -> None:
        """Learn the names: those of the shared book win over those of the private and of earlier ones."""
        self._my_keys = my_keys
        self._names = {
            person: name
            for role in _NAMES_FROM
            for book in shelf.books
            if book.role == role
            for person, name in sorted(book.frozen.profiles.items())
        }
        self._mine = {me} | {
            person
            for book in shelf.books
            for key, person in book.frozen.persons.items()
            if person is not None and (book.audience == "private" or key in my_keys)
        }
        self.me: Final = Author(me.hex(), self._names.get(me, ""), is_me=True)
        self.partner: Final = self._partner(shelf, partner)
        others = {
            person
            for book in shelf.books
            for person in book.frozen.persons.values()
            if person is not None and person not in self._mine
        }
        known = (self.me,) if self.partner is None else (self.me, self.partner)
        rest = (self.author(person) for person in sorted(others))
        self.everybody: Final = (*known, *(author for author in rest if author != self.partner))

    def author(self, person: bytes) -> Author:
        """Return the author with this person's id (16 bytes)."""
        return self.me if person in self._mine else Author(person.hex(), self._names.get(person, ""), is_me=False)

    def author_of(self, item: Item) -> Author:
        """Return the author of an entry; a key whose person is not known yet stands for somebody of its own."""
        return self.signer(item, item.record.op.key)

    def signer(self, item: Item, key: bytes) -> Author:
        """Return who signed something about an entry with this key (32 bytes)."""
        if key in self._my_keys or not item.is_shared:
            return self.me
        person = item.book.frozen.persons.get(key)
        return self.author(key[:16] if person is None else person)

    def share(self, book: BookState) -> bool:
        """Return whether the partner of today can read a book of two, too; where there is none, nobody is left out."""
        return book.role == "shared" or self.partner is None or bytes.fromhex(self.partner.person) in book.persons

    def _partner(self, shelf: Shelf, partner: bytes | None) -> Author | None:
        if partner is not None:
            return self.author(partner)
        found = {
            person
            for book in shelf.books
            if book.role == "shared"
            for person in book.frozen.persons.values()
            if person is not None and person not in self._mine
        }
        return self.author(min(found)) if found else None


def entry_of(item: Item, *, shelf: Shelf, kinds: Mapping[str, Kind], people: People, standings: Standings) -> Entry:
    """Return an item as an entry; this is where its fields are decoded. It never raises."""
    record, versions = item.record, item.versions
    op, write = record.op, record.write
    content = item.content(kinds)
    happened = Moment.claimed(*write.happened)
    standing = standings.of(item)
    note = NO_CHANGE if standings.is_idle(item, content) else None
    return Entry(
        id=op.id.hex(),
        kind=write.kind,
        content=content,
        author=people.author_of(item),
        audience=audience_of(item.book, write),
        happened_at=happened.as_datetime(),
        precision=happened.precision,
        recorded_at=as_utc(op.clock[0]),
        state=None if standing is None else standing.folded.state,
        refs=tuple(
            Ref(relation, (entry if relation == TAKEN_OVER else shelf.reference(item, entry)).hex())
            for relation, entry in write.refs
        ),
        joint=write.joint,
        revised=len(record.revisions),
        conflict=tuple(content_of(record, version.fields, kinds) for version in versions.others),
        device=item.book.frozen.devices.get(op.key, ""),
        note=KEPT if versions.was_retracted else note,
        is_earlier=item.book.role == "earlier",
    )


def apart_entry_of(entry: Entry, apart: Apart, *, author: Author, device: str, kinds: Mapping[str, Kind]) -> Entry:
    """Return what does not count as an entry, from the entry that it is or that it is about."""
    return attrs.evolve(
        entry,
        id=apart.op.id.hex(),
        content=content_of(apart.record, apart.fields, kinds),
        author=author,
        recorded_at=as_utc(apart.op.clock[0]),
        refs=(Ref(REVISES, entry.id),) if apart.is_revision else entry.refs,
        revised=0,
        conflict=(),
        device=device,
        note=APART_REVISION if apart.is_revision else APART,
    )
