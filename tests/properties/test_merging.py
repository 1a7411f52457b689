"""Merging among all else that may happen: files come and go, and no operation does, here, on the drive or elsewhere."""

from __future__ import annotations

from functools import lru_cache

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from properties.test_convergence import DEVICES, LATE, choices, devices
from properties.test_restored import MOST, Restored

from couplejournal.book import merging
from couplejournal.drive.interface import Drive, Listing, Place
from couplejournal.sync import Sync, SyncMemory
from couplejournal.testing.disks import CrashDisk, CrashError, Fault
from couplejournal.testing.drives import DriveSim, FaultyDrive
from couplejournal.testing.pairs import Member, pair

ROUGHER = {**LATE, "resurrect": 4, "take_snapshot": 2, "roll_back": 2, "rename_both": 1, "undo_rename": 1}
MINUTE_MS = 60_000


@lru_cache(maxsize=1)
def reader() -> Member:
    """Return a device of Ben's that was admitted and holds no word: what it makes of a folder is what lies there."""
    _, ben, _ = pair("ana", "ben", "ana phone")
    return ben


class WatchedDrive:
    """A device's view, which fails where a deletion takes an operation from it that was there before."""

    def __init__(self, sim: DriveSim, number: int) -> None:
        self.inner: Drive = sim.face(number)
        self.removed = 0
        self._view = sim.views[number]
        self._sim, self._number = sim, number

    def probe(self) -> Place:
        return self.inner.probe()

    def list(self) -> Listing:
        return self.inner.list()

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        return self.inner.read(path, limit_bytes=limit_bytes)

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        self.inner.publish(path, data, direct=direct)

    def remove(self, path: str) -> None:
        before = self._ids()
        self.inner.remove(path)
        self.removed += 1
        assert self._ids() == before, "a deletion took an operation from the folder"

    def _ids(self) -> set[bytes]:
        fresh = reader().copied()
        fresh.book.take([file.data for file in self._sim.views[self._number].values()])
        return {op.id for op in fresh.ops()}


class Merged(Restored):
    """As before, with merges of two files already, and time for what they hold to go."""

    weights = ROUGHER

    def __init__(self) -> None:
        super().__init__()
        self.drives: list[WatchedDrive] = []

    @initialize(seed=choices)
    def begin(self, seed: int) -> None:
        """Found the meeting place, of which every view is watched."""
        super().begin(seed)
        self.drives = [WatchedDrive(self.sim, number) for number in range(DEVICES)]
        for device, drive in zip(self.devices, self.drives, strict=True):
            device.face = drive  # type: ignore[assignment]
            device.restart()

    @rule(device=devices, count=st.integers(2, 6))
    def chat(self, device: int, count: int) -> None:
        """Write some entries, each with a sync, as most people do."""
        for _ in range(count):
            self.go_on(device, "w")
            self.devices[device].sync()

    @rule(device=devices, minutes=st.sampled_from([9, 11, 11, 11, 70]))
    def wait(self, device: int, minutes: int) -> None:
        """Let time pass and sync, twice: what was handed over long enough ago is folded."""
        for _ in range(2):
            self.devices[device].member.system.ms += minutes * MINUTE_MS
            self.devices[device].sync()

    @rule(device=devices)
    def merge(self, device: int) -> None:
        """Merge at any time, as another process of the device may."""
        self.devices[device].member.opened().merge()

    @rule(device=devices, at=st.integers(1, 12), is_done=st.booleans())
    def fail(self, device: int, at: int, is_done: bool) -> None:
        """Let a call to the drive fail in a sync, done or not; it may be that of a deletion."""
        one, whole = self.devices[device], self.drives[device]
        faulty = FaultyDrive(whole, fail_at=at, calls=frozenset({"publish", "remove"}), is_done=is_done)
        memory = SyncMemory(one.member.disk, one.member.state / "sync.json")
        Sync(one.member.book, faulty, memory, one.member.system).run()

    @rule(device=devices, at=st.integers(1, 60), fault=st.sampled_from(["crash", "crash after"]))
    def crash(self, device: int, at: int, fault: Fault) -> None:
        """End the program at any call to its disk, in a sync, with all gone that was not synced."""
        if self.restores == MOST:
            return
        one = self.devices[device]
        inner, disk = one.member.disk, CrashDisk(one.member.disk)
        one.member.disk = disk
        one.restart()
        disk.plant(at, fault)
        try:
            one.sync()
        except CrashError:
            self.restores += 1
        disk.restart()
        one.member.disk = inner
        one.restart()


@pytest.fixture
def quick_merges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two files be enough for a merge."""
    monkeypatch.setattr(merging, "TIER", 2)


@pytest.mark.usefixtures("quick_merges")
def test_merges_cost_nobody_a_word() -> None:
    """I1, I2: with merges, crashes, backups put back and a rough drive no deletion takes an operation from anybody."""
    run_state_machine_as_test(Merged, settings=settings(max_examples=12, stateful_step_count=30))


@pytest.mark.long
@pytest.mark.usefixtures("quick_merges")
def test_merges_cost_nobody_a_word_at_length() -> None:
    """The same, longer and more often."""
    run_state_machine_as_test(Merged, settings=settings(max_examples=30, stateful_step_count=50))
