"""The contract for plugins: each plugin that breaks a promise is found. What is bundled is tried beside it."""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import logging
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from couplejournal.plugins import Analysis, AnalysisRequest, AnalysisResult, Draft, Importer, JournalPlugin, Table
from couplejournal.plugins.author import HOOKS
from couplejournal.testing.plugins import PluginContract
from couplejournal.testing.views import exchanged, sample, view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from couplejournal.plugins.result import JSON


def contract_of(plugin: type[JournalPlugin], **own: Any) -> Any:
    """Return the contract of a plugin, to call its tests by hand."""
    return type("Contract", (PluginContract,), {"make_plugin": lambda _: plugin(), **own})()


def by_person(request: AnalysisRequest) -> dict[str, int]:
    """Count the entries of each person."""
    found: dict[str, int] = {}
    for entry in request.view.entries():
        found[entry.author.person] = found.get(entry.author.person, 0) + 1
    return found


class First(JournalPlugin):
    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="a", title="A", run=self.first)

    def first(self, request: AnalysisRequest) -> AnalysisResult:
        return AnalysisResult(headline=f"{min(by_person(request).items())[1]}")


class Sorted(First):
    def first(self, request: AnalysisRequest) -> AnalysisResult:
        rows = tuple((count,) for count in sorted(by_person(request).values()))
        return AnalysisResult(headline="Sorted.", tables=(Table(title="t", columns=("n",), rows=rows),))


def test_a_result_by_person_is_found() -> None:
    """Counting one of the two changes when the two are exchanged."""
    with pytest.raises(AssertionError):
        contract_of(First).test_results_for_both_do_not_tell_the_two_apart()


def test_a_comparison_without_names_is_found() -> None:
    """Two sorted counts survive the exchange, and not the mixing."""
    contract = contract_of(Sorted)
    contract.test_results_for_both_do_not_tell_the_two_apart()
    with pytest.raises(AssertionError):
        contract.test_results_for_both_do_not_depend_on_who_wrote_what(seed=1)


class Leaking(JournalPlugin):
    """Derive from this and say which way the text of the first entry goes."""

    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="leak", title="Leak", run=self.run)

    def run(self, request: AnalysisRequest) -> AnalysisResult:
        self.leak(next(request.view.entries()).text)
        return AnalysisResult(headline="Fine.")

    def leak(self, text: str) -> None:
        self.seen = text


class Logging(Leaking):
    def leak(self, text: str) -> None:
        logging.getLogger("plugin").debug(text)


class Warns(Leaking):
    def leak(self, text: str) -> None:
        warnings.warn(text, stacklevel=1)


class Printing(Leaking):
    def leak(self, text: str) -> None:
        print(text, file=sys.stderr)


class Setting(Leaking):
    def leak(self, text: str) -> None:
        os.environ["PLANTED"] = base64.b64encode(text.encode()).decode()


class Keeping(Leaking):
    def leak(self, text: str) -> None:
        with tempfile.NamedTemporaryFile("w", delete=False) as kept:
            kept.write(text)


class KeepingHere(Leaking):
    def leak(self, text: str) -> None:
        Path("kept.json").write_text(json.dumps(text.encode().hex()), "utf-8")


class Telling(Leaking):
    seen = ""

    def diagnostics(self) -> Mapping[str, JSON]:
        return {"last": self.seen}


@pytest.mark.parametrize("plugin", [Logging, Warns, Printing, Setting, Keeping, KeepingHere, Telling])
def test_the_canary_is_found(
    plugin: type[JournalPlugin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A text is found in a log, a warning, on the screen, in the environment, in a file, and in the diagnostics."""
    monkeypatch.setenv("PLANTED", "")
    with pytest.raises(AssertionError):
        contract_of(plugin).test_no_word_of_the_journal_gets_out(tmp_path, monkeypatch, caplog, capfd)


class Analyzing(JournalPlugin):
    """Derive from this and say what the one analysis does."""

    made = 0

    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="a", title="A", run=self.run)

    def run(self, request: AnalysisRequest) -> AnalysisResult:
        raise NotImplementedError


class NeedsAnEntry(Analyzing):
    def run(self, request: AnalysisRequest) -> AnalysisResult:
        return AnalysisResult(headline=list(request.view.entries())[0].kind)  # noqa: RUF015 - as authors write it


class NeedsKnownKinds(Analyzing):
    def run(self, request: AnalysisRequest) -> AnalysisResult:
        known = {"bid": 1, "response": 1, "appreciation": 2, "note": 3, "goal": 4, "milestone": 5, "step": 6}
        return AnalysisResult(headline=str(sum(known[entry.kind] for entry in request.view.entries())))


class NeedsFew(Analyzing):
    def run(self, request: AnalysisRequest) -> AnalysisResult:
        rows = [(number,) for number, _ in enumerate(request.view.entries())]
        return AnalysisResult(headline="All.", tables=(Table(title="t", columns=("n",), rows=tuple(rows * 3)),))


class NeverEnough(Analyzing):
    def run(self, request: AnalysisRequest) -> AnalysisResult:
        return AnalysisResult.not_enough("This needs more.")


class Counting(Analyzing):
    def run(self, request: AnalysisRequest) -> AnalysisResult:
        Counting.made += 1
        return AnalysisResult(headline=f"{Counting.made}")


class Importing(JournalPlugin):
    def importers(self) -> Iterable[Importer]:
        yield Importer(id="lines", title="Lines", read=lambda data, request: iter(()))


class NotImporting(Importing):
    def importers(self) -> Iterable[Importer]:
        yield Importer(id="other", title="Lines", read=lambda data, request: iter([Draft(kind="note", text="x")]))


@pytest.mark.parametrize(
    ("plugin", "promise"),
    [
        (NeedsAnEntry, "test_an_empty_journal_is_no_failure"),
        (NeedsKnownKinds, "test_unknown_kinds_are_no_failure"),
        pytest.param(NeedsFew, "test_many_entries_are_no_failure", marks=pytest.mark.long),
        (NeverEnough, "test_each_analysis_has_something_to_say"),
        (Counting, "test_the_same_moment_gives_the_same_answers"),
        (Importing, "test_each_importer_reads_its_file"),
        (NotImporting, "test_each_importer_reads_its_file"),
    ],
)
def test_a_broken_promise_is_found(plugin: type[JournalPlugin], promise: str) -> None:
    """A plugin that breaks one promise fails the test of that promise, and one that keeps it passes."""
    files = {"files": lambda _: {"lines": b"a line"}}
    with pytest.raises(AssertionError):
        getattr(contract_of(plugin, **files), promise)()
    if promise != "test_many_entries_are_no_failure":
        getattr(contract_of(JournalPlugin), promise)()


def raising(hook: str) -> type[JournalPlugin]:
    """Return a plugin whose one hook fails."""
    name = next(iter(list(inspect.signature(getattr(JournalPlugin, hook)).parameters)[1:]), None)
    made = {None: lambda self: 1 / 0, "request": lambda self, request: 1 / 0}
    made |= {"draft": lambda self, draft: 1 / 0, "event": lambda self, event: 1 / 0}
    return type("Raising", (JournalPlugin,), {hook: made[name]})


@pytest.mark.parametrize("hook", sorted(set(HOOKS) - {"kinds"}))  # which are asked before there is a host
def test_every_hook_is_asked(hook: str) -> None:
    """Whichever hook fails, the contract sees it."""
    told = contract_of(raising(hook))._asked(sample(60))[1]
    assert [line.startswith(f"plugin tried failed in {hook}: ZeroDivisionError") for line in told[:1]] == [True]


PACKAGED = """
import os
from couplejournal.plugins import JournalPlugin, Prompt
class Planted(JournalPlugin):
    def prompts(self, request):
        return [Prompt(id="one", text=ASKED)]
class Other(JournalPlugin):
    pass
"""
PACKAGED_MANIFEST = """
id = "planted"
api = 1
tier = "isolated"
target = "TARGET"
summary = "One question."
[permissions]
read = ["counts"]
[why]
WHY = "To ask at the right time."
[provides]
hooks = [HOOKS]
"""


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Return what writes a package and returns the contract of the plugin in it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(
        asked: str = "'What now?'", *, target: str = "planted_plugin:Planted", why: str = "read",
        hooks: str = '"prompts"',
    ) -> Any:  # fmt: skip
        folder = tmp_path / "planted_plugin"
        folder.mkdir()
        (folder / "__init__.py").write_text(PACKAGED.replace("ASKED", asked), "utf-8")
        about = PACKAGED_MANIFEST.replace("TARGET", target).replace("WHY", why).replace("HOOKS", hooks)
        (folder / "couplejournal.toml").write_text(about, "utf-8")
        return contract_of(importlib.import_module("planted_plugin").Planted)

    yield make
    sys.modules.pop("planted_plugin", None)


OF_A_PACKAGE = (
    "test_the_manifest_names_the_hooks_that_there_are",
    "test_the_manifest_leads_to_the_plugin",
    "test_each_reading_has_its_reason",
    "test_a_worker_gives_the_same_answers",
)


def test_a_sound_package_keeps_its_promises(packaged: Callable[..., Any]) -> None:
    """The manifest fits, and a worker gives what this process gives."""
    contract = packaged()
    for promise in OF_A_PACKAGE:
        getattr(contract, promise)()


@pytest.mark.parametrize(
    ("planted", "promise"),
    [
        ({"hooks": '"prompts", "kinds"'}, OF_A_PACKAGE[0]),
        ({"hooks": ""}, OF_A_PACKAGE[0]),
        ({"target": "planted_plugin:Other"}, OF_A_PACKAGE[1]),
        ({"why": "kinds"}, OF_A_PACKAGE[2]),
        ({"asked": "str(os.getpid())"}, OF_A_PACKAGE[3]),
        ({"asked": "__import__('pytest').__name__"}, OF_A_PACKAGE[3]),
    ],
)
def test_a_package_that_breaks_a_promise_is_found(
    planted: dict[str, str], promise: str, packaged: Callable[..., Any]
) -> None:
    """Hooks, target and reasons that do not fit, and what a worker gives otherwise or cannot give, are found."""
    with pytest.raises(AssertionError):
        getattr(packaged(**planted), promise)()


def test_every_promise_is_broken_once() -> None:
    """No test of the contract lacks a plugin that fails it."""
    tried = set(re.findall(r"[\".](test_\w+)[\"(]", Path(__file__).read_text("utf-8")))
    assert {name for name in dir(PluginContract) if name.startswith("test_")} - tried == set()


def test_exchanging_twice_changes_nothing() -> None:
    """The exchange is its own way back, and changes who wrote each entry."""
    drafts = list(sample(60))
    assert exchanged(exchanged(drafts)) == drafts
    pairs = zip(
        view_of(drafts).shared_only().entries(), view_of(exchanged(drafts)).shared_only().entries(), strict=True
    )
    assert all(one.id == other.id and one.is_mine != other.is_mine for one, other in pairs)
