"""Devices that meet on a simulated drive."""

from __future__ import annotations

from pathlib import Path

from unit.sync.fake_book import FakeBook, FakeSystem, MemoryDisk

from couplejournal.drive.interface import Drive
from couplejournal.sync import Sync, SyncMemory, SyncReport
from couplejournal.testing.drives import CountingDrive, DriveSim

MEMORY = Path("state") / "memory.json"


class Device:
    """A device: a book, a view of the drive, a memory, and a sync that can be started anew like a process."""

    def __init__(self, author: int, drive: Drive, system: FakeSystem) -> None:
        self.book = FakeBook(author)
        self.drive = CountingDrive(drive)
        self.disk = MemoryDisk()
        self.system = system
        self.restart()

    def restart(self, *, program: str = "1.0") -> None:
        """Start the program anew, with what is on the disk."""
        self.memory = SyncMemory(self.disk, MEMORY, program=program)
        self.engine = Sync(self.book, self.drive, self.memory, self.system)

    def sync(self, *, budget_s: float | None = None, may_found: bool = False) -> SyncReport:
        """Sync once, with the counts of the drive begun anew."""
        self.drive.clear()
        return self.engine.run(budget_s=budget_s, may_found=may_found)

    @property
    def reads(self) -> int:
        return self.drive.counts["read"]

    @property
    def writes(self) -> int:
        return self.drive.counts["publish"] + self.drive.counts["remove"]


class Couple:
    """Some devices around one simulated drive; the first founds the meeting place."""

    def __init__(self, devices: int = 2, *, seed: int = 0) -> None:
        self.sim = DriveSim(devices, seed=seed)
        self.system = FakeSystem()
        self.devices = [Device(number, self.sim.face(number), self.system) for number in range(devices)]

    def carry(self) -> None:
        """Let everything arrive that is on its way."""
        while self.sim.pending:
            self.sim.deliver()

    def meet(self) -> None:
        """Found the meeting place and let all sync until each has confirmed all that it wrote."""
        self.devices[0].sync(may_found=True)
        for _ in range(3):
            self.round()

    def round(self) -> list[SyncReport]:
        """Let everything arrive, and all sync once."""
        reports = []
        for device in self.devices:
            self.carry()
            reports.append(device.sync())
        self.carry()
        return reports
