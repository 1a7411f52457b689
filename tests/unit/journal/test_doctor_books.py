"""The doctor and the books: what the disk or the folder damaged is named, and comes back where that is safe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from unit.journal.patients import WORDS, Two, codes, couple, flip, look, segments, template

import couplejournal as cj

__all__ = ["couple", "template"]  # fixtures


def test_a_spoiled_file_comes_back_from_the_folder(couple: Two) -> None:
    """A file of the copy that the disk changed or cut is read again, byte for byte; a private one only a backup has."""
    ana, _ = couple
    shared, private = segments(ana, shared=True), segments(ana, shared=False)
    whole = shared[0].read_bytes()
    flip(shared[0])
    shared[1].write_bytes(shared[1].read_bytes()[:100])
    assert codes(look(ana)) == ["spoiled"]
    done = look(ana, repair=True)
    assert (codes(done), [one.code for one in done.repaired]) == ([], ["spoiled"])
    assert shared[0].read_bytes() == whole
    flip(private[-1])
    left = look(ana, repair=True)
    assert "spoiled" in codes(left)
    assert left.findings[0].places[0].startswith(f"data/{ana.device.private.folder}/streams/")


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), flip, lambda path: path.write_bytes(b"")])
def test_a_first_file_comes_back_from_the_folder(couple: Two, damage: Callable[[Path], object]) -> None:
    """A book whose first file is gone or damaged cannot be opened, until the folder's is put back, hash for hash."""
    ana, _ = couple
    book = ana.device.shared
    assert book is not None
    genesis = ana.home.replica(book.folder) / "book.cj"
    whole = genesis.read_bytes()
    damage(genesis)
    assert "genesis" in codes(look(ana))
    done = look(ana, repair=True)
    assert codes(done) == []
    assert genesis.read_bytes() == whole
    with cj.open(home=couple.folder / "ana") as again:
        assert len(list(again.entries())) == 3


def test_a_false_first_file_is_not_taken(couple: Two) -> None:
    """What lies under its name in the folder counts only with the right hash."""
    ana, _ = couple
    book = ana.device.shared
    assert book is not None
    for path in (ana.home.replica(book.folder) / "book.cj", couple.drive / book.folder / "book.cj"):
        flip(path)
    couple.age()
    assert "genesis" in codes(look(ana, repair=True))


def test_a_copy_that_is_gone_comes_back_from_the_folder(couple: Two) -> None:
    """A whole replica that was deleted is laid down again from the folder."""
    ana, _ = couple
    book = ana.device.shared
    assert book is not None
    shutil.rmtree(ana.home.replica(book.folder))
    assert "book-missing" in codes(look(ana))
    assert "book-missing" not in codes(look(ana, repair=True))
    with cj.open(home=couple.folder / "ana") as again:
        again.sync()
        assert len(list(again.entries())) == 3


def test_a_private_folder_is_examined_and_read_again(couple: Two) -> None:
    """The folder of one's own is looked at like the shared one, and gives back what is damaged here."""
    ana, _ = couple
    own = couple.folder / "own"
    own.mkdir()
    ana.place.move_private(str(own), put_all=True)
    ana.sync()
    couple.age()
    assert codes(look(ana)) == []
    *_, here = segments(ana, shared=False)
    whole = here.read_bytes()
    flip(here)
    assert codes(look(ana)) == ["spoiled"]
    assert codes(look(ana, repair=True)) == []
    assert here.read_bytes() == whole
    there = own / here.relative_to(ana.home.data)
    there.unlink()
    (lost,) = look(ana).findings
    assert (lost.code, "private folder lacks 1 file" in lost.cause) == ("folder-lost", True)
    look(ana, repair=True)
    assert there.read_bytes() == whole
    shutil.rmtree(own)
    (gone,) = look(ana).findings
    assert (gone.code, "drive --private DIR" in gone.remedy) == ("folder-missing", True)


def test_a_private_gap_is_not_a_matter_of_both(couple: Two) -> None:
    """Where a private file is gone and no folder has it, nobody is told that a sync on both sides brings it back."""
    ana, _ = couple
    for _ in range(3):
        ana.add(cj.Note(WORDS))
    held = segments(ana, shared=False)
    next(path for path in held if len(list(path.parent.iterdir())) > 2 and path.name > "00000002").unlink()
    (gap,) = look(ana).findings
    assert (gap.code, "backup" in gap.remedy, "both sides" in gap.remedy) == ("gap", True, False)


def test_the_folder_is_named_for_what_it_is(couple: Two, tmp_path: Path) -> None:
    """Missing, empty, another journal's, without its marker: each has its sentence, and nothing is created in it."""
    ana, _ = couple
    away = tmp_path / "away"
    couple.drive.rename(away)
    assert codes(look(ana)) == ["folder-missing"]
    couple.drive.mkdir()
    assert codes(look(ana, repair=True)) == ["folder-empty"]  # a sync hands nothing over there, so none is advised
    (couple.drive / ("0" * 32)).mkdir()
    (couple.drive / ("0" * 32) / "book.cj").write_bytes(b"x")
    couple.age()
    assert codes(look(ana, repair=True))[0] == "folder-other"
    assert sorted(path.name for path in couple.drive.iterdir()) == ["0" * 32]
    shutil.rmtree(couple.drive)
    away.rename(couple.drive)
    book = ana.device.shared
    assert book is not None
    marker = couple.drive / book.folder / "book.cj"
    whole = marker.read_bytes()
    marker.unlink()
    assert codes(look(ana)) == ["marker"]
    look(ana, repair=True)
    assert marker.read_bytes() == whole


def test_a_folder_that_may_not_be_written_is_found(couple: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of which one may only read is told before anything waits for it."""
    ana, _ = couple
    asked: list[Path] = []
    monkeypatch.setattr("couplejournal.drive.limits.may_write", asked.append)  # root may write anywhere
    assert codes(look(ana)) == ["folder-read-only"]
    assert asked == [couple.drive]


def test_every_file_of_the_folder_is_read(couple: Two) -> None:
    """Damaged, new, lost and doubled files, leftovers and junk are told apart and counted."""
    ana, ben = couple
    book = ana.device.shared
    assert book is not None
    own = [one for one in book.held() if one.is_mine]
    files = sorted((couple.drive / book.folder).rglob("*.seg"))
    theirs = [couple.drive / one.path for one in book.held() if not (one.is_mine or one.is_key)]
    ben.add(cj.Bid(WORDS))
    ben.sync()
    (couple.drive / own[-1].path).unlink()
    flip(theirs[-1])
    shutil.copy(files[0], files[0].with_name(files[0].stem + " (conflicted copy).seg"))
    (couple.drive / book.folder / "junk.seg").write_bytes(b"\x1b[2J" * 200)
    stale = couple.drive / "~$cj0000000000000001.tmp"
    stale.write_bytes(b"half")
    couple.age()
    os.utime(stale, (0, 0))
    found = look(ana)
    assert codes(found) == ["folder-damaged", "folder-new", "folder-lost"]
    assert found.findings[0].places == (theirs[-1].relative_to(couple.drive).as_posix(),)
    assert found.findings[2].places == (own[-1].path,)
    told = "\n".join(found.notes)
    for words in ("1 file held here too", "1 file of another journal, or nothing of ours", "1 file left by a write"):
        assert words in told
    done = look(ana, repair=True)
    assert [one.code for one in done.repaired] == ["folder-new", "folder-lost"]


def test_what_a_larger_file_holds_is_not_new(couple: Two) -> None:
    """Small files that still lie in the folder, and were merged into one that is held here, are nothing to take in."""
    ana, ben = couple
    for number in range(9):
        ana.add(cj.Bid(f"{WORDS} {number}"))
        ana.sync()
    for _ in range(3):
        ben.sync()
        ana.sync()
    held = {one.digest for one in ben.device.shared.held()} if ben.device.shared else set()
    assert any(one.last - one.first >= 7 for one in ben.device.shared.held() if not one.is_mine)  # type: ignore[union-attr]
    assert len(list(couple.drive.rglob("*.seg"))) > len(held), "small files that nobody holds any more still lie there"
    couple.age()
    assert codes(look(ben)) == []


def test_a_paused_folder_is_left_alone(couple: Two) -> None:
    """Whoever paused is told that the folder was not looked at; a folder that went away meanwhile is no finding."""
    ana, _ = couple
    ana.device.change_settings(lambda settings: msgspec.structs.replace(settings, is_paused=True))
    shutil.rmtree(couple.drive)
    found = look(ana, repair=True)
    assert codes(found) == []
    assert found.notes[0].startswith("paused: ")


def test_clocks_are_compared(couple: Two) -> None:
    """An entry from the future, this device's clock behind its own entries, files of tomorrow: each is told."""
    ana, ben = couple
    couple.systems[1].advance(7200)
    ben.add(cj.Bid(WORDS))
    ben.sync()
    ana.sync()
    couple.age()
    found = look(ana)
    assert codes(found) == ["clock"]
    assert "2 hours ahead" in found.findings[0].cause
    couple.systems[1].advance(-7200)
    couple.systems[0].advance(-90_000)
    assert {"clock-back", "clock-folder"} <= set(codes(look(ana)))


def test_a_restored_backup_is_noted(couple: Two, tmp_path: Path) -> None:
    """A home that was put back from a backup goes on, and the doctor says what it knows of it, as a note."""
    ana, ben = couple
    shutil.copytree(couple.folder / "ana", tmp_path / "backup")
    ana.add(cj.Bid(WORDS))
    ana.sync()
    ben.sync()
    shutil.rmtree(couple.folder / "ana")
    shutil.copytree(tmp_path / "backup", couple.folder / "ana")
    with cj.open(home=couple.folder / "ana", system=couple.systems[0]) as again:
        again.sync()
        couple.age()
        assert any("restored from a backup" in note for note in look(again).notes)


def test_too_few_watches_are_told(couple: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that lets nobody watch so many folders is named, with what happens until then."""
    monkeypatch.setattr("couplejournal.drive.limits.watches_allowed", lambda: 3)
    assert codes(look(couple.journals[0])) == ["watches"]
