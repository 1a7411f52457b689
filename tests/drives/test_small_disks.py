"""A shared folder on a file system of its own that fills up, or may only be read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from drives.disks import Small
from drives.people import Person, meet, require, texts, until

pytestmark = pytest.mark.drives


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    """Return a small file system."""
    require("unshare", "nsenter", "mount")
    made = Small(tmp_path / "small")
    yield made
    made.end()


@pytest.fixture
def pair(small: Small, tmp_path: Path) -> tuple[Person, Person]:
    """Return two people who share a journal there."""
    ana, ben = (Person(tmp_path / name, prefix=small.prefix) for name in ("ana", "ben"))
    meet(small.mount, ana, ben)
    return ana, ben


@pytest.mark.parametrize(
    ("harm", "heal", "sentence"),
    [
        ("cat /dev/zero > filling", "rm filling", "the shared folder is full"),
        ('mount -o remount,ro "$1"', 'mount -o remount,rw "$1"', "the shared folder cannot be written to"),
    ],
)
def test_folder_that_takes_nothing(
    small: Small, pair: tuple[Person, Person], harm: str, heal: str, sentence: str
) -> None:
    """One clear sentence, what was written stays, nothing half-written is left, and all goes when there is room."""
    ana, ben = pair
    before = small.files()
    small.do(harm)
    added = ana("add", "bid", "Is there room?")
    assert (added.code, added.err.count("\n")) == (0, 1), added.err
    assert sentence in added.err
    for _ in range(3):
        done = ana("sync")
        assert (done.code, done.err.count("\n")) == (3, 1), done.err
        assert sentence in done.err
    assert small.files() == before
    assert "Is there room?" in texts(ana)
    assert ben("log").code == 0
    small.do(heal)
    assert ana("sync").code == 0
    assert ben("sync").code == 0
    assert "Is there room?" in texts(ben)
    assert "lost" not in ana("sync").err


def test_watching_a_full_folder_is_idle(small: Small, pair: tuple[Person, Person], tmp_path: Path) -> None:
    """A watcher that cannot hand over does not run after the traces of its own attempts."""
    ana, ben = pair
    small.do("cat /dev/zero > filling")
    assert ana("add", "bid", "Is there room?", "--no-sync").code == 0
    with ana.watching(tmp_path / "out") as watcher:
        pause = threading.Event()
        pause.wait(1.0)  # for what it does once
        used = seconds_of(watcher.pid)
        pause.wait(2.0)
        assert seconds_of(watcher.pid) - used < 0.2
        small.do("rm filling")
        assert ana("add", "bid", "And now?", "--no-sync").code == 0
        until(lambda: ben("sync").code == 0 and {"Is there room?", "And now?"} <= texts(ben))


def seconds_of(process: int) -> float:
    """Return the seconds of processor time that a process used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
