"""What becomes of time-outs and of offers to make up: two shares for both together, each with its interval.

`return_kept`: of the time-outs whose time is over, the share that ended in coming back or in another day that was
named; more time that was said is one more day. `what_reaches`: of the offers to make up that were answered, the share
that reached the other, and in which forms these came. Shares are (k + 1) / (n + 2) with their Beta interval
(`couplejournal.plugins.stats.share_of`). Entries marked tender stay out. Nothing is by person: who called, who offered
and who received is in none of it, and both need three or more of their own, so that no result is about one of them.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Band, Table, stats

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from couplejournal.plugins import AnalysisRequest, Entry

WINDOW: Final = timedelta(days=365)
LEAST_TIMEOUTS: Final = 5
LEAST_REPAIRS: Final = 8
KEPT: Final = frozenset({"returned", "tabled"})
OF_EACH: Final = 3
LEAST_MINUTES: Final = 20
DAY_MINUTES: Final = 24 * 60
ANSWERED: Final = frozenset({"received", "not_yet", "declined"})
FORMS_SHOWN: Final = 3
FORMS: Final = "in these forms, the most common first"


def return_kept(request: AnalysisRequest) -> AnalysisResult:
    """Say between what the share of time-outs lies that ended in coming back, more time, or another day."""
    over = [entry for entry in _plain(request, "timeout") if _due(entry) <= request.now]
    if len(over) < LEAST_TIMEOUTS or not _is_of_both(over):
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST_TIMEOUTS} time-outs of the last twelve months that are over, of both of you."
        )
    share = stats.share_of(sum(entry.state in KEPT for entry in over), len(over))
    return AnalysisResult(
        headline=f"Between {_percent(share.low)} and {_percent(share.high)} of the time-outs ended in coming back, or "
        "in another day that was named.",
        bands=(_band("came back, or named another day", share),),
        notes=("A return that nobody wrote down counts as none, so the share is rather too low than too high.",),
    )


def what_reaches(request: AnalysisRequest) -> AnalysisResult:
    """Say between what the share of offers lies that reached the other, and in which forms these came."""
    answered = [entry for entry in _plain(request, "repair") if entry.state in ANSWERED]
    if len(answered) < LEAST_REPAIRS or not _is_of_both(answered):
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST_REPAIRS} answered offers to make up of the last twelve months, of both of you."
        )
    reached = [entry for entry in answered if entry.state == "received"]
    share = stats.share_of(len(reached), len(answered))
    forms = _often(getattr(entry.content, "form", "") for entry in reached)
    return AnalysisResult(
        headline=f"Between {_percent(share.low)} and {_percent(share.high)} of the answered offers to make up reached "
        "the other.",
        bands=(_band("reached the other", share),),
        tables=(Table(title=FORMS, columns=("form",), rows=tuple((form,) for form in forms)),) if forms else (),
        notes=('"Not yet" and "no" are honest answers, and nothing follows from them.',),
    )


def _plain(request: AnalysisRequest, kind: str) -> list[Entry]:
    entries = request.view.entries(kind=kind, since=request.now - WINDOW, until=request.now)
    return [entry for entry in entries if entry.content.tender == "none"]


def _is_of_both(entries: Iterable[Entry]) -> bool:
    counted = Counter(entry.author.person for entry in entries)
    return len(counted) == 2 and min(counted.values()) >= OF_EACH


def _due(entry: Entry) -> datetime:
    """Return when a time-out is over; whatever a changed program may have written, it is 20 minutes to a day."""
    minutes = getattr(entry.content, "minutes", None)
    known = min(DAY_MINUTES, max(LEAST_MINUTES, minutes if isinstance(minutes, int) else LEAST_MINUTES))
    return entry.happened_at + timedelta(minutes=known + (DAY_MINUTES if entry.state == "extended" else 0))


def _often(forms: Iterable[str]) -> list[str]:
    """Return the forms that came at least twice, the most common first, without their numbers."""
    counted = Counter(form for form in forms if form)
    return [form for form, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])) if count > 1][
        :FORMS_SHOWN
    ]


def _band(label: str, share: stats.Share) -> Band:
    return Band(
        label=label, value=share.value, low=share.low, high=share.high, unit="share", confidence=stats.CONFIDENCE
    )


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
