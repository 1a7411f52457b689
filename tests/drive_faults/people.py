"""Ana and Ben, who share a journal before one folder, and what its host does to the files of theirs."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import couplejournal as cj
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import Drive
from couplejournal.drive.names import is_likely
from couplejournal.journal import Journal
from couplejournal.sync import SyncReport
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import CountingDrive, DriveSim, FaultyCalls, SimFile

HOUR = 3600.0
DAY = 24 * HOUR
ANA, BEN = 0, 1


class Beginning:
    """A couple that has just paired, kept so that each test has one of its own in a moment."""

    def __init__(self, folder: Path, *, has_sim: bool) -> None:
        self._folder = folder
        sim = DriveSim(2) if has_sim else None
        couple = pair(folder, sim=sim, disk=lambda _: MemoryDisk())
        couple.sync()
        for system in couple.systems:
            system.advance(HOUR)
        couple.sync()
        self._views = [] if sim is None else [dict(view) for view in sim.views]
        self._systems = couple.systems
        self._homes = [journal.home.config.parent for journal in couple]
        self._disks = [journal.device.disk for journal in couple]
        self._files = files_below(couple.drive)
        couple.close()

    def couple(self) -> Couple:
        """Return the couple once more, in the same place; the one before it is over."""
        shutil.rmtree(self._folder)
        sim = DriveSim(2) if self._views else None
        couple = Couple(self._folder, sim=sim, disk=lambda _: MemoryDisk())
        for view, kept in zip(sim.views if sim is not None else [], self._views, strict=True):
            view.update(kept)
        for path, data in self._files.items():
            (couple.drive / path).parent.mkdir(parents=True, exist_ok=True)
            (couple.drive / path).write_bytes(data)
        for number, (home, disk, system) in enumerate(zip(self._homes, self._disks, self._systems, strict=True)):
            couple.systems.append(copy.deepcopy(system))
            journal = cj.open(home=home, system=couple.systems[-1], disk=copy.deepcopy(disk))
            couple.journals.append(journal)
            if sim is not None:
                journal.place.use(sim.face(number))
        return couple


class Two:
    """Two whole journals, each with a view of one simulated folder, and with disks in memory."""

    def __init__(self, couple: Couple) -> None:
        assert couple.sim is not None
        self.sim, self.couple = couple.sim, couple
        self.ana, self.ben = self.couple
        self.faces = [CountingDrive(self.sim.face(number)) for number in (ANA, BEN)]
        for journal, face in zip(self.couple, self.faces, strict=True):
            journal.place.use(face)

    @property
    def views(self) -> list[dict[str, SimFile]]:
        """Return what each of them sees in the folder."""
        return self.sim.views

    def rest(self) -> None:
        """Let time pass and both sync, until nothing is owed."""
        self.couple.sync()
        self.passes(HOUR)
        self.couple.sync()
        for face in self.faces:
            face.clear()

    def passes(self, seconds: float) -> None:
        """Let time pass for both."""
        for system in self.couple.systems:
            system.advance(seconds)

    def ana_writes(self, text: str, *, is_carried: bool = True) -> str:
        """Let Ana write a bid and sync; return the path of its file. It reaches Ben's view if it is carried."""
        before = set(self.views[ANA])
        self.ana.add(cj.Bid(text))
        self.ana.sync()
        path = max(
            set(self.views[ANA]) - before, key=lambda path: path.rpartition("/")[2]
        )  # a larger one begins earlier
        if is_carried:
            self.carry()
        return path

    def carry(self) -> None:
        """Let everything arrive that is under way, as it was sent."""
        while self.sim.pending:
            self.sim.deliver()

    def whole(self, path: str, device: int = BEN, other: int = ANA) -> None:
        """Let a file arrive whole in one view, as it lies in another."""
        self.sim.plant(device, path, self.views[other][path].data)

    def reads(self, number: int) -> int:
        """Return how many files were read since the counts began anew, and begin them anew."""
        count = self.faces[number].counts["read"]
        self.faces[number].clear()
        return count

    def writes(self, number: int) -> int:
        """Return how often something was written or removed since the counts began anew."""
        counts = self.faces[number].counts
        return counts["publish"] + counts["remove"]


def texts(journal: Journal) -> set[str]:
    """Return what a journal shows of what both can read."""
    return {entry.text for entry in journal.entries(audience="shared")}


def is_well(report: SyncReport) -> bool:
    """Return whether a sync has nothing to tell a person."""
    return (report.drive, report.problems, report.exit_code) == ("ok", (), 0)


def segments(view: dict[str, SimFile]) -> list[str]:
    """Return the paths of the segments in a view."""
    return sorted(path for path in view if is_likely(path.rpartition("/")[2]) and path.endswith(".seg"))


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the files of a real folder by their paths."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def faulty(
    couple: Couple, number: int, calls: FaultyCalls, *, pause: Callable[[float], object] | None = None
) -> FolderDrive:
    """Let one of the two reach the real folder through system calls of which some fail."""
    drive = FolderDrive(couple.drive, couple.systems[number], calls=calls, pause=pause)
    couple.journals[number].place.use(drive)
    return drive


def healthy(couple: Couple, number: int) -> None:
    """Let one of the two reach the real folder as it is."""
    couple.journals[number].place.use(FolderDrive(couple.drive, couple.systems[number]))


class Changed:
    """Any drive, some calls of which a test does in its own way."""

    def __init__(self, inner: Drive, **own: Callable[..., object]) -> None:
        self._inner = inner
        self._own = own

    def __getattr__(self, name: str) -> object:
        """Return the test's own call, or the inner drive's."""
        return self._own.get(name) or getattr(self._inner, name)


def backup_of(journal: Journal) -> dict[Path, bytes]:
    """Return a copy of a whole device."""
    disk = journal.device.disk
    assert isinstance(disk, MemoryDisk)
    return copy.copy(disk.files)


def restored(couple: Couple, number: int, backup: dict[Path, bytes]) -> Journal:
    """Put a copy of a whole device back, and start its program."""
    disk = couple.journals[number].device.disk
    assert isinstance(disk, MemoryDisk)
    disk.files.clear()
    disk.files.update(backup)
    return couple.restart(number)
