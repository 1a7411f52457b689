"""What goes: published in order, confirmed later, put back when the drive lost it."""

from __future__ import annotations

import errno
import hashlib

import pytest
from unit.sync.couple import Couple
from unit.sync.fake_book import Toy

from couplejournal.testing.drives import FaultyDrive, SimFile

HOURS = 3600


@pytest.fixture
def pair() -> Couple:
    """Two devices that have met."""
    couple = Couple()
    couple.meet()
    return couple


def published(calls: list[tuple[str, str]]) -> list[str]:
    """Return the names that were written, in order."""
    return [path for call, path in calls if call == "publish"]


def test_order_of_publishing() -> None:
    """The genesis goes first, key segments next, and each stream in its order."""
    couple = Couple()
    ana, _ = couple.devices
    for number in range(5):
        ana.book.write(f"word {number}")
    ana.sync(may_found=True)
    paths = published(ana.drive.calls)
    assert paths[0].endswith("/book.cj")
    assert paths[1:] == [held.path for held in ana.book.held()]


def test_undone_rename(pair: Couple) -> None:
    """A file whose rename was undone is not handed over; the second try writes the final name directly."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    ana.sync()
    data = pair.sim.views[0].pop(toy.path).data
    pair.sim.plant(0, toy.path.rpartition("/")[0] + "/~$cj12345678.tmp", data)
    tries = []
    real = ana.drive.inner.publish

    def publish(path: str, data: bytes, *, direct: bool = False) -> None:
        tries.append((path, direct))
        real(path, data, direct=direct)

    ana.drive.inner.publish = publish  # type: ignore[method-assign]
    report = ana.sync()
    assert (report.handed_over, report.outbox, tries) == (0, 1, [(toy.path, True)])
    report = ana.sync()
    assert (report.handed_over, report.outbox, ana.writes) == (1, 0, 0)


def test_file_that_ends_empty(pair: Couple) -> None:
    """A write that succeeded and left an empty file is tried again until the exact bytes are read back."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    ana.sync()
    pair.sim.plant(0, toy.path, b"")
    assert (ana.sync().outbox, ana.writes) == (1, 1)
    assert (ana.sync().outbox, ana.writes) == (0, 0)


def test_drive_that_never_keeps_a_file(pair: Couple) -> None:
    """A file that never stays is tried ever more rarely, and never given up."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    writes = 0
    for _ in range(100):
        assert ana.sync().outbox == 1
        writes += ana.writes
        pair.sim.views[0].pop(toy.path, None)
        pair.system.pass_by(seconds=60)
    assert 5 < writes < 20


def test_own_loss_is_put_back_at_once(pair: Couple) -> None:
    """What the drive lost of one's own goes back byte for byte in the next sync, and is told."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    pair.round()
    pair.round()
    del pair.sim.views[0][toy.path]
    report = ana.sync()
    assert (report.restored, report.published_files, report.outbox) == (1, 0, 1)
    assert any("lost 1 file" in line for line in report.problems)
    assert pair.sim.views[0][toy.path].data == toy.seal()
    assert (ana.sync().outbox, ana.writes) == (0, 0)


def test_loss_of_the_other_is_put_back_after_a_day(pair: Couple) -> None:
    """What the drive lost of the other's words goes back when it was missing for 24 hours, and not before."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.round()
    pair.round()
    del pair.sim.views[1][toy.path]
    for hours, writes in ((0, 0), (12, 0), (11.9, 0), (0.2, 1), (0, 0), (100, 0)):
        pair.system.pass_by(hours=hours)
        ben.sync()
        assert ben.writes == writes
    assert "tea?" in ben.book.words()


def test_loss_that_ends_before_the_day(pair: Couple) -> None:
    """A file that came back is lost anew only a day after it is missing again."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.round()
    pair.round()
    for _ in range(3):
        file = pair.sim.views[1].pop(toy.path)
        ben.sync()
        pair.system.pass_by(hours=20)
        assert (ben.sync().restored, ben.writes) == (0, 0)
        pair.sim.views[1][toy.path] = file
        ben.sync()


def test_lost_key_segment_is_put_back_by_anyone(pair: Couple) -> None:
    """A lost key segment is put back at once by whoever holds it."""
    ana, ben = pair.devices
    key = next(held for held in ana.book.held() if held.is_key and held.is_mine)
    del pair.sim.views[1][key.path]
    assert (ben.sync().restored, published(ben.drive.calls)) == (1, [key.path])


def test_merged_segment_covers(pair: Couple) -> None:
    """Small segments that went while a larger one covers them are no loss, for nobody."""
    ana, ben = pair.devices
    small = [ana.book.write(f"word {number}") for number in range(3)]
    pair.round()
    pair.round()
    ops = tuple(op for toy in small for op in toy.ops)
    merged = Toy(book=ana.book.id, author=0, stream=small[0].stream, first=1, ops=ops)
    for view in range(2):
        pair.sim.plant(view, merged.path, merged.seal())
        for toy in small:
            del pair.sim.views[view][toy.path]
    for device in pair.devices:
        device.sync()
        pair.system.pass_by(hours=30)
        report = device.sync()
        assert (report.restored, report.outbox, report.problems, device.writes) == (0, 0, (), 0)
    assert len(ben.book.words()) == 3


def test_partly_covered_is_lost(pair: Couple) -> None:
    """A segment of which another holds a part alone is missed like any other."""
    ana, ben = pair.devices
    toy = ana.book.write("one", "two")
    pair.round()
    pair.round()
    half = Toy(book=ana.book.id, author=0, stream=toy.stream, first=1, ops=(b"one",))
    pair.sim.plant(1, half.path, half.seal())
    del pair.sim.views[1][toy.path]
    ben.sync()
    pair.system.pass_by(hours=25)
    assert ben.sync().restored == 1


def test_folder_in_the_way(pair: Couple) -> None:
    """A folder that squats on a segment's name makes the same bytes go out under a fresh one."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.sim.plant_folder(0, toy.path)
    assert ana.sync().published_files == 1
    assert ana.sync().outbox == 0
    pair.carry()
    ben.sync()
    assert ben.book.words() == {"tea?"}


def test_one_bad_name_delays_no_other_stream() -> None:
    """A file that cannot be written holds back its own stream alone."""
    couple = Couple()
    ana, _ = couple.devices
    couple.meet()
    first = ana.book.write("one")
    ana.book.write("two")
    other = Toy(book=ana.book.id, author=0, stream=b"\7" * 16, first=1, ops=(b"elsewhere",))
    ana.book.files[other.path] = other.seal()
    couple.sim.plant_folder(0, first.path)
    couple.sim.plant_folder(0, first.path.replace(".seg", "-r1.seg"))
    report = ana.sync()
    assert (report.drive, report.published_files, report.outbox) == ("failed", 1, 3)
    assert published(ana.drive.calls)[-1] == other.path
    report = ana.sync()
    assert (report.published_files, report.restored) == (2, 0)
    assert ana.sync().outbox == 0


def test_shrunken_listing_is_read_again(pair: Couple) -> None:
    """A listing that lacks what was there is read a second time before it is believed, and then believed."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    ana.sync()
    ana.sync()
    real = ana.drive.inner.list
    answers = [[file for file in real() if file.path != toy.path]]
    ana.drive.inner.list = lambda: answers.pop() if answers else real()  # type: ignore[method-assign]
    report = ana.sync()
    assert (ana.drive.counts["list"], report.restored, ana.reads, ana.writes) == (2, 0, 0, 0)
    del pair.sim.views[0][toy.path]
    assert (ana.sync().restored, ana.drive.counts["list"]) == (1, 2)


def test_nothing_is_ever_removed(pair: Couple) -> None:
    """No sync removes anything from a drive."""
    ana, ben = pair.devices
    for number in range(5):
        ana.book.write(f"from Ana {number}")
        ben.book.write(f"from Ben {number}")
        pair.round()
    assert ana.drive.counts["remove"] == ben.drive.counts["remove"] == 0


def test_words_of_a_device_that_is_gone() -> None:
    """What a lost device wrote reaches a third one through whoever holds it, when the drive has lost it too."""
    couple = Couple(3)
    ana, ben, eve = couple.devices
    couple.meet()
    toy = ana.book.write("my last words")
    ana.sync()
    couple.sim.plant(1, toy.path, toy.seal())
    ben.sync()
    couple.sim.pending.clear()
    del couple.sim.views[1][toy.path]
    ben.sync()
    couple.system.pass_by(hours=25)
    ben.sync()
    couple.carry()
    eve.sync()
    assert eve.book.words() == {"my last words"}


def test_temporary_name_is_no_place_to_stay(pair: Couple) -> None:
    """Words of the other that lie under a temporary name alone are missed, for such a file may go any moment."""
    ana, ben = pair.devices
    toy = ana.book.write("tea?")
    pair.round()
    pair.round()
    data = pair.sim.views[1].pop(toy.path).data
    pair.sim.plant(1, toy.path.rpartition("/")[0] + "/~$cj12345678.tmp", data)
    ben.sync()
    pair.system.pass_by(hours=25)
    assert (ben.sync().restored, published(ben.drive.calls)) == (1, [toy.path])


@pytest.mark.parametrize("is_booted", [False, True])
def test_rewritten_file_with_the_time_of_the_spoiled_one(pair: Couple, is_booted: bool) -> None:
    """What was written over is read again, even where a coarse clock gives it the size and time it had."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    ana.sync()
    if is_booted:
        ana.sync()
        ana.system.boot = "boot-2"
    spoiled = bytes(len(toy.seal()))
    mtime_ns = pair.sim.views[0][toy.path].mtime_ns
    pair.sim.views[0][toy.path] = SimFile(spoiled, mtime_ns)
    assert (ana.sync().outbox, ana.writes) == (1, 1)
    pair.sim.views[0][toy.path] = SimFile(toy.seal(), mtime_ns)
    assert (ana.sync().outbox, ana.writes) == (0, 0)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.ETIMEDOUT])
def test_first_writing_that_fails_is_no_loss(pair: Couple, number: int) -> None:
    """What could not be written at first is published when it can be; nobody is told that the drive had lost it."""
    ana, _ = pair.devices
    ana.book.write("tea?")
    faulty = FaultyDrive(pair.sim.face(0), fail_at=1, number=number, calls=frozenset({"publish"}))
    ana.drive.inner = faulty
    ana.sync()
    report = ana.sync()
    assert (faulty.hits, report.published_files, report.restored, report.problems) == (1, 1, 0, ())


def test_no_race_with_what_takes_away(pair: Couple) -> None:
    """A file that is removed whenever it was put back goes back ever more rarely, one's own and another's alike."""
    ana, ben = pair.devices
    for device in (ana, ben):
        view = pair.sim.views[device.book.author]
        held = next(held for held in ana.book.held() if held.is_key and held.is_mine)
        writes = 0
        for _ in range(50):
            view.pop(held.path, None)
            device.sync()
            writes += device.writes
            device.sync()
        assert 0 < writes <= 3
        pair.system.pass_by(hours=3)
        view.pop(held.path, None)
        assert device.sync().restored == 1


def test_fresh_names_end(pair: Couple) -> None:
    """A stream's folder whose name is taken costs no more and more names, and the words go when it is free."""
    ana, _ = pair.devices
    toy = ana.book.write("tea?")
    folder = toy.path.rpartition("/")[0]
    pair.sim.plant(0, folder, b"not a folder")
    for _ in range(30):
        assert ana.sync().outbox == 1
    assert ana.memory.kept.sent[hashlib.sha256(toy.seal()).hexdigest()[:32]].name < 10
    del pair.sim.views[0][folder]
    assert ana.sync().published_files == 1
    assert ana.sync().outbox == 0


def test_covered_words_are_at_rest(pair: Couple) -> None:
    """Own words that lie in a larger file alone are handed over, and a sync with nothing to do changes nothing."""
    ana, _ = pair.devices
    small = [ana.book.write(f"word {number}") for number in range(3)]
    ops = tuple(op for toy in small for op in toy.ops)
    merged = Toy(book=ana.book.id, author=0, stream=small[0].stream, first=1, ops=ops)
    pair.sim.plant(0, merged.path, merged.seal())
    ana.sync()
    pair.system.pass_by(seconds=1)
    written = ana.disk.writes
    assert ana.sync().outbox == 0
    assert ana.disk.writes == written


def test_errors_are_told_when_time_is_short(pair: Couple) -> None:
    """That a file could not be written is told although the time was over before the rest was tried."""
    ana, _ = pair.devices
    ana.book.write("tea?")
    other = Toy(book=ana.book.id, author=0, stream=b"\7" * 16, first=1, ops=(b"elsewhere",))
    ana.book.files[other.path] = other.seal()

    class Costly(FaultyDrive):
        def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
            pair.system.pass_by(seconds=5)
            super().publish(path, data, direct=direct)

    ana.drive.inner = Costly(pair.sim.face(0), fail_at=1, calls=frozenset({"publish"}))
    report = ana.sync(budget_s=4)
    assert (report.drive, report.finished) == ("failed", False)
