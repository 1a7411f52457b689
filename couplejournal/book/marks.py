"""Marks: a small, unsynced note beside a replica that lets a process append without reading every entry.

It says how often the replica was written to (``generation``), how many segment files it holds and which those are, the
highest clock, and what this device has acknowledged. Every writer renews it under the home's lock *before* it stores a
segment or lets one go, so another process that finds its own generation there has missed nothing; and whoever finds
other files there, or the note gone or torn by a power cut, reads everything and writes it anew. Nothing of this is
believed that a full reading would not say.

It also says in which streams this device writes and where it stands there. A full reading cannot say that; so whoever
finds it lost, or not to fit the replica, goes on in new streams (`book.present`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from couplejournal.disk import Disk
from couplejournal.model.clock import COUNTER_END
from couplejournal.ops.codec import CLOCK_LIMIT_MS

LIMIT_BYTES: Final = 256 << 20  # a partner who opens streams without end slows us down and never locks us out


class OwnHead(msgspec.Struct, array_like=True):
    """Where this device stands in a stream of its own: its id, the last number and the link there.

    ``next_number`` and ``next_link`` are those of a segment that is being stored; 0 where none is.
    """

    stream: bytes
    number: int
    link: bytes
    next_number: int = 0
    next_link: bytes = b""

    def settle(self) -> None:
        """Take what was being stored for stored."""
        if self.next_number:
            self.number, self.link = self.next_number, self.next_link
            self.next_number, self.next_link = 0, b""


class Claim(msgspec.Struct, array_like=True):
    """What another key told to hold of a stream of this device's, and this device does not; since when (ms)."""

    number: int
    link: bytes
    by: bytes
    since_ms: int


class Told(msgspec.Struct, array_like=True, frozen=True):
    """Something that was found out about this device: what (a code of `Notice`), of which stream, when (ms)."""

    code: str
    stream: bytes
    since_ms: int


class Marks(msgspec.Struct):
    """The note: ``clock`` is the highest hybrid time held. Streams as keys are named by their folders, in hex.

    ``due``: something that wants an acknowledgement was stored since the last one. ``acknowledged``: (number, link) of
    the ends of each stream that this device told to hold. ``spoke_ms`` is when this device last wrote an operation (ms
    since 1970; 0: never). ``ends``: (number, link) of the first `end` of each stream, and of those in other branches.

    ``present`` are the streams in which this device writes, that of keys first (none: not begun); ``renewed`` says that
    they were not the first. ``retired``: streams of its own in which it writes no more, up to which number it holds or
    wrote them. ``forked``: since when (ms) a stream is known to be. ``claims`` go by the stream's id in hex;
    ``heeded_ms`` is when one last made this device begin new streams. ``which`` says which files those are.

    ``lacking``: how much this device lacks of what it knows to be there; ``lacking_ms``: since when, or when it last
    told the others so, which it did ``reminders`` times.
    """

    generation: int = 0
    files: int = 0
    clock: tuple[int, int] = (0, 0)
    due: bool = False
    spoke_ms: int = 0
    acknowledged: dict[str, list[tuple[int, bytes]]] = {}
    ends: dict[str, list[tuple[int, bytes]]] = {}
    present: list[OwnHead] = []
    renewed: bool = False
    retired: dict[str, int] = {}
    forked: dict[str, int] = {}
    told: list[Told] = []
    claims: dict[str, Claim] = {}
    heeded_ms: int = 0
    lacking: int = 0
    lacking_ms: int = 0
    reminders: int = 0
    which: int = -1


_decoder: Final = msgspec.json.Decoder(Marks)
_STREAM: Final = re.compile("[0-9a-f]{32}")
_STORED: Final = b"\n"  # behind the note: what was being stored is


def load(disk: Disk, path: Path) -> Marks | None:
    """Return the note, or None where it is gone, torn, or says what no device writes.

    Raises:
        StoreError: the disk fails.
    """
    data = disk.read(path, limit_bytes=LIMIT_BYTES)
    try:
        found = _decoder.decode(data) if data else None
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    if found is None or data is None or not _is_sound(found):
        return None
    if data.endswith(_STORED):
        for head in found.present:
            head.settle()
    return found


def _is_sound(marks: Marks) -> bool:
    """Say whether names are those of streams and the clock is one that can be written."""
    names = (*marks.acknowledged, *marks.ends, *marks.retired, *marks.forked, *marks.claims)
    ms, counter = marks.clock
    return (
        all(_STREAM.fullmatch(name) for name in names)
        and len(marks.present) in (0, 2)
        and all(len(head.stream) == 16 and len(head.link) in (0, 32) for head in marks.present)
        and 0 <= ms < CLOCK_LIMIT_MS
        and 0 <= counter < COUNTER_END
    )


def save(disk: Disk, path: Path, marks: Marks, *, durable: bool = False) -> None:
    """Put the note down; it need not survive a power cut unless it is to be ``durable``.

    Raises:
        StoreError: the disk fails.
    """
    disk.replace(path, encoded(marks), durable=durable, private=True)


def confirm(disk: Disk, path: Path, marks: Marks) -> None:
    """Say in the note that was just put down that what was being stored is stored: one byte, and no new file for it.

    Raises:
        StoreError: the disk fails.
    """
    for head in marks.present:
        head.settle()
    disk.append(path, _STORED, durable=False)


def encoded(marks: Marks) -> bytes:
    """Return the note as it is put down: two that say the same are the same bytes."""
    return msgspec.json.encode(marks)
