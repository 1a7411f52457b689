"""What both sides of a pairing say alike: the words, the square code, the six words, the waiting."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.rendering import (
    clean_line,
    columns,
    counted,
    emphasised,
    has_colour,
    name_or_partner,
    say,
    talk,
    width_of,
)
from couplejournal.cli.settings import current
from couplejournal.errors import CouplejournalError, PairingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from couplejournal.journal import Journal

POLL_S: Final = 0.5
TRIES: Final = 3
MUST_DECIDE: Final = 13
INTERRUPTED: Final = 130
KEEP_A_COPY: Final = "What is shared, your partner can keep a copy of; it cannot be taken back."
QUIET_BORDER: Final = 2


def share_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what answers whether the entries meant for both so far shall be shared."""
    command = click.option("--from-now", "existing", flag_value="from-now", help="Share from now on.")(command)
    return click.option(
        "--share-existing", "existing", flag_value="share", help="Share also what was meant for both so far."
    )(command)


def anew_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--anew``."""
    return click.option("--anew", is_flag=True, help="Begin anew beside what you share; that ends then.")(command)


def begins_anew(journal: Journal, *, is_said: bool) -> bool:
    """Return whether a new journal of two shall begin; asked where one is shared already and nothing was said.

    Without a person to ask it is as it was said, and the library refuses what was not.
    """
    if is_said or not journal.is_shared or not current().may_ask:
        return is_said
    talk(f"You and {name_or_partner(journal.partner_name)} share a journal. It ends when a new one begins.")
    talk("Both of you keep it, readable, as an earlier one.")
    if not asking.yes_or_no("Begin anew?", default=False):
        talk("nothing was changed")
        raise click.exceptions.Exit(1)
    return True


def wait_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--wait`` and ``--no-wait``."""
    return click.option("--wait/--no-wait", "waits", default=None, help="Wait for the other (on a terminal: yes).")(
        command
    )


def is_waiting(waits: bool | None) -> bool:  # noqa: FBT001 - the answer itself
    """Return whether to wait: as asked for, else where a person may be asked."""
    return current().may_ask if waits is None else waits


def shares_existing(existing: str | None, waiting: int) -> bool:
    """Return whether the entries meant for both so far shall be shared; asked where nothing was said."""
    if waiting == 0 or existing is not None:
        return existing == "share"
    entries = "1 entry is" if waiting == 1 else f"{counted(waiting, 'entry')} are"
    if current().may_ask:
        talk(f"{entries} meant for both so far. {KEEP_A_COPY}")
        return asking.yes_or_no("Share what was written so far too?", default=False)
    talk(f"{entries} meant for both so far and will not be shared (--share-existing does): from now on")
    return False


def print_words(words: Sequence[str], per_line: int) -> None:
    """Print words with their numbers, in lines that are easy to read aloud."""
    widest = max(width_of(word) for word in words)
    for start in range(0, len(words), per_line):
        row = enumerate(words[start : start + per_line], start + 1)
        cells = (f"{count:>2} {emphasised(word)}{' ' * (widest - width_of(word))}" for count, word in row)
        click.echo(f"   {'  '.join(cells)}".rstrip())


def print_code(words: Sequence[str]) -> None:
    """Print the words as a QR code of half blocks, where a terminal has the room and the letters for it."""
    width = columns()
    try:
        import segno

        "▀▄█".encode(sys.stdout.encoding or "ascii")
    except (ImportError, UnicodeEncodeError):
        return
    # Capitals need the smaller alphabet of the code, hence fewer squares; `join` takes them as they come.
    code = segno.make(" ".join(words).upper(), error="l", micro=False)
    rows = [[bool(cell) for cell in row] for row in code.matrix_iter(border=QUIET_BORDER)]
    if width is None or len(rows[0]) > width:
        return
    rows.extend([[False] * len(rows[0])] * (len(rows) % 2))
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        line = "".join(_half_block(is_dark_above=a, is_dark_below=b) for a, b in zip(upper, lower, strict=True))
        # Black on white where colours are wanted; without, light squares are letters, right on a dark terminal.
        click.echo(f"\x1b[97;40m{line}\x1b[0m" if has_colour() else line)


def _half_block(*, is_dark_above: bool, is_dark_below: bool) -> str:
    if is_dark_above:
        return " " if is_dark_below else "▄"
    return "▀" if is_dark_below else "█"


def are_same(six: Sequence[str], other: str, *, yes: bool) -> bool | None:
    """Show the six words and return whether they are the same on both screens; None where nobody could say."""
    say(f"The same six words must stand on the screen of {other}:")
    print_words(six, 3)
    if yes:
        return True
    if not current().may_ask:
        talk("Compare them by voice; `couplejournal accept --yes` says that they are the same.")
        return None
    talk("Compare them by voice or face to face, not through the folder. Ctrl-C: decide later.")
    asking.forget_ahead()  # what was typed before the words stood there compared nothing
    return asking.yes_or_no("Are all six the same?")


def wait_until(is_done: Callable[[], bool], refresh: Callable[[], object], *, saying: str) -> None:
    """Look again and again until something is there; a folder that fails meanwhile is named once.

    Raises:
        PairingError: the pairing ended: it expired, or was cancelled.
    """
    from threading import Event

    pause = Event()
    talk(f"{saying} (Ctrl-C is safe)")
    named = ""
    while not is_done():
        pause.wait(POLL_S)
        try:
            refresh()
        except CouplejournalError as error:
            if isinstance(error, PairingError) and not error.retry:
                raise
            if not error.retry:
                raise
            if str(error) != named:
                named = str(error)
                talk(f"{clean_line(named)}; still trying")
