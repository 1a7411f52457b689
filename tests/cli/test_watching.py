"""A watcher in a process of its own: quiet, says each thing once, and ends when it is told to."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.cli.watching import LOCKED, NO_FOLDER, Speaker
from couplejournal.errors import StoreError
from couplejournal.journal import Journal
from couplejournal.journal.notices import Notice
from couplejournal.journal.watching import Watch
from couplejournal.sync import SyncReport
from couplejournal.testing.couples import Couple, pair

PATIENCE_S = 60.0  # where many watchers run at once the system may refuse one more, and polling takes its time
GONE = "the shared folder is not there; what you write is kept on this device and waits"
BACK = "the shared folder is there again"


@contextmanager
def watcher(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``sync --watch`` until the context ends; a watcher that says nothing is ended after a while."""
    process = subprocess.Popen(
        [sys.executable, "-m", "couplejournal", "--no-input", "sync", "--watch", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COUPLEJOURNAL_HOME": str(home)},
    )
    alarm = threading.Timer(PATIENCE_S, process.kill)
    alarm.start()
    try:
        yield process
    finally:
        alarm.cancel()
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], start: str) -> None:
    """Read the watcher's talk up to a line with this beginning."""
    assert process.stderr is not None
    assert any(line.startswith(start) for line in process.stderr), "the watcher ended"


def said(process: subprocess.Popen[str]) -> str:
    """Return the next thing that the watcher says."""
    assert process.stderr is not None
    return process.stderr.readline().rstrip("\n")


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    """Send a signal and return how the watcher ended, with all that it printed and said since."""
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Ana, with an open journal."""
    found = command_line("ana")
    assert found("init", "--name", "Ana", "--no-passphrase").code == 0
    return found


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_a_watcher_prints_what_comes_and_ends_with_ctrl_c(ana: CommandLine) -> None:
    """An entry of another process of this device appears as one line of JSON; Ctrl-C ends it with 0."""
    with watcher(ana.home, "--json", "-v") as process:
        wait_for(process, "watching")
        ana("note", "while you watch", "--no-sync")
        assert process.stdout is not None
        changes = (json.loads(line) for line in process.stdout)
        change = next(one for one in changes if one["schema"] == "couplejournal.change/1")
        assert (change["change"], change["entry"]["content"]) == ("added", {"text": "while you watch"})
        assert change["cursor"]
        assert ended(process, signal.SIGINT)[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_folder_that_goes_and_comes_is_said_once_each(tmp_path: Path) -> None:
    """A quiet watch prints no entry, says once that the folder went and once that it is back, and hands over then."""
    couple = Couple(tmp_path)
    for number, name in enumerate(("Ana", "Ben")):  # with the clock of this machine, as the watcher has it
        journal = cj.create(name, home=tmp_path / name.lower(), passphrase=cj.NO_PASSPHRASE)
        couple.journals.append(journal)
        couple.meet_in(journal, number)
    ana, ben = couple
    couple.pair(ana, ben)
    home, drive, away = ana.home.config.parent, tmp_path / "drive", tmp_path / "away"
    with watcher(home) as process, watcher(home) as second:
        drive.rename(away)
        until_said(process, ana, GONE)
        away.rename(drive)
        until_said(process, ana, BACK)
        for _ in range(200):
            ben.sync()
            if {entry.text for entry in ben.entries()} == {entry.text for entry in ana.entries()}:
                break
            threading.Event().wait(0.1)
        assert len(list(ben.entries())) == len(list(ana.entries())) >= 2
        for one in (process, second):  # two of them do no harm to each other
            code, out, err = ended(one)
            assert (code, out) == (0, "")
            assert set(err.splitlines()) <= {GONE, BACK}


def until_said(process: subprocess.Popen[str], journal: Journal, line: str) -> None:
    """Write something, so that the watcher looks, and read what it says of it."""
    journal.add(cj.Bid("Are you there?"))
    assert said(process) == line


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.long
def test_a_locked_journal_is_waited_for(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch that may ask nobody waits until `unlock`, stops at `lock`, says each once, and ends with 0 any time."""
    (tmp_path / "word").write_text("correct horse", "utf-8")
    ana = command_line("ana")
    with monkeypatch.context() as known:
        known.setenv("COUPLEJOURNAL_PASSPHRASE_FILE", str(tmp_path / "word"))
        assert ana("init", "--name", "Ana").code == 0
        locked = watcher(ana.home)
        known.delenv("COUPLEJOURNAL_PASSPHRASE_FILE")
        with locked as process:
            assert said(process) == LOCKED
            known.setenv("COUPLEJOURNAL_PASSPHRASE_FILE", str(tmp_path / "word"))
            assert ana("unlock").code == 0
            assert said(process) == NO_FOLDER
            assert ana("lock").out == "locked\n"
            assert said(process) == LOCKED
            assert ended(process) == (0, "", "")


def test_each_thing_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A trouble is said when it begins and when it is over; what lasts a moment, or is said already, is not."""
    speaker = Speaker(as_json=False, is_verbose=False)
    quiet = _Quiet()

    def hears(**facts: object) -> list[str]:
        speaker.report(quiet, SyncReport(**facts))  # type: ignore[arg-type]
        return capsys.readouterr().err.splitlines()

    assert hears(drive="ok", received_ops=3, published_files=2) == []
    assert hears(drive="late", message="slow") == []
    assert hears(drive="ok") == []
    assert [hears(drive="missing", message="gone") for _ in range(3)] == [["gone"], [], []]
    assert hears(drive="ok") == [BACK]
    assert [hears(drive="late", message="slow") for _ in range(3)] == [[], ["slow"], []]
    assert hears(drive="ok", damaged=1) == ["files not taken from the shared folder: 1 damaged", BACK]
    assert hears(drive="ok", damaged=1) == []
    quiet.found = (Notice(code="forked", message="two histories", device="ab"),)
    assert [hears(drive="ok", changed=True) for _ in range(2)] == [["two histories"], []]
    for _ in range(2):
        speaker.error(StoreError("this device's disk is full"))
        speaker.error(ValueError("a secret text"))
    assert capsys.readouterr().err.splitlines()[:2] == ["this device's disk is full", "failed: ValueError"]


class _Quiet:
    """A journal of which nothing is to be known."""

    found: tuple[Notice, ...] = ()

    def notices(self) -> tuple[Notice, ...]:
        return self.found


def test_a_reader_who_went_away_ends_the_watch() -> None:
    """A pipe that nobody reads any more ends it."""
    speaker = Speaker(as_json=True, is_verbose=False)
    speaker.error(BrokenPipeError())
    assert speaker.over.is_set()


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.long
def test_a_folder_that_is_chosen_later_is_taken_up(ana: CommandLine, tmp_path: Path) -> None:
    """A watch that began without a shared folder goes to the one that is chosen meanwhile."""
    (tmp_path / "ours").mkdir()
    with watcher(ana.home) as process:
        assert said(process) == NO_FOLDER
        words = json.loads(ana("invite", str(tmp_path / "ours"), "--json").out)["words"]
        ben = CommandLine(tmp_path / "ben", ana._monkeypatch)
        joined = ben("join", str(tmp_path / "ours"), "--name", "Ben", "--no-passphrase", "--yes", stdin=" ".join(words))
        assert joined.code == 0, joined.err
        end = time.monotonic() + PATIENCE_S
        while json.loads(ana("status", "--no-sync", "--json").out)["pairing"]["state"] != "answered":
            assert time.monotonic() < end
        assert ended(process)[0] == 0


@pytest.mark.long
def test_a_watch_keeps_nothing_of_what_it_looked_at(tmp_path: Path) -> None:
    """Hundreds of idle looks leave no more memory in use than a few did."""
    ana, ben = pair(tmp_path)
    reports: list[bool] = []
    watch = Watch(ana, lambda change: None, after=None, on_report=lambda report: reports.append(True))
    for _ in range(20):
        watch.look()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(60):
            watch.look()
            reports.clear()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 64 << 10
    finally:
        tracemalloc.stop()
    assert ben.is_shared
