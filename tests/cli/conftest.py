"""A command line for each person: that of the public kit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from couplejournal.testing.command import CommandLine, Done, Terminal

__all__ = ["CommandLine", "Done", "Terminal"]


@pytest.fixture
def command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], CommandLine]:
    """Return what makes a command line for a person by name."""
    return lambda name: CommandLine(tmp_path / name, monkeypatch)
