"""The order in which files are handed over: nobody who sees only the first of them is led astray."""

from __future__ import annotations

import itertools

from unit.book.forging import keys_segment, packed

from couplejournal.ops import codec, words
from couplejournal.seal import epochs, segments
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.testing.pairs import Member, admit, meet, newcomer, pair


def require_ordered(member: Member) -> int:
    """Look at each file in turn: all that it builds on came before. Return how many such places there were."""
    links: set[bytes] = set()
    known = {member.book.id, segments.parse(member.book.genesis).header.end}
    own = {op.id for ops in member.book.membership.graph.ops.values() for op in ops.values()}
    is_word, count = False, 0
    for file in member.files():
        sealed = segments.parse(file)
        head = sealed.header
        if head.type != KEY_STREAM:
            is_word = True
            continue
        assert not is_word, "key segments come first"
        verified = member.book._shelf.verify(sealed)
        assert verified is not None
        assert head.first == 1 or head.prev in links | known
        for data in verified.ops:
            peeked = codec.peek(data)
            heads: list[words.Head] = []
            if peeked.word == "epoch":
                heads = words.decode_fields(words.Epoch, peeked.fields).roots
            elif peeked.word == "remove":
                removed = words.decode_fields(words.Remove, peeked.fields).keys
                heads = [pin for _, pins in removed for pin in pins]
            needed = {link for _, _, link in heads} & own
            count += len(needed)
            assert needed <= links | known, peeked.word
        links.update(verified.links)
    return count


def test_an_epoch_goes_after_the_removals_that_it_names_and_a_removal_after_what_it_pins() -> None:
    """Whatever the random names of streams, what is built upon is handed over first, over many removals."""
    ana, ben, *phones = pair("ana", "ben", *(f"ana {number}" for number in range(6)))
    for phone in phones:
        phone.write("x")
    meet([ana, ben, *phones])
    for phone in phones:
        ana.remove(phone)
        for member in (ana, ben):
            member.take_from(ana)
            member.write("on")
        meet([ana, ben])
        extra = newcomer(f"ana {phone.name}", ana)
        admit(ana, extra)
    meet([ana, ben])
    for member in (ana, ben):
        assert require_ordered(member) > 20


def test_what_names_itself_or_nothing_is_handed_over_all_the_same() -> None:
    """Attack 45: circles by number, roots that do not exist and long chains keep no file back, and none comes twice."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    ana.remove(phone)
    ana.write("x")
    [root] = ana.book.membership.root_heads
    streams = [bytes([number]) * 16 for number in range(3)]
    made = [
        epochs.new_epoch(b"k" * 32, ben.own.id, {}, None, [root, (streams[number], 1, b"l" * 32), (b"?" * 16, 7, b"")])
        for number in (1, 2, 0)
    ]
    files = [keys_segment(ben, packed(("epoch", epoch)), stream=streams[n]).sealed.data for n, epoch in enumerate(made)]
    ana.book.take(files)
    assert sorted(ana.files()) == sorted({*ana.files()})
    assert set(files) < set(ana.files())
    paths = [held.path for held in ana.book.held()]
    assert len(paths) == len(set(paths))
    assert all(one != other for one, other in itertools.pairwise(paths))
