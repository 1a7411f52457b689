"""The kit for authors of plugins: its fixtures, its sample in declared kinds, and its strategies."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings

import couplejournal as cj
from couplejournal.errors import PluginError
from couplejournal.plugins import (
    Analysis,
    AnalysisRequest,
    AnalysisResult,
    Field,
    JournalPlugin,
    Kind,
    Lifecycle,
    Permissions,
    PluginHost,
    Transition,
)
from couplejournal.testing import (
    CommandLine,
    Couple,
    FakeSystem,
    fixtures,
    plugin_host,
    requests,
    sample,
    view_of,
    written,
)
from couplejournal.testing.fixtures import cli, clock, journal, pair
from couplejournal.testing.fixtures import plugin_host as hosting

__all__ = ["cli", "clock", "hosting", "journal", "pair"]  # fixtures, as an author's conftest.py has them

WALK = Kind(
    "walk",
    fields=(
        Field("weather", choices=("fair", "foul"), is_needed=True),
        Field("people", "texts"),
        Field("hours", "number", least=0.5, most=12),
        Field("bridges", "whole", least=0, most=3),
        Field("planned_for", "day"),
        Field("alone", "yes-no"),
    ),
    default_audience="shared",
    lifecycle=Lifecycle(
        "planned",
        (
            Transition("planned", "start", "walking", "author"),
            Transition("planned", "join", "walking", "other"),
            Transition("walking", "rest", "planned", "either"),
        ),
    ),
)


class Walks(JournalPlugin):
    """A plugin with a kind and an analysis."""

    def kinds(self) -> Iterable[Kind]:
        yield WALK

    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="all", title="All", run=counted)


def counted(request: AnalysisRequest) -> AnalysisResult:
    """Say how many walks there were."""
    return AnalysisResult(headline=f"{sum(1 for _ in request.view.entries(kind='walk'))} on {request.now:%Y-%m-%d}")


@pytest.fixture
def plugin() -> JournalPlugin:
    """Return the plugin of these tests, so that the journals know its kind."""
    return Walks()


def test_the_fixtures_fit_together(
    pair: Couple, journal: cj.Journal, clock: FakeSystem, hosting: Callable[..., PluginHost], plugin: JournalPlugin
) -> None:
    """An entry of the plugin's kind reaches the other device; the host reads Ana's journal at the clock's time."""
    walk = journal.add(written(WALK, "Along the river.", weather="fair"))
    pair.sync()
    ana, ben = pair
    assert ana is journal
    assert ben.entry(walk.id).content == walk.content
    clock.advance(86_400)
    [done] = hosting(plugin).analyze()
    assert done.result == AnalysisResult(headline="1 on 2026-09-22")
    [seen] = hosting(plugin, permissions=Permissions(read=("mine",), kinds=("bid",))).analyze()
    assert seen.result == AnalysisResult(headline="0 on 2026-09-22")
    with pytest.raises(PluginError, match="worker"):
        hosting(plugin, mode="worker")  # it stands in no package


def test_a_failing_plugin_raises_in_the_kit() -> None:
    """Unless somebody wants the reports, what a host would only name ends the test."""

    class Failing(JournalPlugin):
        def prompts(self, request: object) -> Iterable[None]:  # type: ignore[override]
            raise ValueError

    with pytest.raises(PluginError, match="failed in prompts"):
        plugin_host(Failing(), view_of(())).prompts()
    told: list[str] = []
    assert plugin_host(Failing(), view_of(()), report=told.append).prompts() == ()
    assert len(told) == 1


def test_the_command_line_has_a_journal(cli: CommandLine) -> None:
    """What is written is listed, and stays in the home of the test."""
    assert cli("note", "The river was high.").code == 0
    assert "The river was high." in cli("log").out
    assert cli.home.is_dir()


def test_the_sample_speaks_in_declared_kinds() -> None:
    """A third is in the plugin's kind, by both, with every choice and limit kept, in every state of its lifecycle."""
    drafts = sample(300, [WALK])
    view = view_of(drafts, kinds=[WALK])
    walks = [entry for entry in view.entries(kind="walk") if isinstance(entry.content, cj.Content)]
    assert len(drafts) == 300
    assert drafts == sorted(drafts, key=lambda one: one.happened_at)
    assert min(Counter(entry.author for entry in walks).values()) > 20
    assert {getattr(entry.content, "weather") for entry in walks} == {"fair", "foul"}  # noqa: B009 - made by the kind
    assert {entry.state for entry in walks} == {"planned", "walking"}
    assert {entry.note for entry in view.entries(kind="step")} == {None}
    for entry in walks:
        for field in WALK.fields:
            field.require(getattr(entry.content, field.name), "walk")
    assert sample(300, [WALK]) == drafts


@settings(max_examples=30)
@given(requests(WALK, scope="mine"))
def test_requests_hold_what_may_be_written(request: AnalysisRequest) -> None:
    """Each entry of a drawn request is sound, whatever its kind, and an analysis over them answers."""
    for entry in request.view.entries():
        assert not isinstance(entry.content, cj.RawContent)
        entry.content.require_own()
    assert counted(request).is_enough


def test_every_fixture_is_in_the_reference() -> None:
    """The page of the kit names each fixture, and the list of the module has every one."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "testing.md").read_text("utf-8")
    module = ast.parse(Path(fixtures.__file__).read_text("utf-8"))
    made = {one.name for one in module.body if isinstance(one, ast.FunctionDef) and one.decorator_list}
    assert made == set(fixtures.__all__)
    assert made - set(re.findall(r"`(\w+)`", page)) == set()
