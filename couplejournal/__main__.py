"""The command: ``couplejournal``, ``cj`` and ``python -m couplejournal``."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code.

    A command lives for a moment, so two things are left out that would take a quarter of its time. It makes next to no
    circular garbage, and does not look for any (`sync --watch`, which lives on, turns that on again). And at its end,
    when everything is saved, said and closed, the process leaves without taking the interpreter apart piece by piece.
    """
    gc.disable()
    from couplejournal.cli.main import run

    code = run()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or nobody reads any more
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
