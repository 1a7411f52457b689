"""``python tests/crashes``: strike commands at every file-changing call, and print what came of it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crashes.commands import COMMANDS
from crashes.places import go_apart, lacking
from crashes.running import CUTS, FAULTS, Bench, Count


def main() -> int:
    """Run; 1 where something was not as it should be."""
    asked = _asked()
    if shutil.which("strace") is None:
        print("skipped: crash points need strace")
        return 0
    faults = _possible(asked.faults.split(","))
    commands = [one for one in COMMANDS if not asked.commands or one.name in asked.commands.split(",")]
    base = Path(tempfile.mkdtemp(prefix="crashes-", dir=asked.dir))
    bench = None
    counts: list[Count] = []
    try:
        bench = Bench(base, broken=asked.broken)
        for fault in faults:
            for number, command in enumerate(commands):
                counts.append(bench.try_all(command, fault, every=asked.every, shift=number))
                _print(counts[-1])
    finally:
        if bench is not None:
            bench.close()
        shutil.rmtree(base, ignore_errors=True)
    failed = sum(len(count.failures) for count in counts)
    runs, missed = sum(count.runs for count in counts), sum(len(count.missed) for count in counts)
    print(json.dumps({"runs": runs, "failed": failed, "not_hit": missed}))
    return min(failed, 1)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="crashes", description=__doc__)
    parser.add_argument("--commands", default="", help="names, with commas between; all of them otherwise")
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--every", type=int, default=1, help="at every so many-th point alone")
    parser.add_argument("--dir", default="/dev/shm" if Path("/dev/shm").is_dir() else None, help="where to work")
    parser.add_argument("--broken", default="", help="plant a fault in the program: it has to be found")
    return parser.parse_args()


def _possible(faults: list[str]) -> list[str]:
    """Return the faults that can be made here, and say which cannot."""
    found = []
    for fault in faults:
        reason = lacking(CUTS[fault][0]) if fault in CUTS else ""
        if not reason and fault in CUTS:
            try:
                go_apart()
            except OSError as error:
                reason = str(error)
        if reason:
            print(f"skipped: {fault}: {reason}")
        else:
            found.append(fault)
    return found


def _print(count: Count) -> None:
    for failure in count.failures:
        print(f"FAIL {failure}")
    for point in count.missed:
        print(f"not hit: {count.command}, {count.fault} at {point}")
    print(
        f"{count.command:26} {count.fault:10} {count.points:4} points {count.runs:4} runs "
        f"{len(count.failures):3} failed {len(count.missed):3} not hit {count.seconds:6.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
