"""A lost laptop, in tests: the words as they were written down, and a bare machine before the same folder."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import couplejournal as cj
from couplejournal.disk import Disk
from couplejournal.journal.recovery import root_of
from couplejournal.pairing.recovering import Machine, recover
from couplejournal.store.home import Home
from couplejournal.store.settings import Settings
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.couples import Couple
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim


class Kept:
    """A couple on disks in memory and a simulated drive, as it stands now: every copy of it goes its own way."""

    def __init__(self, couple: Couple) -> None:
        self._couple = couple

    def copy(self) -> Couple:
        """Return the couple once more."""
        old = self._couple
        assert old.sim is not None
        sim = DriveSim(len(old.sim.views))
        sim.views, sim.folders = [dict(view) for view in old.sim.views], [set(known) for known in old.sim.folders]
        fresh = Couple(old.folder, sim=sim, disk=lambda _: MemoryDisk())
        for number, (journal, system) in enumerate(zip(old.journals, old.systems, strict=True)):
            assert isinstance(journal.device.disk, MemoryDisk)
            disk = MemoryDisk()
            disk.files, disk.folders = dict(journal.device.disk.files), set(journal.device.disk.folders)
            fresh.systems.append(copy.deepcopy(system))
            fresh.journals.append(
                cj.open(home=journal.home.config.parent, system=fresh.systems[-1], disk=disk)
            )  # fmt: skip
            fresh.meet_in(fresh.journals[-1], number)
        return fresh


def written_down(journal: cj.Journal) -> tuple[str, ...]:
    """Return the recovery words, shown and three of them typed back."""
    words = journal.recovery.words()
    journal.recovery.confirm({number: words[number - 1] for number in journal.recovery.ask()})
    return words


def recovered(
    couple: Couple, words: Iterable[str], *, home: str = "new", name: str | None = None, disk: Disk | None = None
) -> cj.Journal:
    """Return the journal that a bare machine has after recovery from the couple's folder; it is one of theirs now."""
    system = FakeSystem(home)
    journal = cj.recover(
        couple.drive, words, name=name, passphrase=cj.NO_PASSPHRASE, home=couple.folder / home, device_name=home,
        system=system, disk=disk,
    )  # fmt: skip
    couple.systems.append(system)
    couple.journals.append(journal)
    return journal


def recovered_in(couple: Couple, words: Iterable[str], face: int, *, home: str = "new") -> cj.Journal:
    """Return what `recovered` does, before a simulated drive."""
    assert couple.sim is not None
    system, disk = FakeSystem(home), MemoryDisk()
    machine = Machine(Home.locate(couple.folder / home, {}), disk, system, "open", None)
    recover(
        machine, root_of(words), [couple.sim.face(face)], lambda _: Settings(), name=None, device_name=home
    )  # fmt: skip
    journal = cj.open(home=couple.folder / home, system=system, disk=disk)
    couple.systems.append(system)
    couple.journals.append(journal)
    couple.meet_in(journal, face)
    return journal


def lose(couple: Couple, number: int = 0) -> cj.Journal:
    """Take one journal out of the couple, as a stolen laptop goes, and return it."""
    couple.systems.pop(number)
    return couple.journals.pop(number)


def texts(journal: cj.Journal, audience: str | None = "shared") -> list[str]:
    """Return the texts of the entries that both can read, sorted."""
    return sorted(entry.text for entry in journal.entries(audience=audience))
