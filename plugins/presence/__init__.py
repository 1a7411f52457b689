"""Presence (step 6 of the article): stopping, being there without devices, and checking what one guesses.

`presence` is time for each other, `noticing` what struck one (private unless shown), `guess` what one takes the other
to feel, which the other may answer: yes, nearly, no, or "I keep it to myself".

How would a controlling partner use this? To watch: the journal reads no screen time, place or typing, and says nobody
when somebody was there. To examine: there is no share of right guesses, and no guess has to be answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.presence.learned import learned, time_together

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Presence"]

PACK = PackPlugin.beside(__file__)


class Presence(JournalPlugin):
    """Kinds, questions and exercises of presence, and what was learned."""

    def kinds(self) -> Iterable[Kind]:
        """Declare time for each other, what was noticed, and guesses."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the stop, the basket, and listening by turns."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer what was learned, and how much time there was, each for both together."""
        return [
            Analysis(id="learned", title="What we learned about each other", run=learned),
            Analysis(id="time-together", title="Time for each other", run=time_together),
        ]
