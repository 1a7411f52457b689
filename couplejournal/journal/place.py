"""The meeting place: which folder, how it is reached, and what moving it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.device import Device
from couplejournal.errors import DriveError

if TYPE_CHECKING:  # start-up: only who goes there needs it
    from couplejournal.drive.interface import Drive

PATIENCE_S: Final = 30.0  # a call that takes longer is given up; what was saved here is safe


class MeetingPlace:
    """The folder where two meet. Nothing is ever created in its place."""

    def __init__(self, device: Device) -> None:
        """Take the device whose settings name the folder."""
        self._device = device
        self._made: tuple[str, Drive] | None = None
        self._given: Drive | None = None

    @property
    def path(self) -> Path | None:
        """Return the folder, None where there is none yet.

        Raises:
            StoreError: the settings could not be read.
        """
        chosen = self._device.settings.drive
        return Path(chosen) if chosen else None

    def use(self, drive: Drive) -> None:
        """Meet on this drive instead of the folder of the settings: for tests, and for drives that are no folder."""
        self._given = drive

    def drive(self) -> Drive:
        """Return the drive of the folder that is set.

        Raises:
            DriveError: there is none.
        """
        if self._given is not None:
            return self._given
        path = self.path
        if path is None:
            raise DriveError("there is no shared folder yet", hint="`couplejournal invite DIR` or `drive DIR` sets one")
        if self._made is None or self._made[0] != str(path):
            self._made = (str(path), self._open(path))
        return self._made[1]

    @property
    def has_drive(self) -> bool:
        """Return whether there is a meeting place at all."""
        return self._given is not None or self.path is not None

    def choose(self, folder: str, *, is_joining: bool = False) -> None:
        """Meet in this folder from now on, if it is there and holds no other journal.

        Who is joining does not know the journal yet, so whatever lies there will do: the words of the invite decide.

        Raises:
            DriveError: it is not there, holds another journal, or not the one that is shared already.
            SetupError: the keystore would lie inside it.
            StoreError: the settings could not be saved.
        """
        path = Path(folder).expanduser().absolute()
        books = self._books_in(path)
        shared = self._device.shared
        if shared is not None and shared.folder not in books and path != self.path:
            raise _unfit(books, hint="`couplejournal drive DIR` moves the journal there")
        known = {secret.book.hex()[:32] for secret in self._device.secrets.books}
        if books and not books & known and not is_joining:
            raise _unfit(books)
        self._set(path)

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
            self._set(path)
        elif books or not put_all:
            raise _unfit(books, hint="say that the whole journal shall be put there (--yes)")
        else:
            self._set(path, may_found=True)

    def _set(self, path: Path, *, may_found: bool = False) -> None:
        self._device.home.require_keystore_outside([path])
        self._device.change_settings(
            lambda settings: msgspec.structs.replace(
                settings, drive=str(path), may_found=may_found or (settings.may_found and settings.drive == str(path))
            )
        )

    def _books_in(self, path: Path) -> set[str]:
        """Return the names of the books in a folder that must exist."""
        drive = self._open(path)
        if not drive.probe().exists:
            raise DriveError("the shared folder is not there", hint="mount it, plug it in, or make it; then try again")
        return {
            file.path.split("/")[0]
            for file in drive.list()
            if file.path.count("/") == 1 and file.path.endswith("/book.cj")
        }

    def _open(self, path: Path) -> Drive:
        from couplejournal.drive.deadline import DeadlineDrive
        from couplejournal.drive.filesystems import may_hang
        from couplejournal.drive.folder import FolderDrive

        device = self._device
        staging = device.home.state_file("staging")
        device.disk.make_folder(staging, private=True)
        folder = FolderDrive(path, device.system, staging=staging)
        return DeadlineDrive(folder, device.system, deadline_s=PATIENCE_S) if may_hang(path) else folder


def _unfit(books: set[str], *, hint: str = "choose another folder") -> DriveError:
    if books:
        return DriveError("this folder holds another journal", hint="choose another folder")
    return DriveError("there is no journal in this folder yet", hint=hint)
