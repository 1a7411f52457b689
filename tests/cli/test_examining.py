"""``doctor``: what a person sees, well or not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.testing.couples import pair


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line, with a note in her journal and a plugin on."""
    run = command_line("ana")
    assert run("init", "--name", "Ana", "--no-passphrase", "--no-plugins").code == 0
    assert run("note", "mine alone").code == 0
    assert run("plugins", "enable", "bids").code == 0
    return run


def test_all_well_is_one_line(ana: CommandLine) -> None:
    """A sound journal has one line, exit code 0, and a document that says so."""
    done = ana("doctor")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("all well: 1 book, ")
    assert done.out.count("\n") == 1
    document = json.loads(ana("doctor", "--json").out)
    assert (document["schema"], document["well"], document["findings"]) == ("couplejournal.doctor/1", True, [])
    assert "plugins" in document["checks"]


def test_a_finding_has_cause_and_remedy(ana: CommandLine) -> None:
    """What is wrong is said with its place and what to do, ends with 3, and is put right when that is asked for."""
    keystore = ana.home / "config" / "keystore.cj"
    keystore.chmod(0o644)
    (ana.home / "config" / "plugins.lock").write_text("{", "utf-8")
    done = ana("doctor")
    assert done.code == 3
    lines = done.out.splitlines()
    assert lines[0] == "1 file of this home can be looked into by others on this machine"
    assert lines[1].strip() == "config/keystore.cj"
    assert "plugins.lock is damaged" in done.out
    assert done.out.count("  -> ") == 2
    assert "2 findings in 1 book" in done.err
    fixed = ana("doctor", "--repair")
    assert fixed.code == 3
    assert fixed.out.startswith("put right: 1 file of this home")
    (ana.home / "config" / "plugins.lock").unlink()
    document = json.loads(ana("doctor", "--repair", "--json").out)
    assert (document["well"], document["repaired"]) == (True, [])


def test_a_changed_plugin_and_one_that_is_gone_are_told(ana: CommandLine) -> None:
    """Plugins whose files are not those that were agreed to are named by their ids."""
    lock = ana.home / "config" / "plugins.lock"
    held = json.loads(lock.read_text("utf-8"))
    (plugin,) = held["plugins"]
    plugin["files"] = dict.fromkeys(plugin["files"], "0" * 64)
    held["plugins"].append({**plugin, "id": "gone-by-now"})
    lock.write_text(json.dumps(held), "utf-8")
    found = json.loads(ana("doctor", "--json").out)["findings"]
    assert [(one["code"], one["places"]) for one in found] == [
        ("plugin-changed", ["bids"]), ("plugin-gone", ["gone-by-now"]),
    ]  # fmt: skip


def test_a_ruined_home_is_examined_too(ana: CommandLine) -> None:
    """Without a keystore other commands end; the doctor says what is left. Where nothing is, it is as for them."""
    (ana.home / "config" / "keystore.cj").unlink()
    done = ana("doctor")
    assert (done.code, "the keystore is gone" in done.out) == (3, True)
    ana.home = ana.home.parent / "nobody"
    assert ana("doctor").code == 10


def test_a_locked_journal_needs_no_passphrase(
    command_line: Callable[[str], CommandLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can be asked, what only the keys can tell is left out, and that is said."""
    run = command_line("ben")
    monkeypatch.setenv("COUPLEJOURNAL_PASSPHRASE_COMMAND", "echo four words are enough")
    assert run("init", "--name", "Ben").code == 0
    monkeypatch.delenv("COUPLEJOURNAL_PASSPHRASE_COMMAND")
    done = run("doctor", "--no-input")
    assert (done.code, done.out.startswith("all well")) == (0, True)
    assert "locked: what only the keys can tell was not looked at" in done.err


@pytest.mark.parametrize("is_all", [False, True])
def test_a_private_book_that_is_gone_hides_nothing_else(
    command_line: Callable[[str], CommandLine], tmp_path: Path, *, is_all: bool
) -> None:
    """Without the private book, or its first file, the shared one is read, written and synced; one line says it."""
    made = pair(tmp_path)
    made.journals[1].add(cj.Bid("from Ben"))
    made.journals[0].add(cj.Note("mine alone"))
    made.sync()
    folder = made.journals[0].home.replica(made.journals[0].device.private.folder)
    made.close()
    shutil.rmtree(folder) if is_all else (folder / "book.cj").unlink()
    ana = command_line("ana")
    for command in ("log", "status", "sync", "answers", "devices", "search from"):
        done = ana(*command.split())
        assert done.code == 0, done.err
        assert done.err.count("not here: your private entries; their copy on this device is damaged") == 1
    assert "from Ben" in ana("log").out
    wrote = ana("bid", "to Ben")
    assert (wrote.code, "saved " in wrote.out) == (0, True), wrote.err
    assert ana("log").out.count("to Ben") == 1
    refused = ana("note", "also mine")
    assert (refused.code, "doctor" in refused.err) == (1, True)
    said = ana("doctor").out
    assert ("is not here" if is_all else "the first file of a book is missing") in said
    assert "only a backup of this device has" in said
