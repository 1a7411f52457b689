"""Dates (the end of the article): time for each other, in the calendar like anything else that matters.

A `date` is an idea until the other agrees; either can move it or call it off, and it happened when somebody says so.
`couplejournal export FILE --format dates/calendar` writes the agreed ones as a calendar file.

How would a controlling partner use this? To press: an idea needs nobody's answer, and calling off needs one person and
no reason. To watch through a calendar: the file says "Time together" and when, and nothing of what, where or who.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal_plugins.dates.calendar import calendar

from couplejournal.plugins import Exporter, JournalPlugin, PackPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins import Kind, Prompt, PromptRequest

__all__ = ["Dates"]

PACK = PackPlugin.beside(__file__)


class Dates(JournalPlugin):
    """Dates, questions for them, and the calendar file."""

    def kinds(self) -> Iterable[Kind]:
        """Declare dates."""
        return PACK.kinds()

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        return PACK.prompts(request)

    def exporters(self) -> Iterable[Exporter]:
        """Offer the calendar file."""
        return [Exporter(id="calendar", title="Agreed dates as a calendar", suffix=".ics", export=calendar)]
