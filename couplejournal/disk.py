"""The only code that touches this device's own files.

A `Disk` is an argument everywhere, so that tests can crash it, fill it, or take it away. What `write_new` and a durable
`replace` returned from survives a power cut: the bytes are synced before the rename and the folder after it. Every
error of the operating system ends here as a `StoreError`; after a failed sync the same descriptor is never synced again
(a second sync would lie), the temporary file is thrown away.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple, NoReturn, Protocol

from couplejournal.errors import StoreError
from couplejournal.system import RealSystem, System

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
BARRED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
FOLDER_SYNC_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOTTY, errno.EBADF, errno.EACCES})
TEMPORARY_PREFIX: Final = "~$cj"


class Listed(NamedTuple):
    """One name in a folder."""

    name: str
    size_bytes: int
    mtime_ns: int
    is_file: bool


class Disk(Protocol):
    """What couplejournal asks of the device's own disk."""

    def write_new(self, path: Path, data: bytes) -> None:
        """Put a new file under its final name, durably."""

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        """Put new content under a name that may exist, whole or not at all."""

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        """Return the content, or None where there is no such file."""

    def list(self, folder: Path) -> list[Listed]:
        """Return what lies in a folder; nothing where there is no such folder."""

    def make_folder(self, path: Path, *, private: bool = False) -> None:
        """Make a folder and those above it, durably."""

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is no error."""

    def append(self, path: Path, data: bytes, *, durable: bool) -> None:
        """Add to the end of a file."""


class RealDisk:
    """The device's own disk."""

    def __init__(self, system: System | None = None) -> None:
        """Take randomness for temporary names from ``system``."""
        self._system = system or RealSystem()

    def write_new(self, path: Path, data: bytes) -> None:
        """Put a new file under its final name: temporary file, sync, rename, sync of the folder.

        Raises:
            StoreError: the disk is full, read-only or failing; nothing stands under the final name.
        """
        self._put(path, data, durable=True, mode=0o666)
        try:
            self._sync_folder(path.parent)
        except StoreError:  # what is reported as not saved must not turn up later
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        """Put new content under a name that may exist, whole or not at all; ``private``: for the owner's eyes (0600).

        Raises:
            StoreError: the disk is full, read-only or failing; the old content still stands, or the new one does.
        """
        self._put(path, data, durable=durable, mode=0o600 if private else 0o666)
        if durable:
            self._sync_folder(path.parent)

    def _put(self, path: Path, data: bytes, *, durable: bool, mode: int) -> None:
        """Put content under a name by way of a temporary file, which is thrown away if anything fails."""
        temporary = path.with_name(TEMPORARY_PREFIX + self._system.random_bytes(8).hex() + ".tmp")
        try:
            _write_whole(temporary, data, durable=durable, mode=mode)
            os.replace(temporary, path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            if isinstance(error, OSError):
                _fail(error, "save")
            raise

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        """Return the content of a regular file of at most ``limit_bytes``, or None where there is none.

        Raises:
            StoreError: it is larger, no regular file, or the disk fails.
        """
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(path, flags)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            _fail(error, "read")
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_size > limit_bytes:
                raise StoreError("a file of this device's own copy is not what it should be")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read()  # sized by what is there: read(limit) would ask for the memory of the whole limit
        except OSError as error:
            _fail(error, "read")
        finally:
            os.close(descriptor)

    def list(self, folder: Path) -> list[Listed]:
        """Return what lies in a folder, unsorted; nothing where there is no such folder.

        Raises:
            StoreError: the folder cannot be read.
        """
        found = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):  # gone between the listing and the look
                        about = entry.stat(follow_symlinks=False)
                        found.append(Listed(entry.name, about.st_size, about.st_mtime_ns, stat.S_ISREG(about.st_mode)))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            _fail(error, "list")
        return found

    def make_folder(self, path: Path, *, private: bool = False) -> None:
        """Make a folder and those above it, and sync the folder that got a new name; ``private``: 0700.

        Raises:
            StoreError: it cannot be made.
        """
        missing = []
        at = path
        try:
            while not at.exists() and at != at.parent:
                missing.append(at)
                at = at.parent
            for folder in reversed(missing):
                with contextlib.suppress(FileExistsError):  # another process of this device was quicker
                    os.mkdir(folder, 0o700 if private else 0o777)
                self._sync_folder(folder.parent)
        except OSError as error:
            _fail(error, "save")

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is no error.

        Raises:
            StoreError: it cannot be removed.
        """
        try:
            os.unlink(path)
        except FileNotFoundError:
            return
        except OSError as error:
            _fail(error, "remove")

    def append(self, path: Path, data: bytes, *, durable: bool) -> None:
        """Add to the end of a file, made (0600) where there is none; a crash may leave a part of ``data``.

        Raises:
            StoreError: the disk is full, read-only or failing.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(path, flags, 0o600)
            try:
                _write_all(descriptor, data)
                if durable:
                    _sync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            _fail(error, "save")

    def _sync_folder(self, folder: Path) -> None:
        """Make a rename durable; a file system that cannot sync folders is left to its own promise."""
        if os.name == "nt":
            return
        try:
            descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno not in FOLDER_SYNC_UNSUPPORTED:
                _fail(error, "save")


def _write_whole(path: Path, data: bytes, *, durable: bool, mode: int) -> None:
    """Write a file that must not exist yet, and sync it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, mode)
    try:
        _write_all(descriptor, data)
        if durable:
            _sync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a short count is legal and means going on."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(descriptor: int) -> None:
    """Bring the bytes to the disk itself; on macOS a plain fsync stops at the drive's cache."""
    try:
        import fcntl

        full_sync = getattr(fcntl, "F_FULLFSYNC", None)
        if full_sync is not None:
            fcntl.fcntl(descriptor, full_sync)
            return
    except (ImportError, OSError):
        pass
    os.fsync(descriptor)


def _fail(error: OSError, act: str) -> NoReturn:
    """Turn an error of the operating system into one sentence without a path."""
    if error.errno in FULL:
        raise StoreError(
            "this device's disk is full: nothing was saved", hint="free some space and try again"
        ) from None
    if error.errno in BARRED:
        raise StoreError(
            f"this device's own copy cannot be {'read' if act in ('read', 'list') else 'written'}: permission denied",
            hint="check the owner and the mode of the journal's folder",
        ) from None
    raise StoreError(f"this device's disk failed to {act}: {error.strerror or 'unknown error'}") from None
