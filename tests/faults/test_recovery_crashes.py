"""A crash at every call to the disk and to the folder during a recovery: no journal, or one that completes."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.patience import CrashDrive, copied, copied_sim
from unit.journal.losing import texts, written_down

import couplejournal as cj
from couplejournal.errors import CouplejournalError
from couplejournal.journal import Journal
from couplejournal.journal.recovery import root_of
from couplejournal.pairing.recovering import Machine, recover
from couplejournal.store.home import Home
from couplejournal.store.settings import Settings
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.couples import pair
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
from couplejournal.testing.drives import DriveSim

SHARED = ["Ana before", "Ben before", "Ben later"]


class Lost:
    """What is left of a couple: the folder, Ben's device, and the paper with Ana's words."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.sim = DriveSim(1)
        couple = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
        for journal in couple:
            journal.place.use(self.sim.face(0))
        ana, ben = couple
        couple.pair(ana, ben)
        ana.add(cj.Bid("Ana before"))
        ben.add(cj.Bid("Ben before"))
        couple.sync()
        ben.add(cj.Bid("Ben later"))
        couple.sync()
        self.paper = written_down(ana)
        assert isinstance(ben.device.disk, MemoryDisk)
        self.disk = ben.device.disk


class Try:
    """One recovery of Ana's on a bare machine, before copies of the folder and of Ben's device."""

    def __init__(self, lost: Lost) -> None:
        self.lost = lost
        self.sim = copied_sim(lost.sim)
        self.disk = CrashDisk(MemoryDisk())
        self.drive = CrashDrive(self.sim.face(0))
        self.system = FakeSystem("new")
        self.home = lost.tmp_path / "new"
        self.ben = cj.open(home=lost.tmp_path / "ben", system=FakeSystem("ben"), disk=copied(lost.disk))
        self.ben.place.use(self.sim.face(0))

    def recover(self) -> None:
        """Go through the recovery once."""
        machine = Machine(Home.locate(self.home, {}), self.disk, self.system, "open", None)
        recover(machine, root_of(self.lost.paper), [self.drive], lambda _: Settings(), name=None, device_name="new")

    def survive(self) -> None:
        """Go through it, restart after a crash, and look at what came of it."""
        try:
            self.recover()
        except CrashError:
            self.disk.restart(is_power_cut=True)
            self.drive.crash_at = 0
        except CouplejournalError:
            self.disk.restart(is_power_cut=False)
        try:
            journal = cj.open(home=self.home, system=self.system, disk=self.disk)
        except cj.NoJournalError:
            self.recover()
            journal = cj.open(home=self.home, system=self.system, disk=self.disk)
        self.require_whole(journal)

    def require_whole(self, journal: Journal) -> None:
        """All is back, both go on, there is one new device of Ana's and no other, and no root on the disk."""
        journal.place.use(self.sim.face(0))
        assert journal.device.secrets.pairing == b""
        for _ in range(4):
            journal.sync()
            self.ben.sync()
        assert texts(journal) == SHARED
        journal.add(cj.Bid("after"))
        journal.add(cj.Note("for myself"))
        for _ in range(3):
            journal.sync()
            self.ben.sync()
        assert texts(self.ben) == sorted([*SHARED, "after"])
        for one in (journal, self.ben):
            assert len([each for each in one.devices if each.person.name == "Ana"]) == 2
        seed = root_of(self.lost.paper).kem_seed
        assert isinstance(self.disk.inner, MemoryDisk)
        assert not [path for path, data in self.disk.inner.files.items() if seed in data]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """Return what is left of the couple."""
    return Lost(tmp_path_factory.mktemp("lost"))


def calls(lost: Lost) -> tuple[int, int]:
    """Return how many calls to the disk and to the folder one recovery makes."""
    counted = Try(lost)
    counted.recover()
    return len(counted.disk.calls), counted.drive.count


def at_disk(lost: Lost, at: int, fault: str) -> None:
    """Let one call to the disk go wrong."""
    one = Try(lost)
    one.disk.plant(at, fault)  # type: ignore[arg-type]
    survive(one, at)


def at_drive(lost: Lost, at: int, *, is_done: bool) -> None:
    """Let the process end at one call to the folder."""
    one = Try(lost)
    one.drive.crash_at, one.drive.is_done = at, is_done
    survive(one, at)


def survive(one: Try, at: int) -> None:
    """Survive, and say where it was if it did not."""
    try:
        one.survive()
    except BaseException as error:
        error.add_note(f"at call {at}")
        raise


def test_recovery_survives_some_faults(lost: Lost) -> None:
    """F21: at some calls a crash or a failure leaves no journal, and a new try, or one that completes."""
    on_disk, on_drive = calls(lost)
    for number, at in enumerate(range(3, on_disk + 1, max(1, on_disk // 9))):
        at_disk(lost, at, ("crash", "crash after", "fail")[number % 3])
    for at in range(1, on_drive + 1, max(1, on_drive // 3)):
        at_drive(lost, at, is_done=at % 2 == 0)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["crash", "crash after", "fail"])
def test_recovery_survives_every_fault_of_the_disk(fault: str, lost: Lost) -> None:
    """F21: at each call to the disk a crash or a failure leaves no journal, and a new try, or one that completes.

    A crash before the next call is nearly the same as one after the call before it, so fewer are tried.
    """
    for at in range(1, calls(lost)[0] + 1, 3 if fault == "crash after" else 9):
        at_disk(lost, at, fault)


@pytest.mark.long
@pytest.mark.parametrize("is_done", [False, True])
def test_recovery_survives_every_fault_of_the_folder(is_done: bool, lost: Lost) -> None:
    """F21: at each call to the folder a crash leaves no journal, and the next try finds everything."""
    for at in range(1, calls(lost)[1] + 1):
        at_drive(lost, at, is_done=is_done)
