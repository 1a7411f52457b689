"""Two people at two command lines and one folder: the whole way, without a terminal and with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine, Done


def words_of(done: Done) -> str:
    """Return the words that an invite printed as JSON."""
    return " ".join(json.loads(done.out)["words"])


def six_of(done: Done) -> list[str]:
    """Return the six words that a pairing printed as JSON."""
    words: list[str] = json.loads(done.out)["check_words"]
    return words


def id_of(done: Done) -> str:
    """Return the id that an acknowledgement shows."""
    assert done.code == 0, done.err
    return done.out.split()[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that both have."""
    (tmp_path / "ours").mkdir()
    return tmp_path / "ours"


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line, with a journal of her own."""
    cli = command_line("ana")
    assert cli("init", "--name", "Ana", "--no-passphrase").code == 0
    return cli


@pytest.fixture
def pair(ana: CommandLine, command_line: Callable[[str], CommandLine], folder: Path) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana and Ben, who share a journal."""
    ben = command_line("ben")
    words = words_of(ana("invite", str(folder), "--json"))
    joined = ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--yes", stdin=words)
    assert joined.code == 0, joined.err
    assert ana("accept", "--yes").code == 0
    assert (ben("sync").code, ana("sync").code) == (0, 0)
    return ana, ben


def test_from_two_empty_homes_to_one_journal(command_line: Callable[[str], CommandLine], folder: Path) -> None:
    """init, invite, join, accept and sync, each once, and both read what the other writes."""
    ana, ben = command_line("ana"), command_line("ben")
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    assert "stays here until your partner has joined" in ana("bid", "Listen to this song with me?").out
    invited = ana("invite", str(folder), "--share-existing", "--json")
    joined = ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--json", stdin=words_of(invited))
    assert joined.code == 13
    answered = ana("accept", "--json")
    assert answered.code == 13
    assert six_of(joined) == six_of(answered)
    assert ben("accept", "--yes").code == 0
    accepted = ana("accept", "--yes")
    assert "You and Ben share a journal now" in accepted.out
    assert ben("sync").code == 0
    [bid] = json.loads(ben("log", "--json").out)["entries"]
    assert (bid["content"]["text"], bid["author"]["name"]) == ("Listen to this song with me?", "Ana")
    replied = ben("reply", bid["id"][:6], "toward", "-", stdin="Yes. Tonight?\n")
    assert "shared with Ana" in replied.out
    shown = ana("show", bid["id"][:6])
    assert "Ben · response: toward" in shown.out
    assert "Yes. Tonight?" in shown.out
    assert json.loads(ana("status", "--json").out)["partner"] == "Ben"


def test_every_save_says_who_can_read_it(pair: tuple[CommandLine, CommandLine]) -> None:
    """Private, shared and not synced, shared and handed over are told apart."""
    ana, _ = pair
    assert " · private, stays with you" in ana("note", "for me").out
    assert " · shared with Ben once you sync" in ana("appreciate", "the soup", "--no-sync").out
    assert " · shared with Ben" in ana("note", "--shared", "for us").out
    assert " · private, stays with you" in ana("bid", "--private", "not yet").out


def test_a_private_note_never_reaches_the_other(pair: tuple[CommandLine, CommandLine]) -> None:
    """The other's log, search and counts know nothing of it."""
    ana, ben = pair
    ana("note", "the surprise for Saturday")
    ana("sync")
    assert "surprise" not in ben("log").out + ben("search", "surprise").out
    assert json.loads(ben("status", "--json").out)["private"] == 0


def test_steps_are_those_that_the_lifecycle_allows(pair: tuple[CommandLine, CommandLine]) -> None:
    """A goal is proposed and agreed by both; a step that is not possible is refused with those that are."""
    ana, ben = pair
    goal = id_of(ana("goal", "--ours", "A week by the sea"))
    assert "propose" in ana("step", goal).out
    refused = ana("step", goal, "done")
    assert refused.code == 1
    assert "propose" in refused.err
    assert ana("step", goal, "propose").code == 0
    assert "agree" not in ana("step", goal, "agree").out
    ben("sync")
    assert ben("step", goal, "agree", "With you, yes").code == 0
    assert json.loads(ana("show", goal, "--json").out)["entries"][0]["state"] == "agreed"


def test_nobody_replies_to_a_bid_of_their_own(ana: CommandLine) -> None:
    """One does not turn toward oneself: refused in a sentence, and nothing is saved."""
    bid = id_of(ana("bid", "Walk?"))
    done = ana("reply", bid, "toward")
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert len(json.loads(ana("log", "--json").out)["entries"]) == 1


def test_search_and_filters_find(pair: tuple[CommandLine, CommandLine]) -> None:
    """Text, kind, tag and audience narrow a listing; -n takes the latest."""
    ana, _ = pair
    for count in range(3):
        ana("note", f"Coffee {count}", "--tag", "morning", "--no-sync")
    ana("appreciate", "coffee in bed", "--no-sync")
    ana("note", "a tender one about coffee", "--tender", "tender", "--no-sync")
    assert len(json.loads(ana("search", "COFFEE", "--json").out)["entries"]) == 4
    assert len(json.loads(ana("search", "coffee", "--tender", "--json").out)["entries"]) == 5
    assert len(json.loads(ana("log", "--tag", "morning", "--json").out)["entries"]) == 3
    assert len(json.loads(ana("log", "--kind", "appreciation", "--json").out)["entries"]) == 1
    latest = json.loads(ana("log", "-n", "2", "--json").out)["entries"]
    assert [entry["content"]["text"] for entry in latest] == ["coffee in bed", "a tender one about coffee"]
    assert "about coffee" not in ana("log").out


def test_a_cancelled_invite_opens_nothing(
    ana: CommandLine, command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """After --cancel the words are no longer good, and the joiner is told to check them or wait."""
    words = words_of(ana("invite", str(folder), "--json"))
    assert ana("invite", "--cancel").code == 0
    ben = command_line("ben")
    done = ben("join", str(folder), "--name", "Ben", "--no-passphrase", stdin=words)
    assert done.code == 0
    assert "no invite for these words here yet" in done.err.lower()
    assert ben("join", "--cancel").code == 0
    assert ana("invite", "--cancel").code == 1


def test_a_mistyped_word_is_called_a_typo(command_line: Callable[[str], CommandLine], folder: Path) -> None:
    """A wrong checksum ends with one sentence, and leaves no journal behind."""
    ben = command_line("ben")
    done = ben("join", str(folder), "--name", "Ben", "--no-passphrase", stdin="zoo " * 12)
    assert done.code == 1
    assert "typ" in done.err
    assert ben("status").code == 10


def test_entries_so_far_stay_unless_one_says_otherwise(ana: CommandLine, folder: Path) -> None:
    """Without a terminal nothing old is shared, and the command says so; with one it is asked."""
    ana("bid", "Dance?")
    quiet = ana("invite", str(folder), "--no-wait")
    assert "1 entry is meant for both so far and will not be shared" in quiet.err
    ana("invite", "--cancel")
    asked = ana("invite", str(folder), "--no-wait", stdin="yes\n", terminal=True)
    assert "cannot be taken back" in asked.err
    assert asked.code == 0


def test_an_open_pairing_is_shown_with_its_six_words(
    ana: CommandLine, command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """`status` shows hours left and, once the words were typed, the six words."""
    invited = ana("invite", str(folder), "--json")
    assert "hours left" in ana("status").out
    ben = command_line("ben")
    joined = ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--json", stdin=words_of(invited))
    ana("sync")
    assert " ".join(six_of(joined)) in ana("status").out
    assert " ".join(six_of(joined)) in ben("status").out


def test_a_folder_that_is_gone_never_fails_a_save(pair: tuple[CommandLine, CommandLine], folder: Path) -> None:
    """The entry is saved, one line says what is wrong, and the exit code is 0; sync itself says 3."""
    ana, _ = pair
    folder.rename(folder.with_name("elsewhere"))
    done = ana("bid", "Still here?")
    assert done.code == 0
    assert "shared with Ben" in done.out
    assert len(done.err.splitlines()) == 1
    assert ana("sync").code == 3
    listed = ana("log")
    assert "Still here?" in listed.out
    assert "this is what is here" in listed.err
    assert not folder.exists()


@pytest.mark.parametrize(
    ("args", "stdin", "code"),
    [
        (["note", "a\0b"], b"", 1),
        (["note", "-"], b"caf\xe9", 1),
        (["note", "-"], b"x" * 1_048_577, 1),
        (["note", "   "], b"", 1),
        (["note"], b"", 2),
        (["add", "poem", "x"], b"", 2),
        (["add", "response", "x"], b"", 2),
        (["add", "bid", "x", "--field", "colour=red"], b"", 2),
        (["note", "x", "--on", "yesterday"], b"", 1),
        (["show", "zz"], b"", 1),
        (["show", "0123456789"], b"", 1),
        (["step", "0123456789"], b"", 1),
        (["log", "--since", "soon"], b"", 1),
        (["unlock", "--for", "ever"], b"", 2),
    ],
)
def test_bad_input_is_one_sentence_and_saves_nothing(
    args: list[str], stdin: bytes, code: int, ana: CommandLine
) -> None:
    """NUL, invalid UTF-8, too long, empty, unknown kinds, fields, dates and ids: an error line, and no entry."""
    done = ana(*args, stdin=stdin)
    assert done.code == code
    assert done.out == ""
    assert 1 <= len(done.err.splitlines()) <= 2
    assert json.loads(ana("log", "--json").out)["entries"] == []


def test_without_a_journal_every_command_says_so(command_line: Callable[[str], CommandLine]) -> None:
    """Exit code 10, and the hint leads to `init`."""
    done = command_line("nobody")("log")
    assert done.code == 10
    assert "init" in done.err


def test_a_second_init_asks_nothing_and_changes_nothing(ana: CommandLine) -> None:
    """A journal that is there stays as it is."""
    before = ana("status", "--json").out
    assert ana("init", "--name", "Eve", "--no-passphrase").code == 1
    assert ana("status", "--json").out == before


def test_plugins_are_off_until_enabled(command_line: Callable[[str], CommandLine]) -> None:
    """A question and an analysis come only from a plugin that this device turned on."""
    (ana := command_line("zoe"))("init", "--name", "Zoe", "--no-passphrase", "--no-plugins")
    assert "plugins list" in ana("prompt").err
    assert ana("plugins", "enable", "bids").code == 0
    found = json.loads(ana("plugins", "list", "--json").out)["plugins"]
    assert [one["id"] for one in found if one["enabled"]] == ["bids"]
    assert ana("prompt").out.strip()
    assert json.loads(ana("prompt", "--json", "--another").out)["prompt"]["text"]
    analysis = json.loads(ana("analyze", "--json").out)["analyses"]
    assert analysis[0]["result"]["is_enough"] is False
    assert "Not enough to say." in ana("analyze", "turning-toward").out
    assert ana("plugins", "disable", "bids").code == 0
    assert ana("plugins", "disable", "bids").code == 14


def test_a_second_device_of_ones_own_sees_what_is_shared(
    pair: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """`invite --device` and `join` bring the shared entries, never the private ones, and say so."""
    ana, _ = pair
    ana("appreciate", "the soup")
    ana("note", "mine alone")
    invited = ana("invite", "--device", "--json")
    second = command_line("second")
    joined = second("join", str(folder), "--name", "Ana", "--no-passphrase", "--yes", stdin=words_of(invited))
    assert joined.code == 0, joined.err
    assert ana("accept", "--yes").code == 0
    assert second("sync").code == 0
    texts = [entry["content"]["text"] for entry in json.loads(second("log", "--json").out)["entries"]]
    assert texts == ["the soup"]
    assert len(json.loads(second("devices", "--json").out)["devices"]) == 3


def test_a_listing_says_when_there_is_more(ana: CommandLine) -> None:
    """The latest are shown, newest last, and a word on how to see the rest only where there is a rest."""
    for count in range(3):
        ana("note", f"number {count}", "--no-sync")
    some, everything = ana("log", "-n", "2"), ana("log", "-n", "3")
    assert "number 0" not in some.out
    assert some.out.index("number 1") < some.out.index("number 2")
    assert "log -n 0" in some.err
    assert everything.err == ""


def test_a_typed_text_ends_with_the_end_of_input(ana: CommandLine) -> None:
    """What is typed over several lines is saved whole; nothing typed is nothing saved."""
    saved = ana("note", stdin="first\n\nsecond\n", terminal=True)
    assert saved.code == 0
    assert json.loads(ana("show", id_of(saved), "--json").out)["entries"][0]["content"]["text"] == "first\n\nsecond"
    assert ana("note", stdin="\n", terminal=True).code == 1
    assert ana("note", "--no-input", terminal=True).code == 2


def test_a_wrong_passphrase_may_be_typed_again(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times at a terminal; once, with exit code 12, where it comes from a file; locked where nobody is asked."""
    from couplejournal.cli import asking

    pia = command_line("pia")
    (tmp_path / "secret").write_text("right\n", "utf-8")
    with monkeypatch.context() as patch:
        patch.setenv(asking.FILE_VARIABLE, str(tmp_path / "secret"))
        assert pia("init", "--name", "Pia").code == 0
    answers = iter(["wrong", "right"])
    monkeypatch.setattr(asking, "_ask_secret", lambda _: next(answers))
    assert pia("note", "hello", terminal=True).code == 0
    assert pia("note", "hello").code == 11
    (tmp_path / "secret").write_text("wrong\n", "utf-8")
    monkeypatch.setenv(asking.FILE_VARIABLE, str(tmp_path / "secret"))
    assert pia("log").code == 12


def test_moving_to_an_empty_folder_needs_a_yes(pair: tuple[CommandLine, CommandLine], tmp_path: Path) -> None:
    """Nothing is put anywhere, and no folder is made, unasked."""
    ana, ben = pair
    entry = id_of(ana("bid", "Tea?"))
    empty, absent = tmp_path / "stick", tmp_path / "absent"
    empty.mkdir()
    assert ana("drive", str(empty)).code == 1
    assert ana("drive", str(absent)).code == 1
    assert (list(empty.iterdir()), absent.exists()) == ([], False)
    assert ana("drive", str(empty), "--yes").code == 0
    assert ana("drive").out == f"{empty}\n"
    assert ben("drive", str(empty)).code == 0
    assert "Tea?" in ben("show", entry).out


def test_words_can_be_revised_shared_and_taken_back(pair: tuple[CommandLine, CommandLine]) -> None:
    """A private note is shared and revised by its author, then taken back, and the other sees each of it."""
    ana, ben = pair
    note = id_of(ana("note", "mine at first"))
    assert "shared with" in ana("share", note, "--yes").out
    assert "mine at first" in ben("log").out
    assert ana("revise", note, "-", stdin="said better").code == 0
    assert "said better" in ben("show", json.loads(ana("show", note, "--json").out)["entries"][0]["id"][:12]).out
    theirs = json.loads(ben("log", "--json").out)["entries"][0]["id"]
    assert "only its author" in ben("retract", theirs, "--yes").err
    assert ana("retract", note, "--yes").out.startswith("taken back")
    assert "said better" not in ben("log").out


def test_an_entry_that_has_just_arrived_can_be_answered(pair: tuple[CommandLine, CommandLine]) -> None:
    """An id that the other tells is found in the shared folder without a sync before."""
    ana, ben = pair
    bid = id_of(ana("bid", "look at the moon"))
    assert ben("reply", bid, "toward").code == 0


def test_status_counts_what_was_never_handed_over(pair: tuple[CommandLine, CommandLine], folder: Path) -> None:
    """An entry that was saved while the folder was away is not called handed over, in any later process."""
    ana, _ = pair
    assert json.loads(ana("status", "--json").out)["outbox"] == 0
    away = folder.rename(folder.with_name("away"))
    assert ana("bid", "are you there?").code == 0
    assert json.loads(ana("status", "--json").out)["outbox"] > 0
    away.rename(folder)
    assert ana("sync").code == 0
    assert ana("sync").code == 0
    assert json.loads(ana("status", "--json").out)["outbox"] == 0


def test_an_open_invite_is_not_shown_as_another(ana: CommandLine, folder: Path, tmp_path: Path) -> None:
    """Asked for a device's invite, or one in another folder, while one is open, the words of that one are not shown."""
    words = words_of(ana("invite", str(folder), "--json")).split()
    other = tmp_path / "other"
    other.mkdir()
    for args in (["--device"], [str(other)]):
        done = ana("invite", *args)
        assert (done.code, "another invite is open" in done.err) == (1, True)
        assert words[0] not in done.out
    assert words_of(ana("invite", str(folder), "--json")).split() == words


def test_a_changed_plugin_is_not_listed_as_on(ana: CommandLine) -> None:
    """A plugin whose files changed since it was turned on rests, and the list says so."""
    assert ana("plugins", "enable", "bids").code == 0
    (lock,) = ana.home.rglob("plugins.lock")
    lock.write_text(lock.read_text().replace('"share.py": "', '"share.py": "0'))
    listed = ana("plugins", "list")
    assert "changed, so off" in listed.out
    assert "enable" in listed.err
    found = json.loads(ana("plugins", "list", "--json").out)["plugins"]
    assert [one["id"] for one in found if one["changed"]] == ["bids"]


def test_a_step_counts_with_what_the_other_did_meanwhile(pair: tuple[CommandLine, CommandLine]) -> None:
    """A step that is possible only since the other's last one needs no sync first; --no-sync goes by what is here."""
    ana, ben = pair
    goal = id_of(ana("goal", "the sea"))
    assert ben("step", goal, "propose").code == 0
    assert ana("step", goal, "agree", "--no-sync").code == 1
    assert ana("step", goal, "agree").code == 0
    assert json.loads(ben("step", goal, "--json").out)["state"] == "agreed"
