"""Figures of a run: each with its target, as a table to read and as JSON to keep; and the floors that they stand on."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple


class Figure(NamedTuple):
    """One measured number: ``unit`` is "times" for a ratio to a floor; the target is a limit from above."""

    name: str
    value: float
    unit: str
    limit: float
    said: str

    @property
    def is_met(self) -> bool:
        """Return whether it keeps its target."""
        return self.value <= self.limit


class Figures:
    """Gathers the figures of a run."""

    def __init__(self) -> None:
        self.all: list[Figure] = []

    def require(self, name: str, value: float, unit: str, limit: float, *, said: str = "") -> None:
        """Keep a figure, and fail where it misses its target."""
        figure = Figure(name, value, unit, limit, said)
        self.all.append(figure)
        assert figure.is_met, f"{name}: {value:.3g} {unit}, at most {limit:g}"

    def table(self) -> str:
        """Return the figures for people."""
        rows = [("", "measured", "at most", "", "")]
        rows += [
            (one.name, f"{one.value:.3g} {one.unit}", f"{one.limit:g}", "" if one.is_met else "MISSED", one.said)
            for one in self.all
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )

    def as_json(self) -> str:
        """Return the figures for programs."""
        return json.dumps({"schema": "bench/1", "figures": [{**one._asdict(), "met": one.is_met} for one in self.all]})


def durable_write(folder: Path, data: bytes) -> float:
    """Do what no durable save can do without, and return how long it took: temporary file, sync, rename, sync."""
    begun = time.perf_counter()
    temporary, final = folder / (os.urandom(8).hex() + ".tmp"), folder / os.urandom(8).hex()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)
    temporary.rename(final)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return time.perf_counter() - begun


def paired(floor: Callable[[], float], measured: Callable[[], float], *, rounds: int) -> tuple[float, float, float]:
    """Measure both by turns; return the median ratio, and the medians of the floor and of what was measured, in s."""
    pairs = [(floor(), measured()) for _ in range(rounds)]
    ratio = statistics.median(high / low for low, high in pairs)
    return ratio, statistics.median(low for low, _ in pairs), statistics.median(high for _, high in pairs)


def timed(act: Callable[[], object]) -> float:
    """Return how long something took, in seconds."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def installed_environment(caches: Path) -> dict[str, str]:
    """Return an environment in which bytecode is kept, as it is for whoever installed couplejournal."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(caches)}


def python(*args: str) -> list[str]:
    """Return a command line for this Python."""
    return [sys.executable, *args]


def ms(seconds: Iterable[float]) -> str:
    """Return times for people."""
    return ", ".join(f"{value * 1000:.3g} ms" for value in seconds)
