"""The meeting place: which folder, how it is reached, and what moving it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.device import Device
from couplejournal.errors import DriveError, SetupError
from couplejournal.journal.asunder import not_apart, require_apart, shared_folders, two_person_books

if TYPE_CHECKING:  # start-up: only who goes there needs it
    from couplejournal.book import Book
    from couplejournal.disk import Disk
    from couplejournal.drive.interface import Drive
    from couplejournal.store.home import Home
    from couplejournal.store.settings import Settings
    from couplejournal.system import System

PATIENCE_S: Final = 30.0  # a call that takes longer is given up; what was saved here is safe
PAUSED: Final = "paused: this device leaves the shared folder alone"
PAUSED_HINT: Final = "`couplejournal resume` goes on"
_HELD_OPEN: Final = 4


class MeetingPlace:
    """The folder where two meet. Nothing is ever created in its place.

    A book that did not come along when the folder was changed (an earlier one, or the shared one while another is begun
    elsewhere) goes on meeting where it was.
    """

    def __init__(self, device: Device) -> None:
        """Take the device whose settings name the folder."""
        self._device = device
        self._made: dict[str, Drive] = {}
        self._given: Drive | None = None
        self._given_private: Drive | None = None

    @property
    def path(self) -> Path | None:
        """Return the folder, None where there is none yet.

        Raises:
            StoreError: the settings could not be read.
        """
        chosen = self._device.settings.drive
        return Path(chosen) if chosen else None

    def path_of(self, book: Book) -> Path | None:
        """Return the folder where a book meets, None where there is none yet.

        Raises:
            StoreError: the settings could not be read.
        """
        settings = self._device.settings
        chosen = settings.places.get(book.folder, settings.drive)
        if len(book.membership.persons) == 1:  # never the shared folder
            is_present = any(one.book == book.id and one.role == "private" for one in self._device.secrets.books)
            chosen = settings.private_drive if is_present else settings.places.get(book.folder, "")
        return Path(chosen) if chosen else None

    @property
    def private_path(self) -> Path | None:
        """Return the folder of one's own where the private book meets, None where there is none.

        Raises:
            StoreError: the settings could not be read.
        """
        chosen = self._device.settings.private_drive
        return Path(chosen) if chosen else None

    def private_drive(self, folder: str = "") -> Drive:
        """Return the drive of the private folder, or of another that may be one.

        Raises:
            DriveError: there is none, it is no longer apart from the shared folder, or this device is paused.
        """
        if self._given_private is not None:
            self._require_awake()
            return self._given_private
        path = Path(folder) if folder else self.private_path
        if path is None:
            raise DriveError("there is no private folder yet", hint="`couplejournal drive --private DIR` sets it")
        self._require_awake()
        require_apart(path, shared_folders(self._device), is_setting=False)
        return self._held_open(path)

    def use_private(self, drive: Drive) -> None:
        """Let the private book meet on this drive: for tests, and for drives that are no folder."""
        self._given_private = drive

    @property
    def has_private_drive(self) -> bool:
        """Return whether the private book has a meeting place."""
        return self._given_private is not None or self.private_path is not None

    def use(self, drive: Drive) -> None:
        """Meet on this drive instead of the folder of the settings: for tests, and for drives that are no folder."""
        self._given = drive

    def drive(self) -> Drive:
        """Return the drive of the folder that is set.

        Raises:
            DriveError: there is none, or this device is paused.
        """
        return self._drive(self.path)

    def drive_of(self, book: Book) -> Drive:
        """Return the drive of the folder where a book meets; of a private book never the shared one.

        Raises:
            DriveError: there is none, or this device is paused; a private folder is no longer apart from the shared
                one.
        """
        path = self.path_of(book)
        if len(book.membership.persons) > 1:
            return self._drive(path)
        if path is None and self._given_private is None:
            raise DriveError("this private journal has no folder")
        return self.private_drive("" if path is None else str(path))

    def _drive(self, path: Path | None) -> Drive:
        if self._given is not None:
            self._require_awake()
            return self._given
        if path is None:
            raise DriveError("there is no shared folder yet", hint="`couplejournal invite DIR` or `drive DIR` sets one")
        self._require_awake()
        return self._held_open(path)

    def _held_open(self, path: Path) -> Drive:
        if str(path) not in self._made:
            if len(self._made) >= _HELD_OPEN:
                self._made.clear()
            self._made[str(path)] = self._open(path)
        return self._made[str(path)]

    @property
    def has_drive(self) -> bool:
        """Return whether there is a meeting place at all."""
        return self._given is not None or self.path is not None

    def choose(self, folder: str, *, is_joining: bool = False, is_beside: bool = False) -> None:
        """Meet in this folder from now on, if it is there and holds no other journal.

        Who is joining does not know the journal yet, so whatever lies there will do: the words of the invite decide.
        ``is_beside``: another journal begins there, so the one that is shared now need not be there, and others may.

        Raises:
            DriveError: it is not there, holds another journal, or not the one that is shared already.
            SetupError: the keystore would lie inside it.
            StoreError: the settings could not be saved.
        """
        path = Path(folder).expanduser().absolute()
        books = self._books_in(path)
        shared = self._device.shared
        is_moving = shared is not None and shared.folder not in books and path != self.path_of(shared)
        if is_moving and not is_joining and not is_beside:
            raise _unfit(books, hint="`couplejournal drive DIR` moves the journal there")
        known = {secret.book.hex()[:32] for secret in self._device.secrets.books}
        if books and not books & known and not is_joining and not is_beside:
            raise _unfit(books, beside="choose another folder; `invite --anew` begins a new one beside it")
        self._set(path, books)

    def is_empty(self, folder: str) -> bool:
        """Return whether a folder exists and holds no journal.

        Raises:
            DriveError: it is not there, or cannot be looked at.
        """
        return not self._books_in(Path(folder).expanduser().absolute())

    def move(self, folder: str, *, put_all: bool = False) -> None:
        """Meet in another existing folder; ``put_all``: put the whole journal there if it is not there yet.

        Raises:
            DriveError: it is not there, holds another journal, or is empty and ``put_all`` was not said.
            SetupError: the keystore would lie inside it.
            StoreError: the settings could not be saved.
        """
        path = Path(folder).expanduser().absolute()
        shared = self._device.shared
        if shared is None:
            self.choose(folder)
            return
        books = self._books_in(path)
        if shared.folder in books:
            self._set(path, books)
        elif books or not put_all:
            raise _unfit(books, hint="say that the whole journal shall be put there (--yes)")
        else:
            self._set(path, {shared.folder}, founding=shared.folder)

    def require_private(self, folder: str, *, is_joining: bool = False) -> tuple[Path, set[str]]:
        """Return a folder that could be the private one, with the names of the books in it.

        Who shares nothing yet may have taken it for the shared one, in joining or after a loss.

        Raises:
            DriveError: it is not there, or it is, holds, or lies in a folder that is shared.
            SetupError: it would hold the keystore, or is this device's own.
        """
        path = Path(folder).expanduser().absolute()
        device = self._device
        is_idle = str(path) == device.settings.drive and not two_person_books(device)
        if is_idle and (is_joining or device.private.folder in self._books_in(path)):
            device.change_settings(lambda settings: msgspec.structs.replace(settings, drive="", founding=""))
        require_apart(path, shared_folders(self._device))
        self._device.home.require_keystore_outside([path])
        if self._device.home.holds(path):
            raise SetupError("this is where this device keeps its own copy", hint="choose another folder")
        books = self._books_in(path, missing="the private folder is not there")
        if books & {book.folder for book in two_person_books(self._device)}:
            raise not_apart()
        return path, books

    def is_free_for_private(self, folder: str) -> bool:
        """Return whether a folder could be the private one and holds no journal.

        Raises:
            DriveError: it could not be the private one; `require_private` says why.
            SetupError: as there.
        """
        return not self.require_private(folder)[1]

    def move_private(self, folder: str, *, put_all: bool = False) -> None:
        """Let the private book meet in an existing folder of one's own; ``put_all``: put it there if it is not yet.

        What lies in earlier private books of this device is copied into it then, with the next exchange.

        Raises:
            DriveError: the folder is not there, holds another journal, is a shared one, lies in one or around one; or
                it is empty, and ``put_all`` was not said.
            SetupError: it would hold the keystore, or is this device's own.
            StoreError: the settings could not be saved.
        """
        path, books = self.require_private(folder)
        device, private = self._device, self._device.private.folder
        mine = {book.folder for book, _ in device.books() if len(book.membership.persons) == 1} & books
        if private not in books and books - mine:
            raise _unfit(books)
        if private not in books and not put_all:
            raise _unfit(set(), hint="say that all that is private shall be put there (--yes)")

        def put(settings: Settings) -> Settings:
            places = {**settings.places, **dict.fromkeys(mine, str(path))}
            places.pop(private, None)
            founding = "" if private in books else private
            return msgspec.structs.replace(
                settings, places=places, private_drive=str(path), private_founding=founding, gathers=True
            )

        device.change_settings(put)

    def leave_private(self) -> None:
        """Leave the private folder alone from now on. Nothing is deleted, here or there.

        Raises:
            StoreError: the settings could not be saved.
        """
        self._device.change_settings(
            lambda settings: msgspec.structs.replace(settings, private_drive="", private_founding="")
        )

    def go_back(self) -> None:
        """Meet where the shared book is: another that was to begin elsewhere did not.

        Raises:
            StoreError: the settings could not be saved.
        """
        shared = self._device.shared
        if shared is not None and shared.folder in self._device.settings.places:
            folder = shared.folder

            def put(settings: Settings) -> Settings:
                places = {book: place for book, place in settings.places.items() if book != folder}
                drive = settings.places.get(folder, settings.drive)
                return msgspec.structs.replace(settings, drive=drive, places=places)

            self._device.change_settings(put)

    def stop(self, book: Book) -> None:
        """Sync a book no more on this device.

        Raises:
            StoreError: the settings could not be saved.
        """

        def put(settings: Settings) -> Settings:
            places = {folder: place for folder, place in settings.places.items() if folder != book.folder}
            return msgspec.structs.replace(settings, places=places, stopped=[*settings.stopped, book.folder])

        if book.folder not in self._device.settings.stopped:
            self._device.change_settings(put)

    def _set(self, path: Path, books: set[str], *, founding: str = "") -> None:
        """Make a folder the meeting place; a book of two that is not among ``books`` there stays where it is."""
        device = self._device
        device.home.require_keystore_outside([path])
        private = self.private_path
        if private is not None:
            require_apart(private, [path])
        shared = device.shared
        ours = {book.folder for book in (*device.parted, *([] if shared is None else [shared]))}

        def put(settings: Settings) -> Settings:
            places = {book: place for book, place in settings.places.items() if book not in books}
            if settings.drive and settings.drive != str(path):
                for book in ours.difference(books, settings.stopped):
                    places.setdefault(book, settings.drive)
            left = "" if settings.founding in books else settings.founding
            return msgspec.structs.replace(settings, drive=str(path), places=places, founding=founding or left)

        device.change_settings(put)

    def _books_in(self, path: Path, *, missing: str = "the shared folder is not there") -> set[str]:
        """Return the names of the books in a folder that must exist."""
        self._require_awake()
        drive = self._open(path)
        if not drive.probe().exists:
            raise DriveError(missing, hint="mount it, plug it in, or make it; then try again")
        return {
            file.path.split("/")[0]
            for file in drive.list()
            if file.path.count("/") == 1 and file.path.endswith("/book.cj")
        }

    def _require_awake(self) -> None:
        if self._device.settings.is_paused:
            raise DriveError(PAUSED, hint=PAUSED_HINT)

    def _open(self, path: Path) -> Drive:
        return open_folder(path, self._device.home, self._device.disk, self._device.system)


def open_folder(path: Path, home: Home, disk: Disk, system: System) -> Drive:
    """Return the drive of a folder, which need not exist; nothing is created in its place.

    Raises:
        StoreError: the state folder cannot be written.
    """
    from couplejournal.drive.deadline import DeadlineDrive
    from couplejournal.drive.filesystems import may_hang
    from couplejournal.drive.folder import FolderDrive

    staging = home.state_file("staging")
    disk.make_folder(staging, private=True)
    folder = FolderDrive(path, system, staging=staging)
    return DeadlineDrive(folder, system, deadline_s=PATIENCE_S) if may_hang(path) else folder


def _unfit(books: set[str], *, hint: str = "", beside: str = "choose another folder") -> DriveError:
    """Return why a folder will not do, with ``beside`` as the hint where other journals lie in it."""
    if books:
        return DriveError("this folder holds another journal", hint=beside)
    return DriveError("there is no journal in this folder yet", hint=hint)
