"""When something happened: a claim of its author, as exact as the author meant it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import InvalidEntryError

if TYPE_CHECKING:
    from datetime import tzinfo

PRECISIONS: Final = ("day", "minute", "instant")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
# A day away from both ends of the calendar, so that a change to any zone stays inside it.
_FIRST_MS: Final = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // _MS
_LAST_MS: Final = (datetime(9999, 12, 30, 23, 59, 59, 999_000, tzinfo=UTC) - _EPOCH) // _MS
_OFFSET_LIMIT_MINUTES: Final = 24 * 60 - 1
_STRING_LIMIT_CHARACTERS: Final = 64
_HINT: Final = "write it as 2026-01-31 or 2026-01-31T18:30"


class Moment(msgspec.Struct, frozen=True):
    """A point in time: ``ms`` since 1970-01-01T00:00Z, the author's minutes east of UTC, and how exact it is.

    ``precision`` is "day" (``ms`` is its local midnight), "minute" or "instant".
    """

    ms: int
    offset_minutes: int
    precision: str

    @classmethod
    def claimed(cls, ms: int, offset_minutes: int, precision: str) -> Moment:
        """Return the moment that somebody else claims, brought inside the calendar. It never raises."""
        return cls(
            min(max(ms, _FIRST_MS), _LAST_MS),
            min(max(offset_minutes, -_OFFSET_LIMIT_MINUTES), _OFFSET_LIMIT_MINUTES),
            precision if precision in PRECISIONS else "instant",
        )

    @classmethod
    def parse(cls, value: str | date | datetime | None, *, now_ms: int, zone: tzinfo) -> Moment:
        """Return the moment that a person means: None is now, a date is that day, a naive time is in ``zone``.

        Strings are ISO 8601 dates or times. A time without seconds is exact to the minute.

        Raises:
            InvalidEntryError: the string is no date or time, or lies outside the years 1 to 9999.
            TypeError: ``value`` is of another type.
        """
        if value is None:
            local = as_utc(now_ms).astimezone(zone)
            return _at(local, zone, "instant")
        meant = _read(value.strip()) if isinstance(value, str) else value
        if isinstance(meant, datetime):
            is_whole_minute = meant.second == 0 and meant.microsecond == 0
            return _at(meant, zone, "minute" if is_whole_minute else "instant")
        if isinstance(meant, date):
            return _at(datetime(meant.year, meant.month, meant.day), zone, "day")  # noqa: DTZ001 - `_at` adds the zone
        raise TypeError("a string, a date, a datetime or None is needed")

    def as_datetime(self) -> datetime:
        """Return it as an aware datetime at the author's own distance from UTC. It never raises."""
        bounded = Moment.claimed(self.ms, self.offset_minutes, self.precision)
        return as_utc(bounded.ms).astimezone(timezone(timedelta(minutes=bounded.offset_minutes)))


def as_utc(ms: int) -> datetime:
    """Return the aware UTC datetime of milliseconds since 1970, brought inside the calendar. It never raises."""
    return _EPOCH + min(max(ms, _FIRST_MS), _LAST_MS) * _MS


def bound_ms(value: str | date | datetime | None, *, zone: tzinfo) -> int | None:
    """Return a bound of a span in milliseconds since 1970; a date means the start of that day in ``zone``.

    Spans hold their ``since`` and not their ``until``, so that one day's ``until`` is the next one's ``since``.

    Raises:
        InvalidEntryError: the string is no date or time, or lies outside the years 1 to 9999.
        TypeError: ``value`` is of another type.
    """
    return None if value is None else Moment.parse(value, now_ms=0, zone=zone).ms


def _read(value: str) -> date | datetime:
    """Return the date or the time that an ISO 8601 string names."""
    if len(value) <= _STRING_LIMIT_CHARACTERS:
        for read in (date.fromisoformat, datetime.fromisoformat):
            try:
                return read(value)
            except ValueError:
                continue
    raise InvalidEntryError("that is not a date or time", hint=_HINT)


def _at(meant: datetime, zone: tzinfo, precision: str) -> Moment:
    """Return the moment of a datetime, in ``zone`` where it is naive."""
    try:
        offset = (meant if meant.utcoffset() is not None else meant.replace(tzinfo=zone)).utcoffset() or timedelta()
        # Zones of long ago are seconds off a whole minute: the time on the wall is kept, not the second in UTC.
        offset_minutes = (offset + timedelta(seconds=30)) // timedelta(minutes=1)
        ms = (meant.replace(tzinfo=UTC) - _EPOCH) // _MS - offset_minutes * 60_000
    except (OverflowError, ValueError):
        raise InvalidEntryError("that time lies outside the calendar", hint=_HINT) from None
    if not (_FIRST_MS <= ms <= _LAST_MS and abs(offset_minutes) <= _OFFSET_LIMIT_MINUTES):
        raise InvalidEntryError("that time lies outside the years 1 to 9999", hint=_HINT)
    return Moment(ms, offset_minutes, precision)
