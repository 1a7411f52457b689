"""The meeting place: chosen, moved, refused; and what one exchange with it does and remembers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
from couplejournal.testing.drives import DriveSim


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path)
    made.journals[0].add(cj.Bid("walk"))
    made.sync()
    yield made
    made.close()


def may_found(journal: cj.Journal) -> bool:
    """Return whether this device may lay its book into a folder where it is not."""
    return bool(journal.device.settings.founding)


def folder(tmp_path: Path, name: str) -> str:
    """Make an empty folder."""
    (tmp_path / name).mkdir()
    return str(tmp_path / name)


def test_no_place_is_no_failure(tmp_path: Path) -> None:
    """Without a folder a sync does nothing and says so; nothing is made anywhere."""
    journal = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana", disk=MemoryDisk())
    assert (journal.place.path, journal.place.has_drive) == (None, False)
    report = journal.sync()
    assert (report.drive, report.exit_code, report.problems) == ("none", 0, ())


def test_a_folder_that_is_not_there_is_not_made(couple: Couple, tmp_path: Path) -> None:
    """A missing folder is refused when chosen, and named when it goes missing later; it is never made."""
    ana, _ = couple
    with pytest.raises(cj.DriveError):
        ana.place.choose(str(tmp_path / "nowhere"))
    couple.drive.rename(tmp_path / "away")
    entry = ana.add(cj.Bid("still here"))
    report = ana.sync()
    assert (report.drive, report.exit_code, len(report.problems)) == ("missing", 3, 1)
    assert not couple.drive.exists()
    (tmp_path / "away").rename(couple.drive)
    couple.sync()
    assert couple.journals[1].entry(entry.id).text == "still here"


def test_a_shared_journal_moves_only_when_told(couple: Couple, tmp_path: Path) -> None:
    """Another folder is refused, also by an invite; an empty one is filled when that was said; a copy just serves."""
    ana, ben = couple
    empty = folder(tmp_path, "empty")
    for act in (lambda: ana.place.move(empty), lambda: ana.pairing.invite(empty, device=True)):
        with pytest.raises(cj.DriveError, match="no journal"):
            act()
    assert ana.place.path == couple.drive
    strangers = pair(tmp_path / "strangers")
    for act in (
        lambda: ana.place.move(str(strangers.drive), put_all=True),
        lambda: ana.pairing.invite(str(strangers.drive), device=True),
    ):
        with pytest.raises(cj.DriveError, match="another journal"):
            act()
    ana.place.move(empty, put_all=True)
    assert ana.sync().drive == "ok"
    ben.place.move(empty)
    ben.add(cj.Bid("in the new place"))
    couple.sync()
    assert [entry.text for entry in ana.entries()] == ["walk", "in the new place"]
    copied = tmp_path / "copied"
    shutil.copytree(empty, copied)
    ana.place.move(str(copied))
    assert ana.sync().drive == "ok"


def test_the_keystore_is_never_in_the_folder(tmp_path: Path) -> None:
    """A folder that holds this device's home is refused."""
    journal = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana")
    with pytest.raises(cj.SetupError, match="keystore"):
        journal.pairing.invite(tmp_path)
    assert (journal.place.path, journal.pairing.current) == (None, None)


def test_an_emptied_folder_is_not_filled(couple: Couple) -> None:
    """Where the journal was and nothing is, nothing is written: it may be another folder, or not mounted."""
    ana, _ = couple
    for path in list(couple.drive.iterdir()):
        shutil.rmtree(path)
    report = ana.sync()
    assert report.drive == "empty"
    assert list(couple.drive.iterdir()) == []


def test_founding_goes_on_until_the_beginning_lies_there(tmp_path: Path) -> None:
    """A first sync that its deadline cuts off, or a crash, leaves the leave to found in force."""
    sim = DriveSim(1)
    couple = Couple(tmp_path, disk=lambda _: MemoryDisk())
    ana, ben = couple.start("Ana"), couple.start("Ben")
    for journal in couple:
        journal.place.use(sim.face(0))
    invitation = ana.pairing.invite()
    ben.pairing.join(" ".join(invitation.words))
    ben.sync()
    assert invitation.check_words is not None
    invitation.accept()
    ana.sync(deadline_s=0)
    assert may_found(ana)
    for path in list(ana.home.state.glob("sync-*")):
        ana.device.disk.remove(path)  # the memory of sync does not survive a power cut
    ana.sync()
    assert not may_found(ana)
    assert [path for path in sim.views[0] if path.endswith("/book.cj")]


def test_requests_left_by_a_crash_are_answered_later(tmp_path: Path) -> None:
    """A device that crashed between receiving and answering answers at its next sync, even if nothing new comes."""
    couple = pair(tmp_path, disk=lambda _: CrashDisk(MemoryDisk()))
    ana, ben = couple
    phone = couple.start("Ana", home="phone")
    invitation = ana.pairing.invite(device=True)
    ben.add(cj.Bid("under an epoch that the telephone lacks"))
    ben.sync()
    phone.pairing.join(" ".join(invitation.words))
    phone.sync()
    joining = phone.pairing.current
    assert isinstance(joining, cj.Joining)
    joining.confirm()
    assert invitation.check_words is not None
    invitation.accept()
    ana.sync()
    phone.sync()
    disk = ben.device.disk
    assert isinstance(disk, CrashDisk)
    for at in range(1, 400, 7):
        disk.plant(at, "crash after")
        try:
            couple.journals[1].sync()
        except CrashError:
            disk.restart()
            couple.restart(1)
            continue
        break
    disk.restart(is_power_cut=False)
    couple.sync()
    assert [entry.text for entry in phone.entries()] == ["under an epoch that the telephone lacks"]
