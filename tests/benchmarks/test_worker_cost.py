"""What an isolated plugin costs, against a worker that parses the same JSON and does nothing with it."""

from __future__ import annotations

import time
from datetime import UTC
from pathlib import Path

import pytest
from unit.plugins.written import NOW, Writing, view_of

from couplejournal.model.kinds import Bid, Response
from couplejournal.plugins.guards import cut
from couplejournal.plugins.manifest import Permissions
from couplejournal.plugins.values import AnalysisRequest
from couplejournal.plugins.worker import Worker

LIMIT = 2.0
BIDS = Path(__file__).parents[2] / "plugins" / "bids"
EMPTY = """
from couplejournal.plugins import Analysis, AnalysisResult, JournalPlugin
class Empty(JournalPlugin):
    def analyses(self):
        return [Analysis(id="empty", title="Empty", run=lambda request: AnalysisResult(headline="nothing"))]
"""


def seconds(worker: Worker, analysis: str, request: AnalysisRequest) -> float:
    """Return the time of the fastest of three calls."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        worker.ask("analyses", {}, (analysis, "run"), (request,))
        times.append(time.perf_counter() - begun)
    return min(times)


@pytest.mark.bench
def test_an_analysis_over_ten_thousand_entries(tmp_path: Path) -> None:
    """The bundled analysis over 10,000 entries takes at most twice what an empty one takes with the same request."""
    writing = Writing(days_ago=20)
    for number in range(5_000):
        asks, answers = ("ana", "ben") if number % 2 else ("ben", "ana")
        bid = writing.add(asks, Bid(f"a song, number {number}"))
        writing.add(answers, Response.toward("gladly"), to=bid)
    view = cut(view_of(writing.drafts), Permissions(read=("mine", "partner"), kinds=("bid", "response")), "couple")
    request = AnalysisRequest(view=view, now=NOW, zone=UTC, language="en")
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "__init__.py").write_text(EMPTY, "utf-8")
    empty = seconds(Worker(folder=folder, package="empty", target="empty:Empty"), "empty", request)
    package = "couplejournal_plugins.bids"
    bids = seconds(Worker(folder=BIDS, package=package, target=f"{package}:Bids"), "turning-toward", request)
    print(f"\nempty {empty * 1000:.0f} ms, analysis {bids * 1000:.0f} ms, {bids / empty:.2f} times")
    assert bids <= LIMIT * empty
