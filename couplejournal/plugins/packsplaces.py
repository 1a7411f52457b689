"""Where each key of a TOML file stands, so that an error of meaning can name its line and column too.

tomllib tells places only of what is no TOML. This scanner runs over text that tomllib has read already; it decides
nothing, so what it cannot follow merely has the place of what is around it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final, TypeAlias

Path: TypeAlias = "tuple[str | int, ...]"

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")
_ESCAPED: Final = re.compile(r"\\(?:\s*\n\s*.|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_STRINGS: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (r'"""(?:\\.|.)*?"""(?!")', r"'''.*?'''(?!')", r'"(?:\\.|[^"\\\n])*"', r"'[^'\n]*'")
)


class Places:
    """The line and the column, both from 1, of the keys of a text."""

    def __init__(self, text: str) -> None:
        """Look at the whole text once."""
        self._text = text
        self._found: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        with suppress(IndexError, RecursionError, ValueError):  # what is odd keeps the places found before it
            self._document()

    def of(self, path: Path) -> tuple[int, int]:
        """Return the line and the column of a key, or of the nearest one around it."""
        while path and path not in self._found:
            path = path[:-1]
        return self.at(self._found.get(path, 0))

    def inside(self, path: Path, offset: int) -> tuple[int, int]:
        """Return the line and the column of a character of the string that a key holds."""
        start = self._found.get((*path, "="))
        if start is None:
            return self.of(path)
        quote = self._text[start]
        is_long = self._text.startswith(quote * 3, start)
        at = start + (3 if is_long else 1)
        if is_long and self._text.startswith("\n", at):
            at += 1  # which is not part of the string
        if quote == "'":
            return self.at(at + offset)
        for _ in range(offset):
            match = _ESCAPED.match(self._text, at)
            at = match.end() if match is not None else at + 1
        return self.at(at)

    def at(self, index: int) -> tuple[int, int]:
        """Return the line and the column of a character."""
        return self._text.count("\n", 0, index) + 1, index - (self._text.rfind("\n", 0, index) + 1) + 1

    def _document(self) -> None:
        at = 0
        table: Path = ()
        while (at := self._after(_BLANK, at)) < len(self._text):
            if self._text[at] == "[":
                is_array = self._text.startswith("[[", at)
                start = at
                parts, at = self._key(at + 1 + is_array)
                table = self._table(parts, is_array=is_array)
                self._found.setdefault(table, start)
                at = self._text.index("]", at) + 1 + is_array
            else:
                at = self._pair(table, at)

    def _table(self, parts: list[str], *, is_array: bool) -> Path:
        path: Path = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            if is_array and number == len(parts):
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: Path, at: int) -> int:
        start = at
        parts, at = self._key(at)
        path = (*table, *parts)
        for length in range(len(table) + 1, len(path) + 1):
            self._found.setdefault(path[:length], start)
        at = self._after(_SPACE, at)
        if self._text[at] != "=":
            raise IndexError
        return self._value(path, self._after(_SPACE, at + 1))

    def _key(self, at: int) -> tuple[list[str], int]:
        parts: list[str] = []
        while True:
            at = self._after(_SPACE, at)
            end = self._string_end(at)
            if end is None:
                end = self._after(_BARE, at)
                parts.append(self._text[at:end])
            else:
                parts.append(self._text[at + 1 : end - 1])
            if end == at:
                raise IndexError
            at = self._after(_SPACE, end)
            if self._text[at] != ".":
                return parts, at
            at += 1

    def _value(self, path: Path, at: int) -> int:
        end = self._string_end(at)
        if end is not None:
            self._found[(*path, "=")] = at
            return end
        opening = self._text[at]
        if opening not in "[{":
            return self._after(_SCALAR, at)
        count, at = 0, self._after(_BLANK, at + 1)
        while self._text[at] not in "]}":
            if opening == "[":
                self._found[(*path, count)] = at
                at = self._value((*path, count), at)
            else:
                at = self._pair(path, at)
            count, at = count + 1, self._after(_BLANK, at)
            if self._text[at] == ",":
                at = self._after(_BLANK, at + 1)
        return at + 1

    def _string_end(self, at: int) -> int | None:
        return next((match.end() for pattern in _STRINGS if (match := pattern.match(self._text, at))), None)

    def _after(self, pattern: re.Pattern[str], at: int) -> int:
        match = pattern.match(self._text, at)
        return at if match is None else match.end()
