"""`x`: the commands of trusted plugins. Their names and their help stand in the lock; one is loaded to be run.

A plugin of this tier can do what this program can do. What its command raises ends that command with 1, and is told
like the failure of any hook: where, and never in its own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from couplejournal.cli import hosted
from couplejournal.cli.rendering import clean_line, talk
from couplejournal.cli.settings import Act, ActGroup
from couplejournal.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.plugins import LockedPlugin

FAILED: Final = 1
CODES: Final = range(256)
NONE: Final = "no trusted plugin is on that brings commands"


def _having() -> dict[str, LockedPlugin]:
    """Return the plugins that bring commands, by id, from the lock alone."""
    return {one.id: one for one in hosted.plugins_with("commands") if one.tier == "trusted" and one.commands}


class Plugins(ActGroup):
    """The plugins that bring commands; a name below is looked up in the lock, and nothing is loaded for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the ids of the plugins."""
        return list(_having())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the commands of a plugin as a group; None where it brings none."""
        found = _having().get(cmd_name)
        return None if found is None else Commands(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the plugin."""
        if args[0] not in _having() and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError("no trusted plugin of that name is on with commands", ctx)
        return click.Group.resolve_command(self, ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands of every plugin, as the lock has them."""
        _write(formatter, {f"{one.id} {name}": told for one in _having().values() for name, told in _told(one)})


class Commands(ActGroup):
    """The commands of one plugin."""

    def __init__(self, plugin: LockedPlugin) -> None:
        """Stand for a plugin that is on."""
        super().__init__(name=plugin.id, help=f"Commands of the plugin {plugin.id}.", callback=_show_help)
        self._plugin = plugin

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, as the lock has them."""
        return sorted(self._plugin.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return what runs a command of the plugin; None where the lock has none of that name."""
        return _Deferred(self._plugin.id, cmd_name) if cmd_name in self._plugin.commands else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        if args[0] not in self._plugin.commands and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError("the plugin has no command of that name", ctx)
        return click.Group.resolve_command(self, ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands, as the lock has them."""
        _write(formatter, dict(_told(self._plugin)))


def _told(plugin: LockedPlugin) -> list[tuple[str, str]]:
    return sorted(plugin.commands.items())


def _write(formatter: click.HelpFormatter, rows: Mapping[str, str]) -> None:
    if rows:
        with formatter.section("Commands"):
            formatter.write_dl([(clean_line(name), clean_line(told)) for name, told in rows.items()])


@click.pass_context
def _show_help(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


class _Deferred(Act):
    """A command of a plugin that is loaded when it runs; its options and its help are its own affair."""

    def __init__(self, plugin_id: str, name: str) -> None:
        super().__init__(name, add_help_option=False, callback=None)
        self._plugin_id = plugin_id

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take whatever follows: the plugin's command parses it."""
        ctx.args = list(args)
        return ctx.args

    def invoke(self, ctx: click.Context) -> int:
        """Load the plugin and run its command; what it raises ends this with 1, what click knows goes on as ever."""
        host = hosted.hosting(hosted.NoView(), "commands", plugins=[self._plugin_id])
        command = next((one for one in host.commands(self._plugin_id) if self._is_meant(one)), None)
        if not isinstance(command, click.Command):
            if host.has_failed:
                return FAILED
            raise PluginError("the plugin has no command of the name that it promised")
        ended: list[BaseException] = []
        code = host.attempt(self._plugin_id, f"command {self.name}", lambda: _run(command, ctx, ended))
        if ended:
            raise ended[0]
        return FAILED if code is None else code

    def _is_meant(self, one: object) -> bool:
        return isinstance(one, click.Command) and one.name == self.name


def _run(command: click.Command, ctx: click.Context, ended: list[BaseException]) -> int:
    """Run a command and return its exit code; how click ends a command is put into ``ended``, to be raised further."""
    try:
        with command.make_context(ctx.command_path, list(ctx.args), parent=None) as inner:
            found: Any = command.invoke(inner)
    except click.exceptions.Exit as error:
        found = error.exit_code
    except (click.ClickException, click.Abort, BrokenPipeError) as error:
        ended.append(error)
        return FAILED
    return found if type(found) is int and found in CODES else 0


@click.group(cls=Plugins, name="x")
@click.pass_context
def x(ctx: click.Context) -> None:
    """Run a command of a trusted plugin: `x ID NAME`. Such a plugin can do what you can do."""
    if ctx.invoked_subcommand is None:
        if _having():
            click.echo(ctx.get_help())
        else:
            talk(NONE)
