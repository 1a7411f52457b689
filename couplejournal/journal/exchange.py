"""One exchange with the meeting places: pairing, sync, what the other devices are owed, what waited to be shared."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from couplejournal import __version__
from couplejournal.book import Book
from couplejournal.device import Device
from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.interface import Drive
from couplejournal.errors import DriveError, StoreError
from couplejournal.journal.asunder import require_no_book_of_two, two_person_books
from couplejournal.journal.place import PAUSED, PAUSED_HINT, MeetingPlace
from couplejournal.journal.privately import beside, founded, gather_into, told_beside
from couplejournal.journal.reading import Reader
from couplejournal.journal.releasing import tend_answers
from couplejournal.ops.words import ANSWER_WORDS
from couplejournal.pairing import Joining, Pairing
from couplejournal.pairing.ending import say_ends
from couplejournal.pairing.sharing import share_waiting
from couplejournal.pairing.state import NO_SHARING
from couplejournal.sync import Delivery, Sync, SyncMemory, SyncReport
from couplejournal.sync.folding import unconfirmed
from couplejournal.sync.trip import DIGEST_BYTES

ROUNDS: Final = 3  # what came may have to be answered, and an answer handed over
SHARED_AT_ONCE: Final = 16  # entries, before another process of this device gets its turn
_HELD_OPEN: Final = 8


@attrs.frozen
class Meeting:
    """A book that is synced. ``is_open``: words are written into it, acknowledgements of what came among them.

    ``is_private``: it is a book of one, in a folder of this person's own.
    """

    book: Book
    is_open: bool
    is_private: bool = False


class Exchange:
    """What `Journal.sync` and the watcher call. One thread at a time goes to the drive; others wait their deadline."""

    def __init__(self, device: Device, place: MeetingPlace, pairing: Pairing, reader: Reader) -> None:
        """Take the parts; ``reader`` gives the present state of the books."""
        self._device = device
        self._place = place
        self._pairing = pairing
        self._reader = reader
        self._busy = threading.Lock()
        self._syncs: dict[tuple[bytes, int], Sync] = {}
        self._is_settled = False
        self.last = SyncReport()

    def run(self, *, deadline_s: float | None, acknowledges: bool) -> SyncReport:
        """Do one exchange within a deadline.

        Raises:
            StoreError: this device's own copy failed.
        """
        clock = self._device.system.monotonic
        until = None if deadline_s is None else clock() + deadline_s
        if not self._busy.acquire(timeout=-1 if deadline_s is None else max(deadline_s, 0.001)):
            return SyncReport(drive="late", message="the shared folder does not answer; what is saved here is safe")
        try:
            self.last = self._run(until=until, acknowledges=acknowledges)
            return self.last
        finally:
            self._busy.release()

    def _run(self, *, until: float | None, acknowledges: bool) -> SyncReport:
        self._device.reload()
        self._pairing.resume()
        if self._device.settings.is_paused:
            return SyncReport(drive="paused", message=f"{PAUSED} ({PAUSED_HINT})")
        with contextlib.suppress(StoreError):  # a full disk keeps nobody from reading; the next exchange says it
            say_ends(self._device)
        if self._pairing.current is None:
            self._place.go_back()
        if not (self._place.has_drive or self._place.has_private_drive or self._pairing.meets_privately):
            return SyncReport()
        trouble = self._advance(until)
        report = SyncReport()
        if self._place.has_drive:
            main, *others = self._meetings()
            report = (
                self._without_book(until) if main is None else self._meet(main, until=until, acknowledges=acknowledges)
            )
            for meeting in others:
                if meeting is not None and self._left(until) != 0:
                    report = beside(report, self._meet(meeting, until=until, acknowledges=acknowledges))
        report = attrs.evolve(report, message=report.message or trouble)
        for meeting in self._private_meetings():
            if self._left(until) != 0:
                report = told_beside(report, self._meet(meeting, until=until, acknowledges=acknowledges))
        return report

    def _private_meetings(self) -> list[Meeting]:
        """Return the books of one that are synced: the private one first, unless it is just about to be another."""
        device, place = self._device, self._place
        if self._pairing.meets_privately and isinstance(self._pairing.current, Joining):
            return []
        former = [
            book
            for book, role in device.books()
            if role == "earlier" and len(book.membership.persons) == 1 and place.path_of(book) is not None
        ]
        private = device.private_if_here if place.has_private_drive else None  # one that is gone stops nobody else
        own = [] if private is None else [Meeting(private, is_open=True, is_private=True)]
        return [*own, *(Meeting(book, is_open=False, is_private=True) for book in former)]

    def _meetings(self) -> list[Meeting | None]:
        """Return what is synced, the book first of which the report tells; None where that is no book yet."""
        device = self._device
        shared, stopped = device.shared, device.settings.stopped
        earlier = [Meeting(book, is_open=False) for book in device.parted[::-1] if book.folder not in stopped]
        if shared is not None:
            return [Meeting(shared, is_open=True), *earlier]
        is_here = bool(earlier) and self._place.path_of(earlier[0].book) == self._place.path
        return [*earlier] if is_here else [None, *earlier]

    def _advance(self, until: float | None) -> str:
        """Take an open pairing as far as it goes; return a sentence on what keeps it, or nothing."""
        try:
            if not (self._place.has_drive or self._pairing.meets_privately):
                return ""
            with self._reached(self._pairing.drive(), until):
                trouble = self._pairing.advance(budget_s=self._left(until))
                left = self._pairing.leftovers()
                is_shared = left is not None and not left.is_private
                if left is not None and is_shared and self._device.shared is None:  # ended before all was wound up
                    self._pairing.close(left)
                return trouble
        except DriveError as error:
            return str(error)

    def _meet(self, meeting: Meeting, *, until: float | None, acknowledges: bool) -> SyncReport:
        """Sync one book at its place, and answer what came."""
        book = meeting.book
        try:
            drive = self._place.drive_of(book)
        except DriveError as error:
            return SyncReport(drive="missing", message=str(error))
        device, is_shared = self._device, meeting.is_open and not meeting.is_private
        with self._reached(drive, until):
            before = book.heads()
            if meeting.is_private:
                try:
                    require_no_book_of_two(drive, two_person_books(device))
                except DriveError as error:
                    return SyncReport(drive="failed", message=str(error))
            if is_shared:
                self._settle(book, until)
                with contextlib.suppress(StoreError):  # a full disk keeps nobody from reading; it is said below
                    self._open_answers(book, before, until)
            report = SyncReport()
            for round_ in range(ROUNDS):
                report = beside(self._sync(book, drive, self._left(until)), report)
                if report.drive != "ok" or self._left(until) == 0:
                    break
                # In the first round even if nothing came: a crash may have come between the receiving and the answer.
                owed = (report.changed or round_ == 0) and book.tend()
                owed = (report.changed and is_shared and self._open_answers(book, before, until)) or owed
                if meeting.is_private and meeting.is_open and report.finished:
                    owed = gather_into(book, device, self._reader, self._pairing, lambda: self._left(until)) or owed
                owed = (acknowledges and meeting.is_open and round_ == 0 and book.acknowledge()) or owed
                if not owed:
                    break
        if not (meeting.is_open or meeting.is_private):
            self._stop_if_over(book, report)
        return report

    def _open_answers(self, book: Book, before: Mapping[bytes, int], until: float | None) -> bool:
        """Open the sealed answers that are due; return whether anything was written.

        To know them means reading everything: where time is short, only after something came that speaks of them.
        """
        is_due = until is None or self._reader.has_read(book)
        if not is_due:
            is_due = any(op.word in ANSWER_WORDS for op in book.ops_after(before))
        return is_due and tend_answers(self._reader)

    @contextlib.contextmanager
    def _reached(self, drive: Drive, until: float | None) -> Iterator[None]:
        """Give a drive that has deadlines the time that is left of this exchange; whoever asks it next has another."""
        if not isinstance(drive, DeadlineDrive):
            yield
            return
        drive.allow(self._left(until))
        try:
            yield
        finally:
            drive.allow(None)

    def _left(self, until: float | None) -> float | None:
        """Return the seconds that are left, None without a deadline."""
        return None if until is None else max(0.0, until - self._device.system.monotonic())

    def _sync(self, book: Book, drive: Drive, budget_s: float | None) -> SyncReport:
        device = self._device
        key = (book.id, id(drive))
        if key not in self._syncs:
            if len(self._syncs) >= _HELD_OPEN:
                self._syncs.clear()
            self._syncs[key] = Sync(book, drive, self._memory(book), device.system)
        settings = device.settings
        may_found = book.folder in (settings.founding, settings.private_founding)
        report = self._syncs[key].run(budget_s=budget_s, may_found=may_found)
        if report.drive == "ok" and report.finished:
            book.note_lacking(report.lacking)
        if report.drive == "ok" and report.finished and may_found:  # its beginning lies there for sure
            device.change_settings(lambda now: founded(now, settings, book.folder))
        return report

    def outbox(self, book: Book) -> int:
        """Return how many of this device's own files of a book were not seen whole on the drive yet.

        Raises:
            StoreError: the disk fails.
        """
        memory = self._memory(book)
        memory.refresh()
        with self._device.hold():
            held = book.held()
        return len(unconfirmed(held, lambda digest: memory.delivery(digest) is not Delivery.SAVED))

    def unsent_removals(self, book: Book) -> int:
        """Return how many files in which the root removes somebody were not seen on the drive yet.

        They are no device's own, so no outbox counts them: any device hands them over.

        Raises:
            StoreError: the disk fails.
        """
        memory = self._memory(book)
        memory.refresh()
        there = {mark.digest[:DIGEST_BYTES] for mark in memory.kept.marks.values()}
        with self._device.hold():
            return sum(one.digest not in there for one in book.held_removals())

    def handed_over(self, book: Book) -> Mapping[bytes, int]:
        """Return by stream how many operations of a book of one are known to lie in its folder, from the first on.

        What other devices wrote came from there.

        Raises:
            StoreError: the disk fails.
        """
        memory = self._memory(book)
        memory.refresh()
        with self._device.hold():
            held = [one for one in book.held() if not one.is_key]
        reached: dict[bytes, int] = {}
        for one in sorted(held, key=lambda one: (one.stream, one.first)):
            is_there = not one.is_mine or memory.delivery(one.digest) is not Delivery.SAVED
            if is_there and one.first <= reached.get(one.stream, 0) + 1:
                reached[one.stream] = max(one.last, reached.get(one.stream, 0))
        return reached

    def _memory(self, book: Book) -> SyncMemory:
        """Return what this device remembers of a book and its present folder: each folder has its own."""
        device = self._device
        folder = hashlib.sha256(str(self._place.path_of(book)).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        path = device.home.state_file(f"sync-{book.folder}-{folder}.json")
        return SyncMemory(device.disk, path, program=__version__)

    def _stop_if_over(self, book: Book, report: SyncReport) -> None:
        """Stop to sync a book that this device's person left, once all that is one's own was seen in the folder."""
        if report.drive != "ok" or not report.finished or report.outbox:
            return
        is_left = any(secret.book == book.id and secret.role == "earlier" for secret in self._device.secrets.books)
        is_said = book.own_key in book.enders() or not book.membership.is_live(book.own_key)
        if is_left and is_said:
            self._place.stop(book)

    def _without_book(self, until: float | None) -> SyncReport:
        """Say how the folder is while there is no shared book yet."""
        try:
            drive = self._place.drive()
        except DriveError as error:
            return SyncReport(drive="missing", message=str(error))
        try:
            with self._reached(drive, until):
                exists = drive.probe().exists
        except DriveError as error:
            return SyncReport(drive="late", message=str(error))
        if not exists:
            return SyncReport(drive="missing", message="the shared folder is not there; what is saved here is safe")
        return SyncReport(drive="ok")

    def _settle(self, shared: Book, until: float | None) -> None:
        """Finish what the birth of the shared book left to do, and what a crash left half-shared.

        The lock is let go between a few entries and the next, since each is two durable files; what the deadline cuts
        off is done the next time. To look for what a crash left means reading everything, so only an exchange that has
        all the time it wants does so.
        """
        left = self._pairing.leftovers()
        left = None if left is None or left.is_private else left
        if (left is None and (self._is_settled or until is not None)) or not shared.is_live():
            return
        if self._device.private_if_here is None:  # what waits in it can be shared once it is back
            return
        share_from = NO_SHARING if left is None else left.share_from
        while True:
            with self._device.hold():
                mine, ours = self._reader.states()
                if ours is None or shared.is_ended():
                    return
                if left is not None and shared.own_key not in ours.devices:
                    self._device.introduce(shared)
                count = share_waiting(
                    self._device.private, shared, (mine, ours), share_from=share_from, system=self._device.system,
                    limit=SHARED_AT_ONCE, elsewhere=self._reader.earlier_states(),
                )  # fmt: skip
            if count < SHARED_AT_ONCE:
                break
            if self._left(until) == 0:
                return
        self._is_settled = True
        if left is not None:
            self._pairing.close(left)
