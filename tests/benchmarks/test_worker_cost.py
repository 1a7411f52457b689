"""What an isolated plugin costs, against a worker that parses the same JSON and does nothing with it."""

from __future__ import annotations

import subprocess
from datetime import UTC
from pathlib import Path

import msgspec
import pytest
from benchmarks.figures import Figures, ms, paired, python, timed
from unit.plugins.written import NOW, Writing, view_of

from couplejournal.model.kinds import Bid, Response
from couplejournal.plugins.guards import cut
from couplejournal.plugins.manifest import Permissions
from couplejournal.plugins.values import AnalysisRequest
from couplejournal.plugins.worker import Worker
from couplejournal.plugins.workerdata import to_data

pytestmark = pytest.mark.bench

LIMIT = 2.0
ROUNDS = 15
BIDS = Path(__file__).parents[2] / "plugins" / "bids"
EMPTY = """
from couplejournal.plugins import Analysis, AnalysisResult, JournalPlugin
class Empty(JournalPlugin):
    def analyses(self):
        return [Analysis(id="empty", title="Empty", run=lambda request: AnalysisResult(headline="nothing"))]
"""
BARE = "import json, sys; json.loads(sys.stdin.buffer.read())"


@pytest.fixture(scope="module")
def request_() -> AnalysisRequest:
    """Return a request with 10,000 entries, already cut."""
    writing = Writing(days_ago=20)
    for number in range(5_000):
        asks, answers = ("ana", "ben") if number % 2 else ("ben", "ana")
        bid = writing.add(asks, Bid(f"a song, number {number}"))
        writing.add(answers, Response.toward("gladly"), to=bid)
    view = cut(view_of(writing.drafts), Permissions(read=("mine", "partner"), kinds=("bid", "response")), "couple")
    assert len(list(view.entries())) == 10_000
    return AnalysisRequest(view=view, now=NOW, zone=UTC, language="en")


def test_an_analysis_over_ten_thousand_entries(tmp_path: Path, request_: AnalysisRequest, figures: Figures) -> None:
    """The bundled analysis in a worker takes at most twice what an empty one takes with the same request."""
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "__init__.py").write_text(EMPTY, "utf-8")
    package = "couplejournal_plugins.bids"
    empty = Worker(folder=folder, package="empty", target="empty:Empty")
    bids = Worker(folder=BIDS, package=package, target=f"{package}:Bids")
    whole = msgspec.json.encode(to_data(request_))
    command = [*python("-I", "-S", "-B", "-c", BARE)]

    def ask(worker: Worker, analysis: str) -> float:
        return timed(lambda: worker.ask("analyses", {}, (analysis, "run"), (request_,)))

    ratio, floor, took = paired(lambda: ask(empty, "empty"), lambda: ask(bids, "turning-toward"), rounds=ROUNDS)
    bare = min(timed(lambda: subprocess.run(command, input=whole, check=True)) for _ in range(ROUNDS))
    said = f"{ms([took])} against {ms([floor])}; a bare Python that parses it: {ms([bare])}"
    figures.require("a worker's analysis, 10,000 entries / an empty worker", ratio, "times", LIMIT, said=said)
