"""An export of a whole journal: where it goes, what is in it, for whom it is sealed, and what a fault leaves."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import couplejournal as cj
from couplejournal.disk import RealDisk
from couplejournal.errors import StoreError
from couplejournal.journal import exportlines, tar
from couplejournal.journal.exporting import ABOUT, NAMES, SEALED, UNFINISHED, age_identity, open_export
from couplejournal.seal import age, bech32
from couplejournal.seal.agereading import PlainIdentity, identity_of, opened
from couplejournal.seal.recovery import words_of
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import CrashDisk, CrashError, Fault

PLAIN_RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"  # of the secret 0x42 * 32
TENDER = "softly-spoken-words"


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal with a little of everything in it."""
    made = pair(tmp_path)
    ana, ben = made
    bid = ana.add(cj.Bid("Listen to this song with me?", tags=("music",)))
    ana.add(cj.Note("mine alone"))
    ana.add(cj.Note(TENDER, tender="intimate"))
    gone = ana.add(cj.Appreciation("not meant like that"))
    goal = ben.add(cj.Goal("a garden"))
    made.sync()
    ben.reply(bid, cj.Response.toward("Yes. Tonight?"))
    for journal, text in ((ana, "a small garden"), (ben, "a large garden")):
        journal.revise(goal.id, cj.Goal(text))
    ana.retract(gone)
    made.sync()
    yield made
    made.close()


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[cj.Journal]:
    """Return the journal of one, with a few words in it."""
    with cj.create(
        "Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana", device_name="laptop", system=FakeSystem()
    ) as journal:
        journal.add(cj.Bid("a garden?"))
        journal.add(cj.Note("mine alone"))
        journal.add(cj.Note(TENDER, tender="intimate"))
        yield journal


def read(folder: Path, name: str) -> str:
    """Return a file of an export."""
    return (folder / name).read_text("utf-8")


def lines(folder: Path, name: str = "entries.jsonl") -> list[dict[str, Any]]:
    """Return the lines of a file of an export."""
    return [json.loads(line) for line in read(folder, name).splitlines()]


def words(journal: cj.Journal) -> str:
    """Return the recovery words of a person who was never shown them."""
    seed = journal.device.secrets.root_seed
    assert seed is not None
    return " ".join(words_of(seed))


def test_an_export_is_read_without_us(couple: Couple, tmp_path: Path) -> None:
    """Data and text hold what the view shows, the other version and what was taken back; the sums agree."""
    ana, _ = couple
    done = ana.export(tmp_path / "out")
    assert (done.files, done.is_sealed) == (NAMES, False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(NAMES)
    found = {line["fields"]["text"]: line for line in lines(tmp_path / "out")}
    shown = {entry.id for entry in ana.entries() if entry.content.tender == "none"}
    assert {line["id"] for line in found.values() if line["is_shown"]} == shown
    assert found["not meant like that"]["is_retracted"]
    assert "not meant like that" not in read(tmp_path / "out", "journal.txt")
    (goal,) = [line for line in found.values() if line["kind"] == "goal"]
    assert sorted(version["fields"]["text"] for version in goal["versions"]) == [
        "a garden", "a large garden", "a small garden",
    ]  # fmt: skip
    assert len(goal["current"]) == 2
    text = read(tmp_path / "out", "journal.txt")
    assert text.startswith("The journal of Ana and Ben\n")
    for said in ("Listen to this song with me?", "#music", "Yes. Tonight?", "mine alone", "another version"):
        assert said in text
    about = json.loads(read(tmp_path / "out", ABOUT))
    assert (about["schema"], about["entries"]) == ("couplejournal.export/1", len(lines(tmp_path / "out")))
    assert [book["role"] for book in about["books"]] == ["private", "shared"]
    assert {one["name"] for one in about["persons"]} == {"Ana", "Ben"}
    for name, told in about["files"].items():
        data = (tmp_path / "out" / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (told["bytes"], told["sha256"])


def test_the_same_journal_gives_the_same_bytes(ana: cj.Journal, tmp_path: Path) -> None:
    """Two exports differ in the line that says when they were made, and in no other byte."""
    ana.export(tmp_path / "one")
    system = ana.device.system
    assert isinstance(system, FakeSystem)
    system.advance(3600)
    ana.export(tmp_path / "two")
    for name in NAMES:
        one, two = read(tmp_path / "one", name).splitlines(), read(tmp_path / "two", name).splitlines()
        differ = [first for first, second in zip(one, two, strict=True) if first != second]
        assert [line.split(":")[0].strip() for line in differ] == (['"made_at"'] if name == ABOUT else [])


def test_tender_entries_stay_out_unless_asked_for(ana: cj.Journal, tmp_path: Path) -> None:
    """What is marked tender or intimate, in whatever version, is in no file of an export, which says so; or in all."""
    once = ana.add(cj.Note("was " + TENDER, tender="tender"))
    ana.revise(once, cj.Note("harmless now"))
    done = ana.export(tmp_path / "out")
    assert done.left_out == 2
    for name in NAMES:
        assert TENDER not in read(tmp_path / "out", name)
        assert "harmless" not in read(tmp_path / "out", name)
    assert json.loads(read(tmp_path / "out", ABOUT))["left_out_as_tender"] == 2
    assert "Left out on purpose, since marked tender or intimate: 2" in read(tmp_path / "out", "journal.txt")
    whole = ana.export(tmp_path / "whole", include_tender=True)
    assert (whole.left_out, whole.entries) == (0, done.entries + 2)
    assert TENDER in read(tmp_path / "whole", "journal.txt")
    assert TENDER in read(tmp_path / "whole", "entries.jsonl")


def test_an_export_of_what_both_can_read(couple: Couple, tmp_path: Path) -> None:
    """Nothing private, and no trace of the private book, is in an export that was asked to leave it out."""
    ana, _ = couple
    ana.share(ana.add(cj.Note("now for both")))
    ana.export(tmp_path / "out", shared_only=True)
    private = ana.device.private.id.hex()
    for name in NAMES:
        assert "mine alone" not in read(tmp_path / "out", name)
        assert private not in read(tmp_path / "out", name)
    assert {line["role"] for line in lines(tmp_path / "out")} == {"shared"}
    assert "now for both" in read(tmp_path / "out", "journal.txt")


def test_a_shared_entry_shows_once(couple: Couple, tmp_path: Path) -> None:
    """An entry that went from the private into the shared book is told in both, and read once."""
    ana, _ = couple
    note = ana.add(cj.Note("first mine, then ours"))
    shared = ana.share(note)
    ana.export(tmp_path / "out")
    found = {line["id"]: line for line in lines(tmp_path / "out")}
    assert found[note.id]["stands_as"] == shared.id
    assert (found[note.id]["is_shown"], found[shared.id]["is_shown"]) == (False, True)
    assert read(tmp_path / "out", "journal.txt").count("first mine, then ours") == 1
    (share,) = [line for line in lines(tmp_path / "out", "rest.jsonl") if line["word"] == "share"]
    assert share["fields"]["entry"] == {"$bytes": base64.b64encode(bytes.fromhex(note.id)).decode()}


def test_everything_is_for_the_owners_eyes(ana: cj.Journal, tmp_path: Path) -> None:
    """A new folder is closed to others, and so is every file, also in a folder that was there."""
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("new/inner", "there"):
        ana.export(tmp_path / name)
        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / name).iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "new/inner").stat().st_mode) == 0o700


def test_a_folder_that_holds_something_is_refused(ana: cj.Journal, tmp_path: Path) -> None:
    """Attack 53: a folder with anything in it, a link included, or a file of that name: nothing is written."""
    secret = tmp_path / "secret.txt"
    secret.write_text("precious", "utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "entries.jsonl").symlink_to(secret)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("full", "secret.txt", "dangling"):
        with pytest.raises(cj.ExportError):
            ana.export(tmp_path / name)
    assert secret.read_text("utf-8") == "precious"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["entries.jsonl"]
    assert not (tmp_path / "nowhere").exists()


def test_the_journals_own_folders_are_refused(ana: cj.Journal, tmp_path: Path) -> None:
    """Neither beside the keystore nor in a replica or in the state, by whatever path, and nobody can insist."""
    home = ana.home
    (tmp_path / "link").symlink_to(home.data)
    replica = home.replica(ana.device.private.folder)
    for folder in (home.config / "out", home.data, replica / "out", home.state / "a" / "b", tmp_path / "link" / "out"):
        with pytest.raises(cj.ExportError, match="the journal itself"):
            ana.export(folder, even_if_shared=True)


def test_a_shared_folder_is_refused_unless_meant(couple: Couple, tmp_path: Path) -> None:
    """Into the meeting place, by whatever path, or beside any book, only who says so exports."""
    ana, _ = couple
    (tmp_path / "link").symlink_to(couple.drive)
    other = tmp_path / "old drive"
    (other / ("0" * 32)).mkdir(parents=True)
    (other / ("0" * 32) / "book.cj").write_bytes(b"")
    for folder in (couple.drive / "out", tmp_path / "link" / "in" / "out", other / "out"):
        with pytest.raises(cj.ExportError, match="is shared"):
            ana.export(folder)
        assert not folder.exists()
    assert ana.export(couple.drive / "out", even_if_shared=True).entries
    ana.sync()
    assert (couple.drive / "out" / "journal.txt").exists()


def test_an_opened_export_does_not_go_where_others_look(couple: Couple, tmp_path: Path) -> None:
    """Opening is careful about the folder too: the clear text comes into no shared one unless that is said."""
    ana, _ = couple
    ana.export(tmp_path / "out", recipients=[PLAIN_RECIPIENT])
    sealed, identity = tmp_path / "out" / SEALED, bech32.encode("age-secret-key-", b"\x42" * 32).upper()
    for folder, why in ((couple.drive / "back", "is shared"), (ana.home.config / "back", "belongs to the journal")):
        with pytest.raises(cj.ExportError, match=why):
            open_export(RealDisk(), sealed, folder, identity, home=ana.home)
        assert not folder.exists()
    assert open_export(RealDisk(), sealed, couple.drive / "back", identity, home=ana.home, even_if_shared=True) == NAMES


def test_a_sealed_export_is_one_file(ana: cj.Journal, tmp_path: Path) -> None:
    """For an age recipient it is one file, and a page on how to open it; no word of the journal lies in the open."""
    done = ana.export(tmp_path / "out", recipients=[PLAIN_RECIPIENT, f" {PLAIN_RECIPIENT}\n"], include_tender=True)
    assert (done.is_sealed, sorted(path.name for path in (tmp_path / "out").iterdir())) == (
        True,
        ["README.txt", SEALED],
    )
    file = (tmp_path / "out" / SEALED).read_bytes()
    assert file.count(b"-> X25519 ") == 1
    files = tar.unpacked(opened([PlainIdentity(b"\x42" * 32)], file), names=NAMES)
    assert TENDER in files["journal.txt"].decode()
    for path in (tmp_path / "out").iterdir():
        assert b"garden" not in path.read_bytes()
        assert b"Ana" not in path.read_bytes()


def test_the_recovery_words_open_an_export(ana: cj.Journal, tmp_path: Path) -> None:
    """What is sealed for the recovery words opens with them, typed anyhow, and with the age identity that they are."""
    ana.export(tmp_path / "out", to_recovery=True)
    ana.export(tmp_path / "plain")
    sealed = tmp_path / "out" / SEALED
    for number, opener in enumerate((words(ana).upper(), age_identity(words(ana)) + "\n")):
        assert open_export(RealDisk(), sealed, tmp_path / f"back {number}", opener) == NAMES
        for name in ("entries.jsonl", "rest.jsonl", "journal.txt", "README.txt"):
            assert read(tmp_path / f"back {number}", name) == read(tmp_path / "plain", name)
    identity = identity_of(age_identity(words(ana)))
    assert opened([identity], sealed.read_bytes()).startswith(b"couplejournal-export/")
    for wrong in (
        " ".join(words_of(b"b" * 32)),
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    ):
        with pytest.raises(cj.ExportError, match="somebody else"):
            open_export(RealDisk(), sealed, tmp_path / "other", wrong)
    with pytest.raises(cj.RecoveryError):
        open_export(RealDisk(), sealed, tmp_path / "other", "twelve words are too few")
    assert not (tmp_path / "other").exists()


def test_recipients_that_will_not_do_are_refused(ana: cj.Journal, tmp_path: Path) -> None:
    """Misspelt, weak, mixed or too many recipients: nothing is written, not even a folder."""
    hybrid = age.recipient_text(b"\0" * 1216)
    weak = bech32.encode("age", bytes(32))
    many = [bech32.encode("age", bytes([number]) * 32) for number in range(1, 22)]
    for recipients, to_recovery in (
        (["age1ana"], False), ([PLAIN_RECIPIENT, hybrid], False), ([PLAIN_RECIPIENT], True), ([weak], False),
        (many, False), ([""], False),
    ):  # fmt: skip
        with pytest.raises(cj.ExportError):
            ana.export(tmp_path / "out", recipients=recipients, to_recovery=to_recovery)
    assert not (tmp_path / "out").exists()


def test_what_is_no_export_is_not_unpacked(tmp_path: Path) -> None:
    """Attack 52: an archive with any other name, a link, a second file of one name or a cut: nothing is written."""
    recipient = age.recipient_of(PLAIN_RECIPIENT)
    identity = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    good = b"".join(tar.packed({"journal.txt": b"x" * 700}, made_ms=0))
    link = bytearray(good)
    link[156] = ord("2")
    double = good[:-1024] + good
    bad = [
        b"".join(tar.packed({name: b"x"}, made_ms=0))
        for name in ("../../x", "/etc/x", "..\\x", "CON", "journal.txt.", "inner/journal.txt", "UNFINISHED.txt")
    ]
    for number, archive in enumerate([*bad, bytes(link), double, good[:800], b"", b"x" * 2048]):
        file = tmp_path / f"{number}.age"
        file.write_bytes(b"".join(age.sealed([recipient], [archive], FakeSystem().random_bytes)))
        with pytest.raises(cj.ExportError, match="holds no export"):
            open_export(RealDisk(), file, tmp_path / "out", identity)
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.parent.glob("x")) == []


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """No file, a folder, or something else than an age file gives one sentence."""
    (tmp_path / "x.age").write_bytes(b"age-encryption.org/v2\n")
    identity = age_identity(" ".join(words_of(bytes(32))))
    for file, why in ((tmp_path / "none", "no such file"), (tmp_path, "cannot be read"), (tmp_path / "x.age", "later")):
        with pytest.raises(cj.ExportError, match=why):
            open_export(RealDisk(), file, tmp_path / "out", identity)


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("fault", ["fail", "crash", "crash after"])
def test_a_fault_leaves_nothing_that_looks_whole(
    ana: cj.Journal, tmp_path: Path, fault: Fault, *, sealed: bool
) -> None:
    """A full disk leaves an empty folder; a killed process a whole export, or one that says that it is not."""
    disk = CrashDisk(ana.device.disk)
    ana.device.disk = disk
    number = 0
    while True:
        number += 1
        folder = tmp_path / f"out {number}"
        disk.plant(number, fault, number=errno.ENOSPC)
        try:
            ana.export(folder, to_recovery=sealed)
        except (cj.ExportError, cj.StoreError):
            assert names_in(folder) == set()
        except CrashError:
            names = names_in(folder)
            assert UNFINISHED in names or not names or is_whole(folder, names)
        if not disk.hits:
            break
    assert number > 6
    assert is_whole(folder, names_in(folder))


class ClingingDisk(RealDisk):
    """A disk that is full at the last file of an export, and takes the first one away no more."""

    def replace(self, path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
        """Refuse the last file."""
        if path.name == ABOUT:
            raise StoreError("the disk is full")
        super().replace(path, data, durable=durable, private=private)

    def remove(self, path: Path) -> None:
        """Refuse to remove the entries."""
        if path.name == "entries.jsonl":
            raise StoreError("the disk can only be read")
        super().remove(path)


def test_what_cannot_be_taken_away_keeps_its_mark(couple: Couple, tmp_path: Path) -> None:
    """Of an export that failed, what is left lies beside the word that it is not whole."""
    ana, folder = couple.journals[0], tmp_path / "left"
    ana.device.disk = ClingingDisk()
    with pytest.raises(cj.ExportError, match="was not made"):
        ana.export(folder)
    assert names_in(folder) == {"entries.jsonl", UNFINISHED}


def names_in(folder: Path) -> set[str]:
    """Return what lies in a folder that may not be there."""
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def is_whole(folder: Path, names: set[str]) -> bool:
    """Return whether an export has all of its files, and their sums agree."""
    if UNFINISHED in names:
        return False
    if SEALED in names:
        return names == {SEALED, "README.txt"}
    about = json.loads(read(folder, ABOUT))["files"] if ABOUT in names else {}
    return names == {*about, ABOUT} and all(
        hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"] for name, told in about.items()
    )


def test_an_empty_journal_is_exported_too(tmp_path: Path) -> None:
    """Before the first word there is a copy with nothing in it."""
    with cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana") as journal:
        assert journal.export(tmp_path / "out").entries == 0
    assert "Nothing was written." in read(tmp_path / "out", "journal.txt")


def test_a_sealed_answer_is_exported_as_far_as_it_is_open(couple: Couple, tmp_path: Path) -> None:
    """Before both have answered an export holds what is sealed, and no text; afterwards both texts stand in it."""
    ana, ben = couple
    ana.answers.seal("what now?", "the-answer-of-one")
    ana.export(tmp_path / "closed")
    for name in NAMES:
        assert "the-answer-of-one" not in read(tmp_path / "closed", name)
    assert [line["word"] for line in lines(tmp_path / "closed", "rest.jsonl")].count("seal") == 1
    couple.sync()
    ben.answers.seal("what now?", "the-answer-of-the-other")
    couple.sync()
    ana.export(tmp_path / "open")
    text = read(tmp_path / "open", "journal.txt")
    assert "the-answer-of-one" in text
    assert "the-answer-of-the-other" in text
    answers = [line for line in lines(tmp_path / "open") if line["kind"] == "answer"]
    assert {line["fields"]["text"] for line in answers} == {"the-answer-of-one", "the-answer-of-the-other"}
    assert {line["versions"][0]["word"] for line in answers} == {"seal"}
    assert [line["word"] for line in lines(tmp_path / "open", "rest.jsonl")].count("seal") == 2


def test_a_tender_answer_is_left_out_with_its_key(
    couple: Couple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is left out is not in the rest either: there its sealed text would stand beside the key to it."""
    ana, ben = couple
    ana.answers.seal("what now?", "one")
    couple.sync()
    ben.answers.seal("what now?", "two")
    couple.sync()
    couple.sync()
    is_tender = exportlines.is_tender
    monkeypatch.setattr(
        exportlines, "is_tender", lambda whole, kinds: whole.record.write.kind == "answer" or is_tender(whole, kinds)
    )
    assert ana.export(tmp_path / "out").left_out == 3
    assert not {line["word"] for line in lines(tmp_path / "out", "rest.jsonl")} & {"seal", "release"}
