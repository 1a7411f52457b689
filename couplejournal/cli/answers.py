"""Sealed answers: both answer before either reads. What the other owes is nobody's business here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking, settings
from couplejournal.cli.opening import catch_up, hand_over, json_option, look, no_sync_option, opened, shorten
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import PREFIX_DIGITS, clean_line, counted, moment, name_or_partner, say, table, talk
from couplejournal.cli.settings import Act
from couplejournal.errors import NoSuchEntryError
from couplejournal.model.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from couplejournal.journal import Journal
    from couplejournal.journal.answers import Answering
    from couplejournal.sync import SyncReport

SEALED: Final = (
    "Sealed: nobody reads it before both have answered; then it opens by itself, during sync. It cannot be changed. As "
    "long as nothing is open, `withdraw` takes it back."
)
LIMITS: Final = (
    "Know this: one of the two has to open first. A partner with another program can seal anything, take it back "
    "late, or never open. That you have answered can be seen at once, and about how long it is: up to 4 KiB all look "
    "alike, beyond that the length is rounded up."
)
OVERLAP: Final = (
    "One thing a line. Of each list only the lines that stand on both are shown; your whole list shows to you alone. "
    "This is a rule that this program keeps, and no lock: once both have answered, another program on your partner's "
    "device could read your whole list. And whoever lists everything learns everything that the other listed. It is "
    "no promise of anything: what stands on both lists is something to talk about."
)


@click.command(cls=Act)
@click.argument("prompt", metavar="PROMPT")
@click.argument("text", required=False, metavar="[TEXT|-]")
@click.option("--until", metavar="DATE", help="From this day or time on no device is the first to open.")
@no_sync_option
@json_option
def seal(prompt: str, text: str | None, *, until: str | None, no_sync: bool, as_json: bool) -> None:
    """Seal an answer to PROMPT: nobody reads it before both have answered.

    PROMPT is the ID of an entry that both can read, or a line that you agreed on, such as "winter plans". If it begins
    with `overlap:`, only the lines that both wrote are shown. The text is asked for when left out; `-` reads stdin.
    """
    with opened() as journal:
        now = _found(journal, prompt, no_sync=no_sync)
        journal.answers.require_answerable(now.prompt, until=until)  # before a text is typed for nothing
        talk(SEALED)
        talk(LIMITS)
        if now.is_overlap:
            talk(OVERLAP)
        typed = asking.text(text, what="Your answer")
        if not typed.strip():
            talk("nothing written, nothing sealed")
            raise click.exceptions.Exit(1)
        journal.answers.seal(now.prompt, typed, until=until)
        outcome = hand_over(journal, no_sync=no_sync)
        _tell(journal, now.prompt, outcome, as_json=as_json)


@click.command(cls=Act)
@click.option("--all", "with_settled", is_flag=True, help="Also those that are open, skipped or taken back.")
@no_sync_option
@json_option
def answers(*, with_settled: bool, no_sync: bool, as_json: bool) -> None:
    """List the prompts that you can answer, and those that are sealed."""
    with opened() as journal:
        journal.view()  # who has read it all opens what is due while exchanging
        catch_up(journal, no_sync=no_sync)
        found = [one for one in journal.answers.all() if with_settled or not one.is_settled]
        found.sort(key=lambda one: one.mine != "none")  # what can be answered comes first
        if as_json:
            print_json("answers/1", {"answers": [answering_fields(one) for one in found]})
            return
        partner = name_or_partner(journal.partner_name)
        short = shorten(journal.view())
        rows = [_row(journal, one, short, partner) for one in found]
        for line in table(rows):
            click.echo(line)
        if not found:
            talk("nothing is sealed" + ("" if with_settled else "; `answers --all` lists what was"))


@click.command(cls=Act)
@click.argument("prompt", metavar="PROMPT")
@no_sync_option
@json_option
def withdraw(prompt: str, *, no_sync: bool, as_json: bool) -> None:
    """Take your sealed answer to PROMPT back, as long as nothing is open.

    No device of yours opens it then. If your partner's answer was opened for it at the same moment, that one stays
    unread here too.
    """
    with opened() as journal:
        now = _found(journal, prompt, no_sync=no_sync)
        journal.answers.withdraw(now.prompt)
        outcome = hand_over(journal, no_sync=no_sync)
        _tell(journal, now.prompt, outcome, as_json=as_json)


@click.command(cls=Act)
@click.argument("prompt", metavar="PROMPT")
@json_option
def skip(prompt: str, *, as_json: bool) -> None:
    """Leave PROMPT without an answer. Your partner learns nothing of it, and you can still answer later."""
    with opened() as journal:
        done = journal.answers.skip(prompt)
        if as_json:
            print_json("answer/1", answering_fields(done))
            return
        say("skipped; it stays with you")


def _row(journal: Journal, one: Answering, short: Callable[[str], str], partner: str) -> tuple[str, str]:
    """Return a prompt and how it stands; a day's question by its id and its words, since its line tells little."""
    question = None if one.is_entry else journal.questions.with_line(one.prompt)
    if question is not None and isinstance(question.content, Question):
        text, _ = question.content.text_in(settings.language())
        return short(question.id), f"{clean_line(text)} · {_stands(one, partner)}"
    return (short(one.prompt) if one.is_entry else clean_line(one.prompt)), _stands(one, partner)


def answering_fields(one: Answering) -> dict[str, object]:
    """Return how a prompt stands as plain data."""
    return {
        "prompt": one.prompt,
        "is_entry": one.is_entry,
        "mine": one.mine,
        "theirs": one.theirs,
        "until": None if one.until is None else one.until.isoformat(),
        "my_texts": list(one.my_texts),
        "their_texts": list(one.their_texts),
        "entries": list(one.entries),
        "closed": one.closed,
        "invalid": one.invalid,
    }


def _found(journal: Journal, prompt: str, *, no_sync: bool) -> Answering:
    """Return how a prompt stands; an entry that is not here yet is looked for in the shared folder.

    Raises:
        NoSuchEntryError: it is no entry's id, and looks like one.
    """
    try:
        return journal.answers.of(prompt)
    except NoSuchEntryError:
        if no_sync:
            raise
        look(journal)
        return journal.answers.of(prompt)


def _tell(journal: Journal, prompt: str, outcome: SyncReport | str | None, *, as_json: bool) -> None:
    """Say how a prompt stands after something was written about it, and what keeps it from the shared folder."""
    now = journal.answers.of(prompt)
    if as_json:
        print_json("answer/1", answering_fields(now))
        return
    say(_stands(now, name_or_partner(journal.partner_name)))
    trouble = outcome if isinstance(outcome, str) else "" if outcome is None else outcome.message
    if trouble:
        talk(clean_line(trouble))


def _stands(one: Answering, partner: str) -> str:
    """Return how a prompt stands in a sentence: what I can do, and never what the other should."""
    facts = [state_words(one, partner)]
    if one.until is not None and one.theirs != "late":
        facts.append(f"until {moment(one.until)}")
    if one.closed and (one.mine, one.theirs) == ("open", "open"):
        facts.append(f"{counted(one.closed, 'answer')} of {partner} stays closed")
    if one.invalid:
        facts.append(f"{counted(one.invalid, 'invalid release')} left out")
    return " · ".join(facts)


def state_words(one: Answering, partner: str) -> str:
    """Return where a prompt stands, as a phrase."""
    if (one.mine, one.theirs) == ("open", "open"):
        if one.is_overlap and not any(one.their_texts):
            return "both are open: no line stands on both lists"
        return f"both are open: {', '.join(f'`show {entry[:PREFIX_DIGITS]}`' for entry in one.entries)}"
    if one.mine in ("none", "sealed") and one.theirs == "late":
        return "its time is over, so it stays closed"
    if one.mine == "sealed" and one.is_given:
        return "yours was opened already, for an answer that has not come here or does not count; it stays closed here"
    if one.mine == "sealed" and one.theirs == "sealed":
        opens = "opens with the next sync" if one.is_due else "stays closed until more has come here"
        return f"both have answered; it {opens}"
    return {
        "none": f"sealed by {partner}; you can `seal` yours, or `skip` it",
        "sealed": "yours is sealed; it opens once both have answered",
        "open": f"both have answered: yours is open, that of {partner} is closed",
        "withdrawn": "taken back",
        "skipped": "skipped",
    }[one.mine]
