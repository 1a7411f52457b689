"""Make, open and join a journal: the functions that a program begins with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import tzinfo
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from couplejournal.device import Device
from couplejournal.disk import Disk, RealDisk
from couplejournal.errors import DriveError, InvalidEntryError, LockedError, SetupError
from couplejournal.journal.journal import Journal
from couplejournal.model.text import require_text
from couplejournal.store.home import Home
from couplejournal.store.keystore import Keystore
from couplejournal.system import RealSystem, System

if TYPE_CHECKING:
    from couplejournal.journal.joining import OpenJoining
    from couplejournal.model.kinds import Kind
    from couplejournal.store.header import Mode

NAME_LIMIT_CHARACTERS = 200


class Keys(Enum):
    """How the keys of a new journal are kept, where no passphrase seals them."""

    OPEN = "open"
    KEYCHAIN = "keychain"

    def __repr__(self) -> str:
        """Show the public name."""
        return "couplejournal.NO_PASSPHRASE" if self is Keys.OPEN else "couplejournal.KEYCHAIN"


NO_PASSPHRASE = Keys.OPEN
KEYCHAIN = Keys.KEYCHAIN

Passphrase = str | Callable[[], str]
HomePath = str | os.PathLike[str]


def create(
    name: str,
    *,
    passphrase: Passphrase | Keys,
    home: HomePath | None = None,
    device_name: str = "",
    zone: tzinfo | None = None,
    system: System | None = None,
    disk: Disk | None = None,
) -> Journal:
    """Start a journal of one on this device, and return it open.

    ``home`` is a folder for everything of this device's; None is COUPLEJOURNAL_HOME, or else the user's own folders.
    ``passphrase`` seals the keys: a string, something that returns one, `NO_PASSPHRASE` (plain keys, for a machine that
    is trusted as it is) or `KEYCHAIN` (the operating system's). ``system`` and ``disk`` are there for tests.

    Raises:
        SetupError: there is a journal already, or this place or machine will not do.
        InvalidEntryError: the name is empty, too long or no text.
        UnlockError: the keychain does not answer.
        StoreError: the disk is full or failing.
    """
    machine = system or RealSystem()
    _require_name(name)
    _require_name(device_name, may_be_empty=True)
    mode, secret = _mode_of(passphrase)
    device = Device.create(
        Home.locate(home, os.environ), disk or RealDisk(machine), machine, name=name, device_name=device_name,
        mode=mode, passphrase=secret,
    )  # fmt: skip
    return Journal(device, zone=zone)


def open(  # noqa: A001 - the name that a reader expects: couplejournal.open
    *,
    home: HomePath | None = None,
    passphrase: Passphrase | Keys | None = None,
    kinds: Iterable[Kind] = (),
    zone: tzinfo | None = None,
    system: System | None = None,
    disk: Disk | None = None,
) -> Journal:
    """Open the journal of this device.

    ``passphrase`` is used only where one is needed: not in open or keychain mode, and not while `unlock` holds.
    ``kinds`` are known beside those of the core; entries of any other kind stay listed, synced and exported, unread.

    Raises:
        ValueError: two kinds have the same name, or one has that of a kind of the core.
        NoJournalError: there is none here.
        LockedError: a passphrase is needed, and none was given.
        UnlockError: the keys cannot be had; `WrongPassphraseError` where the passphrase is wrong.
        StoreError: this device's own copy could not be read.
    """
    machine = system or RealSystem()
    secret = None if isinstance(passphrase, Keys) else passphrase
    device = Device.open(Home.locate(home, os.environ), disk or RealDisk(machine), machine, passphrase=secret)
    journal = Journal(device, zone=zone, kinds=kinds)
    if device.secrets.pairing:  # what a crash left half-done is completed by the next start
        journal.pairing.resume()
    return journal


def join(  # noqa: PLR0913 - all that a first run has to know, in one call
    drive: HomePath,
    words: str | tuple[str, ...],
    *,
    name: str | None = None,
    passphrase: Passphrase | Keys | None = None,
    home: HomePath | None = None,
    device_name: str = "",
    share_existing: bool = False,
    anew: bool = False,
    private: bool = False,
    zone: tzinfo | None = None,
    system: System | None = None,
    disk: Disk | None = None,
) -> OpenJoining:
    """Answer an invite with its twelve words, through the folder where the two meet.

    Where this device has no journal yet, one is made as `create` does, and ``name`` and ``passphrase`` are needed; who
    already has one keeps it. ``share_existing``: what was meant for both so far goes along once the book is there.
    ``anew``: a journal that is shared already is ended when the new one comes, and stays readable beside it.
    ``private``: the invite is to the private journal of one's own devices, and ``drive`` their private folder.
    The words need not have arrived in the folder yet; `Journal.sync` goes on with it, also after a restart.

    Raises:
        PairingError: a typing mistake in the words, a pairing is open already, or the journal is shared already and
            ``anew`` was not said.
        SetupError: there is no journal here, and no name or passphrase to make one.
        DriveError: the folder is not there.
        UnlockError: the keys cannot be had.
        StoreError: the disk is full or failing.
    """
    from couplejournal.journal.joining import begin
    from couplejournal.seal.invite import secret_of

    typed = words if isinstance(words, str) else " ".join(words)
    secret_of(typed)  # a typing mistake is told before anything is made
    machine = system or RealSystem()
    kept = disk or RealDisk(machine)
    place = Home.locate(home, os.environ)
    if _has_keystore(place, kept):
        journal = open(home=home, passphrase=passphrase, zone=zone, system=machine, disk=kept)
    else:
        if name is None or passphrase is None:
            raise SetupError("there is no journal here yet: a name and a passphrase (or none, on purpose) are needed")
        _require_folder(drive, place, machine)
        journal = create(
            name, passphrase=passphrase, home=home, device_name=device_name, zone=zone, system=machine, disk=kept
        )
    return begin(journal, os.fspath(drive), typed, share_existing=share_existing, anew=anew, private=private)


def recover(  # noqa: PLR0913 - all that a bare machine has to know, in one call
    drive: HomePath | None,
    words: str | Iterable[str],
    *,
    name: str | None = None,
    passphrase: Passphrase | Keys,
    home: HomePath | None = None,
    device_name: str = "",
    private_drive: HomePath | None = None,
    zone: tzinfo | None = None,
    system: System | None = None,
    disk: Disk | None = None,
) -> Journal:
    """Make a journal on this bare machine from the 24 recovery words, and return it open.

    All books of this person come back that lie in the folder ``drive``, in ``private_drive``, or as replicas that
    survived in this home: the shared one, earlier ones, and private entries where they lie there. This device is a new
    one of the person; whoever lost a device removes it then (`Journal.removal`). ``name`` None is the one in the books.
    The words are not kept. What had not arrived in the folder yet comes with a later `Journal.sync`.

    Raises:
        RecoveryError: a typing mistake, or nothing there belongs to these words.
        SetupError: there is a journal already, no name is known, or this place or machine will not do.
        InvalidEntryError: a name is too long or no text.
        DriveError: a folder is not there, or failed.
        UnlockError: the keychain does not answer.
        StoreError: the disk is full or failing.
    """
    from couplejournal.journal.recovery import root_of
    from couplejournal.journal.returning import come_back
    from couplejournal.pairing.recovering import Machine

    root = root_of(words)
    if name is not None:
        _require_name(name)
    _require_name(device_name, may_be_empty=True)
    machine = system or RealSystem()
    place = Home.locate(home, os.environ)
    shared, private = (None if one is None else _require_folder(one, place, machine) for one in (drive, private_drive))
    mode, secret = _mode_of(passphrase)
    bare = Machine(place, disk or RealDisk(machine), machine, mode, secret)
    device = come_back(bare, root, shared, private, name=name, device_name=device_name)
    return Journal(device, zone=zone)


def unlock(seconds: int, *, home: HomePath | None = None, passphrase: Passphrase | None = None) -> bool:
    """Let this device's journal be opened without its passphrase for so long; return whether one is needed at all.

    Raises:
        LockedError: no passphrase was given.
        UnlockError: it is wrong, or there is no safe place for the key.
        StoreError: the key could not be kept.
    """
    machine = RealSystem()
    kept, place = RealDisk(machine), Home.locate(home, os.environ)
    Keystore.lock(place, kept)  # what is kept now must not stand in for the passphrase
    keystore = Keystore.open(place, kept, machine, passphrase=passphrase)
    return keystore.unlock(seconds)


def lock(*, home: HomePath | None = None) -> bool:
    """End what `unlock` began, and return whether there was anything to end.

    Raises:
        StoreError: the key could not be removed.
    """
    return Keystore.lock(Home.locate(home, os.environ), RealDisk())


def is_locked(*, home: HomePath | None = None) -> bool:
    """Return whether a passphrase is needed to open this device's journal now.

    Raises:
        StoreError: the keystore could not be read.
    """
    machine = RealSystem()
    return Keystore.is_locked(Home.locate(home, os.environ), RealDisk(machine), machine)


def _mode_of(passphrase: Passphrase | Keys) -> tuple[Mode, str | None]:
    if passphrase is Keys.OPEN:
        return "open", None
    if passphrase is Keys.KEYCHAIN:
        return "keychain", None
    secret = passphrase() if callable(passphrase) else passphrase
    if not isinstance(secret, str):
        raise LockedError("a passphrase is needed, or NO_PASSPHRASE on purpose")
    return "passphrase", secret


def _require_name(name: str, *, may_be_empty: bool = False) -> None:
    require_text(name)
    if not may_be_empty and not name.strip():
        raise InvalidEntryError("a name is needed, as the other will read it")
    if len(name) > NAME_LIMIT_CHARACTERS:
        raise InvalidEntryError("this name is too long")


def is_there(folder: HomePath) -> bool:
    """Return whether a folder exists, as this device would reach it."""
    from couplejournal.drive.folder import FolderDrive

    return FolderDrive(Path(folder).expanduser().absolute(), RealSystem()).probe().exists


def _has_keystore(place: Home, disk: Disk) -> bool:
    return any(item.name == place.keystore_path.name for item in disk.list(place.keystore_path.parent))


def _require_folder(drive: HomePath, home: Home, system: System) -> Path:
    """Return the path of a folder; refuse one that is not there or would hold the keystore, before anything is made."""
    from couplejournal.drive.folder import FolderDrive

    path = Path(drive).expanduser().absolute()
    if not FolderDrive(path, system).probe().exists:
        raise DriveError("the shared folder is not there", hint="mount it, plug it in, or make it; then try again")
    home.require_keystore_outside([path])
    return path
