"""The incarnation of a book on a device: by which one that was copied, or put back from a backup, is told.

A random id lies in two places that backups and copies seldom take together: in the state folder, with a hash of the
machine's own id, and beside the book in the data folder. Where they differ, where one of them is missing, or where the
machine is another, nobody can say what was written meanwhile (docs/spec/sync.md 5). A rename of the home, or of any
folder above it, changes none of this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from couplejournal.disk import Disk
from couplejournal.ops.domains import digest
from couplejournal.system import System

NAME: Final = "incarnation"
LIMIT_BYTES: Final = 4096
ID_BYTES: Final = 16

Standing = Literal["none", "same", "other"]
"""Nothing was noted yet; all is as it was noted; or it is not."""


class Note(msgspec.Struct, frozen=True):
    """What lies in one of the two places: the id, and in the state folder the hash of the machine's id for it."""

    id: bytes
    machine: bytes = b""


_decoder: Final = msgspec.json.Decoder(Note)


class Incarnation:
    """The two notes of one book."""

    def __init__(self, disk: Disk, system: System, *, state: Path, folder: Path) -> None:
        """Take the file in the state folder and the book's own folder."""
        self._disk = disk
        self._system = system
        self._state = state
        self._data = folder / NAME

    def standing(self) -> Standing:
        """Return whether this is the device, and the copy of the book, that the two notes speak of.

        Raises:
            StoreError: the disk fails.
        """
        there, here = self._read(self._state), self._read(self._data)
        if there is None and here is None:
            return "none"
        if isinstance(there, Note) and isinstance(here, Note) and there.id == here.id:
            return "same" if there.machine == self._machine(there.id) else "other"
        return "other"

    def renew(self) -> None:
        """Write both notes anew. A crash between the two leaves them different, and that is told the next time.

        Raises:
            StoreError: the disk is full or failing.
        """
        fresh = self._system.random_bytes(ID_BYTES)
        self._write(self._state, Note(fresh, self._machine(fresh)))
        self._write(self._data, Note(fresh))

    def _machine(self, of: bytes) -> bytes:
        """Return a hash of the machine's id that is good for nothing else."""
        return digest("incarnation", of, self._system.machine_id().encode())

    def _read(self, path: Path) -> Note | Literal["torn"] | None:
        data = self._disk.read(path, limit_bytes=LIMIT_BYTES)
        try:
            return None if data is None else _decoder.decode(data)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return "torn"

    def _write(self, path: Path, note: Note) -> None:
        self._disk.replace(path, msgspec.json.encode(note), private=True)
