"""Which file system a folder lies on, and what follows from it."""

from __future__ import annotations

import ctypes
import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from couplejournal.drive import filesystems
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import DriveMissingError
from couplejournal.errors import DriveError
from couplejournal.system import RealSystem
from couplejournal.testing.drives import FaultyCalls

MOUNTS = """\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
22 21 0:5 / /proc rw - proc proc rw
30 21 0:40 / /mnt/usb\\040stick rw - vfat /dev/sdb1 rw
31 21 0:41 / /mnt/nas rw master:3 - cifs //nas/share rw
32 31 0:42 / /mnt/nas/inner rw - tmpfs tmpfs rw
33 21 0:43 / /home/ana/cloud rw - fuse.rclone cloud: rw
34 21 0:44 / /again rw - ext4 /dev/sdc1 rw
35 34 0:45 / /again rw - nfs4 nas:/x rw
36 21 0:6 / /dev rw - devtmpfs devtmpfs rw
37 36 0:25 / /dev/shm rw - tmpfs tmpfs rw
not a line of this file
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/no/such/folder", "ext4"),
        ("/mnt/usb stick/journal", "vfat"),
        ("/mnt/nas/journal", "cifs"),
        ("/mnt/nas/inner/journal", "cifs"),
        ("/home/ana/cloud", "fuse.rclone"),
        ("/home/ana/clouds", "ext4"),
        ("/home/ana/x/../cloud/y", "fuse.rclone"),
        ("/again/x", "nfs4"),
        ("/dev/shm/journal", "tmpfs"),
    ],
)
def test_type_of_a_path(path: str, kind: str) -> None:
    """The mount that a path lies on says its type; what lies behind a mount that can hang is not looked at."""
    assert filesystems.type_among(filesystems.read_mounts(MOUNTS), Path(path)) == kind


@pytest.mark.parametrize("target", ["{there}/cloud", "../{name}/cloud", "./cloud"])
def test_links_are_followed(tmp_path: Path, target: str) -> None:
    """A link into a mount, absolute or relative, is seen through."""
    (tmp_path / "link").symlink_to(target.format(there=tmp_path, name=tmp_path.name))
    mounts = {"/": "ext4", f"{tmp_path}/cloud": "fuse.sshfs"}
    assert filesystems.type_among(mounts, tmp_path / "link" / "journal") == "fuse.sshfs"


def test_mount_that_can_hang_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing at or below the mount point of a network drive is looked at."""
    touched: list[str] = []

    def look(path: str) -> str:
        touched.append(path)
        raise OSError

    monkeypatch.setattr("os.readlink", look)
    filesystems.type_among(filesystems.read_mounts(MOUNTS), Path("/mnt/nas/journal/x"))
    assert touched == ["/mnt"]


def test_endless_links(tmp_path: Path) -> None:
    """Links that lead in a circle end as unknown."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert filesystems.type_among({"/": "ext4"}, tmp_path / "a") == filesystems.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "watched", "blocking"),
    [
        ("ext4", True, False),
        ("apfs", True, False),
        ("ntfs", True, False),
        ("nfs4", False, True),
        ("smb3", False, True),
        ("fuse.sshfs", False, True),
        ("fuseblk", False, True),
        ("9p", False, True),
        ("", False, True),
        ("unknown", False, True),
    ],
)
def test_what_follows_from_the_type(kind: str, watched: bool, blocking: bool) -> None:
    """Only known local file systems are watched, and trusted to answer."""
    assert filesystems.can_watch(kind) is watched
    assert filesystems.can_block(kind, Path("/home/ana")) is blocking


def test_folders_that_are_fetched_can_block() -> None:
    """A folder of macOS whose files are fetched when they are read may hang, although it lies on a local disk."""
    assert filesystems.can_block("apfs", Path("/Users/ana/Library/CloudStorage/Dropbox/ours"))
    assert not filesystems.can_block("apfs", Path("/Users/ana/ours"))


def test_place_of_a_folder(tmp_path: Path) -> None:
    """A folder's place holds its device, inode and file system; one made anew is another."""
    drive = FolderDrive(tmp_path / "drive", RealSystem())
    assert not drive.probe().exists
    (tmp_path / "drive").mkdir()
    place = drive.probe()
    seen = (tmp_path / "drive").stat()
    assert place.identity == (seen.st_dev, seen.st_ino, place.fs_type)
    assert filesystems.may_hang(tmp_path) is place.can_block
    (tmp_path / "drive").rename(tmp_path / "old")
    (tmp_path / "drive").mkdir()
    assert drive.probe().identity != place.identity


def test_file_is_no_place(tmp_path: Path) -> None:
    """A file in the place of the root is as good as nothing."""
    (tmp_path / "drive").write_bytes(b"")
    drive = FolderDrive(tmp_path / "drive", RealSystem())
    assert not drive.probe().exists
    assert not FolderDrive(tmp_path / "drive" / "x", RealSystem()).probe().exists
    with pytest.raises(DriveError):
        drive.list()


def test_root_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that cannot be looked at is an error; behind a FUSE program that ended, nobody is there."""
    failure = OSError(errno.EIO, "planted")

    def dead(path: Path) -> None:
        raise failure

    monkeypatch.setattr("couplejournal.drive.folder.probe_folder", dead)
    with pytest.raises(DriveError, match="EIO"):
        FolderDrive(tmp_path, RealSystem()).probe()
    failure = OSError(errno.ENOTCONN, "planted")
    with pytest.raises(DriveMissingError, match="the shared folder is not there"):
        FolderDrive(tmp_path, RealSystem()).probe()


@pytest.mark.parametrize("number", [5, 116, 107])
def test_listing_that_fails_is_no_shorter_listing(tmp_path: Path, number: int) -> None:
    """A listing that breaks off is an error, never a short listing that looks like a loss."""
    calls = FaultyCalls(fail_at=1, number=number, names=frozenset({"scan"}))
    with pytest.raises(DriveError):
        FolderDrive(tmp_path, RealSystem(), calls=calls).list()


def test_type_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS statfs names the file system; where it fails the type is unknown."""

    class Library:
        answer = 0

        def statfs(self, path: bytes, room: Any) -> int:
            room[72:77] = b"smbfs"
            return self.answer

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert filesystems.fs_type_of(Path("/Volumes/nas")) == "smbfs"
    monkeypatch.setattr(Library, "answer", -1)
    assert filesystems.fs_type_of(Path("/Volumes/nas")) == filesystems.UNKNOWN


def test_type_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows the volume names its file system, and a network share is one whatever it says."""

    class Kernel:
        kind, has_path, has_volume = 3, 1, 1

        def GetVolumePathNameW(self, path: str, volume: object, size: int) -> int:  # noqa: N802
            return self.has_path

        def GetDriveTypeW(self, volume: object) -> int:  # noqa: N802
            return self.kind

        def GetVolumeInformationW(self, *arguments: Any) -> int:  # noqa: N802
            arguments[6].value = "NTFS"
            return self.has_volume

    class Libraries:
        kernel32 = Kernel()

    monkeypatch.setattr(ctypes, "windll", Libraries(), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    seen = [filesystems.fs_type_of(Path("C:/ours"))]
    for field, value in (("has_volume", 0), ("kind", 4), ("has_path", 0)):
        monkeypatch.setattr(Kernel, field, value)
        seen.append(filesystems.fs_type_of(Path("C:/ours")))
    assert seen == ["ntfs", filesystems.UNKNOWN, "remote", filesystems.UNKNOWN]


def test_unreadable_mounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the mounts cannot be read the type is unknown: polled, and given a deadline."""
    monkeypatch.setattr(filesystems, "_MOUNTS", tmp_path / "none")
    assert filesystems.fs_type_of(tmp_path) == filesystems.UNKNOWN
    assert filesystems.may_hang(tmp_path)
