"""``plugins``: the screen that asks, packs, packages of others, and that no other command looks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine

PACK = """id = "evening"
summary = "Questions for the evening."
[[prompts]]
id = "kettle"
text = "What was done for you today?"
"""
MANIFEST = """id = "other"
api = 1
tier = "TIER"
target = "other_plugin:Other"
summary = "One question."
[permissions]
read = ["mine"]
[why]
read = "It looks\\u001b[31m for bids."
[provides]
hooks = ["prompts"]
"""
CODE = """from couplejournal.plugins import JournalPlugin, Prompt
class Other(JournalPlugin):
    def prompts(self, request):
        return [Prompt(id="x", text="Asked by other")]
"""


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line, with a journal."""
    run = command_line("ana")
    assert run("init", "--name", "Ana", "--no-passphrase", "--no-plugins").code == 0
    return run


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a sound pack."""
    path = tmp_path / "evening.toml"
    path.write_text(PACK, "utf-8")
    return path


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str) -> Path:
    """Put a package with a plugin where Python finds it, and return its folder."""
    site = tmp_path / "site"
    folder = site / "other_plugin"
    folder.mkdir(parents=True)
    (folder / "couplejournal.toml").write_text(MANIFEST.replace("TIER", tier), "utf-8")
    (folder / "__init__.py").write_text(CODE, "utf-8")
    about = site / "other_dist-2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other-dist\nVersion: 2.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[couplejournal.plugins]\nother = other_plugin\n", "utf-8")
    monkeypatch.syspath_prepend(str(site))
    return folder


def test_a_pack_is_checked_added_used_and_rests_when_it_changes(ana: CommandLine, pack: Path) -> None:
    """Check, add with agreement, a question from it; after a change it rests until it is enabled again."""
    assert ana("plugins", "check", str(pack)).out == "evening: all well; 1 prompt\n"
    refused = ana("plugins", "add", str(pack))
    assert refused.code == 13
    assert "enforced here: everything: all of it, since nothing runs" in refused.err
    assert ana("plugins", "add", str(pack), "--agree", "evening").out == "evening is on\n"
    assert ana("prompt").out == "What was done for you today?\n"
    pack.write_text(PACK.replace("today", "this week"), "utf-8")
    rests = ana("prompt")
    assert "evening has changed since it was turned on" in rests.err
    assert rests.code == 0
    assert "plugin-changed" in ana("doctor", "--json").out
    done = ana("plugins", "enable", "evening", "--agree", "evening")
    assert "file changed: evening.toml" in done.err
    assert done.out == "evening is on again, with changed files\n  evening.toml\n"
    assert ana("prompt").out == "What was done for you this week?\n"
    assert ana("plugins", "disable", "evening").code == 0
    said = [one["what"] for one in json.loads(ana("plugins", "log", "--json").out)["log"]]
    assert said == ["enabled", "enabled again", "disabled"]


def test_errors_of_a_pack_are_all_told(ana: CommandLine, pack: Path) -> None:
    """One line each, with its place, and the exit code of plugins."""
    pack.write_text(PACK.replace("kettle", "Kettle").replace("summary", "sumary"), "utf-8")
    done = ana("plugins", "check", str(pack))
    assert done.code == 14
    assert [line.partition(":")[0] for line in done.out.splitlines()] == [
        "line 1, column 1", "line 2, column 1", "line 4, column 1",
    ]  # fmt: skip
    assert ana("plugins", "add", str(pack), "--agree", "evening").code == 14


def test_a_person_at_the_terminal_decides(ana: CommandLine, pack: Path) -> None:
    """No is no; yes turns it on; somebody else's id agrees to nothing."""
    assert ana("plugins", "add", str(pack), stdin="no\n", terminal=True).code == 13
    assert ana("plugins", "add", str(pack), "--agree", "morning").code == 13
    assert ana("plugins", "add", str(pack), stdin="yes\n", terminal=True).code == 0


@pytest.mark.parametrize("tier", ["isolated", "trusted"])
def test_a_package_of_others(ana: CommandLine, tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found only when asked for, shown with what it reads and why, and runs as its tier says."""
    folder = installed(tmp_path, monkeypatch, tier)
    assert "One question." not in ana("plugins", "list").out
    assert "One question.  (other-dist)" in ana("plugins", "list", "--available").out
    shown = ana("plugins", "info", "other").out
    for told in ("from: other-dist 2.0, 2 files", "reads: your own words", "network: none", "now: off"):
        assert told in shown
    assert "\x1b" not in shown
    assert ("enforced here: time: it ends after 10 seconds" in shown) == (tier == "isolated")
    typed = ana("plugins", "enable", "other", stdin="yes\n" if tier == "isolated" else "other\n", terminal=True)
    assert typed.code == 0
    assert "other_plugin" not in sys.modules
    assert ana("prompt").out == "Asked by other\n"
    assert ("other_plugin" in sys.modules) == (tier == "trusted")
    sys.modules.pop("other_plugin", None)
    (folder / "more.py").write_text("", "utf-8")
    assert "has changed since" in ana("prompt").err
    (folder / "couplejournal.toml").write_text(
        MANIFEST.replace("TIER", tier).replace('["mine"]', '["mine", "partner"]'), "utf-8"
    )
    again = ana("plugins", "enable", "other", "--agree", "other")
    for told in ("file new: more.py", "file changed: couplejournal.toml", "NEW permission: read partner"):
        assert told in again.err


def test_trusted_needs_its_id_typed(ana: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yes is not enough for code that can do what you can do."""
    installed(tmp_path, monkeypatch, "trusted")
    assert ana("plugins", "enable", "other", stdin="yes\n", terminal=True).code == 13


def test_preview_is_what_it_would_get(ana: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For both there is nothing private; for oneself what is permitted, and no kind that is private by default."""
    installed(tmp_path, monkeypatch, "isolated")
    assert ana("note", "mine alone").code == 0
    assert ana("bid", "a song").code == 0
    assert json.loads(ana("plugins", "preview", "other").out)["entries"] == []
    own = json.loads(ana("plugins", "preview", "other", "--mine").out)
    assert [(one["kind"], one["content"][2]["text"]) for one in own["entries"]] == [("bid", "a song")]


def test_what_misbehaves_leaves_the_command_its_result(
    ana: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command ends with its own code, an entry is written, and the plugin is named."""
    folder = installed(tmp_path, monkeypatch, "isolated")
    (folder / "__init__.py").write_text("import os\nos._exit(3)\n", "utf-8")
    assert ana("plugins", "enable", "other", "--agree", "other").code == 0
    asked = ana("prompt")
    assert asked.code == 0
    assert "plugin other failed in prompts" in asked.err
    assert ana("note", "safe").code == 0
    assert "safe" in ana("log").out


def test_a_trusted_plugin_that_ends_the_program_costs_no_word(
    ana: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing keeps code in this process from ending it; what was written is saved before any plugin hears of it."""
    folder = installed(tmp_path, monkeypatch, "trusted")
    manifest = MANIFEST.replace("TIER", "trusted").replace('hooks = ["prompts"]', 'hooks = ["check_draft"]')
    (folder / "couplejournal.toml").write_text(
        manifest.replace('read = ["mine"]', 'read = ["mine"]\nkinds = ["note"]'), "utf-8"
    )
    (folder / "__init__.py").write_text(
        "import os\nfrom couplejournal.plugins import JournalPlugin\n"
        "class Other(JournalPlugin):\n    def check_draft(self, draft):\n        os._exit(9)\n",
        "utf-8",
    )
    assert ana("plugins", "enable", "other", "--agree", "other").code == 0
    environ = {"COUPLEJOURNAL_HOME": str(ana.home), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    line = [sys.executable, "-m", "couplejournal", "note", "kept"]
    assert subprocess.run(line, env=environ, capture_output=True, timeout=60, check=False).returncode == 9
    assert ana("plugins", "disable", "other").code == 0
    assert "kept" in ana("log").out


def test_no_command_scans_what_is_installed(ana: CommandLine, pack: Path) -> None:
    """With a plugin on, everyday commands load no metadata and open no list of entry points."""
    assert ana("plugins", "add", str(pack), "--agree", "evening").code == 0
    code = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda name, about: opened.append(str(about[0])) if name == 'open' else None)\n"
        "from couplejournal.cli.main import run\n"
        "for line in (['--help'], ['prompt'], ['log'], ['plugins', 'list'], ['note', 'x']):\n"
        "    assert run(line) == 0, line\n"
        "    told = [one for one in opened if 'entry_points.txt' in one or '.dist-info' in one]\n"
        "    assert not told, told\n"
    )
    environ = {"COUPLEJOURNAL_HOME": str(ana.home), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_upgrade_turns_no_bundled_plugin_off(ana: CommandLine) -> None:
    """Plugins that came in the same install are taken as they come now, with the kinds that they declare now."""
    assert ana("plugins", "enable", "bids").code == 0
    lock = ana.home / "config" / "plugins.lock"
    held = json.loads(lock.read_text("utf-8"))
    for plugin in held["plugins"]:
        plugin["files"] = dict.fromkeys(plugin["files"], "0" * 64)
        plugin["kinds"] = []
    lock.write_text(json.dumps(held), "utf-8")
    asked = ana("prompt")
    assert (asked.code, "has changed" in asked.err) == (0, False)
    (now,) = (plugin for plugin in json.loads(lock.read_text("utf-8"))["plugins"] if plugin["id"] == "bids")
    assert [kind["name"] for kind in now["kinds"]] == ["goodnews"]
    assert ana("add", "goodnews", "The job!").code == 0
