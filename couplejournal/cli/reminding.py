"""`reminders`: what plugins remind this person of, on this device alone, if the person let them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import hosted, settings
from couplejournal.cli.opening import json_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean, clean_line, columns, muted, talk, wrapped
from couplejournal.cli.settings import Act, ActGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from couplejournal.journal import Journal
    from couplejournal.plugins import Reminder

LET: Final = "couplejournal reminders on ID"


@click.group(cls=ActGroup)
@json_option
@click.pass_context
def reminders(ctx: click.Context, *, as_json: bool) -> None:
    """Show what you are to be reminded of now: on this device alone, and by no plugin that you did not let.

    Nobody else hears of it, and nothing is counted. `on` lets a plugin remind you, `off` ends that for good.
    """
    if ctx.invoked_subcommand is not None:
        return
    from couplejournal.disk import RealDisk
    from couplejournal.plugins.reminding import load

    chosen = load(hosted.home().reminders_path, RealDisk())
    found: tuple[Reminder, ...] = ()
    if chosen.plugins:
        with opened() as journal:
            found = due(journal)
    if as_json:
        shown: list[object] = [{"id": one.id, "text": one.text, "at": one.at.isoformat()} for one in found]
        print_json("reminders/1", {"reminders": shown, "plugins": list(chosen.plugins), "off": list(chosen.off)})
        return
    for one in found:
        click.echo("\n".join(wrapped(clean(one.text), columns())))
        talk(muted(f"never again: couplejournal reminders off {clean_line(one.id)}"))
    if not chosen.plugins:
        _tell_who_could()
    elif not found:
        talk("nothing now")


def due(journal: Journal, *, report: Callable[[str], None] | None = None) -> tuple[Reminder, ...]:
    """Return what is due by now of the plugins that may remind; none where no plugin may.

    Raises:
        CouplejournalError: the plugins could not be asked.
    """
    from couplejournal.plugins import reminding
    from couplejournal.system import RealSystem

    chosen = reminding.load(journal.home.reminders_path, journal.device.disk)
    if not chosen.plugins:
        return ()
    host = hosted.hosting(journal, "reminders", plugins=chosen.plugins, report=report)
    found = host.reminders(language=settings.language(), plugins=chosen.plugins)
    return reminding.due(found, chosen, now=datetime.fromtimestamp(RealSystem().now_ms() / 1000, UTC))


def _tell_who_could() -> None:
    could = ", ".join(clean_line(one.id) for one in hosted.plugins_with("reminders") if one.hooks is not None)
    talk(f"no plugin may remind you here; `{LET}` lets one: {could}" if could else "no plugin is on that could")


@reminders.command("on", cls=Act)
@click.argument("id", metavar="ID")
def turn_on(id: str) -> None:  # noqa: A002 - the argument's name
    """Let the plugin ID remind you on this device."""
    from couplejournal.disk import RealDisk
    from couplejournal.errors import PluginError
    from couplejournal.plugins import reminding

    if id not in {one.id for one in hosted.plugins_with("reminders")}:
        raise PluginError("no plugin of that name is on that could remind", hint="couplejournal plugins list")
    path, disk = hosted.home().reminders_path, RealDisk()
    reminding.save(path, reminding.load(path, disk).turned_on(id), disk)
    click.echo(f"{clean_line(id)} may remind you on this device")


@reminders.command("off", cls=Act)
@click.argument("id", metavar="ID")
def turn_off(id: str) -> None:  # noqa: A002 - the argument's name
    """End one reminder (plugin/name) for good, or all of a plugin.

    `reminders on` with the plugin's id brings all of its own back.
    """
    from couplejournal.disk import RealDisk
    from couplejournal.plugins import reminding

    path, disk = hosted.home().reminders_path, RealDisk()
    reminding.save(path, reminding.load(path, disk).turned_off(id), disk)
    click.echo(f"{clean_line(id)} reminds you no more on this device")
