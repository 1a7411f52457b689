"""A crash at any call while two begin anew: in the end the new journal stands, the old one is over, all is there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from faults.patience import Person, Two, copied, copied_sim, quiet
from faults.test_pairing_crashes import KINDS, Partners, plant, points, shared_texts, stride

from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim

Where = Literal["disk", "drive"]
Begun = tuple[Path, tuple[MemoryDisk, MemoryDisk], DriveSim, bytes]


class Again:
    """Ana and Ben, who share a journal and begin another."""

    def __init__(self, tmp_path: Path, disks: tuple[MemoryDisk, MemoryDisk], sim: DriveSim, old: bytes) -> None:
        self.sim = copied_sim(sim)
        self.old = old
        self.people = tuple(
            Person(name, tmp_path / name.lower(), copied(disk), self.sim.face(0))
            for name, disk in zip(("Ana", "Ben"), disks, strict=True)
        )
        for person in self.people:
            person.system = FakeSystem(f"{person.home.name} later")  # or chance would give the old book's keys again
        self.two = Two(self.people[0], self.people[1], self.sim, old=old)

    def require_new_journal(self) -> None:
        """Both hold the same new book, the old one is over and read by both, and each text stands there once."""
        for person in self.people:  # a fault that was not come by does not strike now
            person.drive.crash_at = 0
            person.disk.restart(is_power_cut=False)
            person.journal()
        quiet(*self.people)
        new = {person.shared() for person in self.people}
        assert len(new) == 1
        assert new.isdisjoint({None, self.old})
        for person in self.people:
            journal = person.journal()
            assert journal.device.book(self.old).is_ended()
            assert shared_texts(journal) == ["Ana before", "Ben before"]
            assert journal.status().waiting == 0
            assert journal.is_shared
        assert len({path.split("/")[0] for path in self.sim.views[0] if path.endswith("/book.cj")}) == 2


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """Return the disks and the folder of two who share a journal."""
    tmp_path = tmp_path_factory.mktemp("begun")
    world = Partners(tmp_path)
    world.two.go_on()
    quiet(*world.people)
    memories = [person.disk.inner for person in world.people]
    old = world.ana.shared()
    assert isinstance(memories[0], MemoryDisk)
    assert isinstance(memories[1], MemoryDisk)
    assert old is not None
    return tmp_path, (memories[0], memories[1]), world.sim, old


def calls_of(world: Again, number: int, where: Where) -> int:
    """Return how many calls one side makes while nothing goes wrong."""
    world.two.go_on()
    person = world.people[number]
    return len(person.disk.calls) if where == "disk" else person.drive.count


def survive(world: Again, number: int, where: Where, fault: str, at: int) -> None:
    """Let one fault happen, go on, and look at what came of it."""
    person = world.people[number]
    plant(person, where, fault, at)
    try:
        world.two.go_on()
        world.require_new_journal()
    except BaseException as error:
        error.add_note(f"at call {at} of {person.home.name}")
        raise


@pytest.mark.parametrize("number", [0, 1], ids=["inviter", "joiner"])
@pytest.mark.parametrize(("where", "fault"), KINDS)
def test_beginning_anew_survives_some_faults(number: int, where: Where, fault: str, begun: Begun) -> None:
    """M23: at some of the calls of either side a crash or a failure leaves the new journal and the end of the old."""
    count = calls_of(Again(*begun), number, where)
    step = 197 if where == "disk" else 41
    for at in points(count, step=step, shift=KINDS.index((where, fault)) * 13 + number):
        survive(Again(*begun), number, where, fault, at)


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 1], ids=["inviter", "joiner"])
@pytest.mark.parametrize(("where", "fault"), KINDS)
def test_beginning_anew_survives_many_faults(number: int, where: Where, fault: str, begun: Begun) -> None:
    """M23: at many of the calls of either side a crash or a failure leaves the new journal and the end of the old."""
    count = calls_of(Again(*begun), number, where)
    step = 1 if where == "drive" else 3 * stride(fault)
    for at in points(count, step=step, shift=KINDS.index((where, fault)) + number):
        survive(Again(*begun), number, where, fault, at)
