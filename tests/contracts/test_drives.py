"""One suite for every drive: the real one, the simulated one, and one behind a deadline."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from couplejournal.drive.apart import ApartDrive, serve
from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import Drive, DriveReadOnlyError, UnfitFileError
from couplejournal.drive.wrappers import ReadOnlyDrive
from couplejournal.system import RealSystem
from couplejournal.testing.contracts import BOOK, SEGMENT, DriveContract, DriveGround
from couplejournal.testing.drives import CountingDrive, DriveSim, FaultyDrive, SlowDrive

if TYPE_CHECKING:
    from pathlib import Path


class FolderGround:
    """A real folder, and somebody's hand in it."""

    def __init__(self, root: Path, *, staging: Path | None = None) -> None:
        self.root = root
        self.root.mkdir()
        self.drive: Drive = FolderDrive(root, RealSystem(), staging=staging)

    def plant(self, path: str, data: bytes) -> None:
        there = self.root / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(data)

    def plant_folder(self, path: str) -> None:
        (self.root / path).mkdir(parents=True)

    def take_root_away(self) -> None:
        shutil.rmtree(self.root)

    def has_root(self) -> bool:
        return self.root.exists()


class SimGround:
    """One device's view of a simulated folder."""

    def __init__(self) -> None:
        self.sim = DriveSim(2)
        self.drive: Drive = self.sim.face(0)

    def plant(self, path: str, data: bytes) -> None:
        self.sim.plant(0, path, data)

    def plant_folder(self, path: str) -> None:
        self.sim.plant_folder(0, path)

    def take_root_away(self) -> None:
        self.sim.unplug(0)

    def has_root(self) -> bool:
        return self.sim.places[0].exists


class TestFolderDrive(DriveContract):
    def make(self, tmp_path: Path) -> DriveGround:
        return FolderGround(tmp_path / "drive")


class TestStagedFolderDrive(DriveContract):
    def make(self, tmp_path: Path) -> DriveGround:
        staging = tmp_path / "staging"
        staging.mkdir()
        return FolderGround(tmp_path / "drive", staging=staging)


class TestFolderDriveByPath(DriveContract):
    @pytest.fixture(autouse=True)
    def _without_relative_calls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Do as on Windows, where files are not opened relative to folders."""
        monkeypatch.setattr("couplejournal.drive.calls._RELATIVE", False)
        monkeypatch.setattr("couplejournal.drive.calls._NO_LINK", 0)

    def make(self, tmp_path: Path) -> DriveGround:
        return FolderGround(tmp_path / "drive", staging=tmp_path)

    def test_links_are_refused(self, tmp_path: Path) -> None:
        """A link in the place of a folder or a file leads nowhere."""
        ground = FolderGround(tmp_path / "drive")
        (tmp_path / "secret").write_bytes(b"secret")
        ground.plant(SEGMENT, b"x")
        (ground.root / SEGMENT).unlink()
        (ground.root / SEGMENT).symlink_to(tmp_path / "secret")
        (ground.root / BOOK / "streams.1").symlink_to(tmp_path)
        assert ground.drive.list() == []
        for act in (
            lambda: ground.drive.read(SEGMENT, limit_bytes=9),
            lambda: ground.drive.publish(SEGMENT, b"x", direct=True),
            lambda: ground.drive.publish(f"{BOOK}/streams.1/x.seg", b"x"),
        ):
            with pytest.raises(UnfitFileError):
                act()
        assert not (tmp_path / "x.seg").exists()
        assert (tmp_path / "secret").read_bytes() == b"secret"


class TestSimDrive(DriveContract):
    def make(self, tmp_path: Path) -> DriveGround:
        return SimGround()


class TestDeadlineDrive(DriveContract):
    def make(self, tmp_path: Path) -> DriveGround:
        ground = FolderGround(tmp_path / "drive")
        ground.drive = DeadlineDrive(ground.drive, RealSystem(), deadline_s=30)
        return ground


class Pipes:
    """What stands for a child process: two pipes, and a thread that serves at their other ends."""

    def __init__(self) -> None:
        requests, self._in = os.pipe()
        self._out, replies = os.pipe()
        self.stdin, self.stdout = os.fdopen(self._in, "wb", 0), os.fdopen(self._out, "rb", 0)
        self._ends = (requests, replies)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        serve(*self._ends)
        for end in self._ends:
            os.close(end)

    def poll(self) -> int:
        return 0


class TestApartDrive(DriveContract):
    @pytest.fixture(autouse=True)
    def _without_processes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a thread do what the child does; that a child can be begun is shown once, elsewhere."""
        monkeypatch.setattr("couplejournal.drive.apart._begin", Pipes)

    def make(self, tmp_path: Path) -> DriveGround:
        ground = FolderGround(tmp_path / "drive")
        ground.drive = ApartDrive(ground.root)
        return ground


class TestTestWrappers(DriveContract):
    def make(self, tmp_path: Path) -> DriveGround:
        ground = FolderGround(tmp_path / "drive")
        ground.drive = CountingDrive(SlowDrive(FaultyDrive(ground.drive, fail_at=1000)))
        return ground


def test_read_only_drive_reads() -> None:
    """A read-only drive shows what is there."""
    sim = DriveSim(1)
    drive = ReadOnlyDrive(sim.face(0))
    sim.plant(0, SEGMENT, b"x")
    assert drive.probe().exists
    assert [file.path for file in drive.list()] == [SEGMENT]
    assert drive.read(SEGMENT, limit_bytes=1) == b"x"


def test_read_only_drive_writes_nothing() -> None:
    """A read-only drive refuses to publish and to remove."""
    sim = DriveSim(1)
    drive = ReadOnlyDrive(sim.face(0))
    sim.plant(0, SEGMENT, b"x")
    with pytest.raises(DriveReadOnlyError):
        drive.publish(SEGMENT, b"y")
    with pytest.raises(DriveReadOnlyError):
        drive.remove(SEGMENT)
    assert sim.views[0][SEGMENT].data == b"x"
