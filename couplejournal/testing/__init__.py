"""The public kit for tests: clocks, disks, drives, pairs, couples, sample data, leak search and contract suites.

It stands on top of everything and may be used by plugins and by programs that build on couplejournal. Each fake passes
the contract suite of the real thing that it stands for. The names of ``__all__`` are loaded when they are first used:
the contract suites need pytest, nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from couplejournal.testing.clocks import FakeSystem
    from couplejournal.testing.contracts import DriveContract
    from couplejournal.testing.couples import Couple, pair
    from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
    from couplejournal.testing.drives import CountingDrive, DriveSim, FaultyDrive, SimDrive, SlowDrive

_PLACE_OF = {
    "Couple": "couples",
    "CountingDrive": "drives",
    "CrashDisk": "disks",
    "CrashError": "disks",
    "DriveContract": "contracts",
    "DriveSim": "drives",
    "FakeSystem": "clocks",
    "FaultyDrive": "drives",
    "MemoryDisk": "disks",
    "SimDrive": "drives",
    "SlowDrive": "drives",
    "pair": "couples",
}

__all__ = [
    "CountingDrive",
    "Couple",
    "CrashDisk",
    "CrashError",
    "DriveContract",
    "DriveSim",
    "FakeSystem",
    "FaultyDrive",
    "MemoryDisk",
    "SimDrive",
    "SlowDrive",
    "pair",
]


def __getattr__(name: str) -> object:
    """Load a public name where it stands, when it is first used."""
    place = _PLACE_OF.get(name)
    if place is None:
        raise AttributeError(f"module 'couplejournal.testing' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"couplejournal.testing.{place}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
