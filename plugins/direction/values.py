"""What two people value alike, from the values that each sorted alone and that have opened on both sides.

The newest opened answers to the prompt `values` (or `values-2027`, …) are read: one value a line, the dearest first.
What stands among the first five of both comes first, in an order that is neither's: by the sum of the two places. How
alike the orders of all values are that both have is Kendall's tau-b (`couplejournal.plugins.stats.kendall_tau`), told
in words. Five values that both have are needed. Nothing says who put what where.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, Table, stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from couplejournal.plugins import AnalysisRequest, Entry

LEAST: Final = 5
DEAREST: Final = 5
PROMPT: Final = re.compile(r"(?:direction/)?values(?:-[a-z0-9-]+)?")
_BULLET: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)])?\s*")
_IN_WORDS: Final = (
    (0.6, "in much the same order"),
    (0.2, "in a similar order"),
    (-1.0, "each in an order of your own"),
)
TOO_LITTLE: Final = (
    "This needs the values of both of you, opened: `couplejournal seal values`, one a line, the dearest first; and "
    f"{LEAST} or more that both of you have."
)


def alignment(request: AnalysisRequest) -> AnalysisResult:
    """Name what stands high with both, then how alike the two orders are, for both together."""
    lists = newest_lists(request)
    if lists is None:
        return AnalysisResult.not_enough(TOO_LITTLE)
    first, second = lists
    shared = [value for value in first if value in second]
    if len(shared) < LEAST:
        return AnalysisResult.not_enough(TOO_LITTLE)
    places = {value: (first.index(value), second.index(value)) for value in shared}
    high = sorted((value for value in shared if max(places[value]) < DEAREST), key=lambda one: (sum(places[one]), one))
    tau = stats.kendall_tau([places[value][0] for value in shared], [places[value][1] for value in shared])
    found = ", ".join(high)
    return AnalysisResult(
        headline=f"Dear to both of you: {found}." if high else "Your dearest values differ; you share others.",
        tables=(
            Table(
                title="values that both of you wrote down",
                columns=("value",),
                rows=tuple((one,) for one in sorted(shared)),
            ),
        ),
        notes=(
            f"You hold them {in_words(tau)}.",
            "A difference is something to ask about; it is no measure of whether two people fit.",
        ),
    )


def in_words(tau: float | None) -> str:
    """Return what a tau means."""
    return next(words for least, words in _IN_WORDS if (tau or 0.0) >= least)


def newest_lists(request: AnalysisRequest) -> tuple[list[str], list[str]] | None:
    """Return the two newest lists to one prompt that both have answered, or None; in an order that tells nothing."""
    by_prompt: dict[str, dict[str, Entry]] = {}
    for entry in request.view.entries(kind="answer", newest_first=True):
        prompt = getattr(entry.content, "prompt", "")
        if PROMPT.fullmatch(prompt) and entry.content.tender == "none":
            answers = by_prompt.setdefault(prompt, {})
            answers.setdefault(entry.author.person, entry)
            if len(answers) == 2:  # the first pair that is whole is the newest
                one, other = sorted(values_in(found.content.text) for found in answers.values())
                return one, other
    return None


def values_in(text: str) -> list[str]:
    """Return the values of a text, one a line, in their order, each once and in small letters."""
    lines: Sequence[str] = [_BULLET.sub("", line).strip().rstrip(".,;").casefold() for line in text.splitlines()]
    return list(dict.fromkeys(line for line in lines if line))
