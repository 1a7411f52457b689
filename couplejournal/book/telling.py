"""What this device tells the others to hold: for each stream that moved, the end of every branch (`seen`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from couplejournal.book import holding
from couplejournal.book.branches import Place
from couplejournal.book.marks import Marks
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.ops.words import Head

HEADS_LIMIT: Final = 4096  # in one operation; what is beyond it comes with the next


def is_present(shelf: Shelf, stream: Stream) -> bool:
    """Return whether this device writes in a stream, and so needs to tell nobody that it holds it."""
    return stream.key == shelf.own.id and stream.origin in shelf.present.values()


def heads_to_tell(shelf: Shelf, marks: Marks) -> list[Head]:
    """Return the ends that moved since they were told, at most as many as one operation holds.

    Raises:
        StoreError: the disk fails.
    """
    found: list[Head] = []
    for stream in list(shelf.streams.values()):
        if not is_present(shelf, stream):
            found += _moved(shelf, marks, stream)
    return sorted(found)[:HEADS_LIMIT]


def note_told(shelf: Shelf, marks: Marks, heads: Iterable[Head]) -> None:
    """Note that these ends were told.

    Raises:
        StoreError: the disk fails.
    """
    told: dict[bytes, set[Place]] = {}
    for origin, number, link in heads:
        told.setdefault(origin, set()).add((number, link))
    for stream in list(shelf.streams.values()):
        fresh = told.get(stream.origin)
        if fresh is None or is_present(shelf, stream):
            continue
        if stream.tree is None:
            best = max((*fresh, *_told(marks, stream)))
            marks.acknowledged[stream.id.hex()] = [best]
        else:
            ends = set(holding.ends(shelf, stream))
            marks.acknowledged[stream.id.hex()] = sorted(ends & {*fresh, *_told(marks, stream)})


def has_untold(shelf: Shelf, marks: Marks, stream: Stream, last: int) -> bool:
    """Return whether something in a stream, up to a number where it is not forked, was not told.

    Raises:
        StoreError: the disk fails.
    """
    if stream.tree is None:
        return last > max((number for number, _ in _told(marks, stream)), default=0)
    return bool(_moved(shelf, marks, stream))


def _moved(shelf: Shelf, marks: Marks, stream: Stream) -> list[Head]:
    told = _told(marks, stream)
    if stream.tree is None and stream.head <= max((number for number, _ in told), default=0):
        return []
    return [(stream.origin, *end) for end in holding.ends(shelf, stream) if end not in told]


def _told(marks: Marks, stream: Stream) -> list[Place]:
    return marks.acknowledged.get(stream.id.hex(), [])
