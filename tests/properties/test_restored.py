"""Backups put back and copies switched on, among all else that may happen: nobody loses a word that left its device."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import rule, run_state_machine_as_test
from properties.test_convergence import Convergence, Device, choices, devices

from couplejournal.testing.disks import MemoryDisk

What = Literal["all", "replica", "state"]
MOST = 4


class Restored(Convergence):
    """As before; and devices are set back to what they were, in whole or in part."""

    def __init__(self) -> None:
        super().__init__()
        self.backups: list[tuple[int, dict[Path, bytes]]] = []
        self.restores = 0

    def go_on(self, number: int, steps: str) -> None:
        """Let a device write (w) and sync (s), and let what it handed over reach the others' views."""
        for step in steps:
            if step == "w":
                op = self.devices[number].member.write(f"word {len(self.told)}")
                self.told.append((op.id, op.word))
            else:
                self.devices[number].sync()
                self.sim.settle()

    @rule(device=devices, steps=st.sampled_from(["", "w", "ws", "wsw", "swsw"]))
    def back_up(self, device: int, steps: str) -> None:
        """Make a backup of a device, and go on."""
        self.backups.append((device, dict(files_of(self.devices[device]))))
        self.go_on(device, steps)

    @rule(
        choice=choices, what=st.sampled_from(["all", "replica", "state"]), steps=st.sampled_from(["", "w", "s", "ws"])
    )
    def restore(self, choice: int, what: What, steps: str) -> None:
        """Put a backup back: what was written since and never left the device is gone, and nothing else."""
        if not self.backups or self.restores == MOST:
            return
        number, backup = self.backups[choice % len(self.backups)]
        self.set_back(number, backup, what)
        self.go_on(number, steps)

    def set_back(self, number: int, backup: dict[Path, bytes], what: What) -> None:
        """Put a backup of a device back."""
        self.restores += 1
        device = self.devices[number]
        member, files = device.member, files_of(device)
        folder = {"all": Path("/"), "replica": member.replica, "state": member.state}[what]
        own = {op.id for op in member.ops() if op.key == member.own.id}
        for path in [path for path in files if path.is_relative_to(folder)]:
            del files[path]
        files.update({path: data for path, data in backup.items() if path.is_relative_to(folder)})
        device.restart()
        gone = own - {op.id for op in member.ops()} - self.elsewhere(number)
        self.told = [told for told in self.told if told[0] not in gone]

    def elsewhere(self, number: int) -> set[bytes]:
        """Return what a newcomer would read in this device's view of the folder, and what the others hold."""
        found = {op.id for other in self.devices if other is not self.devices[number] for op in other.member.ops()}
        reader = self.devices[(number + 1) % len(self.devices)].member.copied()
        reader.book.take([file.data for file in self.sim.views[number].values()])
        return found | {op.id for op in reader.ops()}

    def teardown(self) -> None:
        """All hold the same in the end; each writes in one pair of streams, and none were begun without end."""
        super().teardown()
        if not hasattr(self, "devices"):
            return
        places = [device.member.book.places() for device in self.devices]
        assert places[0] == places[1] == places[2]
        assert len({head[0] for head in places[0]}) <= 2 * len(self.devices) + 4 * self.restores
        for device in self.devices:
            member = device.member
            assert len({member.write("on").stream for _ in range(3)}) == 1
            codes = {notice.code for notice in member.book.notices()}
            assert codes <= ({"forked", "restored-or-copied", "named-unknown", "cut"} if self.restores else set())


def files_of(device: Device) -> dict[Path, bytes]:
    """Return what lies on a device's disk."""
    assert isinstance(device.member.disk, MemoryDisk)
    return device.member.disk.files


def test_backups_put_back_cost_nobody_a_word() -> None:
    """Whatever is restored, of the replica, the notes or both, devices converge on all that ever left a device."""
    run_state_machine_as_test(Restored, settings=settings(max_examples=20, stateful_step_count=30))


@pytest.mark.long
def test_backups_put_back_cost_nobody_a_word_at_length() -> None:
    """The same, longer and more often."""
    run_state_machine_as_test(Restored, settings=settings(max_examples=100, stateful_step_count=60))
