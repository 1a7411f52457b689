"""Marks: a small, unsynced note beside a replica that lets a process append without reading every entry.

It says how often the replica was written to (``generation``), how many segment files it holds, the highest clock, and
what this device has acknowledged. Every writer renews it under the home's lock *before* it stores a segment, so another
process that finds its own generation there has missed nothing; and whoever finds the number of files not to agree, or
the note gone or torn by a power cut, reads everything and writes it anew. Nothing is believed from it that a full
reading would not say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from couplejournal.disk import Disk

LIMIT_BYTES: Final = 256 << 20  # a partner who opens streams without end slows us down and never locks us out


class Marks(msgspec.Struct):
    """The note: ``clock`` is the highest hybrid time held; ``acknowledged`` maps streams (hex) to operation numbers.

    ``due``: something that wants an acknowledgement was stored since the last one. ``spoke_ms`` is when this device
    last wrote an operation (ms since 1970; 0: never).
    """

    generation: int = 0
    files: int = 0
    clock: tuple[int, int] = (0, 0)
    due: bool = False
    spoke_ms: int = 0
    acknowledged: dict[str, int] = {}


_decoder: Final = msgspec.json.Decoder(Marks)


def load(disk: Disk, path: Path) -> Marks | None:
    """Return the note, or None where it is gone or torn.

    Raises:
        StoreError: the disk fails.
    """
    data = disk.read(path, limit_bytes=LIMIT_BYTES)
    try:
        return _decoder.decode(data) if data else None
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def save(disk: Disk, path: Path, marks: Marks) -> None:
    """Put the note down; it need not survive a power cut.

    Raises:
        StoreError: the disk fails.
    """
    disk.replace(path, msgspec.json.encode(marks), durable=False, private=True)
