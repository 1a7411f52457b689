"""Make the vectors that are missing, with the second implementation alone.

From the top of the checkout: ``python -m vectors.make`` with ``tests`` on the path. ``--anew`` makes all of them anew:
wraps are drawn by chance, so every book gets another id. Frozen files are the rule; this is for a new format.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

from vectors.making.books import vectors as books
from vectors.making.loose import vectors as loose
from vectors.making.members import vectors as members
from vectors.making.operations import vectors as operations
from vectors.making.pairing import vectors as pairing
from vectors.making.segments import vectors as segments
from vectors.textform import FOLDER, OUTCOMES, Vector


def vectors() -> Iterator[Vector]:
    """Yield every vector. Those of books come after the books on which they build."""
    for making in (segments, operations, loose, books, members, pairing):
        yield from making()


def main() -> None:
    """Write what is missing."""
    if "--anew" in sys.argv:
        shutil.rmtree(FOLDER, ignore_errors=True)
    seen: set[str] = set()
    for vector in vectors():
        path = FOLDER / vector.kind / f"{vector.name}.txt"
        assert vector.expect in OUTCOMES, vector
        assert str(path) not in seen, vector
        seen.add(str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(vector.written(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
