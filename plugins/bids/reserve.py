"""The reserve of good moments as weather, for both; and one's own turns as a mirror, for oneself.

`reserve` adds up the shared entries of the last 120 days, each with its weight times 0.5 ^ (age / 14 days): a thanks 1,
a bid met by turning toward 1, an offer to make up that was received 2, time for each other 0.5, a turn away -1, a turn
against -2. The weights are a choice and no finding; the weather is what most of it comes to: clear where the good
outweighs the rest five times (the article's rule of thumb), cloudy where it does not outweigh it at all, mixed between.
It needs twelve entries of both. There is no balance and nothing to be overdrawn.

`mirror` is the share of `couplejournal_plugins.bids.share` for one's own answers alone, the last to each bid, from
twelve on: how I turned, as I wrote it down myself. It stays with its reader. Entries marked tender stay out of both.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from couplejournal_plugins.bids.share import LEAST_ANSWERS, RULE_OF_THUMB, TURNS, WINDOW

from couplejournal.plugins import AnalysisResult, Band, Mark, stats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.plugins import AnalysisRequest, Entry

HALF_LIFE: Final = timedelta(days=14)
REACH: Final = timedelta(days=120)
LEAST: Final = 12
CLEAR: Final = 5.0
WEIGHTS: Final = {
    ("appreciation", None): 1.0,
    ("bid", "toward"): 1.0,
    ("repair", "received"): 2.0,
    ("presence", None): 0.5,
    ("bid", "away"): -1.0,
    ("bid", "against"): -2.0,
}
WEATHER: Final = {
    "clear": "The weather of the last weeks: clear. There is much to draw on.",
    "mixed": "The weather of the last weeks: mixed, as weather mostly is.",
    "cloudy": "The weather of the last weeks: cloudy. Clouds pass; one small kind thing is a beginning.",
}


def reserve(request: AnalysisRequest) -> AnalysisResult:
    """Tell the weather of the last weeks, for both together."""
    weighed = list(_weighed(request))
    if len(weighed) < LEAST or len({entry.author.person for entry, _ in weighed}) < 2:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST} shared entries of the last weeks, of both of you."
        )
    good = sum(weight for _, weight in weighed if weight > 0)
    rest = -sum(weight for _, weight in weighed if weight < 0)
    return AnalysisResult(
        headline=WEATHER[weather_of(good, rest)],
        notes=("It is made of what was written down, recent days counting most, with weights that are a choice.",),
    )


def weather_of(good: float, rest: float) -> str:
    """Return clear, mixed or cloudy for two sums that are not negative."""
    if good >= CLEAR * rest:
        return "clear"
    return "mixed" if good > rest else "cloudy"


def _weighed(request: AnalysisRequest) -> Iterator[tuple[Entry, float]]:
    kinds = {kind for kind, _ in WEIGHTS}
    until = request.now + timedelta(milliseconds=1)  # what was written down this very moment counts
    for entry in request.view.entries(kind=kinds, since=request.now - REACH, until=until):
        weight = WEIGHTS.get((entry.kind, None)) or WEIGHTS.get((entry.kind, entry.state))
        if weight and entry.content.tender == "none":
            yield entry, weight * 0.5 ** ((request.now - entry.happened_at) / HALF_LIFE)


def mirror(request: AnalysisRequest) -> AnalysisResult:
    """Say how one turned to the other's bids, as one wrote it down oneself; for its reader alone."""
    until = request.now + timedelta(milliseconds=1)  # what was written down this very moment counts
    last: dict[str, Entry] = {}  # of a bid that was answered twice the later answer counts, as everywhere
    for entry in request.view.entries(kind="response", since=request.now - WINDOW, until=until):
        if entry.is_mine and entry.note is None and entry.content.tender == "none" and _turn(entry) in TURNS:
            bid = entry.refs[0].id if entry.refs else entry.id
            last[bid] = max(last.get(bid, entry), entry, key=lambda one: (one.happened_at, one.recorded_at, one.id))
    own = tuple(last.values())
    if len(own) < LEAST_ANSWERS:
        return AnalysisResult.not_enough(
            f"This needs at least {LEAST_ANSWERS} answers of your own in the last {WINDOW.days} days."
        )
    share = stats.share_of(sum(_turn(entry) == "toward" for entry in own), len(own))
    return AnalysisResult(
        headline="How you turned, as you wrote it down yourself. Nobody else sees this.",
        bands=(
            Band(
                label="turned toward", value=share.value, low=share.low, high=share.high, unit="share",
                confidence=stats.CONFIDENCE, marks=(Mark(RULE_OF_THUMB, "5:1, a rule of thumb"),),
            ),
        ),
        notes=("To have nothing left to give is human, and a second chance counts as toward.",),
    )  # fmt: skip


def _turn(entry: Entry) -> str:
    return str(getattr(entry.content, "turn", ""))
