"""What is imported before anybody needs it: start-up is felt in every command."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "asyncio",
    "attr",
    "attrs",
    "click",
    "cryptography",
    "filelock",
    "importlib.metadata",
    "keyring",
    "mnemonic",
    "msgspec",
}
HEAVY |= {"platformdirs", "pluggy", "rich", "segno", "sqlite3", "watchdog"}
NOT_FOR_HELP = {
    "asyncio",
    "cryptography",
    "importlib.metadata",
    "keyring",
    "mnemonic",
    "pluggy",
    "rich",
    "segno",
    "watchdog",
}

# The modules go to standard error, as one line of JSON, whatever the code prints and however it ends.
PROBE = """
import atexit, sys
before = set(sys.modules)
atexit.register(lambda: print(__import__("json").dumps(sorted(set(sys.modules) - before)), file=sys.stderr))
"""
MAIN = """
sys.argv = ["couplejournal", *{flag!r}]
from couplejournal.cli.main import run
raise SystemExit(run())
"""


def imported_by(code: str) -> tuple[set[str], str]:
    """Return the modules that the code brought in, and what it printed."""
    done = subprocess.run([sys.executable, "-c", PROBE + code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1])), done.stdout


def of_these(modules: set[str], unwanted: set[str]) -> list[str]:
    """Return the unwanted ones, by package or by full name."""
    return sorted({module for module in modules if module in unwanted or module.partition(".")[0] in unwanted})


def test_bare_import_is_light() -> None:
    """`import couplejournal` brings in none of its dependencies."""
    modules, _ = imported_by("import couplejournal")
    assert "couplejournal" in modules
    assert of_these(modules, HEAVY) == []


def test_public_names_come_on_first_use() -> None:
    """Each name of ``__all__`` is there when asked for, is listed by ``dir``, and another is an AttributeError."""
    code = """
import couplejournal
assert couplejournal.__all__ and set(couplejournal.__all__) <= set(dir(couplejournal))
for name in couplejournal.__all__: getattr(couplejournal, name)
try: couplejournal.no_such_name
except AttributeError as error: assert "no_such_name" in str(error)
else: raise SystemExit("a name that does not exist was found")
"""
    assert "couplejournal.journal" in imported_by(code)[0]


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_help_is_light(flag: str) -> None:
    """`--version` and `--help` answer without cryptography, watching, plugins or metadata."""
    modules, printed = imported_by(MAIN.format(flag=(flag,)))
    assert "couplejournal" in printed.lower()
    assert of_these(modules, NOT_FOR_HELP) == []


@pytest.mark.parametrize("group", ["plugins", "plugins new", "completion"])
def test_help_of_a_group_is_light(group: str) -> None:
    """The help of plugins and of the commands below it loads nothing heavy, and no plugin."""
    modules, printed = imported_by(MAIN.format(flag=(*group.split(), "--help")))
    assert printed.startswith(f"Usage: couplejournal {group}")
    assert of_these(modules, NOT_FOR_HELP | {"couplejournal_plugins"}) == []
    assert "couplejournal.plugins" not in modules


@pytest.mark.parametrize(
    ("shell", "line", "found"),
    [
        ("bash", "sta", "status"),
        ("zsh", "plugins en", "enable"),
        ("fish", "plugins new --ti", "--tier"),
        ("powershell", "plugins new --tier is", "isolated"),
    ],
)
def test_completion_is_light(shell: str, line: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Tab key finds commands, those below them, options and their values, and loads nothing heavy for it."""
    words = ["couplejournal", *line.split()]
    asked = " ".join(words), str(len(words) - 1)
    if shell == "fish":
        asked = " ".join(words), words[-1]
    elif shell == "powershell":
        asked = json.dumps(words[:-1]), words[-1]
        monkeypatch.setenv("COMP_INCOMPLETE", words[-1])
    monkeypatch.setenv("COMP_WORDS", asked[0])
    monkeypatch.setenv("COMP_CWORD", asked[1])
    monkeypatch.setenv("_COUPLEJOURNAL_COMPLETE", f"{shell}_complete")
    modules, printed = imported_by(MAIN.format(flag=()))
    assert found in printed
    assert of_these(modules, NOT_FOR_HELP | {"couplejournal_plugins"}) == []


def test_a_heavy_import_is_found() -> None:
    """The probe sees a package that is brought in, and a submodule that is named in full."""
    modules, printed = imported_by("import importlib.metadata, click; print('said')")
    assert {"click", "importlib.metadata"} <= set(of_these(modules, HEAVY))
    assert printed == "said\n"
