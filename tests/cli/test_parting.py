"""leave, pause, resume and beginning anew at the command line: plain words, asked first, and usable by programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine, Done

PRESSING = ("sure", "sorry", "abandon", "lose", "lost", "give up", "broken", "fail", "blame", "really")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that both have."""
    (tmp_path / "ours").mkdir()
    return tmp_path / "ours"


@pytest.fixture
def couple(command_line: Callable[[str], CommandLine], folder: Path) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana and Ben, who share a journal with one bid in it."""
    ana, ben = command_line("ana"), command_line("ben")
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    met(ana, ben, folder, "Ben")
    ana("bid", "Walk?")
    ana("note", "only mine")
    assert (ana("sync").code, ben("sync").code) == (0, 0)
    return ana, ben


def met(inviter: CommandLine, joiner: CommandLine, folder: Path, name: str, *flags: str) -> Done:
    """Go through a pairing, and return what accepting said."""
    invited = inviter("invite", str(folder), "--json", *flags)
    assert invited.code == 0, invited.err
    words = " ".join(json.loads(invited.out)["words"])
    keys = () if (joiner.home / "config").exists() else ("--name", name, "--no-passphrase")
    joined = joiner("join", str(folder), *keys, "--yes", *flags, stdin=words)
    assert joined.code == 0, joined.err
    accepted = inviter("accept", "--yes")
    assert accepted.code == 0, accepted.err
    for side in (joiner, inviter):
        assert side("sync").code == 0
    return accepted


def status_of(cli: CommandLine) -> dict[str, object]:
    """Return the status as a program reads it."""
    found: dict[str, object] = json.loads(cli("status", "--json").out)
    return found


def test_leaving_is_explained_and_confirmed(couple: tuple[CommandLine, CommandLine], tmp_path: Path) -> None:
    """On a terminal it says what it means, offers a copy, wants the word typed, and changes nothing without it."""
    ana, _ = couple
    shy = ana("leave", stdin="\nno\n", terminal=True)
    assert (shy.code, status_of(ana)["partner"]) == (1, "Ben")
    assert "nothing was changed" in shy.err
    done = ana("leave", stdin=f"{tmp_path / 'copy'}\nleave\n", terminal=True)
    assert done.code == 0
    for said in (
        "Leaving ends what you and Ben share, for both and at once.",
        "Ben keeps all that was shared: 1 entry, 1 by you. None can be called back.",
        "what you write is private",
        "1 entry on this device and nowhere else",
        "is an earlier journal now",
    ):
        assert said in " ".join(done.out.split()), done.out
    assert "Type leave to go on" in done.err
    assert "Walk?" in (tmp_path / "copy" / "journal.txt").read_text("utf-8")
    assert status_of(ana)["partner"] is None
    assert not [word for word in PRESSING if word in (shy.out + shy.err + done.out + done.err).lower()]


def test_a_copy_into_a_bad_folder_is_asked_for_again(
    couple: tuple[CommandLine, CommandLine], folder: Path, tmp_path: Path
) -> None:
    """A folder that will not do is named once more; leaving goes on all the same."""
    ana, _ = couple
    done = ana("leave", stdin=f"{folder}\n{tmp_path / 'copy'}\nleave\n", terminal=True)
    assert done.code == 0
    assert "that folder is shared" in done.err
    assert (tmp_path / "copy" / "journal.txt").exists()


def test_leaving_without_a_terminal(couple: tuple[CommandLine, CommandLine]) -> None:
    """A program is told what it means and that `--yes` does it; with it, and with JSON, it gets fields."""
    ana, ben = couple
    told = ana("leave")
    assert told.code == 13
    assert "leave --yes" in told.err
    asked = ana("leave", "--json")
    fields = json.loads(asked.out)
    assert (asked.code, fields["schema"], fields["state"]) == (13, "couplejournal.parting/1", "open")
    done = json.loads(ana("leave", "--yes", "--json").out)
    assert done == {
        "schema": "couplejournal.parting/1", "state": "left", "partner": "Ben", "was_ended": False,
        "was_left": False, "shared": 1, "mine": 1, "waiting": 0, "alone": 1, "outbox": 0,
    }  # fmt: skip
    assert ben("sync").code == 0
    assert ana("sync").code == 0
    again = ana("leave", "--yes")
    assert (again.code, "nothing to leave" in again.err) == (1, True)


def test_the_other_is_shown_the_end(couple: tuple[CommandLine, CommandLine]) -> None:
    """The other's status says who ended it and what to do; old entries are marked, and refuse changes plainly."""
    ana, ben = couple
    ana("leave", "--yes")
    told = " ".join(ben("sync").err.split())
    assert "the journal with Ana, ended by Ana; `couplejournal leave` lets this device stop with it" in told
    assert "ended by" not in ben("sync").err
    shown = ben("status").out
    assert "with Ana, ended by Ana; `couplejournal leave` lets this device stop with it" in " ".join(shown.split())
    assert "1 in an earlier journal" in shown
    log = ben("log")
    assert "shared, in an earlier journal" in log.out
    entry = json.loads(ben("log", "--json").out)["entries"][0]
    assert entry["earlier"] is True
    refused = ben("reply", entry["id"], "toward", "yes")
    assert refused.code == 1
    assert "earlier journal" in refused.err
    assert "stays here as long as no journal is shared" in ben("bid", "Anybody?").out
    left = ben("leave", "--yes")
    assert "has ended already" in left.out
    assert "what waits for both stays here (1 entry)" in " ".join(left.out.split())
    ben("sync")
    assert status_of(ben)["parted"] == [{"partner": "Ana", "ended_by": "both", "state": "stopped", "outbox": 0}]


def test_leaving_without_the_folder(couple: tuple[CommandLine, CommandLine], folder: Path) -> None:
    """Without the folder it is done all the same; it says what is left to do."""
    ana, _ = couple
    folder.rename(folder.with_name("away"))
    done = ana("leave", "--yes")
    assert done.code == 0
    assert "the shared folder is not there" in done.err
    assert "couplejournal sync" in done.err
    assert "1 sealed file still to be handed over" in " ".join(ana("status").out.split())
    once_more = ana("leave", "--yes")
    assert "You have left already" in once_more.out
    assert "hands over" not in once_more.err
    folder.with_name("away").rename(folder)
    before = sorted(folder.rglob("*"))
    assert ana("sync").code == 0
    assert sorted(folder.rglob("*")) == before


def test_pause_and_resume(couple: tuple[CommandLine, CommandLine], folder: Path) -> None:
    """While paused, every command leaves the folder as it is and says so in one line at most; resuming syncs."""
    ana, ben = couple
    assert "resume" in ana("pause").out
    ben("bid", "Tea?")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    synced = ana("sync")
    assert (synced.code, synced.out, synced.err.count("\n")) == (0, "", 1)
    assert "paused: this device leaves the shared folder alone" in synced.err
    saved = ana("bid", "Later?")
    assert (saved.code, "paused" in saved.err) == (0, True)
    log = ana("log")
    assert ("Tea?" in log.out, log.err.count("\n"), "paused" in log.err) == (False, 1, True)
    assert "paused: this device leaves it alone" in ana("status").out
    assert status_of(ana)["paused"] is True
    assert ana("invite", "--device", "--no-wait").code == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert ana("resume").code == 0
    assert "Tea?" in ana("log").out
    ben("sync")
    assert "Later?" in ben("log").out


def test_beginning_anew_is_asked_for(
    couple: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """Where a journal is shared, another one wants `--anew` or a yes, on both sides; accepting says what ends."""
    ana, ben = couple
    carl = command_line("carl")
    refused = ana("invite", "--json")
    assert refused.code == 1
    assert "--anew" in refused.err
    no = ana("invite", "--no-wait", stdin="no\n", terminal=True)
    assert (no.code, "nothing was changed" in no.err) == (1, True)
    accepted = met(ana, carl, folder, "Carl", "--anew")
    assert "Accepting ends what you and Ben share now" in accepted.err
    assert "Carl will see 0 entries of yours" in accepted.out
    ben("sync")
    assert status_of(ben)["partner"] is None
    assert (status_of(ana)["partner"], status_of(ana)["earlier"]) == ("Carl", 1)
    assert json.loads(carl("log", "--json").out)["entries"] == []
    yes = ana("invite", "--no-wait", stdin="yes\n", terminal=True)
    assert yes.code == 0
    assert "You and Carl share a journal. It ends when a new one begins." in yes.err


def test_joining_anew_is_asked_for(
    couple: tuple[CommandLine, CommandLine], command_line: Callable[[str], CommandLine], folder: Path
) -> None:
    """Who shares a journal and joins another is asked first; the welcome counts the new journal's entries alone."""
    _, ben = couple
    carl = command_line("carl")
    carl("init", "--name", "Carl", "--no-passphrase")
    beside = carl("invite", str(folder), "--json")
    assert (beside.code, "--anew" in beside.err) == (1, True)
    words = " ".join(json.loads(carl("invite", str(folder), "--anew", "--json").out)["words"])
    assert ben("join", str(folder), "--yes", stdin=words).code == 1
    joined = ben("join", str(folder), "--no-wait", stdin=f"yes\n{words}\nyes\n", terminal=True)
    assert joined.code == 0, joined.err
    assert "Begin anew?" in joined.err
    assert carl("accept", "--yes").code == 0
    ben("sync")
    welcome = ben("join")
    assert "You see 0 entries of Carl; Carl will see 0 entries of yours." in welcome.out
    assert status_of(ben)["partner"] == "Carl"


def test_nobody_has_joined_yet(command_line: Callable[[str], CommandLine], folder: Path) -> None:
    """Where the other was let in and never came, status says so instead of naming anybody."""
    ana, ben = command_line("ana"), command_line("ben")
    ana("init", "--name", "Ana", "--no-passphrase")
    words = " ".join(json.loads(ana("invite", str(folder), "--json").out)["words"])
    ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--yes", stdin=words)
    ana("accept", "--yes")
    ben("join", "--cancel")
    assert "Ana; nobody has joined yet" in ana("status").out
    assert status_of(ana)["has_joined"] is False
    left = ana("leave", "--yes")
    assert "nothing: no entry was shared" in left.out
    assert met(ana, ben, folder, "Ben").code == 0
    assert status_of(ana)["has_joined"] is True
