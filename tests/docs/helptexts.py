"""The help of every command as it is now, and what `docs/reference/cli.md` shows of it.

``python tests/docs/helptexts.py`` puts the present texts into that page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from couplejournal.cli.main import cli

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "reference" / "cli.md"
WIDTH = 80
BLOCK = re.compile(r"^```help ([a-z -]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def help_texts() -> dict[str, str]:
    """Return the help of the whole and of every command by what is typed, such as ``couplejournal plugins enable``."""
    return dict(_texts(cli, None, "couplejournal"))


def _texts(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    settings = cli.context_settings if parent is None else {}
    context = click.Context(command, parent, name.rpartition(" ")[2], terminal_width=WIDTH, **settings)
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _texts(found, context, f"{name} {inner}")


def shown_texts(page: str) -> dict[str, str]:
    """Return the help that a page shows, by command."""
    return {name: text.strip() for name, text in BLOCK.findall(page)}


def with_present_texts(page: str) -> str:
    """Return the page with every block as the help is now."""
    present = help_texts()
    return BLOCK.sub(lambda found: f"```help {found[1]}\n{present[found[1]].strip()}\n```", page)


if __name__ == "__main__":
    PAGE.write_text(with_present_texts(PAGE.read_text("utf-8")), "utf-8")
