"""Under which epoch a device writes, for whom, and what makes it begin another."""

from __future__ import annotations

import pytest
from unit.book.forging import keys_segment, packed

from couplejournal.book import Draft
from couplejournal.ops import words
from couplejournal.ops.membership import DEVICES_PER_PERSON, EpochFact, admit_message
from couplejournal.seal import epochs
from couplejournal.seal.wraps import WRAP_BYTES
from couplejournal.testing.pairs import Member, admit, meet, newcomer, pair


def newest(member: Member) -> EpochFact:
    """Return the epoch under which a device last wrote."""
    found = member.book._writer.rotation.newest()
    assert found is not None
    return found


def is_open_to(member: Member, fact: EpochFact) -> bool:
    """Return whether a device can open an epoch."""
    return member.book._shelf.epochs.key_of(fact.id) is not None


def met(*names: str) -> list[Member]:
    """Return devices that hold what each of them wrote."""
    members = pair(*names)
    for member in members:
        member.write(f"of {member.name}")
    meet(members)
    return members


def test_everyone_rotates_after_a_removal_before_the_next_word() -> None:
    """Attack 33: whoever holds a removal writes nothing more under an epoch that was made before it."""
    ana, ben, phone, watch = met("ana", "ben", "ana phone", "ana watch")
    ana.remove(phone)
    for member in (ben, watch):
        member.take_from(ana)
    for member in (ana, ben, watch):
        before = newest(member)
        member.write("after the removal")
        after = newest(member)
        assert after.id != before.id
        assert phone.own.id not in after.wraps
        assert after.roots == member.book.membership.root_heads != ()
        assert after.back is not None
        assert after.back[0] == before.id
        assert newest(member) == after
        member.write("and once more")
        assert newest(member) == after
        phone.take_from(member)
        assert not is_open_to(phone, after)
        assert is_open_to(phone, before)


def test_a_removed_device_that_was_no_recipient_is_shut_out_too() -> None:
    """A sixteenth device that was granted an epoch reads nothing after its removal, though no recipient changed."""
    ana, ben = pair("ana", "ben")
    last = [newcomer(f"ana {number}", ana) for number in range(DEVICES_PER_PERSON)]
    for member in last[:-1]:
        admit(ana, member)
    sixteenth = last[-1]
    meet([ana, ben])
    ana.admit_by_root(sixteenth)
    meet([ana, ben])
    ben.write("for fifteen, and for whom asks")
    meet([ana, ben, sixteenth], rounds=3)
    before = newest(ben)
    assert is_open_to(sixteenth, before)
    ana.remove(sixteenth)
    ben.take_from(ana)
    assert ben.book._writer.rotation.recipients().keys() == before.wraps.keys()
    ben.write("not for the sixteenth")
    sixteenth.take_from(ben)
    assert newest(ben).id != before.id
    assert not is_open_to(sixteenth, newest(ben))
    assert "not for the sixteenth" not in sixteenth.texts()


def test_an_epoch_that_was_granted_to_a_void_key_is_not_written_under() -> None:
    """A key that asked while it was a device, and belongs to both since, is shut out of what is written then."""
    ana, ben = pair("ana", "ben")
    for number in range(DEVICES_PER_PERSON - 1):
        admit(ana, newcomer(f"ana {number}", ana))
    double = newcomer("ana double", ana)
    meet([ana, ben])
    ana.admit_by_root(double)
    meet([ana, ben])
    ben.write("for fifteen")
    meet([ana, ben, double], rounds=3)
    before = newest(ben)
    assert is_open_to(double, before)
    proof = double.own.sign(admit_message(ben.book.id, ben.own.id, double.own.public.raw, ben.person))
    claim = words.Admit(person=ben.person, keys=double.own.public.raw, proof=proof, founding=b"")
    ben.book._writer.append_keys([Draft("admit", claim)])
    assert ben.book.membership.keys[double.own.id].standing == "void"
    assert ben.book._writer.rotation.recipients().keys() == before.wraps.keys()
    ben.write("for fifteen, really")
    double.take_from(ben)
    assert newest(ben).id != before.id
    assert not is_open_to(double, newest(ben))


def junk_grant(granter: Member, fact: EpochFact, recipient: bytes) -> None:
    """Let a member grant an epoch to a key, with a wrap that is none."""
    granter.book._writer.append_keys([Draft("grant", words.Grant([(fact.id, recipient, bytes(WRAP_BYTES))]))])


def test_a_grant_to_a_stranger_forces_no_rotation() -> None:
    """What a hostile member grants to keys that nobody admitted changes nothing about what others write under."""
    ana, ben = met("ana", "ben")
    before = newest(ana)
    for number in range(3):
        junk_grant(ben, before, bytes([number]) * 32)
        ana.take_from(ben)
        ana.write("on")
        assert newest(ana) == before


def test_junk_grants_cost_one_epoch_for_a_word_at_most() -> None:
    """Grants to a removed key, however many, make the other begin one epoch before its next word, and none without."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    ana.remove(phone)
    meet([ana, ben])
    ana.write("after the removal")
    meet([ana, ben])
    for _ in range(3):
        before = newest(ana)
        held = len(ana.book.membership.epochs)
        for _ in range(4):
            junk_grant(ben, before, phone.own.id)
        ana.take_from(ben)
        for _ in range(3):
            ana.book.tend()
        assert newest(ana) == before
        for number in range(3):
            ana.write(f"on {number}")
        assert len(ana.book.membership.epochs) == held + 1
        ben.take_from(ana)


def test_a_copied_key_whose_epochs_name_roots_that_do_not_exist_stops_nobody() -> None:
    """Attack 37: such an epoch is not the newest, is linked back to by none, granted by none, and told."""
    ana, ben = met("ana", "ben")
    before = newest(ana)
    listed = {key: ana.book.membership.keys[key].kem for key in before.wraps}
    made = epochs.new_epoch(b"k" * 32, ana.own.id, listed, None, [(b"n" * 16, 3, b"l" * 32)])
    forged = keys_segment(ana, packed(("epoch", made)))
    for member in (ana, ben):
        member.book.take([forged.sealed.data])
    assert [fact.commit for fact in ana.book._writer.rotation.unexplained()] in ([], [made.commit])
    ana.write("on")
    ben.take_from(ana)
    assert "on" in ben.texts()
    assert newest(ana).commit != made.commit
    assert all(
        fact.back is None or fact.back[0] != forged.links[0][:16] for fact in ana.book.membership.epochs.values()
    )
    phone = newcomer("ana phone", ana)
    admit(ana, phone)
    meet([ana, ben, phone], rounds=3)
    assert forged.links[0][:16] not in ben.book.membership.grants
    assert forged.links[0][:16] not in ana.book.membership.grants
    assert sorted(phone.texts()) == sorted(ana.texts())


def test_recipients_are_listed_in_the_order_that_a_newcomer_takes_over() -> None:
    """Roots first, then devices in the order in which their admissions came: and so a newcomer goes on listing them."""
    ana, ben, phone, watch = met("ana", "ben", "ana phone", "ana watch")
    more = [newcomer(f"ana {number}", ana) for number in range(4)]
    for member in more:
        admit(ana, member)
    expected = [ana.own.id, phone.own.id, watch.own.id, *(member.own.id for member in more)]
    listed = list(newest(ana).wraps)
    assert listed[:2] == [ana.root.id, ben.root.id]
    assert [key for key in listed if key in expected] == expected
    last = more[-1]
    last.book.take([*reversed(ana.files())])
    last.write("x")
    assert list(newest(last).wraps) == [ana.root.id, ben.root.id, *expected, ben.own.id]
    last.disk.remove(last.state / "book.admissions")
    last.reopen()
    assert list(last.book._writer.rotation.recipients()) == list(newest(last).wraps)


def test_a_newcomer_writes_for_the_same_fifteen_as_its_admitter() -> None:
    """When a person has more devices than are written to, a newcomer leaves out the same ones as its admitter."""
    ana, ben = pair("ana", "ben")
    extra = [newcomer(f"ben {number}", ben) for number in range(DEVICES_PER_PERSON + 4)]
    for member in extra:
        ben.admit_by_root(member)
        ana.take_from(ben)  # one after the other
    phone = newcomer("ana phone", ana)
    admit(ana, phone)
    phone.book.take([*reversed(ana.files())])
    theirs = {ben.own.id, *(member.own.id for member in extra[: DEVICES_PER_PERSON - 1])}
    for member in (ana, phone):
        assert theirs == {key for key in member.book._writer.rotation.recipients() if key in ids_of(ben, extra)}


def ids_of(first: Member, others: list[Member]) -> set[bytes]:
    """Return the key ids of devices."""
    return {member.own.id for member in (first, *others)}


def test_a_recovered_device_begins_with_the_order_of_the_admissions() -> None:
    """Its root knows no order: devices stand by the ids of their admissions, and what comes later stands behind."""
    ana, ben, phone, watch = met("ana", "ben", "ana phone", "ana watch")
    fresh = newcomer("ana new", ben)
    fresh.book.take(ben.files())
    fresh.recover()
    keys = fresh.book.membership.keys
    expected = sorted((ana.own.id, phone.own.id, watch.own.id, fresh.own.id), key=lambda key: keys[key].admission)
    listed = [key for key in fresh.book._writer.rotation.recipients() if key in expected]
    assert listed == expected


def test_a_device_that_lost_its_note_of_the_order_still_writes() -> None:
    """The order is a preference: without the note the same devices are written to."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    before = newest(ana)
    ana.disk.remove(ana.state / "book.admissions")
    ana.reopen()
    ana.write("on")
    assert newest(ana) == before
    assert {ben.own.id, phone.own.id} < set(before.wraps)


@pytest.mark.parametrize("is_linked", [True, False])
def test_back_links_lead_from_epoch_to_epoch(is_linked: bool) -> None:
    """A rotation links back to the epoch before it, and only to one whose roots are held."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    own = newest(ben)
    if not is_linked:
        listed = {key: ben.book.membership.keys[key].kem for key in own.wraps}
        made = epochs.new_epoch(b"k" * 32, ben.own.id, listed, None, [(b"n" * 16, 3, b"l" * 32)])
        ben.book._writer.append_keys([Draft("epoch", made)])
    ana.remove(phone)
    ben.take_from(ana)
    ben.write("on")
    back = newest(ben).back
    assert back is not None
    assert back[0] == own.id
