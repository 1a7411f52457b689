"""What another device told to lack: it goes out once more, under a fresh name (docs/spec/sync.md 2).

A drive may spoil or withhold a file in the view of one device alone, or so that nobody else sees it. Whoever misses
something says so with an acknowledgement without heads: it read the drive, and told all that it holds. What it did not
tell then, and does not tell soon afterwards, is put out by the file's owner, or, where that one is gone, by any other
device that holds it. Writing the same bytes under the same name would move nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from couplejournal.sync import schedule
from couplejournal.sync.memory import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from couplejournal.sync.port import Held
    from couplejournal.sync.trip import Trip

ANSWERS_AT_ONCE: Final = 8  # files for each device that asks: what follows a hole is often there


def note(trip: Trip, is_there: Callable[[Held], bool]) -> None:
    """Note which files those lack that told all that they hold since the last look.

    ``is_there`` says whether the drive shows a file whole here, so that it is only the other who misses it.

    Raises:
        StoreError: this device's own copy failed.
    """
    known = trip.kept.told
    for key, count in sorted(trip.book.told_all().items()):
        if count > known.get(key.hex(), 0):
            known[key.hex()] = count
            _note_of(trip, key, [held for held in trip.held.values() if _may_be_missed(trip, held) and is_there(held)])


def answer(trip: Trip, put_out: Callable[[Held, int], bool]) -> None:
    """Put out what is still missing; ``put_out`` writes a file under its fresh name of a number, and says if it could.

    Raises:
        DriveError: the drive failed as a whole.
        StoreError: this device's own copy failed.
    """
    kept, now_ms = trip.kept, trip.now_ms
    for key, asked in list(kept.asked.items()) if kept.asked else ():
        held = trip.held.get(bytes.fromhex(key))
        if held is None:
            del kept.asked[key]
            continue
        pause = schedule.ANSWER_AFTER_MS if held.is_mine else schedule.ANSWER_FOR_OTHERS_AFTER_MS
        if not asked.since_ms or not schedule.is_past(asked.since_ms, pause, now_ms):
            continue
        if trip.is_over():
            return
        if not trip.book.lacks(held, asked.by):
            del kept.asked[key]
        elif put_out(held, asked.times + 1):
            asked.times, asked.last_ms, asked.since_ms = asked.times + 1, now_ms, 0


def _note_of(trip: Trip, key: bytes, there: list[Held]) -> None:
    """Note what one device lacks: key segments alone, if there are such, since they may open all the rest."""
    lacking = [held for held in there if trip.book.lacks(held, key)]
    keys = [held for held in lacking if held.is_key]
    for held in (keys or lacking)[:ANSWERS_AT_ONCE]:
        asked = trip.kept.asked.setdefault(held.digest.hex(), Asked(key))
        if not asked.since_ms and (
            not asked.times or schedule.is_past(asked.last_ms, schedule.answering_pause(asked.times), trip.now_ms)
        ):
            asked.by, asked.since_ms = key, trip.now_ms


def _may_be_missed(trip: Trip, held: Held) -> bool:
    """Say whether a file lies there for so long that whoever does not have it will not get it as it is."""
    if not held.is_mine:
        return held.last > 0
    sent = trip.kept.sent.get(held.digest.hex())
    return (
        sent is not None
        and sent.handed_ms > 0
        and schedule.is_past(sent.handed_ms, schedule.REPEAT_AFTER_MS, trip.now_ms)
    )
