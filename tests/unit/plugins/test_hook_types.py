"""`mypy --strict` finds a hook that is overridden wrongly, and finds nothing at one that is right."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from house.tree import CHECKOUT

from couplejournal.plugins.author import HOOKS

RIGHT = """
from collections.abc import Iterable, Mapping

import click

from couplejournal.plugins import (
    JSON, Analysis, AnalysisRequest, AnalysisResult, ChoosePrompt, Draft, EntryEvent, Exercise, Exporter, Importer,
    JournalPlugin, Kind, Notice, Prompt, PromptId, PromptRequest, Reminder, ReminderRequest, Rendered, RenderRequest,
    SyncEvent,
)


def run(request: AnalysisRequest) -> AnalysisResult:
    return AnalysisResult(headline=str(len(list(request.view.entries()))))


class Right(JournalPlugin):
    def kinds(self) -> Iterable[Kind]:
        yield Kind("wish")

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        return [Prompt(id="a", text=request.language)]

    def choose_prompt(self, request: ChoosePrompt) -> PromptId | None:
        return request.prompts[0].id

    def exercises(self) -> list[Exercise]:
        return []

    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="a", title="A", run=run)

    def importers(self) -> Iterable[Importer]:
        return ()

    def exporters(self) -> Iterable[Exporter]:
        return ()

    def render(self, request: RenderRequest) -> Rendered | None:
        return None

    def check_draft(self, draft: Draft) -> Iterable[Notice]:
        return ()

    def reminders(self, request: ReminderRequest) -> Iterable[Reminder]:
        return ()

    def commands(self) -> Iterable[click.Command]:
        return ()

    def on_entry_added(self, event: EntryEvent) -> None:
        return None

    def on_entry_revised(self, event: EntryEvent) -> None:
        return None

    def on_opened(self, event: EntryEvent) -> None:
        return None

    def on_conflict(self, event: EntryEvent) -> None:
        return None

    def on_synced(self, event: SyncEvent) -> None:
        return None

    def diagnostics(self) -> Mapping[str, JSON]:
        return {"a": 1}
"""


def faults(folder: Path, text: str) -> str:
    """Return what mypy says of a module that stands by itself."""
    module = folder / "tried.py"
    module.write_text(text, "utf-8")
    command = [
        sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary",
        f"--cache-dir={folder / 'cache'}", str(module),
    ]  # fmt: skip
    return subprocess.run(
        command,
        cwd=folder,
        env={"MYPYPATH": str(CHECKOUT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    ).stdout


@pytest.mark.long
def test_mypy_knows_each_hook(tmp_path: Path) -> None:
    """The right plugin has no fault; with each hook wrong in its arguments or its result, each is named."""
    pytest.importorskip("mypy")
    assert {name for name in HOOKS if f"def {name}(self" in RIGHT} == set(HOOKS)
    assert faults(tmp_path, RIGHT) == ""
    more = re.sub(r"    def (\w+)\(self(.*)\) ->", r"    def \1(self\2, more: int) ->", RIGHT)
    said = faults(tmp_path, more)
    assert {name for name in HOOKS if f'"{name}" incompatible with supertype' in said} == set(HOOKS)
    other = re.sub(r"(    def \w+\(self.*\)) -> .*:\n.*\n", r"\1 -> int:\n        return 7\n", RIGHT)
    said = faults(tmp_path, other)
    assert {name for name in HOOKS if f'of "{name}" incompatible with return type' in said} == set(HOOKS)
