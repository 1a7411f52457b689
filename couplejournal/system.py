"""The seam to this machine: the only module that reads the clock or draws randomness.

Everything else gets a `System` as an argument, so that a test can make time and chance repeat. What the
``cryptography`` library draws for itself (salts of Cobblestone, encapsulations of HPKE) stays inside `seal`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol


class System(Protocol):
    """Time and chance, as arguments."""

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970-01-01T00:00Z."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""

    def random_bytes(self, count: int) -> bytes:
        """Return ``count`` bytes fit for keys."""

    def boot_id(self) -> str:
        """Return a word that changes when the machine starts anew; empty where the system has none."""

    def machine_id(self) -> str:
        """Return a word that is another one on every machine and stays; empty where the system has none."""


class Pacer(Protocol):
    """Time that somebody waits for, as an argument: only what counts down for a person sleeps."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait so long; Ctrl-C ends it."""


class RealSystem:
    """The machine itself."""

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970-01-01T00:00Z."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so long; Ctrl-C ends it."""
        time.sleep(seconds)

    def random_bytes(self, count: int) -> bytes:
        """Return ``count`` bytes from the operating system."""
        return os.urandom(count)

    def boot_id(self) -> str:
        """Return Linux's boot id; empty elsewhere, where the start of the process stands in for it."""
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except (OSError, ValueError):
            return ""

    def machine_id(self) -> str:
        """Return the id that the system gave this machine when it was set up; empty where it cannot be had."""
        ask = {"win32": _id_of_windows, "darwin": _id_of_macos}.get(sys.platform, _id_of_linux)
        try:
            return ask()
        except (OSError, ValueError, AttributeError, ImportError):
            return ""


def _id_of_linux() -> str:
    """Return the id of systemd, or that of D-Bus where there is none."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            return Path(path).read_text("ascii").strip()
    return ""


def _id_of_windows() -> str:
    """Return what the registry keeps for cryptography since the system was installed."""
    import winreg

    place = "SOFTWARE\\Microsoft\\Cryptography"
    access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY  # type: ignore[attr-defined,unused-ignore]
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place, 0, access) as key:  # type: ignore[attr-defined,unused-ignore]
        return str(winreg.QueryValueEx(key, "MachineGuid")[0])  # type: ignore[attr-defined,unused-ignore]


def _id_of_macos() -> str:
    """Return the UUID of the hardware."""
    import ctypes

    class Wait(ctypes.Structure):
        _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))

    found = (ctypes.c_ubyte * 16)()
    failed = ctypes.CDLL(None).gethostuuid(found, ctypes.byref(Wait(1, 0)))
    return "" if failed else bytes(found).hex()


class LocalZone(tzinfo):
    """The zone of this machine, with its rules for the whole calendar and not only today's offset."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        """Return how far east of UTC the local time ``when`` stands."""
        try:
            naive = datetime.now() if when is None else when.replace(tzinfo=None)  # noqa: DTZ005 - local on purpose
            return naive.astimezone().utcoffset() or timedelta(0)
        except (OverflowError, OSError, ValueError):  # beyond what the system's tables know
            return timedelta(0)

    def dst(self, when: datetime | None) -> timedelta | None:
        """Return None: only the whole offset is known."""
        del when
        return None

    def tzname(self, when: datetime | None) -> str:
        """Return the offset as the zone's name."""
        minutes = int(self.utcoffset(when).total_seconds() // 60)
        sign = "-" if minutes < 0 else "+"
        return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

    def fromutc(self, when: datetime) -> datetime:
        """Return the local time of a time in UTC that carries this zone."""
        try:
            local = when.replace(tzinfo=UTC).astimezone()
        except (OverflowError, OSError, ValueError):
            return when
        return local.replace(tzinfo=self)
