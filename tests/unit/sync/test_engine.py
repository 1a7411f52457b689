"""What a sync does from the first look to the report."""

from __future__ import annotations

import errno

import pytest
from unit.sync.couple import MEMORY, Couple, Device
from unit.sync.fake_book import FakeBook, FakeSystem, Toy

from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.wrappers import ReadOnlyDrive
from couplejournal.sync import Delivery, Sync, SyncMemory
from couplejournal.testing.drives import FaultyDrive, SlowDrive


@pytest.fixture
def pair() -> Couple:
    """Two devices that have met."""
    couple = Couple()
    couple.meet()
    return couple


def test_words_reach_the_other(pair: Couple) -> None:
    """What one saved is with the other after a sync of each, and both counts are told."""
    ana, ben = pair.devices
    ana.book.write("tea?", "or coffee?")
    sent = ana.sync()
    pair.carry()
    got = ben.sync()
    assert (sent.published_files, sent.outbox, sent.changed) == (1, 1, False)
    assert (got.received_files, got.received_ops, got.changed, got.exit_code) == (1, 2, True, 0)
    assert ben.book.words() == {"tea?", "or coffee?"}


def test_idle_sync_is_one_listing(pair: Couple) -> None:
    """A sync with nothing to do lists once, reads nothing, writes nothing, here or there."""
    for device in pair.devices:
        written = device.disk.writes
        report = device.sync()
        assert dict(device.drive.counts) == {"probe": 1, "list": 1}
        assert (device.disk.writes, report.problems, report.exit_code) == (written, (), 0)


def test_new_entry_is_one_new_file(pair: Couple) -> None:
    """One save touches exactly one file of the drive, and one read confirms it."""
    ana, _ = pair.devices
    before = set(pair.sim.views[0])
    ana.book.write("one")
    ana.sync()
    assert (len(set(pair.sim.views[0]) - before), ana.writes) == (1, 1)
    assert (ana.sync().handed_over, ana.reads, ana.writes) == (1, 1, 0)
    assert (ana.sync().handed_over, ana.reads) == (0, 0)


def test_handed_over_is_said_after_a_later_listing(pair: Couple) -> None:
    """Saved here, handed to the drive, reached the other: each is said only when it is known."""
    ana, _ = pair.devices
    ana.book.write("one")
    digest = ana.book.held()[-1].digest
    ana.sync()
    assert ana.memory.delivery(digest) is Delivery.SAVED
    assert ana.sync().outbox == 0
    assert ana.memory.delivery(digest) is Delivery.HANDED_OVER
    assert ana.memory.delivery(digest, is_seen=True) is Delivery.REACHED


def test_forgotten_memory_costs_reads_alone(pair: Couple) -> None:
    """Without its memory, or with a spoiled one, a device reads anew and neither writes nor loses anything."""
    ana, _ = pair.devices
    for spoiled in (None, b"{", b'{"version": 99}'):
        ana.disk.files.pop(MEMORY)
        if spoiled is not None:
            ana.disk.files[MEMORY] = spoiled
        ana.restart()
        report = ana.sync()
        assert (report.drive, report.outbox, ana.writes, ana.reads) == ("ok", 0, 0, len(pair.sim.views[0]))


def test_restart_keeps_what_is_known(pair: Couple) -> None:
    """A process that starts anew goes on with what the last one remembered."""
    ana, _ = pair.devices
    ana.restart()
    ana.sync()
    assert (ana.reads, ana.writes) == (0, 0)


def test_another_process_of_the_device(pair: Couple) -> None:
    """What another process of the device saved and remembered counts at once."""
    ana, _ = pair.devices
    other = FakeBook(0, files=ana.book.files)
    other.write("from the other window")
    Sync(other, ana.drive, SyncMemory(ana.disk, MEMORY, program="1.0"), ana.system).run()
    report = ana.sync()
    assert (report.published_files, report.handed_over, ana.writes) == (0, 1, 0)


def test_own_segment_that_is_not_held_is_taken(pair: Couple) -> None:
    """A segment of this device that it does not hold is taken like any other, and its own words go out as before."""
    ana, _ = pair.devices
    lost = Toy(book=ana.book.id, author=0, stream=ana.book.stream_of(2), first=7, ops=(b"before the restore",))
    pair.sim.plant(0, lost.path, lost.seal())
    ana.book.write("after the restore")
    report = ana.sync()
    assert (report.received_ops, report.published_files, report.problems) == (1, 1, ())
    assert ana.book.words() == {"before the restore", "after the restore"}
    del pair.sim.views[0][lost.path]
    pair.system.pass_by(hours=2)
    assert ana.sync().restored == 1, "its owner puts it back at once"


def test_a_branch_does_not_stand_in_for_another(pair: Couple) -> None:
    """A file whose numbers another one has on the drive is not covered by it, if the two are branches of a fork."""
    ana, ben = pair.devices
    ana.book.write("one")
    ana.sync()
    pair.carry()
    ben.sync()
    other = Toy(book=ana.book.id, author=0, stream=ana.book.stream_of(2), first=1, ops=(b"ONE", b"TWO"))
    pair.sim.plant(1, other.path, other.seal())
    ben.sync()
    assert ben.book.words() == {"one", "ONE", "TWO"}
    words = {held.path for held in ben.book.held() if not held.is_key}
    [one] = words - {other.path}
    del pair.sim.views[1][one]
    ben.sync()
    pair.system.pass_by(hours=25)
    assert ben.sync().restored == 1
    assert one in pair.sim.views[1]


def test_own_segment_of_another_process_is_known(pair: Couple) -> None:
    """A segment that another process of this device wrote while the sync ran is not taken for one of a copy."""
    ana, _ = pair.devices
    toy = FakeBook(0, files=dict(ana.book.files)).write("meanwhile")
    pair.sim.plant(0, toy.path, toy.seal())
    looks = 0

    def refresh() -> None:
        nonlocal looks
        looks += 1
        if looks > 1:
            ana.book.files[toy.path] = toy.seal()
        FakeBook.refresh(ana.book)

    ana.book.refresh = refresh  # type: ignore[method-assign]
    report = ana.sync()
    assert (report.received_ops, report.handed_over) == (0, 1)


def test_budget_ends_between_files(pair: Couple) -> None:
    """When the time is over no further file is begun; the next sync goes on, and nothing is written twice."""
    ana, ben = pair.devices
    for number in range(10):
        ana.book.write(f"word {number}")
    ana.sync()
    pair.carry()

    class Costly(SlowDrive):
        def read(self, path: str, *, limit_bytes: int) -> bytes:
            pair.system.pass_by(seconds=1)
            return super().read(path, limit_bytes=limit_bytes)

    slow = Device(1, Costly(ben.drive), pair.system)
    slow.book, slow.disk = ben.book, ben.disk
    slow.restart()
    first = slow.sync(budget_s=3)
    assert (first.received_files, first.finished, slow.reads, slow.writes) == (2, False, 2, 0)
    rest = slow.sync()
    assert (rest.received_files, rest.finished) == (8, True)


def test_batches_are_bounded() -> None:
    """A book is never given more than 64 files at once."""
    couple = Couple()
    ana, ben = couple.devices
    for number in range(150):
        ana.book.write(f"word {number}")
    ana.sync(may_found=True)
    couple.carry()
    assert ben.sync().received_files == 151
    assert max(ben.book.batches) <= 64
    assert ben.reads == 152


@pytest.mark.parametrize(
    ("number", "state"), [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EIO, "failed")]
)
def test_drive_that_takes_nothing(pair: Couple, number: int, state: str) -> None:
    """A full, read-only or failing drive is one sentence; reading goes on, and what was saved waits in the outbox."""
    ana, ben = pair.devices
    ben.book.write("from Ben")
    ben.sync()
    pair.carry()
    ana.book.write("from Ana")
    faulty = FaultyDrive(pair.sim.face(0), fail_at=1, number=number, calls=frozenset({"publish"}), is_lasting=True)
    ana.drive.inner = faulty
    report = ana.sync()
    assert (report.drive, report.outbox, report.published_files, report.exit_code) == (state, 1, 0, 3)
    assert report.message
    assert "\n" not in report.message
    assert "from Ben" in ana.book.words()
    faulty.lift()
    assert ana.sync().drive == "ok"
    assert ana.sync().outbox == 0


def test_read_only_drive_with_nothing_to_hand_over(pair: Couple) -> None:
    """A drive that may only be read is fine as long as nothing waits to be written."""
    ana, _ = pair.devices
    ana.drive.inner = ReadOnlyDrive(pair.sim.face(0))
    assert ana.sync().drive == "ok"
    ana.book.write("one")
    assert ana.sync().drive == "read-only"


@pytest.mark.parametrize("call", ["probe", "list", "read", "publish"])
def test_fault_of_any_call_is_reported(pair: Couple, call: str) -> None:
    """An error of any call of the drive is a line of the report, and the next sync makes good for it."""
    ana, ben = pair.devices
    ben.book.write("from Ben")
    ben.sync()
    pair.carry()
    ana.book.write("from Ana")
    faulty = FaultyDrive(pair.sim.face(0), fail_at=1, calls=frozenset({call}))
    ana.drive.inner = faulty
    report = ana.sync()
    assert faulty.hits == 1
    assert report.pending == 1 if call == "read" else report.drive == "failed"
    pair.system.pass_by(seconds=10)
    ana.sync()
    report = ana.sync()
    assert (report.drive, report.outbox, report.pending) == ("ok", 0, 0)
    assert ana.book.words() == {"from Ben", "from Ana"}


def test_drive_that_does_not_answer(pair: Couple) -> None:
    """A drive that hangs is named as late once its deadline is over."""
    ana, _ = pair.devices
    slow = SlowDrive(pair.sim.face(0))
    slow.hold()
    ana.drive.inner = DeadlineDrive(slow, ana.system, deadline_s=0.05)
    try:
        report = ana.sync()
    finally:
        slow.release()
    assert report.drive == "late"
    assert report.message


def test_gaps_are_told_and_block_nothing(pair: Couple) -> None:
    """What is missing is named by stream and numbers, and what lies behind it is kept."""
    ana, ben = pair.devices
    first, _, third = (ana.book.write(word) for word in ("one", "two", "three"))
    for toy in (first, third):
        pair.sim.plant(1, toy.path, toy.seal())
    report = ben.sync()
    [gap] = report.gaps
    assert (gap.first_missing, gap.last_missing, report.received_files) == (2, 2, 2)


def test_clock_that_is_set_back_delays_nothing() -> None:
    """A clock that was years ahead and was set right leaves no pause of years behind."""
    couple = Couple()
    couple.meet()
    ana, ben = couple.devices
    toy = ben.book.write("from Ben")
    couple.system.pass_by(hours=24 * 3650)
    couple.sim.plant(0, toy.path, toy.seal()[:-1])
    assert ana.sync().pending == 1
    couple.system.ms = FakeSystem().ms
    couple.sim.plant(0, toy.path, toy.seal())
    assert ana.sync().received_files == 1
