"""The folder hangs for half a minute: what is written is saved at once, and one sentence says how it stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.drive.deadline import DeadlineDrive
from couplejournal.drive.folder import FolderDrive
from couplejournal.journal import Journal
from couplejournal.system import RealSystem
from couplejournal.testing.drives import CountingDrive, SlowDrive

ENDS_WITHIN_S = 2.0


class Hanging:
    """Ana, whose folder can be made to hang, and Ben, whose folder is well."""

    def __init__(self, folder: Path) -> None:
        (folder / "drive").mkdir()
        self.ana = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=folder / "ana")
        self.slow = SlowDrive(FolderDrive(folder / "drive", RealSystem()))
        self.counting = CountingDrive(self.slow)
        self.ana.place.use(DeadlineDrive(self.counting, RealSystem(), deadline_s=30))
        invitation = self.ana.pairing.invite()
        joining = cj.join(
            folder / "drive", invitation.words, name="Ben", home=folder / "ben", passphrase=cj.NO_PASSPHRASE
        )
        assert invitation.check_words == joining.check_words
        joining.confirm()
        invitation.accept()
        self.ben = joining.journal
        for _ in range(3):
            self.ana.sync()
            self.ben.sync()


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Hanging]:
    """Return a couple whose one folder hangs."""
    made = Hanging(tmp_path)
    made.slow.hold()
    yield made
    made.slow.release()


def until_ok(journal: Journal) -> None:
    """Sync until the folder answers again: the call that hung has to end first."""
    limit = time.monotonic() + 5
    while journal.sync().drive != "ok":
        assert time.monotonic() < limit


def test_writing_and_reading_do_not_wait(hanging: Hanging) -> None:
    """Adding and listing never touch the folder."""
    hanging.counting.clear()
    start = time.monotonic()
    entry = hanging.ana.add(cj.Bid("Still here?"))
    shown = [found.id for found in hanging.ana.entries()]
    hanging.ana.status()
    assert time.monotonic() - start < ENDS_WITHIN_S
    assert entry.id in shown
    assert hanging.counting.calls == []


def test_a_sync_ends_by_its_deadline(hanging: Hanging) -> None:
    """A sync with a deadline of a second ends within two, saves nothing less, and says one sentence."""
    entry = hanging.ana.add(cj.Bid("Still here?"))
    start = time.monotonic()
    report = hanging.ana.sync(deadline_s=1)
    assert time.monotonic() - start < ENDS_WITHIN_S
    assert report.drive == "late"
    assert len(report.problems) == 1
    assert report.exit_code == 3
    with cj.open(home=hanging.ana.home.config.parent) as again:
        assert again.entry(entry.id).text == "Still here?"
    hanging.slow.release()
    until_ok(hanging.ana)
    hanging.ben.sync()
    assert hanging.ben.entry(entry.id).text == "Still here?"


def test_a_second_thread_waits_no_longer_than_its_own_deadline(hanging: Hanging) -> None:
    """While a watcher hangs at the folder, a sync with a deadline still ends in time, and writing does not wait."""
    with hanging.ana.watching(lambda change: None):
        limit = time.monotonic() + 5
        while not hanging.counting.calls and time.monotonic() < limit:
            time.sleep(0.005)
        start = time.monotonic()
        entry = hanging.ana.add(cj.Bid("Meanwhile"))
        report = hanging.ana.sync(deadline_s=0.5)
        assert time.monotonic() - start < ENDS_WITHIN_S
        assert report.drive == "late"
        assert hanging.ana.entry(entry.id).text == "Meanwhile"
        hanging.slow.release()


def test_pairing_at_a_hanging_folder_keeps_nobody_from_writing(hanging: Hanging) -> None:
    """An invite that cannot be laid down holds no lock while it waits, and is not open afterwards."""
    ana = hanging.ana
    ana.place.use(DeadlineDrive(hanging.slow, RealSystem(), deadline_s=0.3))
    with pytest.raises(cj.DriveError):
        ana.pairing.invite(device=True)
    assert ana.pairing.current is None
    hanging.slow.release()
    until_ok(ana)
    assert ana.pairing.invite(device=True).purpose == "device"


def test_a_deadline_is_that_of_one_sync_alone(hanging: Hanging) -> None:
    """Once a sync with a deadline has ended, other calls to the folder have their own time again."""
    hanging.slow.release()
    journal: Journal = hanging.ana
    assert journal.sync(deadline_s=5).drive == "ok"
    invitation = journal.pairing.invite(device=True)
    journal.sync(deadline_s=0)
    assert invitation.check_words is None
