"""How a command gets what was left out: from the environment, from stdin, or from the person at the terminal.

Nothing secret and no text has to be an argument, and everything can be answered without a terminal. Questions go to
stderr, so that stdout stays data.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli.settings import Settings, current, is_terminal
from couplejournal.errors import InvalidEntryError, KeyMissingError, LockedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FILE_VARIABLE: Final = "COUPLEJOURNAL_PASSPHRASE_FILE"
COMMAND_VARIABLE: Final = "COUPLEJOURNAL_PASSPHRASE_COMMAND"
STDIN: Final = "-"
SECRET_LIMIT_BYTES: Final = 4096
RECOVERY_WORDS: Final = 24
STDIN_LIMIT_BYTES: Final = 1_048_576 + 8  # a text of 1 MiB and a line break; more is refused by the library anyway
END_KEY: Final = "Ctrl-Z and Enter" if os.name == "nt" else "Ctrl-D"
_LOCKED_HINT: Final = f"run `couplejournal unlock` at a terminal, or set {FILE_VARIABLE} or {COMMAND_VARIABLE}"
_NEW_HINT: Final = f"set {FILE_VARIABLE} or {COMMAND_VARIABLE}; --no-passphrase leaves the keys open"


class Passphrases:
    """The passphrase of this device, asked for once and only when it is needed."""

    def __init__(self, settings: Settings) -> None:
        """Ask in the way that ``settings`` allow."""
        self._settings = settings
        self._known: str | None = None
        self.was_typed = False

    def existing(self) -> str:
        """Return the passphrase of a journal that is there.

        Raises:
            LockedError: it is nowhere to be had, and nobody may be asked.
            KeyMissingError: the file or the command that should give it fails.
        """
        return self._once(lambda: _ask_secret("Passphrase: "), _LOCKED_HINT)

    def new(self) -> str:
        """Return the passphrase of a journal to be made, typed twice.

        Raises:
            LockedError: none is given, and nobody may be asked.
            KeyMissingError: the file or the command that should give it fails.
        """
        return self._once(_ask_new_secret, _NEW_HINT)

    @property
    def is_known(self) -> bool:
        """Whether it was given or typed, so that no key on loan was needed."""
        return self._known is not None

    def forget(self) -> None:
        """Ask again the next time, since what was typed was wrong."""
        self._known = None

    def _once(self, ask: Callable[[], str], hint: str) -> str:
        if self._known is None:
            given = _given_secret()
            if given is None:
                if not (self._settings.may_ask or _may_ask_beside_stdin(self._settings)):
                    raise LockedError("a passphrase is needed, and nobody can be asked for it", hint=hint)
                given, self.was_typed = ask(), True
            self._known = given
        return self._known


def passphrases() -> Passphrases:
    """Return the passphrase of the running command: whatever opens the journal, it is asked for once."""
    root = click.get_current_context().find_root()
    found = root.meta.setdefault("couplejournal.passphrases", Passphrases(current()))
    if not isinstance(found, Passphrases):
        raise TypeError("not the passphrase")
    return found


def has_passphrase_setting() -> bool:
    """Return whether the environment names where the passphrase is to be had."""
    return bool(os.environ.get(FILE_VARIABLE) or os.environ.get(COMMAND_VARIABLE))


def may_have_passphrase() -> bool:
    """Return whether the environment names where the passphrase is to be had, or a person could be asked for it."""
    settings = current()
    return has_passphrase_setting() or settings.may_ask or _may_ask_beside_stdin(settings)


def _may_ask_beside_stdin(settings: Settings) -> bool:
    """Return whether a person watches although stdin is a pipe: a passphrase is typed at the terminal itself."""
    if settings.no_input or not is_terminal(sys.stderr):
        return False
    with contextlib.suppress(OSError):
        os.close(os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY))
        return True
    return False


def _given_secret() -> str | None:
    """Return the passphrase that the environment gives, or None."""
    path, command = os.environ.get(FILE_VARIABLE), os.environ.get(COMMAND_VARIABLE)
    if path and command:
        raise click.UsageError(f"{FILE_VARIABLE} and {COMMAND_VARIABLE} are both set; keep one")
    if path:
        from pathlib import Path

        from couplejournal.disk import RealDisk

        try:
            data = RealDisk().read(Path(path).expanduser(), limit_bytes=SECRET_LIMIT_BYTES)
        except StoreError:
            message = f"what {FILE_VARIABLE} names is no readable file of at most {SECRET_LIMIT_BYTES} bytes"
            raise KeyMissingError(message, hint=f"{COMMAND_VARIABLE} takes a command instead") from None
        if data is None:
            raise KeyMissingError(f"the file that {FILE_VARIABLE} names is not there")
        return _first_line(data, FILE_VARIABLE)
    return _first_line(_run(command), COMMAND_VARIABLE) if command else None


def _run(command: str) -> bytes:
    """Return what the person's own command prints; it runs without a shell."""
    import shlex
    import subprocess

    try:
        # What is piped in is the text of an entry: a command that reads its stdin must not swallow it.
        stdin = None if is_terminal(sys.stdin) else subprocess.DEVNULL
        done = subprocess.run(shlex.split(command), stdin=stdin, stdout=subprocess.PIPE, check=True)  # noqa: S603 - the person's own
    except subprocess.CalledProcessError as error:
        message = f"the command in {COMMAND_VARIABLE} ended with {error.returncode}"
        raise KeyMissingError(message, hint="run it by hand to see why") from None
    except (OSError, ValueError, IndexError):
        raise KeyMissingError(f"the command in {COMMAND_VARIABLE} could not be run") from None
    return done.stdout


def _first_line(data: bytes, source: str) -> str:
    """Return the first line of a secret's source."""
    try:
        line = data.decode("utf-8-sig").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise KeyMissingError(f"what {source} gives is not valid UTF-8") from None
    if not line:
        raise KeyMissingError(f"what {source} gives is empty")
    return line


def _ask_secret(question: str) -> str:
    """Return a line typed at the terminal without showing it."""
    from getpass import getpass

    try:
        return getpass(question)
    except EOFError:
        raise click.Abort from None


def _ask_new_secret() -> str:
    """Return a new passphrase, typed twice alike."""
    click.echo("A passphrase seals the keys on this device. It cannot be reset by anybody.", err=True)
    while True:
        first = _ask_secret("New passphrase: ")
        if not first.strip():
            click.echo("Empty. `--no-passphrase` leaves the keys open, if that is what you want.", err=True)
        elif _ask_secret("The same again: ") == first:
            return first
        else:
            click.echo("The two differ; once more.", err=True)


def text(given: str | None, *, what: str, is_needed: bool = True) -> str:
    """Return a text: the argument, stdin for ``-``, or what is typed at the terminal.

    Raises:
        InvalidEntryError: stdin is not valid UTF-8.
        click.UsageError: there is none, and nobody may be asked.
    """
    if given == STDIN:
        return _typed(what) if current().may_ask else stdin_text()
    if given is not None or not is_needed:
        return given or ""
    if current().may_ask:
        return _typed(what)
    raise click.UsageError("there is no text: give it as an argument, or `-` to read it from stdin")


def stdin_text() -> str:
    """Return all of stdin without its last line break.

    Raises:
        InvalidEntryError: it is not valid UTF-8.
    """
    if sys.stdin is None:
        raise click.UsageError("stdin is closed")
    try:
        whole = sys.stdin.buffer.read(STDIN_LIMIT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidEntryError("the text on stdin is not valid UTF-8", hint="nothing was saved") from None
    return whole[:-2] if whole.endswith("\r\n") else whole.removesuffix("\n")


def _typed(what: str) -> str:
    """Return lines typed at the terminal until its end key, so that a pasted text never runs on into the shell."""
    click.echo(f"{what} (end with {END_KEY} on a line of its own)", err=True)
    with contextlib.suppress(ImportError):
        import readline  # lets lines be longer than the 4,095 bytes of a terminal's own editing

        if hasattr(readline, "set_auto_history"):
            readline.set_auto_history(False)
    lines: list[str] = []
    try:
        while True:
            lines.append(input())
    except EOFError:
        click.echo(err=True)
    except UnicodeDecodeError:
        raise InvalidEntryError("what was typed is not valid UTF-8", hint="nothing was saved") from None
    return "\n".join(lines).strip("\n")


def line(question: str, *, option: str) -> str:
    """Return one line that a person types and that is no secret.

    Raises:
        click.UsageError: nobody may be asked; ``option`` names what would have answered.
    """
    if not current().may_ask:
        raise click.UsageError(f"{option} is missing")
    while True:
        click.echo(f"{question} ", err=True, nl=False)
        try:
            answer = input().strip()
        except EOFError:
            raise click.Abort from None
        except UnicodeDecodeError:
            answer = ""
        if answer:
            return answer


def forget_ahead() -> None:
    """Forget what was typed before a question that nobody may answer unseen, where it is a terminal that remembers."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import termios

        with contextlib.suppress(termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@contextlib.contextmanager
def keys_unseen() -> Iterator[None]:
    """Let keys that are pressed meanwhile not show, where the terminal can do that; Ctrl-C goes on working."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError, ValueError):
            import termios

            descriptor = sys.stdin.fileno()
            with contextlib.suppress(termios.error):
                before = termios.tcgetattr(descriptor)
                stack.callback(termios.tcsetattr, descriptor, termios.TCSADRAIN, before)
                quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
                termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
        yield


def optional_line(question: str) -> str:
    """Return one line that a person types and that is no secret, empty for none."""
    return _answer(f"{question} ")


def is_typed(question: str, word: str) -> bool:
    """Return whether a person types exactly this word."""
    return _answer(f"{question} ").casefold() == word


def yes_or_no(question: str, *, default: bool | None = None) -> bool:
    """Return the person's answer; without a ``default`` only a spoken one counts."""
    choices = {None: "[yes/no]", True: "[Y/n]", False: "[y/N]"}[default]
    while True:
        answer = _answer(f"{question} {choices} ").casefold()
        if not answer and default is not None:
            return default
        if answer in ("y", "yes"):
            return True
        if answer in ("n", "no"):
            return False


def choice(question: str, offered: Sequence[str]) -> str | None:
    """Return one of what is offered, or None for an empty answer."""
    while True:
        answer = _answer(f"{question} ({', '.join(offered)}; Enter for none) ").casefold()
        if not answer:
            return None
        if answer in offered:
            return answer


def _answer(question: str) -> str:
    click.echo(question, err=True, nl=False)
    try:
        return input().strip()
    except EOFError:
        raise click.Abort from None
    except UnicodeDecodeError:
        return ""


def words() -> tuple[str, ...]:
    """Return the words of an invite: typed at the terminal, or all of stdin; numbers between them are left out.

    Raises:
        InvalidEntryError: stdin is not valid UTF-8.
    """
    typed = line("The twelve words:", option="the words on stdin") if current().may_ask else stdin_text()
    cleaned = "".join(letter if letter.isalpha() else " " for letter in typed.casefold())
    return tuple(cleaned.split())


def pause(question: str) -> None:
    """Wait for Enter.

    Raises:
        click.Abort: there is no more to be typed.
    """
    _answer(f"{question} ")


def recovery_words() -> str:
    """Return the 24 recovery words as they were typed, over as many lines as it takes, or all of stdin.

    Raises:
        InvalidEntryError: stdin is not valid UTF-8.
    """
    if not current().may_ask:
        return stdin_text()
    from couplejournal.seal.recovery import first_unknown

    typed: list[str] = []
    question = f"The {RECOVERY_WORDS} recovery words, in their order:"
    with _screen_of_its_own():
        while len(typed) < RECOVERY_WORDS:
            found = line(question, option="the recovery words on stdin")
            typed += "".join(letter if letter.isalpha() else " " for letter in found).split()
            unknown = first_unknown(typed[:RECOVERY_WORDS])
            question = f"{len(typed)} so far; the rest:"
            if unknown is not None:
                typed = typed[:unknown]
                question = f"word {unknown + 1} is not in the list of recovery words. Word {unknown + 1} and the rest:"
    return " ".join(typed)


@contextlib.contextmanager
def _screen_of_its_own() -> Iterator[None]:
    """Let what is typed meanwhile not stay in what the terminal remembers, where the terminal can do that."""
    if not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield
        return
    click.echo("\x1b[?1049h\x1b[2J\x1b[H", err=True, nl=False)
    try:
        yield
    finally:
        click.echo("\x1b[2J\x1b[?1049l", err=True, nl=False)


def leave_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at the end stays quiet too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
