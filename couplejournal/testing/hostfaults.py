"""What hosts and sync clients do to the folder that each device of a `DriveSim` sees (docs/spec/sync.md 8).

Each fault is a method of its own. ``device`` is whose view it befalls; ``choice`` is any number, and is taken modulo
what there is to choose from. Nothing here reaches another view unless it says so.
"""

from __future__ import annotations

import hashlib
from typing import Final

import attrs

from couplejournal.drive.interface import Place

LITTER: Final = (
    ".DS_Store", "._seg", "desktop.ini", "Icon\r", ".stfolder/marker", ".stversions/{book}/streams/old.seg",
    "@eaDir/{book}/x.seg", ".Trash-1000/files/x.seg", "{book}/.syncthing.x.seg.tmp", "{book}/Thumbs.db",
    "{book}/streams/notes.txt", "photos/2026/ours.jpg", "\udcff\udcfe.seg",
)  # fmt: skip
PLACEHOLDER: Final = ".icloud"
_TIMES_NS: Final = (0, 10**9, 4_000_000_000 * 10**9, 1_700_000_001 * 10**9)  # 1970, coarse, year 2096, all the same


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


class HostFaults:
    """The views of some devices, and all that may befall one of them. The base of `DriveSim`."""

    def __init__(self, devices: int, *, seed: int) -> None:
        self.views: list[dict[str, SimFile]] = [{} for _ in range(devices)]
        self.folders: list[set[str]] = [set() for _ in range(devices)]
        self.pending: list[Delivery] = []
        self.dropped: list[Delivery] = []
        self.places = [Place(exists=True, identity=(7, device, "simfs"), fs_type="simfs") for device in range(devices)]
        self.refused: list[set[str]] = [set() for _ in range(devices)]
        self.listings: list[dict[str, SimFile] | None] = [None] * devices
        self._stubbed: list[dict[str, SimFile]] = [{} for _ in range(devices)]
        self._blocked: list[set[str]] = [set() for _ in range(devices)]
        self._snapshots: list[tuple[int, dict[str, SimFile]]] = []
        self._removed: list[Delivery] = []
        self._now_ns = 1_700_000_000 * 10**9
        self._trace = hashlib.sha256(b"%d" % seed)

    def digest(self) -> str:
        """Return a hash of all that happened so far."""
        return self._trace.copy().hexdigest()

    def plant(self, device: int, path: str, data: bytes) -> None:
        """Put any file into one view alone."""
        self._put(device, path, data)

    def plant_folder(self, device: int, path: str) -> None:
        """Put an empty folder into one view alone, under any name."""
        self.folders[device].add(path)

    def relent(self, device: int) -> None:
        """End all that lasts in a view: what is unplugged, refused, frozen, a placeholder, or blocked by a folder."""
        self.permit(device)
        self.thaw(device)
        for path in [path for path in self.views[device] if path.endswith(PLACEHOLDER)]:  # of an older state
            del self.views[device][path]
        self.folders[device] -= self._blocked[device]
        self._blocked[device].clear()
        if not self.places[device].exists:
            self.plug(device)

    # What is shown under a wrong name.

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

    def fold(self, device: int, choice: int) -> None:
        """Change the case of a file's name, as hosts do that know no case."""
        path = self._some(device, choice)
        if path is not None:
            folder, slash, name = path.rpartition("/")
            self._put(device, f"{folder}{slash}{name.swapcase()}", self.views[device].pop(path).data)

    def swap(self, device: int, choice: int) -> None:
        """Let two files have each other's name."""
        one, other = self._some(device, choice), self._some(device, choice // 7)
        if one is not None and other is not None:
            view = self.views[device]
            first, second = view[one].data, view[other].data
            self._put(device, one, second)
            self._put(device, other, first)

    def stub(self, device: int, choice: int) -> None:
        """Show a placeholder in the place of a file that was not downloaded."""
        path = self._some(device, choice)
        if path is not None:
            folder, slash, name = path.rpartition("/")
            placeholder = f"{folder}{slash}.{name}{PLACEHOLDER}"
            self._stubbed[device][path] = self.views[device].pop(path)
            self._put(device, placeholder, b"bplist00")

    # What goes.

    def delete(self, device: int, choice: int) -> None:
        """Lose a file: in this view alone, or, every second time, everywhere."""
        path = self._some(device, choice)
        if path is not None and choice // 3 % 2:
            self.take_away(device, path)
        elif path is not None:
            gone = self.views[device].pop(path)
            self._removed.append(Delivery(device, path, gone.data))
            self._note(f"delete {device} {path}")

    def empty(self, device: int, choice: int) -> None:
        """Lose all files: in this view alone, or, every fourth time, everywhere."""
        for path in sorted(self.views[device]):
            if choice % 4:
                self._removed.append(Delivery(device, path, self.views[device].pop(path).data))
            else:
                self.take_away(device, path)
        self._note(f"empty {device}")

    def take_snapshot(self, device: int) -> None:
        """Remember a view for `roll_back`."""
        self._snapshots.append((device, dict(self.views[device])))

    def roll_back(self, choice: int) -> None:
        """Show a device an older state of its folder."""
        if self._snapshots:
            device, view = self._snapshots[choice % len(self._snapshots)]
            self.views[device] = dict(view)
            self._note(f"roll back {device}")

    def replay(self, device: int, choice: int) -> None:
        """Put the files of an older state of some view back beside all that is here now."""
        if self._snapshots:
            _, view = self._snapshots[choice % len(self._snapshots)]
            for path, file in view.items():
                if path not in self.views[device]:
                    self._put(device, path, file.data)

    def resurrect(self, choice: int) -> None:
        """Bring a removed file back, as some hosts do months later."""
        if self._removed:
            one = self._removed[choice % len(self._removed)]
            self._put(one.device, one.path, one.data or b"")

    # What is spoiled.

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

    def grow(self, device: int, choice: int) -> None:
        """Leave something behind the end of a file."""
        path = self._some(device, choice)
        if path is not None:
            self._put(device, path, self.views[device][path].data + bytes(1 + choice % 4096))

    def cut(self, device: int, choice: int) -> None:
        """Cut a file that was whole already."""
        path = self._some(device, choice)
        if path is not None and self.views[device][path].data:
            data = self.views[device][path].data
            self._put(device, path, data[: choice // 7 % len(data)])

    def splice(self, device: int, choice: int) -> None:
        """Put the end of one file behind the beginning of another."""
        one, other = self._some(device, choice), self._some(device, choice // 7)
        if one is not None and other is not None:
            first, second = self.views[device][one].data, self.views[device][other].data
            at = choice // 11 % (len(first) + 1)
            self._put(device, one, first[:at] + second[at:])

    def spread(self, device: int, choice: int) -> None:
        """Send a file of this view to all others, as a client does that takes a spoiled file for a new version."""
        path = self._some(device, choice)
        if path is not None:
            self.pending += [Delivery(other, path, self.views[device][path].data) for other in self._others(device)]

    # What is laid there.

    def litter(self, device: int, choice: int) -> None:
        """Leave what hosts and their tools leave."""
        books = sorted({path.split("/")[0] for path in self.views[device] if path.count("/") > 1}) or ["0" * 32]
        name = LITTER[choice % len(LITTER)].format(book=books[choice % len(books)])
        self._put(device, name, hashlib.sha256(b"%d" % choice).digest() * (choice % 3))

    def forge(self, device: int, choice: int) -> None:
        """Lay down a file of noise under a likely name: a segment's, a copy's, the genesis'."""
        path = self._some(device, choice) or f"{'0' * 32}/book.cj"
        noise = hashlib.shake_256(b"%d" % choice).digest(choice // 3 % 1500)
        head = self.views[device][path].data[: choice // 5 % 300] if path in self.views[device] else b"CJS1"
        folder, slash, name = path.rpartition("/")
        if choice % 2:
            number = choice % 10**8
            name = f"{number:08d}-{number:08d}-{hashlib.sha256(noise).hexdigest()[:32]}.seg"
        self._put(device, f"{folder}{slash}{name}", head + noise)

    def block(self, device: int, choice: int) -> None:
        """Put a folder under the name of a file."""
        path = self._some(device, choice)
        if path is not None:
            self._removed.append(Delivery(device, path, self.views[device].pop(path).data))
            self.folders[device].add(path)
            self._blocked[device].add(path)
            self._note(f"block {device} {path}")

    # What lies there and is told wrongly.

    def refuse(self, device: int, choice: int) -> None:
        """List a file that cannot be read now: locked, not permitted, not downloaded."""
        path = self._some(device, choice)
        if path is not None:
            self.refused[device].add(path)

    def permit(self, device: int) -> None:
        """Let everything be read again that was refused or is shown by a placeholder."""
        self.refused[device].clear()
        for path, file in self._stubbed[device].items():
            folder, slash, name = path.rpartition("/")
            if self.views[device].pop(f"{folder}{slash}.{name}{PLACEHOLDER}", None) is not None:
                self.views[device].setdefault(path, file)
        self._stubbed[device].clear()

    def freeze(self, device: int, choice: int) -> None:
        """Go on listing what lies there now, or, every third time, half of it, until `thaw`."""
        view = self.views[device]
        self.listings[device] = {path: view[path] for at, path in enumerate(sorted(view)) if choice % 3 or at % 2}

    def thaw(self, device: int) -> None:
        """List what lies there."""
        self.listings[device] = None

    def touch(self, device: int, choice: int) -> None:
        """Give a file another time: coarse, of 1970, or of a year to come."""
        path = self._some(device, choice)
        if path is not None:
            self._put(device, path, self.views[device][path].data, mtime_ns=_TIMES_NS[choice // 3 % len(_TIMES_NS)])

    def unplug(self, device: int) -> None:
        """Take the folder away from a device."""
        self.places[device] = Place(exists=False)

    def plug(self, device: int, *, inode: int | None = None) -> None:
        """Give the folder back, with another inode where it shall look like another folder."""
        identity = (7, device if inode is None else inode, "simfs")
        self.places[device] = Place(exists=True, identity=identity, fs_type="simfs")

    def take_away(self, device: int, path: str) -> None:
        """Remove a file from the view of a device and tell the others."""
        gone = self.views[device].pop(path, None)
        if gone is not None:
            self._note(f"remove {device} {path}")
            self._removed.append(Delivery(device, path, gone.data))
            self.pending += [Delivery(other, path, None) for other in self._others(device)]

    def _others(self, device: int) -> list[int]:
        return [other for other in range(len(self.views)) if other != device]

    def _some(self, device: int, choice: int) -> str | None:
        view = sorted(path for path in self.views[device] if not path.endswith(PLACEHOLDER))
        return view[choice % len(view)] if view else None

    def _put(self, device: int, path: str, data: bytes, *, mtime_ns: int | None = None) -> None:
        if path in self._blocked[device]:
            return
        self._now_ns += 1_000_000
        self.views[device][path] = SimFile(data, self._now_ns if mtime_ns is None else mtime_ns)
        self._note(f"put {device} {path!r} {hashlib.sha256(data).hexdigest()}")

    def _note(self, line: str) -> None:
        self._trace.update(line.encode("utf-8", "surrogateescape") + b"\n")
