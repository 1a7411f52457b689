"""The door: a lazy group of commands, and the one place where errors become words and exit codes."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from couplejournal.cli.catalogue import COMMANDS, SECTIONS
from couplejournal.cli.settings import DEBUG_OPTION, NO_INPUT_OPTION, STRICT_OPTION, Settings
from couplejournal.errors import CouplejournalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

INTERRUPTED = 130
PLUGIN_FAILED = 14
_IS_WORD = re.compile(r"[\w-]{1,24}")


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads one only to run it.

    click itself loads every child for help and for completion; this group answers both from the catalogue.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return all names, in the order of the catalogue."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's module and return the command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command = getattr(import_module(f"couplejournal.cli.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=1)
        # Several words are no slip in a name but a text, which an error never repeats.
        told = f"there is no command {name!r}" if _IS_WORD.fullmatch(name) else "there is no such command"
        raise click.UsageError(told + (f"; did you mean {near[0]!r}?" if near else ""), ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first and the options, in two lines, below them: the whole help fits one screen."""
        self.format_commands(ctx, formatter)
        with formatter.section("Options"):
            formatter.write_dl(
                [
                    ("--no-input, --strict-plugins", "never ask; end with 14 if a plugin fails"),
                    ("--debug, --version, -h, --help", "where it failed; the version; COMMAND -h"),
                ],
                col_max=34,
            )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the sections, without loading a command."""
        for title, rows in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(", ".join(names), text) for names, text in rows], col_max=34)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names from the catalogue, and options as click does."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=listing.summary)
            for name, listing in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that went away (``| head``) ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _leave_stdout()
            return 0


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value and not ctx.resilient_parsing:
        from couplejournal import __version__

        click.echo(f"couplejournal {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    options_metavar="[OPTIONS]",
    subcommand_metavar="COMMAND ...",
    help="A journal of two partners, sealed end to end. What is left out is asked for.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@NO_INPUT_OPTION
@DEBUG_OPTION
@STRICT_OPTION
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Hold the commands; alone, show the help."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _leave_stdout() -> None:
    from couplejournal.cli.asking import leave_stdout

    leave_stdout()


def say_error(message: str, hint: str = "") -> None:
    """Say on stderr what went wrong and what to do next, in a line each, neutralised."""
    from couplejournal.cli.rendering import clean_line, talk

    talk(f"error: {clean_line(message)}")
    if hint:
        talk(f"hint: {clean_line(hint)}")


def _print_frames(error: BaseException) -> None:
    """Print where an error came from: frames and types, since locals and foreign messages may hold what was written."""
    import traceback

    shown: BaseException | None = error
    while shown is not None:
        click.echo("".join(traceback.format_tb(shown.__traceback__)).rstrip(), err=True)
        click.echo(type(shown).__name__, err=True)
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)


def _say_unexpected(error: BaseException, settings: Settings) -> None:
    """Name a failure that nobody foresaw without its message, which may hold journal text."""
    if settings.debug:
        _print_frames(error)
    if isinstance(error, OSError) and error.strerror:
        say_error(f"the system refused: {error.strerror}")
    else:
        hint = "" if settings.debug else "run it again with --debug to see where, and report it"
        say_error(f"something went wrong inside couplejournal ({type(error).__name__})", hint)


def _usage_words(error: click.ClickException) -> str:
    """Return what is wrong with a command line without repeating any of it, since it may be what somebody wrote."""
    if isinstance(error, click.NoSuchOption):
        near = f"; did you mean {min(error.possibilities)}?" if error.possibilities else ""
        return f"there is no such option{near}; before a text that begins with a hyphen write --"
    if isinstance(error, click.BadParameter) and error.param is not None:
        name, wanted = error.param.opts[0], error.param.type
        if isinstance(wanted, click.Choice):
            return f"{name} is one of {', '.join(wanted.choices)}"
        if isinstance(wanted, click.IntRange):
            return f"{name} takes a whole number" + ("" if wanted.min is None else f", {wanted.min} or more")
    return error.format_message()


def _usage_hint(error: click.UsageError) -> str:
    return f"{error.ctx.command_path} --help" if error.ctx is not None else ""


def _tell(error: BaseException, settings: Settings) -> int:
    """Say what went wrong, and return the exit code."""
    if isinstance(error, CouplejournalError):
        if settings.debug:
            _print_frames(error)
        say_error(str(error), error.hint)
        return error.exit_code
    if isinstance(error, click.ClickException):
        say_error(_usage_words(error), _usage_hint(error) if isinstance(error, click.UsageError) else "")
        return error.exit_code
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _leave_stdout()
        return 0
    _say_unexpected(error, settings)
    return 1


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; every error is told here, in one line and a hint."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a letter gets an escape, not a failure
            stream.reconfigure(errors="backslashreplace")
    settings = Settings()
    name = "cj" if os.path.splitext(os.path.basename(sys.argv[0]))[0] == "cj" else "couplejournal"  # noqa: PTH119, PTH122
    if f"_{name}_COMPLETE".upper() in os.environ:
        import couplejournal.cli.completion  # noqa: F401 - it brings the shells that click does not know
    try:
        result = cli.main(args if args is None else list(args), prog_name=name, standalone_mode=False, obj=settings)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last door: whatever comes, one line
        return _tell(error, settings)
    code = result if isinstance(result, int) else 0
    return PLUGIN_FAILED if code == 0 and settings.has_failed_plugin else code
