"""Deadlines: a drive that hangs costs one deadline, and nothing else."""

from __future__ import annotations

import threading

import pytest

from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.interface import DriveLateError, NotYetError
from couplejournal.system import RealSystem
from couplejournal.testing.contracts import SEGMENT
from couplejournal.testing.drives import CountingDrive, DriveSim, SlowDrive


def drives(deadline_s: float) -> tuple[DeadlineDrive, CountingDrive, SlowDrive]:
    """Return a drive with a deadline, what counts the calls below it, and what makes them hang."""
    slow = SlowDrive(DriveSim(1).face(0))
    counting = CountingDrive(slow)
    return DeadlineDrive(counting, RealSystem(), deadline_s=deadline_s), counting, slow


def test_late_call_is_given_up() -> None:
    """A call that hangs ends with one sentence."""
    drive, _, slow = drives(0.02)
    slow.hold()
    with pytest.raises(DriveLateError, match="the shared folder does not answer"):
        drive.list()
    slow.release()


def test_calls_behind_a_hanging_one_fail_at_once() -> None:
    """While one call hangs the others are not even tried."""
    drive, counting, slow = drives(0.02)
    slow.hold()
    for _ in range(50):
        with pytest.raises(DriveLateError):
            drive.publish(SEGMENT, b"x")
    assert counting.counts["publish"] == 1
    slow.release()


def test_drive_that_comes_back() -> None:
    """When the hanging call ends the drive is used again."""
    drive, _, slow = drives(0.02)
    slow.hold()
    with pytest.raises(DriveLateError):
        drive.publish(SEGMENT, b"x")
    slow.release()
    drive.deadline_s = 30
    for _ in range(1000):
        try:
            assert drive.read(SEGMENT, limit_bytes=1) == b"x"
        except (DriveLateError, NotYetError):
            threading.Event().wait(0.01)
        else:
            return
    pytest.fail("the drive did not come back")


def test_no_time_left() -> None:
    """All calls together end within what was allowed; then none is tried."""
    drive, counting, _ = drives(30)
    drive.allow(0)
    with pytest.raises(DriveLateError):
        drive.list()
    assert counting.counts["list"] == 0
    drive.allow(None)
    assert drive.list() == []


def test_allowed_time_bounds_a_call() -> None:
    """A call waits no longer than the time that is left for all."""
    drive, _, slow = drives(600)
    slow.hold()
    drive.allow(0.02)
    with pytest.raises(DriveLateError):
        drive.list()
    slow.release()


def test_errors_and_results_come_through() -> None:
    """What the drive raises is raised here, and what it returns is returned."""
    drive, _, _ = drives(30)
    with pytest.raises(NotYetError):
        drive.read(SEGMENT, limit_bytes=1)
    with pytest.raises(ValueError, match="drive"):
        drive.remove("../x")
    assert drive.probe().exists


def test_many_threads() -> None:
    """Calls of several threads all get their own answers."""
    drive, _, _ = drives(30)
    wrong: list[str] = []

    def use(number: int) -> None:
        path = f"{number}.seg"
        drive.publish(path, b"%d" % number)
        if drive.read(path, limit_bytes=9) != b"%d" % number:
            wrong.append(path)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(drive.list()) == 20


def test_closed_worker_ends_and_another_begins() -> None:
    """After closing, no thread is left; a later call begins one anew."""
    drive, _, _ = drives(30)
    before = set(threading.enumerate())
    drive.list()
    [worker] = set(threading.enumerate()) - before
    drive.close()
    drive.close()
    worker.join(30)
    assert worker.daemon
    assert not worker.is_alive()
    assert drive.list() == []
