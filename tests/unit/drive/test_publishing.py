"""Publishing: whole and durable, or not at all, on every kind of mount."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import DriveFullError, DriveMissingError, DriveReadOnlyError
from couplejournal.errors import DriveError
from couplejournal.system import RealSystem
from couplejournal.testing.contracts import BOOK, SEGMENT
from couplejournal.testing.drives import FaultyCalls

if TYPE_CHECKING:
    from pathlib import Path

    from couplejournal.drive.calls import Folder

DATA = b"segment" * 300


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty folder for a drive."""
    (tmp_path / "drive").mkdir()
    return tmp_path / "drive"


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    """Return an empty folder for staging."""
    (tmp_path / "staging").mkdir()
    return tmp_path / "staging"


def files_in(folder: Path) -> list[str]:
    """Return the relative paths of all files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def calls_failing(call: str, number: int, *, fail_at: int = 1, is_lasting: bool = False) -> FaultyCalls:
    """Return system calls of which one fails."""
    return FaultyCalls(fail_at=fail_at, number=number, names=frozenset({call}), is_lasting=is_lasting)


def test_order_of_the_steps(root: Path) -> None:
    """The file is on the disk before it has its name, and the name before the call returns."""
    FolderDrive(root, RealSystem()).publish(f"{BOOK}/book.cj", b"x")
    calls = FaultyCalls()
    FolderDrive(root, RealSystem(), calls=calls).publish(f"{BOOK}/x.seg", DATA)
    steps = [step for step in calls.log if step not in {"open_root", "enter"}]
    assert steps == ["open_new", "write", "sync", "close", "rename", "sync_folder"]


def test_new_folders_are_durable(root: Path) -> None:
    """A folder that was made is synced in its parent before anything stands in it."""
    calls = FaultyCalls()
    FolderDrive(root, RealSystem(), calls=calls).publish(SEGMENT, DATA)
    steps = [step for step in calls.log if step not in {"open_root", "enter"}]
    assert steps[:6] == ["make_folder", "sync_folder"] * 3


def test_staged_outside(root: Path, staging: Path) -> None:
    """With a staging folder on the same file system, no temporary name ever stands in the drive."""
    seen: list[str] = []

    class Looking(FaultyCalls):
        def sync(self, fd: int) -> None:
            seen.extend(files_in(root) + files_in(staging))
            super().sync(fd)

    FolderDrive(root, RealSystem(), staging=staging, calls=Looking()).publish(SEGMENT, DATA)
    assert len(seen) == 1
    assert seen[0].startswith("~$cj")
    assert seen[0].endswith(".tmp")
    assert files_in(root) == [SEGMENT]
    assert files_in(staging) == []


def test_staged_beside(root: Path) -> None:
    """Without a staging folder the temporary name is one that sync clients leave alone."""
    seen: list[str] = []

    class Looking(FaultyCalls):
        def sync(self, fd: int) -> None:
            seen.extend(files_in(root))
            super().sync(fd)

    FolderDrive(root, RealSystem(), calls=Looking()).publish(f"{BOOK}/x.seg", DATA)
    assert [name.rpartition("/")[2][:4] for name in seen] == ["~$cj"]
    assert files_in(root) == [f"{BOOK}/x.seg"]


def test_staging_that_cannot_serve(root: Path, staging: Path, tmp_path: Path) -> None:
    """A staging folder that is not there, or from which no rename leads, is done without."""
    FolderDrive(root, RealSystem(), staging=tmp_path / "none").publish(f"{BOOK}/1.seg", DATA)
    calls = calls_failing("rename", errno.EXDEV)
    drive = FolderDrive(root, RealSystem(), staging=staging, calls=calls)
    drive.publish(f"{BOOK}/2.seg", DATA)
    drive.publish(f"{BOOK}/3.seg", DATA)
    assert drive.tolerated == {"staging"}
    assert files_in(root) == [f"{BOOK}/{number}.seg" for number in (1, 2, 3)]
    assert files_in(staging) == []


def test_group_of_a_shared_folder_is_kept(root: Path, staging: Path) -> None:
    """In a folder that hands on its group the file is made in place, since a rename would bring another group."""
    root.chmod(0o2775)
    calls = calls_failing("rename", errno.EIO)
    drive = FolderDrive(root, RealSystem(), staging=staging, calls=calls)
    with pytest.raises(DriveError):
        drive.publish("x.seg", DATA)
    assert calls.log.count("open_root") == 2
    assert drive.tolerated == frozenset()


def test_modes_follow_the_mask(root: Path) -> None:
    """A file on the drive may be read by whomever the process's mask lets, never by the writer alone."""
    before = os.umask(0o022)
    try:
        FolderDrive(root, RealSystem()).publish(SEGMENT, DATA)
        FolderDrive(root, RealSystem()).publish("x.seg", DATA, direct=True)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((root / name).stat().st_mode) for name in (SEGMENT, "x.seg")] == [0o644, 0o644]
    assert stat.S_IMODE((root / BOOK).stat().st_mode) == 0o755


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOSYS, errno.EXDEV, errno.EPERM, errno.EACCES, errno.EINVAL])
def test_mount_that_cannot_rename(root: Path, number: int) -> None:
    """Where renaming is impossible the final name is written directly, and nothing temporary is left."""
    drive = FolderDrive(root, RealSystem(), calls=calls_failing("rename", number, is_lasting=True))
    drive.publish(SEGMENT, DATA)
    assert drive.read(SEGMENT, limit_bytes=9999) == DATA
    assert files_in(root) == [SEGMENT]
    assert ("rename" in drive.tolerated) == (number in {errno.ENOTSUP, errno.ENOSYS})


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.EINVAL, errno.ENOTTY, errno.EACCES])
@pytest.mark.parametrize(("call", "ability"), [("sync", "sync"), ("sync_folder", "sync-folder")])
def test_mount_that_cannot_sync(root: Path, call: str, ability: str, number: int) -> None:
    """A refused fsync is tolerated, remembered, and not asked for again."""
    calls = calls_failing(call, number, is_lasting=True)
    drive = FolderDrive(root, RealSystem(), calls=calls)
    drive.publish("1.seg", DATA)
    drive.publish("2.seg", DATA)
    assert drive.tolerated == {ability}
    assert (calls.hits, len(drive.list())) == (1, 2)


def test_failed_sync_is_a_failure(root: Path) -> None:
    """A sync that fails is not tried again on the same file: the file goes, and the next try makes a new one."""
    calls = calls_failing("sync", errno.EIO)
    drive = FolderDrive(root, RealSystem(), calls=calls)
    with pytest.raises(DriveError):
        drive.publish(SEGMENT, DATA)
    assert files_in(root) == []
    drive.publish(SEGMENT, DATA)
    assert calls.log.count("open_new") == 2
    assert drive.read(SEGMENT, limit_bytes=9999) == DATA


@pytest.mark.parametrize("winerror", [5, 32, 33])
def test_held_by_another_program(root: Path, winerror: int) -> None:
    """On Windows a file that a scanner holds is tried again for about 2.5 s."""
    pauses: list[float] = []
    names = frozenset({"rename"})
    calls = FaultyCalls(fail_at=1, number=errno.EACCES, names=names, winerror=winerror)
    drive = FolderDrive(root, RealSystem(), calls=calls, pause=pauses.append)
    drive.publish(SEGMENT, DATA)
    assert (pauses, calls.log.count("rename")) == ([0.05], 2)
    lasting = FaultyCalls(fail_at=1, number=errno.EBUSY, names=names, winerror=winerror, is_lasting=True)
    with pytest.raises(DriveError):
        FolderDrive(root, RealSystem(), calls=lasting, pause=pauses.append).publish("x.seg", DATA)
    assert sum(pauses) == pytest.approx(2.55)
    assert files_in(root) == [SEGMENT]


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["open_new", "write", "sync", "close", "make_folder"])
def test_full_drive(root: Path, call: str, number: int, direct: bool) -> None:
    """A full drive is named as such, and nothing partial is left."""
    calls = calls_failing(call, number)
    with pytest.raises(DriveFullError) as caught:
        FolderDrive(root, RealSystem(), calls=calls).publish(SEGMENT, DATA, direct=direct)
    assert files_in(root) == []
    assert calls.hits == 1
    assert str(caught.value) == "the shared folder is full"


def test_full_drive_that_says_otherwise(root: Path) -> None:
    """A drive that says "not permitted" when it is full is recognised by having no room."""

    class Roomless(FaultyCalls):
        def free_bytes(self, folder: Folder) -> int | None:
            return 100

    calls = Roomless(fail_at=1, number=errno.EPERM, names=frozenset({"write"}))
    with pytest.raises(DriveFullError):
        FolderDrive(root, RealSystem(), calls=calls).publish(SEGMENT, DATA)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_read_only_drive(root: Path, number: int) -> None:
    """A drive that may not be written is named as such."""
    calls = calls_failing("open_new", number, is_lasting=True)
    with pytest.raises(DriveReadOnlyError):
        FolderDrive(root, RealSystem(), calls=calls).publish(SEGMENT, DATA)


@pytest.mark.parametrize("direct", [False, True])
def test_short_writes(root: Path, direct: bool) -> None:
    """A drive that stores less than it was given is given the rest."""
    drive = FolderDrive(root, RealSystem(), calls=FaultyCalls(short=True))
    drive.publish(SEGMENT, DATA, direct=direct)
    assert drive.read(SEGMENT, limit_bytes=9999) == DATA


def test_writes_of_nothing(root: Path) -> None:
    """A drive that stores nothing is a failure, not an endless loop."""

    class Nothing(FaultyCalls):
        def write(self, fd: int, data: memoryview) -> int:
            return 0

    with pytest.raises(DriveError):
        FolderDrive(root, RealSystem(), calls=Nothing()).publish(SEGMENT, DATA)
    assert files_in(root) == []


@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT])
def test_every_call_fails_once(tmp_path: Path, number: int, direct: bool, is_lasting: bool) -> None:
    """Whichever system call fails: our own error or none, all or nothing under the name, and whole at the next try."""
    for fail_at in range(1, 40):
        root = tmp_path / str(fail_at)
        root.mkdir()
        calls = FaultyCalls(fail_at=fail_at, number=number, is_lasting=is_lasting)
        drive = FolderDrive(root, RealSystem(), calls=calls)
        try:
            drive.publish(SEGMENT, DATA, direct=direct)
        except DriveError:
            pass
        else:
            assert (root / SEGMENT).read_bytes() == DATA
        assert not (root / SEGMENT).exists() or (root / SEGMENT).read_bytes() == DATA or is_lasting
        drive = FolderDrive(root, RealSystem())
        drive.publish(SEGMENT, DATA, direct=direct)
        assert drive.read(SEGMENT, limit_bytes=9999) == DATA
        if not calls.hits:
            return
    pytest.fail("more calls than expected")


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOENT, DriveMissingError), (errno.EIO, DriveError)])
def test_folder_that_cannot_be_entered(root: Path, number: int, kind: type[DriveError]) -> None:
    """A folder that vanishes as soon as it is made, or fails, is an error of the drive."""
    calls = calls_failing("enter", number, is_lasting=True)
    with pytest.raises(kind):
        FolderDrive(root, RealSystem(), calls=calls).publish(SEGMENT, DATA)
    assert files_in(root) == []


def test_remove_that_fails(root: Path) -> None:
    """A file that may not be removed is said so; a missing one is fine."""
    (root / "x.seg").write_bytes(b"x")
    calls = calls_failing("unlink", errno.EROFS)
    with pytest.raises(DriveReadOnlyError):
        FolderDrive(root, RealSystem(), calls=calls).remove("x.seg")
    gone = calls_failing("unlink", errno.ENOENT)
    FolderDrive(root, RealSystem(), calls=gone).remove("x.seg")
    assert gone.hits == 1


def test_interrupted(root: Path) -> None:
    """Ctrl-C in the middle leaves nothing behind."""

    class Interrupted(FaultyCalls):
        def sync(self, fd: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FolderDrive(root, RealSystem(), calls=Interrupted()).publish(SEGMENT, DATA)
    assert files_in(root) == []


def test_errors_hold_no_path(root: Path) -> None:
    """Neither an error nor what it came from names a path."""
    for call in ("open_root", "enter", "open_new", "write", "rename", "sync_folder"):
        with pytest.raises(DriveError) as caught:
            FolderDrive(root, RealSystem(), calls=calls_failing(call, errno.EIO)).publish(SEGMENT, DATA)
        error = caught.value
        assert (error.__context__, error.__cause__) == (None, None)
        assert str(root) not in repr(error)


def test_book_that_is_gone_is_not_made_anew(root: Path) -> None:
    """When the drive goes away after a listing, nothing is made in the bare folder that stands in its place."""
    drive = FolderDrive(root, RealSystem())
    drive.publish(SEGMENT, DATA)
    drive.list()
    root.rename(root.with_name("unplugged"))
    root.mkdir()
    with pytest.raises(DriveMissingError):
        drive.publish(SEGMENT, DATA)
    assert list(root.iterdir()) == []
    assert drive.list() == []
    drive.publish(SEGMENT, DATA)
    assert files_in(root) == [SEGMENT]


def test_rights_that_the_folder_gives(root: Path, staging: Path) -> None:
    """Where a folder gives rights of its own to what is made in it, files are made in it."""
    folder = root / BOOK
    folder.mkdir()
    everybody = bytes.fromhex("02000000 01000600ffffffff 04000600ffffffff 20000600ffffffff")
    try:
        os.setxattr(folder, "system.posix_acl_default", everybody)
    except (AttributeError, OSError):
        pytest.skip("no default rights on this file system")
    FolderDrive(root, RealSystem(), staging=staging).publish(f"{BOOK}/x.seg", DATA)
    assert stat.S_IMODE((folder / "x.seg").stat().st_mode) == 0o666
