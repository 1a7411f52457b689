"""A watcher in a process of its own: prints what comes, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.conftest import CommandLine

PATIENCE_S = 60.0  # where many watchers run at once the system may refuse one more, and polling takes its time


@contextmanager
def watcher(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``sync --watch`` until the context ends; a watcher that says nothing is ended after a while."""
    process = subprocess.Popen(
        [sys.executable, "-m", "couplejournal", "sync", "--watch", *options],
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


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_a_watcher_prints_what_comes_and_ends_with_ctrl_c(
    command_line: Callable[[str], CommandLine], tmp_path: Path
) -> None:
    """An entry of another process of this device appears as one line of JSON; Ctrl-C ends with 130."""
    ana = command_line("ana")
    ana("init", "--name", "Ana", "--no-passphrase")
    with watcher(ana.home, "--json") as process:
        wait_for(process, "watching")
        ana("note", "while you watch", "--no-sync")
        assert process.stdout is not None
        changes = (json.loads(line) for line in process.stdout)
        change = next(one for one in changes if one["schema"] == "couplejournal.change/1")
        assert (change["change"], change["entry"]["content"]) == ("added", {"text": "while you watch"})
        assert change["cursor"]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
