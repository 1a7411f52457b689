"""The content of a day's question: its words by language, its line, and what is refused."""

from __future__ import annotations

import pytest

from couplejournal.errors import InvalidEntryError
from couplejournal.model.content import RawContent, words_in
from couplejournal.model.kinds import Question, decode_content, require_valid
from couplejournal.model.question import LINE

TEXTS = {"en": "Which song?", "pt-BR": "Que canção?", "zh-Hant": "哪首歌?"}
SONG = Question("Welches Lied?", question="dailyquestion/song", day="2026-11-24", language="de", texts=TEXTS)


def changed(**fields: object) -> Question:
    """Return the question with other fields."""
    return Question(**{"text": "x", "question": "a/b", "day": "2026-11-24"} | fields)  # type: ignore[arg-type]


NEAREST = {
    "de": "de", "de-AT": "de", "de_CH": "de", "EN": "en", "pt": "pt-BR", "pt-PT": "pt-BR", "ja": "en", "": "en",
}  # fmt: skip


@pytest.mark.parametrize(("asked", "tag"), NEAREST.items())
def test_the_nearest_language(asked: str, tag: str) -> None:
    """The very tag, else the language, else any of that language, else English."""
    assert SONG.text_in(asked) == (({"de": "Welches Lied?"} | TEXTS)[tag], tag)


def test_without_english_the_first_words_serve() -> None:
    """Whoever opened the day in a language that nobody else has is read in that one."""
    assert changed(text="Hvad?", language="da").text_in("fr") == ("Hvad?", "da")


def test_the_line_is_day_and_id() -> None:
    """It is what answers are sealed to, and is told from other prompts."""
    assert SONG.line == "2026-11-24 dailyquestion/song"
    assert LINE.fullmatch(SONG.line)
    assert not LINE.fullmatch("winter plans")


def test_it_is_found_in_every_language() -> None:
    """A search looks into all of its words."""
    assert {"Welches Lied?", *TEXTS.values()} <= set(words_in(SONG.to_fields()))


def test_it_is_stored_and_read_again() -> None:
    """Its fields come back as they were; texts that are no texts make it raw, and nothing raises."""
    fields = SONG.to_fields()
    assert decode_content("question", 1, fields) == SONG
    assert changed().to_fields().keys() == {"text", "question", "day"}
    for broken in ({**fields, "texts": ["x"]}, {**fields, "texts": {"de": 1}}, {"text": "x"}):
        assert isinstance(decode_content("question", 1, broken), RawContent)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": " "}, {"text": "two\nlines"}, {"text": "x" * 2_001}, {"question": "song"}, {"question": "A/b"},
        {"question": "a/b c"}, {"day": "2026-02-30"}, {"day": "20261124"}, {"day": ""}, {"language": "English"},
        {"texts": {"de": ""}}, {"texts": {"d": "x"}}, {"texts": {"de": "a\u202eb"}},
        {"texts": {f"de-{number:04}": "x" for number in range(33)}},
    ],
)  # fmt: skip
def test_what_cannot_be_written(fields: dict[str, object]) -> None:
    """An id, a day, a language or words that are none are refused."""
    require_valid(changed())
    with pytest.raises(InvalidEntryError):
        require_valid(changed(**fields))


@pytest.mark.parametrize("fields", [{"question": "No Id"}, {"day": "tomorrow"}, {"text": " "}])
def test_what_another_program_wrote_is_not_sound(fields: dict[str, object]) -> None:
    """It is read, and no day has it."""
    assert not changed(**fields).is_sound
    assert SONG.is_sound
