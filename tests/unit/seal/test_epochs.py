"""Which epoch keys a device can open: by wrap, by back link, by grant, from whomever they come."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from couplejournal.ops import codec, words
from couplejournal.ops.membership import EpochFact, KeyOp, Membership, Reader
from couplejournal.seal import boxes, epochs, wraps
from couplejournal.seal.derive import derive
from couplejournal.seal.epochs import EpochKeys
from couplejournal.seal.keys import KeyPair

ANA = KeyPair(b"a" * 32, b"b" * 32)
BEN = KeyPair(b"c" * 32, b"d" * 32)
EVE = KeyPair(b"e" * 32, b"f" * 32)


def key(number: int) -> bytes:
    """Return the key of an epoch."""
    return number.to_bytes(32)


def name(number: int) -> bytes:
    """Return the id of an epoch."""
    return number.to_bytes(16)


def fact(
    number: int, *, author: KeyPair = ANA, to: tuple[KeyPair, ...] = (), back: int | None = None, holds: bytes = b""
) -> EpochFact:
    """Return an epoch with wraps for ``to``, linked back to another; ``holds`` is what its wraps hold instead."""
    previous = None if back is None else (name(back), key(back))
    made = epochs.new_epoch(key(number), author.id, {pair.id: pair.public.kem for pair in to}, previous)
    wrapped = {recipient: (wrap,) for recipient, wrap in made.wraps}
    if holds:
        wrapped = {
            pair.id: (wraps.wrap(holds, pair.public.kem, wraps.epoch_info(author.id, made.commit, pair.id)),)
            for pair in to
        }
    link = (made.back[0], made.back[1]) if made.back else None
    return EpochFact(name(number), author.id, b"s" * 16, number, made.commit, wrapped, link)


def keys_of(
    *facts: EpochFact, own: KeyPair = BEN, grants: Mapping[bytes, tuple[tuple[bytes, bytes, bytes], ...]] | None = None
) -> EpochKeys:
    """Return what a device can open of these epochs."""
    found = EpochKeys((own,))
    found.learn(Membership((), {}, {one.id: one for one in facts}, grants or {}, frozenset()))
    return found


def test_a_wrap_opens_an_epoch_and_the_chain_before_it() -> None:
    """One wrap opens its epoch and, along the back links, all of that key before it."""
    found = keys_of(fact(1), fact(2, back=1), fact(3, back=2, to=(BEN,)))
    assert [found.key_of(name(number)) for number in (1, 2, 3)] == [key(1), key(2), key(3)]
    assert keys_of(fact(1), fact(2, back=1, to=(BEN,)), fact(3, back=2)).key_of(name(3)) is None
    assert keys_of(fact(1, to=(BEN,)), own=EVE).key_of(name(1)) is None
    assert found.key_of(b"unknown" + bytes(9)) is None


def test_any_of_ones_own_keys_opens() -> None:
    """The root, while it is at hand, opens what the device cannot."""
    found = EpochKeys((EVE, BEN))
    found.learn(Membership((), {}, {name(1): fact(1, to=(BEN,))}, {}, frozenset()))
    assert found.key_of(name(1)) == key(1)
    assert "b'" not in repr(found)


def test_a_grant_opens_from_whomever_it_comes() -> None:
    """A key counts if it matches the commitment, whoever granted it; junk before it does no harm."""
    closed = fact(1, to=(EVE,))
    good = epochs.grant_wrap(key(1), closed, BEN.id, BEN.public.kem)[2]
    junk = [(EVE.id, BEN.id, bytes(size)) for size in (0, 5, wraps.WRAP_BYTES)]
    found = keys_of(closed, grants={name(1): (*junk, (EVE.id, BEN.id, good))})
    assert found.key_of(name(1)) == key(1)
    assert keys_of(closed, grants={name(1): tuple(junk)}).key_of(name(1)) is None
    assert keys_of(closed, grants={name(1): ((EVE.id, EVE.id, good),)}).key_of(name(1)) is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_wrap_for_oneself_is_tried(place: int) -> None:
    """F12: an epoch that lists one recipient several times opens with whichever wrap holds the key."""
    one = fact(1, to=(BEN,))
    [good] = one.wraps[BEN.id]
    listed = [bytes(wraps.WRAP_BYTES), b"junk"]
    listed.insert(place, good)
    made = words.Epoch(one.commit, [(BEN.id, wrap) for wrap in listed], [], [])
    op = codec.encode_op("epoch", made, salt=bytes(16), clock=(0, 0))
    read = Reader(b"b" * 32, epochs.KeyProofs()).read(KeyOp(ANA.id, b"s" * 16, 1, name(1) * 2, op))
    assert isinstance(read, EpochFact)
    assert keys_of(read).key_of(name(1)) == key(1)


@pytest.mark.parametrize("holds", [key(7), b"x" * 32])
def test_a_wrong_key_is_ignored(holds: bytes) -> None:
    """Attacks 1 and 3: a wrap or a grant whose key does not match the signed commitment opens nothing."""
    wrong = fact(1, to=(BEN,), holds=holds)
    info = wraps.epoch_info(ANA.id, wrong.commit, BEN.id)
    granted = ((EVE.id, BEN.id, wraps.wrap(holds, BEN.public.kem, info)),)
    assert keys_of(wrong, grants={name(1): granted}).key_of(name(1)) is None


def test_a_wrap_of_another_epoch_opens_nothing() -> None:
    """Attack 2: a wrap copied into another epoch, or granted for one, does not open there."""
    one, two = fact(1, to=(BEN,)), fact(2)
    copied = msgspec.structs.replace(two, wraps=one.wraps)
    granted = ((ANA.id, BEN.id, one.wraps[BEN.id][0]),)
    found = keys_of(one, copied, grants={name(2): granted})
    assert found.key_of(name(1)) == key(1)
    assert found.key_of(name(2)) is None


def test_a_back_link_must_hold_what_it_names() -> None:
    """A back link to an epoch of another key, with another key's bytes, or cut, opens nothing before it."""
    foreign = fact(1, author=EVE)
    assert keys_of(foreign, fact(2, back=1, to=(BEN,))).key_of(name(1)) is None
    lying = fact(3, back=1, to=(BEN,))
    sealed = boxes.seal_box(derive(key(3), "back-key"), epochs._back_context(name(1)), key(9))
    for link in (sealed, b"", lying.back[1][:-1] if lying.back else b""):
        assert keys_of(fact(1), msgspec.structs.replace(lying, back=(name(1), link))).key_of(name(1)) is None


def test_what_a_back_link_really_leads_to_is_told() -> None:
    """Only a back link that was followed and holds the right key says that nothing else is needed."""
    found = keys_of(fact(1), fact(2, back=1, to=(BEN,)), fact(3, back=2))
    assert found.led_back(fact(2, back=1, to=(BEN,))) == name(1)
    assert found.led_back(fact(1)) is None
    closed = fact(3, back=2)
    assert found.led_back(closed) is None
    lying = msgspec.structs.replace(fact(2, back=1, to=(BEN,)), back=(name(1), b"junk"))
    assert keys_of(fact(1), lying).led_back(lying) is None


def test_an_epoch_opens_when_its_grant_comes() -> None:
    """What did not open is tried again when the key streams say more."""
    closed, grants = fact(1), epochs.grant_wrap(key(1), fact(1), BEN.id, BEN.public.kem)
    found = keys_of(closed)
    assert found.key_of(name(1)) is None
    membership = Membership((), {}, {name(1): closed}, {name(1): ((ANA.id, BEN.id, grants[2]),)}, frozenset())
    found.learn(membership)
    assert found.key_of(name(1)) == key(1)


def test_a_flood_of_epochs_and_wraps_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 45: a thousand linked epochs that do not open, each with junk, cost one try for each piece of junk."""
    tries: list[bytes] = []
    real = wraps.unwrap

    def counted(sealed: bytes, own: KeyPair, info: bytes) -> bytes:
        tries.append(sealed)
        return real(sealed, own, info)

    monkeypatch.setattr(wraps, "unwrap", counted)
    flood = [fact(number, back=number - 1 or None) for number in range(1, 1001)]
    junk = {one.id: ((EVE.id, BEN.id, bytes(wraps.WRAP_BYTES)),) for one in flood}
    found = keys_of(*flood, grants=junk)
    for _ in range(3):
        assert [one.id for one in flood if found.key_of(one.id)] == []
        found.learn(Membership((), {}, {one.id: one for one in flood}, junk, frozenset()))
    assert len(tries) == 1000


def test_a_long_chain_opens_from_its_end() -> None:
    """A thousand epochs behind one wrap open, the first as well as the last."""
    chain = [fact(number, back=number - 1 or None, to=(BEN,) if number == 1000 else ()) for number in range(1, 1001)]
    assert keys_of(*chain).key_of(name(1)) == key(1)


def test_an_epoch_of_odd_bytes_is_harmless() -> None:
    """Commitments, links and wraps of any length open nothing and raise nothing."""
    for size in (0, 1, 31, 33, 1168):
        odd = EpochFact(name(1), ANA.id, b"s" * 16, 1, bytes(size), {BEN.id: (bytes(size),)}, (name(1), bytes(size)))
        assert keys_of(odd).key_of(name(1)) is None
        assert keys_of(odd).led_back(odd) is None
    assert words.Epoch(b"", [], [], []).wraps == []
