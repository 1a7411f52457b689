"""Many processes of one device at once: no number lost, none used twice, every acknowledged entry there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.seal import segments

PROCESSES = 10
ENTRIES = 5
WRITER = """
import sys, couplejournal as cj
with cj.open(home=sys.argv[1]) as journal:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[3])):
        entry = journal.add(cj.Note(f"{sys.argv[2]} {number}"), audience=sys.argv[4])
        print("told", entry.id, flush=True)
"""
SYNCER = """
import sys, couplejournal as cj
with cj.open(home=sys.argv[1]) as journal:
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        report = journal.sync()
        assert report.drive == "ok", report
        print("synced", flush=True)
"""


class Running:
    """A child process that waits for its signal to start."""

    def __init__(self, code: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ready(self) -> None:
        """Wait until it is ready."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.stderr.read() if self.process.stderr else line

    def go(self) -> None:
        """Let it start."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def lines(self) -> Iterator[str]:
        """Yield what it prints, as it does."""
        assert self.process.stdout is not None
        yield from self.process.stdout

    def end(self) -> str:
        """Wait for its end and return the rest of what it printed."""
        out, errors = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, errors
        return out

    def kill(self) -> str:
        """End it where it stands, and return what it had printed."""
        self.process.kill()
        out, _ = self.process.communicate(timeout=120)
        return out


def told(printed: str) -> set[str]:
    """Return the ids of the entries whose saving was acknowledged in whole lines."""
    return {
        line.split()[1] for line in printed.splitlines(keepends=True) if line.startswith("told ") and line[-1] == "\n"
    }


def require_no_number_twice(home: Path) -> int:
    """Fail where files of a replica say two things of one number, or leave one out; return how many numbers there are.

    A larger file may lie beside the smaller ones that it was merged from: then all of them lead to the same links.
    """
    ranges: dict[bytes, set[tuple[int, int]]] = {}
    links: dict[tuple[bytes, int], bytes] = {}
    for path in (home / "data").rglob("*.seg"):
        head = segments.parse(path.read_bytes()).header
        assert (head.first, head.last) not in ranges.setdefault(head.stream, set())
        ranges[head.stream].add((head.first, head.last))
        for number, link in ((head.first - 1, head.prev), (head.last, head.end)):
            assert links.setdefault((head.stream, number), link) == link
    count = 0
    for found in ranges.values():
        reached = min(first for first, _ in found) - 1
        count -= reached
        for first, last in sorted(found):
            assert first <= reached + 1
            reached = max(reached, last)
        count += reached
    return count


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    """Return the homes of Ana and Ben, who share a folder."""
    drive = tmp_path / "drive"
    drive.mkdir()
    with cj.create("Ana", home=tmp_path / "ana", passphrase=cj.NO_PASSPHRASE) as ana:
        invitation = ana.pairing.invite(str(drive))
        words, home = invitation.words, tmp_path / "ben"
        joining = cj.join(drive, words, name="Ben", home=home, passphrase=cj.NO_PASSPHRASE)
        assert joining.check_words == invitation.check_words
        joining.confirm()
        invitation.accept()
        ana.sync()
        with joining.journal as ben:
            ben.sync()
            ana.sync()
    return tmp_path / "ana", tmp_path / "ben"


def test_ten_processes_and_a_sync_at_once(homes: tuple[Path, Path]) -> None:
    """Ten processes write at the same moment while an eleventh syncs: all entries stand on both sides, each once."""
    ana, ben = homes
    syncer = Running(SYNCER, ana)
    writers = [Running(WRITER, ana, f"writer {number}", ENTRIES, "shared") for number in range(PROCESSES)]
    for child in (syncer, *writers):
        child.ready()
    for child in (syncer, *writers):
        child.go()
    acknowledged = set().union(*(told(writer.end()) for writer in writers))
    assert next(syncer.lines(), "") == "synced\n"
    syncer.kill()
    assert len(acknowledged) == PROCESSES * ENTRIES
    require_no_number_twice(ana)
    expected = sorted(f"writer {number} {entry}" for number in range(PROCESSES) for entry in range(ENTRIES))
    with cj.open(home=ana) as hers, cj.open(home=ben) as his:
        for journal in (hers, his, hers):
            assert journal.sync().drive == "ok"
        for journal in (hers, his):
            entries = list(journal.entries(kind="note"))
            assert {entry.id for entry in entries} == acknowledged
            assert sorted(entry.text for entry in entries) == expected
    require_no_number_twice(ana)
    require_no_number_twice(ben)


@pytest.mark.skipif(os.name != "posix", reason="needs signals that end a process at once")
def test_processes_that_are_killed_while_they_write(homes: tuple[Path, Path]) -> None:
    """Writers that are killed in the middle leave every acknowledged entry, no hole and no number twice."""
    ana, ben = homes
    writers = [Running(WRITER, ana, f"writer {number}", 1000, "shared") for number in range(3)]
    for writer in writers:
        writer.ready()
    acknowledged: set[str] = set()
    for number, writer in enumerate(writers):
        writer.go()
        lines = writer.lines()
        acknowledged |= told("".join(next(lines) for _ in range(3 + number)))
    for writer in writers:
        writer.process.send_signal(signal.SIGKILL)
        acknowledged |= told(writer.kill())
    with cj.open(home=ana) as hers, cj.open(home=ben) as his:
        last = hers.add(cj.Note("and on"), audience="shared")
        for journal in (hers, his, hers):
            assert journal.sync().drive == "ok"
        assert acknowledged | {last.id} <= {entry.id for entry in hers.entries()}
        assert {entry.id for entry in hers.entries()} == {entry.id for entry in his.entries()}
    require_no_number_twice(ana)
