"""A device whose key both persons claim (M6): told in words, and removed by its person for good."""

from __future__ import annotations

import pytest
from unit.journal.losing import Kept, texts

import couplejournal as cj
from couplejournal.book import Book
from couplejournal.journal.recovery import root_keys_in
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import admit_message
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair
from couplejournal.testing.clocks import START_MS
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim

VICTIMS = [(0, 2, 1), (1, 3, 0)]
"""By number in the couple: a laptop, the second device of its person, and who has that one claimed. Of the two person
ids one is the smaller, and it must not matter which."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Keep Ana's laptop, Ben's laptop, Ana's phone and Ben's phone, each with an entry for both."""
    couple = pair(tmp_path_factory.mktemp("kept"), sim=DriveSim(6), disk=lambda _: MemoryDisk())
    for owner, name in enumerate(("Ana", "Ben")):
        phone = couple.start(name, home=f"{name} phone", device_name=f"{name} phone")
        couple.pair(couple.journals[owner], phone, is_device=True)
    for number, journal in enumerate(couple):
        journal.add(cj.Bid(f"of {number}"))
    couple.sync()
    return Kept(couple)


@pytest.fixture
def couple(kept: Kept) -> Couple:
    """Return the four devices, as they were kept."""
    return kept.copy()


def shared_of(journal: cj.Journal) -> tuple[Book, KeyPair]:
    """Return the shared book of a device and its key for it."""
    shared = journal.device.shared
    assert shared is not None
    secret = next(one for one in journal.device.secrets.books if one.book == shared.id)
    return shared, KeyPair(secret.sign_seed, secret.kem_seed)


def claim(couple: Couple, stolen: int, by: int) -> str:
    """Have a device claimed for another person by one of theirs, who has its secret; return its id."""
    shared, own = shared_of(couple.journals[by])
    _, key = shared_of(couple.journals[stolen])
    proof = key.sign(admit_message(shared.id, own.id, key.public.raw, shared.person))
    said = words.Admit(shared.person, key.public.raw, proof, b"")
    op = codec.encode_op("admit", said, salt=bytes(16), clock=(START_MS, 1))
    first = domains.first_link(own.id, b"C" * 16, segments.KEY_STREAM)
    made = segments.seal_keys(own, book=shared.id, stream=b"C" * 16, first=1, prev=first, ops=[op])
    for journal in couple:
        book = journal.device.shared
        assert book is not None
        book.take([made.sealed.data])
    return key.id.hex()


def is_told(journal: cj.Journal) -> bool:
    """Return whether a device tells of a claimed one."""
    return any(one.code == "claimed" for one in journal.notices())


@pytest.mark.parametrize(("owner", "stolen", "thief"), VICTIMS)
def test_a_claimed_device_says_so_to_both(couple: Couple, owner: int, stolen: int, thief: int) -> None:
    """Every device tells of it, as its owner's; the device itself still knows whose it is, and its words wait."""
    key = claim(couple, stolen, thief)
    for number in (owner, stolen, thief):
        journal = couple.journals[number]
        [told] = [one for one in journal.notices() if one.code == "claimed"]
        assert told.device == key
        assert told.message.startswith("this device" if number == stolen else "your device")
        assert "devices remove" in told.hint
        [listed] = [one for one in journal.devices if one.id == key]
        assert (listed.standing, listed.is_live, listed.person.is_me) == ("claimed", False, True)
    victim, other = couple.journals[stolen], couple.journals[owner]
    assert (victim.status().standing, other.status().standing) == ("claimed", "live")
    assert victim.reader.myself() == other.reader.myself()
    assert root_keys_in(shared_of(victim)[0]) == victim.device.secrets.root_keys
    assert victim.add(cj.Bid("later")).audience == "waiting"
    couple.sync()
    assert "later" not in texts(other)
    assert f"of {stolen}" in [entry.text for entry in other.view().apart()]


@pytest.mark.parametrize("is_removed_by_thief", [False, True])
@pytest.mark.parametrize(("owner", "stolen", "thief"), VICTIMS)
def test_its_person_removes_it(
    couple: Couple, owner: int, stolen: int, thief: int, *, is_removed_by_thief: bool
) -> None:
    """Its own person removes it for good, also after the other's root did; each root ends it for its own side alone."""
    key = claim(couple, stolen, thief)
    mine, theirs, victim = couple.journals[owner], couple.journals[thief], couple.journals[stolen]
    if is_removed_by_thief:
        theirs.removal(key).carry_out()
        couple.sync()
        assert [one.standing for one in theirs.devices if one.id == key] == ["removed"]
        assert [one.standing for one in mine.devices if one.id == key] == ["claimed"]
        assert victim.status().standing == "claimed"
        assert [is_told(journal) for journal in (mine, theirs)] == [True, False]
    removal = mine.removal(key)
    assert (removal.is_done, removal.device.standing, removal.falls) == (False, "claimed", ())
    removal.carry_out()
    couple.sync()
    assert (mine.removal(key).is_done, victim.status().standing) == (True, "removed")
    assert [one.standing for one in mine.devices if one.id == key] == ["removed"]
    assert not is_told(mine)
    assert sum(one.is_live for one in theirs.devices) == 3
