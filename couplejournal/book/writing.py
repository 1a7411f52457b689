"""Turns: one process of one device at a time may change a book, and each begins from what is really on the disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import msgspec

from couplejournal.book import marks as marks_file
from couplejournal.book.marks import Marks
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.disk import Disk
from couplejournal.errors import InvalidEntryError, StoreError, UntrustedDataError
from couplejournal.model.clock import HybridClock
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import EpochFact
from couplejournal.ops.op import Op
from couplejournal.seal import epochs, segments
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM, VerifiedSegment
from couplejournal.system import System

SEEN_HEADS_LIMIT: Final = 4096
SIGN_OF_LIFE_MS: Final = 7 * 24 * 3_600_000  # docs/spec/format.md 3
ADMISSIONS_LIMIT_BYTES: Final = 256 << 20
RUN_LIMIT_BYTES: Final = 3 << 20  # of operations in one key segment, which with all that is around them ends at 4 MiB
DAMAGED: Final = "part of this device's own copy is damaged, so it does not write"
UNFIT: Final = "this holds a value that an entry cannot keep"


class Draft(msgspec.Struct, frozen=True):
    """An operation to be written: its word, its fields, and its salt where somebody has to know it beforehand."""

    word: str
    fields: msgspec.Struct
    salt: bytes | None = None


class Writer:
    """Append operations to this device's own streams of a book: durable before it returns, under one lock."""

    def __init__(
        self, shelf: Shelf, disk: Disk, system: System, hold: Callable[[], AbstractContextManager[object]], state: Path
    ) -> None:
        """Take the home's lock as ``hold`` and this book's path stem in the state folder."""
        self.shelf = shelf
        self._disk = disk
        self._system = system
        self._hold = hold
        self._marks_path = state.with_suffix(".marks")
        self._stopped_path = state.with_suffix(".stopped")
        self._admissions_path = state.with_suffix(".admissions")
        self._marks: Marks | None = None
        self._generation = -1

    @contextlib.contextmanager
    def turn(self) -> Iterator[Marks]:
        """Hold the home's lock with everything read that other processes stored.

        Raises:
            StoreBusyError: another process held it for 10 s.
            StoreError: the disk fails.
        """
        with self._hold():  # keeps threads of this process apart, too
            if self._marks is not None:  # a turn within a turn
                yield self._marks
                return
            marks = marks_file.load(self._disk, self._marks_path)
            if marks is None or (marks.generation, marks.files) != (self._generation, self.shelf.files):
                self.shelf.rescan()
            if marks is None or marks.files != self.shelf.files:
                marks = self._recount(0 if marks is None else marks.generation)
            self._generation = marks.generation
            self._marks = marks
            try:
                yield marks
            finally:
                self._marks = None

    def stopped(self) -> str | None:
        """Return why this device may not write here, in one sentence, or None.

        Raises:
            StoreError: the disk fails.
        """
        data = self._disk.read(self._stopped_path, limit_bytes=4096)
        return data.decode("utf-8", "replace") if data else None

    def stop(self, reason: str) -> None:
        """Write nothing more into this book, durably.

        Raises:
            StoreError: the disk fails.
        """
        with self.turn():
            if self.stopped() is None:
                self._disk.replace(self._stopped_path, reason.encode(), private=True)

    def append(self, drafts: Sequence[Draft]) -> list[Op]:
        """Write operations as one segment, after an acknowledgement where one is due and under an epoch as it must be.

        Returns:
            The operations of ``drafts``, in order (not the acknowledgement).

        Raises:
            InvalidEntryError: larger than an operation may be.
            StoreError: this device may not write, or its disk is full or failing; nothing was written.
        """
        with self.turn() as marks:
            self.require_writable()
            acknowledgement = self._due_seen(marks)
            if not acknowledgement and not drafts:
                return []
            epoch = self._epoch_for_now()
            packed = [self._pack(marks, draft) for draft in (*acknowledgement, *drafts)]
            key = self.shelf.epochs.key_of(epoch.id)
            if key is None:
                raise StoreError("this device cannot open the key that it writes with")
            first, prev, stream = self._place(WORD_STREAM)
            try:
                verified = segments.seal_words(
                    self.shelf.own, key, book=self.shelf.id, stream=stream, epoch=epoch.id, first=first, prev=prev,
                    ops=packed,
                )  # fmt: skip
            except ValueError:
                raise InvalidEntryError("this is more than one entry can hold") from None
            if acknowledgement:
                marks.due = False
                marks.acknowledged.update((s.hex(), seq) for s, seq, _ in acknowledgement[0].fields.heads)  # type: ignore[attr-defined]
            self.store(marks, verified)
            return _ops_of(verified)[len(acknowledgement) :]

    def append_keys(self, drafts: Sequence[Draft]) -> None:
        """Write operations of the key stream: one segment, and further ones for what is beyond its limit.

        Raises:
            StoreError: the disk is full or failing; of several segments, those before it are written.
        """
        with self.turn() as marks:
            for run in _runs([self._pack(marks, draft) for draft in drafts]):
                first, prev, stream = self._place(KEY_STREAM)
                verified = segments.seal_keys(
                    self.shelf.own, book=self.shelf.id, stream=stream, first=first, prev=prev, ops=run
                )
                self.store(marks, verified)

    def store(self, marks: Marks, verified: VerifiedSegment) -> None:
        """Store a verified segment within a turn: the note first, then the file, then the account.

        Raises:
            StoreError: the disk is full or failing; nothing was stored.
        """
        part = self.shelf.part_of(verified.sealed)
        marks.generation += 1
        marks.files += not self.shelf.is_spoiled(part)  # a damaged file that comes back is counted already
        marks_file.save(self._disk, self._marks_path, marks)
        self.shelf.replica.put(part.path, verified.sealed.data)
        self._generation = marks.generation
        known = len(self.shelf.membership.keys)
        self.shelf.adopt(verified)
        if len(self.shelf.membership.keys) != known:
            self._note_admissions()

    def require_writable(self) -> None:
        """Refuse to write where a number might be used twice, or where this device does not belong.

        Raises:
            StoreError: with the reason in one sentence.
        """
        reason = self.stopped()
        if reason is not None:
            raise StoreError(reason)
        if self._is_own_damaged():
            raise StoreError(DAMAGED, hint="sync fetches it from the drive")
        if not self.shelf.membership.is_live(self.shelf.own.id):
            raise StoreError("this device no longer belongs to the journal, so it does not write")

    def is_silent(self, marks: Marks) -> bool:
        """Return whether this device has written before, and not for a week."""
        return 0 < marks.spoke_ms <= self._system.now_ms() - SIGN_OF_LIFE_MS

    def is_writable(self) -> bool:
        """Return whether `require_writable` lets this device write.

        Raises:
            StoreError: the disk fails.
        """
        is_barred = self.stopped() is not None or self._is_own_damaged()
        return not is_barred and self.shelf.membership.is_live(self.shelf.own.id)

    def _is_own_damaged(self) -> bool:
        """Return whether a file of this device's own streams is known to be damaged or missing."""
        own = [stream for stream in self.shelf.streams.values() if stream.key == self.shelf.own.id]
        ids = {stream.id for stream in own}
        return any(stream.head != stream.last for stream in own) or any(p.stream in ids for p in self.shelf.damaged)

    def newest_epoch(self) -> EpochFact | None:
        """Return the latest epoch of this device's own that it can open."""
        own = [fact for fact in self.shelf.membership.epochs.values() if fact.key == self.shelf.own.id]
        for fact in sorted(own, key=lambda fact: fact.seq, reverse=True):
            if self.shelf.epochs.key_of(fact.id) is not None:
                return fact
        return None

    def epoch_draft(self, recipients: dict[bytes, bytes]) -> Draft:
        """Return a fresh epoch for exactly these recipients, linked back to the newest one."""
        newest = self.newest_epoch()
        previous = None
        if newest is not None:
            key = self.shelf.epochs.key_of(newest.id)
            previous = (newest.id, key) if key is not None else None
        fresh = self._system.random_bytes(32)
        return Draft("epoch", epochs.new_epoch(fresh, self.shelf.own.id, recipients, previous))

    def recipients(self) -> dict[bytes, bytes]:
        """Return {key id: HPKE public key} of those who must be able to read what this device writes now."""
        return self.shelf.membership.recipients_for(self.shelf.own.id, self._admission_order())

    def _epoch_for_now(self) -> EpochFact:
        """Return the epoch to write under, made anew when its recipients are not exactly those of the rule."""
        recipients = self.recipients()
        newest = self.newest_epoch()
        if newest is None or newest.wraps.keys() != recipients.keys():
            self.append_keys([self.epoch_draft(recipients)])
            newest = self.newest_epoch()
        if newest is None:
            raise StoreError("this device cannot open the key that it writes with")
        return newest

    def _place(self, type_: int) -> tuple[int, bytes, bytes]:
        """Return (first number, link before it, stream id) for this device's next operation of a type."""
        stream = self.shelf.own_stream(type_)
        if stream is None:
            fresh = self._system.random_bytes(16)
            return 1, domains.first_link(self.shelf.own.id, fresh, type_), fresh
        link = self.shelf.link_at(stream, stream.last)
        if link is None:
            raise StoreError(DAMAGED, hint="sync fetches it from the drive")
        return stream.last + 1, link, stream.id

    def _pack(self, marks: Marks, draft: Draft) -> bytes:
        """Return the bytes of an operation made now."""
        clock = HybridClock(marks.clock)
        marks.clock = clock.tick(self._system.now_ms())
        marks.spoke_ms = self._system.now_ms()
        salt = draft.salt or self._system.random_bytes(16)
        try:
            op = codec.encode_op(draft.word, draft.fields, salt=salt, clock=marks.clock)
        except UnicodeEncodeError:
            raise InvalidEntryError("this is no valid Unicode text") from None
        except ValueError:
            raise InvalidEntryError("this is more than one entry can hold") from None
        except (OverflowError, RecursionError, TypeError):
            raise InvalidEntryError(UNFIT) from None
        try:  # what a reader would refuse is never written: it would end this device's stream for everybody
            codec.require_strict(op)
            words.require_fields(draft.word, codec.peek(op).fields)
        except UntrustedDataError:
            raise InvalidEntryError(UNFIT) from None
        return op

    def _due_seen(self, marks: Marks) -> list[Draft]:
        """Return the acknowledgement to write now, if one is due."""
        if not marks.due:
            return []
        heads = []
        for stream in self.shelf.streams.values():
            if self._wants_acknowledging(marks, stream):
                link = self.shelf.link_at(stream, stream.head)
                if link is not None:
                    heads.append((stream.id, stream.head, link))
        return [Draft("seen", words.Seen(sorted(heads)[:SEEN_HEADS_LIMIT]))] if heads else []

    def _wants_acknowledging(self, marks: Marks, stream: Stream) -> bool:
        return stream.key != self.shelf.own.id and stream.head > marks.acknowledged.get(stream.id.hex(), 0)

    def _recount(self, generation: int) -> Marks:
        """Read everything and make the note anew; on a disk that is full one can still read."""
        marks = Marks(generation=generation + 1, files=self.shelf.files)
        clock = HybridClock()
        newest_seen: dict[str, int] = {}
        fresh: dict[str, int] = {}
        for op in self.shelf.ops_after({}):
            if op.key == self.shelf.own.id:
                clock.last = max(clock.last, op.clock)
                marks.spoke_ms = max(marks.spoke_ms, op.clock[0])
                if op.word == "seen":
                    heads = words.decode_fields(words.Seen, op.fields).heads
                    newest_seen.update((stream_id.hex(), seq) for stream_id, seq, _ in heads)
            else:
                clock.observe(op.clock, self._system.now_ms())
                if op.word != "seen":
                    fresh[op.stream.hex()] = op.seq
        for stream in self.shelf.streams.values():
            if stream.type == KEY_STREAM and stream.key != self.shelf.own.id:
                fresh[stream.id.hex()] = stream.head
        marks.clock = clock.last
        marks.acknowledged = newest_seen
        marks.due = any(seq > newest_seen.get(stream_id, 0) for stream_id, seq in fresh.items())
        marks.files = self.shelf.files
        with contextlib.suppress(StoreError):
            marks_file.save(self._disk, self._marks_path, marks)
        return marks

    def _admission_order(self) -> dict[bytes, int]:
        """Return the order in which this device first held each key's admission."""
        data = self._disk.read(self._admissions_path, limit_bytes=ADMISSIONS_LIMIT_BYTES) or b""
        order: dict[bytes, int] = {}
        for at in range(0, len(data) - 31, 32):
            order.setdefault(data[at : at + 32], len(order))
        return order

    def _note_admissions(self) -> None:
        """Remember newly admitted keys in the order of their coming; what came together is ordered by admission.

        It is a preference that any device may lose, and the operation that brought the keys is stored already: so a
        disk that fails here fails nothing, and the next note makes up for it.
        """
        with contextlib.suppress(StoreError):
            order = self._admission_order()
            fresh = [key for key in self.shelf.membership.keys.values() if key.id not in order]
            fresh.sort(key=lambda key: key.admission)
            noted = b"".join([*order, *(key.id for key in fresh)])
            self._disk.replace(self._admissions_path, noted, private=True)


def _runs(ops: list[bytes]) -> Iterator[list[bytes]]:
    """Yield operations in runs that fit into a segment each."""
    run: list[bytes] = []
    size_bytes = 0
    for op in ops:
        if run and size_bytes + len(op) > RUN_LIMIT_BYTES:
            yield run
            run, size_bytes = [], 0
        run.append(op)
        size_bytes += len(op) + 5  # a length of at most five bytes
    if run:
        yield run


def _ops_of(verified: VerifiedSegment) -> list[Op]:
    """Return the operations of a segment of one's own that was just written."""
    head = verified.sealed.header
    found = []
    for index, data in enumerate(verified.ops):
        peeked = codec.peek(data)
        found.append(
            Op(
                verified.links[index],
                head.key,
                head.stream,
                head.first + index,
                peeked.word,
                peeked.clock,
                peeked.salt,
                bytes(peeked.fields),
            )
        )
    return found
