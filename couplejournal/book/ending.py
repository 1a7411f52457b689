"""Whether a book is over: a held `end` that counts makes it an earlier one, read and never written again.

Whoever adds an entry must know without reading all words, so the note beside the replica keeps where the first `end` of
each stream stands (docs/spec/membership.md 5.7). The first is enough: what accepts a later one accepts it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couplejournal.book import holding
from couplejournal.errors import StoreError

if TYPE_CHECKING:
    from couplejournal.book.branches import Place
    from couplejournal.book.marks import Marks
    from couplejournal.book.shelf import Shelf
    from couplejournal.book.streams import Stream
    from couplejournal.seal.segments import VerifiedSegment

WORD: Final = "end"
OVER: Final = "this journal was ended, so it is read and no longer written"
_BEGINNING: Final = b"\xa3end"  # how the word stands at the beginning of an operation, behind one byte (format 3)


def note(marks: Marks, stream: bytes, verified: VerifiedSegment, *, is_forked: bool) -> None:
    """Note the first `end` among operations that are stored, in a stream by its folder."""
    for number, (data, link) in enumerate(zip(verified.ops, verified.links, strict=True), verified.sealed.header.first):
        if data.startswith(_BEGINNING, 1):
            note_one(marks, stream, (number, link), is_forked=is_forked)
            return


def note_one(marks: Marks, stream: bytes, place: Place, *, is_forked: bool) -> None:
    """Note an `end`, unless its stream is not forked and an earlier one of it is known."""
    known = {*marks.ends.get(stream.hex(), ()), place}
    marks.ends[stream.hex()] = sorted(known) if is_forked else [min(known)]


def enders(shelf: Shelf, marks: Marks) -> frozenset[bytes]:
    """Return the ids of the keys whose `end` is held without a gap and counts.

    Raises:
        StoreError: the disk fails.
    """
    found = set()
    for stream_id, places in marks.ends.items():
        stream = shelf.streams.get(bytes.fromhex(stream_id))
        if stream is not None and any(_counts(shelf, stream, number, link) for number, link in places):
            found.add(stream.key)
    return frozenset(found)


def _counts(shelf: Shelf, stream: Stream, number: int, link: bytes) -> bool:
    is_held = number <= stream.head if stream.tree is None else holding.holds(shelf, stream, number, link)
    return is_held and holding.counts(shelf, stream, number, link)


def require_open(ended_by: frozenset[bytes], own: bytes, drafted: Sequence[str]) -> None:
    """Refuse to write into a book that was ended, but for this device's own `end`, once.

    Raises:
        StoreError: it is over.
    """
    if ended_by and not (set(drafted) == {WORD} and own not in ended_by):
        raise StoreError(OVER, hint="what you write is kept in your private journal")
