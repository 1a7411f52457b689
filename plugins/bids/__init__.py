"""Bids: small tries for attention, and how they were met (step 5 of the article).

A bid is a song to listen to, a joke, a hand, a worry said aloud. Whoever answered says how: toward, away or against;
nobody says it of the other. This plugin brings questions to notice bids by, the kind `goodnews`, the share of answers
that turned toward as a band, the reserve of good moments as weather, and a mirror for oneself.

How would a controlling partner use this? To prove that the other turns away: so nothing here is by person, nothing
lists answers, nothing counts what was left unanswered, and "not enough to say" never tells whose entries are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.bids.reserve import mirror, reserve
from couplejournal_plugins.bids.share import turning_toward

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Bids"]

PACK = PackPlugin.beside(__file__)


class Bids(JournalPlugin):
    """Good news, questions about bids, and how they were met."""

    def kinds(self) -> Iterable[Kind]:
        """Declare good news."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer a day of noticing, and a game of three minutes."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer the share and the weather for both, and the mirror for oneself."""
        return [
            Analysis(id="turning-toward", title="Turning toward", run=turning_toward),
            Analysis(id="reserve", title="The weather between us", run=reserve),
            Analysis(id="mirror", title="How I turned", run=mirror, scope="mine"),
        ]
