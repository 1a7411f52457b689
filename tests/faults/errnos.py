"""A disk in memory whose n-th call fails as the real one does for any error of the system, and journals upon it."""

from __future__ import annotations

import copy
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import couplejournal as cj
from couplejournal import disk as own_disk
from couplejournal.disk import Listed
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim

ERRNOS = (
    errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT, errno.EINTR,
)  # fmt: skip
_T = TypeVar("_T")


class ErrnoDisk:
    """A disk whose ``at``-th call (from 1; 0: none) fails with an errno, and every later one if ``is_lasting``.

    Where an errno makes no sense (reading from a full disk) it is an I/O error. A call that fails may have done its
    work, where the real one may have: the odd ones of those have. A new file never stands there after a failure.
    """

    def __init__(self, inner: MemoryDisk) -> None:
        self.inner = inner
        self.count = 0
        self.hits = 0
        self._at, self._number, self._is_lasting = 0, 0, False

    def plant(self, at: int, number: int = errno.EIO, *, is_lasting: bool = False) -> None:
        """Plant a failure, counted from here on."""
        self.count = self.hits = 0
        self._at, self._number, self._is_lasting = at, number, is_lasting

    def write_new(self, path: Path, data: bytes) -> None:
        self._around("save", lambda: self.inner.write_new(path, data))

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        act = lambda: self.inner.replace(path, data, durable=durable, private=private)  # noqa: E731
        self._around("save", act, halfway=act if durable else None)

    def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
        return self._around("read", lambda: self.inner.read(path, limit_bytes=limit_bytes))

    def list(self, folder: Path) -> list[Listed]:
        return self._around("list", lambda: self.inner.list(folder))

    def make_folder(self, path: Path, *, private: bool = False) -> None:
        act = lambda: self.inner.make_folder(path, private=private)  # noqa: E731
        self._around("save", act, halfway=act)

    def remove(self, path: Path) -> None:
        self._around("remove", lambda: self.inner.remove(path))

    def append(self, path: Path, data: bytes, *, durable: bool) -> None:
        half = data[: (len(data) + 1) // 2]
        self._around(
            "save", lambda: self.inner.append(path, data, durable=durable),
            halfway=lambda: self.inner.append(path, half, durable=durable),
        )  # fmt: skip

    def _around(  # noqa: RET503 - the last line always raises
        self, what: str, act: Callable[[], _T], *, halfway: Callable[[], object] | None = None
    ) -> _T:
        self.count += 1
        if not self._at or self.count < self._at or (self.count > self._at and not self._is_lasting):
            return act()
        self.hits += 1
        if halfway is not None and self._at % 2:
            halfway()
        number = errno.EIO if what in ("read", "list") and self._number in own_disk.FULL else self._number
        own_disk._fail(OSError(number, os.strerror(number)), what)


class Three:
    """Ana's laptop, whose disk may fail, Ben, and Ana's phone: copies of them as they once stood."""

    def __init__(self, folder: Path) -> None:
        """Let them begin to share a journal, with an entry of each."""
        couple = pair(folder, sim=DriveSim(3), disk=lambda _: MemoryDisk())
        phone = couple.start("Ana", home="phone", device_name="phone")
        couple.pair(couple.journals[0], phone, is_device=True)
        for journal, text in zip(couple, ("laptop", "ben", "phone"), strict=True):
            journal.add(cj.Bid(f"{text} before"))
        couple.sync()
        self._couple = couple

    def copy(self) -> tuple[Couple, ErrnoDisk]:
        """Return them once more, and the disk of Ana's laptop."""
        old = self._couple
        assert old.sim is not None
        sim = DriveSim(3)
        sim.views, sim.folders = [dict(view) for view in old.sim.views], [set(known) for known in old.sim.folders]
        fresh = Couple(old.folder, sim=sim)
        disks = []
        for number, (journal, system) in enumerate(zip(old.journals, old.systems, strict=True)):
            assert isinstance(journal.device.disk, MemoryDisk)
            inner = MemoryDisk()
            inner.files, inner.folders = dict(journal.device.disk.files), set(journal.device.disk.folders)
            disks.append(ErrnoDisk(inner))
            fresh.systems.append(copy.deepcopy(system))
            fresh.journals.append(
                cj.open(home=journal.home.config.parent, system=fresh.systems[-1], disk=disks[-1])
            )  # fmt: skip
            fresh.meet_in(fresh.journals[-1], number)
        return fresh, disks[0]
