"""Faults of the folder as a whole: gone, emptied, set back, silent, stale, weak, full (docs/spec/sync.md 8)."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from drive_faults.people import ANA, BEN, DAY, Changed, Two, faulty, files_below, healthy, is_well, segments, texts

import couplejournal as cj
from couplejournal.drive.filesystems import can_watch, probe_folder
from couplejournal.drive.interface import Place
from couplejournal.drive.watch import Watched, Watcher
from couplejournal.journal import Journal
from couplejournal.journal.watching import Watch
from couplejournal.sync import SyncReport
from couplejournal.system import RealSystem
from couplejournal.testing.couples import Couple
from couplejournal.testing.drives import FaultyCalls

PATIENCE_S = 20.0
NEVER_S = (3600.0,)


@pytest.mark.parametrize("left", ["an empty mount point", "nothing"])
def test_fault_07_a_share_that_is_unmounted(real: Couple, left: str) -> None:
    """In the place of an unmounted share nothing is made, copied or deleted; what was written goes when it is back."""
    ana, ben = real
    away = real.folder / "unmounted"
    real.drive.rename(away)
    if left == "an empty mount point":
        real.drive.mkdir()
    before, kept = texts(ana), files_below(away)
    ana.add(cj.Bid("written meanwhile"))
    report = SyncReport()
    for _ in range(3):
        report = ana.sync()
        real.systems[ANA].advance(DAY)
    assert report.drive == ("empty" if left == "an empty mount point" else "missing")
    assert len(report.problems) == 1
    assert (list(real.drive.iterdir()) if real.drive.exists() else []) == []
    assert real.drive.exists() is (left == "an empty mount point")
    assert (texts(ana), files_below(away)) == (before | {"written meanwhile"}, kept)
    if real.drive.exists():
        real.drive.rmdir()
    away.rename(real.drive)
    real.systems[BEN].advance(3 * DAY)
    real.sync()
    assert texts(ben) == texts(ana)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_fault_08_however_much_is_gone_nothing_is_deleted(two: Two, share: float) -> None:
    """Any share of the folder may go, below or above any threshold: no journal loses a word, and all is put back."""
    for number in range(6):
        two.ana_writes(f"bid {number}")
        two.ben.sync()
    two.rest()
    before = texts(two.ana)
    assert texts(two.ben) == before
    gone = segments(two.views[ANA])
    for path in gone[: int(len(gone) * share)]:
        for view in two.views:
            del view[path]
    whole = set(gone)
    for _ in range(3):
        two.couple.sync()
        assert texts(two.ana) == texts(two.ben) == before
        two.passes(DAY)
    for view in two.views:
        assert whole <= set(view)


def test_fault_09_a_host_goes_back_to_an_older_state(two: Two) -> None:
    """A folder set back takes nothing from anybody; what it lost is put back, and told; so is long silence."""
    old = [dict(view) for view in two.views]
    two.ana_writes("hers")
    two.ben.add(cj.Bid("his"))
    two.rest()
    two.views[:] = [dict(view) for view in old]
    reports = [journal.sync() for journal in two.couple]
    assert all(any("the drive lost" in line for line in report.problems) for report in reports)
    two.carry()
    two.couple.sync()
    assert texts(two.ana) == texts(two.ben) >= {"hers", "his"}
    two.passes(15 * DAY)
    assert [notice.code for notice in two.ana.notices()] == ["silent"]


@pytest.mark.parametrize("is_gone", [False, True])
def test_fault_10_the_other_empties_or_leaves_the_folder(real: Couple, tmp_path: Path, is_gone: bool) -> None:
    """Each holds all of the journal: what the folder lost is laid down anew, in the same or in another one."""
    ana, ben = real
    ana.add(cj.Bid("before"))
    real.sync()
    before = texts(ana)
    shutil.rmtree(real.drive)
    if not is_gone:
        real.drive.mkdir()
    for journal in real:
        report = journal.sync()
        assert (report.drive, texts(journal)) == ("missing" if is_gone else "empty", before)
    assert (list(real.drive.iterdir()) if real.drive.exists() else []) == []
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    ana.place.move(str(fresh), put_all=True)
    ana.add(cj.Bid("after"))
    ana.sync()
    ben.place.move(str(fresh), put_all=False)
    real.sync()
    assert texts(ben) == texts(ana) == before | {"after"}
    assert is_well(ben.sync())


@contextmanager
def watched(
    reader: Journal, drive: Watched, *, check_s: float = 5.0
) -> Iterator[tuple[Watcher, Callable[[str], None]]]:
    """Let somebody watch the folder alone; yield the watcher, and what waits until an entry was told of."""
    told: set[str] = set()
    more = threading.Condition()

    def tell(change: object) -> None:
        with more:
            told.add(getattr(change, "entry").text)  # noqa: B009 - of changes that have one
            more.notify_all()

    def wait(text: str) -> None:
        with more:
            assert more.wait_for(lambda: text in told, PATIENCE_S), "nobody told of it"

    look = Watch(reader, tell, after=None).look
    with Watcher([drive], look, RealSystem(), check_s=check_s) as watcher:
        yield watcher, wait


def test_fault_20_no_word_of_changes(real: Couple) -> None:
    """Where a mount tells of nothing, nothing is watched and the polls find what the other wrote."""
    ana, ben = real
    kinds = ("nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "vboxsf", "unknown")
    assert not any(map(can_watch, kinds))
    silent = Watched(
        real.drive, probe=lambda: Place(exists=True, identity=(1, 1, "nfs4"), fs_type="nfs4"), watched_polls_s=NEVER_S,
        unwatched_polls_s=(0.05,),
    )  # fmt: skip
    with watched(ana, silent) as (watcher, wait):
        ben.add(cj.Bid("his"))
        ben.sync()
        wait("his")
        assert watcher.watching == frozenset()


def test_fault_21_the_limit_of_watched_folders(real: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system watches no more folders, that is named, and the polls find what the other wrote."""
    from watchdog.observers import api

    def schedule(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(api.BaseObserver, "schedule", schedule)
    ana, ben = real
    limited = Watched(real.drive, watched_polls_s=NEVER_S, unwatched_polls_s=(0.05,))
    with watched(ana, limited) as (watcher, wait):
        ben.add(cj.Bid("his"))
        ben.sync()
        wait("his")
        assert "limit of watched folders" in watcher.problem


def test_fault_21_words_of_changes_that_are_lost(real: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a queue overflows and no event comes through, the polls of a watched folder find what the other wrote."""
    from couplejournal.drive import watch

    monkeypatch.setattr(watch._Poke, "dispatch", lambda self, event: None)
    ana, ben = real
    if not probe_folder(real.drive).can_watch:
        pytest.skip("no file system here that tells of changes")
    with watched(ana, Watched(real.drive, watched_polls_s=(0.05,), unwatched_polls_s=NEVER_S)) as (watcher, wait):
        ben.add(cj.Bid("his"))
        ben.sync()
        wait("his")
        assert watcher.watching == frozenset({real.drive})


def test_fault_22_a_watch_that_went_deaf(real: Couple) -> None:
    """A folder that was made anew under its name is watched anew: what comes then is told without any poll."""
    ana, ben = real
    if not probe_folder(real.drive).can_watch:
        pytest.skip("no file system here that tells of changes")
    both_never = Watched(real.drive, watched_polls_s=NEVER_S, unwatched_polls_s=NEVER_S)
    with watched(ana, both_never, check_s=0.05) as (_, wait):
        ben.add(cj.Bid("before"))
        ben.sync()
        wait("before")
        shutil.copytree(real.drive, real.folder / "copy")
        for _ in range(20):  # Ana's watcher may just be writing what she acknowledges
            shutil.rmtree(real.drive, ignore_errors=True)
        assert not real.drive.exists()
        (real.folder / "copy").rename(real.drive)
        ben.add(cj.Bid("after"))
        ben.sync()
        wait("after")
    assert texts(ana) == texts(ben) >= {"before", "after"}


def test_fault_23_listings_that_are_stale(two: Two) -> None:
    """A listing that lags costs time alone: no name is guessed, nothing is called lost or damaged, and all arrives."""
    for number in (ANA, BEN):
        two.sim.freeze(number, 1)
    two.ana.add(cj.Bid("Tea?"))
    reports: list[SyncReport] = []
    for _ in range(3):
        reports = [journal.sync() for journal in two.couple]
        assert all(is_well(report) for report in reports)
        two.passes(20)
        two.carry()
    assert [(report.drive, report.pending, report.damaged) for report in reports] == [("ok", 0, 0)] * 2
    listed = {file.path for file in two.faces[BEN].inner.list()}
    assert {path for call, path in two.faces[BEN].calls if call == "read"} <= listed
    assert (two.ana.status().outbox, "Tea?" in texts(two.ben)) == (1, False)
    for number in (ANA, BEN):
        two.sim.thaw(number)
    two.passes(3600)
    two.couple.sync()
    assert (two.ana.status().outbox, "Tea?" in texts(two.ben)) == (0, True)


@pytest.mark.skipif(os.name == "nt", reason="looks at how the system is asked for locks")
def test_fault_24_nothing_is_locked_on_the_drive(real: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose every lock fails carries everything, since no lock is ever asked for there."""
    import fcntl

    asked: list[str] = []

    def lock(fd: int, *_: object) -> None:
        where = str(Path(f"/proc/self/fd/{fd}").readlink()) if Path("/proc/self/fd").exists() else ""
        if where.startswith(str(real.drive)):
            asked.append(where)
            raise OSError(errno.ENOLCK, "no locks here")

    for name in ("flock", "lockf", "fcntl"):
        monkeypatch.setattr(fcntl, name, lock)
    ana, ben = real
    ana.add(cj.Bid("Tea?"))
    real.sync()
    assert ("Tea?" in texts(ben), asked) == (True, [])
    assert not any("lock" in path for path in files_below(real.drive))


@pytest.mark.parametrize(("winerror", "call"), [(5, "rename"), (32, "rename"), (33, "open_new")])
def test_fault_25_a_scanner_holds_the_file(real: Couple, winerror: int, call: str) -> None:
    """A file that another program holds for a moment is tried again; one that it holds for long waits in the outbox."""
    ana, ben = real
    paused: list[float] = []
    names = frozenset({call, "open_old"} if call == "open_new" else {call})
    for is_lasting in (False, True):
        calls = FaultyCalls(fail_at=1, number=errno.EACCES, names=names, winerror=winerror, is_lasting=is_lasting)
        faulty(real, ANA, calls, pause=paused.append)
        ana.add(cj.Bid(f"lasting {is_lasting}"))
        report = ana.sync()
        assert calls.hits > 0
        if call == "rename" and not is_lasting:
            assert (report.published_files, len(paused)) == (1, 1)
        assert sum(paused[-6:]) <= 2.5 + 1e-9
    healthy(real, ANA)
    real.systems[ANA].advance(DAY)
    real.sync()
    assert texts(ben) >= {"lasting False", "lasting True"}
    assert not any("~$" in path for path in files_below(real.drive))


@pytest.mark.parametrize(
    ("call", "number", "ability"),
    [
        ("sync", errno.ENOTSUP, "sync"),
        ("sync_folder", errno.EINVAL, "sync-folder"),
        ("sync_folder", errno.EACCES, "sync-folder"),
        ("rename", errno.ENOTSUP, "rename"),
        ("rename", errno.ENOSYS, "rename"),
    ],
)
def test_fault_26_what_a_file_system_cannot_do(
    real: Couple, monkeypatch: pytest.MonkeyPatch, call: str, number: int, ability: str
) -> None:
    """Without fsync, rename or chmod everything arrives; that a folder lacks one is remembered and not tried again."""
    ana, ben = real

    def chmod(path: object, *_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no modes here")

    calls = FaultyCalls(fail_at=1, number=number, names=frozenset({call}), is_lasting=True)
    drive = faulty(real, ANA, calls)
    with monkeypatch.context() as patch:
        for name in ("chmod", "fchmod"):
            if hasattr(os, name):
                patch.setattr(os, name, chmod)
        for text in ("one", "two"):
            ana.add(cj.Bid(text))
            assert ana.sync().drive == "ok"
            ana.sync()
    assert drive.tolerated == {ability}
    assert calls.hits <= 2
    assert ana.status().outbox == 0
    real.sync()
    assert texts(ben) >= {"one", "two"}


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_fault_27_files_for_the_writer_alone(real: Couple) -> None:
    """What is published has the mode that the person's mask leaves; a file that may not be read is pending."""
    ana, ben = real
    before = set(files_below(real.drive))
    mask = os.umask(0o002)
    try:
        ana.add(cj.Bid("Tea?"))
        ana.sync()
    finally:
        os.umask(mask)
    [path] = set(files_below(real.drive)) - before
    assert stat.S_IMODE((real.drive / path).stat().st_mode) == 0o664
    barred = FaultyCalls(fail_at=1, number=errno.EACCES, names=frozenset({"open_to_read"}), is_lasting=True)
    faulty(real, BEN, barred)
    report = SyncReport()
    for _ in range(4):
        report = ben.sync()
        real.systems[BEN].advance(600)
    assert (report.pending, report.damaged) == (1, 0)
    healthy(real, BEN)
    real.systems[BEN].advance(DAY)
    ben.sync()
    assert "Tea?" in texts(ben)


@pytest.mark.parametrize("shift_s", [-3600, 3600, 1, 10 * 365 * 24 * 3600])
def test_fault_28_times_of_files_mean_nothing(real: Couple, shift_s: int) -> None:
    """Times that are coarse, shifted by an hour or years ahead change nothing: the same bytes are the same file."""
    ana, ben = real
    ana.add(cj.Bid("Tea?"))
    ana.sync()
    before = files_below(real.drive)
    for path in before:
        old = (real.drive / path).stat().st_mtime
        os.utime(real.drive / path, ns=(0, int(old + shift_s) // 2 * 2 * 10**9))  # FAT: two seconds
    for journal in real:
        journal.sync()
        report = journal.sync()
        assert (is_well(report), report.received_ops, report.restored) == (True, 0, 0)
    assert {path: data for path, data in files_below(real.drive).items() if path in before} == before
    assert "Tea?" in texts(ben)


def test_fault_36_a_file_that_is_gone_while_it_is_replaced(two: Two) -> None:
    """A file that a host removes and lays down again meanwhile is neither lost nor put back, and nothing is deleted."""
    path = two.ana_writes("Tea?")
    two.rest()
    inner = two.faces[ANA]
    listings = [[file for file in inner.list() if file.path != path]]

    def listing() -> Any:
        return listings.pop() if listings else inner.list()

    two.ana.place.use(Changed(inner, list=listing))  # type: ignore[arg-type]
    report = two.ana.sync()
    assert (is_well(report), report.restored, two.writes(ANA), listings) == (True, 0, 0, [])
    assert "Tea?" in texts(two.ana)
    del two.views[BEN][path]  # and where it is gone for longer, the reader has it all the same
    two.ben.sync()
    assert "Tea?" in texts(two.ben)
    assert two.writes(BEN) == 0


@pytest.mark.parametrize(
    ("call", "number"),
    [("write", errno.ENOSPC), ("write", errno.EDQUOT), ("open_new", errno.EDQUOT), ("close", errno.ENOSPC)],
)
def test_fault_37_a_quota_is_used_up(real: Couple, number: int, call: str) -> None:
    """A full folder is said in one line and keeps no half of a file; the entry is saved here, and goes when it can."""
    ana, ben = real
    ana.sync()  # the folder is known to be theirs
    before = files_below(real.drive)
    calls = FaultyCalls(fail_at=1, number=number, names=frozenset({call}), is_lasting=True)
    faulty(real, ANA, calls)
    saved = ana.add(cj.Bid("Tea?"))
    report = ana.sync()
    assert calls.hits > 0
    assert (report.drive, report.problems) == ("full", ("the shared folder is full",))
    assert (files_below(real.drive), ana.status().outbox) == (before, 1)
    assert ana.entry(saved.id).text == "Tea?"
    healthy(real, ANA)
    real.systems[ANA].advance(DAY)
    real.sync()
    assert "Tea?" in texts(ben)
