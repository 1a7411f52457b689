"""When to look again, and when to write again: pure questions to two times.

Times are milliseconds of the wall clock, which people and programs set back and forth. So a time that lies ahead of the
clock is taken for one that has come: looking once too often costs a read, waiting for years would cost an entry.
"""

from __future__ import annotations

from typing import Final

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

LOST_AFTER_MS: Final = DAY  # docs/spec/sync.md 1, rule 4
DAMAGED_AFTER_MS: Final = 10 * MINUTE  # docs/spec/sync.md 1, rule 9
DAMAGED_AFTER_POLLS: Final = 3  # docs/spec/sync.md 1, rule 9
STAYED_MS: Final = HOUR  # a file that lay there so long was not taken away by what hates it
REPEAT_AFTER_MS: Final = DAY  # docs/spec/sync.md 2
ANSWER_AFTER_MS: Final = HOUR  # docs/spec/sync.md 2: what told all may be here before what it told
ANSWER_FOR_OTHERS_AFTER_MS: Final = DAY  # docs/spec/sync.md 2: the owner comes first
LATER_LOOKS_MS: Final = (MINUTE, 10 * MINUTE)  # docs/spec/sync.md 2: for 10 minutes after handing over
FOLDED_AFTER_MS: Final = 10 * MINUTE  # docs/spec/sync.md 1, rule 8
FOLDED_ALONE_AFTER_MS: Final = 30 * DAY  # the same, where no other device could hold it
LOOKED_AT_AGAIN: Final = 20  # docs/spec/sync.md 2: the last 20 own segments

UNREAD: Final = "unread"
_PAUSES: Final = {
    UNREAD: (5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE),  # not downloaded, locked: nothing changes when it ends
    "pending": (5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY),
    "held": (MINUTE, 10 * MINUTE, HOUR, DAY),
    "own unknown": (MINUTE, 10 * MINUTE, HOUR, DAY),
}
_LONG_PAUSES: Final = (HOUR, DAY)
_FOLD_PAUSES: Final = (10 * MINUTE, HOUR, DAY)
_ANSWERS_DOUBLED_AT_MOST: Final = 5
_WRITE_PAUSES: Final = (0, 0, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR)


def reading_pause(verdict: str, tries: int) -> int:
    """Return how long to wait after the ``tries``-th look at a file with this verdict, or one that was `UNREAD`."""
    pauses = _PAUSES.get(verdict, _LONG_PAUSES)
    return pauses[min(tries, len(pauses)) - 1]


def writing_pause(tries: int) -> int:
    """Return how long to wait after the ``tries``-th write of a file that did not stay."""
    return _WRITE_PAUSES[min(tries, len(_WRITE_PAUSES) - 1)]


def answering_pause(times: int) -> int:
    """Return how long to wait before a file that went out under ``times`` (from 1) fresh names gets one more."""
    return DAY << min(times - 1, _ANSWERS_DOUBLED_AT_MOST)


def folding_pause(rounds: int) -> int:
    """Return how long to wait before files that came back are deleted again, after ``rounds`` (from 1) of it."""
    return _FOLD_PAUSES[min(rounds, len(_FOLD_PAUSES)) - 1]


def is_past(since_ms: int, span_ms: int, now_ms: int) -> bool:
    """Say whether ``span_ms`` went by since then, or the clock was set back behind it."""
    return not 0 <= now_ms - since_ms < span_ms


def is_due(next_ms: int, now_ms: int) -> bool:
    """Say whether a time has come; one that lies further ahead than any pause is a clock that was wrong."""
    return not now_ms < next_ms <= now_ms + DAY
