"""Six principles: cards for talks about sex, wishes for oneself, and sealed lists of which only the overlap is shown.

The names of the principles are those of Douglas Braun-Harvey and Michael Vigorito; every question is our own. It is off
until somebody turns it on by name (`by_default = false`): whether it has a place here is for each to say.
A `wish` is private and intimate. Lists are sealed to `overlap:wishes`, what opens is intimate too.

How would a controlling partner use this? As proof that somebody agreed: consent is free, can be taken back, and is of
this moment, so no kind, field or step records it, and a wish on both lists is something to talk about and no yes. To
list everything, and so to learn the other's whole list: that works, and it is said before the first wish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal.plugins import JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["SixPrinciples"]

PACK = PackPlugin.beside(__file__)


class SixPrinciples(JournalPlugin):
    """Wishes and cards, and no result."""

    def kinds(self) -> Iterable[Kind]:
        """Declare wishes."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the cards, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the way to two sealed lists."""
        return PACK.exercises()
