"""One exchange with the meeting place: pairing, sync, what the other devices are owed, what waited to be shared."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Final

import attrs
import msgspec

from couplejournal import __version__
from couplejournal.book import Book
from couplejournal.device import Device
from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.interface import Drive
from couplejournal.errors import DriveError
from couplejournal.journal.place import MeetingPlace
from couplejournal.merge import Frozen
from couplejournal.pairing import Pairing
from couplejournal.pairing.sharing import share_waiting
from couplejournal.pairing.state import NO_SHARING
from couplejournal.sync import Delivery, Sync, SyncMemory, SyncReport

ROUNDS: Final = 3  # what came may have to be answered, and an answer handed over
SHARED_AT_ONCE: Final = 16  # entries, before another process of this device gets its turn


class Exchange:
    """What `Journal.sync` and the watcher call. One thread at a time goes to the drive; others wait their deadline."""

    def __init__(
        self, device: Device, place: MeetingPlace, pairing: Pairing, frozen: Callable[[], tuple[Frozen, Frozen | None]]
    ) -> None:
        """Take the parts; ``frozen`` gives the present state of the private and of the shared book."""
        self._device = device
        self._place = place
        self._pairing = pairing
        self._frozen = frozen
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
        if not self._place.has_drive:
            return SyncReport()
        try:
            drive = self._place.drive()
        except DriveError as error:
            return SyncReport(drive="missing", message=str(error))
        if not isinstance(drive, DeadlineDrive):
            return self._meet(drive, until=until, acknowledges=acknowledges)
        drive.allow(self._left(until))
        try:
            return self._meet(drive, until=until, acknowledges=acknowledges)
        finally:
            drive.allow(None)  # the deadline was that of this exchange; whoever asks the drive next has another

    def _meet(self, drive: Drive, *, until: float | None, acknowledges: bool) -> SyncReport:
        """Take the pairing as far as it goes, then sync, and answer what came."""
        trouble = self._pairing.advance(budget_s=self._left(until))
        shared = self._device.shared
        if shared is None:
            return self._without_book(drive, trouble)
        self._settle(shared, until)
        report = SyncReport()
        for round_ in range(ROUNDS):
            report = _joined(report, self._sync(shared, drive, self._left(until)))
            if report.drive != "ok" or self._left(until) == 0:
                break
            # In the first round even if nothing came: a crash may have come between the receiving and the answer.
            owed = (report.changed or round_ == 0) and shared.tend()
            owed = (acknowledges and round_ == 0 and shared.acknowledge()) or owed
            if not owed:
                break
        return attrs.evolve(report, message=report.message or trouble)

    def _left(self, until: float | None) -> float | None:
        """Return the seconds that are left, None without a deadline."""
        return None if until is None else max(0.0, until - self._device.system.monotonic())

    def _sync(self, shared: Book, drive: Drive, budget_s: float | None) -> SyncReport:
        device = self._device
        key = (shared.id, id(drive))
        if key not in self._syncs:
            self._syncs = {key: Sync(shared, drive, self._memory(shared), device.system)}
        settings = device.settings
        report = self._syncs[key].run(budget_s=budget_s, may_found=settings.may_found)
        if report.drive == "ok" and report.finished and settings.may_found:  # its beginning lies there for sure
            device.change_settings(
                lambda now: msgspec.structs.replace(now, may_found=now.may_found and now.drive != settings.drive)
            )
        return report

    def outbox(self, shared: Book) -> int:
        """Return how many of this device's own files were not seen whole on the drive since they were written.

        Raises:
            StoreError: the disk fails.
        """
        memory = self._memory(shared)
        memory.refresh()
        with self._device.hold():
            own = [held for held in shared.held() if held.is_mine]
        return sum(memory.delivery(held.digest) is Delivery.SAVED for held in own)

    def _memory(self, shared: Book) -> SyncMemory:
        """Return what this device remembers of the shared book and the present folder: each folder has its own."""
        device = self._device
        folder = hashlib.sha256(str(self._place.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        path = device.home.state_file(f"sync-{shared.folder}-{folder}.json")
        return SyncMemory(device.disk, path, program=__version__)

    def _without_book(self, drive: Drive, trouble: str) -> SyncReport:
        """Say how the folder is while there is no shared book yet."""
        try:
            exists = drive.probe().exists
        except DriveError as error:
            return SyncReport(drive="late", message=str(error))
        if not exists:
            return SyncReport(drive="missing", message="the shared folder is not there; what is saved here is safe")
        return SyncReport(drive="ok", message=trouble)

    def _settle(self, shared: Book, until: float | None) -> None:
        """Finish what the birth of the shared book left to do, and what a crash left half-shared.

        The lock is let go between a few entries and the next, since each is two durable files; what the deadline cuts
        off is done the next time. To look for what a crash left means reading everything, so only an exchange that has
        all the time it wants does so.
        """
        left = self._pairing.leftovers()
        if (left is None and (self._is_settled or until is not None)) or shared.stopped() is not None:
            return
        share_from = NO_SHARING if left is None else left.share_from
        while True:
            with self._device.hold():
                mine, ours = self._frozen()
                if ours is None:
                    return
                if left is not None and shared.own_key not in ours.devices:
                    self._device.introduce(shared)
                count = share_waiting(
                    self._device.private, shared, (mine, ours), share_from=share_from, system=self._device.system,
                    limit=SHARED_AT_ONCE,
                )  # fmt: skip
            if count < SHARED_AT_ONCE:
                break
            if self._left(until) == 0:
                return
        self._is_settled = True
        if left is not None:
            self._pairing.close(left)


def _joined(before: SyncReport, after: SyncReport) -> SyncReport:
    """Return a report on two rounds as one: what was done adds up, how things stand is what the later one says."""
    return attrs.evolve(
        after,
        received_ops=before.received_ops + after.received_ops,
        received_files=before.received_files + after.received_files,
        published_files=before.published_files + after.published_files,
        handed_over=before.handed_over + after.handed_over,
        restored=before.restored + after.restored,
        changed=before.changed or after.changed,
    )
