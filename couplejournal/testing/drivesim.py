"""A drive in memory that behaves as badly as real ones do, the same way each time.

Each device has its own view of the folder. What one writes reaches the others through a queue, out of which a seeded
scheduler delivers late, twice, in another order, in part, under a conflict's name, or only at the end; and each view
may be emptied, rolled back, zero-filled, littered or forged (docs/spec/sync.md 8). Every fault is also a method of its
own, here or in `HostFaults`, so that a test may choose, and ``choice`` is any number: it is taken modulo what there is
to choose from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from couplejournal.drive import names
from couplejournal.drive.interface import (
    DriveFile,
    DriveMissingError,
    Listing,
    NotYetError,
    Place,
    UnfitFileError,
)
from couplejournal.testing.hostfaults import LITTER, PLACEHOLDER, Delivery, HostFaults, SimFile

__all__ = ["CALM", "HOSTILE", "LITTER", "ROUGH", "Delivery", "DriveSim", "SimDrive", "SimFile", "is_offered"]

CALM: Final[Mapping[str, int]] = MappingProxyType({"deliver": 1})
ROUGH: Final[Mapping[str, int]] = MappingProxyType({
    "deliver": 40, "duplicate": 5, "postpone": 8, "drop": 4, "tear": 6, "conflict": 4, "rename_both": 2, "delete": 3,
    "take_snapshot": 2, "roll_back": 2, "zero_fill": 2, "flip": 2, "resurrect": 2, "litter": 3, "undo_rename": 2,
})  # fmt: skip
HOSTILE: Final[Mapping[str, int]] = MappingProxyType({
    **ROUGH, "fold": 1, "swap": 1, "stub": 1, "empty": 1, "replay": 1, "grow": 1, "cut": 1, "splice": 1, "spread": 2,
    "forge": 3, "block": 1, "refuse": 2, "permit": 2, "freeze": 1, "thaw": 2, "touch": 2,
})  # fmt: skip
_BY_CHOICE: Final = frozenset({"deliver", "duplicate", "postpone", "drop", "tear", "roll_back", "resurrect"})
_BY_DEVICE: Final = frozenset({"take_snapshot", "permit", "thaw", "unplug", "plug", "relent"})


class DriveSim(HostFaults):
    """One folder as ``devices`` devices see it. The same seed and the same calls give the same `digest`.

    ``weights`` says how often `step` does what: `CALM`, `ROUGH`, `HOSTILE`, or any other choice of the methods' names.
    """

    def __init__(self, devices: int, *, seed: int = 0, weights: Mapping[str, int] = CALM) -> None:
        super().__init__(devices, seed=seed)
        self._acts = [act for act, weight in weights.items() for _ in range(weight)]
        self._seed = seed
        self._draws = 0

    def face(self, device: int) -> SimDrive:
        """Return the drive as this device sees it."""
        return SimDrive(self, device)

    def draw(self, below: int) -> int:
        """Return the next number of this seed, from 0 up to and without ``below``."""
        self._draws += 1
        return int.from_bytes(hashlib.sha256(b"%d %d" % (self._seed, self._draws)).digest()[:8]) % max(below, 1)

    # What a device does.

    def write(self, device: int, path: str, data: bytes) -> None:
        """Put a file into the view of a device and send it to the others."""
        self._put(device, path, data)
        self.pending += [Delivery(other, path, data) for other in self._others(device)]

    # What the drive, its software and its host do.

    def step(self) -> str:
        """Let one thing happen, as the weights have it, and return its name."""
        act = self._acts[self.draw(len(self._acts))]
        choice, device = self.draw(1 << 32), self.draw(len(self.views))
        self.do(act, device, choice)
        return act

    def do(self, act: str, device: int, choice: int) -> None:
        """Let a fault happen by its name; those that befall the queue do not ask for the device."""
        if act in _BY_CHOICE:
            getattr(self, act)(choice)
        elif act in _BY_DEVICE:
            getattr(self, act)(device)
        else:
            getattr(self, act)(device, choice)

    def add_device(self, like: int | None = None) -> int:
        """Give one more device a view, and return its number: a copy of another's, or one that is filled by and by."""
        number = len(self.views)
        self.views.append({} if like is None else dict(self.views[like]))
        for lists in (self.folders, self.refused, self._blocked):
            lists.append(set())
        self.listings.append(None)
        self._stubbed.append({} if like is None else dict(self._stubbed[like]))
        self.places.append(Place(exists=True, identity=(7, number, "simfs"), fs_type="simfs"))
        if like is None:
            there = {path: file.data for view in self.views for path, file in sorted(view.items())}
            self.pending += [Delivery(number, path, data) for path, data in there.items()]
        else:
            self.pending += [Delivery(number, one.path, one.data) for one in self.pending if one.device == like]
        return number

    def deliver(self, choice: int = 0) -> None:
        """Let one change arrive, whichever: so they arrive in any order."""
        if self.pending:
            self._arrive(self.pending.pop(choice % len(self.pending)))

    def duplicate(self, choice: int) -> None:
        """Let one change arrive twice."""
        if self.pending:
            self.pending.append(self.pending[choice % len(self.pending)])

    def postpone(self, choice: int) -> None:
        """Put one change behind all others."""
        if self.pending:
            self.pending.append(self.pending.pop(choice % len(self.pending)))

    def drop(self, choice: int) -> None:
        """Lose one change until `settle`."""
        if self.pending:
            self.dropped.append(self.pending.pop(choice % len(self.pending)))

    def tear(self, choice: int) -> None:
        """Show a prefix of an arriving file under its final name; the rest comes when it is delivered."""
        if self.pending:
            one = self.pending[choice % len(self.pending)]
            if one.data:
                self._put(one.device, one.path, one.data[: choice // 7 % len(one.data)])

    def settle(self) -> None:
        """Let all arrive, and make all views equal: any of several versions of a name may win, none is lost in all."""
        while self.pending or self.dropped:
            self.pending += self.dropped
            self.dropped = []
            self.deliver()
        for path in sorted({path for view in self.views for path in view}):
            versions = sorted({view[path].data for view in self.views if path in view})
            winner = versions[self.draw(len(versions))]
            for device, view in enumerate(self.views):
                if path not in view or view[path].data != winner:
                    self._put(device, path, winner)

    def _arrive(self, one: Delivery) -> None:
        view = self.views[one.device]
        if one.path.endswith(PLACEHOLDER):
            return  # each client has placeholders of its own
        if one.data is None:
            view.pop(one.path, None)
            self._note(f"gone {one.device} {one.path}")
            return
        old = view.get(one.path)
        if old is not None and not one.data.startswith(old.data):  # two versions: the loser gets another name
            stem, _, kind = one.path.rpartition(".")
            self._put(one.device, f"{stem}.sync-conflict-20260102-{len(view):06d}-ABCDEFG.{kind}", old.data)
        self._put(one.device, one.path, one.data)


class SimDrive:
    """The folder as one device sees it: a `Drive`, held to the same contract as the real one."""

    def __init__(self, sim: DriveSim, device: int) -> None:
        self._sim = sim
        self._device = device

    @property
    def _view(self) -> dict[str, SimFile]:
        if not self._sim.places[self._device].exists:
            raise DriveMissingError("the shared folder is not there")
        return self._sim.views[self._device]

    def probe(self) -> Place:
        """Say where this device's view stands."""
        return self._sim.places[self._device]

    def list(self) -> Listing:
        """Return the files of this view that a real drive would offer.

        Raises:
            DriveMissingError: it is unplugged.
        """
        view, frozen = self._view, self._sim.listings[self._device]
        return [
            DriveFile(path, len(file.data), file.mtime_ns)
            for path, file in sorted((view if frozen is None else frozen).items())
            if is_offered(path)
        ]

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            NotYetError: it is not in this view, or the view is not there.
            UnfitFileError: it is a folder, or larger than the limit.
            ValueError: ``path`` leaves the drive.
        """
        names.require_inside(path)
        self._require_no_folder(path)
        if (
            not self._sim.places[self._device].exists
            or path not in self._view
            or path in self._sim.refused[self._device]
        ):
            raise NotYetError("a file in the shared folder cannot be read yet")
        data = self._view[path].data
        if len(data) > limit_bytes:
            raise UnfitFileError("a file in the shared folder is too large to be ours")
        return data

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Put a file into this view; it is on its way to the others.

        Raises:
            DriveMissingError: it is unplugged.
            UnfitFileError: a folder has this name, or a file that of its folder.
            ValueError: ``path`` is no name that may stand on a drive.
        """
        del direct
        names.require_publishable(path)
        view = self._view
        self._require_no_folder(path)
        if any(above in view for above in _folders_above(path)):
            raise UnfitFileError("something in the shared folder is not a folder of ours")
        self._sim.write(self._device, path, bytes(data))

    def remove(self, path: str) -> None:
        """Remove a file from this view; the others will hear of it.

        Raises:
            DriveMissingError: it is unplugged.
            UnfitFileError: a folder has this name.
            ValueError: ``path`` leaves the drive.
        """
        names.require_inside(path)
        if path not in self._view:
            self._require_no_folder(path)
        self._sim.take_away(self._device, path)

    def _require_no_folder(self, path: str) -> None:
        folders, view = self._sim.folders[self._device], self._sim.views[self._device]
        if path in view and path not in folders:
            return  # nothing lies below a file
        if path in folders or any(other.startswith(f"{path}/") for other in [*view, *folders]):
            raise UnfitFileError("a folder in the shared folder has the name of a file of ours")


@lru_cache(maxsize=1 << 14)
def is_offered(path: str) -> bool:
    """Say whether a listing contains a file of this path."""
    *folders, name = path.split("/")
    if folders and names.is_invites(folders[0]) and len(folders) > 1:
        return False
    return names.is_text(name) and all(names.is_entered(folder, depth) for depth, folder in enumerate(folders))


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
