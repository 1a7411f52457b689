"""Founding twice, keys under other names, floods of admissions and operations. The numbers are those of the list."""

from __future__ import annotations

import hashlib
import time

import msgspec
import pytest
from unit.book.forging import keys_segment, packed, words_segment

from couplejournal.book import Verdict
from couplejournal.book.founding import founding_signature, prove_genesis
from couplejournal.errors import UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import admit_message, key_id
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK
from couplejournal.testing.pairs import Member, keys_of, pair, root_of

FAST_S = 20.0


def met() -> tuple[Member, Member]:
    """Return Ana and Ben, who know what the other said."""
    ana, ben = pair()
    ana.write("hers")
    ben.write("his")
    for member, other in ((ana, ben), (ben, ana)) * 2:
        member.take_from(other)
        member.book.acknowledge()
    return ana, ben


def founding(*names: str) -> words.Found:
    """Return a founding by these persons, rightly signed by each."""
    listed = [(root_of(name).root_keys, keys_of(f"other {name}").public.raw) for name in names]
    return words.Found(listed, [founding_signature(root_of(name).founding_seed, listed) for name in names])


def everybody(member: Member) -> tuple[set[bytes], set[bytes]]:
    """Return (persons, keys) as a device sees them."""
    membership = member.book.membership
    return {person.id for person in membership.persons}, set(membership.keys)


def wrapped_for(member: Member) -> set[bytes]:
    """Return the ids of all keys for which any epoch or grant of the book has a wrap."""
    membership = member.book.membership
    epochs = {recipient for epoch in membership.epochs.values() for recipient in epoch.wraps}
    return epochs | {recipient for grants in membership.grants.values() for _, recipient, _ in grants}


@pytest.mark.parametrize("names", [("ana", "eve"), ("ana", "ben", "eve"), ("eve",), ("ana", "ana")])
@pytest.mark.parametrize("author", ["ana", "ben", "eve"])
def test_5_a_second_founding_changes_nothing(names: tuple[str, ...], author: str) -> None:
    """Attack 5: another founding, a third person or another root has no effect, and nothing is ever wrapped for it."""
    ana, ben = met()
    before = everybody(ana)
    file = keys_segment(ana, packed(("found", founding(*names))), author=keys_of(author), stream=b"F" * 16).sealed.data
    for member in (ana, ben):
        assert member.book.take([file])[0].verdict in {Verdict.STORED, Verdict.HELD}
        member.reopen()
        member.write("afterwards")
        member.book.tend()
        assert everybody(member) == before
        assert key_id(root_of("eve").root_keys[:1248]) not in wrapped_for(member)
        assert wrapped_for(member) <= before[1]


@pytest.mark.parametrize("names", [("ana", "ben", "eve"), (), ("ana", "ana")])
def test_5_a_beginning_with_other_than_two_persons_is_none(names: tuple[str, ...]) -> None:
    """Attack 5: a genesis that names nobody, three persons, or one person twice is refused."""
    own = keys_of("other ana")
    prev = domains.first_link(own.id, b"g" * 16, KEY_STREAM)
    ops = packed(("found", founding(*names)))
    file = segments.seal_keys(own, book=NO_BOOK, stream=b"g" * 16, first=1, prev=prev, ops=ops)
    with pytest.raises(UntrustedDataError):
        prove_genesis(file.sealed.data)


def test_7_a_key_under_the_id_of_another() -> None:
    """Attack 7: a file under Ben's id and another's signature is nobody's; an id is the hash of all its keys."""
    ana, ben = met()
    eve = keys_of("eve")
    made = keys_segment(ben, packed(("lack", words.Lack([]))), author=eve)
    header = msgspec.structs.replace(made.sealed.header, key=ben.own.id)
    body = made.sealed.data[segments.HEADER_BYTES : -segments.SIGNATURE_BYTES]
    forged = header.pack() + body + eve.sign(segments._signed(header.pack(), body))
    assert ana.book.take([forged])[0].verdict in {Verdict.PENDING, Verdict.REFUSED}
    known = ana.book.membership.keys[ben.own.id]
    assert (key_id(known.keys), known.keys) == (ben.own.id, ben.own.public.raw)


def test_7_a_known_signing_key_with_another_half() -> None:
    """Attack 7: Ben admits his own signing key with another encryption key: another device, and the first stays his."""
    ana, ben = met()
    mixed = ben.own.public.sign + keys_of("eve").public.kem
    proof = ben.own.sign(admit_message(ana.book.id, ben.own.id, mixed, ben.person))
    admit = words.Admit(person=ben.person, keys=mixed, proof=proof, founding=b"")
    assert ana.book.take([keys_segment(ben, packed(("admit", admit))).sealed.data])[0].verdict is Verdict.STORED
    assert ana.book.membership.keys[ben.own.id].keys == ben.own.public.raw
    assert key_id(mixed) != ben.own.id
    ana.write("for whom?")
    newest = ana.book._writer.rotation.newest()
    assert newest is not None
    assert ben.own.id in newest.wraps
    ben.take_from(ana)
    assert "for whom?" in ben.texts()


@pytest.mark.parametrize("length", [0, 1247, 1249, 1280])
def test_7_keys_of_another_length_are_no_device(length: int) -> None:
    """Attack 7: an admission of keys that are no whole key admits nobody."""
    ana, ben = met()
    before = everybody(ana)
    keys = (keys_of("eve").public.raw * 2)[:length]
    proof = keys_of("eve").sign(admit_message(ana.book.id, ben.own.id, keys, ben.person))
    ana.book.take([keys_segment(ben, packed(("admit", words.Admit(ben.person, keys, proof, b"")))).sealed.data])
    assert everybody(ana) == before


@pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=pytest.mark.long)])
def test_45_a_flood_of_admissions(count: int) -> None:
    """Attack 45: however many devices a partner admits, an epoch has wraps for fifteen of them, and writing goes on."""
    ana, ben = met()
    link, files, number = None, [], 1
    while number <= count:
        drafts = []
        for at in range(number, min(number + 500, count + 1)):
            seed = hashlib.sha256(b"%d" % at).digest()
            new = KeyPair(seed, seed)
            proof = new.sign(admit_message(ana.book.id, ben.own.id, new.public.raw, ben.person))
            drafts.append(("admit", words.Admit(ben.person, new.public.raw, proof, b"")))
        one = keys_segment(ben, packed_many(drafts, number), stream=b"A" * 16, first=number, prev=link)
        link, number = one.links[-1], number + len(drafts)
        files.append(one.sealed.data)
    began = time.process_time()
    assert {taken.verdict for taken in ana.book.take(files)} == {Verdict.STORED}
    ana.write("goes on")
    newest = ana.book._writer.rotation.newest()
    assert newest is not None
    assert len(newest.wraps) == 2 + 1 + 15
    assert time.process_time() - began < FAST_S + count / 200
    ben.take_from(ana)
    assert "goes on" in ben.texts()


def packed_many(drafts: list[tuple[str, words.Admit]], first: int) -> list[bytes]:
    """Return the bytes of operations, each with a salt of its own."""
    return [
        codec.encode_op(word, fields, salt=(first + number).to_bytes(16), clock=(1, first + number))
        for number, (word, fields) in enumerate(drafts)
    ]


@pytest.mark.parametrize("count", [1_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_45_a_million_operations_in_one_file(count: int) -> None:
    """Attack 45: a file beyond 4 MiB is refused before it is read in; below that, operations cost bounded time."""
    ana, ben = met()
    op = codec.encode_op("odd", {}, salt=b"s" * 16, clock=(1, 1), critical=False)
    before = ana.ops()
    with pytest.raises(ValueError, match="too large"):
        words_segment(ben, [op] * max(count, 200_000))
    head = words_segment(ben, [op]).sealed.data[: segments.HEADER_BYTES]
    began = time.process_time()
    taken = ana.book.take([head + bytes(segments.SEGMENT_LIMIT_BYTES)])
    assert taken[0].verdict is Verdict.REFUSED
    assert time.process_time() - began < 1
    assert ana.ops() == before
    largest = min(count, segments.SEGMENT_LIMIT_BYTES * 9 // 10 // (len(op) + 2))
    file = words_segment(ben, [op] * largest).sealed.data
    assert ana.book.take([file])[0].verdict is Verdict.STORED
    assert time.process_time() - began < FAST_S
    assert len(ana.ops()) == len(before) + largest
    assert ana.texts() == ["hers", "his"]
