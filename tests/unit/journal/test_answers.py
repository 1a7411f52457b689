"""Sealed answers of two whole journals: sealed, opened by themselves, shown as entries, taken back, skipped, late."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.errors import InvalidEntryError, NoSuchEntryError, NotYourEntryError
from couplejournal.journal import Journal
from couplejournal.journal.watching import Watch
from couplejournal.seal.keys import Root
from couplejournal.testing.clocks import START_MS
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk

PROMPT = "winter plans"


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path, disk=lambda _: MemoryDisk())
    yield made
    made.close()


def states(journal: Journal, prompt: str = PROMPT) -> tuple[str, str]:
    """Return how a prompt stands for a person."""
    now = journal.answers.of(prompt)
    return now.mine, now.theirs


def both_sealed(couple: Couple, prompt: str = PROMPT) -> None:
    """Let both answer, and everything open."""
    ana, ben = list(couple)[:2]
    ana.answers.seal(prompt, "the sea")
    couple.sync()
    ben.answers.seal(prompt, "mountains")
    couple.sync()


def hand(giver: Journal, taker: Journal) -> None:
    """Give everything of the shared book to another device, which does not answer yet."""
    theirs, ours = giver.device.shared, taker.device.shared
    assert theirs is not None
    assert ours is not None
    ours.take([theirs.read(held.path) for held in theirs.held()])


def test_both_answer_before_either_reads(couple: Couple) -> None:
    """Nothing of an answer is shown before both are sealed; then sync opens both, and both see the same."""
    ana, ben = couple
    assert states(ana) == ("none", "none")
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    assert (states(ana), states(ben)) == (("sealed", "none"), ("none", "sealed"))
    assert [list(one.entries()) for one in couple] == [[], []]
    ben.answers.seal(PROMPT, "mountains")
    assert (states(ben), list(ben.entries())) == (("sealed", "sealed"), [])
    couple.sync()
    for one, texts in ((ana, ("the sea", "mountains")), (ben, ("mountains", "the sea"))):
        now = one.answers.of(PROMPT)
        assert (now.mine, now.theirs, now.is_settled) == ("open", "open", True)
        assert (*now.my_texts, *now.their_texts) == texts
        assert [entry.id for entry in one.entries(kind="answer")] == list(now.entries)
        assert [entry.text for entry in one.entries()] == ["the sea", "mountains"]
    [hers, _] = ben.entries()
    assert (hers.author.name, hers.audience, hers.content) == ("Ana", "shared", cj.Answer(PROMPT, "the sea"))
    assert hers.recorded_at == hers.happened_at


def test_an_answer_that_opens_next_is_told_apart(couple: Couple) -> None:
    """Due is an answer that the next sync opens, and none before the other's has come."""
    ana, ben = couple
    assert not ana.answers.seal(PROMPT, "the sea").is_due
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    hand(ben, ana)
    assert ana.answers.of(PROMPT).is_due
    couple.sync()


def test_an_answer_given_for_one_that_does_not_count_is_told(couple: Couple) -> None:
    """Ben takes the phone out that sealed his answer: Ana's was given for nothing, and is not said to open soon."""
    ana, ben = couple
    phone = couple.start("Ben", home="phone", device_name="phone")
    couple.pair(ben, phone, is_device=True)
    for system in couple.systems:
        system.advance(86_400)
    phone.answers.seal(PROMPT, "mountains")
    couple.sync()
    assert not ana.answers.seal(PROMPT, "the sea").is_given
    couple.sync()
    ben.removal("phone", since=datetime.fromtimestamp(START_MS / 1000 + 43_200, UTC)).carry_out()
    couple.sync()
    now = ana.answers.of(PROMPT)
    assert (now.mine, now.is_given, now.is_due) == ("sealed", True, False)


def test_open_answers_are_entries_like_others(couple: Couple) -> None:
    """They are found, counted, answered and taken back like others, but nobody can give them another text."""
    ana, ben = couple
    both_sealed(couple)
    [hers] = ben.entries(text="SEA")
    assert ben.view().count(audience="shared") == 2
    assert list(ben.entries(text="winter")) == []  # a prompt is no text
    reply = ben.reply(hers, cj.Note("Me too"), audience="shared")
    couple.sync()
    assert [entry.id for entry in ana.view().thread(hers.id)] == [hers.id, reply.id]
    for who, wrong in ((ana, InvalidEntryError), (ben, NotYourEntryError)):
        with pytest.raises(wrong):
            who.revise(hers, cj.Answer(PROMPT, "a desert"))
    with pytest.raises(InvalidEntryError):
        ana.add(cj.Answer(PROMPT, "I knew it"))
    ana.retract(hers)
    couple.sync()
    assert [entry.text for entry in ben.entries(kind="answer")] == ["mountains"]


def test_an_entry_as_a_prompt(couple: Couple) -> None:
    """An entry, its id or a beginning of it names one prompt, and the answers stand in its thread."""
    ana, ben = couple
    bid = ana.add(cj.Bid("Walk?"))
    couple.sync()
    assert ben.answers.seal(ben.entry(bid.id), "yes").prompt == bid.id
    couple.sync()
    assert ana.answers.of(bid.id[:8]).is_entry
    ana.answers.seal(bid.id[:8].upper(), "please")
    couple.sync()
    assert [entry.text for entry in ana.view().thread(bid.id)] == ["Walk?", "yes", "please"]
    assert states(ben, bid.id) == ("open", "open")


def test_what_is_no_prompt(couple: Couple) -> None:
    """Entries of one alone, unknown ids, empty and unprintable lines are refused before anything is written."""
    ana, _ = couple
    private = ana.add(cj.Note("for myself"))
    heads = shared_heads(ana)
    with pytest.raises(InvalidEntryError, match="both can read"):
        ana.answers.seal(private, "text")
    with pytest.raises(NoSuchEntryError):
        ana.answers.seal("decade", "text")
    for prompt in ("", "  ", "two\nlines", "\u202e", "x" * 257, "nul\0"):
        with pytest.raises(InvalidEntryError):
            ana.answers.seal(prompt, "text")
    for text in ("", " \n", "x" * (256 * 1024 + 1), "nul\0"):
        with pytest.raises(InvalidEntryError):
            ana.answers.seal(PROMPT, text)
    assert shared_heads(ana) == heads


def shared_heads(journal: Journal) -> dict[bytes, int]:
    """Return how far the streams of the shared book go."""
    assert journal.device.shared is not None
    return journal.device.shared.heads()


def test_one_prompt_however_it_is_typed(couple: Couple) -> None:
    """Two spellings of one letter, and spaces around, make no other prompt."""
    ana, ben = couple
    ana.answers.seal(unicodedata.normalize("NFD", "Café"), "at nine")
    couple.sync()
    ben.answers.seal(" Café ", "at ten")
    couple.sync()
    assert states(ana, "Café") == ("open", "open")


def test_without_a_shared_journal(tmp_path: Path) -> None:
    """Sealing needs a partner and says so; leaving a prompt does not."""
    ana, _ = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    with pytest.raises(InvalidEntryError, match="no shared journal yet"):
        ana.answers.seal(PROMPT, "x")
    with pytest.raises(InvalidEntryError, match="no shared journal yet"):
        ana.answers.withdraw(PROMPT)
    assert ana.answers.all() == ()
    assert ana.answers.skip(PROMPT).mine == "skipped"


def test_one_answer_each(couple: Couple) -> None:
    """A second answer to a prompt is refused, sealed or open."""
    ana, _ = couple
    ana.answers.seal(PROMPT, "the sea")
    with pytest.raises(InvalidEntryError, match="already"):
        ana.answers.require_answerable(PROMPT)
    both_sealed(couple, "another")
    with pytest.raises(InvalidEntryError, match="already"):
        ana.answers.seal("another", "a desert")


def test_taking_back_and_sealing_anew(couple: Couple) -> None:
    """What is taken back is not opened for the other's answer; the next one is, and then it is too late."""
    ana, ben = couple
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    assert ana.answers.withdraw(PROMPT).mine == "withdrawn"
    couple.sync()
    assert states(ben) == ("none", "none")
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    assert (states(ana), states(ben)) == (("withdrawn", "sealed"), ("sealed", "none"))
    ana.answers.seal(PROMPT, "rather a hut")
    couple.sync()
    assert [entry.text for entry in ben.entries()] == ["mountains", "rather a hut"]
    for one in couple:
        with pytest.raises(InvalidEntryError, match="too late"):
            one.answers.withdraw(PROMPT)
    with pytest.raises(InvalidEntryError, match="no sealed answer"):
        ana.answers.withdraw("never asked")


def test_taking_back_while_the_other_opens(couple: Couple) -> None:
    """Taken back before the other's opening was known here: it stays closed, and the other's is not shown here."""
    ana, ben = couple
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    ben.sync()  # opens his, for hers
    ana.answers.withdraw(PROMPT)  # on a device that has not heard of it
    couple.sync()
    assert (states(ana), states(ben)) == (("withdrawn", "sealed"), ("open", "closed"))
    assert [list(one.entries()) for one in couple] == [[], []]
    assert ben.answers.of(PROMPT).closed == 1


def test_an_opening_here_is_too_late_to_take_back(couple: Couple) -> None:
    """Once the other's opening is here this device owes its own, and takes nothing back."""
    ana, ben = couple
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    ben.answers.tend()
    ben.sync()
    hand(ben, ana)
    with pytest.raises(InvalidEntryError, match="too late"):
        ana.answers.withdraw(PROMPT)
    assert ana.answers.tend()
    assert states(ana) == ("open", "open")


def test_skipping_stays_with_oneself(couple: Couple) -> None:
    """A prompt that is left is listed for oneself; the shared book has not one operation more, and a seal undoes it."""
    ana, ben = couple
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    before = shared_heads(ana)
    files = sorted(path.name for path in couple.drive.rglob("*") if path.is_file())
    assert ana.answers.skip(PROMPT).mine == "skipped"
    ana.answers.skip(PROMPT)
    ana.answers.skip("another")
    couple.sync()
    assert shared_heads(ana) == before
    assert sorted(path.name for path in couple.drive.rglob("*") if path.is_file()) == files
    assert [(one.prompt, one.mine) for one in ana.answers.all()] == [(PROMPT, "skipped"), ("another", "skipped")]
    assert states(ben) == ("sealed", "none")
    ana.answers.seal(PROMPT, "the sea")
    with pytest.raises(InvalidEntryError):
        ana.answers.skip(PROMPT)
    couple.sync()
    assert states(ben) == ("open", "open")


def test_after_its_end_nothing_opens(couple: Couple) -> None:
    """An answer with an end that passed is late: neither side opens, and nobody can answer it any more."""
    ana, ben = couple
    soon = "2026-09-22T00:00Z"
    now = ana.answers.seal(PROMPT, "the sea", until=soon)
    assert now.until is not None
    assert now.until.isoformat() == "2026-09-22T00:00:00+00:00"
    with pytest.raises(InvalidEntryError, match="future"):
        ana.answers.seal("another", "x", until="2026-09-01")
    couple.sync()
    assert ben.answers.of(PROMPT).until == now.until
    for system in couple.systems:
        system.advance(86_400)
    assert (states(ana), states(ben)) == (("sealed", "none"), ("none", "late"))
    with pytest.raises(InvalidEntryError, match="over"):
        ben.answers.seal(PROMPT, "mountains")


def test_an_opening_before_the_end_is_answered_after_it(couple: Couple) -> None:
    """Ben opened in time; Ana's device, which hears of it after the end, opens too."""
    ana, ben = couple
    ana.answers.seal(PROMPT, "the sea", until="2026-09-22T00:00Z")
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    ben.sync()
    for system in couple.systems:
        system.advance(86_400)
    couple.sync()
    assert states(ana) == states(ben) == ("open", "open")


def test_a_device_that_came_later_can_open(couple: Couple) -> None:
    """The key of a closed answer is wrapped for a new device of its author, which opens it alone."""
    ana, ben = couple
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    laptop = couple.start("Ana", home="laptop")
    couple.pair(ana, laptop, is_device=True)
    couple.journals.remove(ana)
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    assert states(laptop) == states(ben) == ("open", "open")
    couple.journals.insert(0, ana)
    couple.sync()
    assert couple.sync() <= 2
    assert len(words_of(ana, "release")) == 2
    assert len(words_of(ana, "rewrap")) == 1


def words_of(journal: Journal, word: str) -> list[object]:
    """Return the operations of a word in the shared book."""
    assert journal.device.shared is not None
    return [op for op in journal.device.shared.ops_after({}) if op.word == word]


def test_two_devices_that_open_at_once(couple: Couple) -> None:
    """Both devices of Ana open the same answer before they hear of each other: one answer, and no endless exchange."""
    ana, ben = couple
    laptop = couple.start("Ana", home="laptop")
    couple.pair(ana, laptop, is_device=True)
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    for one in (ana, laptop):
        hand(ben, one)
        assert one.answers.tend()
        assert not one.answers.tend()
    got: list[cj.Change] = []
    watch = Watch(ben, got.append, after=None)
    couple.sync()
    watch.look()
    assert [change.entry.text for change in got if isinstance(change, cj.Added)] == ["the sea", "mountains"]
    assert len(words_of(ben, "release")) == 3
    assert [entry.text for entry in ben.entries()] == ["the sea", "mountains"]
    assert states(ana) == states(laptop) == states(ben) == ("open", "open")


def test_the_root_alone_opens(couple: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device without a wrap of its own opens what the root opens while that is at hand, and keeps the key."""
    ana, ben = couple
    for prompt in (PROMPT, "another"):
        ana.answers.seal(prompt, "the sea")
    with monkeypatch.context() as patch:
        patch.setattr("couplejournal.journal.exchange.tend_answers", lambda _: False)
        laptop = couple.start("Ana", home="laptop")
        couple.pair(ana, laptop, is_device=True)
    couple.journals.remove(ana)
    seed = ana.device.secrets.root_seed
    assert seed is not None
    assert laptop.device.secrets.root_seed is None
    ben.answers.seal(PROMPT, "mountains")
    couple.sync()
    assert states(laptop) == ("sealed", "sealed")
    assert laptop.answers.tend(root=Root(seed))
    couple.sync()
    assert states(laptop) == states(ben) == ("open", "open")
    ben.answers.seal("another", "a hut")
    couple.sync()
    assert states(laptop, "another") == states(ben, "another") == ("open", "open")


def test_a_fresh_process_opens_what_comes_within_its_deadline(couple: Couple) -> None:
    """A command that has read nothing opens what is due when word of it comes, and reads nothing for its sake else."""
    ana, ben = couple
    ana.answers.seal(PROMPT, "the sea")
    couple.sync()
    ben.answers.seal(PROMPT, "mountains")
    ben.sync()
    fresh = couple.restart(0)
    fresh.sync(deadline_s=5)
    couple.sync()
    assert states(ben) == ("open", "open")
    ben.add(cj.Bid("walk?"))
    ben.sync()
    cold = couple.restart(0)
    cold.sync(deadline_s=5)
    assert cold.device.shared is not None
    assert not cold.reader.has_read(cold.device.shared)


def test_watchers_hear_of_each_answer_once(couple: Couple) -> None:
    """Sealing is told to nobody; the release that brings both to light tells both, each once, over restarts too."""
    ana, _ = couple
    got: list[cj.Change] = []
    watch = Watch(ana, got.append, after=cj.BEGINNING)
    both_sealed(couple)
    for _ in range(3):
        watch.look()
        couple.sync()
    assert [change.entry.text for change in got if isinstance(change, cj.Added)] == ["the sea", "mountains"]
    for seen in (0, 1, 2):  # the cursor of the first lies before the release, so it is told again
        more: list[cj.Change] = []
        Watch(ana, more.append, after=cj.BEGINNING if seen == 0 else got[seen - 1].cursor).look()
        assert len(more) == (2, 2, 0)[seen]
