"""The year in us: what two people wrote down together, to reread; and which of the eight steps have been quiet.

How would a controlling partner use this? To prove that the other gives less: nothing is by person and nothing is
counted. To complain of a quiet step: it is an invitation among others, and a step may rest for as long as it likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.year.looking_back import quiet, year

from couplejournal.plugins import Analysis, JournalPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Year"]


class Year(JournalPlugin):
    """Two ways to look back, each for both together."""

    def analyses(self) -> Iterable[Analysis]:
        """Offer the year, and the quiet steps."""
        return [
            Analysis(id="year", title="The year in us", run=year),
            Analysis(id="quiet", title="What has been quiet", run=quiet),
        ]
