"""The real drive: a folder of this machine that something or somebody else keeps in step with the partner's.

Reading is docs/spec/sync.md 3, publishing docs/spec/sync.md 2. Folders are opened one inside the other and never
through a link, so nothing that lies in the drive can lead out of it.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Final, TypeAlias

from couplejournal.drive import names
from couplejournal.drive.calls import FileCalls, Folder
from couplejournal.drive.failures import guarded, listing_failure, reading_failure, writing_failure
from couplejournal.drive.filesystems import probe_folder
from couplejournal.drive.interface import DriveFile, Listing, Place, UnfitFileError
from couplejournal.drive.publishing import Publisher
from couplejournal.system import System

LISTING_LIMIT_FILES: Final = 500_000  # beyond it, only names that look like ours: junk costs bounded memory

# A folder that went away, became something else, or is not ours to read: the rest of the listing is still true.
_SKIPPED_FOLDER: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM})
_READ_CHUNK_BYTES: Final = 1 << 20

_Parts: TypeAlias = "list[str]"


class FolderDrive:
    """A drive in a folder. It may be used from several threads.

    ``staging`` is an existing folder outside the drive, where files are written first if it lies on the same file
    system; without one, they are written beside their final name under a name that sync clients leave alone.
    ``calls`` and ``pause`` are there for tests.
    """

    def __init__(
        self,
        root: Path,
        system: System,
        *,
        staging: Path | None = None,
        calls: FileCalls | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.root = root
        self.staging = staging
        self._books: frozenset[str] = frozenset()  # the books' folders of the last listing
        self._calls = calls if calls is not None else FileCalls()
        self._publisher = Publisher(
            system, self._calls, staging=staging, pause=pause if pause is not None else threading.Event().wait
        )

    @property
    def tolerated(self) -> frozenset[str]:
        """What this drive turned out to be unable to do, and need not; see `Publisher`."""
        return frozenset(self._publisher.tolerated)

    def probe(self) -> Place:
        """Look at the root alone. A root that is not there is an answer, not an error.

        Raises:
            DriveError: the root could not be looked at.
        """
        return guarded(lambda: probe_folder(self.root), listing_failure)

    def list(self) -> Listing:
        """Return the regular files of our folders, sorted by path.

        Raises:
            DriveMissingError: the root is not there.
            DriveError: a folder could not be listed to its end.
        """
        return guarded(self._list, listing_failure)

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the whole content of one file of at most ``limit_bytes`` bytes.

        Raises:
            NotYetError: the file is not there or cannot be read now.
            UnfitFileError: it is no regular file, or larger than the limit.
            ValueError: ``path`` leaves the drive.
        """
        parts = names.require_inside(path)
        return guarded(lambda: self._read(parts, limit_bytes), reading_failure)

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Put a file under its final name, durable and whole.

        Raises:
            DriveMissingError: the root is not there.
            DriveFullError: there is no room; nothing partial is left.
            DriveReadOnlyError: the folder may not be written.
            UnfitFileError: a folder or another thing that is no file has this name.
            DriveError: anything else.
            ValueError: ``path`` is no name that may stand on a drive.
        """
        parts = names.require_publishable(path)

        def act() -> None:
            with self._inside(parts[:-1], make=True) as folder:
                self._publisher.put(folder, parts[-1], data, direct=direct)

        guarded(act, writing_failure)

    def remove(self, path: str) -> None:
        """Remove one file; a missing one is fine.

        Raises:
            DriveReadOnlyError: the folder may not be written.
            UnfitFileError: a folder has this name, or stands behind a link.
            DriveError: anything else.
            ValueError: ``path`` leaves the drive.
        """
        parts = names.require_inside(path)
        guarded(lambda: self._remove(parts), writing_failure)

    def _list(self) -> Listing:
        found: Listing = []
        with self._calls.open_root(self.root) as root:
            self._collect(root, "", 0, found)
        found.sort(key=attrgetter("path"))
        return found

    def _collect(self, folder: Folder, prefix: str, depth: int, found: Listing) -> None:
        """Add the files of a folder and of the folders in it that are ours."""
        entered: _Parts = []
        with self._calls.scan(folder) as entries:
            for entry in entries:
                name = entry.name
                try:
                    if entry.is_file(follow_symlinks=False):
                        if names.is_text(name) and (len(found) < LISTING_LIMIT_FILES or names.is_likely(name)):
                            seen = entry.stat(follow_symlinks=False)
                            found.append(DriveFile(prefix + name, seen.st_size, seen.st_mtime_ns))
                    elif names.is_entered(name, depth) and entry.is_dir(follow_symlinks=False):
                        entered.append(name)
                except FileNotFoundError:
                    continue  # gone between the listing and the look at it
        if depth == 0:
            self._books = frozenset(filter(names.is_book, entered))
        for name in entered:
            below = names.DEPTH_LIMIT if depth == 0 and names.is_invites(name) else depth + 1
            try:
                with self._calls.enter(folder, name) as inner:
                    self._collect(inner, f"{prefix}{name}/", below, found)
            except OSError as error:
                if error.errno not in _SKIPPED_FOLDER:
                    raise

    @contextmanager
    def _inside(self, parts: _Parts, *, make: bool = False) -> Iterator[Folder]:
        """Open the folder of a path, part by part; with ``make``, make those that lack below the root.

        A book's folder that the last listing showed is never made: if it is gone, so is the drive, and what stands in
        the root's place (the bare mount point of a stick that was just pulled) must not be mistaken for it.
        """
        folder = self._calls.open_root(self.root)
        try:
            for depth, name in enumerate(parts):
                inner = self._enter(folder, name, make=make and not (depth == 0 and name in self._books))
                folder.close()
                folder = inner
            yield folder
        finally:
            folder.close()

    def _enter(self, folder: Folder, name: str, *, make: bool) -> Folder:
        inner = self._enter_existing(folder, name)
        if inner is None and make:
            with suppress(FileExistsError):  # another process or the sync client was first
                self._calls.make_folder(folder, name)
            self._publisher.sync_folder(folder)
            inner = self._enter_existing(folder, name)
        if inner is None:
            raise FileNotFoundError(errno.ENOENT, "no such folder")
        return inner

    def _enter_existing(self, folder: Folder, name: str) -> Folder | None:
        number = 0
        try:
            return self._calls.enter(folder, name)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in {errno.ENOTDIR, errno.ELOOP}:  # a file or a link in the place of a folder
                raise
            number = error.errno
        raise UnfitFileError(f"something in the shared folder is not a folder of ours ({errno.errorcode[number]})")

    def _read(self, parts: _Parts, limit_bytes: int) -> bytes:
        with self._inside(parts[:-1]) as folder:
            # Looked at before it is opened: opening a device can already do something.
            _require_fit(self._calls.stat(folder, parts[-1]), limit_bytes)
            fd = self._calls.open_to_read(folder, parts[-1])
        try:
            _require_fit(os.fstat(fd), limit_bytes)
            content = bytearray()
            while len(content) <= limit_bytes:
                chunk = self._calls.read(fd, min(limit_bytes + 1 - len(content), _READ_CHUNK_BYTES))
                if not chunk:
                    return bytes(content)
                content += chunk
        finally:
            self._calls.close(fd)
        raise UnfitFileError("a file in the shared folder is too large to be ours")

    def _remove(self, parts: _Parts) -> None:
        with suppress(FileNotFoundError), self._inside(parts[:-1]) as folder:
            if stat.S_ISDIR(self._calls.stat(folder, parts[-1]).st_mode):
                raise UnfitFileError("a folder in the shared folder has the name of a file of ours")
            self._publisher.remove(folder, parts[-1])


def _require_fit(seen: os.stat_result, limit_bytes: int) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise UnfitFileError("something in the shared folder is not a plain file")
    if seen.st_size > limit_bytes:
        raise UnfitFileError("a file in the shared folder is too large to be ours")
