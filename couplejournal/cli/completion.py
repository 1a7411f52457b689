"""Completion by the Tab key: the scripts for the shells, and what they ask. click knows three; PowerShell is ours.

The shell runs couplejournal with two variables set: what the script is called, and what stands on the line. The answer
comes from the catalogue and from the options of one command, so nothing heavy is loaded for a key.
"""

from __future__ import annotations

import json
import os
from typing import Final

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

from couplejournal.cli.settings import Act

NAMES: Final = ("couplejournal", "cj")
SHELLS: Final = ("bash", "zsh", "fish", "powershell")

# The words before the one under the cursor go over as JSON, since any of them may hold any letter.
_POWERSHELL: Final = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { [string]$_.Value } else { $_.Extent.Text } })
    $env:COMP_WORDS = ConvertTo-Json -Compress -InputObject $before
    $env:COMP_INCOMPLETE = $wordToComplete
    $env:%(complete_var)s = "powershell_complete"
    try {
        & $commandAst.GetCommandName() | Where-Object { $_ } | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_INCOMPLETE, Env:%(complete_var)s -ErrorAction SilentlyContinue
    }
}
"""


@add_completion_class
class PowerShellComplete(ShellComplete):
    """What PowerShell asks, and the script that makes it ask."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, the program's own name left out, and the word that is begun."""
        words = json.loads(os.environ.get("COMP_WORDS") or "[]")
        found = [words] if isinstance(words, str) else words  # one word alone may come without brackets
        return [str(word) for word in found][1:], os.environ.get("COMP_INCOMPLETE", "")

    def format_completion(self, item: CompletionItem) -> str:
        """Return a line: the word, and its help behind a tab; nothing for files, which PowerShell completes itself."""
        if item.type != "plain":
            return ""
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)


@click.command(cls=Act)
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
def completion(shell: str) -> None:
    """Print the script by which a shell completes commands and options: bash, zsh, fish or powershell.

    The shell has to read it at its start. For bash this line in ~/.bashrc does that:
    eval "$(couplejournal completion bash)"
    """
    whole = click.get_current_context().find_root().command
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError("this click knows no such shell")
    for name in NAMES:
        # not by its own `source`, which for bash asks that program for its version first
        click.echo(ShellComplete.source(found(whole, {}, name, f"_{name}_COMPLETE".upper())))
