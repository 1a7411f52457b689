"""Watching: told of changes quickly, armed anew whatever happens to a folder, and polling all the same."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import DriveLateError, Place
from couplejournal.drive.watch import FOLDERS_LIMIT, Watched, Watcher, _folders_of
from couplejournal.system import RealSystem
from couplejournal.testing.contracts import BOOK, SEGMENT, STREAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_S = 10.0
NEVER_S = (3600.0,)


class Calls:
    """Counts the calls of a watcher, and waits for more of them."""

    def __init__(self, *, answer: object = None) -> None:
        self.count = 0
        self.answer = answer
        self._more = threading.Condition()

    def __call__(self) -> object:
        with self._more:
            self.count += 1
            self._more.notify_all()
        return self.answer

    def wait_beyond(self, count: int) -> int:
        """Wait until there were more calls than that; fail after 10 s."""
        with self._more:
            assert self._more.wait_for(lambda: self.count > count, PATIENCE_S), "not called back"
            return self.count

    def settle(self) -> int:
        """Wait until there are no more calls for a while."""
        with self._more:
            while True:
                count = self.count
                if not self._more.wait_for(lambda seen=count: self.count > seen, 0.3):  # type: ignore[misc]
                    return count


def quiet(path: Path, **more: Any) -> Watched:
    """Return a folder to watch that is never polled while the test runs."""
    return Watched(path, watched_polls_s=NEVER_S, unwatched_polls_s=NEVER_S, **more)


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; fail after 10 s."""
    for _ in range(int(PATIENCE_S / 0.01)):
        if is_so():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not come about")


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """Return a drive and a replica with the folders of one stream, on a file system that can be watched."""
    found = [tmp_path / "drive", tmp_path / "replica"]
    for root in found:
        (root / SEGMENT).parent.mkdir(parents=True)
    if not FolderDrive(found[0], RealSystem()).probe().can_watch:
        pytest.skip("no file system here that tells of changes")
    return found


def test_called_at_the_start_and_after_changes(roots: list[Path]) -> None:
    """A watcher calls once when it has begun, and again after a change in any of its folders."""
    calls = Calls()
    with Watcher([quiet(root) for root in roots], calls, RealSystem()) as watcher:
        calls.wait_beyond(0)
        assert watcher.watching == frozenset(roots)
        for root in roots:
            before = calls.settle()
            FolderDrive(root, RealSystem()).publish(SEGMENT, b"x")
            calls.wait_beyond(before)
    assert watcher.problem == ""


def test_reading_is_no_change(roots: list[Path]) -> None:
    """Listing and reading, as the callback does, wake nobody."""
    drive = FolderDrive(roots[0], RealSystem())
    drive.publish(SEGMENT, b"x")
    calls = Calls()
    with Watcher([quiet(roots[0])], calls, RealSystem()):
        calls.wait_beyond(0)
        before = calls.settle()
        drive.list()
        drive.read(SEGMENT, limit_bytes=9)
        assert calls.settle() == before


def test_new_folders_are_watched(roots: list[Path]) -> None:
    """A book or stream that appears is watched like the ones before it."""
    calls = Calls()
    other = f"{'0c' * 16}/streams/{STREAM}"
    with Watcher([quiet(roots[0])], calls, RealSystem()):
        calls.wait_beyond(0)
        FolderDrive(roots[0], RealSystem()).publish(f"{other}/1.seg", b"x")
        calls.wait_beyond(1)
        before = calls.settle()
        (roots[0] / other / "2.seg").write_bytes(b"y")
        calls.wait_beyond(before)


def test_burst_is_one_change(roots: list[Path]) -> None:
    """Many changes at once are few calls, and a burst without end is not waited for."""
    calls = Calls()
    drive = FolderDrive(roots[0], RealSystem())
    with Watcher([quiet(roots[0])], calls, RealSystem(), quiet_s=0.1, most_s=0.5):
        calls.wait_beyond(0)
        before = calls.settle()
        for number in range(50):
            drive.publish(f"{BOOK}/streams/{STREAM}/{number}.seg", b"x")
        calls.wait_beyond(before)
        assert calls.settle() - before < 25
        ended = threading.Event()
        writer = threading.Thread(target=lambda: _write_until(ended, roots[0]))
        before = calls.settle()
        writer.start()
        calls.wait_beyond(before + 1)
        ended.set()
        writer.join()


def _write_until(ended: threading.Event, root: Path) -> None:
    number = 0
    while not ended.wait(0.005):
        number += 1
        (root / BOOK / f"{number % 20}.seg").write_bytes(b"x")


def test_folder_that_is_made_anew(roots: list[Path]) -> None:
    """After a folder was removed and made again, or replaced by another, changes are told of as before."""
    calls = Calls()
    drive = FolderDrive(roots[0], RealSystem())
    with Watcher([quiet(roots[0])], calls, RealSystem(), check_s=0.05) as watcher:
        calls.wait_beyond(0)
        shutil.rmtree(roots[0])
        until(lambda: not watcher.watching)
        roots[0].mkdir()
        watcher.wake()
        until(lambda: bool(watcher.watching))
        before = calls.settle()
        drive.publish(SEGMENT, b"x")
        calls.wait_beyond(before)
        roots[0].rename(roots[0].with_name("old"))
        roots[1].rename(roots[0])
        calls.wait_beyond(calls.settle() - 1)
        until(lambda: roots[0] in watcher.watching)
        before = calls.settle()
        drive.publish(SEGMENT, b"x")
        calls.wait_beyond(before)


def test_folder_that_is_replaced_unseen(roots: list[Path]) -> None:
    """A folder deep inside that was replaced is watched anew at the next check, without being asked."""
    calls = Calls()
    stream = roots[0] / BOOK / "streams" / STREAM
    with Watcher([quiet(roots[0])], calls, RealSystem(), check_s=0.05):
        calls.wait_beyond(0)
        stream.rename(roots[1] / "elsewhere")
        stream.mkdir()
        calls.wait_beyond(1)
        before = calls.settle()
        (stream / "x.seg").write_bytes(b"x")
        calls.wait_beyond(before)


def test_observer_that_dies(roots: list[Path]) -> None:
    """When watchdog itself has ended, another one is begun."""
    calls = Calls()
    with Watcher([quiet(roots[0])], calls, RealSystem(), check_s=0.05) as watcher:
        calls.wait_beyond(0)
        first = watcher._observer
        assert first is not None
        before = calls.settle()
        first.stop()
        calls.wait_beyond(before)
        until(lambda: watcher._observer is not first and bool(watcher.watching))
        before = calls.settle()
        (roots[0] / BOOK / "x.seg").write_bytes(b"x")
        calls.wait_beyond(before)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.EACCES])
def test_limit_of_watches(roots: list[Path], monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Where the system allows no more watches, the folder is polled, and one sentence says why."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "planted")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.schedule", refuse)
    calls = Calls()
    folder = Watched(roots[0], watched_polls_s=NEVER_S, unwatched_polls_s=(0.01,))
    with Watcher([folder], calls, RealSystem()) as watcher:
        calls.wait_beyond(3)
        assert watcher.watching == frozenset()
        assert "looking now and then instead" in watcher.problem
        monkeypatch.undo()
        until(lambda: bool(watcher.watching))
        assert watcher.problem == ""


def test_folder_that_tells_nothing_is_polled(tmp_path: Path) -> None:
    """A folder on a network, one that is not there, and one that does not answer are polled."""

    def late() -> Place:
        raise DriveLateError("late")

    probes: list[Callable[[], Place]] = [
        lambda: Place(exists=True, identity=(1, 2, "nfs4"), fs_type="nfs4", can_block=True),
        lambda: Place(exists=False),
        late,
    ]
    for probe in probes:
        calls = Calls()
        folder = Watched(tmp_path, probe=probe, watched_polls_s=NEVER_S, unwatched_polls_s=(0.01,))
        with Watcher([folder], calls, RealSystem()) as watcher:
            calls.wait_beyond(3)
        assert (watcher.watching, watcher.problem) == (frozenset(), "")


def test_polls_grow_rarer_until_something_is_new(tmp_path: Path) -> None:
    """The pauses between polls grow along the list, and begin anew when a look found something."""
    calls = Calls()
    folder = Watched(tmp_path, probe=lambda: Place(exists=False), unwatched_polls_s=(0.01, 0.01, 3600.0))
    with Watcher([folder], calls, RealSystem()) as watcher:
        calls.wait_beyond(2)
        assert calls.settle() == 3
        calls.answer = True
        watcher.wake()
        calls.wait_beyond(20)


def test_wake(tmp_path: Path) -> None:
    """A writer of this process needs no watching to be heard."""
    calls = Calls()
    with Watcher([quiet(tmp_path, probe=lambda: Place(exists=False))], calls, RealSystem()) as watcher:
        calls.wait_beyond(0)
        watcher.wake()
        calls.wait_beyond(1)


def test_callback_that_raises(tmp_path: Path) -> None:
    """An error of the callback is told, and the watch goes on."""
    told: list[Exception] = []
    calls = Calls()

    def fail() -> None:
        calls()
        raise RuntimeError("planted")

    watcher = Watcher([quiet(tmp_path)], fail, RealSystem(), on_error=told.append)
    with watcher:
        calls.wait_beyond(0)
        watcher.wake()
        calls.wait_beyond(1)
        until(lambda: len(told) == 2)


def test_stopping(roots: list[Path]) -> None:
    """A watcher stops at once, from outside or from what it calls, leaves no thread, and is started once."""
    before = set(threading.enumerate())
    calls = Calls()
    watcher = Watcher([quiet(root) for root in roots], calls, RealSystem())
    assert watcher.stop()
    watcher = Watcher([quiet(root) for root in roots], calls, RealSystem())
    watcher.start()
    with pytest.raises(ValueError, match="once"):
        watcher.start()
    calls.wait_beyond(0)
    assert watcher.stop()
    assert watcher.watching == frozenset()
    until(lambda: set(threading.enumerate()) <= before)
    inside = Watcher([quiet(roots[0])], lambda: inside.stop(), RealSystem())  # noqa: PLW0108 - not made yet
    inside.start()
    until(lambda: set(threading.enumerate()) <= before)


def test_callback_that_hangs(tmp_path: Path) -> None:
    """Stopping does not wait for a look that hangs; it says that it did not end."""
    hold = threading.Event()
    watcher = Watcher([quiet(tmp_path)], lambda: hold.wait(PATIENCE_S), RealSystem())
    watcher.start()
    watcher.wake()
    assert not watcher.stop(patience_s=0.01)
    hold.set()
    assert watcher.stop()


def test_watchdog_is_loaded_late() -> None:
    """Whoever only reads and writes a drive does not load watchdog."""
    code = "import sys, couplejournal.drive.folder, couplejournal.drive.watch; sys.exit('watchdog' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_few_watches(tmp_path: Path) -> None:
    """Only our folders are watched, and of a flood of them no more than a fixed number."""
    for name in ("photos", ".stversions", "invites", f"{BOOK}/streams/{STREAM}/{STREAM}", f"{BOOK}/old"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ("0d" * 16)).symlink_to(tmp_path / "photos")
    found = _folders_of(Watched(tmp_path))
    if not found:
        pytest.skip("no file system here that tells of changes")
    ours = ["", "invites", BOOK, f"{BOOK}/streams", f"{BOOK}/streams/{STREAM}"]
    assert sorted(found) == sorted(str(tmp_path / name) for name in ours)
    assert len(_folders_of(Watched(tmp_path / BOOK))) == 3
    for number in range(FOLDERS_LIMIT + 10):
        (tmp_path / BOOK / "streams" / f"{number:032x}").mkdir()
    assert len(_folders_of(Watched(tmp_path))) == FOLDERS_LIMIT


def test_flood_of_folders_is_polled(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A drive with more folders than are watched is looked at as often as one that tells nothing."""
    monkeypatch.setattr("couplejournal.drive.watch.FOLDERS_LIMIT", 3)
    calls = Calls()
    folder = Watched(roots[0], watched_polls_s=NEVER_S, unwatched_polls_s=(0.01,))
    with Watcher([folder], calls, RealSystem()) as watcher:
        calls.wait_beyond(3)
        assert watcher.watching == frozenset()


def test_temporary_names_wake_nobody(roots: list[Path]) -> None:
    """What is written under a temporary name is looked at when it gets its own, and not before."""
    calls = Calls()
    with Watcher([quiet(roots[0])], calls, RealSystem()):
        calls.wait_beyond(0)
        before = calls.settle()
        temporary = (roots[0] / SEGMENT).with_name("~$cj0123456789abcdef.tmp")
        temporary.write_bytes(b"x")
        temporary.unlink()
        temporary.write_bytes(b"x")
        assert calls.settle() == before
        temporary.rename(roots[0] / SEGMENT)
        calls.wait_beyond(before)


def test_no_race_with_oneself(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that cause what they hear of, and lead to nothing, rest in between; a look with news ends that."""
    monkeypatch.setattr("couplejournal.drive.watch._REST_S", NEVER_S[0])
    calls = Calls()

    def look() -> object:
        (roots[0] / BOOK / "refused.seg").write_bytes(b"x")
        (roots[0] / BOOK / "refused.seg").unlink()
        return calls()

    with Watcher([quiet(roots[0])], look, RealSystem()) as watcher:
        calls.wait_beyond(0)
        assert calls.settle() < 15
        before = calls.count
        calls.answer = True
        watcher.wake()
        calls.wait_beyond(before + 20)
