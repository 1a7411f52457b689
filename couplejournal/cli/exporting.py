"""Take the journal along: a copy that anybody can read, or one that an age identity or the recovery words open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

    from couplejournal.journal.exporting import Exported


PARTIAL: Final = 3


@click.command(cls=Act)
@click.argument("folder", required=False, metavar="[DIR]")
@click.option(
    "--age", "recipients", multiple=True, metavar="RECIPIENT", help="Seal it for this age key; again for more."
)
@click.option("--to-recovery", is_flag=True, help="Seal it for your recovery words.")
@click.option("--tender", is_flag=True, help="Entries marked tender or intimate too.")
@click.option("--shared", "shared_only", is_flag=True, help="Only what both can read.")
@click.option("--even-shared", is_flag=True, help="Even into a folder that others can look into.")
@click.option("--open", "sealed", metavar="FILE", help="Open the sealed export FILE into DIR; asks for the words.")
@click.option("--identity", is_flag=True, help="Print the age identity that the recovery words are; asks for them.")
@no_sync_option
@json_option
def export(
    folder: str | None,
    recipients: Sequence[str],
    sealed: str | None,
    *,
    to_recovery: bool,
    tender: bool,
    shared_only: bool,
    even_shared: bool,
    identity: bool,
    no_sync: bool,
    as_json: bool,
) -> int:
    """Write a copy of all that is here into the new or empty folder DIR: text to read, and JSON Lines.

    It needs neither couplejournal nor a passphrase to be read, unless it is sealed: then it is one file, which the age
    program opens. The recovery words are typed, or read from stdin, where an age identity will do as well.
    """
    _require_fitting(identity=identity, sealed=sealed)
    if identity:
        from couplejournal.journal.exporting import age_identity

        click.echo(age_identity(asking.recovery_words()))
        return 0
    if folder is None:
        raise click.UsageError("which folder? name a new or an empty one")
    if sealed is not None:
        _open(sealed, folder, even_shared=even_shared)
        return 0
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        done = journal.export(
            folder, recipients=recipients, to_recovery=to_recovery, include_tender=tender, shared_only=shared_only,
            even_if_shared=even_shared,
        )  # fmt: skip
        is_unseen = to_recovery and not journal.recovery.is_shown
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


def _require_fitting(*, identity: bool, sealed: str | None) -> None:
    """Refuse whatever would be passed over in silence."""
    beside = [] if identity else ["folder", "sealed", "even_shared"]
    ctx = click.get_current_context()
    given = [
        param
        for param in ctx.command.params
        if param.name not in ("identity", *beside)
        and ctx.get_parameter_source(str(param.name)) is not click.core.ParameterSource.DEFAULT
    ]
    if given and identity:
        raise click.UsageError("--identity stands alone: it takes no folder, no file and no other option")
    if given and sealed is not None:
        raise click.UsageError(f"{given[0].opts[0]} does not go with --open, which takes a folder and --even-shared")
