"""The device's own disk, and the fakes that stand in for it: the same contract, and every error our own."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from couplejournal.disk import TEMPORARY_PREFIX, Disk, RealDisk
from couplejournal.errors import StoreError
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk

DISKS: dict[str, Callable[[], Disk]] = {
    "real": RealDisk,
    "memory": MemoryDisk,
    "crash around real": lambda: CrashDisk(RealDisk()),
    "crash around memory": lambda: CrashDisk(MemoryDisk()),
}


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    """Return each disk, with a folder on it."""
    made = DISKS[request.param]()
    made.make_folder(tmp_path / "a" / "b", private=True)
    return made


def names(disk: Disk, folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(listed.name for listed in disk.list(folder))


def test_what_was_written_is_read(disk: Disk, tmp_path: Path) -> None:
    """New files, replaced files and appended files are read back whole, and nothing else lies beside them."""
    path = tmp_path / "a" / "file"
    assert disk.read(path, limit_bytes=10) is None
    disk.write_new(path, b"one")
    assert disk.read(path, limit_bytes=3) == b"one"
    disk.replace(path, b"", durable=False, private=True)
    assert disk.read(path, limit_bytes=3) == b""
    disk.replace(path, b"three")
    for durable in (True, False):
        disk.append(tmp_path / "a" / "log", b"more", durable=durable)
    assert disk.read(tmp_path / "a" / "log", limit_bytes=10) == b"moremore"
    assert names(disk, tmp_path / "a") == ["b", "file", "log"]
    listed = {entry.name: entry for entry in disk.list(tmp_path / "a")}
    assert (listed["file"].size_bytes, listed["file"].is_file, listed["b"].is_file) == (5, True, False)


def test_what_is_not_there_is_no_error(disk: Disk, tmp_path: Path) -> None:
    """Reading, listing and removing what is not there say so quietly; a folder may be made twice."""
    assert disk.read(tmp_path / "a" / "none", limit_bytes=1) is None
    assert disk.list(tmp_path / "none" / "none") == []
    disk.remove(tmp_path / "a" / "none")
    disk.make_folder(tmp_path / "a" / "b")
    disk.write_new(tmp_path / "a" / "file", b"x")
    disk.remove(tmp_path / "a" / "file")
    assert names(disk, tmp_path / "a") == ["b"]


def test_what_cannot_be_is_our_own_error(disk: Disk, tmp_path: Path) -> None:
    """A file beyond the limit, a folder in a file's place, and a folder that is missing are sentences."""
    disk.write_new(tmp_path / "a" / "file", b"12345")
    with pytest.raises(StoreError):
        disk.read(tmp_path / "a" / "file", limit_bytes=4)
    with pytest.raises(StoreError):
        disk.read(tmp_path / "a" / "b", limit_bytes=4)
    for act in (disk.write_new, disk.replace):
        with pytest.raises(StoreError):
            act(tmp_path / "none" / "file", b"x")
    with pytest.raises(StoreError):
        disk.append(tmp_path / "none" / "file", b"x", durable=True)


NUMBERS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.ESTALE]


def failing(call: str, number: int, *, at: int = 1) -> Callable[..., Any]:
    """Return a call of the system that fails at its n-th use."""
    real, count = getattr(os, call), 0

    def called(*arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == at:
            raise OSError(number, "planted", str(arguments[0]))
        return real(*arguments, **options)

    return called


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_failed_write_leaves_nothing(call: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever step fails, with whichever error: one sentence without a path, and the folder as it was before."""
    disk = RealDisk()
    disk.replace(tmp_path / "old", b"old")
    for act in (disk.write_new, disk.replace):
        for path in (tmp_path / "new", tmp_path / "old"):
            with monkeypatch.context() as planted:
                planted.setattr(os, call, failing(call, number))
                with pytest.raises(StoreError) as caught:
                    act(path, b"new")
            assert str(tmp_path) not in str(caught.value)
            assert "\n" not in str(caught.value)
            assert names(disk, tmp_path) == ["old"]
            assert disk.read(tmp_path / "old", limit_bytes=9) == b"old"


@pytest.mark.skipif(os.name != "posix", reason="folders are synced on POSIX alone")
def test_a_folder_that_does_not_sync_unmakes_the_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is reported as not saved does not turn up later: the name is taken away again."""
    disk = RealDisk()
    monkeypatch.setattr(os, "fsync", failing("fsync", errno.EIO, at=2))
    with pytest.raises(StoreError):
        disk.write_new(tmp_path / "new", b"new")
    assert names(disk, tmp_path) == []
    disk.write_new(tmp_path / "new", b"new")


@pytest.mark.skipif(os.name != "posix", reason="folders are synced on POSIX alone")
def test_a_folder_that_cannot_be_synced_at_all_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no syncing of folders is left to its own promise."""
    monkeypatch.setattr(os, "fsync", failing("fsync", errno.EINVAL, at=2))
    RealDisk().write_new(tmp_path / "new", b"new")
    assert (tmp_path / "new").read_bytes() == b"new"


def test_short_writes_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes a few bytes at a time gets all of them."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    RealDisk().write_new(tmp_path / "new", b"0123456789")
    assert (tmp_path / "new").read_bytes() == b"0123456789"


def test_files_are_synced_before_their_names_and_folders_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A durable write syncs the bytes, renames, and syncs the folder, in this order; an undurable one only renames."""
    steps: list[str] = []
    for call in ("fsync", "replace"):
        real = getattr(os, call)

        def counted(*arguments: Any, call: str = call, real: Callable[..., Any] = real) -> Any:
            steps.append(call)
            return real(*arguments)

        monkeypatch.setattr(os, call, counted)
    disk = RealDisk()
    disk.write_new(tmp_path / "one", b"x")
    disk.replace(tmp_path / "two", b"x", durable=False)
    synced = ["fsync"] if os.name == "posix" else []
    assert steps == ["fsync", "replace", *synced, "replace"]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_private_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    """What is private is readable by its owner only."""
    disk = RealDisk()
    disk.make_folder(tmp_path / "mine", private=True)
    disk.replace(tmp_path / "mine" / "file", b"x", private=True)
    disk.append(tmp_path / "mine" / "log", b"x", durable=False)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "mine" / "file").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "mine" / "log").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe in a file's place is refused at once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError):
        RealDisk().read(tmp_path / "pipe", limit_bytes=10)


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C in the middle of a write leaves no temporary file."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        RealDisk().write_new(tmp_path / "new", b"new")
    assert [name for name in os.listdir(tmp_path) if name.startswith(TEMPORARY_PREFIX)] == []  # noqa: PTH208


def test_a_crash_disk_counts_fails_and_forgets(tmp_path: Path) -> None:
    """The n-th call fails or crashes as planted; at a power cut what was not synced is as it was before."""
    disk = CrashDisk(MemoryDisk())
    disk.make_folder(tmp_path)
    disk.replace(tmp_path / "marks", b"synced")
    disk.replace(tmp_path / "marks", b"not synced", durable=False)
    disk.replace(tmp_path / "fresh", b"not synced", durable=False)
    disk.append(tmp_path / "log", b"not synced", durable=False)
    disk.plant(2, "fail", number=errno.ENOSPC, is_lasting=True)
    assert disk.read(tmp_path / "marks", limit_bytes=20) == b"not synced"
    for _ in range(2):
        with pytest.raises(StoreError, match="full"):
            disk.read(tmp_path / "marks", limit_bytes=20)
    assert (disk.hits, disk.calls) == (2, ["read"] * 3)
    disk.restart()
    assert disk.read(tmp_path / "marks", limit_bytes=20) == b"synced"
    assert names(disk, tmp_path) == ["marks"]
    for fault, there in (("crash", False), ("crash after", True)):
        disk.plant(1, fault)  # type: ignore[arg-type]
        with pytest.raises(CrashError):
            disk.write_new(tmp_path / fault, b"x")
        disk.restart()
        assert (fault in names(disk, tmp_path)) == there
    disk.plant(1, "crash after")
    with pytest.raises(CrashError):
        disk.append(tmp_path / "log", b"1234", durable=True)
    disk.restart()
    assert disk.read(tmp_path / "log", limit_bytes=9) == b"12"
