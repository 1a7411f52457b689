"""What a result for both must not be: a comparison of the two.

`require_no_comparison` refuses results that are keyed by person: by a name, an id, a word such as "you", labels that
differ in such a word alone, sentences that give the two a number each, and a whole that is split in two just as the
entries are split between the two. It sees what is written and not what is meant. It cannot see a number that is the
larger of two, other words for the two ("sun" and "moon") over counts, numbers in words, or an order that tells. The
contract for plugins (`couplejournal.testing`) tries what no guard can see: it gives the entries to the other one.

What somebody wrote may name anybody: a cell that quotes a whole entry, or its beginning up to "…", is no label where
its row has no number.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

from couplejournal.model.content import words_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from couplejournal.model.entry import Author, Entry
    from couplejournal.plugins.result import AnalysisResult, Cell, Table
    from couplejournal.plugins.views import EntryView

_ID_DIGITS: Final = 8  # so many of a person's id name the person
_FIRST: Final = frozenset(
    {
        "i",
        "me",
        "my",
        "mine",
        "you",
        "your",
        "yours",
        "ich",
        "mich",
        "mir",
        "mein",
        "meine",
        "du",
        "dich",
        "dir",
        "dein",
    }
    | {"deine", "moi", "toi", "tu", "yo", "tú"}
)
_OTHER: Final = frozenset(
    {"he", "him", "his", "she", "her", "hers", "partner", "er", "ihn", "ihm", "sein", "seine", "sie", "ihr", "ihre"}
    | {"partnerin", "lui", "elle", "él", "ella", "husband", "wife", "boyfriend", "girlfriend", "spouse", "author"}
)
_PERSONS: Final = _FIRST | _OTHER
_TOLD_APART: Final = _PERSONS | {"they", "them", "their", "theirs", "man", "woman", "mann", "frau"}
_ONE_OF_TWO: Final = frozenset(
    {"a", "b", "x", "y", "1", "2", "i", "ii", "one", "other", "first", "second", "eine", "andere", "erste", "zweite"}
)
_SOMEBODY: Final = frozenset({"person", "partner", "partnerin", "half", "writer", "side", "hälfte", "seite"})
_ARTICLES: Final = frozenset({"the", "der", "die", "das"})
_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_ONLY_A_NUMBER: Final = re.compile(r"\D{0,2}(\d+(?:[.,]\d+)?)\s*%?")
_CLOSE: Final = 0.012  # of a whole: rounding to whole per cents stays within
_LEAST_ENTRIES: Final = 12  # of fewer, nearly every split is one between the two, too


class ComparisonError(Exception):
    """A result for both compares the two; the message holds nothing of the result."""


def require_no_comparison(result: AnalysisResult, people: Sequence[Author], view: EntryView | None = None) -> None:
    """Refuse a result for both that names a person, is keyed by person, or splits a whole between the two.

    ``view`` is what the result was made of; without it no split can be told.

    Raises:
        ComparisonError: it is one of these.
    """
    quotes = _Quotes(view)
    labels = [list(group) for group in _groups(result, quotes)]
    prose = (result.headline, *result.notes)
    _require_nobody(list(chain.from_iterable(labels)), prose, people)
    if any(map(_is_by_person, labels)) or any(map(_gives_each_a_number, prose)):
        raise ComparisonError("a result for both must not be by person")
    splits = list(_splits(result))
    if splits and view is not None:
        shares = _shares(view)
        if any(abs(one - share) <= _CLOSE for one in splits for share in shares):
            raise ComparisonError("a result for both must not be split between the two")


def _require_nobody(labels: Sequence[str], prose: Sequence[str], people: Sequence[Author]) -> None:
    names = [name for one in people if (name := one.name.strip())]
    ids = [one.person[:_ID_DIGITS] for one in people]
    for text in labels:
        folded = text.strip().casefold()
        if folded in _PERSONS or any(_holds(folded, name.casefold()) for name in names):
            raise ComparisonError("a result for both must not be by person")
    for text in prose:
        # at the beginning of a sentence "Joy" and "Will" may be words; elsewhere a capital makes a name of them
        inner = re.sub(r"(^|[.!?]\s+)\w+", "", text)
        if any(_holds(inner, name) for name in names if not name.islower()):
            raise ComparisonError("a result for both must not name a person")
    if any(one in text.casefold() for text in (*labels, *prose) for one in ids):
        raise ComparisonError("a result for both must not name a person")


def _holds(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def texts_of(result: AnalysisResult) -> Iterator[str]:
    """Iterate over every text of a result that says what a number is."""
    return chain.from_iterable(_groups(result, _Quotes(None)))


class _Quotes:
    """Says which cells of a table are words of the entries that a result was made of."""

    def __init__(self, view: EntryView | None) -> None:
        self._view = view

    @cached_property
    def _texts(self) -> list[str]:
        entries = () if self._view is None else self._view.entries()
        return [_plain(words) for entry in entries for words in words_in(entry.content.to_fields())]

    def has(self, cell: str, row: Sequence[Cell]) -> bool:
        """Return whether a cell quotes an entry, and its row tells no number of it."""
        if self._view is None or any(not isinstance(one, str | None) or _as_number(one) is not None for one in row):
            return False
        quoted = _plain(cell.removesuffix("…"))
        is_whole = not cell.endswith("…")
        return bool(quoted) and any(quoted == text if is_whole else text.startswith(quoted) for text in self._texts)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _groups(result: AnalysisResult, quotes: _Quotes) -> Iterator[Iterable[str]]:
    """Iterate over the labels of a result, those together that stand side by side."""
    yield [band.label for band in result.bands]
    yield [series.title for series in result.series]
    yield [table.title for table in result.tables]
    yield from ([mark.label for mark in band.marks] for band in result.bands)
    yield from ([mark.label for mark in series.marks] for series in result.series)
    for table in result.tables:
        yield table.columns
        for column in range(len(table.columns)):
            cells = [(cell, row) for row in table.rows if isinstance(cell := row[column], str)]
            yield [cell for cell, row in cells if not quotes.has(cell, row)]


def _is_by_person(labels: Sequence[str]) -> bool:
    """Ask whether labels differ in a word for a person alone: "Bids of mine" beside "Bids of yours", "A" beside "B"."""
    told_apart: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for label in labels:
        words = [word for word in _WORD.findall(label.casefold()) if word not in _ARTICLES]
        rests = [(word, (*words[:at], "", *words[at + 1 :])) for at, word in enumerate(words)]
        for word, rest in rests:
            is_bare = len(words) == 1 and len(labels) == 2 and not word.isdigit()
            if word in _TOLD_APART or (word in _ONE_OF_TWO and (is_bare or not _SOMEBODY.isdisjoint(rest))):
                told_apart[rest].add(word)
    return any(len(found) > 1 for found in told_apart.values())


def _gives_each_a_number(text: str) -> bool:
    words = set(_WORD.findall(text.casefold()))
    return len(_NUMBER.findall(text)) > 1 and not words.isdisjoint(_FIRST) and not words.isdisjoint(_OTHER)


def _splits(result: AnalysisResult) -> Iterator[float]:
    """Iterate over the larger part of each whole that a result splits in two, as a share."""
    if len(result.bands) == 2:
        yield from _whole([band.value for band in result.bands])
    if len(result.series) == 2:
        yield from _whole([series.points[-1].value if series.points else None for series in result.series])
    for table in result.tables:
        yield from _splits_of(table)


def _splits_of(table: Table) -> Iterator[float]:
    rows = [[_as_number(cell) for cell in row] for row in table.rows]
    for row in rows:
        numbers = [number for number in row if number is not None]
        if len(numbers) == 2:
            yield from _whole(numbers)
    if len(rows) == 2:
        for column in range(len(table.columns)):
            yield from _whole([row[column] for row in rows])


def _whole(parts: Sequence[float | None]) -> Iterator[float]:
    one, other = parts
    if one is None or other is None or one < 0 or other < 0:
        return
    for whole in (1.0, 100.0):
        if abs(one + other - whole) <= _CLOSE * whole:
            yield max(one, other) / whole


def _as_number(cell: Cell) -> float | None:
    if isinstance(cell, str):
        found = _ONLY_A_NUMBER.fullmatch(cell.strip())
        return None if found is None else float(found[1].replace(",", "."))
    return None if cell is None or isinstance(cell, bool) else float(cell)


def _shares(view: EntryView) -> list[float]:
    """Return the share of the one who wrote more: of all entries, of each kind, and of each state of a kind."""
    counts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for entry in view.entries():
        for key in _keys(entry):
            counts[key][entry.author.person] += 1
    return [
        max(found.values()) / total
        for found in counts.values()
        if (total := sum(found.values())) >= _LEAST_ENTRIES and len(found) == 2
    ]


def _keys(entry: Entry) -> Iterator[tuple[str, ...]]:
    yield ()
    yield (entry.kind,)
    if entry.state is not None:
        yield entry.kind, entry.state
