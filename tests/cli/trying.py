"""A package with a plugin that has the hooks of these tests, put where Python finds it, and what it may do wrong."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from cli.conftest import CommandLine

from couplejournal.plugins import hosting
from couplejournal.plugins.calls import Failures

HOOKS = (
    "exercises", "importers", "exporters", "render", "check_draft", "reminders", "diagnostics", "on_entry_added",
    "on_entry_revised", "on_synced", "on_opened", "on_conflict",
)  # fmt: skip
MANIFEST = """id = "tried"
api = 1
tier = "TIER"
target = "tried_plugin:Tried"
summary = "Every hook."
[permissions]
read = ["mine"]
kinds = ["note", "bid", "wish"]
[why]
read = "To try it."
kinds = "To try it."
[provides]
hooks = [HOOKS]
"""
CODE = """
from datetime import timedelta
from couplejournal.plugins import (
    Draft, Exercise, ExerciseStep, Exporter, Importer, JournalPlugin, Kind, Notice, Reminder, Rendered,
)
class Tried(JournalPlugin):
    def kinds(self):
        yield Kind("wish", default_audience="private")
    def exercises(self):
        BEFORE
        steps = (ExerciseStep(text="Sit down.\\x1b[31m"), ExerciseStep(text="Breathe.", seconds=75))
        yield Exercise(id="breath", title="One breath", steps=steps, writes="wish")
        yield Exercise(id="talk", title="Talk", steps=(ExerciseStep(text="Talk."),), writes="response")
    def importers(self):
        yield Importer(id="lines", title="A note a line", read=read)
    def exporters(self):
        yield Exporter(id="lines", title="A line an entry", suffix=".txt", export=write)
    def render(self, request):
        BEFORE
        return Rendered(blocks=("* " + request.entry.content.text + " *\\x1b[31m",))
    def check_draft(self, draft):
        BEFORE
        if "always" in draft.text:
            yield Notice(text="Is it always?\\x1b[31m")
    def reminders(self, request):
        BEFORE
        yield Reminder(id="talk", text="Ten minutes?\\x1b[31m", at=request.now)
        yield Reminder(id="later", text="Later.", at=request.now + timedelta(days=1))
    def diagnostics(self):
        return {"cards": 52}
    def on_entry_added(self, event):
        BEFORE
        note("added", *(entry.content.text for entry in event.entries))
    def on_entry_revised(self, event):
        note("revised", *(entry.content.text for entry in event.entries))
    def on_synced(self, event):
        BEFORE
        note("synced", event.drive)
    def on_opened(self, event):
        note("opened")
    def on_conflict(self, event):
        note("conflict")
    COMMANDS
heard = []
def note(*told):
    heard.append(told)
def read(data, request):
    BEFORE_PLAIN
    for line in data.decode().splitlines():
        day, _, text = line.partition(" ")
        yield Draft(kind="note", text=text, happened_at=request.now.replace(year=int(day)), source_id=day)
def write(request):
    BEFORE_PLAIN
    for entry in request.view.entries():
        yield entry.content.text.encode() + b"\\n"
"""
COMMANDS = """def commands(self):
        import click
        @click.command("count")
        @click.option("--to", type=int, default=2)
        def count(to):
            "Count up."
            if to == 7: raise ValueError("my secret words")
            if to == 8: raise SystemExit(5)
            if to == 9: return 9
            if to == 10: raise click.ClickException("ten is too many")
            click.echo(" ".join(str(number + 1) for number in range(to)))
        yield count
        yield click.Command("hidden")
"""


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, *, tier: str = "trusted", before: str = "pass") -> None:
    """Put the package where Python finds it; ``before`` is done at the beginning of every hook."""
    package, about = folder / "tried_plugin", folder / "tried-1.dist-info"
    for made in (package, about):
        made.mkdir(parents=True, exist_ok=True)
    commands = '\n[provides.commands]\ncount = "Count up."\n' if tier == "trusted" else ""
    hooks = ["kinds", *HOOKS, *(["commands"] if tier == "trusted" else [])]
    manifest = MANIFEST.replace("TIER", tier).replace("HOOKS", ", ".join(f'"{hook}"' for hook in hooks))
    code = CODE.replace("BEFORE_PLAIN", textwrap.indent(before, " " * 4).strip())
    code = code.replace("BEFORE", textwrap.indent(before, " " * 8).strip())
    code = code.replace("COMMANDS", COMMANDS if tier == "trusted" else "")
    (package / "couplejournal.toml").write_text(manifest + commands, "utf-8")
    (package / "__init__.py").write_text(code, "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tried\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text("[couplejournal.plugins]\ntried = tried_plugin\n", "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "tried_plugin", raising=False)  # or it is found where it was in another test
    monkeypatch.setattr(hosting, "IN_THIS_PROCESS", Failures())  # what failed in another test is forgotten


def begun(run: CommandLine) -> CommandLine:
    """Make a journal in which this plugin alone is on."""
    assert run("init", "--name", "Ana", "--no-passphrase", "--no-plugins").code == 0
    assert run("plugins", "enable", "tried", "--agree", "tried").code == 0
    return run
