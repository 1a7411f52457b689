"""How the demo looks: plain text in columns."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence
from pathlib import Path


def speed(waits_s: Sequence[float]) -> str:
    """Return how long it took from save to the other's view, as a phrase."""
    if not waits_s:
        return "nothing was for both"
    median, worst = (f"{value * 1000:.0f} ms" for value in (statistics.median(waits_s), max(waits_s)))
    return f"seen by the other after {median} (median), {worst} (worst)"


def shown(path: Path) -> str:
    """Return a path as one would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def heading(text: str, aside: str = "") -> None:
    """Print the title of a part."""
    print(f"\n{text}" + (f"   {aside}" if aside else ""))


def row(first: str, second: str, third: str = "") -> None:
    """Print three columns."""
    print(f"  {first:<13} {second:<26} {third}".rstrip(), flush=True)


def words(given: Sequence[str], in_a_line: int) -> None:
    """Print words in a grid."""
    for at in range(0, len(given), in_a_line):
        print("      " + "".join(f"{word:<12}" for word in given[at : at + in_a_line]).rstrip())


def block(text: str) -> None:
    """Print what a command printed."""
    print(textwrap.indent(text.rstrip(), "  "))


def fact(text: str) -> None:
    """Print something that was proved."""
    print(f"  ✓ {text}", flush=True)
