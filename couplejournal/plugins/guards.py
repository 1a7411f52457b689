"""The guards, enforced once for every plugin: what a hook may see, and what a result for both may say.

`cut` makes the view. It follows the manifest's permissions, and rules that no permission lifts: nothing that is marked
tender or intimate; no name, and nobody called "me", where the result is for both; and for both only what both can read,
of both or of neither. What is sealed and not yet opened is in no view at all.

`require_no_comparison` refuses a result for both that is keyed by person. It cannot see every comparison: a number that
is the larger of two says nothing by its name. The contract for plugins (`couplejournal.testing`) tries that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.model.content import RawContent
from couplejournal.plugins.manifest import Permissions
from couplejournal.plugins.views import CutView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from couplejournal.model.entry import Author, Entry
    from couplejournal.model.kinds import Kind
    from couplejournal.plugins.result import AnalysisResult
    from couplejournal.plugins.values import Scope
    from couplejournal.view import JournalView

EVERYTHING: Final = Permissions(read=("counts", "mine", "partner"))
"""What a plugin object may read that a program hands to a host itself."""

PARTS_LIMIT: Final = 20_000
TEXT_LIMIT_CHARACTERS: Final = 500_000
_ID_DIGITS: Final = 8  # so many of a person's id name the person
_PERSONS: Final = frozenset(
    {
        *("i", "me", "my", "mine", "you", "your", "yours", "he", "him", "his", "she", "her", "hers", "partner"),
        *("ich", "mich", "mein", "meine", "du", "dich", "dein", "deine", "er", "ihn", "sein", "sie", "ihr", "author"),
    }
)


class ComparisonError(Exception):
    """A result for both is keyed by person; the message holds nothing of the result."""


class OversizeError(Exception):
    """A result is too large; the message holds nothing of the result."""


def require_no_comparison(result: AnalysisResult, people: Sequence[Author]) -> None:
    """Refuse a result for both whose labels, columns, rows, marks or titles name a person.

    Raises:
        ComparisonError: one does.
    """
    names = [name for one in people if (name := one.name.strip().casefold())]
    ids = [one.person[:_ID_DIGITS] for one in people]
    for text in _keys(result):
        folded = text.strip().casefold()
        if folded in _PERSONS or any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded) for name in names):
            raise ComparisonError("a result for both must not be by person")
    if any(one in text.casefold() for text in (*_keys(result), result.headline, *result.notes) for one in ids):
        raise ComparisonError("a result for both must not name a person")


def require_small(result: AnalysisResult) -> None:
    """Refuse a result that no screen could show.

    Raises:
        OversizeError: it has too many numbers or too much text.
    """
    parts = sum(len(table.rows) * max(len(table.columns), 1) for table in result.tables)
    parts += sum(len(series.points) for series in result.series) + len(result.bands) + len(result.notes)
    if parts > PARTS_LIMIT:
        raise OversizeError(f"answered with more than {PARTS_LIMIT:,} numbers")
    texts = (*_keys(result), result.headline, *result.notes)
    if sum(map(len, texts)) > TEXT_LIMIT_CHARACTERS:
        raise OversizeError(f"answered with more than {TEXT_LIMIT_CHARACTERS:,} characters")


def is_readable(entry: Entry, kinds: Mapping[str, Kind], permissions: Permissions) -> bool:
    """Return whether a plugin with these permissions may read the words of an entry, for this person's own eyes."""
    is_out = _is_left_out(entry, kinds, permissions.kinds, is_for_both=False)
    whose = "mine" if entry.is_mine else "partner"
    return not is_out and whose in permissions.read and _is_named(entry.kind, kinds, permissions)


def _keys(result: AnalysisResult) -> Iterator[str]:
    """Iterate over every text of a result that says whose a number is."""
    for band in result.bands:
        yield from (band.label, *(mark.label for mark in band.marks))
    for series in result.series:
        yield from (series.title, *(mark.label for mark in series.marks))
    for table in result.tables:
        yield from (table.title, *table.columns)
        yield from (cell for row in table.rows for cell in row if isinstance(cell, str))


def cut(view: JournalView, permissions: Permissions, scope: Scope) -> CutView:
    """Return what a plugin with these permissions sees, for a result that both see or for one's own."""
    is_for_both = scope == "couple"
    # in a pair, whatever is not mine is the other's: what only one can read must not feed what both see
    source = view.shared_only() if is_for_both else view
    people = tuple(_nameless(one) for one in sorted(source.people, key=lambda one: one.person))
    return CutView(
        lambda: _entries(source, permissions, is_for_both=is_for_both),
        zone=view.zone,
        me=None if is_for_both else source.me,
        people=people if is_for_both else source.people,
    )


def is_tender(entry: Entry, kinds: Mapping[str, Kind]) -> bool:
    """Return whether an entry is marked tender or intimate in any version of it, or is of such a kind."""
    kind = kinds.get(entry.kind)
    marked = any(content.tender != "none" for content in (entry.content, *entry.conflict))
    return marked or (kind is not None and kind.tender != "none")


def _entries(view: JournalView, permissions: Permissions, *, is_for_both: bool) -> list[Entry]:
    named = permissions.kinds
    kept: list[Entry] = []
    decided: set[str] = set()  # what a tender entry refers to: its state could tell what that entry says
    for entry in view.entries():
        if _is_left_out(entry, view.kinds, named, is_for_both=is_for_both):
            decided.update(ref.id for ref in entry.refs)
        elif _is_named(entry.kind, view.kinds, permissions):
            seen = _as_permitted(entry, permissions.read, is_for_both=is_for_both)
            if seen is not None:
                kept.append(seen)
    here = {entry.id for entry in kept}
    return [
        attrs.evolve(
            entry,
            refs=tuple(ref for ref in entry.refs if ref.id in here),
            state=None if entry.id in decided else entry.state,
        )
        for entry in kept
    ]


def _is_left_out(entry: Entry, kinds: Mapping[str, Kind], named: Sequence[str], *, is_for_both: bool) -> bool:
    """Ask whether an entry is tender; a tender kind is there for one's own result if the permissions name it."""
    if not is_tender(entry, kinds):
        return False
    kind = kinds.get(entry.kind)
    asked_for = entry.kind in named and kind is not None and kind.tender != "none"
    return is_for_both or not asked_for


def _is_named(kind: str, kinds: Mapping[str, Kind], permissions: Permissions) -> bool:
    """Ask whether the permissions name a kind; without names they mean every kind that is for both by default."""
    if permissions is EVERYTHING:
        return True
    if permissions.kinds:
        return kind in permissions.kinds
    known = kinds.get(kind)
    return known is not None and known.default_audience == "shared"


def _as_permitted(entry: Entry, read: Sequence[str], *, is_for_both: bool) -> Entry | None:
    """Return an entry with its words, without them where only counts are allowed, or None."""
    if is_for_both:
        has_words = "mine" in read and "partner" in read  # of both or of neither
        entry = attrs.evolve(entry, author=_nameless(entry.author), device="")
    else:
        has_words = ("mine" if entry.is_mine else "partner") in read
    if has_words:
        return entry
    return _wordless(entry) if "counts" in read else None


def _wordless(entry: Entry) -> Entry:
    empty = RawContent(entry.kind, entry.content.schema, {})
    return attrs.evolve(entry, content=empty, conflict=(), device="", author=_nameless(entry.author))


def _nameless(author: Author) -> Author:
    return attrs.evolve(author, name="", is_me=False)
