"""Watching: sync when something moved here or there, and tell what changed, in order and outside every lock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from couplejournal.errors import CouplejournalError, NoSuchEntryError, UntrustedDataError
from couplejournal.journal.arrivals import ops_by_place
from couplejournal.model.entry import Added, Change, Retracted, Revised
from couplejournal.ops import words

if TYPE_CHECKING:
    from couplejournal.drive.watch import Watcher
    from couplejournal.journal.journal import Journal
    from couplejournal.ops.op import Op
    from couplejournal.view import JournalView

QUIET_BEFORE_ACKNOWLEDGING_S: Final = 120.0  # docs/spec/format.md 3
CHANGES_AT_ONCE: Final = 1000


class Watch:
    """One reader of changes: where it stands, and whom it tells."""

    def __init__(
        self,
        journal: Journal,
        on_change: Callable[[Change], object],
        *,
        after: str | None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        """Begin after a cursor, or now."""
        self._journal = journal
        self._on_change = on_change
        self._on_error = on_error or report_quietly
        self._turn = threading.Lock()
        with journal.device.hold():
            journal.arrivals.catch_up(journal.books())
            self._at = journal.arrivals.count if after is None else journal.arrivals.number_of(after)
        self._quiet_since = journal.device.system.monotonic()
        self._watcher: Watcher | None = None

    def start(self) -> None:
        """Watch the replicas and the shared folder from a thread of its own."""
        from couplejournal.drive.watch import Watched, Watcher  # watchdog: only for those who watch

        device, place = self._journal.device, self._journal.place
        folders = [Watched(device.home.data)]
        path = place.path
        if path is not None:
            folders.append(Watched(path, probe=place.drive().probe))
        self._watcher = Watcher(folders, self.look, device.system, on_error=self._on_error)
        self._watcher.start()

    def stop(self) -> None:
        """End; what is being told just now is told to its end."""
        if self._watcher is not None:
            self._watcher.stop()

    def wake(self) -> None:
        """Look now."""
        if self._watcher is not None:
            self._watcher.wake()

    def look(self) -> bool:
        """Sync once, tell what is new, and return whether anything was."""
        with self._turn:
            clock = self._journal.device.system.monotonic
            moved = self._journal.exchange()
            told = self._tell()
            if moved or told:
                self._quiet_since = clock()
            elif clock() - self._quiet_since >= QUIET_BEFORE_ACKNOWLEDGING_S:
                self._quiet_since = clock()
                moved = self._journal.exchange(acknowledges=True)
            return moved or told

    def _tell(self) -> bool:
        """Tell every change that arrived since the last one told."""
        told = False
        while True:
            changes, at, is_more = self._changes()
            for change in changes:
                try:
                    self._on_change(change)
                except Exception as error:  # noqa: BLE001 - a reader that fails must not end the watch
                    self._on_error(error)
            told = told or bool(changes)
            self._at = at
            if not is_more:
                return told

    def _changes(self) -> tuple[list[Change], int, bool]:
        """Return the next changes, the place after them, and whether there are more."""
        journal = self._journal
        with journal.device.hold():
            journal.arrivals.catch_up(journal.books())
            places = []
            for place in journal.arrivals.after(self._at):
                places.append(place)
                if len(places) == CHANGES_AT_ONCE:
                    break
            count = journal.arrivals.count
        if not places:
            return [], self._at, False
        ops = ops_by_place(journal.books(), places)
        view = journal.view()
        changes = []
        for number, _, stream, seq in places:
            op = ops.get((stream, seq))
            change = None if op is None else _change_of(journal, view, op, journal.arrivals.cursor(number))
            if change is not None:
                changes.append(change)
        return changes, places[-1][0], places[-1][0] < count


def _change_of(journal: Journal, view: JournalView, op: Op, cursor: str) -> Change | None:
    """Return what an operation changed for a reader, or None."""
    try:
        if op.word == "write":
            return None if journal.is_moved(op) else Added(view.entry(op.id.hex()), cursor)
        if op.word == "revise":
            return Revised(view.entry(words.decode_fields(words.Revise, op.fields).entry.hex()), cursor)
        if op.word == "retract":
            entry_id = words.decode_fields(words.Retract, op.fields).entry.hex()
            return Retracted(entry_id, None, cursor)
    except (NoSuchEntryError, UntrustedDataError):
        return None  # retracted since, or not understood
    return None


def iterate(journal: Journal, *, after: str | None, stop: threading.Event | None) -> Iterator[Change]:
    """Yield changes as they come, until ``stop`` is set or the journal is closed."""
    waiting: queue.Queue[Change] = queue.Queue()
    with journal.watching(waiting.put, after=after):
        while not (journal.is_closed or (stop is not None and stop.is_set())):
            try:
                yield waiting.get(timeout=0.1)
            except queue.Empty:
                continue


def report_quietly(error: Exception) -> None:
    """Log that a reader or a sync failed: the kind of error only, for its text may hold words of the journal."""
    text = str(error) if isinstance(error, CouplejournalError) else type(error).__name__
    logging.getLogger("couplejournal").warning("while watching: %s", text)
