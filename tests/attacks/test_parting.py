"""Attacks by somebody who leaves, or is left. The numbers are those of the threat list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.book import Book, Draft
from couplejournal.journal import Journal
from couplejournal.ops import words
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim
from couplejournal.testing.pairs import fields_of, note


@pytest.fixture
def room(tmp_path: Path) -> Iterator[tuple[Couple, DriveSim]]:
    """Return Ana and Ben, who share a journal with an entry of each, each before a view of the folder of their own."""
    sim = DriveSim(3)
    couple = pair(tmp_path, sim=sim, disk=lambda _: MemoryDisk())
    for journal, name in zip(couple, ("Ana", "Ben"), strict=True):
        journal.add(cj.Bid(f"{name} shares"))
        journal.add(cj.Note(f"{name} alone"))
    couple.sync()
    yield couple, sim
    couple.close()


def texts(journal: Journal, audience: str = "shared") -> list[str]:
    """Return the texts of what an audience reads, sorted."""
    return sorted(entry.text for entry in journal.entries(audience=audience))


def old_book(journal: Journal) -> Book:
    """Return the one earlier book of two."""
    [book] = journal.device.parted
    return book


def test_35_both_end_offline(room: tuple[Couple, DriveSim]) -> None:
    """35, M19, M21, M22: both end while apart, then sync: one closed book, the same for both, nothing lost."""
    couple, _ = room
    ana, ben = couple
    for journal, name in ((ana, "Ana"), (ben, "Ben")):
        journal.add(cj.Bid(f"{name}'s last"))
        journal.parting.leave()
        assert journal.add(cj.Bid(f"{name} after")).audience == "waiting"
        assert journal.add(cj.Note(f"{name} to oneself")).audience == "private"
    couple.sync()
    assert texts(ana) == texts(ben) == ["Ana shares", "Ana's last", "Ben shares", "Ben's last"]
    one, other = old_book(ana), old_book(ben)
    assert (one.id, one.places()) == (other.id, other.places())
    assert one.enders() == other.enders() == {one.own_key, other.own_key}
    assert [journal.status().parted[0].state for journal in couple] == ["stopped", "stopped"]
    couple.pair(ana, ben)
    assert (ana.partner_name, ben.partner_name) == ("Ben", "Ana")
    assert ana.device.shared is not None
    assert old_book(ana).id == one.id != ana.device.shared.id
    ana.add(cj.Bid("anew"))
    couple.sync()
    assert texts(ana) == texts(ben) == ["Ana shares", "Ana's last", "Ben shares", "Ben's last", "anew"]
    assert texts(ben, "waiting") == ["Ben after"]
    assert texts(ana, "waiting") == ["Ana after"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_35_the_end_is_the_same_whoever_is_heard_first(room: tuple[Couple, DriveSim], order: tuple[int, int]) -> None:
    """35: in whatever order the ends arrive, each reads the same closed book."""
    couple, sim = room
    for number in order:
        couple.journals[number].parting.leave()
        couple.journals[number].sync()
    sim.settle()
    couple.sync()
    ana, ben = couple
    assert texts(ana) == texts(ben) == ["Ana shares", "Ben shares"]
    assert not ana.is_shared
    assert not ben.is_shared


def test_36_38_the_end_is_no_weapon(room: tuple[Couple, DriveSim]) -> None:
    """36, 38, M16: who ends, then forges, fills and empties, takes no entry, no key and no device from the other."""
    couple, sim = room
    ana, ben = couple
    mine = ana.device.shared
    theirs = ben.device.shared
    assert mine is not None
    assert theirs is not None
    belonging = {key.id: (key.person, key.is_live) for key in mine.membership.keys.values()}
    entry = next(ana.entries(text="Ana shares"))
    never_said = fields_of(cj.Note("never said"))
    ben.parting.leave()
    theirs._writer.append_keys([Draft("remove", words.Remove([(mine.own_key, [])]))])
    theirs._writer.append([Draft("retract", words.Retract(entry=bytes.fromhex(entry.id), after=[]))])
    theirs._writer.append([Draft("revise", words.Revise(entry=bytes.fromhex(entry.id), after=[], fields=never_said))])
    couple.sync()
    for number in range(200):
        sim.plant(0, f"{mine.folder}/streams/{number:032x}/00000001-00000001-{number:032x}.seg", bytes(600))
    couple.sync()
    sim.views[0].clear()
    couple.sync()
    for journal in (ana, couple.restart(0)):
        assert texts(journal) == ["Ana shares", "Ben shares"]
        assert texts(journal, "private") == ["Ana alone"]
        held = old_book(journal).membership.keys.values()
        assert {key.id: (key.person, key.is_live) for key in held} == belonging
        assert journal.add(cj.Note("written all the same")).audience == "private"
        couple.journals[0].retract(next(couple.journals[0].entries(text="written all the same")))


def test_who_left_is_not_reached_through_the_folder(room: tuple[Couple, DriveSim]) -> None:
    """M22: what the other's program goes on writing into the old book does not come to a device that has left."""
    couple, _ = room
    ana, ben = couple
    ana.parting.leave()
    couple.sync()
    for number in range(3):
        old_book(ben)._writer.append([note(f"message {number}")])
        couple.sync()
    assert texts(ben) == ["Ana shares", "Ben shares", "message 0", "message 1", "message 2"]
    assert texts(ana) == ["Ana shares", "Ben shares"]


def test_a_new_partner_learns_nothing_of_the_one_before(room: tuple[Couple, DriveSim], tmp_path: Path) -> None:
    """M24, M25: another partner's device and folder hold no byte of the old book, and no entry of it goes over."""
    couple, _ = room
    ana = couple.journals[0]
    old = ana.device.shared
    assert old is not None
    files = {held.path for held in old.held()}
    ana.parting.leave()
    couple.sync()
    ana.add(cj.Bid("between the two"))
    couple.journals.pop(1)
    couple.systems.pop(1)
    couple.sim = None
    carl = couple.start("Carl", home="carl")
    ana.place.use(carl.place.drive())
    couple.pair(ana, carl)
    couple.sync()
    assert list(carl.entries()) == []
    lying = {path.relative_to(couple.drive).as_posix() for path in couple.drive.rglob("*") if path.is_file()}
    assert lying
    assert lying.isdisjoint(files)
    assert not any(path.startswith(old.folder) for path in lying)
