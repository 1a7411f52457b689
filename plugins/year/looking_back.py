"""Looking back for both: the last twelve months as a page to reread, and the steps that have been quiet for 60 days.

`year` lists the first words of each kind that there is, one thanks of each season, the goals that were done or let go,
and what was decided; it needs twelve shared entries. `quiet` names those of the eight steps of which nothing has been
written down for 60 days although there was something before, as an invitation; it needs entries on 14 days. Neither
counts anything. Private entries and those marked tender are in neither.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from couplejournal.plugins import AnalysisRequest, Entry

YEAR: Final = timedelta(days=365)
SEASON: Final = timedelta(days=92)
QUIET: Final = timedelta(days=60)
LEAST: Final = 12
LEAST_DAYS: Final = 14
SHOWN: Final = 12
SHORTENED: Final = 100
FIRSTS: Final = {
    "bid": "bid", "appreciation": "thanks", "goodnews": "good news", "daystory": "story of the day", "date": "date",
    "talk": "talk", "goal": "goal or dream", "agreement": "agreement", "guess": "guess",
}  # fmt: skip
DECIDED: Final = ("decision", "agreed")
ENDS: Final = {"done": "done", "let_go": "let go"}
STEPS: Final = {
    "safety": ("agreement",),
    "having each other's back": ("affirmation", "appreciation", "daystory"),
    "care": ("care", "carecard", "need"),
    "bids": ("bid", "goodnews"),
    "presence": ("guess", "presence"),
    "shared direction": ("answer", "date", "decision", "goal", "milestone", "question", "talk"),
}
"""The steps that leave something to read. Closeness leaves nothing, on purpose, and quiet about repair is no lack."""


def year(request: AnalysisRequest) -> AnalysisResult:
    """Make a page of the last twelve months, for both together."""
    entries = [one for one in request.view.entries(since=request.now - YEAR) if _is_plain(one)]
    if len(entries) < LEAST:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST} entries of the last twelve months, for both to read."
        )
    parts: tuple[tuple[str, tuple[str, ...], list[tuple[str, ...]]], ...] = (
        ("the first of its kind", ("what", "words"), list(_firsts(entries))),
        ("a thanks of each season", ("since", "words"), list(_thanks(entries, request.now))),
        ("goals that came to an end", ("goal", "how"), list(_goals(entries))),
        ("what was decided", ("decision",), [(_short(one),) for one in entries if (one.kind, one.state) == DECIDED]),
    )
    tables = tuple(
        Table(title=title, columns=columns, rows=tuple(rows[:SHOWN])) for title, columns, rows in parts if rows
    )
    return AnalysisResult(
        headline="The last twelve months, as both of you can read them.",
        tables=tables,
        notes=("What is private, and what is marked tender, is not in it.",),
    )


def _firsts(entries: Sequence[Entry]) -> Iterator[tuple[str, ...]]:
    for kind, name in FIRSTS.items():
        first = next((one for one in entries if one.kind == kind and one.content.text.strip()), None)
        if first is not None:
            yield name, _short(first)


def _thanks(entries: Sequence[Entry], now: datetime) -> Iterator[tuple[str, ...]]:
    """Yield the longest thanks of each of the last four seasons: who writes much had something to say."""
    for number in reversed(range(4)):
        since, until = now - (number + 1) * SEASON, now - number * SEASON
        thanks = [one for one in entries if one.kind == "appreciation" and since <= one.happened_at < until]
        if thanks:
            longest = max(thanks, key=lambda one: (len(one.content.text), one.id))
            yield f"{longest.happened_at:%Y-%m}", _short(longest)


def _goals(entries: Sequence[Entry]) -> Iterator[tuple[str, ...]]:
    for one in entries:
        if one.kind == "goal" and getattr(one.content, "owner", "ours") == "ours" and one.state in ENDS:
            yield _short(one), ENDS[one.state]


def quiet(request: AnalysisRequest) -> AnalysisResult:
    """Name the steps of which nothing was written down for a while, for both together."""
    entries = [one for one in request.view.entries(since=request.now - YEAR) if _is_plain(one)]
    days = {one.happened_at.astimezone(request.zone).date() for one in entries}
    if len(days) < LEAST_DAYS:
        return AnalysisResult.not_enough(f"This needs entries of both on at least {LEAST_DAYS} days.")
    resting = [step for step, kinds in STEPS.items() if _rests(entries, kinds, request.now)]
    if not resting:
        return AnalysisResult(headline="Nothing that you began has been quiet for long.")
    return AnalysisResult(
        headline=f"Quiet for {QUIET.days} days and more: {', '.join(resting)}.",
        notes=("An invitation, if you both like: `couplejournal prompt`. A step may rest for as long as it likes.",),
    )


def _rests(entries: Sequence[Entry], kinds: tuple[str, ...], now: datetime) -> bool:
    of_step = [one.happened_at for one in entries if one.kind in kinds]
    return bool(of_step) and max(of_step) < now - QUIET


def _is_plain(entry: Entry) -> bool:
    return entry.content.tender == "none"


def _short(entry: Entry) -> str:
    words = " ".join(entry.content.text.split())
    return words if len(words) <= SHORTENED else f"{words[: SHORTENED - 1].rstrip()}…"
