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

    def admit(self, author: int, new: int, person: str = "") -> None:
        """Admit a key; for the other person too now and then, also by who may not, and founders as well."""
        persons = self.claims.get(author, set())
        anybody = ["ana", "ben", "eve"]
        person = person or self.draw.choice((self.draw.random() < 0.9 and sorted(persons)) or anybody)
        if self.claims.get(new, {person}) != {person} and self.draw.random() < 0.8:
            return
        if person in persons and new not in FOUNDERS:
            self.claims.setdefault(new, set()).add(person)
        op = self.streams.admit(author, new, stream=self.draw.randrange(2), after=self._place(author), person=person)
        self._keep(op, author, "admit", new=new, person=person)

    def say(self, author: int, word: str, fields: object) -> None:
        """Say something that decides nothing, and stands in between."""
        op = self.streams.say(author, word, fields, stream=self.draw.randrange(2), after=self._place(author))
        self._keep(op, author, word)

    def remove(self) -> None:
        """Remove a key or two, with pins of all kinds: right ones, of other branches, of nothing that exists."""
        keys = {self.draw.choice([*sorted(self.claims), self.busy]) for _ in range(self.draw.choice([1, 1, 2]))}
        persons = self.claims.get(min(keys), ())
        author = self._author() if self.draw.random() < 0.1 else 1 if "ana" in persons else 3
        if len(persons) > 1:
            author = self.draw.choice([1, 3])
        self.remove_by(author, [(key, self.pins(key)) for key in sorted(keys)])

    def remove_by(self, author: int, listed: list[tuple[int, list[Place]]]) -> None:
        """Remove keys, each with its pins, in some stream of the author's."""
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
        person: str = "",
        removed: tuple[tuple[int, tuple[Place, ...]], ...] = (),
    ) -> None:
        self.facts[op.id] = Fact(author, op.stream, op.seq, op.id, op.prev, word, new, person, removed)

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
        assert found.graph.persons[named(key)] == {ids[person] for person in persons}
        assert (named(key) in found.removals) == (key not in ROOTS and model.standing(key) == "removed")
        for person in persons:
            answers = found.graph.counts(named(key), ids[person])
            for fact in model.facts.values():
                if fact.author == key:
                    counts = 2 if answers is None else {"yes": 2, "undecided": 1, "no": 0}[answers[fact.id]]
                    assert counts == model.counts(fact, person)
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
    root = history.draw.choice([1, 3])
    person = before.person_of(named(root))
    assert person is not None
    told = before.what_falls({named(key): pins}, person)
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
            person = history.draw.choice(["ana", "ben"])
            history.streams.admit(author, KEYS + history.draw.randint(1, 3), stream=4, person=person)
    after = membership(history.streams.ops)
    assert all(after.is_live(one) for one in ours)
    assert all(after.keys[one].standing == "removed" for one in before.removals)


class Thief:
    """Ben, with his root, his devices, new keys, and the secrets of some devices of Ana's, never that of her root.

    He signs whatever these keys can sign, and puts it anywhere; what others signed he can only repeat.
    """

    def __init__(self, history: History) -> None:
        self.history, self.draw = history, history.draw
        model = history.model(history.streams.ops)
        hers = sorted(key for key, persons in model.persons.items() if "ana" in persons and key not in ROOTS)
        busy = [key for key in hers if any(fact.author == key and fact.new for fact in model.facts.values())]
        hers = busy if busy and self.draw.random() < 0.7 else hers  # what it let in is what there is to lose
        self.stolen = set(self.draw.sample(hers, self.draw.randint(1, min(3, len(hers)))))
        self.own = {key for key, persons in model.persons.items() if persons == {"ben"}} | {3}
        self.own |= set(range(KEYS + 1, KEYS + 4))
        self.said = [fact for fact in history.facts.values() if fact.word == "admit"]

    @property
    def secrets(self) -> list[int]:
        return sorted(self.stolen | self.own)

    def act(self) -> None:
        """Do something: claim what he can sign for, repeat an admission, remove with any pins, begin epochs."""
        author, draw = self.draw.choice(self.secrets), self.draw.random()
        if draw < 0.2:
            self.history.admit(3, self.draw.choice(sorted(self.stolen)), "ben")
        elif draw < 0.5:
            person = self.draw.choice(["ana", "ben", "ben"])
            self.history.admit(author, self.draw.choice(self.secrets), person)
        elif draw < 0.6:
            again = [fact for fact in self.said if fact.author in self.secrets]
            for fact in again and [self.draw.choice(again)]:
                self.history.admit(fact.author, fact.new, fact.person)
        elif draw < 0.7:
            self.history.say(author, "epoch", words.Epoch(b"", [], [], []))
        else:
            key = self.draw.choice(sorted(self.stolen if self.draw.random() < 0.5 else self.history.claims))
            root = 3 if self.draw.random() < 0.8 else author
            self.history.remove_by(root, [(key, self.history.pins(key))])


@given(seeds)
def test_no_secret_but_its_own_takes_a_device_from_its_person(seed: int) -> None:
    """Attack 37, M6, M16: Ben, with the secrets of some of Ana's devices, ends or adds up to none of her others."""
    for number in range(TRIES):
        history = History(seed + number)
        before = membership(history.streams.ops)
        ana, ben = (person.id for person in before.persons)
        thief = Thief(history)
        for _ in range(history.draw.randint(1, 12)):
            thief.act()
        after = membership(history.streams.ops)
        require_equal(after, history.model(history.streams.ops))
        safe = [key for key in history.claims if key not in thief.stolen and named(key) in before.keys]
        for known in (before.keys[named(key)] for key in safe):
            if known.person == ana and not before.belongs_to(known.id, ben):
                now = after.keys[known.id]
                assert now.person == ana
                assert not after.belongs_to(known.id, ben)
                assert now.is_live or not known.is_live
                assert after.removals.get(known.id) == before.removals.get(known.id)
                assert now.standing == known.standing or known.standing in ("undecided", "void")
        pins: dict[bytes, list[Place]] = {named(key): [] for key in sorted(thief.stolen)}
        history.remove_by(1, [(key, []) for key in sorted(thief.stolen)])
        last = membership(history.streams.ops)
        mine = {key.id for key in last.live_devices(ana)}
        assert mine <= {named(key) for key in safe}
        assert {key.id for key in after.live_devices(ana)} - mine - pins.keys() == after.what_falls(pins, ana)


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
