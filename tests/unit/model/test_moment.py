"""Moments: what a person means by a date, and what a hostile time cannot do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from couplejournal.errors import InvalidEntryError
from couplejournal.model.moment import Moment, as_utc, bound_ms

NOW = 1_750_000_000_123
EAST = timezone(timedelta(hours=5, minutes=30))
WEST = timezone(timedelta(hours=-8))


def parsed(value: str | date | datetime | None) -> Moment:
    """Return what is meant, five and a half hours east of UTC."""
    return Moment.parse(value, now_ms=NOW, zone=EAST)


def test_nothing_given_is_now() -> None:
    """Without a time it is this instant, to the millisecond, with the zone's distance."""
    assert parsed(None) == Moment(NOW, 330, "instant")
    assert parsed(None).as_datetime().tzinfo is not None


@pytest.mark.parametrize(
    ("value", "shown", "precision"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+05:30", "day"),
        (" 2026-01-31 ", "2026-01-31T00:00:00+05:30", "day"),
        (date(2026, 1, 31), "2026-01-31T00:00:00+05:30", "day"),
        ("2026-01-31T18:30", "2026-01-31T18:30:00+05:30", "minute"),
        ("2026-01-31 18:30", "2026-01-31T18:30:00+05:30", "minute"),
        ("2026-01-31T18:30:05", "2026-01-31T18:30:05+05:30", "instant"),
        ("2026-01-31T18:30:05.25Z", "2026-01-31T18:30:05.250000+00:00", "instant"),
        (datetime(2026, 1, 31, 18, 30, tzinfo=WEST), "2026-01-31T18:30:00-08:00", "minute"),
        (datetime(2026, 1, 31, 18, 30), "2026-01-31T18:30:00+05:30", "minute"),  # noqa: DTZ001
        ("1815-12-10", "1815-12-10T00:00:00+05:30", "day"),
    ],
)
def test_dates_and_times_mean_the_local_zone(value: str | date | datetime, shown: str, precision: str) -> None:
    """Dates and naive times are in the zone; aware ones keep their own."""
    moment = parsed(value)
    assert moment.as_datetime().isoformat() == shown
    assert moment.precision == precision


@pytest.mark.parametrize(
    "value", ["", "tomorrow", "2026-13-01", "10000-01-01", "0000-01-01", "2026-01-31T25:00", "2" * 99]
)
def test_what_is_no_time_is_refused_without_quoting_it(value: str) -> None:
    """A wrong date is named as such, with a hint, and is not repeated."""
    with pytest.raises(InvalidEntryError) as raised:
        parsed(value)
    assert raised.value.hint
    assert not value or value not in str(raised.value)


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31T12:00", "9999-12-31T23:59:59.999999-12:00"])
def test_the_ends_of_the_calendar_are_refused(value: str) -> None:
    """A day that another zone could push out of the calendar is refused."""
    with pytest.raises(InvalidEntryError):
        parsed(value)


def test_another_type_is_a_mistake_of_the_program() -> None:
    """A number is no time."""
    with pytest.raises(TypeError):
        parsed(5)  # type: ignore[arg-type]


def test_an_old_zone_keeps_the_day() -> None:
    """Before zones had whole minutes, a day is still that day."""
    moment = Moment.parse("1880-05-01", now_ms=NOW, zone=ZoneInfo("Europe/Berlin"))
    assert moment.as_datetime().date() == date(1880, 5, 1)
    assert moment.as_datetime().hour == 0


def test_a_bound_is_the_start_of_the_day() -> None:
    """A date bounds a span where its day begins; no date is no bound."""
    assert bound_ms("2026-01-02", zone=UTC) == 1_767_312_000_000
    assert bound_ms(date(2026, 1, 2), zone=EAST) == 1_767_312_000_000 - 330 * 60_000
    assert bound_ms(None, zone=UTC) is None
    with pytest.raises(InvalidEntryError):
        bound_ms("soon", zone=UTC)


@pytest.mark.parametrize("ms", [-(1 << 63), -1, 0, (1 << 64) - 1])
@pytest.mark.parametrize("offset_minutes", [-(1 << 63), -1439, 0, 1439, 1 << 62])
def test_a_claimed_time_can_always_be_shown(ms: int, offset_minutes: int) -> None:
    """No claim of a time, however absurd, raises, here or when it is shown in another zone."""
    claimed = Moment.claimed(ms, offset_minutes, "aeon")
    assert claimed.precision == "instant"
    for moment in (claimed, Moment(ms, offset_minutes, "day")):
        shown = moment.as_datetime()
        for zone in (timezone(timedelta(minutes=-1439)), timezone(timedelta(minutes=1439))):
            assert shown.astimezone(zone) == shown
    assert as_utc(ms).tzinfo is UTC
