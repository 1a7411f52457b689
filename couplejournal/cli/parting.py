"""End the sharing, or rest from the folder: one person's own decision, said in plain words and without judging it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking, together
from couplejournal.cli.opening import hand_over, json_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, emphasised, name_or_partner, say, table, talk
from couplejournal.cli.settings import Act, current
from couplejournal.errors import ExportError

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.journal.parting import Left

WORD: Final = "leave"
DONE: Final = "This device stops with the folder"


@click.command(cls=Act)
@click.option("--yes", is_flag=True, help="Leave without being asked.")
@json_option
def leave(*, yes: bool, as_json: bool) -> int:
    """End the sharing of the journal, for both and at once; the other is not asked, and the folder need not be there.

    Both keep what was shared and can read it. What you write from then on is private. Where the sharing has ended
    already, this device stops to sync it.
    """
    with opened() as journal:
        found = journal.parting.outlook()
        if as_json and not yes:
            print_json("parting/1", _fields(found, state="open"))
            return together.MUST_DECIDE
        if not as_json:
            _explain(found)
        if not yes:
            if not current().may_ask:
                talk(f"`couplejournal leave --yes` does it; `couplejournal export DIR` writes {_COPY} first.")
                return together.MUST_DECIDE
            _offer_copy(journal)
            if not asking.is_typed(f"Type {WORD} to go on, anything else to let it be:", WORD):
                talk("nothing was changed")
                return 1
        left = journal.parting.leave()
        report = journal.sync()
        if as_json:
            print_json("parting/1", _fields(left, state="left"))
        else:
            other = name_or_partner(left.partner)
            say(emphasised(f"{DONE}." if left.is_ended else f"What you and {other} shared is an earlier journal now."))
        for problem in report.problems:
            talk(clean_line(problem))
        if report.drive != "ok" and not left.is_left:
            talk("`couplejournal sync` hands over what is left, once the folder is there")
    return 0


_COPY: Final = "a copy that needs no program to be read"


def _explain(found: Left) -> None:
    """Say what ends, what each keeps, and what no folder has a copy of."""
    other = name_or_partner(found.partner)
    if found.is_left:
        say("You have left already. Leaving once more lets this device stop at once, also with what is on its way.")
    elif found.is_ended:
        say(f"What you and {other} shared has ended already. Leaving lets this device stop with the folder.")
    else:
        say(f"Leaving ends what you and {other} share, for both and at once.")
    click.echo()
    rows = [
        (f"{other} keeps", _kept(found)),
        ("you keep", "the same, readable here; nobody adds to it or changes it any more"),
        ("from now on", "what you write is private" + _waiting(found)),
    ]
    if found.outbox:
        then = "not seen in the folder yet" if found.is_left else "handed over before this device stops"
        rows.append(("on its way", f"{counted(found.outbox, 'sealed file')} of yours, {then}"))
    if found.alone:
        rows.append(("only here", f"{counted(found.alone, 'entry')} on this device and nowhere else"))
    click.echo("\n".join(table(rows)))
    click.echo()


def _kept(found: Left) -> str:
    """Say what the other keeps, and that it cannot be called back."""
    if not found.shared:
        return "nothing: no entry was shared"
    return f"all that was shared: {counted(found.shared, 'entry')}, {found.mine} by you. None can be called back."


def _waiting(found: Left) -> str:
    if not found.waiting:
        return ""
    return f"; what waits for both stays here ({counted(found.waiting, 'entry')})"


def _offer_copy(journal: Journal) -> None:
    """Offer a readable copy; a folder that will not do may be named again."""
    for _ in range(together.TRIES):
        folder = asking.optional_line(f"A folder for {_COPY} (Enter for none):")
        if not folder:
            return
        try:
            done = journal.export(folder)
        except ExportError as error:
            talk(clean_line(str(error)))
            continue
        say(f"{counted(done.entries, 'entry')} in {clean_line(str(done.folder))}")
        if done.left_out:
            talk(f"left out, since marked tender: {counted(done.left_out, 'entry')} (`export --tender` takes them)")
        talk("nothing in it is sealed: whoever can open these files can read them")
        return


def _fields(left: Left, *, state: str) -> dict[str, object]:
    """Return what leaving means as plain data; ``state`` is "open" before, "left" after."""
    return {
        "state": state,
        "partner": left.partner,
        "was_ended": left.is_ended,
        "was_left": left.is_left,
        "shared": left.shared,
        "mine": left.mine,
        "waiting": left.waiting,
        "alone": left.alone,
        "outbox": left.outbox,
    }


@click.command(cls=Act)
def pause() -> None:
    """Leave the shared folder alone on this device, until `resume`. Nothing is written there, and nobody is told."""
    with opened() as journal:
        journal.parting.pause()
    say("Paused: this device leaves the shared folder alone. `couplejournal resume` goes on.")


@click.command(cls=Act)
def resume() -> None:
    """Exchange with the shared folder again."""
    with opened() as journal:
        journal.parting.resume()
        outcome = hand_over(journal, no_sync=False)
    say("This device exchanges with the shared folder again.")
    problems = [outcome] if isinstance(outcome, str) else outcome.problems if outcome is not None else []
    for problem in problems:
        talk(clean_line(problem))
