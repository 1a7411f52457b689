"""Random graphs of admissions, removals, pins and forks: the members are those of the model, in every order."""

from __future__ import annotations

import random
from collections.abc import Iterable

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from properties.belonging_model import FOUNDERS, ROOTS, Fact, Model, Place
from unit.ops.membering import Streams, membership, named, pin

from couplejournal.ops import words
from couplejournal.ops.membership import KeyOp, Membership

KEYS = 12
TRIES = 5  # histories for each example: they cost little, and one seldom holds everything that may go wrong
seeds = st.integers(0, 1 << 64).map(lambda seed: seed * TRIES)


class History:
    """What keys said, as operations for the library and as facts for the model; a seed decides all of it."""

    def __init__(self, seed: int, *, steps: int = 24) -> None:
        self.draw = random.Random(seed)
        self.streams = Streams()
        self.facts: dict[bytes, Fact] = {}
        self.claims = {key: {person} for key, person in FOUNDERS.items()}
        self.loss = self.draw.choice([0, 0.1, 0.25])
        self.busy = self.draw.choice([2, 2, 5, 6])  # one key that says much, so that its streams grow long
        for _ in range(self.draw.randint(2, steps)):
            draw = self.draw.random()
            if draw < 0.5:
                self.admit(self._author(), self.draw.randint(5, KEYS))
            elif draw < 0.65:
                self.say(self._author(), "epoch", words.Epoch(b"", [], [], []))
            else:
                self.remove()

    def admit(self, author: int, new: int) -> None:
        """Admit a key; for the other person too now and then, and founders as well."""
        persons = self.claims.get(author, set())
        if self.claims.get(new, persons) != persons and self.draw.random() < 0.8:
            return
        if author in self.claims and new not in FOUNDERS:
            self.claims.setdefault(new, set()).update(persons)
        op = self.streams.admit(author, new, stream=self.draw.randrange(2), after=self._place(author))
        self._keep(op, author, "admit", new=new)

    def say(self, author: int, word: str, fields: object) -> None:
        """Say something that decides nothing, and stands in between."""
        op = self.streams.say(author, word, fields, stream=self.draw.randrange(2), after=self._place(author))
        self._keep(op, author, word)

    def remove(self) -> None:
        """Remove a key or two, with pins of all kinds: right ones, of other branches, of nothing that exists."""
        keys = {self.draw.choice([*sorted(self.claims), self.busy]) for _ in range(self.draw.choice([1, 1, 2]))}
        persons = self.claims.get(min(keys), ())
        author = self._author() if self.draw.random() < 0.1 else 1 if "ana" in persons else 3
        listed = [(key, self.pins(key)) for key in sorted(keys)]
        op = self.streams.remove(author, *listed, stream=self.draw.randrange(3))
        self._keep(op, author, "remove", removed=tuple((key, tuple(pins)) for key, pins in listed))

    def pins(self, key: int) -> list[Place]:
        """Return some places of a key, most of them late ones that exist."""
        own = [op for op in self.streams.ops if op.key == named(key)]
        own = own[-2:] if self.draw.random() < 0.7 else own
        return [self._pin(self.draw, self.draw.choice(own)) for _ in range(self.draw.choice([0, 1, 1, 2, 3])) if own]

    def _author(self) -> int:
        if self.draw.random() < 0.4 and self.busy in self.claims:
            return self.busy
        return self.draw.choice(sorted(self.claims)) if self.draw.random() < 0.9 else self.draw.randint(1, KEYS)

    def _place(self, author: int) -> KeyOp | None:
        """Return an earlier operation to go on from, which makes a fork, or None for the newest."""
        own = [op for op in self.streams.ops if op.key == named(author)]
        return self.draw.choice(own) if own and self.draw.random() < 0.25 else None

    def _pin(self, draw: random.Random, op: KeyOp) -> Place:
        odd = draw.random()
        if odd < 0.05:
            return op.stream, op.seq + 1, op.id
        if odd < 0.15:
            return op.stream, op.seq, b"nobody holds it".ljust(32)
        if odd < 0.2:
            return draw.choice(self.streams.ops).stream, op.seq, op.id
        return pin(op)

    def _keep(
        self,
        op: KeyOp,
        author: int,
        word: str,
        *,
        new: int = 0,
        removed: tuple[tuple[int, tuple[Place, ...]], ...] = (),
    ) -> None:
        self.facts[op.id] = Fact(author, op.stream, op.seq, op.id, op.prev, word, new, removed)

    def part(self) -> list[KeyOp]:
        """Return what somebody might hold: of some streams only a beginning, in any order."""
        missing: set[bytes] = set()
        for op in self.streams.ops:
            if op.prev in missing or self.is_lost(op):
                missing.add(op.id)
        held = [op for op in self.streams.ops if op.id not in missing]
        self.draw.shuffle(held)
        return held

    def is_lost(self, op: KeyOp) -> bool:
        """Return whether an operation never arrived, which happens most to what stands behind pins."""
        return self.draw.random() < self.loss * (2 if op.key == named(self.busy) else 0.4)

    def model(self, held: Iterable[KeyOp]) -> Model:
        """Return the model of what somebody holds."""
        return Model(self.facts[op.id] for op in held)


def require_equal(found: Membership, model: Model) -> None:
    """Compare every answer that a membership gives with the model's."""
    assert set(found.keys) == {named(key) for key in model.persons}
    ids = dict(zip(("ana", "ben"), (person.id for person in found.persons), strict=True))
    for key, persons in model.persons.items():
        assert found.keys[named(key)].standing == model.standing(key), key
        assert found.keys[named(key)].is_fallen == model.is_fallen(key), key
        assert found.person_of(named(key)) in {ids[person] for person in persons}
        assert (named(key) in found.removals) == (key not in ROOTS and model.standing(key) == "removed")
        answers = found.graph.counts(named(key))
        for fact in model.facts.values():
            if fact.author == key:
                counts = 2 if answers is None else {"yes": 2, "undecided": 1, "no": 0}[answers[fact.id]]
                assert counts == model.counts(fact)
    assert set(found.root_heads) == model.root_ends()
    assert found.apart == {link[:16] for link in model.apart()}
    live = {named(key) for key in model.persons if model.standing(key) == "live"}
    assert set(found.recipients_for(named(2), {})) - {named(2)} <= live


@given(seeds)
def test_members_are_those_of_the_model_in_every_order(seed: int) -> None:
    """Attack 37: whatever is admitted, removed, pinned, forked and held, everybody who holds it names these members."""
    for number in range(TRIES):
        history = History(seed + number)
        held = history.part()
        found = membership(held)
        require_equal(found, history.model(held))
        again = [*held, *held[: seed % 5]]
        history.draw.shuffle(again)
        assert membership(again) == found


@given(seeds)
def test_what_is_held_with_holes_is_never_decided_wrongly(seed: int) -> None:
    """Operations whose predecessors are missing decide nothing that could turn out otherwise, and nobody wrongly."""
    for number in range(TRIES):
        history = History(seed + number)
        held = [op for op in history.streams.ops if not history.is_lost(op)]
        require_equal(membership(held), history.model(held))


@given(seeds)
def test_the_screen_says_what_a_removal_will_do(seed: int) -> None:
    """What would fall with a removal is told before it, and is what falls with it; nobody of the other person does."""
    history = History(seed)
    held = history.part()
    before = membership(held)
    key = history.draw.choice([key for key in history.model(held).persons if key not in ROOTS])
    pins = history.pins(key)
    told = before.what_falls({named(key): pins})
    person = before.person_of(named(key))
    root = next(number for number, one in zip(ROOTS, before.persons, strict=True) if one.id == person)
    history.streams.remove(root, (key, pins), stream=9)
    after = membership([*held, history.streams.ops[-1]])
    fallen = {one for one in before.keys if before.is_live(one) and not after.is_live(one)}
    assert fallen - {named(key)} == told
    assert all(before.person_of(one) == person for one in fallen)
    assert all(before.is_live(one) for one in after.keys if after.is_live(one))


@given(seeds)
def test_removals_are_for_ever_and_nothing_touches_the_other_person(seed: int) -> None:
    """Whatever one person's keys say later, the other's members stay, and who was removed stays removed."""
    history = History(seed)
    before = membership(history.streams.ops)
    ours = {one for one in before.keys if before.person_of(one) == before.persons[0].id and before.is_live(one)}
    theirs = [key for key, persons in history.model(history.streams.ops).persons.items() if persons == {"ben"}]
    for _ in range(8):
        author = history.draw.choice(theirs)
        if history.draw.random() < 0.5:
            history.streams.remove(author, (history.draw.randint(1, KEYS), []), stream=4)
        else:
            history.streams.admit(author, KEYS + history.draw.randint(1, 3), stream=4)
    after = membership(history.streams.ops)
    assert all(after.is_live(one) for one in ours)
    assert all(after.keys[one].standing == "removed" for one in before.removals)


@pytest.mark.long
@settings(max_examples=5_000)
@given(seeds)
def test_long_histories_too(seed: int) -> None:
    """The same for longer histories, and many more of them."""
    history = History(seed, steps=40)
    held = history.part()
    found = membership(held)
    require_equal(found, history.model(held))
    assert membership(held[::-1]) == found
