"""What plugins bring: questions to write about, and what the entries tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import hosted, settings
from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean, clean_line, columns, emphasised, muted, table, talk, width_of, wrapped
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

    from couplejournal.plugins import AnalysisResult, Analyzed, Band, Series

SHORTCUTS: Final = {"bid": "bid", "appreciation": "appreciate", "goal": "goal", "note": "note"}
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_NO_VALUE: Final = "·"
NONE_ON: Final = "no plugin is on that could; `plugins list` shows what there is"


@click.command(cls=Act)
@click.option("--another", "skip", count=True, help="Another one; twice for the one after that.")
@click.option("--language", metavar="TAG", help="Such as `de`; that of the terminal otherwise.")
@json_option
def prompt(skip: int, language: str | None, *, as_json: bool) -> None:
    """Get a question to write about. Passing it over is as good as answering, and nobody learns of either."""
    host = hosted.hosting(hosted.NoView(), "prompts", "choose_prompt")
    found = host.prompt(language=language or settings.language(), skip=skip)
    if as_json:
        fields = None
        if found is not None:
            fields = {"id": found.id, "text": found.text, "kind": found.kind, "language": found.language}
        print_json("prompt/1", {"prompt": fields})
    elif found is None:
        talk(NONE_ON)
    else:
        click.echo("\n".join(wrapped(clean(found.text), columns())))
        command = SHORTCUTS.get(found.kind, f"add {clean_line(found.kind)}")
        talk(muted(f"to write: couplejournal {command}   another one: couplejournal prompt --another"))


@click.command(cls=Act)
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--language", metavar="TAG", help="Such as `de`; that of the terminal otherwise.")
@no_sync_option
@json_option
def analyze(name: str | None, language: str | None, *, no_sync: bool, as_json: bool) -> None:
    """See what the entries tell: every analysis that plugins bring, or the one of this NAME.

    Without NAME those that have not enough to say yet are only named; with it, each says what it would take.
    """
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        done = hosted.hosting(journal, "analyses").analyze(name, language=language or settings.language())
    if as_json:
        analyses = [
            {
                "id": one.id,
                "title": one.title,
                "scope": one.scope,
                "result": None if one.result is None else one.result.as_data(),
            }
            for one in done
        ]
        print_json("analyses/1", {"analyses": analyses})
        return
    if not done:
        talk(NONE_ON)
    quiet = [one for one in done if name is None and one.result is not None and not one.result.is_enough]
    parts = ["\n".join(_analysis_lines(one)) for one in done if one not in quiet]
    parts += (
        ["\n".join(["Not enough to say yet; with its name each says what it would take:", *_named(quiet)])]
        if quiet
        else []
    )
    if parts:
        click.echo("\n\n".join(parts))


def _named(analyses: Sequence[Analyzed]) -> list[str]:
    return ["  " + line for line in table([(clean_line(one.id), clean_line(one.title)) for one in analyses])]


def _analysis_lines(one: Analyzed) -> list[str]:
    """Return one analysis as lines to print."""
    whose = "from what both can read" if one.scope == "couple" else "yours alone"
    lines = [f"{emphasised(clean_line(one.title))} {muted(f'({clean_line(one.id)}; {whose})')}"]
    if one.result is None:
        return [*lines, "  could not be made"]
    return lines + [("  " + line).rstrip() for line in _result_lines(one.result)]


def _result_lines(result: AnalysisResult) -> list[str]:
    width = columns()
    inner = None if width is None else width - 2
    lines = wrapped(clean_line(result.headline), inner)
    for band in result.bands:
        lines.extend(wrapped(_band(band), inner))
    for shown in result.tables:
        lines.append(clean_line(shown.title))
        rows = [tuple("" if cell is None else clean_line(str(cell)) for cell in row) for row in shown.rows]
        lines.extend(_table_lines([tuple(clean_line(name) for name in shown.columns), *rows], width))
    for series in result.series:
        lines.extend(wrapped(clean_line(series.title), inner))
        lines.extend(f"  {drawn}" for drawn in _sparkline(series))
        lines.extend("  " + line for line in table(_points(series)))
    for note in result.notes:
        lines.extend(wrapped(clean_line(note), inner))
    return [*lines, *(muted(line) for line in wrapped(clean_line(result.caveat), inner))]


def _amount(value: float, unit: str) -> str:
    """Return a number in its unit."""
    if unit == "share":
        return f"{value * 100:.0f} %"
    if unit == "ratio":
        return f"{value:.1f} : 1"
    return f"{value:.1f} days" if unit == "days" else f"{round(value, 2):g}"


def _band(band: Band) -> str:
    """Return a band as a phrase."""
    text = f"{clean_line(band.label)}: {_amount(band.low, band.unit)} to {_amount(band.high, band.unit)}"
    if band.value is not None:
        text += f", most likely {_amount(band.value, band.unit)}"
    if band.confidence is not None:
        text += f" (a {band.confidence * 100:.0f} % interval)"
    return text + "".join(f"; {clean_line(mark.label)}: {_amount(mark.value, band.unit)}" for mark in band.marks)


def _points(series: Series) -> list[tuple[str, str]]:
    """Return the points of a series as a table of days and values."""
    rows = []
    for point in series.points:
        text = "-" if point.value is None else _amount(point.value, series.unit)
        if point.low is not None and point.high is not None:
            text += f"  ({_amount(point.low, series.unit)} to {_amount(point.high, series.unit)})"
        rows.append((f"{point.at:%Y-%m-%d}", text))
    return rows


def _sparkline(series: Series) -> list[str]:
    """Return the course of a series as one row of blocks, which says nothing that the numbers below it do not say."""
    known = [point.value for point in series.points if point.value is not None]
    if len(known) < 2:
        return []
    ends = [end for point in series.points for end in (point.low, point.high) if end is not None]
    low, high = min(*known, *ends), max(*known, *ends)
    steps = len(_BLOCKS) - 1
    return [
        "".join(
            _NO_VALUE if point.value is None else _BLOCKS[round(steps * (point.value - low) / (high - low or 1))]
            for point in series.points
        )
    ]


def _table_lines(rows: list[tuple[str, ...]], width: int | None) -> list[str]:
    """Return rows in columns; where these do not fit, each row as a paragraph with the names of its columns."""
    grid = ["  " + line for line in _grid(rows)]
    if width is None or max(width_of(line) for line in grid) <= width:
        return grid
    names, *rest = rows
    lines: list[str] = []
    for number, row in enumerate(rest):
        lines += [""] * (number > 0)
        for name, cell in zip(names, row, strict=True):
            lines += ["  " + line for line in wrapped(f"{name}: {cell}", width - 4)]
    return lines


def _grid(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows in columns."""
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
