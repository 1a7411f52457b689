"""Which operations a set of files holds together, stream by stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Range(Protocol):
    """A file that holds the operations ``first`` to ``last`` of a stream; none if ``last`` is 0."""

    @property
    def stream(self) -> bytes:
        """The stream's id."""

    @property
    def first(self) -> int:
        """The number of its first operation."""

    @property
    def last(self) -> int:
        """The number of its last operation."""


class Coverage:
    """The operations that some files hold, as runs without a gap."""

    def __init__(self, files: Iterable[Range]) -> None:
        """Add the files up."""
        self._runs: dict[bytes, list[tuple[int, int]]] = {}
        for file in sorted((file for file in files if file.last), key=lambda file: (file.stream, file.first)):
            runs = self._runs.setdefault(file.stream, [])
            if runs and file.first <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(runs[-1][1], file.last))
            else:
                runs.append((file.first, file.last))

    def has(self, file: Range) -> bool:
        """Return whether every operation of a file is among them."""
        return any(first <= file.first and file.last <= last for first, last in self._runs.get(file.stream, ()))
