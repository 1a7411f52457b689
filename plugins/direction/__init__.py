"""Shared direction (step 8 of the article): values sorted alone, goals, ten-minute talks, decisions that can be found.

Values are a sealed answer to the prompt `values`: one a line, the dearest first; it opens when both have written.
Dreams and goals are the kind `goal` of the core. A `talk` is held every few months, a `decision` holds when both agree,
and a `lifestyle` wish is private until shown.

How would a controlling partner use this? To set goals for the other: a goal is ours when both agree, or one's own. To
call a goal failed: letting go is as honourable an end as done, and both are listed in the same way. To measure whether
two people fit: the result names what they share first, and gives no percentage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.direction.rhythm import goals, rhythm
from couplejournal_plugins.direction.values import alignment

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Direction"]

PACK = PackPlugin.beside(__file__)


class Direction(JournalPlugin):
    """Kinds, questions and exercises of a shared direction, and what two people share."""

    def kinds(self) -> Iterable[Kind]:
        """Declare talks, decisions and lifestyle wishes."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the ten-minute talk, the values sort, and a day some years from now."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer what the two value alike, the rhythm of talks, and the goals, each for both together."""
        return [
            Analysis(id="alignment", title="What we both value", run=alignment),
            Analysis(id="rhythm", title="The rhythm of us", run=rhythm),
            Analysis(id="goals", title="Where our goals stand", run=goals),
        ]
