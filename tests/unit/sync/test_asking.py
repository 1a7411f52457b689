"""What another device told to lack: it goes out once more under a fresh name, bounded, and by whoever still can."""

from __future__ import annotations

import pytest
from unit.sync.couple import Couple, Device
from unit.sync.fake_book import Toy

from couplejournal.sync import asking
from couplejournal.testing.drives import SimFile

BEN, PHONE = b"ben" * 8, b"phone" * 5


@pytest.fixture
def trio() -> tuple[Couple, Device, Device, Toy]:
    """Three devices of which the first two hold a word of the first, for more than a day; the third is the judge."""
    couple = Couple(3)
    couple.meet()
    toy = couple.devices[0].book.write("tea?")
    couple.round()
    couple.round()
    couple.system.pass_by(hours=30)
    couple.round()
    return couple, couple.devices[0], couple.devices[1], toy


def tell(device: Device, key: bytes, *toys: Toy) -> None:
    """Let a device hear that another told all, and what it lacks of some segments."""
    device.book.told[key] = device.book.told.get(key, 0) + 1
    digests = {held.path: held.digest for held in device.book.held()}
    device.book.lacked[key] = {digests[toy.path] for toy in toys}


def fresh(device: Device) -> list[str]:
    """Sync, and return the endings of the fresh names that were written."""
    device.sync()
    names = [path for call, path in device.drive.calls if call == "publish"]
    assert all("-r" in name for name in names)
    return [name.rpartition("-r")[2] for name in names]


def test_what_another_lacks_goes_out_under_a_fresh_name(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """An hour after it was told, once; and not before somebody tells."""
    couple, ana, _, toy = trio
    couple.system.pass_by(hours=100)
    assert fresh(ana) == []
    tell(ana, BEN, toy)
    assert fresh(ana) == []
    couple.system.pass_by(hours=2)
    assert fresh(ana) == ["1.seg"]
    for _ in range(3):
        couple.system.pass_by(hours=50)
        assert fresh(ana) == []
    assert couple.sim.views[0][toy.path.replace(".seg", "-r1.seg")].data == toy.seal()


def test_what_came_meanwhile_does_not_go_out(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """Who told all before it read the file, and has it an hour later, lacks nothing."""
    couple, ana, _, toy = trio
    tell(ana, BEN, toy)
    assert fresh(ana) == []
    ana.book.lacked[BEN] = set()
    couple.system.pass_by(hours=2)
    assert fresh(ana) == []
    assert ana.memory.kept.asked == {}


def test_what_was_just_handed_over_is_on_its_way() -> None:
    """A file that lies there for less than a day is not missed by anybody yet."""
    couple = Couple()
    couple.meet()
    ana = couple.devices[0]
    toy = ana.book.write("tea?")
    couple.round()
    couple.round()
    tell(ana, BEN, toy)
    assert fresh(ana) == []
    couple.system.pass_by(hours=30)
    assert fresh(ana) == []


def test_whoever_asks_without_end_is_answered_ever_more_seldom(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """A device that tells each hour that it lacks something makes its owner write some files a year, and no more."""
    couple, ana, _, toy = trio
    numbers = []
    for _ in range(24 * 70):
        tell(ana, BEN, toy)
        couple.system.pass_by(hours=1)
        numbers += fresh(ana)
    assert numbers == [f"{number}.seg" for number in range(1, 8)]


def test_of_what_is_missing_the_first_files_go_out(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """Key segments alone, if some are missing; else so many files, in their order."""
    couple, ana, _, _ = trio
    toys = [ana.book.write(f"word {number}") for number in range(asking.ANSWERS_AT_ONCE + 3)]
    couple.round()
    couple.round()
    couple.system.pass_by(hours=30)
    keys = [held for held in ana.book.held() if held.is_key and held.is_mine]
    tell(ana, BEN, *toys)
    ana.book.lacked[BEN] |= {held.digest for held in keys}
    assert fresh(ana) == []
    couple.system.pass_by(hours=2)
    ana.sync()
    assert [path for call, path in ana.drive.calls if call == "publish"] == [
        held.path.replace(".seg", "-r1.seg") for held in keys
    ]
    tell(ana, BEN, *toys)
    assert fresh(ana) == []
    couple.system.pass_by(hours=2)
    assert fresh(ana) == ["1.seg"] * asking.ANSWERS_AT_ONCE


def test_others_answer_for_an_owner_who_does_not(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """A day after it was told, whoever holds it puts it out; where the owner did, nobody else does."""
    couple, _, ben, toy = trio
    tell(ben, PHONE, toy)
    assert fresh(ben) == []
    couple.system.pass_by(hours=20)
    assert fresh(ben) == []
    couple.system.pass_by(hours=5)
    assert fresh(ben) == ["1.seg"]


def test_the_dead_ask_for_nothing(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """Who told all long ago, and nothing since, does not lack what was written since, whoever else tells."""
    couple, ana, _, toy = trio
    tell(ana, PHONE)
    assert fresh(ana) == []
    later = ana.book.write("later")
    couple.round()
    couple.round()
    couple.system.pass_by(hours=30)
    tell(ana, BEN)
    ana.book.lacked[PHONE] = {held.digest for held in ana.book.held() if held.path in (toy.path, later.path)}
    assert fresh(ana) == []
    couple.system.pass_by(hours=30)
    assert fresh(ana) == []


def test_a_sync_tells_how_much_is_missing(trio: tuple[Couple, Device, Device, Toy]) -> None:
    """Spoiled files, placeholders, held-back ones and gaps count; copies of what is held, and junk, do not."""
    couple, ana, ben, toy = trio
    assert ben.sync().lacking == 0
    view = couple.sim.views[1]
    one, two, three = (ana.book.write(f"{number}") for number in range(3))
    view[one.path] = SimFile(bytes(len(one.seal())), 1)
    folder, _, name = two.path.rpartition("/")
    view[f"{folder}/.{name}.icloud"] = SimFile(b"bplist00", 1)
    view[toy.path.replace(".seg", " (1).seg")] = SimFile(toy.seal()[:-1], 1)
    view[f"{folder}/notes.txt"] = SimFile(bytes(500), 1)
    assert ben.sync().lacking == 2
    view[three.path] = SimFile(three.seal(), 1)
    assert ben.sync().lacking == 3  # and what lies before it is a gap
    stranger = Toy(book=ana.book.id, author=9, stream=b"\x09" * 16, first=1, ops=(b"?",))
    view[stranger.path] = SimFile(stranger.seal(), 1)
    assert ben.sync().lacking == 4
