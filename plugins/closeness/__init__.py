"""Closeness (step 3 of the article): touch, breath, voice and gaze, each as an offer that a no ends at any moment.

There is no kind of entry here and no result, on purpose: nothing is filled in, nobody sees who began or who declined,
and nothing can be counted. Whoever wants to keep what felt good writes a note. No exercise needs looking, hearing or
touching alone; there is one without each.

How would a controlling partner use this? To point to a record of touch, or of its lack: there is none. To insist: "not
now" is as large as yes, for either of the two, and is kept nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal.plugins import JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise, Prompt, PromptRequest

__all__ = ["Closeness"]

PACK = PackPlugin.beside(__file__)


class Closeness(JournalPlugin):
    """Exercises with a timer, and two questions."""

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exercises(self) -> Iterable[Exercise]:
        """Offer the timers."""
        return PACK.exercises()
