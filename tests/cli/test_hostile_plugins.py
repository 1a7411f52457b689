"""Plugins that misbehave in every way: the command ends with its own result, entries are safe, the plugin is named.

In process (the trusted tier) a plugin can do what the program can do: what is tried there is what can be caught. In a
worker (the isolated tier) it may do its worst.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cli import trying
from cli.conftest import CommandLine

from couplejournal.plugins import worker
from couplejournal.plugins.calls import Failures

SECRET = "my secret words"
CAUGHT = {
    "raises": f"raise ValueError({SECRET!r})",
    "exits": "raise SystemExit(0)",
    "nonsense": "yield object()",
    "recursion": "def again(): return again()\nagain()",
}
WORST = {
    "loops": "while True: pass",
    "exits hard": "import os; os._exit(0)",
    "prints a gigabyte": "import sys\nfor _ in range(1000): sys.stdout.write('x' * 1_000_000)\nraise ValueError",
    "answers a gigabyte": "yield 'x' * 1_000_000_000",
    "forks": "import os, time\nif os.fork() == 0: time.sleep(600)\nraise ValueError",
    "a socket": "import socket\nsocket.create_connection(('192.0.2.1', 9), timeout=0.2)",
    "the keystore": "raise ValueError(open(KEYSTORE, 'rb').read())",
}
COMMANDS = {
    "exercises": (("exercise",), 0),
    "render": (("log",), 0),
    "check_draft": (("note", "Written meanwhile."), 0),
    "reminders": (("reminders",), 0),
    "on_synced": (("sync",), 0),
    "importer lines": (("import", "FILE", "--format", "lines"), 14),
    "exporter lines": (("export", "OUT", "--format", "lines"), 14),
}


def tried(
    run: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch, *, tier: str, does: str, hooks: list[str]
) -> None:
    """Turn a plugin on, spoil it, and try the commands that ask these hooks."""
    site = folder / "site"
    trying.installed(site, monkeypatch, tier=tier)
    trying.begun(run)
    assert run("add", "wish", "The sea.").code == 0
    assert run("reminders", "on", "tried").code == 0
    # only now does it misbehave: what it declares when it is turned on is another matter
    trying.installed(site, monkeypatch, tier=tier, before=does.replace("KEYSTORE", repr(str(_keystore(run)))))
    assert run("plugins", "enable", "tried", "--agree", "tried").code == 0
    (folder / "in.txt").write_text("2019 We moved.\n", "utf-8")
    places = {"FILE": str(folder / "in.txt"), "OUT": str(folder / "out.txt")}
    for hook in hooks:
        monkeypatch.setattr("couplejournal.plugins.hosting.IN_THIS_PROCESS", Failures())
        args, code = COMMANDS[hook]
        done = run(*(places.get(arg, arg) for arg in args))
        assert (hook, done.code) == (hook, code)
        assert f"plugin tried failed in {hook}: " in done.err
        assert SECRET not in done.out + done.err
        if tier == "trusted":  # what it does in a worker makes no difference here
            strict = run("--strict-plugins", *(places.get(arg, arg) for arg in args))
            assert strict.code == 14
            assert strict.out.partition("·")[2] == done.out.partition("·")[2]
    texts = [one["content"]["text"] for one in json.loads(run("log", "--json").out)["entries"]]
    assert texts == ["The sea."] + ["Written meanwhile."] * (2 if tier == "trusted" else 1)
    assert not (folder / "out.txt").exists()


def _keystore(run: CommandLine) -> Path:
    return run.home / "config" / "keystore.cj"


@pytest.mark.parametrize("does", CAUGHT)
def test_what_can_be_caught_in_process_harms_nobody(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    """Each command that asks a hook goes on without it, and with --strict-plugins ends with 14 when it is done."""
    tried(command_line("ana"), tmp_path, monkeypatch, tier="trusted", does=CAUGHT[does], hooks=list(COMMANDS))


def test_a_worker_that_fails_harms_nobody(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for a plugin in a process of its own."""
    tried(
        command_line("ana"), tmp_path, monkeypatch, tier="isolated", does=CAUGHT["raises"],
        hooks=["check_draft"],
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("does", WORST)
def test_a_worker_that_does_its_worst_harms_nobody(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    """Loops, hard exits, a gigabyte, forks, sockets and the keystore's path, in every hook that commands ask."""
    monkeypatch.setattr(worker, "Worker", partial(worker.Worker, seconds=1.0))
    tried(command_line("ana"), tmp_path, monkeypatch, tier="isolated", does=WORST[does], hooks=list(COMMANDS))


@pytest.mark.long
def test_a_worker_gives_what_this_process_gives(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands print the same for a plugin that behaves, wherever it runs."""
    (tmp_path / "in.txt").write_text("2019 We moved.\n", "utf-8")
    printed = {}
    for tier in ("trusted", "isolated"):
        trying.installed(tmp_path / tier, monkeypatch, tier=tier)
        run = trying.begun(command_line(tier))
        out = tmp_path / f"{tier}.txt"
        lines = (
            ("exercise", "--json"), ("add", "wish", "The sea, always."), ("log",), ("reminders", "on", "tried"),
            ("reminders",), ("import", str(tmp_path / "in.txt"), "--format", "lines", "--json"),
            ("export", str(out), "--format", "lines"), ("sync",),
        )  # fmt: skip
        done = [run(*args) for args in lines]
        printed[tier] = [re.sub(r"[0-9a-f]{6} |/\S+", "", one.out) + one.err for one in done], out.read_bytes()
    assert printed["trusted"] == printed["isolated"]
    assert printed["trusted"][1] == b"We moved.\nThe sea, always.\n"


def test_who_interrupts_a_plugin_has_lost_nothing(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What never ends in this process ends with Ctrl-C, as 130; what was written is there."""
    trying.installed(tmp_path / "site", monkeypatch)
    ana = trying.begun(command_line("ana"))
    trying.installed(tmp_path / "site", monkeypatch, before="raise KeyboardInterrupt")
    ana("plugins", "enable", "tried", "--agree", "tried")
    assert ana("note", "Written and safe.").code == 130
    assert ana("sync").code == 130
    assert [one["content"]["text"] for one in json.loads(ana("log", "--json").out)["entries"]] == ["Written and safe."]


def test_after_three_failures_a_plugin_rests(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing asks it for three entries, says once that it failed and once that it rests, and shows all plainly."""
    trying.installed(tmp_path / "site", monkeypatch)
    ana = trying.begun(command_line("ana"))
    for number in range(5):
        ana("add", "wish", f"Wish {number}.")
    trying.installed(tmp_path / "site", monkeypatch, before=CAUGHT["raises"])
    ana("plugins", "enable", "tried", "--agree", "tried")
    done = ana("log")
    assert done.code == 0
    assert [f"    Wish {number}.\n" in done.out for number in range(5)] == [True] * 5
    assert done.err.count("failed in render") == 1
    assert done.err.count("rests until the next start") == 1


def test_a_changed_plugin_is_not_run_and_counts_when_strict(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are not those that were agreed to: the command does without it, and says so."""
    trying.installed(tmp_path / "site", monkeypatch)
    ana = trying.begun(command_line("ana"))
    trying.installed(tmp_path / "site", monkeypatch, before="raise AssertionError('it ran')")
    done = ana("note", "You always sing.")
    assert done.code == 0
    assert "tried has changed since it was turned on" in done.err
    assert ana("--strict-plugins", "note", "You always sing.").code == 14
    assert len(json.loads(ana("log", "--json").out)["entries"]) == 2


def test_commands_that_ask_no_plugin_load_none(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which hooks a plugin has stands in the lock: the others' commands never import it."""
    trying.installed(tmp_path / "site", monkeypatch)
    ana = trying.begun(command_line("ana"))
    monkeypatch.delitem(sys.modules, "tried_plugin")
    ana("note", "first")  # it has this hook
    assert "tried_plugin" in sys.modules
    lock = ana.home / "config" / "plugins.lock"
    lock.write_text(lock.read_text("utf-8").replace('"check_draft",', "").replace('"render",', ""), "utf-8")
    monkeypatch.delitem(sys.modules, "tried_plugin")
    assert ana("note", "second").code == ana("log").code == ana("status").code == 0
    assert "tried_plugin" not in sys.modules
