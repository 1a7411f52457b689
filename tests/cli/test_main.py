"""The door: help, errors as words and exit codes, quiet ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from cli.conftest import CommandLine

from couplejournal.cli import main
from couplejournal.cli.catalogue import COMMANDS, SECTIONS
from couplejournal.errors import InvalidEntryError, UntrustedDataError

SECRET = "we kissed behind the station"


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line."""
    return command_line("ana")


def failing(error: BaseException) -> Callable[..., None]:
    """Return a command's body that fails."""

    def fail(*_: object) -> None:
        local = SECRET  # would stand in a traceback with locals
        assert local
        raise error

    return fail


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Return what makes `status` fail."""

    def plant(error: BaseException) -> None:
        command = click.Command("status", callback=failing(error))
        monkeypatch.setattr(main.LazyGroup, "get_command", lambda *_: command)

    return plant


def test_help_fits_one_screen_and_names_every_command(ana: CommandLine) -> None:
    """The help has at most 24 lines of 80 columns, daily acts first, and leaves out no command."""
    done = ana("--help")
    lines = done.out.splitlines()
    assert done.code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines.index("Write:") < lines.index("Set up and look after:")
    named = [name for _, rows in SECTIONS for names, _ in rows for name in names]
    assert sorted(named) == sorted(COMMANDS)
    assert all(", ".join(names) in done.out for _, rows in SECTIONS for names, _ in rows)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_of_its_own(name: str, ana: CommandLine) -> None:
    """The catalogue leads to a command of that name, whose help fits one screen."""
    done = ana(name, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: couplejournal {name}")
    assert len(done.out.splitlines()) <= 40


def test_completion_names_commands_without_loading_them() -> None:
    """Completion of a command's first letters answers from the catalogue, without the heavy imports."""
    code = (
        "import os, sys\n"
        "os.environ.update(_COUPLEJOURNAL_COMPLETE='bash_complete', COMP_WORDS='couplejournal sear', COMP_CWORD='1')\n"
        "sys.argv = ['couplejournal']\n"
        "from couplejournal.cli.main import run\n"
        "try: run()\n"
        "except SystemExit: pass\n"
        "heavy = 'cryptography watchdog pluggy importlib.metadata asyncio rich couplejournal.cli.reading'\n"
        "print([name for name in heavy.split() if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "plain,search\n[]\n"


def test_a_slip_in_a_name_is_answered_with_the_near_one(ana: CommandLine) -> None:
    """An unknown command ends with 2 and says which may have been meant."""
    done = ana("serach", "x")
    assert done.code == 2
    assert done.err.splitlines() == [
        "error: there is no command 'serach'; did you mean 'search'?",
        "hint: couplejournal --help",
    ]


def test_surplus_words_are_not_repeated(ana: CommandLine) -> None:
    """A text without quotes is a usage error that does not print the text."""
    done = ana("note", *SECRET.split())
    assert done.code == 2
    assert "quotes" in done.err
    assert "kissed" not in done.err + done.out


def test_an_error_of_ours_is_two_lines(ana: CommandLine, fail_with: Callable[[BaseException], None]) -> None:
    """Message and hint go to stderr, neutralised, and the exit code is the error's own."""
    fail_with(UntrustedDataError("two \x1b[31mhistories\nof one device", hint="compare\u202e words"))
    done = ana("status")
    assert (done.code, done.out) == (4, "")
    assert done.err.splitlines() == [
        "error: two ‹U+001B›[31mhistories of one device",
        "hint: compare‹U+202E› words",
    ]


def test_an_unforeseen_error_is_one_line_without_its_message(
    ana: CommandLine, fail_with: Callable[[BaseException], None]
) -> None:
    """A bug ends with 1 and its type; what its message holds, which may be journal text, is not shown."""
    fail_with(KeyError(SECRET))
    done = ana("status")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "error: something went wrong inside couplejournal (KeyError)",
        "hint: run it again with --debug to see where, and report it",
    ]


@pytest.mark.parametrize("error", [KeyError(SECRET), InvalidEntryError("no text")])
def test_debug_shows_frames_and_never_locals(
    error: Exception, ana: CommandLine, fail_with: Callable[[BaseException], None]
) -> None:
    """With --debug the frames are there, and neither locals nor foreign messages."""
    fail_with(error)
    done = ana("--debug", "status")
    assert "in fail" in done.err
    assert type(error).__name__ in done.err
    assert SECRET not in done.err.replace("local = SECRET", "")


def test_an_error_of_the_system_is_named_without_its_path(
    ana: CommandLine, fail_with: Callable[[BaseException], None]
) -> None:
    """A full output device is said in the system's words, without a file name."""
    fail_with(OSError(28, "No space left on device", SECRET))
    done = ana("status")
    assert (done.code, done.err) == (1, "error: the system refused: No space left on device\n")


def test_an_interrupt_ends_with_130(ana: CommandLine, fail_with: Callable[[BaseException], None]) -> None:
    """Ctrl-C ends quietly with the code that shells expect."""
    fail_with(KeyboardInterrupt())
    done = ana("status")
    assert done.code == 130
    assert done.err.strip() == "interrupted"


@pytest.mark.parametrize("args", [["--help"], ["add", "--help"]])
def test_a_reader_that_goes_away_is_no_error(args: list[str]) -> None:
    """``| head`` neither fails nor prints anything on stderr."""
    code = (
        "import os, sys, subprocess\n"
        "reading, writing = os.pipe()\n"
        "os.close(reading)\n"
        f"done = subprocess.run([sys.executable, '-m', 'couplejournal', *{args!r}],\n"
        "                      stdout=writing, stderr=subprocess.PIPE)\n"
        "print(done.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "b''\n"


@pytest.mark.parametrize("args", [[], ["plugins"]])
def test_a_group_alone_shows_its_help(args: list[str], ana: CommandLine) -> None:
    """Typing no command is a question, not a mistake."""
    done = ana(*args)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: couplejournal")


@pytest.mark.parametrize(
    "line",
    [
        ("note", f"--{SECRET}"),
        ("reply", "3f9a", SECRET),
        ("log", "-n", SECRET),
        ("note", "x", "--tender", SECRET),
        (SECRET,),
    ],
)
def test_a_usage_error_repeats_no_text(line: tuple[str, ...], ana: CommandLine) -> None:
    """A text at the place of an option, a choice, a number or a command is not printed."""
    done = ana(*line)
    assert done.code == 2
    assert "kissed" not in done.err + done.out
    assert done.err.startswith("error: ")


def test_a_usage_error_says_what_would_do(ana: CommandLine) -> None:
    """What a choice, a number or a misspelt option should have been is named."""
    assert "turn is one of toward, away, against" in ana("reply", "3f9a", "towards").err
    assert "-n takes a whole number, 0 or more" in ana("log", "-n", "ten").err
    assert "did you mean --private?" in ana("note", "x", "--privat").err


@pytest.mark.parametrize(
    "line",
    [
        ("note", "x", "--private", "--shared"),
        ("init", "--name", "Ana", "--keychain", "--no-passphrase"),
        ("goal", "x", "--ours", "--mine"),
        ("invite", ".", "--from-now", "--share-existing"),
    ],
)
def test_flags_that_contradict_each_other_are_a_slip(line: tuple[str, ...], ana: CommandLine) -> None:
    """Of two answers to one question none is taken: the later one must not win in silence."""
    done = ana(*line)
    assert done.code == 2
    assert "contradict each other" in done.err
