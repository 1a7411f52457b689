"""Attacks on a new device of one's own, and on what is private. The numbers are those of the threat list."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from attacks.rooms import joining_of

import couplejournal as cj
from couplejournal.journal import Journal
from couplejournal.ops.membership import admit_message, key_id
from couplejournal.pairing import state
from couplejournal.seal import invite as sealing
from couplejournal.seal.invite import Join
from couplejournal.seal.keys import KeyPair
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim

HOURS_S = 3600


@pytest.fixture
def own_devices(tmp_path: Path) -> tuple[Couple, DriveSim, Journal]:
    """Return Ana and Ben, who share a journal, and a telephone with a journal of its own."""
    sim = DriveSim(3)
    couple = pair(tmp_path, sim=sim, disk=lambda _: MemoryDisk())
    phone = couple.start("Ana", home="phone")
    next(iter(couple)).add(cj.Bid("before the telephone"))
    couple.sync()
    return couple, sim, phone


def test_29_rolled_back_folder_keeps_a_new_device_waiting(own_devices: tuple[Couple, DriveSim, Journal]) -> None:
    """29: while the folder shows less than the heads that the invite pinned, the new device takes no book."""
    couple, sim, phone = own_devices
    ana = couple.journals[0]
    invitation = ana.pairing.invite(device=True)
    phone.pairing.join(" ".join(invitation.words))
    couple.sync()
    joining = joining_of(phone)
    joining.confirm()
    assert invitation.check_words == joining.check_words
    invitation.accept()
    ana.sync()
    sim.settle()
    assert ana.device.shared is not None
    own = ana.device.shared.own_key
    last = max(
        (held for held in ana.device.shared.held() if held.is_mine and not held.is_key), key=lambda held: held.last
    )
    assert own
    withheld = sim.views[2].pop(last.path)
    for _ in range(3):
        phone.sync()
    assert phone.device.shared is None
    assert joining.state == "confirmed"
    sim.views[2][last.path] = withheld
    couple.systems[2].advance(HOURS_S)
    phone.sync()
    assert phone.device.shared is not None


def test_29_other_history_than_the_invite_stops_a_new_device(own_devices: tuple[Couple, DriveSim, Journal]) -> None:
    """29: where the folder contradicts a head that the invite pinned, the new device stops and says so."""
    couple, sim, phone = own_devices
    ana = couple.journals[0]
    invitation = ana.pairing.invite(device=True)
    secret = sealing.secret_of(" ".join(invitation.words))
    shared = ana.device.shared
    assert shared is not None
    own = next(one for one in ana.device.secrets.books if one.book == shared.id)
    offer = sealing.open_offer(secret, next(f.data for path, f in sim.views[0].items() if path.endswith(".offer")))
    stream, seq, _ = offer.heads[0]
    twisted = msgspec.structs.replace(offer, heads=[(stream, seq, bytes(32)), *offer.heads[1:]])
    file = sealing.seal_offer(secret, twisted, KeyPair(own.sign_seed, own.kem_seed))
    found = state.load(ana.device.secrets.pairing)
    assert isinstance(found, state.InviterState)
    planted = state.dump(msgspec.structs.replace(found, offer=file))
    ana.device.change(lambda secrets: msgspec.structs.replace(secrets, pairing=planted))
    sim.settle()
    for view in sim.views:
        del view[next(path for path in view if path.endswith(".offer"))]
    current = ana.pairing.current
    assert isinstance(current, cj.Invitation)
    phone.pairing.join(" ".join(invitation.words))
    couple.sync()
    joining_of(phone).confirm()
    current.accept()
    couple.sync()
    assert phone.device.shared is None
    assert "another history" in phone.sync().message


def test_29_admission_by_another_key_is_not_taken(own_devices: tuple[Couple, DriveSim, Journal]) -> None:
    """29: only the admission by the device that the invite named counts, even if another of the same person admits."""
    couple, _, phone = own_devices
    ana = couple.journals[0]
    couple.pair(ana, phone, is_device=True)
    tablet = couple.start("Ana", home="tablet")
    couple.sim = None
    tablet.place.use(phone.place.drive())
    ana.place.use(phone.place.drive())
    invitation = ana.pairing.invite(device=True)
    tablet.pairing.join(" ".join(invitation.words))
    tablet.sync()
    joining = joining_of(tablet)
    joining.confirm()
    own, book = joining._own(), phone.device.shared
    assert book is not None
    proof = own.sign(admit_message(book.id, book.own_key, own.public.raw, book.person))
    book.admit(own.public.raw, proof, phone.device.secrets.founding_seed)
    phone.sync()
    for _ in range(3):
        tablet.sync()
    assert tablet.device.shared is None
    assert joining.state == "confirmed"


def test_30_answer_with_a_key_that_is_there_already_is_refused(own_devices: tuple[Couple, DriveSim, Journal]) -> None:
    """30: the key of a device that belongs to the book cannot be admitted once more."""
    couple, sim, _ = own_devices
    ana, ben = couple.journals[:2]
    invitation = ana.pairing.invite(device=True)
    secret = sealing.secret_of(" ".join(invitation.words))
    path, offer = next((path, file.data) for path, file in sim.views[0].items() if path.endswith(".offer"))
    for holder in (ana, ben):
        shared = holder.device.shared
        assert shared is not None
        one = next(one for one in holder.device.secrets.books if one.book == shared.id)
        own = KeyPair(one.sign_seed, one.kem_seed)
        inviter = sealing.open_offer(secret, offer).device_keys
        proof = own.sign(admit_message(shared.id, key_id(inviter), own.public.raw, ana.device.private.person))
        join = Join(keys=own.public.raw, name="Ana", nonce=bytes(16), proof=proof)
        sim.plant(0, path.replace(".offer", ".join"), sealing.seal_join(secret, offer, join, own))
        assert invitation.check_words is None


def shape_of(sim: DriveSim) -> list[tuple[str, int]]:
    """Return names and sizes of what lies in the folder, random ids and hashes apart."""
    ids = re.compile(r"[0-9a-f]{32}")
    return sorted((ids.sub("#", path), len(file.data)) for path, file in sim.views[0].items())


def shapes_of_a_pairing(tmp_path: Path, private: int) -> list[list[tuple[str, int]]]:
    """Return what the folder looks like after each step, for an inviter with so many private entries."""
    sim = DriveSim(1)
    couple = Couple(tmp_path, disk=lambda _: MemoryDisk())
    ana, ben = couple.start("Ana"), couple.start("Ben")
    for journal in couple:
        journal.place.use(sim.face(0))
        for number in range(private):
            journal.add(cj.Note(f"mine alone {number}"))
    shapes = []

    def look() -> None:
        shapes.append(shape_of(sim))

    invitation = ana.pairing.invite()
    look()
    ben.pairing.join(" ".join(invitation.words))
    for _ in range(2):
        ben.sync()
        ana.sync()
        look()
    joining_of(ben).confirm()
    invitation.accept()
    for _ in range(3):
        ana.sync()
        ben.sync()
        look()
    ana.add(cj.Bid("for both"))
    for number in range(private):
        ana.add(cj.Note(f"mine alone again {number}"))
    ana.sync()
    look()
    return shapes


def test_42_private_entries_show_nowhere(tmp_path: Path) -> None:
    """42: with none or with many private entries the folder has the same names and sizes at every step of a pairing."""
    assert shapes_of_a_pairing(tmp_path / "none", 0) == shapes_of_a_pairing(tmp_path / "many", 25)


def test_42_private_entries_change_no_byte(tmp_path: Path) -> None:
    """42: private entries, their revisions and retractions change no byte, name or time in the folder."""
    sim = DriveSim(1)
    couple = Couple(tmp_path, disk=lambda _: MemoryDisk())
    ana, ben = couple.start("Ana"), couple.start("Ben")
    for journal in couple:
        journal.place.use(sim.face(0))
    couple.pair(ana, ben)
    shared = ana.add(cj.Bid("for both"))
    couple.sync()
    before = dict(sim.views[0])
    for number in range(20):
        note = ana.add(cj.Note(f"mine alone {number}"), refs={"about": shared.id})
        ana.revise(note, cj.Note("mine still"))
        ben.add(cj.Appreciation("unsaid yet"), audience="private")
        ana.retract(note)
    couple.sync()
    assert sim.views[0] == before
