"""The result of an analysis as data: the command line, a report and a notebook draw the same.

"Not enough to say" is a result like any other. Every result carries the caveat, and no plugin can leave it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from datetime import datetime

CAVEAT: Final = "This counts what was written down, not what happened."  # domain.md a.4: every report says so

Unit = Literal["share", "ratio", "days", "count", "none"]
Cell: TypeAlias = "str | int | float | None"
JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"


@attrs.frozen
class Mark:
    """Draw a line for comparison at ``value`` and say what it is."""

    value: float
    label: str


@attrs.frozen(kw_only=True)
class Band:
    """Say between what a number lies, in ``unit`` (a share is 0 to 1).

    ``value`` is the best single guess, or None where a band is all that can be said; ``confidence`` is 0 to 1.
    """

    label: str
    low: float
    high: float
    value: float | None = None
    unit: Unit = "none"
    confidence: float | None = None
    marks: tuple[Mark, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse a band that is upside down.

        Raises:
            ValueError: ``low`` is above ``high``.
        """
        if not self.low <= self.high:
            raise ValueError("a band's low end must not be above its high end")


@attrs.frozen(kw_only=True)
class Table:
    """Show rows under column names; each row has one cell for each column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __attrs_post_init__(self) -> None:
        """Refuse ragged rows.

        Raises:
            ValueError: a row is longer or shorter than the columns.
        """
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("each row needs one cell for each column")


@attrs.frozen(kw_only=True)
class Point:
    """Place one value in time; None where there is not enough to say at that moment."""

    at: datetime
    value: float | None = None
    low: float | None = None
    high: float | None = None


@attrs.frozen(kw_only=True)
class Series:
    """Show how a number, and its band, moved; oldest point first."""

    title: str
    points: tuple[Point, ...]
    unit: Unit = "none"
    marks: tuple[Mark, ...] = ()


@attrs.frozen(kw_only=True)
class AnalysisResult:
    """Hold what an analysis found, or why there is not enough to say.

    ``headline`` is one sentence; ``notes`` are further sentences that belong beside the numbers. A result for both
    holds bands rather than counts, and nothing by person.
    """

    headline: str
    bands: tuple[Band, ...] = ()
    tables: tuple[Table, ...] = ()
    series: tuple[Series, ...] = ()
    notes: tuple[str, ...] = ()
    is_enough: bool = True
    caveat: str = attrs.field(default=CAVEAT, init=False)

    @classmethod
    def not_enough(cls, reason: str) -> AnalysisResult:
        """Say that there is not enough to say; ``reason`` tells what it would take, never whose entries are missing."""
        return cls(headline="Not enough to say.", notes=(reason,), is_enough=False)

    def as_data(self) -> dict[str, JSON]:
        """Return the result as JSON data; times as ISO 8601 text."""
        return {
            "headline": self.headline,
            "is_enough": self.is_enough,
            "bands": [_band_data(band) for band in self.bands],
            "tables": [
                {"title": table.title, "columns": list(table.columns), "rows": [list(row) for row in table.rows]}
                for table in self.tables
            ],
            "series": [_series_data(series) for series in self.series],
            "notes": list(self.notes),
            "caveat": self.caveat,
        }


def _marks_data(marks: tuple[Mark, ...]) -> list[JSON]:
    return [{"value": mark.value, "label": mark.label} for mark in marks]


def _band_data(band: Band) -> dict[str, JSON]:
    return {
        "label": band.label,
        "low": band.low,
        "high": band.high,
        "value": band.value,
        "unit": band.unit,
        "confidence": band.confidence,
        "marks": _marks_data(band.marks),
    }


def _series_data(series: Series) -> dict[str, JSON]:
    return {
        "title": series.title,
        "unit": series.unit,
        "marks": _marks_data(series.marks),
        "points": [
            {"at": point.at.isoformat(), "value": point.value, "low": point.low, "high": point.high}
            for point in series.points
        ],
    }
