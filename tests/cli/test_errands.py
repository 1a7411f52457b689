"""What a watch does for plugins beside watching: it tells them what came, and reminds in one line without a word."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli import trying
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.cli.errands import ASK_EVERY_S, REMINDED, Errands
from couplejournal.journal import Journal
from couplejournal.testing.clocks import FakeSystem


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Return Ana's command line with the plugin of these tests on."""
    trying.installed(tmp_path / "site", monkeypatch)
    monkeypatch.setenv("COUPLEJOURNAL_HOME", str(tmp_path / "ana"))
    return trying.begun(command_line("ana"))


@pytest.fixture
def journal(ana: CommandLine) -> Iterator[Journal]:
    """Return the journal that is watched."""
    with cj.open(home=ana.home) as opened:
        yield opened


def heard() -> list[tuple[str, ...]]:
    """Return what the plugin was told so far."""
    return list(sys.modules["tried_plugin"].heard)


def test_plugins_hear_once_of_what_was_noted(journal: Journal) -> None:
    """Of what came before it began, then whenever something was noted, and of a sync in which something moved."""
    errands = Errands(FakeSystem())
    errands.run(journal)
    journal.add(cj.Note("first"))
    errands.run(journal)
    assert heard() == []  # nobody said that something came
    errands.note()
    errands.run(journal)
    errands.note(journal.sync())
    errands.run(journal)
    errands.run(journal)
    assert heard() == [("added", "first"), ("synced", "none")]


def test_a_reminder_is_one_line_without_its_words(
    ana: CommandLine, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing while no plugin may; then once, and not again for the same; asked every quarter of an hour."""
    clock = FakeSystem()
    errands = Errands(clock)
    errands.run(journal)
    ana("reminders", "on", "tried")
    errands.run(journal)
    assert capsys.readouterr().err == ""
    for _ in range(3):
        clock.advance(ASK_EVERY_S)
        errands.run(journal)
    assert capsys.readouterr().err == REMINDED + "\n"


def test_a_failure_is_said_once_in_a_watch(
    ana: CommandLine,
    journal: Journal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """However often the plugin is asked, it is named once, and once that it rests."""
    trying.installed(tmp_path / "site", monkeypatch, before="raise ValueError('my secret words')")
    ana("plugins", "enable", "tried", "--agree", "tried")
    errands = Errands(FakeSystem())
    for number in range(5):
        errands.note()
        errands.run(journal)
        journal.add(cj.Note(f"note {number}"))
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "plugin tried failed in on_entry_added", "plugin tried failed three times and rests until the next start",
    ]  # fmt: skip
