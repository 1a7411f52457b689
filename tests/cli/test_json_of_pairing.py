"""Pairing as data: with --json a command prints one document, also when nothing is left to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cli.conftest import CommandLine


def test_a_pairing_that_is_done_is_told_as_data(command_line: Callable[[str], CommandLine], tmp_path: Path) -> None:
    """After the last step `accept --json` and `join --json` still print a document, for both of the two."""
    folder = tmp_path / "drive"
    folder.mkdir()
    ana, ben = command_line("ana"), command_line("ben")
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    words = " ".join(json.loads(ana("invite", str(folder), "--json").out)["words"])
    done = ben("join", str(folder), "--name", "Ben", "--no-passphrase", "--yes", "--json", stdin=words)
    assert json.loads(done.out)["state"] == "confirmed"
    assert json.loads(ana("accept", "--yes", "--json").out)["name"] == "Ben"
    assert (ben("sync").code, ana("sync").code) == (0, 0)
    for done, other in (
        (ana("accept", "--json"), "Ben"),
        (ben("accept", "--json"), "Ana"),
        (ben("join", "--json"), "Ana"),
    ):
        assert done.code == 0
        shown = json.loads(done.out)
        assert (shown["schema"], shown["state"], shown["name"]) == ("couplejournal.pairing/1", "done", other)
