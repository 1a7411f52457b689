"""The folder as a whole: exchanged, emptied, overwritten, filled. The numbers are those of the list of attacks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.drive.folder import FolderDrive
from couplejournal.sync import Sync, SyncMemory, SyncReport
from couplejournal.system import RealSystem
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.pairs import Member, meet
from couplejournal.testing.pairs import pair as members

DAY_S = 24 * 3600


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal in a real folder, with an entry of each."""
    found = pair(tmp_path)
    for journal in found:
        journal.add(cj.Bid(f"by {journal.status().name}"))
    found.sync()
    yield found
    found.close()


def shown(journal: cj.Journal) -> list[str]:
    """Return what a person sees."""
    return [entry.text for entry in journal.entries()]


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def replica_of(journal: cj.Journal) -> dict[str, bytes]:
    """Return the segments and beginnings that a device keeps."""
    return {path: data for path, data in files_in(journal.home.data).items() if path.endswith((".seg", ".cj"))}


def emptied(folder: Path, other: Path) -> str:
    """Leave nothing there."""
    shutil.rmtree(folder)
    folder.mkdir()
    return "empty"


def exchanged(folder: Path, other: Path) -> str:
    """Put the journal of two other people there."""
    shutil.rmtree(folder)
    shutil.copytree(other, folder)
    return "other"


def taken_away(folder: Path, other: Path) -> str:
    """Take the folder itself away."""
    shutil.rmtree(folder)
    return "missing"


@pytest.mark.parametrize("act", [emptied, exchanged, taken_away])
def test_12_the_folder_becomes_another(couple: Couple, tmp_path: Path, act: Callable[[Path, Path], str]) -> None:
    """Attack 12: another journal, an empty folder or none is named; all stays here, nothing is copied unasked."""
    strangers = pair(tmp_path / "strangers")
    strangers.sync()
    strangers.close()
    ana, _ = couple
    ana.add(cj.Bid("not handed over yet"))
    before, held = shown(ana), replica_of(ana)
    state = act(couple.drive, strangers.drive)
    there = files_in(couple.drive)
    report = ana.sync()
    for _ in range(3):
        report = ana.sync()
        assert (report.drive, report.exit_code, report.published_files, report.restored) == (state, 3, 0, 0)
        couple.systems[0].advance(DAY_S)
    assert len(report.problems) == 1
    assert files_in(couple.drive) == there
    assert (shown(ana), replica_of(ana)) == (before, held)
    with pytest.raises(cj.CouplejournalError):
        cj.open(home=ana.home.config.parent, system=couple.systems[0]).place.move(str(couple.drive), put_all=False)
    assert files_in(couple.drive) == there


def synced(member: Member, folder: Path) -> SyncReport:
    """Sync a book with a real folder once."""
    memory = SyncMemory(member.disk, member.state / "sync.json")
    drive = FolderDrive(folder, RealSystem())
    return Sync(member.book, drive, memory, member.system).run(may_found=member.name == "ana")


def met_in(folder: Path) -> tuple[Member, Member]:
    """Return Ana and Ben, who met in a folder and know what the other said."""
    ana, ben = members()
    for member in (ana, ben):
        member.write(f"by {member.name}")
    for _ in range(3):
        for member in (ana, ben):
            synced(member, folder)
            member.book.tend()
            member.book.acknowledge()
    meet([ana, ben])
    return ana, ben


def test_18_a_deleted_segment_comes_back(tmp_path: Path) -> None:
    """Attack 18: each segment that is deleted is put back byte for byte, by its author or the other, and told."""
    ana, ben = met_in(tmp_path)
    for member in (ana, ben):
        for path in sorted(tmp_path.rglob("*.seg")):
            content = path.read_bytes()
            path.unlink()
            restored = []
            for _ in range(3):
                report = synced(member, tmp_path)
                restored += [problem for problem in report.problems if "restored" in problem]
                member.system.ms += DAY_S * 1000 + 1
            assert path.read_bytes() == content
            assert len(restored) == 1


def overwritten(folder: Path) -> None:
    """Put noise into every file but the beginning, or cut it."""
    for number, path in enumerate(sorted(folder.rglob("*.seg"))):
        path.write_bytes(os.urandom(2000) if number % 2 else path.read_bytes()[:100])


def deleted(folder: Path) -> None:
    """Delete every file but the beginning."""
    for path in folder.rglob("*.seg"):
        path.unlink()


def littered(folder: Path) -> None:
    """Lay hundreds of files of junk around the real ones."""
    [stream, *_] = sorted(folder.glob("*/streams/*"))
    for number in range(200):
        (stream / f"{number:08d}-{number:08d}-{number:032x}.seg").write_bytes(b"CJS1" + bytes(400))
        (stream.parents[1] / f"photo {number}.jpg").write_bytes(b"\xff\xd8" + bytes(900))


@pytest.mark.parametrize("act", [overwritten, deleted, littered])
def test_38_an_ex_partner_destroys_the_folder(tmp_path: Path, act: Callable[[Path], None]) -> None:
    """Attack 38, I7: whatever was destroyed, copies stay whole and the files come back; junk costs a look."""
    ana, ben = met_in(tmp_path)
    texts, real = ana.texts(), {path: path.read_bytes() for path in tmp_path.rglob("*.seg")}
    act(tmp_path)
    for _ in range(4):
        for member in (ana, ben):
            report = synced(member, tmp_path)
            assert report.drive == "ok"
            assert report.received_ops == 0
            member.system.ms += DAY_S * 1000 + 1
    assert {path: path.read_bytes() for path in real} == real
    assert ana.texts() == ben.texts() == texts
    ana.reopen()
    assert ana.texts() == texts
    ana.write("we go on")
    for member in (ana, ben, ben):
        synced(member, tmp_path)
    assert ben.texts() == [*texts, "we go on"]
