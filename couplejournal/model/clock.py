"""The hybrid logical clock: wall time where it can, a counter where it must.

A stamp orders operations across devices whose clocks disagree. One clock belongs to one book, so that a private entry
leaves no trace in the stamps of the shared one. It is pure: the wall time is always an argument.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Stamp: TypeAlias = tuple[int, int]
"""Hybrid logical time: (ms since 1970-01-01T00:00Z, counter); compared as a pair."""

AHEAD_LIMIT_MS: Final = 24 * 60 * 60 * 1000  # docs/spec/format.md 8
COUNTER_END: Final = 1 << 32  # docs/spec/format.md 3: the codec refuses a counter from here on


class HybridClock:
    """Give stamps that only ever grow, and learn from those of others. Not safe for use by several threads at once."""

    last: Stamp

    def __init__(self, last: Stamp = (0, 0)) -> None:
        """Go on from ``last``, the greatest stamp of the book so far."""
        self.last = last

    def tick(self, now_ms: int) -> Stamp:
        """Return a stamp greater than every one given or observed, as near to ``now_ms`` as that allows."""
        last_ms, counter = self.last
        if now_ms > last_ms:
            self.last = (now_ms, 0)
        elif counter + 1 < COUNTER_END:
            self.last = (last_ms, counter + 1)
        else:
            # Somebody sent the last counter there is; the next millisecond is greater too.
            self.last = (last_ms + 1, 0)
        return self.last

    def observe(self, stamp: Stamp, now_ms: int) -> None:
        """Learn from the stamp of an operation that came.

        One that lies more than 24 hours ahead of ``now_ms`` is left out: it orders its own operation, and a wrong or
        hostile clock never drags ours along.
        """
        if stamp[0] <= now_ms + AHEAD_LIMIT_MS and stamp > self.last:
            self.last = stamp
