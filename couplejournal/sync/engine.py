"""One sync of one book with one drive, from the first look to the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from couplejournal.drive.interface import (
    DriveFullError,
    DriveLateError,
    DriveMissingError,
    DriveReadOnlyError,
)
from couplejournal.errors import DriveError
from couplejournal.sync import folding, handing, place, schedule, taking
from couplejournal.sync.report import DriveState, SyncReport
from couplejournal.sync.trip import Trip

if TYPE_CHECKING:
    from couplejournal.drive.interface import Drive, Listing
    from couplejournal.sync.memory import SyncMemory
    from couplejournal.sync.port import BookPort
    from couplejournal.system import System

_STATES: Final[tuple[tuple[type[DriveError], DriveState], ...]] = (
    (DriveMissingError, "missing"),
    (DriveFullError, "full"),
    (DriveReadOnlyError, "read-only"),
    (DriveLateError, "late"),
    (DriveError, "failed"),
)


class Sync:
    """Brings one book and one drive together, each time `run` is called. For one thread at a time."""

    def __init__(self, book: BookPort, drive: Drive, memory: SyncMemory, system: System) -> None:
        """Take the book, the drive, what this device remembers of the two, and the clock."""
        self._book = book
        self._drive = drive
        self._memory = memory
        self._system = system
        self._is_first = True

    def run(self, *, budget_s: float | None = None, may_found: bool = False) -> SyncReport:
        """Sync once, and tell what was done and how things stand.

        ``budget_s`` is the time in seconds after which no further file is begun. ``may_found`` makes a folder that does
        not have this book yet its meeting place: the genesis and everything held is published, also by later syncs of
        the same folder, until all of it arrived. It may also be given to repair a missing marker.

        Raises:
            StoreError: this device's own copy failed. What happened before is kept.
        """
        deadline = None if budget_s is None else self._system.monotonic() + budget_s
        self._book.refresh()
        self._memory.refresh()
        trip = Trip(
            book=self._book,
            drive=self._drive,
            kept=self._memory.kept,
            system=self._system,
            now_ms=self._system.now_ms(),
            deadline=deadline,
        )
        trip.look_at_book()
        try:
            state, message = self._meet(trip, may_found=may_found)
        except DriveError as error:
            state = next(state for kind, state in _STATES if isinstance(error, kind))
            message = str(error)
        finally:
            self._memory.save()
        return self._report(trip, state, message)

    def _meet(self, trip: Trip, *, may_found: bool) -> tuple[DriveState, str]:
        """Go through the steps of a sync as far as the drive's state allows."""
        trip.root = root = self._drive.probe()
        listing = self._list(trip) if root.exists else []
        proof = place.prove(trip, root, listing, may_found=may_found)
        if proof.state == "ok":
            taking.forget_gone(trip)
            taking.look_again_at_own(trip, has_booted=self._has_booted(trip))
            with trip.half_the_time():  # what was just saved here must not wait behind all that came
                taking.take_all(trip)
            folding.merge_backlog(trip)
            handing.hand_over(trip)
            folding.fold(trip)
        return proof.state, proof.message

    def _list(self, trip: Trip) -> Listing:
        """List the drive; a listing that shrank is read again before it is believed (docs/spec/sync.md 4)."""
        listing = self._drive.list()
        trip.look_at_listing(listing)
        if trip.gone():
            listing = self._drive.list()
            trip.look_at_listing(listing)
        return listing

    def _has_booted(self, trip: Trip) -> bool:
        """Say whether the machine started anew since the last sync.

        Where the system does not tell, the start of the process stands in for it, at most once an hour: programs that
        live for one command would else read the last files at every command.
        """
        boot, kept = self._system.boot_id(), trip.kept
        is_first, self._is_first = self._is_first, False
        if boot:
            has_booted, kept.boot = kept.boot != boot, boot
            return has_booted
        if not is_first or not schedule.is_past(kept.boot_ms, schedule.HOUR, trip.now_ms):
            return False
        kept.boot_ms = trip.now_ms
        return True

    def _report(self, trip: Trip, state: DriveState, message: str) -> SyncReport:
        tally, standing = trip.tally, taking.standing(trip)
        gaps = tuple(self._book.gaps())
        return SyncReport(
            drive=state,
            message=message,
            received_ops=tally.received_ops,
            received_files=tally.received_files,
            published_files=tally.published,
            handed_over=tally.handed_over,
            outbox=handing.outbox(trip),
            restored=tally.restored,
            held=standing.held,
            pending=standing.pending,
            damaged=standing.damaged,
            refused=standing.refused,
            foreign=standing.foreign,
            skipped_junk=standing.junk,
            gaps=gaps,
            lacking=len(gaps) + taking.lacking(trip),
            finished=tally.is_finished,
            changed=tally.received_ops > 0,
        )
