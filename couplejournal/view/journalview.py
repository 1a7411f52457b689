"""The view of a journal: its timeline, one entry, a thread, numbers."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from couplejournal.errors import NoSuchEntryError
from couplejournal.merge import apart_of
from couplejournal.view.books import BookState, Item, Shelf
from couplejournal.view.query import Query
from couplejournal.view.reading import People, apart_entry_of, entry_of
from couplejournal.view.standings import Standings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date, datetime, tzinfo

    from couplejournal.merge import Apart, OrderKey, Record
    from couplejournal.model.entry import Author, Entry
    from couplejournal.model.kinds import Kind
    from couplejournal.view.whole import Whole

ID_DIGITS: Final = 64
_PREFIX: Final = re.compile(r"[0-9a-f]{2,64}")


class JournalView:
    """A journal at one moment, read-only: later entries do not appear in it. It may be used from any thread.

    Times that are asked for are strings in ISO 8601, dates or datetimes; strings, dates and naive times mean the
    zone of the view. An id is 64 hex digits, or as many of its first ones, at least two, as name one entry only.
    """

    def __init__(self, shelf: Shelf, kinds: Mapping[str, Kind], people: People, *, zone: tzinfo) -> None:
        """Look at books through the kinds that are known; `JournalView.of` puts the parts together."""
        self._shelf = shelf
        self._kinds = kinds
        self._people = people
        self._zone = zone
        self._standings = Standings(shelf, kinds, me=bytes.fromhex(people.me.person))

    @classmethod
    def of(
        cls,
        books: Sequence[BookState],
        *,
        me: bytes,
        my_keys: AbstractSet[bytes],
        kinds: Mapping[str, Kind],
        zone: tzinfo,
        partner: bytes | None = None,
    ) -> JournalView:
        """Return the view of these books.

        ``me`` and ``partner`` are person ids (16 bytes); without a partner whoever else wrote in the shared book is
        one. ``my_keys`` are ids (32 bytes) of own keys, also of those under an earlier root.
        """
        shelf = Shelf(books)
        return cls(shelf, kinds, People(shelf, me=me, my_keys=my_keys, partner=partner), zone=zone)

    @property
    def me(self) -> Author:
        """The person whose view it is."""
        return self._people.me

    @property
    def partner(self) -> Author | None:
        """The other person of the shared book, None as long as there is nobody."""
        return self._people.partner

    @property
    def people(self) -> tuple[Author, ...]:
        """Everybody who wrote here: oneself first, then the partner, then those of earlier books."""
        return self._people.everybody

    @property
    def books(self) -> tuple[BookState, ...]:
        """The books that it looks at."""
        return self._shelf.books

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds that are known, by name."""
        return self._kinds

    @property
    def zone(self) -> tzinfo:
        """The zone that naive times mean."""
        return self._zone

    def entries(
        self,
        *,
        kind: str | Iterable[str] | None = None,
        since: str | date | datetime | None = None,
        until: str | date | datetime | None = None,
        text: str | None = None,
        audience: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Iterate over the entries in order of (happened, clock, id), or from the newest on.

        ``since`` is included, ``until`` is not. ``text`` is looked for in everything that a person wrote, whatever its
        case; ``tag`` has to be one of the tags. ``audience`` is "shared", "private" or "waiting". ``limit`` ends after
        so many in the order asked for: the last ten are ``limit=10, newest_first=True``.

        Raises:
            InvalidEntryError: a string is no date or time.
            ValueError: the limit is negative, or the audience is none that there is.
        """
        if limit is not None and limit < 0:
            raise ValueError("a limit is not negative")
        query = Query.of(
            kind=kind, since=since, until=until, text=text, audience=audience, tag=tag, zone=self._zone
        )  # fmt: skip
        return map(self._entry, islice(query.items(self._shelf, newest_first=newest_first), limit))

    def count(
        self,
        *,
        kind: str | Iterable[str] | None = None,
        since: str | date | datetime | None = None,
        until: str | date | datetime | None = None,
        text: str | None = None,
        audience: str | None = None,
        tag: str | None = None,
    ) -> int:
        """Return how many entries `entries` would give.

        Raises:
            InvalidEntryError: a string is no date or time.
            ValueError: the audience is none that there is.
        """
        query = Query.of(
            kind=kind, since=since, until=until, text=text, audience=audience, tag=tag, zone=self._zone
        )  # fmt: skip
        return sum(1 for _ in query.items(self._shelf, newest_first=False))

    def entry(self, id_or_prefix: str) -> Entry:
        """Return one entry.

        Raises:
            NoSuchEntryError: no visible entry has this id, or several ids begin like this.
        """
        return self._entry(self._item(id_or_prefix))

    def find(self, entry: bytes) -> Entry | None:
        """Return the entry that this id (32 bytes) names now; None if it is not here or hidden."""
        item = self._shelf.item(self._shelf.resolved(entry))
        return None if item is None or item.versions.is_hidden else self._entry(item)

    def is_copy(self, entry: bytes) -> bool:
        """Return whether this id (32 bytes) is that of a copy of what a former private book here holds."""
        item = self._shelf.item(entry)
        return item is not None and self._shelf.is_copy(item)

    def record(self, id_or_prefix: str) -> Record:
        """Return what the operations say about an entry, for whoever writes the next one about it.

        Raises:
            NoSuchEntryError: no visible entry has this id, or several ids begin like this.
        """
        return self._item(id_or_prefix).record

    def thread(self, id_or_prefix: str) -> tuple[Entry, ...]:
        """Return the whole conversation: the root of what the entry refers to, then all that refers to it, in order.

        Raises:
            NoSuchEntryError: no visible entry has this id, or several ids begin like this.
        """
        root = self._root(self._item(id_or_prefix))
        items = {root.id: root}
        unread = [root]
        while unread:
            for referrer in self._shelf.referrers(unread.pop()):
                item = None if referrer in items else self._shelf.item(referrer)
                if item is not None:
                    items[referrer] = item
                    unread.append(item)
        del items[root.id]
        ordered = [root, *sorted(items.values(), key=_order_key)]
        return tuple(self._entry(item) for item in ordered if not item.versions.is_hidden)

    def apart(self) -> tuple[Entry, ...]:
        """Return what removed devices wrote after their removal and nobody took over yet, in order of (clock, id).

        None of it is among the entries, in a thread or in a count. What would have been another text of an entry has
        the id of that revision, and refers to the entry.
        """
        found = [(one.op.clock, one.op.id, book, one) for book in self._shelf.books for one in apart_of(book.frozen)]
        found.sort(key=lambda each: each[:2])
        return tuple(self._apart(Item(book, one.record), one) for _, _, book, one in found)

    def whole(self) -> Iterator[Whole]:
        """Iterate over every entry that any book holds, also what no timeline shows, with all that was said about it.

        One book comes after the other, each in order of (happened, clock, id).
        """
        from couplejournal.view.whole import every_entry

        return every_entry(self._shelf, self._entry)

    def steps_allowed(self, id_or_prefix: str) -> tuple[str, ...]:
        """Return the names of the steps of its lifecycle that I can take with an entry now.

        Raises:
            NoSuchEntryError: no visible entry has this id, or several ids begin like this.
        """
        return self._standings.steps_allowed(self._item(id_or_prefix))

    def shared_only(self) -> JournalView:
        """Return the view of what both can read: nothing private, nothing that waits, no book with another partner."""
        shelf = Shelf(book for book in self._shelf.books if book.audience == "shared" and self._people.share(book))
        return JournalView(shelf, self._kinds, self._people, zone=self._zone)

    def _entry(self, item: Item) -> Entry:
        return entry_of(
            item, shelf=self._shelf, kinds=self._kinds, people=self._people, standings=self._standings
        )  # fmt: skip

    def _apart(self, item: Item, one: Apart) -> Entry:
        key = one.op.key
        device = item.book.frozen.devices.get(key, "")
        return apart_entry_of(
            self._entry(item), one, author=self._people.signer(item, key), device=device, kinds=self._kinds
        )

    def _item(self, id_or_prefix: str) -> Item:
        """Return the one visible entry that an id or a prefix names, now or before it was shared."""
        prefix = id_or_prefix.strip().lower()
        if not _PREFIX.fullmatch(prefix):
            raise NoSuchEntryError("an entry's id is hex digits, at least two of them", hint="`log` shows the ids")
        found = (
            {self._shelf.resolved(bytes.fromhex(prefix))}
            if len(prefix) == ID_DIGITS
            else self._shelf.starting_with(prefix)
        )
        items = [item for entry in found if (item := self._shelf.item(entry)) is not None]
        visible = [item for item in items if not item.versions.is_hidden]
        if len(visible) == 1:
            return visible[0]
        if visible:
            raise NoSuchEntryError(f"{len(visible)} entries have an id like this", hint="give more of the id")
        if items:
            raise NoSuchEntryError("this entry was retracted")
        raise NoSuchEntryError("no entry has this id", hint="`log` shows the ids")

    def _root(self, item: Item) -> Item:
        """Return the entry that began the conversation, hidden or not, by the first reference that leads somewhere."""
        seen = {item.id}
        root: Item | None = item
        while root is not None:
            item, root = root, None
            for _, entry in item.record.write.refs:
                target = self._shelf.reference(item, entry)
                root = None if target in seen else self._shelf.item(target)
                if root is not None:
                    seen.add(target)
                    break
        return item


def _order_key(item: Item) -> OrderKey:
    """Return the place of an entry in every timeline."""
    return item.record.write.happened[0], item.record.op.clock, item.id
