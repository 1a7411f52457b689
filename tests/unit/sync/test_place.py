"""What a drive must prove before anything is copied."""

from __future__ import annotations

import pytest
from unit.sync.couple import Couple, Device
from unit.sync.fake_book import FakeBook, genesis_of

from couplejournal.seal.segments import SMALLEST_BYTES
from couplejournal.sync.names import folder_of
from couplejournal.sync.names import genesis_of as genesis_path_of


@pytest.fixture
def pair() -> Couple:
    """Two devices that have met."""
    couple = Couple()
    couple.meet()
    return couple


def marker(device: Device) -> str:
    """Return where the genesis lies."""
    return genesis_path_of(folder_of(device.book.id))


def test_drive_that_is_not_there(pair: Couple) -> None:
    """An unplugged drive is named, nothing is asked of it, and what is saved waits."""
    ana, _ = pair.devices
    ana.book.write("one")
    pair.sim.unplug(0)
    report = ana.sync(may_found=True)
    assert (report.drive, report.outbox, report.exit_code) == ("missing", 1, 3)
    assert dict(ana.drive.counts) == {"probe": 1}
    pair.sim.plug(0)
    assert ana.sync().published_files == 1


@pytest.mark.parametrize("litter", [(), (".DS_Store", "ours.jpg")])
def test_emptied_drive(pair: Couple, litter: tuple[str, ...]) -> None:
    """A folder that lost all of the book is named as empty, and nothing is written into it, deleted here or lost."""
    ana, _ = pair.devices
    held = dict(ana.book.files)
    pair.sim.views[0].clear()
    for name in litter:
        pair.sim.plant(0, name, b"x")
    for _ in range(3):
        report = ana.sync()
        assert (report.drive, ana.writes, ana.book.files) == ("empty", 0, held)
    pair.system.pass_by(hours=100)
    assert (ana.sync().drive, ana.writes) == ("empty", 0)


def test_remounted_folder_goes_on(pair: Couple) -> None:
    """An empty mount point costs nothing: when the drive is back, one read proves it and all else is still known."""
    ana, _ = pair.devices
    view = dict(pair.sim.views[0])
    pair.sim.views[0].clear()
    pair.sim.plug(0, inode=99)
    assert ana.sync().drive == "empty"
    pair.sim.views[0].update(view)
    pair.sim.plug(0)
    report = ana.sync()
    assert (report.drive, ana.reads, ana.writes) == ("ok", 1, 0)
    assert ana.drive.calls[-1] == ("read", marker(ana))


def test_marker_is_opened_again_when_it_changed(pair: Couple) -> None:
    """The genesis is read again when its time changed, and only then."""
    ana, _ = pair.devices
    pair.sim.plant(0, marker(ana), ana.book.genesis)
    ana.sync()
    assert ana.reads == 1
    ana.sync()
    assert ana.reads == 0


def test_another_journal(pair: Couple) -> None:
    """A folder with another book alone is named as such, and nothing is copied."""
    ana, _ = pair.devices
    pair.sim.views[0].clear()
    other = genesis_of("another")
    pair.sim.plant(0, genesis_path_of(folder_of(FakeBook(0, name="another").id)), other)
    report = ana.sync()
    assert (report.drive, ana.writes, ana.reads) == ("other", 0, 0)


def test_founding_beside_another_journal() -> None:
    """A folder that was accepted for a new book becomes its meeting place, whatever else lies there."""
    couple = Couple()
    ana, ben = couple.devices
    path = genesis_path_of(folder_of(FakeBook(0, name="another").id))
    couple.sim.plant(0, path, genesis_of("another"))
    couple.sim.plant(1, path, genesis_of("another"))
    assert ana.sync(may_found=True).drive == "ok"
    couple.carry()
    assert ben.sync().drive == "ok"
    assert couple.sim.views[0][path].data == genesis_of("another")


def test_nothing_is_founded_unasked() -> None:
    """An empty folder stays empty until somebody accepted it as the meeting place."""
    ana, _ = Couple().devices
    report = ana.sync()
    assert (report.drive, ana.writes, report.outbox) == ("empty", 0, 1)


def test_founding_goes_on_after_a_fault() -> None:
    """A founding that was cut short goes on in the same folder without being allowed again, and in no other."""
    couple = Couple()
    ana, _ = couple.devices
    ana.book.write("one")
    ana.sync(may_found=True)
    couple.sim.views[0].clear()  # all renames undone, say
    assert (ana.sync().drive, ana.writes) == ("ok", 3)
    couple.sim.views[0].clear()
    couple.sim.plug(0, inode=5)
    assert (ana.sync().drive, ana.writes) == ("empty", 0)


def test_whole_book_moves_to_a_new_folder(pair: Couple) -> None:
    """On a new meeting place everything that is held goes out at once, the words of the other too."""
    ana, ben = pair.devices
    ben.book.write("from Ben")
    ben.sync()
    pair.round()
    pair.sim.views[0].clear()
    ana.disk.files.clear()
    ana.restart()
    report = ana.sync(may_found=True)
    assert report.published_files == 1 + len(ana.book.files)
    assert ana.sync().outbox == 0


def test_marker_missing(pair: Couple) -> None:
    """Segments without the genesis are named as a missing marker, and repaired only when that was allowed."""
    ana, _ = pair.devices
    del pair.sim.views[0][marker(ana)]
    for forget in (False, True):
        if forget:
            ana.disk.files.clear()
            ana.restart()
        assert (ana.sync().drive, ana.writes) == ("marker-missing", 0)
    assert (ana.sync(may_found=True).drive, ana.writes) == ("ok", 1)
    assert (ana.sync().drive, ana.writes) == ("ok", 0)


@pytest.mark.parametrize("spoil", [lambda data: b"", lambda data: data[:-1], lambda data: bytes(len(data))])
def test_spoiled_marker(pair: Couple, spoil: object) -> None:
    """A marker with other bytes proves nothing; it is not read at every sync, and counts again when it is whole."""
    ana, _ = pair.devices
    assert callable(spoil)
    pair.sim.plant(0, marker(ana), spoil(ana.book.genesis))
    ana.book.write("one")
    assert (ana.sync().drive, ana.writes, ana.reads) == ("marker-missing", 0, 1)
    assert (ana.sync().drive, ana.writes, ana.reads) == ("marker-missing", 0, 0)
    pair.sim.plant(0, marker(ana), ana.book.genesis)
    assert (ana.sync().drive, ana.writes) == ("ok", 1)


def test_marker_under_a_conflict_name(pair: Couple) -> None:
    """A genesis that a sync client renamed proves the drive, and is put back under its own name."""
    ana, _ = pair.devices
    data = pair.sim.views[0].pop(marker(ana)).data
    pair.sim.plant(0, marker(ana) + ".conflict1", data)
    report = ana.sync()
    assert (report.drive, ana.writes) == ("ok", 1)
    assert pair.sim.views[0][marker(ana)].data == data
    assert (ana.sync().drive, ana.writes) == ("ok", 0)


def test_marker_that_is_not_downloaded(pair: Couple) -> None:
    """A placeholder for the marker is enough in a folder that was proved, and not in another."""
    ana, _ = pair.devices
    del pair.sim.views[0][marker(ana)]
    pair.sim.plant(0, f"{folder_of(ana.book.id)}/.book.cj.icloud", b"bplist00")
    assert ana.sync().drive == "ok"
    pair.sim.plug(0, inode=99)
    assert (ana.sync().drive, ana.writes) == ("marker-missing", 0)


def test_many_that_could_be_the_marker(pair: Couple) -> None:
    """Any number of files of a marker's size costs few reads at each sync, and proves nothing."""
    ana, _ = pair.devices
    pair.sim.views[0].clear()
    for number in range(300):
        pair.sim.plant(0, f"{folder_of(ana.book.id)}/{number:05d}", bytes(len(ana.book.genesis)))
    for _ in range(3):
        report = ana.sync()
        assert report.drive != "ok"
        assert ana.reads < 100
        assert ana.writes == 0


def test_another_file_of_ours_is_no_marker() -> None:
    """A segment that a tool laid beside the streams proves nothing, even where it has the size of the marker."""
    couple = Couple(1)
    [ana] = couple.devices
    ana.book = FakeBook(0, name="x" * (SMALLEST_BYTES + 28))
    ana.restart()
    toy = ana.book.write("tea?")
    assert len(toy.seal()) == len(ana.book.genesis)
    couple.sim.plant(0, f"{folder_of(ana.book.id)}/moved.seg", toy.seal())
    for _ in range(2):
        assert (ana.sync().drive, ana.writes) == ("marker-missing", 0)
