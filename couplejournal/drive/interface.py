"""What a drive is: list, read, publish, remove, and say where it stands.

Implemented by `couplejournal.drive.folder.FolderDrive`, wrapped by `deadline`, `apart` and `wrappers`, simulated by
`couplejournal.testing.drives`; `couplejournal.testing.contracts.DriveContract` holds them all to the same behaviour.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import msgspec

from couplejournal.errors import DriveError


class DriveMissingError(DriveError):
    """The shared folder is not there: not mounted, not plugged in, moved. Nothing was created in its place."""


class DriveFullError(DriveError):
    """The shared folder has no room. Nothing partial was left in it."""


class DriveReadOnlyError(DriveError):
    """The shared folder may be read, and not written."""


class DriveLateError(DriveError):
    """The shared folder did not answer within the deadline."""


class NotYetError(DriveError):
    """One file cannot be read now: gone again, not downloaded, held by another program. Look again later."""


class UnfitFileError(DriveError):
    """What lies under this name is no plain file within the limit: a link, a folder, a pipe, or too large."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a drive stands, as seen just now.

    ``identity`` is (device number, inode, file-system type) of the root, or None if there is no such folder: a change
    of it means that another folder may have taken its place (docs/spec/sync.md 1, rule 5). ``can_watch`` says whether
    the system tells of changes by others; ``can_block`` whether a call may hang for good.
    """

    exists: bool
    identity: tuple[int, int, str] | None = None
    fs_type: str = ""
    can_watch: bool = False
    can_block: bool = False


class DriveFile(msgspec.Struct, frozen=True, order=True, gc=False, array_like=True):
    """One regular file of a listing.

    ``path`` is relative to the root, with ``/`` between its parts. Size and time are hints, never evidence.
    """

    path: str
    size_bytes: int
    mtime_ns: int


Listing: TypeAlias = "list[DriveFile]"


class Drive(Protocol):
    """A folder where two meet. Any call may raise `DriveError`; `DriveLateError` only where a deadline was set."""

    def probe(self) -> Place:
        """Look at the root alone. A root that is not there is an answer, not an error.

        Raises:
            DriveError: the root could not be looked at.
        """

    def list(self) -> Listing:
        """Return the regular files, sorted by path, of every name, at most four levels deep.

        Only folders that look like a book's, or ``invites``, are entered. Links, pipes, sockets, devices and names that
        are no text are left out.

        Raises:
            DriveMissingError: the root is not there.
            DriveError: a folder could not be listed to its end.
        """

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the whole content of a listed file of at most ``limit_bytes`` bytes.

        Raises:
            NotYetError: the file is not there or cannot be read now.
            UnfitFileError: it is no regular file, or larger than the limit.
            ValueError: ``path`` leaves the drive.
        """

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Put a file under its final name, durable and whole, over whatever file had the name.

        With ``direct`` the final name is written without a temporary one: for mounts that undo renames. Folders below
        the root are made where needed; the root never is.

        Raises:
            DriveMissingError: the root is not there.
            DriveFullError: there is no room; nothing partial is left.
            DriveReadOnlyError: the folder may not be written.
            UnfitFileError: a folder or another thing that is no file has this name.
            DriveError: anything else; nothing partial is left as far as the drive lets it be removed.
            ValueError: ``path`` is no name that may stand on a drive (docs/spec/format.md 2).
        """

    def remove(self, path: str) -> None:
        """Remove one file: our own superseded, duplicate, temporary or pairing files only. A missing one is fine.

        Raises:
            DriveReadOnlyError: the folder may not be written.
            UnfitFileError: a folder has this name, or stands behind a link.
            DriveError: anything else.
            ValueError: ``path`` leaves the drive.
        """
