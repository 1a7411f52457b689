"""Acts of a root: removing devices, admitting one, opening everything; and what is asked before they are signed."""

from __future__ import annotations

import pytest
from unit.book.forging import keys_segment, packed

from couplejournal.book import Draft, Later, rooting
from couplejournal.errors import PairingError, RecoveryError, SetupError, StoreError
from couplejournal.ops import words
from couplejournal.ops.membership import DEVICES_PER_PERSON
from couplejournal.seal import epochs, wraps
from couplejournal.testing.disks import CrashDisk
from couplejournal.testing.pairs import Member, admit, meet, newcomer, pair, root_of


def standing(member: Member, *others: Member) -> list[str]:
    """Return how devices stand in a member's view."""
    return [member.book.membership.keys[other.own.id].standing for other in others]


def trio() -> tuple[Member, Member, Member]:
    """Return Ana, Ben and Ana's phone, who hold what each of them wrote."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    for member in (ana, ben, phone):
        member.write(f"of {member.name}")
    meet([ana, ben, phone])
    return ana, ben, phone


def test_a_root_removes_a_device_for_everybody() -> None:
    """A removal is durable, goes to the others, pins what the remover held, and needs no other device's consent."""
    ana, ben, phone = trio()
    ends = phone.ends()
    ana.remove(phone)
    for member in (ana, ben, phone):
        member.take_from(ana)
        member.reopen()
        assert standing(member, ana, ben, phone) == ["live", "live", "removed"]
        assert member.book.membership.removals == {phone.own.id: (tuple(sorted(ends)),)}
    assert phone.texts() == ben.texts()
    with pytest.raises(StoreError, match="no longer belongs"):
        phone.write("too late")


def test_each_act_has_a_stream_of_its_own() -> None:
    """Two acts of one root, on devices that know nothing of each other, never contradict each other."""
    ana, ben, phone, watch = pair("ana", "ben", "ana phone", "ana watch")
    for member, other in ((ana, watch), (phone, watch), (ana, phone)):
        member.remove(other)
    heads = {}
    for member in (ana, phone):
        heads.update({head[0]: head for head in member.book.membership.root_heads})
    assert len(heads) == 3
    assert {seq for _, seq, _ in heads.values()} == {1}
    for member in (ben, ana):
        member.book.take([*ana.files(), *phone.files()])
        assert standing(member, ana, phone, watch) == ["live", "removed", "removed"]
        assert {head[0] for head in member.book.membership.root_heads} == set(heads)


def test_what_cannot_be_removed() -> None:
    """This device, the last one, roots, the other person's and unknown keys are refused, and nothing is written."""
    ana, ben, phone = trio()
    files = len(ana.files())
    stranger = newcomer("ana watch", ana)
    for keys, error in (
        ([], "no device was named"),
        ([ana.own.id], "cannot remove itself"),
        ([ana.root.id], "recovery words"),
        ([ben.own.id], "other person"),
        ([phone.own.id, ben.own.id], "other person"),
        ([stranger.own.id], "not known"),
    ):
        with pytest.raises(SetupError, match=error):
            ana.book.remove(keys, ana.root)
    with pytest.raises(SetupError, match="none of your devices"):
        ben.book.remove([ana.own.id, phone.own.id], ana.root)
    with pytest.raises(RecoveryError, match="another journal"):
        ana.book.remove([phone.own.id], root_of("eve"))
    assert len(ana.files()) == files
    ana.admit_by_root(stranger)
    phone.take_from(ana)
    with pytest.raises(SetupError, match="would fall"):
        phone.remove(ana, pins={ana.own.id: []})
    ana.remove(phone)
    with pytest.raises(SetupError, match="already"):
        ana.remove(phone)


def test_a_removal_can_be_made_narrower() -> None:
    """A second removal may accept less than the first, never more."""
    ana, ben, phone = trio()
    watch = newcomer("ana watch", phone)
    early = phone.ends()
    admit(phone, watch)
    ana.take_from(phone)
    ana.remove(phone)
    assert standing(ana, phone, watch) == ["removed", "live"]
    ana.remove(phone, pins={phone.own.id: early})
    ben.take_from(ana)
    assert standing(ben, phone, watch) == ["removed", "void"]
    assert len(ben.book.membership.removals[phone.own.id]) == 2


def test_removing_a_key_that_fell_brings_nothing_of_it_back() -> None:
    """M14: what a key wrote that a thief admitted stands apart, also once it was removed itself, at its end."""
    ana, ben, phone = trio()
    before = phone.ends()
    thief = newcomer("ana watch", phone)
    admit(phone, thief)
    meet([ana, ben, phone, thief])
    thief.write("of a thief")
    thief.book.append([Draft("end", words.End())])
    for member in (ana, ben):
        member.take_from(thief)
        assert member.book.is_ended()
    ana.remove(phone, pins={phone.own.id: before})
    assert (standing(ana, thief), ana.book.accepted(thief.own.id)) == (["void"], {})
    ana.remove(thief)
    ben.take_from(ana)
    for member in (ana, ben):
        assert (standing(member, thief), member.book.accepted(thief.own.id)) == (["removed"], {})
        assert not member.book.is_ended()
        assert [epoch for epoch in member.book.membership.epochs.values() if epoch.key == thief.own.id]
        assert {epoch.id for epoch in member.book.membership.epochs.values() if epoch.key == thief.own.id} <= (
            member.book.membership.apart
        )


def test_a_failing_disk_removes_nobody() -> None:
    """Whichever call of the disk fails: the removal was stored and is told, or nobody was removed."""
    ana, ben, phone = trio()
    for at in range(1, 60):
        trial = ana.copied(CrashDisk)
        disk = trial.disk
        assert isinstance(disk, CrashDisk)
        disk.plant(at, "fail", is_lasting=True)
        try:
            trial.remove(phone)
            is_done = True
        except StoreError:
            is_done = False
        is_through = not disk.hits
        disk.restart(is_power_cut=False)
        trial.reopen()
        assert standing(trial, ana, ben, phone) == ["live", "live", "removed" if is_done else "live"]
        trial.write("on")
        witness = ben.copied()
        witness.take_from(trial)
        assert standing(witness, phone) == ["removed" if is_done else "live"]
        assert "on" in witness.texts()
        if is_through:
            break
    else:
        pytest.fail("the removal never came through")
    assert at > 3


def test_the_screen_before_a_removal() -> None:
    """One is shown which keys would fall, and the words that the other told to hold and oneself does not."""
    ana, ben, phone = trio()
    watch = newcomer("ana watch", phone)
    before = phone.ends()
    admit(phone, watch)
    ana.take_from(phone)
    assert ana.book.would_fall([phone.own.id]) == frozenset()
    assert ana.book.would_fall([phone.own.id], {phone.own.id: before}) == {watch.own.id}
    assert ana.book.later_words([phone.own.id]) == ()
    [stream] = {op.stream for op in ana.ops() if op.key == phone.own.id}
    held = ana.book.heads()[stream]
    for number in range(3):
        phone.write(f"later {number}")
    ben.take_from(phone)
    ben.book.acknowledge()
    seen = ben.word_files()[-1][1]
    ana.book.take([seen, *(ben.book.read(held.path) for held in ben.book.held() if held.is_key)])
    ana.book.take([seen])
    [later] = ana.book.later_words([phone.own.id])
    assert later == Later(phone.own.id, stream, held, held + 4, (ben.own.id,))  # with an acknowledgement before them
    assert ana.book.later_words([ben.own.id]) == ()
    cut = [(stream, 1, next(op.id for op in ana.ops() if (op.stream, op.seq) == (stream, 1)))]
    found = ana.book.later_words([phone.own.id], {phone.own.id: cut})
    assert Later(phone.own.id, stream, 1, held, ()) in found
    assert Later(phone.own.id, stream, 1, held + 4, (ben.own.id,)) in found


def test_a_key_with_more_streams_than_can_be_named_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that opened streams without end can be removed; its longest streams are accepted."""
    monkeypatch.setattr(rooting, "PINS_PER_KEY", 3)
    ana, _, phone = trio()
    flood = [
        keys_segment(phone, packed(*[("lack", words.Lack([]))] * (1 + number)), stream=bytes([number]) * 16)
        for number in range(1, 9)
    ]
    ana.book.take([segment.sealed.data for segment in flood])
    ana.remove(phone)
    [pins] = ana.book.membership.removals[phone.own.id]
    assert sorted(seq for _, seq, _ in pins) == [7, 8, 9]


def test_removals_of_many_at_once_are_one_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several devices go with one file, and with one operation each where one could not hold them."""
    ana, ben, phone, watch = pair("ana", "ben", "ana phone", "ana watch")
    for member in (phone, watch):
        member.write("x")
        ana.take_from(member)
    monkeypatch.setattr(rooting, "PINS_PER_KEY", 2)
    files = len(ana.files())
    ana.remove(phone, watch)
    assert len(ana.files()) == files + 1
    ben.take_from(ana)
    assert standing(ben, phone, watch) == ["removed", "removed"]
    assert ben.book.membership.root_heads[0][1] == 2


def test_a_recovered_device_reads_everything() -> None:
    """With the root alone a bare device belongs again, opens all that was ever written, and removes the others."""
    ana, ben, phone = trio()
    ben.write("while all was lost")
    fresh = newcomer("ana new", ben)
    fresh.book.take(ben.files())
    assert fresh.ops() == []
    assert fresh.recover() > 0
    fresh.book.take(ben.files())
    assert sorted(fresh.texts()) == sorted(ben.texts())
    fresh.remove(ana, phone)
    assert fresh.book.open_with(fresh.root) == 0
    fresh.write("back again")
    ben.take_from(fresh)
    assert standing(ben, ana, phone, fresh) == ["removed", "removed", "live"]
    assert "back again" in ben.texts()
    fresh.reopen()
    assert sorted(fresh.texts()) == sorted(ben.texts())
    ben.write("to the new one")
    fresh.take_from(ben)
    assert "to the new one" in fresh.texts()


def test_a_recovery_does_not_wait_for_removals_that_are_withheld() -> None:
    """An epoch whose roots are nowhere is opened with the root all the same, and handed on by nobody else."""
    ana, ben, phone = trio()
    key = b"k" * 32
    made = epochs.new_epoch(key, ben.own.id, {ana.root.id: ana.root.public.kem}, None, [(b"n" * 16, 1, b"l" * 32)])
    [file] = [keys_segment(ben, packed(("epoch", made))).sealed.data]
    for member in (ana, ben, phone):
        member.book.take([file])
    [fact] = [fact for fact in ana.book.membership.epochs.values() if fact.commit == made.commit]
    assert ana.book.open_with(ana.root) == 1
    assert ana.book._shelf.epochs.key_of(fact.id) == key
    meet([ana, ben, phone], rounds=4)
    assert phone.book._shelf.epochs.key_of(fact.id) is None


def only_for_root(of: Member, by: Member, key: bytes, previous: tuple[bytes, bytes] | None) -> bytes:
    """Let a member announce an epoch that nobody but somebody's root can open, and return its id."""
    made = epochs.new_epoch(key, by.own.id, {of.root.id: of.root.public.kem}, previous)
    by.book._writer.append_keys([Draft("epoch", made)])
    return next(fact.id for fact in by.book.membership.epochs.values() if fact.commit == made.commit)


def test_the_words_typed_at_a_live_device_open_what_nobody_granted() -> None:
    """What only the root opens is granted to this device for good, once, along the ends of chains only."""
    ana, ben, phone = trio()
    first = only_for_root(ana, ben, b"1" * 32, None)
    second = only_for_root(ana, ben, b"2" * 32, (first, b"1" * 32))
    phone.take_from(ben)
    assert phone.book.open_with(phone.root) == 2
    assert phone.book.open_with(phone.root) == 0
    membership = phone.book.membership
    granted = [epoch for epoch, given in membership.grants.items() if phone.own.id in {by for by, _, _ in given}]
    assert granted == [second]
    phone.reopen()
    assert phone.book._shelf.epochs.key_of(first) == b"1" * 32
    with pytest.raises(RecoveryError, match="this device's person"):
        phone.book.open_with(ben.root)
    with pytest.raises(RecoveryError, match="another journal"):
        phone.book.open_with(root_of("eve"))


def test_a_root_may_admit_a_sixteenth_device() -> None:
    """M7: a device refuses it, the root does it; the sixteenth reads after it asked, though nobody wraps for it."""
    ana, ben = pair("ana", "ben")
    members = [newcomer(f"ana {number}", ana) for number in range(DEVICES_PER_PERSON)]
    for member in members[:-1]:
        admit(ana, member)
    last = members[-1]
    with pytest.raises(PairingError, match="fifteen"):
        admit(ana, last)
    meet([ana, ben])
    ana.admit_by_root(last)
    meet([ana, ben])
    ben.write("for fifteen")
    newest = ben.book._writer.rotation.newest()
    assert newest is not None
    assert last.own.id not in newest.wraps
    meet([ana, ben, last], rounds=3)
    assert last.book.membership.is_live(last.own.id)
    assert "for fifteen" in last.texts()
    last.write("mine")
    ben.take_from(last)
    assert "mine" in ben.texts()


def test_a_root_s_admission_hands_over_the_founding_seed() -> None:
    """A device that its root admitted can sign for its person when a book is founded."""
    ana, _ = pair()
    watch = newcomer("ana watch", ana)
    ana.admit_by_root(watch)
    said = ana.book.admission_of(watch.own.id, ana.root.id)
    assert said is not None
    info = wraps.founding_info(ana.root.id, watch.own.id)
    assert wraps.unwrap(said.founding, watch.own, info) == ana.root.founding_seed
