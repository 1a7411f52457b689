"""The hybrid clock: it only grows, and nobody drags it."""

from __future__ import annotations

from couplejournal.model.clock import AHEAD_LIMIT_MS, COUNTER_END, HybridClock

NOW = 1_750_000_000_000


def test_tick_follows_wall_time() -> None:
    """A tick later than everything before is the wall time itself."""
    clock = HybridClock()
    assert clock.tick(NOW) == (NOW, 0)
    assert clock.tick(NOW + 5) == (NOW + 5, 0)


def test_tick_counts_while_wall_time_stands_or_goes_back() -> None:
    """A clock that stands still or is set back is counted on."""
    clock = HybridClock((NOW, 3))
    assert clock.tick(NOW) == (NOW, 4)
    assert clock.tick(NOW - 60_000) == (NOW, 5)
    assert clock.last == (NOW, 5)


def test_tick_comes_after_what_was_observed() -> None:
    """An entry written after reading another one is ordered after it."""
    clock = HybridClock()
    clock.observe((NOW + 1_000, 7), NOW)
    assert clock.tick(NOW) == (NOW + 1_000, 8)


def test_observe_ignores_what_is_older() -> None:
    """An old stamp changes nothing."""
    clock = HybridClock((NOW, 2))
    clock.observe((NOW, 1), NOW)
    assert clock.last == (NOW, 2)


def test_observe_takes_24_hours_and_not_a_millisecond_more() -> None:
    """A stamp beyond 24 hours ahead never drags the clock."""
    clock = HybridClock()
    clock.observe((NOW + AHEAD_LIMIT_MS + 1, 0), NOW)
    assert clock.last == (0, 0)
    clock.observe((NOW + AHEAD_LIMIT_MS, 0), NOW)
    assert clock.last == (NOW + AHEAD_LIMIT_MS, 0)


def test_tick_survives_the_last_counter() -> None:
    """The greatest counter that a stamp can hold is followed by the next millisecond."""
    clock = HybridClock()
    clock.observe((NOW, COUNTER_END - 1), NOW)
    assert clock.tick(NOW) == (NOW + 1, 0)
