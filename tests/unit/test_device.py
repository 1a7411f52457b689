"""A device: made whole or not at all, one lock for its threads and processes, changes that lose nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from couplejournal import device as devices
from couplejournal.device import Device, HomeLock
from couplejournal.disk import RealDisk
from couplejournal.errors import NoJournalError, SetupError, StoreBusyError, StoreError
from couplejournal.store.home import Home
from couplejournal.store.settings import Settings
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk


def made(home: Home, disk: MemoryDisk | CrashDisk | RealDisk, *, seed: str = "") -> Device:
    """Make a device in open mode."""
    return Device.create(home, disk, FakeSystem(seed), name="Ana", device_name="laptop", mode="open", passphrase=None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home that is not there yet."""
    return Home.locate(tmp_path / "home", {})


@pytest.mark.parametrize("fault", ["crash", "crash after"])
def test_a_crash_while_making_leaves_nothing_or_all(home: Home, fault: str) -> None:
    """Whatever call of the disk ends the program, the home opens with its profile, or is made anew."""
    for at in range(1, 200):
        disk = CrashDisk(MemoryDisk(), fault_at=at, fault=fault)  # type: ignore[arg-type]
        try:
            made(home, disk)
        except CrashError:
            disk.restart()
            try:
                opened = Device.open(home, disk, FakeSystem())
            except NoJournalError:
                opened = made(home, disk, seed="again")
            assert [op.word for op in opened.private.ops_after({})] == ["profile"]
            continue
        return
    raise AssertionError("making never comes to its end")


def test_a_failing_keystore_leaves_no_book(home: Home) -> None:
    """A journal whose keys cannot be kept is not there, and nothing of it is."""
    disk = MemoryDisk()
    with pytest.raises(SetupError):
        Device.create(home, disk, FakeSystem(), name="Ana", device_name="", mode="passphrase", passphrase=" ")
    assert not [path for path in disk.files if path.suffix in {".cj", ".seg"}]
    with pytest.raises(NoJournalError):
        Device.open(home, disk, FakeSystem())


def test_two_that_are_made_at_once_are_one(tmp_path: Path) -> None:
    """Of two processes that make a journal in one home at the same time, one is refused and the other whole."""
    home = Home.locate(tmp_path / "home", {})
    outcomes: list[object] = []

    def work(seed: str) -> None:
        try:
            outcomes.append(made(home, RealDisk(), seed=seed))
        except SetupError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work, args=(str(at),)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    [device] = [one for one in outcomes if isinstance(one, Device)]
    assert len(outcomes) == 4
    assert Device.open(home, RealDisk(), FakeSystem()).secrets == device.secrets


def test_the_lock_keeps_others_out(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process waits and then says so; a thread may take the lock again within; afterwards it is free."""
    monkeypatch.setattr(devices, "LOCK_PATIENCE_S", 0.05)
    device = made(home, RealDisk())
    other = HomeLock(home)
    with device.hold(), device.hold():
        with pytest.raises(StoreBusyError) as caught:
            other.hold().__enter__()
        assert caught.value.retry
    with other.hold():
        pass


def test_changes_of_several_processes_are_all_kept(home: Home) -> None:
    """Each change begins from what the others saved, for keys and for settings."""
    one = made(home, RealDisk())
    two = Device.open(home, RealDisk(), FakeSystem())
    one.change(lambda secrets: msgspec.structs.replace(secrets, pairing=b"x"))
    two.change(lambda secrets: msgspec.structs.replace(secrets, device_name="desk"))
    one.change_settings(lambda settings: msgspec.structs.replace(settings, drive="/here"))
    two.change_settings(lambda settings: msgspec.structs.replace(settings, founding="ab"))
    one.reload()
    assert (one.secrets.pairing, one.secrets.device_name) == (b"x", "desk")
    assert one.settings == Settings(drive="/here", founding="ab")


def test_threads_change_the_keystore_at_once(home: Home) -> None:
    """No change is lost, and no reader is thrown back behind a change that it saw."""
    device = made(home, RealDisk())
    seen: list[int] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            device.reload()
            seen.append(len(device.secrets.pairing))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        device.change(lambda secrets: msgspec.structs.replace(secrets, pairing=secrets.pairing + b"."))
        assert len(device.secrets.pairing) == len(seen and device.secrets.pairing)
    over.set()
    reader.join(10)
    assert len(device.secrets.pairing) == 30
    assert seen == sorted(seen)


def test_damaged_settings_are_told(home: Home) -> None:
    """Settings that do not parse are one error with a hint, and no path in it."""
    device = made(home, MemoryDisk())
    device.disk.replace(home.config_path, b"{")
    with pytest.raises(StoreError) as caught:
        _ = device.settings
    assert str(home.config) not in str(caught.value)


def test_an_unknown_book_is_an_error(home: Home) -> None:
    """A book that the keystore does not name cannot be opened."""
    with pytest.raises(StoreError):
        made(home, MemoryDisk()).book(bytes(32))


def test_unlisted_beginnings_are_found_by_what_they_are(home: Home) -> None:
    """Only a genesis under its own name counts as left half-done; other things in the folder are left alone."""
    device = made(home, MemoryDisk())
    assert list(device.unlisted_geneses()) == []
    device.lay_down(b"one", devices.book_id_of(b"one"))
    device.lay_down(b"two", bytes(32))
    assert list(device.unlisted_geneses()) == [b"one"]
