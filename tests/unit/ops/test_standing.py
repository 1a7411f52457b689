"""Who stands how once a root removed devices: what counts, what falls with it, and what is not decided yet."""

from __future__ import annotations

import time

import pytest
from unit.ops.membering import BOOK, Streams, ToyProofs, genesis, membership, named, pin

from couplejournal.ops import words
from couplejournal.ops.membership import ROOTS_PER_PERSON, KeyOp, Membership, Reader
from couplejournal.ops.standing import counted

ANA_ROOT, ANA, BEN_ROOT, BEN = 1, 2, 3, 4


def standing(found: Membership, *numbers: int) -> list[str]:
    """Return how keys stand."""
    return [found.keys[named(number)].standing for number in numbers]


def test_a_removed_device_is_not_live_and_what_it_did_before_stands() -> None:
    """Attack 37: what a thief admits behind the pin is void with all that follows from it; what stood before stays."""
    book = Streams()
    honest = book.admit(ANA, 11)
    for number in range(20, 30):
        book.admit(ANA, number)
        book.admit(number, number + 20)
    book.admit(ANA, 12, stream=1)
    book.remove(ANA_ROOT, (ANA, [pin(honest)]))
    found = book.membership()
    assert standing(found, ANA, 11) == ["removed", "live"]
    assert set(standing(found, 12, *range(20, 30), *range(40, 50))) == {"void"}
    assert found.removals == {named(ANA): ((pin(honest),),)}
    assert [key.id for key in found.live_devices(found.persons[0].id)] == [named(11)]
    assert set(found.recipients_for(named(BEN), {})) == {named(number) for number in (1, 3, 4, 11)}


@pytest.mark.parametrize(("signer", "removed"), [(ANA, 11), (11, ANA), (BEN_ROOT, ANA), (BEN, ANA), (50, ANA)])
def test_nobody_but_the_root_of_the_person_removes(signer: int, removed: int) -> None:
    """Attacks 4 and 36: a removal by a device, by the other person, by their root or by a stranger has no effect."""
    book = Streams()
    book.admit(ANA, 11)
    before = book.membership()
    book.remove(signer, (removed, []))
    after = book.membership()
    assert (after.keys, after.removals) == (before.keys, {})


@pytest.mark.parametrize("root", [ANA_ROOT, BEN_ROOT])
def test_a_root_is_never_removed(root: int) -> None:
    """Not even by itself: a root stays live, and what it signs counts."""
    book = Streams()
    book.remove(root, (root, []), (50, []))
    book.remove(ANA_ROOT, (BEN_ROOT, []))
    book.admit(root, 11)
    assert standing(book.membership(), root, 11) == ["live", "live"]


def test_a_removed_key_is_never_admitted_again() -> None:
    """Whoever admits it, and whenever: a removal is for ever."""
    book = Streams()
    book.admit(ANA, 11)
    book.admit(11, 12)
    book.remove(ANA_ROOT, (11, []))
    book.admit(ANA_ROOT, 11)
    book.admit(ANA, 11)
    assert standing(book.membership(), 11, 12) == ["removed", "void"]
    book.admit(ANA_ROOT, 12)
    assert standing(book.membership(), 11, 12) == ["removed", "live"]


def test_every_removal_must_accept() -> None:
    """Two removals of one key never contradict each other: what counts is what both accept."""
    book = Streams()
    first, second = book.admit(ANA, 11), book.admit(ANA, 12)
    book.remove(ANA_ROOT, (ANA, [pin(second)]))
    assert standing(book.membership(), ANA, 11, 12) == ["removed", "live", "live"]
    book.remove(ANA_ROOT, (ANA, [pin(first)]), stream=1)
    assert standing(book.membership(), 11, 12) == ["live", "void"]
    book.remove(ANA_ROOT, (ANA, []), stream=2)
    assert standing(book.membership(), 11, 12) == ["void", "void"]


def test_a_pin_names_one_branch_of_a_fork() -> None:
    """Attack 32: a rewritten history counts as long as nobody is removed; then the branch counts that is pinned."""
    book = Streams()
    root = book.epoch(ANA)
    kept = book.admit(ANA, 11)
    book.admit(ANA, 12, after=root)
    other = book.admit(ANA, 13)
    assert standing(book.membership(), 11, 12, 13) == ["live", "live", "live"]
    book.remove(ANA_ROOT, (ANA, [pin(kept)]))
    assert standing(book.membership(), 11, 12, 13) == ["live", "void", "void"]
    both = Streams()
    both.ops = [*book.ops[:-1]]
    both.remove(ANA_ROOT, (ANA, [pin(kept), pin(other)]))
    assert standing(both.membership(), 11, 12, 13) == ["live", "live", "live"]


def test_what_is_not_held_leaves_it_open() -> None:
    """A key before a pin whose link is not held is undecided: never called removed, never written to."""
    book = Streams()
    early, late, pinned = book.admit(ANA, 11), book.admit(ANA, 12), book.epoch(ANA)
    beyond = book.admit(ANA, 13)
    book.admit(11, 14)
    removal = book.remove(ANA_ROOT, (ANA, [pin(pinned)]))
    rest = [op for op in book.ops if op not in (late, pinned, beyond)]
    found = membership(rest)
    assert standing(found, ANA, 11, 14) == ["removed", "undecided", "undecided"]
    assert set(found.recipients_for(named(BEN), {})) == {named(number) for number in (1, 3, 4)}
    assert not found.is_live(named(11))
    assert standing(membership([*rest, late, beyond]), 11, 12, 13) == ["undecided", "undecided", "void"]
    assert standing(membership([*rest, late, pinned, beyond]), 11, 12, 13, 14) == ["live", "live", "void", "live"]
    holed = membership([early, pinned, removal])  # the chain between the two is not held
    assert standing(holed, 11) == ["undecided"]
    admitted = membership([*rest, book_of_root_admission(book, 11)])
    assert standing(admitted, 11, 14) == ["live", "live"]  # another admission decides it


def book_of_root_admission(book: Streams, number: int) -> KeyOp:
    """Return an admission by Ana's root, beside what else is said."""
    return book.admit(ANA_ROOT, number, stream=9)


def test_a_pin_that_names_what_does_not_stand_there_accepts_nothing() -> None:
    """A pin whose number is not that of its link, or that names another key's stream, never comes to accept."""
    book = Streams()
    admitted = book.admit(ANA, 11)
    other = book.admit(BEN, 12)
    for pins, expected in (
        ([(admitted.stream, 2, admitted.id)], "undecided"),
        ([(admitted.stream, 0, admitted.id)], "void"),
        ([(other.stream, 1, admitted.id)], "void"),
        ([pin(other)], "void"),
        ([(admitted.stream, 1, other.id)], "undecided"),
    ):
        trial = Streams()
        trial.ops = [*book.ops]
        trial.remove(ANA_ROOT, (ANA, pins))
        assert standing(trial.membership(), 11) == [expected]


def stolen() -> tuple[Streams, KeyOp]:
    """Return a book in which Ben had Ana's device 11 claimed for himself, and the last thing that it did for Ana."""
    book = Streams()
    book.admit(ANA, 11)
    book.admit(11, 12)
    last = book.admit(12, 13)
    last = book.admit(11, 14)
    book.admit(BEN, 11)
    book.admit(11, 15, person="ben")
    return book, last


def test_a_key_of_both_is_void_and_what_it_admitted_stays() -> None:
    """M6: a key that both admitted belongs to neither; the devices that it admitted stay devices of whom they named."""
    book, _ = stolen()
    assert standing(book.membership(), 11, 12, 13, 14, 15) == ["void", "live", "live", "live", "live"]
    book.remove(ANA_ROOT, (ANA, []))
    assert standing(book.membership(), ANA, 11, 12, 15) == ["removed", "void", "void", "live"]


def test_each_root_judges_a_key_of_both_for_its_own_person() -> None:
    """M8, M12: what Ben's root removes takes no device of Ana's with it, and Ana's root still removes with pins."""
    book, last = stolen()
    book.remove(BEN_ROOT, (11, []))
    found = book.membership()
    ana, ben = (person.id for person in found.persons)
    assert standing(found, 11, 12, 13, 14, 15) == ["removed", "live", "live", "live", "void"]
    assert (found.standing_for(named(11), ana), found.standing_for(named(11), ben)) == ("claimed", "removed")
    assert found.what_falls({named(11): []}, ana) == {named(number) for number in (12, 13, 14)}
    assert found.what_falls({named(11): []}, ben) == frozenset()
    first = next(op for op in book.ops if op.key == named(11))
    book.remove(ANA_ROOT, (11, [pin(first)]))
    found = book.membership()
    assert standing(found, 11, 12, 13, 14, 15) == ["removed", "live", "live", "void", "void"]
    assert found.standing_for(named(11), ana) == found.standing_for(named(11), ben) == "removed"
    assert len(found.removals[named(11)]) == 2
    assert found.graph.counts(named(11), ben) == dict.fromkeys(found.graph.ops[named(11)], "no")
    assert last.key == first.key


def test_epochs_of_a_key_of_both_stand_apart() -> None:
    """M6: what a key of both can be read with is asked for when words need it only, whatever pins accept."""
    book, last = stolen()
    made = book.epoch(11)
    theirs = book.epoch(12)
    assert book.membership().apart == {made.id[:16]}
    book.remove(ANA_ROOT, (11, [pin(made)]))
    found = book.membership()
    assert standing(found, 11, 12) == ["removed", "live"]
    assert found.apart == {made.id[:16]}
    assert theirs.id[:16] in found.epochs
    assert last.seq < made.seq


def test_a_removed_key_that_the_other_claims_later_keeps_its_removal() -> None:
    """M10: who was removed stays removed, whoever admits it and for whom; what it admitted before its pin stays."""
    book = Streams()
    book.admit(ANA, 11)
    pinned = book.admit(11, 12)
    book.remove(ANA_ROOT, (11, [pin(pinned)]))
    book.admit(BEN, 11)
    book.admit(11, 13, person="ben")
    book.admit(11, 14)
    found = book.membership()
    assert standing(found, 11, 12, 13, 14) == ["removed", "live", "live", "void"]
    assert [found.standing_for(named(11), person.id) for person in found.persons] == ["removed", "claimed"]


def test_a_removal_that_comes_before_its_key_waits_for_it() -> None:
    """A removal of a key that is not known yet has its effect when the key comes."""
    book = Streams()
    book.remove(ANA_ROOT, (11, []))
    assert named(11) not in book.membership().keys
    assert book.membership().removals == {}
    book.admit(ANA, 11)
    assert standing(book.membership(), 11) == ["removed"]


def test_the_ends_of_root_streams_with_removals_are_named() -> None:
    """An epoch names each branch of each root stream that holds a removal, and holds them only with all of it."""
    book = Streams()
    book.admit(ANA_ROOT, 11, stream=5)  # a root stream without a removal
    first = book.remove(ANA_ROOT, (11, []))
    second = book.remove(ANA_ROOT, (11, []))
    third = book.say(ANA_ROOT, "remove", words.Remove([]), after=first)
    fourth = book.remove(BEN_ROOT, (BEN, []))
    found = book.membership()
    assert found.root_heads == tuple(sorted([pin(second), pin(third), pin(fourth)]))
    named_all = book.epoch(BEN, roots=[*found.root_heads])
    named_more = book.epoch(ANA, roots=[*found.root_heads, (b"s" * 16, 1, b"l" * 32)])
    epochs = book.membership().epochs
    assert book.membership().holds_roots(epochs[named_all.id[:16]])
    assert not book.membership().holds_roots(epochs[named_more.id[:16]])
    without = membership([op for op in book.ops if op is not second])
    assert not without.holds_roots(epochs[named_all.id[:16]])
    assert not without.holds((first.stream, 2, first.id))


def test_more_root_streams_than_may_be_named() -> None:
    """Of a root that removed in more than 64 streams the newest 64 are named, and all removals count."""
    book = Streams()
    removals = [book.remove(ANA_ROOT, (100 + number, []), stream=number) for number in range(70)]
    theirs = book.remove(BEN_ROOT, (BEN, []))
    found = book.membership()
    assert set(found.root_heads) == {pin(op) for op in (*removals[-ROOTS_PER_PERSON:], theirs)}


def test_the_screen_before_a_removal_names_what_falls_with_it() -> None:
    """Before anything is signed one can ask which keys would fall, and it is these that then fall."""
    book = Streams()
    before = book.admit(ANA, 11)
    for author, new in ((ANA, 12), (12, 13), (11, 14)):
        book.admit(author, new)
    found = book.membership()
    ana, ben = (person.id for person in found.persons)
    pins = {named(ANA): [pin(before)]}
    assert found.what_falls(pins, ana) == {named(12), named(13)}
    assert found.what_falls(pins, ben) == frozenset()
    assert found.what_falls({named(ANA): []}, ana) == {named(number) for number in (11, 12, 13, 14)}
    assert found.what_falls({named(ANA): [], named(11): []}, ana) == {named(number) for number in (12, 13, 14)}
    assert found.what_falls({named(50): [], named(ANA_ROOT): []}, ana) == frozenset()
    book.remove(ANA_ROOT, (ANA, [pin(before)]))
    after = book.membership()
    assert {key for key in found.keys if found.is_live(key) and not after.is_live(key)} == {
        named(number) for number in (ANA, 12, 13)
    }


def test_epochs_behind_a_pin_stand_apart() -> None:
    """The epochs of a void key, and those of a removed one that its pin does not accept, are told apart."""
    book = Streams()
    early = book.epoch(ANA)
    book.admit(ANA, 11)
    late, void, fine = book.epoch(ANA), book.epoch(11), book.epoch(BEN)
    assert book.membership().apart == frozenset()
    book.remove(ANA_ROOT, (ANA, [pin(early)]))
    found = book.membership()
    assert found.apart == {late.id[:16], void.id[:16]}
    assert {early.id[:16], fine.id[:16]} < set(found.epochs)


def test_thousands_of_removals_of_a_long_stream_cost_little() -> None:
    """Attack 45: removals and pins by the thousand, of a stream of thousands, are counted in no time."""
    ops: dict[bytes, KeyOp] = {}
    prev = b"0" * 32
    for seq in range(1, 5001):
        link = seq.to_bytes(32)
        ops[link] = KeyOp(b"k", b"s", seq, link, b"", prev)
        prev = link
    removals = [tuple((b"s", seq, seq.to_bytes(32)) for seq in (1000 + number, 5000)) for number in range(2000)]
    removals += [((b"s", 5000, seq.to_bytes(32)), (b"s", 900, (900).to_bytes(32))) for seq in range(6000, 7000)]
    begin = time.perf_counter()
    found = counted(ops, removals)
    assert time.perf_counter() - begin < 5
    assert [found[seq.to_bytes(32)] for seq in (1, 900, 901, 5000)] == ["yes", "yes", "undecided", "undecided"]


def test_a_flood_of_admissions_and_removals_is_read_once() -> None:
    """Attack 45: with a reader that remembers, ten thousand admissions are decoded once, however often one asks."""
    book = Streams()
    flood = [book.epoch(BEN)]
    proofs = ToyProofs()
    reader = Reader(BOOK, proofs)
    other = Streams()
    other.ops = flood
    for number in range(30):
        other.admit(BEN, 100 + number)
        Membership.of(BOOK, genesis(), other.ops, proofs, reader)
    asked = proofs.asked
    assert asked <= 30 * 3
    Membership.of(BOOK, genesis(), other.ops, proofs, reader)
    assert proofs.asked == asked + 2  # the genesis alone is read again
