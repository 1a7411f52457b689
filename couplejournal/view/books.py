"""The books of one person side by side: which entry an id names, where it stands now, and what refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from couplejournal.merge import TAKEN_OVER, Frozen, Record, Versions, taken_over_by, versions_of
from couplejournal.ops.domains import copy_salt
from couplejournal.view.contents import content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from couplejournal.model.kinds import Audience, Content, Kind, RawContent
    from couplejournal.ops.words import Write

Role: TypeAlias = Literal["private", "shared", "earlier"]


@attrs.frozen
class BookState:
    """A snapshot of one book, and what the book is to this person.

    ``role`` is "private", "shared" or "earlier" (read, and never written). ``audience`` is who reads what is written
    there; it follows from the role, but an earlier book that was private has to say so. ``persons`` are the ids of
    those to whom it belongs, where the question may come up who else can read it.
    """

    frozen: Frozen
    role: Role
    audience: Audience = attrs.field(
        default=attrs.Factory(lambda book: "private" if book.role == "private" else "shared", takes_self=True),
        kw_only=True,
    )
    persons: frozenset[bytes] = attrs.field(default=frozenset(), kw_only=True)


class Item:
    """An entry as it stands in its book. Its versions and its content are worked out when somebody asks."""

    __slots__ = ("_content", "_versions", "book", "record")

    def __init__(self, book: BookState, record: Record) -> None:
        """Put an entry beside its book."""
        self.book: Final = book
        self.record: Final = record
        self._versions: Versions | None = None
        self._content: Content | RawContent | None = None

    @property
    def id(self) -> bytes:
        """The id of the entry (32 bytes)."""
        return self.record.op.id

    @property
    def versions(self) -> Versions:
        """The versions of the entry: what is shown, what else is current, whether it is hidden."""
        if self._versions is None:
            self._versions = versions_of(self.record)
        return self._versions

    def content(self, kinds: Mapping[str, Kind]) -> Content | RawContent:
        """Return the content that is shown, read through these kinds; it is decoded once."""
        if self._content is None:
            self._content = content_of(self.record, self.versions.shown.fields, kinds)
        return self._content

    @property
    def is_shared(self) -> bool:
        """Whether both persons can read it."""
        return self.book.audience == "shared"


def audience_of(book: BookState, write: Write) -> Literal["shared", "private", "waiting"]:
    """Return who reads an entry: "waiting" is meant for both, and stands in a private book that is still written to."""
    if book.audience == "shared":
        return "shared"
    return "waiting" if write.both and book.role == "private" else "private"


class Shelf:
    """Several books as one collection. Ids are links, so no id stands in two books."""

    def __init__(self, books: Iterable[BookState]) -> None:
        """Put the books side by side."""
        self.books: Final = tuple(books)
        self._divided: Final = tuple(book for book in self.books if book.frozen.accepted)
        self._private: Final = tuple(book for book in self.books if book.audience == "private")
        self._shared: Final = tuple(book for book in self.books if book.audience == "shared")
        self._former: Final = tuple(book for book in self._private if book.role == "earlier")
        self._origins: dict[bytes, bytes] | None = None

    def item(self, entry: bytes) -> Item | None:
        """Return the entry that has exactly this id, hidden or not; None if no book has it, or it does not count."""
        for book in self.books:
            record = book.frozen.record(entry)
            if record is not None:
                return Item(book, record) if book.frozen.counts(record.op) else None
        return None

    def resolved(self, entry: bytes) -> bytes:
        """Return the id under which an entry stands now: as taken over, as copied, as shared; else the same."""
        entry = self._taken_over(entry) or entry
        for _ in self._private:  # from a former book into the next, and from the last into a shared one
            book = next((book for book in self._private if entry in book.frozen.written), None)
            moved = None if book is None else self.moved_to(book, entry)
            if moved is None:
                break
            entry = moved
        return entry

    def moved_to(self, book: BookState, entry: bytes) -> bytes | None:
        """Return the id that an entry of this book has in another: in a shared one, or a former one's in a private one.

        None if it was not shared, or not wholly yet, and not copied.
        """
        if book.audience == "shared":
            return None
        return self._shared_as(book, entry) or (self._copied_as(book, entry) if book.role == "earlier" else None)

    def is_copy(self, item: Item) -> bool:
        """Return whether an entry of a private book was written in a former one that is here, and copied from there."""
        return not item.is_shared and item.record.op.salt in self._copies()

    def _copied_as(self, book: BookState, entry: bytes) -> bytes | None:
        """Return the id of the copy of an entry of a former private book: what its device brought into another one."""
        found = (other.frozen.copy_of(entry) for other in self._private[::-1] if other is not book)
        return next((copy for copy in found if copy is not None), None)

    def _copies(self) -> Mapping[bytes, bytes]:
        """Return the entries of former private books by the salt that a copy of them has."""
        if self._origins is None:
            self._origins = {copy_salt(entry): entry for book in self._former for entry in book.frozen.written}
        return self._origins

    def _origin(self, entry: bytes) -> bytes | None:
        """Return the entry of a former private book of which this one is the copy that stands for it."""
        for book in self._private if self._former else ():
            written = book.frozen.written.get(entry)
            origin = None if written is None else self._copies().get(written.op.salt)
            if origin is not None and self.resolved(origin) == self.resolved(entry):
                return origin
        return None

    def _shared_as(self, book: BookState, entry: bytes) -> bytes | None:
        """Return the id of an entry of a private book in a shared one."""
        marks = book.frozen.marks.get(entry)
        if marks is None or not marks.shares:
            return None
        record = book.frozen.record(entry)
        found = [
            (shared.frozen.written[target].op.clock, target)
            for _, share in (record.shares if record is not None else ())
            for shared in self._shared
            if (target := shared.frozen.written_with(share.salt, share.key)) is not None
        ]
        # Two devices that shared the same entry at the same time made two; the id goes on naming the first.
        return min(found)[1] if found else None

    def reference(self, item: Item, entry: bytes) -> bytes:
        """Return what a reference of an entry leads to now.

        A shared entry names what both can see; only a private one may still name what was private then.
        """
        return (self._taken_over(entry) or entry) if item.is_shared else self.resolved(entry)

    def referrers(self, item: Item) -> set[bytes]:
        """Return the ids of what refers to an entry, by its id or by those that it had before."""
        own = {item.id}
        if self._divided:
            own.update(old for relation, old in item.record.write.refs if relation == TAKEN_OVER)
            own = {name for name in own if name == item.id or self._taken_over(name) == item.id}
        names = own.copy()
        if item.is_shared:
            for book in self._private:
                sources = book.frozen.sources(item.record.op.salt, item.record.op.key)
                names.update(source for source in sources if self.moved_to(book, source) == item.id)
        names.update(self._origins_of(names))
        found = {referrer for book in self._shared for name in own for referrer in book.frozen.referrers(name)}
        # A private referrer that was shared speaks through the shared one alone, as it does to the other person.
        return found.union(
            referrer
            for book in self._private
            for name in names
            for referrer in book.frozen.referrers(name)
            if self.moved_to(book, referrer) is None
        ) - {item.id}

    def _origins_of(self, names: Iterable[bytes]) -> set[bytes]:
        """Return the ids that entries had in former private books, however often they were copied since."""
        found: set[bytes] = set()
        unread = list(names) if self._former else []
        while unread:
            origin = self._origin(unread.pop())
            if origin is not None and origin not in found:
                found.add(origin)
                unread.append(origin)
        return found

    def starting_with(self, prefix: str) -> set[bytes]:
        """Return the ids under which the entries stand now whose id begins with these two or more hex digits."""
        return {self.resolved(entry) for book in self.books for entry in book.frozen.written.starting_with(prefix)}

    def _taken_over(self, entry: bytes) -> bytes | None:
        """Return the id as which an entry that does not count was written again; None for every other."""
        for book in self._divided:
            found = taken_over_by(book.frozen, entry)
            if found is not None:
                return found
        return None
