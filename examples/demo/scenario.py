"""The story of the demo: meet, write together, lose sight of each other, meet again, and prove that all is well."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import proofs
from people import Conductor, DemoError, Saved, Watcher, apart, clean_environment

import couplejournal as cj
from couplejournal.testing.couple import Draft, correspondence, everything_written
from couplejournal.testing.leaks import Needles

PAUSE_S = 0.1  # between two entries of one person, while both watchers run: lively, but no flood
MADE_BY_US = ".made-by-the-demo"
PERSONS = {"ana": "Ana", "ben": "Ben"}


class Demo:
    """One run of the demo in a folder of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        """Make the folder anew, and the drafts of ``count`` entries that end now.

        Raises:
            DemoError: the folder holds something else.
        """
        self.folder = folder
        self.drive = folder / "drive"
        self.temporary = folder / "tmp"
        self.homes = {person: folder / person for person in PERSONS}
        self.count = count
        self.end = datetime.now(UTC).replace(second=0, microsecond=0)
        self.drafts = correspondence(count, end=self.end)
        self.saved: dict[str, Saved] = {}
        self.waits_s: dict[str, list[float]] = {}
        _make_anew(folder)
        for made in (self.drive, self.temporary):
            made.mkdir()
        os.environ.clear()
        os.environ.update(clean_environment(self.temporary))
