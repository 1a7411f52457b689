"""What a day brings: its question, what waits for the one who looks, and something to read again.

Nothing here waits for the other, counts, or says what somebody did not do: whether the partner has answered is not told
before both have.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

import attrs
import click

from couplejournal.cli import asking, hosted, settings
from couplejournal.cli.answers import LIMITS, SEALED, state_words
from couplejournal.cli.opening import catch_up, hand_over, json_option, no_sync_option, opened, shorten
from couplejournal.cli.output import entry_fields, print_json
from couplejournal.cli.rendering import (
    INDENT,
    PREFIX_DIGITS,
    clean_line,
    columns,
    emphasised,
    entry_lines,
    muted,
    name_or_partner,
    say,
    talk,
    wrapped,
)
from couplejournal.cli.settings import Act, ActGroup
from couplejournal.errors import CouplejournalError, InvalidEntryError, StoreError
from couplejournal.model.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from couplejournal.journal import Journal
    from couplejournal.journal.answers import Answering
    from couplejournal.journal.questions import Offer
    from couplejournal.model.entry import Entry
    from couplejournal.plugins import Reminder

NONE_ON: Final = "no question today: no plugin is on that has one; `plugins list` shows what there is"
SAVED_ALONE: Final = "private, stays with you; inviting somebody later does not share it"
LEFT_OUT: Final = "left out; nobody is told"
# what the two write to each other unasked; a question, and what answers or moves something, is seen where it belongs
_NEWS_LEAVES_OUT: Final = frozenset({"question", "answer", "step", "notice", "partner-words"})
_NEWS_LIMIT: Final = 200
_OPENED_DAYS: Final = timedelta(days=3)
_OPENED_LIMIT: Final = 2
_DUE_LIMIT: Final = 1
_QUESTION_LINES: Final = 3
_REREAD_LINES: Final = 5

language_option = click.option("--language", metavar="TAG", help="Such as `de`; that of the terminal otherwise.")


@attrs.frozen(kw_only=True)
class Asked:
    """The question of a day as it stands for the one who looks.

    ``entry`` is the one that stands in the journal, None while it stands nowhere; ``alone`` are one's private answers,
    ``more`` what else was asked for that day. ``is_new``: it was written down just now.
    """

    content: Question
    entry: Entry | None = None
    offer: Offer | None = None
    standing: Answering
    alone: tuple[Entry, ...] = ()
    more: tuple[Entry, ...] = ()
    is_new: bool = False


@click.group(cls=ActGroup)
@language_option
@no_sync_option
@json_option
@click.pass_context
def today(ctx: click.Context, *, language: str | None, no_sync: bool, as_json: bool) -> None:
    """See the question of the day, what waits for you, and something to read again.

    Whoever looks first writes the question down for both. To leave it out is as good as to answer, and nobody is told;
    nobody reads an answer before both have answered.
    """
    if ctx.invoked_subcommand is not None:
        return
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        tag = language or settings.language()
        asked = _asked(journal, tag)
        if asked is not None and asked.is_new:
            hand_over(journal, no_sync=no_sync)
        if as_json:
            print_json("today/1", _document(journal, asked, tag))
            return
        _print(journal, asked, tag, shorten(journal.view()))


@today.command(cls=Act, short_help="Answer the question of the day.")
@click.argument("text", required=False, metavar="[TEXT|-]")
@language_option
@no_sync_option
@json_option
def answer(text: str | None, *, language: str | None, no_sync: bool, as_json: bool) -> None:
    """Answer the question of the day: sealed, until both have answered; private while you are alone.

    The text is asked for when it is left out; `-` reads it from stdin. `withdraw ID` takes a sealed answer back.
    """
    tag = language or settings.language()
    with opened() as journal:
        asked = _asked(journal, tag)
        if asked is None:
            talk(NONE_ON)
            raise click.exceptions.Exit(1)
        is_for_both = journal.questions.is_for_both
        if is_for_both and asked.entry is None:
            raise InvalidEntryError("a question that is not written down for both cannot be answered by both")
        if is_for_both:
            journal.answers.require_answerable(asked.content.line)
        talk(clean_line(asked.content.text_in(tag)[0]))
        if is_for_both:
            talk(SEALED)
            if not any(one.mine in ("sealed", "open") for one in journal.answers.all()):
                talk(LIMITS)  # once is enough for what comes every day
        typed = asking.text(text, what="Your answer")
        if not typed.strip():
            talk("nothing written, nothing saved")
            raise click.exceptions.Exit(1)
        _save(journal, asked, typed)
        trouble = hand_over(journal, no_sync=no_sync or not is_for_both)
        _tell(journal, tag, as_json=as_json)
        message = trouble if isinstance(trouble, str) else "" if trouble is None else trouble.message
        if message and not as_json:
            talk(clean_line(message))


@today.command("skip", cls=Act, short_help="Leave the question of the day out.")
@language_option
@json_option
def leave_out(*, language: str | None, as_json: bool) -> None:
    """Leave the question of the day out. Your partner learns nothing of it, and you can still answer later."""
    tag = language or settings.language()
    with opened() as journal:
        asked = _asked(journal, tag, opens=False)  # nobody learns that it was looked at
        if asked is None:
            talk(NONE_ON)
            raise click.exceptions.Exit(1)
        if asked.alone:
            raise InvalidEntryError("there is an answer of yours to this already")
        journal.answers.skip(asked.content.line)
        if as_json:
            _tell(journal, tag, as_json=True)
            return
        say(LEFT_OUT)


def _save(journal: Journal, asked: Asked, text: str) -> None:
    if journal.questions.is_for_both:
        journal.answers.seal(asked.content.line, text)
        return
    question = asked.entry
    if question is None and asked.offer is not None:
        question = journal.questions.open(journal.questions.today, asked.offer)
    if question is not None:
        journal.questions.answer_alone(question, text)


def _asked(journal: Journal, language: str, *, opens: bool = True) -> Asked | None:
    """Return the question of the day; ``opens``: where nobody has, write it down for both."""
    from couplejournal.journal.questions import question_from

    questions = journal.questions
    there = questions.of(questions.today)
    offer = None if there else _offered(journal, questions.today, language)
    is_new = offer is not None and opens and questions.is_for_both
    if offer is not None and is_new:
        try:
            there = (questions.open(questions.today, offer),)
        except (InvalidEntryError, StoreError) as error:  # it can be read all the same
            talk(clean_line(str(error)))
    if there and isinstance(content := there[0].content, Question):
        alone = () if questions.is_for_both else questions.answered_alone(there[0])
        standing = journal.answers.of(content.line)
        return Asked(content=content, entry=there[0], standing=standing, alone=alone, more=there[1:], is_new=is_new)
    if offer is None:
        return None
    content = question_from(offer, questions.today)
    return Asked(content=content, offer=offer, standing=journal.answers.of(content.line))


def _offered(journal: Journal, day: date, language: str) -> Offer | None:
    """Return the question that the plugins of this device offer for a day."""
    if not hosted.plugins_with("prompts"):
        return None
    questions = journal.questions
    host = hosted.hosting(journal, "prompts", "choose_prompt")
    return host.prompt(language=language, couple=questions.couple, recent=questions.recent(day))


def _print(journal: Journal, asked: Asked | None, language: str, short: Callable[[str], str]) -> None:
    """Print the day in parts of a few lines each, so that all of it fits one screen."""
    click.echo(f"{emphasised(journal.questions.today.isoformat())}")
    if asked is None:
        talk(NONE_ON)
    else:
        click.echo("\n".join(_question_lines(journal, asked, language)))
    for entry in () if asked is None else asked.more[:1]:
        text, _ = _text_of(entry, language)
        click.echo("\n".join(_clipped(f"also asked for today: {text}", 1)))
        click.echo(INDENT + muted(f"couplejournal seal {short(entry.id)}"))
    for title, lines in (("For you", _for_me(journal)), ("To read again", _to_reread(journal, short))):
        if lines:
            click.echo("\n".join(["", emphasised(title), *lines]))


def _question_lines(journal: Journal, asked: Asked, language: str) -> list[str]:
    lines = _clipped(asked.content.text_in(language)[0], _QUESTION_LINES)
    for told in wrapped(_standing(journal, asked), _inner()):
        lines.append(INDENT + muted(told))
    return lines


def _standing(journal: Journal, asked: Asked) -> str:
    """Return in a sentence what one can do, or what one did; of the other nothing before both have answered."""
    mine, theirs, entry = asked.standing.mine, asked.standing.theirs, asked.entry
    short = "" if entry is None else entry.id[:PREFIX_DIGITS]
    if asked.alone:
        return f"answered, for yourself: `couplejournal show {asked.alone[-1].id[:PREFIX_DIGITS]}`"
    if (mine, theirs) == ("open", "open"):
        return f"both have answered: `couplejournal show {short}`"
    if mine == "open" or (mine in ("none", "sealed", "withdrawn") and theirs == "late"):
        return state_words(asked.standing, name_or_partner(journal.partner_name))
    return {
        "sealed": f"yours is sealed, and opens once both have answered; `couplejournal withdraw {short}` takes it back",
        "skipped": "left out; `couplejournal today answer` answers it after all",
    }.get(mine, "`couplejournal today answer` answers it, `couplejournal today skip` leaves it out")


def _for_me(journal: Journal) -> list[str]:
    """Return what there is for the one who looks: what opened in the last days, a pairing, news of the other."""
    found = []
    questions = journal.questions
    yesterday = questions.today - timedelta(days=1)
    for entry, standing in _opened(journal):
        day = clean_line(str(getattr(entry.content, "day", "")))
        found.append(
            f"both have answered the question of {day}: `couplejournal show {standing.entries[0][:PREFIX_DIGITS]}`"
        )
    if _has_words_to_compare(journal):
        found.append("six words to compare: `couplejournal accept`")
    found += [clean_line(one.text) for one in _due(journal)]
    if _has_news(journal, yesterday):
        partner = name_or_partner(journal.partner_name)
        found.append(f"new from {partner}: `couplejournal log --since {yesterday.isoformat()}`")
    return [line for told in found for line in _clipped(told, 1, indent=INDENT)]


def _opened(journal: Journal) -> list[tuple[Entry, Answering]]:
    """Return the questions of the days before, the latest first, that both have answered."""
    questions = journal.questions
    found = questions.opened(questions.today - _OPENED_DAYS, questions.today - timedelta(days=1))
    return list(found[::-1][:_OPENED_LIMIT])


def _due(journal: Journal) -> tuple[Reminder, ...]:
    """Return the first of what plugins remind of, if the one who looks let them; it is for nobody else."""
    from couplejournal.cli.reminding import due

    try:
        return due(journal)[:_DUE_LIMIT]
    except CouplejournalError as error:  # the day is shown all the same
        talk(clean_line(str(error)))
        return ()


def _has_words_to_compare(journal: Journal) -> bool:
    current = journal.pairing.current
    if current is None:
        return False
    from couplejournal.journal.status import pairing_status

    status = pairing_status(journal.device, current)
    return status is not None and status.check_words is not None and status.state != "confirmed"


def _has_news(journal: Journal, since: date) -> bool:
    """Return whether the other wrote something unasked since a day; how much is nobody's business."""
    latest: Iterator[Entry] = journal.view().entries(since=since, audience="shared", newest_first=True)
    return any(not one.is_mine and one.kind not in _NEWS_LEAVES_OUT for one in islice(latest, _NEWS_LIMIT))


def _reread(journal: Journal) -> Entry | None:
    from couplejournal.view.rereading import reread

    return reread(journal.view(), journal.questions.today, is_shared=journal.is_shared)


def _to_reread(journal: Journal, short: Callable[[str], str]) -> list[str]:
    entry = _reread(journal)
    if entry is None:
        return []
    lines = entry_lines(entry, short, shows_tender=False)
    if len(lines) > _REREAD_LINES:
        more = muted(f"… the rest: `couplejournal show {short(entry.id)}`")
        lines = [*lines[: _REREAD_LINES - 1], INDENT + more]
    return lines


def _clipped(text: str, count: int, *, indent: str = "") -> list[str]:
    """Return a text as at most so many lines that fit the terminal; what does not fit ends with an ellipsis."""
    width = columns()
    lines = wrapped(clean_line(text), None if width is None else width - len(indent))
    if len(lines) > count:
        lines = [*lines[: count - 1], lines[count - 1][: (width or 80) - len(indent) - 1].rstrip() + "…"]
    return [indent + line for line in lines]


def _inner() -> int | None:
    width = columns()
    return None if width is None else width - len(INDENT)


def _text_of(entry: Entry, language: str) -> tuple[str, str]:
    content = entry.content
    return content.text_in(language) if isinstance(content, Question) else (entry.text, "")


def _tell(journal: Journal, language: str, *, as_json: bool) -> None:
    """Say how the question of the day stands after something was written about it."""
    asked = _asked(journal, language, opens=False)
    if asked is None:
        return
    if as_json:
        print_json("today-question/1", {"question": _fields(asked, language)})
    elif asked.alone:
        say(f"saved {asked.alone[-1].id[:PREFIX_DIGITS]} · {SAVED_ALONE}")
    else:
        say(_standing(journal, asked))


def _document(journal: Journal, asked: Asked | None, language: str) -> dict[str, object]:
    """Return the day as plain data."""
    again, more = _reread(journal), () if asked is None else asked.more
    yesterday = journal.questions.today - timedelta(days=1)
    return {
        "day": journal.questions.today.isoformat(),
        "question": None if asked is None else _fields(asked, language),
        "also_asked": [{"id": one.id, "text": _text_of(one, language)[0]} for one in more],
        "opened": [{"id": one.id, "entries": list(standing.entries)} for one, standing in _opened(journal)],
        "due": [{"id": one.id, "text": one.text, "at": one.at.isoformat()} for one in _due(journal)],
        "has_words_to_compare": _has_words_to_compare(journal),
        "has_news": _has_news(journal, yesterday),
        "reread": None if again is None else entry_fields(again),
    }


def _fields(asked: Asked, language: str) -> dict[str, object]:
    """Return the question as plain data; of the other's answer only what both see once it is open."""
    text, tag = asked.content.text_in(language)
    return {
        "id": None if asked.entry is None else asked.entry.id,
        "question": asked.content.question,
        "prompt": asked.content.line,
        "day": asked.content.day,
        "text": text,
        "language": tag,
        "audience": "private" if asked.entry is None else asked.entry.audience,
        "mine": "alone" if asked.alone else asked.standing.mine,
        "is_open": (asked.standing.mine, asked.standing.theirs) == ("open", "open"),
        "entries": [one.id for one in asked.alone] or list(asked.standing.entries),
    }
