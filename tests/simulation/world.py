"""Two persons with four devices, and everything around them; what one run of the simulation happens in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import attrs
from simulation import invariants
from simulation.device import Device

from couplejournal.disk import Disk
from couplejournal.errors import CouplejournalError
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
from couplejournal.testing.drives import DriveSim
from couplejournal.testing.pairs import Member, SetSystem, newcomer, pair

NAMES: Final = ("ana", "ben", "ana phone", "ben phone")
DEVICES_LIMIT: Final = 8
HOUR_MS: Final = 3_600_000


@lru_cache(maxsize=2)
def _members(*, is_real: bool) -> tuple[Member, ...]:
    """Return the four devices as every run finds them; made once for each kind of primitives."""
    return tuple(pair(*NAMES, seed=f"simulation {is_real} "))


class World:
    """The devices, the drive, and what was said and done. ``trace`` is a hash of all that happened."""

    def __init__(self, seed: int, *, is_real: bool = False) -> None:
        self.sim = DriveSim(len(NAMES), seed=seed)
        self.seed = seed
        self.devices: list[Device] = []
        for number, member in enumerate(_members(is_real=is_real)):
            assert isinstance(member.disk, MemoryDisk)
            self._add(number, self._copied(member, member.disk, f"{seed} {number}"))
        self.said: dict[bytes, set[str]] = {}  # by key, every text that was tried to be written
        self.entries: list[bytes] = []
        self.revisions: dict[bytes, list[bytes]] = {}
        self.acked: dict[bytes, str] = {}
        self.excused: set[bytes] = set()  # what a loss or a backup took, before anybody else had it
        self.apart: set[bytes] = set()  # what a removed device wrote, and the remover did not hold
        self.removed: set[bytes] = set()
        self.copies = 0
        self.now = 0
        self._trace = hashlib.sha256(b"%d" % seed)

    def begin(self) -> None:
        """Lay the book down where all meet."""
        self.devices[0].sync(may_found=True)
        self.sim.settle()
        for device in self.devices:
            device.ids = device.hold()

    @property
    def alive(self) -> list[Device]:
        """Return the devices that were not lost."""
        return [device for device in self.devices if not device.is_gone]

    def belonging(self) -> list[Device]:
        """Return the devices that were neither lost nor removed."""
        return [device for device in self.alive if device.member.own.id not in self.removed]

    def digest(self) -> str:
        """Return a hash of all that happened so far, on the drive too."""
        whole = self._trace.copy()
        whole.update(self.sim.digest().encode())
        return whole.hexdigest()

    def note(self, line: str) -> None:
        """Let something be part of the trace."""
        self._trace.update(line.encode() + b"\n")

    def attempt(self, device: Device, act: Callable[[], object], how: int = 0) -> str:
        """Let a device do something; return how it ended: "done", "refused" (a sentence of ours), or "crashed".

        After a crash it is started anew, from what a power cut left that ``how`` chooses, or, every third time, from
        everything that it had written.
        """
        try:
            act()
        except CrashError:
            device.disk.restart(is_power_cut=how % 3 != 0, choice=how // 3)
            device.restart()
            self.look_at(device)
            return "crashed"
        except CouplejournalError as error:
            return f"refused: {error}"
        return "done"

    def look_at(self, device: Device) -> None:
        """See that a device still holds what it held, and nothing that nobody wrote."""
        invariants.require_kept(self, device)

    def lose_copies(self) -> None:
        """Excuse what nobody holds any more who could bring it to the others."""
        held = {id_ for device in self.belonging() for id_ in device.hold()}
        self.excused |= self.acked.keys() - held

    def join(self, name: str, of: Device) -> Device:
        """Return a new device of somebody's person, that nobody admitted, before a view that fills by and by."""
        fresh = newcomer(name, of.member, disk=CrashDisk(MemoryDisk()), seed=f"{self.seed} ")
        return self._add(self.sim.add_device(), fresh)

    def copy(self, device: Device, *, machine: str) -> Device:
        """Return a copy of a device, as a disk that was copied and booted elsewhere."""
        assert isinstance(device.disk.inner, MemoryDisk)
        self.copies += 1
        member = self._copied(device.member, device.disk.inner, f"{self.seed} copy {self.copies}")
        member.system.machine, member.system.ms = machine, device.system.ms
        copied = self._add(self.sim.add_device(device.number), member)
        copied.ids = copied.hold()
        return copied

    def _add(self, number: int, member: Member) -> Device:
        device = Device.around(number, member, self.sim.face(number))
        self.devices.append(device)
        return device

    @staticmethod
    def _copied(member: Member, disk: MemoryDisk, seed: str) -> Member:
        inner = MemoryDisk()
        inner.files.update(disk.files)
        inner.folders.update(disk.folders)
        around: Disk = CrashDisk(inner)
        fresh = attrs.evolve(member, disk=around, system=SetSystem(seed))
        fresh.reopen()
        return fresh
