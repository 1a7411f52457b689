"""The quick start of the README does what it says, typed line by line by two people at two terminals."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.pages import CHECKOUT, blocks

pty = pytest.importorskip("pty", reason="a terminal of one's own is made on POSIX systems only")
if shutil.which("bash") is None:
    pytest.skip("the quick start is typed into bash", allow_module_level=True)

PATIENCE_S = 15.0
READY = "ready> "
GRID = re.compile(r"(\d+) ([a-z]+)")
LINES = [
    (block.info.partition("=")[2], line)
    for block in blocks(CHECKOUT / "README.md")
    if block.info.startswith("bash transcript=")
    for line in block.text.splitlines()
    if line and not line.startswith("#")
]


class Terminal:
    """A shell of one person: what is typed into it, and what it shows."""

    def __init__(self, home: Path) -> None:
        environment = {
            **os.environ,
            "HOME": str(home),
            "PS1": READY,
            "TERM": "dumb",
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
        }
        environment["PATH"] = f"{home / 'bin'}:{os.environ['PATH']}"
        self.fd, inner = pty.openpty()
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            stdin=inner, stdout=inner, stderr=inner, env=environment, cwd=home, start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        self._unread = ""
        self.until(READY)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.fd, f"{line}\n".encode())

    def until(self, text: str) -> str:
        """Return what the terminal shows up to a text that it must come to show."""
        end = time.monotonic() + PATIENCE_S
        while text not in self._unread:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no {text!r} came after: {self._unread[-400:]}"
            self._unread += os.read(self.fd, 65_536).decode("utf-8", "replace")
        shown, _, self._unread = self._unread.partition(text)
        return shown

    def close(self) -> None:
        """Hang up."""
        self._process.kill()
        self._process.wait()
        os.close(self.fd)


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[dict[str, Terminal]]:
    """Return the terminals of Ana and Ben, in a home with the program on the path."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "couplejournal"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m couplejournal "$@"\n')
    program.chmod(0o755)
    found = {name: Terminal(tmp_path) for name in ("ana", "ben")}
    yield found
    for terminal in found.values():
        terminal.close()


def grid(shown: str) -> list[str]:
    """Return the words of a numbered grid, in their order."""
    return [word for _, word in sorted((int(number), word) for number, word in GRID.findall(shown))]


def invite(ana: Terminal, line: str) -> list[str]:
    """Type the line that invites, agree to share, and return the twelve words that are shown."""
    ana.type(line)
    ana.until("[y/N] ")
    ana.type("y")
    shown = ana.until("Waiting for your partner").partition("for your partner:")[2].partition("Good once")[0]
    return grid(shown)


def join(ben: Terminal, ana: Terminal, line: str, twelve: list[str]) -> str:
    """Type the line that joins, hand over the words, compare the six, and say yes on both sides."""
    ben.type(line)
    ben.until("The twelve words: ")
    ben.type(" ".join(twelve))
    sixes = [
        grid(terminal.until("[yes/no] ").partition("screen of")[2].partition("Compare")[0]) for terminal in (ben, ana)
    ]
    assert sixes[0] == sixes[1]
    assert len(sixes[0]) == 6
    ben.type("yes")
    ana.type("yes")
    return ana.until(READY) + ben.until(READY)


def type_line(terminal: Terminal, line: str) -> str:
    """Type a line and return what it showed."""
    terminal.type(line)
    return terminal.until(READY)


def test_the_quick_start_holds(terminals: dict[str, Terminal], tmp_path: Path) -> None:
    """Each line works as typed: both share a journal, read and answer, and what is private stays at home."""
    twelve: list[str] = []
    shown = {"ana": "", "ben": ""}
    for who, line in LINES:
        terminal = terminals[who]
        if line.startswith("couplejournal init"):
            terminal.type(line)
            terminal.until("[Y/n] ")
            line = ""  # noqa: PLW2901 - Enter: the eight steps are on
        if line.startswith("couplejournal invite"):
            twelve = invite(terminal, line)
            assert len(twelve) == 12
            continue
        if line.startswith("couplejournal join"):
            said = join(terminal, terminals["ana"], line, twelve)
            assert "You and Ana share a journal now" in said
        else:
            ids = re.findall(r"^([0-9a-f]{6,})  ", shown[who], re.MULTILINE)
            said = type_line(terminal, line.replace(" ID ", f" {ids[-1]} ") if ids else line)
        assert "error:" not in said, line
        shown[who] += said.replace("\r", "")
    assert "saved" in shown["ben"]
    assert "Yes. Tonight?" in shown["ana"].partition("couplejournal log")[2]
    assert "Ana and Ben" in shown["ana"]
    seen = type_line(terminals["ben"], "couplejournal log -n 0").replace("\r", "")
    assert "You put the kettle on" in seen
    assert "garden" not in seen
    drive = tmp_path / "couplejournal-trial" / "ours"
    texts = [b"Listen to this song", b"kettle on", b"Tonight?"]
    sealed = [path.read_bytes() for path in drive.rglob("*") if path.is_file()]
    assert sealed
    assert not any(text in data for data in sealed for text in texts)


def test_the_quick_start_has_both_persons() -> None:
    """The lines to type are found in the README, for both."""
    assert {who for who, _ in LINES} == {"ana", "ben"}
    assert [line.split()[1] for _, line in LINES if line.startswith("couplejournal")][:5] == [
        "init", "bid", "invite", "join", "log",
    ]  # fmt: skip
