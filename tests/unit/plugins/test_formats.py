"""What importers and exporters of plugins give, whole or not at all."""

from __future__ import annotations

import re
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pytest
from unit.plugins.test_hooks import Whole, exits, hosted, huge, number, raises

from couplejournal.errors import PluginError
from couplejournal.model.kinds import core_kinds
from couplejournal.plugins import Draft, Exporter, Importer, JournalPlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def test_an_imported_entry_names_where_it_came_from() -> None:
    """The source has the importer and a mark: of the id of the entry, else of its words and time; no word is in it."""

    class Named(JournalPlugin):
        def importers(self) -> Iterable[Importer]:
            for name, ids in (("ids", True), ("words", False)):
                yield Importer(id=name, title=name, read=lambda data, _, ids=ids: _lines(data, ids=ids))  # type: ignore[misc]

    host, _ = hosted(named=Named())

    def sources(name: str, text: bytes) -> list[str]:
        return [content.source for _, content in host.read_import(name, text, kinds=core_kinds()) or ()]

    assert sources("ids", b"a\nb") == sources("ids", b"other\nwords")
    assert len({*sources("ids", b"a\nb"), *sources("words", b"a\nb\nb")}) == 4
    assert sources("words", b"a\nb")[0] == sources("words", b"a")[0]
    assert all(re.fullmatch("import:named/(ids|words)#[0-9a-f]{32}", one) for one in sources("words", b"secret"))


def _lines(data: bytes, *, ids: bool) -> Iterator[Draft]:
    for place, line in enumerate(data.decode().splitlines()):
        yield Draft(kind="note", text=line, source_id=f"number {place}" if ids else "")


def test_a_format_that_several_plugins_have_is_named_whole() -> None:
    """Its short name is refused with the ids to choose from, and the whole one is taken."""
    host, _ = hosted(one=Whole(), two=Whole())
    with pytest.raises(PluginError) as caught:
        host.export("lines")
    assert "one/lines, two/lines" in caught.value.hint
    assert host.export("two/lines") == b"mine\ntheirs\nprivate\n"


@pytest.mark.parametrize("does", [raises, exits, huge, number, lambda _: repeat(b"x" * 1_000_000)])
def test_no_part_of_a_file(does: Callable[..., Any]) -> None:
    """An exporter that fails halfway, never ends or gives no bytes gives no file; its plugin is named."""

    class Bad(JournalPlugin):
        def exporters(self) -> Iterable[Exporter]:
            yield Exporter(id="x", title="X", suffix=".x", export=does)

    host, told = hosted(bad=Bad())
    assert host.export("x") is None
    assert told[0].startswith("plugin bad failed in exporter x: ")
    with pytest.raises(PluginError, match="exporters"):
        host.export("horoscope")


@pytest.mark.parametrize(
    "bad",
    [
        Draft(kind="horoscope", text="x"),
        Draft(kind="note"),
        Draft(kind="note", text="x", fields={"odd": 1}),
        Draft(kind="answer", text="x"),
        Draft(kind="response", fields={"turn": "away"}),
        Draft(kind="partner-words", text="x"),
        "text",
    ],
)
def test_an_import_is_whole_or_none(bad: Any) -> None:
    """One draft that cannot be an entry, and nothing of the import is given."""

    class Bad(JournalPlugin):
        def importers(self) -> Iterable[Importer]:
            yield Importer(id="x", title="X", read=lambda *_: iter([Draft(kind="note", text="good"), bad]))

    host, told = hosted(bad=Bad())
    assert host.read_import("x", b"", kinds=core_kinds()) is None
    assert len(told) == 1
