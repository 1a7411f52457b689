"""The examples run as they stand, and print what they promise."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import couplejournal as cj

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *args: str) -> str:
    """Run an example to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *args],
        check=False, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(lines: str) -> list[str]:
    """Return the goals that the bot asked about."""
    return re.findall(r"^asked \w+ about \w+: (.*)$", lines, re.MULTILINE)


def run_bot_until(home: Path, goals: int) -> list[str]:
    """Start the bot, kill it without warning when it has asked about so many goals, and return what it printed."""
    bot = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "bot.py"), str(home)], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert bot.stdout is not None
    lines = [bot.stdout.readline() for _ in range(goals)]
    bot.kill()
    lines += bot.stdout.readlines()
    bot.wait(20)
    bot.stdout.close()
    return asked("".join(lines))


def notes_of(journal: cj.Journal) -> list[str]:
    """Return the goals that the bot's notes in a journal are about, in the order of the notes."""
    return [journal.entry(note.refs[0].id).text for note in journal.entries(kind="note")]


def test_library_example_shows_what_each_sees() -> None:
    """Two people pair, write and answer; the answered bid and the agreed goal are seen by Ana."""
    printed = run("library.py")
    assert re.search(r"Ana +bid +shared +toward +Listen to this song with me\?", printed)
    assert re.search(r"Ben +goal +shared +agreed ", printed)
    assert "to be answered: []" in printed
    assert "activate" in printed


def test_data_example_prints_csv() -> None:
    """Each entry is one row, and commas in a text stay in their field."""
    head, *rows = csv.reader(io.StringIO(run("data.py")))
    assert head == ["day", "author", "kind", "audience", "state", "tags", "characters", "text"]
    assert [row[2] for row in rows] == ["appreciation", "bid", "note"]
    assert rows[1][-1] == "Come and look, the heron is back?"


def test_bot_example_tries_itself_out() -> None:
    """Without arguments it asks about three goals, once each, over one restart."""
    assert asked(run("bot.py")) == ["A week by the sea", "Swim a thousand metres", "Learn the cello"]


def test_bot_misses_and_repeats_nothing(tmp_path: Path) -> None:
    """Killed while it works and started again, it has asked about every goal exactly once."""
    with cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE) as journal:
        goals = [f"Goal number {number}" for number in range(8)]
        for goal in goals[:5]:
            journal.add(cj.Goal(goal))
        printed = run_bot_until(tmp_path, 2)  # somewhere between two goals, or within one
        for goal in goals[5:]:
            journal.add(cj.Goal(goal))
        printed += run_bot_until(tmp_path, len(goals) - len(notes_of(journal)))
        assert notes_of(journal) == goals
        assert len(printed) == len(set(printed))


def test_bot_repeats_nothing_after_a_crash_before_its_cursor(tmp_path: Path) -> None:
    """With its cursor lost, as if it had crashed before storing one, it sees all again and asks about what is new."""
    with cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE) as journal:
        journal.add(cj.Goal("The first"))
        assert run_bot_until(tmp_path, 1) == ["The first"]
        (tmp_path / "bot.cursor").unlink(missing_ok=True)
        journal.add(cj.Goal("The second"))
        assert run_bot_until(tmp_path, 1) == ["The second"]
        assert notes_of(journal) == ["The first", "The second"]


def test_bot_prints_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    """Controls and marks of direction in a goal never reach the bot's output."""
    with cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE) as journal:
        journal.add(cj.Goal("to \x1b[31mred\u202e"))
    assert run_bot_until(tmp_path, 1) == ["to  [31mred "]
