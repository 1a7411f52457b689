"""The whole library in a simulated world: two persons, four devices, one folder, and everything that can go wrong."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from simulation.planted import BUGS, UNPROVEN, planted
from simulation.running import primitives, run, run_many
from simulation.shrinking import FROZEN, freeze, shrink, thaw
from simulation.steps import Plan, plan_of

from couplejournal.testing.drives import DriveSim

QUICK_SEEDS = 6
REAL_SEEDS = 2
LONG_PARTS = 8
LONG_SEEDS = 30  # in each part; docs/explanation/testing.md names the sum
FRESH_SEEDS = 20
BUG_SEEDS = 2000
SLOW = {  # found within 200 seeds, too, but not within some seconds: `python tests/simulation --bugs`
    "files with odd names are passed over", "files of others are not put back", "what lies beyond a gap is dropped",
    "size and time are ignored", "who misses something is not heard", "what arrives last wins",
}  # fmt: skip
BUG_SECONDS = 60  # of processor time, so that one that hides ends


def test_promises_hold() -> None:
    """I1, I2, I3, I5, I6, I7: some seeds, with all faults, break no promise."""
    tally = run_many(range(QUICK_SEEDS))
    assert not tally.failures, tally.failures


def test_promises_hold_with_the_real_primitives() -> None:
    """The same with real signatures, real encapsulations and real encryption."""
    tally = run_many(range(100, 100 + REAL_SEEDS), is_real=True)
    assert not tally.failures, tally.failures


@pytest.mark.parametrize("kept", sorted(FROZEN.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_failed_holds(kept: Path) -> None:
    """Every plan that once failed is replayed."""
    with primitives(is_real=False):
        _, failure = run(thaw(kept))
    assert failure is None, failure


def test_a_seed_is_always_the_same_run() -> None:
    """The same seed gives the same history in this process and in another one, whatever the order of its sets."""
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from simulation.running import primitives, run\nfrom simulation.steps import plan_of\n"
        "with primitives(is_real=False): print(run(plan_of(7, 80))[0])"
    )
    with primitives(is_real=False):
        here = [run(plan_of(7, 80))[0] for _ in range(2)]
    folder = str(Path(__file__).resolve().parents[1])
    for hash_seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", code, folder, *sys.path], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        here.append(there.stdout.strip())
    assert len(set(here)) == 1


def test_another_seed_is_another_run() -> None:
    """Two seeds give two histories."""
    with primitives(is_real=False):
        assert run(plan_of(1, 20))[0] != run(plan_of(2, 20))[0]


def test_every_act_exists() -> None:
    """Each step that a plan may hold is a fault of the simulated drive or an act of the world, and happens."""
    from simulation import acts
    from simulation.steps import DRIVE, WEIGHTS

    assert set(acts._ACTS) == WEIGHTS.keys() - DRIVE.keys()
    assert all(hasattr(DriveSim, act) for act in DRIVE)
    happened = {step.act for seed in range(30) for step in plan_of(seed).steps}
    assert happened == set(WEIGHTS)


def test_a_failing_plan_is_cut_down(tmp_path: Path) -> None:
    """What is left of a failing plan is short, fails in the same way, and can be kept and read again."""
    with planted("absence is taken for deletion"), primitives(is_real=False):
        failure = next(failure for seed in range(50) if (failure := run(plan_of(seed, 60))[1]) is not None)
        plan = shrink(failure.plan, lambda plan: run(plan)[1])
        again = run(plan)[1]
    assert again is not None
    assert again.message.split()[0] == failure.message.split()[0]
    assert len(plan.steps) < 20
    assert thaw(freeze(plan, again.message, folder=tmp_path)) == plan
    with primitives(is_real=False):
        assert run(plan)[1] is None


def test_nothing_needs_no_steps() -> None:
    """A world in which nothing happens keeps every promise."""
    with primitives(is_real=False):
        assert run(Plan(1, ()))[1] is None


@pytest.mark.parametrize(
    "bug", ["segments are not synced", "one bad file stops the rest", "conflict copies are deleted"]
)
def test_some_bugs_are_found(bug: str) -> None:
    """A bug that is planted in the library is found by the first seeds."""
    with planted(bug):
        assert run_many(range(20)).failures


def test_what_only_the_one_notices_who_misses_it_needs_a_word() -> None:
    """The plan of a file that is spoiled under its old time fails where nobody heeds whoever misses it."""
    with planted("who misses something is not heard"), primitives(is_real=False):
        _, failure = run(thaw(FROZEN / "6f67c6d64c7d7ac5.json"))
    assert failure is not None
    assert failure.message.startswith("I2 ")


@pytest.mark.long
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_promises_hold_at_length(part: int) -> None:
    """I1, I2, I3, I5, I6, I7: many seeds, the same each time."""
    first = 10_000 * (part + 1)
    tally = run_many(range(first, first + LONG_SEEDS), stop_at=3)
    print(tally.line())
    assert not tally.failures, tally.failures


@pytest.mark.skipif("SOAK_HOURS" not in os.environ, reason="`make soak` draws fresh seeds")
@pytest.mark.long
def test_promises_hold_for_fresh_seeds() -> None:
    """The same with seeds that nobody tried before; the first is printed."""
    first = secrets.randbelow(1 << 48)
    print(f"first seed {first}")
    tally = run_many(range(first, first + FRESH_SEEDS), stop_at=3)
    assert not tally.failures, tally.failures


@pytest.mark.long
def test_promises_hold_at_length_with_the_real_primitives() -> None:
    """Some of the seeds with real signatures, encapsulations and encryption."""
    tally = run_many(range(200, 220), is_real=True)
    assert not tally.failures, tally.failures


@pytest.mark.long
@pytest.mark.parametrize("bug", sorted(BUGS.keys() - UNPROVEN - SLOW))
def test_every_bug_is_found(bug: str) -> None:
    """Each bug that is planted in the library is found."""
    with planted(bug):
        assert run_many(range(BUG_SEEDS), seconds=BUG_SECONDS).failures
