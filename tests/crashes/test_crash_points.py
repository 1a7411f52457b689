"""Commands are killed, failed, and lose their power at the calls that change files; and the tool that does it works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from crashes.tracing import off_by, points_of

TOOL = Path(__file__).resolve().parent
DAILY = "add,sync out,sync in"
RARE = (
    "add alone,sync that merges,init,invite,join,accept (joiner),accept (inviter),sync that ends a joining"
)  # fmt: skip
ROOT = Path("/w")
TRACE = """\
7 mkdir("/w/ana/state", 0777) = -1 EEXIST (File exists)
7 openat(AT_FDCWD</w>, "/w/ana/state/lock", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST (File exists)
7 flock(3</w/ana/state/lock>, LOCK_EX|LOCK_NB) = 0
7 openat(AT_FDCWD</w>, "/w/ana/state/book.marks", O_RDONLY) = 4</w/ana/state/book.marks>
7 write(1</said/out>, ""..., 9) = 9
7 openat(3</w/ana/state/staging>, "~$cj0123456789abcdef.tmp", O_WRONLY|O_CREAT, 0666) = 5</w/x>
7 write(5</w/ana/state/staging/~$cj0123456789abcdef.tmp>, ""..., 1342) = 1342
7 renameat(3</w/ana/state/staging>, "~$cj0123456789abcdef.tmp", 4</w/drive/b>, "1.seg") = 0
""".splitlines()


def strike(*options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tool, and print what it counted."""
    if shutil.which("strace") is None:
        pytest.skip("crash points need strace")
    done = subprocess.run(
        [sys.executable, str(TOOL), *options, "--dir", str(folder)], check=False, capture_output=True, text=True,
        timeout=900,
    )  # fmt: skip
    print("\n" + done.stdout)
    if "no hold of the command" in done.stderr:
        pytest.skip("strace may not watch another process here")
    if '"runs": 0' in done.stdout:
        pytest.skip(done.stdout.splitlines()[0])
    return done


@pytest.mark.long
@pytest.mark.parametrize(
    ("commands", "faults", "every"),
    [
        (DAILY, "kill", 5),
        (DAILY, "EIO,ENOSPC", 25),
        (DAILY, "cut-ext4", 25),
        (DAILY, "cut-xfs", 25),
        (RARE, "kill", 90),
    ],
)
def test_a_struck_command_leaves_a_working_journal(commands: str, faults: str, every: int, tmp_path: Path) -> None:
    """After a fault at any file-changing call every acknowledged entry is there, and the next commands work."""
    done = strike("--commands", commands, "--faults", faults, "--every", str(every), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["failed"] == 0
    assert counted["not_hit"] * 20 <= counted["runs"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("broken", "fault", "command"),
    [("says so first", "kill", "add alone"), ("no folder sync", "cut-ext4", "add alone"),
     ("no file sync", "cut-xfs", "add alone")],
)  # fmt: skip
def test_a_planted_fault_is_found(broken: str, fault: str, command: str, tmp_path: Path) -> None:
    """A program that says `saved` too early, or leaves a sync out, is found without being told where."""
    done = strike("--commands", command, "--faults", fault, "--every", "4", "--broken", broken, folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^FAIL .*(lost|damaged|nobody wrote)", done.stdout, re.MULTILINE)


def test_points_are_calls_that_change_something() -> None:
    """Of a trace those calls are points that changed a file of ours; those around the lock can fail none the less."""
    points = points_of(TRACE, ROOT)
    assert [(point.name, point.number, point.what) for point in points if point.is_change] == [
        ("openat", 3, "ana/state/staging/~$cj*.tmp"),
        ("write", 2, "ana/state/staging/~$cj*.tmp"),
        ("renameat", 1, "drive/b/1.seg"),
    ]
    assert {point.what for point in points if not point.is_change} == {"ana/state", "ana/state/lock"}


def test_a_call_that_came_earlier_or_later_is_found_again() -> None:
    """Where a file was opened once more or less than before, the tool knows by how much to count on."""
    opened = next(point for point in points_of(TRACE, ROOT) if point.name == "openat" and point.is_change)
    assert off_by(TRACE, opened, ROOT) == 0
    once_more = [TRACE[3], *TRACE]
    assert off_by(once_more, opened, ROOT) == 1
    assert off_by([line for line in TRACE if "RDONLY" not in line], opened, ROOT) == -1
