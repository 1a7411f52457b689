"""What plugins bring: questions to write about, and what the entries tell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NoReturn

import click

from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean, clean_line, columns, emphasised, muted, table, talk, width_of, wrapped
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from couplejournal.plugins import AnalysisResult, Analyzed, Band, Series

SHORTCUTS: Final = {"bid": "bid", "appreciation": "appreciate", "goal": "goal", "note": "note"}
NONE_ON: Final = "no plugin is on that could; `plugins list` shows what there is"


def _language() -> str:
    """Return the language of the terminal as a tag such as ``de-AT``."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "").split(".")[0].split("@")[0]
        if value:
            return "en" if value in ("C", "POSIX") else value.replace("_", "-")
    return "en"


class _NoView:
    """Stands where a journal would: questions are asked without opening it, so no passphrase is needed for them."""

    def view(self) -> NoReturn:
        """Refuse.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("a question needs no view")


@click.command(cls=Act)
@click.option("--another", "skip", count=True, help="Another one; twice for the one after that.")
@click.option("--language", metavar="TAG", help="Such as `de`; that of the terminal otherwise.")
@json_option
def prompt(skip: int, language: str | None, *, as_json: bool) -> None:
    """Get a question to write about. Passing it over is as good as answering, and nobody learns of either."""
    from couplejournal.plugins.hosting import PluginHost
    from couplejournal.store.home import Home

    host = PluginHost.of(_NoView(), home=Home.locate(None, os.environ))
    found = host.prompt(language=language or _language(), skip=skip)
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
    """See what the entries tell: every analysis that plugins bring, or the one of this NAME."""
    from couplejournal.plugins import host

    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        done = host(journal).analyze(name, language=language or _language())
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
    for count, one in enumerate(done):
        click.echo("\n".join([""] * (count > 0) + _analysis_lines(one)))


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
        lines.extend("  " + line for line in _grid([tuple(clean_line(name) for name in shown.columns), *rows]))
    for series in result.series:
        lines.append(clean_line(series.title))
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
    return f"{value:.1f} days" if unit == "days" else f"{value:g}"


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


def _grid(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows in columns."""
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
