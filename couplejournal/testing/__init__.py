"""The public kit for tests: clocks, disks, drives, couples, sample data, leak search, strategies and contract suites.

For authors of plugins: `PluginContract`, `plugin_host`, `requests`, and the fixtures of the module ``fixtures``. It
stands on top of everything and may be used by plugins and by programs that build on couplejournal. Each fake passes
the contract suite of the real thing that it stands for. The names of ``__all__`` are loaded when they are first used:
the contract suites need pytest, the strategies hypothesis, nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from couplejournal.testing.clocks import FakeSystem
    from couplejournal.testing.command import CommandLine
    from couplejournal.testing.contracts import DriveContract, DriveGround
    from couplejournal.testing.couple import correspondence
    from couplejournal.testing.couples import Couple, pair
    from couplejournal.testing.diskcontract import DiskContract
    from couplejournal.testing.disks import CrashDisk, CrashError, MemoryDisk
    from couplejournal.testing.drives import CountingDrive, DriveSim, FaultyDrive, SimDrive, SlowDrive
    from couplejournal.testing.hosts import plugin_host
    from couplejournal.testing.leaks import Needles
    from couplejournal.testing.plugins import PluginContract
    from couplejournal.testing.strategies import (
        DiskFault,
        DriveFault,
        contents,
        disk_faults,
        drive_faults,
        requests,
        texts,
    )
    from couplejournal.testing.views import sample, view_of, written

_PLACE_OF = {
    "CommandLine": "command",
    "Couple": "couples",
    "CountingDrive": "drives",
    "CrashDisk": "disks",
    "CrashError": "disks",
    "DiskContract": "diskcontract",
    "DiskFault": "strategies",
    "DriveContract": "contracts",
    "DriveFault": "strategies",
    "DriveGround": "contracts",
    "DriveSim": "drives",
    "FakeSystem": "clocks",
    "FaultyDrive": "drives",
    "MemoryDisk": "disks",
    "Needles": "leaks",
    "PluginContract": "plugins",
    "SimDrive": "drives",
    "SlowDrive": "drives",
    "contents": "strategies",
    "correspondence": "couple",
    "disk_faults": "strategies",
    "drive_faults": "strategies",
    "pair": "couples",
    "plugin_host": "hosts",
    "requests": "strategies",
    "sample": "views",
    "texts": "strategies",
    "view_of": "views",
    "written": "views",
}

__all__ = [
    "CommandLine",
    "CountingDrive",
    "Couple",
    "CrashDisk",
    "CrashError",
    "DiskContract",
    "DiskFault",
    "DriveContract",
    "DriveFault",
    "DriveGround",
    "DriveSim",
    "FakeSystem",
    "FaultyDrive",
    "MemoryDisk",
    "Needles",
    "PluginContract",
    "SimDrive",
    "SlowDrive",
    "contents",
    "correspondence",
    "disk_faults",
    "drive_faults",
    "pair",
    "plugin_host",
    "requests",
    "sample",
    "texts",
    "view_of",
    "written",
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
