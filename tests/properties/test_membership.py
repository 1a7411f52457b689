"""Random graphs of admissions, in every order: the same members, and those that the rules say."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st
from unit.ops.membering import admit, membership, named

from couplejournal.ops.membership import KeyOp

ROOTS_AND_DEVICES = {1: "ana", 2: "ana", 3: "ben", 4: "ben"}
numbers = st.integers(1, 12)
Edges = list[tuple[int, int, str]]
graphs = st.lists(st.tuples(numbers, numbers, st.sampled_from(["ana", "ben"])), max_size=16)


def ops_of(edges: Edges) -> list[KeyOp]:
    """Return the admissions of a graph: who admits whom, and for whom."""
    return [admit(a, new, seq=seq, salt=seq, person=person) for seq, (a, new, person) in enumerate(edges, start=2)]


def by_the_rules(edges: Edges) -> dict[int, set[str]]:
    """Return for which persons each key was admitted, by the plainest means."""
    claimed: dict[int, set[str]] = defaultdict(set)
    for number, person in ROOTS_AND_DEVICES.items():
        claimed[number].add(person)
    for _ in range(len(edges) + 1):
        for author, new, person in edges:
            if new not in ROOTS_AND_DEVICES and person in claimed[author]:
                claimed[new].add(person)
    return {number: persons for number, persons in claimed.items() if persons}


@given(graphs, st.randoms(use_true_random=False))
def test_members_know_no_order(edges: Edges, random: object) -> None:
    """Admissions in any order, with double claims, chains and circles, give the same members: those of the rules."""
    ops = ops_of(edges)
    shuffled = [*ops]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = membership(ops)
    assert membership(shuffled) == found
    assert membership([*shuffled, *ops]) == found
    rules = by_the_rules(edges)
    assert set(found.keys) == {named(number) for number in rules}
    persons = dict(zip(("ana", "ben"), (person.id for person in found.persons), strict=True))
    for number, claimed in rules.items():
        assert found.is_live(named(number)) == (len(claimed) == 1)
        if len(claimed) == 1:
            assert found.person_of(named(number)) == persons[next(iter(claimed))]


@given(graphs, graphs)
def test_more_admissions_never_take_a_person_s_own_devices(edges: Edges, more: Edges) -> None:
    """Whatever comes, nobody becomes unknown, and nobody changes sides: at most a key claimed by both falls."""
    before, after = membership(ops_of(edges)), membership(ops_of([*edges, *more]))
    assert set(before.keys) <= set(after.keys)
    for key in before.keys.values():
        if key.is_live:
            others = {person.id for person in after.persons} - {key.person}
            assert after.is_live(key.id) != any(after.belongs_to(key.id, person) for person in others)
        if key.is_live and after.is_live(key.id):
            assert after.person_of(key.id) == key.person
        if not key.is_live:
            assert not after.is_live(key.id)
