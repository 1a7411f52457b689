"""What may happen, one step at a time, and how a seed becomes a list of such steps."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from couplejournal.testing.drivesim import HOSTILE

STEPS: Final = 200

PEOPLE: Final[Mapping[str, int]] = MappingProxyType({
    "write": 60, "revise": 8, "retract": 4, "admit": 1, "recover": 1, "remove": 2, "end": 1,
})  # fmt: skip
PROGRAMS: Final[Mapping[str, int]] = MappingProxyType({
    "sync": 60, "merge": 4, "restart": 4, "boot": 2, "crash": 8, "crash_twice": 2, "disk_error": 6, "drive_error": 6,
    "hurry": 3, "forget": 2,
})  # fmt: skip
MACHINES: Final[Mapping[str, int]] = MappingProxyType({
    "pass_time": 10, "set_clock": 3, "back_up": 4, "restore": 4, "clone": 1, "lose": 1, "unplug": 2, "plug": 3,
    "other_book": 1,
})  # fmt: skip
DRIVE: Final[Mapping[str, int]] = MappingProxyType({
    **{act: weight * 2 for act, weight in HOSTILE.items()}, "zero_fill": 12, "flip": 8,  # what no listing shows
})  # fmt: skip
WEIGHTS: Final[Mapping[str, int]] = MappingProxyType({**PEOPLE, **PROGRAMS, **MACHINES, **DRIVE})
_ALWAYS: Final = frozenset({"write", "sync", "deliver"})


class Step(NamedTuple):
    """One thing that happens: what, to which device, and two numbers that say how, modulo what there is."""

    act: str
    device: int
    choice: int
    how: int


class Plan(NamedTuple):
    """A run: the seed gives chance to everything in it, the steps say what happens."""

    seed: int
    steps: tuple[Step, ...]


def plan_of(seed: int, length: int = STEPS) -> Plan:
    """Return the plan of a seed: some faults left out, others frequent, and always people who write and sync."""
    dice = random.Random(seed)
    weights = {act: weight * dice.choice((0, 1, 1, 3)) for act, weight in WEIGHTS.items()}
    weights.update({act: max(weights[act], WEIGHTS[act]) for act in _ALWAYS})
    acts = dice.choices(list(weights), list(weights.values()), k=length)
    return Plan(
        seed, tuple(Step(act, dice.randrange(8), dice.randrange(1 << 24), dice.randrange(1 << 16)) for act in acts)
    )
