"""One's own check-ins over time: a line by week, and whether small changes in one direction have added up.

Both are for their own person alone, and both need check-ins on 14 days at least: in one paper, ratings of moments
became representative after about two weeks (Collabra: Psychology 6 (1), 7, 2020). Of several on one day the mean
counts.

`trend`: the mean of each of the last twelve weeks, with the lowest and the highest day of it; its 14 days lie in them.
`drift`: the first 14 days say what was usual; from then on a CUSUM (`couplejournal.plugins.stats.cusum`) adds up what
lies more than half a standard deviation below or above, and a sum of five is called a change. A sum grows to 7.5 at
most: what has come back to the usual is no change any more after some days of it. Of one day no more than two standard
deviations count, so that a single day is none. A standard deviation below half a point is taken as half a point, or a
person who always writes 3 would soon be told of every 2.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Mark, Point, Series, stats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.plugins import AnalysisRequest

LEAST_DAYS: Final = 14
WEEKS: Final = 12
SLACK: Final = 1 / 2
LIMIT: Final = 5.0
MOST: Final = 7.5
OF_ONE_DAY: Final = 2.0
LEAST_SPREAD: Final = 1 / 2
FIELDS: Final = {"close": "close", "honest": "easy to be honest", "energy": "energy"}
HIGHEST: Final = 4
TOO_LITTLE: Final = f"This needs check-ins on at least {LEAST_DAYS} days. A day without one is a day without one."
HELP: Final = (
    "If it is not safe for you where you are: `couplejournal help-outside` says where help is, and keeps nothing."
)


def trend(request: AnalysisRequest) -> AnalysisResult:
    """Draw the weeks of one's own check-ins; for their author alone."""
    first = request.now.astimezone(request.zone).date() - timedelta(weeks=WEEKS)
    days = {name: {day: value for day, value in by_day(request, name).items() if day > first} for name in FIELDS}
    shown = {name: found for name, found in days.items() if len(found) >= LEAST_DAYS}
    if not shown:
        return AnalysisResult.not_enough(TOO_LITTLE)
    return AnalysisResult(
        headline=f"Your check-ins of the last {WEEKS} weeks, from 0 to {HIGHEST}.",
        series=tuple(_by_week(request.now, FIELDS[name], found) for name, found in shown.items()),
        notes=("Each point is the mean of a week, between its lowest and its highest day.", HELP),
    )


def drift(request: AnalysisRequest) -> AnalysisResult:
    """Say whether closeness, as one wrote it down oneself, has slowly changed; for its author alone."""
    days = by_day(request, "close")
    if len(days) <= LEAST_DAYS:
        return AnalysisResult.not_enough(f"This needs check-ins on more than {LEAST_DAYS} days.")
    values = [days[day] for day in sorted(days)]
    usual, spread = fmean(values[:LEAST_DAYS]), max(LEAST_SPREAD, pstdev(values[:LEAST_DAYS]))
    low, high = usual - OF_ONE_DAY * spread, usual + OF_ONE_DAY * spread
    kept = [min(high, max(low, value)) for value in values[LEAST_DAYS:]]
    sums = stats.cusum(kept, usual=usual, slack=SLACK * spread, most=MOST * spread)
    limit = LIMIT * spread
    is_above, is_below = sums[-1].above >= limit, sums[-1].below >= limit
    found = "further apart than in the beginning" if is_below else "closer than in the beginning" if is_above else ""
    later = sorted(days)[LEAST_DAYS:]
    zone = request.now.tzinfo
    points = tuple(
        Point(at=datetime(day.year, day.month, day.day, tzinfo=zone), value=one.above - one.below)
        for day, one in zip(later, sums, strict=True)
    )
    return AnalysisResult(
        headline=f"Over time you have written that you feel {found}." if found else "No slow change is to be seen.",
        series=(
            Series(
                title="what has added up: above 0 closer, below 0 further apart",
                points=points,
                marks=(Mark(limit, "a change, closer"), Mark(-limit, "a change, further apart")),
            ),
        ),
        notes=("It compares you with your own first two weeks, and says nothing of why, or of whom.", HELP),
    )


def by_day(request: AnalysisRequest, name: str) -> Mapping[date, float]:
    """Return the mean of one number of the check-ins on each day that has it, in the request's zone."""
    found: dict[date, list[float]] = defaultdict(list)
    for entry in request.view.entries(kind="checkin", until=request.now + timedelta(milliseconds=1)):
        value = getattr(entry.content, name, None)
        if entry.is_mine and entry.content.tender == "none" and isinstance(value, int) and 0 <= value <= HIGHEST:
            found[entry.happened_at.astimezone(request.zone).date()].append(value)
    return {day: fmean(values) for day, values in found.items()}


def _by_week(now: datetime, title: str, days: Mapping[date, float]) -> Series:
    points = []
    for week in reversed(range(WEEKS)):
        end = now - timedelta(weeks=week)
        last = end.date()
        values = [value for day, value in days.items() if last - timedelta(days=7) < day <= last]
        points.append(
            Point(at=end, value=fmean(values), low=min(values), high=max(values)) if values else Point(at=end)
        )
    return Series(title=title, points=tuple(points))
