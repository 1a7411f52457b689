"""Random trees of real segments, delivered anyhow: every device that holds the same files says the same of them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.book.forging import keys_segment, lack, notes, packed, words_segment

from couplejournal.book import Verdict
from couplejournal.ops import domains
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import Member, pair

MOST = 12
STREAMS = {WORD_STREAM: b"W" * 16, KEY_STREAM: b"K" * 16}


class Node(NamedTuple):
    """One operation of a tree: the link before it, its own, its number, its bytes, and the node before it."""

    prev: bytes
    link: bytes
    number: int
    data: bytes
    before: int


class Piece(NamedTuple):
    """A file that ends with a node and holds so many operations; what is done before it is delivered."""

    last: int
    length: int
    act: int


@lru_cache(maxsize=1)
def couple() -> tuple[Member, Member]:
    """Return Ana, who wrote something, and Ben, who knows her and holds nothing of what these tests make her sign."""
    ana, ben = pair("ana", "ben")
    ana.write("before")
    ben.take_from(ana)
    return ana, ben


def tree(type_: int, parents: list[int]) -> list[Node]:
    """Return operations of Ana's that grow on each other as drawn."""
    found: list[Node] = []
    for index, chosen in enumerate(parents):
        before = index - 1 if chosen < 0 else min(chosen, index) - 1
        prev = domains.first_link(couple()[0].own.id, STREAMS[type_], type_) if before < 0 else found[before].link
        number = 1 if before < 0 else found[before].number + 1
        made = notes(f"text {index}", at=index) if type_ == WORD_STREAM else packed(lack(bytes([index]) * 16), at=index)
        found.append(Node(prev, domains.next_link(prev, made[0]), number, made[0], before))
    return found


def way(nodes: list[Node], index: int) -> list[int]:
    """Return a node and all before it, the last first."""
    found = []
    while index >= 0:
        found.append(index)
        index = nodes[index].before
    return found


def file_of(type_: int, nodes: list[Node], piece: Piece) -> tuple[bytes, set[int]]:
    """Return a file of a tree, and the nodes that it holds."""
    chosen = way(nodes, piece.last % len(nodes))[: piece.length][::-1]
    first, ops = nodes[chosen[0]], [nodes[index].data for index in chosen]
    seal = words_segment if type_ == WORD_STREAM else keys_segment
    made = seal(couple()[0], ops, stream=STREAMS[type_], first=first.number, prev=first.prev)
    return made.sealed.data, set(chosen)


parents = st.lists(st.one_of(st.just(-1), st.just(-1), st.integers(0, MOST)), min_size=1, max_size=MOST)
pieces = st.lists(st.builds(Piece, st.integers(0, 255), st.integers(1, 5), st.integers(0, 9)), max_size=14)


class Listener:
    """Somebody who reads on from where it stopped, and forgets nothing."""

    def __init__(self) -> None:
        self.positions: dict[bytes, int] = {}
        self.ids: set[bytes] = set()

    def read(self, member: Member) -> None:
        """Read what is new."""
        for op in member.book.ops_after(self.positions):
            assert op.seq == self.positions.get(op.stream, op.seq - 1) + 1, "each chain comes in its order"
            self.positions[op.stream] = op.seq
            self.ids.add(op.id)


def disturb(member: Member, act: int) -> None:
    """Start the program anew, now and then without its note; or not."""
    if act < 4:
        assert isinstance(member.disk, MemoryDisk)
        if act == 0:
            member.disk.files.pop(member.state / "book.marks", None)
        member.reopen()


def check_trees(type_: int, drawn: list[int], chosen: list[Piece], order: list[Piece]) -> None:
    """Deliver the same files twice, each time in another way, and compare with the plainest model."""
    nodes = tree(type_, drawn)
    members, joined = [], set[bytes]()
    for delivery in (chosen, order):
        member, listener, held = couple()[1].copied(), Listener(), set[int]()
        for piece in delivery:
            file, holds = file_of(type_, nodes, piece)
            held |= holds
            [taken] = member.book.take([file])
            assert taken.verdict in (Verdict.STORED, Verdict.KNOWN)
            assert [one.verdict for one in member.book.take([file])] == [Verdict.KNOWN]
            disturb(member, piece.act)
            if piece.act % 2:
                listener.read(member)
        listener.read(member)
        joined = {nodes[index].link for index in held if set(way(nodes, index)) <= held}
        mine = couple()[0].own.id
        if type_ == WORD_STREAM:
            assert {op.id for op in member.ops() if op.key == mine} - joined <= {op.id for op in couple()[1].ops()}
            assert joined <= listener.ids
        else:
            asked = {epoch for asker, epoch in member.book.membership.lacks if asker == mine}
            assert asked == {bytes([index]) * 16 for index in held if nodes[index].link in joined}
        members.append(member)
    require_same(*members)
    for member in members:
        member.disk.remove(member.state / "book.marks")
        member.reopen()
        known = {op.id for op in couple()[1].ops()}
        assert {op.id for op in member.ops()} - known == (joined if type_ == WORD_STREAM else set())
    require_same(*members)


def require_same(one: Member, other: Member) -> None:
    """Fail unless two devices that hold the same operations say the same of them."""
    assert one.book.heads() == other.book.heads()
    assert one.book.places() == other.book.places()
    assert [(gap.first_missing, gap.last_missing) for gap in one.book.gaps()] == [
        (gap.first_missing, gap.last_missing) for gap in other.book.gaps()
    ]
    assert {(op.stream, op.seq, op.id) for op in one.ops()} == {(op.stream, op.seq, op.id) for op in other.ops()}
    assert {(notice.code, notice.key) for notice in one.book.notices()} == {
        (notice.code, notice.key) for notice in other.book.notices()
    }


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[int], list[Piece], list[Piece]]:
    """Draw a tree, files of it, and another order of them with other disturbances and repeats."""
    chosen = draw(pieces)
    again = draw(st.permutations([*chosen, *chosen[::2]]))
    acts = draw(st.lists(st.integers(0, 9), min_size=len(again), max_size=len(again)))
    return draw(parents), chosen, [piece._replace(act=act) for piece, act in zip(again, acts, strict=True)]


@given(cases())
@settings(max_examples=30)
def test_forked_words_know_no_order(case: tuple[list[int], list[Piece], list[Piece]]) -> None:
    """Words in trees: the same operations, chains and gaps in any order, and no reader misses one of them."""
    check_trees(WORD_STREAM, *case)


@given(cases())
@settings(max_examples=20)
def test_forked_keys_know_no_order(case: tuple[list[int], list[Piece], list[Piece]]) -> None:
    """Keys in trees: what every branch says counts, in any order, and nothing behind a gap does."""
    check_trees(KEY_STREAM, *case)


@pytest.mark.long
@given(cases())
@settings(max_examples=400)
def test_forked_words_know_no_order_at_length(case: tuple[list[int], list[Piece], list[Piece]]) -> None:
    """The same as for words above, many times."""
    check_trees(WORD_STREAM, *case)


@pytest.mark.long
@given(cases())
@settings(max_examples=400)
def test_forked_keys_know_no_order_at_length(case: tuple[list[int], list[Piece], list[Piece]]) -> None:
    """The same as for keys above, many times."""
    check_trees(KEY_STREAM, *case)
