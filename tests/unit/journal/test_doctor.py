"""The doctor at home: rights, leftovers, settings, keystore; and that nothing makes it fail."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from house.tree import CHECKOUT
from unit.journal.patients import WORDS, Two, codes, couple, flip, look, segments, template

import couplejournal as cj
from couplejournal.disk import RealDisk
from couplejournal.journal import checkbooks, checkhome
from couplejournal.journal.doctor import examine
from couplejournal.journal.health import Fault, Ground
from couplejournal.store.home import Home
from couplejournal.testing.clocks import FakeSystem

__all__ = ["couple", "template"]  # fixtures


def test_a_sound_journal_is_well(couple: Two) -> None:
    """Nothing is found where nothing is wrong, on both sides, and every check was made."""
    for journal in couple:
        found = look(journal)
        assert codes(found) == []
        assert found.is_well
        assert (found.books, found.notes) == (2, ())
        assert found.files >= 8
        assert {"program", "rights", "leftovers", "settings", "keystore", "copies", "books", "folder"} <= set(
            found.checks
        )


def test_looking_changes_nothing(couple: Two) -> None:
    """Without being asked to repair, the doctor leaves every file of home and folder as it is."""
    ana, _ = couple
    flip(segments(ana, shared=True)[0])
    ana.home.keystore_path.chmod(0o644)
    roots = [couple.folder / "ana", couple.drive]
    kept = [path for root in roots for path in root.rglob("*") if path.is_file() and path.name != "lock"]
    before = {path: (path.read_bytes(), path.stat().st_mode) for path in kept}
    assert codes(look(ana))
    # The note that saves reading everything is written anew by whoever reads everything.
    after = {path: (path.read_bytes(), path.stat().st_mode) for path in kept if path.suffix != ".marks"}
    assert after == {path: was for path, was in before.items() if path.suffix != ".marks"}


def test_rights_are_put_right(couple: Two) -> None:
    """A keystore that others can read, an open folder, a copy that others can change: named, and closed again."""
    ana, _ = couple
    segment = segments(ana, shared=True)[0]
    ana.home.keystore_path.chmod(0o644)
    ana.home.state.chmod(0o755)
    segment.chmod(0o666)
    found = look(ana)
    assert codes(found) == ["rights", "rights-copy"]
    assert found.findings[0].places[0] == "config/keystore.cj"
    done = look(ana, repair=True)
    assert (codes(done), [one.code for one in done.repaired]) == ([], ["rights", "rights-copy"])
    assert stat.S_IMODE(ana.home.keystore_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ana.home.state.stat().st_mode) == 0o700
    assert stat.S_IMODE(segment.stat().st_mode) & 0o022 == 0


def test_a_file_on_its_way_into_the_folder_may_be_readable(couple: Two) -> None:
    """What a killed process left in the staging folder was made for the shared folder, with its rights: no finding."""
    ana, _ = couple
    left = ana.home.state / "staging" / "~$cj0000000000000001.tmp"
    left.write_bytes(b"sealed")
    left.chmod(0o644)
    assert codes(look(ana)) == []
    left.chmod(0o666)
    assert codes(look(ana)) == ["rights-copy"]


def test_a_folder_that_is_a_link_is_looked_into(couple: Two, tmp_path: Path) -> None:
    """A home whose folder lies elsewhere, behind a link, is looked at and closed just so."""
    ana, _ = couple
    ana.home.config.rename(tmp_path / "elsewhere")
    ana.home.config.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o755)
    (tmp_path / "elsewhere" / "keystore.cj").chmod(0o644)
    assert codes(look(ana)) == ["rights"]
    assert codes(look(ana, repair=True)) == []
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "elsewhere" / "keystore.cj").stat().st_mode) == 0o600


def test_leftovers_go_once_they_are_surely_dead(couple: Two) -> None:
    """A file that a killed process was writing is removed after an hour; a fresh one may still be written."""
    ana, _ = couple
    now_s = couple.systems[0].now_ms() / 1000
    places = [ana.home.config, ana.home.state, segments(ana, shared=True)[0].parent]
    dead, alive = [[place / f"~$cj{number:016x}.tmp" for place in places] for number in (1, 2)]
    for path, age_s in [*((path, 4000) for path in dead), *((path, 60) for path in alive)]:
        path.write_bytes(b"half")
        path.chmod(0o600)
        os.utime(path, (now_s - age_s, now_s - age_s))
    assert codes(look(ana)) == ["leftovers"]
    assert codes(look(ana, repair=True)) == []
    assert not any(path.exists() for path in dead)
    assert all(path.exists() for path in alive)


def test_damaged_settings_are_put_aside(couple: Two) -> None:
    """Settings that nobody can read stop nothing: they are kept under another name, and the folder is named anew."""
    ana, _ = couple
    ana.home.config_path.write_bytes(b"{damaged")
    found = look(ana)
    assert "settings" in codes(found)
    assert codes(look(ana, repair=True)) == ["folder-unset"]  # all is not well while nothing is exchanged
    assert (ana.home.config / "config.json.damaged").read_bytes() == b"{damaged"
    for damaged in (b"{again", b"{and again"):
        ana.home.config_path.write_bytes(damaged)
        assert [one.code for one in look(ana, repair=True).repaired] == ["settings"]
    kept = [path.read_bytes() for path in sorted(ana.home.config.glob("config.json.damaged*"))]
    assert kept == [b"{damaged", b"{again", b"{and again"]
    ana.place.choose(str(couple.drive))
    assert codes(look(ana)) == []


def test_a_folder_in_the_place_of_a_note_is_found(couple: Two) -> None:
    """Something else under a note's name is told; a torn note is made anew and no finding."""
    ana, _ = couple
    (note,) = ana.home.state.glob(f"{ana.device.private.folder}.marks")
    note.write_bytes(b"torn")
    assert codes(look(ana)) == []
    note.unlink()
    note.mkdir(mode=0o700)
    assert "state" in codes(look(ana))


def test_a_keystore_is_examined_without_its_key(couple: Two) -> None:
    """Gone, damaged, of an effort out of bounds, shut: each is named, and the books are examined all the same."""
    ana, _ = couple
    path = ana.home.keystore_path
    whole = path.read_bytes()
    spoiled = segments(ana, shared=True)[0]
    flip(spoiled)
    path.unlink()
    assert codes(look(ana)) == ["keystore-missing", "spoiled"]
    path.write_bytes(b"x" + whole[1:])
    path.chmod(0o600)
    assert codes(look(ana)) == ["keystore-damaged", "spoiled"]
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert codes(look(ana)) == ["keystore-closed", "spoiled"]
    path.unlink()
    path.mkdir(mode=0o700)
    assert codes(look(ana)) == ["keystore-unreadable", "spoiled"]


def test_a_locked_journal_is_examined_as_far_as_that_goes(tmp_path: Path) -> None:
    """Without the passphrase nothing is wrong, and what was not looked at is said; a wrong one is told."""
    system = FakeSystem()
    with cj.create("Ana", passphrase="four words are enough", home=tmp_path / "ana", system=system) as ana:
        ana.add(cj.Note(WORDS))
        locked = look(ana)
        assert codes(locked) == []
        assert "locked: what only the keys can tell was not looked at" in locked.notes[0]
        assert codes(look(ana, passphrase="not these words")) == ["keystore-closed"]


def test_a_keystore_in_a_shared_folder_is_found(couple: Two) -> None:
    """A home that was moved into a synced folder is told, since the keys are shared along with it."""
    ana, _ = couple
    moved = couple.drive / "home"
    shutil.copytree(couple.folder / "ana", moved)
    home = Home.locate(moved, {})
    found = examine(home, disk=RealDisk(), system=ana.device.system)
    assert "keystore-place" in codes(found)


def test_a_program_without_its_cryptography_is_told(couple: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the installed library lacks the hybrid key, that is the finding, and the rest is examined."""

    def missing() -> None:
        raise cj.SetupError("the installed 'cryptography' has no ML-KEM-768, which couplejournal needs", hint="install")

    monkeypatch.setattr("couplejournal.seal.keys.require_hybrid_kem", missing)
    assert codes(look(couple.journals[0])) == ["kem"]


def test_a_check_that_fails_does_not_end_the_others(couple: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside a check is a finding of its own, without the foreign words."""

    def broken(ground: Ground) -> Iterator[Fault]:
        raise RuntimeError(WORDS)

    monkeypatch.setattr(checkhome, "check_leftovers", broken)
    found = examine(
        couple.journals[0].home, disk=RealDisk(), system=couple.systems[0], more={"leftovers": broken}
    )  # fmt: skip
    assert codes(found) == ["leftovers-failed"]


def test_every_finding_is_documented() -> None:
    """Each code that a check can give stands in the page on the doctor, and the page names no other."""
    page = (CHECKOUT / "docs" / "how-to" / "doctor.md").read_text("utf-8")
    documented = {
        code for row in re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE) for code in re.findall(r"`(.+?)`", row)
    }
    modules = [*(CHECKOUT / "couplejournal" / "journal").glob("check*.py"), CHECKOUT / "couplejournal/cli/examining.py"]
    given = {code for path in modules for code in re.findall(r'fault\(\s*"([a-z-]+)"', path.read_text("utf-8"))}
    assert documented == given | checkbooks.STANDING


def test_an_empty_home_has_nothing_to_examine(tmp_path: Path) -> None:
    """Where there never was a journal, that is what is said."""
    with pytest.raises(cj.NoJournalError):
        examine(Home.locate(tmp_path / "none", {}), disk=RealDisk(), system=FakeSystem())
