"""What a watch does beside watching: tell plugins what came, and say in one line that there is something to remember.

It runs where the watch waits and in no thread of its own: a plugin that takes long holds up other plugins, never the
exchange with the folder.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from couplejournal.cli import hosted
from couplejournal.cli.reminding import due
from couplejournal.cli.rendering import clean_line, talk
from couplejournal.errors import CouplejournalError
from couplejournal.system import RealSystem

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.sync.report import SyncReport
    from couplejournal.system import Pacer

ASK_EVERY_S: Final = 900.0
REMINDED: Final = "there is something that you wanted to be reminded of: couplejournal reminders"


class Errands:
    """What has to be done for plugins in one watch. `note` may be called from any thread."""

    def __init__(self, clock: Pacer | None = None) -> None:
        """Begin with everything to be done: something may have come while nobody watched."""
        self._clock = clock or RealSystem()
        self._lock = Lock()
        self._has_news = True
        self._report: SyncReport | None = None
        self._asked: float | None = None
        self._reminded: frozenset[str] = frozenset()
        self._said: set[str] = set()

    def note(self, report: SyncReport | None = None) -> None:
        """Note that something came, with the sync in which something moved, if it was one."""
        with self._lock:
            self._has_news = True
            self._report = report or self._report

    def run(self, journal: Journal) -> None:
        """Do what there is to do."""
        with self._lock:
            (has_news, self._has_news), (report, self._report) = (self._has_news, False), (self._report, None)
        if has_news:
            hosted.tell_plugins(journal, report, say=self._say)
        now = self._clock.monotonic()
        if self._asked is None or now - self._asked >= ASK_EVERY_S:
            self._asked = now
            self._remind(journal)

    def _remind(self, journal: Journal) -> None:
        """Say once that there is something, and never what: whoever looks over a shoulder learns nothing."""
        try:
            found = frozenset(one.id for one in due(journal, report=self._say))
        except CouplejournalError as error:
            self._say(str(error))
            return
        if found - self._reminded:
            talk(REMINDED)
        self._reminded = found

    def _say(self, line: str) -> None:
        """Say what went wrong, each thing once."""
        if line not in self._said:
            self._said.add(line)
            talk(clean_line(line))
