"""`plugins new`: the beginnings of a plugin, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli.rendering import clean_line, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from couplejournal.plugins.making import Tier

_NEXT: Final = {
    "pack": "next: couplejournal plugins check {folder}/{name}.toml",
    "isolated": "next: python -m pip install -e '{folder}[tests]', then python -m pytest {folder}",
    "trusted": "next: python -m pip install -e '{folder}[tests]', then python -m pytest {folder}",
}


@click.command("new", cls=Act)
@click.argument("name", metavar="NAME")
@click.option(
    "--tier",
    type=click.Choice(["pack", "isolated", "trusted"]),
    required=True,
    help="pack: texts in one file; isolated: code in a process of its own; trusted: code with files or network.",
)
@click.option("--into", metavar="DIR", default=".", help="Where to put its folder; here otherwise.")
def new(name: str, tier: Tier, into: str) -> None:
    """Write the beginnings of a plugin of your own: files that pass their own tests.

    NAME is the plugin's id: small letters, digits and underscores.
    """
    from couplejournal.disk import RealDisk
    from couplejournal.plugins.making import make_plugin

    folder, made = make_plugin(name, tier, Path(into), RealDisk())
    for place in made:
        click.echo(clean_line(str(folder / place)))
    talk(clean_line(_NEXT[tier].format(folder=folder, name=name)))
