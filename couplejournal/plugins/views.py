"""What a plugin sees: entries to ask, and nothing behind them.

`EntryView` says what may be asked; `CutView` holds the entries that the host chose (`guards.cut`), in memory, so that
the same hook gives the same answer in this process and in a worker.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from couplejournal.errors import NoSuchEntryError
from couplejournal.model.content import words_in
from couplejournal.model.entry import AUDIENCES
from couplejournal.model.moment import bound_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime, tzinfo

    from couplejournal.model.entry import Author, Entry


class EntryView(Protocol):
    """Entries to ask, read-only and fixed at one moment; times and ids as in `couplejournal.JournalView`."""

    @property
    def me(self) -> Author | None:
        """Whose view it is; None where the result is for both."""

    @property
    def people(self) -> tuple[Author, ...]:
        """Those who wrote what is here; without names where the result is for both."""

    @property
    def zone(self) -> tzinfo:
        """The zone that naive times mean."""

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
        """Iterate over the entries in order of (happened, clock, id), or from the newest on."""

    def entry(self, id_or_prefix: str) -> Entry:
        """Return one entry.

        Raises:
            NoSuchEntryError: none that is here has this id, or several begin like this.
        """

    def thread(self, id_or_prefix: str) -> tuple[Entry, ...]:
        """Return what an entry belongs to: the first entry of the conversation, then the others in order.

        Raises:
            NoSuchEntryError: none that is here has this id, or several begin like this.
        """


class CutView:
    """Entries in their order, held in memory: the same in this process and in a worker."""

    def __init__(
        self, entries: Callable[[], Sequence[Entry]], *, zone: tzinfo, me: Author | None, people: Sequence[Author]
    ) -> None:
        """Ask for the entries when they are first needed; ``people`` are those who may have written here."""
        self._load = entries
        self._zone = zone
        self._me = me
        self._people = tuple(people)

    @property
    def me(self) -> Author | None:
        """Whose view it is; None where the result is for both."""
        return self._me

    @property
    def people(self) -> tuple[Author, ...]:
        """Those who may have written here; without names where the result is for both."""
        return self._people

    @property
    def zone(self) -> tzinfo:
        """The zone that naive times mean."""
        return self._zone

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        return tuple(self._load())

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

        Raises:
            InvalidEntryError: a string is no date or time.
            ValueError: the limit is negative, or the audience is none that there is.
        """
        if limit is not None and limit < 0:
            raise ValueError("a limit is not negative")
        if audience is not None and audience not in AUDIENCES:
            raise ValueError("the audience is shared, private or waiting")
        kinds = None if kind is None else frozenset({kind} if isinstance(kind, str) else kind)
        since_ms, until_ms = bound_ms(since, zone=self._zone), bound_ms(until, zone=self._zone)
        found = (
            entry
            for entry in (reversed(self._entries) if newest_first else self._entries)
            if (kinds is None or entry.kind in kinds)
            and (since_ms is None or _ms(entry) >= since_ms)
            and (until_ms is None or _ms(entry) < until_ms)
            and (audience is None or entry.audience == audience)
            and (tag is None or tag.casefold() in {one.casefold() for one in entry.content.tags})
            and (not text or _holds(entry, text.casefold()))
        )
        return islice(found, limit)

    def entry(self, id_or_prefix: str) -> Entry:
        """Return one entry.

        Raises:
            NoSuchEntryError: none that is here has this id, or several begin like this.
        """
        prefix = id_or_prefix.strip().lower()
        by_id, _ = self._tables
        if prefix in by_id:
            return by_id[prefix]
        found = [entry for entry in self._entries if prefix and entry.id.startswith(prefix)]
        if len(found) != 1:
            raise NoSuchEntryError("no entry that may be read here has this id, or several do")
        return found[0]

    def thread(self, id_or_prefix: str) -> tuple[Entry, ...]:
        """Return what an entry belongs to: the first entry of the conversation, then the others in order.

        Raises:
            NoSuchEntryError: none that is here has this id, or several begin like this.
        """
        by_id, referrers = self._tables
        root, seen = self.entry(id_or_prefix), set[str]()
        while root.refs and root.id not in seen:
            seen.add(root.id)
            root = next((by_id[ref.id] for ref in root.refs if ref.id in by_id and ref.id not in seen), root)
        members, unread = {root.id: root}, [root.id]
        while unread:
            for referrer in referrers.get(unread.pop(), ()):
                if referrer.id not in members:
                    members[referrer.id] = referrer
                    unread.append(referrer.id)
        del members[root.id]
        return (root, *sorted(members.values(), key=lambda one: (one.happened_at, one.recorded_at, one.id)))

    @cached_property
    def _tables(self) -> tuple[Mapping[str, Entry], Mapping[str, list[Entry]]]:
        """Hold the entries by id, and those that refer to each id."""
        referrers: dict[str, list[Entry]] = {}
        for entry in self._entries:
            for ref in entry.refs:
                referrers.setdefault(ref.id, []).append(entry)
        return {entry.id: entry for entry in self._entries}, referrers


def _ms(entry: Entry) -> int:
    return round(entry.happened_at.timestamp() * 1000)


def _holds(entry: Entry, text: str) -> bool:
    """Ask whether something that a person wrote in an entry has this text."""
    return any(text in words.casefold() for words in words_in(entry.content.to_fields()))
