"""``today``: the question of the day at two command lines, what waits for oneself, and something to read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CommandLine, Done

import couplejournal as cj
from couplejournal.cli.rendering import width_of
from couplejournal.testing.couples import pair

NAGGING = ("waiting", "not yet", "hurry", "still", "remind", "missed", "days in a row", "streak", "Ben has answered")
WORD = "couplejournal today answer"


@pytest.fixture
def both(tmp_path: Path, command_line: Callable[[str], CommandLine]) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana, who has the daily question, and Ben, who has no plugin; they share a journal."""
    pair(tmp_path).close()
    ana, ben = command_line("ana"), command_line("ben")
    assert ana("plugins", "enable", "dailyquestion").code == 0
    return ana, ben


def day_of(done: Done) -> dict[str, Any]:
    """Return what `today --json` printed."""
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    assert found["schema"] == "couplejournal.today/1"
    return found


def exchange(*people: CommandLine) -> None:
    """Sync in turn, without the deadline of other commands, which a busy machine misses."""
    for person in people:
        assert person("sync").code == 0


def test_the_whole_way(both: tuple[CommandLine, CommandLine], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ana opens the day; Ben reads it in German without a plugin; nothing is told before both have answered."""
    ana, ben = both
    assert "no plugin is on" in ben("today").err
    opened = ana("today")
    assert WORD in opened.out
    question = day_of(ana("today", "--json"))["question"]
    assert question["text"] in opened.out
    assert (question["audience"], question["mine"], question["entries"]) == ("shared", "none", [])
    assert len(json.loads(ana("log", "--json").out)["entries"]) == 1
    exchange(ana, ben)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    seen = day_of(ben("today", "--json"))["question"]
    assert (seen["id"], seen["language"]) == (question["id"], "de")
    assert seen["text"] != question["text"]
    told = ben("today", "answer", "-", stdin="das Meer\n")
    assert told.out.startswith("yours is sealed, and opens once both have answered")
    assert seen["text"] in told.err
    assert "has to open first" in " ".join(told.err.split())
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    exchange(ben, ana)
    before = ana("today")
    assert before.out == opened.out
    assert "sealed by Ben" not in before.out + before.err
    assert "question of the day" not in ana("answers").out
    assert question["text"] in ana("answers").out
    assert ana("seal", question["id"][:6], "the sea too").code == 0
    exchange(ana, ben, ana)
    shown = ana("today").out
    assert f"both have answered: `couplejournal show {question['id'][:6]}`" in " ".join(shown.split())
    thread = ana("show", question["id"][:6]).out
    for words in (question["text"], "das Meer", "the sea too", "to the question of"):
        assert words in thread
    assert day_of(ben("today", "--json"))["question"]["is_open"] is True
    assert ana("today", "answer", "again").code == 1


def test_left_out_and_taken_back(both: tuple[CommandLine, CommandLine], tmp_path: Path) -> None:
    """Nobody hears of what is left out; an answer can be taken back; the day is shown without the folder, too."""
    ana, ben = both
    assert ana("today", "skip").out == "left out; nobody is told\n"
    exchange(ana, ben)
    assert json.loads(ben("log", "--json").out)["entries"] == []
    assert "left out; `couplejournal today answer` answers it after all" in ana("today").out
    exchange(ana, ben)
    assert {one["kind"] for one in json.loads(ben("log", "--json").out)["entries"]} == {"question"}
    assert ana("today", "answer", "after all").code == 0
    found = ana("today").out
    taken = found.partition("`couplejournal withdraw ")[2][:6]
    assert ana("withdraw", taken).code == 0
    assert ana("today", "answer", "-", stdin=" \n").code == 1
    (tmp_path / "drive").rename(tmp_path / "elsewhere")
    gone = ana("today")
    assert gone.code == 0
    assert WORD in gone.out
    assert "this is what is here" in gone.err


def test_the_day_fits_one_screen_and_presses_nobody(tmp_path: Path, command_line: Callable[[str], CommandLine]) -> None:
    """With all that there can be it is less than a screen; every meaning is in words; the other owes nothing."""
    couple = pair(tmp_path)
    ana, ben = couple
    day = date.today()  # noqa: DTZ011 - that of the commands below
    long = "a long text " * 40
    for ago in (1, 2):
        past = cj.Question("Which?", question=f"ourdeck/past-{ago}", day=(day - timedelta(days=ago)).isoformat())
        ana.add(past, audience="shared", happened_at=day - timedelta(days=ago))
        ana.answers.seal(past.line, "x")
        ben.answers.seal(past.line, "y")
    for journal, name in ((ana, "hers"), (ben, "his")):
        asked = cj.Question(f"{name}: {long}", question=f"ourdeck/{name}", day=day.isoformat())
        journal.add(asked, audience="shared", happened_at=day)
    ben.add(cj.Appreciation(long), happened_at=day - timedelta(days=40))
    ben.add(cj.Bid("Walk?"), happened_at=day)
    couple.sync()
    couple.close()
    done = command_line("ana")("today", "--no-sync", terminal=True)
    lines = done.out.splitlines()
    assert len(lines) <= 23
    assert max(map(width_of, lines)) <= 80
    assert sum("both have answered the question of" in line for line in lines) == 2
    assert command_line("ana")("today", "--no-sync", terminal=True).out == done.out
    for words in ("also asked for today: ", "new from Ben: `couplejournal log --since", "To read again", "… the rest:"):
        assert words in done.out
    assert not [word for word in NAGGING if word in done.out + done.err]
    assert "\x1b" not in done.out


def test_alone_from_the_first_minute(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without partner and folder a day is answered for oneself; who is invited later gets nothing of it."""
    ana, ben = command_line("ana"), command_line("ben")
    started = ana("init", "--name", "Ana", "--no-passphrase", "--json")
    assert "dailyquestion" in json.loads(started.out)["plugins"]
    assert WORD in ana("today").out
    assert json.loads(ana("log", "--json").out)["entries"] == []
    said = ana("today", "answer", "my own words")
    assert said.out.endswith("private, stays with you; inviting somebody later does not share it\n")
    assert "Sealed" not in said.err
    question = day_of(ana("today", "--json"))["question"]
    assert (question["mine"], question["audience"]) == ("alone", "private")
    assert "answered, for yourself: `couplejournal show" in ana("today").out
    assert question["text"] in ana("show", question["entries"][0]).out
    assert ana("today", "skip").code == 1
    ana("bid", "Walk?")
    (tmp_path / "ours").mkdir()
    words = " ".join(json.loads(ana("invite", str(tmp_path / "ours"), "--share-existing", "--json").out)["words"])
    joined = ben("join", str(tmp_path / "ours"), "--name", "Ben", "--no-passphrase", "--yes", stdin=words)
    assert "The eight steps are on" in joined.err
    assert ana("accept", "--yes").code == 0
    exchange(ben, ana, ben)
    assert [one["kind"] for one in json.loads(ben("log", "--json").out)["entries"]] == ["bid"]
    shared = day_of(ana("today", "--json"))["question"]
    assert (shared["audience"], shared["mine"]) == ("shared", "none")
    exchange(ana, ben)
    assert day_of(ben("today", "--json"))["question"]["id"] == shared["id"]


@pytest.mark.long
def test_a_locked_device(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how to unlock it, and shows nothing."""
    secret = tmp_path / "secret"
    secret.write_text("a passphrase")
    monkeypatch.setenv("COUPLEJOURNAL_PASSPHRASE_FILE", str(secret))
    zoe = command_line("zoe")
    assert zoe("init", "--name", "Zoe").code == 0
    monkeypatch.delenv("COUPLEJOURNAL_PASSPHRASE_FILE")
    locked = zoe("today", "--no-input")
    assert (locked.code, locked.out) == (11, "")
    assert "unlock" in locked.err


def test_a_journal_begins_with_the_eight_steps_unless_declined(command_line: Callable[[str], CommandLine]) -> None:
    """It is asked once, Enter is yes; no and --no-plugins leave everything off, and nothing is asked again."""
    told = {}
    for name, typed, args in (("a", "\n", ()), ("b", "n\n", ()), ("c", "", ("--no-plugins",))):
        person = command_line(name)
        done = person("init", "--name", "Zoe", "--no-passphrase", *args, stdin=typed, terminal=True)
        assert done.code == 0, done.err
        assert ("Turn on the eight steps?" in done.err) == (not args)
        plugins = json.loads(person("plugins", "list", "--json").out)["plugins"]
        told[name] = {one["id"] for one in plugins if one["enabled"]}
    assert "dailyquestion" in told["a"]
    assert told["b"] == told["c"] == set()
