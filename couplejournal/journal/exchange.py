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
from couplejournal.sync import Sync, SyncMemory, SyncReport

ROUNDS: Final = 3  # what came may have to be answered, and an answer handed over


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
        self.last = SyncReport()

    def run(self, *, deadline_s: float | None, acknowledges: bool) -> SyncReport:
        """Do one exchange within a deadline.

        Raises:
            StoreError: this device's own copy failed.
        """
        if not self._busy.acquire(timeout=-1 if deadline_s is None else max(deadline_s, 0.001)):
            return SyncReport(drive="late", message="the shared folder does not answer; what is saved here is safe")
        try:
            self.last = self._run(deadline_s=deadline_s, acknowledges=acknowledges)
            return self.last
        finally:
            self._busy.release()

    def _run(self, *, deadline_s: float | None, acknowledges: bool) -> SyncReport:
        device = self._device
        device.reload()
        self._pairing.resume()
        if not self._place.has_drive:
            return SyncReport()
        clock = device.system.monotonic
        until = None if deadline_s is None else clock() + deadline_s
        try:
            drive = self._place.drive()
        except DriveError as error:
            return SyncReport(drive="missing", message=str(error))
        if isinstance(drive, DeadlineDrive):
            drive.allow(deadline_s)
        trouble = self._pairing.advance()
        shared = device.shared
        if shared is None:
            return self._without_book(drive, trouble)
        self._share_waiting(shared)
        report = SyncReport()
        for round_ in range(ROUNDS):
            budget = None if until is None else max(0.0, until - clock())
            report = _joined(report, self._sync(shared, drive, budget))
            if report.drive != "ok" or (until is not None and clock() >= until):
                break
            owed = report.changed and shared.tend()
            owed = (acknowledges and round_ == 0 and shared.acknowledge()) or owed
            if not owed:
                break
        return attrs.evolve(report, message=report.message or trouble)

    def _sync(self, shared: Book, drive: Drive, budget_s: float | None) -> SyncReport:
        device = self._device
        key = (shared.id, id(drive))
        if key not in self._syncs:
            folder = hashlib.sha256(str(self._place.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
            path = device.home.state_file(f"sync-{shared.folder}-{folder}.json")  # another folder, another memory
            memory = SyncMemory(device.disk, path, program=__version__)
            self._syncs = {key: Sync(shared, drive, memory, device.system)}
        settings = device.settings
        report = self._syncs[key].run(budget_s=budget_s, may_found=settings.may_found)
        if report.drive == "ok" and settings.may_found:  # from here on, sync remembers what it has begun in that folder
            device.set_settings(msgspec.structs.replace(device.settings, may_found=False))
        return report

    def _without_book(self, drive: Drive, trouble: str) -> SyncReport:
        """Say how the folder is while there is no shared book yet."""
        try:
            exists = drive.probe().exists
        except DriveError as error:
            return SyncReport(drive="late", message=str(error))
        if not exists:
            return SyncReport(drive="missing", message="the shared folder is not there; what is saved here is safe")
        return SyncReport(drive="ok", message=trouble)

    def _share_waiting(self, shared: Book) -> None:
        """Finish what the birth of the shared book left to do, once for each step of it."""
        left = self._pairing.leftovers()
        if left is None:
            return
        with self._device.hold():
            if not any(True for _ in shared.ops_after({}) if _.key == shared.own_key):
                self._device.introduce(shared)
            mine, ours = self._frozen()
            if ours is not None:
                share_waiting(
                    self._device.private, shared, (mine, ours), share_from=left.share_from, system=self._device.system
                )
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
