"""The demo of `make demo`: it runs to its end, and it fails where it must."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import couplejournal as cj
from couplejournal.testing.leaks import Needles

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo"
TEXT = "You put the ferry song on when I came in with wet shoes. Grüße 🎶"


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the proofs of the demo."""
    monkeypatch.syspath_prepend(DEMO)
    yield importlib.import_module("proofs")
    for name in ("proofs", "people"):
        del sys.modules[name]


def run_demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo with few entries in a folder."""
    command = [sys.executable, str(DEMO), "--entries", "40", "--folder", str(folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8", timeout=110)


def test_demo_holds_and_leaves_two_homes_to_try(tmp_path: Path) -> None:
    """It proves everything, replaces what an earlier run left, and the commands that it names work on its homes."""
    folder = tmp_path / "a folder"
    (folder / "ana").mkdir(parents=True)
    for left in ("made-by-the-demo", "ana/left-behind"):
        (folder / left).touch()
    done = run_demo(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (folder / "ana" / "left-behind").exists()
    assert len(re.findall("^  ✓ ", done.stdout, re.MULTILINE)) == 5
    assert "shared entries are equal in both homes" in done.stdout
    assert re.search(r"seen by the other after \d+ ms", done.stdout)
    commands = re.findall(r"^  (COUPLEJOURNAL_HOME=.*)$", done.stdout, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        first, *args = shlex.split(command)
        name, _, value = first.partition("=")
        tried = subprocess.run(
            args, check=False, capture_output=True, text=True, encoding="utf-8", env={**os.environ, name: value}
        )
        assert tried.returncode == 0, tried.stderr


def test_demo_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path) -> None:
    """A folder with something else in it is neither emptied nor used, and one sentence says so."""
    (tmp_path / "letter.txt").write_text("dear", "utf-8")
    done = run_demo(tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 2
    assert "left alone" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_equal_rows_are_counted(proofs: Any) -> None:
    """Two homes with the same shared entries pass."""
    rows = [("a", "bid", "made"), ("b", "note", None)]
    assert proofs.require_equal(rows, list(rows), {"a", "b"}) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: rows[::-1],
        lambda rows: [*rows[:-1], ("b", "note", "done")],
        lambda rows: [*rows, ("c", "bid", "made")],
    ],
    ids=["one is missing", "another order", "another state", "one too many"],
)
def test_unequal_rows_fail(proofs: Any, change: Callable[[list[Any]], list[Any]]) -> None:
    """One entry more or less, another order or another state fails, whichever side it is on."""
    rows = [("a", "bid", "made"), ("b", "note", None)]
    for mine, theirs in ((rows, change(rows)), (change(rows), rows)):
        with pytest.raises(proofs.DemoError):
            proofs.require_equal(mine, theirs, {"a", "b"})


def test_entries_that_both_lost_fail(proofs: Any) -> None:
    """Two homes that are equal, but without an entry that was written, fail."""
    with pytest.raises(proofs.DemoError):
        proofs.require_equal([("a",)], [("a",)], {"a", "b"})


def test_a_private_entry_elsewhere_fails(proofs: Any, tmp_path: Path) -> None:
    """What is private passes in its own home, and fails where the other's home has it or it is not private."""
    with (
        cj.create("Ana", home=tmp_path / "ana", passphrase=cj.NO_PASSPHRASE) as ana,
        cj.create("Ben", home=tmp_path / "ben", passphrase=cj.NO_PASSPHRASE) as ben,
    ):
        note = ana.add(cj.Note(TEXT))
        assert proofs.require_private([note.id], ana, ben, author="Ana") == 1
        with pytest.raises(proofs.DemoError):
            proofs.require_private([note.id], ana, ana, author="Ana")
        with pytest.raises(proofs.DemoError):
            proofs.require_private([], ana, ben, author="Ana")
        with pytest.raises(proofs.DemoError):
            proofs.require_private(["0" * 64], ana, ben, author="Ana")


def test_clear_text_fails(proofs: Any, tmp_path: Path) -> None:
    """A run of a text in any file of any place fails, in every encoding; sealed files pass."""
    needles = Needles.of([TEXT])
    (tmp_path / "sealed").write_bytes(os.urandom(4096))
    assert proofs.require_sealed(needles, {"shared folder": tmp_path}) == (1, 4096)
    for name, run in proofs.planted(TEXT):
        (tmp_path / "leak").write_bytes(b"##" + run + b"##")
        with pytest.raises(proofs.DemoError, match="shared folder"):
            proofs.require_sealed(needles, {"shared folder": tmp_path}), name
        (tmp_path / "leak").unlink()


def test_a_blind_search_fails(proofs: Any, tmp_path: Path) -> None:
    """A search that does not find what was planted proves nothing, and the demo says so."""
    (tmp_path / "drive").mkdir()
    (tmp_path / "drive" / "sealed").write_bytes(os.urandom(4096))
    (tmp_path / "scratch").mkdir()
    found = proofs.require_found(Needles.of([TEXT]), tmp_path / "drive", tmp_path / "scratch", TEXT)
    assert found == ("UTF-8", "UTF-16", "hex", "base64 0", "base64 1", "base64 2")
    with pytest.raises(proofs.DemoError):
        proofs.require_found(Needles.of([]), tmp_path / "drive", tmp_path / "scratch", TEXT)
