"""A folder in a process of its own: a mount that hangs keeps nothing from ending."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from couplejournal.drive.apart import ApartDrive
from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import DriveFullError, DriveMissingError, Place
from couplejournal.errors import DriveError
from couplejournal.system import RealSystem
from couplejournal.testing.contracts import SEGMENT

PATIENCE_S = 20.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty folder for a drive."""
    (tmp_path / "drive").mkdir()
    return tmp_path / "drive"


def child_of(drive: ApartDrive) -> subprocess.Popen[bytes]:
    """Return the child that was begun."""
    assert drive._child is not None
    return drive._child


def test_a_real_child(root: Path, tmp_path: Path) -> None:
    """A child does the calls, with the staging folder that it was told, and ends when the drive is closed."""
    drive = ApartDrive(root, staging=tmp_path)
    assert drive.probe() == FolderDrive(root, RealSystem()).probe()
    data = bytes(range(256)) * 5000
    drive.publish(SEGMENT, data)
    assert [file.path for file in drive.list()] == [SEGMENT]
    assert drive.read(SEGMENT, limit_bytes=len(data)) == data
    child = child_of(drive)
    drive.close()
    assert child.wait(PATIENCE_S) == 0


def test_child_that_is_killed(root: Path) -> None:
    """A child that ends in the middle is one sentence, and the next call has another."""
    drive = ApartDrive(root)
    drive.publish(SEGMENT, b"x")
    child_of(drive).kill()
    with pytest.raises(DriveError, match="ended"):
        drive.list()
    assert len(drive.list()) == 1
    drive.close()


def test_errors_come_whole(root: Path) -> None:
    """An error of the child is raised here with its kind, its sentence and its hint."""
    drive = ApartDrive(root)
    root.rmdir()
    with pytest.raises(DriveMissingError) as caught:
        drive.list()
    assert caught.value.hint
    with pytest.raises(ValueError, match="not a path on the drive"):
        drive.read("../x", limit_bytes=1)
    drive.close()
    assert issubclass(DriveFullError, DriveError)


def test_only_what_can_hang_is_kept_apart(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of this machine's own disk needs no process, one behind a network or FUSE does."""
    for hangs, kind in ((False, FolderDrive), (True, ApartDrive)):
        monkeypatch.setattr("couplejournal.drive.deadline.may_hang", lambda _, hangs=hangs: hangs)
        drive = DeadlineDrive(FolderDrive(root, RealSystem()), RealSystem(), deadline_s=1)
        assert type(drive._inner) is kind
        assert isinstance(drive.probe(), Place)
        drive.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP on this system")
def test_a_hanging_child_is_left_behind(root: Path) -> None:
    """A process whose drive hangs in a call that nothing can end says so, and ends, and so do its pipes."""
    code = f"""
import os, signal
from pathlib import Path
from couplejournal.drive import deadline
from couplejournal.drive.folder import FolderDrive
from couplejournal.errors import DriveError
from couplejournal.system import RealSystem
deadline.may_hang = lambda path: True
drive = deadline.DeadlineDrive(FolderDrive(Path({str(root)!r}), RealSystem()), RealSystem(), deadline_s=30)
drive.list()
child = drive._inner._child.pid
os.kill(child, signal.SIGSTOP)
drive.deadline_s = 0.2
try:
    drive.list()
except DriveError as error:
    print(child, error)
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=PATIENCE_S, env=environ
    )
    child, _, sentence = done.stdout.partition(" ")
    os.kill(int(child), signal.SIGCONT)
    assert sentence == "the shared folder does not answer\n"
    for _ in range(int(PATIENCE_S / 0.02)):
        if not is_alive(int(child)):
            return
        threading.Event().wait(0.02)
    pytest.fail("the child did not end when its call did")


def is_alive(process: int) -> bool:
    """Say whether a process runs; one that only waits to be collected does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
