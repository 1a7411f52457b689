"""Which operations a set of files holds together, chain by chain: a branch covers nothing of another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from couplejournal.book.values import File, Run


class Coverage:
    """The operations that some files hold, as runs without a gap."""

    def __init__(self, files: Iterable[File], runs_of: Callable[[Sequence[File]], Sequence[Sequence[Run]]]) -> None:
        """Add the files up; ``runs_of`` gives the pieces of chains that each of some files holds."""
        self._runs_of = runs_of
        self._runs: dict[bytes, list[tuple[int, int]]] = {}
        found = [run for runs in runs_of([file for file in files if file.last]) for run in runs]
        for run in sorted(found, key=lambda run: (run.stream, run.first)):
            runs = self._runs.setdefault(run.stream, [])
            if runs and run.first <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(runs[-1][1], run.last))
            else:
                runs.append((run.first, run.last))

    def has(self, file: File) -> bool:
        """Return whether every operation of a file is among them."""
        runs = self._runs_of([file])[0] if file.last else ()
        return bool(runs) and all(
            any(first <= run.first and run.last <= last for first, last in self._runs.get(run.stream, ()))
            for run in runs
        )
