"""Recounting: what the marks say, made anew from all that is held; what only they can say is kept from the old ones."""

from __future__ import annotations

from couplejournal.book import ending, holding, telling
from couplejournal.book.marks import Marks
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.model.clock import HybridClock
from couplejournal.ops import words
from couplejournal.ops.words import Head
from couplejournal.seal.segments import KEY_STREAM


def recount(shelf: Shelf, old: Marks | None, now_ms: int) -> Marks:
    """Read everything and return new marks; ``now_ms`` is the wall clock in ms since 1970.

    Raises:
        StoreError: the disk fails.
    """
    marks = Marks()
    if old is not None:
        marks = Marks(
            generation=old.generation, clock=old.clock, present=old.present, renewed=old.renewed, retired=old.retired,
            forked=old.forked, told=old.told, claims=old.claims, heeded_ms=old.heeded_ms,
        )  # fmt: skip
    marks.generation += 1
    clock = HybridClock(marks.clock)  # what a restored replica does not hold any more was written before what comes now
    fresh: dict[bytes, int] = {}
    told: list[Head] = []
    for stream in holding.word_streams(shelf):
        _find_branches(shelf, stream)
        is_own = stream.key == shelf.own.id
        speaks = is_own and (not marks.present or telling.is_present(shelf, stream))
        for op in holding.ops_in(shelf, stream, {}):
            if op.word == ending.WORD:
                ending.note_one(marks, stream.id, (op.seq, op.id), is_forked=stream.tree is not None)
            if is_own:
                clock.last = max(clock.last, op.clock)
                marks.spoke_ms = max(marks.spoke_ms, op.clock[0])
            else:
                clock.observe(op.clock, now_ms)
            if speaks and op.word == "seen":
                told += words.decode_fields(words.Seen, op.fields).heads
            elif op.word != "seen":
                fresh[stream.id] = op.seq
    marks.clock = clock.last
    telling.note_told(shelf, marks, told)
    marks.due = any(_wants_telling(shelf, marks, stream, fresh) for stream in list(shelf.streams.values()))
    marks.files, marks.which = shelf.files, shelf.which
    return marks


def _wants_telling(shelf: Shelf, marks: Marks, stream: Stream, fresh: dict[bytes, int]) -> bool:
    """Return whether the others do not know yet that a stream is held which another device, or a copy, wrote."""
    if telling.is_present(shelf, stream) or (stream.key == shelf.own.id and not marks.present):
        return False
    if stream.type != KEY_STREAM and stream.id not in fresh:
        return False
    return telling.has_untold(shelf, marks, stream, fresh.get(stream.id, 0))


def _find_branches(shelf: Shelf, stream: Stream) -> None:
    """Look into every part where one may contradict another; where they stand in one row, reading finds it anyway."""
    if stream.tree is not None or len(list(stream.cover(0))) == len(stream.parts):
        return
    links: dict[int, bytes] = {}
    for part in list(stream.parts):
        verified = shelf.open_part(part)
        if verified is None:
            continue
        before = verified.sealed.header.prev
        for number, link in zip(range(part.first - 1, part.last + 1), (before, *verified.links), strict=True):
            if links.setdefault(number, link) != link:
                shelf.branch(stream)
                return
