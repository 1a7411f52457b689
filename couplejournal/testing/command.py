"""The command line for tests: in this process, with what is typed, and with what it printed on each side."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Done(NamedTuple):
    """How a command ended: the exit code, and what it printed as data and as talk."""

    code: int
    out: str
    err: str


class Terminal(io.TextIOWrapper):
    """A stream that claims to lead to a person."""

    def isatty(self) -> bool:
        """Return that it does."""
        return True


class CommandLine:
    """Runs command lines of one person, in a home of that person's own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep everything in ``home``; nothing is there before the first command."""
        self.home = home
        self._monkeypatch = monkeypatch

    def __call__(self, *args: str, stdin: str | bytes = b"", terminal: bool = False) -> Done:
        """Run one command line, 80 columns wide; ``terminal``: a person sits there and types ``stdin``."""
        from couplejournal.cli.main import run

        data = stdin.encode() if isinstance(stdin, str) else stdin
        kind = Terminal if terminal else io.TextIOWrapper
        held = {name: io.BytesIO() for name in ("stdout", "stderr")}
        with self._monkeypatch.context() as patch:
            patch.setenv("COUPLEJOURNAL_HOME", str(self.home))
            patch.setenv("NO_COLOR", "1")
            patch.setenv("COLUMNS", "80")
            patch.setattr(sys, "argv", ["couplejournal", *args])
            patch.setattr(sys, "stdin", kind(io.BytesIO(data), encoding="utf-8"))
            for name, stream in held.items():
                patch.setattr(sys, name, kind(stream, encoding="utf-8", write_through=True))
            code = run(list(args))
            out, err = (stream.getvalue().decode() for stream in held.values())
        return Done(code, out, err)
