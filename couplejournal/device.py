"""This device: its home, its keys, its books, and the one lock that keeps its processes apart.

Stands after view and before pairing. What changes the keys or the list of books goes through `Device.change`, which
reads what other processes saved before it saves; the same goes for the settings. Nothing here waits for a drive, so
whoever holds the lock lets it go soon.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.book import Book, Draft
from couplejournal.book.founding import founding_signature, make_genesis
from couplejournal.disk import Disk
from couplejournal.errors import CouplejournalError, SetupError, StoreBusyError, StoreError
from couplejournal.ops import words
from couplejournal.ops.membership import person_id
from couplejournal.seal.keys import KeyPair, Root, require_hybrid_kem
from couplejournal.store import settings as settings_file
from couplejournal.store.home import Home
from couplejournal.store.keystore import Keystore
from couplejournal.store.replica import GENESIS_NAME, Replica
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.store.settings import Settings
from couplejournal.system import System

if TYPE_CHECKING:
    from filelock import FileLock

    from couplejournal.store.header import Mode
    from couplejournal.view import Role

LOCK_PATIENCE_S: Final = 10.0
_ORDER: Final = {"private": 0, "shared": 1, "earlier": 2}


class HomeLock:
    """What keeps the threads and the processes of one device apart."""

    def __init__(self, home: Home) -> None:
        """Take the home; its state folder is there by the time of the first `hold`."""
        self.threads = threading.RLock()
        self._path = home.state / "lock"
        self._depth = 0
        self._file_lock: FileLock | None = None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other thread and process of this device out; a thread may do so again within.

        Raises:
            StoreBusyError: another process held the journal for 10 s.
            StoreError: the state folder cannot be written.
        """
        with self.threads:
            if self._depth == 0:
                self._acquire()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._file_lock is not None:
                    self._file_lock.release()

    def _acquire(self) -> None:
        from filelock import FileLock, Timeout  # 10 ms that reading the public names need not pay

        if self._file_lock is None:
            self._file_lock = FileLock(self._path, thread_local=False, mode=0o600)
        try:
            self._file_lock.acquire(timeout=LOCK_PATIENCE_S, poll_interval=0.005)
        except Timeout:
            raise StoreBusyError(
                "another couplejournal on this device has held the journal for 10 seconds", hint="try again in a moment"
            ) from None
        except OSError:
            raise StoreError("the journal's state folder cannot be written", hint="check its owner and mode") from None


class Device:
    """One installation of one person. Any thread may use it."""

    def __init__(
        self, home: Home, disk: Disk, system: System, keystore: Keystore, *, lock: HomeLock | None = None
    ) -> None:
        """Take an opened keystore; `create` and `open` make one."""
        self.home = home
        self.disk = disk
        self.system = system
        self.keystore = keystore
        self._lock = lock or HomeLock(home)
        self._books: dict[bytes, Book] = {}
        self._lacking: dict[bytes, str] = {}

    @classmethod
    def create(
        cls, home: Home, disk: Disk, system: System, *, name: str, device_name: str, mode: Mode, passphrase: str | None
    ) -> Device:
        """Make the person's root, the private book and the keystore of a home that has none.

        The keystore comes last and is one durable file: a crash before it leaves no journal, and one can be made.

        Raises:
            SetupError: there is a journal already, or this place or machine will not do.
            UnlockError: the keychain does not answer, or memory is short.
            StoreError: the disk is full or failing.
        """
        require_hybrid_kem()
        home.require_keystore_apart(disk)
        home.prepare(disk)
        lock = HomeLock(home)
        with lock.hold():  # of two that are made at once, one finds the other's keystore
            if any(item.name == home.keystore_path.name for item in disk.list(home.keystore_path.parent)):
                raise SetupError("there is a journal in this home already", hint="choose another COUPLEJOURNAL_HOME")
            root = Root(system.random_bytes(32))
            secrets = Secrets(name, device_name, root.root_keys, root.kem_seed, root.founding_seed, [], b"")
            private = begin_private(home, disk, system, secrets, lock.hold)
            secrets = msgspec.structs.replace(secrets, books=[private])
            try:
                keystore = Keystore.create(home, disk, system, secrets, mode=mode, passphrase=passphrase)
            except CouplejournalError:
                _take_back(Replica(home.replica(private.book.hex()[:32]), disk), disk)
                raise
        return cls(home, disk, system, keystore, lock=lock)

    @classmethod
    def open(
        cls, home: Home, disk: Disk, system: System, *, passphrase: str | Callable[[], str] | None = None
    ) -> Device:
        """Open the keystore of a home.

        Raises:
            NoJournalError: there is none.
            UnlockError: its keys cannot be had.
            StoreError: it could not be read.
        """
        require_hybrid_kem()
        return cls(home, disk, system, Keystore.open(home, disk, system, passphrase=passphrase))

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Keep every other thread and process of this device out; a thread may do so again within.

        Raises:
            StoreBusyError: another process held the journal for 10 s.
            StoreError: the state folder cannot be written.
        """
        return self._lock.hold()

    def change(self, act: Callable[[Secrets], Secrets]) -> Secrets:
        """Change what the keystore holds: read, change and save under the lock.

        Raises:
            UnlockError: the keystore is gone or was made anew.
            StoreError: it could not be saved; the old content still stands.
        """
        with self.hold():
            self.reload()
            changed = act(self.keystore.secrets)
            if changed != self.keystore.secrets:
                self.keystore.save(changed)
                self._forget_root()
            return changed

    def reload(self) -> None:
        """Take over what another process of this device saved.

        Raises:
            UnlockError: the keystore is gone or was made anew.
            StoreError: it could not be read.
        """
        with self._lock.threads:  # or an old file, read while another thread saves, would be taken for a new one
            if self.keystore.reload():
                self._forget_root()

    def _forget_root(self) -> None:
        """Let the books that are open here forget the root once its words were shown: a watcher may run for weeks."""
        if self.secrets.root_seed is None:
            for book in self._books.values():
                book.forget_root()

    @property
    def secrets(self) -> Secrets:
        """Return what the keystore holds."""
        return self.keystore.secrets

    def by_role(self, role: str) -> list[Book]:
        """Return the books of a role, in the order in which they came.

        Raises:
            StoreError: a replica is gone or damaged at its beginning.
        """
        return [self.book(secret.book) for secret in self.secrets.books if secret.role == role]

    @property
    def private(self) -> Book:
        """Return the private book.

        Raises:
            StoreError: its replica is gone or damaged at its beginning.
        """
        return self.by_role("private")[0]

    @property
    def shared(self) -> Book | None:
        """Return the shared book that stands open, or None: before there is one, and after it was ended.

        Only recovery leaves several of this role; the last one that is open counts.

        Raises:
            StoreError: its replica is gone or damaged at its beginning.
        """
        return next((book for book in reversed(self.by_role("shared")) if not book.is_ended()), None)

    @property
    def parted(self) -> list[Book]:
        """Return the books of two that are earlier ones by now, in the order in which they came.

        Raises:
            StoreError: a replica is gone or damaged at its beginning.
        """
        return [book for book, role in self.books() if role == "earlier" and len(book.membership.persons) > 1]

    def books(self) -> list[tuple[Book, Role]]:
        """Return every book with what it is now: private, shared, or earlier (read, and never written).

        As long as the shared one is whole, a private or an earlier one that cannot be opened is left out, and is among
        what is `lacking`: nobody loses sight of the rest for it.

        Raises:
            StoreError: the replica of a shared book is gone or damaged at its beginning, or of any where none is.
        """
        shared = self.shared
        found: list[tuple[Book, Role]] = []
        for secret in self.secrets.books:
            try:
                book = self.book(secret.book)
            except StoreError:
                if shared is None:
                    raise
                self._lacking[secret.book] = secret.role
                continue
            self._lacking.pop(secret.book, None)  # put back meanwhile
            role: Role = "shared" if book is shared else "private" if secret.role == "private" else "earlier"
            found.append((book, role))
        return sorted(found, key=lambda one: _ORDER[one[1]])

    @property
    def lacking(self) -> tuple[str, ...]:
        """Return the roles of the books that `books` had to leave out, "private" or "earlier", one for each book."""
        return tuple(self._lacking.values())

    @property
    def private_if_here(self) -> Book | None:
        """Return the private book, or None where a shared one is whole and this one cannot be opened.

        Raises:
            StoreError: there is no shared book either, or its replica is damaged at its beginning.
        """
        try:
            return self.private
        except StoreError:
            return next((book for book, role in self.books() if role == "private"), None)

    def book(self, book_id: bytes) -> Book:
        """Return one of this device's books, opened once.

        Raises:
            StoreError: its replica is gone or damaged at its beginning.
        """
        with self._lock.threads:
            if book_id not in self._books:
                for secret in self.secrets.books:
                    if secret.book == book_id:
                        self._books[book_id] = self.open_book(book_id, KeyPair(secret.sign_seed, secret.kem_seed))
            if book_id not in self._books:
                raise StoreError("this device has no key for that journal")
            return self._books[book_id]

    def open_book(self, book_id: bytes, own: KeyPair) -> Book:
        """Open a replica with a key that need not be in the keystore yet.

        Raises:
            StoreError: it is gone or damaged at its beginning.
        """
        folder = book_id.hex()[:32]
        seed = self.secrets.root_seed
        return Book(
            Replica(self.home.replica(folder), self.disk),
            own,
            state=self.home.state / folder,
            disk=self.disk,
            system=self.system,
            hold=self.hold,
            root=None if seed is None else Root(seed),
            person=person_id(self.secrets.root_keys),
        )

    def introduce(self, book: Book) -> None:
        """Say in a book who this person and this device are.

        Raises:
            StoreError: the disk is full or failing.
        """
        introduce(book, self.secrets)

    @property
    def settings(self) -> Settings:
        """Return what is not secret.

        Raises:
            StoreError: it could not be read.
        """
        return settings_file.load(self.disk, self.home.config_path)

    def change_settings(self, act: Callable[[Settings], Settings]) -> None:
        """Change what is not secret: read, change and save durably under the lock.

        Raises:
            StoreError: it could not be saved; the old settings still stand.
        """
        with self.hold():
            settings = self.settings
            changed = act(settings)
            if changed != settings:
                settings_file.save(self.disk, self.home.config_path, changed)

    def lay_down(self, genesis: bytes, book_id: bytes) -> None:
        """Store the genesis of a book in a replica of its own, durably.

        Raises:
            StoreError: the disk is full or failing.
        """
        Replica(self.home.replica(book_id.hex()[:32]), self.disk).found(genesis)

    def unlisted_geneses(self) -> Iterator[bytes]:
        """Yield the genesis of every replica that the keystore does not name: what a crash may have left half-done.

        Raises:
            StoreError: the disk fails.
        """
        listed = {secret.book.hex()[:32] for secret in self.secrets.books}
        for folder in sorted(item.name for item in self.disk.list(self.home.data)):
            if folder not in listed:
                genesis = Replica(self.home.data / folder, self.disk).genesis()
                if genesis is not None and book_id_of(genesis).hex()[:32] == folder:
                    yield genesis


def begin_private(
    home: Home,
    disk: Disk,
    system: System,
    secrets: Secrets,
    hold: Callable[[], contextlib.AbstractContextManager[object]],
) -> BookSecret:
    """Lay down a private book of the person that ``secrets`` name, introduce them in it, and return its key.

    Raises:
        StoreError: the disk is full or failing.
    """
    own = KeyPair(system.random_bytes(32), system.random_bytes(32))
    founders = [(secrets.root_keys, own.public.raw)]
    genesis = make_genesis(own, founders, [founding_signature(secrets.founding_seed, founders)], system)
    folder = book_id_of(genesis).hex()[:32]
    replica = Replica(home.replica(folder), disk)
    replica.found(genesis)
    introduce(Book(replica, own, state=home.state / folder, disk=disk, system=system, hold=hold), secrets)
    return BookSecret(book_id_of(genesis), "private", own.sign_seed, own.kem_seed)


def introduce(book: Book, secrets: Secrets) -> None:
    """Say in a book who its person and this device are.

    Raises:
        StoreError: the disk is full or failing.
    """
    book.append([Draft("profile", words.Profile(name=secrets.name, device=secrets.device_name))])


def book_id_of(genesis: bytes) -> bytes:
    """Return the id of a book: the SHA-256 of its genesis file."""
    return hashlib.sha256(genesis).digest()


def _take_back(replica: Replica, disk: Disk) -> None:
    """Remove what was laid down for a journal that could not be made."""
    with contextlib.suppress(StoreError):
        for part in replica.parts():
            disk.remove(replica.folder / part.path)
        disk.remove(replica.folder / GENESIS_NAME)
