"""Take the journal along: a copy that anybody can read, or one that an age identity or the recovery words open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.formats import export_format, list_exporters
from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

    from couplejournal.journal.exporting import Choice, Exported


PARTIAL: Final = 3


@click.command(cls=Act)
@click.argument("folder", required=False, metavar="[DIR|FILE]")
@click.option(
    "--age", "recipients", multiple=True, metavar="RECIPIENT", help="Seal it for this age key; again for more."
)
@click.option("--to-recovery", is_flag=True, help="Seal it for your recovery words.")
@click.option("--tender", is_flag=True, help="Entries marked tender or intimate too.")
@click.option("--shared", "shared_only", is_flag=True, help="Only what both can read.")
@click.option("--even-shared", is_flag=True, help="Even into a folder that others can look into.")
@click.option("--open", "sealed", metavar="FILE", help="Open the sealed export FILE into DIR; asks for the words.")
@click.option("--format", "name", metavar="NAME", help="The new file FILE, as a plugin's format NAME has it.")
@click.option("--formats", is_flag=True, help="List the formats of plugins.")
@click.option("--identity", is_flag=True, help="Print the age identity that the recovery words are; asks for them.")
@no_sync_option
@json_option
def export(
    folder: str | None,
    recipients: Sequence[str],
    sealed: str | None,
    name: str | None,
    *,
    to_recovery: bool,
    tender: bool,
    shared_only: bool,
    even_shared: bool,
    formats: bool,
    identity: bool,
    no_sync: bool,
    as_json: bool,
) -> int:
    """Write a copy of all that is here into the new or empty folder DIR: text to read, and JSON Lines.

    It needs neither couplejournal nor a passphrase to be read, unless it is sealed: then it is one file, which the age
    program opens. The recovery words are typed, or read from stdin, where an age identity will do as well.
    """
    _require_fitting()
    if formats:
        list_exporters(as_json=as_json)
        return 0
    if identity:
        from couplejournal.journal.exporting import age_identity

        click.echo(age_identity(asking.recovery_words()))
        return 0
    if folder is None:
        raise click.UsageError("which folder? name a new or an empty one")
    if name is not None:
        return export_format(name, folder, even_shared=even_shared, no_sync=no_sync, as_json=as_json)
    if sealed is not None:
        _open(sealed, folder, even_shared=even_shared)
        return 0
    choice: Choice = {
        "recipients": recipients, "to_recovery": to_recovery, "include_tender": tender, "shared_only": shared_only,
        "even_if_shared": even_shared,
    }  # fmt: skip
    return _copy(folder, choice, no_sync=no_sync, as_json=as_json)


def _copy(folder: str, choice: Choice, *, no_sync: bool, as_json: bool) -> int:
    """Write the copy and say what it lacks; return the exit code."""
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        done = journal.export(folder, **choice)
        is_unseen = choice["to_recovery"] and not journal.recovery.is_shown
    if as_json:
        fields: dict[str, object] = {
            "folder": str(done.folder), "files": list(done.files), "entries": done.entries,
            "left_out": done.left_out, "sealed": done.is_sealed, "lacking": list(done.lacking),
        }  # fmt: skip
        print_json("export/1", fields)
    else:
        click.echo(f"{counted(done.entries, 'entry')} in {clean_line(str(done.folder))}")
    _warn(done)
    if is_unseen:
        talk("your recovery words were never shown: `couplejournal recovery show`, before this device is lost")
    return PARTIAL if done.lacking else 0


def _warn(done: Exported) -> None:
    """Say what the copy lacks, and who can read it."""
    if done.lacking:
        from couplejournal.journal.exporttext import lacks

        talk(lacks(done.lacking))
    if done.left_out:
        talk(f"left out, since marked tender: {counted(done.left_out, 'entry')}; --tender takes them along")
    if not done.is_sealed:
        talk("nothing in it is sealed: whoever can open these files can read them")


def _open(sealed: str, folder: str, *, even_shared: bool) -> None:
    """Open a sealed export; no journal is needed for it."""
    from pathlib import Path

    from couplejournal.disk import RealDisk
    from couplejournal.journal.exporting import open_export
    from couplejournal.store.home import Home

    files = open_export(
        RealDisk(), Path(sealed).absolute(), Path(folder).absolute(), asking.recovery_words(),
        home=Home.locate(None, os.environ), even_if_shared=even_shared,
    )  # fmt: skip
    click.echo(f"{counted(len(files), 'file')} in {clean_line(folder)}")


_BESIDE: Final = {
    "identity": (frozenset[str](), "stands alone: it takes no folder, no file and no other option"),
    "formats": (frozenset({"as_json"}), "which takes --json alone"),
    "sealed": (frozenset({"folder", "even_shared"}), "which takes a folder and --even-shared"),
    "name": (
        frozenset({"folder", "even_shared", "no_sync", "as_json"}),
        "which takes a file, --even-shared, --no-sync and --json",
    ),
}


def _require_fitting() -> None:
    """Refuse whatever would be passed over in silence."""
    ctx = click.get_current_context()
    usual = click.core.ParameterSource.DEFAULT
    given = {
        str(param.name): param.opts[0]
        for param in ctx.command.params
        if ctx.get_parameter_source(str(param.name)) is not usual
    }
    for name, (beside, told) in _BESIDE.items():
        others = [option for other, option in given.items() if other != name and other not in beside]
        if name in given and others:
            does_not = f"{others[0]} does not go with {given[name]}, "
            raise click.UsageError((f"{given[name]} " if name == "identity" else does_not) + told)
