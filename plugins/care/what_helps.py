"""Which help eased which need, for the person who had it; and for both, what share of the needs was eased.

`what_helps` reads the needs of its reader and the care that was given to them. It needs eight that were answered and
are over; a row is a kind of need with a kind of help, and says how often that eased it: mostly (from three of four on),
at times, or seldom (below one of four), each from two times on. `needs_met` is for both: of the needs of the last 28
days that are eased, met, or past their day, the share that was eased or met, (k + 1) / (n + 2) with its Beta interval,
from twelve of both on. What is still running, and what was withdrawn, has no end to speak of. Entries marked tender
stay out of both.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Band, Table, stats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.plugins import AnalysisRequest, Entry, EntryView

EASED: Final = frozenset({"eased", "met"})
LEAST_ANSWERED: Final = 8
LEAST_OF_A_KIND: Final = 2
MOSTLY: Final = 3 / 4
SELDOM: Final = 1 / 4
WINDOW: Final = timedelta(days=28)
LEAST_NEEDS: Final = 12


def what_helps(request: AnalysisRequest) -> AnalysisResult:
    """Say to the person who had the needs which kind of help eased which kind of need, and how often."""
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    answered = 0
    for need in _own_needs(request):
        ways = _ways(request.view, need)
        answered += bool(ways)
        for way in ways:
            found[getattr(need.content, "want", ""), way].append(need.state in EASED)
    rows = tuple(
        (want, way, _how_often(sum(eased) / len(eased)))
        for (want, way), eased in sorted(found.items())
        if len(eased) >= LEAST_OF_A_KIND
    )
    if answered < LEAST_ANSWERED or not rows:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST_ANSWERED} needs of yours that were answered with care, and are over."
        )
    return AnalysisResult(
        headline="What eased what, as you wrote it down.",
        tables=(Table(title="for you alone", columns=("needed", "given", "eased"), rows=rows),),
        notes=("It says what came together, not why; ask for what you would like, whatever stands here.",),
    )


def needs_met(request: AnalysisRequest) -> AnalysisResult:
    """Say between what the share of needs of the last 28 days lies that were eased, for both together."""
    until = request.now + timedelta(milliseconds=1)  # what was written down this very moment counts
    found = request.view.entries(kind="need", since=request.now - WINDOW, until=until)
    needs = [need for need in found if _is_plain(need) and _is_over(request, need) and need.state != "withdrawn"]
    if len(needs) < LEAST_NEEDS or len({need.author.person for need in needs}) < 2:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST_NEEDS} needs of the last {WINDOW.days} days that are over, of both of you."
        )
    share = stats.share_of(sum(need.state in EASED for need in needs), len(needs))
    band = Band(
        label="eased or met", value=share.value, low=share.low, high=share.high, unit="share",
        confidence=stats.CONFIDENCE,
    )  # fmt: skip
    return AnalysisResult(
        headline=f"Between {_percent(share.low)} and {_percent(share.high)} of the needs eased ({WINDOW.days} days).",
        bands=(band,),
        notes=("A need may ease by itself, and one that runs out is nobody's failure.",),
    )


def _own_needs(request: AnalysisRequest) -> Iterator[Entry]:
    """Yield the needs of the reader that are over: eased, met, withdrawn, or past their day."""
    for need in request.view.entries(kind="need"):
        if need.is_mine and _is_plain(need) and _is_over(request, need):
            yield need


def _is_over(request: AnalysisRequest, need: Entry) -> bool:
    today = request.now.astimezone(request.zone).date().isoformat()
    return "" < getattr(need.content, "until", "") < today or need.state not in {"open", "offered"}


def _ways(view: EntryView, need: Entry) -> set[str]:
    """Return the kinds of help that the other gave to a need; what had none named was help of the kind asked for."""
    given = [
        entry
        for entry in view.thread(need.id)
        if entry.kind == "care"
        and not entry.is_mine
        and _is_plain(entry)
        and any(ref.id == need.id for ref in entry.refs)
    ]
    return {getattr(entry.content, "way", "") or getattr(need.content, "want", "") for entry in given}


def _is_plain(entry: Entry) -> bool:
    return entry.content.tender == "none"


def _how_often(share: float) -> str:
    return "mostly" if share >= MOSTLY else "at times" if share >= SELDOM else "seldom"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
