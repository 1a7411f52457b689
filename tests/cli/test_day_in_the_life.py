"""A day in the life of two people at two command lines, whose folder takes its time: six stories from end to end.

Each has a folder of its own, and what is in one gets to the other only when the test carries it, as a sync client does.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CommandLine, Done

from couplejournal.testing.couples import pair

pytestmark = pytest.mark.long

PLUGINS = ("bids", "dates", "dailyquestion", "direction", "repair")


class Life:
    """Ana's and Ben's command lines, and the slow way between their folders."""

    def __init__(self, folder: Path, command_line: Callable[[str], CommandLine]) -> None:
        pair(folder).close()
        self.ana, self.ben = command_line("ana"), command_line("ben")
        self._folders = (folder / "drive", folder / "drive of ben")
        shutil.copytree(*self._folders)
        assert done(self.ben("drive", str(self._folders[1]), "--yes")).code == 0
        for person in (self.ana, self.ben):
            for plugin in PLUGINS:
                assert done(person("plugins", "enable", plugin)).code == 0

    def carry(self) -> None:
        """Let what is in either folder get to the other, and have both look."""
        for _ in range(2):
            for source, target in (self._folders, self._folders[::-1]):
                shutil.copytree(source, target, dirs_exist_ok=True)
            for person in (self.ana, self.ben):
                assert person("sync").code in {0, 3}


def done(what: Done) -> Done:
    """Return how a command ended, if it ended well."""
    assert what.code == 0, what.err
    return what


def id_of(what: Done) -> str:
    """Return the id that an acknowledgement shows."""
    return done(what).out.split()[1]


def entries(person: CommandLine, *options: str) -> list[dict[str, Any]]:
    """Return what somebody can list, without looking into the folder."""
    found: list[dict[str, Any]] = json.loads(done(person("log", "-n", "0", "--no-sync", "--json", *options)).out)[
        "entries"
    ]
    return found


def state_of(person: CommandLine, kind: str) -> str:
    """Return the state of the only entry of a kind."""
    (entry,) = entries(person, "--kind", kind)
    return str(entry["state"])


@pytest.fixture
def life(tmp_path: Path, command_line: Callable[[str], CommandLine]) -> Life:
    """Return the two, who share a journal over a slow way."""
    return Life(tmp_path, command_line)


def test_monday_a_thanks_in_the_morning_is_read_at_lunch(life: Life) -> None:
    """Ben writes one line before work; nothing waits for it, and Ana reads it when it has come."""
    saved = done(life.ben("appreciate", "You laughed at the radio", "--on", "2026-11-23T07:10"))
    assert "shared with" in saved.out
    assert entries(life.ana) == []
    life.carry()
    (thanks,) = entries(life.ana)
    assert thanks["content"]["text"] == "You laughed at the radio"
    assert "07:10" in done(life.ana("log", "--no-sync")).out


def test_wednesday_a_missed_bid_gets_a_second_chance(life: Life) -> None:
    """Ben says of himself that he turned away, later tries again, and that counts as toward; nobody else says it."""
    bid = id_of(life.ana("bid", "Look, the heron"))
    life.carry()
    done(life.ben("reply", bid, "away", "I was in my phone"))
    life.carry()
    assert state_of(life.ana, "bid") == "away"
    assert life.ana("reply", bid, "away").code != 0
    done(life.ben("step", bid, "second-chance"))
    done(life.ben("reply", bid, "toward", "Show me where it stood?"))
    life.carry()
    assert state_of(life.ana, "bid") == state_of(life.ben, "bid") == "toward"


def test_friday_a_fight_a_time_out_two_views_and_a_repair(life: Life) -> None:
    """She calls a time-out; he hears of it late, nothing breaks; both views open together, and both say repaired."""
    conflict = id_of(life.ana("add", "conflict", "The dishes, again"))
    assert life.ana("add", "timeout", "Back at nine", "--part-of", conflict, "--field", "minutes=5").code != 0
    timeout = id_of(
        life.ana("add", "timeout", "Back at nine; I am on your side", "--part-of", conflict, "--field", "minutes=40")
    )
    done(life.ana("step", conflict, "pause"))
    # meanwhile he has written of the same evening, without knowing of any of this
    done(life.ben("add", "heat", "--field", "level=7", "--field", "my_part=I was late"))
    done(life.ben("appreciate", "You did not slam the door"))
    life.carry()
    assert (state_of(life.ben, "timeout"), state_of(life.ben, "conflict")) == ("called", "paused")
    assert entries(life.ana, "--kind", "heat") == [], "one's own heat is for oneself"
    done(life.ana("step", timeout, "return"))
    done(life.ana("step", conflict, "return"))
    done(life.ana("seal", conflict, "-", stdin="I felt alone with it.\n"))
    life.carry()
    assert entries(life.ben, "--kind", "answer") == []
    done(life.ben("seal", conflict, "-", stdin="I was ashamed of being late.\n"))
    for _ in range(2):
        life.carry()
    for person in (life.ana, life.ben):
        assert {one["content"]["text"] for one in entries(person, "--kind", "answer")} == {
            "I felt alone with it.",
            "I was ashamed of being late.",
        }
    offer = id_of(life.ben("add", "repair", "We're okay", "--part-of", conflict, "--field", "form=okay"))
    life.carry()
    done(life.ana("step", offer, "received"))
    done(life.ana("step", conflict, "repaired"))
    done(life.ben("step", conflict, "repaired"))
    life.carry()
    assert state_of(life.ana, "conflict") == state_of(life.ben, "conflict") == "repaired"
    assert "Not enough to say" in done(life.ana("analyze", "repair/time-to-repair", "--no-sync")).out


def test_sunday_the_question_and_a_date_in_the_calendar(life: Life, tmp_path: Path) -> None:
    """Both answer the question of the day before either reads; a date of both stands in the calendar, neutrally."""
    question = json.loads(done(life.ana("today", "--json")).out)["question"]
    done(life.ana("today", "answer", "-", stdin="A small kitchen with music.\n"))
    life.carry()
    assert json.loads(done(life.ben("today", "--json")).out)["question"]["id"] == question["id"]
    assert entries(life.ben, "--kind", "answer") == []
    done(life.ben("today", "answer", "-", stdin="The boat, and nobody in a hurry.\n"))
    for _ in range(2):
        life.carry()
    assert len(entries(life.ana, "--kind", "answer")) == len(entries(life.ben, "--kind", "answer")) == 2
    date = id_of(life.ana("add", "date", "The lake, red blanket", "--field", "on=2026-12-05", "--field", "at=19:30"))
    life.carry()
    done(life.ben("step", date, "agree"))
    done(life.ben("export", str(tmp_path / "us.ics"), "--format", "dates/calendar"))
    calendar = (tmp_path / "us.ics").read_text("utf-8")
    assert "SUMMARY:Time together" in calendar
    assert "STATUS:CONFIRMED" in calendar
    assert "lake" not in calendar


def test_a_quarter_one_talk_and_a_goal_that_may_go(life: Life) -> None:
    """They talk for ten minutes and let a goal go, which stands beside what was done, with the same honour."""
    boat, bench = (id_of(life.ana("goal", text)) for text in ("A boat", "A bench by the river"))
    talk = id_of(life.ana("add", "talk", "The year ahead", "--field", "minutes=10", "--field", "next_on=2027-02-01"))
    life.carry()
    done(life.ben("step", talk, "held", "We want less, and more of it"))
    for person, step in ((life.ana, "propose"), (life.ben, "agree"), (life.ana, "activate"), (life.ben, "done")):
        life.carry()
        done(person("step", bench, step))
    done(life.ben("step", boat, "let-go", "It was a good dream"))
    life.carry()
    told = done(life.ana("analyze", "direction/goals", "--no-sync")).out
    assert re.search(r"A boat +let go", told)
    assert re.search(r"A bench by the river +done", told)
    assert state_of(life.ana, "talk") == "held"


def test_one_leaves_and_both_keep_what_was_shared(life: Life, tmp_path: Path) -> None:
    """Ben takes a copy and ends the sharing, alone; Ana's journal opens as before, and what he writes now is his."""
    done(life.ana("appreciate", "The years"))
    done(life.ben("note", "for nobody else"))
    life.carry()
    done(life.ben("export", str(tmp_path / "copy")))
    copy = "".join(path.read_text("utf-8") for path in (tmp_path / "copy").rglob("*") if path.is_file())
    assert "The years" in copy
    assert "for nobody else" in copy
    done(life.ben("leave", "--yes"))
    done(life.ben("note", "the first evening"))
    life.carry()
    assert [one["content"]["text"] for one in entries(life.ana)] == ["The years"]
    assert {one["content"]["text"] for one in entries(life.ben)} == {
        "The years",
        "for nobody else",
        "the first evening",
    }
    assert "stays here" in done(life.ana("appreciate", "after all")).out
