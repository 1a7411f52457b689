"""The growing state of one book: apply operations in any order, take snapshots in next to no time.

`apply` only files: it decodes the frame of a word and puts it under the entry that it is about, here or not yet here.
All judgement (who may, what is current, what is hidden) is made of a snapshot, from sets; so the order of arrival has
nothing to act on.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

import attrs
import msgspec

from couplejournal.errors import UntrustedDataError
from couplejournal.merge.answers import KIND, AnswerState, Opener
from couplejournal.merge.frozen import Frozen, Marks, OrderKey, Written, is_counted
from couplejournal.merge.shards import Shards
from couplejournal.ops.op import Op
from couplejournal.ops.words import ANSWER_WORDS, Profile, Retract, Revise, Share, Write, decode_fields

ID_BYTES: Final = 32
SALT_BYTES: Final = 16
_FEW: Final = 64  # so many new entries are put into their places one by one; more are sorted in at once

_Taker: TypeAlias = Callable[[Op], None]
_Mark: TypeAlias = "bytes | tuple[Op, Revise] | tuple[Op, Retract] | tuple[Op, Share]"


class State:
    """What the operations of one book add up to.

    ``malformed`` counts the operations whose fields do not fit their word; they change nothing else. Not for use by
    two threads at once; snapshots are.
    """

    def __init__(
        self,
        person_of: Callable[[bytes], bytes | None],
        *,
        book: bytes,
        accepted: Callable[[bytes], Mapping[bytes, int] | None] = lambda _: None,
        opener: Opener | None = None,
    ) -> None:
        """Begin empty.

        ``person_of`` gives the person (16 bytes) of a key id (32 bytes), or None as long as it is not known.
        ``accepted`` gives the number up to which the words of a key count in each stream, or None where all of them do.
        Both are asked again for each snapshot. ``book`` is the book's id (32 bytes). ``opener`` opens sealed answers.
        """
        self.book = book
        self.malformed = 0
        self._person_of = person_of
        self._accepted = accepted
        self._taken: set[bytes] = set()
        self._keys: set[bytes] = set()
        self._written: Shards[Written] = Shards()
        self._marks: Shards[Marks] = Shards()
        self._salts: Shards[tuple[bytes, ...]] = Shards()
        self._share_salts: Shards[tuple[bytes, ...]] = Shards()
        # Marks since the last snapshot, in lists: many replies to one entry must not copy a tuple for each of them.
        self._fresh: dict[bytes, list[_Mark]] = {}
        self._order: list[OrderKey] = []
        self._unordered: list[OrderKey] = []
        self._profiles: dict[bytes, list[tuple[Op, Profile]]] = {}
        self._moved: dict[bytes, bytes] = {}
        self._answers = AnswerState(opener)
        self._takers: dict[str, _Taker] = {
            "write": self._take_write,
            "revise": self._take_revise,
            "retract": self._take_retract,
            "share": self._take_share,
            "profile": self._take_profile,
            **dict.fromkeys(ANSWER_WORDS, self._answers.take),
        }

    def apply(self, op: Op) -> None:
        """Take one verified operation in: in any order, any number of times.

        Words that say nothing about entries (``seen``, and optional ones of newer versions) are passed over. One that
        comes again may stand in another branch by then, since its stream turned out to be forked.
        """
        if op.id in self._taken:
            self._moved[op.id] = op.stream
            return
        self._taken.add(op.id)
        take = self._takers.get(op.word)
        if take is None:
            return
        self._keys.add(op.key)
        try:
            take(op)
        except (UntrustedDataError, UnicodeDecodeError):
            self.malformed += 1

    def snapshot(self) -> Frozen:
        """Return the state as it is now; what is applied later leaves it alone."""
        keys = sorted(self._keys)
        persons = {key: self._person_of(key) for key in keys}
        accepted = {key: limits for key in keys if (limits := self._accepted(key)) is not None}
        self._place_answers(persons, accepted)
        self._settle()
        frozen = Frozen(
            book=self.book,
            written=self._written.freeze(),
            marks=self._marks.freeze(),
            salts=self._salts.freeze(),
            share_salts=self._share_salts.freeze(),
            order=self._order,
            persons=persons,
            profiles={},
            devices={},
            malformed=self.malformed,
            accepted=accepted,
            moved=self._moved.copy(),
            answers=self._answers.answers,
        )
        return attrs.evolve(frozen, profiles=self._names(frozen), devices=self._devices(frozen))

    def _take_write(self, op: Op) -> None:
        write = decode_fields(Write, op.fields)
        if write.kind == KIND:
            raise UntrustedDataError("an answer that was never sealed")
        self._written[op.id] = Written(op, write)
        self._unordered.append((write.happened[0], op.clock, op.id))
        if len(op.salt) == SALT_BYTES:
            others = self._salts.get(op.salt)
            self._salts[op.salt] = (op.id,) if others is None else tuple(sorted((*others, op.id)))
        for _, entry in write.refs:
            if len(entry) == ID_BYTES:
                self._mark(entry, op.id)

    def _take_revise(self, op: Op) -> None:
        revise = decode_fields(Revise, op.fields)
        self._mark(_require_id(revise.entry), (op, revise))

    def _take_retract(self, op: Op) -> None:
        retract = decode_fields(Retract, op.fields)
        self._mark(_require_id(retract.entry), (op, retract))

    def _take_share(self, op: Op) -> None:
        share = decode_fields(Share, op.fields)
        if len(share.salt) != SALT_BYTES:
            raise UntrustedDataError("a salt has the wrong length")
        self._mark(_require_id(share.entry), (op, share))
        entries = self._share_salts.get(share.salt) or ()
        if share.entry not in entries:
            self._share_salts[share.salt] = tuple(sorted((*entries, share.entry)))

    def _take_profile(self, op: Op) -> None:
        profile = decode_fields(Profile, op.fields)
        insort(self._profiles.setdefault(op.key, []), (op, profile), key=_said_at)

    def _mark(self, entry: bytes, mark: _Mark) -> None:
        """File what is said about an entry: the id of one that refers to it, or an operation."""
        marks = self._fresh.get(entry)
        if marks is None:
            self._fresh[entry] = [mark]
        else:
            marks.append(mark)

    def _place_answers(
        self, persons: Mapping[bytes, bytes | None], accepted: Mapping[bytes, Mapping[bytes, int]]
    ) -> None:
        """Take out sealed answers that are no longer open, or show other lines, and put in those that are open now."""
        basis = persons, accepted, self._moved.copy() if accepted else None
        opened, closed = self._answers.settle(persons, lambda op: is_counted(op, accepted, self._moved), basis)
        if closed:
            gone = {one.op.id for one in closed}
            self._order = [key for key in self._order if key[2] not in gone]
            for one in closed:
                self._written.discard(one.op.id)
                for _, entry in one.write.refs:
                    self._unmark(entry, one.op.id)
        for one in opened:
            self._written[one.op.id] = one
            self._unordered.append((one.write.happened[0], one.op.clock, one.op.id))
            for _, entry in one.write.refs:
                self._mark(entry, one.op.id)

    def _unmark(self, entry: bytes, referrer: bytes) -> None:
        """Forget that one entry refers to another."""
        old = self._marks.get(entry) or _NO_MARKS
        left = msgspec.structs.replace(old, referrers=tuple(one for one in old.referrers if one != referrer))
        self._marks.discard(entry)
        if left != _NO_MARKS:
            self._marks[entry] = left

    def _settle(self) -> None:
        """Move what came since the last snapshot to its place: sorted, so that no order of arrival can be seen."""
        for entry, fresh in self._fresh.items():
            self._marks[entry] = _settled(self._marks.get(entry) or _NO_MARKS, fresh)
        self._fresh.clear()
        if self._unordered:
            # Earlier snapshots hold the old list: never change it in place.
            order = self._order.copy()
            if len(self._unordered) <= _FEW:
                for key in self._unordered:
                    insort(order, key)
            else:
                order += self._unordered
                order.sort()
            self._order = order
            self._unordered.clear()

    def _names(self, frozen: Frozen) -> dict[bytes, str]:
        """Return the name of each person: of the last that counts of each of their devices, the last by (clock, id)."""
        given = []
        for key, said in self._profiles.items():
            person, latest = frozen.persons[key], _latest(frozen, said)
            if person is not None and latest is not None and latest[1].name:
                given.append((*_said_at(latest), latest[1].name, person))
        return {person: name for _, _, name, person in sorted(given)}

    def _devices(self, frozen: Frozen) -> dict[bytes, str]:
        """Return the name of each device; one whose words do not count at all is called what it calls itself."""
        every = sorted(self._profiles.items())
        return {key: (_latest(frozen, said) or said[-1])[1].device for key, said in every}


def _latest(frozen: Frozen, said: Sequence[tuple[Op, Profile]]) -> tuple[Op, Profile] | None:
    """Return the last profile of a key that counts, None where none does."""
    return next((one for one in reversed(said) if frozen.counts(one[0])), None)


def _said_at(said: tuple[Op, Profile]) -> tuple[tuple[int, int], bytes]:
    """Return the place of a profile among those of its key."""
    return said[0].clock, said[0].id


_NO_MARKS: Final = Marks()
_S = TypeVar("_S", bound=msgspec.Struct)


def _settled(old: Marks, fresh: list[_Mark]) -> Marks:
    """Return both together."""
    referrers = {mark for mark in fresh if isinstance(mark, bytes)}
    if len(referrers) == len(fresh):
        return msgspec.structs.replace(old, referrers=tuple(sorted(referrers.union(old.referrers))))
    said = [mark for mark in fresh if not isinstance(mark, bytes)]
    return Marks(
        revisions=_ordered(old.revisions, said, Revise),
        retractions=_ordered(old.retractions, said, Retract),
        shares=_ordered(old.shares, said, Share),
        referrers=tuple(sorted(referrers.union(old.referrers))),
    )


def _ordered(
    old: tuple[tuple[Op, _S], ...], said: Sequence[tuple[Op, msgspec.Struct]], struct: type[_S]
) -> tuple[tuple[Op, _S], ...]:
    """Return the operations of one word, in order of (clock, op id)."""
    marks = [*old, *((op, fields) for op, fields in said if isinstance(fields, struct))]
    return tuple(sorted(marks, key=lambda mark: (mark[0].clock, mark[0].id)))


def _require_id(entry: bytes) -> bytes:
    """Return the entry id.

    Raises:
        UntrustedDataError: it has the wrong length.
    """
    if len(entry) != ID_BYTES:
        raise UntrustedDataError("an entry id has the wrong length")
    return entry
