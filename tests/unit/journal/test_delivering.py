"""How far entries have come: saved here, handed over, reached a device; said only when it is proved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.journal import Journal
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Ana and Ben before a simulated folder."""
    made = pair(tmp_path, sim=DriveSim(3), disk=lambda _: MemoryDisk())
    yield made
    made.close()


def way(journal: Journal, entry: cj.Entry) -> tuple[str, list[str]]:
    """Return the state of an entry, and the names of the persons whose devices hold it."""
    found = journal.deliveries([journal.entry(entry.id)])[entry.id]
    return found.state, [device.person.name for device in found.devices]


def counts(journal: Journal) -> tuple[int, int, list[int]]:
    """Return how many entries there are, are handed over, and are held by each other device."""
    found = journal.status().progress
    return found.entries, found.handed_over, [one.count for one in found.devices]


def test_each_step_is_said_when_it_is_proved_and_not_before(couple: Couple) -> None:
    """Written is not seen there, seen there is not arrived, and arrived is what the other's device signed."""
    ana, ben = couple
    assert couple.sim is not None
    entry = ana.add(cj.Bid("Tea?"))
    assert (way(ana, entry), counts(ana)) == (("saved", []), (1, 0, [0]))
    ana.sync()  # written; nobody has seen it there
    assert (way(ana, entry), counts(ana)) == (("saved", []), (1, 0, [0]))
    ana.sync()
    assert (way(ana, entry), counts(ana)) == (("handed over", []), (1, 1, [0]))
    couple.settle()
    ben.sync()  # it is there now, and his answer is under way
    assert way(ana, entry)[0] == "handed over"
    couple.settle()
    ana.sync()
    assert (way(ana, entry), counts(ana)) == (("reached", ["Ben"]), (1, 1, [1]))


def test_nothing_is_said_of_what_is_private_or_another_s(couple: Couple) -> None:
    """Of private entries, and of the other's, no way is told."""
    ana, ben = couple
    ana.add(cj.Note("mine alone"))
    ben.add(cj.Bid("his"))
    couple.sync()
    assert ana.deliveries(ana.entries()) == {}
    assert counts(ana) == (0, 0, [0])


def test_a_revision_has_its_own_way(couple: Couple) -> None:
    """An entry that was changed has arrived when the change has."""
    ana, _ = couple
    entry = ana.add(cj.Bid("Tea?"))
    couple.sync()
    assert way(ana, entry)[0] == "reached"
    ana.revise(entry.id, cj.Bid("Tea, or coffee?"))
    assert way(ana, entry) == ("saved", [])
    couple.sync()
    assert way(ana, entry)[0] == "reached"


def test_one_s_own_other_device_is_not_the_other_s(couple: Couple) -> None:
    """What only one's own phone holds was handed over and reached no device of the other."""
    ana, ben = couple
    phone = couple.start("Ana", home="phone", device_name="phone")
    couple.pair(ana, phone, is_device=True)
    couple.sync()
    couple.journals.remove(ben)
    entry = ana.add(cj.Bid("Tea?"))
    couple.sync()
    state, names = way(ana, entry)
    assert (state, names) == ("handed over", ["Ana"])
    assert [(one.device.person.name, one.count) for one in ana.status().progress.devices] == [("Ben", 0), ("Ana", 1)]
    assert way(phone, entry)[0] == "handed over"
    couple.journals.append(ben)


def test_what_a_host_takes_away_again_is_not_handed_over(couple: Couple) -> None:
    """A file that is seen to be gone is called saved again, until it lies there once more."""
    ana, _ = couple
    assert couple.sim is not None
    before = set(couple.sim.views[0])
    entry = ana.add(cj.Bid("Tea?"))
    ana.sync()
    ana.sync()
    [path] = set(couple.sim.views[0]) - before
    assert way(ana, entry)[0] == "handed over"
    del couple.sim.views[0][path]
    ana.sync()
    assert way(ana, entry)[0] == "saved"
    ana.sync()
    assert way(ana, entry)[0] == "handed over"
