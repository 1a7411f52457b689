"""A crash at every call to the disk and to the drive, on either side: one journal in the end, or none and a new try."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from faults.patience import Person, Two, copied, copied_sim, quiet

import couplejournal as cj
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim

Where = Literal["disk", "drive"]
KINDS: list[tuple[Where, str]] = [
    ("disk", "crash"),
    ("disk", "crash after"),
    ("disk", "fail"),
    ("drive", "before"),
    ("drive", "after"),
]


class Partners:
    """Ana and Ben, who have nothing yet, on one folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.sim = DriveSim(1)  # both look into the same folder
        self.ana = Person("Ana", tmp_path / "ana", MemoryDisk(), self.sim.face(0))
        self.ben = Person("Ben", tmp_path / "ben", MemoryDisk(), self.sim.face(0))
        self.people = (self.ana, self.ben)
        self.two = Two(self.ana, self.ben, self.sim)

    def require_one_journal(self) -> None:
        """Both hold the same one book with both texts in it, once, and the folder holds no other book."""
        quiet(*self.people)
        assert self.ana.shared() == self.ben.shared()
        shown = [shared_texts(person.journal()) for person in self.people]
        assert shown[0] == shown[1] == sorted(set(shown[0]))
        assert len({path.split("/")[0] for path in self.sim.views[0] if path.endswith("/book.cj")}) == 1
        for person in self.people:
            assert person.journal().status().waiting == 0
            assert person.journal().view().partner is not None
            assert [device.is_this for device in person.journal().devices] == [True, False]


class OwnDevices:
    """Ana and Ben, who share a journal, and Ana's telephone, which has nothing yet."""

    def __init__(self, tmp_path: Path, disks: tuple[MemoryDisk, MemoryDisk], sim: DriveSim) -> None:
        self.sim = copied_sim(sim)
        self.ana = Person("Ana", tmp_path / "ana", copied(disks[0]), self.sim.face(0))
        self.ben = Person("Ben", tmp_path / "ben", copied(disks[1]), self.sim.face(0))
        self.phone = Person("Ana", tmp_path / "phone", MemoryDisk(), self.sim.face(0))
        self.people = (self.ana, self.phone)
        self.two = Two(self.ana, self.phone, self.sim, is_device=True)

    def require_one_journal(self) -> None:
        """The telephone is a device of Ana's, sees what is shared, and everybody sees what it writes."""
        quiet(self.ana, self.ben, self.phone)
        journals = [person.journal() for person in (self.ana, self.ben, self.phone)]
        journals[2].add(cj.Bid("from the telephone"))
        journals[1].add(cj.Bid("from Ben"))
        quiet(self.ana, self.ben, self.phone)
        shown = [shared_texts(journal) for journal in journals]
        assert shown[0] == shown[1] == shown[2]
        assert {"from the telephone", "from Ben", "Ana before", "Ben before"} <= set(shown[0])
        assert journals[2].entry(next(journals[0].entries(text="telephone")).id).is_mine
        mine = [device for device in journals[1].devices if not device.person.is_me and device.is_live]
        assert len(mine) == 1 + self.two.beginnings or len(mine) == 2


def shared_texts(journal: cj.Journal) -> list[str]:
    """Return the texts of what both can read, sorted; twice what stands there twice."""
    return sorted(entry.text for entry in journal.entries(audience="shared"))


def partners(tmp_path: Path) -> Partners:
    """Begin anew with two who have nothing."""
    return Partners(tmp_path)


@pytest.fixture(scope="module")
def couple(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[MemoryDisk, MemoryDisk], DriveSim]:
    """Return the disks and the folder of two who share a journal."""
    tmp_path = tmp_path_factory.mktemp("couple")
    world = Partners(tmp_path)
    world.two.go_on()
    quiet(*world.people)
    memories = [person.disk.inner for person in world.people]
    assert isinstance(memories[0], MemoryDisk)
    assert isinstance(memories[1], MemoryDisk)
    return tmp_path, (memories[0], memories[1]), world.sim


def plant(person: Person, where: Where, fault: str, at: int) -> None:
    """Let something go wrong at one of the calls to come."""
    if where == "disk":
        person.disk.plant(at, fault)  # type: ignore[arg-type]
    else:
        person.drive.crash_at, person.drive.is_done = at, fault == "after"


def calls_of(world: Partners | OwnDevices, number: int, where: Where) -> int:
    """Return how many calls one side makes while nothing goes wrong."""
    world.two.go_on()
    person = world.people[number]
    return len(person.disk.calls) if where == "disk" else person.drive.count


def survive(world: Partners | OwnDevices, number: int, where: Where, fault: str, at: int) -> None:
    """Let one fault happen, go on, and look at what came of it."""
    person = world.people[number]
    plant(person, where, fault, at)
    try:
        world.two.go_on()
        world.require_one_journal()
    except BaseException as error:
        error.add_note(f"at call {at} of {person.home.name}")
        raise


def points(count: int, *, step: int, shift: int) -> range:
    """Return every ``step``-th call, beginning with another one for each kind of fault."""
    return range(1 + shift % step, count + 1, step)


def stride(fault: str) -> int:
    """Return 5 for crashes after a call; a crash before the next one is nearly the same, and tried at every ninth."""
    return 5 if fault in {"crash after", "after"} else 9


@pytest.mark.parametrize("number", [0, 1], ids=["inviter", "joiner"])
@pytest.mark.parametrize(("where", "fault"), KINDS)
def test_pairing_survives_some_faults(number: int, where: Where, fault: str, tmp_path: Path) -> None:
    """At some of the calls of either side a crash or a failure leaves one journal of two in the end."""
    count = calls_of(partners(tmp_path / "counted"), number, where)
    step = 47 if where == "disk" else 11
    for at in points(count, step=step, shift=KINDS.index((where, fault)) * 4 + number):
        survive(partners(tmp_path / str(at)), number, where, fault, at)


@pytest.mark.parametrize("number", [0, 1], ids=["inviter", "joiner"])
@pytest.mark.parametrize(("where", "fault"), KINDS)
def test_admitting_a_device_survives_some_faults(
    number: int, where: Where, fault: str, couple: tuple[Path, tuple[MemoryDisk, MemoryDisk], DriveSim]
) -> None:
    """At some of the calls of either side a crash or a failure leaves the new device in the journal in the end."""
    count = calls_of(OwnDevices(*couple), number, where)
    step = 67 if where == "disk" else 17
    for at in points(count, step=step, shift=KINDS.index((where, fault)) * 5 + number):
        survive(OwnDevices(*couple), number, where, fault, at)


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 1], ids=["inviter", "joiner"])
@pytest.mark.parametrize(("where", "fault"), KINDS)
def test_pairing_survives_every_fault(number: int, where: Where, fault: str, tmp_path: Path) -> None:
    """At each call of either side a crash or a failure leaves one journal of two in the end."""
    for at in range(1, calls_of(partners(tmp_path / "counted"), number, where) + 1, stride(fault)):
        survive(partners(tmp_path / str(at)), number, where, fault, at)


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 1], ids=["inviter", "joiner"])
@pytest.mark.parametrize(("where", "fault"), KINDS)
def test_admitting_a_device_survives_every_fault(
    number: int, where: Where, fault: str, couple: tuple[Path, tuple[MemoryDisk, MemoryDisk], DriveSim]
) -> None:
    """At each call of either side a crash or a failure leaves the new device in the journal in the end."""
    for at in range(1, calls_of(OwnDevices(*couple), number, where) + 1, stride(fault)):
        survive(OwnDevices(*couple), number, where, fault, at)
