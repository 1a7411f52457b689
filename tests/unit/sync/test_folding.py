"""Folding: when merged files are made and go out, and when what they hold goes (docs/spec/sync.md 1, rule 8)."""

from __future__ import annotations

import errno

import pytest
from unit.sync.couple import Couple, Device
from unit.sync.fake_book import WORDS, opened

from couplejournal.drive.interface import DriveFullError
from couplejournal.errors import StoreError
from couplejournal.sync import folding, schedule
from couplejournal.sync.folding import outline, unconfirmed
from couplejournal.sync.port import Held
from couplejournal.testing.drives import FaultyDrive

GRACE_S = schedule.FOLDED_AFTER_MS / 1000
COUNT = 9
WHOLE = (1, 8)


def chatted(count: int = COUNT) -> tuple[Couple, Device, Device]:
    """Return two devices, the first with so many words on the drive, one by one, and a merged file of eight of them."""
    couple = Couple()
    couple.meet()
    ana, ben = couple.devices
    for number in range(count):
        ana.book.tier = 8 if number == count - 1 else 0
        ana.book.write(f"word {number}")
        couple.round()
    return couple, ana, ben


def listed(couple: Couple, device: int = 0, *, author: int = 0) -> dict[str, tuple[int, int]]:
    """Return by path the numbers that each word file of an author in a view holds, as its name tells them."""
    folder = f"/streams/{bytes([WORDS, author] * 8).hex()}/"
    found = {}
    for path in sorted(couple.sim.views[device]):
        if folder in path:
            first, last = path.rpartition("/")[2].split("-")[:2]
            found[path] = (int(first), int(last))
    return found


def ranges(couple: Couple, device: int = 0) -> list[tuple[int, int]]:
    """Return the numbers that the word files of the first device in a view hold."""
    return sorted(listed(couple, device).values())


def held_ranges(device: Device) -> list[tuple[int, int]]:
    """Return the same of what a device holds."""
    return sorted((one.first, one.last) for one in device.book.held() if not one.is_key and one.last)


ONE_BY_ONE = [(number, number) for number in range(1, COUNT + 1)]
FOLDED = [WHOLE, (9, 9)]


def test_made_handed_over_and_then_folded() -> None:
    """The merged file is stored, published and seen whole; ten minutes later the others go, there and here."""
    couple, ana, ben = chatted()
    assert sorted(held_ranges(ana)) == sorted([WHOLE, *ONE_BY_ONE])
    assert ranges(couple) == ONE_BY_ONE
    assert couple.round()[0].published_files == 1
    assert ranges(couple) == sorted([WHOLE, *ONE_BY_ONE])
    assert couple.round()[0].handed_over == 1
    couple.system.pass_by(seconds=GRACE_S - 1)
    couple.round()
    assert ranges(couple) == sorted([WHOLE, *ONE_BY_ONE])
    couple.system.pass_by(seconds=1)
    assert ana.sync().problems == ()
    assert ana.drive.counts["remove"] == 8
    couple.carry()
    assert ranges(couple, 0) == ranges(couple, 1) == held_ranges(ana) == FOLDED
    assert ben.sync().problems == ()
    assert ben.writes == 0
    assert ana.book.words() == ben.book.words() == {f"word {number}" for number in range(COUNT)}


def test_nothing_goes_before_another_device_holds_it() -> None:
    """As long as nobody told that they hold it the small files stay, however often one looks; then they go."""
    couple, ana, ben = chatted()
    ana.book.elsewhere = False
    for _ in range(6):
        couple.system.pass_by(hours=24)
        couple.round()
    assert ana.drive.counts["remove"] == 0
    assert ranges(couple) == sorted([WHOLE, *ONE_BY_ONE])
    ana.book.elsewhere = True
    couple.round()
    assert ranges(couple) == held_ranges(ana) == FOLDED
    assert ben.book.words() == {f"word {number}" for number in range(COUNT)}


def test_where_there_is_no_other_device_it_takes_a_month() -> None:
    """Nobody could tell, so time has to do: a month, in which a client that works at all has uploaded the file."""
    couple, ana, _ = chatted()
    ana.book.elsewhere = None
    couple.round()
    couple.round()
    couple.system.pass_by(hours=24 * 29)
    couple.round()
    assert ranges(couple) == sorted([WHOLE, *ONE_BY_ONE])
    couple.system.pass_by(hours=25)
    couple.round()
    assert ranges(couple) == FOLDED


def test_an_idle_sync_stays_one_listing() -> None:
    """When all is folded a sync reads nothing, writes nothing, on the drive or here."""
    couple, ana, ben = chatted()
    for _ in range(4):
        couple.system.pass_by(seconds=GRACE_S)
        couple.round()
    for device in (ana, ben):
        device.restart()
        written = device.disk.writes
        device.sync()
        assert (device.drive.counts["list"], device.reads, device.writes) == (1, 0, 0)
        assert device.disk.writes == written


def test_what_was_handed_over_stays_so() -> None:
    """No merge puts anything back into the outbox: what it holds lies on the drive."""
    couple, ana, _ = chatted()
    for _ in range(5):
        assert ana.sync().outbox == 0
        couple.system.pass_by(seconds=GRACE_S / 2)
    ana.book.write("new")
    ana.drive.inner = FaultyDrive(ana.drive.inner, fail_at=1, calls=frozenset({"publish"}))
    assert ana.sync().outbox == 1


def test_what_waited_for_the_drive_goes_out_in_few_files() -> None:
    """What was written while the drive was away is merged before it goes out; a lone entry goes at once."""
    couple = Couple()
    couple.meet()
    ana, ben = couple.devices
    ana.book.tier = 8
    for number in range(40):
        ana.book.write(f"word {number}")
    report = couple.round()[0]
    assert report.published_files == 5
    assert ben.book.words() == ana.book.words()
    couple.round()
    assert ana.sync().outbox == 0
    ana.book.write("lone")
    assert ana.sync().published_files == 1


def test_copies_go_too_and_files_of_others_never() -> None:
    """What lies there under a conflict's name goes with its original; whatever others wrote stays."""
    couple, ana, ben = chatted()
    ben.book.write("mine")
    couple.round()
    for path in [path for path, held in listed(couple).items() if held != WHOLE][:2]:
        couple.sim.plant(0, path.replace(".seg", " (1).seg"), couple.sim.views[0][path].data)
    before = listed(couple, author=1)
    couple.round()
    couple.round()
    couple.system.pass_by(seconds=GRACE_S)
    ana.sync()
    assert ana.drive.counts["remove"] == 10
    assert ranges(couple) == FOLDED
    assert listed(couple, author=1) == before


@pytest.mark.parametrize("spoiled", [b"", bytes(300)])
def test_nothing_goes_while_the_merged_file_is_not_whole(spoiled: bytes) -> None:
    """It is read once more before anything goes; where a power cut took it, it is put back first."""
    couple, ana, _ = chatted()
    couple.round()
    couple.round()
    ana.sync()
    [path] = [path for path, held in listed(couple).items() if held == WHOLE]
    whole = couple.sim.views[0][path]
    couple.sim.plant(0, path, spoiled.ljust(len(whole.data), b"\0")[: len(whole.data)])
    mark = ana.memory.kept.marks[path]
    couple.sim.views[0][path] = type(whole)(couple.sim.views[0][path].data, mark.mtime_ns)
    ana.memory.kept.sent[mark.digest.hex()].looks = 9
    ana.memory.save()
    couple.system.pass_by(seconds=GRACE_S)
    ana.sync()
    assert ana.drive.counts["remove"] == 0
    assert ranges(couple) == sorted([WHOLE, *ONE_BY_ONE])
    for _ in range(4):
        couple.system.pass_by(seconds=GRACE_S)
        ana.sync()
    assert couple.sim.views[0][path].data == whole.data
    assert ranges(couple) == FOLDED


def test_a_clock_that_runs_back_makes_nothing_go_early() -> None:
    """A time of handing over that lies ahead begins anew."""
    couple, ana, _ = chatted()
    couple.round()
    couple.round()
    couple.system.pass_by(hours=-30)
    ana.sync()
    assert ana.drive.counts["remove"] == 0
    couple.system.pass_by(seconds=GRACE_S)
    ana.sync()
    assert ana.drive.counts["remove"] == 8


def test_deletions_that_come_before_the_merged_file_cost_nobody_anything() -> None:
    """A host that shows them first: the reader keeps what it has, and puts nothing back that a merged file covers."""
    couple, ana, ben = chatted()
    for _ in range(3):
        couple.system.pass_by(seconds=GRACE_S)
        ana.sync()
    assert ranges(couple) == FOLDED
    waiting = [one for one in couple.sim.pending if one.data is not None and one.path in listed(couple)]
    couple.sim.pending = [one for one in couple.sim.pending if one not in waiting]
    couple.carry()
    assert ranges(couple, 1) == [(9, 9)]
    words = ben.book.words()
    ben.sync()
    couple.system.pass_by(hours=23)
    ben.sync()
    assert (ben.writes, ben.book.words()) == (0, words)
    couple.sim.pending = waiting
    couple.carry()
    couple.system.pass_by(hours=2)
    ben.sync()
    assert (ben.writes, ben.book.words()) == (0, words)


def test_fault_34_deleted_files_that_come_back_are_known_and_deleted_again() -> None:
    """Fault 34: a host brings back what was folded; nobody is told of anything new, and its owner deletes it again."""
    couple, ana, ben = chatted()
    kept = dict(couple.sim.views[0])
    for _ in range(3):
        couple.system.pass_by(seconds=GRACE_S)
        couple.round()
    assert ranges(couple) == ranges(couple, 1) == FOLDED
    removals = []
    for hours in (24 * 180, 1, 1, 24, 24):
        for path, file in kept.items():
            for view in (0, 1):
                couple.sim.plant(view, path, file.data)
        couple.system.pass_by(hours=hours)
        for device in (ben, ana):
            report = device.sync()
            assert (report.received_ops, report.problems, report.restored) == (0, (), 0)
            assert device.drive.counts["publish"] == 0
        removals.append(ana.drive.counts["remove"])
        couple.carry()
    assert removals == [8, 8, 0, 8, 8], "again, and ever more seldom"


def test_fault_35_merging_twice_or_cut_off_leaves_all_of_it_there() -> None:
    """Fault 35: two processes, one cut off at each call to the drive: all words lie there always, at last in few."""
    for fail_at in range(1, 24):
        couple, ana, ben = chatted()
        other = Device(0, ana.drive.inner, couple.system)
        other.book, other.disk = ana.book, ana.disk
        other.restart()
        ana.drive.inner = FaultyDrive(ana.drive.inner, fail_at=fail_at, calls=frozenset({"read", "publish", "remove"}))
        for _ in range(6):
            for device in (ana, other):
                couple.system.pass_by(seconds=GRACE_S / 2)
                device.sync()
                covered = {number for first, last in ranges(couple) for number in range(first, last + 1)}
                assert covered == set(range(1, COUNT + 1))
        couple.carry()
        ben.sync()
        assert ranges(couple) == FOLDED
        assert ben.book.words() == {f"word {number}" for number in range(COUNT)}


def test_deletions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sync deletes more than it may at once; the next ones go on without a pause."""
    couple, ana, _ = chatted()
    couple.round()
    couple.round()
    monkeypatch.setattr(folding, "REMOVALS_AT_ONCE", 3)
    couple.system.pass_by(seconds=GRACE_S)
    counts = []
    for _ in range(4):
        ana.sync()
        counts.append(ana.drive.counts["remove"])
    assert counts == [3, 3, 2, 0]
    assert ranges(couple) == FOLDED


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO])
def test_a_drive_that_refuses_deletions_fails_no_sync(number: int) -> None:
    """Files that cannot be deleted stay, here too; it is tried again, not at every sync."""
    couple, ana, _ = chatted()
    couple.round()
    couple.round()
    faulty = FaultyDrive(ana.drive.inner, fail_at=1, number=number, calls=frozenset({"remove"}), is_lasting=True)
    ana.drive.inner = faulty
    couple.system.pass_by(seconds=GRACE_S)
    for _ in range(3):
        assert ana.sync().drive == "ok"
    assert faulty.hits == 1
    assert sorted(held_ranges(ana)) == sorted([WHOLE, *ONE_BY_ONE])
    faulty.lift()
    couple.system.pass_by(seconds=GRACE_S)
    ana.sync()
    assert ranges(couple) == held_ranges(ana) == FOLDED


def test_nothing_is_merged_or_deleted_where_the_drive_does_not_prove_itself() -> None:
    """Without the genesis nothing goes, and nothing is made; when it is back all goes on."""
    couple, ana, _ = chatted()
    couple.round()
    couple.round()
    couple.system.pass_by(seconds=GRACE_S)
    genesis = f"{ana.book.id[:16].hex()}/book.cj"
    file = couple.sim.views[0].pop(genesis)
    assert ana.sync().drive == "marker-missing"
    assert ana.writes == 0
    couple.sim.views[0][genesis] = file
    ana.sync()
    assert ranges(couple) == FOLDED


def test_a_forked_stream_is_left_as_it_is() -> None:
    """Where numbers do not tell what holds what, no file goes."""
    couple, ana, _ = chatted()
    couple.round()
    couple.round()
    ana.book.forked.add(ana.book.stream_of(WORDS))
    couple.system.pass_by(seconds=GRACE_S)
    ana.sync()
    assert ana.drive.counts["remove"] == 0
    assert sorted(held_ranges(ana)) == sorted([WHOLE, *ONE_BY_ONE])


def test_a_file_that_another_process_let_go_stops_nothing() -> None:
    """Who was about to publish it finds that a larger file does for it."""
    _, ana, _ = chatted(7)
    ana.book.write("eighth")
    real = ana.book.read

    def read(path: str) -> bytes:
        if path in ana.book.files:
            del ana.book.files[path]
            del ana.book._toys[path]
        return real(path) if path in ana.book.files else _gone()

    ana.book.read = read  # type: ignore[method-assign]
    assert ana.sync().drive == "ok"


def test_a_merged_file_that_is_damaged_here_keeps_nothing_back() -> None:
    """Before it went out it rotted: what it was made of is held still, and goes out itself, in the same sync."""
    couple = Couple()
    couple.meet()
    ana, ben = couple.devices
    ana.book.tier = 8
    for number in range(COUNT):
        ana.book.write(f"word {number}")
    real = ana.book.read

    def read(path: str) -> bytes:
        if (toy := ana.book._toys[path]).last > toy.first:
            del ana.book.files[path], ana.book._toys[path]
            ana.book.tier = 0
            return _gone()
        return real(path)

    ana.book.read = read  # type: ignore[method-assign]
    couple.round()
    assert ranges(couple) == ONE_BY_ONE
    assert ben.sync().problems == ()
    assert ben.book.words() == {f"word {number}" for number in range(COUNT)}


class Cramped(FaultyDrive):
    """A drive that has room for small files only."""

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        if (toy := opened(data)) is not None and toy.last > toy.first:
            raise DriveFullError("planted")
        super().publish(path, data, direct=direct)


def test_a_merged_file_for_which_there_is_no_room_stands_in_nobodys_way() -> None:
    """Fault 37: where its operations lie on the drive already it goes out last, so that new entries still do."""
    couple, ana, ben = chatted()
    ana.drive.inner = Cramped(ana.drive.inner, fail_at=0, calls=frozenset())
    ana.book.write("new")
    assert ana.sync().drive == "full"
    couple.carry()
    ben.sync()
    assert "new" in ben.book.words()


def _gone() -> bytes:
    raise StoreError("a file of this device's own copy is gone")


def held(first: int, last: int, *, digest: int, is_forked: bool = False, stream: bytes = b"s") -> Held:
    """Return an own file of words."""
    return Held(
        path=str(digest), size_bytes=1, digest=bytes([digest]), stream=stream, first=first, last=last, is_key=False,
        is_mine=True, is_forked=is_forked,
    )  # fmt: skip


def test_of_two_files_of_one_range_neither_is_the_larger() -> None:
    """So two devices under one key never delete each other's file, each for the sake of its own."""
    one, two, big, apart = held(1, 8, digest=1), held(1, 8, digest=2), held(1, 16, digest=3), held(9, 20, digest=4)
    assert outline([one, two]) == (set(), set())
    assert outline([one, two, big, apart]) == ({b"\x03"}, {b"\x01", b"\x02"})
    assert outline([one, held(1, 16, digest=5, is_forked=True)]) == (set(), set())
    assert outline([one, held(1, 16, digest=5, stream=b"t")]) == (set(), set())


def test_what_is_held_twice_is_unconfirmed_once() -> None:
    """A merged file whose content lies on the drive is not waiting, nor is a small one beside the merged one."""
    every = [held(1, 1, digest=1), held(2, 2, digest=2), held(1, 2, digest=9), held(3, 3, digest=3)]
    assert len(unconfirmed(every, lambda _: False)) == 2
    assert len(unconfirmed(every, lambda digest: digest in (b"\x01", b"\x02"))) == 1
    assert len(unconfirmed(every, lambda digest: digest == b"\x01")) == 2
    assert len(unconfirmed(every, lambda digest: digest in (b"\x09", b"\x03"))) == 0
    forked = [held(1, 1, digest=1, is_forked=True), held(1, 1, digest=2, is_forked=True)]
    assert len(unconfirmed(forked, lambda digest: digest == b"\x01")) == 1
