"""Standing: which operations of removed keys count, and which keys are live. Sets of facts in, the same answer out.

Only the root of a person removes that person's devices, and a removal pins the last accepted places of the key's
streams (docs/spec/membership.md 5.3). So removals never contradict each other: an operation counts when every one of
them accepts it, and what is not held yet leaves an operation undecided, never wrongly decided.

What is said is judged for each person apart: an admission names its person, and so does the new key's signature in it.
Who has the secret of one key can have that one claimed for both, and reaches nobody else's (M6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final, Literal

import msgspec

from couplejournal.ops import words
from couplejournal.ops.keyops import Admission, Founder, KeyOp, Person, Reader
from couplejournal.ops.words import Head

Counts = Literal["yes", "no", "undecided"]
Standing = Literal["live", "removed", "void", "undecided"]
Claim = tuple[bytes, bytes]
"""A key's id, and a person for whom it was admitted."""
Pins = tuple[Head, ...]
"""The last accepted places of one key's streams, as one removal names them; sorted."""

_SURELY: Final[frozenset[Counts]] = frozenset({"yes"})
_PERHAPS: Final[frozenset[Counts]] = frozenset({"yes", "undecided"})


class Graph(msgspec.Struct, frozen=True):
    """Who admitted and removed whom, by what was said by keys that are known."""

    founders: Mapping[bytes, Founder]
    ops: Mapping[bytes, Mapping[bytes, KeyOp]]
    """By key id and operation id, known keys only."""
    admissions: Mapping[bytes, tuple[Admission, ...]]
    """By the admitting key's id, ordered by the operations' ids: those for a person for whom that key was admitted."""
    persons: Mapping[bytes, frozenset[bytes]]
    """By key id: the persons for whom it was admitted, whether the admissions count or not."""
    removals: Mapping[Claim, tuple[Pins, ...]]
    """By key id and person: the pins of each removal of that key by that person's root."""

    @classmethod
    def of(
        cls, persons: tuple[Person, ...], founders: Iterable[Founder], ops: Iterable[KeyOp], reader: Reader
    ) -> Graph:
        """Follow admissions from known key to known key until nothing new comes, then take in the removals."""
        named = {founder.id: founder for founder in founders}
        by_key: dict[bytes, dict[bytes, KeyOp]] = {}
        for op in ops:
            by_key.setdefault(op.key, {})[op.id] = op
        admissions = {author: _admissions(found.values(), named, reader) for author, found in by_key.items()}
        known = _persons_of(named, admissions)
        return cls(
            founders=named,
            ops={key: by_key.get(key, {}) for key in known},
            admissions=_heard(admissions, known),
            persons=known,
            removals=_removals(persons, known, named, by_key, reader),
        )

    def counts(self, key: bytes, person: bytes, more: Iterable[Pins] = ()) -> Mapping[bytes, Counts] | None:
        """Return by operation id what of a key counts for a person who removed it, or None where all of it does.

        ``more`` are the pins of further removals.
        """
        removals = (*self.removals.get((key, person), ()), *more)
        return counted(self.ops.get(key, {}), removals) if removals else None

    def judged(
        self, more: Mapping[bytes, Pins] | None = None, *, by: bytes = b""
    ) -> tuple[dict[bytes, Standing], set[Claim]]:
        """Return how each known key stands, and which are sound or may be: also of those that were removed since.

        ``more`` are the pins, by key id, of a further removal by the root of the person ``by``.
        """
        extra = {
            (key, by): pins
            for key, pins in (more or {}).items()
            if by in self.persons.get(key, ()) and not self._is_root(key)
        }
        removed = {*self.removals, *extra}
        answers = {
            claim: self.counts(*claim, [extra[claim]] if claim in extra else ())
            for claim in removed
            if claim[0] in self.admissions  # of what admitted nobody, nobody asks here
        }
        surely, perhaps = self._sound(answers, _SURELY), self._sound(answers, _PERHAPS)
        found: dict[bytes, Standing] = {}
        for key, persons in self.persons.items():
            claims = {(key, person) for person in persons}
            if claims & removed:
                found[key] = "removed"
            elif len(claims) > 1 or not claims <= perhaps:
                found[key] = "void"
            else:
                found[key] = "live" if claims <= surely else "undecided"
        return found, perhaps

    def _sound(self, answers: Mapping[Claim, Mapping[bytes, Counts] | None], allowed: frozenset[Counts]) -> set[Claim]:
        """Return who is sound for whom: founders, and whom a key that is sound for a person admitted for that person.

        Only by operations that count for that person: what another's root removes takes nobody with it here.
        """
        sound = {(founder.id, founder.person) for founder in self.founders.values()}
        waiting = list(sound)
        while waiting:
            author, person = waiting.pop()
            counts = answers.get((author, person))
            for admission in self.admissions.get(author, ()):
                claim = (admission.key, admission.person)
                is_asked = admission.person == person and claim not in sound
                if is_asked and (counts is None or counts[admission.id] in allowed):
                    sound.add(claim)
                    waiting.append(claim)
        return sound

    def _is_root(self, key: bytes) -> bool:
        founder = self.founders.get(key)
        return founder is not None and founder.is_root


def counted(ops: Mapping[bytes, KeyOp], removals: Iterable[Pins]) -> dict[bytes, Counts]:
    """Return what of a removed key's operations counts: what lies before a pin of every removal, on its chain.

    Undecided is an operation at or before a pin whose link is not held, or to which the links held do not reach. Each
    removal is one bit, and bits go down along the chains, so that many removals of long streams cost little.
    """
    lists = sorted({frozenset(pins) for pins in removals}, key=len)
    if lists and not lists[0]:
        return dict.fromkeys(ops, "no")
    everyone = (1 << len(lists)) - 1
    accepted: dict[bytes, int] = {}
    awaited: dict[bytes, dict[int, int]] = {}
    for number, pins in enumerate(lists):
        for stream, seq, link in pins:
            pinned = ops.get(link)
            if pinned is not None and (pinned.stream, pinned.seq) == (stream, seq):
                accepted[link] = accepted.get(link, 0) | 1 << number
            else:
                by_seq = awaited.setdefault(stream, {})
                by_seq[seq] = by_seq.get(seq, 0) | 1 << number
    found: dict[bytes, Counts] = {}
    ordered = sorted(ops.values(), key=lambda op: (op.stream, -op.seq))
    for stream, chain in groupby(ordered, key=lambda op: op.stream):
        _count_down(list(chain), ops, accepted, awaited.get(stream, {}), everyone, found)
    return found


def _count_down(
    chain: list[KeyOp],
    ops: Mapping[bytes, KeyOp],
    accepted: dict[bytes, int],
    awaited: Mapping[int, int],
    everyone: int,
    found: dict[bytes, Counts],
) -> None:
    """Answer for the operations of one stream, from its last number down; several at one number are a fork."""
    numbers = sorted(awaited)
    perhaps = 0
    for seq, branches in groupby(chain, key=lambda op: op.seq):
        while numbers and numbers[-1] >= seq:
            perhaps |= awaited[numbers.pop()]
        broken = 0
        for op in branches:
            surely = accepted.get(op.id, 0)
            found[op.id] = "yes" if surely == everyone else "undecided" if surely | perhaps == everyone else "no"
            if seq > 1 and surely:
                if op.prev in ops:
                    accepted[op.prev] = accepted.get(op.prev, 0) | surely
                else:  # what stands before is not held: whether it leads here is not known
                    broken |= surely
        perhaps |= broken


def _admissions(ops: Iterable[KeyOp], founders: Mapping[bytes, Founder], reader: Reader) -> tuple[Admission, ...]:
    """Return the valid admissions among one key's operations; of a key that the genesis names there is none."""
    said = (reader.read(op) for op in ops)
    found = (admission for admission in said if isinstance(admission, Admission) and admission.key not in founders)
    return tuple(sorted(found, key=lambda admission: admission.id))


def _persons_of(
    founders: Mapping[bytes, Founder], admissions: Mapping[bytes, tuple[Admission, ...]]
) -> dict[bytes, frozenset[bytes]]:
    """Return for whom each known key was admitted.

    What grows is a set of pairs (key, person), so the outcome knows no order.
    """
    persons: dict[bytes, set[bytes]] = {}
    waiting = [(founder.id, founder.person) for founder in founders.values()]
    while waiting:
        key, person = waiting.pop()
        known = persons.setdefault(key, set())
        if person not in known:
            known.add(person)
            said = admissions.get(key, ())
            waiting.extend((admission.key, person) for admission in said if admission.person == person)
    return {key: frozenset(found) for key, found in persons.items()}


def _heard(
    admissions: Mapping[bytes, tuple[Admission, ...]], known: Mapping[bytes, frozenset[bytes]]
) -> dict[bytes, tuple[Admission, ...]]:
    """Return the admissions by known keys for a person of theirs: all others have no effect."""
    heard = {
        key: tuple(admission for admission in admissions.get(key, ()) if admission.person in persons)
        for key, persons in known.items()
    }
    return {key: found for key, found in heard.items() if found}


def _removals(
    persons: tuple[Person, ...],
    known: Mapping[bytes, frozenset[bytes]],
    founders: Mapping[bytes, Founder],
    by_key: Mapping[bytes, Mapping[bytes, KeyOp]],
    reader: Reader,
) -> dict[Claim, tuple[Pins, ...]]:
    """Return the pins of each removal that has an effect: by the root of a person, of that person's devices."""
    found: dict[Claim, set[Pins]] = {}
    for person in persons:
        for op in by_key.get(person.root, {}).values():
            said = reader.read(op)
            if isinstance(said, words.Remove):
                for key, pins in said.keys:
                    founder = founders.get(key)
                    if person.id in known.get(key, ()) and not (founder and founder.is_root):
                        found.setdefault((key, person.id), set()).add(tuple(sorted(pins)))
    return {claim: tuple(sorted(lists)) for claim, lists in found.items()}
