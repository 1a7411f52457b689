"""What plugins bring to the command line: exercises, formats, renderings, notices, reminders, events and commands."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import trying
from cli.conftest import CommandLine

from couplejournal.cli import exercising
from couplejournal.errors import PluginError, StoreError
from couplejournal.journal import importing
from couplejournal.plugins import Exercise, ExerciseStep
from couplejournal.testing.clocks import FakeSystem

SAFE = "‹U+001B›[31m"


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Return Ana's command line with the plugin of these tests on, as a trusted one."""
    trying.installed(tmp_path / "site", monkeypatch)
    return trying.begun(command_line("ana"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    """Return the clock that exercises count with; nobody waits."""
    made = FakeSystem()
    monkeypatch.setattr(exercising, "RealSystem", lambda: made)
    return made


def heard() -> list[tuple[str, ...]]:
    """Return what the plugin was told so far."""
    return list(sys.modules["tried_plugin"].heard)


def test_exercises_are_listed_and_found_by_name(ana: CommandLine) -> None:
    """Listed with their length, as data too; a name that there is not is an error and no silence."""
    assert "tried/breath  One breath  (2 steps, timers of 1:15)" in ana("exercise").out
    listed = json.loads(ana("exercise", "--json").out)["exercises"]
    assert [one["id"] for one in listed] == ["tried/breath", "tried/talk"]
    assert listed[0]["steps"][1] == {"text": "Breathe.", "seconds": 75}
    missing = ana("exercise", "horoscope")
    assert (missing.code, missing.out) == (14, "")


def test_a_name_that_several_have_is_no_name() -> None:
    """Two plugins with an exercise of one name: the error names both, and the whole id leads to either."""
    steps = (ExerciseStep(text="Sit."),)
    both = [Exercise(id=f"{plugin}/breath", title="Breath", steps=steps) for plugin in ("calm", "tried")]
    with pytest.raises(PluginError) as caught:
        exercising.found_in(both, "breath")
    assert "calm/breath, tried/breath" in caught.value.hint
    assert exercising.found_in(both, "tried/breath") is both[1]


def test_an_exercise_counts_in_one_line_and_offers_to_write(ana: CommandLine, clock: FakeSystem) -> None:
    """Enter goes on, the seconds are written over each other, and what is written at the end is an entry."""
    done = ana("exercise", "breath", stdin="\n\nw\nWe sat.\n", terminal=True)
    assert done.code == 0
    assert f"1/2  Sit down.{SAFE}" in done.out
    assert "\r  1:15 \r  1:14 " in done.err
    assert "\r  0:01 \r  the time is over\n" in done.err
    assert clock.monotonic() == 75
    assert "[Enter] begin   [n] not now   (1:15)" in done.err
    assert "An entry of the kind wish?  [w] write   [Enter] that was all" in done.err
    assert "We sat." in ana("log", "--kind", "wish").out


@pytest.mark.parametrize(
    ("typed", "seconds"), [("n\n", 0), ("q\n", 0), ("", 0), ("\nn\n", 0), ("\n\n\n", 75), ("\n\nn\n", 75)]
)
def test_not_now_is_as_good_as_going_on(ana: CommandLine, clock: FakeSystem, typed: str, seconds: int) -> None:
    """At each step and at the end it is one key or the end of the input, ends well, and leaves nothing behind."""
    before = {path: path.read_bytes() for path in ana.home.rglob("*") if path.is_file()}
    done = ana("exercise", "breath", stdin=typed, terminal=True)
    assert (done.code, clock.monotonic()) == (0, seconds)
    assert (exercising.LEFT in done.err) == (seconds == 0)
    assert {path: path.read_bytes() for path in ana.home.rglob("*") if path.is_file()} == before


def test_ctrl_c_while_the_timer_runs_is_not_now(
    ana: CommandLine, clock: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with 0 like the key, and not as a command that was broken off."""

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep", interrupted)
    done = ana("exercise", "breath", stdin="\n\n", terminal=True)
    assert done.code == 0
    assert done.err.endswith(f"\n{exercising.LEFT}\n")


def test_without_a_terminal_an_exercise_is_plain_lines(ana: CommandLine, clock: FakeSystem) -> None:
    """Nobody is asked; the time still passes, and how to write is told."""
    done = ana("exercise", "tried/breath")
    assert (done.code, clock.monotonic()) == (0, 75)
    assert "\r" not in done.err
    assert done.err == "1:15\nthe time is over\nto write, if you like: couplejournal add wish\n"
    assert "to write, if you like: couplejournal reply ID" in ana("exercise", "talk").err


def test_an_import_is_told_before_saved_once_and_private(ana: CommandLine, tmp_path: Path) -> None:
    """A dry run saves nothing; then it comes, private and when it happened; again, and only what is new comes."""
    file = tmp_path / "old.txt"
    file.write_text("2019 We moved.\n2020 We stayed in.\n", "utf-8")
    assert ana("import").out == "tried/lines  A note a line\n"
    dry = ana("import", str(file), "--format", "lines", "--dry-run")
    assert dry.out.startswith("would come: 2 entries (2 note)\nfrom 2019-")
    assert ana("log").out == ""
    assert ana("import", str(file), "--format", "lines").out.startswith("saved: 2 entries (2 note)\nfrom 2019-")
    first = json.loads(ana("log", "--json").out)["entries"]
    assert [(one["audience"], one["happened_at"][:4]) for one in first] == [("private", "2019"), ("private", "2020")]
    assert ana("revise", first[0]["id"], "We moved, at last.").code == 0
    file.write_text("2019 We moved.\n2020 We stayed in.\n2021 We went out.\n", "utf-8")
    again = json.loads(ana("import", str(file), "--format", "tried/lines", "--json").out)
    assert (again["entries"], again["saved"], again["here"], again["since"][:4]) == (1, 1, 2, "2021")
    assert len(json.loads(ana("log", "--json").out)["entries"]) == 3


def test_an_import_that_fails_saves_nothing(ana: CommandLine, tmp_path: Path) -> None:
    """A line that cannot be read, a format or a file that there is not: 14, 14 and 1, and no entry of the rest."""
    file = tmp_path / "old.txt"
    file.write_text("2019 We moved.\nmy secret words\n", "utf-8")
    done = ana("import", str(file), "--format", "lines")
    assert (done.code, done.out) == (14, "")
    assert "plugin tried failed in importer lines: ValueError at __init__.py" in done.err
    assert "secret" not in done.err
    assert ana("import", str(file), "--format", "horoscope").code == 14
    assert ana("import", str(tmp_path / "none"), "--format", "lines").code == 1
    assert ana("import", str(tmp_path), "--format", "lines").code == 1
    assert ana("import", str(file)).code == ana("import", "--dry-run").code == 2
    assert ana("log").out == ""


def test_a_large_import_that_is_broken_off_goes_on(
    ana: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes more than one file of the device may be cut between two: the same command brings the rest."""
    file = tmp_path / "old.txt"
    file.write_text("".join(f"{year} It was {year}.\n" for year in range(1900, 1950)), "utf-8")
    monkeypatch.setattr(importing, "RUN_LIMIT", 20)
    whole, calls = importing._runs, []

    def broken(drafts: list[object]) -> object:
        for run in whole(drafts):  # type: ignore[arg-type]
            calls.append(len(run))
            if len(calls) == 2:
                raise StoreError("the disk is full")
            yield run

    with monkeypatch.context() as patch:
        patch.setattr(importing, "_runs", broken)
        assert ana("import", str(file), "--format", "lines").code == 1
    assert "saved: 30 entries" in ana("import", str(file), "--format", "lines").out
    assert len(json.loads(ana("log", "-n", "0", "--json").out)["entries"]) == 50


def test_an_export_of_a_plugin_is_whole_new_and_for_its_owner(ana: CommandLine, tmp_path: Path) -> None:
    """One file of mode 0600; a name that is taken, or a place in the journal, is refused before anything is asked."""
    ana("note", "first")
    ana("note", "second")
    file = tmp_path / "notes.txt"
    assert ana("export", "--formats").out == "tried/lines  A line an entry .txt\n"
    assert json.loads(ana("export", "--formats", "--json").out)["formats"][0]["suffix"] == ".txt"
    done = ana("export", str(file), "--format", "lines")
    assert (done.code, file.read_text("utf-8")) == (0, "first\nsecond\n")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "nothing in it is sealed" in done.err
    taken = ana("export", str(file), "--format", "lines")
    assert (taken.code, file.read_text("utf-8")) == (1, "first\nsecond\n")
    assert ana("export", str(ana.home / "config" / "notes.txt"), "--format", "lines").code == 1
    assert ana("export", str(tmp_path / "b.txt"), "--format", "horoscope").code == 14
    assert ana("export", str(tmp_path / "b.txt"), "--format", "lines", "--tender").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ana", "notes.txt", "site"]


def test_a_plugin_shows_entries_of_its_own_kind(ana: CommandLine) -> None:
    """In `show`, `log` and `search`, neutralised; what is tender stays folded, and other kinds are as ever."""
    ana("add", "wish", "the sea")
    ana("add", "wish", "a secret", "--tender", "intimate")
    ana("note", "the lake")
    listed = ana("log").out
    assert f"    * the sea *{SAFE}\n" in listed
    assert "    the lake\n" in listed
    assert "a secret" not in listed
    assert f"* the sea *{SAFE}" in ana("search", "sea").out
    assert json.loads(ana("log", "--json").out)["entries"][0]["content"] == {"text": "the sea"}


def test_a_notice_is_said_and_the_entry_is_saved(ana: CommandLine) -> None:
    """It stands on stderr before the entry is said to be saved; nobody is asked, and stdout is as without it."""
    done = ana("note", "You always sing.", terminal=True)
    assert (done.code, done.err) == (0, f"tried: Is it always?{SAFE}\n")
    assert done.out.startswith("saved ")
    assert ana("note", "You sing.").err == ""
    entry = json.loads(ana("log", "-n", "1", "--json").out)["entries"][0]["id"]
    assert ana("revise", entry, "You always do.").err == f"tried: Is it always?{SAFE}\n"


def test_reminders_are_off_until_they_are_let(ana: CommandLine) -> None:
    """Nothing is shown before; then what is due, neutralised; one can be ended for good, and all of a plugin."""
    assert ana("reminders").out == ""
    assert "`couplejournal reminders on ID` lets one: tried" in ana("reminders").err
    assert ana("reminders", "on", "horoscope").code == ana("reminders", "off", "tried").code == 14
    assert ana("reminders", "on", "tried").code == 0
    shown = ana("reminders")
    assert shown.out == f"Ten minutes?{SAFE}\n"
    assert "couplejournal reminders off tried/talk" in shown.err
    assert ana("reminders", "off", "tried/talk").code == 0
    assert (ana("reminders").out, ana("reminders").err) == ("", "nothing now\n")
    assert ana("reminders", "on", "tried").code == 0
    assert [one["id"] for one in json.loads(ana("reminders", "--json").out)["reminders"]] == ["tried/talk"]
    assert ana("reminders", "off", "tried").code == 0
    assert json.loads(ana("reminders", "--json").out)["plugins"] == []


def test_events_come_at_a_sync_and_once(ana: CommandLine) -> None:
    """Saving tells nothing; the next sync tells what came since, the one after it that it was one, and no more."""
    ana("note", "before it listens")
    assert heard() == []
    ana("sync")
    assert heard() == [("synced", "none")]
    entry = json.loads(ana("bid", "a song", "--json").out)["id"]
    ana("revise", entry, "two songs")
    assert heard() == [("synced", "none")]
    ana("sync")
    assert heard()[1:] == [("added", "two songs"), ("revised", "two songs"), ("synced", "none")]
    ana("sync")
    assert heard()[4:] == [("synced", "none")]
    kept = (ana.home / "state" / "plugins-told.json").read_text("utf-8")
    assert list(json.loads(kept)["cursors"]) == ["tried"]
    assert "song" not in kept
    assert entry not in kept


def test_what_is_turned_on_again_hears_of_what_comes_then(ana: CommandLine) -> None:
    """What came while a plugin was off is not told to it later, and a damaged account of it begins anew."""
    ana("sync")
    ana("plugins", "disable", "tried")
    ana("note", "meanwhile")
    ana("sync")
    ana("plugins", "enable", "tried", "--agree", "tried")
    ana("sync")
    assert [told for told in heard() if told[0] == "added"] == []
    (ana.home / "state" / "plugins-told.json").write_bytes(b"\xc1")
    ana("note", "lost")
    assert ana("sync").code == 0
    ana("note", "heard")
    ana("sync")
    assert [told for told in heard() if told[0] == "added"] == [("added", "heard")]


def test_commands_of_a_plugin_run_below_x(ana: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock names them, so help loads nothing; options are the command's own; what is not promised is not there."""
    sys.modules.pop("tried_plugin", None)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "tried_plugin", None)
        for args in (("x",), ("x", "--help"), ("x", "tried"), ("x", "tried", "--help")):
            done = ana(*args)
            assert (done.code, "Count up." in done.out) == (0, True)
    assert ana("x", "tried", "count", "--to", "3").out == "1 2 3\n"
    assert "--to INTEGER" in ana("x", "tried", "count", "--help").out
    assert ana("x", "tried", "hidden").code == ana("x", "tried", "count", "--from", "3").code == 2
    assert ana("x", "horoscope").code == 2
    assert ana("x", "tried", "count", "--to", "9").code == 9


def test_a_command_that_fails_ends_with_one(ana: CommandLine) -> None:
    """An exception or an exit of its own is named without its words; what click says of a usage is click's."""
    for to, kind in (("7", "ValueError"), ("8", "SystemExit")):
        failed = ana("x", "tried", "count", "--to", to)
        assert (failed.code, failed.out) == (1, "")
        assert f"plugin tried failed in command count: {kind} at __init__.py" in failed.err
        assert "secret" not in failed.err
    told = ana("x", "tried", "count", "--to", "10")
    assert (told.code, told.err) == (1, "error: ten is too many\n")


def test_a_plugin_tells_how_it_is(ana: CommandLine) -> None:
    """`plugins info` shows it, as data on one line."""
    assert ana("plugins", "info", "tried").out.endswith('now: on\nsays of itself: {"cards": 52}\n')
