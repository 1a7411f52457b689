"""Texts of a pack: in several languages, and as templates in which the fields of an entry stand.

A template is filled in once and never executed. A placeholder is the name of a field and nothing more: no attribute, no
index, no format; and what an entry says is not looked through for placeholders again.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from couplejournal.model.content import RawContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from couplejournal.model.content import Content
    from couplejournal.model.entry import Entry

FALLBACK: Final = "en"
LINES_LIMIT: Final = 100
_PART: Final = re.compile(r"(?P<twice>\{\{|\}\})|\{(?P<name>[^{}\n]*)\}|(?P<alone>[{}])")
_OF_EVERY_KIND: Final = ("text", "tags")

Line: TypeAlias = "tuple[tuple[str, str], ...]"
"""Pieces of a line: (what stands before, the name of the field that comes then, "" for none)."""


class TemplateError(Exception):
    """A template does not fit; ``offset`` is the character, from 0."""

    def __init__(self, message: str, offset: int) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.offset: Final = offset


def nearest(tags: Iterable[str], language: str) -> str:
    """Return the tag that comes nearest to a language: itself, ``de`` for ``de-AT``, other German, English, the first.

    Raises:
        ValueError: there is no tag at all.
    """
    held = list(tags)
    wanted = language.replace("_", "-").lower()
    for tag in (wanted, wanted.partition("-")[0], FALLBACK):
        found = [one for one in held if one.lower() == tag]
        found = found or [one for one in held if one.lower().partition("-")[0] == tag]
        if found:
            return found[0]
    if not held:
        raise ValueError("a text in no language")
    return held[0]


@attrs.frozen
class Worded:
    """A text in one or several languages, the first of which is for whoever has none of them."""

    texts: Mapping[str, str]

    def for_tag(self, language: str) -> tuple[str, str]:
        """Return the language and the text that come nearest to a tag such as ``de-AT``."""
        name = nearest(self.texts, language)
        return name, self.texts[name]


@attrs.frozen
class Template:
    """Lines in which the fields of an entry stand."""

    lines: tuple[Line, ...]

    @classmethod
    def parse(cls, text: str, fields: Iterable[str]) -> Template:
        """Read a template; ``fields`` are those of its kind, beside ``text`` and ``tags``.

        Raises:
            TemplateError: it names something else, or a bracket stands alone.
        """
        known = (*_OF_EVERY_KIND, *fields)
        lines, at = [], 0
        for row in text.splitlines():
            lines.append(_line(row, known, at))
            at += len(row) + 1
        if len(lines) > LINES_LIMIT:
            raise TemplateError(f"a template has at most {LINES_LIMIT} lines", 0)
        return cls(tuple(lines))

    def filled(self, entry: Entry) -> tuple[str, ...] | None:
        """Return the lines with what the entry says; None where the entry cannot be read as its kind.

        A line that has placeholders, none of which holds anything, is left out.
        """
        content = entry.content
        if isinstance(content, RawContent):
            return None
        found = []
        for line in self.lines:
            values = [_shown(content, name) for _, name in line if name]
            if not values or any(values):
                found.append("".join(before + (_shown(content, name) if name else "") for before, name in line))
        return tuple(found)


def _line(row: str, known: tuple[str, ...], start: int) -> Line:
    pieces, before, at = [], "", 0
    for match in _PART.finditer(row):
        before += row[at : match.start()]
        at = match.end()
        if match["twice"]:
            before += match["twice"][0]
        elif match["alone"]:
            raise TemplateError("a bracket that stands for itself is written twice: {{ or }}", start + match.start())
        else:
            pieces.append((before, _known(match["name"], known, start + match.start())))
            before = ""
    return (*pieces, (before + row[at:], ""))


def _known(name: str, known: tuple[str, ...], at: int) -> str:
    if name in known:
        return name
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {{{near[0]}}}?" if near else f"there are: {', '.join(known)}"
    raise TemplateError(f"this kind has no such field; {meant}", at)


def _shown(content: Content, name: str) -> str:
    value: Any = getattr(content, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
