"""Plugins on this device: what there is, what each may do, and turning them on and off."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking, authoring, consent, hosted, settings
from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened
from couplejournal.cli.output import as_json as json_text
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, table, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.plugins.switch import Enabled, Offered

CHANGED: Final = "a plugin whose files changed rests until `couplejournal plugins enable ID`"
_ON_OR_OFF: Final = {None: "off", "on": "on ", "changed": "changed, so off"}
_WORDS: Final = {"new": "is on", "same": "was on already", "changed": "is on again, with changed files"}
_AGREE: Final = click.option("--agree", metavar="ID", help="Agree without being asked: the id of the plugin.")
NOT_AGREED: Final = 13
_OUT_OF_PACK: Final = ".toml"


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND ...")
@click.pass_context
def plugins(ctx: click.Context) -> None:
    """List, try and enable plugins. Installed is not enabled, and only you decide for this device."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@plugins.command("list", cls=Act)
@click.option("--available", is_flag=True, help="Look for plugins of other packages too.")
@json_option
def list_plugins(*, available: bool, as_json: bool) -> None:
    """List the plugins that came along or are on.

    With --available those of other packages too, which no other command looks for.
    """
    from couplejournal.disk import RealDisk
    from couplejournal.plugins import available as bundled
    from couplejournal.plugins import enabled
    from couplejournal.plugins.bundled import Bundled
    from couplejournal.plugins.installed import state_of
    from couplejournal.plugins.switch import installed

    here = {one.id: (one.summary, "couplejournal") for one in bundled()}
    faults: tuple[str, ...] = ()
    if available:
        found, faults = installed()
        here |= {one.manifest.id: (one.manifest.summary, one.distribution) for one in found}
    locks = enabled()
    bundles = Bundled.of_this_install(RealDisk())
    on = {locked.id: state_of(locked, bundles) for locked in locks}
    for locked in locks:
        here.setdefault(locked.id, ("", locked.distribution))
    if as_json:
        fields: list[object] = [
            {
                "id": name,
                "summary": summary,
                "from": source,
                "enabled": name in on,
                "changed": on.get(name) == "changed",
            }
            for name, (summary, source) in sorted(here.items())
        ]
        print_json("plugins/1", {"plugins": fields, "faults": list(faults)})
        return
    rows = [(clean_line(name), _line(name, here[name], on)) for name in sorted(here)]
    click.echo("\n".join(table(rows)))
    for told in faults:
        talk(clean_line(told))
    if "changed" in on.values():
        talk(CHANGED)


def _line(name: str, about: tuple[str, str], on: Mapping[str, str]) -> str:
    summary, source = about
    if on.get(name) == "missing":
        return "on, but not here any more"
    told = summary if source == "couplejournal" else f"{summary}  ({source})".strip()
    return f"{_ON_OR_OFF[on.get(name)]}  {clean_line(told)}"


def _screen(offer: Offered) -> list[str]:
    from couplejournal.plugins.permissions import screen

    return [clean_line(line) for line in screen(offer)]


@plugins.command("info", cls=Act)
@click.argument("id", metavar="ID")
def info(id: str) -> None:  # noqa: A002 - the argument's name
    """Show what a plugin is and reads, and why.

    And how far this machine holds it to that. Nothing is changed.
    """
    from couplejournal.plugins.switch import offered

    offer = offered(id)
    click.echo("\n".join(_screen(offer)))
    state = "off" if offer.before is None else "changed, so off" if offer.changed_files else "on"
    click.echo(f"now: {state}")
    if state == "on" and offer.plugin.has("diagnostics"):
        told = hosted.hosting(hosted.NoView(), "diagnostics", plugins=[id]).diagnostics().get(id)
        click.echo(f"says of itself: {'unavailable' if told is None else json_text(told)}")


@plugins.command("check", cls=Act)
@click.argument("path", metavar="PATH_OR_ID")
def check(path: str) -> int:
    """Check a pack's file, a plugin's folder (./NAME), or an installed plugin.

    Every error is told at once. Nothing of it runs.
    """
    if not path.endswith(_OUT_OF_PACK):
        is_place = path in (".", "..") or not {"/", "\\"}.isdisjoint(path)
        return _check_folder(path) if is_place else _check_installed(path)
    from couplejournal.disk import RealDisk
    from couplejournal.errors import PluginError
    from couplejournal.plugins.manifest import PACK_LIMIT_BYTES
    from couplejournal.plugins.packs import check_pack

    data = RealDisk().read(Path(path), limit_bytes=4 * PACK_LIMIT_BYTES)
    if data is None:
        raise PluginError("there is no such file")
    pack, faults = check_pack(data)
    for fault in faults:
        click.echo(clean_line(str(fault)))
    if pack is None:
        talk(f"{counted(len(faults), 'error')} in this pack")
        return PluginError.exit_code
    found = {"prompt": pack.prompts, "exercise": pack.exercises, "kind": pack.kinds, "metric": pack.metrics}
    parts = [counted(len(each), word) for word, each in found.items() if each] or ["nothing in it yet"]
    click.echo(f"{clean_line(pack.id)}: all well; {', '.join(parts)}")
    return 0


def _check_installed(plugin_id: str) -> int:
    from couplejournal.plugins.switch import offered

    offer = offered(plugin_id)
    click.echo(f"{clean_line(offer.manifest.id)}: its description fits, {counted(len(offer.plugin.files), 'file')}")
    return 0


def _check_folder(path: str) -> int:
    """Print what a package that is not installed would ask for, and what its author owes; return the exit code."""
    from couplejournal.disk import RealDisk
    from couplejournal.errors import PluginError
    from couplejournal.plugins.reviewing import package_in

    offer, owed = package_in(Path(path), RealDisk())
    click.echo("\n".join(_screen(offer)))
    for told in owed:
        click.echo(f"owed: {clean_line(told)}")
    return PluginError.exit_code if owed else 0


@plugins.command("enable", cls=Act)
@click.argument("id", metavar="ID")
@_AGREE
def enable_plugin(id: str, agree: str | None) -> int:  # noqa: A002 - the argument's name
    """Turn a plugin on, on this device, as its files are now.

    After a change this shows what changed.
    """
    from couplejournal.plugins.switch import offered

    return _decide(offered(id), agree)


@plugins.command("add", cls=Act)
@click.argument("path", metavar="FILE.toml")
@_AGREE
def add(path: str, agree: str | None) -> int:
    """Turn on a pack that is a file of this device; it stays where it is."""
    from couplejournal.plugins.switch import offered

    return _decide(offered(None, file=path), agree)


def _decide(offer: Offered, agree: str | None) -> int:
    """Ask, unless it came along or is on already, and turn it on; return the exit code."""
    from couplejournal.plugins.consent import needs_consent
    from couplejournal.plugins.recording import accept

    if offer.plugin.distribution != "couplejournal" and not offer.is_on:
        for line in _screen(offer):
            talk(line)
        if not _is_agreed(offer, agree):
            talk("nothing was changed")
            return NOT_AGREED
    _tell(accept(offer))
    if needs_consent(offer.plugin):
        consent.tell(offer)
    return 0


def _is_agreed(offer: Offered, agree: str | None) -> bool:
    name = offer.manifest.id
    if agree is not None:
        return agree == name
    if not settings.current().may_ask:
        talk("a person must agree to this: at a terminal, or with --agree ID")
        return False
    if offer.manifest.tier == "trusted":
        return asking.is_typed(f"to turn it on, type its id ({clean_line(name)}):", name)
    return asking.yes_or_no("turn it on?", default=False)


def _tell(done: Enabled) -> None:
    click.echo(f"{clean_line(done.plugin.id)} {_WORDS[done.was]}")
    for path in done.changed_files:
        click.echo(f"  {clean_line(path)}")


@plugins.command("disable", cls=Act)
@click.argument("id", metavar="ID")
def disable_plugin(id: str) -> None:  # noqa: A002 - the argument's name
    """Turn a plugin off. What was written with its help stays."""
    from couplejournal.plugins import disable

    consent.tell_off(id)
    disable(id)
    click.echo(f"{clean_line(id)} is off")


@plugins.command("preview", cls=Act)
@click.argument("id", metavar="ID")
@click.option("--mine", is_flag=True, help="What an analysis for you alone is given; else one for both.")
@no_sync_option
def preview(id: str, *, mine: bool, no_sync: bool) -> None:  # noqa: A002 - the argument's name
    """Print the exact JSON of the entries that a plugin would be given. Nothing of it runs."""
    from couplejournal.plugins.consent import consent_in
    from couplejournal.plugins.guards import cut
    from couplejournal.plugins.switch import offered
    from couplejournal.plugins.workerdata import view_data

    offer = offered(id)
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        whole = journal.view()
        given = consent_in(whole, offer.plugin, is_told=True)  # as it will be once the partner is told
        view = cut(whole, offer.manifest.permissions, "mine" if mine else "couple", given)
        click.echo(json_text(view_data(view)))


@plugins.command("log", cls=Act)
@json_option
def log(*, as_json: bool) -> None:
    """Show when plugins were turned on and off here."""
    from couplejournal.plugins.switch import logged

    rows = [(datetime.fromtimestamp(one.at / 1000, UTC), one) for one in logged()]
    if as_json:
        lines: list[object] = [{"at": at.isoformat(), "plugin": one.plugin, "what": one.what} for at, one in rows]
        print_json("plugins-log/1", {"log": lines})
        return
    for at, one in rows:
        click.echo(f"{at.astimezone():%Y-%m-%d %H:%M}  {clean_line(one.plugin)}  {clean_line(one.what)}")


plugins.add_command(consent.partner_words)
plugins.add_command(authoring.new)
