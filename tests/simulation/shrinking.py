"""A failing plan is cut down to what it needs (ddmin), and kept as a file that every `make test` replays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from simulation.running import Failure
from simulation.steps import Plan, Step

FROZEN: Final = Path(__file__).resolve().parent / "frozen"


def shrink(plan: Plan, fails: Callable[[Plan], Failure | None]) -> Plan:
    """Leave out steps, in ever smaller pieces, as long as the plan goes on to fail in the same way."""
    failure = fails(plan)
    if failure is None:
        return plan
    kind = kind_of(failure)
    steps = list(plan.steps[: failure.at + 1])
    size = max(1, len(steps) // 2)
    while size:
        at = 0
        while at < len(steps):
            shorter = Plan(plan.seed, (*steps[:at], *steps[at + size :]))
            again = fails(shorter)
            if again is not None and kind_of(again) == kind:
                steps = list(shorter.steps[: again.at + 1])
            else:
                at += size
        size //= 2
    return Plan(plan.seed, tuple(steps))


def kind_of(failure: Failure) -> str:
    """Return what makes two failures the same: the invariant, or the error that came out."""
    words = failure.message.split()
    return " ".join(words[:2]) if words[0] == "error" else words[0]


def freeze(plan: Plan, message: str, *, folder: Path = FROZEN) -> Path:
    """Keep a plan; its name is that of its content."""
    steps = [list(step) for step in plan.steps]
    lines = ",\n  ".join(json.dumps(step) for step in steps)
    text = f'{{"seed": {plan.seed},\n "found": {json.dumps(message)},\n "steps": [\n  {lines}\n]}}\n'
    path = folder / f"{hashlib.sha256(json.dumps([plan.seed, steps]).encode()).hexdigest()[:16]}.json"
    folder.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def thaw(path: Path) -> Plan:
    """Return a plan that was kept."""
    kept = json.loads(path.read_text("utf-8"))
    return Plan(kept["seed"], tuple(Step(*step) for step in kept["steps"]))
