"""The order in which operations arrived on this device, so that a reader can go on where it stopped.

A local file beside the replicas, appended to by whoever watches; what arrived while nobody did is put in its place, by
clock, at the next look. It decides nothing about the journal: two devices may have different orders. A cursor names
this file and a number of operations, so that one of another device, or of lost state, is told apart.

What stands in a branch of its own since its stream turned out to be forked arrives once more, under the branch's name.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from couplejournal.book import Book
from couplejournal.disk import Disk
from couplejournal.errors import InvalidEntryError
from couplejournal.ops.op import Op
from couplejournal.system import System

BEGINNING: Final = "0"
_MAGIC: Final = b"CJA2"
_HEAD_BYTES: Final = 12
_RECORD: Final = struct.Struct(">16s32sQQ")  # book folder, chain (a stream's id and zeros, or all), first, last number
_STREAM_BYTES: Final = 16
_LIMIT_BYTES: Final = 1 << 30
_DIGITS: Final = 18


class Arrivals:
    """The file of arrivals. Call it under the home's lock."""

    def __init__(self, path: Path, disk: Disk, system: System) -> None:
        """Take the file's place; it is made when something arrives."""
        self._path = path
        self._disk = disk
        self._system = system
        self.id = ""
        self.count = 0
        self._records: list[tuple[bytes, bytes, int, int]] = []
        self._positions: dict[tuple[bytes, bytes], int] = {}
        self._size = 0

    def catch_up(self, books: Sequence[Book]) -> None:
        """Put what the books hold and the file does not know at its end, durably.

        Raises:
            StoreError: the disk is full or failing.
        """
        self._read()
        runs = []
        for book in books:
            book.refresh()  # what another process of this device wrote
            folder, heads = book.id[:16], book.heads()
            known = {stream: self._positions.get((folder, stream), 0) for stream in heads}
            if any(head > known[stream] for stream, head in heads.items()):
                streams: dict[bytes, list[tuple[tuple[int, int], bytes, bytes, int]]] = {}
                for op in book.ops_after(known):
                    streams.setdefault(op.stream, []).append((op.clock, folder, op.stream, op.seq))
                runs += [_rising(run) for run in streams.values()]
        packed = b"".join(_RECORD.pack(*record) for record in _folded(heapq.merge(*runs)))
        if packed:
            self._disk.append(self._path, packed, durable=True)
            self._read()

    def cursor(self, number: int) -> str:
        """Return the cursor after so many operations."""
        return f"{self.id}-{number}"

    def number_of(self, cursor: str) -> int:
        """Return how many operations lie before a cursor.

        Raises:
            InvalidEntryError: it is none of this device's.
        """
        if cursor == BEGINNING:
            return 0
        log, _, number = cursor.partition("-")
        if log != self.id or not number.isdecimal() or len(number) > _DIGITS or int(number) > self.count:
            raise InvalidEntryError("this cursor is not one of this device's", hint="begin anew, without a cursor")
        return int(number)

    def after(self, number: int) -> Iterator[tuple[int, bytes, bytes, int]]:
        """Yield (place, book folder, stream, operation number) of what came after so many operations."""
        at = 0
        for folder, stream, first, last in self._records:
            size = last - first + 1
            if at + size > number:
                for seq in range(first + max(0, number - at), last + 1):
                    yield at + (seq - first) + 1, folder, stream, seq
            at += size

    def _read(self) -> None:
        """Read what other processes appended; a torn end is cut off."""
        data = self._disk.read(self._path, limit_bytes=_LIMIT_BYTES) or b""
        if len(data) < _HEAD_BYTES or data[:4] != _MAGIC:
            data = _MAGIC + self._system.random_bytes(_HEAD_BYTES - len(_MAGIC))
            self._disk.replace(self._path, data, private=True)
        torn = (len(data) - _HEAD_BYTES) % _RECORD.size
        if torn:
            data = data[:-torn]
            self._disk.replace(self._path, data, private=True)
        log = data[4:_HEAD_BYTES].hex()
        if log != self.id or len(data) < self._size:
            self.id, self.count, self._size = log, 0, _HEAD_BYTES
            self._records.clear()
            self._positions.clear()
        for folder, chain, begun, last in _RECORD.iter_unpack(data[self._size :]):
            is_root = not any(chain[_STREAM_BYTES:])
            stream = chain[:_STREAM_BYTES] if is_root else chain
            first = max(begun, self._positions.get((folder, stream), 0) + 1)
            if last >= first:
                self._records.append((folder, stream, first, last))
                self._positions[folder, stream] = last
                self.count += last - first + 1
        self._size = len(data)


def ops_by_place(
    books: Sequence[Book], places: Sequence[tuple[int, bytes, bytes, int]]
) -> Mapping[tuple[bytes, int], Op]:
    """Return the operations at these places by (stream, number).

    Raises:
        StoreError: the disk fails.
    """
    before: dict[bytes, dict[bytes, int]] = {}
    for _, folder, stream, seq in places:
        starts = before.setdefault(folder, {})
        starts[stream] = min(starts.get(stream, seq - 1), seq - 1)
    found = {}
    for book in books:
        wanted = before.get(book.id[:16])
        if wanted is not None:
            rest = {stream: head for stream, head in book.heads().items() if stream not in wanted}
            found.update({(op.stream, op.seq): op for op in book.ops_after({**rest, **wanted})})
    return found


def _rising(
    run: list[tuple[tuple[int, int], bytes, bytes, int]],
) -> list[tuple[tuple[int, int], int, bytes, bytes, int]]:
    """Make the clocks of one stream rise, so that merging by clock never changes the stream's own order."""
    highest = (0, 0)
    rising = []
    for clock, folder, stream, seq in run:
        highest = max(highest, clock)
        rising.append((highest, seq, folder, stream, seq))
    return rising


def _folded(
    merged: Iterator[tuple[tuple[int, int], int, bytes, bytes, int]],
) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Join neighbours of one chain into one record."""
    last: tuple[bytes, bytes, int, int] | None = None
    for _, _, folder, stream, seq in merged:
        if last is not None and (last[0], last[1], last[3] + 1) == (folder, stream, seq):
            last = (folder, stream, last[2], seq)
            continue
        if last is not None:
            yield last
        last = (folder, stream, seq, seq)
    if last is not None:
        yield last
