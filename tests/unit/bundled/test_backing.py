from __future__ import annotations

import pytest
from couplejournal_plugins.backing import Backing
from couplejournal_plugins.backing.themes import themes
from unit.bundled.writing import Written

from couplejournal.model.kinds import Appreciation


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of this plugin."""
    return Written(Backing())


def thank(written: Written, *texts: str, tender: str = "none") -> None:
    """Let the two thank by turns."""
    for number, text in enumerate(texts):
        written.add("ana" if number % 2 else "ben", Appreciation(text, why="The Garden", tender=tender), ago=number + 1)


def test_themes_are_words_that_come_up_again(written: Written) -> None:
    """A word in three thanks is a theme, in any case and by whomever; one that a single thanks repeats is none."""
    thank(written, *["Soup, and you listened", "soup!"] * 6, "Ferry, ferry, ferry")
    result = written.says(themes)
    assert result.headline == "What comes up again in your thanks: garden, soup, listened."
    assert not any(sign.isdigit() for sign in result.headline)


def test_themes_need_twelve_of_both(written: Written) -> None:
    """Eleven thanks, or any number by one person, or tender ones, say nothing, in the same words."""
    thank(written, *["Soup"] * 11)
    few = written.says(themes)
    thank(written, *["Soup"] * 12, tender="tender")
    assert written.says(themes) == few
    alone = Written(Backing())
    for number in range(20):
        alone.add("ana", Appreciation("Soup"), ago=number)
    assert alone.says(themes) == few
    assert not few.is_enough


def test_thanks_without_a_common_word_have_no_theme(written: Written) -> None:
    """Short words and words that say nothing are no themes."""
    for number in range(12):
        written.add("ana" if number % 2 else "ben", Appreciation("Thank you for that, wirklich, danke"), ago=number + 1)
    assert not written.says(themes).is_enough
