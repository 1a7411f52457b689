"""The state of all books of a device, kept up to date, and the view of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.book import Acknowledged, Book
from couplejournal.device import Device
from couplejournal.errors import StoreError
from couplejournal.model.entry import Author, Entry
from couplejournal.model.kinds import Kind, known_kinds
from couplejournal.ops import words
from couplejournal.ops.op import Op

if TYPE_CHECKING:  # start-up: see journal.py
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.merge import Frozen, Record
    from couplejournal.sync import SyncReport
    from couplejournal.view import BookState, JournalView, Role

NOTE_LIMIT_BYTES: Final = 4096
FIRST_OPS: Final = 8  # a device says its name before anything else but what it acknowledges


class LastSync(msgspec.Struct):
    """The last sync that reached the drive: when (ms since 1970)."""

    synced_ms: int = 0


class Delivery(msgspec.Struct, frozen=True):
    """When this device last reached the drive, and whether the other told that all of its words arrived."""

    synced_at: datetime | None
    reached: bool | None


class _Folded:
    """One book and what its operations add up to so far."""

    def __init__(self, book: Book) -> None:
        from couplejournal.merge import State
        from couplejournal.seal.answers import AnswerOpener

        self.book = book
        self.state = State(self._person_of, book=book.id, accepted=self._accepted, opener=AnswerOpener(book.id))
        self.acknowledged = Acknowledged()
        self.positions: dict[bytes, int] = {}
        self.version = 0
        book.acknowledged = self.acknowledged

    def _person_of(self, key: bytes) -> bytes | None:
        return self.book.membership.person_of(key)  # which is another one after every key segment

    def _accepted(self, key: bytes) -> Mapping[bytes, int] | None:
        return None if self.book.membership.is_live(key) else self.book.accepted(key)

    def limits(self) -> tuple[tuple[bytes, tuple[tuple[bytes, int], ...]], ...]:
        """Return up to where the words of each key count that is not live; nothing where nobody was removed."""
        apart = sorted(key.id for key in self.book.membership.keys.values() if not key.is_live)
        return tuple((key, tuple(sorted((self._accepted(key) or {}).items()))) for key in apart)

    def catch_up(self) -> None:
        """Fold in what was stored since."""
        for op in self.book.ops_after(self.positions):
            self.state.apply(op)
            self.acknowledged.feed(op)
            self.positions[op.stream] = op.seq
            self.version += 1


class Reader:
    """Folds the books of a device as they grow. Any thread may use it."""

    def __init__(self, device: Device, zone: tzinfo, kinds: Iterable[Kind] = ()) -> None:
        """Read nothing yet; ``kinds`` are known beside those of the core."""
        self.device = device
        self.zone = zone
        self.kinds = known_kinds(kinds)
        self._folded: dict[bytes, _Folded] = {}
        self._lock = threading.RLock()
        self._view: tuple[object, JournalView] | None = None
        self._note_path = device.home.state_file("last-sync.json")

    def books(self) -> list[Book]:
        """Return the books: private, shared, earlier.

        Raises:
            StoreError: a replica is gone or damaged at its beginning.
        """
        with self.device.hold():
            self.device.reload()  # another process may have taken a book
            return [book for book, _ in self.device.books()]

    def view(self) -> JournalView:
        """Return the journal as it stands now.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.view import JournalView

        device = self.device
        with device.hold(), self._lock:
            device.reload()
            roles = device.books()
            folded = [(self._caught_up(book), role) for book, role in roles]
            version = tuple(
                (one.book.id, role, one.version, len(one.book.membership.keys), one.limits()) for one, role in folded
            )
            if self._view is None or self._view[0] != version:
                states = [_book_state(one, role) for one, role in folded]
                keys = frozenset(book.own_key for book, _ in roles)
                made = JournalView.of(
                    states, me=self.me, my_keys=keys, kinds=self.kinds, zone=self.zone, partner=self.partner
                )
                self._view = (version, made)
            return self._view[1]

    def view_of(self, book: Book) -> JournalView:
        """Return the view of one book alone.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.view import JournalView

        with self.device.hold(), self._lock:
            states = [_book_state(self._caught_up(book), "shared" if len(book.membership.persons) > 1 else "private")]
            person = book.membership.person_of(book.own_key) or self.me
            return JournalView.of(
                states, me=person, my_keys=frozenset({book.own_key}), kinds=self.kinds, zone=self.zone
            )  # fmt: skip

    def partner_in(self, book: Book) -> str:
        """Return the name of the other person of a book of two, empty while it is not known.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            profiles = self._caught_up(book).state.snapshot().profiles
        return next((name for person, name in profiles.items() if person != book.person), "")

    def has_joined(self, book: Book) -> bool:
        """Return whether the other person of a book of two ever wrote into it.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            persons = self._caught_up(book).state.snapshot().persons.values()
        return any(person not in (None, book.person) for person in persons)

    def is_known_to_both(self, target: Entry) -> bool:
        """Return whether the other person of the shared book has the book in which an entry for both stands.

        Raises:
            StoreError: the disk fails.
        """
        record, partner = self.record(bytes.fromhex(target.id)), self.partner
        if record is None or partner is None:
            return False
        return any(person.id == partner for person in self.device.book(record.book).membership.persons)

    def states(self) -> tuple[Frozen, Frozen | None]:
        """Return the present state of the private and of the shared book; a private one that is lacking says nothing.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            self.device.reload()
            shared, private = self.device.shared, self.device.private_if_here
            mine = _nothing() if private is None else self._caught_up(private).state.snapshot()
            return mine, None if shared is None else self._caught_up(shared).state.snapshot()

    def has_read(self, book: Book) -> bool:
        """Return whether a book was read already, so that reading on costs little."""
        return book.id in self._folded

    def earlier_states(self) -> list[Frozen]:
        """Return the present states of the earlier books of two.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            self.device.reload()
            return [self._caught_up(book).state.snapshot() for book in self.device.parted]

    def former_states(self) -> list[tuple[Frozen, bytes]]:
        """Return the present states of the private books of before, each with the id of this device's key in it.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            self.device.reload()
            former = [book for book, role in self.device.books() if role == "earlier"]
            return [
                (self._caught_up(book).state.snapshot(), book.own_key)
                for book in former
                if len(book.membership.persons) == 1
            ]

    @property
    def me(self) -> bytes:
        """Return the id of this person, 16 bytes."""
        return (self.device.shared or self.device.private).person

    @property
    def partner(self) -> bytes | None:
        """Return the id of the other person of the shared book, None before there is one."""
        shared = self.device.shared
        if shared is None:
            return None
        mine = shared.person
        return next((person.id for person in shared.membership.persons if person.id != mine), None)

    def partner_name(self) -> str:
        """Return the other person's name as their devices gave it when they came, without reading any entry.

        Raises:
            StoreError: the disk fails.
        """
        shared, partner = self.device.shared, self.partner
        if shared is None or partner is None:
            return ""
        person_of = shared.membership.person_of
        given = [
            (op.clock, op.id, words.decode_fields(words.Profile, op.fields).name)
            for op in shared.first_ops(FIRST_OPS)
            if op.word == "profile" and person_of(op.key) == partner
        ]
        return max(given, default=((0, 0), b"", ""))[2]

    def myself(self) -> Author:
        """Return who writes here, without reading any entry."""
        return Author(self.me.hex(), self.device.secrets.name, is_me=True)

    def is_moved(self, op: Op) -> bool:
        """Return whether a write is one's own entry that was told before: in the private book, or in a former one."""
        shared = self.device.shared
        private = self.device.private_if_here
        if private is not None and op.key == private.own_key:
            return self.view().is_copy(op.id)
        if shared is None or op.key != shared.own_key:
            return False
        mine, _ = self.states()
        return bool(mine.sources(op.salt, op.key))

    def record(self, entry: bytes) -> Record | None:
        """Return what the operations of any book say about an entry, hidden or not; None where no book has it.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            for book in self.books():
                found = self._caught_up(book).state.snapshot().record(entry)
                if found is not None:
                    return found
        return None

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Return the devices of both persons, one's own first.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.journal.deviceinfo import DeviceInfo

        with self.device.hold(), self._lock:
            view = self.view()
            book = self.device.shared or self.device.private
            names, mine = self.device_names(book), book.person
        people = {author.person: author for author in view.people}
        found = [
            DeviceInfo(
                id=key.id.hex(),
                name=names.get(key.id, ""),
                person=people.get(person.hex(), Author(person.hex(), "", is_me=False)),
                is_this=key.id == book.own_key,
                is_live=key.is_live,
                standing=book.membership.standing_for(key.id, person),
            )
            for key in book.membership.keys.values()
            if not key.is_root
            for person in [mine if book.membership.belongs_to(key.id, mine) else key.person]  # also if claimed by both
        ]
        return tuple(sorted(found, key=lambda one: (not one.person.is_me, not one.is_this, one.name, one.id)))

    def device_names(self, book: Book) -> Mapping[bytes, str]:
        """Return the names of the devices of a book, as they gave them, by key id.

        Raises:
            StoreError: the disk fails.
        """
        with self.device.hold(), self._lock:
            return self._caught_up(book).state.snapshot().devices

    def note_sync(self, report: SyncReport) -> None:
        """Remember when the drive was reached, for other processes of this device too; a hint, not synced to disk."""
        if report.drive != "ok" or self.device.shared is None:
            return
        note = LastSync(self.device.system.now_ms())
        with contextlib.suppress(StoreError):  # the sync itself is done
            self.device.disk.replace(self._note_path, msgspec.json.encode(note), durable=False, private=True)

    def delivery(self, shared: Book | None) -> Delivery:
        """Return how far this device's words have come.

        Raises:
            StoreError: the disk fails.
        """
        note = self._last_sync()
        at = datetime.fromtimestamp(note.synced_ms / 1000, UTC) if note.synced_ms else None
        if shared is None:
            return Delivery(at, None)
        with self.device.hold():
            return Delivery(at, shared.reached())

    def _last_sync(self) -> LastSync:
        data = self.device.disk.read(self._note_path, limit_bytes=NOTE_LIMIT_BYTES)
        try:
            return msgspec.json.decode(data, type=LastSync) if data else LastSync()
        except (msgspec.DecodeError, RecursionError, ValueError):
            return LastSync()

    def _caught_up(self, book: Book) -> _Folded:
        if book.id not in self._folded:
            self._folded[book.id] = _Folded(book)
        folded = self._folded[book.id]
        folded.catch_up()
        return folded


def _nothing() -> Frozen:
    """Return the state of a book that nobody wrote into."""
    from couplejournal.merge import State

    return State(lambda _: None, book=bytes(32)).snapshot()


def _book_state(folded: _Folded, role: Role) -> BookState:
    from couplejournal.view import BookState

    frozen = folded.state.snapshot()
    persons = frozenset(person.id for person in folded.book.membership.persons)
    if role == "earlier" and len(persons) == 1:
        return BookState(frozen, "earlier", audience="private", persons=persons)
    return BookState(frozen, role, persons=persons)
