"""From save to the other's view over a real pair of Syncthings, against a bare file through the same pair."""

from __future__ import annotations

import os
import statistics
import threading
import time
from pathlib import Path

import pytest
from benchmarks.figures import Figures, durable_write
from benchmarks.test_meeting import WatchingPerson
from drives.people import require, until
from drives.scenario import Story, partner
from drives.syncthing import WATCHER_DELAY_S, Syncthings

import couplejournal as cj

pytestmark = [pytest.mark.bench, pytest.mark.drives]

ROUNDS = 11
PAUSE_S = 0.37  # so that the rounds do not keep step with Syncthing's own
FILE_BYTES = 1500


def bare(here: Path, there: Path) -> float:
    """Write a file as durably as can be, and return after how many seconds it was whole on the other side."""
    data = os.urandom(FILE_BYTES)
    durable_write(here, data)
    saved = time.perf_counter()
    known = set(there.iterdir())

    def is_whole() -> bool:
        new = (path for path in there.iterdir() if path not in known and not path.name.startswith("."))
        return any(path.read_bytes() == data for path in new)

    until(is_whole)
    return time.perf_counter() - saved


def test_save_to_seen_over_syncthing(tmp_path: Path, figures: Figures) -> None:
    """What is saved is seen by the other at most one second later than a bare file would be (medians, by turns)."""
    require("syncthing")
    syncthings = Syncthings(tmp_path)
    pause = threading.Event()
    try:
        syncthings.begin()
        with partner("Ana", tmp_path / "ana", ()) as ana, partner("Ben", tmp_path / "ben", ()) as ben:
            story = Story(syncthings, ana, ben)
            story.pair()
            story.settle("pairing")
        here, there = (folder / "bare" for folder in (syncthings.ana, syncthings.ben))
        here.mkdir()
        until(there.is_dir)
        watchers = [WatchingPerson(tmp_path / name) for name in ("ana", "ben")]
        floors, waits = [], []
        try:
            with cj.open(home=tmp_path / "ana") as journal:
                for number in range(ROUNDS):
                    floors.append(bare(here, there))
                    pause.wait(PAUSE_S)
                    entry = journal.add(cj.Bid(f"Number {number}: will you come and look?"))
                    saved = time.perf_counter()
                    until(lambda entry=entry: entry.id in watchers[1].seen)  # type: ignore[misc]
                    waits.append(watchers[1].seen[entry.id] - saved)
                    pause.wait(PAUSE_S)
        finally:
            for watcher in watchers:
                watcher.end()
    finally:
        syncthings.end()
    floor, wait = statistics.median(floors), statistics.median(waits)
    said = (
        f"{wait:.2f} s against {floor:.2f} s of a bare file; worst {max(waits):.2f} and {max(floors):.2f} s; "
        f"{ROUNDS} rounds, Syncthing's delay {WATCHER_DELAY_S} s"
    )
    figures.require("save to seen over Syncthing, beyond a bare file, median", wait - floor, "s", 1.0, said=said)
