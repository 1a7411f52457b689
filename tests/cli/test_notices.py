"""Forks, restored backups and silence, as `status` and `sync` tell them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.system import RealSystem
from couplejournal.testing.couples import pair

FORKED = "two histories"
RESTORED = "restored from a backup, or copied; it caught up"


@pytest.fixture
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the homes of Ana, whose device was set back and wrote before it synced, and of Ben, who has both."""
    couple = pair(tmp_path)
    ana, _ = couple
    ana.add(cj.Note("one"), audience="shared")
    couple.sync()
    shutil.copytree(tmp_path / "ana", tmp_path / "backup")
    ana.add(cj.Note("two"), audience="shared")
    couple.sync()
    ana.close()
    shutil.rmtree(tmp_path / "ana")
    shutil.move(tmp_path / "backup", tmp_path / "ana")
    ana = couple.restart(0)
    ana.add(cj.Note("another two"), audience="shared")
    couple.sync()
    couple.close()
    monkeypatch.setattr(RealSystem, "now_ms", lambda _: couple.systems[0].now_ms())
    return tmp_path / "ana", tmp_path / "ben"


def command_of(home: Path, command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return the command line of a home that is there."""
    made = command_line(home.name)
    assert made.home == home
    return made


def test_status_and_sync_tell_of_a_fork(
    restored: tuple[Path, Path], command_line: Callable[[str], CommandLine]
) -> None:
    """Each command says it in one line, with what to do; nothing fails for it, and JSON has it with a code."""
    for home, sentence, code in zip(restored, (RESTORED, FORKED), ("restored-or-copied", "forked"), strict=True):
        run = command_of(home, command_line)
        shown = run("status", "--no-sync")
        assert sentence in " ".join(shown.out.split())
        done = run("sync")
        assert (done.code, sentence in done.err) == (0, True)
        for command in (("status", "--no-sync", "--json"), ("sync", "--json")):
            document = json.loads(run(*command).out)
            assert code in [notice["code"] for notice in document["notices"]]
            [notice] = [notice for notice in document["notices"] if notice["code"] == code]
            assert sentence in notice["message"]
            assert set(notice) == {"code", "message", "hint", "device", "since"}
        listed = run("log", "--no-sync")
        assert all(text in listed.out for text in ("one", "two", "another two"))
