"""Putting one file into an open folder, whole and durable, or not at all (docs/spec/sync.md 2).

Written under a temporary name, brought to the disk, closed, renamed, and the folder brought to the disk. A failed
fsync is never tried again on the same file, since the system may have forgotten what it could not write: the file is
removed, and whoever publishes again begins with a new one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from couplejournal.drive.calls import FileCalls, Folder
from couplejournal.drive.failures import DENIED, FULL
from couplejournal.drive.interface import UnfitFileError
from couplejournal.drive.names import TEMPORARY
from couplejournal.system import System

_NEVER_POSSIBLE: Final = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_SYNC_TOLERATED: Final = _NEVER_POSSIBLE | {errno.EINVAL, errno.ENOTTY, errno.EACCES}
_RENAME_IMPOSSIBLE: Final = _NEVER_POSSIBLE | {errno.EINVAL, errno.EXDEV, errno.EPERM, errno.EACCES, errno.EEXIST}
_HELD_BY_OTHERS: Final = frozenset({5, 32, 33})  # WinError: virus scanners, indexers and sync clients let go soon
_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 0.95)  # 2.5 s in all

_Result = TypeVar("_Result")


class Publisher:
    """Writes files into open folders of one drive, and remembers what the drive cannot do.

    ``tolerated`` holds ``sync`` and ``sync-folder`` (fsync is refused), ``rename`` (no rename at all) and ``staging``
    (no rename from the staging folder).
    """

    def __init__(
        self, system: System, calls: FileCalls, *, staging: Path | None, pause: Callable[[float], object]
    ) -> None:
        self.tolerated: set[str] = set()
        self._system = system
        self._calls = calls
        self._staging = staging
        self._pause = pause

    def put(self, folder: Folder, name: str, data: bytes, *, direct: bool) -> None:
        """Put one file; with ``direct``, or where no rename is possible, under its final name at once.

        Raises:
            OSError: it was not stored; nothing of it is left where the drive lets it be removed.
            UnfitFileError: the name is taken by what is no file of one name.
        """
        try:
            if direct or not self._put_by_rename(folder, name, data):
                self._put_directly(folder, name, data)
        except OSError as error:
            if error.errno in DENIED and self._is_full(folder, len(data)):
                error.errno = errno.ENOSPC  # FAT by FUSE says EPERM when it is full
            raise
        self.sync_folder(folder)

    def remove(self, folder: Folder, name: str) -> None:
        """Remove one file; a missing one is fine.

        Raises:
            OSError: it is still there.
        """
        with suppress(FileNotFoundError):
            self._patiently(lambda: self._calls.unlink(folder, name))

    def sync_folder(self, folder: Folder) -> None:
        """Bring the names in a folder to the disk, where the drive can.

        Raises:
            OSError: the drive can, and failed.
        """
        self._tolerantly("sync-folder", lambda: self._calls.sync_folder(folder))

    def _put_by_rename(self, folder: Folder, name: str, data: bytes) -> bool:
        """Write under a temporary name, then give the final one; False where this drive cannot rename."""
        if "rename" in self.tolerated:
            return False
        temporary = f"{TEMPORARY}cj{self._system.random_bytes(8).hex()}.tmp"
        with self._staging_beside(folder) as stage:
            if stage is not None:
                if self._put_from(stage, temporary, folder, name, data):
                    return True
                self.tolerated.add("staging")
        return self._put_from(folder, temporary, folder, name, data)

    def _put_from(self, stage: Folder, temporary: str, folder: Folder, name: str, data: bytes) -> bool:
        try:
            fd = self._calls.open_new(stage, temporary)
        except OSError as error:
            if stage is folder or error.errno in FULL:
                raise
            return False  # our own staging folder fails: the drive may not
        self._store(fd, stage, temporary, data)
        try:
            self._patiently(lambda: self._calls.rename(stage, temporary, folder, name))
        except BaseException as error:
            with suppress(OSError):
                self._calls.unlink(stage, temporary)
            if not isinstance(error, OSError) or error.errno not in _RENAME_IMPOSSIBLE:
                raise
            if stage is folder and error.errno in _NEVER_POSSIBLE:
                self.tolerated.add("rename")
            return False
        return True

    @contextmanager
    def _staging_beside(self, folder: Folder) -> Iterator[Folder | None]:
        """Open the staging folder if a rename from there can work and leaves the file as one made in the drive."""
        stage: Folder | None = None
        if self._staging is not None and folder.fd is not None and "staging" not in self.tolerated:
            with suppress(OSError):
                stage = self._calls.open_root(self._staging)
        try:
            yield stage if stage is not None and _is_equal_ground(stage, folder) else None
        finally:
            if stage is not None:
                stage.close()

    def _put_directly(self, folder: Folder, name: str, data: bytes) -> None:
        """Write under the final name at once; the file validates itself, so nobody takes half of it for a whole."""
        try:
            fd = self._patiently(lambda: self._calls.open_new(folder, name))
        except FileExistsError:
            fd = -1
        if fd < 0:
            fd = self._open_again(folder, name)
        self._store(fd, folder, name, data)

    def _open_again(self, folder: Folder, name: str) -> int:
        """Open the file that has the name already, and empty it."""
        fd = self._patiently(lambda: self._calls.open_old(folder, name))
        try:
            _require_ours(os.fstat(fd))
            self._calls.truncate(fd)
        except BaseException:
            self._calls.close(fd)
            raise
        return fd

    def _store(self, fd: int, folder: Folder, name: str, data: bytes) -> None:
        """Write all bytes, bring them to the disk and close; on any failure remove the file and say so."""
        try:
            try:
                rest = memoryview(data)
                while rest:
                    written = self._calls.write(fd, rest)
                    if written <= 0:
                        raise OSError(errno.EIO, "nothing was written")
                    rest = rest[written:]
                self._tolerantly("sync", lambda: self._calls.sync(fd))
            finally:
                self._calls.close(fd)  # some drives say only now that they stored nothing
        except BaseException:
            with suppress(OSError):
                self._calls.unlink(folder, name)
            raise

    def _tolerantly(self, ability: str, act: Callable[[], None]) -> None:
        if ability in self.tolerated:
            return
        try:
            act()
        except OSError as error:
            if error.errno not in _SYNC_TOLERATED:
                raise
            self.tolerated.add(ability)

    def _patiently(self, act: Callable[[], _Result]) -> _Result:
        """Try again for 2.5 s while another program of this machine holds the file."""
        for pause_s in _PAUSES_S:
            try:
                return act()
            except OSError as error:
                if getattr(error, "winerror", None) not in _HELD_BY_OTHERS:
                    raise
            self._pause(pause_s)
        return act()

    def _is_full(self, folder: Folder, size_bytes: int) -> bool:
        try:
            free = self._calls.free_bytes(folder)
        except OSError:
            return False
        return free is not None and free < size_bytes


def _require_ours(seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode) or seen.st_nlink > 1:  # another name of a file that is not ours
        raise UnfitFileError("something that is not a file of ours has its name in the shared folder")


def _is_equal_ground(stage: Folder, folder: Folder) -> bool:
    """Say whether a file that is renamed from the stage ends up as one that was made in the folder."""
    if stage.fd is None or folder.fd is None:
        return False
    here, there = os.fstat(stage.fd), os.fstat(folder.fd)
    return here.st_dev == there.st_dev and not there.st_mode & stat.S_ISGID and not _hands_on_rights(folder.fd)


def _hands_on_rights(fd: int) -> bool:
    """Say whether a folder gives rights of its own to what is made in it; they are how the other may read it."""
    if not hasattr(os, "getxattr"):
        return False
    try:
        return bool(os.getxattr(fd, "system.posix_acl_default"))
    except OSError:
        return False
