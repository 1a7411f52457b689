"""The few modules that touch the world: disk, clock, chance, environment, other processes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from house.tree import CHECKOUT, SHIPPED, dotted, python


class Seam(NamedTuple):
    """One part of the world: who may touch it, and how a touch is recognised."""

    allowed: tuple[str, ...]
    modules: frozenset[str] = frozenset()  # importing one is a touch
    names: frozenset[str] = frozenset()  # using one, in full, is a touch
    methods: frozenset[str] = frozenset()  # calling one of anything is a touch


def words(text: str, *, before: str = "") -> frozenset[str]:
    """Return the words of a text, each with a prefix."""
    return frozenset(before + word for word in text.split())


SEAMS = {
    "files": Seam(
        # home.py: are two names one folder? unlocking.py: who owns the runtime folder? upkeep.py: who may look into the
        # home? asking.py: the terminal itself. worker.py, workerchild.py: an empty folder to run in, and two pipes
        allowed=(
            "disk.py",
            "drive/",
            "system.py",
            "store/home.py",
            "store/unlocking.py",
            "store/upkeep.py",
            "cli/asking.py",
            "plugins/worker.py",
            "plugins/workerchild.py",
            "testing/",
        ),
        modules=words("fcntl glob io mmap msvcrt shutil tempfile"),
        names=words("open")
        | words(
            "access chmod chown close copy_file_range fdatasync fdopen fstat fsync ftruncate link listdir lseek lstat "
            "makedirs mkdir open posix_fallocate pread pwrite read readlink remove removedirs rename renames replace "
            "rmdir scandir sendfile stat statvfs symlink sync truncate unlink utime walk write",
            before="os.",
        )
        | words("exists getmtime getsize isdir isfile islink lexists samefile", before="os.path."),
        methods=words(
            "chmod hardlink_to is_dir is_file is_mount is_symlink iterdir lstat mkdir read_bytes read_text readlink "
            "rglob rmdir samefile symlink_to touch unlink write_bytes write_text"
        ),
    ),
    "clock and chance": Seam(
        allowed=("system.py", "testing/"),
        modules=words("random secrets time uuid"),
        names=words("os.urandom os.getrandom"),
        methods=words("now utcnow today"),
    ),
    "environment": Seam(
        # journal/: the door of the library hands the environment to store/home.py and takes "~" in a name
        allowed=(
            "system.py",
            "store/home.py",
            "journal/opening.py",
            "journal/place.py",
            "plugins/switch.py",
            "plugins/worker.py",
            "cli/",
            "testing/",
        ),
        names=words("os.environ os.environb os.getenv os.getlogin os.getcwd os.chdir os.umask"),
        modules=words("getpass locale pwd socket"),
        methods=words("expanduser gethostname home"),
    ),
    "other processes": Seam(
        # drive/apart.py: a mount that hangs would keep this process from ending; plugins/worker.py: code of others
        allowed=("cli/", "drive/apart.py", "plugins/worker.py", "plugins/workerchild.py", "testing/"),
        modules=words("multiprocessing signal subprocess"),
        names=words("os.execv os.fork os.kill os.popen os.posix_spawn os.startfile os.system"),
    ),
}


def full_names(module: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, ``{"p": "os.path"}``; its own functions hide built-in ones."""
    known = {node.name: f"?.{node.name}" for node in module.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for item in node.names:
                first = item.name.partition(".")[0]
                known[item.asname or first] = item.name if item.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
    return known


def touches(module: ast.Module, seam: Seam) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each touch."""
    known = full_names(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, item.name) for item in node.names if item.name.partition(".")[0] in seam.modules)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in seam.modules:
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in seam.methods:
            yield node.lineno, f".{node.func.attr}()"
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            first, dot, rest = dotted(node).partition(".")
            if (name := known.get(first, first) + dot + rest) in seam.names:
                yield node.lineno, name


def trespasses(root: Path) -> list[str]:
    """List what touches the world outside its seam."""
    return [
        f"{name}:{line}: {what} ({seam_name})"
        for name, module in python(root, *SHIPPED)
        for seam_name, seam in SEAMS.items()
        if not name.startswith(tuple(f"couplejournal/{place}" for place in seam.allowed))
        for line, what in sorted(set(touches(module, seam)))
    ]


def test_only_the_seams_touch_the_world() -> None:
    """Disk, clock, chance, environment and processes are reached in the listed modules alone."""
    assert trespasses(CHECKOUT) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("open('x')", "open (files)"),
        ("import os\nos.rename('a', 'b')", "os.rename (files)"),
        ("from os import fsync as s\ns(3)", "os.fsync (files)"),
        ("import os as o\no.path.exists('a')", "os.path.exists (files)"),
        ("import os.path\nos.path.isfile('a')", "os.path.isfile (files)"),
        ("def f(path): path.write_bytes(b'')", ".write_bytes() (files)"),
        ("import tempfile", "tempfile (files)"),
        ("from time import sleep", "time (clock and chance)"),
        ("import os\nos.urandom(3)", "os.urandom (clock and chance)"),
        ("from datetime import datetime\ndatetime.now()", ".now() (clock and chance)"),
        ("import datetime\ndatetime.date.today()", ".today() (clock and chance)"),
        ("from os import environ\nenviron.get('A')", "os.environ (environment)"),
        ("from pathlib import Path\nPath.home()", ".home() (environment)"),
        ("import subprocess", "subprocess (other processes)"),
    ],
)
@pytest.mark.parametrize("place", ["couplejournal/merge/state.py", "plugins/bids/x.py"])
def test_a_trespass_is_found(code: str, fault: str, place: str, tmp_path: Path) -> None:
    """A planted touch is named with its line and its seam."""
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(code, "utf-8")
    [found] = trespasses(tmp_path)
    assert found.startswith(f"{place}:")
    assert found.endswith(fault)


@pytest.mark.parametrize(
    "code",
    [
        "name.replace('a', 'b')",
        "journal.open()",
        "def open(home): ...\nopen(None)",
        "import os\nos.fspath(x)\nos.sep",
        "drive.read(p)\ndisk.list(p)",
    ],
)
def test_what_only_looks_alike_passes(code: str, tmp_path: Path) -> None:
    """Texts, paths as values, and the interfaces of disk and drive are no touches."""
    (tmp_path / "couplejournal").mkdir()
    (tmp_path / "couplejournal" / "x.py").write_text(code, "utf-8")
    assert trespasses(tmp_path) == []


def test_every_allowance_is_of_use() -> None:
    """A module that is allowed to touch the world exists."""
    places = {place for seam in SEAMS.values() for place in seam.allowed}
    assert sorted(place for place in places if not (CHECKOUT / "couplejournal" / place).exists()) == []


def test_nothing_waits_for_the_end_of_the_process() -> None:
    """A command leaves without running exit handlers, so nothing may be registered there."""
    found = [
        path.name
        for folder in ("couplejournal", "plugins")
        for path in sorted((CHECKOUT / folder).rglob("*.py"))
        if "atexit" in path.read_text("utf-8")
    ]
    assert found == []
