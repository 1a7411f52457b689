"""Every call to the disk goes wrong once, in each way: nothing acknowledged is lost, no number is used twice."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator
from functools import lru_cache

import attrs
import pytest

from couplejournal.book import Verdict
from couplejournal.disk import Disk
from couplejournal.errors import StoreError
from couplejournal.ops.op import Op
from couplejournal.seal import segments
from couplejournal.testing.disks import CrashDisk, CrashError, Fault, MemoryDisk
from couplejournal.testing.pairs import Member, admit, meet, pair

FAULTS: list[tuple[Fault, int, bool]] = [
    ("fail", errno.ENOSPC, False),
    ("fail", errno.EIO, False),
    ("fail", errno.ENOSPC, True),
    ("crash", 0, False),
    ("crash after", 0, False),
]
Act = Callable[[Member, list[Op]], None]


@lru_cache(maxsize=1)
def couple() -> tuple[Member, Member, Member]:
    """Return Ana with two entries, Ben, and a phone of Ana's that nobody has admitted; Ben's words are new to Ana."""
    ana, ben = pair("ana", "ben")
    ana.write("before")
    ben.write("his")
    meet([ana, ben])
    ben.write("his second")
    ben.write("his third")
    [phone, _] = pair("ana phone", "ben phone")
    return ana, ben, phone


def copy_of(member: Member) -> tuple[Member, CrashDisk]:
    """Return the device with a disk of its own that can crash."""
    disk = CrashDisk(MemoryDisk())

    def around(inner: Disk) -> Disk:
        disk.inner = inner
        return disk

    return member.copied(around), disk


def act_append(ana: Member, told: list[Op]) -> None:
    """Write two entries."""
    told.append(ana.write("first"))
    told.append(ana.write("second"))


def act_take(ana: Member, told: list[Op]) -> None:
    """Take over what Ben wrote, and write."""
    ana.take_from(couple()[1])
    told.append(ana.write("after taking"))


def act_admit(ana: Member, told: list[Op]) -> None:
    """Admit a phone, and write."""
    admit(ana, couple()[2])
    told.append(ana.write("for the phone, too"))


def act_tend(ana: Member, told: list[Op]) -> None:
    """Take over, answer, acknowledge, and write."""
    ana.take_from(couple()[1])
    ana.book.tend()
    ana.book.acknowledge()
    told.append(ana.write("after the answer"))


ACTS: list[Act] = [act_append, act_take, act_admit, act_tend]


def calls_of(act: Act) -> int:
    """Return how many calls an act makes when nothing goes wrong."""
    ana, disk = copy_of(couple()[0])
    disk.plant(0, "fail")
    act(ana, [])
    return len(disk.calls)


def planted(act: Act) -> Iterator[tuple[int, Fault, int, bool]]:
    """Yield every fault at every call."""
    for at in range(1, calls_of(act) + 1):
        for fault, number, is_lasting in FAULTS:
            yield at, fault, number, is_lasting


def require_one_history(ana: Member) -> None:
    """Fail if a number of any stream stands for two operations, in any file on the disk."""
    links: dict[tuple[bytes, int], bytes] = {}
    disk = ana.disk
    assert isinstance(disk, CrashDisk)
    assert isinstance(disk.inner, MemoryDisk)
    for path, data in disk.inner.files.items():
        if path.suffix == ".seg":
            head = segments.parse(data).header
            assert path.name == segments.parse(data).path.rpartition("/")[2]
            for place, link in ((head.first - 1, head.prev), (head.last, head.end)):
                assert links.setdefault((head.stream, place), link) == link


def require_all_there(ana: Member, told: list[Op]) -> None:
    """Fail if an acknowledged operation is missing, here or at the partner, or if writing does not go on."""
    ids = [op.id for op in ana.ops()]
    assert len(set(ids)) == len(ids)
    assert {op.id for op in told} <= set(ids)
    after = ana.write("afterwards")
    require_one_history(ana)
    ben, _ = copy_of(couple()[1])
    verdicts = {taken.verdict for taken in ben.take_from(ana)}
    assert verdicts <= {Verdict.STORED, Verdict.KNOWN}
    assert {op.id for op in (*told, after)} <= {op.id for op in ben.ops()}
    assert ana.book.gaps() == ben.book.gaps() == []
    assert ana.book.notices() == ben.book.notices() == (), "a crash is no restored backup"


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_nothing_is_lost_after_any_fault(act: Act) -> None:
    """A fault at any call, then a start from what the disk holds: all that was told is there, and writing goes on."""
    for at, fault, number, is_lasting in planted(act):
        ana, disk = copy_of(couple()[0])
        disk.plant(at, fault, number=number, is_lasting=is_lasting)
        told: list[Op] = []
        with contextlib.suppress(StoreError if fault == "fail" else CrashError):
            act(ana, told)
        assert disk.hits
        disk.restart(is_power_cut=fault != "fail")
        ana.reopen()
        require_all_there(ana, told)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_the_same_process_goes_on_after_a_failure(act: Act) -> None:
    """A call of the disk fails and the program lives on: nothing is lost, and the next entry is written."""
    for at, fault, number, is_lasting in planted(act):
        if fault != "fail" or number == errno.EIO:
            continue
        ana, disk = copy_of(couple()[0])
        told: list[Op] = []
        disk.plant(at, fault, number=number, is_lasting=is_lasting)
        with contextlib.suppress(StoreError):
            act(ana, told)
        disk.restart(is_power_cut=False)
        require_all_there(ana, told)


def test_what_failed_was_not_written() -> None:
    """An append that raises has stored nothing, and the next entry takes its number."""
    for at in range(1, calls_of(act_append) + 1):
        ana, disk = copy_of(couple()[0])
        before = {op.id for op in ana.ops()}
        disk.plant(at, "fail", number=errno.ENOSPC)
        try:
            ana.write("perhaps")
        except StoreError:
            disk.restart(is_power_cut=False)
            assert {op.id for op in ana.ops()} == before


def test_reading_works_on_a_full_disk() -> None:
    """With a disk that takes nothing any more, and the note gone, one can still read."""
    ana, disk = copy_of(couple()[0])
    disk.remove(ana.state / "book.marks")
    disk.plant(0, "fail")
    ana.reopen()

    def full(path: object, data: bytes, **_: object) -> None:
        raise StoreError("this device's disk is full: nothing was saved")

    disk.replace = full  # type: ignore[method-assign]
    assert len(ana.ops()) > 0


@pytest.mark.long
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_nothing_is_lost_after_two_crashes(act: Act) -> None:
    """A crash, a start, and a second crash anywhere in what comes then: all that was acknowledged is there."""
    for first in range(1, calls_of(act) + 1):
        crashed, crashing = copy_of(couple()[0])
        said: list[Op] = []
        crashing.plant(first, "crash after")
        with pytest.raises(CrashError):
            act(crashed, said)
        crashing.restart()
        after_the_first = attrs.evolve(crashed, disk=crashing.inner)
        for second in range(1, 40):
            ana, disk = copy_of(after_the_first)
            told = list(said)
            disk.plant(second, "crash after")
            with contextlib.suppress(CrashError):
                ana.reopen()
                told.append(ana.write("between"))
            is_over = not disk.hits
            disk.restart()
            ana.reopen()
            require_all_there(ana, told)
            if is_over:
                break
