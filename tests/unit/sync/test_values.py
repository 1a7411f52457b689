"""The small pure parts: names, times, and what a report says."""

from __future__ import annotations

import pytest
from unit.sync.fake_book import START_MS

from couplejournal.drive.names import require_publishable
from couplejournal.sync import Refusal, SyncReport, names, schedule

SEGMENT = f"{'0a' * 16}/streams/{'0b' * 16}/00000001-00000002-{'0c' * 16}.seg"


def test_fresh_names_may_stand_on_a_drive() -> None:
    """A fresh name differs from the plain one, and every host can hold it."""
    assert names.fresh(SEGMENT, 0) == SEGMENT
    assert names.fresh(SEGMENT, 1) == SEGMENT.replace(".seg", "-r1.seg")
    for number in range(3):
        require_publishable(names.fresh(SEGMENT, number))
        assert names.hash_in(names.fresh(SEGMENT, number)) == "0c" * 16


@pytest.mark.parametrize(
    ("path", "stands_for"),
    [("a/.b.seg.icloud", "a/b.seg"), ("a/b.seg", ""), ("a/b.icloud", ""), ("a/.b", "")],
)
def test_placeholders(path: str, stands_for: str) -> None:
    """A placeholder names the file that is not downloaded."""
    assert names.stubbed(path) == stands_for


def test_pauses_grow() -> None:
    """Looks and writes that bring nothing become ever rarer, and never end."""
    for verdict in ("pending", "held", "refused", "junk"):
        pauses = [schedule.reading_pause(verdict, tries) for tries in range(1, 20)]
        assert pauses == sorted(pauses)
        assert pauses[-1] == schedule.DAY
    writes = [schedule.writing_pause(tries) for tries in range(20)]
    assert writes == sorted(writes)
    assert writes[1] == 0


@pytest.mark.parametrize("ahead_ms", [1, 10**12])
def test_times_that_lie_ahead_have_come(ahead_ms: int) -> None:
    """A time ahead of the clock was taken from a wrong clock, and does not make anything wait."""
    assert schedule.is_past(START_MS + ahead_ms, schedule.DAY, START_MS)
    assert schedule.is_due(START_MS + schedule.DAY + ahead_ms, START_MS)


def test_report_of_a_good_sync_says_nothing() -> None:
    """A sync in which all went well, or in which there was no drive to meet, has no problems and ends with 0."""
    for report in (SyncReport(), SyncReport(drive="ok", received_ops=3, outbox=2)):
        assert (report.problems, report.exit_code) == ((), 0)


def test_report_of_a_partial_sync() -> None:
    """What was kept back is told line by line, with 3 as the exit code."""
    report = SyncReport(drive="ok", damaged=1, restored=2, refused=(Refusal("wrong", 2),))
    assert report.exit_code == 3
    assert report.problems == (
        "files not taken from the shared folder: 1 damaged, 2 refused (wrong)",
        "the drive lost 2 files; restored from this device",
    )
    assert SyncReport(drive="ok", held=1).exit_code == SyncReport(drive="ok", pending=1).exit_code == 3


def test_report_says_what_was_left_in_one_line() -> None:
    """All that was not taken stands in one line, by what it is; with several reasons the most frequent is named."""
    refused = (Refusal("a", 1), Refusal("wrong", 7), Refusal("z", 2))
    report = SyncReport(drive="ok", pending=5, held=4, foreign=3, skipped_junk=2, refused=refused)
    assert report.skipped == (
        "files not taken from the shared folder: 10 refused (wrong; other reasons: 2), 5 not whole yet, "
        "4 by a device not known yet, 3 of another journal, 2 none of ours"
    )
    assert report.problems == (report.skipped,)
    assert SyncReport(drive="ok", skipped_junk=1).problems == ()
    assert SyncReport().skipped == ""
