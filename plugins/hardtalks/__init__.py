"""Hard talks: questions on eight subjects, of which one opens when both have listed it as something they are ready for.

Each seals a list to `overlap:ready`, or to `overlap:ready 2027` and the like later on; the core shows only what stands
on both. Retracting one's answer closes the deck again. Nothing that is said in a talk is asked for or recorded.

How would a controlling partner use this? To press for a subject: nothing shows which ones the other left out, and no
list, an empty one and one without a match look much alike. To list everything, and so to learn the other's whole list:
that works, and it is said before a list is sealed. To hold the other to it: ready is no promise, and each can stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.hardtalks.ready import ready

from couplejournal.plugins import Analysis, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Exercise

__all__ = ["HardTalks"]

PACK = PackPlugin.beside(__file__)


class HardTalks(JournalPlugin):
    """A deck that opens by what both are ready for."""

    def exercises(self) -> Iterable[Exercise]:
        """Offer the way to a list of one's own."""
        return PACK.exercises()

    def analyses(self) -> Iterable[Analysis]:
        """Offer the questions on what both are ready for."""
        return [Analysis(id="ready", title="Ready for a talk", run=ready)]
