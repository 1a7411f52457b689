"""Saving an entry durably, and the whole of `couplejournal add`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.figures import Figures, durable_write, installed_environment, ms, paired, python, timed

import couplejournal as cj
from couplejournal.testing.bulk import fill

pytestmark = pytest.mark.bench

ROUNDS = 60
PROCESS_ROUNDS = 15
NOTE = cj.Note("You put the ferry song on when I came in with wet shoes.")


def journal_of(home: Path, count: int) -> cj.Journal:
    """Return a journal of so many entries."""
    journal = cj.create("Ana", home=home, passphrase=cj.NO_PASSPHRASE)
    fill(journal, count)
    return journal


def newest_size(home: Path) -> int:
    """Return the size in bytes of the segment that was saved last."""
    return max(home.rglob("*.seg"), key=lambda path: path.stat().st_mtime_ns).stat().st_size


def test_durable_add(tmp_path: Path, figures: Figures) -> None:
    """A durable add costs at most four bare durable writes of the same bytes, and as much with 100,000 entries."""
    times = {}
    floor_folder = tmp_path / "floor"
    floor_folder.mkdir()
    for count in (100, 100_000):
        with journal_of(tmp_path / str(count), count) as journal:
            journal.add(NOTE)  # opens the book: once for a process
            data = os.urandom(newest_size(tmp_path / str(count)))
            times[count], floor, took = paired(
                lambda data=data: durable_write(floor_folder, data),  # type: ignore[misc]
                lambda journal=journal: timed(lambda: journal.add(NOTE)),  # type: ignore[misc]
                rounds=ROUNDS,
            )
            said = f"{ms([took])} against {ms([floor])}"
            figures.require(f"durable add, {count:,} entries", times[count], "times", 4, said=said)
    figures.require("durable add, 100,000 against 100 entries", times[100_000] / times[100], "times", 1.5)


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., float]:
    """Return what runs Python once and says how long it took, in seconds."""
    environment = {**installed_environment(tmp_path / "caches"), "COUPLEJOURNAL_HOME": str(tmp_path / "home")}

    def run(*args: str) -> float:
        return timed(lambda: subprocess.run(python(*args), env=environment, check=True, capture_output=True))

    return run


@pytest.mark.parametrize(
    ("name", "args", "limit"),
    [
        ("couplejournal --version", ("--version",), 1.5),
        ("couplejournal add --no-sync", ("add", "note", "hello", "--no-sync"), 3),
    ],
)
def test_whole_process(
    name: str, args: tuple[str, ...], limit: float, tmp_path: Path, process: Callable[..., float], figures: Figures
) -> None:
    """A command of the whole, from the shell and back, costs little more than the import of click."""
    journal_of(tmp_path / "home", 100).close()
    command = ("-m", "couplejournal", *args)
    for warm in (("-c", "import click"), command):
        process(*warm)
    ratio, floor, took = paired(lambda: process("-c", "import click"), lambda: process(*command), rounds=PROCESS_ROUNDS)
    figures.require(f"{name} / import click", ratio, "times", limit, said=f"{ms([took])} against {ms([floor])}")


def test_add_does_not_read_the_journal(tmp_path: Path, process: Callable[..., float], figures: Figures) -> None:
    """Adding from the shell takes as long in a journal of 20,000 entries as in a small one."""
    journal_of(tmp_path / "home", 20_000).close()
    command = ("-m", "couplejournal", "add", "note", "hello", "--no-sync")
    process(*command)
    ratio, floor, took = paired(lambda: process("-c", "import click"), lambda: process(*command), rounds=5)
    said = f"{ms([took])} against {ms([floor])}"
    figures.require("couplejournal add --no-sync, 20,000 entries / import click", ratio, "times", 3, said=said)
