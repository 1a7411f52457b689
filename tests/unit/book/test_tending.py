"""Grants, requests, acknowledgements: each once, and never two devices that keep each other awake."""

from __future__ import annotations

import hashlib

import attrs
import pytest
from unit.book.forging import keys_segment, lack, packed, words_segment
from unit.book.forging import notes as notes_of

from couplejournal.book import Draft, Verdict, tending
from couplejournal.errors import PairingError
from couplejournal.ops import words
from couplejournal.ops.membership import EpochFact, admit_message
from couplejournal.seal import epochs, wraps
from couplejournal.testing.pairs import Member, admit, keys_of, meet, pair


def said(member: Member, word: str) -> list[tuple[bytes, ...]]:
    """Return what a device granted or asked for, as far as it holds its own key stream."""
    membership = member.book.membership
    if word == "lack":
        return [(epoch,) for asker, epoch in membership.lacks if asker == member.own.id]
    return [
        (epoch, recipient)
        for epoch, granted in membership.grants.items()
        for author, recipient, _ in granted
        if author == member.own.id
    ]


def files_of(member: Member) -> int:
    """Return how many files of its own a device has written."""
    return sum(held.is_mine for held in member.book.held())


def private_epoch(member: Member, number: int) -> tuple[EpochFact, bytes, bytes]:
    """Let a member announce an epoch that nobody else can open; return it, its key and the file."""
    key = hashlib.sha256(b"private %d" % number).digest()
    made = epochs.new_epoch(key, member.own.id, {member.own.id: member.own.public.kem}, None)
    known = set(member.files())
    member.book._writer.append_keys([Draft("epoch", made)])
    [file] = set(member.files()) - known
    [fact] = [fact for fact in member.book.membership.epochs.values() if fact.commit == made.commit]
    return fact, key, file


def test_a_newcomer_reads_all_that_its_admitter_reads() -> None:
    """With the one file of its admission a new device opens everything that was written before, by both."""
    ana, ben = pair()
    for number in range(3):
        ana.write(f"hers {number}")
        ben.write(f"his {number}")
    meet([ana, ben])
    phone = _newcomer(ana, "ana phone")
    files = files_of(ana)
    admit(ana, phone)
    assert files_of(ana) == files + 1
    phone.take_from(ana)
    assert sorted(phone.texts()) == sorted(ana.texts())
    assert said(phone, "lack") == []
    assert not phone.book.tend()
    meet([ana, ben, phone])
    ben.write("after")
    phone.take_from(ben)
    assert "after" in phone.texts()


def _newcomer(of: Member, name: str) -> Member:
    """Return a device that holds the beginning of a book and nobody has admitted."""
    fresh = attrs.evolve(of.copied(), own=keys_of(name), name=name)
    fresh.state, fresh.replica = fresh.state.parent / name / "state", fresh.replica.parent / name / "data"
    fresh.disk.make_folder(fresh.state)
    fresh.disk.make_folder(fresh.replica / "streams")
    fresh.disk.write_new(fresh.replica / "book.cj", of.book.genesis)
    fresh.reopen()
    return fresh


def test_an_admission_grants_only_what_no_back_link_leads_to() -> None:
    """Epochs behind a verified back link are not granted one by one; one whose later epoch lies about it is."""
    ana, ben = pair()
    ben.write("his")
    meet([ana, ben])
    for name in ("ana tablet", "ana watch"):  # each admission rotates, so there is a chain
        admit(ana, _newcomer(ana, name))
    chain = [fact for fact in ana.book.membership.epochs.values() if fact.key == ana.own.id]
    assert len(chain) == 3
    granted = [recipient for _, recipient in said(ana, "grant") if recipient == keys_of("ana watch").id]
    assert len(granted) == 1  # Ben's; her own chain is reached from the epoch made along with the admission
    ben.take_from(ana)
    newest = ben.book._writer.rotation.newest()
    assert newest is not None
    lying = words.Epoch(commit=b"c" * 32, wraps=[], back=[newest.id, b"junk"], roots=[])
    ana.book.take([keys_segment(ben, packed(("epoch", lying)), stream=b"L" * 16).sealed.data])
    last = _newcomer(ana, "ana glasses")
    admit(ana, last)
    assert (newest.id, last.own.id) in said(ana, "grant")


def test_what_does_not_open_is_asked_for_once_and_granted_once() -> None:
    """A device shut out of an epoch asks once; whoever can open it grants once; then all is quiet."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    quiet = [files_of(member) for member in (ana, ben, phone)]
    meet([ana, ben, phone])
    assert [files_of(member) for member in (ana, ben, phone)] == quiet
    ben.write("for all")
    meet([ana, ben, phone])
    fact, key, file = private_epoch(ben, 1)
    word = words_segment(ben, notes_of("only mine"), epoch=fact.id, key=key).sealed.data
    for member in (ana, phone):
        member.book.take([file])
    [taken] = ana.book.take([word])
    assert taken.verdict is Verdict.HELD
    meet([ana, ben, phone], rounds=5)
    assert said(ana, "lack") == said(phone, "lack") == [(fact.id,)]
    assert said(ben, "lack") == []
    assert sorted(said(ben, "grant")) == sorted([(fact.id, ana.own.id), (fact.id, phone.own.id)])
    assert ana.book.take([word])[0].verdict is Verdict.STORED
    meet([ana, ben, phone])
    still = [files_of(member) for member in (ana, ben, phone)]
    meet([ana, ben, phone], rounds=3)
    assert [files_of(member) for member in (ana, ben, phone)] == still
    for member in (ana, ben, phone):
        member.reopen()
        assert member.book.tend() is False


def test_a_stranger_s_request_is_not_granted() -> None:
    """Only a live device of the book gets what it asks for."""
    ana, ben = pair()
    [eve, _] = pair("eve", "ben")
    fact, _, _ = private_epoch(ana, 1)
    ben.take_from(ana)
    ben.book.tend()
    files = [keys_segment(ana, packed(lack(fact.id)), author=eve.own).sealed.data]
    for member in (ana, ben):
        assert member.book.take(files)[0].verdict is Verdict.HELD
        assert member.book.tend() is False


def test_a_flood_of_requests_is_answered_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 45: however much is asked for, one turn answers a bounded part of it, and later turns the rest."""
    monkeypatch.setattr(tending, "GRANTS_PER_TURN", 3)
    monkeypatch.setattr(tending, "LACKS_PER_TURN", 4)
    ana, ben = pair()
    flood = [private_epoch(ben, number) for number in range(1, 11)]
    assert {taken.verdict for taken in ana.book.take([file for _, _, file in flood])} == {Verdict.STORED}
    assert [ana.book.tend() for _ in range(4)] == [True, True, True, False]
    assert len(said(ana, "lack")) == 10
    ben.take_from(ana)
    assert [ben.book.tend() for _ in range(5)] == [True, True, True, True, False]
    assert len(said(ben, "grant")) == 10


def test_an_admission_with_thousands_of_grants_is_written() -> None:
    """Attack 45: what is beyond one segment goes into further ones, and the newcomer opens all of it."""
    ana, ben = pair()
    flood = [private_epoch(ana, number) for number in range(1, 4)]
    given = [epochs.grant_wrap(key, fact, ana.own.id, ana.own.public.kem) for fact, key, _ in flood]
    drafts = tending.grant_drafts(given * 1200)
    ana.book._writer.append_keys(drafts)
    assert files_of(ana) >= 2
    assert max(held.size_bytes for held in ana.book.held()) <= 4 << 20
    assert {taken.verdict for taken in ben.take_from(ana)} == {Verdict.STORED}
    assert ana.reopen().gaps() == []


def test_sixteen_devices_of_one_person_are_too_many() -> None:
    """A device refuses to enrol a sixteenth, and a key that has its place already."""
    ana, ben = pair()
    for number in range(14):
        admit(ana, _newcomer(ana, f"ana {number}"))
    with pytest.raises(PairingError, match="fifteen"):
        admit(ana, _newcomer(ana, "ana too many"))
    ben.take_from(ana)
    with pytest.raises(PairingError, match="already"):
        admit(ben, attrs.evolve(ben, own=ana.own))
    assert len(ben.book._writer.rotation.recipients()) == 2 + 15 + 1


def test_an_admission_without_proof_has_no_effect() -> None:
    """Attack 4, M4: `admit` whose new key did not sign for this book, admitter and person changes nothing."""
    ana, ben = pair()
    new = keys_of("ana phone")
    for message in (
        admit_message(b"B" * 32, ana.own.id, new.public.raw, ana.person),
        admit_message(ana.book.id, ben.own.id, new.public.raw, ana.person),
        admit_message(ana.book.id, ana.own.id, new.public.raw, ben.person),
        b"admit",
    ):
        founding = wraps.wrap(b"f" * 32, new.public.kem, wraps.founding_info(ana.own.id, new.id))
        op = words.Admit(ana.person, new.public.raw, new.sign(message), founding)
        stream = hashlib.sha256(message).digest()[:16]
        file = keys_segment(ana, packed(("admit", op)), stream=stream).sealed.data
        assert ben.book.take([file])[0].verdict is Verdict.STORED
        assert new.id not in ben.book.membership.keys


def test_an_acknowledgement_is_written_when_due_and_only_then() -> None:
    """What came is acknowledged once, before the next word or alone; an acknowledgement asks for no other."""
    ana, ben = pair()
    for member in (ana, ben):
        member.book.acknowledge()
    ana.write("one")
    ben.take_from(ana)
    before = files_of(ben)
    assert ben.book.acknowledge() is True
    assert ben.book.acknowledge() is False
    assert files_of(ben) == before + 1
    rounds = []
    for _ in range(6):
        meet([ana, ben])
        rounds.append((ana.book.acknowledge(), ben.book.acknowledge()))
    assert rounds[2:] == [(False, False)] * 4  # Ben's first epoch is news to Ana, and nothing after it
    ana.write("two")
    ben.take_from(ana)
    ben.write("an answer")
    [seen, answer] = [op for op in ben.ops() if op.key == ben.own.id][-2:]
    assert (seen.word, answer.word) == ("seen", "write")
    heads = words.decode_fields(words.Seen, seen.fields).heads
    assert [(link, seq) for _, seq, link in heads] == [(op.id, op.seq) for op in ana.ops() if op.key == ana.own.id][-1:]
    assert ben.book.acknowledge() is False


def test_an_acknowledgement_is_due_after_a_start_anew() -> None:
    """A program that starts anew, without its note even, acknowledges what it has not, and nothing twice."""
    ana, ben = pair()
    ana.write("one")
    ben.take_from(ana)
    for is_note_lost in (False, True):
        member = ben.copied()
        if is_note_lost:
            member.disk.remove(member.state / "book.marks")
        member.reopen()
        assert member.book.acknowledge() is True
        if is_note_lost:
            member.disk.remove(member.state / "book.marks")
        member.reopen()
        assert member.book.acknowledge() is False


def test_what_a_device_lacks_is_known_from_its_acknowledgements() -> None:
    """A file counts as lacked by each device that did not tell to hold it; one of acknowledgements alone by nobody."""
    ana, ben, phone = pair("ana", "ben", "ana phone")
    op = ana.write("one")
    [held] = [one for one in ana.book.held() if one.stream == op.stream]
    assert not ana.book.lacks(held, ben.own.id)  # nothing was read yet
    phone.take_from(ana)
    phone.book.acknowledge()
    ana.take_from(phone)
    ana.view()
    assert ana.book.reached() is None
    assert [ana.book.lacks(held, one.own.id) for one in (ana, ben, phone)] == [False, True, False]
    ben.take_from(ana)
    ben.book.acknowledge()
    ana.take_from(ben)
    ana.view()
    assert not ana.book.lacks(held, ben.own.id)
    known = {one.digest for one in ana.book.held()}
    assert ana.book.acknowledge()
    [alone] = [one for one in ana.book.held() if one.digest not in known]
    ana.view()
    assert not ana.book.lacks(alone, ben.own.id)


def lone(member: Member) -> list[int]:
    """Return the numbers of a device's acknowledgements without heads."""
    own = (op for op in member.ops() if op.key == member.own.id and op.word == "seen")
    return [op.seq for op in own if not words.decode_fields(words.Seen, op.fields).heads]


def quiet_pair() -> tuple[Member, Member]:
    """Return two devices of which none has anything to acknowledge."""
    ana, ben = pair()
    ana.write("one")
    meet([ana, ben])
    while sum(one.book.acknowledge() for one in (ana, ben)):
        meet([ana, ben])
    return ana, ben


def test_a_device_that_lacks_something_tells_so_by_itself() -> None:
    """After a day, and then ever more seldom; not where nothing is missing, and at once no more when it came."""
    _, ben = quiet_pair()
    told = []
    ben.book.note_lacking(1)
    for hour in range(20 * 24):
        ben.system.ms += 3_600_000
        if hour % 5 == 0:
            ben.reopen()
        ben.book.note_lacking(1)
        if ben.book.acknowledge():
            told.append((hour + 1) // 24)
    assert told == [1, 3, 7, 14]  # the last as the sign of life that everybody gives after a week
    assert len(lone(ben)) == 4
    ben.book.note_lacking(0)
    ben.system.ms += 12 * 3_600_000
    assert not ben.book.acknowledge()


def test_whatever_comes_and_goes_one_reminder_a_day_is_enough() -> None:
    """A host that changes each hour what is missing makes a device speak once a day, and no more."""
    _, ben = quiet_pair()
    for hour in range(10 * 24):
        ben.system.ms += 3_600_000
        ben.book.note_lacking(1 + hour % 3)
        ben.book.acknowledge()
    assert 9 <= len(lone(ben)) <= 10
    ben.system.ms -= 400 * 24 * 3_600_000  # nor does a clock that was set back
    told = [ben.book.acknowledge() for _ in range(5)]
    assert sum(told) <= 1
    for hour in range(2 * 24):
        ben.system.ms += 3_600_000
        ben.book.note_lacking(hour % 2)  # what is missing for an hour is only on its way
        assert not ben.book.acknowledge()


def test_words_carry_the_reminder() -> None:
    """Whoever writes anyway says in the same file that something is missing, and writes none for it alone."""
    ana, ben = quiet_pair()
    ben.book.note_lacking(2)
    ben.system.ms += 25 * 3_600_000
    files = files_of(ben)
    ben.write("two")
    assert len(lone(ben)) == 1
    assert not ben.book.acknowledge()
    assert files_of(ben) == files + 1
    ana.take_from(ben)
    ana.view()
    assert ana.book.told_all() == {ben.own.id: 1}
    assert ben.book.told_all() == {}


def test_a_silent_device_gives_a_sign_of_life_each_week() -> None:
    """After a week without a word one empty acknowledgement is written, and none before the next week is over."""
    ana, ben = pair()
    ana.book.append([Draft("profile", words.Profile(name="Ana", device=""))])
    meet([ana, ben])
    day = 24 * 3_600_000
    while sum(one.book.acknowledge() for one in (ana, ben)):  # of what the other wrote so far, keys too
        meet([ana, ben])
    ana.system.ms += 6 * day
    assert not ana.book.acknowledge()
    ana.system.ms += day
    assert ana.book.acknowledge()
    assert not ana.book.acknowledge()
    last = max((op for op in ana.book.ops_after({}) if op.key == ana.own.id), key=lambda op: op.clock)
    assert (last.word, words.decode_fields(words.Seen, last.fields).heads) == ("seen", [])
    meet([ana, ben])
    assert not ben.book.acknowledge()  # it answers nothing, so two devices do not keep each other awake
    ana.reopen()
    assert not ana.book.acknowledge()


def test_whoever_asks_without_end_is_served_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again nothing is granted again; nobody is granted an epoch of its own; and all of it has a limit."""
    monkeypatch.setattr(tending, "GRANTS_PER_ASKER", 3)
    ana, ben = pair()
    ana.write("x")
    ben.write("x")
    meet([ana, ben])
    hers = [private_epoch(ana, number)[0].id for number in range(5)]
    own = [fact.id for fact in ben.book.membership.epochs.values() if fact.key == ben.own.id]
    for _ in range(3):
        ben.book._writer.append_keys([Draft("lack", words.Lack(sorted([*hers, *own])))])
        meet([ana, ben])
    granted = [one for one in said(ana, "grant") if one[1] == ben.own.id]
    assert len(granted) == 3
    assert {epoch for epoch, _ in granted} <= {*hers}
