"""The turning-toward share: of the bids that were answered, how many were met by turning toward.

A bid of the last 28 days counts once, by the latest answer that changed it, so a second chance that ended toward
counts as toward; a bid without an answer does not count at all. With t of n toward, the share is (t + 1) / (n + 2),
between the 5 % and the 95 % point of Beta(t + 1, n - t + 1): what a flat guess becomes after n answers. Below 12
answers, or where only one of the two has answered, there is not enough to say.

The line at 5:1 (83 %) is a rule of thumb and predicts nothing: it comes from watching couples quarrel in a laboratory,
and here people report on themselves. Entries marked tender or intimate stay out. Nothing is by person.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.plugins import AnalysisResult, Band, Mark, Point, Series, stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from couplejournal.plugins import AnalysisRequest, Entry, EntryView

TURNS: Final = ("toward", "away", "against")
WINDOW: Final = timedelta(days=28)
LEAST_ANSWERS: Final = 12
RULE_OF_THUMB: Final = 5 / 6
WEEKS_SHOWN: Final = 12

TOO_LITTLE: Final = (
    f"This needs at least {LEAST_ANSWERS} answered bids of the last {WINDOW.days} days, with answers from both of you."
)
ABOUT_THE_LINE: Final = "The 5:1 line (83 %) is a rule of thumb, not a prediction."
ABOUT_SELF_REPORT: Final = (
    "Few people write down that they turned away, so compare the band with your own earlier one, not with the line."
)


@attrs.frozen(kw_only=True)
class Turn:
    """One answered bid: when it was made, how it was met in the end, and by whom."""

    at: datetime
    is_toward: bool
    person: str


@attrs.frozen(kw_only=True)
class Share:
    """The share with its interval (0 to 1), and toward for each away or against (None where there was none)."""

    value: float
    low: float
    high: float
    ratio: float | None


def share_of(toward: int, answered: int) -> Share:
    """Return the share for ``toward`` of ``answered`` bids.

    Raises:
        ValueError: ``toward`` is negative or more than ``answered``.
    """
    found = stats.share_of(toward, answered)
    other = answered - toward
    return Share(value=found.value, low=found.low, high=found.high, ratio=toward / other if other else None)


def turns_in(view: EntryView, since: datetime, until: datetime) -> list[Turn]:
    """Return the answered bids made from ``since`` until before ``until``, oldest first."""
    found = []
    for bid in view.entries(kind="bid", since=since, until=until):
        answers = [entry for entry in view.thread(bid.id) if _is_answer(entry)]
        if answers and not any(_is_tender(entry) for entry in (bid, *answers)):
            last = max(answers, key=lambda entry: (entry.recorded_at, entry.id))
            # the state knows the order exactly; only where the thread went on after the answer does the answer decide
            turn = bid.state if bid.state in TURNS else getattr(last.content, "turn", "")
            found.append(Turn(at=bid.happened_at, is_toward=turn == "toward", person=last.author.person))
    return found


def _is_answer(entry: Entry) -> bool:
    return entry.kind == "response" and entry.note is None and getattr(entry.content, "turn", "") in TURNS


def _is_tender(entry: Entry) -> bool:
    return entry.content.tender != "none"


def share_at(turns: Iterable[Turn], at: datetime) -> Share | None:
    """Return the share of the 28 days up to ``at``, or None where there is not enough to say."""
    counted = [turn for turn in turns if at - WINDOW <= turn.at < at]
    if len(counted) < LEAST_ANSWERS or len({turn.person for turn in counted}) < 2:
        return None
    return share_of(sum(turn.is_toward for turn in counted), len(counted))


def turning_toward(request: AnalysisRequest) -> AnalysisResult:
    """Say between what the share of answers that turned toward lies, for both together."""
    weeks = [request.now - timedelta(weeks=week) for week in reversed(range(WEEKS_SHOWN))]
    # a bid that was written down this very moment counts
    weeks[-1] += timedelta(milliseconds=1)
    turns = turns_in(request.view, weeks[0] - WINDOW, weeks[-1])
    share = share_at(turns, weeks[-1])
    if share is None:
        return AnalysisResult.not_enough(TOO_LITTLE)
    return AnalysisResult(
        headline=f"Of the bids that were answered, between {_percent(share.low)} and {_percent(share.high)} "
        f"were met by turning toward ({WINDOW.days} days).",
        bands=(_share_band(share), _ratio_band(share)),
        series=(_by_week(turns, weeks),),
        notes=(*_in_words(share), ABOUT_THE_LINE, ABOUT_SELF_REPORT),
    )


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _share_band(share: Share) -> Band:
    return Band(
        label="turned toward",
        value=share.value,
        low=share.low,
        high=share.high,
        unit="share",
        confidence=stats.CONFIDENCE,
        marks=(Mark(RULE_OF_THUMB, "5:1, a rule of thumb"),),
    )


def _ratio_band(share: Share) -> Band:
    return Band(
        label="toward for each away or against",
        value=share.ratio,
        low=share.low / (1 - share.low),
        high=share.high / (1 - share.high),
        unit="ratio",
        confidence=stats.CONFIDENCE,
        marks=(Mark(5.0, "5:1, a rule of thumb"),),
    )


def _in_words(share: Share) -> tuple[str, ...]:
    if share.ratio is None:
        return ("No away or against was written down in these days.",)
    return (f"Written down: about {share.ratio:.1f} toward for each away or against.",)


def _by_week(turns: Sequence[Turn], weeks: Sequence[datetime]) -> Series:
    points = []
    for week in weeks:
        share = share_at(turns, week)
        points.append(
            Point(at=week) if share is None else Point(at=week, value=share.value, low=share.low, high=share.high)
        )
    return Series(
        title="turned toward, 28 days up to each week",
        points=tuple(points),
        unit="share",
        marks=(Mark(RULE_OF_THUMB, "5:1, a rule of thumb"),),
    )
