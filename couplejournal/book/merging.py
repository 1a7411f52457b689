"""Merging: small files of this device's own words become larger ones, and what those hold is let go (sync 1, rule 8).

A merged file holds the very operations of the small ones, under the same links, numbers and epoch; only the file is
another. It is stored beside them. They go when the larger one was seen whole on the drive and some time has passed,
which is for `couplejournal.sync` to say: nothing here goes by itself, but for files of others, of which the larger one
is all that is needed.

Which files are merged is read from their names. Key streams are few and stay as they are, and so do streams that are
forked or have a gap: of those nobody can say from names what holds what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from couplejournal.book.marks import Marks
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.book.telling import is_present
from couplejournal.book.values import File
from couplejournal.book.writing import Writer
from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.ops import codec, words
from couplejournal.seal import segments
from couplejournal.seal.segments import WORD_STREAM, VerifiedSegment
from couplejournal.store.replica import Part

TIER: Final = 8  # so many files become one, and so many times the operations make the next tier
FULL_BYTES: Final = 512 << 10  # a file of so many bytes is not merged again
MERGED_BYTES: Final = 1 << 20  # the most that is put into one, by the sizes of the files that go in
FILES_AT_ONCE: Final = 512


def merge(writer: Writer) -> bool:
    """Make one larger file of small ones of this device's own words, if some are to be merged; return whether it did.

    Raises:
        StoreError: the disk is full or failing; all that was held still is.
    """
    shelf = writer.shelf
    with writer.turn() as marks:
        if not writer.is_writable():
            return False
        for stream in shelf.own_streams():
            for parts in _chosen(writer, stream):
                verified = _merged(writer, stream, parts)
                if verified is not None:
                    writer.store(marks, verified)
                    return True
        return False


def choose(parts: Sequence[Part], *, is_closed: bool = False) -> list[Part]:
    """Return which of some files that follow each other, oldest first, are to become one; nothing where none are.

    At least `TIER` neighbours become one when that has `TIER` times the operations of their tier, and twice those of
    the largest. So an operation is written once for each tier, whatever the order. Where nothing more will be added
    (``is_closed``) any two are.
    """
    highest = max((_tier(part) for part in parts), default=0)
    for tier in range(highest, -1, -1):
        for window in _windows(parts, tier):
            count = window[-1].last - window[0].first + 1
            largest = max(part.last - part.first + 1 for part in window)
            if len(window) >= TIER and count >= max(TIER ** (tier + 1), 2 * largest):
                return _fitting(window)
    if is_closed:
        for window in _windows(parts, highest):
            fitting = _fitting(window)
            if len(fitting) > 1:
                return fitting
    return []


def is_within(shelf: Shelf, larger: Part, part: Part, end: bytes = b"") -> bool:
    """Return whether a file of this replica holds all operations of another file of its stream, and more.

    By links, so that a file of another branch is never taken for it. The other one is a file of the replica too, or one
    of the drive of which the link at its end is known.

    Raises:
        StoreError: the disk fails.
    """
    stream = shelf.streams.get(larger.stream)
    if stream is None or stream.tree is not None or not stream.has(larger) or not _is_longer(larger, part):
        return False
    whole = shelf.open_part(larger)
    if whole is None:
        return False
    if stream.has(part):
        held = shelf.open_part(part)
        if held is None or held.sealed.header.epoch != whole.sealed.header.epoch:
            return False
        end = held.sealed.header.end
    return end == whole.links[part.last - larger.first]


def let_go(writer: Writer, larger: Part, parts: Iterable[Part]) -> int:
    """Let go of files of the replica that a larger one holds, if that one is whole on the disk; return how many went.

    Raises:
        StoreError: the disk fails; what did not go is found again.
    """
    shelf = writer.shelf
    with writer.turn() as marks:
        stream = shelf.streams.get(larger.stream)
        if stream is None or stream.type != WORD_STREAM or not _is_whole(shelf, larger):
            return 0
        covered = [part for part in parts if stream.has(part) and is_within(shelf, larger, part)]
        return _remove(writer, marks, stream, covered)


def let_go_of_others(writer: Writer, marks: Marks, larger: Part, key: bytes) -> None:
    """Let go of small files of another device of which one that was just stored holds all, within a turn.

    Raises:
        StoreError: the disk fails; what did not go is found again.
    """
    shelf = writer.shelf
    stream = shelf.streams[larger.stream]
    if stream.type == WORD_STREAM and key != shelf.own.id and stream.tree is None:
        near = stream.touching(larger.first, larger.last)
        covered = [part for part in near if _is_longer(larger, part) and is_within(shelf, larger, part)]
        _remove(writer, marks, stream, covered)


def part_of(file: File) -> Part:
    """Return the place of a file of this replica or of the drive, as it is or would be here."""
    return Part(file.stream, file.first, file.last, file.digest, 0)


def _remove(writer: Writer, marks: Marks, stream: Stream, parts: Sequence[Part]) -> int:
    if parts:
        writer.let_go(marks, stream, parts)
    return len(parts)


def _chosen(writer: Writer, stream: Stream) -> Iterator[list[Part]]:
    """Yield what is to become one file, of a stream that is held whole; each of one epoch."""
    shelf = writer.shelf
    if stream.type != WORD_STREAM or stream.tree is not None or not 0 < stream.head == stream.last:
        return
    parts, is_over = list(stream.cover(0)), not is_present(shelf, stream)
    if not is_over:
        parts.pop()  # the newest stays: whoever writes next opens it, for its link
    for near in _windows(parts, None, writer.unmergeable):
        if choose(near, is_closed=is_over):  # else nothing is opened for it
            epochs = {part: _epoch_of(shelf, part) for part in near}
            if not all(epochs.values()):
                return  # a damaged one: it is found out and fetched again first
            runs = [list(run) for _, run in groupby(near, key=epochs.__getitem__)]
            for number, run in enumerate(runs, 1):
                chosen = choose(run, is_closed=is_over or number < len(runs))
                if chosen:
                    yield chosen


def _merged(writer: Writer, stream: Stream, parts: Sequence[Part]) -> VerifiedSegment | None:
    """Return one segment with all operations of some files; None where not all is as their names say, or understood."""
    shelf = writer.shelf
    first, at, before, epoch = parts[0].first, parts[0].first - 1, b"", b""
    prev, ops = b"", list[bytes]()
    for part in parts:
        verified = shelf.open_part(part)
        if verified is None:
            return None
        if not all(codec.peek(op).word in words.WORD_WORDS for op in verified.ops):
            writer.unmergeable.add(part.digest)
            return None
        head = verified.sealed.header
        links = (head.prev, *verified.links)
        if not before:
            prev, before, epoch = head.prev, head.prev, head.epoch
        if links[at + 1 - part.first] != before:
            shelf.branch(stream)
            return None
        ops += verified.ops[at + 1 - part.first :]
        at, before = part.last, links[-1]
    key = shelf.epochs.key_of(epoch)
    if key is None:
        return None
    try:
        return segments.seal_words(
            shelf.own, key, book=shelf.id, stream=stream.origin, epoch=epoch, first=first, prev=prev, ops=ops
        )
    except ValueError:  # larger than a segment may be
        writer.unmergeable.update(part.digest for part in parts)
        return None


def _windows(parts: Sequence[Part], tier: int | None, barred: Iterable[bytes] = ()) -> Iterator[list[Part]]:
    """Yield the longest runs of neighbours that may be merged, up to a tier."""
    for is_fit, run in groupby(
        parts,
        key=lambda part: (
            part.size_bytes < FULL_BYTES and part.digest not in barred and (tier is None or _tier(part) <= tier)
        ),
    ):
        if is_fit:
            yield list(run)


def _fitting(parts: Sequence[Part]) -> list[Part]:
    """Return as many of the first of some files as make one of at most `MERGED_BYTES`."""
    size_bytes = 0
    for count, part in enumerate(parts):
        size_bytes += part.size_bytes
        if size_bytes > MERGED_BYTES or count == FILES_AT_ONCE:
            return list(parts[:count])
    return list(parts)


def _tier(part: Part) -> int:
    """Return how many times over the operations of a file are `TIER` times one."""
    count, tier = part.last - part.first + 1, 0
    while count >= TIER:
        count //= TIER
        tier += 1
    return tier


def _is_longer(larger: Part, part: Part) -> bool:
    """Return whether a file holds by its name all numbers of another one, and more."""
    return (
        larger.stream == part.stream
        and larger.first <= part.first
        and part.last <= larger.last
        and (larger.first, larger.last) != (part.first, part.last)
    )


def _epoch_of(shelf: Shelf, part: Part) -> bytes:
    """Return the epoch that a file names, nothing where it is damaged.

    Raises:
        StoreError: the disk fails.
    """
    data = shelf.replica.find(part.path)
    try:
        return b"" if data is None else segments.parse(data).header.epoch
    except (NewerFormatError, UntrustedDataError):
        return b""


def _is_whole(shelf: Shelf, part: Part) -> bool:
    """Return whether the disk gives back what a part's name says, whatever is remembered of it."""
    data = shelf.replica.find(part.path)
    return data is not None and hashlib.sha256(data).digest()[: len(part.digest)] == part.digest
