"""One book at one moment: what was written, what was said about it, and who said it.

Everything here is immutable and may be read from any thread. Who may revise or retract is decided when a `Record` is
looked at, with the persons known at the moment of the snapshot: so it makes no difference whether a key's person
became known before or after its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs
import msgspec

from couplejournal.merge.sealed import NO_ANSWERS, Answers
from couplejournal.merge.shards import FrozenShards
from couplejournal.ops.domains import copy_salt
from couplejournal.ops.op import Op
from couplejournal.ops.words import Retract, Revise, Share, Write

OrderKey: TypeAlias = "tuple[int, tuple[int, int], bytes]"
"""How entries are ordered: (ms since 1970 UTC that the author claims, clock, entry id)."""


class Written(msgspec.Struct, frozen=True, gc=False):
    """A write and its operation."""

    op: Op
    write: Write


class Marks(msgspec.Struct, frozen=True, gc=False):
    """What other operations of the book say about an entry, whether or not their authors may, and whether it is here.

    ``referrers`` are the ids of entries that refer to it, sorted; the others are in order of (clock, op id).
    """

    revisions: tuple[tuple[Op, Revise], ...] = ()
    retractions: tuple[tuple[Op, Retract], ...] = ()
    shares: tuple[tuple[Op, Share], ...] = ()
    referrers: tuple[bytes, ...] = ()


class Record(msgspec.Struct, frozen=True, gc=False):
    """An entry with everything about it that counts.

    ``person`` is the author's id (16 bytes), or None while the key's person is not known. ``revisions``,
    ``retractions`` and ``shares`` are those that count and are by somebody who may, in order of (clock, op id);
    ``referrers`` are ids of 32 bytes in this book.
    """

    op: Op
    write: Write
    person: bytes | None
    book: bytes
    revisions: tuple[tuple[Op, Revise], ...] = ()
    retractions: tuple[tuple[Op, Retract], ...] = ()
    shares: tuple[tuple[Op, Share], ...] = ()
    referrers: tuple[bytes, ...] = ()

    @property
    def id(self) -> bytes:
        """The id of the entry (32 bytes)."""
        return self.op.id


@attrs.frozen(kw_only=True)
class Frozen:
    """A snapshot of one book.

    ``written`` and ``marks`` go by entry id; ``salts`` by salt to the entries written with it; ``share_salts`` by salt
    to the entries that are shared under it. ``order`` is sorted. ``persons`` has every key that signed something,
    ``profiles`` person to name, ``devices`` key to device name. ``malformed`` counts operations that were passed over.
    ``accepted`` has the keys whose words do not all count, with the number up to which they do in each stream;
    ``moved`` the operations that turned out to stand in a branch, with its id. ``answers`` are the sealed ones; those
    that are open stand among the written.
    """

    book: bytes
    written: FrozenShards[Written]
    marks: FrozenShards[Marks]
    salts: FrozenShards[tuple[bytes, ...]]
    share_salts: FrozenShards[tuple[bytes, ...]]
    order: Sequence[OrderKey]
    persons: Mapping[bytes, bytes | None]
    profiles: Mapping[bytes, str]
    devices: Mapping[bytes, str]
    malformed: int
    accepted: Mapping[bytes, Mapping[bytes, int]] = attrs.field(factory=dict)
    moved: Mapping[bytes, bytes] = attrs.field(factory=dict, eq=False)
    answers: Answers = NO_ANSWERS

    def counts(self, op: Op) -> bool:
        """Ask whether an operation counts: those of a removed device do up to where the removal says."""
        return is_counted(op, self.accepted, self.moved)

    def record(self, entry: bytes) -> Record | None:
        """Return the entry, which need not count itself, with what counts about it; None if it is not in this book."""
        written = self.written.get(entry)
        if written is None:
            return None
        op, write = written.op, written.write
        person = self.persons.get(op.key)
        marks = self.marks.get(entry)
        if marks is None:
            return Record(op, write, person, self.book)
        return Record(
            op,
            write,
            person,
            self.book,
            revisions=tuple(
                mark for mark in marks.revisions if self.may_revise(op, write, mark[0]) and self.counts(mark[0])
            ),
            retractions=tuple(mark for mark in marks.retractions if self._is_heard(op, mark[0])),
            shares=tuple(mark for mark in marks.shares if self._is_heard(op, mark[0])),
            referrers=self._counting(marks.referrers),
        )

    @property
    def records(self) -> Mapping[bytes, Record]:
        """Every entry of the book that counts, by its id; each record is put together when it is asked for."""
        return _Records(self)

    @property
    def shares(self) -> tuple[tuple[bytes, bytes, bytes], ...]:
        """What is shared: (entry id here, salt of the write elsewhere, id of the key that signs it there), sorted."""
        return tuple(
            sorted(
                {
                    (entry, share.salt, share.key)
                    for entry in {entry for entries in self.share_salts.values() for entry in entries}
                    if (record := self.record(entry)) is not None
                    for _, share in record.shares
                }
            )
        )

    def referrers(self, entry: bytes) -> tuple[bytes, ...]:
        """Return the ids of this book's entries that count and refer to an entry of this or of another book."""
        marks = self.marks.get(entry)
        return () if marks is None else self._counting(marks.referrers)

    def sources(self, salt: bytes, key: bytes) -> tuple[bytes, ...]:
        """Return the entries of this book that went elsewhere as the write with this salt by this key."""
        return tuple(
            entry
            for entry in self.share_salts.get(salt, ())
            if (record := self.record(entry)) is not None
            and any(share.salt == salt and share.key == key for _, share in record.shares)
        )

    def written_with(self, salt: bytes, key: bytes) -> bytes | None:
        """Return the entry that counts and has this salt by this key; of several, the first by (clock, id)."""
        found = [self.written[entry].op for entry in self.salts.get(salt, ())]
        return min(((op.clock, op.id) for op in found if op.key == key and self.counts(op)), default=(None, None))[1]

    def copy_of(self, entry: bytes) -> bytes | None:
        """Return the entry as which one of a former private book was written here; of several, the first."""
        found = [self.written[copy].op for copy in self.salts.get(copy_salt(entry), ())]
        return min(((op.clock, op.id) for op in found if self.counts(op)), default=(None, None))[1]

    def may_revise(self, op: Op, write: Write, mark: Op) -> bool:
        """Ask whether a revision is by somebody who may revise the entry of ``op``; what was sealed nobody may."""
        return op.word == "write" and (self.is_author(op, mark) or self._is_joint(write, mark))

    def is_author(self, op: Op, mark: Op) -> bool:
        """Ask whether the mark comes from the person who wrote ``op``. One key is one author, whoever it is."""
        person = self.persons.get(op.key)
        return mark.key == op.key or (person is not None and self.persons.get(mark.key) == person)

    def _is_heard(self, op: Op, mark: Op) -> bool:
        return self.is_author(op, mark) and self.counts(mark)

    def _counting(self, entries: tuple[bytes, ...]) -> tuple[bytes, ...]:
        if not self.accepted:
            return entries
        return tuple(entry for entry in entries if self.counts(self.written[entry].op))

    def _is_joint(self, write: Write, mark: Op) -> bool:
        """Ask whether the entry belongs to both and the mark comes from one of them."""
        return write.joint and self.persons.get(mark.key) is not None


def is_counted(op: Op, accepted: Mapping[bytes, Mapping[bytes, int]], moved: Mapping[bytes, bytes]) -> bool:
    """Ask whether an operation counts, by ``accepted`` and ``moved`` of a `Frozen`."""
    limits = accepted.get(op.key)
    return limits is None or op.seq <= limits.get(moved.get(op.id, op.stream), 0)


class _Records(Mapping[bytes, Record]):
    """The records of a snapshot, made on demand."""

    __slots__ = ("_frozen",)

    def __init__(self, frozen: Frozen) -> None:
        self._frozen = frozen

    def __getitem__(self, entry: bytes) -> Record:
        record = self._frozen.record(entry)
        if record is None or not self._frozen.counts(record.op):
            raise KeyError(entry)
        return record

    def __iter__(self) -> Iterator[bytes]:
        frozen = self._frozen
        return (entry for entry, written in frozen.written.items() if frozen.counts(written.op))

    def __len__(self) -> int:
        return sum(1 for _ in self) if self._frozen.accepted else len(self._frozen.written)
