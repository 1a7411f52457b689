"""A merge from its making to the last deletion, cut off or failing at every call to the disk and to the drive."""

from __future__ import annotations

import contextlib
import errno
from functools import lru_cache

import pytest

from couplejournal.book.acks import Acknowledged, Leads
from couplejournal.drive.interface import Drive
from couplejournal.errors import StoreError
from couplejournal.sync import Sync, SyncMemory, schedule
from couplejournal.testing.disks import CrashDisk, CrashError, Fault, MemoryDisk
from couplejournal.testing.drives import DriveSim, FaultyDrive
from couplejournal.testing.pairs import Member, pair

COUNT = 9
MOST_DISK_CALLS, MOST_DRIVE_CALLS = 400, 60
FAULTS: list[tuple[Fault, int, bool]] = [
    ("crash", 0, True), ("crash after", 0, True), ("crash after", 0, False), ("fail", errno.EIO, False),
    ("fail", errno.ENOSPC, False),
]  # fmt: skip


@lru_cache(maxsize=1)
def begun() -> tuple[Member, Member, dict[str, bytes], frozenset[bytes]]:
    """Return Ana with nine words that lie in the folder, Ben with none, the folder, and the ids of the words."""
    ana, ben = pair()
    reader = ben.copied()
    sim = DriveSim(1)
    sync_of(ana, sim).run(may_found=True)
    for number in range(COUNT - 1):
        ana.write(f"word {number}")
    for _ in range(3):
        sync_of(ana, sim).run()
    ana.write("the last")
    return ana, reader, {path: file.data for path, file in sim.views[0].items()}, frozenset(op.id for op in ana.ops())


class AllTold(Acknowledged):
    """What one hears where every device has told that it holds everything: here nothing waits for that."""

    def __init__(self, member: Member) -> None:
        super().__init__()
        self._keys = frozenset(member.book.membership.keys)

    def holders(self, stream: bytes, seq: int, leads: Leads | None = None) -> frozenset[bytes]:
        """Return every key."""
        return self._keys


def sync_of(member: Member, sim: DriveSim, drive: Drive | None = None) -> Sync:
    """Return a sync as a fresh process begins it."""
    member.book.acknowledged = AllTold(member)
    memory = SyncMemory(member.disk, member.state / "sync.json")
    return Sync(member.book, drive or sim.face(0), memory, member.system)


def scene() -> tuple[Member, CrashDisk, DriveSim]:
    """Return a copy of Ana on a disk that can crash, and of the folder."""
    ana, _, files, _ = begun()
    disk = CrashDisk(MemoryDisk())
    inner = ana.copied().disk
    disk.inner = inner
    member = ana.copied(lambda _: disk)
    sim = DriveSim(1)
    for path, data in files.items():
        sim.plant(0, path, data)
    return member, disk, sim


def ids_there(sim: DriveSim) -> frozenset[bytes]:
    """Return what somebody reads who has nothing but the folder."""
    reader = begun()[1].copied()
    reader.book.take([file.data for file in sim.views[0].values()])
    return frozenset(op.id for op in reader.ops())


def numbers_there(sim: DriveSim) -> set[int]:
    """Return the numbers of Ana's words that files in the folder hold by their names: all of them are whole here."""
    own = {held.path.split("/")[2] for held in begun()[0].book.held() if held.is_mine and not held.is_key}
    names = [path.split("/") for path in sim.views[0] if "/streams/" in path and path.endswith(".seg")]
    ranges = [name.split("-")[:2] for _, _, stream, name in names if stream in own and not name.startswith("~")]
    return {number for first, last in ranges for number in range(int(first), int(last) + 1)}


def go_on(member: Member, sim: DriveSim, *, syncs: int) -> None:
    """Sync again and again, each time as a fresh process and six minutes later, and look whether all is there."""
    lying = numbers_there(sim)
    for _ in range(syncs):
        member.system.ms += schedule.FOLDED_AFTER_MS * 6 // 10
        member.reopen()
        sync_of(member, sim).run()
        assert lying <= numbers_there(sim), "the folder lost an operation"
        lying = numbers_there(sim)


def require_all(member: Member, sim: DriveSim) -> None:
    """All words are here and there, and with one more they end in few files."""
    told = set(begun()[3])
    member.reopen()
    assert {op.id for op in member.ops()} == told
    told.add(member.write("on").id)
    go_on(member, sim, syncs=9)
    assert ids_there(sim) == told
    assert member.book.gaps() == []
    own = [(held.first, held.last) for held in member.book.held() if held.is_mine and not held.is_key]
    assert len(own) <= 3
    paths = [path for path in sim.views[0] if path.endswith(".seg") and "/streams/" in path]
    assert len(paths) == len([held for held in member.book.held() if "/streams/" in held.path])


def passes(member: Member, sim: DriveSim, drive: Drive | None = None) -> None:
    """Go from nine files to a merged one that was handed over, and to the deletion of the others."""
    for _ in range(5):
        member.system.ms += schedule.FOLDED_AFTER_MS * 6 // 10
        sync_of(member, sim, drive).run()


def every_call_to_the_disk(fault: Fault, number: int, *, is_power_cut: bool, step: int = 1) -> int:
    """Plant a fault at every ``step``-th call to the disk in turn; return how many were met."""
    hits = 0
    for at in range(1, MOST_DISK_CALLS, step):
        member, disk, sim = scene()
        disk.plant(at, fault, number=number)
        with contextlib.suppress(CrashError, StoreError):
            passes(member, sim)
        if not disk.hits:
            break
        hits += 1
        disk.restart(is_power_cut=is_power_cut)
        require_all(member, sim)
    return hits


def test_nothing_goes_wrong_when_nothing_does() -> None:
    """Without a fault a merge ends in one large file and the newest, with every call to the disk counted."""
    member, disk, sim = scene()
    disk.plant(0, "fail")
    passes(member, sim)
    assert 20 < len(disk.calls) < MOST_DISK_CALLS
    assert "remove" in disk.calls
    assert len(numbers_there(sim)) == COUNT
    assert len([held for held in member.book.held() if held.is_mine and not held.is_key]) == 2
    require_all(member, sim)


def test_some_calls_to_the_disk() -> None:
    """Fault 35: cut off at any call to its own disk, a merge loses nothing here or there, and the next sync goes on."""
    assert every_call_to_the_disk("crash after", 0, is_power_cut=True, step=7) > 8
    assert every_call_to_the_disk("fail", errno.ENOSPC, is_power_cut=False, step=11) > 5


@pytest.mark.long
@pytest.mark.parametrize(("fault", "number", "is_power_cut"), FAULTS)
def test_calls_to_the_disk_at_length(fault: Fault, number: int, is_power_cut: bool) -> None:
    """The same at every third call, in each way that a disk or a program ends."""
    assert every_call_to_the_disk(fault, number, is_power_cut=is_power_cut, step=3) > 20


@pytest.mark.parametrize(("is_done", "step"), [(True, 5), (False, 5)])
def test_calls_to_the_drive(is_done: bool, step: int) -> None:
    """Fault 35: a call to the drive that fails, done or not, loses nothing either."""
    hits = 0
    for at in range(1, MOST_DRIVE_CALLS, step):
        member, _, sim = scene()
        faulty = FaultyDrive(sim.face(0), fail_at=at, is_done=is_done)
        passes(member, sim, faulty)
        if not faulty.hits:
            break
        hits += 1
        require_all(member, sim)
    assert hits > 5
