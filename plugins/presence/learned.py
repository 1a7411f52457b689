"""What two people learned by checking a guess, and how much time they wrote down as being there for each other.

`learned` lists the guesses of the last year that the other answered with "nearly" or "no" and with words of how it
really was: the newest first, at most ten, without names and without a share of right ones, since a person is no quiz.
`time_together` says in which band the hours of the last 28 days lie, from five times on. Entries marked tender stay
out.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Band, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.plugins import AnalysisRequest, Entry

YEAR: Final = timedelta(days=365)
WINDOW: Final = timedelta(days=28)
SHOWN: Final = 10
LEAST_TIMES: Final = 5
CORRECTED: Final = frozenset({"nearly", "no"})
HOURS: Final = (0, 1, 3, 7, 14, 28, 56, 112, 672)  # ends of the bands: a band tells no single entry
SHORTENED: Final = 120


def learned(request: AnalysisRequest) -> AnalysisResult:
    """List what a checked guess brought to light, for both together."""
    rows = tuple(islice(_corrections(request), SHOWN))
    if not rows:
        return AnalysisResult.not_enough(
            "This lists guesses that were answered with nearly or no, and with how it was."
        )
    return AnalysisResult(
        headline="Where a guess was not quite right, and what you learned by asking.",
        tables=(Table(title="the newest first", columns=("guessed", "as it was"), rows=rows),),
        notes=("Guessing wrong and asking is the way to know each other; nobody counts it.",),
    )


def _corrections(request: AnalysisRequest) -> Iterator[tuple[str, str]]:
    view = request.view
    for guess in view.entries(kind="guess", since=request.now - YEAR, newest_first=True):
        answers = [entry for entry in view.thread(guess.id) if _is_plain(entry) and _is_correction(entry, guess)]
        if _is_plain(guess) and answers:
            yield _short(guess.content.text), _short(answers[-1].content.text)


def _is_correction(entry: Entry, guess: Entry) -> bool:
    is_answer = entry.kind == "step" and entry.note is None and any(ref.id == guess.id for ref in entry.refs)
    return is_answer and entry.content.step_name in CORRECTED and bool(entry.content.text.strip())


def time_together(request: AnalysisRequest) -> AnalysisResult:
    """Say between how many hours the time for each other lies that was written down, for both together."""
    until = request.now + timedelta(milliseconds=1)  # what was written down this very moment counts
    entries = request.view.entries(kind="presence", since=request.now - WINDOW, until=until)
    minutes = [_minutes(entry) for entry in entries if _is_plain(entry)]
    if len(minutes) < LEAST_TIMES:
        return AnalysisResult.not_enough(f"This needs at least {LEAST_TIMES} times of the last {WINDOW.days} days.")
    hours = sum(minutes) / 60
    low, high = next((band for band in pairwise(HOURS) if hours < band[1]), HOURS[-2:])
    return AnalysisResult(
        headline=f"Between {low} and {high} hours for each other were written down in {WINDOW.days} days.",
        bands=(Band(label="hours", low=low, high=high),),
        notes=("Most of the time that you have for each other is written down nowhere.",),
    )


def _minutes(entry: Entry) -> float:
    minutes = getattr(entry.content, "minutes", None)
    return minutes if isinstance(minutes, (int, float)) else 0


def _is_plain(entry: Entry) -> bool:
    return entry.content.tender == "none"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHORTENED else f"{words[: SHORTENED - 1].rstrip()}…"
