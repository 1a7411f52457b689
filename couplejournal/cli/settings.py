"""What holds for a whole command line: whether anybody may be asked, and how much is told of a failure."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from couplejournal.plugins import PluginHost


class Settings:
    """The answers to ``--no-input``, ``--debug`` and ``--strict-plugins``, wherever on the line they stood."""

    def __init__(self) -> None:
        """Begin with what holds when nothing is said."""
        self.no_input = False
        self.debug = False
        self.strict_plugins = False
        self.hosts: list[PluginHost] = []
        self.said: set[str] = set()

    @property
    def may_ask(self) -> bool:
        """Whether a person sits at a terminal and may be asked."""
        return not self.no_input and is_terminal(sys.stdin) and is_terminal(sys.stderr)

    @property
    def has_failed_plugin(self) -> bool:
        """Whether a plugin failed that this command asked, and that was to count.

        It counts when the command is done, and not before: nobody loses what they wrote to a plugin.
        """
        return self.strict_plugins and any(host.has_failed for host in self.hosts)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is there at all (a closed one is None) and leads to a person."""
    return stream is not None and not stream.closed and stream.isatty()


def current() -> Settings:
    """Return the settings of the running command."""
    found = click.get_current_context().find_object(Settings)
    return found if found is not None else Settings()


def language() -> str:
    """Return the language of the terminal as a tag such as ``de-AT``."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "").split(".")[0].split("@")[0]
        if value:
            return "en" if value in ("C", "POSIX") else value.replace("_", "-")
    return "en"


def _set(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value and param.name is not None:
        setattr(ctx.ensure_object(Settings), param.name, True)


NO_INPUT_OPTION = click.option(
    "--no-input", is_flag=True, expose_value=False, is_eager=True, callback=_set, help="Never ask; fail instead."
)
DEBUG_OPTION = click.option(
    "--debug", is_flag=True, expose_value=False, is_eager=True, callback=_set, help="Show where a failure came from."
)
STRICT_OPTION = click.option(
    "--strict-plugins", is_flag=True, expose_value=False, is_eager=True, callback=_set, help="End with 14 if one fails."
)


def _hidden_options() -> list[click.Option]:
    """Return the global options for a place after a command's name; the help of the group shows them."""
    return [
        click.Option([name], is_flag=True, expose_value=False, is_eager=True, callback=_set, hidden=True)
        for name in ("--no-input", "--debug", "--strict-plugins")
    ]


class ActGroup(click.Group):
    """A command with others below it, and with an act of its own where none of them is named."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the global options, hidden."""
        own = {"invoke_without_command": True, "subcommand_metavar": "[COMMAND ...]"}
        super().__init__(*args, **{**own, **kwargs})
        self.params.extend(_hidden_options())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; what is none is not repeated, since it may be what somebody wrote."""
        if args[0] not in self.commands and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"there is no such command here; there are: {', '.join(self.commands)}", ctx)
        return super().resolve_command(ctx, args)


class Act(click.Command):
    """A command that takes the global options after its name too, where people type them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the global options, hidden: the help of the group shows them."""
        super().__init__(*args, **kwargs)
        self.params.extend(_hidden_options())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; surplus ones are counted, never repeated, since they may be what somebody wrote."""
        ctx.allow_extra_args = True
        given = list(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            self._require_one_answer(ctx, given)
        if rest and not ctx.resilient_parsing:
            takes_text = any(isinstance(param, click.Argument) and param.name == "text" for param in self.params)
            message = "there are more words on the line than this command takes"
            raise click.UsageError(message + ("; put a text of several words in quotes" if takes_text else ""), ctx)
        return rest

    def _require_one_answer(self, ctx: click.Context, args: list[str]) -> None:
        """Refuse two flags that answer one question otherwise: the later one must not share what was to be private."""
        answers: dict[str | None, click.Parameter] = {}
        for param in self.make_parser(ctx).parse_args(args)[2]:
            earlier = answers.setdefault(param.name, param)
            if earlier is not param:
                raise click.UsageError(f"{earlier.opts[0]} and {param.opts[0]} contradict each other; keep one", ctx)
