"""The question of a day in two journals: opened by either, answered by both, whatever zones, packs and the folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path

import pytest
from couplejournal_plugins.dailyquestion import ID, DailyQuestion

import couplejournal as cj
from couplejournal.errors import InvalidEntryError
from couplejournal.journal import Journal
from couplejournal.journal.questions import question_from
from couplejournal.plugins import PluginHost, Prompt, PromptRequest
from couplejournal.testing.couples import Couple, pair
from couplejournal.testing.disks import MemoryDisk

DAY = timedelta(days=1)
SOME_DAY = datetime(2028, 1, 3, 12, tzinfo=UTC)
TOKYO, LIMA = timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))
SONG = Prompt(id="dailyquestion/song", text="Which song?", texts={"en": "Which song?", "de": "Welches Lied?"}, depth=1)
SEA = Prompt(id="dailyquestion/sea", text="Sea or hills?", texts={"en": "Sea or hills?"})
OWN = Prompt(id="ourdeck/kettle", text="Wer macht Tee?", language="de")


class Newer(DailyQuestion):
    """A version that has lost some questions."""

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Leave every seventh out."""
        return [one for number, one in enumerate(super().prompts(request)) if number % 7]


VERSIONS = (DailyQuestion, Newer)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal for all tests here."""
    made = pair(tmp_path_factory.mktemp("both"), disk=lambda _: MemoryDisk())
    yield made
    made.close()


@pytest.fixture
def couple(both: Couple) -> Couple:
    """Return the two on a day of their own, a week after the last one, at one place and in step."""
    for journal, system in zip(both, both.systems, strict=True):
        system.advance(7 * DAY.total_seconds())
        live_in(journal, UTC)
    both.sync()
    return both


def live_in(journal: Journal, zone: tzinfo) -> None:
    """Move a person to another zone."""
    journal.reader.zone = zone


def is_for_both(journal: Journal) -> bool:
    """Return whether a day is opened for both now."""
    return journal.questions.is_for_both


def shown(journal: Journal, day: date) -> list[str]:
    """Return the ids of the questions of a day, the one that is shown first."""
    return [entry.id for entry in journal.questions.of(day)]


def standing(journal: Journal, prompt: str) -> tuple[str, str]:
    """Return how a question stands for a person."""
    now = journal.answers.of(prompt)
    return now.mine, now.theirs


def test_whoever_opens_the_day_first_opens_it_for_both(couple: Couple) -> None:
    """The other sees the same question without a plugin, in an own language, and both answers open together."""
    ana, ben = couple
    day = ana.questions.today
    opened = ana.questions.open(day, SONG)
    couple.sync()
    (seen,) = ben.questions.of(day)
    assert (seen.id, seen.audience, seen.precision) == (opened.id, "shared", "day")
    assert isinstance(seen.content, cj.Question)
    assert [seen.content.text_in(tag) for tag in ("de-AT", "en", "fr")] == [
        ("Welches Lied?", "de"), ("Which song?", "en"), ("Which song?", "en"),
    ]  # fmt: skip
    assert ben.questions.open(day, SEA) == seen
    assert shown(ana, day) == [opened.id]
    ben.answers.seal(seen.id[:8], "the old one")
    couple.sync()
    assert standing(ana, opened.id) == ("none", "sealed")
    ana.answers.seal(opened, "any of them")
    couple.sync()
    assert ben.answers.of(seen.id).their_texts == ("any of them",)
    ((question, answering),) = ana.questions.opened(day, day)
    assert (question.id, answering.my_texts) == (opened.id, ("any of them",))
    assert [one.kind for one in ben.questions.thread(ben.entry(answering.entries[0]))] == ["question"] + ["answer"] * 2
    assert ben.questions.thread(seen) == ben.questions.thread(ben.entry(answering.entries[0]))


@pytest.mark.parametrize("first", [0, 1])
def test_two_who_open_a_day_unheard_of_each_other_with_one_question(couple: Couple, first: int) -> None:
    """It is one question in two entries; both show the lower id, and what each answered before opens together."""
    ana, ben = couple
    day = ana.questions.today
    ids = sorted(journal.questions.open(day, SONG).id for journal in couple)
    for journal in couple:
        journal.answers.seal(shown(journal, day)[0], f"of {journal.partner_name}")
    for journal in (ana, ben)[first:] + (ana, ben)[:first]:
        journal.sync()
    couple.sync()
    assert shown(ana, day) == shown(ben, day) == ids[:1]
    for name in ids:
        assert standing(ana, name) == standing(ben, name) == ("open", "open")


@pytest.mark.parametrize("first", [0, 1])
def test_a_tie_of_two_questions_shows_the_lower_id_and_opens_any(couple: Couple, first: int) -> None:
    """F30: in whichever order they arrive both show the same first; each opens once both have answered it."""
    ana, ben = couple
    day = ana.questions.today
    hers, his = ana.questions.open(day, SEA), ben.questions.open(day, OWN)
    ana.answers.seal(hers, "sea")
    ben.answers.seal(his, "ich")
    for journal in (ana, ben)[first:] + (ana, ben)[:first]:
        journal.sync()
    couple.sync()
    assert shown(ana, day) == shown(ben, day) == sorted([hers.id, his.id])
    assert standing(ana, hers.id) == ("sealed", "none")
    later = max(hers, his, key=lambda one: one.id)
    answerer = ben if later.id == hers.id else ana
    answerer.answers.seal(later, "late, and not the one that is shown")
    couple.sync()
    assert standing(ana, later.id) == standing(ben, later.id) == ("open", "open")
    assert [one.id for one, _ in ana.questions.opened(day, day)] == [later.id]
    assert {"dailyquestion/sea", "ourdeck/kettle"} <= set(ana.questions.recent(day + DAY))
    assert "ourdeck/kettle" not in ana.questions.recent(day - 300 * DAY)


def test_an_offline_stretch_in_which_both_open_every_day(couple: Couple) -> None:
    """Two versions come to the same question on most days and differ on some; what both have answered opens."""
    ana, ben = couple
    for system in couple.systems:
        system.set_to(round(SOME_DAY.timestamp() * 1000))  # the lots depend on the date alone, since "ours" is given
    first = ana.questions.today
    hosts = [
        PluginHost(one, {ID: made()}, system=one.device.system) for one, made in zip(couple, VERSIONS, strict=True)
    ]
    for _ in range(7):
        for journal, host in zip(couple, hosts, strict=True):
            day, asking = journal.questions.today, journal.questions
            offer = host.prompt(language="de", couple="ours", recent=asking.recent(day))
            assert offer is not None
            journal.answers.seal(asking.open(day, offer), f"of {day}")
        for system in couple.systems:
            system.advance(DAY.total_seconds())
    last = ana.questions.today - DAY
    couple.sync()
    days = [first + number * DAY for number in range(7)]
    assert [shown(ana, day) for day in days] == [shown(ben, day) for day in days]
    asked = [ana.questions.of(day) for day in days]
    same = [one[0].id for one in asked if len(one) == 1]
    assert len(same) == 6
    assert [one.id for one, _ in ana.questions.opened(first, last)] == same
    for other in (one for day in asked for one in day if one.id not in same):
        late = ben if standing(ana, other.id)[0] == "sealed" else ana
        late.answers.seal(other.id, "after all")
    couple.sync()
    assert len(ben.questions.opened(first, last)) == sum(map(len, asked))


def test_two_zones_across_midnight(couple: Couple) -> None:
    """A day is each one's own date: in Lima it is still the day before, and the same question comes a date later."""
    ana, ben = couple
    live_in(ana, TOKYO)
    live_in(ben, LIMA)
    evening = datetime.fromtimestamp(couple.systems[0].now_ms() / 1000, LIMA).replace(hour=20, minute=0, second=0)
    for system in couple.systems:
        system.set_to(round(evening.timestamp() * 1000))
    his, hers = ben.questions.today, ana.questions.today
    assert hers == his + DAY
    opened = ana.questions.open(hers, SONG)
    before = ben.questions.open(his, SEA)
    couple.sync()
    assert shown(ben, his) == shown(ana, his) == [before.id]
    for system in couple.systems:
        system.advance(6 * 3600)
    assert ben.questions.today == hers
    assert shown(ben, ben.questions.today) == [opened.id]
    assert ben.questions.open(hers, OWN).id == opened.id


def test_an_older_question_can_be_answered_late(couple: Couple) -> None:
    """Weeks later, and when nobody offers it any more, both can still answer; a time that was set is kept to."""
    ana, ben = couple
    day = ana.questions.today
    opened = ana.questions.open(day, OWN)
    ana.answers.seal(opened, "beide")
    timed = ana.questions.open(day + DAY, SEA)
    ana.answers.seal(timed, "sea", until=day + 3 * DAY)
    couple.sync()
    for system in couple.systems:
        system.advance(5 * DAY.total_seconds())
    ben.answers.seal(opened.id, "du")
    couple.sync()
    assert standing(ana, opened.id) == ("open", "open")
    assert standing(ben, timed.id) == ("none", "late")
    with pytest.raises(InvalidEntryError, match="over"):
        ben.answers.seal(timed.id, "hills")


def test_taken_back_and_left_out(couple: Couple) -> None:
    """An answer that was taken back can be given anew; who skips tells nobody, and may still answer."""
    ana, ben = couple
    opened = ana.questions.open(ana.questions.today, SONG)
    ana.answers.seal(opened, "first")
    ana.answers.withdraw(opened.id[:8])
    couple.sync()
    before = len(list(ana.view().entries(audience="shared")))
    ben.answers.skip(opened.id)
    couple.sync()
    assert standing(ben, opened.id) == ("skipped", "none")
    assert len(list(ana.view().entries(audience="shared"))) == before
    assert standing(ana, opened.id) == ("withdrawn", "none")
    ana.answers.seal(opened, "second")
    ben.answers.seal(opened.id, "after all")
    couple.sync()
    assert ben.answers.of(opened.id).their_texts == ("second",)


def test_a_question_that_was_retracted_is_asked_anew_and_its_answers_stay(couple: Couple) -> None:
    """Its author may take the entry back: the day can be opened again, and what was sealed to it still opens."""
    ana, ben = couple
    day = ana.questions.today
    opened = ana.questions.open(day, SONG)
    ana.answers.seal(opened, "mine")
    couple.sync()
    ana.retract(opened)
    couple.sync()
    assert shown(ben, day) == []
    again = ben.questions.open(day, SONG)
    ben.answers.seal(again, "his")
    couple.sync()
    assert standing(ana, again.id) == ("open", "open")


def test_what_another_program_writes_as_a_question(couple: Couple) -> None:
    """F30: a day or an id that is none and a far place in time mislead nobody; answers are sealed to day and id."""
    ana, ben = couple
    day = ana.questions.today
    good = question_from(SONG, day)
    far = ben.add(good, audience="shared", happened_at=day - 30 * DAY)
    for content in (
        cj.Question("x", question="No Id", day=day.isoformat()),
        cj.Question("x", question="a/b", day="tomorrow"),
        cj.Question("x\ny", question="a/b", day=day.isoformat()),
        cj.Question("x", question="a/b", day=day.isoformat(), texts={"en": " "}),
        cj.Question("x", question="a/b", day=day.isoformat(), language="english, please"),
    ):
        with pytest.raises(InvalidEntryError):
            ana.add(content)
        if not content.is_sound:
            assert cj.Question.text_in(content, "de") == (content.text, "en")
    couple.sync()
    assert shown(ana, day) == []
    opened = ana.questions.open(day, SONG)
    couple.sync()
    ben.answers.seal(opened.id, "sealed to the line")
    assert [one.prompt for one in ben.answers.all()][-1] == good.line
    assert ben.answers.of(far.id).prompt == good.line
    assert ana.questions.with_line("2026-02-31 a/b") is None
    assert ana.questions.with_line("winter plans") is None


def test_alone_it_stays_private_and_inviting_shares_nothing_of_it(tmp_path: Path) -> None:
    """Without a partner an answer is a private note to a private question, and so it stays when somebody joins."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk(), is_paired=False)
    ana, ben = couple
    day = ana.questions.today
    assert not is_for_both(ana)
    alone = ana.questions.couple
    question = ana.questions.open(day, SONG)
    answer = ana.questions.answer_alone(question, "this one")
    assert (question.audience, answer.audience) == ("private", "private")
    assert isinstance(answer.content, cj.Note)
    assert answer.content.source == "prompt:dailyquestion/song"
    assert ana.questions.answered_alone(question) == (ana.entry(answer.id),)
    assert [one.id for one in ana.questions.thread(question)] == [question.id, answer.id]
    assert ana.questions.recent(day + DAY) == ("dailyquestion/song",)
    with pytest.raises(InvalidEntryError):
        ana.questions.answer_alone(question, "  ")
    couple.pair(ana, ben, share_existing=True)
    assert list(ben.entries()) == []
    assert is_for_both(ana)
    assert ana.questions.couple == ben.questions.couple != alone
    assert shown(ana, day) == []
    assert ana.questions.open(day, SEA).audience == "shared"
    assert ana.entry(answer.id).audience == "private"
    couple.close()


def test_a_removed_device_opens_no_day_for_both(tmp_path: Path) -> None:
    """It writes nothing into the shared journal any more; what its person answers there stays private."""
    couple = pair(tmp_path, disk=lambda _: MemoryDisk())
    ana, ben = couple
    assert is_for_both(ana)
    ana.parting.leave()
    assert not is_for_both(ana)
    assert ana.questions.open(ana.questions.today, SONG).audience == "private"
    couple.sync()
    assert list(ben.entries(kind="question")) == []
    couple.close()
