"""The contract for plugins: what is bundled keeps it, and a plugin that breaks a promise is found."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from couplejournal_plugins.bids import Bids

from couplejournal.plugins import Analysis, AnalysisRequest, AnalysisResult, JournalPlugin, Table
from couplejournal.plugins.manifest import MANIFEST_NAME
from couplejournal.testing.plugins import PluginContract, exchanged, sample, view_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from couplejournal.plugins.result import JSON


class TestBids(PluginContract):
    """The bundled bids."""

    @pytest.mark.long
    def test_many_entries_are_no_failure(self) -> None:
        """Every hook answers over 10,000 entries."""
        super().test_many_entries_are_no_failure()

    def make_plugin(self) -> JournalPlugin:
        """Return the plugin."""
        return Bids()

    def manifest_data(self) -> bytes:
        """Return the manifest beside the code."""
        return (Path(__import__("couplejournal_plugins.bids").bids.__file__).parent / MANIFEST_NAME).read_bytes()


def contract_of(plugin: type[JournalPlugin]) -> Any:
    """Return the contract of a plugin, to call its tests by hand."""
    return type("Contract", (PluginContract,), {"make_plugin": lambda _: plugin()})()


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
    def __init__(self, way: str = "") -> None:
        self.seen = ""

    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="leak", title="Leak", run=self.leak)

    def leak(self, request: AnalysisRequest) -> AnalysisResult:
        self.seen = next(request.view.entries()).text
        return AnalysisResult(headline="Fine.")


class Logging(Leaking):
    def leak(self, request: AnalysisRequest) -> AnalysisResult:
        logging.getLogger("plugin").debug(next(request.view.entries()).text)
        return AnalysisResult(headline="Fine.")


class Keeping(Leaking):
    def leak(self, request: AnalysisRequest) -> AnalysisResult:
        with tempfile.NamedTemporaryFile("w", delete=False) as kept:
            kept.write(next(request.view.entries()).text)
        return AnalysisResult(headline="Fine.")


class Telling(Leaking):
    def diagnostics(self) -> Mapping[str, JSON]:
        return {"last": self.seen}


@pytest.mark.parametrize("plugin", [Logging, Keeping, Telling])
def test_the_canary_is_found(
    plugin: type[JournalPlugin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A text that goes into a log, a temporary file or the diagnostics is found there."""
    with pytest.raises(AssertionError):
        contract_of(plugin).test_no_word_of_the_journal_gets_out(tmp_path, monkeypatch, caplog, capfd)


def test_exchanging_twice_changes_nothing() -> None:
    """The exchange is its own way back, and changes who wrote each entry."""
    drafts = list(sample(60))
    assert exchanged(exchanged(drafts)) == drafts
    pairs = zip(
        view_of(drafts).shared_only().entries(), view_of(exchanged(drafts)).shared_only().entries(), strict=True
    )
    assert all(one.id == other.id and one.is_mine != other.is_mine for one, other in pairs)
