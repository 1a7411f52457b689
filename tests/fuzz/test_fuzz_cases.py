"""Every case that a fuzzer found once, and every seed, tried again: quick, and without the fuzzer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fuzz.harness import (
    CASES,
    MEMORY_LIMIT_BYTES,
    SECONDS_LIMIT,
    BrokenPromiseError,
    Draw,
    Target,
    all_seeds,
    attempt,
    attempt_counted,
    cases,
    targets,
)

from couplejournal.errors import UntrustedDataError

TARGETS = targets()


@pytest.mark.parametrize("name", TARGETS)
def test_found_cases_are_refused_or_read(name: str) -> None:
    """What broke a promise once keeps it now: one of our own errors or a right answer, in bounded time and memory."""
    for _, data in cases(TARGETS[name]):
        attempt_counted(TARGETS[name], data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_keep_the_promises(name: str) -> None:
    """What the fuzzer begins with, nested as deep as it goes too, is read or refused like all else."""
    for seed in all_seeds(TARGETS[name]):
        attempt(TARGETS[name], seed)


def test_every_case_belongs_to_a_target() -> None:
    """No folder of cases lies there that nobody tries."""
    assert {folder.name for folder in CASES.glob("*")} <= set(TARGETS)


def raising(error: Exception) -> Callable[[bytes], None]:
    """Return a parser that raises."""

    def run(data: bytes) -> None:
        raise error

    return run


def hoarding(data: bytes) -> None:
    """Take memory."""
    kept = bytearray(2 * MEMORY_LIMIT_BYTES)
    del kept


def target(run: Callable[[bytes], None]) -> Target:
    """Return a target that may refuse with one error."""
    return Target("planted", run, lambda: (), (UntrustedDataError,))


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), RecursionError(), MemoryError(), UnicodeDecodeError("utf-8", b"", 0, 1, "x"), KeyError(1)],
)
def test_other_errors_are_found(error: Exception) -> None:
    """An error that is none of ours comes out as itself."""
    with pytest.raises(type(error)):
        attempt(target(raising(error)), b"")


@pytest.mark.parametrize("message", ["two\nlines", "\x1b[31m", "x" * 1000, "\u202e"])
def test_messages_that_are_no_plain_line_are_found(message: str) -> None:
    """An error of ours whose message a terminal would obey, or that has no end, breaks a promise."""
    for error in (UntrustedDataError(message), UntrustedDataError("fine", hint=message)):
        with pytest.raises(BrokenPromiseError, match="plain line"):
            attempt(target(raising(error)), b"")
    attempt(target(raising(UntrustedDataError("a plain line"))), b"")


def test_memory_beyond_the_cap_is_found() -> None:
    """A parser that takes memory breaks a promise."""
    with pytest.raises(BrokenPromiseError, match="memory"):
        attempt_counted(target(hoarding), b"")


def test_time_beyond_the_cap_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that takes long breaks a promise."""
    times = iter((0.0, SECONDS_LIMIT, 0.0, SECONDS_LIMIT / 2))
    monkeypatch.setattr("fuzz.harness.time.process_time", lambda: next(times))
    with pytest.raises(BrokenPromiseError, match="time"):
        attempt(target(lambda _: None), b"")
    attempt(target(lambda _: None), b"")


def test_choices_come_from_the_bytes() -> None:
    """The same bytes choose the same, and their end is zeros without end."""
    draw = Draw(b"\x05\x03abcrest")
    assert (draw.number(4), draw.piece(), draw.rest(), draw.is_over) == (1, b"abc", b"rest", True)
    assert (draw.number(1000), draw.take(3), draw.wild()) == (0, bytes(3), 0)
