"""Which question is whose day's: by the date, the couple, and what the two were asked within a year.

The depths follow a rhythm of five days: light, closer, light, closer, deep. So a deep one comes every fifth day, for
both on the same date, and nobody has to choose depth in front of the other.

Within a day's depth each question draws a lot, a hash of the couple, the date and its id; of those that were not asked
within a year the lowest comes. Both draw the same lots, so they come to the same question without a word. A version
that has a few questions more or fewer differs only on those days whose lowest lot they hold; then what the first of the
two wrote down counts. With 146 days of a depth in a year, and more questions than that of each depth that is so
frequent, there is always one left.

A day's date is the local one of whoever opens it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from couplejournal_plugins.dailyquestion.texts import Question

RHYTHM: Final = (1, 2, 1, 2, 3)


def depth_of(day: date) -> int:
    """Return how deep the question of a day is."""
    return RHYTHM[day.toordinal() % len(RHYTHM)]


def question_of(day: date, pool: Sequence[Question], *, couple: str, recent: Collection[str] = ()) -> Question | None:
    """Return the question of a day for a couple, None where there is none of that day's depth.

    ``recent`` are the ids of those that were asked within a year; where all of them were, all draw.
    """
    deep = [one for one in pool if one.depth == depth_of(day)]
    fresh = [one for one in deep if one.id not in recent]
    return min(fresh or deep, key=lambda one: _lot(couple, day, one.id), default=None)


def _lot(couple: str, day: date, question: str) -> bytes:
    return hashlib.sha256(f"{couple}\n{day.isoformat()}\n{question}".encode()).digest()
