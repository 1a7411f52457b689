"""What a book knows of forks, rollbacks and gaps, as values (docs/spec/format.md 10). Nothing of it stops anything."""

from __future__ import annotations

from collections.abc import Iterator

from couplejournal.book import holding
from couplejournal.book.marks import Marks
from couplejournal.book.present import RESTORED, TYPES
from couplejournal.book.shelf import Shelf
from couplejournal.book.values import Notice
from couplejournal.ops.membership import EpochFact


def notices(shelf: Shelf, marks: Marks, person: bytes) -> tuple[Notice, ...]:
    """Return one notice for each thing and device, for a device of ``person``; of several the latest, sorted.

    Raises:
        StoreError: the disk fails.
    """
    latest: dict[tuple[str, bytes], Notice] = {}
    told = (*_histories(shelf, marks), *_claimed(shelf, person), *_withheld(shelf), *_gaps(shelf), *_cut(shelf, marks))
    for notice in told:
        known = latest.get((notice.code, notice.key))
        if known is None or (known.since_ms, known.stream) < (notice.since_ms, notice.stream):
            latest[notice.code, notice.key] = notice
    return tuple(latest[place] for place in sorted(latest))


def _histories(shelf: Shelf, marks: Marks) -> Iterator[Notice]:
    """Yield what was found out about streams, of others and of one's own."""
    for name, since_ms in marks.forked.items():
        stream = shelf.streams.get(bytes.fromhex(name))
        if stream is not None:
            code = RESTORED if stream.key == shelf.own.id else "forked"
            yield Notice(code, stream.key, stream.origin, since_ms)
    for told in marks.told:
        yield Notice(told.code, shelf.own.id, told.stream, told.since_ms)
    for name, claim in marks.claims.items():
        yield Notice("named-unknown", claim.by, bytes.fromhex(name), claim.since_ms)


def _claimed(shelf: Shelf, person: bytes) -> Iterator[Notice]:
    """Yield the keys that both persons claim, until the person's own root removed them."""
    membership = shelf.membership
    for key in membership.keys:
        if membership.is_claimed_by_both(key) and membership.standing_for(key, person) != "removed":
            yield Notice("claimed", key, b"")


def _withheld(shelf: Shelf) -> Iterator[Notice]:
    """Yield what others, or the drive, keep from this device."""
    membership, own = shelf.membership, shelf.own.id
    if not membership.is_live(own):
        return
    by_author: dict[bytes, list[EpochFact]] = {}
    for fact in membership.epochs.values():
        by_author.setdefault(fact.key, []).append(fact)
    for author, facts in by_author.items():
        if author == own:
            for fact in facts:
                if not membership.holds_roots(fact):
                    yield Notice("withheld-removal", own, fact.stream)
        elif membership.is_live(author):
            yield from _shut_out(shelf, facts)


def _shut_out(shelf: Shelf, facts: list[EpochFact]) -> Iterator[Notice]:
    """Yield the epochs of one author that leave this device out, though an earlier one did not, or a wrap is false.

    This device asked for them, so its own wrap did not open; that another granted them since changes nothing.
    """
    membership, own = shelf.membership, shelf.own.id
    for fact in facts:
        if (own, fact.id) in membership.lacks:
            knew = any(other.stream == fact.stream and other.seq < fact.seq and own in other.wraps for other in facts)
            if own in fact.wraps or knew:
                yield Notice("shut-out", fact.key, fact.stream)


def _cut(shelf: Shelf, marks: Marks) -> Iterator[Notice]:
    """Yield the streams of this device that end here before a number that it noted as written and stored.

    Nothing behind it is left to show a gap, so only the notes know of it.
    """
    own = shelf.own.id
    noted = {}
    for type_, head in zip(TYPES, marks.present, strict=False):
        stream = shelf.find(own, head.stream, type_)
        noted[head.stream if stream is None else stream.id] = head.number
    for name, number in marks.retired.items():
        noted[bytes.fromhex(name)] = max(number, noted.get(bytes.fromhex(name), 0))
    for stream_id, number in noted.items():
        held = shelf.streams.get(stream_id)
        if number > (held.last if held is not None and held.key == own else 0):
            yield Notice("cut", own, stream_id if held is None else held.origin)


def _gaps(shelf: Shelf) -> Iterator[Notice]:
    for stream in list(shelf.streams.values()):
        if holding.gaps(shelf, stream):
            yield Notice("gap", stream.key, stream.origin)
