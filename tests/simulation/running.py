"""One run of a plan, and many of them; a failure is a plan, a step and the promise that was broken."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterable, Iterator

import attrs
from simulation import acts, invariants
from simulation.cheap import cheap_primitives
from simulation.device import tier
from simulation.steps import STEPS, Plan, plan_of
from simulation.violation import Violation
from simulation.world import World

from couplejournal.testing.disks import CrashError

TIERS = (8, 8, 8, 3)


@attrs.frozen
class Failure:
    """What broke: ``at`` is the step (from 0; the number of steps: only when all faults had stopped)."""

    plan: Plan
    at: int
    message: str


@attrs.frozen
class Tally:
    """What many runs came to."""

    seeds: int
    steps: int
    seconds: float
    failures: tuple[Failure, ...]

    def line(self) -> str:
        """Return it in one line, with the honest bound."""
        speed = round(self.steps / self.seconds) if self.seconds else 0
        told = f"{len(self.failures)} of {self.seeds:,} seeds failed, {self.steps:,} steps, {speed:,} a second"
        return told if self.failures else f"{told}; below {3 / max(1, self.seeds):.1e} of such runs at 95 %"


def run(plan: Plan, *, is_real: bool = False) -> tuple[str, Failure | None]:
    """Run a plan once; return the hash of all that happened, and what broke, if something did."""
    with tier(TIERS[plan.seed % len(TIERS)]):
        world, at = World(plan.seed, is_real=is_real), 0
        try:
            world.begin()
            for at, step in enumerate(plan.steps):
                world.now = at
                acts.do(world, step)
            at = len(plan.steps)
            invariants.require_end(world)
        except Violation as broken:
            return world.digest(), Failure(plan, at, str(broken))
        except (Exception, CrashError) as error:  # noqa: BLE001 - whatever else comes out is a broken promise too
            return world.digest(), Failure(plan, at, f"error {type(error).__name__}: {error}")
        return world.digest(), None


def run_many(
    seeds: Iterable[int], *, length: int = STEPS, is_real: bool = False, stop_at: int = 1, seconds: float | None = None
) -> Tally:
    """Run many seeds, until so many failed or the time is over."""
    begin, count, failures = time.process_time(), 0, []
    with primitives(is_real=is_real), _gentle_collection():
        for seed in seeds:
            _, failure = run(plan_of(seed, length), is_real=is_real)
            count += 1
            if failure is not None:
                failures.append(failure)
            if len(failures) >= stop_at or (seconds is not None and time.process_time() - begin > seconds):
                break
    return Tally(count, count * length, time.process_time() - begin, tuple(failures))


@contextlib.contextmanager
def primitives(*, is_real: bool) -> Iterator[None]:
    """Let runs use the real primitives, or the cheap ones."""
    with contextlib.nullcontext() if is_real else cheap_primitives():
        yield


@contextlib.contextmanager
def _gentle_collection() -> Iterator[None]:
    """Look for garbage less often: worlds are large and go all at once."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
