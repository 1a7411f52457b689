"""The rhythm of talks, dates and thanks, and where the goals of both stand: facts for both, without colour or alarm.

`rhythm`: for each of the three, the median number of days between two of the last twelve months, from three on, and how
long ago the last was; a date counts on the day that it names. `goals`: the goals of both of the last two years that are
on their way or have come to an end; "done" and "let go" stand side by side. Entries marked tender stay out. Nothing is
by person.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from couplejournal.plugins import AnalysisRequest, Entry

YEAR: Final = timedelta(days=365)
LEAST: Final = 3
WHAT: Final = (("talk", "held", "talks"), ("date", "happened", "dates"), ("appreciation", None, "thanks"))
ENDS: Final = {"done": "done", "let_go": "let go"}
ON_THE_WAY: Final = {
    "dream": "a dream",
    "proposed": "proposed",
    "agreed": "agreed",
    "active": "active",
    "paused": "resting",
}
SHORTENED: Final = 100


def rhythm(request: AnalysisRequest) -> AnalysisResult:
    """Say how far apart talks, dates and thanks lie, for both together."""
    rows = tuple(row for kind, state, name in WHAT for row in _row(request, kind, state, name))
    if not rows:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST} talks, dates or thanks of the last twelve months."
        )
    return AnalysisResult(
        headline="How far apart they usually lie.",
        tables=(Table(title="days", columns=("what", "usually every", "the last one"), rows=rows),),
        notes=("There is no right rhythm, and a long gap is a gap.",),
    )


def _row(request: AnalysisRequest, kind: str, state: str | None, name: str) -> Iterator[tuple[str, str, str]]:
    today = request.now.astimezone(request.zone).date()
    entries = [one for one in request.view.entries(kind=kind) if _is_plain(one) and state in {None, one.state}]
    days = sorted(day for one in entries if today - YEAR < (day := _day(one, request.zone)) <= today)
    if len(days) >= LEAST:
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        ago = (today - days[-1]).days
        yield name, _days(median(gaps)), f"{_days(ago)} ago" if ago else "today"


def _day(entry: Entry, zone: tzinfo) -> date:
    """Return the day on which it was: a date names its own, whenever it was written down."""
    try:
        return date.fromisoformat(str(getattr(entry.content, "on", "")))
    except ValueError:
        return entry.happened_at.astimezone(zone).date()


def goals(request: AnalysisRequest) -> AnalysisResult:
    """List the goals of both with where they stand, those that ended apart from those on their way."""
    entries = request.view.entries(kind="goal", since=request.now - 2 * YEAR, newest_first=True)
    ours = [entry for entry in entries if _is_plain(entry) and getattr(entry.content, "owner", "ours") == "ours"]
    under_way = tuple((_short(one.content.text), ON_THE_WAY[one.state]) for one in ours if one.state in ON_THE_WAY)
    over = tuple((_short(one.content.text), ENDS[one.state]) for one in ours if one.state in ENDS)
    if not under_way and not over:
        return AnalysisResult.not_enough("This lists the goals of both of you, as soon as there is one.")
    tables = tuple(
        Table(title=title, columns=("goal", "stands"), rows=rows)
        for title, rows in (("on their way", under_way), ("come to an end", over))
        if rows
    )
    return AnalysisResult(
        headline="Your goals, as they stand.", tables=tables, notes=("To let go is as good an end as any other.",)
    )


def _is_plain(entry: Entry) -> bool:
    return entry.content.tender == "none"


def _days(days: float) -> str:
    whole = max(1, round(days))
    return f"{whole} day" if whole == 1 else f"{whole} days"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHORTENED else f"{words[: SHORTENED - 1].rstrip()}…"
