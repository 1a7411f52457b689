"""The question of a day, as whoever opens the day first writes it down for both (docs/spec/format.md 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Final

import attrs

from couplejournal.errors import InvalidEntryError
from couplejournal.model.content import Content
from couplejournal.model.text import neutralised

LANGUAGES_LIMIT: Final = 32
TEXT_LIMIT_CHARACTERS: Final = 2_000
_ID_PATTERN: Final = r"[a-z][a-z0-9_]{0,39}/[a-z0-9][a-z0-9-]{0,63}"
_ID: Final = re.compile(_ID_PATTERN)
LINE: Final = re.compile(rf"(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}) (?P<question>{_ID_PATTERN})")
"""A prompt to which answers to a day's question are sealed."""
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}")
_FALLBACK: Final = "en"
_NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})


@attrs.frozen
class Question(Content):
    """The question of the calendar date ``day`` (ISO 8601): ``text`` in ``language``, ``texts`` by other languages.

    ``question`` is its id, with the plugin's before it, the same in every language. It goes along with its words, so
    that a partner whose program has not got them, or whose plugin has others, reads and answers the same question.
    """

    kind: ClassVar[str] = "question"

    text: str
    question: str = attrs.field(kw_only=True)
    day: str = attrs.field(kw_only=True)
    language: str = attrs.field(default=_FALLBACK, kw_only=True)
    texts: Mapping[str, str] = attrs.field(default=_NO_TEXTS, hash=False, kw_only=True)

    @property
    def line(self) -> str:
        """Return the prompt to which answers are sealed: the day and the id, whoever wrote the entry."""
        return f"{self.day} {self.question}"

    @property
    def is_sound(self) -> bool:
        """Return whether the day and the id are what they should be; what another program wrote may be anything."""
        return _ID.fullmatch(self.question) is not None and _is_day(self.day) and bool(self.text.strip())

    def text_in(self, language: str) -> tuple[str, str]:
        """Return the text in a language such as ``de-AT`` and the tag of what it is in: else English, else the first.

        Without that very tag ``de`` serves for ``de-AT``, and then any other German.
        """
        held = {self.language: self.text} | {tag: text for tag, text in sorted(self.texts.items()) if text.strip()}
        wanted = language.replace("_", "-")
        for tag in (wanted, wanted.partition("-")[0], _FALLBACK):
            found = [one for one in held if one.lower() == tag.lower()]
            found = found or [one for one in held if one.partition("-")[0].lower() == tag.lower()]
            if found:
                return held[found[0]], found[0]
        return self.text, self.language

    def require_own(self) -> None:
        """Refuse an id, a day or a language that is none.

        Raises:
            InvalidEntryError: one of these, or a text is empty or too long.
        """
        if not _ID.fullmatch(self.question):
            raise InvalidEntryError("a question's id is a plugin and a name: small letters, digits and hyphens")
        if not _is_day(self.day):
            raise InvalidEntryError("a question is for a day", hint="write it as 2026-01-31")
        if len(self.texts) > LANGUAGES_LIMIT or not all(map(LANGUAGE.fullmatch, (self.language, *self.texts))):
            raise InvalidEntryError(f"a question has its words by language, such as de, at most {LANGUAGES_LIMIT}")
        for text in (self.text, *self.texts.values()):
            if not text.strip() or len(text) > TEXT_LIMIT_CHARACTERS or neutralised(text, one_line=True) != text:
                raise InvalidEntryError(f"a question is one line of at most {TEXT_LIMIT_CHARACTERS:,} characters")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
