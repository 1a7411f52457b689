"""The command: ``couplejournal``, ``cj`` and ``python -m couplejournal``."""

from __future__ import annotations

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code.

    A command lives for a moment and makes next to no circular garbage, so looking for some is left out: it would take a
    tenth of the whole time. `sync --watch`, which lives on, turns it on again.
    """
    gc.disable()
    from couplejournal.cli.main import main as run_and_leave

    run_and_leave()


if __name__ == "__main__":
    main()
