"""Who belongs, from the key streams alone."""

from __future__ import annotations

import msgspec
import pytest
from unit.ops.membering import (
    BOOK,
    FOUNDERS,
    ToyProofs,
    admit,
    genesis,
    keys,
    membership,
    named,
    op_of,
    person_of,
    root_keys,
    toy_signature,
)

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import codec, words
from couplejournal.ops.membership import DEVICES_PER_PERSON, KeyOp, Membership, found_message, key_id, person_id

ANA_ROOT, ANA, BEN_ROOT, BEN = 1, 2, 3, 4


def found(*persons: tuple[bytes, bytes], signed: bool = True) -> words.Found:
    """Return a `found` of any persons."""
    listed = list(persons)
    message = found_message(listed) if signed else b"another list"
    return words.Found(listed, [toy_signature(roots[-32:], message) for roots, _ in listed])


def test_the_genesis_names_persons_and_their_first_devices() -> None:
    """M1: roots and first devices are known and live, each of its person."""
    found = membership([])
    assert [person.id for person in found.persons] == [person_id(root_keys(root)) for root, _ in FOUNDERS.values()]
    for person, (root, device) in zip(found.persons, FOUNDERS.values(), strict=True):
        assert found.person_of(named(root)) == found.person_of(named(device)) == person.id
        assert found.keys[named(root)].is_root
        assert found.is_live(named(root))
        assert [key.id for key in found.live_devices(person.id)] == [named(device)]
    assert found.person_of(named(9)) is None
    assert not found.is_live(named(9))
    assert found.keys[named(ANA)].sign + found.keys[named(ANA)].kem == keys(ANA)


ODD = {
    "no person": found(),
    "three persons": found(*[(root_keys(n), keys(n + 10)) for n in (1, 3, 5)]),
    "one signature for two": words.Found(found((root_keys(1), keys(2)), (root_keys(3), keys(4))).persons, [b"s" * 64]),
    "a signature over another list": found((root_keys(1), keys(2)), signed=False),
    "the same person twice": found((root_keys(1), keys(2)), (root_keys(1), keys(4))),
    "the same device twice": found((root_keys(1), keys(2)), (root_keys(3), keys(2))),
    "a device that is the root": found((root_keys(1), keys(1))),
    "a weak device": found((root_keys(1), keys(2000))),
    "a weak root": found((root_keys(2000), keys(2))),
    "short root keys": found((root_keys(1)[:-1], keys(2))),
    "a short device": found((root_keys(1), keys(2)[:-1])),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_beginning_is_refused(name: str) -> None:
    """A genesis that does not name one or two persons, each signed, with strong keys all different, founds nothing."""
    with pytest.raises(UntrustedDataError):
        Membership.of(BOOK, genesis(found=ODD[name]), [], ToyProofs())


def test_a_book_may_have_one_person() -> None:
    """A private book has one person."""
    assert len(Membership.of(BOOK, genesis(persons=1), [], ToyProofs()).persons) == 1


def test_a_device_of_a_person_adds_devices_to_that_person() -> None:
    """A device, a root and an admitted device may admit, each to its own person."""
    found = membership([admit(ANA, 11), admit(11, 12), admit(ANA_ROOT, 13), admit(BEN, 14)])
    ana, ben = (person.id for person in found.persons)
    assert [found.person_of(named(number)) for number in (11, 12, 13, 14)] == [ana, ana, ana, ben]
    assert all(found.is_live(named(number)) for number in (11, 12, 13, 14))


def test_admissions_that_do_not_count() -> None:
    """Attacks 4 and 36: by a stranger, unsigned, for another book or admitter, or of a weak key: nobody is added."""
    other = toy_signature(keys(15)[:32], b"something else")
    copied = admit(ANA, 16)
    found = membership(
        [
            admit(50, 11),
            admit(ANA, 12, book=b"C" * 32),
            admit(ANA, 2000),
            admit(ANA, 15, proof=other),
            signed_by(copied, BEN),
        ]
    )
    assert set(found.keys) == {named(number) for number in (1, 2, 3, 4)}


def signed_by(op: KeyOp, author: int) -> KeyOp:
    """Return an operation as if another had signed it."""
    return op._replace(key=named(author))


def test_a_key_admitted_for_both_is_a_device_of_neither() -> None:
    """M6: a key that both persons admitted is known and not live; each that it admitted is of the person it named."""
    theirs = admit(11, 15, person="ben")
    ops = [admit(ANA, 11), admit(BEN, 11), admit(11, 12), admit(12, 13), admit(ANA, 14), theirs]
    found = membership(ops)
    ana, ben = (person.id for person in found.persons)
    assert found.keys[named(11)].standing == "void"
    assert found.keys[named(11)].is_fallen
    assert all(found.belongs_to(named(11), person) for person in (ana, ben))
    assert [found.person_of(named(number)) for number in (12, 13, 14, 15)] == [ana, ana, ana, ben]
    assert all(found.is_live(named(number)) for number in (12, 13, 14, 15))
    recipients = found.recipients_for(named(ANA), {})
    assert set(recipients) == {named(number) for number in (1, 2, 3, 4, 12, 13, 14, 15)}
    assert not membership([op for op in ops if op is not ops[1]]).belongs_to(named(11), ben)


def test_an_admission_for_a_person_of_whom_the_author_is_no_device_has_no_effect() -> None:
    """M3, M4: nobody admits for the other, for nobody, or with a signature that names another person."""
    for_ana = admit(ANA, 13)
    swapped = words.decode_fields(words.Admit, codec.peek(for_ana.data).fields)
    relabelled = msgspec.structs.replace(swapped, person=person_of("ben"))
    ops = [
        admit(BEN, 11, person="ana"),
        admit(ANA, 12, person="eve"),
        op_of(BEN, 3, "admit", relabelled),
        op_of(ANA, 3, "admit", relabelled),
        op_of(ANA, 4, "admit", msgspec.structs.replace(swapped, person=b"")),
    ]
    assert membership(ops) == membership([])
    assert membership([*ops, for_ana]).person_of(named(13)) == person_of("ana")


def test_what_has_no_effect_does_not_name_the_admission_of_a_key() -> None:
    """M5: only admissions for the right person are compared when one of several names a key."""
    right = admit(ANA, 11)
    wrong = [admit(BEN, 11, seq=seq, person="ana", salt=seq) for seq in range(2, 12)]
    assert any(op.id < right.id for op in wrong)
    found = membership([right, *wrong])
    assert (found.keys[named(11)].admission, found.keys[named(11)].admitter) == (right.id, named(ANA))


def test_founders_cannot_be_claimed() -> None:
    """An admission of a key that the genesis names changes nothing for it."""
    assert membership([admit(ANA, BEN), admit(BEN, ANA_ROOT)]) == membership([])


def test_a_later_found_has_no_effect() -> None:
    """Attack 5: another `found`, and a third person, have no effect."""
    again = op_of(ANA, 3, "found", found((root_keys(5), keys(6)), (root_keys(7), keys(8))))
    assert membership([again]) == membership([])


def test_the_recipients_are_the_first_fifteen_of_each() -> None:
    """A flood of admissions stops nobody: the first fifteen in the order of coming are written to, and oneself."""
    flood = [admit(BEN, number, seq=number) for number in range(100, 140)]
    found = membership(flood)
    order = {named(number): number for number in (ANA, BEN, *range(139, 99, -1))}
    chosen = found.recipients_for(named(ANA), order)
    assert len(chosen) == 2 + 1 + DEVICES_PER_PERSON
    assert {named(number) for number in (BEN, *range(100, 114))} <= set(chosen)
    late = found.recipients_for(named(139), order)
    assert set(late) == {*chosen, named(139)}
    assert found.recipients_for(named(ANA), {}).keys() >= {named(1), named(3), named(ANA)}


def test_epochs_grants_and_requests_of_known_keys_are_collected() -> None:
    """What known keys say about epochs is there, what strangers say is not, and a malformed back link is none."""
    epoch = words.Epoch(commit=b"c" * 32, wraps=[(named(BEN), b"w")], back=[b"p" * 16, b"sealed"], roots=[])
    odd = words.Epoch(commit=b"", wraps=[], back=[b"p" * 16], roots=[])
    ops = [
        op_of(ANA, 3, "epoch", epoch), op_of(ANA, 4, "epoch", odd), op_of(50, 3, "epoch", epoch),
        op_of(BEN, 2, "lack", words.Lack([b"e" * 16, b""])), op_of(50, 4, "lack", words.Lack([b"f" * 16])),
        op_of(ANA, 5, "grant", words.Grant([(b"e" * 16, named(BEN), b"w")])),
        op_of(50, 5, "grant", words.Grant([(b"e" * 16, named(BEN), b"x")])),
        op_of(ANA, 6, "mood", {"text": "an optional word of a later version"}),
    ]  # fmt: skip
    found = membership(ops)
    assert {fact.key for fact in found.epochs.values()} == {named(ANA)}
    assert found.epochs[ops[0].id[:16]].back == (b"p" * 16, b"sealed")
    assert found.epochs[ops[1].id[:16]].back is None
    assert found.lacks == {(named(BEN), b"e" * 16), (named(BEN), b"")}
    assert found.grants == {b"e" * 16: ((named(ANA), named(BEN), b"w"),)}


def test_ids_are_hashes_of_all_keys() -> None:
    """Attack 7: a key is known by the hash of all its public parts, so no label can be claimed."""
    assert key_id(keys(5)) != key_id(keys(5)[:-1] + b"\0")
    assert len({key_id(keys(n)) for n in range(100)}) == 100
    changed = keys(11)[:40] + b"\0" + keys(11)[41:]
    op = words.Admit(person=person_of("ana"), keys=changed, proof=toy_signature(keys(11)[:32], b""), founding=b"")
    assert membership([op_of(ANA, 3, "admit", op)]) == membership([])


def test_ten_thousand_admissions_are_proved_once() -> None:
    """Attack 45: a flood of admissions costs one proof each, and who belongs stays the same for the others."""
    from couplejournal.seal.epochs import KeyProofs

    class Counting(KeyProofs):
        def __init__(self) -> None:
            super().__init__()
            self.toy, self.proved = ToyProofs(), 0

        def is_signed(self, public: bytes, signature: bytes, message: bytes) -> bool:
            def prove() -> bool:
                self.proved += 1
                return self.toy.is_signed(public, signature, message)

            return self._asked(prove, public, signature, message)

        def is_strong(self, keys: bytes) -> bool:
            return self.toy.is_strong(keys)

    flood = [admit(BEN, 500, seq=seq, salt=seq) for seq in range(2, 10_002)]
    proofs = Counting()
    for _ in range(2):
        assert Membership.of(BOOK, genesis(), flood, proofs).live_devices(membership([]).persons[0].id)
    assert proofs.proved <= 10_000


def test_what_membership_says_does_not_change_under_one() -> None:
    """A membership is a value."""
    with pytest.raises(AttributeError):
        membership([]).persons = ()  # type: ignore[misc]
    assert msgspec.msgpack.encode(sorted(membership([]).keys))
