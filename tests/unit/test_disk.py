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
from couplejournal.testing.diskcontract import DiskContract, names
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk


class TestRealDisk(DiskContract):
    def make(self) -> Disk:
        return RealDisk()


class TestMemoryDisk(DiskContract):
    def make(self) -> Disk:
        return MemoryDisk()


class TestCrashDisk(DiskContract):
    def make(self) -> Disk:
        return CrashDisk(MemoryDisk())


class TestCrashDiskAroundReal(DiskContract):
    def make(self) -> Disk:
        return CrashDisk(RealDisk())


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


def test_every_outcome_of_a_power_cut_can_be_had(tmp_path: Path) -> None:
    """What was not synced is old, new, empty or cut, what was synced is as it was; each combination has a number."""

    def left(choice: int) -> tuple[int, bytes | None, bytes | None, list[str]]:
        disk = CrashDisk(MemoryDisk())
        disk.make_folder(tmp_path)
        disk.replace(tmp_path / "notes", b"old!")
        disk.replace(tmp_path / "notes", b"new!", durable=False)
        disk.append(tmp_path / "log", b"abcd", durable=False)
        disk.write_new(tmp_path / "gone", b"x")
        disk.remove(tmp_path / "gone")
        count = disk.outcomes
        disk.restart(choice=choice)
        assert disk.outcomes == 1
        read = [disk.read(tmp_path / name, limit_bytes=9) for name in ("notes", "log")]
        return count, *read, names(disk, tmp_path)  # type: ignore[return-value]

    count = left(0)[0]
    found = {(notes, log, "gone" in there) for _, notes, log, there in map(left, range(count))}
    assert found == {
        (notes, log, gone)
        for notes in (b"old!", b"new!", b"", b"ne")
        for log in (None, b"abcd", b"", b"ab")
        for gone in (True, False)
    }
    assert len(found) == count
    assert left(0)[1:] == (b"old!", None, ["gone", "notes"])


def test_a_crash_within_a_durable_write_leaves_all_or_nothing(tmp_path: Path) -> None:
    """A rename that was not synced yet may be undone by the power cut; the bytes are whole in either case."""
    left = set()
    for choice in range(2):
        disk = CrashDisk(MemoryDisk(), fault_at=2, fault="crash within")
        disk.make_folder(tmp_path)
        with pytest.raises(CrashError):
            disk.write_new(tmp_path / "new", b"whole")
        assert disk.outcomes == 2
        disk.restart(choice=choice)
        left.add(disk.read(tmp_path / "new", limit_bytes=9))
    assert left == {None, b"whole"}


def test_a_later_write_in_the_folder_makes_a_removal_last(tmp_path: Path) -> None:
    """The folder is synced after a durable write, and with it the names that were removed from it before."""
    disk = CrashDisk(MemoryDisk())
    disk.make_folder(tmp_path)
    for name in ("one", "two"):
        disk.write_new(tmp_path / name, b"x")
    disk.remove(tmp_path / "one")
    assert disk.outcomes == 2
    disk.write_new(tmp_path / "three", b"x")
    assert disk.outcomes == 1
    disk.restart()
    assert names(disk, tmp_path) == ["three", "two"]
