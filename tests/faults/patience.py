"""Two patient people who want one journal, whatever happens to their machines on the way."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import couplejournal as cj
from couplejournal.drive.interface import Drive, Listing, Place
from couplejournal.errors import CouplejournalError
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
from couplejournal.testing.drives import DriveSim

_T = TypeVar("_T")
PATIENCE = 30


class CrashDrive:
    """Any drive, at whose ``crash_at``-th call (from 1) the process ends, before the call or right after it."""

    def __init__(self, inner: Drive) -> None:
        self.inner = inner
        self.count = 0
        self.crash_at = 0
        self.is_done = False

    def probe(self) -> Place:
        return self._around(self.inner.probe)

    def list(self) -> Listing:
        return self._around(self.inner.list)

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        return self._around(lambda: self.inner.read(path, limit_bytes=limit_bytes))

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        self._around(lambda: self.inner.publish(path, data, direct=direct))

    def remove(self, path: str) -> None:
        self._around(lambda: self.inner.remove(path))

    def _around(self, act: Callable[[], _T]) -> _T:
        self.count += 1
        if self.count != self.crash_at:
            return act()
        if self.is_done:
            act()
        raise CrashError


class Person:
    """One device and the person at it: its disk, its drive, its machine, and its program while that runs."""

    def __init__(self, name: str, home: Path, memory: MemoryDisk, drive: Drive) -> None:
        self.name = name
        self.home = home
        self.memory = memory
        self.disk = CrashDisk(memory)
        self.drive = CrashDrive(drive)
        self.system = FakeSystem(home.name)
        self.running: cj.Journal | None = None
        self.crashes = 0

    def journal(self) -> cj.Journal:
        """Return the journal, opened or begun if it is not."""
        if self.running is None:
            try:
                self.running = cj.open(home=self.home, system=self.system, disk=self.disk)
            except cj.NoJournalError:
                self.running = cj.create(
                    self.name, passphrase=cj.NO_PASSPHRASE, home=self.home, system=self.system, disk=self.disk
                )
            self.running.place.use(self.drive)
            if self.running.view().count() == 0:
                self.running.add(cj.Bid(f"{self.name} before"))
        return self.running

    def attempt(self, act: Callable[[cj.Journal], _T]) -> _T | None:
        """Do something; a crash ends the program, an error is read and left alone for now."""
        try:
            return act(self.journal())
        except CrashError:
            self.crashes += 1
            self.running = None
            self.disk.restart(is_power_cut=True)
            self.drive.crash_at = 0
        except CouplejournalError:
            self.disk.restart(is_power_cut=False)
        return None

    def shared(self) -> bytes | None:
        """Return the id of the one shared book; more than one is a failure."""
        books = [book.book for book in self.journal().device.secrets.books if book.role == "shared"]
        assert len(books) <= 1
        return books[0] if books else None


class Two:
    """An inviter and a joiner who go on, one act after the other, until both share a journal.

    ``old`` is the book that they share before, where they begin anew.
    """

    def __init__(
        self, inviter: Person, joiner: Person, sim: DriveSim, *, is_device: bool = False, old: bytes | None = None
    ) -> None:
        self.inviter = inviter
        self.joiner = joiner
        self.sim = sim
        self.is_device = is_device
        self.old = old
        self.words = ""
        self.beginnings = 0

    def go_on(self) -> None:
        """Take every open step, up to the end."""
        for _ in range(PATIENCE):
            self.inviter.attempt(self._invite)
            self.joiner.attempt(self._join)
            self.inviter.attempt(self._accept)
            if self._is_settled():
                return
        raise AssertionError("two patient people did not come to share a journal")

    def _is_settled(self) -> bool:
        done = [person.attempt(lambda journal: (journal.pairing.current,)) for person in (self.inviter, self.joiner)]
        has_come = self.joiner.attempt(lambda _: self.joiner.shared()) not in (None, self.old)
        return done == [(None,), (None,)] and has_come

    def _is_wanted(self) -> bool:
        """Return whether the joiner still has no new shared book, as far as its program could say."""
        return self.joiner.attempt(lambda _: (self.joiner.shared(),)) == (self.old,)

    def _invite(self, journal: cj.Journal) -> None:
        journal.sync()
        current = journal.pairing.current
        is_in = self.inviter.shared() not in (None, self.old) and not self.is_device
        if current is None and self._is_wanted() and not is_in and not self._is_on_its_way(journal):
            self.beginnings += 1
            current = journal.pairing.invite(
                device=self.is_device, share_existing=True, anew=self.old is not None
            )  # fmt: skip
        if isinstance(current, cj.Invitation):
            self.words = " ".join(current.words)

    def _is_on_its_way(self, journal: cj.Journal) -> bool:
        """Return whether the joiner's device is admitted already, and has only to take the book."""
        joining = self.joiner.attempt(lambda other: (other.pairing.current,))
        return self.is_device and joining != (None,) and len(journal.devices) > 2

    def _join(self, journal: cj.Journal) -> None:
        current = journal.pairing.current
        if current is None and self._is_wanted() and self.words:
            current = journal.pairing.join(self.words, share_existing=True, anew=self.old is not None)
        if isinstance(current, cj.Joining):
            theirs = self.inviter.attempt(lambda other: other.pairing.current)
            if isinstance(theirs, cj.Invitation) and current.check_words is not None:
                if theirs.check_words is not None and theirs.check_words != current.check_words:
                    current.cancel()
                    theirs.cancel()
                elif theirs.check_words == current.check_words:
                    current.confirm()
        journal.sync()

    def _accept(self, journal: cj.Journal) -> None:
        current = journal.pairing.current
        joining = self.joiner.attempt(lambda other: other.pairing.current)
        if isinstance(current, cj.Invitation) and isinstance(joining, cj.Joining) and joining.state == "confirmed":
            with contextlib.suppress(cj.PairingError):
                current.accept()
        journal.sync()


def quiet(*people: Person) -> None:
    """Let everybody sync until a round leaves every disk as it was, so that nothing moves any more."""
    for _ in range(PATIENCE):
        before = [dict(person.memory.files) for person in people]
        for person in people:
            person.journal().sync()
        if [person.memory.files for person in people] == before:
            return
    raise AssertionError("those who only sync never came to an end")


def copied(memory: MemoryDisk) -> MemoryDisk:
    """Return a disk with the same content."""
    fresh = MemoryDisk()
    fresh.files, fresh.folders = dict(memory.files), set(memory.folders)
    return fresh


def copied_sim(sim: DriveSim) -> DriveSim:
    """Return a simulated drive that stands as this one does."""
    fresh = DriveSim(len(sim.views))
    fresh.views = copy.deepcopy(sim.views)
    return fresh
