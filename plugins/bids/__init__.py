"""Bids: small tries for attention, and how they were met (step 5 of the article).

A bid is a song to listen to, a joke, a hand, a worry said aloud. Whoever answered says how: toward, away or against;
nobody says it of the other. This plugin brings questions to notice bids by, and one analysis for both: the share of
answers that turned toward, as a band.

How would a controlling partner use this? To prove that the other turns away: so nothing here is by person, nothing
lists answers, nothing counts what was left unanswered, and "not enough to say" never tells whose entries are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.bids.questions import questions
from couplejournal_plugins.bids.share import turning_toward

from couplejournal.plugins import Analysis, JournalPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Prompt, PromptRequest

__all__ = ["Bids"]


class Bids(JournalPlugin):
    """Questions about bids, and the turning-toward share."""

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return questions(request.language)

    def analyses(self) -> Iterable[Analysis]:
        """Offer the turning-toward share."""
        return [Analysis(id="turning-toward", title="Turning toward", run=turning_toward)]
