"""The private folder: where the private entries of one person's devices meet, and nobody else looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from couplejournal.cli import asking
from couplejournal.cli.opening import look
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, talk
from couplejournal.cli.settings import current
from couplejournal.errors import DriveError, SetupError

if TYPE_CHECKING:
    from couplejournal.journal import Journal


def private_drive(journal: Journal, folder: str | None, *, yes: bool, is_off: bool, as_json: bool) -> int:
    """Show, set or let go of the private folder; return the exit code."""
    code = 0
    if is_off:
        journal.place.leave_private()
        talk("this device leaves the private folder alone from now on; nothing in it was deleted")
    elif folder is not None:
        if not _move(journal, folder, yes=yes):
            return 1
        report = journal.sync()
        for problem in report.problems:
            talk(clean_line(problem))
        code = report.exit_code
    else:
        look(journal)
    found = journal.status()
    if as_json:
        path = None if found.private_path is None else str(found.private_path)
        print_json("private-drive/1", {"private_drive": path, "message": found.private_message})
    elif found.private_path is not None:
        click.echo(clean_line(str(found.private_path)))
        if found.private_message and folder is None:
            talk(clean_line(found.private_message))
    elif not is_off:
        talk("there is no private folder: what is private stays on the device where it was written")
        talk("`couplejournal drive --private DIR` sets one that only your own devices have")
    return code


def _move(journal: Journal, folder: str, *, yes: bool) -> bool:
    """Set the private folder; an empty one is filled only after a yes. Return whether it was set."""
    try:
        journal.place.move_private(folder, put_all=yes)
    except DriveError as error:
        if yes or not journal.place.is_free_for_private(folder):
            raise
        if not current().may_ask:
            raise SetupError(
                "there is no journal in this folder yet", hint="--yes puts all that is private there, sealed"
            ) from error
        talk("Only your own devices should have this folder: who has it sees how many entries you write, and when.")
        if not asking.yes_or_no("Put all that is private there, sealed?", default=False):
            talk("nothing was changed")
            return False
        journal.place.move_private(folder, put_all=True)
    return True
