"""The promises of every plugin, and what this one adds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from couplejournal_reading import HOW, READING, Reading, shelf
from hypothesis import given, settings

from couplejournal.plugins import AnalysisRequest, JournalPlugin, PluginHost
from couplejournal.testing import CommandLine, Couple, PluginContract, requests, written


class TestReading(PluginContract):
    """What every plugin promises."""

    def make_plugin(self) -> JournalPlugin:
        """Return the plugin."""
        return Reading()


@pytest.fixture
def plugin() -> JournalPlugin:
    """Return the plugin, so that the journals of these tests know its kind."""
    return Reading()


def test_a_book_is_of_both(pair: Couple, plugin: JournalPlugin, plugin_host: Callable[..., PluginHost]) -> None:
    """What one wrote down the other finishes, and both have it on their shelf."""
    ana, ben = pair
    book = ana.add(written(READING, title="The Summer Book", by="Tove Jansson", how=HOW[0]))
    ana.add(written(READING, title="A present"), audience="private")
    pair.sync()
    ben.step(book.id, "finish")
    pair.sync()
    for journal in pair:
        [done] = plugin_host(plugin, journal).analyze()
        assert done.result is not None
        [row] = done.result.tables[0].rows
        assert row[:3] == ("The Summer Book", "Tove Jansson", "read to its end")


def test_an_empty_shelf_says_so(plugin: JournalPlugin, plugin_host: Callable[..., PluginHost]) -> None:
    """Without a book there is not enough to say."""
    [done] = plugin_host(plugin).analyze()
    assert done.result is not None
    assert not done.result.is_enough


def test_the_questions_speak_both_languages(plugin: JournalPlugin, plugin_host: Callable[..., PluginHost]) -> None:
    """Each question is there in English and in German, and asks for an entry about a book."""
    english, german = (plugin_host(plugin).prompts(language=language) for language in ("en", "de-AT"))
    assert [one.id for one in english] == [one.id for one in german]
    assert {one.kind for one in (*english, *german)} == {"reading"}
    assert {one.language for one in german} == {"de"}


@settings(max_examples=25, deadline=None)
@given(requests(READING))
def test_every_shelf_can_be_shown(request: AnalysisRequest) -> None:
    """Whatever was written down, the shelf has each book that both can see, or says that there is none."""
    found = shelf(request)
    books = list(request.view.entries(kind="reading"))
    assert found.is_enough == bool(books)
    assert sum(len(table.rows) for table in found.tables) == min(len(books), 40)


def test_it_is_used_as_a_person_would(cli: CommandLine) -> None:
    """Once it is installed it is turned on, and a book is written down, finished and listed."""
    assert cli("plugins", "enable", "reading", "--agree", "reading").code == 0
    assert cli("prompt").code == 0
    saved = cli("add", "reading", "We begin tonight.", "--field", "title=The Summer Book", "--json")
    assert saved.code == 0, saved.err
    assert "reading/shelf" in cli("analyze", "reading").out
