"""The simulated drive, and the wrappers for tests: they do what they say, the same way each time."""

from __future__ import annotations

import errno

import pytest

from couplejournal.drive.interface import DriveFullError, DriveMissingError, DriveReadOnlyError, NotYetError
from couplejournal.errors import DriveError
from couplejournal.testing.contracts import BOOK, SEGMENT, STREAM
from couplejournal.testing.drives import LITTER, ROUGH, CountingDrive, DriveSim, FaultyDrive, SlowDrive

OTHER = f"{BOOK}/streams/{STREAM}/00000002-00000002-{'cd' * 16}.seg"


def rough(seed: int, steps: int) -> DriveSim:
    """Return a drive after a rough time."""
    sim = DriveSim(3, seed=seed, weights=ROUGH)
    for number in range(steps):
        if number % 5 == 0:
            sim.face(number % 3).publish(f"{BOOK}/streams/{STREAM}/{number:08d}.seg", b"data %d" % number)
        sim.step()
    return sim


def test_same_seed_same_trace() -> None:
    """The same seed gives the same history, another seed another one."""
    assert rough(1, 300).digest() == rough(1, 300).digest()
    assert rough(1, 300).digest() != rough(2, 300).digest()


def test_views_are_equal_after_settling() -> None:
    """In the end all devices see the same files, and nothing is on its way."""
    for seed in range(20):
        sim = rough(seed, 200)
        sim.settle()
        seen = [{path: file.data for path, file in view.items()} for view in sim.views]
        assert seen[0] == seen[1] == seen[2]
        assert (sim.pending, sim.dropped) == ([], [])


def test_every_fault_is_met() -> None:
    """A rough time of some length holds every kind of fault."""
    sim = DriveSim(2, seed=3, weights=ROUGH)
    sim.face(0).publish(SEGMENT, b"x")
    assert {sim.step() for _ in range(600)} == set(ROUGH)


def test_files_arrive_late_and_in_any_order() -> None:
    """What one device writes reaches the other when it is delivered, in the order of delivery."""
    sim = DriveSim(2)
    sim.face(0).publish(SEGMENT, b"1")
    sim.face(0).publish(OTHER, b"2")
    assert sim.face(1).list() == []
    sim.deliver(1)
    assert [file.path for file in sim.face(1).list()] == [OTHER]
    sim.postpone(0)
    sim.duplicate(0)
    sim.deliver()
    sim.deliver()
    assert [file.path for file in sim.face(1).list()] == [SEGMENT, OTHER]


def test_torn_file_is_completed() -> None:
    """A prefix stands under the final name until the rest comes, and leaves no conflict."""
    sim = DriveSim(2)
    sim.face(0).publish(SEGMENT, b"whole")
    sim.tear(7 * 3)
    assert sim.face(1).read(SEGMENT, limit_bytes=9) == b"who"
    sim.deliver()
    assert sim.face(1).read(SEGMENT, limit_bytes=9) == b"whole"
    assert len(sim.face(1).list()) == 1


def test_dropped_file_comes_at_the_end() -> None:
    """What was dropped is delivered when all settles."""
    sim = DriveSim(2)
    sim.face(0).publish(SEGMENT, b"x")
    sim.drop(0)
    sim.deliver()
    assert sim.face(1).list() == []
    sim.settle()
    assert sim.face(1).read(SEGMENT, limit_bytes=9) == b"x"


def test_two_versions_make_a_conflict() -> None:
    """Where two wrote the same name, the loser keeps its bytes under another."""
    sim = DriveSim(2)
    sim.face(0).publish(SEGMENT, b"ana")
    sim.face(1).publish(SEGMENT, b"ben")
    sim.deliver(0)
    assert sorted(sim.face(1).read(file.path, limit_bytes=9) for file in sim.face(1).list()) == [b"ana", b"ben"]


def test_conflict_copies_are_offered() -> None:
    """Each shape of a conflict's name is listed, with the same bytes."""
    sim = DriveSim(1)
    sim.face(0).publish(SEGMENT, b"x")
    for choice in (0, 5, 10):
        sim.conflict(0, choice)
        sim.views[0] = {path: file for path, file in sim.views[0].items() if path == SEGMENT or file.data == b"x"}
    assert {sim.face(0).read(file.path, limit_bytes=9) for file in sim.face(0).list()} == {b"x"}
    assert len(sim.face(0).list()) > 1


@pytest.mark.parametrize("choice", range(len(LITTER)))
def test_litter(choice: int) -> None:
    """Litter is listed only where a real drive would list it."""
    sim = DriveSim(1)
    sim.face(0).publish(SEGMENT, b"x")
    sim.litter(0, choice)
    paths = {file.path for file in sim.face(0).list()} - {SEGMENT}
    assert all("/." not in path.rpartition("/")[0] for path in paths)
    assert not any(path.startswith((".stversions", ".stfolder", "@eaDir", ".Trash", "photos")) for path in paths)


def test_damage_keeps_the_time() -> None:
    """Zeros, emptiness and turned bits leave name and time as they were."""
    for fault, choice, expected in (("zero_fill", 3, b"\0\0"), ("zero_fill", 0, b""), ("flip", 0, b"!b")):
        sim = DriveSim(1)
        sim.face(0).publish(SEGMENT, b" b")
        before = sim.face(0).list()[0].mtime_ns
        getattr(sim, fault)(0, choice)
        assert sim.face(0).read(SEGMENT, limit_bytes=9) == expected
        assert sim.face(0).list()[0].mtime_ns == before


def test_renaming_both_takes_the_name_away() -> None:
    """After both versions were renamed, or a rename undone, the agreed name is gone and the bytes are not."""
    for fault in ("rename_both", "undo_rename"):
        sim = DriveSim(1)
        sim.face(0).publish(SEGMENT, b"x")
        getattr(sim, fault)(0, 0)
        [file] = sim.face(0).list()
        assert file.path != SEGMENT
        assert sim.face(0).read(file.path, limit_bytes=9) == b"x"


def test_deletions_spread_and_come_back() -> None:
    """A removed file is removed for all once that is delivered, and may be brought back."""
    sim = DriveSim(2)
    sim.face(0).publish(SEGMENT, b"x")
    sim.settle()
    sim.face(0).remove(SEGMENT)
    assert len(sim.face(1).list()) == 1
    sim.deliver()
    assert sim.face(1).list() == []
    sim.resurrect(0)
    assert len(sim.face(0).list()) == 1
    sim.delete(0, 0)
    assert sim.face(0).list() == []


def test_roll_back() -> None:
    """A device may be shown an older state of its folder."""
    sim = DriveSim(1)
    sim.face(0).publish(SEGMENT, b"x")
    sim.take_snapshot(0)
    sim.face(0).publish(OTHER, b"y")
    sim.roll_back(0)
    assert [file.path for file in sim.face(0).list()] == [SEGMENT]


def test_faults_of_nothing() -> None:
    """Faults on an empty drive do nothing."""
    sim = DriveSim(2, weights={act: 1 for act in ROUGH if act != "litter"})
    for _ in range(100):
        sim.step()
    assert sim.views == [{}, {}]


def test_unplugged_view() -> None:
    """A device without the folder is told so; plugged in again, it may look like another folder."""
    sim = DriveSim(1)
    sim.face(0).publish(SEGMENT, b"x")
    before = sim.face(0).probe().identity
    sim.unplug(0)
    with pytest.raises(DriveMissingError):
        sim.face(0).list()
    sim.plug(0, inode=99)
    assert sim.face(0).probe().identity != before
    assert len(sim.face(0).list()) == 1


def test_faulty_drive_fails_once_or_for_ever() -> None:
    """The n-th call fails as a real drive would, once or from then on, until it is lifted."""
    once = FaultyDrive(DriveSim(1).face(0), fail_at=2, number=errno.ENOSPC, calls=frozenset({"publish"}))
    once.publish("1.seg", b"x")
    with pytest.raises(DriveFullError):
        once.publish("2.seg", b"x")
    once.publish("3.seg", b"x")
    assert (once.hits, [file.path for file in once.list()]) == (1, ["1.seg", "3.seg"])
    lasting = FaultyDrive(once.inner, fail_at=1, number=errno.EROFS, is_lasting=True)
    for _ in range(3):
        with pytest.raises(DriveReadOnlyError):
            lasting.remove("1.seg")
    with pytest.raises(NotYetError):
        lasting.read("1.seg", limit_bytes=9)
    lasting.lift()
    assert lasting.read("1.seg", limit_bytes=9) == b"x"
    assert lasting.hits == 4


def test_faulty_drive_whose_answer_is_lost() -> None:
    """A call may be done and yet fail, as when its answer is lost."""
    drive = FaultyDrive(DriveSim(1).face(0), fail_at=1, is_done=True)
    with pytest.raises(DriveError):
        drive.publish(SEGMENT, b"x")
    assert drive.read(SEGMENT, limit_bytes=9) == b"x"


def test_slow_and_counting_drives() -> None:
    """A slow drive answers in the end; a counting one remembers what was asked of it."""
    drive = CountingDrive(SlowDrive(DriveSim(1).face(0), delay_s=0.001))
    drive.publish(SEGMENT, b"x")
    drive.list()
    assert drive.calls == [("publish", SEGMENT), ("list", "")]
    drive.clear()
    assert (drive.counts["list"], drive.calls) == (0, [])
