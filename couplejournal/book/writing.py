"""Turns: one process of one device at a time may change a book, and each begins from what is really on the disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.book import ending, telling
from couplejournal.book import marks as marks_file
from couplejournal.book.marks import Marks
from couplejournal.book.present import Present
from couplejournal.book.rotating import Rotation
from couplejournal.book.shelf import WHICH_END, Shelf
from couplejournal.disk import Disk
from couplejournal.errors import InvalidEntryError, StoreError, UntrustedDataError
from couplejournal.model.clock import HybridClock
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import EpochFact
from couplejournal.ops.op import Op
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM, VerifiedSegment
from couplejournal.store.incarnation import Incarnation
from couplejournal.store.replica import Part
from couplejournal.system import System

if TYPE_CHECKING:
    from couplejournal.book.branchnotes import BranchNotes
    from couplejournal.book.streams import Stream

SIGN_OF_LIFE_MS: Final = 7 * 24 * 3_600_000  # docs/spec/format.md 3
RUN_LIMIT_BYTES: Final = 3 << 20  # of operations in one key segment, which with all that is around them ends at 4 MiB
NOT_LIVE: Final = "this device no longer belongs to the journal, so it does not write"
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
        self.rotation = Rotation(shelf, disk, system, state.with_suffix(".admissions"))
        notes = Incarnation(disk, system, state=state.with_suffix(".incarnation"), folder=shelf.replica.folder)
        self.present = Present(shelf, system, notes, lambda marks: self._save(marks, durable=True))
        self._branches_path = state.with_suffix(".branches")
        self._branch_notes: BranchNotes | None = None
        self._marks: Marks | None = None
        self.lacking = 0
        self._generation = -1
        self._saved = b""
        self._has_new_keys = False
        self.unmergeable: set[bytes] = set()  # by digest, files that `book.merging` must leave as they are
        self._learn(marks_file.load(disk, self._marks_path) or Marks())

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
            self._saved = b"" if marks is None else marks_file.encoded(marks)
            if marks is None or marks.generation != self._generation or not self._fits(marks):
                self.shelf.rescan()
            self._learn(marks or Marks())
            if marks is None or not self._fits(marks):
                from couplejournal.book.recounting import recount  # start-up: seldom needed

                marks = recount(self.shelf, marks, self._system.now_ms())
            self._generation = marks.generation
            self._marks = marks
            try:
                yield marks
                self._finish(marks)
            finally:
                self._marks = None

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
            self.present.settle(marks)
            heads = telling.heads_to_tell(self.shelf, marks) if marks.due else []
            acknowledgement = [Draft("seen", words.Seen(heads))] if heads else []
            reminds = len(heads) < telling.HEADS_LIMIT and self.owes_reminder(marks)
            if reminds:
                acknowledgement.append(Draft("seen", words.Seen([])))
            if not acknowledgement and not drafts:
                return []
            epoch = self._epoch_for_now()
            packed = [self._pack(marks, draft) for draft in (*acknowledgement, *drafts)]
            key = self.shelf.epochs.key_of(epoch.id)
            if key is None:
                raise StoreError("this device cannot open the key that it writes with")
            first, prev, stream = self.present.place(marks, WORD_STREAM)
            try:
                verified = segments.seal_words(
                    self.shelf.own, key, book=self.shelf.id, stream=stream, epoch=epoch.id, first=first, prev=prev,
                    ops=packed,
                )  # fmt: skip
            except ValueError:
                raise InvalidEntryError("this is more than one entry can hold") from None
            if heads:
                marks.due = len(heads) == telling.HEADS_LIMIT  # then there may be more
                telling.note_told(self.shelf, marks, heads)
            if reminds:
                telling.note_reminded(marks, self._system.now_ms())
            self.write(marks, verified)
            return _ops_of(verified)[len(acknowledgement) :]

    def append_keys(self, drafts: Sequence[Draft]) -> None:
        """Write operations of the key stream: one segment, and further ones for what is beyond its limit.

        Raises:
            StoreError: the disk is full or failing; of several segments, those before it are written.
        """
        with self.turn() as marks:
            self.present.settle(marks)
            for run in _runs([self._pack(marks, draft) for draft in drafts]):
                first, prev, stream = self.present.place(marks, KEY_STREAM)
                verified = segments.seal_keys(
                    self.shelf.own, book=self.shelf.id, stream=stream, first=first, prev=prev, ops=run
                )
                self.write(marks, verified)

    def append_as(self, root: KeyPair, drafts: Sequence[Draft]) -> None:
        """Write operations of a root in a key stream of its own, begun for them.

        Raises:
            StoreError: the disk is full or failing; of several segments, those before it are written.
        """
        with self.turn() as marks:
            stream = self._system.random_bytes(16)
            first, prev = 1, domains.first_link(root.id, stream, KEY_STREAM)
            for run in _runs([self._pack(marks, draft) for draft in drafts]):
                verified = segments.seal_keys(root, book=self.shelf.id, stream=stream, first=first, prev=prev, ops=run)
                self.store(marks, verified)
                first, prev = first + len(run), verified.links[-1]

    def write(self, marks: Marks, verified: VerifiedSegment) -> None:
        """Store a segment that goes on in one of this device's present streams.

        Raises:
            StoreError: the disk is full or failing; nothing was stored.
        """
        self.present.note_next(marks, verified)
        self.store(marks, verified)
        with contextlib.suppress(StoreError):  # without it both places are noted, and the replica tells which it is
            marks_file.confirm(self._disk, self._marks_path, marks)
        self._saved = marks_file.encoded(marks)

    def store(self, marks: Marks, verified: VerifiedSegment) -> None:
        """Store a verified segment within a turn: the note first, then the file, then the account.

        Raises:
            StoreError: the disk is full or failing; nothing was stored.
        """
        part = self.shelf.part_of(verified.sealed)
        if verified.sealed.header.type == WORD_STREAM:
            stream = self.shelf.streams.get(part.stream)
            ending.note(marks, part.stream, verified, is_forked=stream is not None and stream.tree is not None)
        marks.generation += 1
        if not self.shelf.is_spoiled(part):  # a damaged file that comes back is counted already
            self._count(marks, [part], 1)
        self._save(marks)
        self.shelf.replica.put(part.path, verified.sealed.data)
        self._generation = marks.generation
        self.shelf.adopt(verified)
        self._has_new_keys = self._has_new_keys or verified.sealed.header.type == KEY_STREAM

    def let_go(self, marks: Marks, stream: Stream, parts: Sequence[Part]) -> None:
        """Remove files within a turn of which others of their stream hold everything: the note first, then the files.

        Raises:
            StoreError: the disk fails; whatever is still there then is held.
        """
        marks.generation += 1
        self._count(marks, parts, -1)
        self._save(marks)
        for part in parts:
            self.shelf.replica.remove(part.path)
        self._generation = marks.generation
        stream.let_go(parts)

    def require_writable(self) -> None:
        """Refuse to write where this device does not belong.

        Raises:
            StoreError: with the reason in one sentence.
        """
        if not self.is_writable():
            raise StoreError(NOT_LIVE)

    def is_writable(self) -> bool:
        """Return whether this device belongs to the journal, as far as it knows."""
        return self.shelf.membership.is_live(self.shelf.own.id)

    def is_silent(self, marks: Marks) -> bool:
        """Return whether this device has written before, and not for a week."""
        return 0 < marks.spoke_ms <= self._system.now_ms() - SIGN_OF_LIFE_MS

    def owes_reminder(self, marks: Marks) -> bool:
        """Return whether the others have to hear that something is missing here."""
        return telling.owes_reminder(marks, self._system.now_ms())

    def note_lacking(self, count: int) -> None:
        """Note how much this device lacks of what it knows to be there.

        Raises:
            StoreError: the disk fails.
        """
        if count != self.lacking:
            with self.turn() as marks:
                telling.note_lacking(marks, count, self._system.now_ms())
            self.lacking = count

    def _epoch_for_now(self) -> EpochFact:
        """Return the epoch to write under, made anew when its recipients are not exactly those of the rule."""
        due = self.rotation.due()
        if due is not None:
            self.append_keys([Draft("epoch", due)])
        newest = self.rotation.newest()
        if newest is None:
            raise StoreError("this device cannot open the key that it writes with")
        return newest

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

    def _fits(self, marks: Marks) -> bool:
        """Return whether a note is about the very files that are here."""
        return (marks.files, marks.which) == (self.shelf.files, self.shelf.which)

    def _count(self, marks: Marks, parts: Sequence[Part], sign: int) -> None:
        """Note that files came (1) or went (-1)."""
        marks.files += sign * len(parts)
        marks.which = (marks.which + sign * sum(part.number for part in parts)) % WHICH_END

    def _learn(self, marks: Marks) -> None:
        """Let the shelf know what only the marks say: where this device writes, and which streams are forked."""
        self.present.learn(marks)
        self.lacking = marks.lacking
        if marks.forked:
            self._noted_branches.read(self.shelf)
        for stream_id in marks.forked:
            stream = self.shelf.streams.get(bytes.fromhex(stream_id))
            if stream is not None:
                stream.branch()

    def _finish(self, marks: Marks) -> None:
        """End a turn: note what was found out in it. What cannot be saved now is found out again."""
        for stream in list(self.shelf.streams.values()):
            if stream.tree is not None and stream.tree.is_forked:
                marks.forked.setdefault(stream.id.hex(), self._system.now_ms())
        if marks.forked:
            self._noted_branches.write(self.shelf)
        if self._has_new_keys:
            self._has_new_keys = False
            self.rotation.note_admissions()
        if marks_file.encoded(marks) != self._saved:
            with contextlib.suppress(StoreError):
                self._save(marks)

    @property
    def _noted_branches(self) -> BranchNotes:
        if self._branch_notes is None:
            from couplejournal.book.branchnotes import BranchNotes  # start-up: seldom needed

            self._branch_notes = BranchNotes(self._disk, self._branches_path)
        return self._branch_notes

    def _save(self, marks: Marks, *, durable: bool = False) -> None:
        marks_file.save(self._disk, self._marks_path, marks, durable=durable)
        self._saved = marks_file.encoded(marks)


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
