"""The result of an analysis as data: the command line, a report and a notebook draw the same.

"Not enough to say" is a result like any other. Every result carries the caveat, and no plugin can leave it out.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, get_args

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CAVEAT: Final = "This counts what was written down, not what happened."  # on every report

Unit = Literal["share", "ratio", "days", "count", "none"]
Cell: TypeAlias = "str | int | float | None"
JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"


Part = TypeVar("Part")


def _as_tuple(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts as a tuple; one string is a mistake and not a sequence of letters."""
    if isinstance(parts, (str, bytes)):
        raise TypeError("a sequence is needed, not one string")
    return tuple(parts)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _field(fits: Callable[[Any], bool], **settings: Any) -> Any:
    """Return a field that takes only what can be drawn: a plugin's slip is found in the plugin, not on the screen."""

    def require(_owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not fits(value):
            raise TypeError(f"the field {attribute.name} has a value that cannot be shown")

    return attrs.field(validator=require, **settings)


def _text() -> Any:
    return _field(lambda value: isinstance(value, str))


def _number(**settings: Any) -> Any:
    """Return a field for a finite number, or for None where that is the default."""
    is_optional = "default" in settings
    return _field(lambda value: _is_number(value) or (is_optional and value is None), **settings)


def several(kind: type, **settings: Any) -> Any:
    """Return a field for a tuple of parts of one kind."""
    return _field(lambda parts: all(isinstance(part, kind) for part in parts), converter=_as_tuple, **settings)


def _is_cell(value: object) -> bool:
    return value is None or isinstance(value, (str, bool)) or _is_number(value)


def _as_rows(rows: Iterable[Iterable[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(_as_tuple(row) for row in _as_tuple(rows))


@attrs.frozen
class Mark:
    """Draw a line for comparison at ``value`` and say what it is."""

    value: float = _number()
    label: str = _text()


@attrs.frozen(kw_only=True)
class Band:
    """Say between what a number lies, in ``unit`` (a share is 0 to 1).

    ``value`` is the best single guess, or None where a band is all that can be said; ``confidence`` is 0 to 1.
    """

    label: str = _text()
    low: float = _number()
    high: float = _number()
    value: float | None = _number(default=None)
    unit: Unit = attrs.field(default="none", validator=attrs.validators.in_(get_args(Unit)))
    confidence: float | None = _number(default=None)
    marks: tuple[Mark, ...] = several(Mark, default=())

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

    title: str = _text()
    columns: tuple[str, ...] = several(str)
    rows: tuple[tuple[Cell, ...], ...] = _field(
        lambda rows: all(_is_cell(cell) for row in rows for cell in row), converter=_as_rows
    )

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

    at: datetime = attrs.field(validator=attrs.validators.instance_of(datetime))
    value: float | None = _number(default=None)
    low: float | None = _number(default=None)
    high: float | None = _number(default=None)


@attrs.frozen(kw_only=True)
class Series:
    """Show how a number, and its band, moved; oldest point first."""

    title: str = _text()
    points: tuple[Point, ...] = several(Point)
    unit: Unit = attrs.field(default="none", validator=attrs.validators.in_(get_args(Unit)))
    marks: tuple[Mark, ...] = several(Mark, default=())


@attrs.frozen(kw_only=True)
class AnalysisResult:
    """Hold what an analysis found, or why there is not enough to say.

    ``headline`` is one sentence; ``notes`` are further sentences that belong beside the numbers. A result for both
    holds bands rather than counts, and nothing by person.
    """

    headline: str = _text()
    bands: tuple[Band, ...] = several(Band, default=())
    tables: tuple[Table, ...] = several(Table, default=())
    series: tuple[Series, ...] = several(Series, default=())
    notes: tuple[str, ...] = several(str, default=())
    is_enough: bool = _field(lambda value: isinstance(value, bool), default=True)
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
