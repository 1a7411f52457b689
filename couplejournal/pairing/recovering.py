"""Recovery: the words of a person's root and a folder give back, on a bare machine, all that the folder holds.

The root admits a fresh key into every book of its person, which then grants itself all that the root opens. The order
is one durable step after the other: what lies in the folder is copied, and nothing written; the keystore is made, with
the admissions in it that the root signed; they go into the books. A crash before the keystore leaves no journal, one
after it a journal that its next start completes. The root itself never touches the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

import attrs
import msgspec

from couplejournal.book import Book
from couplejournal.device import Device, HomeLock, begin_private, book_id_of
from couplejournal.disk import Disk
from couplejournal.drive.interface import Drive
from couplejournal.drive.wrappers import ReadOnlyDrive
from couplejournal.errors import DriveError, RecoveryError, SetupError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import admit_message, person_id
from couplejournal.pairing import state
from couplejournal.pairing.beginnings import BOOK_NAME, Beginning, beginnings
from couplejournal.pairing.state import RecoveringState
from couplejournal.seal import segments, wraps
from couplejournal.seal.keys import KeyPair, Root, require_hybrid_kem
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.store.header import Mode
from couplejournal.store.home import Home
from couplejournal.store.keystore import Keystore
from couplejournal.store.replica import Replica
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.store.settings import Settings
from couplejournal.store.settings import save as save_settings
from couplejournal.sync import Sync, SyncMemory
from couplejournal.system import System

FIRST_OPS: Final = 8  # a device says its name before anything else but what it acknowledges


@attrs.frozen
class Machine:
    """The bare machine: where everything goes, and how its keys are to be kept."""

    home: Home
    disk: Disk
    system: System
    mode: Mode
    passphrase: str | None


def recover(
    machine: Machine,
    root: Root,
    drives: Sequence[Drive],
    settings: Callable[[Sequence[Beginning]], Settings],
    *,
    name: str | None,
    device_name: str,
) -> Device:
    """Take every book of the root's person that lies on the drives, or in replicas that survived, and make a device.

    ``settings`` gives what is not secret, once the books are known; ``name`` None is the one that the books know.

    Raises:
        RecoveryError: no book here belongs to this root.
        SetupError: there is a journal already, no name is known, or this place or machine will not do.
        DriveError: a folder as a whole failed.
        UnlockError: the keychain does not answer, or memory is short.
        StoreError: the disk is full or failing.
    """
    home, disk = machine.home, machine.disk
    require_hybrid_kem()
    home.require_keystore_apart(disk)
    home.prepare(disk)
    lock = HomeLock(home)
    with lock.hold():
        if any(item.name == home.keystore_path.name for item in disk.list(home.keystore_path.parent)):
            raise SetupError("there is a journal in this home already", hint="choose another COUPLEJOURNAL_HOME")
        found = beginnings(root, drives, _replicas(home, disk))
        if not found:
            raise RecoveryError(
                "nothing here belongs to these recovery words",
                hint="is it the right folder, and has it arrived whole? A folder that still syncs may need more time",
            )
        taken = [_Taking(machine, root, one, lock.hold) for one in found]
        for one in taken:
            one.fetch()
        taken = _in_order(taken)
        save_settings(disk, home.config_path, settings(found))
        secrets = _secrets(machine, root, taken, lock.hold, name=name, device_name=device_name)
        keystore = Keystore.create(
            home, disk, machine.system, secrets, mode=machine.mode, passphrase=machine.passphrase
        )
        device = Device(home, disk, machine.system, keystore, lock=lock)
        complete(device, root)
        return device


def complete(device: Device, root: Root | None = None) -> None:
    """Put the admissions into their books, say who this is, and end the recovery; with the root, open all it opens.

    After a crash the next start does so without the root. What only the root opens is then asked for, as by any device
    that was admitted; or the words are typed once more.

    Raises:
        StoreError: this device's own copy failed.
    """
    with device.hold():
        device.reload()
        found = state.load(device.secrets.pairing)
        if not isinstance(found, RecoveringState):
            return
        for book_id, admission in found.admissions:
            device.book(book_id).take([admission])
            if root is not None:
                device.book(book_id).open_with(root)
        shared = device.shared
        for book in (device.private, *([] if shared is None else [shared])):
            if not any(op.key == book.own_key and op.word == "profile" for op in book.first_ops(FIRST_OPS)):
                device.introduce(book)
        device.change(
            lambda secrets: (
                msgspec.structs.replace(secrets, pairing=b"")
                if isinstance(state.load(secrets.pairing), RecoveringState)
                else secrets
            )
        )


def admission_of(root: Root, book: bytes, own: KeyPair, system: System) -> bytes:
    """Return the file in which a root admits a key into a book: a key stream of its own, begun for it."""
    stream = system.random_bytes(16)
    person = person_id(root.root_keys)
    admit = words.Admit(
        person=person,
        keys=own.public.raw,
        proof=own.sign(admit_message(book, root.id, own.public.raw, person)),
        founding=wraps.wrap(root.founding_seed, own.public.kem, wraps.founding_info(root.id, own.id)),
    )
    op = codec.encode_op("admit", admit, salt=system.random_bytes(16), clock=(system.now_ms(), 0))
    first = domains.first_link(root.id, stream, KEY_STREAM)
    return segments.seal_keys(root, book=book, stream=stream, first=1, prev=first, ops=[op]).sealed.data


class _Taking:
    """One book on its way to this device, under a fresh key."""

    def __init__(
        self, machine: Machine, root: Root, found: Beginning, hold: Callable[[], AbstractContextManager[object]]
    ) -> None:
        system = machine.system
        self.found = found
        self.own = KeyPair(system.random_bytes(32), system.random_bytes(32))
        self.own_name = ""
        self.is_ended = False
        self._machine = machine
        self._root = root
        self._hold = hold

    @property
    def secret(self) -> BookSecret:
        """Return the fresh key; which of several private books is the present one is decided elsewhere."""
        role = "private" if self.found.is_private else "shared"
        return BookSecret(self.found.book, role, self.own.sign_seed, self.own.kem_seed)

    def admission(self) -> bytes:
        """Return the file in which the root admits the fresh key."""
        return admission_of(self._root, self.found.book, self.own, self._machine.system)

    def fetch(self) -> None:
        """Copy what the folder has of the book, and read its person's name. Nothing is written into the folder.

        Raises:
            DriveError: the folder failed on the way.
            StoreError: the disk is full or failing.
        """
        machine, folder = self._machine, self.found.book.hex()[:32]
        home, disk = machine.home, machine.disk
        replica = Replica(home.replica(folder), disk)
        if replica.genesis() is None:
            replica.found(self.found.genesis)
        book = Book(
            replica, self.own, state=home.state / folder, disk=disk, system=machine.system, hold=self._hold,
            root=self._root,
        )  # fmt: skip
        if self.found.drive is not None:
            path = home.state_file(f"recovering-{folder}")
            report = Sync(book, ReadOnlyDrive(self.found.drive), SyncMemory(disk, path), machine.system).run()
            disk.remove(path)
            if report.drive not in ("ok", "read-only"):
                raise DriveError(report.message or "the shared folder failed", hint="try again; nothing was made yet")
        self.own_name, self.is_ended = _name_of(book, person_id(self._root.root_keys)), book.is_ended()


def _in_order(taken: Sequence[_Taking]) -> list[_Taking]:
    """Return the books, the oldest first, but the open shared ones behind all others and the newest of them first.

    The last one is written to. A new beginning ends what was before it, so of several that are open the oldest is
    right: whoever had a device of the person has the founding seed, too, and could lay down a newer one with a partner
    of their own making. Where the end of the older one only has not arrived yet, it makes way when it comes.
    """
    standing = [one for one in taken if not one.found.is_private and not one.is_ended]
    return [*(one for one in taken if one not in standing), *reversed(standing)]


def _secrets(
    machine: Machine,
    root: Root,
    taken: Sequence[_Taking],
    hold: Callable[[], AbstractContextManager[object]],
    *,
    name: str | None,
    device_name: str,
) -> Secrets:
    """Return what the keystore is to hold: who this is, the fresh keys, and the admissions; never the root's seed.

    Raises:
        SetupError: no name was given, and no book tells one.
        StoreError: the disk is full or failing.
    """
    known = name or next((one.own_name for one in reversed(taken) if one.own_name), "")
    if not known:
        raise SetupError("a name is needed, as your partner will read it: no book here tells it")
    secrets = Secrets(known, device_name, root.root_keys, None, root.founding_seed, _books(taken), b"")
    if not any(book.role == "private" for book in secrets.books):
        private = begin_private(machine.home, machine.disk, machine.system, secrets, hold)
        secrets = msgspec.structs.replace(secrets, books=[*secrets.books, private])
    admissions = [(one.secret.book, one.admission()) for one in taken]
    return msgspec.structs.replace(secrets, pairing=state.dump(RecoveringState(admissions)))


def _books(taken: Sequence[_Taking]) -> list[BookSecret]:
    """Return the keys of the books, of each kind the present one last; other private ones are earlier ones."""
    private = [one.found.book for one in taken if one.found.is_private]
    return [
        msgspec.structs.replace(one.secret, role="earlier") if one.found.book in private[:-1] else one.secret
        for one in taken
    ]


def _name_of(book: Book, person: bytes) -> str:
    """Return the name that a person gave last, as their devices said when they came; empty where none is here."""
    given = [
        (op.clock, op.id, words.decode_fields(words.Profile, op.fields).name)
        for op in book.first_ops(FIRST_OPS)
        if op.word == "profile" and book.membership.person_of(op.key) == person
    ]
    return max(given, default=((0, 0), b"", ""))[2]


def _replicas(home: Home, disk: Disk) -> Iterator[bytes]:
    """Yield the geneses of the replicas that survived here, whoever's they are."""
    for folder in sorted(item.name for item in disk.list(home.data)):
        genesis = Replica(home.data / folder, disk).genesis() if BOOK_NAME.fullmatch(folder) else None
        if genesis is not None and book_id_of(genesis).hex()[:32] == folder:
            yield genesis
