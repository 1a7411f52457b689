"""Completion by the Tab key: the scripts, and what real shells make of them where they are here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine
from click.shell_completion import CompletionItem

from couplejournal.cli.completion import SHELLS, PowerShellComplete
from couplejournal.cli.main import cli

FOUND = """
PATH="$1:$PATH"
source "$2"
COMP_WORDS=(couplejournal plugins en)
COMP_CWORD=2
_couplejournal_completion couplejournal
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(command_line: Callable[[str], CommandLine], tmp_path: Path) -> Callable[[str], Path]:
    """Return what writes the script for a shell into a file."""

    def write(shell: str) -> Path:
        done = command_line("ana")("completion", shell)
        assert done.code == 0
        path = tmp_path / f"script.{shell}"
        path.write_text(done.out, "utf-8")
        return path

    return write


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_serves_both_names(shell: str, script: Callable[[str], Path]) -> None:
    """Both commands ask under their own variable, and nothing that was to be filled in is left."""
    text = script(shell).read_text("utf-8")
    for name in ("couplejournal", "cj"):
        assert f"_{name}_COMPLETE".upper() in text
    assert f"{shell}_complete" in text
    assert "%(" not in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_its_script(shell: str, script: Callable[[str], Path]) -> None:
    """The shell finds no slip in it."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run([shell, "-n", str(script(shell))], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes(script: Callable[[str], Path], tmp_path: Path) -> None:
    """With the script read, bash gets the command that was begun."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    run = tmp_path / "bin" / "couplejournal"
    run.parent.mkdir()
    run.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m couplejournal \"$@\"\n", "utf-8")
    run.chmod(0o755)
    command = ["bash", "--norc", "-c", FOUND, "bash", str(run.parent), str(script("bash"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["enable"]


@pytest.mark.parametrize(
    ("words", "begun", "given"),
    [
        (["couplejournal"], "", ([], "")),
        (["couplejournal", "plugins"], "en", (["plugins"], "en")),
        (["couplejournal", "note", 'a "b" c'], "--", (["note", 'a "b" c'], "--")),
        ("couplejournal", "pl", ([], "pl")),
    ],
)
def test_powershell_asks(words: object, begun: str, given: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What PowerShell sends, one word without brackets even, is read as the words that stand on the line."""
    monkeypatch.setenv("COMP_WORDS", json.dumps(words))
    monkeypatch.setenv("COMP_INCOMPLETE", begun)
    assert PowerShellComplete(cli, {}, "couplejournal", "X").get_completion_args() == given


def test_powershell_is_answered() -> None:
    """A line for each, help behind a tab on the same line; files are left to the shell."""
    made = PowerShellComplete(cli, {}, "couplejournal", "X")
    assert made.format_completion(CompletionItem("--tag", help="One\nline.")) == "--tag\tOne line."
    assert made.format_completion(CompletionItem("status")) == "status"
    assert made.format_completion(CompletionItem("", type="file")) == ""
