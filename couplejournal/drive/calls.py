"""The system calls of a drive, each in one place, so that a test can make any of them fail.

Every name is opened relative to an open folder and never through a link, so that a folder that is swapped for a link
between two calls leads nowhere. Windows has no such calls; there, each part is looked at before it is used.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

_RELATIVE: Final = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_QUIET: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _QUIET
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class Folder:
    """An open folder: a descriptor where the system has relative calls, and a path."""

    __slots__ = ("fd", "path")

    def __init__(self, path: str, fd: int | None) -> None:
        self.path = path
        self.fd = fd

    def at(self, name: str) -> str:
        """Return how a name in this folder is said to a call that also gets ``fd``."""
        return name if self.fd is not None else os.path.join(self.path, name)

    def close(self) -> None:
        """Give the descriptor back."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def __enter__(self) -> Self:
        """Return the folder itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the descriptor back."""
        self.close()


class FileCalls:
    """The calls as the system has them. Each may raise `OSError`."""

    def open_root(self, root: Path) -> Folder:
        """Open the root. It alone may be reached through links, since its owner named it."""
        if _RELATIVE:
            return Folder(str(root), os.open(root, _FOLDER))
        if not root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        return Folder(str(root), None)

    def enter(self, parent: Folder, name: str) -> Folder:
        """Open a folder within a folder, never through a link."""
        path = os.path.join(parent.path, name)
        if parent.fd is not None:
            return Folder(path, os.open(name, _FOLDER | _NO_LINK, dir_fd=parent.fd))
        _require_plain(path, stat.S_IFDIR)
        return Folder(path, None)

    def make_folder(self, parent: Folder, name: str) -> None:
        """Make a folder with the modes that the process's mask leaves."""
        os.mkdir(parent.at(name), 0o777, dir_fd=parent.fd)

    @contextmanager
    def scan(self, folder: Folder) -> Iterator[Iterator[os.DirEntry[str]]]:
        """Go through the entries of a folder, in no order."""
        with os.scandir(folder.path if folder.fd is None else folder.fd) as entries:
            yield entries

    def stat(self, folder: Folder, name: str) -> os.stat_result:
        """Look at an entry itself, not at what it points to."""
        return os.stat(folder.at(name), dir_fd=folder.fd, follow_symlinks=False)

    def open_to_read(self, folder: Folder, name: str) -> int:
        """Open for reading without waiting for anyone."""
        _require_file(folder, name)
        return os.open(folder.at(name), os.O_RDONLY | _NO_LINK | _QUIET, dir_fd=folder.fd)

    def open_new(self, folder: Folder, name: str) -> int:
        """Make a file that must not be there yet. Its modes follow the process's mask: both partners must read it."""
        return os.open(folder.at(name), _NEW, 0o666, dir_fd=folder.fd)

    def open_old(self, folder: Folder, name: str) -> int:
        """Open an existing file for writing without waiting for anyone; nothing of it is cut off yet."""
        _require_file(folder, name)
        return os.open(folder.at(name), os.O_WRONLY | _NO_LINK | _QUIET, dir_fd=folder.fd)

    def read(self, fd: int, count: int) -> bytes:
        """Read at most ``count`` bytes."""
        return os.read(fd, count)

    def write(self, fd: int, data: memoryview) -> int:
        """Write some of the bytes and return how many."""
        return os.write(fd, data)

    def truncate(self, fd: int) -> None:
        """Cut a file to nothing."""
        os.ftruncate(fd, 0)

    def sync(self, fd: int) -> None:
        """Bring a file to the disk itself (``F_FULLFSYNC`` on macOS, where fsync stops at the disk's cache)."""
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        else:
            os.fsync(fd)

    def sync_folder(self, folder: Folder) -> None:
        """Bring the names of a folder to the disk; Windows has no such call and does so by itself."""
        if folder.fd is not None:
            os.fsync(folder.fd)

    def close(self, fd: int) -> None:
        """Close a file; some drives say only now that it was not stored."""
        os.close(fd)

    def rename(self, old_folder: Folder, old: str, new_folder: Folder, new: str) -> None:
        """Give a file its name, over whatever file had it."""
        os.replace(old_folder.at(old), new_folder.at(new), src_dir_fd=old_folder.fd, dst_dir_fd=new_folder.fd)

    def unlink(self, folder: Folder, name: str) -> None:
        """Remove a file."""
        os.unlink(folder.at(name), dir_fd=folder.fd)

    def free_bytes(self, folder: Folder) -> int | None:
        """Return how much room there is for us, or None where the system does not say."""
        if not hasattr(os, "statvfs"):
            return None
        room = os.statvfs(folder.path if folder.fd is None else folder.fd)
        return room.f_bavail * room.f_frsize


def _require_file(folder: Folder, name: str) -> None:
    """Refuse what is no plain file, where there is no O_NOFOLLOW to do it.

    Raises:
        OSError: ELOOP.
    """
    if folder.fd is None:
        _require_plain(folder.at(name), stat.S_IFREG)


def _require_plain(path: str, kind: int) -> None:
    """Refuse links, junctions and other kinds, where there is no O_NOFOLLOW.

    Raises:
        OSError: ELOOP.
    """
    seen = os.lstat(path)
    if stat.S_IFMT(seen.st_mode) != kind or getattr(seen, "st_reparse_tag", 0) in _LINK_TAGS:
        raise OSError(errno.ELOOP, "not what it should be")


_LINK_TAGS: Final = frozenset(
    {
        getattr(stat, "IO_REPARSE_TAG_SYMLINK", 0xA000000C),
        getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0xA0000003),
    }
)
