"""Two persons, three devices and a folder that misbehaves: equal sets of operations give equal views, always."""

from __future__ import annotations

import random
from functools import lru_cache

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from couplejournal.model.entry import Entry
from couplejournal.sync import Sync, SyncMemory, SyncReport
from couplejournal.testing.drives import DriveSim
from couplejournal.testing.pairs import Member, pair

DEVICES = 3
LATE = {"deliver": 10, "duplicate": 4, "postpone": 4, "drop": 3, "tear": 2, "conflict": 2}
HOUR_MS = 3_600_000
devices = st.integers(0, DEVICES - 1)
choices = st.integers(0, 1 << 16)
texts = st.sampled_from(["Tea?", "", "Listen: 🎵", "für dich", "a\nb", "x" * 3000])


@lru_cache(maxsize=1)
def members() -> tuple[Member, ...]:
    """Return Ana with two devices and Ben, who know each other and have written nothing."""
    return tuple(pair("ana", "ben", "ana phone"))


class Device:
    """One device, its way to the folder, and what it was told to be saved."""

    def __init__(self, member: Member, sim: DriveSim, number: int) -> None:
        self.member = member.copied()
        self.face = sim.face(number)
        self.restart()

    def restart(self) -> None:
        """Start the program anew."""
        self.member.reopen()
        memory = SyncMemory(self.member.disk, self.member.state / "sync.json")
        self.engine = Sync(self.member.book, self.face, memory, self.member.system)

    def sync(self, *, may_found: bool = False) -> SyncReport:
        """Sync once and answer what is owed, as the journal does."""
        report = self.engine.run(may_found=may_found)
        assert report.drive == "ok"
        assert not report.refused
        assert not report.foreign
        if report.changed:
            self.member.book.tend()
        return report

    def seen(self, *, order: int | None = None) -> list[Entry]:
        """Return what this device shows, of its operations in their own or in any other order."""
        ops = self.member.ops()
        if order is not None:
            random.Random(order).shuffle(ops)
            ops += ops[: order % 7]  # and some of them twice
        return list(self.member.view(me=members()[0].person, ops=ops).entries())


class Convergence(RuleBasedStateMachine):
    """All that people, programs and the drive may do, in any order."""

    weights = LATE

    @initialize(seed=choices)
    def begin(self, seed: int) -> None:
        """Found the meeting place."""
        self.sim = DriveSim(DEVICES, seed=seed, weights=self.weights)
        self.devices = [Device(member, self.sim, number) for number, member in enumerate(members())]
        self.told: list[tuple[bytes, str]] = []
        self.entries: list[bytes] = []
        self.named: dict[bytes, list[bytes]] = {}
        self.devices[0].sync(may_found=True)
        self.sim.settle()

    @rule(device=devices, text=texts, is_joint=st.booleans(), choice=choices)
    def write(self, device: int, text: str, is_joint: bool, choice: int) -> None:
        """Write an entry, on some other one."""
        refs = [("about", self.entries[choice % len(self.entries)])] if self.entries and choice % 2 else []
        op = self.devices[device].member.write(text, joint=is_joint, refs=refs)
        self.told.append((op.id, op.word))
        self.entries.append(op.id)

    @rule(device=devices, text=texts, choice=choices)
    def revise(self, device: int, text: str, choice: int) -> None:
        """Revise an entry that this device may not even hold, after some of its revisions."""
        if self.entries:
            entry = self.entries[choice % len(self.entries)]
            known = self.named.setdefault(entry, [entry])
            op = self.devices[device].member.revise(entry, [known[choice % len(known)]], text)
            known.append(op.id)
            self.told.append((op.id, op.word))

    @rule(device=devices, choice=choices)
    def retract(self, device: int, choice: int) -> None:
        """Retract an entry, knowing some of its revisions."""
        if self.entries:
            entry = self.entries[choice % len(self.entries)]
            known = self.named.setdefault(entry, [entry])
            op = self.devices[device].member.retract(entry, known[: 1 + choice % len(known)])
            self.told.append((op.id, op.word))

    @rule(device=devices)
    def sync(self, device: int) -> None:
        """Sync one device."""
        self.devices[device].sync()

    @rule(device=devices)
    def tend(self, device: int) -> None:
        """Let a device answer what others asked for."""
        self.devices[device].member.book.tend()

    @rule(device=devices)
    def acknowledge(self, device: int) -> None:
        """Let a device tell what it holds."""
        self.devices[device].member.book.acknowledge()

    @rule(device=devices)
    def restart(self, device: int) -> None:
        """Start a program anew."""
        self.devices[device].restart()

    @rule(device=devices, hours=st.integers(-30, 30))
    def set_clock(self, device: int, hours: int) -> None:
        """Let a device's clock jump, back too."""
        self.devices[device].member.system.ms += hours * HOUR_MS

    @rule(steps=st.integers(1, 8))
    def drive(self, steps: int) -> None:
        """Let the drive deliver late, twice, in another order, in part, under another name, or not yet."""
        for _ in range(steps):
            self.sim.step()

    @invariant()
    def equal_operations_give_equal_views(self) -> None:
        """Devices that hold the same operations show the same."""
        if hasattr(self, "devices"):
            held: dict[frozenset[bytes], list[Entry]] = {}
            for device in self.devices:
                ids = frozenset(op.id for op in device.member.ops())
                if ids in held:
                    assert device.seen(order=len(ids)) == held[ids]
                else:
                    held[ids] = device.seen()

    def teardown(self) -> None:
        """End all faults: within a few rounds everyone holds the same, and all that was ever acknowledged."""
        if not hasattr(self, "devices"):
            return
        for _ in range(4):
            for device in self.devices:
                self.sim.settle()
                device.member.system.ms += 48 * HOUR_MS
                device.sync()
        books = [device.member.book for device in self.devices]
        assert all(book.gaps() == [] for book in books)
        held = [{op.id: op.word for op in device.member.ops()} for device in self.devices]
        assert held[0] == held[1] == held[2]
        assert set(self.told) <= set(held[0].items())
        views = [device.seen(order=order) for order, device in enumerate(self.devices)]
        assert views[0] == views[1] == views[2]
        for device in self.devices:
            device.restart()
            assert device.seen() == views[0]


def test_equal_operations_give_equal_views() -> None:
    """F15, I1: whatever people and the drive do, devices converge, agree at every step, and lose nothing."""
    run_state_machine_as_test(Convergence, settings=settings(max_examples=25, stateful_step_count=30))


@pytest.mark.long
def test_equal_operations_give_equal_views_at_length() -> None:
    """The same, longer and more often."""
    run_state_machine_as_test(Convergence, settings=settings(max_examples=250, stateful_step_count=80))
