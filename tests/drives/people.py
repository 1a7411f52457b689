"""Two people with a home each, as processes of their own, and the programs that a real drive needs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

PATIENCE_S = 60.0


class Done(NamedTuple):
    """How a command ended, and after how many seconds."""

    code: int
    out: str
    err: str
    seconds: float


class Person:
    """One person's command line: every command is a process; ``prefix`` stands before it, to reach another place."""

    def __init__(self, home: Path, *, prefix: Sequence[str] = ()) -> None:
        self.home = home
        self._prefix = list(prefix)

    def __call__(self, *args: str, stdin: str = "") -> Done:
        """Run one command to its end."""
        start = time.monotonic()
        done = subprocess.run(
            self._command(args), input=stdin, capture_output=True, text=True, check=False, env=self._environ(),
            timeout=PATIENCE_S,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - start)

    @contextlib.contextmanager
    def watching(self, out: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Run ``sync --watch -v`` for as long as the context lasts; what it prints goes to a file."""
        with out.open("wb") as file:
            process = subprocess.Popen(
                self._command(["sync", "--watch", "-v"]), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                env=self._environ(),
            )  # fmt: skip
        try:
            until(lambda: b"watching" in out.read_bytes())
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _command(self, args: Sequence[str]) -> list[str]:
        return [*self._prefix, sys.executable, "-m", "couplejournal", *args]

    def _environ(self) -> dict[str, str]:
        return {**os.environ, "COUPLEJOURNAL_HOME": str(self.home), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def meet(folder: Path, ana: Person, ben: Person) -> None:
    """Let the two pair over an existing folder, and sync until both have all that the pairing needs."""
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    words = " ".join(json.loads(ana("invite", str(folder), "--json").out)["words"])
    joined = ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--yes", stdin=words)
    assert joined.code == 0, joined.err
    accepted = ana("accept", "--yes")
    assert accepted.code == 0, accepted.err
    for person in (ben, ana, ben, ana):
        assert person("sync").code == 0


def texts(person: Person) -> set[str]:
    """Return what the person's journal holds, without asking the drive."""
    return {
        entry["content"]["text"]
        for entry in json.loads(person("log", "-n", "1000", "--no-sync", "--json").out)["entries"]
    }


def until(is_so: Callable[[], object], *, patience_s: float = PATIENCE_S, pause_s: float = 0.02) -> None:
    """Wait until something is so; fail when that takes too long."""
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        threading.Event().wait(pause_s)


def require(*programs: str) -> None:
    """Skip the test where one of the programs is missing, and say which."""
    missing = [program for program in programs if find(program) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def find(program: str) -> str | None:
    """Return where a program lies: beside this Python or on the path, those for administrators included."""
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    return shutil.which(program, path=os.pathsep.join(places))


def below(process: int) -> list[int]:
    """Return the processes that a process began, and those that they began."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [process]
    for one in found:
        found += parents.get(one, [])
    return found[1:]
