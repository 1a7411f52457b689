from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import Any

import pytest
from couplejournal_plugins.dates import Dates
from couplejournal_plugins.dates.calendar import calendar
from couplejournal_plugins.direction import Direction
from unit.bundled.writing import NOW, Written

from couplejournal.plugins import ExportRequest
from couplejournal.plugins.guards import EVERYTHING, cut
from couplejournal.testing.views import view_of

EAST = timezone(timedelta(hours=2))


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of this plugin and of the talks."""
    return Written(Dates(), Direction())


def agreed(written: Written, **fields: Any) -> str:
    """Let one propose a date, and the other agree."""
    key = written.add("ana", "date", ago=9, text="The lake; bring the red blanket", **fields)
    written.step("ben", "agree", key, ago=8)
    return key


def events(written: Written) -> list[dict[str, str]]:
    """Return the events of the calendar file."""
    view = cut(view_of(written.drafts, kinds=written.kinds.values()), EVERYTHING, "mine")
    data = b"".join(calendar(ExportRequest(view=view, now=NOW, zone=EAST)))
    assert re.fullmatch(rb"([A-Z][A-Z;=-]*:[ -~]{0,60}\r\n)+", data), "lines of at most 75 octets, each ended by CR LF"
    text = data.decode("ascii")
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert text.endswith("END:VCALENDAR\r\n")
    found = re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT\r\n", text, re.DOTALL)
    return [dict(line.split(":", 1) for line in event.splitlines()) for event in found]


def test_an_agreed_date_with_a_time(written: Written) -> None:
    """It begins in the zone of its people, in UTC on the wire, and says nothing but when."""
    agreed(written, on="2026-12-05", at="19:30", minutes=90)
    (event,) = events(written)
    assert (event["DTSTART"], event["DTEND"]) == ("20261205T173000Z", "20261205T190000Z")
    assert (event["SUMMARY"], event["CLASS"], event["STATUS"]) == ("Time together", "PRIVATE", "CONFIRMED")
    assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "CLASS"}
    assert "lake" not in str(event)


@pytest.mark.parametrize("at", ["", "late", "25:00", "7"])
def test_without_a_time_it_takes_the_day(written: Written, at: str) -> None:
    """What is no time of day makes an event of the whole day; its end is the day after, which is not included."""
    agreed(written, on="2026-12-31", at=at)
    (event,) = events(written)
    assert (event["DTSTART;VALUE=DATE"], event["DTEND;VALUE=DATE"]) == ("20261231", "20270101")


def test_what_is_not_agreed_is_not_in_it(written: Written) -> None:
    """No idea, no date without a day, and none that is marked tender; one that was called off is in it as such."""
    written.add("ana", "date", ago=9, on="2026-12-05")
    agreed(written)
    agreed(written, on="2026-12-06", tender="intimate")
    off = agreed(written, on="2026-12-07")
    written.step("ana", "cancel", off, ago=1)
    assert [event["STATUS"] for event in events(written)] == ["CANCELLED"]


def test_the_day_of_the_next_talk(written: Written) -> None:
    """The day that a talk sets for the next one is in it."""
    talk = written.add("ana", "talk", ago=9, next_on="2027-02-01")
    written.step("ben", "held", talk, ago=9)
    (event,) = events(written)
    assert (event["DTSTART;VALUE=DATE"], event["STATUS"]) == ("20270201", "TENTATIVE")


def test_it_keeps_its_uid(written: Written) -> None:
    """The same date has the same UID in each file, and no two have one."""
    for day in ("2026-12-05", "2026-12-06"):
        agreed(written, on=day)
    first, again = events(written), events(written)
    assert first == again
    assert len({event["UID"] for event in first}) == 2
