"""The daily question: one a day, the same for both, in three depths (all eight steps of the article).

It offers the questions and says whose turn it is; everything else is the journal's: that whoever opens the day first
writes the question down for both, that both answer before either reads, and that leaving one out is told to nobody.

How would a controlling partner use this? To check who answered, or to press for more. So no answer is counted, no days
in a row, nothing is called missing; a question is never about what the other did; the deep ones are rare and come at
the same time for both, whoever has answered how much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.dailyquestion.rotation import question_of
from couplejournal_plugins.dailyquestion.texts import questions

from couplejournal.plugins import JournalPlugin, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import ChoosePrompt, PromptId, PromptRequest

__all__ = ["DailyQuestion"]

ID = "dailyquestion"


class DailyQuestion(JournalPlugin):
    """Four hundred questions, and the order in which they come."""

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer all questions, each in every language that it has."""
        tag = request.language.replace("_", "-").partition("-")[0].lower()
        for question in questions():
            known = tag if tag in question.texts else "en"
            text = question.texts[known]
            yield Prompt(id=question.id, text=text, language=known, texts=question.texts, depth=question.depth)

    def choose_prompt(self, request: ChoosePrompt) -> PromptId | None:
        """Choose the question of the day for this couple; a question for nobody in particular is left to others."""
        if not request.couple or request.skip:
            return None
        offered = {prompt.id for prompt in request.prompts}
        pool = [question for question in questions() if f"{ID}/{question.id}" in offered]
        recent = {one.partition("/")[2] for one in request.recent if one.startswith(f"{ID}/")}
        chosen = question_of(request.now.date(), pool, couple=request.couple, recent=recent)
        return None if chosen is None else f"{ID}/{chosen.id}"
