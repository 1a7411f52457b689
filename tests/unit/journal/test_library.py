"""The library as its page shows it: every line works, and everything that can go wrong is one error of the tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

import couplejournal as cj
from couplejournal.book import Draft
from couplejournal.ops import codec, words
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk

EAST = timezone(timedelta(hours=2))


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk())
    yield made
    made.close()


def alone(tmp_path: Path, *, zone: timezone = EAST) -> cj.Journal:
    """Return a journal of one."""
    return cj.create(
        "Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana", zone=zone, disk=MemoryDisk(), device_name="laptop"
    )


def test_every_line_of_the_page_works(tmp_path: Path) -> None:
    """What the page of the library shows, line by line, with a real disk and a passphrase."""
    (tmp_path / "drive").mkdir()
    cj.create(name="Ana", home=tmp_path / "ana", passphrase="four words are enough").close()
    with pytest.raises(cj.LockedError):
        cj.open(home=tmp_path / "ana")
    with cj.open(home=tmp_path / "ana", passphrase=lambda: "four words are enough") as journal:
        invite = journal.pairing.invite(tmp_path / "drive")
        joining = cj.join(
            tmp_path / "drive", invite.words, name="Ben", home=tmp_path / "ben", passphrase=cj.NO_PASSPHRASE
        )
        assert joining.check_words == invite.check_words
        joining.confirm()
        invite.accept()
        journal.sync()
        with joining.journal as other:
            other.sync()
            bid = journal.add(cj.Bid("Listen to this song with me?"))
            assert journal.sync().published_files >= 1
            other.sync()
            other.reply(bid.id, cj.Response.toward("Yes. Tonight?"))
            other.sync()
            journal.sync()
            goal = journal.add(cj.Goal("a garden", owner="mine"))
            journal.step(goal, "activate")
            journal.step(goal, "pause", text="winter")
            journal.revise(goal, cj.Goal("a small garden", owner="mine"))
            thanks = journal.add(cj.Appreciation("coffee in bed"))
            journal.retract(journal.add(cj.Note("not this")))
            entry = journal.entry(bid.id[:6])
            assert (entry.content, entry.author.name, entry.is_mine) == (bid.content, "Ana", True)
            assert (entry.audience, entry.state) == ("shared", "toward")
            assert journal.entry(goal.id).state == "paused"
            found = journal.entries(
                kind="appreciation", since="2026-01-01", until=None, text="COFFEE", limit=None, newest_first=False
            )
            assert [one.id for one in found] == [thanks.id]


def test_pairing_comes_back_after_a_restart(tmp_path: Path) -> None:
    """The same words, the same six words and the same state come from journal.pairing in a new process."""
    couple = pair(tmp_path, is_paired=False)
    invitation = couple.journals[0].pairing.invite()
    couple.journals[1].pairing.join(" ".join(invitation.words))
    couple.sync()
    couple.sync()
    again, joining = couple.restart(0).pairing.current, couple.restart(1).pairing.current
    assert isinstance(again, cj.Invitation)
    assert isinstance(joining, cj.Joining)
    assert again.words == invitation.words
    assert again.expires_at == invitation.expires_at
    assert again.check_words == joining.check_words != None  # noqa: E711 - all three in one
    assert (again.joiner_name, joining.inviter_name, joining.state) == ("Ben", "Ana", "offered")
    joining.confirm()
    assert couple.restart(1).status().pairing == cj.PairingStatus(
        side="joiner",
        purpose="partner",
        state="confirmed",
        name="Ana",
        hours_left=None,
        check_words=joining.check_words,
    )
    status = couple.restart(0).status().pairing
    assert status is not None
    assert (status.state, status.hours_left) == ("answered", 48)


def test_what_add_returns_is_what_is_found(couple: Couple) -> None:
    """The entry that a save returns equals the one that a search finds, in every field."""
    ana, ben = couple
    entries = [
        ana.add(cj.Bid("Walk?", tags=("sea",), tender="tender")),
        ana.add(cj.Note("mine"), happened_at="2026-02-03"),
        ana.add(cj.Goal("house")),
        ana.add(cj.Appreciation("soup"), audience="private", happened_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
    ]
    entries.append(ana.add(cj.Milestone("a key"), refs={"part_of": entries[2]}))
    assert [ana.entry(entry.id) for entry in entries] == entries
    assert [entry.audience for entry in entries] == ["shared", "private", "shared", "private", "shared"]
    couple.sync()
    with pytest.raises(cj.NoSuchEntryError):
        ben.entry(entries[1].id)
    assert ben.entry(entries[4].id).refs == (cj.Ref("part_of", entries[2].id),)


def test_short_ids_serve_while_they_are_unique(tmp_path: Path) -> None:
    """Two hex digits or more name an entry, in any case, as long as one entry alone begins like this."""
    journal = alone(tmp_path)
    entries = [journal.add(cj.Note(str(number))) for number in range(30)]
    for entry in entries:
        alike = [other for other in entries if other.id.startswith(entry.id[:2])]
        if len(alike) == 1:
            assert journal.entry(entry.id[:2].upper()).id == entry.id
        else:
            with pytest.raises(cj.NoSuchEntryError, match="entries have an id like this"):
                journal.entry(entry.id[:2])
        assert journal.entry(entry.id[:20]).id == entry.id
    for wrong in ("", "a", "zz", "0" * 65, "../..", "aé"):
        with pytest.raises(cj.NoSuchEntryError):
            journal.entry(wrong)
    with pytest.raises(cj.NoSuchEntryError):
        journal.reply("ff" * 32, cj.Note("to nothing"))


def test_entries_come_in_order_of_what_happened(tmp_path: Path) -> None:
    """Order is (happened, clock, id), both ways, whatever the order of writing."""
    journal = alone(tmp_path)
    for day in (3, 1, 2, 1):
        journal.add(cj.Note(f"day {day}"), happened_at=f"2026-03-0{day}")
    shown = list(journal.entries())
    assert [entry.text for entry in shown] == ["day 1", "day 1", "day 2", "day 3"]
    assert shown[0].recorded_at <= shown[1].recorded_at
    assert list(journal.entries(newest_first=True)) == shown[::-1]
    assert list(journal.entries(limit=2, newest_first=True)) == shown[:-3:-1]
    assert list(journal.entries(limit=0)) == []
    with pytest.raises(ValueError, match="negative"):
        journal.entries(limit=-1)


@pytest.mark.parametrize(
    ("given", "meant", "precision"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=EAST), "day"),
        (date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=EAST), "day"),
        ("2026-01-02T03:04", datetime(2026, 1, 2, 3, 4, tzinfo=EAST), "minute"),
        (datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5, tzinfo=EAST), "instant"),  # noqa: DTZ001
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "instant"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "minute"),
    ],
)
def test_times_without_a_zone_are_local(tmp_path: Path, given: str | date, meant: datetime, precision: str) -> None:
    """Strings, dates and naive times mean the journal's zone; those with a zone keep it."""
    journal = alone(tmp_path)
    entry = journal.add(cj.Note("then"), happened_at=given)
    assert (entry.happened_at, entry.precision) == (meant, precision)
    assert entry.happened_at.utcoffset() == meant.utcoffset()
    assert journal.entry(entry.id).happened_at == meant


def test_since_is_included_and_until_is_not(tmp_path: Path) -> None:
    """A day runs from its own beginning to that of the next, in the journal's zone."""
    journal = alone(tmp_path)
    for text in ("2026-01-01", "2026-01-01T23:59", "2026-01-02"):
        journal.add(cj.Note(text), happened_at=text)
    assert len(list(journal.entries(since="2026-01-01", until="2026-01-02"))) == 2
    assert len(list(journal.entries(since=date(2026, 1, 2)))) == 1
    for wrong in ("soon", "2026-13-01", "", "10000-01-01"):
        with pytest.raises(cj.InvalidEntryError):
            journal.entries(since=wrong)
        with pytest.raises(cj.InvalidEntryError):
            journal.add(cj.Note("x"), happened_at=wrong)


def test_iteration_stands_on_one_snapshot(tmp_path: Path) -> None:
    """What is written while one iterates does not appear, and nothing is lost."""
    journal = alone(tmp_path)
    for number in range(5):
        journal.add(cj.Note(str(number)))
    seen = []
    for entry in journal.entries():
        seen.append(entry.text)
        journal.add(cj.Note(f"while at {entry.text}"))
    assert seen == ["0", "1", "2", "3", "4"]
    assert journal.view().count() == 10


@pytest.mark.parametrize(
    "text",
    [
        "日本語 🫶🏽 \u200fעברית",
        "line\nline\ttab",
        "\x1b[31mred\x07",
        "\u202eevil",
        "\u0300",
        "a" * 1_048_576,
        "ü" * 524_288,
    ],
    ids=["scripts", "lines", "escapes", "bidi", "combining", "1 MiB", "1 MiB of two bytes"],
)
def test_any_text_up_to_a_mebibyte_is_kept_as_it_is(tmp_path: Path, text: str) -> None:
    """Every script and control character but NUL comes back unchanged, after a restart too."""
    journal = cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana")
    entry = journal.add(cj.Note(text))
    assert entry.text == text
    with cj.open(home=tmp_path / "ana") as again:
        assert again.entry(entry.id).text == text


@pytest.mark.parametrize("text", ["", "   \n", "nul \0", "half \ud800", "a" * 1_048_577, "ü" * 524_289], ids=range(6))
def test_text_that_cannot_be_kept_is_refused(tmp_path: Path, text: str) -> None:
    """Empty, NUL, invalid UTF-8 and beyond 1 MiB: one error, and nothing is saved."""
    journal = alone(tmp_path)
    with pytest.raises(cj.InvalidEntryError) as caught:
        journal.add(cj.Note(text))
    assert len(str(caught.value).splitlines()) == 1
    assert journal.view().count() == 0
    entry = journal.add(cj.Note("good"))
    with pytest.raises(cj.InvalidEntryError):
        journal.revise(entry, cj.Note(text))
    assert journal.entry(entry.id) == entry


def test_misuse_by_a_programmer_is_no_library_error(tmp_path: Path) -> None:
    """Plain text for a content, an unknown audience, an odd relation: TypeError or ValueError, and nothing is saved."""
    journal = alone(tmp_path)
    note = journal.add(cj.Note("one"))
    with pytest.raises(TypeError):
        journal.add("plain text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        journal.revise(note, "plain text")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="audience"):
        journal.add(cj.Note("x"), audience="privat")  # type: ignore[arg-type]
    for relation in ("", "\ud800", "About", "a" * 65):
        with pytest.raises(ValueError, match="relation"):
            journal.add(cj.Note("x"), refs={relation: note})
    assert [entry.id for entry in journal.entries()] == [note.id]


def newer(kind: str, schema: int, fields: dict[str, object]) -> Draft:
    """Return what a newer version writes."""
    write = words.Write(
        kind=kind, schema=schema, happened=(1_790_000_000_000, 0, "instant"), fields=msgspec.Raw(codec.encode(fields))
    )
    return Draft("write", write)


def test_what_a_newer_version_wrote_is_kept_and_shown_raw(couple: Couple) -> None:
    """Unknown kinds, newer schemas and odd fields are listed as they are; extra fields survive a revision."""
    ana, ben = couple
    shared = ben.device.shared
    assert shared is not None
    ops = shared.append(
        [
            newer("dream", 1, {"text": "we flew", "colour": 3}),
            newer("bid", 9, {"text": "a bid of tomorrow"}),
            newer("bid", 1, {"text": ["not", "text"]}),
            newer("bid", 1, {"text": "a bid", "mood": "light"}),
        ]
    )
    couple.sync()
    dream, later, odd, bid = (ana.entry(op.id.hex()) for op in ops)
    for entry, fields in (
        (dream, {"text": "we flew", "colour": 3}),
        (later, {"text": "a bid of tomorrow"}),
        (odd, {"text": ["not", "text"]}),
    ):
        assert isinstance(entry.content, cj.RawContent)
        assert entry.content.fields == fields
    assert isinstance(bid.content, cj.Bid)
    assert bid.content.extra == {"mood": "light"}
    assert {entry.id for entry in ana.entries(kind="dream")} == {dream.id}
    for raw in (dream, later):
        with pytest.raises(cj.CouplejournalError):
            ben.revise(raw.id, raw.content)  # type: ignore[arg-type]
    ben.revise(bid.id, cj.Bid("a better bid", extra=bid.content.extra))
    couple.sync()
    changed = ana.entry(bid.id)
    assert isinstance(changed.content, cj.Bid)
    assert (changed.text, changed.content.extra, changed.revised) == ("a better bid", {"mood": "light"}, 1)


def test_a_revision_loses_nothing_of_a_newer_version(couple: Couple) -> None:
    """Without its extra fields in hand a revision keeps them; what cannot be read is not written over."""
    _, ben = couple
    shared = ben.device.shared
    assert shared is not None
    later, bid = shared.append([newer("bid", 9, {"text": "later"}), newer("bid", 1, {"text": "x", "mood": "light"})])
    with pytest.raises(cj.InvalidEntryError, match="newer"):
        ben.revise(later.id.hex(), cj.Bid("of today"))
    revised = ben.revise(bid.id.hex(), cj.Bid("y")).content
    assert isinstance(revised, cj.Bid)
    assert (revised.text, revised.extra) == ("y", {"mood": "light"})


def test_errors_of_setting_up(tmp_path: Path) -> None:
    """No journal, a second one, no name, an empty passphrase, a wrong one: each its own error, nothing half-made."""
    home = tmp_path / "ana"
    with pytest.raises(cj.NoJournalError):
        cj.open(home=home)
    for name in ("", "  ", "x" * 201, "a\0b"):
        with pytest.raises(cj.InvalidEntryError):
            cj.create(name, passphrase=cj.NO_PASSPHRASE, home=home)
    with pytest.raises(cj.SetupError):
        cj.create("Ana", passphrase="  ", home=home)
    with pytest.raises(cj.NoJournalError):
        cj.open(home=home)
    assert not [path for path in home.rglob("*") if path.is_file() and path.name.endswith((".cj", ".seg"))]
    cj.create("Ana", passphrase="right", home=home)
    before = sorted(home.rglob("*"))
    with pytest.raises(cj.SetupError):
        cj.create("Eve", passphrase=cj.NO_PASSPHRASE, home=home)
    with pytest.raises(cj.WrongPassphraseError):
        cj.open(home=home, passphrase="wrong")
    assert sorted(home.rglob("*")) == before


def test_errors_of_joining(tmp_path: Path) -> None:
    """Wrong words, no folder, no name: told before anything is made."""
    words_typed = "zoo " * 12
    home = tmp_path / "ben"
    with pytest.raises(cj.PairingError, match="typing mistake"):
        cj.join(tmp_path, words_typed, name="Ben", home=home, passphrase=cj.NO_PASSPHRASE)
    good = "abandon " * 11 + "about"
    with pytest.raises(cj.SetupError):
        cj.join(tmp_path, good, home=home)
    with pytest.raises(cj.DriveError):
        cj.join(tmp_path / "nowhere", good, name="Ben", home=home, passphrase=cj.NO_PASSPHRASE)
    with pytest.raises(cj.SetupError, match="keystore"):
        cj.join(tmp_path, good, name="Ben", home=home, passphrase=cj.NO_PASSPHRASE)
    assert not home.exists()
    (tmp_path / "drive").mkdir()
    with cj.join(tmp_path / "drive", good, name="Ben", home=home, passphrase=cj.NO_PASSPHRASE) as joining:
        assert (joining.state, joining.check_words, joining.purpose, joining.inviter_name) == ("waiting", None, "", "")
        with pytest.raises(cj.PairingError, match="not arrived"):
            joining.confirm()


def test_join_leaves_the_place_of_a_shared_journal_alone(couple: Couple, tmp_path: Path) -> None:
    """Who shares a journal already cannot join another, and the meeting place stays what it was."""
    ana, _ = couple
    before = ana.place.path
    (tmp_path / "other").mkdir()
    with pytest.raises(cj.PairingError, match="shared already"):
        cj.join(
            tmp_path / "other", "abandon " * 11 + "about", home=ana.home.config.parent, disk=ana.device.disk,
            system=ana.device.system,
        )  # fmt: skip
    assert ana.place.path == before


def test_errors_tell_one_line_and_no_secret(couple: Couple) -> None:
    """str() of an error is one line without text of the journal, and so is its hint."""
    ana, ben = couple
    bid = ana.add(cj.Bid("a most secret text"))
    couple.sync()
    for act in (
        lambda: ben.revise(bid.id, cj.Bid("another secret text")),
        lambda: ben.retract(bid.id),
        lambda: ana.reply(bid, cj.Response.toward("to myself, a secret text")),
        lambda: ana.step(bid, "second-chance", text="secret text"),
        lambda: ana.revise(bid, cj.Note("secret text")),
        lambda: ben.share(bid.id),
        lambda: ana.share(bid),
    ):
        with pytest.raises(cj.EntryError) as caught:
            act()
        for line in (str(caught.value), caught.value.hint, repr(caught.value)):
            assert "secret" not in line
            assert len(line.splitlines()) <= 1
