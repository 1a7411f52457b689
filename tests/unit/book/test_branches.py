"""A stream as a tree: joined by links, cut into chains whose names know no order, whatever came when."""

from __future__ import annotations

import hashlib
import time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.book.branches import Chain, Place, Tree
from couplejournal.store.replica import Part

STREAM, ROOT = b"s" * 16, b"R" * 32


class Grown(NamedTuple):
    """Operations by number in the order of their making: (place, index of the one before it, -1 for the root)."""

    places: list[Place]
    before: list[int]

    def way(self, index: int) -> list[int]:
        """Return an operation and all before it, the last first."""
        found = []
        while index >= 0:
            found.append(index)
            index = self.before[index]
        return found


@st.composite
def grown(draw: st.DrawFn, size: int = 14) -> Grown:
    """Draw a tree of operations: most go on from the one before, some branch off anywhere."""
    places: list[Place] = []
    before: list[int] = []
    for index in range(draw(st.integers(1, size))):
        at = index - 1 if draw(st.integers(0, 2)) else draw(st.integers(-1, index - 1))
        number, link = places[at] if at >= 0 else (0, ROOT)
        places.append((number + 1, hashlib.sha256(link + bytes([index])).digest()))
        before.append(at)
    return Grown(places, before)


def piece(tree: Grown, last: int, length: int) -> tuple[Part, bytes, list[bytes]]:
    """Return the part that ends with an operation and holds up to so many, the link before it, and its own."""
    way = tree.way(last)[:length][::-1]
    links = [tree.places[index][1] for index in way]
    start = tree.before[way[0]]
    first, end = tree.places[way[0]][0], tree.places[last][0]
    digest = hashlib.sha256(b"".join(links)).digest()[:16]
    return Part(STREAM, first, end, digest, 100), tree.places[start][1] if start >= 0 else ROOT, links


pieces = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 6)), max_size=20)


def planted(tree: Grown, chosen: list[tuple[int, int]]) -> tuple[Tree, set[int]]:
    """Return what a tree makes of some parts, and the operations that they hold."""
    made, held = Tree(STREAM, STREAM, ROOT), set()
    for which, length in chosen:
        last = which % len(tree.places)
        made.add(*piece(tree, last, length))
        held |= set(tree.way(last)[:length])
    return made, held


def naive(tree: Grown, held: set[int]) -> tuple[set[int], set[tuple[Place, ...]]]:
    """Return what is held without a gap, and the chains of that, in the slowest and plainest way."""
    joined = {index for index in held if set(tree.way(index)) <= held}
    after = {at: [index for index in joined if tree.before[index] == at] for at in (-1, *joined)}
    chains = set()
    for index in joined:
        begins = tree.before[index]
        if len(after[begins]) > 1 or begins == -1:
            way = [index]
            while len(after[way[-1]]) == 1:
                way += after[way[-1]]
            chains.add(tuple(tree.places[at] for at in way))
    return joined, chains


def cut(chains: dict[bytes, Chain]) -> set[tuple[Place, ...]]:
    """Return the places of each chain that is joined and not empty."""
    return {tuple(enumerate(chain.links, chain.first)) for chain in chains.values() if chain.is_joined and chain.links}


@given(grown(), pieces, st.randoms(use_true_random=False))
def test_a_tree_is_what_its_links_say(tree: Grown, chosen: list[tuple[int, int]], random: object) -> None:
    """In any order, with repeats, a tree holds what the plain model holds, in the same chains of the same names."""
    made, held = planted(tree, chosen)
    joined, chains = naive(tree, held)
    shuffled = [*chosen, *chosen]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other, _ = planted(tree, shuffled)
    for one in (made, other):
        assert one.size == len(joined)
        assert {place for place in tree.places if one.holds(*place)} == {tree.places[index] for index in joined}
        assert cut(dict(one.chains())) == chains
        assert one.ends() == sorted(chain[-1] for chain in chains if not _goes_on(tree, joined, chain[-1]))
    assert {name: cut({name: chain}) for name, chain in made.chains().items()} == {
        name: cut({name: chain}) for name, chain in other.chains().items()
    }
    assert made.gaps() == other.gaps()
    named = {tree.places[at] for at in held} | {tree.places[tree.before[at]] for at in held if tree.before[at] >= 0}
    assert made.is_forked == other.is_forked == (len(named) > len({number for number, _ in named}))


def _goes_on(tree: Grown, joined: set[int], place: Place) -> bool:
    at = tree.places.index(place)
    return any(tree.before[index] == at for index in joined)


@given(grown(), pieces)
def test_chains_are_named_by_what_they_begin_with(tree: Grown, chosen: list[tuple[int, int]]) -> None:
    """The root's chain has the stream's name; any other's is its own, and stays when more comes and cuts it short."""
    before: dict[bytes, tuple[int, bytes]] = {}
    made = Tree(STREAM, STREAM, ROOT)
    for which, length in chosen:
        made.add(*piece(tree, which % len(tree.places), length))
        names = {name: (chain.first, chain.links[0]) for name, chain in made.chains().items() if chain.links}
        assert all(names.get(name, begin) == begin for name, begin in before.items() if name != STREAM)
        before |= names
        [root] = [chain for chain in made.chains().values() if chain.id == STREAM]
        assert (root.first, root.before, root.is_joined) == (1, None, True)
        assert all(len(name) == 32 for name in made.chains() if name != STREAM)  # no stream can be called so


@given(grown(), pieces, st.data())
def test_a_dropped_part_leaves_the_others(tree: Grown, chosen: list[tuple[int, int]], data: st.DataObject) -> None:
    """Without one part a tree is what the others make of it, and with it again what it was."""
    unique = {piece(tree, which % len(tree.places), length)[0]: (which, length) for which, length in chosen}
    if unique:
        gone = data.draw(st.sampled_from(list(unique)))
        made, _ = planted(tree, list(unique.values()))
        made.drop(gone)
        rest, _ = planted(tree, [pair for part, pair in unique.items() if part != gone])
        assert cut(dict(made.chains())) == cut(dict(rest.chains()))
        assert (made.is_forked, made.gaps(), made.size) == (rest.is_forked, rest.gaps(), rest.size)
        which, length = unique[gone]
        made.add(*piece(tree, which % len(tree.places), length))
        whole, _ = planted(tree, list(unique.values()))
        assert cut(dict(made.chains())) == cut(dict(whole.chains()))


@given(grown(), pieces, st.integers(0, 13), st.integers(0, 13), st.integers(1, 6))
def test_questions_about_places(tree: Grown, chosen: list[tuple[int, int]], one: int, other: int, length: int) -> None:
    """What leads to what, what one part holds, and what is covered, is what the plain model says."""
    made, held = planted(tree, chosen)
    parts = [set(tree.way(which % len(tree.places))[:size]) for which, size in chosen]
    for at, (number, link) in enumerate(tree.places):
        for size in range(1, number + 1):
            inside = any(set(tree.way(at)[:size]) <= part for part in parts)
            assert made.is_within(number - size + 1, number, link) == inside
    one, other = one % len(tree.places), other % len(tree.places)
    if one in held and other in held and set(tree.way(other)[: tree.places[other][0]]) <= held:
        assert made.leads(tree.places[one], tree.places[other]) == (one in tree.way(other))
    wanted = tree.way(other)[:length]
    first, (last, end) = tree.places[wanted[-1]][0], tree.places[other]
    assert made.covers(first, [tree.places[index][1] for index in wanted[::-1]]) == (set(wanted) <= held)
    found = made.part_at(last, end)
    assert (found is not None) == (other in held)


def test_only_links_join() -> None:
    """A part whose numbers fit and whose link before does not, joins nothing, though it fills the gap by numbers."""
    made = Tree(STREAM, STREAM, ROOT)
    a, b, c = (bytes([number]) * 32 for number in (1, 2, 3))
    made.add(Part(STREAM, 1, 1, b"a" * 16, 9), ROOT, [a])
    made.add(Part(STREAM, 2, 2, b"b" * 16, 9), b"elsewhere" * 3, [b])
    made.add(Part(STREAM, 3, 3, b"c" * 16, 9), b, [c])
    assert made.ends() == [(1, a)]
    assert not made.holds(2, b)
    assert made.gaps() == [(1, 1)]
    assert made.is_forked


def test_a_link_at_a_false_number_joins_nothing() -> None:
    """One link named at two numbers is two places, and only the one that its chain leads to is joined."""
    made = Tree(STREAM, STREAM, ROOT)
    a, b = b"a" * 32, b"b" * 32
    made.add(Part(STREAM, 7, 7, b"x" * 16, 9), a, [b])
    assert made.add(Part(STREAM, 1, 2, b"y" * 16, 9), ROOT, [a, b]) == 2
    assert made.ends() == [(2, b)]
    assert made.gaps() == [(3, 6)]


@pytest.mark.parametrize("is_star", [True, False])
def test_a_flood_of_branches_costs_time_in_proportion(is_star: bool) -> None:
    """Twenty thousand branches, at one place or each on the other, are taken in one after the other in a moment."""
    made = Tree(STREAM, STREAM, ROOT)
    made.add(Part(STREAM, 1, 1, b"0" * 16, 9), ROOT, [b"first" + bytes(27)])
    before, number = b"first" + bytes(27), 1
    begun = time.perf_counter()
    for count in range(20_000):
        link = count.to_bytes(32)
        assert made.add(Part(STREAM, number + 1, number + 1, count.to_bytes(16), 9), before, [link]) == 1
        if not is_star and count % 2:
            before, number = link, number + 1
    assert len(made.ends()) >= 10_000
    assert len(made.chains()) >= 10_000
    assert time.perf_counter() - begun < 10
