"""Intake: the one door for bytes from outside. Prove, compare with what is held, store durably, apply."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from couplejournal.book.marks import Marks
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.book.values import Taken, Verdict
from couplejournal.book.writing import Writer
from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.model.clock import HybridClock
from couplejournal.ops import codec
from couplejournal.seal import segments
from couplejournal.seal.segments import KEY_STREAM, NotYetError, SealedSegment, VerifiedSegment
from couplejournal.system import System


def take(writer: Writer, files: Sequence[bytes], system: System) -> list[Taken]:
    """Offer files to a book; one verdict for each, in their order.

    Key segments are looked at first, and what could not be proved for want of a key is looked at again as long as
    others bring keys, so the order of arrival decides nothing.

    Raises:
        StoreError: this device's own copy failed; what was taken before it stays taken.
    """
    verdicts: dict[int, Taken] = {}
    parsed: list[tuple[int, SealedSegment]] = []
    for index, data in enumerate(files):
        outcome = _parse(data)
        if isinstance(outcome, Taken):
            verdicts[index] = outcome
        else:
            parsed.append((index, outcome))
    parsed.sort(key=lambda item: (item[1].header.type, item[1].header.stream, item[1].header.first))
    with writer.turn() as marks:
        progress = True
        while parsed and progress:
            progress = False
            rest = []
            for index, sealed in parsed:
                verdict = _take_one(writer, marks, sealed, system)
                verdicts[index] = verdict
                if verdict.verdict is Verdict.HELD:
                    rest.append((index, sealed))
                elif verdict.verdict is Verdict.STORED and sealed.header.type == KEY_STREAM:
                    progress = True
            parsed = rest
    return [verdicts[index] for index in range(len(files))]


def _parse(data: bytes) -> SealedSegment | Taken:
    try:
        return segments.parse(data)
    except (UntrustedDataError, NewerFormatError) as error:
        return Taken(_verdict_of(error), str(error), hashlib.sha256(data).digest())


def _verdict_of(error: Exception) -> Verdict:
    """Return what an error of reading or proving means."""
    if isinstance(error, NotYetError):
        return Verdict.PENDING
    return Verdict.NEWER if isinstance(error, NewerFormatError) else Verdict.REFUSED


def _take_one(writer: Writer, marks: Marks, sealed: SealedSegment, system: System) -> Taken:
    """Prove one segment, compare it with what is held, and store it."""
    shelf, head = writer.shelf, sealed.header
    part = shelf.part_of(sealed)
    stream = shelf.streams.get(part.stream)
    if sealed.digest == shelf.id or (stream is not None and stream.has(part)):
        return _taken(Verdict.KNOWN, "", sealed)
    if head.book != shelf.id:
        return _taken(Verdict.FOREIGN, "a file of another journal", sealed)
    try:
        verified = shelf.verify(sealed)
    except (UntrustedDataError, NewerFormatError) as error:
        return _taken(_verdict_of(error), str(error), sealed)
    if verified is None:
        return _taken(Verdict.HELD, "its key has not arrived yet", sealed)
    return _compare_and_store(writer, marks, verified, system)


def _compare_and_store(writer: Writer, marks: Marks, verified: VerifiedSegment, system: System) -> Taken:
    """Store a proved segment, unless it contradicts what is held or is covered by it already."""
    shelf, sealed = writer.shelf, verified.sealed
    head, part = sealed.header, shelf.part_of(sealed)
    is_mine = head.key == shelf.own.id
    stream = shelf.streams.get(part.stream)
    before, last, is_covered = 0, 0, False
    if stream is not None:
        if not _agrees(shelf, stream, verified):
            if is_mine:
                return _taken(Verdict.OWN_UNKNOWN, "another history of this device", sealed)
            return _taken(Verdict.FORKED, "a device wrote two histories", sealed)
        before, last, is_covered = stream.head, stream.last, stream.covers(head.first, head.last)
        if any(held.first <= head.first and held.last >= head.last for held in stream.touching(head.first, head.last)):
            return _taken(Verdict.KNOWN, "", sealed)
    # Up to the last number that this device's own names say, a file of its own is one that it lost: it comes back.
    if is_mine and head.last > last and not shelf.is_spoiled(part):
        return _taken(Verdict.OWN_UNKNOWN, "words of this device that it does not hold", sealed)
    _observe(marks, verified, system, is_new=not is_covered and not is_mine)
    writer.store(marks, verified)
    return _taken(Verdict.STORED, "", sealed, ops=max(0, shelf.streams[part.stream].head - before))


def _observe(marks: Marks, verified: VerifiedSegment, system: System, *, is_new: bool) -> None:
    """Let the clock hear of a segment's operations, and note whether they want an acknowledgement."""
    clock = HybridClock(marks.clock)
    wants = verified.sealed.header.type == KEY_STREAM
    for data in verified.ops:
        peeked = codec.peek(data)
        clock.observe(peeked.clock, system.now_ms())
        wants = wants or peeked.word != "seen"
    marks.clock = clock.last
    marks.due = marks.due or (wants and is_new)


def _agrees(shelf: Shelf, stream: Stream, verified: VerifiedSegment) -> bool:
    """Return whether a segment's links are those that are held, wherever the two touch or overlap."""
    head = verified.sealed.header
    links = dict(zip(range(head.first - 1, head.last + 1), (head.prev, *verified.links), strict=True))
    while True:
        outline = [(part, shelf.open_part(part)) for part in stream.outline(head.first, head.last)]
        if all(held is not None for _, held in outline):
            break  # else some were damaged and are out of the account by now: others may stand in for them
    for part, held in outline:
        if held is not None:
            before = held.sealed.header.prev
            for number, link in zip(range(part.first - 1, part.last + 1), (before, *held.links), strict=True):
                if links.get(number, link) != link:
                    return False
    return True


def _taken(verdict: Verdict, reason: str, sealed: SealedSegment, *, ops: int = 0) -> Taken:
    if verdict not in (Verdict.STORED, Verdict.KNOWN):
        return Taken(verdict, reason, sealed.digest)
    head = sealed.header
    return Taken(verdict, reason, sealed.digest, ops=ops, stream=head.stream, first=head.first, last=head.last)
