"""A machine whose time passes only when it is told to, and whose chance repeats."""

from __future__ import annotations

import hashlib
from typing import Final

START_MS: Final = 1_790_000_000_000  # in September 2026


class FakeSystem:
    """A `couplejournal.system.System` for tests: the same seed and the same calls give the same bytes and times.

    What the ``cryptography`` library draws for itself stays random, so sealed bytes differ from run to run.
    """

    def __init__(self, seed: str = "", *, start_ms: int = START_MS) -> None:
        """Begin at a time in milliseconds since 1970."""
        self._seed = seed
        self._start_ms = start_ms
        self._ms = start_ms
        self._draws = 0
        self._boot = "boot"

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ms += round(seconds * 1000)

    def boot(self) -> None:
        """Start the machine anew."""
        self._boot = f"boot after {self._ms}"

    def now_ms(self) -> int:
        """Return the time that it is by now, in milliseconds since 1970."""
        return self._ms

    def monotonic(self) -> float:
        """Return how many seconds have passed."""
        return (self._ms - self._start_ms) / 1000

    def random_bytes(self, count: int) -> bytes:
        """Return the next bytes of the seed."""
        self._draws += 1
        return hashlib.shake_256(f"{self._seed} {self._draws}".encode()).digest(count)

    def boot_id(self) -> str:
        """Return a word that changes with `boot`."""
        return self._boot

    def machine_id(self) -> str:
        """Return the machine; each seed has one of its own."""
        return self._seed
