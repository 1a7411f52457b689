"""Fuzz the parsers of foreign bytes: `python tests/fuzz --seconds 300`, or `--runs 10000000 --target segment-header`.

Each target runs in a process of its own under atheris (libFuzzer with the coverage of Python code), forked from one
that has imported everything. What it found
interesting is kept in a corpus and is the beginning of the next run; an input that breaks a promise becomes a case, is
shown, and ends that target. Cases stay in `tests/fuzz/cases` and are tried by every `make test`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import attrs

_HERE: Final = Path(__file__).resolve()
if str(_HERE.parents[1]) not in sys.path:  # with a safe path nothing of the checkout is found by itself
    sys.path.insert(0, str(_HERE.parents[1]))

from fuzz.harness import CASES, Target, all_seeds, targets  # noqa: E402 - see above
from fuzz.nursery import NURSERY, Nursery, tend  # noqa: E402 - see above

ATHERIS: Final = "atheris"
SECONDS_FOR_ONE: Final = 20  # libFuzzer's own last resort; `attempt` counts processor time, and is far stricter
MEMORY_MB: Final = 768  # of the whole process: Python, the fuzzer's tables, and one input
_EXECUTED: Final = re.compile(r"stat::number_of_executed_units: (\d+)")
_PEAK: Final = re.compile(r"stat::peak_rss_mb: +(\d+)")
_RUNNING: Final = re.compile(r"^#(\d+)\s", re.MULTILINE)
_GRACE_S: Final = 300


@attrs.frozen
class Outcome:
    """What one run of a target came to; ``case`` is the input that broke a promise, or None."""

    target: str
    executions: int
    seconds: float
    peak_mb: int
    case: Path | None
    told: str

    def line(self) -> str:
        """Return it as a line of a table."""
        rate = self.executions / self.seconds if self.seconds else 0
        found = f"FOUND {self.case}" if self.case else "nothing found"
        return (
            f"{self.target:<18} {self.executions:>11,} executions {self.seconds:>7.0f} s "
            f"{rate:>8,.0f}/s {self.peak_mb:>4} MB  {found}"
        )


def has_fuzzer() -> bool:
    """Return whether the fuzzer is installed; there are wheels of it for a few systems and Pythons only."""
    return importlib.util.find_spec(ATHERIS) is not None


def fuzz(target: Target, nursery: Nursery, *, seconds: float, runs: int, corpus: Path, cases: Path = CASES) -> Outcome:
    """Fuzz one target in a fork of the nursery, for so many seconds or (if not 0) runs, whichever ends first.

    Raises:
        RuntimeError: the fuzzer itself failed.
    """
    folder = corpus / target.name
    folder.mkdir(parents=True, exist_ok=True)
    for seed in all_seeds(target):
        (folder / hashlib.sha256(seed).hexdigest()[:32]).write_bytes(seed)
    with tempfile.TemporaryDirectory() as scratch:
        options = [
            f"-max_total_time={max(1, round(seconds))}", f"-max_len={target.limit_bytes}",
            f"-timeout={SECONDS_FOR_ONE}", f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={scratch}/",
            "-print_final_stats=1", "-verbosity=1", *([f"-runs={runs}"] if runs else []),
            *([] if nursery.is_guided else ["-keep_seed=1", "-reduce_inputs=0"]), str(folder),
        ]  # fmt: skip
        ended = nursery.run(target.name, options, limit_s=seconds + _GRACE_S)
        case = _kept(Path(scratch), cases / target.name)
    executed = _EXECUTED.search(ended.told)
    peak = _PEAK.search(ended.told)
    running = [int(found) for found in _RUNNING.findall(ended.told)]
    if ended.code and case is None:
        raise RuntimeError(f"the fuzzer itself failed on {target.name} ({ended.code}):\n{ended.told[-2000:]}")
    count = int(executed[1]) if executed else max(running, default=0)
    return Outcome(target.name, count, ended.seconds, int(peak[1]) if peak else 0, case, ended.told[-4000:])


def _kept(scratch: Path, cases: Path) -> Path | None:
    """Keep what the fuzzer left behind of an input that broke a promise."""
    for found in sorted(scratch.iterdir()):
        cases.mkdir(parents=True, exist_ok=True)
        kept = cases / f"{found.name.partition('-')[0]}-{hashlib.sha256(found.read_bytes()).hexdigest()[:16]}"
        kept.write_bytes(found.read_bytes())
        return kept
    return None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300, help="for all targets together")
    parser.add_argument("--runs", type=int, default=0, help="end a target after so many executions (0: by time alone)")
    parser.add_argument("--target", action="append", choices=sorted(targets()), help="only this one; may be repeated")
    parser.add_argument("--unguided", action="store_true", help="change what the corpus holds, and look at nothing")
    parser.add_argument("--corpus", type=Path, default=None, help="where interesting inputs are kept between runs")
    parser.add_argument("--cases", type=Path, default=CASES, help="where inputs that break a promise are kept")
    parser.add_argument("--log", type=Path, default=None, help="a file that gets one line of JSON for each target")
    return parser.parse_args()


def main() -> int:
    """Fuzz what is asked for; return 1 if anything was found."""
    if sys.argv[1:2] == [NURSERY]:
        tend(sys.argv[2], sys.argv[3:])
        return 0
    arguments = _arguments()
    if not has_fuzzer():
        print("skipped: the fuzzer has no wheel for this system and Python (pip install --group fuzz)")
        return 0
    wanted = [target for name, target in targets().items() if not arguments.target or name in arguments.target]
    has_found = False
    names = [target.name for target in wanted]
    with tempfile.TemporaryDirectory() as scratch, Nursery(names, is_guided=not arguments.unguided) as nursery:
        for target in wanted:
            outcome = fuzz(
                target, nursery, seconds=arguments.seconds / len(wanted), runs=arguments.runs,
                corpus=arguments.corpus or Path(scratch), cases=arguments.cases,
            )  # fmt: skip
            print(outcome.line(), flush=True)
            if outcome.case is not None:
                has_found = True
                print(outcome.told)
            if arguments.log is not None:
                _log(arguments.log, outcome, is_guided=not arguments.unguided)
    return int(has_found)


def _log(path: Path, outcome: Outcome, *, is_guided: bool) -> None:
    """Add a line on one run."""
    line: dict[str, object] = {
        "target": outcome.target, "executions": outcome.executions, "seconds": round(outcome.seconds, 1),
        "peak_mb": outcome.peak_mb, "found": outcome.case is not None, "guided": is_guided,
        "day": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
