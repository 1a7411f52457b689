"""Drives for tests: one that is simulated, and wrappers that fail, hang or count.

`DriveSim` is the folder of several devices; `FaultyDrive`, `SlowDrive` and `CountingDrive` go around any drive;
`FaultyCalls` goes under a `FolderDrive` and makes single system calls fail.
"""

from __future__ import annotations

import errno
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar

from couplejournal.drive.calls import FileCalls
from couplejournal.drive.failures import listing_failure, reading_failure, writing_failure
from couplejournal.drive.interface import Drive, Listing, Place
from couplejournal.errors import DriveError
from couplejournal.testing.drivesim import CALM, HOSTILE, LITTER, ROUGH, Delivery, DriveSim, SimDrive, SimFile

__all__ = [
    "CALM", "HOSTILE", "LITTER", "ROUGH", "CountingDrive", "Delivery", "DriveSim", "FaultyCalls", "FaultyDrive",
    "SimDrive", "SimFile", "SlowDrive",
]  # fmt: skip

CALLS: Final = frozenset({"probe", "list", "read", "publish", "remove"})
_FAILURES: Final[dict[str, Callable[[OSError], DriveError]]] = {
    "probe": listing_failure,
    "list": listing_failure,
    "read": reading_failure,
    "publish": writing_failure,
    "remove": writing_failure,
}

_Result = TypeVar("_Result")


class _Around:
    """Any drive, with every call going through `_around`."""

    def __init__(self, inner: Drive) -> None:
        self.inner = inner

    def probe(self) -> Place:
        """Look at the root alone.

        Raises:
            DriveError: as the inner drive, or planted.
        """
        return self._around("probe", "", self.inner.probe)

    def list(self) -> Listing:
        """Return the files.

        Raises:
            DriveError: as the inner drive, or planted.
        """
        return self._around("list", "", self.inner.list)

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            DriveError: as the inner drive, or planted.
        """
        return self._around("read", path, lambda: self.inner.read(path, limit_bytes=limit_bytes))

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Put a file under its final name.

        Raises:
            DriveError: as the inner drive, or planted.
        """
        self._around("publish", path, lambda: self.inner.publish(path, data, direct=direct))

    def remove(self, path: str) -> None:
        """Remove a file.

        Raises:
            DriveError: as the inner drive, or planted.
        """
        self._around("remove", path, lambda: self.inner.remove(path))

    def _around(self, call: str, path: str, act: Callable[[], _Result]) -> _Result:
        raise NotImplementedError


class FaultyDrive(_Around):
    """Any drive, whose ``fail_at``-th call (from 1; of ``calls`` alone) fails with the error ``number``.

    With ``is_lasting`` every later one fails too, until `lift`; with ``is_done`` the call is done before it fails, as
    when an answer is lost. ``hits`` counts the failures, so that a test can require that its fault was met.
    """

    def __init__(
        self,
        inner: Drive,
        *,
        fail_at: int,
        number: int = errno.EIO,
        calls: frozenset[str] = CALLS,
        is_lasting: bool = False,
        is_done: bool = False,
    ) -> None:
        super().__init__(inner)
        self.hits = 0
        self.count = 0
        self._fail_at: int | None = fail_at
        self._number = number
        self._calls = calls
        self._is_lasting = is_lasting
        self._is_done = is_done

    def lift(self) -> None:
        """End all faults."""
        self._fail_at = None

    def _around(self, call: str, path: str, act: Callable[[], _Result]) -> _Result:
        del path
        if call not in self._calls:
            return act()
        self.count += 1
        at = self._fail_at
        if at is None or self.count < at or (self.count > at and not self._is_lasting):
            return act()
        self.hits += 1
        if self._is_done:
            act()
        raise _FAILURES[call](OSError(self._number, "planted"))


class SlowDrive(_Around):
    """Any drive, each call of which takes ``delay_s`` longer, or, between `hold` and `release`, does not end."""

    def __init__(self, inner: Drive, *, delay_s: float = 0.0, calls: frozenset[str] = CALLS) -> None:
        super().__init__(inner)
        self.delay_s = delay_s
        self._calls = calls
        self._open = threading.Event()
        self._open.set()

    def hold(self) -> None:
        """Let every call hang from now on."""
        self._open.clear()

    def release(self) -> None:
        """Let the hanging calls, and all later ones, go on."""
        self._open.set()

    def _around(self, call: str, path: str, act: Callable[[], _Result]) -> _Result:
        del path
        if call in self._calls:
            self._open.wait()
            if self.delay_s > 0:
                threading.Event().wait(self.delay_s)
        return act()


class CountingDrive(_Around):
    """Any drive, whose calls are counted by name and remembered as (name, path)."""

    def __init__(self, inner: Drive) -> None:
        super().__init__(inner)
        self.counts: Counter[str] = Counter()
        self.calls: list[tuple[str, str]] = []

    def clear(self) -> None:
        """Forget the calls so far."""
        self.counts.clear()
        self.calls.clear()

    def _around(self, call: str, path: str, act: Callable[[], _Result]) -> _Result:
        self.counts[call] += 1
        self.calls.append((call, path))
        return act()


class FaultyCalls(FileCalls):
    """The system calls of a drive, of which the ``fail_at``-th (from 1; of ``names`` alone) raises ``number``.

    ``fail_at`` 0 plants nothing; ``is_lasting`` fails every later one too. ``winerror`` makes the error one of Windows;
    ``short`` makes each write store half of what it was given. ``log`` holds the names of all calls.
    """

    NAMES: Final = frozenset({
        "open_root", "enter", "make_folder", "scan", "stat", "open_to_read", "open_new", "open_old", "read", "write",
        "truncate", "sync", "sync_folder", "close", "rename", "unlink",
    })  # fmt: skip

    def __init__(
        self,
        *,
        fail_at: int = 0,
        number: int = errno.EIO,
        names: frozenset[str] = NAMES,
        is_lasting: bool = False,
        winerror: int | None = None,
        short: bool = False,
    ) -> None:
        self.log: list[str] = []
        self.hits = 0
        self._count = 0
        self._plan = (fail_at, number, names, is_lasting, winerror, short)

    def __getattribute__(self, name: str) -> Any:
        """Return a call, with the fault planted before it."""
        found = super().__getattribute__(name)
        if name not in FaultyCalls.NAMES:
            return found
        return lambda *arguments: self._called(name, found, arguments)

    def _called(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> object:
        fail_at, number, planted, is_lasting, winerror, short = self._plan
        self.log.append(name)
        if fail_at and name in planted:
            self._count += 1
            if self._count == fail_at or (is_lasting and self._count > fail_at):
                self.hits += 1
                if name == "close":
                    call(*arguments)  # a failed close has closed
                error = OSError(number, "planted")
                if winerror is not None:
                    error.winerror = winerror  # type: ignore[attr-defined, unused-ignore]
                raise error
        if short and name == "write":
            fd, data = arguments
            return call(fd, data[: max(1, len(data) // 2)])
        return call(*arguments)
