"""Attacks on two people who pair over a folder that others read and write. The numbers are those of the threat list."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks.rooms import Room, invited, is_alone, joined, joining_of, sealed_join

import couplejournal as cj
from couplejournal.book.founding import founding_signature, make_genesis
from couplejournal.device import book_id_of
from couplejournal.errors import UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.pairing import state
from couplejournal.pairing.meeting import FOLDER as INVITES
from couplejournal.seal import invite as sealing
from couplejournal.seal import segments
from couplejournal.seal.invite import Join, Offer
from couplejournal.seal.keys import _SMALL_ORDER_Y, KeyPair
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK
from couplejournal.testing.clocks import FakeSystem

HOURS_S = 3600


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Return three people before one folder."""
    return Room(tmp_path)


@pytest.mark.parametrize("suffix", [".offer", ".join"])
@pytest.mark.parametrize("place", [0, 40, 5_000, -1])
def test_25_altered_pairing_file_is_passed_over(room: Room, suffix: str, place: int) -> None:
    """25: a host that changes any bit of an offer or an answer is not listened to, since it lacks the words."""
    invitation, typed = invited(room)
    if suffix == ".join":
        joined(room.ben, typed)
    path = room.suffixed(suffix)
    data = bytearray(room.files[path])
    data[place] ^= 1
    room.plant(path, bytes(data))
    if suffix == ".join":
        assert invitation.check_words is None
        return
    room.ben.pairing.join(typed)
    assert joining_of(room.ben).check_words is None
    invitation.refresh()  # the inviter puts its own back
    assert joining_of(room.ben).check_words is not None


def test_25_truncated_pairing_files_are_waited_for(room: Room) -> None:
    """25: half an offer or answer is no offer or answer; the whole one serves when it has arrived."""
    invitation, typed = invited(room)
    room.ben.pairing.join(typed)
    offer = room.suffixed(".offer")
    whole = room.files[offer]
    room.plant(offer, whole[:-1])
    assert joining_of(room.ben).check_words is None
    room.plant(offer, whole)
    six = joining_of(room.ben).check_words
    answer = room.suffixed(".join")
    whole = room.files[answer]
    room.plant(answer, whole[: len(whole) // 2])
    assert invitation.check_words is None
    room.plant(answer, whole)
    assert invitation.check_words == six


def test_25_conflict_copy_of_an_answer_serves(room: Room) -> None:
    """25: what a sync client renamed is known by its content."""
    invitation, typed = invited(room)
    six = joined(room.ben, typed).check_words
    path = room.suffixed(".join")
    data = room.sim.views[0].pop(path).data
    room.plant(path.replace(".join", " (Ben's conflicted copy).join"), data)
    assert invitation.check_words == six


def test_26_replayed_pairing_files_are_refused(room: Room) -> None:
    """26: the offer or answer of an old invite says nothing to a new one: other keys, another offer."""
    first, typed = invited(room)
    joined(room.ben, typed)
    old_offer, old_join = (room.files[room.suffixed(suffix)] for suffix in (".offer", ".join"))
    first.cancel()
    joining_of(room.ben).cancel()
    second, typed = invited(room)
    new_offer = room.suffixed(".offer")
    room.plant(new_offer.replace(".offer", ".join"), old_join)
    assert second.check_words is None
    room.plant(new_offer, old_offer)
    room.ben.pairing.join(typed)
    assert joining_of(room.ben).check_words is None


def test_26_answer_to_another_offer_under_the_same_words_is_refused(room: Room) -> None:
    """26: an answer names the offer that it answers, byte for byte."""
    invitation, typed = invited(room)
    joined(room.ben, typed)
    secret = sealing.secret_of(typed)
    found = state.load(room.ana.device.secrets.pairing)
    assert isinstance(found, state.InviterState)
    with pytest.raises(UntrustedDataError):
        sealing.open_join(secret, found.offer + b"x", room.files[room.suffixed(".join")])
    assert invitation.check_words is not None


def test_27_expired_invite_is_refused(room: Room) -> None:
    """27: after 48 hours by the inviter's own clock nothing is accepted, and the reason is said."""
    invitation, typed = invited(room)
    joined(room.ben, typed).confirm()
    assert invitation.check_words is not None
    room.couple.systems[0].advance(48 * HOURS_S)
    with pytest.raises(cj.PairingError, match="48 hours"):
        invitation.accept()
    assert is_alone(room.ana)
    invitation.cancel()
    assert room.ana.pairing.invite().words != invitation.words


def test_27_expired_invite_takes_no_answer(room: Room) -> None:
    """27: an answer that comes too late is not even looked at, and the sync says why."""
    invitation, typed = invited(room)
    room.couple.systems[0].advance(49 * HOURS_S)
    joined(room.ben, typed)
    assert "48 hours" in room.ana.sync().message
    assert not invitation.is_answered


def test_27_second_joiner_is_never_admitted(room: Room) -> None:
    """27: an invite is used once; the first answer is pinned, and another one changes nothing, before or after."""
    invitation, typed = invited(room)
    ben = joined(room.ben, typed)
    six = invitation.check_words
    first = room.files[room.suffixed(".join")]
    eve = joined(room.eve, typed)
    room.sync(room.ana, room.eve)
    assert invitation.check_words == six == ben.check_words != eve.check_words
    room.plant(room.suffixed(".join"), first)
    eve.confirm()
    ben.confirm()
    invitation.accept()
    room.sync(room.ana, room.ben, room.eve)
    assert room.ana.view().partner == room.ana.view().people[1]
    assert room.ben.view().partner is not None
    assert is_alone(room.eve)
    with pytest.raises(cj.PairingError):
        room.ana.pairing.invite()


def test_27_pinned_answer_is_not_replaced_by_another_process(room: Room) -> None:
    """27: two processes that look at once pin one answer: what was compared is what is accepted."""
    invitation, typed = invited(room)
    six = joined(room.ben, typed).check_words
    other = room.ana.pairing.current
    assert isinstance(other, cj.Invitation)
    assert invitation.check_words == six
    joined(room.eve, typed)
    stale = other._state
    assert not stale.join
    other._reread = lambda: None  # type: ignore[method-assign] # it had read before the first one saved
    other.refresh()
    assert invitation.check_words == six
    current = room.ana.pairing.current
    assert current is not None
    assert current.check_words == six


def test_27_cancelled_invite_is_dead(room: Room) -> None:
    """27: after a cancel nothing is accepted, the offer is gone, and a second cancel says so."""
    invitation, typed = invited(room)
    joined(room.ben, typed).confirm()
    invitation.cancel()
    for act in (invitation.accept, invitation.refresh, invitation.cancel):
        with pytest.raises(cj.PairingError, match="no longer open"):
            act()
    room.sync(room.ana, room.ben)
    assert room.is_without_books()
    assert is_alone(room.ana)
    assert is_alone(room.ben)


def test_28_thief_who_joins_first_shows_other_words(room: Room) -> None:
    """28: a thief of the words who answers first makes the six words differ; the refusal ends it with nothing done."""
    invitation, typed = invited(room)
    eve = joined(room.eve, typed)
    assert invitation.check_words == eve.check_words
    ben = joined(room.ben, typed)
    assert ben.check_words != invitation.check_words
    invitation.cancel()
    ben.cancel()
    eve.confirm()
    room.sync(room.ana, room.ben, room.eve)
    assert room.is_without_books()
    assert all(map(is_alone, room.couple))


def test_28_thief_who_replaces_the_offer_shows_other_words(room: Room) -> None:
    """28: an offer for a book of the thief's own leaves the inviter's screen without the joiner's words."""
    invitation, typed = invited(room)
    secret = sealing.secret_of(typed)
    device = KeyPair(bytes(32), bytes(range(32)))
    forged = Offer("partner", room.eve.device.secrets.root_keys, device.public.raw, b"", [], 1 << 45, "Ana", bytes(16))
    room.plant(room.suffixed(".offer"), sealing.seal_offer(secret, forged, device))
    ben = joined(room.ben, typed)
    assert ben.inviter_name == "Ana"
    assert ben.check_words is not None
    assert invitation.check_words is None
    # Even if the thief founds its book at once: without Ben's yes it is not taken.
    join = sealing.open_join(secret, ben.persisted.offer, room.files[room.suffixed(".join")])
    founders = [(forged.root_keys, device.public.raw), (join.root_keys, join.keys)]
    signatures = [founding_signature(room.eve.device.secrets.founding_seed, founders), join.founding_signature]
    genesis = make_genesis(device, founders, signatures, FakeSystem())
    room.plant(f"{book_id_of(genesis).hex()[:32]}/book.cj", genesis)
    room.sync(room.ben)
    ben.cancel()
    room.sync(room.ben, room.ana)
    assert is_alone(room.ben)
    assert is_alone(room.ana)


def test_28_genesis_with_true_roots_and_strange_devices_is_refused(room: Room) -> None:
    """28: a book that names the true persons with a device of a stranger's lacks a founding signature: not taken."""
    _, typed = invited(room)
    ben = joined(room.ben, typed)
    ben.confirm()
    stranger = KeyPair(bytes(32), bytes(32))
    own = ben._own()
    founders = [
        (room.ana.device.secrets.root_keys, stranger.public.raw),
        (room.ben.device.secrets.root_keys, own.public.raw),
    ]
    forged = [stranger.sign(b"found"), founding_signature(room.ben.device.secrets.founding_seed, founders)]
    with pytest.raises(cj.PairingError, match="nothing was founded"):
        make_genesis(stranger, founders, forged, FakeSystem())
    salt, clock = bytes(16), (1, 0)
    found = codec.encode_op("found", words.Found(founders, forged), salt=salt, clock=clock)
    prev = domains.first_link(stranger.id, salt, KEY_STREAM)
    sealed = segments.seal_keys(stranger, book=NO_BOOK, stream=salt, first=1, prev=prev, ops=[found])
    room.plant(f"{book_id_of(sealed.sealed.data).hex()[:32]}/book.cj", sealed.sealed.data)
    room.sync(room.ben)
    assert is_alone(room.ben)
    assert ben.state == "confirmed"


@pytest.mark.parametrize(
    ("word", "is_critical", "book"), [("found", True, b"B" * 32), ("fund", False, NO_BOOK), ("lack", False, NO_BOOK)]
)
def test_28_a_beginning_that_would_not_open_is_not_taken(room: Room, word: str, is_critical: bool, book: bytes) -> None:
    """28: an inviter who signs a broken beginning with all the right names leaves the joiner's journal as it is."""
    invitation, typed = invited(room)
    ben = joined(room.ben, typed)
    assert invitation.check_words == ben.check_words
    ben.confirm()
    found = state.load(room.ana.device.secrets.pairing)
    assert isinstance(found, state.InviterState)
    own, secrets = KeyPair(found.sign_seed, found.kem_seed), room.ana.device.secrets
    join = sealing.open_join(found.secret, found.offer, found.join)
    founders = [(secrets.root_keys, own.public.raw), (join.root_keys, join.keys)]
    signatures = [founding_signature(secrets.founding_seed, founders), join.founding_signature]
    fields = words.Found(founders, signatures) if word != "lack" else words.Lack([])
    op = codec.encode_op(word, fields, salt=bytes(16), clock=(1, 0), critical=is_critical)
    prev = domains.first_link(own.id, bytes(16), KEY_STREAM)
    sealed = segments.seal_keys(own, book=book, stream=bytes(16), first=1, prev=prev, ops=[op]).sealed
    room.plant(f"{book_id_of(sealed.data).hex()[:32]}/book.cj", sealed.data)
    room.sync(room.ben)
    assert is_alone(room.ben)
    room.ben.add(cj.Note("still my own"))


def test_28_nothing_happens_before_both_said_yes(room: Room) -> None:
    """28, F14: six words on both screens found, admit and copy nothing; nor does the yes of the joiner alone."""
    invitation, typed = invited(room)
    ben = joined(room.ben, typed)
    assert invitation.check_words == ben.check_words
    room.sync(room.ana, room.ben)
    assert room.is_without_books()
    ben.confirm()
    room.sync(room.ana, room.ben)
    assert room.is_without_books()
    assert is_alone(room.ana)
    assert is_alone(room.ben)


def test_28_joiner_who_has_not_said_yes_takes_and_writes_nothing(room: Room) -> None:
    """28: the inviter's yes founds the book in the folder; the joiner's device leaves it there until its own yes."""
    invitation, typed = invited(room)
    ben = joined(room.ben, typed)
    assert invitation.check_words is not None
    invitation.accept()
    room.sync(room.ana)
    before = {path for path in room.files if not path.endswith(".join")}
    room.sync(room.ben)
    assert is_alone(room.ben)
    assert {path for path in room.files if not path.endswith(".join")} == before
    ben.confirm()
    room.sync(room.ben, room.ana)
    assert room.ana.view().partner is not None
    assert not room.ben.pairing.current
    assert not [path for path in room.files if path.startswith(INVITES)]


def weak_keys() -> list[bytes]:
    """Return keys that prove nothing: the 14 small-order encodings, bad HPKE halves, wrong lengths."""
    kem = KeyPair(bytes(32), bytes(32)).public.kem
    sign = KeyPair(bytes(32), bytes(32)).public.sign
    small = [(y | top << 255).to_bytes(32, "little") for y in sorted(_SMALL_ORDER_Y) for top in (0, 1)]
    assert len(small) == 14
    return [
        *(one + kem for one in small),
        sign + kem[:1184] + bytes(32),
        sign + kem[:1184] + (1).to_bytes(32, "little"),
        sign + b"\xff" * 1184 + kem[1184:],
        sign + kem[:-1],
        sign + kem + b"\0",
        b"",
    ]


@pytest.mark.parametrize("number", range(20))
def test_30_weak_keys_are_refused(room: Room, number: int) -> None:
    """30: small-order, low-order, non-canonical and cut keys are refused in an answer, as device and as root."""
    invitation, typed = invited(room)
    secret, weak = sealing.secret_of(typed), weak_keys()[number]
    offer = room.files[room.suffixed(".offer")]
    path = room.suffixed(".offer").replace(".offer", ".join")
    trivial = b"\x01" + bytes(63)  # verifies under most small-order keys, whatever was signed
    good = KeyPair(b"g" * 32, b"h" * 32)
    root = room.eve.device.secrets.root_keys
    for join, sign in (
        (Join(keys=weak, name="Eve", nonce=bytes(16), root_keys=root, founding_signature=trivial), lambda _: trivial),
        (Join(keys=good.public.raw, name="Eve", nonce=bytes(16), root_keys=weak + bytes(32)), good.sign),
    ):
        room.plant(path, sealed_join(secret, offer, join, sign))
        assert invitation.check_words is None


def test_30_partner_answer_without_founding_signature_is_refused(room: Room) -> None:
    """30: an answer of a root whose founding key did not sign, or of one's own root, is not pinned."""
    invitation, typed = invited(room)
    secret, offer = sealing.secret_of(typed), room.files[room.suffixed(".offer")]
    good = KeyPair(b"g" * 32, b"h" * 32)
    for root in (room.ben.device.secrets.root_keys, room.ana.device.secrets.root_keys, b""):
        join = Join(keys=good.public.raw, name="Ben", nonce=bytes(16), root_keys=root, founding_signature=bytes(64))
        room.plant(room.suffixed(".offer").replace(".offer", ".join"), sealing.seal_join(secret, offer, join, good))
        assert invitation.check_words is None
