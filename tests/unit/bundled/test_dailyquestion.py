"""The questions of the day: their words, and whose turn it is on which day."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from couplejournal_plugins.dailyquestion import DailyQuestion
from couplejournal_plugins.dailyquestion.rotation import depth_of, question_of
from couplejournal_plugins.dailyquestion.texts import DEPTHS, LANGUAGES, STEPS, questions
from wordings.reading import ids_ever, rules

from couplejournal.model.question import Question
from couplejournal.plugins import ChoosePrompt, JournalPlugin, Prompt, PromptRequest
from couplejournal.testing.plugins import PluginContract

FIRST = date(2026, 11, 24)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
PROMPTS = tuple(Prompt(id=f"dailyquestion/{one.id}", text="x") for one in questions())
FORMAL = re.compile(r"\b(Sie|Ihr|Ihre\w*)\b")


class TestDailyQuestion(PluginContract):
    """The bundled daily question."""

    @pytest.mark.long
    def test_many_entries_are_no_failure(self) -> None:
        """Every hook answers over 10,000 entries."""
        super().test_many_entries_are_no_failure()

    def make_plugin(self) -> JournalPlugin:
        """Return the plugin."""
        return DailyQuestion()


def texts() -> Iterator[tuple[str, str, str]]:
    """Yield id, language and text of every wording."""
    return ((one.id, language, text) for one in questions() for language, text in one.texts.items())


def asked(day: date, *, couple: str = "ours", recent: tuple[str, ...] = (), skip: int = 0) -> str | None:
    """Return the id that the plugin chooses for a day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    request = ChoosePrompt(prompts=PROMPTS, now=noon, zone=UTC, couple=couple, recent=recent, skip=skip)
    return DailyQuestion().choose_prompt(request)


def test_a_question_for_each_day_of_a_year_in_both_languages() -> None:
    """There are more than days in a year; each has a step, a depth, and words in every language; no two are alike."""
    assert len(questions()) >= 366
    assert {one.step for one in questions()} == set(STEPS)
    assert {one.depth for one in questions()} == set(DEPTHS)
    assert all(set(one.texts) == set(LANGUAGES) for one in questions())
    assert max(Counter(text for _, _, text in texts()).values()) == 1


def test_an_id_is_for_ever() -> None:
    """Ids are unique, well formed, the same in all languages, and in the list of all that were ever given."""
    ids = [one.id for one in questions()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) and len(one) <= 40 for one in ids)
    assert sorted(ids) == sorted(name for name, is_used in ids_ever().items() if is_used)


def test_every_wording_keeps_to_the_list() -> None:
    """No wording blames, presses, keeps score, diagnoses, or guesses who the two are and how they live."""
    wrong = [
        (name, rule.line, text)
        for rule in rules()
        for name, language, text in texts()
        if language == rule.language and name not in rule.right_in and rule.pattern.search(text)
    ]
    assert wrong == []
    assert {name for rule in rules() for name in rule.right_in} <= {one.id for one in questions()}


def test_every_wording_can_be_read_aloud() -> None:
    """It is one sentence or two, ends as one, and speaks to one person as people do who know each other."""
    for name, language, text in texts():
        assert 20 <= len(text) <= 180, name
        assert text[-1] in "?.", name
        assert text == " ".join(text.split()), name
        assert language != "de" or not FORMAL.search(text[1:]), name


def test_every_question_can_be_written_down_for_both() -> None:
    """Its content passes what an entry is held to."""
    for prompt in DailyQuestion().prompts(PromptRequest(now=datetime(2026, 1, 1, tzinfo=UTC), zone=UTC, language="de")):
        assert prompt.texts.keys() == set(LANGUAGES)
        others = {tag: text for tag, text in prompt.texts.items() if tag != prompt.language}
        assert prompt.language == "de"
        Question(
            prompt.text, question=f"dailyquestion/{prompt.id}", day="2026-01-01", language="de", texts=others
        ).require_own()


def test_no_question_comes_back_within_a_year() -> None:
    """Over more than a year of one couple the same question is at least a year apart, and there always is one."""
    last: dict[str, date] = {}
    for day in (FIRST + number * DAY for number in range(450)):
        recent = {name for name, asked_on in last.items() if day - asked_on <= YEAR}
        found = question_of(day, questions(), couple="ours", recent=recent)
        assert found is not None
        assert found.depth == depth_of(day)
        assert found.id not in recent
        last[found.id] = day


def test_another_version_differs_on_few_days() -> None:
    """Where one of twenty questions is missing, nineteen of twenty days are what they were."""
    fewer = [one for number, one in enumerate(questions()) if number % 20]
    days = [FIRST + number * DAY for number in range(100)]
    same = sum(question_of(day, questions(), couple="x") == question_of(day, fewer, couple="x") for day in days)
    assert 85 <= same < 100


def test_the_rhythm_of_depths_is_the_same_for_everybody() -> None:
    """Two light, two closer and one deep question in any five days, and never two deep ones in a row."""
    depths = [depth_of(FIRST + number * DAY) for number in range(25)]
    for start in range(20):
        assert sorted(depths[start : start + 5]) == [1, 1, 2, 2, 3]
    assert (3, 3) not in itertools.pairwise(depths)


def test_couples_have_orders_of_their_own() -> None:
    """Two couples hardly ever meet the same question on the same day; both of a couple always do."""
    days = [FIRST + number * DAY for number in range(30)]
    ours, again, others = ([asked(day, couple=name) for day in days] for name in ("ours", "ours", "others"))
    assert ours == again
    assert sum(one == other for one, other in zip(ours, others, strict=True)) < 3


def test_what_was_asked_within_a_year_is_passed_over() -> None:
    """Whichever way a question came up, another of its depth takes its place; where all did, all draw again."""
    first = asked(FIRST)
    assert first is not None
    second = asked(FIRST, recent=(first,))
    assert second not in (first, None)
    assert asked(FIRST, recent=("ourdeck/kettle", "bids/song")) == first
    every = tuple(f"dailyquestion/{one.id}" for one in questions())
    assert asked(FIRST, recent=every) == first


def test_a_question_for_nobody_in_particular_is_left_to_others() -> None:
    """Without a journal, and for another one, all plugins take their turn; where there is none of a depth, too."""
    assert asked(FIRST, couple="") is None
    assert asked(FIRST, skip=1) is None
    light = [one for one in questions() if one.depth == 1]
    deep = next(FIRST + number * DAY for number in range(5) if depth_of(FIRST + number * DAY) == 3)
    assert question_of(deep, light, couple="ours") is None
