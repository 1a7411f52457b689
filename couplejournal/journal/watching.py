"""Watching: sync when something moved here or there, and tell what changed, in order and outside every lock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from couplejournal.errors import CouplejournalError, NoSuchEntryError, UntrustedDataError
from couplejournal.journal.arrivals import ops_by_place
from couplejournal.model.change import Added, Change, Retracted, Revised
from couplejournal.ops import words

if TYPE_CHECKING:
    from couplejournal.drive.watch import Watcher
    from couplejournal.journal.journal import Journal
    from couplejournal.merge import Sealed
    from couplejournal.model.entry import Entry
    from couplejournal.ops.op import Op
    from couplejournal.sync import SyncReport
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
        on_report: Callable[[SyncReport], object] | None = None,
    ) -> None:
        """Begin after a cursor, or now. ``on_report`` is told of every exchange, whatever came of it."""
        self._journal = journal
        self._on_change = on_change
        self._on_report = on_report
        self._on_error = on_error or report_quietly
        self._turn = threading.Lock()
        self._over = threading.Event()
        with journal.device.hold():
            journal.arrivals.catch_up(journal.reader.books())
            self._at = journal.arrivals.count if after is None else journal.arrivals.number_of(after)
        self._quiet_since = journal.device.system.monotonic()
        self._watcher: Watcher | None = None

    def start(self) -> None:
        """Watch the replicas and the shared folder from a thread of its own."""
        from couplejournal.drive.watch import Watched, Watcher  # watchdog: only for those who watch

        self._journal.view()  # read everything now, and not when the first change is awaited

        device, place = self._journal.device, self._journal.place
        folders = [Watched(device.home.data)]
        path = place.path
        if path is not None:
            folders.append(Watched(path, probe=lambda: place.drive().probe()))  # which fails while it is paused
        own = place.private_path
        if own is not None:
            folders.append(Watched(own, probe=lambda: place.private_drive().probe()))
        self._watcher = Watcher(folders, self.look, device.system, on_error=self._report)
        self._watcher.start()

    def stop(self) -> None:
        """End; the change that is being told just now is the last one."""
        self._over.set()
        if self._watcher is not None:
            self._watcher.stop()

    @property
    def cursor(self) -> str:
        """Return the cursor after which another watch goes on where this one stopped."""
        with self._journal.device.hold():
            return self._journal.arrivals.cursor(self._at)

    def wake(self) -> None:
        """Look now."""
        if self._watcher is not None:
            self._watcher.wake()

    def look(self) -> bool:
        """Sync once, tell what is new, and return whether anything was."""
        with self._turn:
            clock = self._journal.device.system.monotonic
            moved = self._exchange()
            told = self.tell()
            if moved or told:
                self._quiet_since = clock()
            elif clock() - self._quiet_since >= QUIET_BEFORE_ACKNOWLEDGING_S:
                self._quiet_since = clock()
                moved = self._exchange(acknowledges=True)
            return moved or told

    def _exchange(self, *, acknowledges: bool = False) -> bool:
        """Sync once, and return whether anything came or went."""
        report = self._journal.exchange(acknowledges=acknowledges)
        if self._on_report is not None:
            self._on_report(report)
        return report.changed or bool(report.published_files)

    def tell(self) -> bool:
        """Tell every change that arrived since the last one told."""
        told = False
        while not self._over.is_set():
            changes, after, is_more = self._changes()
            for at, change in changes:
                if self._over.is_set():
                    return told
                try:
                    self._on_change(change)
                except Exception as error:  # noqa: BLE001 - a reader that fails must not end the watch
                    self._report(error)
                self._at, told = at, True
            self._at = after
            if not is_more:
                break
        return told

    def _report(self, error: Exception) -> None:
        """Tell that something failed; a report that fails itself must not end the watch either."""
        try:
            self._on_error(error)
        except Exception as failure:  # noqa: BLE001
            report_quietly(failure)

    def _changes(self) -> tuple[list[tuple[int, Change]], int, bool]:
        """Return the next changes, each with its place, the place after them, and whether there are more."""
        journal = self._journal
        with journal.device.hold():
            books = journal.reader.books()
            journal.arrivals.catch_up(books)
            places = list(islice(journal.arrivals.after(self._at), CHANGES_AT_ONCE))
            if not places:
                return [], self._at, False
            ops = ops_by_place(books, places)
            view = journal.view()
            count = journal.arrivals.count
        changes: list[tuple[int, Change]] = []
        opened = _opened_by(journal, view, [op for op in ops.values() if op.word == "release"])
        for number, _, stream, seq in places:
            op = ops.get((stream, seq))
            # Where one release shows two answers, who stops between them is told the first one again.
            answers = opened.get(number, ())
            for at, answer in enumerate(answers, number - len(answers) + 1):
                changes.append((at, Added(answer, journal.arrivals.cursor(at))))
            change = None if op is None else _change_of(journal, view, op, journal.arrivals.cursor(number))
            if change is not None:
                changes.append((number, change))
        return changes, places[-1][0], places[-1][0] < count


def _change_of(journal: Journal, view: JournalView, op: Op, cursor: str) -> Change | None:
    """Return what an operation changed for a reader, or None."""
    try:
        if op.word == "write":
            entry = view.entry(op.id.hex())
            # One's own that went into the shared book was told when it was written; another reads it now.
            return Revised(entry, cursor) if journal.reader.is_moved(op) else Added(entry, cursor)
        if op.word == "revise":
            target = words.decode_fields(words.Revise, op.fields).entry
            record = journal.reader.record(target)
            is_heard = record is not None and any(revision.id == op.id for revision, _ in record.revisions)
            return Revised(view.entry(target.hex()), cursor) if is_heard else None
        if op.word == "retract":
            return _retraction(journal, view, op, cursor)
    except (NoSuchEntryError, UntrustedDataError):
        return None  # retracted since, or not understood
    return None


def _opened_by(journal: Journal, view: JournalView, releases: Sequence[Op]) -> Mapping[int, Sequence[Entry]]:
    """Return the sealed answers that came to light with some releases, by the place of the release that did it.

    An answer takes a release by each of the two, so it is told with the one of them that arrived later.
    """
    if not releases:
        return {}
    said = [words.decode_fields(words.Release, op.fields) for op in releases]
    named = {answer for release in said for answer in (release.seal, release.other)}
    _, ours = journal.reader.states()
    books = [*journal.reader.earlier_states(), *([] if ours is None else [ours])]
    shown: dict[bytes, tuple[Entry, Sealed]] = {}
    for prompted in [one for book in books for one in book.answers.prompts.values()]:
        for one in prompted.sealed:
            entry = view.find(one.id) if one.id in named and one.is_answer else None
            if entry is not None:
                shown[one.id] = (entry, one)
    wanted = {(op.stream, op.seq) for _, one in shown.values() for op, _ in (*one.releases, *one.named_by)}
    arrived = {(stream, seq): at for at, _, stream, seq in journal.arrivals.after(0) if (stream, seq) in wanted}
    opened: dict[int, list[Entry]] = {}
    for entry, one in sorted(shown.values(), key=lambda found: (found[1].op.clock, found[1].id)):
        both = (one.releases, one.named_by)
        last = max(min(arrived.get((op.stream, op.seq), 0) for op, _ in side) for side in both)
        opened.setdefault(last, []).append(entry)
    return opened


def _retraction(journal: Journal, view: JournalView, op: Op, cursor: str) -> Change | None:
    """Return what a retraction changed: an entry is gone, or stays for a revision that it does not name."""
    target = words.decode_fields(words.Retract, op.fields).entry
    record = journal.reader.record(target)
    if record is None:
        return Retracted(target.hex(), None, cursor)
    if all(retraction.id != op.id for retraction, _ in record.retractions):
        return None  # not its author's
    still = view.find(target)
    return Retracted(target.hex(), record.write.kind, cursor) if still is None else Revised(still, cursor)


def arrived(journal: Journal, *, after: str | None) -> tuple[list[Change], str]:
    """Return what changed after a cursor until now, and the cursor of now; nothing changed after None, which is now.

    Raises:
        InvalidEntryError: the cursor is not one of this device's.
        StoreError: the disk fails.
    """
    changes: list[Change] = []
    watch = Watch(journal, changes.append, after=after)
    watch.tell()
    return changes, watch.cursor


def iterate(journal: Journal, *, after: str | None, stop: threading.Event | None) -> Iterator[Change]:
    """Yield changes as they come, until ``stop`` is set or the journal is closed; "from now on" is from this call."""
    waiting: queue.Queue[Change] = queue.Queue()
    watch = Watch(journal, waiting.put, after=after)

    def changes() -> Iterator[Change]:
        with journal.running(watch):
            while not (journal.is_closed or (stop is not None and stop.is_set())):
                try:
                    yield waiting.get(timeout=0.1)
                except queue.Empty:
                    continue

    return changes()


def report_quietly(error: Exception) -> None:
    """Log that a reader or a sync failed: the kind of error only, for its text may hold words of the journal."""
    text = str(error) if isinstance(error, CouplejournalError) else type(error).__name__
    logging.getLogger("couplejournal").warning("while watching: %s", text)
