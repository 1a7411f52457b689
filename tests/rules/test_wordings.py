"""S5 and S17 as far as words go, and who the two are: every text on a screen against the written list."""

from __future__ import annotations

import pytest
from rules.texts import CLI, Text, every_text, sentences
from wordings.reading import everywhere

WORDS = everywhere()


def wrong(texts: list[Text]) -> list[tuple[str, str, str]]:
    """Return each text with a word of the list, where it is and the word."""
    return [
        (text.where, word.word, text.text)
        for word in WORDS
        for text in texts
        if text.language == word.language and word.is_in(text.text)
    ]


def test_no_text_blames_presses_counts_diagnoses_or_guesses_who_the_two_are() -> None:
    """Every text of every bundled plugin in both languages, and what the command line says, keeps to the list."""
    texts = every_text()
    assert {text.language for text in texts} == {"en", "de"}
    assert {text.where.split("/")[0] for text in texts} == {"plugins", "couplejournal"}
    assert wrong(texts) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "You should thank each other more."),
        ("en", "An overdue talk: 9 days!"),
        ("en", "Whose fault was it? You ignored a bid."),
        ("en", "Your streak is 12 days."),
        ("en", "This is a symptom of an attachment style."),
        ("en", "Write down what your husband likes."),
        ("de", "Du solltest endlich antworten."),
        ("de", "Mach deinem Gegenüber keinen Vorwurf."),
        ("de", "Euer Punktestand ist gestiegen."),
        ("de", "Das klingt toxisch."),
        ("de", "Was mag deine Frau?"),
    ],
)
def test_the_list_finds_what_it_is_there_for(language: str, text: str) -> None:
    """A planted sentence of each sort, in each language, is found; in the other language nobody looks for it."""
    assert wrong([Text("planted", language, text)])


def test_what_the_command_line_says_is_read() -> None:
    """Sentences and the help of commands are read, and what programmers read is not."""
    command = '@click.command()\ndef bid():\n    """You must hurry."""\n    say("a streak !")\n'
    source = f'"""You should not be read."""\n{command}'
    assert [text.text for text in sentences(source, CLI / "x.py")] == ["You must hurry.", "a streak !"]
