"""Simulate: `python tests/simulation --seeds 5000`, `--hours 8`, `--bugs`, `--real`; seeds are fresh without `--first`.

What fails is shown, cut down, and frozen in `tests/simulation/frozen`, where every `make test` replays it.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Iterable
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve()
if str(_HERE.parents[1]) not in sys.path:  # with a safe path nothing of the checkout is found by itself
    sys.path.insert(0, str(_HERE.parents[1]))

from simulation.planted import BUGS, planted  # noqa: E402 - see above
from simulation.running import Failure, Tally, primitives, run, run_many  # noqa: E402 - as above
from simulation.shrinking import freeze, shrink  # noqa: E402 - as above
from simulation.steps import STEPS, Plan  # noqa: E402 - as above

BUG_SEEDS: Final = 2000
_PORTION: Final = 250
_Portion = tuple[int, int, int, bool]


def _simulate(portion: _Portion) -> Tally:
    first, seeds, length, is_real = portion
    return run_many(range(first, first + seeds), length=length, is_real=is_real)


def _fails(is_real: bool, plan: Plan) -> Failure | None:
    return run(plan, is_real=is_real)[1]


def keep(failure: Failure, *, is_real: bool) -> Path:
    """Cut a failing plan down and freeze it."""
    with primitives(is_real=is_real):
        plan = shrink(failure.plan, lambda plan: _fails(is_real, plan))
        found = _fails(is_real, plan) or failure
    return freeze(plan, found.message)


def simulate(first: int, portions: Iterable[int], *, length: int, is_real: bool, jobs: int, seconds: float) -> int:
    """Run portions of seeds until one fails or the time is over; print what was run, and return an exit code."""
    work: Iterable[_Portion] = ((first + at * _PORTION, _PORTION, length, is_real) for at in portions)
    seeds, steps, spent = 0, 0, 0.0
    with get_context("spawn").Pool(jobs) as pool:
        for tally in pool.imap_unordered(_simulate, work):
            seeds, steps, spent = seeds + tally.seeds, steps + tally.steps, spent + tally.seconds
            print(Tally(seeds, steps, spent, tally.failures).line(), flush=True)
            for failure in tally.failures:
                print(f"seed {failure.plan.seed}, step {failure.at}: {failure.message}", flush=True)
                print(f"frozen as {keep(failure, is_real=is_real)}", flush=True)
                return 1
            if spent > seconds * jobs:
                break
    return 0


def bugs(*, seconds: float) -> int:
    """Plant each bug and print after how many seeds it is found."""
    missed = 0
    print("| bug | seeds | found as |\n|---|---:|---|")
    for bug in BUGS:
        with planted(bug):
            tally = run_many(range(BUG_SEEDS), seconds=seconds)
        told = tally.failures[0].message.split(" ")[0] if tally.failures else "**not found**"
        missed += not tally.failures
        print(f"| {bug} | {tally.seeds:,} | {told} |", flush=True)
    return 1 if missed else 0


def main() -> int:
    """Read the arguments and simulate."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, help="how many, in portions of 250 (default: until the time is over)")
    parser.add_argument("--hours", type=float, default=1.0, help="the longest time (default: 1)")
    parser.add_argument("--first", type=int, help="the first seed (default: a fresh one, which is printed)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--real", action="store_true", help="with the real primitives")
    parser.add_argument("--bugs", action="store_true", help="plant every bug, and see how soon it is found")
    asked = parser.parse_args()
    if asked.bugs:
        return bugs(seconds=asked.hours * 3600)
    first = secrets.randbelow(1 << 48) if asked.first is None else asked.first
    print(f"first seed {first}", flush=True)
    portions = count() if asked.seeds is None else range(-(-asked.seeds // _PORTION))
    return simulate(
        first, portions, length=asked.steps, is_real=asked.real, jobs=asked.jobs, seconds=asked.hours * 3600
    )


if __name__ == "__main__":
    sys.exit(main())
