"""The figures of a run, said at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.figures import Figures

BUILD = Path(__file__).resolve().parents[2] / "build"


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """Gather figures, and print them when all are there."""
    gathered = Figures()
    yield gathered
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(gathered.as_json() + "\n", "utf-8")
    print(f"\n\n{gathered.table()}\n\n{gathered.as_json()}")
