"""An entry of a kind that a plugin brings, from the command line, with the plugin on and off."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

import couplejournal as cj
from couplejournal.cli.main import cli
from couplejournal.disk import RealDisk
from couplejournal.plugins import Field, Kind, Lifecycle, Permissions, Transition
from couplejournal.plugins.kinds import kind_data
from couplejournal.plugins.lock import LockedPlugin, write_lock
from couplejournal.store.home import Home

if TYPE_CHECKING:
    import pytest

WISH = Kind(
    "wish",
    fields=(Field("size", choices=("small", "large")), Field("weeks", "whole"), Field("near", "yes-no")),
    lifecycle=Lifecycle("open", (Transition("open", "let-go", "let_go", "author"),)),
)


def typed(*words: str) -> Any:
    """Run a command and return what it printed as JSON, or its text."""
    done = CliRunner().invoke(cli, [*words, "--no-sync"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in words else done.stdout


def test_a_kind_of_a_plugin_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`add`, `step`, `show`, `log` and `search` know the kind while it is on, and keep the entry when it is off."""
    monkeypatch.setenv("COUPLEJOURNAL_HOME", str(tmp_path))
    cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE).close()
    path = Home.locate(None, os.environ).plugins_lock_path
    plugin = LockedPlugin(
        id="wishes", distribution="x", version="1", files={}, permissions=Permissions(), tier="pack",
        kinds=(kind_data(WISH), kind_data(Kind("hush", tender="intimate"))),
    )  # fmt: skip
    write_lock(path, [plugin], RealDisk())
    fields = ["--field", "size=large", "--field", "weeks=3", "--field", "near=yes"]
    entry = typed("add", "wish", "A long walk", *fields, "--json")
    assert typed("step", entry["id"], "let-go", "--json")["kind"] == "step"
    [shown, _] = typed("show", entry["id"], "--json")["entries"]
    assert (shown["kind"], shown["state"]) == ("wish", "let_go")
    assert [one["id"] for one in typed("search", "long walk", "--kind", "wish", "--json")["entries"]] == [entry["id"]]
    for wrong in ("size=huge", "weeks=three", "odd=1"):
        assert CliRunner().invoke(cli, ["add", "wish", "x", "--field", wrong, "--no-sync"]).exit_code in (1, 2)
    typed("add", "hush", "A long whisper")
    assert "whisper" not in typed("search", "long")
    assert "whisper" in typed("search", "long", "--kind", "hush")
    write_lock(path, [], RealDisk())
    assert "whisper" not in typed("search", "long")
    [off, _] = typed("show", entry["id"], "--json")["entries"]
    assert (off["kind"], off["state"]) == ("wish", None)
    assert "A long walk" in json.dumps(off)
    assert CliRunner().invoke(cli, ["add", "wish", "x", "--no-sync"]).exit_code == 2
    path.write_text("{", "utf-8")
    assert "A long walk" in typed("log", "--kind", "wish")
