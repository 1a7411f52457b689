"""Answer a bid, or take an entry one step on. Nobody labels the other: a reply says how its own author turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from couplejournal.cli import asking
from couplejournal.cli.hosted import say_notices
from couplejournal.cli.opening import (
    acknowledge,
    found_entry,
    json_option,
    look,
    no_sync_option,
    opened,
    shorten,
)
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line
from couplejournal.cli.settings import Act, current
from couplejournal.errors import InvalidEntryError

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.model.entry import Entry

TURNS = ("toward", "away", "against")


@click.command(cls=Act)
@click.argument("id", metavar="ID")
@click.argument("turn", type=click.Choice(TURNS))
@click.argument("text", required=False, metavar="[TEXT|-]")
@no_sync_option
@json_option
def reply(id: str, turn: str, text: str | None, *, no_sync: bool, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Say how you turned to a bid of your partner: toward, away or against.

    It is about yourself, and a missed bid can have a second chance: `step ID second-chance`. Words are optional;
    `-` reads them from stdin or lets you type them.
    """
    from couplejournal.model.kinds import Response

    with opened() as journal:
        target = found_entry(journal, id, no_sync=no_sync)
        words = asking.text(text, what="Your words", is_needed=False)
        content = Response(turn, words)
        entry = journal.reply(target, content)
        say_notices(journal, content)
        acknowledge(journal, entry, no_sync=no_sync, as_json=as_json)


@click.command(cls=Act)
@click.argument("id", metavar="ID")
@click.argument("name", required=False, metavar="[NAME]")
@click.argument("text", required=False, metavar="[TEXT|-]")
@no_sync_option
@json_option
def step(id: str, name: str | None, text: str | None, *, no_sync: bool, as_json: bool) -> None:  # noqa: A002
    """Take an entry one step on; without NAME, offer the steps that are possible now.

    A goal: propose, agree, activate, pause, resume, done, let-go. A milestone: done, drop. A bid: second-chance,
    let-go. Letting go is as good a step as any.
    """
    with opened() as journal:
        target = found_entry(journal, id, no_sync=no_sync)
        allowed = _allowed(journal, target)
        if name not in allowed and not no_sync:  # the other may have taken it further meanwhile
            look(journal)
            target = journal.entry(target.id)
            allowed = _allowed(journal, target)
        if name is None and as_json:
            print_json("steps/1", {"id": target.id, "state": target.state, "steps": list(allowed)})
            return
        name = name or _choose(journal, target, allowed)
        if name is None:
            return
        if name not in allowed:
            raise InvalidEntryError(f"a {target.kind} cannot take that step now", hint=_possible(target, allowed))
        words = asking.text(text, what="Your words", is_needed=False)
        entry = journal.step(target, name, text=words)
        acknowledge(journal, entry, no_sync=no_sync, as_json=as_json)


def _allowed(journal: Journal, target: Entry) -> tuple[str, ...]:
    """Return the steps that are possible now; a turn is a reply."""
    return tuple(offered for offered in journal.view().steps_allowed(target.id) if offered not in TURNS)


def _possible(target: Entry, allowed: tuple[str, ...]) -> str:
    """Return what can be done instead."""
    if allowed:
        return f"possible now: {', '.join(allowed)}"
    return f"no step is possible while it is {(target.state or 'as it is').replace('_', ' ')}"


def _choose(journal: Journal, target: Entry, allowed: tuple[str, ...]) -> str | None:
    """Return the step that the person picks; without a terminal, print what there is."""
    if allowed and current().may_ask:
        return asking.choice("Which step?", allowed)
    short = shorten(journal.view())(target.id)
    click.echo(
        f"{short} · {clean_line(target.kind)} · {(target.state or '').replace('_', ' ')} · {_possible(target, allowed)}"
    )
    return None
