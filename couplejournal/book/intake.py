"""Intake: the one door for bytes from outside. Prove, compare with what is held, store durably, apply."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence

from couplejournal.book import holding, present
from couplejournal.book.branches import Place
from couplejournal.book.marks import Claim, Marks
from couplejournal.book.values import Taken, Verdict
from couplejournal.book.writing import Writer
from couplejournal.errors import NewerFormatError, StoreError, UntrustedDataError
from couplejournal.model.clock import HybridClock
from couplejournal.ops import codec, words
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
        intake = _Intake(writer, marks, system)
        progress = True
        while parsed and progress:
            progress = False
            rest = []
            for index, sealed in parsed:
                verdict = intake.take_one(sealed)
                verdicts[index] = verdict
                if verdict.verdict is Verdict.HELD:
                    rest.append((index, sealed))
                elif verdict.verdict is Verdict.STORED and sealed.header.type == KEY_STREAM:
                    progress = True
            parsed = rest
        intake.settle_claims()
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


class _Intake:
    """One batch."""

    def __init__(self, writer: Writer, marks: Marks, system: System) -> None:
        self._writer = writer
        self._shelf = writer.shelf
        self._marks = marks
        self._system = system
        self._own = {stream.origin for stream in self._shelf.own_streams()}
        self._own |= {head.stream for head in marks.present}
        self._own |= {bytes.fromhex(stream) for stream in marks.retired}
        self._told: dict[tuple[bytes, bytes], list[Place]] = {}

    def take_one(self, sealed: SealedSegment) -> Taken:
        """Prove one segment, compare it with what is held, and store it."""
        shelf, head = self._shelf, sealed.header
        part = shelf.part_of(sealed)
        stream = shelf.streams.get(part.stream)
        if sealed.digest == shelf.id or (stream is not None and stream.has(part)):
            return self._taken(Verdict.KNOWN, sealed)
        if head.book != shelf.id:
            return Taken(Verdict.FOREIGN, "a file of another journal", sealed.digest)
        try:
            verified = shelf.verify(sealed)
        except (UntrustedDataError, NewerFormatError) as error:
            return Taken(_verdict_of(error), str(error), sealed.digest)
        if verified is None:
            return Taken(Verdict.HELD, "its key has not arrived yet", sealed.digest)
        return self._compare_and_store(verified)

    def settle_claims(self) -> None:
        """Note which operations of this device others tell to hold that it cannot show.

        Raises:
            StoreError: the disk fails.
        """
        if self._told or self._marks.claims:
            now_ms = self._system.now_ms()
            present.note_claims(
                self._shelf,
                self._marks,
                [
                    (stream, Claim(number, link, key, now_ms))
                    for (key, stream), places in self._told.items()
                    for number, link in places
                ],
            )

    def _compare_and_store(self, verified: VerifiedSegment) -> Taken:
        """Store a proved segment, unless one file holds all of it already.

        One that contradicts what is held stands in another branch of its stream: both are kept, and both count.
        """
        shelf, sealed, head = self._shelf, verified.sealed, verified.sealed.header
        stream = shelf.streams.get(shelf.part_of(sealed).stream)
        before, is_covered = 0, False
        if stream is not None:
            if stream.tree is None and not holding.agrees(shelf, stream, verified):
                shelf.branch(stream)
                self._marks.forked.setdefault(stream.id.hex(), self._system.now_ms())  # before the file is stored
            if holding.is_within_one(shelf, stream, verified):
                return self._taken(Verdict.KNOWN, sealed)
            before, is_covered = holding.size(shelf, stream), holding.covers(shelf, stream, verified)
        self._observe(verified, is_new=not is_covered)
        self._writer.store(self._marks, verified)
        part = shelf.part_of(sealed)
        stream = shelf.streams[part.stream]
        if head.key == shelf.own.id and not is_covered:
            present.note_own(shelf, self._marks, stream, head.last, self._system.now_ms())
        ops = max(0, holding.size(shelf, stream) - before)
        if part.last > part.first:
            from couplejournal.book import merging  # start-up: who only writes takes nothing in

            with contextlib.suppress(StoreError):  # then they stay until another larger one comes
                merging.let_go_of_others(self._writer, self._marks, part, head.key)
        return self._taken(Verdict.STORED, sealed, ops=ops)

    def _observe(self, verified: VerifiedSegment, *, is_new: bool) -> None:
        """Let the clock hear of a segment's operations, and note whether they want an acknowledgement."""
        marks, head = self._marks, verified.sealed.header
        clock = HybridClock(marks.clock)
        wants = head.type == KEY_STREAM
        for data in verified.ops:
            peeked = codec.peek(data)
            clock.observe(peeked.clock, self._system.now_ms())
            if peeked.word == "seen":
                self._hear(head.key, words.decode_fields(words.Seen, peeked.fields))
            else:
                wants = True
        marks.clock = clock.last
        is_present = head.key == self._shelf.own.id and head.stream in self._shelf.present.values()
        marks.due = marks.due or (wants and is_new and not is_present)

    def _hear(self, key: bytes, seen: words.Seen) -> None:
        """Gather what a device that belongs tells to hold of this device's streams: its latest word on each."""
        if not self._shelf.membership.is_live(key):
            return
        told: dict[bytes, list[Place]] = {}
        for stream, number, link in seen.heads:
            if stream in self._own:
                told.setdefault(stream, []).append((number, link))
        self._told.update({(key, stream): places for stream, places in told.items()})

    def _taken(self, verdict: Verdict, sealed: SealedSegment, *, ops: int = 0) -> Taken:
        head, folder = sealed.header, self._shelf.part_of(sealed).stream
        return Taken(verdict, "", sealed.digest, ops=ops, stream=folder, first=head.first, last=head.last, end=head.end)
