"""What this device tells the others to hold: for each stream that moved, the end of every branch (`seen`).

And that it lacks something: a `seen` without heads says that it looked, and told all that it holds. So those who hold
more put it out once more (docs/spec/sync.md 2).
"""

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
REMIND_AFTER_MS: Final = 24 * 3_600_000  # docs/spec/sync.md 2
_DOUBLED_AT_MOST: Final = 3  # so that of what never comes nobody is told more often than every eight days


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


def note_lacking(marks: Marks, count: int, now_ms: int) -> None:
    """Note how much this device lacks of what it knows to be there."""
    if count and not marks.lacking:
        marks.lacking_ms = now_ms
    if count != marks.lacking:
        marks.reminders = 0  # something came, or something else is missing: that is worth a word sooner
    marks.lacking = count


def owes_reminder(marks: Marks, now_ms: int) -> bool:
    """Return whether this device lacks something for so long that the others have to hear of it."""
    pause = REMIND_AFTER_MS << min(marks.reminders, _DOUBLED_AT_MOST)
    return marks.lacking > 0 and not 0 <= now_ms - marks.lacking_ms < pause


def note_reminded(marks: Marks, now_ms: int) -> None:
    """Note that the others are told by now."""
    marks.lacking_ms = now_ms
    marks.reminders += 1


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
