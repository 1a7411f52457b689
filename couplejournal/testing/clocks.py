"""A machine whose time passes only when it is told to, whose clock can be wrong, and whose chance repeats."""

from __future__ import annotations

import hashlib
from typing import Final

START_MS: Final = 1_790_000_000_000  # in September 2026


class FakeSystem:
    """A `couplejournal.system.System` for tests: the same seed and the same calls give the same bytes and times.

    Nothing moves by itself, so two acts in a row happen at the same instant unless `advance` is called between them.
    What the ``cryptography`` library draws for itself stays random, so sealed bytes differ from run to run.
    """

    def __init__(self, seed: str = "", *, start_ms: int = START_MS, machine: str | None = None) -> None:
        """Begin at a time in milliseconds since 1970; ``machine`` is the seed if it is not given."""
        self.machine = seed if machine is None else machine
        self._seed = seed
        self._ms = start_ms
        self._passed_ms = 0
        self._draws = 0
        self._boots = 1

    def advance(self, seconds: float) -> None:
        """Let time pass, by any number of seconds from 0 on."""
        ms = round(seconds * 1000)
        self._ms += ms
        self._passed_ms += ms

    def jump(self, seconds: float) -> None:
        """Set the clock forward or, with a negative number, back, while no time passes; never before 1970."""
        self._ms = max(0, self._ms + round(seconds * 1000))

    def set_to(self, ms: int) -> None:
        """Set the clock to a time in milliseconds since 1970, while no time passes."""
        self._ms = ms

    def boot(self) -> None:
        """Start the machine anew."""
        self._boots += 1

    def now_ms(self) -> int:
        """Return the time that it is by now, in milliseconds since 1970."""
        return self._ms

    def monotonic(self) -> float:
        """Return how many seconds have passed, whatever the clock shows."""
        return self._passed_ms / 1000

    def sleep(self, seconds: float) -> None:
        """Let time pass at once; nobody waits."""
        self.advance(seconds)

    def random_bytes(self, count: int) -> bytes:
        """Return the next bytes of the seed."""
        self._draws += 1
        return hashlib.shake_256(f"{self._seed} {self._draws}".encode()).digest(count)

    def boot_id(self) -> str:
        """Return a word that changes with `boot`."""
        return f"boot {self._boots}"

    def machine_id(self) -> str:
        """Return the machine: each seed has one of its own, unless it was given."""
        return self.machine
