"""Which sealed answers count, which are open, and which are to be opened: by rule, whatever came first."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from unit.merge.scribe import ANA, BEN, START_MS, Scribe, fixed
from unit.merge.sealing import PROMPT, Answerer, ToyOpener, answer_state, folded, sealed_in, shown

from couplejournal.merge import Frozen, Prompted, due_releases, versions_of
from couplejournal.ops.op import Op
from couplejournal.ops.words import Release, Seal, decode_fields

NOW_MS = START_MS + 10**9


class Two:
    """Ana, with two devices, and Ben, who have sealed an answer each."""

    def __init__(self) -> None:
        self.ana, self.laptop, self.ben = (Answerer(name) for name in ("ana phone", "ana laptop", "ben phone"))
        self.hers, self.his = self.ana.seal("the sea"), self.ben.seal("mountains")

    def open(self) -> list[Op]:
        """Return the operations of a whole exchange."""
        return [self.hers, self.his, self.ana.release(self.hers, self.his), self.ben.release(self.his, self.hers)]


@pytest.fixture
def two() -> Two:
    """Return Ana and Ben."""
    return Two()


def prompted(frozen: Frozen, prompt: str = PROMPT) -> Prompted:
    """Return the answers to a prompt."""
    return frozen.answers.prompts.get(prompt, Prompted(prompt))


def due(ops: list[Op], person: bytes, now_ms: int = NOW_MS) -> list[tuple[bytes, bytes]]:
    """Return which answers a person is to open now, and which they name."""
    return [(one.id, other) for one, other in due_releases(prompted(folded(ops)), person, now_ms)]


def test_both_are_shown_once_both_are_open(two: Two) -> None:
    """Sealed answers and a single release show nothing; the second release shows both, as entries of their authors."""
    ops = two.open()
    for count in range(4):
        assert shown(folded(ops[:count])) == {}
    frozen = folded(ops)
    assert [frozen.records[op.id].person for op in (two.hers, two.his)] == [ANA, BEN]
    assert b"the sea" in shown(frozen)[two.hers.id]
    assert [key[2] for key in frozen.order] == [two.hers.id, two.his.id]
    write = frozen.records[two.hers.id].write
    assert (write.kind, write.happened, write.refs) == ("answer", (two.hers.clock[0], 0, "instant"), ())


def test_every_order_gives_the_same(two: Two) -> None:
    """All 24 orders of a whole exchange, with a snapshot after each step, end in equal states."""
    whole = folded(exchange := two.open())
    for ops in itertools.permutations(exchange):
        state = answer_state()
        for op in ops:
            state.apply(op)
            state.snapshot()
        assert state.snapshot() == whole


def test_an_answer_to_an_entry_refers_to_it() -> None:
    """A prompt that is an entry's id makes its answers part of the thread, as soon as they are open and not before."""
    two, bid = Two(), Scribe("ben laptop").write("bid", "walk?")
    two.hers, two.his = (who.seal("yes", prompt=bid.id.hex()) for who in (two.ana, two.ben))
    assert folded([bid, *two.open()[:3]]).referrers(bid.id) == ()
    assert folded([bid, *two.open()]).referrers(bid.id) == tuple(sorted((two.hers.id, two.his.id)))


def wrong_key(two: Two) -> list[Op]:
    """A release with a key that opens nothing."""
    return [two.ana.release(two.hers, two.his), two.ben.release(two.his, two.hers, key=b"k" * 32)]


def wrong_prompt(two: Two) -> list[Op]:
    """A release that names an answer to another prompt."""
    elsewhere = two.ana.seal("sun", prompt="summer plans")
    return [elsewhere, two.ana.release(two.hers, two.his), two.ben.release(two.his, elsewhere)]


def own_seal(two: Two) -> list[Op]:
    """A release that names an answer of its own author."""
    second = two.ben.seal("hills")
    return [second, two.ana.release(two.hers, two.his), two.ben.release(two.his, second)]


def others_seal(two: Two) -> list[Op]:
    """A release of an answer that is not one's own."""
    return [two.ana.release(two.hers, two.his), two.ben.release(two.hers, two.his)]


def key_of_other_prompt(two: Two) -> list[Op]:
    """A release with the right key of the same text for another prompt."""
    elsewhere = two.ben.seal("mountains", prompt="summer plans")
    key = decode_fields(Release, two.ben.release(elsewhere, two.hers).fields).key
    return [two.ana.release(two.hers, two.his), two.ben.release(two.his, two.hers, key=key)]


@pytest.mark.parametrize("wrongly", [wrong_key, wrong_prompt, own_seal, others_seal, key_of_other_prompt])
def test_a_wrong_release_is_invalid_and_shows_nothing(wrongly: Callable[[Two], list[Op]], two: Two) -> None:
    """It opens nothing, names nothing and is counted against its author; the right one afterwards does its work."""
    ops = [two.hers, two.his, *wrongly(two)]
    frozen = folded(ops)
    assert shown(frozen) == {}
    assert [person for person, _ in prompted(frozen).invalid] == [BEN]
    assert not sealed_in(frozen, two.hers).named_by
    ops.append(two.ben.release(two.his, two.hers))
    assert set(shown(folded(ops))) == {two.hers.id, two.his.id}


def test_a_release_that_names_what_has_not_come_is_not_blamed(two: Two) -> None:
    """Until the named answer arrives a release is neither valid nor invalid."""
    frozen = folded([two.his, two.ben.release(two.his, fixed("on its way"))])
    assert prompted(frozen).invalid == ()
    assert not sealed_in(frozen, two.his).is_released


def test_what_a_release_names_may_turn_out_to_be_wrong(two: Two) -> None:
    """A release that named an answer to another prompt is invalid as soon as that one has come."""
    elsewhere = two.ana.seal("sun", prompt="summer plans")
    ops = [two.hers, two.his, two.ben.release(two.his, elsewhere), elsewhere]
    state = answer_state()
    for op in ops:
        state.apply(op)
        state.snapshot()
    assert prompted(state.snapshot()).invalid == ((BEN, ops[2].id),)


def test_a_second_release_adds_nothing(two: Two) -> None:
    """Neither the same once more, nor one by the same device that names another answer, changes what is shown."""
    more = two.laptop.seal("a hut")
    once = folded([*two.open(), more])
    again = folded([*two.open(), more, two.ben.release(two.his, two.hers), two.ben.release(two.his, more)])
    assert shown(again) == shown(once)
    assert again.order == once.order
    assert not sealed_in(again, more).named_by


def test_only_what_the_other_named_is_an_answer(two: Two) -> None:
    """Of two answers of Ana's the one that Ben's release names counts; that she opens the other shows nothing."""
    second = two.laptop.seal("no: a desert")
    named = [two.hers, second, two.his, two.ben.release(two.his, two.hers)]
    swapped = folded([*named, two.laptop.release(second, two.his)])
    assert set(shown(swapped)) == {two.his.id}  # she named it by opening what nobody asked for
    assert sealed_in(swapped, two.hers).named_by
    assert not sealed_in(swapped, two.hers).is_released
    both = folded([*named, two.laptop.release(second, two.his), two.ana.release(two.hers, two.his)])
    assert set(shown(both)) == {two.hers.id, two.his.id}


def test_releases_of_two_devices_name_both(two: Two) -> None:
    """What two devices of one person open at once, each for another answer, makes answers of both."""
    laptop = Answerer("ana laptop")
    first, second = two.ben.seal("hills"), two.ben.seal("lakes")
    ops = [two.hers, first, second, two.ana.release(two.hers, first), laptop.release(two.hers, second)]
    frozen = folded(ops)
    assert sealed_in(frozen, first).named_by
    assert sealed_in(frozen, second).named_by
    assert due(ops, BEN) == [(first.id, two.hers.id), (second.id, two.hers.id)]


def test_an_answer_stays_as_it_was_sealed(two: Two) -> None:
    """A revision of an open answer changes nothing; its author's retraction hides it, nobody else's does."""
    ops = two.open()
    revised = two.ana.revise(two.hers, "I never said so", after=[two.hers])
    record = folded([*ops, revised]).records[two.hers.id]
    assert b"the sea" in bytes(versions_of(record).shown.fields)
    assert versions_of(record).others == ()
    for who, is_hidden in ((two.ben, False), (two.laptop, True)):
        record = folded([*ops, who.retract(two.hers, after=[two.hers])]).records[two.hers.id]
        assert versions_of(record).is_hidden is is_hidden


def test_an_answer_that_was_never_sealed_is_none() -> None:
    """A plain entry that calls itself an answer is passed over: it was bound to nothing."""
    frozen = folded([Answerer("ben phone").write("answer", "I knew it", prompt=PROMPT)])
    assert (len(frozen.records), frozen.malformed) == (0, 1)


def test_nobody_opens_before_both_have_answered(two: Two) -> None:
    """Alone, with another prompt, with two of one's own or with a malformed one of the other: nothing is due."""
    elsewhere = two.ben.seal("sun", prompt="summer plans")
    malformed = two.ben.seal("")
    stranger = Answerer("stranger").seal("I too")
    assert due([two.hers, two.laptop.seal("a hut"), elsewhere, malformed, stranger], ANA) == []
    assert due([two.hers, two.his], ANA) == [(two.hers.id, two.his.id)]
    assert due([two.hers, two.his], BEN) == [(two.his.id, two.hers.id)]


def test_each_opens_once_and_only_one(two: Two) -> None:
    """Who has opened does not open again, and opens a second answer only if the other named it."""
    second = two.laptop.seal("a hut")
    opened = [two.hers, second, two.his, two.ana.release(two.hers, two.his)]
    assert due(opened, ANA) == []
    assert due([*opened, two.ben.release(two.his, second)], ANA) == [(second.id, two.his.id)]
    assert due([two.hers, second, two.his], ANA) == [(two.hers.id, two.his.id)]


def test_after_the_end_nobody_is_the_first_but_everybody_answers() -> None:
    """The end of either answer keeps both from opening first; a release by the other is answered at any time."""
    for hers_ms, his_ms in ((NOW_MS, 0), (0, NOW_MS), (NOW_MS, NOW_MS)):
        two = Two()
        two.hers, two.his = two.ana.seal("sea", until=hers_ms), two.ben.seal("hills", until=his_ms)
        sealed = [two.hers, two.his]
        assert due(sealed, ANA, NOW_MS - 1)
        assert due(sealed, ANA, NOW_MS) == due(sealed, BEN, NOW_MS) == []
        assert due([*sealed, two.ben.release(two.his, two.hers)], ANA, NOW_MS + 10**12) == [(two.hers.id, two.his.id)]


def test_what_was_given_away_is_opened_for_nothing_else(two: Two) -> None:
    """F26: who takes the answer that was opened for out of the book cannot have a second one, sealed later, count."""
    bens_other = Answerer("ben phone", book="begun later")
    given = two.laptop.release(two.hers, two.his)
    later = bens_other.seal("the sea, as I read")
    claimed = bens_other.release(later, two.hers)
    accepted = {two.ben.key: {bens_other.stream: 2}}  # his root's removal of his device: the first does not count
    for ops in ([two.hers, two.his, given, later], [two.hers, two.his, given, later, claimed]):
        swapped = prompted(folded(ops, accepted))
        assert sealed_in(folded(ops, accepted), two.hers).is_given
        assert due_releases(swapped, ANA, NOW_MS) == due_releases(swapped, BEN, NOW_MS) == []
    hers = two.ana.seal("rather the hills")
    anew = prompted(folded([two.hers, two.his, given, later, two.ana.withdraw(two.hers), hers], accepted))
    assert [(one.id, other) for one, other in due_releases(anew, ANA, NOW_MS)] == [(hers.id, later.id)]
    assert due([two.hers, given, later], ANA) == []  # it may still come
    assert not sealed_in(folded([two.hers, two.his, given]), two.hers).is_given
    wrong = two.ana.release(two.hers, b"?" * 32, key=b"k" * 32)
    assert due([two.hers, two.his, wrong], ANA) == [(two.hers.id, two.his.id)]  # that gave nothing away


def test_what_was_taken_back_is_never_opened(two: Two) -> None:
    """A withdrawal keeps its author from opening, also when named, and the other from opening for it."""
    taken_back = [two.hers, two.his, two.laptop.withdraw(two.hers)]
    assert due(taken_back, ANA) == due(taken_back, BEN) == []
    named = [*taken_back, two.ben.release(two.his, two.hers)]
    assert due(named, ANA) == []
    assert shown(folded(named)) == {}
    again = two.ana.seal("rather the sea")
    assert due([*taken_back, again], BEN) == [(two.his.id, again.id)]
    assert due([*named, again], ANA) == []  # his key is out: what is sealed by now is no answer any more


def test_a_withdrawal_that_comes_after_the_opening_changes_nothing(two: Two) -> None:
    """Once open, or by the other, a withdrawal has no effect."""
    late = folded([*two.open(), two.ana.withdraw(two.hers), two.ben.withdraw(two.hers)])
    assert set(shown(late)) == {two.hers.id, two.his.id}
    assert not sealed_in(late, two.hers).is_withdrawn
    assert not sealed_in(folded([two.hers, two.ben.withdraw(two.hers)]), two.hers).is_withdrawn


def test_words_past_a_removal_neither_answer_nor_open(two: Two) -> None:
    """What a removed device sealed or released after its end does not count, and what was shown for it goes again."""
    accepted: dict[bytes, dict[bytes, int]] = {}
    state = answer_state(accepted)
    entry = fixed("an entry").hex()  # its references come and go with the answers
    two.hers, two.his = two.ana.seal("yes", prompt=entry), two.ben.seal("no", prompt=entry)
    ops = two.open()
    for op in ops:
        state.apply(op)
    assert len(shown(state.snapshot())) == 2
    accepted[two.ben.key] = {two.ben.stream: 2}  # his sealing counts, his release does not
    assert state.snapshot() == folded(ops, accepted)
    assert shown(state.snapshot()) == {}
    assert not sealed_in(state.snapshot(), two.his).is_released
    accepted[two.ben.key] = {}
    assert [one.id for one in prompted(state.snapshot(), entry).sealed] == [two.hers.id]
    assert prompted(state.snapshot(), entry).invalid == ()
    accepted.clear()
    assert state.snapshot() == folded(ops)


def test_rewraps_count_by_their_author(two: Two) -> None:
    """Later wraps of one's own devices stand beside the first ones; those of the other do not."""
    ops = [two.hers, two.laptop.rewrap(two.hers, "ana tablet"), two.ben.rewrap(two.hers, "ben tablet")]
    assert sealed_in(folded(ops), two.hers).rewraps == ((fixed("key ana tablet"), b"wrap"),)


def test_what_is_skipped_stands_beside_the_answers() -> None:
    """Skipped prompts are kept by name, however often."""
    ana = Answerer("ana phone")
    assert folded([ana.skip("a"), ana.skip("b"), ana.skip("a")]).answers.skipped == {"a", "b"}


def test_a_journal_without_seals_asks_nobody() -> None:
    """Where nothing is sealed, snapshots share the one empty value."""
    frozen = folded([Scribe("ana phone").write("bid", "walk?")])
    assert frozen.answers is folded([]).answers


def test_a_flood_of_releases_opens_an_answer_once(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 45: releases of one answer under one key are one opening and one text, whoever says how many of them."""
    opened: list[bytes] = []
    real = ToyOpener.text_of

    def counted(self: ToyOpener, seal: Seal, person: bytes, key: bytes) -> str | None:
        opened.append(key)
        return real(self, seal, person, key)

    monkeypatch.setattr(ToyOpener, "text_of", counted)
    flood = [two.ben.release(two.his, two.hers) for _ in range(100)]
    flood += [two.ben.release(two.his, two.hers, key=b"k" * 32) for _ in range(100)]
    assert len(sealed_in(folded([two.hers, two.his, *flood]), two.his).releases) == 1
    assert len(opened) == 2


def test_only_what_is_touched_is_judged_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new operation about one prompt leaves the others alone, and each release is tried once."""
    state = answer_state()
    for number in range(5):
        other = Two()
        other.hers, other.his = other.ana.seal("a", prompt=str(number)), other.ben.seal("b", prompt=str(number))
        for op in other.open():
            state.apply(op)
    before = state.snapshot().answers.prompts
    for op in two.open():
        state.apply(op)
    after = state.snapshot().answers.prompts
    assert all(after[prompt] is judged for prompt, judged in before.items())
    monkeypatch.setattr("unit.merge.sealing.toy_key", lambda *_: b"never asked again")
    state.apply(two.ben.rewrap(two.hers, "x"))
    assert len(shown(state.snapshot())) == 12
