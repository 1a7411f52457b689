"""Read: the latest entries, one entry with its thread, entries that hold a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

import click

from couplejournal.cli.hosted import Renderer
from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened, shorten
from couplejournal.cli.output import delivered_fields, entry_fields, print_json
from couplejournal.cli.rendering import INDENT, delivery_words, entry_lines, muted, short_of, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Unpack

    from couplejournal.journal import Journal
    from couplejournal.journal.delivering import Delivery
    from couplejournal.model.entry import Entry
    from couplejournal.view import JournalView

LATEST: Final = 10


class Filters(TypedDict):
    """What narrows a listing."""

    kinds: Sequence[str]
    since: str | None
    until: str | None
    tag: str | None
    audience: str | None


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what narrows a listing."""
    for option in reversed(
        (
            click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind; may be given again."),
            click.option("--since", metavar="DATE", help="From this day or time on."),
            click.option("--until", metavar="DATE", help="Before this day or time."),
            click.option("--tag", metavar="TAG", help="Only entries with this tag."),
            click.option("--shared", "audience", flag_value="shared", help="Only what both can read."),
            click.option("--private", "audience", flag_value="private", help="Only what is yours alone."),
            no_sync_option,
            json_option,
        )
    ):
        command = option(command)
    return command


@click.command(cls=Act)
@click.option("-n", "limit", type=click.IntRange(min=0), default=LATEST, show_default=True, help="How many; 0 for all.")
@click.option("--apart", "is_apart", is_flag=True, help="Only what a device wrote after its removal.")
@_filters
def log(limit: int, *, is_apart: bool, no_sync: bool, as_json: bool, **filters: Unpack[Filters]) -> None:
    """List entries in the order in which things happened, the newest last.

    Both SINCE and UNTIL are days (2026-01-31) or times (2026-01-31T18:30) in your zone; UNTIL itself is not included.
    """
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        view = journal.view()
        if is_apart:
            _log_apart(view, limit, filters, as_json=as_json)
            return
        found = _listed(view, limit and limit + 1, filters)
        has_more = bool(limit) and len(found) > limit
        found = found[has_more:]
        ways = journal.deliveries(found)
        if as_json:
            print_json("entries/1", {"entries": [delivered_fields(entry, ways) for entry in found]})
            return
        _print(found, view, ways, is_whole=False, shows_tender=False, source=journal)
        if not found:
            talk("nothing here yet" if not any(filters.values()) else "nothing found")
        elif has_more:
            talk(f"the latest {limit}; `log -n 0` lists all")


def _log_apart(view: JournalView, limit: int, filters: Filters, *, as_json: bool) -> None:
    """List what was written after a removal; it is no part of the timeline, so nothing narrows it.

    Raises:
        click.UsageError: something was to narrow it.
    """
    if any(filters.values()):
        raise click.UsageError("--apart lists everything that stands apart; leave the other filters out")
    every = view.apart()
    found = every[-limit:] if limit else every
    if as_json:
        print_json("entries/1", {"entries": [entry_fields(entry) for entry in found]})
        return
    ids = [entry.id for entry in every]

    def short(entry_id: str) -> str:
        return short_of(entry_id, is_unique=lambda prefix: sum(one.startswith(prefix) for one in ids) == 1)

    for count, entry in enumerate(found):
        lines = entry_lines(entry, short, is_whole=False, shows_tender=False)
        click.echo("\n".join([""] * (count > 0) + lines))
    if not found:
        talk("nothing stands apart")
    elif any(entry.is_mine for entry in found):
        talk("yours? `couplejournal devices take-over ID` writes it again as your own")


@click.command(cls=Act)
@click.argument("text", metavar="TEXT|-")
@click.option("-n", "limit", type=click.IntRange(min=0), default=0, help="At most so many, the latest.")
@click.option("--tender", "with_tender", is_flag=True, help="Look into tender entries too.")
@_filters
def search(
    text: str, limit: int, *, with_tender: bool, no_sync: bool, as_json: bool, **filters: Unpack[Filters]
) -> None:
    """Find entries whose text holds TEXT, in capitals or not; `-` reads it from stdin or lets you type it."""
    from couplejournal.cli import asking

    with opened() as journal:
        sought = asking.text(text, what="Look for").strip()
        if not sought:
            raise click.UsageError("there is nothing to look for")
        catch_up(journal, no_sync=no_sync)
        view = journal.view()
        found = _listed(view, 0, filters, sought)
        if not with_tender:
            asked_for = {name for name in filters["kinds"] if name in view.kinds and view.kinds[name].tender != "none"}
            found = [entry for entry in found if entry.content.tender == "none" or entry.kind in asked_for]
        found = found[-limit:] if limit else found
        if as_json:
            print_json("entries/1", {"entries": [entry_fields(entry) for entry in found]})
            return
        _print(found, view, {}, is_whole=False, source=journal)
        if not found:
            talk("nothing found")


@click.command(cls=Act)
@click.argument("id", metavar="ID")
@no_sync_option
@json_option
def show(id: str, *, no_sync: bool, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Show an entry whole, with all that belongs to it; the beginning of its ID is enough."""
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        view = journal.view()
        entry = view.entry(id)
        thread = journal.questions.thread(entry) or view.thread(entry.id)
        ways = journal.deliveries(thread)
        if as_json:
            print_json("thread/1", {"id": entry.id, "entries": [delivered_fields(part, ways) for part in thread]})
            return
        _print(thread, view, ways, is_whole=True, source=journal)
        steps = view.steps_allowed(entry.id)
        if steps:
            talk(f"possible: {', '.join(steps)}")


def _listed(view: JournalView, limit: int, filters: Filters, text: str | None = None) -> list[Entry]:
    """Return what the filters let through, oldest first."""
    latest = view.entries(
        kind=tuple(filters["kinds"]) or None,
        since=filters["since"],
        until=filters["until"],
        tag=filters["tag"],
        audience=filters["audience"],
        text=text,
        limit=limit or None,
        newest_first=True,
    )
    return list(latest)[::-1]


def _print(
    entries: Iterable[Entry],
    view: JournalView,
    ways: Mapping[str, Delivery],
    *,
    is_whole: bool,
    source: Journal,
    shows_tender: bool = True,
) -> None:
    """Print entries with an empty line between them, and with how far they have come where that is to be told."""
    short, rendered = shorten(view), Renderer(source, view, is_whole=is_whole)
    for count, entry in enumerate(entries):
        lines = entry_lines(entry, short, is_whole=is_whole, shows_tender=shows_tender, rendered=rendered)
        way = delivery_words(ways[entry.id], is_whole=is_whole) if entry.id in ways else ""
        if way and is_whole:
            lines.append(INDENT + muted(way))
        elif way:
            lines[0] += muted(f" · {way}")
        click.echo("\n".join([""] * (count > 0) + lines))
