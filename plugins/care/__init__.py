"""Care (step 4 of the article): needs that are said, help that is asked about first, and what soothes whom.

A `need` says what kind of help would be good, and a `care` what somebody offers or did; whoever had the need says
whether it eased. A `carecard` is about oneself. A `feeling` is private unless its author shows it. A need that nobody
answers runs out without a sound.

How would a controlling partner use this? To keep a ledger of who helps more: no result for both is by person, and the
one on which help helped is for the person alone who had the need. To demand: an offer can be declined by silence, an
open need turns nothing red, and the exercise that records nothing is here on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.care.what_helps import needs_met, what_helps

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Care"]

PACK = PackPlugin.beside(__file__)


class Care(JournalPlugin):
    """Kinds, questions and exercises of care, and which help helped."""

    def kinds(self) -> Iterable[Kind]:
        """Declare needs, care, care cards and feelings."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the exercises, one of which is to write nothing down."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer what helped oneself, and for both how many needs were eased."""
        return [
            Analysis(id="what-helps", title="What helps me", run=what_helps, scope="mine"),
            Analysis(id="needs-met", title="Needs that were eased", run=needs_met),
        ]
