"""The questions on the subjects that both are ready for, from the newest answers of both to `overlap:ready`.

The view has of these answers only the lines that stand on both lists. A subject is known by its English or its German
name; anything else on both lists is named too, without questions. As long as not both answers are there, or one of
them was taken back, there is not enough to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import AnalysisResult, PackPlugin, PromptRequest, Table

if TYPE_CHECKING:
    from couplejournal.plugins import AnalysisRequest

PROMPT: Final = re.compile(r"overlap:ready(?: [^\n]{1,64})?")
SUBJECTS: Final = {
    "money": "geld", "children": "kinder", "sex": "sex", "family": "familie", "work": "arbeit", "faith": "glaube",
    "health": "gesundheit", "age": "alter",
}  # fmt: skip
_NAMED: Final = {name: subject for subject, german in SUBJECTS.items() for name in (subject, german)}
TOO_LITTLE: Final = "This needs an opened list of each of you, and a line that is on both: `exercise hardtalks/ready`."
DECK: Final = PackPlugin.beside(__file__, "deck.toml")


def ready(request: AnalysisRequest) -> AnalysisResult:
    """Name what stands on both lists, with the questions on it."""
    lines = on_both(request)
    if not lines:
        return AnalysisResult.not_enough(TOO_LITTLE)
    asked = PromptRequest(now=request.now, zone=request.zone, language=request.language)
    cards = [(prompt.id.partition("-")[0], prompt.text) for prompt in DECK.prompts(asked)]
    tables = tuple(
        Table(title=line, columns=("question",), rows=tuple((text,) for on, text in cards if on == subject))
        for line in lines
        if (subject := _NAMED.get(line.casefold())) is not None
    )
    return AnalysisResult(
        headline=f"On both lists: {', '.join(lines)}.",
        tables=tables,
        notes=("Ready then need not be ready now. Each can leave out a question, or stop, without a reason.",),
    )


def on_both(request: AnalysisRequest) -> list[str]:
    """Return the lines that the newest answers have in common; none if one of the two is missing."""
    by_prompt: dict[str, dict[str, str]] = {}
    for entry in request.view.entries(kind="answer", newest_first=True):
        prompt = getattr(entry.content, "prompt", "")
        if PROMPT.fullmatch(prompt):
            texts = by_prompt.setdefault(prompt, {})
            texts.setdefault(entry.author.person, entry.content.text)
    newest = next(iter(by_prompt.values()), {})
    if len(newest) < 2:
        return []
    return min(newest.values()).splitlines()
