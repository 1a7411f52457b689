"""A command line for tests: in this process, with stdin, and with what it printed on each side."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from couplejournal.cli.main import run


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Terminal(io.TextIOWrapper):
    """A stream that claims to lead to a person."""

    def isatty(self) -> bool:
        return True


class CommandLine:
    """Runs command lines of one person."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._monkeypatch = monkeypatch

    def __call__(self, *args: str, stdin: str | bytes = b"", terminal: bool = False) -> Done:
        """Run one command line; ``terminal``: a person sits there and types ``stdin``."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        kind = Terminal if terminal else io.TextIOWrapper
        streams = {name: kind(io.BytesIO(), encoding="utf-8", write_through=True) for name in ("stdout", "stderr")}
        with self._monkeypatch.context() as patch:
            patch.setenv("COUPLEJOURNAL_HOME", str(self.home))
            patch.setenv("NO_COLOR", "1")
            patch.setenv("COLUMNS", "80")
            patch.setattr(sys, "argv", ["couplejournal", *args])
            patch.setattr(sys, "stdin", kind(io.BytesIO(data), encoding="utf-8"))
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = run(list(args))
        out, err = (stream.buffer.getvalue().decode() for stream in streams.values())  # type: ignore[attr-defined]
        return Done(code, out, err)


@pytest.fixture
def command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], CommandLine]:
    """Return what makes a command line for a person by name."""
    return lambda name: CommandLine(tmp_path / name, monkeypatch)
