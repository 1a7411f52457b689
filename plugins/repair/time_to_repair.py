"""How long it takes from a conflict until both have said that it is repaired, with what is still open counted.

A conflict of the last twelve months lasts from when it happened until the step by which the second of the two called
it repaired. One that is open, tabled or set aside lasts "at least so long": leaving it out, or calling it over, would
flatter. The curve is that of Kaplan and Meier, and the median lies in the interval of Brookmeyer and Crowley
(`couplejournal.plugins.stats.waiting`); with a conflict that was set aside one only knows that it was not repaired
until then. Below five conflicts there is not enough to say. Entries marked tender stay out. Nothing is by person.
"""

from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Band, stats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from couplejournal.plugins import AnalysisRequest, Entry, EntryView

WINDOW: Final = timedelta(days=365)
LEAST: Final = 5
TOO_LITTLE: Final = f"This needs at least {LEAST} conflicts of the last twelve months; having fewer is no fault."
OPEN_COUNTS: Final = (
    "What is open, tabled or set aside counts as lasting at least until now, or until it was set aside."
)
NO_DEADLINE: Final = "There is no right time: some things need a walk, and some need a year."
_DAY_S: Final = 86_400


def time_to_repair(request: AnalysisRequest) -> AnalysisResult:
    """Say between what the time lies in which half of the conflicts were repaired, for both together."""
    cases = list(durations(request.view, request.now))
    if len(cases) < LEAST:
        return AnalysisResult.not_enough(TOO_LITTLE)
    found = stats.waiting(cases)
    low, high = found.median_interval
    if found.median == inf:
        return AnalysisResult(
            headline="Fewer than half of the conflicts of the last twelve months are repaired so far.",
            notes=(OPEN_COUNTS, NO_DEADLINE),
        )
    end = f"and {in_words(high)}" if high < inf else "and a time that cannot be said yet"
    longest = high if high < inf else max([found.median, *(days for days, _ in cases)])
    return AnalysisResult(
        headline=f"Half of the conflicts were repaired within {in_words(found.median)}; it may be between {in_words(low)} {end}.",  # noqa: E501
        bands=(
            Band(
                label="until both said that it is repaired (half of the conflicts)",
                value=found.median, low=low, high=longest, unit="days", confidence=stats.CONFIDENCE,
            ),
        ),
        notes=(OPEN_COUNTS, NO_DEADLINE),
    )  # fmt: skip


def durations(view: EntryView, now: datetime) -> Iterator[tuple[float, bool]]:
    """Yield (days, whether it is repaired) for each conflict of the last twelve months."""
    for conflict in view.entries(kind="conflict", since=now - WINDOW, until=now):
        if conflict.content.tender != "none":
            continue
        until, is_repaired = _end_of(view, conflict, now)
        yield max(0.0, (until - conflict.happened_at).total_seconds() / _DAY_S), is_repaired


def _end_of(view: EntryView, conflict: Entry, now: datetime) -> tuple[datetime, bool]:
    """Return until when it was known to last, and whether it was repaired then: the last step that counted decides."""
    steps = [
        entry
        for entry in view.thread(conflict.id)
        if entry.kind == "step" and entry.note is None and any(ref.id == conflict.id for ref in entry.refs)
    ]
    if not steps or conflict.state not in {"repaired", "set_aside"}:
        return now, False
    last = max(steps, key=lambda step: (step.recorded_at, step.id))
    return min(now, last.happened_at), conflict.state == "repaired"


def in_words(days: float) -> str:
    """Return a duration the way that one says it: hours below two days, then days, then weeks."""
    hours = days * 24
    if hours < 48:
        return f"{max(1, round(hours))} hour{'s' * (round(hours) > 1)}"
    if days < 21:
        return f"{round(days)} days"
    return f"{round(days / 7)} weeks"
