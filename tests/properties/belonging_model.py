"""Who belongs, by the plainest means: the sentences of docs/spec/membership.md, one after the other, without a thought
for speed. Written from the sentences alone, so that it and the library can only agree by being right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Place = tuple[bytes, int, bytes]
ROOTS = {1: "ana", 3: "ben"}
FOUNDERS = {1: "ana", 2: "ana", 3: "ben", 4: "ben"}


class Fact(NamedTuple):
    """One operation: who signed it, where it stands, and what it says: ("admit", number, for whom) or ("remove", …)."""

    author: int
    stream: bytes
    seq: int
    id: bytes
    prev: bytes
    word: str
    new: int = 0
    person: str = ""
    removed: tuple[tuple[int, tuple[Place, ...]], ...] = ()


class Model:
    """The answer for one set of operations."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = {fact.id: fact for fact in facts}
        self.persons = self._persons()

    def standing(self, key: int) -> str:
        """Return "live", "removed", "void" or "undecided" for a known key."""
        if key in ROOTS:
            return "live"
        if any(self._removals_of(key, person) for person in self.persons[key]):
            return "removed"
        if len(self.persons[key]) != 1:
            return "void"
        [person] = self.persons[key]
        return {2: "live", 1: "undecided", 0: "void"}[self.sound(key, person)]

    def is_fallen(self, key: int) -> bool:
        """Return whether a key owes its admission to what does not count or is claimed by both, removed or not."""
        return len(self.persons[key]) != 1 or any(self.sound(key, person) == 0 for person in self.persons[key])

    def sound(self, key: int, person: str) -> int:
        """Return 2 if a key owes its place with a person to what counts, 0 if it does not, 1 if it is not decided."""
        return self._sound(key, person, frozenset())

    def apart(self) -> set[bytes]:
        """Return the epochs of keys that are not live, but those of removed keys which certainly count."""
        return {
            fact.id
            for fact in self.facts.values()
            if fact.word == "epoch" and fact.author in self.persons and self.standing(fact.author) != "live"
            if not (
                self.standing(fact.author) == "removed"
                and not self.is_fallen(fact.author)
                and all(self.counts(fact, person) == 2 for person in self.persons[fact.author])
            )
        }

    def counts(self, fact: Fact, person: str) -> int:
        """Return 2 if an operation counts for a person, 0 if not, 1 if undecided: the least that any removal says."""
        answers = [self._accepts(pins, fact) for pins in self._removals_of(fact.author, person)]
        return min(answers, default=2)

    def root_ends(self) -> set[Place]:
        """Return the end of each branch of each root stream in which a removal stands."""
        found = set()
        for fact in self.facts.values():
            stream = [
                other for other in self.facts.values() if (other.author, other.stream) == (fact.author, fact.stream)
            ]
            is_end = not any(other.prev == fact.id for other in stream)
            if is_end and fact.author in ROOTS and any(other.word == "remove" for other in stream):
                found.add((fact.stream, fact.seq, fact.id))
        return found

    def _persons(self) -> dict[int, set[str]]:
        """For whom each key was admitted, by whatever admissions of keys that were admitted for the same person."""
        persons = {key: {person} for key, person in FOUNDERS.items()}
        while True:
            before = {key: set(found) for key, found in persons.items()}
            for fact in self.facts.values():
                is_heard = fact.person in persons.get(fact.author, ())
                if fact.word == "admit" and is_heard and fact.new not in FOUNDERS:
                    persons.setdefault(fact.new, set()).add(fact.person)
            if persons == before:
                return persons

    def _removals_of(self, key: int, person: str) -> list[tuple[Place, ...]]:
        """The pins of each removal of a key by the root of a person, if it was admitted for that one."""
        return [
            pins
            for fact in self.facts.values()
            if fact.word == "remove" and ROOTS.get(fact.author) == person and person in self.persons.get(key, ())
            for removed, pins in fact.removed
            if removed == key and key not in ROOTS
        ]

    def _accepts(self, pins: tuple[Place, ...], fact: Fact) -> int:
        """What one removal says of an operation: the best that one of its pins says."""
        return max((self._reaches(pin, fact) for pin in pins), default=0)

    def _reaches(self, pin: Place, fact: Fact) -> int:
        """Whether an operation lies at or before a pin, and the links held lead from it to the pinned one."""
        stream, seq, link = pin
        if stream != fact.stream or fact.seq > seq:
            return 0
        at = self.facts.get(link)
        if at is None or (at.author, at.stream, at.seq) != (fact.author, stream, seq):
            return 1
        while at.seq > fact.seq:
            if at.prev not in self.facts:
                return 1
            at = self.facts[at.prev]
        return 2 if at.id == fact.id else 0

    def _sound(self, key: int, person: str, on_the_way: frozenset[int]) -> int:
        """How surely a chain of admissions for a person leads from their founders to a key, going in no circle."""
        if key in FOUNDERS:
            return 2 if FOUNDERS[key] == person else 0
        best = 0
        for fact in self.facts.values():
            is_heard = person in self.persons.get(fact.author, ()) and fact.author not in on_the_way
            if is_heard and fact.word == "admit" and (fact.new, fact.person) == (key, person):
                before = self._sound(fact.author, person, on_the_way | {key})
                best = max(best, min(self.counts(fact, person), before))
        return best
