"""What one device remembers of one book on one drive.

All of it can be forgotten: then files are read once more, and nothing else is lost. So it is written without waiting
for the disk, and a copy that does not parse is an empty one. Two processes of one device may overwrite each other's
memory; each then reads a few files that it need not have read.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import StoreError
from couplejournal.sync.report import Delivery

if TYPE_CHECKING:
    from pathlib import Path

    from couplejournal.disk import Disk

VERSION: Final = 2
MEMORY_LIMIT_BYTES: Final = 256 << 20


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file that verified under this size and time; its digest, what it covers, and the link at its end."""

    size_bytes: int
    mtime_ns: int
    digest: bytes
    stream: bytes = b""
    first: int = 0
    last: int = 0
    end: bytes = b""


class Trouble(msgspec.Struct, array_like=True, gc=False):
    """A file that was not taken: why, since when, and when to look again.

    ``digest`` is empty where the bytes could not be read; ``polls`` counts the syncs that saw it unchanged, up to what
    matters; ``keys`` is how many key segments were held when it was offered.
    """

    size_bytes: int
    mtime_ns: int
    digest: bytes
    verdict: str
    reason: str
    first_ms: int
    next_ms: int
    tries: int = 1
    polls: int = 1
    keys: int = 0


class Sent(msgspec.Struct, array_like=True, gc=False):
    """A file that this device wrote to the drive, or found there as its own.

    ``tries`` counts writes since it last lay there whole for an hour, ``tried_ms`` is when it was last written or found
    (0: never), ``handed_ms`` since when it lies there whole (0: it does not), ``name`` the number of its fresh name,
    ``looks`` how many of the later looks are done. ``folds`` counts how often files were deleted of which it holds all,
    ``folded_ms`` is when that was last done. ``was_there``: it lay there whole once since it was last put back, so that
    the drive can have lost it.
    """

    tries: int = 0
    tried_ms: int = 0
    handed_ms: int = 0
    name: int = 0
    looks: int = 0
    folds: int = 0
    folded_ms: int = 0
    was_there: bool = False


class Asked(msgspec.Struct, array_like=True, gc=False):
    """A file that a device told to lack, by its key: since when it waits to go out once more (0: it does not).

    ``times`` counts how often it did, ``last_ms`` is when it did last.
    """

    by: bytes
    since_ms: int = 0
    times: int = 0
    last_ms: int = 0


class Kept(msgspec.Struct, gc=False):
    """Everything that is remembered. Digests and keys as keys are hex; ``merged`` names the files to merge none of.

    ``told`` counts by key the acknowledgements without heads that were heeded.
    """

    version: int = VERSION
    program: str = ""
    boot: str = ""
    boot_ms: int = 0
    root: str = ""
    founding: str = ""
    merged: str = ""
    marks: dict[str, Mark] = {}
    troubles: dict[str, Trouble] = {}
    sent: dict[str, Sent] = {}
    missing: dict[str, int] = {}
    asked: dict[str, Asked] = {}
    told: dict[str, int] = {}


class SyncMemory:
    """The memory of one book on one drive, kept in one file of this device."""

    def __init__(self, disk: Disk, path: Path, *, program: str = "") -> None:
        """Take where it is kept, and the version of the program: after an update, nothing waits for its pause."""
        self._disk = disk
        self._path = path
        self._program = program
        self._saved: bytes | None = None
        self.kept = Kept(program=program)

    def refresh(self) -> None:
        """Take over what another process of this device remembered since; anything unreadable counts as nothing."""
        data = None
        with contextlib.suppress(StoreError):
            data = self._disk.read(self._path, limit_bytes=MEMORY_LIMIT_BYTES)
        if data == self._saved:
            return
        self.kept, self._saved = _decoded(data), data
        if self.kept.program != self._program:
            self.kept.program = self._program
            for trouble in self.kept.troubles.values():
                trouble.next_ms = 0

    def save(self) -> None:
        """Write what changed. A disk that cannot is no failure of the sync: only reads are lost."""
        data = msgspec.json.encode(self.kept)
        if data != self._saved:
            with contextlib.suppress(StoreError):
                self._disk.replace(self._path, data, durable=False, private=True)
                self._saved = data

    def delivery(self, digest: bytes, *, is_seen: bool = False) -> Delivery:
        """Return how far a segment of one's own has come; ``is_seen``: an acknowledgement of the other names it."""
        if is_seen:
            return Delivery.REACHED
        sent = self.kept.sent.get(digest.hex())
        return Delivery.HANDED_OVER if sent is not None and sent.handed_ms else Delivery.SAVED


def _decoded(data: bytes | None) -> Kept:
    if data is not None:
        with contextlib.suppress(msgspec.MsgspecError, RecursionError, ValueError):
            kept = msgspec.json.decode(data, type=Kept)
            for key in (*kept.sent, *kept.missing, *kept.asked):
                bytes.fromhex(key)
            if kept.version == VERSION:
                return kept
    return Kept()
