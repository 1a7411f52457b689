"""Two people, one folder: the main job, end to end (`make demo`).

Ana starts a journal, Ben joins with twelve words, both write, each reads the other's entries within a moment, and the
folder between them holds nothing but sealed files. It ends with exit code 1 and one sentence if any of that is not so.
No real journal is touched: everything lies in one folder, which is made anew at each run.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from pathlib import Path

from people import DemoError
from scenario import Demo

CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(prog="demo", description="Two people, one folder: the main job, end to end.")
    parser.add_argument("--entries", type=int, default=300, help="how many entries the two write (300)")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".demo", help="where all of it lies, made anew")
    given = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter gets an escape
    started = time.monotonic()
    try:
        Demo(given.folder, given.entries).run()
    except DemoError as error:
        print(f"\nThe demo failed: {error}.", file=sys.stderr)
        return 1
    print(f"\nAll of it held, in {time.monotonic() - started:.0f} seconds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
