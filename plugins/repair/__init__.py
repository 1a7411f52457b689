"""Time-out and repair (step 7 of the article): a break with a way back, and making up in whatever form fits.

A `conflict` is what two people are at odds about; a `timeout` says for how many minutes somebody is away, at least 20
and at most a day, so that nobody is left without a time of return; a `repair` is an offer to make up, which may be
received, not yet, or not. One's own heat and one's own part stay private, and so does the text in the third person.
The views of both on a conflict are sealed answers to it: `couplejournal seal ID`.

The spoken word is the time-out. The journal only holds the clock, so a shared folder that is late breaks nothing. None
of this is a treatment for violence, and the first exercise says so.

How would a controlling partner use this? To call time-outs that end at no time: there are none without minutes. To
prove who never makes up: no result is by person, none lists what was declined, and an open conflict is called nothing
worse than open. To press for "repaired": only both can say it, and setting a thing aside needs one person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.repair.making_up import return_kept, what_reaches
from couplejournal_plugins.repair.time_to_repair import time_to_repair

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Kind, Prompt, PromptRequest

__all__ = ["Repair"]

PACK = PackPlugin.beside(__file__)


class Repair(JournalPlugin):
    """Kinds, questions, exercises, and what can be said of making up."""

    def kinds(self) -> Iterable[Kind]:
        """Declare conflicts, time-outs, repairs, and what is private about them."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the time-out, the coming back, and the view of a third person."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer three results, each for both together."""
        return [
            Analysis(id="time-to-repair", title="Time to repair", run=time_to_repair),
            Analysis(id="return-kept", title="Coming back from a time-out", run=return_kept),
            Analysis(id="what-reaches", title="What reaches us", run=what_reaches),
        ]
