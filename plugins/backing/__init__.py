"""Having each other's back (step 2 of the article): specific thanks, one sentence to say aloud, the story of the day.

Thanks are the kind `appreciation` of the core. An `affirmation` is one sentence that is meant to be said; kept private
it lies in a drawer until its author shows it. A `daystory` has a high, a low, and whether ears or ideas would be good.

How would a controlling partner use this? To make thanks a debt: nothing counts them, by person or at all, and no
reminder to thank goes to anybody. To read what the other keeps in the drawer: private is private.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.backing.themes import themes

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Backing"]

PACK = PackPlugin.beside(__file__)


class Backing(JournalPlugin):
    """Kinds, questions and exercises for having each other's back, and the themes of thanks."""

    def kinds(self) -> Iterable[Kind]:
        """Declare affirmations and stories of the day."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the jar, the one sentence, and ten minutes each."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer the themes of thanks, for both together."""
        return [Analysis(id="themes", title="What we thank each other for", run=themes)]
