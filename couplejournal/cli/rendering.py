"""What entries look like on a terminal: neutralised, wrapped, with the audience always shown.

Every string that somebody wrote (texts, names, tags, kinds, devices, what a plugin says) passes `clean` or `clean_line`
before it is printed; nothing else here knows how to make a terminal safe.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Final, TextIO

import click

from couplejournal.cli.settings import is_terminal, language
from couplejournal.model.question import LINE, Question
from couplejournal.model.text import neutralised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from couplejournal.journal.delivering import Delivery
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.model.content import Content, RawContent
    from couplejournal.model.entry import Author, Entry

PREFIX_DIGITS: Final = 6
PREVIEW_LINES: Final = 8
WIDEST_TEXT: Final = 100
NARROWEST_TEXT: Final = 24
USUAL_COLUMNS: Final = 80
INDENT: Final = "    "
PARTNER: Final = "your partner"
_OWN_LINE: Final = ("text", "tags", "tender", "source", "turn", "name")
_ENTRY_ID: Final = re.compile(r"[0-9a-f]{64}")
_RELATIONS: Final = {"responds_to": "to", "about": "on", "part_of": "part of"}


def clean(text: str) -> str:
    """Return text of several lines that a terminal shows and does not obey."""
    return neutralised(text)


def clean_line(text: str) -> str:
    """Return text as one line that a terminal shows and does not obey."""
    return neutralised(text, one_line=True)


def has_screen() -> bool:
    """Return whether stdout is a terminal that can be cleared."""
    return is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"


def has_colour() -> bool:
    """Return whether stdout is a terminal whose user has not said ``NO_COLOR``."""
    return has_screen() and not os.environ.get("NO_COLOR")


def emphasised(text: str) -> str:
    """Return text that stands out where colours are wanted."""
    return click.style(text, bold=True) if has_colour() else text


def muted(text: str) -> str:
    """Return text that stays in the background where colours are wanted."""
    return click.style(text, dim=True) if has_colour() else text


def columns(stream: TextIO | None = None) -> int | None:
    """Return how many columns a line may take; None where nothing is wrapped, since it is no terminal."""
    stream = stream or sys.stdout
    if not is_terminal(stream):
        return None
    try:
        found = int(os.environ.get("COLUMNS", "")) or os.get_terminal_size(stream.fileno()).columns
    except (ValueError, OSError):
        found = USUAL_COLUMNS
        with contextlib.suppress(ValueError, OSError):
            found = os.get_terminal_size(stream.fileno()).columns or USUAL_COLUMNS
    return max(NARROWEST_TEXT, min(found, WIDEST_TEXT))


def width_of(text: str) -> int:
    """Return how many columns of a terminal a line takes: wide letters two, marks and colours none."""
    if "\x1b" in text:
        text = click.unstyle(text)
    if text.isascii():
        return len(text)
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def wrapped(text: str, width: int | None) -> list[str]:
    """Return the lines of a text, each at most ``width`` columns wide; its own line breaks stay."""
    lines: list[str] = []
    for paragraph in text.expandtabs(4).split("\n"):
        if width is None or width_of(paragraph) <= width:
            lines.append(paragraph.rstrip())
        else:
            lines.extend(_fill(paragraph, width))
    return lines


def _fill(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line, used = "", 0
    for word in paragraph.split(" "):
        for piece in _pieces(word, width):
            taken = width_of(piece)
            if line and used + 1 + taken > width:
                lines.append(line.rstrip())
                line, used = piece, taken
            else:
                line, used = (f"{line} {piece}", used + 1 + taken) if line else (piece, taken)
    lines.append(line.rstrip())
    return lines


def _pieces(word: str, width: int) -> Iterable[str]:
    """Yield a word in pieces that fit a line each; scripts without spaces come as one long word."""
    if width_of(word) <= width:
        yield word
        return
    piece, used = "", 0
    for letter in word:
        taken = _width(letter)
        if piece and taken and used + taken > width:
            yield piece
            piece, used = "", 0
        piece, used = piece + letter, used + taken
    yield piece


def name_of(author: Author) -> str:
    """Return a person's name as it is shown: "you" or "your partner" while it is not known."""
    return clean_line(author.name) or ("you" if author.is_me else PARTNER)


def name_or_partner(name: str | None) -> str:
    """Return the other person's name once it is known, else "your partner"."""
    return clean_line(name or "") or PARTNER


def device_label(device: DeviceInfo) -> str:
    """Return a device as it is told of: "Ben's laptop", "your phone", "your other device"."""
    name = clean_line(device.name)
    if device.person.is_me:
        return f"your {name or 'other device'}"
    owner = clean_line(device.person.name)
    return f"{owner or PARTNER}'s {name or 'device'}"


def delivery_words(delivery: Delivery, *, is_whole: bool) -> str:
    """Return how far an entry has come: the whole way, or in a listing what is not there yet, else nothing."""
    if not is_whole:
        return {"saved": "saved here", "handed over": "handed over"}.get(delivery.state, "")
    steps = ["saved here"]
    if delivery.state != "saved":
        steps.append("handed over")
    if delivery.devices:
        steps.append(f"reached {', '.join(map(device_label, delivery.devices))}")
    return " → ".join(steps)


def when(entry: Entry) -> str:
    """Return when it happened, in the local zone and as exact as its author meant it."""
    if entry.precision == "day":
        return f"{entry.happened_at:%Y-%m-%d}".rjust(10, "0")
    return moment(entry.happened_at)


def moment(value: datetime) -> str:
    """Return a point in time to the minute, in the local zone."""
    # The ends of the calendar have no local time everywhere: there the author's own is shown.
    with contextlib.suppress(OverflowError, ValueError, OSError):
        value = value.astimezone()
    return f"{value:%Y-%m-%d %H:%M}".rjust(16, "0")


def short_of(entry_id: str, *, is_unique: Callable[[str], bool], digits: int = PREFIX_DIGITS) -> str:
    """Return the shortest beginning of an id, of six digits or more, that names one entry only."""
    for end in range(digits, len(entry_id)):
        if is_unique(entry_id[:end]):
            return entry_id[:end]
    return entry_id


def audience_words(audience: str) -> str:
    """Return who can read an entry, in a listing."""
    return {"waiting": "for both, not shared yet"}.get(audience, clean_line(audience))


def headline(entry: Entry, short: Callable[[str], str]) -> str:
    """Return the line above an entry: id, time, author, kind, who can read it, where it stands."""
    content = entry.content
    step = content.step_name
    facts = [clean_line(entry.kind) + (f": {clean_line(step)}" if step else "")]
    facts.extend(f"{_RELATIONS.get(ref.relation, clean_line(ref.relation))} {short(ref.id)}" for ref in entry.refs)
    facts.append(audience_words(entry.audience) + (", in an earlier journal" if entry.is_earlier else ""))
    if entry.state:
        facts.append(clean_line(entry.state).replace("_", " "))
    if content.tender != "none":
        facts.append(clean_line(content.tender))
    if entry.revised:
        facts.append("edited" if entry.revised == 1 else f"edited {entry.revised} times")
    if entry.note:
        facts.append(clean_line(entry.note))
    head = f"{emphasised(short(entry.id))}  {muted(when(entry))}  {emphasised(name_of(entry.author))}"
    return f"{head} · {muted(' · '.join(facts))}"


def body(content: Content | RawContent) -> list[str]:
    """Return the paragraphs below the headline: the text, the other fields by name, the tags."""
    if isinstance(content, Question):
        return [clean_line(content.text_in(language())[0])]
    paragraphs = [clean(content.text).rstrip()] if content.text.strip() else []
    fields = content.to_fields()
    is_raw = not hasattr(content, "extra")
    for name, value in fields.items():
        if name in _OWN_LINE and not (is_raw and _is_unshown(name, value)):
            continue
        if name == "prompt" and not is_raw:
            if _ENTRY_ID.fullmatch(str(value)):
                continue  # the headline names it
            if found := LINE.fullmatch(str(value)):
                paragraphs.append(f"to the question of {found['day']}")
                continue
        paragraphs.append(f"{clean_line(name).replace('_', ' ')}: {_plain(value)}")
    if content.tags:
        paragraphs.append(" ".join("#" + clean_line(tag) for tag in content.tags))
    return paragraphs


def _is_unshown(name: str, value: object) -> bool:
    """Return whether a field of a raw content stands nowhere else, since it is not of the usual type."""
    if name == "tags":
        return not (isinstance(value, (list, tuple)) and all(isinstance(tag, str) for tag in value))
    return name in ("turn", "name") or not isinstance(value, str)


def _plain(value: object) -> str:
    """Return the value of a field as text: strings as they are, the rest as JSON."""
    if isinstance(value, str):
        return clean(value)
    from couplejournal.cli.output import as_json

    return clean_line(as_json(value))


def entry_lines(
    entry: Entry,
    short: Callable[[str], str],
    *,
    is_whole: bool = True,
    shows_tender: bool = True,
    rendered: Callable[[Entry], Sequence[str] | None] = lambda _: None,
) -> list[str]:
    """Return an entry as lines to print.

    Without ``is_whole`` a long text ends after a few lines with a word on how to see the rest; without
    ``shows_tender`` the words of a tender entry stay folded away. ``rendered`` gives the blocks by which a plugin shows
    an entry, or None.
    """
    lines = [headline(entry, short)]
    width = columns()
    inner = None if width is None else width - len(INDENT)
    is_tender = any(version.tender != "none" for version in (entry.content, *entry.conflict))
    if is_tender and not shows_tender:
        return [*lines, INDENT + muted(f"folded away; `show {short(entry.id)}` opens it")]
    blocks = rendered(entry)
    paragraphs = body(entry.content) if blocks is None else [clean(block).rstrip() for block in blocks]
    text = [line for paragraph in paragraphs for line in wrapped(paragraph, inner)]
    if not is_whole and len(text) > PREVIEW_LINES:
        rest = len(text) - PREVIEW_LINES + 1
        text = [*text[: PREVIEW_LINES - 1], muted(f"… {rest} more lines; `show {short(entry.id)}` has all")]
    lines.extend(INDENT + line if line else "" for line in text)
    for other in entry.conflict:
        lines.append(INDENT + muted("another version, written at the same time:"))
        lines.extend(INDENT * 2 + line for paragraph in body(other) for line in wrapped(paragraph, inner))
    return lines


def counted(count: int, word: str) -> str:
    """Return a number with its word: "1 entry", "2 entries"."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"


def say(text: str) -> None:
    """Print a sentence on stdout, in lines that fit the terminal."""
    for line in wrapped(text, columns()):
        click.echo(line)


def talk(text: str) -> None:
    """Say something on stderr, where talk belongs, in lines that fit the terminal."""
    for line in wrapped(text, columns(sys.stderr)):
        click.echo(line, err=True)


def table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return facts with their names in a column of their own."""
    widest = max((width_of(name) for name, _ in rows), default=0)
    width = columns()
    room = None if width is None else max(NARROWEST_TEXT, width - widest - 2)
    lines: list[str] = []
    for name, value in rows:
        first, *rest = wrapped(value, room)
        lines.append(f"{muted(name + ' ' * (widest - width_of(name)))}  {first}".rstrip())
        lines.extend(" " * (widest + 2) + line for line in rest)
    return lines
