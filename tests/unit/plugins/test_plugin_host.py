from __future__ import annotations

import inspect
import re
import sys
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from unit.plugins.written import NOW, FixedSystem, Viewed, Writing, view_of

from couplejournal import plugins
from couplejournal.errors import PluginError
from couplejournal.model.kinds import Appreciation, Note
from couplejournal.plugins import (
    Analysis,
    AnalysisRequest,
    AnalysisResult,
    JournalPlugin,
    PluginHost,
    Prompt,
    PromptRequest,
)
from couplejournal.plugins.calls import ANSWER_LIMIT, Failures
from couplejournal.store.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SECRET = "the secret that only the two of us know"


def counted(request: AnalysisRequest) -> AnalysisResult:
    """Say which texts the view holds."""
    texts = sorted(entry.text for entry in request.view.entries())
    return AnalysisResult(headline=f"{texts} {request.now.isoformat()} {request.language}")


class Good(JournalPlugin):
    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        yield Prompt(id="first", text=f"Which word is it in {request.language}?")
        yield Prompt(id="second", text="And which one is it tomorrow?", kind="bid")

    def analyses(self) -> Iterable[Analysis]:
        return [
            Analysis(id="ours", title="For both", run=counted),
            Analysis(id="own", title="For me", run=counted, scope="mine"),
        ]


class Failing(JournalPlugin):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        yield Prompt(id="early", text=SECRET)
        raise self.error


class Answering(JournalPlugin):
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        return self.answer  # type: ignore[no-any-return]


class Silent(JournalPlugin):
    """Overrides nothing."""


class Host:
    """A host for given plugins, and what it reported."""

    def __init__(self, *, strict: bool = False, writing: Writing | None = None, **given: JournalPlugin) -> None:
        self.reported: list[str] = []
        self.failures = Failures()
        self.host = PluginHost(
            Viewed(view_of((writing or Writing()).drafts)),
            given,
            report=self.reported.append,
            strict=strict,
            system=FixedSystem(),
            zone=UTC,
            failures=self.failures,
        )


def test_overridden_methods_are_asked_in_the_order_of_ids() -> None:
    """Each plugin that overrides the hook is asked, by id; ids of prompts begin with the plugin's."""
    made = Host(zebra=Good(), ant=Good(), mole=Silent())
    ids = [prompt.id for prompt in made.host.prompts()]
    assert ids == ["ant/first", "ant/second", "zebra/first", "zebra/second"]
    assert made.reported == []


def test_language_reaches_the_plugin() -> None:
    """The asked language is in the request."""
    assert Host(good=Good()).host.prompts(language="de")[0].text.endswith("in de?")


def test_prompt_of_the_day_and_the_next() -> None:
    """One question a day; skipping goes on through all of them and round again."""
    host = Host(good=Good()).host
    first, second, third = (host.prompt(skip=skip) for skip in range(3))
    assert first != second
    assert first == third
    assert Host(silent=Silent()).host.prompt() is None


@pytest.mark.parametrize("error", [ValueError(SECRET), SystemExit(3), RecursionError(), PluginError(SECRET)])
def test_failing_plugin_harms_nobody_else(error: BaseException) -> None:
    """What one raises is reported once, by plugin and hook and without its text; the others answer."""
    made = Host(bad=Failing(error), good=Good())
    for _ in range(2):
        assert [prompt.id for prompt in made.host.prompts()] == ["good/first", "good/second"]
    assert len(made.reported) == 1
    assert made.reported[0].startswith(f"plugin bad failed in prompts: {type(error).__name__} at test_plugin_host.py:")
    assert SECRET not in str(made.reported)


def test_keyboard_interrupt_passes() -> None:
    """The person at the keyboard is not stopped by a guard."""
    with pytest.raises(KeyboardInterrupt):
        Host(bad=Failing(KeyboardInterrupt())).host.prompts()


def test_name_of_an_error_cannot_smuggle_text() -> None:
    """A class of errors that is named like a sentence is not printed."""
    made = Host(bad=Failing(type(SECRET, (Exception,), {})()))
    made.host.prompts()
    assert "an odd type" in made.reported[0]
    assert SECRET not in made.reported[0]


def test_three_failures_suspend() -> None:
    """After the third failure a plugin rests, in every host that counts along, and one line says so."""
    made = Host(bad=Failing(ValueError()))
    for _ in range(5):
        made.host.prompts()
    assert made.reported[1:] == ["plugin bad failed three times and rests until the next start"]
    again: list[str] = []
    host = PluginHost(Viewed(view_of([])), {"bad": Good()}, report=again.append, failures=made.failures)
    assert host.prompts() == ()
    assert again == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (["a text"], "answered with str, not Prompt"),
        (None, "TypeError"),
        (7, "TypeError"),
        ("text", "answered with str, not Prompt"),
        ((Prompt(id="x", text="Again?") for _ in iter(int, 1)), f"answered with more than {ANSWER_LIMIT:,} values"),
    ],
)
def test_wrong_answers_are_failures(answer: object, said: str) -> None:
    """Another type than promised, no iterable, or one without an end: reported, and nothing of it is used."""
    made = Host(bad=Answering(answer), good=Good())
    assert len(made.host.prompts()) == 2
    assert said in made.reported[0]


def test_override_with_another_signature_is_refused() -> None:
    """A hook that asks for what its hook does not give fails when it is loaded, not when it is called."""

    class Odd(JournalPlugin):
        def prompts(self, request: PromptRequest, more: int) -> Iterable[Prompt]:  # type: ignore[override]
            return ()

    made = Host(odd=Odd(), good=Good())
    assert [(state.id, state.state) for state in made.host.plugins] == [("good", "on"), ("odd", "failed")]
    assert made.reported[0].startswith("plugin odd failed in loading: PluginValidationError")


def test_strict_raises_without_the_plugins_own_error() -> None:
    """A strict host raises, and neither cause, context nor notes hold what the plugin said."""
    with pytest.raises(PluginError) as caught:
        Host(strict=True, bad=Failing(ValueError(SECRET))).host.prompts()
    assert caught.value.exit_code == 14
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in repr(caught.value)


def test_shared_analysis_never_sees_private_entries() -> None:
    """An analysis for both gets what both can read, one of one's own gets everything of this device."""
    writing = Writing()
    writing.add("ana", Appreciation("for both"))
    writing.add("ana", Note("for me"))
    ours, own = Host(writing=writing, good=Good()).host.analyze()
    assert (ours.id, ours.scope, own.id, own.scope) == ("good/ours", "couple", "good/own", "mine")
    assert ours.result is not None
    assert own.result is not None
    assert ours.result.headline == f"['for both'] {NOW.isoformat()} en"
    assert own.result.headline == f"['for both', 'for me'] {NOW.isoformat()} en"


@pytest.mark.parametrize("name", ["good/own", "own"])
def test_analysis_by_name(name: str) -> None:
    """One analysis is named in full or by its own id; a plugin's id means all of its."""
    host = Host(good=Good(), silent=Silent()).host
    assert [found.id for found in host.analyze(name)] == ["good/own"]
    assert [found.id for found in host.analyze("good")] == ["good/ours", "good/own"]
    assert [analysis.id for analysis in host.analyses()] == ["good/ours", "good/own"]


def test_unknown_analysis_is_an_error() -> None:
    """A name that no plugin has is said to be none."""
    with pytest.raises(PluginError, match="no plugin that is on has an analysis of that name"):
        Host(good=Good()).host.analyze("horoscope")


def test_failing_analysis_leaves_the_others() -> None:
    """One that fails, or answers with something else, has no result; the others run."""

    def fails(request: AnalysisRequest) -> AnalysisResult:
        raise ValueError(next(request.view.entries()).text)

    class Mixed(JournalPlugin):
        def analyses(self) -> Iterable[Analysis]:
            yield Analysis(id="fails", title="Fails", run=fails)
            yield Analysis(id="odd", title="Odd", run=lambda _: "text")  # type: ignore[arg-type, return-value]
            yield Analysis(id="works", title="Works", run=lambda _: AnalysisResult(headline="Fine."))

    writing = Writing()
    writing.add("ana", Appreciation(SECRET))
    made = Host(writing=writing, mixed=Mixed())
    assert [found.result is not None for found in made.host.analyze()] == [False, False, True]
    assert "plugin mixed failed in analysis fails: ValueError" in made.reported[0]
    assert "plugin mixed failed in analysis odd: answered with str, not AnalysisResult" in made.reported[1]
    assert SECRET not in str(made.reported)


def test_default_report_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a report of one's own the line stands on standard error, and nothing on standard output."""
    host = PluginHost(Viewed(view_of([])), {"bad": Failing(ValueError())}, failures=Failures())
    assert host.prompts() == ()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("couplejournal: plugin bad failed in prompts: ValueError")


def test_host_made_from_a_journal(tmp_path: Path) -> None:
    """A journal gives its home and its view; the plugins that are on there answer."""

    class Journal(Viewed):
        home = Home.locate(tmp_path, {})

    journal = Journal(view_of([]))
    assert plugins.host(journal).prompts() == ()
    plugins.enable("bids", home=tmp_path)
    host = plugins.host(journal)
    assert {prompt.id.partition("/")[0] for prompt in host.prompts(language="de")} == {"bids"}
    (found,) = host.analyze("turning-toward")
    assert found.result is not None
    assert not found.result.is_enough


def test_moment_and_zone_of_the_request() -> None:
    """The request holds the clock of the machine in the reader's zone."""
    seen: list[AnalysisRequest] = []

    def look(request: AnalysisRequest) -> AnalysisResult:
        seen.append(request)
        return AnalysisResult(headline="Seen.")

    class Looking(JournalPlugin):
        def analyses(self) -> Iterable[Analysis]:
            return [Analysis(id="look", title="Look", run=look)]

    later = FixedSystem(NOW + timedelta(hours=1))
    PluginHost(Viewed(view_of([])), {"looking": Looking()}, system=later, failures=Failures()).analyze(language="pt")
    assert attrs.asdict(seen[0], recurse=False) | {"view": None} == {
        "view": None, "now": NOW + timedelta(hours=1), "zone": UTC, "language": "pt",
    }  # fmt: skip


def test_public_names_are_loaded_on_first_use() -> None:
    """Every name in __all__ is there, nothing else is, and pluggy shows in no public signature."""
    for name in plugins.__all__:
        assert getattr(plugins, name) is not None
    assert set(plugins.__all__) <= set(dir(plugins))
    with pytest.raises(AttributeError, match="horoscope"):
        _ = plugins.horoscope
    assert "pluggy" in sys.modules
    shown = [inspect.signature(value) for value in vars(PluginHost).values() if inspect.isfunction(value)]
    assert not any("pluggy" in str(signature) for signature in shown)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AnalysisResult(headline=5),  # type: ignore[arg-type]
        lambda: AnalysisResult(headline="x", notes="letters"),  # type: ignore[arg-type]
        lambda: AnalysisResult(headline="x", bands=(None,)),  # type: ignore[arg-type]
        lambda: plugins.Band(label="x", low=0.0, high=float("inf")),
        lambda: plugins.Band(label="x", low=0.0, high=1.0, unit="stars"),  # type: ignore[arg-type]
        lambda: plugins.Table(title="x", columns=("a",), rows=(({},),)),  # type: ignore[arg-type]
        lambda: plugins.Point(at="today"),  # type: ignore[arg-type]
        lambda: plugins.Point(at=NOW, value=float("nan")),
        lambda: plugins.Prompt(id="x", text="x", kind=5),  # type: ignore[arg-type]
    ],
)
def test_parts_that_cannot_be_shown_are_the_plugins_failure(make: Any) -> None:
    """A value that no screen and no JSON could show is refused where the plugin makes it, not where it is drawn."""

    class Odd(JournalPlugin):
        def analyses(self) -> Iterable[Analysis]:
            yield Analysis(id="odd", title="Odd", run=lambda _: make())

    made = Host(odd=Odd())
    assert [found.result for found in made.host.analyze()] == [None]
    assert re.match(r"plugin odd failed in analysis odd: (Type|Value)Error at ", made.reported[0])


def test_a_report_on_the_screen_is_neutralised(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in a report, such as a name from a file, is shown and not obeyed."""
    PluginHost(
        Viewed(view_of(Writing().drafts)), {"x\x1b[31m\u202e": Failing(ValueError())}, failures=Failures()
    ).prompts()
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\u202e" not in shown
