"""An export as text: a copy of the journal to read, and a page for whoever finds it in twenty years.

What somebody wrote is neutralised as everywhere (no terminal obeys it) and never cut or wrapped.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from couplejournal.journal.exportlines import plain
from couplejournal.model.text import neutralised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from couplejournal.model.content import Content, RawContent
    from couplejournal.model.entry import Author, Entry

LEAST_DIGITS: Final = 8
INDENT: Final = "    "
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AUDIENCES: Final = {"waiting": "for both, not shared yet"}
_RELATIONS: Final = {"responds_to": "answer to", "about": "on", "part_of": "part of", "taken_over": "written anew of"}
_LACKING: Final = {"private": "the private entries", "earlier": "an earlier journal"}
_APART: Final = "Written by a device after it was removed"

README: Final = """\
What this is

A copy of a journal that one or two people kept with the program couplejournal. Nothing in here is encrypted: whoever
can open these files can read them. You need neither the program nor a password.

journal.txt     The journal to read, in order of days. Plain text (UTF-8); any editor opens it. Each entry has a line
                with a short name in brackets, the time, who wrote it, what kind of entry it is, and who could read it:
                "shared" is what both could, "private" only the person who made this copy. The text comes below.
                What an author took back is not in it.
entries.jsonl   The same entries with everything that was kept about them, for programs. Each line is one entry as a
                JSON object (RFC 8259). It has every version of each text, who wrote it and when, what refers to what,
                and also the entries and versions that were taken back or replaced.
rest.jsonl      What was said beside the entries, one JSON object a line: names of persons and devices, what was shared
                and when, parts that the program of that day did not understand.
journal.json    Who the persons are, which devices and books there were, how many entries there are, what was left out
                on purpose, and the SHA-256 of each of the other files. The line "made_at" is when this copy was made.

How to read the data

Times that entries claim are in "happened": "ms" counts milliseconds since 1970-01-01 00:00 UTC, "offset_minutes" how
far east of UTC the author's clock was, "precision" how exact it is meant ("day", "minute", "instant"). "recorded" is
when the device wrote it down, by its own clock. "fields" is what was written; the field "text" is the text. "id" names
an entry; "refs" names the entries that it answers or belongs to. Bytes stand as {"$bytes": "..."} in base64.

If there is a file UNFINISHED.txt here, or no journal.json, this copy is not whole.
"""

SEALED_README: Final = """\
What this is

journal.tar.age is a copy of a journal that one or two people kept with the program couplejournal, encrypted in the age
format (https://age-encryption.org/v1). Inside is a tar archive of text files that explain themselves.

{opener}

    age --decrypt -i IDENTITY.txt journal.tar.age | tar -x

If there is a file UNFINISHED.txt here, this copy is not whole.
"""

FOR_RECIPIENTS: Final = """\
It opens with the identity (the secret key) that belongs to the recipient it was made for, kept in a text file:"""

FOR_HYBRID_RECIPIENTS: Final = """\
It opens with the identity (the secret key) that belongs to the recipient it was made for, kept in a text file. The
recipient is a post-quantum one (age1pq1...), which needs age 1.3 or newer:"""

FOR_RECOVERY: Final = """\
It opens with the twenty-four recovery words of the person who made it. couplejournal opens it by itself:

    couplejournal export --open journal.tar.age FOLDER

Any program for age that knows post-quantum keys (age from version 1.3 on) does too. `couplejournal export --identity`
turns the words into the line that such a program wants in a text file; it begins with AGE-SECRET-KEY-PQ-1. (The words
are a BIP 39 mnemonic of 32 bytes, and that line is these bytes in Bech32.)"""


def readme(lacking: Sequence[str]) -> str:
    """Return the page for whoever finds a copy; ``lacking`` are the roles of the books that could not be read."""
    return "\n\n".join([lacks(lacking), README] if lacking else [README])


def lacks(roles: Sequence[str]) -> str:
    """Return the sentence on what a copy lacks, since the device that made it could not open its own copy of it."""
    kinds = [what for role, what in _LACKING.items() if role in roles]
    return f"THIS COPY IS NOT WHOLE. Of {' and '.join(kinds)} nothing is in it: the device could not read them."


def reading_copy(
    title: str, entries: Sequence[Entry], apart: Sequence[Entry], *, left_out: int, lacking: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the lines of the copy to read: the entries by day, then what stands apart from them.

    ``left_out`` is how many entries were left out on purpose, ``lacking`` are the roles of books that are not in it.
    """
    short = shortener([entry.id for entry in (*entries, *apart)])
    yield title
    yield "=" * len(title)
    if lacking:
        yield from ("", lacks(lacking))
    if left_out:
        yield ""
        yield f"Left out on purpose, since marked tender or intimate: {left_out}"
    if not entries:
        yield ""
        yield "Nothing was written."
    yield from _by_day(entries, short)
    if apart:
        yield from ("", "", _APART, "=" * len(_APART))
        yield from _by_day(apart, short)


def title_of(people: Iterable[Author]) -> str:
    """Return the title of a journal of these people."""
    names = [neutralised(author.name, one_line=True) for author in people]
    return "The journal of " + " and ".join(name or "somebody" for name in names)


def shortener(ids: Sequence[str]) -> Callable[[str], str]:
    """Return what shortens ids to so many digits, eight or more, that no two of these are alike."""
    ordered = sorted(set(ids))
    alike = max((_alike(one, other) for one, other in pairwise(ordered)), default=0)
    digits = max(LEAST_DIGITS, alike + 1)
    return lambda entry_id: entry_id[:digits]


def _alike(one: str, other: str) -> int:
    """Return how many digits two ids have in common at their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def _by_day(entries: Iterable[Entry], short: Callable[[str], str]) -> Iterator[str]:
    day = None
    for entry in entries:
        at = entry.happened_at
        if at.date() != day:
            day = at.date()
            heading = f"{day.isoformat()}, {_DAYS[day.weekday()]}"
            yield from ("", "", heading, "-" * len(heading))
        yield from ("", _headline(entry, short))
        yield from (INDENT + line if line else "" for line in _body(entry.content))
        for other in entry.conflict:
            yield INDENT + "another version, written at the same time:"
            yield from (INDENT * 2 + line if line else "" for line in _body(other))


def _headline(entry: Entry, short: Callable[[str], str]) -> str:
    """Return the line above an entry."""
    at, content, author = entry.happened_at, entry.content, entry.author
    name = neutralised(author.name, one_line=True) or ("the writer" if author.is_me else "the other")
    time = "" if entry.precision == "day" else f" {at.hour:02d}:{at.minute:02d}"
    facts = [entry.kind + (f": {content.step_name}" if content.step_name else "")]
    facts.extend(f"{_RELATIONS.get(ref.relation, ref.relation)} [{short(ref.id)}]" for ref in entry.refs)
    facts.append(_AUDIENCES.get(entry.audience, entry.audience))
    facts.extend(fact for fact in (entry.state or "", content.tender if content.tender != "none" else "") if fact)
    facts.extend(["edited"] if entry.revised else [])
    facts.extend([entry.note] if entry.note else [])
    return f"[{short(entry.id)}]{time} {name} · " + " · ".join(neutralised(fact, one_line=True) for fact in facts)


def _body(content: Content | RawContent) -> Iterator[str]:
    """Yield the lines of what an entry says: the text, the other fields by name, the tags."""
    text = neutralised(content.text).rstrip()
    if text:
        yield from text.split("\n")
    for name, value in content.to_fields().items():
        if not _is_told_elsewhere(name, value, content.step_name):
            shown = value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
            first, *more = f"{neutralised(name, one_line=True).replace('_', ' ')}: {neutralised(shown)}".split("\n")
            yield first
            yield from (INDENT + line for line in more)
    if content.tags:
        yield " ".join("#" + neutralised(tag, one_line=True) for tag in content.tags)


def _is_told_elsewhere(name: str, value: object, step: str | None) -> bool:
    """Return whether a field has a place of its own: the text, the tags, marks; a foreign kind may misuse the names."""
    if name == "tags":
        return isinstance(value, (list, tuple)) and all(isinstance(tag, str) for tag in value)
    if name in ("text", "tender", "source"):
        return isinstance(value, str)
    return step is not None and value == step
