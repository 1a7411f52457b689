"""Change what is written: revise it, take it back, show it to both. Each is for its author alone."""

from __future__ import annotations

import attrs
import click

from couplejournal.cli import asking
from couplejournal.cli.hosted import say_notices
from couplejournal.cli.opening import acknowledge, found_entry, hand_over, json_option, no_sync_option, opened, shorten
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import say, talk
from couplejournal.cli.settings import Act, current
from couplejournal.cli.together import KEEP_A_COPY
from couplejournal.errors import InvalidEntryError
from couplejournal.model.content import RawContent


@click.command(cls=Act)
@click.argument("id", metavar="ID")
@click.argument("text", required=False, metavar="[TEXT|-]")
@no_sync_option
@json_option
def revise(id: str, text: str | None, *, no_sync: bool, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Give an entry another text; a goal of both can be revised by either.

    The earlier text stays in the history of both devices. `-` reads the new one from stdin; left out, it is asked for.
    """
    with opened() as journal:
        target = found_entry(journal, id, no_sync=no_sync)
        if isinstance(target.content, RawContent):
            raise InvalidEntryError("this entry was written by a newer couplejournal, so it is not revised here")
        typed = asking.text(text, what="The new text")
        if not typed.strip():
            talk("nothing written, nothing changed")
            raise click.exceptions.Exit(1)
        content = attrs.evolve(target.content, text=typed)
        entry = journal.revise(target, content)
        say_notices(journal, content, target.happened_at)
        acknowledge(journal, entry, no_sync=no_sync, as_json=as_json)


@click.command(cls=Act)
@click.argument("id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@no_sync_option
@json_option
def retract(id: str, *, yes: bool, no_sync: bool, as_json: bool) -> int:  # noqa: A002
    """Take an entry of your own back: nobody is shown it any more.

    Nothing is erased: who has read it may remember or have kept it.
    """
    with opened() as journal:
        target = found_entry(journal, id, no_sync=no_sync)
        short = shorten(journal.view())(target.id)
        if not yes and not _is_meant(f"Take back {short}?"):
            return 1
        journal.retract(target)
        outcome = hand_over(journal, no_sync=no_sync or target.audience != "shared")
        if as_json:
            print_json("retracted/1", {"id": target.id})
        else:
            say(f"taken back {short}")
        if isinstance(outcome, str):
            talk(outcome)
    return 0


@click.command(cls=Act)
@click.argument("id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@no_sync_option
@json_option
def share(id: str, *, yes: bool, no_sync: bool, as_json: bool) -> int:  # noqa: A002
    """Show a private entry of your own to both, for ever; its old id goes on naming it."""
    with opened() as journal:
        target = found_entry(journal, id, no_sync=no_sync)
        if not yes and target.audience != "shared" and not _is_meant("Share it?", KEEP_A_COPY):
            return 1
        acknowledge(journal, journal.share(target), no_sync=no_sync, as_json=as_json)
    return 0


def _is_meant(question: str, beforehand: str = "") -> bool:
    """Ask whether something that cannot be undone is meant.

    Raises:
        UsageError: nobody can be asked.
    """
    if not current().may_ask:
        raise click.UsageError("this cannot be undone, and nobody can be asked here; --yes says that it is meant")
    if beforehand:
        talk(beforehand)
    if asking.yes_or_no(question, default=False):
        return True
    talk("nothing changed")
    return False
