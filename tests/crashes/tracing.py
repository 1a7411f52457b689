"""System calls that change files, seen and made to fail by strace.

A crash point is the k-th call of its name that a command makes. strace counts each name by itself, so that the same
command in the same surroundings comes by the same points again; what was hit is compared with what was meant.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

WRITING = (
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "sendfile",
    "copy_file_range",
    "ftruncate",
    "truncate",
    "fallocate",
)
NAMING = (
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "mkdir",
    "mkdirat", "rmdir",
)  # fmt: skip
SYNCING = ("fsync", "fdatasync", "sync_file_range", "msync", "syncfs")
MARKING = ("chmod", "fchmod", "fchmodat", "utimensat", "fsetxattr")
OPENING = ("open", "openat", "creat")
LEAP = 32
LOCKING = ("flock", "fcntl")
CHANGING = (*OPENING, *WRITING, *NAMING, *SYNCING, *MARKING)

_CALL = re.compile(r"(?:(?P<pid>\d+) +)?(?P<name>\w+)\((?P<rest>.*)")
_RANDOM = re.compile(r"[0-9a-f]{12,}")
_PATH = re.compile(r'<(/[^>]*)>|"([^"]*)"')
_RESULT = re.compile(r" = (-?\d+|\?)")


@dataclass(frozen=True)
class Point:
    """One place where a command can be struck: the ``number``-th call of this name, after so many changes by it.

    ``what`` says what it is about.
    """

    name: str
    number: int
    what: str
    changes: int = 0
    is_change: bool = True

    def __str__(self) -> str:
        """Return it as it is printed."""
        return f"{self.name}:{self.number} {self.what}"


class Strace:
    """One strace beside one process that has not begun yet; it ends with the process."""

    def __init__(self, log: Path, *options: str) -> None:
        """Take where to write what was seen, and what to do."""
        self.log = log
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    def attach(self, pid: int) -> None:
        """Watch a process; returns when strace has hold of it."""
        self.log.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "0", "-e", "signal=none", *self._options, "-o", str(self.log), "-p", str(pid)],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        if "attached" not in said:
            self._process.communicate()
            raise AssertionError(f"strace has no hold of the command: {said.strip()}")

    def seen(self) -> list[str]:
        """Wait for the end and return the lines."""
        assert self._process is not None
        self._process.communicate(timeout=60)
        return self.log.read_text("utf-8", "replace").splitlines()


def recorder(log: Path) -> Strace:
    """Return what records the calls of a command."""
    return Strace(log, "-e", "trace=" + ",".join((*CHANGING, *LOCKING)))


def striker(log: Path, point: Point, fault: str) -> Strace:
    """Return what makes one call of a command fail with an errno, or ends the command before it ("kill")."""
    act = "signal=SIGKILL" if fault == "kill" else f"error={fault}"
    return Strace(log, "-e", f"trace={point.name}", "-e", f"inject={point.name}:{act}:when={point.number}")


def off_by(lines: list[str], point: Point, root: Path) -> int:
    """Return 0 where the call that was struck is the one that was meant; else by how much to count on or back.

    How often a file is opened to be read differs from run to run, so that numbers shift.
    """
    calls = [match["rest"] for line in lines if (match := _CALL.match(line)) and match["name"] == point.name]
    struck = point.number - 1
    if not point.is_change:
        return 0 if struck < len(calls) and _told(calls[struck], root) == point.what else 1
    changes = 0
    for at, rest in enumerate(calls):
        is_change = str(root) in rest and (_is_change(point.name, rest) or (at == struck and _is_asked(rest)))
        if is_change and changes == point.changes and _told(rest, root) == point.what:
            return at - struck
        changes += is_change
    return LEAP


def _is_asked(rest: str) -> bool:
    """Return whether a call that never came to its end would have changed something."""
    return "O_" not in rest or "O_CREAT" in rest or "O_TRUNC" in rest


def points_of(lines: list[str], root: Path) -> list[Point]:
    """Return the points of a command below ``root``, in their order: changes, and the calls around the lock once.

    A call that changed nothing (a folder that was there already) is no change. It can fail none the less: the first and
    the last of each kind are kept for that.
    """
    counted: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    found: list[Point] = []
    idle: dict[str, list[Point]] = {}
    pids = set()
    for line in lines:
        match = _CALL.match(line)
        if match is None:
            continue
        name = match["name"]
        counted[name] += 1
        if str(root) not in match["rest"]:
            continue
        pids.add(match["pid"])
        what, is_change = _told(match["rest"], root), _is_change(name, match["rest"])
        point = Point(name, counted[name], what, changes[name], is_change)
        if is_change:
            changes[name] += 1
            found.append(point)
        elif name not in OPENING or "O_RDONLY" not in line:
            idle.setdefault(point.what, []).append(point)
    if len(pids) > 1:
        raise AssertionError("the command changes files from several threads: its points cannot be counted")
    return found + [point for same in idle.values() for point in {same[0]: 0, same[-1]: 0}]


def _is_change(name: str, rest: str) -> bool:
    result = _RESULT.search(rest)
    if result is None or result[1].startswith("-") or name in LOCKING:
        return False
    return name not in OPENING or "O_CREAT" in rest or "O_TRUNC" in rest


def _told(rest: str, root: Path) -> str:
    """Return the path that a call is about, without what differs from run to run; of two names the new one."""
    folder, told = "", "?"
    for opened, named in _PATH.findall(rest.rpartition(") = ")[0] or rest):
        if opened:
            folder = told = opened
        elif named:
            told = named if named.startswith("/") else f"{folder}/{named}"
    return _RANDOM.sub("*", told.removeprefix(f"{root}/"))
