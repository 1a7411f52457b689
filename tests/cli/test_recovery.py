"""The recovery words, removal, take-over and comparing, at the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from cli.conftest import CommandLine, Done

import couplejournal as cj
from couplejournal.book.values import Gap
from couplejournal.cli import meeting
from couplejournal.cli import recovery as commands
from couplejournal.journal.recovery import Regained
from couplejournal.seal import recovery as sealing
from couplejournal.sync import SyncReport

ASKED = (3, 11, 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that both have."""
    (tmp_path / "ours").mkdir()
    return tmp_path / "ours"


@pytest.fixture
def pair(command_line: Callable[[str], CommandLine], folder: Path) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana and Ben, who share a journal with an entry of Ana's."""
    ana, ben = command_line("ana"), command_line("ben")
    assert ana("init", "--name", "Ana", "--no-passphrase", "--device-name", "laptop").code == 0
    words = " ".join(json.loads(ana("invite", str(folder), "--json").out)["words"])
    assert ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--yes", stdin=words).code == 0
    assert ana("accept", "--yes").code == 0
    assert (ben("sync").code, ana("sync").code) == (0, 0)
    assert ana("bid", "Walk?").code == 0
    return ana, ben


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let chance ask for known words."""
    monkeypatch.setattr(sealing, "drawn", lambda _system: ASKED)


def words_of(cli: CommandLine) -> tuple[str, ...]:
    """Return the words that lie on a device."""
    with cj.open(home=cli.home) as journal:
        return journal.recovery.words()


def typed(words: tuple[str, ...], asked: tuple[int, ...] = ASKED) -> str:
    """Return what a person types who wrote the words down: Enter, Enter, three words."""
    return "\n\n" + "".join(f"{words[number - 1].upper()}\n" for number in asked)


def shown(cli: CommandLine) -> tuple[str, ...]:
    """Return the words of a device, after they were shown and three of them typed back."""
    words = words_of(cli)
    done = cli("recovery", "show", stdin=typed(words), terminal=True)
    assert done.code == 0, done.err
    return words


@pytest.mark.usefixtures("fixed")
def test_words_are_shown_once(pair: tuple[CommandLine, CommandLine]) -> None:
    """They stand on the screen in columns, three are asked back, then no device has them, and `status` stops asking."""
    ana, _ = pair
    ana("note", "for myself")
    assert "recovery show" in ana("status").out
    words = words_of(ana)
    done = ana("recovery", "show", stdin=typed(words), terminal=True)
    assert done.code == 0
    numbered = {int(number): word for number, word in re.findall(r"(?<= )(\d+) ([a-z]+)(?=  |\n)", done.out)}
    assert [numbered[number] for number in range(1, 25)] == list(words)
    assert "Is anybody behind you?" in done.out
    assert "1 entry lies on this device and nowhere else" in done.out
    assert "the paper is the only copy" in done.out
    again = ana("recovery", "show", stdin=typed(words), terminal=True)
    assert again.code == 1
    assert "not on this device" in again.err
    assert again.out == ""
    assert "recovery words" not in ana("status").out
    assert json.loads(ana("status", "--json").out)["recovery_shown"] is True


@pytest.mark.long
@pytest.mark.usefixtures("fixed")
def test_a_wrong_word_shows_them_once_more(pair: tuple[CommandLine, CommandLine]) -> None:
    """Who typed one of the three wrongly sees the words again, and nothing was forgotten meanwhile."""
    ana, _ = pair
    words = words_of(ana)
    wrong = "\n\n" + "zoo\n" * 3
    done = ana("recovery", "show", stdin=wrong + typed(words), terminal=True)
    assert done.code == 0
    assert "Here they are once more" in done.err
    assert done.out.count(f" 1 {words[0]}") == 2


@pytest.mark.long
@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("lines", [0, 1, 2, 3])
def test_who_stops_on_the_way_keeps_the_words_on_the_device(lines: int, pair: tuple[CommandLine, CommandLine]) -> None:
    """Up to the last of the three, ending it leaves the words where they are."""
    ana, _ = pair
    words = words_of(ana)
    begun = "".join(typed(words).splitlines(keepends=True)[:lines])
    done = ana("recovery", "show", stdin=begun, terminal=True)
    assert done.code == 130
    if lines:
        assert "stay on this device" in done.err
    assert words_of(ana) == words


def test_words_are_shown_to_nobody_but_a_person(pair: tuple[CommandLine, CommandLine]) -> None:
    """Without a terminal nothing is printed: words in a file or a log are nobody's secret."""
    ana, _ = pair
    done = ana("recovery", "show")
    assert done.code == 2
    assert done.out == ""
    assert len(set(words_of(ana)) & set(done.err.split())) < 3  # some words of the sentence may be in the list


@pytest.mark.usefixtures("fixed")
def test_a_bare_machine_comes_back(
    pair: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """`recovery use` with the folder and the words on stdin says what is back, what cannot be, and what to remove."""
    ana, ben = pair
    words = shown(ana)
    new = command_line("new")
    done = new("recovery", "use", str(folder), "--no-passphrase", "--device-name", "new", stdin=" ".join(words))
    assert done.code == 0, done.err
    assert "Ana, your journal is back" in done.out
    assert "shared with Ben since" in done.out
    assert "does not come back" in done.out
    assert "devices remove laptop" in done.err
    assert "Walk?" in new("log").out
    removed = new("devices", "remove", "laptop", "--yes", stdin="\n".join(words))
    assert removed.code == 0, removed.err
    assert "laptop is removed" in removed.out
    ben("sync")
    listed = {one["name"]: one["standing"] for one in json.loads(ben("devices", "--json").out)["devices"]}
    assert listed == {"laptop": "removed", "new": "live", "": "live"}
    assert "removed" in ben("devices").out


@pytest.mark.long
@pytest.mark.usefixtures("fixed")
def test_mistyped_words_may_be_typed_again(
    pair: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """At a terminal the words may come in several lines, and a mistake is named by its number and asked again."""
    words = shown(pair[0])
    wrong = " ".join(["qwertz", *words[1:]])
    halves = f"{' '.join(words[:12])}\n{' '.join(words[12:])}\n"
    new = command_line("new")
    done = new("recovery", "use", str(folder), "--no-passphrase", stdin=f"{wrong}\n{halves}", terminal=True)
    assert done.code == 0, done.err
    assert "word 1 is not in the list" in done.err
    assert "12 so far" in done.err
    assert "qwertz" not in done.err
    assert done.err.count("\x1b[?1049h") == done.err.count("\x1b[?1049l") == 1  # nothing stays to be scrolled back to


def test_a_folder_that_is_not_there_is_named_before_words_are_typed(
    command_line: Callable[[str], CommandLine], tmp_path: Path
) -> None:
    """A folder that is not there ends `recovery use` at once: nobody types 24 words for nothing."""
    done = command_line("new")("recovery", "use", str(tmp_path / "away"), "--no-passphrase", terminal=True)
    assert done.code == 1
    assert "is not there" in " ".join(done.err.split())
    assert "recovery words" not in done.err


@pytest.mark.long
@pytest.mark.usefixtures("fixed")
def test_a_machine_that_came_back_has_the_name_of_the_lost_one(
    pair: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """Two devices of one name: ids tell them apart, what is said to be typed works, and the other one is removed."""
    words = " ".join(shown(pair[0]))
    new = command_line("new")
    done = new("recovery", "use", str(folder), "--no-passphrase", "--device-name", "laptop", stdin=words)
    assert done.code == 0, done.err
    assert "lost 1 file" not in done.err
    found = re.search(r"devices remove (\S+)", done.err)
    assert found is not None
    assert found[1] in new("devices").out
    assert new("devices", "remove", found[1], "--json").code == 13
    removed = new("devices", "remove", "Laptop", "--yes", stdin=words)
    assert removed.code == 0, removed.err
    listed = json.loads(new("devices", "--json").out)["devices"]
    assert [one["standing"] for one in listed] == ["live", "removed", "live"]


def test_recovery_before_the_wrong_folder(
    pair: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], tmp_path: Path
) -> None:
    """A folder without the journal makes none, says why, and leaves nothing behind that would be in the way."""
    words = words_of(pair[0])
    (tmp_path / "empty").mkdir()
    new = command_line("new")
    done = new("recovery", "use", str(tmp_path / "empty"), "--no-passphrase", stdin=" ".join(words))
    assert (done.code, done.out) == (1, "")
    assert "nothing here belongs to these recovery words" in done.err
    assert new("status").code == 10


@pytest.mark.long
@pytest.mark.usefixtures("fixed")
def test_words_at_a_device_that_is_there(pair: tuple[CommandLine, CommandLine]) -> None:
    """`recovery use` on a device of the journal opens what it can; somebody else's words are refused."""
    ana, ben = pair
    words = shown(ana)
    done = ana("recovery", "use", stdin=" ".join(words))
    assert done.code == 0, done.err
    assert "not kept" in done.out
    assert (
        json.loads(ana("recovery", "use", "--json", stdin=" ".join(words)).out)["schema"] == "couplejournal.recovery/1"
    )
    foreign = ben("recovery", "use", stdin=" ".join(words))
    assert foreign.code == 1
    assert "not those of this journal" in foreign.err


@pytest.mark.usefixtures("fixed")
def test_words_are_renewed(pair: tuple[CommandLine, CommandLine]) -> None:
    """`recovery renew` needs shown words and a yes, and says what comes next; `status` reminds of it."""
    ana, _ = pair
    refused = ana("recovery", "renew", "--yes")
    assert refused.code == 1
    assert "never shown" in refused.err
    old = shown(ana)
    assert ana("recovery", "renew").code == 13
    assert ana("recovery", "renew", stdin="no\n", terminal=True).code == 1
    done = ana("recovery", "renew", stdin="yes\n", terminal=True)
    assert done.code == 0
    assert "recovery show" in done.err
    assert "invite --anew" in done.err
    assert words_of(ana) != old
    assert "begins anew under them" in " ".join(ana("status").out.split())


@pytest.fixture
def phone(
    pair: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> CommandLine:
    """Return the command line of Ana's phone, which shares the journal too."""
    ana, ben = pair
    phone = command_line("phone")
    words = " ".join(json.loads(ana("invite", "--device", "--json").out)["words"])
    joined = phone(
        "join", str(folder), "--name", "Ana", "--device-name", "phone", "--no-passphrase", "--yes", stdin=words
    )
    assert joined.code == 0, joined.err
    for cli in (ana, phone, ben, ana):
        cli("accept", "--yes") if cli is ana else None
        assert cli("sync").code == 0
    return phone


def test_removal_asks_before_it_removes(pair: tuple[CommandLine, CommandLine], phone: CommandLine) -> None:
    """Without a yes nothing is removed, at a terminal, without one, and as JSON; what it means is said first."""
    ana, _ = pair
    piped = ana("devices", "remove", "phone")
    assert piped.code == 13
    assert "cannot be undone" in piped.out
    said_no = ana("devices", "remove", "phone", stdin="n\n", terminal=True)
    assert (said_no.code, "nothing was removed" in said_no.err) == (1, True)
    told = json.loads(ana("devices", "remove", "phone", "--json").out)
    assert (told["state"], told["device"]["name"], told["needs_words"]) == ("open", "phone", False)
    assert all(one["is_live"] for one in json.loads(ana("devices", "--json").out)["devices"])
    unknown = ana("devices", "remove", "toaster", "--yes")
    assert (unknown.code, "no device of yours" in unknown.err) == (1, True)
    assert ana("devices", "remove", "phone", "--yes").code == 0
    assert phone("sync").code == 0
    assert "removed" in phone("devices").out
    told = " ".join(phone("status").out.split())
    assert "this device was removed from the journal" in told
    assert "it still reads what it had until then" in told
    again = ana("devices", "remove", "phone", "--yes")
    assert (again.code, "phone was removed already" in again.err) == (0, True)
    assert ana("devices", "remove", "phone", "phone", "--yes").err.count("phone was removed already") == 2


def test_several_open_journals_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Who comes back to two open journals with a partner learns of both, with their numbers; one alone says nothing."""
    one = Regained(
        role="shared", partner="Ben", began_at=datetime(2026, 1, 31, tzinfo=UTC), entries=3, missing=0, closed=0,
        is_ended=False, number=("12345", "67890"),
    )  # fmt: skip
    commands._warn_of_several((one, attrs.evolve(one, is_ended=True)))
    assert capsys.readouterr().out == ""
    commands._warn_of_several((one, one))
    told = capsys.readouterr().out
    assert "2 shared journals stand open here" in told
    assert told.count("safety number 12345 67890") == 2


def test_a_gap_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A sync that waits for something in between names the device, and does not fail for it."""
    meeting._print_report(SyncReport(drive="ok", gaps=(Gap(b"s", "phone", 2, 3), Gap(b"t", "", 1, 1))))
    told = capsys.readouterr().err
    assert told == "waiting for entries of phone\nwaiting for entries of the other device\n"


def test_words_after_a_removal_are_listed_and_taken_over(
    pair: tuple[CommandLine, CommandLine], phone: CommandLine
) -> None:
    """`log --apart` lists them, `status` counts them, and `devices take-over` makes them one's own, for both to see."""
    ana, ben = pair
    phone("bid", "late and true")
    phone("bid", "late too")
    assert ana("devices", "remove", "phone", "--yes", "--no-sync").code == 0
    for cli in (ana, ben, ana):
        assert cli("sync").code == 0
    assert "late" not in ana("log").out
    listed = ana("log", "--apart")
    assert "written after the removal" in listed.out
    assert "take-over" in listed.err
    assert "take-over" not in ben("log", "--apart").err
    assert "2 entries written after a removal" in " ".join(ana("status").out.split())
    apart = {
        entry["content"]["text"]: entry for entry in json.loads(ana("log", "--apart", "--json").out)["entries"]
    }  # fmt: skip
    taken = ana("devices", "take-over", apart["late and true"]["id"][:8])
    assert taken.code == 0, taken.err
    assert taken.out.startswith("saved ")
    assert ana("devices", "take-over", "--all", "--json").code == 0
    assert "nothing of yours stands apart" in ana("devices", "take-over", "--all").err
    assert "nothing stands apart" in ana("log", "--apart").err
    ben("sync")
    assert {"late and true", "late too"} <= set(ben("log").out.replace("    ", "").splitlines())
    foreign = ben("devices", "take-over", apart["late too"]["id"])
    assert foreign.code == 1


@pytest.mark.parametrize(
    "args", [("log", "--apart", "--kind", "bid"), ("devices", "take-over"), ("devices", "take-over", "ab", "--all")]
)
def test_contradictions_on_the_line(args: tuple[str, ...], pair: tuple[CommandLine, CommandLine]) -> None:
    """What cannot be meant is a usage error."""
    assert pair[0](*args).code == 2


def test_both_compare_the_same(pair: tuple[CommandLine, CommandLine]) -> None:
    """`verify` shows number and words on both sides alike, in words and as JSON, and says what to make of it."""
    ana, ben = pair
    for cli in (ana, ben, ana):
        assert cli("sync").code == 0
    found = json.loads(ana("verify", "--json").out)
    assert found["schema"] == "couplejournal.safety/1"
    assert found["number"] == json.loads(ben("verify", "--json").out)["number"]
    for done in (ana("verify"), ben("verify")):
        assert all(group in done.out for group in found["number"])
        assert all(word in done.out for word in found["words"])
        assert "Not equal" in done.out
    assert "▀" in ana("verify", terminal=True).out  # the square code


def test_alone_there_is_nothing_to_compare(command_line: Callable[[str], CommandLine]) -> None:
    """Before anybody has joined, `verify` says so."""
    ana = command_line("ana")
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    done: Done = ana("verify")
    assert (done.code, "nobody to compare with" in done.err) == (1, True)
