"""Agreed dates, and the days set for the next talk, as a calendar file (iCalendar, RFC 5545).

Calendars are seen by others, so each event says "Time together", is marked private, and has no description, place or
name. Its UID does not change, and its SEQUENCE grows when it is changed, so that reading the file again moves an event
instead of adding one; one that was called off is in the file as cancelled. Without a time it takes the whole day.
Entries marked tender stay out.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from couplejournal.plugins import Entry, ExportRequest

SUMMARY: Final = "Time together"
STATUS: Final = {"agreed": "CONFIRMED", "cancelled": "CANCELLED"}
TALKS: Final = frozenset({"idea", "agreed", "held"})
MINUTES: Final = 120
DAY_LIMIT: Final = 7 * 24 * 60
_TIME: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def calendar(request: ExportRequest) -> Iterator[bytes]:
    """Yield the lines of the file, each ended as RFC 5545, 3.1 has it."""
    yield from _lines("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//couplejournal//dates//EN", "METHOD:PUBLISH")
    for entry in request.view.entries(kind=("date", "talk")):
        if entry.content.tender == "none":
            yield from _lines(*_event(entry, request.zone))
    yield from _lines("END:VCALENDAR")


def _lines(*lines: str) -> Iterator[bytes]:
    for line in lines:
        yield f"{line}\r\n".encode("ascii")


def _event(entry: Entry, zone: tzinfo) -> Iterable[str]:
    """Return the lines of one event, none where it has no day or was not agreed."""
    if entry.kind == "talk":
        day, status = _day(getattr(entry.content, "next_on", "")), "TENTATIVE" if entry.state in TALKS else ""
    else:
        day, status = _day(getattr(entry.content, "on", "")), STATUS.get(entry.state or "", "")
    if day is None or not status:
        return ()
    return (
        "BEGIN:VEVENT",
        f"UID:{entry.id[:32]}@couplejournal.invalid",
        f"SEQUENCE:{entry.revised}",
        f"DTSTAMP:{_utc(entry.recorded_at)}",
        *_when(entry, day, zone),
        f"SUMMARY:{SUMMARY}",
        f"STATUS:{status}",
        "CLASS:PRIVATE",
        "END:VEVENT",
    )


def _when(entry: Entry, day: date, zone: tzinfo) -> tuple[str, str]:
    at = _TIME.fullmatch(getattr(entry.content, "at", "").strip()) if entry.kind == "date" else None
    if at is None:
        return f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    minutes = getattr(entry.content, "minutes", None)
    lasts = minutes if isinstance(minutes, int) and 0 < minutes <= DAY_LIMIT else MINUTES
    start = datetime.combine(day, time(int(at[1]), int(at[2])), tzinfo=zone).astimezone(UTC)
    return f"DTSTART:{_utc(start)}", f"DTEND:{_utc(start + timedelta(minutes=lasts))}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _day(text: object) -> date | None:
    try:
        found = date.fromisoformat(str(text))
    except ValueError:
        return None
    return found if 1 < found.year < date.max.year else None
