"""One entry to read again: of this day in an earlier year, or an appreciation of some time ago.

Nothing tender or intimate comes back unasked, nothing of an earlier journal, and nothing that records a conflict or a
turning away: only the kinds below, in the states below. In a journal of two it is something that both can read.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from couplejournal.model.entry import Entry
    from couplejournal.view.journalview import JournalView

# the kinds, each with the states in which it may come back; None: it has no lifecycle
WELCOME: Final[Mapping[str, tuple[str | None, ...]]] = {
    "appreciation": (None,),
    "answer": (None,),
    "note": (None,),
    "bid": ("toward",),
    "goal": ("done",),
    "milestone": ("done",),
}
SOME_TIME: Final = timedelta(days=14)
_YEARS_LIMIT: Final = 100
_APPRECIATIONS_LIMIT: Final = 500


def reread(view: JournalView, day: date, *, is_shared: bool) -> Entry | None:
    """Return the entry that a day brings back, the same for the whole day; None where there is none.

    Where something ``is_shared`` it is one that both can read, else one's own.
    """
    for found in (_of_this_day(view, day), _appreciations(view, day)):
        fit = [entry for entry in found if _is_welcome(entry, view, is_shared=is_shared)]
        if fit:
            return min(fit, key=lambda entry: hashlib.sha256(f"{day} {entry.id}".encode()).digest())
    return None


def _of_this_day(view: JournalView, day: date) -> Iterator[Entry]:
    first = next(view.entries(limit=1), None)
    if first is None:
        return
    for year in range(max(first.happened_at.year, day.year - _YEARS_LIMIT, 2), day.year):
        then = _same_day(day, year)
        if then is not None:
            yield from view.entries(kind=tuple(WELCOME), since=then, until=then + timedelta(days=1))


def _same_day(day: date, year: int) -> date | None:
    """Return a day in another year; the 29th of February is in leap years alone."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _appreciations(view: JournalView, day: date) -> Iterator[Entry]:
    return view.entries(kind="appreciation", until=day - SOME_TIME, newest_first=True, limit=_APPRECIATIONS_LIMIT)


def _is_welcome(entry: Entry, view: JournalView, *, is_shared: bool) -> bool:
    kind = view.kinds.get(entry.kind)
    is_tender = any(content.tender != "none" for content in (entry.content, *entry.conflict))
    return (
        kind is not None
        and kind.tender == "none"
        and not is_tender
        and not entry.is_earlier
        and entry.state in WELCOME[entry.kind]
        and bool(entry.text.strip())
        and (entry.audience == "shared" if is_shared else entry.is_mine)
    )
