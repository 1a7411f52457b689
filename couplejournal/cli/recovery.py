"""The recovery words: shown once, typed back, used on a bare machine, made anew."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Final

import attrs
import click

from couplejournal.cli import asking, together
from couplejournal.cli.opening import has_journal, json_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import (
    PREFIX_DIGITS,
    clean_line,
    counted,
    emphasised,
    has_screen,
    moment,
    name_or_partner,
    say,
    talk,
)
from couplejournal.cli.settings import Act, ActGroup, current, is_terminal
from couplejournal.cli.setup import OPEN_SENTENCE, keys_options, passphrase_for
from couplejournal.errors import DriveError, RecoveryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.journal import Journal
    from couplejournal.journal.recovery import Regained

PER_LINE: Final = 4
TRIES: Final = 3
NOT_BACK: Final = (
    "What lay nowhere but on a lost device does not come back: private entries without a folder of their own, and "
    "words that were never handed over."
)


@click.group(cls=ActGroup)
@click.pass_context
def recovery(ctx: click.Context) -> None:
    """Keep a way back: 24 words that, with the folder, bring everything shared to a bare machine."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@recovery.command(cls=Act, short_help="Show the words once, and forget them here.")
def show() -> int:
    """Show your 24 recovery words, once: write them on paper, type three of them back, and no device has them any more.

    Whoever has the words is you: they read everything that you can read, and remove your devices.
    """
    if not current().may_ask or not is_terminal(sys.stdout):
        raise click.UsageError("the recovery words are shown to a person at a terminal, and nowhere else")
    with opened() as journal:
        words = journal.recovery.words()
        _explain(journal)
        try:
            _show_until_known(journal, words)
        except (KeyboardInterrupt, click.Abort):
            talk("\nThe words stay on this device. Go on with: couplejournal recovery show")
            raise click.exceptions.Exit(together.INTERRUPTED) from None
        alone = journal.status().alone
    say(emphasised("Done. No device has the words any more; the paper is the only copy."))
    say("Keep it where neither fire nor a visitor finds it: with it you remove a lost device, or come back.")
    if alone:
        say(_alone(alone))
    return 0


def _explain(journal: Journal) -> None:
    """Say what the words are, before they are on the screen."""
    say("These words are you. Whoever reads them can read all that you can, and remove your devices.")
    say("Is anybody behind you? Is the screen shared, recorded, filmed? Do not photograph it: write on paper.")
    alone = journal.status().alone
    if alone:
        say(_alone(alone))
    asking.pause("Enter shows them; Ctrl-C lets it be.")


def _alone(count: int) -> str:
    entries = "1 entry lies" if count == 1 else f"{counted(count, 'entry')} lie"
    return f"{entries} on this device and nowhere else: the words do not bring back what no folder holds."


def _show_until_known(journal: Journal, words: tuple[str, ...]) -> None:
    """Show the words and ask three of them back, again and again until they are right."""
    while True:
        with _screen_of_its_own():
            click.echo()
            together.print_words(words, PER_LINE)
            click.echo()
            asking.pause("Written down, all 24, with their numbers? Enter takes them off the screen.")
        typed = {number: asking.line(f"Word {number}:", option=f"word {number}") for number in journal.recovery.ask()}
        try:
            journal.recovery.confirm(typed)
        except RecoveryError as error:
            talk(f"{clean_line(str(error))}. Here they are once more.")
            asking.pause("Enter shows them.")
        else:
            return


@contextlib.contextmanager
def _screen_of_its_own() -> Iterator[None]:
    """Show something that does not stay in what the terminal remembers, where the terminal can do that."""
    if not has_screen():
        yield
        click.echo("\n" * 60)
        return
    click.echo("\x1b[?1049h\x1b[2J\x1b[H", nl=False)
    try:
        yield
    finally:
        click.echo("\x1b[2J\x1b[?1049l", nl=False)


@recovery.command(cls=Act, short_help="Come back on a bare machine.")
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--private-drive", metavar="DIR", help="The folder of your private entries, if they have one.")
@click.option("--name", metavar="NAME", help="Your name; the one in the journal otherwise.")
@keys_options
@json_option
def use(
    folder: str | None,
    *,
    private_drive: str | None,
    name: str | None,
    device_name: str,
    keys: str | None,
    as_json: bool,
) -> int:
    """Come back on this device with your 24 recovery words and the folder DIR; the words are asked for, or on stdin.

    On a device that has your journal already the words open what it cannot read yet.
    """
    if has_journal():
        with opened() as journal:
            return _open_here(journal, as_json=as_json)
    import couplejournal as cj
    from couplejournal.journal.opening import is_there

    if folder is None and current().may_ask:
        folder = asking.optional_line("The folder that you and your partner have (Enter for none):") or None
    for place in (folder, private_drive):
        if place is not None and not is_there(place):  # before 24 words are typed for nothing
            raise DriveError(f"the folder {clean_line(place)} is not there", hint="mount it, or look at its name")
    journal = cj.recover(
        folder, _words(), name=name, passphrase=passphrase_for(keys), device_name=device_name,
        private_drive=private_drive,
    )  # fmt: skip
    if keys == "open":
        talk(OPEN_SENTENCE)
    with journal:
        report = journal.sync()
        found = journal.recovery.books()
        if as_json:
            print_json("recovery/1", {"name": journal.status().name, "books": [_fields(one) for one in found]})
            return report.exit_code
        _welcome(journal, found)
        # What came from the folder just now was not lost there: the one new file of another key is the admission.
        for problem in attrs.evolve(report, restored=0).problems:
            talk(clean_line(problem))
    return report.exit_code


def _words() -> str:
    """Return the words that somebody types, once they fit together; a mistake may be made good."""
    from couplejournal.seal.recovery import seed_of

    for _ in range(1, TRIES):
        words = asking.recovery_words()
        try:
            seed_of(words)
        except RecoveryError as error:
            if not current().may_ask:
                raise
            talk(f"{clean_line(str(error))}; once more." + (f" {clean_line(error.hint)}" if error.hint else ""))
        else:
            return words
    return asking.recovery_words()


def _open_here(journal: Journal, *, as_json: bool) -> int:
    """Let a device that is there read what the words open."""
    opened_now = journal.recovery.open_with(asking.recovery_words())
    report = journal.sync()
    if as_json:
        found = journal.recovery.books()
        print_json("recovery/1", {"name": journal.status().name, "books": [_fields(one) for one in found]})
    elif opened_now:
        say(f"This device can read more now: {counted(opened_now, 'key')} of words opened.")
    else:
        say("This device can read already all that these words open. The words are not kept.")
    return report.exit_code


def _welcome(journal: Journal, found: tuple[Regained, ...]) -> None:
    """Say what is back, what is known to be missing, and what cannot come back."""
    say(emphasised(f"{clean_line(journal.status().name)}, your journal is back. The words are not kept here."))
    for one in found:
        say(f"   {_book(one)}")
    missing, closed = sum(one.missing for one in found), sum(one.closed for one in found)
    if missing:
        say(f"Other devices tell of {counted(missing, 'operation')} that have not arrived here: sync again later.")
    if closed:
        say(f"{counted(closed, 'key')} of words {'does' if closed == 1 else 'do'} not open yet; they were asked for.")
    if any(notice.code == "gap" for notice in journal.status().notices):
        say("The folder is not whole yet: entries are missing in between. They come with a later sync.")
    say(NOT_BACK)
    _warn_of_several(found)
    listed = [one for one in journal.devices if one.person.is_me]
    others = [one for one in listed if one.is_live and not one.is_this]
    if others:
        talk("lost one of these? then remove it:")
        for other in others:
            is_plain = re.fullmatch(r"\w[\w.-]*", other.name) and [one.name for one in listed].count(other.name) == 1
            talk(f"   couplejournal devices remove {clean_line(other.name) if is_plain else other.id[:PREFIX_DIGITS]}")


def _warn_of_several(found: tuple[Regained, ...]) -> None:
    """Say so where more than one shared journal stands open: somebody who had a device may have laid one down."""
    standing = [one for one in found if one.number and not one.is_ended]
    if len(standing) <= 1:
        return
    say(f"{len(standing)} shared journals stand open here; this device writes into the one that began first.")
    for one in standing:
        say(f"   {_book(one)}; safety number {' '.join(one.number)}")
    say("Did you begin anew with your partner? If not, whoever had a device of yours laid the newer one down. Compare")
    say("the safety number with your partner before you write on: `couplejournal verify` shows it on their device.")


def _book(one: Regained) -> str:
    """Return a book as a phrase."""
    entries = counted(one.entries, "entry")
    if not one.number:
        return f"{'private' if one.role == 'private' else 'earlier, private'}: {entries}"
    kind = "shared" if one.role == "shared" else "earlier, shared"
    return f"{kind} with {name_or_partner(one.partner)} since {moment(one.began_at)[:10]}: {entries}"


def _fields(one: Regained) -> dict[str, object]:
    """Return a book as plain data."""
    return {
        "role": one.role,
        "partner": one.partner,
        "began_at": one.began_at.isoformat(),
        "entries": one.entries,
        "missing": one.missing,
        "closed": one.closed,
        "is_ended": one.is_ended,
        "number": list(one.number),
    }


@recovery.command(cls=Act, short_help="Make new words: lost, or seen by another.")
@click.option("--yes", is_flag=True, help="Make new words without being asked.")
def renew(*, yes: bool) -> int:
    """Make new recovery words: for when the old ones are lost, or somebody else has seen them.

    What you share goes on under the old words until you begin anew with your partner; so do this together.
    """
    with opened() as journal:
        journal.recovery.require_renewable()  # before anything is asked for nothing
        say("New words make you a new person to the program. What you have shared so far stays as it is.")
        say("It opens with the old words alone: if you have them, keep that paper too, marked as old.")
        if not yes:
            if not current().may_ask:
                talk("`couplejournal recovery renew --yes` does it")
                return together.MUST_DECIDE
            if not asking.yes_or_no("Make new words?", default=False):
                talk("nothing was changed")
                return 1
        waiting = journal.recovery.renew()
        is_shared = journal.is_shared
    say(emphasised("New words are on this device."))
    if waiting:
        say(f"{counted(waiting, 'entry')} that waited for your partner stay readable, as private ones.")
    talk("next: couplejournal recovery show       write the new words down")
    if is_shared:
        talk("then: couplejournal invite --anew DIR   begin anew with your partner: the new words open that one")
        talk("then: couplejournal invite --device     once for each other device of yours")
    return 0
