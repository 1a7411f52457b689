"""What is asked of a timeline, and which entries answer; cheap questions first, decoding last."""

from __future__ import annotations

from bisect import bisect_left
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING

import attrs

from couplejournal.model.content import words_in
from couplejournal.model.entry import AUDIENCES
from couplejournal.model.moment import bound_ms
from couplejournal.view.books import Item, audience_of
from couplejournal.view.contents import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime, tzinfo

    from couplejournal.merge import OrderKey
    from couplejournal.view.books import BookState, Shelf


@attrs.frozen(kw_only=True)
class Query:
    """What to look for. Times are ms since 1970 UTC, ``since`` included, ``until`` not; text and tag are casefolded."""

    kinds: frozenset[str] | None
    since_ms: int | None
    until_ms: int | None
    text: str | None
    audience: str | None
    tag: str | None

    @classmethod
    def of(
        cls,
        *,
        kind: str | Iterable[str] | None,
        since: str | date | datetime | None,
        until: str | date | datetime | None,
        text: str | None,
        audience: str | None,
        tag: str | None,
        zone: tzinfo,
    ) -> Query:
        """Return the query that a person means.

        Raises:
            InvalidEntryError: a string is no date or time.
            ValueError: the audience is none that there is.
        """
        if audience is not None and audience not in AUDIENCES:
            raise ValueError("the audience is shared, private or waiting")
        return cls(
            kinds=None if kind is None else frozenset({kind} if isinstance(kind, str) else kind),
            since_ms=bound_ms(since, zone=zone),
            until_ms=bound_ms(until, zone=zone),
            text=text.casefold() if text else None,
            audience=audience,
            tag=None if tag is None else tag.casefold(),
        )

    def items(self, shelf: Shelf, *, newest_first: bool) -> Iterator[Item]:
        """Iterate over the visible entries that answer, in order, from books that never change."""
        found = [self._found(shelf, book, newest_first=newest_first) for book in shelf.books]
        for _, item in found[0] if len(found) == 1 else merge(*found, key=itemgetter(0), reverse=newest_first):
            yield item

    def _found(self, shelf: Shelf, book: BookState, *, newest_first: bool) -> Iterator[tuple[OrderKey, Item]]:
        """Iterate over the answers of one book, each with its place in the order."""
        order, is_whole = book.frozen.order, not book.frozen.accepted
        for index in _span(order, self.since_ms, self.until_ms, newest_first=newest_first):
            entry = order[index][2]
            written = book.frozen.written[entry]
            write = written.write
            if not (is_whole or book.frozen.counts(written.op)):
                continue
            if self.kinds is not None and write.kind not in self.kinds:
                continue
            if self.audience is not None and audience_of(book, write) != self.audience:
                continue
            if shelf.moved_to(book, entry) is not None:
                continue
            record = book.frozen.record(entry)
            if record is None:
                continue
            item = Item(book, record)
            if not item.versions.is_hidden and self._is_answered_by_words(item):
                yield order[index], item

    def _is_answered_by_words(self, item: Item) -> bool:
        """Ask whether what is shown of an entry has the text and the tag; decodes only where one is asked for."""
        if self.text is None and self.tag is None:
            return True
        fields = fields_of(item.versions.shown.fields)
        if not isinstance(fields, dict):
            return False
        tags = [tag.casefold() for tag in _strings(fields.get("tags"))]
        if self.tag is not None and self.tag not in tags:
            return False
        text = self.text
        return text is None or any(text in words.casefold() for words in words_in(fields))


def _strings(value: object) -> list[str]:
    """Return the strings of a list, nothing of anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _span(order: Sequence[OrderKey], since_ms: int | None, until_ms: int | None, *, newest_first: bool) -> range:
    """Return the indexes of a span of time, in the order asked for."""
    start = 0 if since_ms is None else bisect_left(order, since_ms, key=itemgetter(0))
    end = len(order) if until_ms is None else bisect_left(order, until_ms, key=itemgetter(0))
    return range(end - 1, start - 1, -1) if newest_first else range(start, end)
