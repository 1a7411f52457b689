"""A replica: one book as a local folder, in the layout that a drive has too (docs/spec/format.md 2).

It holds opaque, sealed bytes under names that say stream, range and hash. A name is what this device itself gave, so it
may be used to find things; what a file says is believed only after `seal` has proved it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from couplejournal.disk import Disk
from couplejournal.errors import StoreError

GENESIS_NAME: Final = "book.cj"
FILE_LIMIT_BYTES: Final = 4 << 20  # docs/spec/format.md 3
_STREAM: Final = re.compile(r"[0-9a-f]{32}")
_SEGMENT: Final = re.compile(r"([0-9]{8,15})-([0-9]{8,15})-([0-9a-f]{32})\.seg")


class Part(msgspec.Struct, frozen=True, eq=False):
    """A segment file: operations ``first`` to ``last`` of ``stream``; ``digest`` is 16 bytes of its SHA-256.

    It is what its name says: a file that was cut is the same part, damaged, so ``size_bytes`` does not count.
    """

    stream: bytes
    first: int
    last: int
    digest: bytes
    size_bytes: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and self._named == other._named

    def __hash__(self) -> int:
        return hash(self._named)

    @property
    def _named(self) -> tuple[bytes, int, int, bytes]:
        return self.stream, self.first, self.last, self.digest

    @property
    def number(self) -> int:
        """Return a number for exactly this file: those of a set of files, added up, tell it from any other set."""
        return int.from_bytes(self.digest[:6])

    @property
    def path(self) -> str:
        """Return its place below the book's folder."""
        return f"streams/{self.stream.hex()}/{self.first:08d}-{self.last:08d}-{self.digest.hex()}.seg"


class Replica:
    """The folder of one book on this device."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Take the book's own folder; it need not exist yet."""
        self.folder = folder
        self._disk = disk

    def genesis(self) -> bytes | None:
        """Return the genesis segment, or None where there is no book yet.

        Raises:
            StoreError: the disk fails.
        """
        return self._disk.read(self.folder / GENESIS_NAME, limit_bytes=FILE_LIMIT_BYTES)

    def found(self, genesis: bytes) -> None:
        """Lay the genesis down, durably.

        Raises:
            StoreError: the disk is full, read-only or failing.
        """
        self._disk.make_folder(self.folder / "streams", private=True)
        self._disk.write_new(self.folder / GENESIS_NAME, genesis)

    def parts(self) -> list[Part]:
        """Return every segment file by name, unsorted; what has another name is none of ours.

        Raises:
            StoreError: the disk fails.
        """
        found = []
        for folder in self._disk.list(self.folder / "streams"):
            if not _STREAM.fullmatch(folder.name):
                continue
            stream = bytes.fromhex(folder.name)
            for file in self._disk.list(self.folder / "streams" / folder.name):
                named = _SEGMENT.fullmatch(file.name)
                if named and file.is_file:
                    first, last, digest = int(named[1]), int(named[2]), bytes.fromhex(named[3])
                    part = Part(stream, first, last, digest, file.size_bytes)
                    if part.path.endswith(file.name):  # one name for one range: "000000001" is none of ours
                        found.append(part)
        return found

    def read(self, path: str) -> bytes:
        """Return the bytes of a file of this replica.

        Raises:
            StoreError: it is not there, or the disk fails.
        """
        data = self.find(path)
        if data is None:
            raise StoreError("a file of this device's own copy is gone", hint="sync fetches it again from the drive")
        return data

    def find(self, path: str) -> bytes | None:
        """Return the bytes of a file of this replica, or None where there is none.

        Raises:
            StoreError: the disk fails.
        """
        return self._disk.read(self.folder / path, limit_bytes=FILE_LIMIT_BYTES)

    def put(self, path: str, data: bytes) -> None:
        """Store a segment durably under its final name.

        Raises:
            StoreError: the disk is full, read-only or failing; nothing was stored.
        """
        target = self.folder / path
        self._disk.make_folder(target.parent, private=True)
        self._disk.write_new(target, data)

    def remove(self, path: str) -> None:
        """Remove a segment of which other files of the replica hold all; one that is not there is no error.

        Raises:
            StoreError: it cannot be removed.
        """
        self._disk.remove(self.folder / path)
