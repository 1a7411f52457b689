"""Removing a device of one's own: said before it is done, felt everywhere after it, and its later words apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from unit.journal.losing import Kept, lose, recovered_in, texts, written_down

import couplejournal as cj
from couplejournal.journal.apart import sealed_apart
from couplejournal.merge import TAKEN_OVER
from couplejournal.seal import recovery as sealing
from couplejournal.testing.clocks import START_MS
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim
from couplejournal.view.reading import APART, APART_REVISION


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Keep Ana's laptop, Ben, and Ana's phone, who share a journal with an entry of each."""
    couple = pair(tmp_path_factory.mktemp("kept"), sim=DriveSim(5), disk=lambda _: MemoryDisk())
    phone = couple.start("Ana", home="phone", device_name="phone")
    couple.pair(couple.journals[0], phone, is_device=True)
    for journal, text in zip(couple, ("laptop", "ben", "phone"), strict=True):
        journal.add(cj.Bid(f"{text} before"))
    couple.sync()
    return Kept(couple)


@pytest.fixture
def couple(kept: Kept) -> Couple:
    """Return Ana's laptop, Ben, and Ana's phone, as they were kept."""
    return kept.copy()


def test_a_removal_says_what_it_means_and_does_nothing(couple: Couple) -> None:
    """Looking at a removal shows the device, what falls with it, and whether words are needed; nothing is written."""
    ana = couple.journals[0]
    shared = ana.device.shared
    assert shared is not None
    before = [held.path for held in shared.held()]
    removal = ana.removal("Phone")
    assert (removal.device.name, removal.falls, removal.later, removal.told_by) == ("phone", (), 0, ())
    assert not removal.needs_words
    assert ana.removal(removal.device.id[:8]).device == removal.device
    assert [held.path for held in shared.held()] == before
    written_down(ana)
    assert ana.removal("phone").needs_words


def test_what_a_stolen_phone_did_since_then_does_not_count(couple: Couple) -> None:
    """37: with the day of the theft, what the phone wrote stands apart and whom it let in falls; earlier words stay."""
    ana, ben, phone = couple
    for system in couple.systems:
        system.advance(86_400)
    phone.add(cj.Bid("by the thief"))
    tablet = couple.start("Ana", home="tablet", device_name="tablet")
    couple.pair(phone, tablet, is_device=True)
    tablet.add(cj.Bid("by the thief's tablet"))
    couple.sync()
    assert ana.removal("phone").falls == ()
    since = datetime.fromtimestamp(START_MS / 1000 + 43_200, UTC)
    removal = ana.removal("phone", since=since)
    assert [one.name for one in removal.falls] == ["tablet"]
    assert removal.is_dated
    assert removal.later > 0
    removal.carry_out()
    couple.sync()
    for journal in (ana, ben):
        assert texts(journal) == ["ben before", "laptop before", "phone before"]
        assert {one.name: one.standing for one in journal.devices if one.name in ("phone", "tablet")} == {
            "phone": "removed", "tablet": "void",
        }  # fmt: skip
        assert {entry.text for entry in journal.view().apart()} == {"by the thief", "by the thief's tablet"}


def test_a_removed_device_reads_nothing_new_and_writes_nothing(couple: Couple) -> None:
    """49: everybody rotates before the next word; the removed device keeps what it had, and its own words wait."""
    ana, ben, phone = couple
    ana.removal("phone").carry_out()
    couple.sync()
    ana.add(cj.Bid("laptop after"))
    ben.add(cj.Bid("ben after"))
    couple.sync()
    assert {"laptop after", "ben after"} <= set(texts(ana)) & set(texts(ben))
    assert texts(phone) == ["ben before", "laptop before", "phone before"]
    assert phone.add(cj.Bid("phone after")).audience == "waiting"
    couple.sync()
    assert "phone after" not in texts(ana) + texts(ben)
    assert "phone after" not in [entry.text for entry in ana.view().apart()]


def test_only_the_person_removes_and_only_another_device(couple: Couple) -> None:
    """This device, the partner's, an unknown and a removed one are refused, each with its reason."""
    ana, ben, _ = couple
    names = {one.id: one for one in ana.devices}
    this = next(one for one in names.values() if one.is_this)
    theirs = next(one for one in names.values() if not one.person.is_me)
    for named, told in ((this.id, "itself"), (theirs.id, "other person"), ("toaster", "no device"), ("", "no device")):
        with pytest.raises(cj.SetupError, match=told):
            ana.removal(named)
    with pytest.raises(cj.SetupError, match="other person"):
        ben.removal("phone")
    ana.removal("phone").carry_out()
    with pytest.raises(cj.SetupError, match="removed already"):
        ana.removal("phone", since="2026-01-01")


def test_a_removal_can_be_asked_for_again(couple: Couple) -> None:
    """Of a device that was removed already it is said, nothing is signed, and no words are needed."""
    ana = couple.journals[0]
    words = written_down(ana)
    ana.removal("phone").carry_out(words)
    shared = ana.device.shared
    assert shared is not None
    before = [held.path for held in shared.held()]
    again = ana.removal("phone")
    assert (again.is_done, again.needs_words, again.device.standing) == (True, False, "removed")
    again.carry_out()
    assert [held.path for held in shared.held()] == before


def test_among_equal_names_none_is_removed_unnamed(couple: Couple) -> None:
    """Of two devices of one name neither goes by it: an id is asked for, and the other one stays."""
    ana, ben, phone = couple
    other = couple.start("Ana", home="other", device_name="phone")
    couple.pair(ana, other, is_device=True)
    couple.sync()
    with pytest.raises(cj.SetupError, match="several"):
        ana.removal("phone")
    stolen = next(one for one in phone.devices if one.is_this)
    ana.removal(stolen.id).carry_out()
    couple.sync()
    assert [one.id for one in ben.devices if not one.is_live] == [stolen.id]


def test_a_removed_device_says_so_itself(couple: Couple) -> None:
    """The status of a removed device names its standing; the others stay live, and the removal is sent before long."""
    ana, _, phone = couple
    ana.removal("phone").carry_out()
    assert (ana.status().standing, ana.status().unsent_removals) == ("live", 1)
    couple.sync()
    couple.settle()
    ana.sync()
    assert ana.status().unsent_removals == 0
    assert (phone.status().standing, ana.status().standing) == ("removed", "live")


def test_sealed_answers_of_a_removed_device_are_counted(couple: Couple) -> None:
    """What it sealed before it heard of its removal cannot be taken over, and how many these are can be said."""
    ana, _, phone = couple
    phone.answers.seal("winter plans", "the sea")
    ana.removal("phone").carry_out()
    couple.sync()
    assert sealed_apart(ana.reader) == 1
    assert ana.answers.seal("winter plans", "the sea").mine == "sealed"
    assert sealed_apart(ana.reader) == 1


def test_the_words_are_asked_for_where_they_are_not_here(couple: Couple) -> None:
    """Without words, with mistyped ones and with somebody else's nothing happens; the right ones remove."""
    ana, ben, phone = couple
    words, foreign = written_down(ana), written_down(ben)
    removal = ana.removal("phone")
    for typed, told in (
        (None, "words are needed"),
        (words[:-1], "twenty-four"),
        (foreign, "not those of this journal"),
        (sealing.words_of(bytes(32)), "not those of this journal"),
    ):
        with pytest.raises(cj.RecoveryError, match=told):
            removal.carry_out(typed)
    couple.sync()
    assert [one.standing for one in phone.devices if one.is_this] == ["live"]
    removal.carry_out(" ".join(words))
    couple.sync()
    assert [one.standing for one in phone.devices if one.is_this] == ["removed"]
    assert ana.device.secrets.root_seed is None


def test_words_that_are_newer_than_the_journal_are_named(couple: Couple) -> None:
    """After a renewal the shared journal keeps the old words: the newer ones are said to be too new for it."""
    ana = couple.journals[0]
    old = written_down(ana)
    ana.recovery.renew()
    newer = written_down(ana)
    removal = ana.removal("phone")
    with pytest.raises(cj.RecoveryError, match="newer than this journal") as refused:
        removal.carry_out(newer)
    assert "old ones" in refused.value.hint
    removal.carry_out(old)
    assert not [one for one in ana.devices if one.name == "phone" and one.is_live]


def test_a_stranger_s_words_at_a_stolen_phone_remove_nobody(couple: Couple) -> None:
    """36: who holds an unlocked device and not the words throws nobody out."""
    _, ben, phone = couple
    laptop = next(one for one in phone.devices if one.person.is_me and not one.is_this)
    removal = phone.removal(laptop.id)
    assert removal.needs_words
    with pytest.raises(cj.RecoveryError):
        removal.carry_out(written_down(ben))
    couple.sync()
    assert all(one.is_live for one in ben.devices)


def test_words_after_the_removal_stand_apart(couple: Couple) -> None:
    """31: what the phone wrote before it heard of its removal is in no listing of anybody, and apart for both."""
    ana, ben, phone = couple
    late = phone.add(cj.Bid("phone late"))
    phone.revise(next(phone.entries(text="laptop")), cj.Bid("laptop changed late"))
    ana.removal("phone").carry_out()
    couple.sync()
    for journal in (ana, ben, phone):
        assert texts(journal) == ["ben before", "laptop before", "phone before"]
        apart = {entry.text: entry for entry in journal.view().apart()}
        assert set(apart) == {"phone late", "laptop changed late"}
        assert apart["phone late"].id == late.id
        assert (apart["phone late"].note, apart["laptop changed late"].note) == (APART, APART_REVISION)
        assert apart["phone late"].device == "phone"
        assert journal.status().apart == 2
        with pytest.raises(cj.NoSuchEntryError):
            journal.entry(late.id)


def test_taking_over_makes_the_words_one_s_own(couple: Couple) -> None:
    """A live device writes them again: same content, time and references; then they count, and nothing stands apart."""
    ana, ben, phone = couple
    bid = next(phone.entries(text="ben before"))
    late = phone.add(cj.Bid("phone late"), happened_at="2026-01-31")
    reply = phone.reply(bid, cj.Response.toward("yes"))
    note = phone.add(cj.Bid("about that"), refs={"about": late})
    phone.revise(next(phone.entries(text="laptop")), cj.Bid("laptop changed late"))
    ana.removal("phone").carry_out()
    couple.sync()
    apart = {entry.text: entry for entry in ana.view().apart()}
    taken = {text: ana.take_over(entry) for text, entry in apart.items()}
    assert taken["phone late"].happened_at == late.happened_at
    assert taken["phone late"].precision == "day"
    assert {(ref.relation, ref.id) for ref in taken["about that"].refs} == {
        ("about", taken["phone late"].id), (TAKEN_OVER, note.id),
    }  # fmt: skip
    assert taken["yes"].id != reply.id
    couple.sync()
    for journal in (ana, ben):
        assert texts(journal) == [
            "about that",
            "ben before",
            "laptop changed late",
            "phone before",
            "phone late",
            "yes",
        ]
        assert journal.view().apart() == ()
        assert journal.entry(bid.id).state == "toward"
        assert journal.entry(late.id).id == taken["phone late"].id
    assert ana.status().apart == 0


def test_an_answer_to_words_apart_belongs_to_what_took_them_over(couple: Couple) -> None:
    """Ben answered before he heard of the removal: his answer counts for the entry that was written again."""
    ana, ben, phone = couple
    late = phone.add(cj.Bid("phone late"))
    phone.sync()
    couple.settle()
    ben.sync()
    ben.reply(late.id, cj.Response.toward("gladly"))
    ana.removal("phone").carry_out()
    couple.sync()
    taken = ana.take_over(late.id[:8])
    couple.sync()
    assert ana.entry(taken.id).state == ben.entry(late.id).state == "toward"


def test_only_the_author_takes_over_and_only_what_stands_apart(couple: Couple) -> None:
    """Ben cannot take over Ana's words, and what counts, or is unknown, cannot be taken over at all."""
    ana, ben, phone = couple
    late = phone.add(cj.Bid("phone late"))
    ana.removal("phone").carry_out()
    couple.sync()
    with pytest.raises(cj.NotYourEntryError):
        ben.take_over(late.id)
    for named in (next(ana.entries()).id, "ff" * 32, "", "f"):
        with pytest.raises(cj.NoSuchEntryError):
            ana.take_over(named)
    ana.take_over(late.id)
    with pytest.raises(cj.NoSuchEntryError):
        ana.take_over(late.id)


def test_later_words_that_others_told_of_are_counted(couple: Couple) -> None:
    """Ben's device has words of the phone that have not arrived here: the removal says how many would stand apart."""
    ana, ben, phone = couple
    phone.add(cj.Bid("phone late"))
    phone.sync()
    couple.settle()
    ben.sync()
    couple.settle()
    shared = phone.device.shared
    assert shared is not None
    assert couple.sim is not None
    own = max((held for held in shared.held() if held.is_mine and not held.is_key), key=lambda held: held.last)
    del couple.sim.views[0][own.path]
    ana.sync()
    removal = ana.removal("phone")
    assert (removal.later, removal.is_dated) == (1, False)
    removal.carry_out()
    couple.sync()
    assert [entry.text for entry in ana.view().apart()] == ["phone late"]


def test_a_lost_laptop_is_removed_after_recovery(couple: Couple) -> None:
    """The words bring a bare machine back and throw the thief out; the thief's later words stand apart everywhere."""
    ana, ben, phone = couple
    words = written_down(ana)
    stolen = lose(couple)
    assert stolen is ana
    laptop = next(one.id for one in ana.devices if one.is_this)
    back = recovered_in(couple, words, 3)
    stolen.add(cj.Bid("by the thief"))
    stolen.sync()
    couple.settle()
    removal = back.removal(laptop)
    removal.carry_out(words)
    couple.sync()
    for journal in (ben, phone, back):
        assert "by the thief" not in texts(journal)
        assert [one.standing for one in journal.devices if one.id == laptop] == ["removed"]
    ben.add(cj.Bid("for Ana alone"))
    couple.sync()
    stolen.sync()
    assert "for Ana alone" in texts(back)
    assert "for Ana alone" not in texts(stolen)
    assert "by the thief" in [entry.text for entry in back.view().apart()]


def test_a_removal_that_comes_while_watching_changes_the_view(couple: Couple) -> None:
    """A view asked for again after the removal arrived is another one, though no word came with it."""
    ana, ben, phone = couple
    phone.add(cj.Bid("phone late"))
    phone.sync()
    couple.settle()
    ben.sync()
    assert "phone late" in texts(ben)
    ana.removal("phone").carry_out()
    shared, theirs = ana.device.shared, ben.device.shared
    assert shared is not None
    assert theirs is not None
    theirs.take([shared.read(held.path) for held in shared.held() if held.is_key])
    assert "phone late" not in texts(ben)
    assert ben.status().apart == 1
