"""Safety (step 1 of the article): a check-in for oneself, and ground rules that both have said yes to.

A `checkin` is private and short: how easy it was to be honest, how close one felt, how much energy there was, a word.
An `agreement` is in force when both have agreed, and withdrawn when one of the two takes it back; it is changed by a
new one, so that what both said yes to stays what it was.

How would a controlling partner use this? To ask for numbers: there is no view of the other's check-ins, none for both,
and a day without one is not marked. To hold the other to a rule: either can withdraw it, alone and without reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.safety.drift import drift, trend

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Safety"]

PACK = PackPlugin.beside(__file__)


class Safety(JournalPlugin):
    """Check-ins, agreements, and one's own line."""

    def kinds(self) -> Iterable[Kind]:
        """Declare check-ins and agreements."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer two ways to arrive."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer two lines, each for its own person alone."""
        return [
            Analysis(id="trend", title="How it has been", run=trend, scope="mine"),
            Analysis(id="drift", title="A slow change", run=drift, scope="mine"),
        ]
