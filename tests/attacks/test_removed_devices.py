"""Removed, stolen and copied devices, and an ex-partner (docs/explanation: the attacks are numbered there)."""

from __future__ import annotations

import random

import msgspec
import pytest
from unit.book.forging import keys_segment, lack, notes, packed, words_segment

from couplejournal.book import Draft, Verdict
from couplejournal.errors import StoreError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import EpochFact, admit_message, person_id
from couplejournal.seal import epochs, segments
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.testing.pairs import Member, admit, keys_of, meet, newcomer, note, pair


def met(*names: str) -> list[Member]:
    """Return devices that hold what each of them wrote."""
    members = pair(*names)
    for member in members:
        member.write(f"of {member.name}")
    meet(members)
    return members


def newest(member: Member) -> EpochFact:
    """Return the epoch under which a device writes."""
    found = member.book._writer.rotation.newest()
    assert found is not None
    return found


def standing(member: Member, *keys: bytes) -> list[str]:
    """Return how keys stand in a device's view."""
    return [member.book.membership.keys[key].standing for key in keys]


def proof_for(author: bytes, new: str, of: Member) -> words.Admit:
    """Return the admission of a name's key by an author for the person of a device, signed by the new key."""
    key, person = keys_of(new), person_id(of.root.root_keys)
    proof = key.sign(admit_message(of.book.id, author, key.public.raw, person))
    return words.Admit(person, key.public.raw, proof, b"")


def dated(*drafts: tuple[str, object]) -> list[bytes]:
    """Return the bytes of operations that claim to be older than anything in the book."""
    return [
        codec.encode_op(word, fields, salt=bytes([number]) * 16, clock=(1, number))
        for number, (word, fields) in enumerate(drafts)
    ]


def test_1_who_has_not_heard_of_a_removal_hands_nothing_to_the_removed() -> None:
    """Attack 1, F13: a device that lacks a removal holds an epoch made in knowledge of it, and grants it to none."""
    ana, ben, phone, watch = met("ana", "ben", "ana phone", "ana watch")
    ana.remove(phone)
    withheld = ana.files()
    ben.take_from(ana)
    ben.write("secret")
    epoch = newest(ben)
    files = [ben.book.read(held.path) for held in ben.book.held() if held.is_mine]
    for member in (watch, phone):
        member.book.take(files)
        member.book.tend()
    watch.take_from(phone)
    assert (phone.own.id, epoch.id) in watch.book.membership.lacks
    assert watch.book._shelf.epochs.key_of(epoch.id) is not None
    assert watch.book.membership.is_live(phone.own.id)
    for _ in range(3):
        assert not watch.book.tend()
    assert epoch.id not in watch.book.membership.grants
    newer = newcomer("ana glasses", watch)
    admit(watch, newer)  # it may not hand it to a newcomer either, until it knows
    assert all(recipient != newer.own.id for _, recipient, _ in watch.book.membership.grants.get(epoch.id, ()))
    watch.book.take(withheld)
    assert watch.book.tend() is False  # it knows now, and so does not grant it to the removed
    newer.take_from(watch)
    newer.take_from(ben)
    newer.book.tend()
    watch.take_from(newer)
    assert watch.book.tend() is True
    newer.take_from(watch)
    newer.take_from(ben)
    assert "secret" in newer.texts()


def test_1_a_removed_device_s_own_grants_are_harmless() -> None:
    """Attack 1: what a removed device grants opens what it could open before, and makes nobody write under it."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    old = newest(ben)
    ana.remove(phone)
    ben.take_from(ana)
    ben.write("after")
    before = newest(ben)
    wrap = epochs.grant_wrap(b"x" * 32, before, phone.own.id, phone.own.public.kem)
    files = [
        keys_segment(phone, packed(("grant", words.Grant([wrap]))), stream=bytes([number]) * 16).sealed.data
        for number in range(3)
    ]
    ben.book.take(files)
    ben.write("still under the same")
    assert newest(ben) == before
    assert old.id != before.id


def test_3_a_device_that_is_undecided_is_granted_nothing() -> None:
    """Attack 3: a request of a key whose admission is not decided yet waits, and is answered once it is."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    watch, glasses = newcomer("ana watch", ana), newcomer("ana glasses", ana)
    admit(phone, watch)
    early = phone.files()
    admit(phone, glasses)
    ana.take_from(phone)
    ana.remove(phone)
    made = epochs.new_epoch(b"k" * 32, ben.own.id, {ben.own.id: ben.own.public.kem}, None)
    ben.book._writer.append_keys([Draft("epoch", made)])
    for member in (phone, ben):
        watch.take_from(member)
    assert watch.book.tend() is True
    removal = [file for file in ana.files() if segments.parse(file).header.key == ana.root.id]
    ben.book.take([*early, *removal])
    assert standing(ben, phone.own.id, watch.own.id) == ["removed", "undecided"]
    asked = [watch.book.read(held.path) for held in watch.book.held() if held.is_mine]
    ben.book.take(asked)
    [epoch] = [epoch for asker, epoch in ben.book.membership.lacks if asker == watch.own.id]
    assert ben.book.tend() is False
    ben.write("not for the undecided")
    assert watch.own.id not in newest(ben).wraps
    ben.take_from(ana)
    assert standing(ben, watch.own.id, glasses.own.id) == ["live", "live"]
    assert ben.book.tend() is True
    assert watch.own.id in {recipient for _, recipient, _ in ben.book.membership.grants[epoch]}
    ben.write("for all")
    assert watch.own.id in newest(ben).wraps


@pytest.mark.parametrize("signer", ["ana phone", "ben", "ben root", "eve"])
def test_4_36_a_removal_by_anybody_but_the_person_s_root(signer: str) -> None:
    """Attacks 4 and 36: nobody but Ana's root removes Ana's devices: the same members everywhere."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    authors = {"ana phone": phone.own, "ben": ben.own, "ben root": ben.root, "eve": keys_of("eve")}
    removal = words.Remove([(ana.own.id, []), (ana.root.id, [])])
    file = keys_segment(ben, packed(("remove", removal)), author=authors[signer]).sealed.data
    for member in (ana, ben, phone):
        before = member.book.membership
        verdict = member.book.take([file])[0].verdict
        assert (verdict is Verdict.HELD) == (signer == "eve")
        assert member.book.membership.keys == before.keys
        assert member.book.membership.removals == {}
        member.write("on")


def test_36_the_other_and_strangers_add_no_device_of_mine() -> None:
    """Attack 36, M3: what Ben or a stranger admits is never Ana's; unsigned or copied admissions add nobody."""
    ana, ben = met("ana", "ben")
    his = proof_for(ben.own.id, "spy", ben)
    copied = proof_for(ana.own.id, "spy two", ben)  # signed for Ana's device, said by Ben's
    for number, admission in enumerate((his, copied)):
        file = keys_segment(ben, packed(("admit", admission)), stream=bytes([number]) * 16).sealed.data
        assert ana.book.take([file])[0].verdict is Verdict.STORED
    found = ana.book.membership
    assert found.person_of(keys_of("spy").id) == ben.person
    assert keys_of("spy two").id not in found.keys
    assert {key.id for key in found.live_devices(ana.person)} == {ana.own.id}


def test_31_words_of_a_removed_device_with_earlier_dates() -> None:
    """Attack 31, M14: back-dated words behind the pin, in any stream, change nobody's membership."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    ana.remove(phone)
    ben.take_from(ana)
    ends = {head[0]: head for head in phone.ends()}
    [stream] = {op.stream for op in ben.ops() if op.key == phone.own.id}
    _, number, link = ends[stream]
    late = words_segment(phone, dated(("write", note("late").fields)), stream=stream, first=number + 1, prev=link)
    other = words_segment(phone, dated(("write", note("in a new stream").fields)), stream=b"N" * 16)
    verdicts = [taken.verdict for taken in ben.book.take([late.sealed.data, other.sealed.data])]
    assert set(verdicts) <= {Verdict.STORED, Verdict.KNOWN}
    [pins] = ben.book.membership.removals[phone.own.id]
    assert (stream, number, link) in pins
    assert all(pinned[0] != b"N" * 16 for pinned in pins)
    ben.write("on")
    assert phone.own.id not in newest(ben).wraps


def test_32_a_removed_device_rewrites_its_history_before_the_pin() -> None:
    """Attack 32: another admission at an old place is a fork, known everywhere, and counts nowhere."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    watch = newcomer("ana watch", phone)
    admit(phone, watch)
    meet([ana, ben, phone])
    key_stream = next(stream for stream in phone.book._shelf.own_streams() if stream.type == KEY_STREAM)
    begin = domains.first_link(phone.own.id, key_stream.origin, KEY_STREAM)
    ana.remove(phone)
    rewritten = packed(("admit", proof_for(phone.own.id, "spy", ana)), lack(b"e" * 16), lack(b"f" * 16))
    forged = keys_segment(phone, rewritten, stream=key_stream.origin, prev=begin).sealed.data
    orders = ([*ana.files(), forged], [forged, *ana.files()])
    for order, member in zip(orders, (ben, watch), strict=True):
        for file in order:
            member.book.take([file])
        member.book.take(order)
        assert standing(member, phone.own.id, watch.own.id) == ["removed", "live"]
        assert standing(member, keys_of("spy").id) == ["void"]
    assert ben.book.membership.keys == watch.book.membership.keys


def test_33_after_an_admission_or_a_removal_the_writer_rotates_first() -> None:
    """Attack 33, F11: no word stands under an epoch that a removed device can open, or a new one cannot."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    under = [newest(ben).id]
    watch = newcomer("ana watch", ana)
    admit(ana, watch)
    ben.take_from(ana)
    ben.write("for the watch as well")
    under.append(newest(ben).id)
    ana.remove(phone)
    ben.take_from(ana)
    ben.write("not for the phone")
    under.append(newest(ben).id)
    assert len(set(under)) == 3
    assert watch.own.id in newest(ben).wraps
    assert phone.own.id not in newest(ben).wraps
    [said] = [op for op in ben.ops() if op.word == "write" and b"not for the phone" in bytes(op.fields)]
    part = next(one for one in ben.book.held() if (one.stream, one.last) == (said.stream, said.seq))
    assert segments.parse(ben.book.read(part.path)).header.epoch == under[2]


def test_34_old_epoch_keys_open_nothing_new() -> None:
    """Attack 34: with every key that it ever had, a removed device opens no new word, and no new wrap names it."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    ana.remove(phone)
    ben.take_from(ana)
    old = {fact.id: phone.book._shelf.epochs.key_of(fact.id) for fact in phone.book.membership.epochs.values()}
    said = []
    for member in (ana, ben):
        member.write("new")
        said.append(newest(member))
    for member in (ana, ben):
        phone.take_from(member)
    for fact in said:
        assert phone.own.id not in fact.wraps
        assert phone.book._shelf.epochs.key_of(fact.id) is None
        assert all(not epochs.is_committed(key, fact.commit) for key in old.values() if key)
        assert fact.id not in phone.book.membership.grants
    assert phone.texts().count("new") == 0


def test_37_a_thief_s_devices_fall_with_the_stolen_one() -> None:
    """Attack 37: a stolen device admits ten keys, forks, back-dates, opens streams; a pin before that voids all."""
    ana, ben, phone, watch = met("ana", "ben", "ana phone", "ana watch")
    ends = watch.ends()
    thief = watch.copied()
    spies = [newcomer(f"ana spy {number}", ana) for number in range(10)]
    for spy in spies[:5]:
        admit(thief, spy)
    more = dated(*(("admit", proof_for(watch.own.id, spy.name, ana)) for spy in spies[5:]))
    stream = keys_segment(watch, more, stream=b"S" * 16).sealed.data
    chained = packed(("admit", proof_for(spies[0].own.id, "ana spy of spies", ana)))
    files = [*thief.files(), stream, keys_segment(spies[0], chained, stream=b"C" * 16).sealed.data]
    for member in (ana, ben, phone):
        member.book.take(files)
        member.book.take(files)
    honest = newcomer("ana glasses", ana)
    admit(ana, honest)
    names = [*(spy.own.id for spy in spies), keys_of("ana spy of spies").id]
    assert set(standing(ana, *names)) == {"live"}
    assert ana.book.would_fall([watch.own.id], {watch.own.id: ends}) == set(names)
    ana.remove(watch, pins={watch.own.id: ends})
    ana.write("without the thief")
    everything = [*ana.files(), *ben.files(), *phone.files()]
    for seed, member in enumerate((ben, phone, honest, spies[0])):
        random.Random(seed).shuffle(everything)
        for _ in range(2):
            member.book.take(everything)
        assert set(standing(member, *names)) == {"void"}
        assert standing(member, *(one.own.id for one in (ana, phone, honest, ben, watch))) == ["live"] * 4 + ["removed"]
    assert "without the thief" in ben.texts()
    assert "without the thief" in honest.texts()
    assert "without the thief" not in spies[0].texts()
    assert newest(ana).wraps.keys().isdisjoint(names)
    with pytest.raises(StoreError, match="no longer belongs"):
        spies[0].write("let me")


def test_37_a_thief_asks_without_end() -> None:
    """Attack 37: behind the pin a thief announces a hundred epochs that nobody can open, and nobody asks for them."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    ana.remove(phone)
    ben.take_from(ana)
    flood = [(f"e{number}", epochs.new_epoch(bytes([number]) * 32, phone.own.id, {}, None)) for number in range(100)]
    files = [keys_segment(phone, packed(*(("epoch", made) for _, made in flood)), stream=b"F" * 16)]
    for member in (ana, ben):
        assert member.book.take([file.sealed.data for file in files])[0].verdict is Verdict.STORED
        assert member.book.tend() is False
    one = files[0].links[7][:16]
    said = words_segment(phone, notes("read me"), epoch=one, key=bytes([7]) * 32, stream=b"R" * 16)
    assert ben.book.take([said.sealed.data])[0].verdict is Verdict.HELD
    assert ben.book.tend() is True
    assert [epoch for asker, epoch in ben.book.membership.lacks if asker == ben.own.id] == [one]
    assert ben.book.tend() is False


def test_37_a_stolen_secret_and_the_other_person_end_one_device_and_no_more() -> None:
    """Attacks 36 and 37, M6, M16: Ben claims and removes the phone with its secret; what it let in for Ana lives on."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    watch, glasses = newcomer("ana watch", ana), newcomer("ana glasses", ana)
    admit(phone, watch)
    meet([ana, ben, phone, watch])
    admit(watch, glasses)
    meet([ana, ben, watch, glasses])
    watch.write("hers")
    mine = [ana, watch, glasses]
    claims = [("admit", proof_for(author, name, ben)) for author, name in (
        (ben.own.id, "ana phone"), (phone.own.id, "ana watch"), (ben.own.id, "ana glasses"), (phone.own.id, "spy"),
    )]  # fmt: skip
    hers = words_of_admit(claims[1][1], ana.person), words_of_admit(claims[3][1], ana.person)
    files = [
        keys_segment(ben, packed(claims[0])).sealed.data,
        keys_segment(ben, packed(("remove", words.Remove([(one.own.id, []) for one in (phone, *mine)]))),
                     author=ben.root, stream=b"R" * 16).sealed.data,
        keys_segment(phone, packed(claims[3], *(("admit", one) for one in hers)), stream=b"P" * 16).sealed.data,
    ]  # fmt: skip
    for number, claim in enumerate((claims[1], claims[2])):  # those whose secrets he does not have: copied signatures
        stolen = words.Admit(ben.person, claim[1].keys, proof_for(phone.own.id, "ana watch", ana).proof, b"")
        author = phone if number == 0 else ben
        files.append(keys_segment(author, packed(("admit", stolen)), stream=bytes([number]) * 16).sealed.data)
    everything = [*files, *ana.files(), *watch.files(), *ben.files()]
    for seed, member in enumerate((ben, *mine)):
        random.Random(seed).shuffle(everything)
        for _ in range(2):
            member.book.take(everything)
        found = member.book.membership
        assert standing(member, phone.own.id, *(one.own.id for one in mine)) == ["removed", "live", "live", "live"]
        assert found.standing_for(phone.own.id, ana.person) == "claimed"
        assert {key.id for key in found.live_devices(ana.person)} == {one.own.id for one in mine}
        assert standing(member, keys_of("spy").id) == ["void"]  # it signed for Ben, whose root ended the phone's word
        member.write("on")
    meet([ben, *mine])
    for member in mine:
        assert {"hers", "on"} <= set(member.texts())
        assert newest(ben).wraps.keys() >= {member.own.id}
    assert phone.own.id not in newest(ben).wraps
    assert ana.book.would_fall([phone.own.id], {phone.own.id: []}) == {watch.own.id, glasses.own.id}
    ana.remove(phone)  # her own root ends it as well, and keeps what it did before
    meet([ben, *mine])
    assert ben.book.membership.standing_for(phone.own.id, ana.person) == "removed"
    assert standing(ben, *(one.own.id for one in mine)) == ["live"] * 3


def words_of_admit(admission: words.Admit, person: bytes) -> words.Admit:
    """Return an admission that names another person than its signature does."""
    return msgspec.structs.replace(admission, person=person)


def test_49_a_removed_device_reads_the_old_and_not_the_new() -> None:
    """Attack 49, M15: a device that its root removed keeps what it could read, and reads and writes nothing new."""
    ana, ben, phone = met("ana", "ben", "ana phone")
    old = phone.texts()
    ana.remove(phone)
    meet([ana, ben])
    for member in (ana, ben):
        member.write("new")
    meet([ana, ben, phone], rounds=4)
    assert phone.texts() == old
    assert standing(phone, phone.own.id) == ["removed"]
    for act in (lambda: phone.write("more"), lambda: admit(phone, newcomer("ana other", phone))):
        with pytest.raises(StoreError, match="no longer belongs"):
            act()
    assert phone.book.tend() is False
    phone.reopen()
    assert phone.texts() == old
    assert sorted(ana.texts()) == sorted(ben.texts()) != sorted(old)
