"""A drive in memory that behaves as badly as real ones do, the same way each time.

Each device has its own view of the folder. What one writes reaches the others through a queue, out of which a seeded
scheduler delivers late, twice, in another order, in part, under a conflict's name, or only at the end; and each view
may be emptied, rolled back, zero-filled, littered or forged (docs/spec/sync.md 8). Every fault is also a method of its
own, so that a test may choose, and ``choice`` is any number: it is taken modulo what there is to choose from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from couplejournal.drive import names
from couplejournal.drive.interface import (
    DriveFile,
    DriveMissingError,
    Listing,
    NotYetError,
    Place,
    UnfitFileError,
)

LITTER: Final = (
    ".DS_Store", "._seg", "desktop.ini", "Icon\r", ".stfolder/marker", ".stversions/{book}/streams/old.seg",
    "@eaDir/{book}/x.seg", ".Trash-1000/files/x.seg", "{book}/.syncthing.x.seg.tmp", "{book}/Thumbs.db",
    "{book}/streams/notes.txt", "photos/2026/ours.jpg", "\udcff\udcfe.seg",
)  # fmt: skip
CALM: Final[Mapping[str, int]] = MappingProxyType({"deliver": 1})
ROUGH: Final[Mapping[str, int]] = MappingProxyType({
    "deliver": 40, "duplicate": 5, "postpone": 8, "drop": 4, "tear": 6, "conflict": 4, "rename_both": 2, "delete": 3,
    "take_snapshot": 2, "roll_back": 2, "zero_fill": 2, "flip": 2, "resurrect": 2, "litter": 3, "undo_rename": 2,
})  # fmt: skip


@attrs.frozen
class SimFile:
    """What lies under one name in one view."""

    data: bytes
    mtime_ns: int


@attrs.frozen
class Delivery:
    """A change on its way to one device; ``data`` is None where a file was removed."""

    device: int
    path: str
    data: bytes | None


class DriveSim:
    """One folder as ``devices`` devices see it. The same seed and the same calls give the same `digest`.

    ``weights`` says how often `step` does what: `CALM`, `ROUGH`, or any other choice of the methods' names.
    """

    def __init__(self, devices: int, *, seed: int = 0, weights: Mapping[str, int] = CALM) -> None:
        self.views: list[dict[str, SimFile]] = [{} for _ in range(devices)]
        self.folders: list[set[str]] = [set() for _ in range(devices)]
        self.pending: list[Delivery] = []
        self.dropped: list[Delivery] = []
        self.places = [Place(exists=True, identity=(7, device, "simfs"), fs_type="simfs") for device in range(devices)]
        self._weights = dict(weights)
        self._snapshots: list[tuple[int, dict[str, SimFile]]] = []
        self._removed: list[Delivery] = []
        self._seed = seed
        self._draws = 0
        self._now_ns = 1_700_000_000 * 10**9
        self._trace = hashlib.sha256(b"%d" % seed)

    def face(self, device: int) -> SimDrive:
        """Return the drive as this device sees it."""
        return SimDrive(self, device)

    def draw(self, below: int) -> int:
        """Return the next number of this seed, from 0 up to and without ``below``."""
        self._draws += 1
        return int.from_bytes(hashlib.sha256(b"%d %d" % (self._seed, self._draws)).digest()[:8]) % max(below, 1)

    def digest(self) -> str:
        """Return a hash of all that happened so far."""
        return self._trace.copy().hexdigest()

    # What a device does.

    def write(self, device: int, path: str, data: bytes) -> None:
        """Put a file into the view of a device and send it to the others."""
        self._put(device, path, data)
        self.pending += [Delivery(other, path, data) for other in self._others(device)]

    def take_away(self, device: int, path: str) -> None:
        """Remove a file from the view of a device and tell the others."""
        gone = self.views[device].pop(path, None)
        if gone is not None:
            self._note(f"remove {device} {path}")
            self._removed.append(Delivery(device, path, gone.data))
            self.pending += [Delivery(other, path, None) for other in self._others(device)]

    # What the drive, its software and its host do.

    def step(self) -> str:
        """Let one thing happen, as the weights have it, and return its name."""
        acts = [act for act, weight in self._weights.items() for _ in range(weight)]
        act = acts[self.draw(len(acts))]
        choice, device = self.draw(1 << 32), self.draw(len(self.views))
        if act in {"deliver", "duplicate", "postpone", "drop", "tear", "roll_back", "resurrect"}:
            getattr(self, act)(choice)
        elif act == "take_snapshot":
            self.take_snapshot(device)
        else:
            getattr(self, act)(device, choice)
        return act

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

    def conflict(self, device: int, choice: int) -> None:
        """Leave a copy of a file under a conflict's name, as most sync clients do."""
        path = self._some(device, choice)
        if path is not None:
            stem, dot, kind = path.rpartition(".")
            mark = ("{} (Ann's conflicted copy 2026-01-02){}", "{} (1){}", "{}.sync-conflict-20260102-030405-ABCDEFG{}")
            name = mark[choice // 5 % len(mark)].format(stem if dot else path, dot + kind if dot else "")
            self._put(device, name, self.views[device][path].data)

    def rename_both(self, device: int, choice: int) -> None:
        """Rename a file and its other version, so that the agreed name is gone."""
        path = self._some(device, choice)
        if path is not None:
            file = self.views[device].pop(path)
            self._put(device, f"{path}.conflict1", file.data)

    def undo_rename(self, device: int, choice: int) -> None:
        """Put a file back under a temporary name, as a mount does that renames while it uploads."""
        path = self._some(device, choice)
        if path is not None:
            folder = path.rpartition("/")[0]
            self._put(device, f"{folder}/~$cj{choice % 2**32:08x}.tmp".lstrip("/"), self.views[device].pop(path).data)

    def delete(self, device: int, choice: int) -> None:
        """Lose a file: in this view alone, or, every second time, everywhere."""
        path = self._some(device, choice)
        if path is not None and choice // 3 % 2:
            self.take_away(device, path)
        elif path is not None:
            gone = self.views[device].pop(path)
            self._removed.append(Delivery(device, path, gone.data))
            self._note(f"delete {device} {path}")

    def resurrect(self, choice: int) -> None:
        """Bring a removed file back, as some hosts do months later."""
        if self._removed:
            one = self._removed[choice % len(self._removed)]
            self._put(one.device, one.path, one.data or b"")

    def take_snapshot(self, device: int) -> None:
        """Remember a view for `roll_back`."""
        self._snapshots.append((device, dict(self.views[device])))

    def roll_back(self, choice: int) -> None:
        """Show a device an older state of its folder."""
        if self._snapshots:
            device, view = self._snapshots[choice % len(self._snapshots)]
            self.views[device] = dict(view)
            self._note(f"roll back {device}")

    def zero_fill(self, device: int, choice: int) -> None:
        """Turn a file to zeros, or, every second time, to nothing, with its time kept: what a power cut leaves."""
        path = self._some(device, choice)
        if path is not None:
            file = self.views[device][path]
            self._put(device, path, bytes(len(file.data)) if choice // 3 % 2 else b"", mtime_ns=file.mtime_ns)

    def flip(self, device: int, choice: int) -> None:
        """Turn one bit of a file, with its time kept."""
        path = self._some(device, choice)
        if path is not None and self.views[device][path].data:
            file = self.views[device][path]
            data = bytearray(file.data)
            data[choice // 11 % len(data)] ^= 1 << choice % 8
            self._put(device, path, bytes(data), mtime_ns=file.mtime_ns)

    def litter(self, device: int, choice: int) -> None:
        """Leave what hosts and their tools leave."""
        books = sorted({path.split("/")[0] for path in self.views[device] if path.count("/") > 1}) or ["0" * 32]
        name = LITTER[choice % len(LITTER)].format(book=books[choice % len(books)])
        self._put(device, name, hashlib.sha256(b"%d" % choice).digest() * (choice % 3))

    def plant(self, device: int, path: str, data: bytes) -> None:
        """Put any file into one view alone."""
        self._put(device, path, data)

    def plant_folder(self, device: int, path: str) -> None:
        """Put an empty folder into one view alone, under any name."""
        self.folders[device].add(path)

    def unplug(self, device: int) -> None:
        """Take the folder away from a device."""
        self.places[device] = Place(exists=False)

    def plug(self, device: int, *, inode: int | None = None) -> None:
        """Give the folder back, with another inode where it shall look like another folder."""
        identity = (7, device if inode is None else inode, "simfs")
        self.places[device] = Place(exists=True, identity=identity, fs_type="simfs")

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

    def _others(self, device: int) -> list[int]:
        return [other for other in range(len(self.views)) if other != device]

    def _some(self, device: int, choice: int) -> str | None:
        view = sorted(self.views[device])
        return view[choice % len(view)] if view else None

    def _arrive(self, one: Delivery) -> None:
        view = self.views[one.device]
        if one.data is None:
            view.pop(one.path, None)
            self._note(f"gone {one.device} {one.path}")
            return
        old = view.get(one.path)
        if old is not None and not one.data.startswith(old.data):  # two versions: the loser gets another name
            stem, _, kind = one.path.rpartition(".")
            self._put(one.device, f"{stem}.sync-conflict-20260102-{len(view):06d}-ABCDEFG.{kind}", old.data)
        self._put(one.device, one.path, one.data)

    def _put(self, device: int, path: str, data: bytes, *, mtime_ns: int | None = None) -> None:
        self._now_ns += 1_000_000
        self.views[device][path] = SimFile(data, self._now_ns if mtime_ns is None else mtime_ns)
        self._note(f"put {device} {path!r} {hashlib.sha256(data).hexdigest()}")

    def _note(self, line: str) -> None:
        self._trace.update(line.encode("utf-8", "surrogateescape") + b"\n")


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
        return [
            DriveFile(path, len(file.data), file.mtime_ns)
            for path, file in sorted(self._view.items())
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
        if not self._sim.places[self._device].exists or path not in self._view:
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
        folders = self._sim.folders[self._device]
        if path in folders or any(other.startswith(f"{path}/") for other in [*self._sim.views[self._device], *folders]):
            raise UnfitFileError("a folder in the shared folder has the name of a file of ours")


def is_offered(path: str) -> bool:
    """Say whether a listing contains a file of this path."""
    *folders, name = path.split("/")
    if folders and names.is_invites(folders[0]) and len(folders) > 1:
        return False
    return names.is_text(name) and all(names.is_entered(folder, depth) for depth, folder in enumerate(folders))


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
