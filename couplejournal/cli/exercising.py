"""`exercise`: steps that two go through together, or one alone, with a clock that counts quietly.

"Not now" stands beside each step, as large as going on, and Ctrl-C says it too. Nothing is kept of how far anybody
came: no count, no mark, no file.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking, hosted, settings
from couplejournal.cli.opening import json_option
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean, clean_line, columns, counted, emphasised, table, talk, wrapped
from couplejournal.cli.settings import Act, current, is_terminal
from couplejournal.errors import PluginError
from couplejournal.system import RealSystem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from couplejournal.plugins import Exercise
    from couplejournal.system import Pacer

LEFT: Final = "not now, then; nothing is kept of it"
_GO_ON: Final = "[Enter] go on   [n] not now"
_BEGIN: Final = "[Enter] begin   [n] not now"
_WRITE: Final = "[w] write   [Enter] that was all"


@click.command(cls=Act)
@click.argument("name", required=False, metavar="[NAME]")
@json_option
def exercise(name: str | None, *, as_json: bool) -> None:
    """Go through the exercise of this NAME, step by step with a timer; without NAME, list what plugins bring.

    At each step Enter goes on and `n` is "not now", and so is Ctrl-C. Nothing has to be filled in, and nothing is kept.
    Without a terminal the steps are printed as their time comes.
    """
    found = hosted.hosting(hosted.NoView(), "exercises").exercises(language=settings.language())
    if name is not None:
        found = (found_in(found, name),)
    if as_json:
        print_json("exercises/1", {"exercises": [_fields(one) for one in found]})
    elif name is None:
        _list(found)
    else:
        _lead(found[0])


def found_in(exercises: Sequence[Exercise], name: str) -> Exercise:
    """Return the exercise of a name, with its plugin's id before it or without.

    Raises:
        PluginError: there is none, or several plugins have one of that name.
    """
    found = [one for one in exercises if name in (one.id, one.id.partition("/")[2])]
    if not found:
        raise PluginError("no plugin that is on has an exercise of that name", hint="couplejournal exercise")
    if len(found) > 1:
        raise PluginError("several exercises have that name", hint=f"one of: {', '.join(one.id for one in found)}")
    return found[0]


def _list(found: Sequence[Exercise]) -> None:
    rows = [(clean_line(one.id), f"{clean_line(one.title)}  ({_length(one)})") for one in found]
    if rows:
        click.echo("\n".join(table(rows)))
    else:
        talk("no plugin is on that brings exercises; `plugins list` shows what there is")


def _length(one: Exercise) -> str:
    """Return how many steps there are, and how long their timers take altogether."""
    seconds = sum(step.seconds or 0 for step in one.steps)
    return counted(len(one.steps), "step") + (f", timers of {_clock(seconds)}" if seconds else "")


def _fields(one: Exercise) -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "language": one.language,
        "steps": [{"text": step.text, "seconds": step.seconds} for step in one.steps],
        "writes": one.writes,
    }


def _lead(one: Exercise) -> None:
    """Go through the steps until they end, or until somebody says "not now"."""
    try:
        click.echo(emphasised(clean_line(one.title)))
        for number, step in enumerate(one.steps, 1):
            click.echo("\n" + "\n".join(wrapped(f"{number}/{len(one.steps)}  {clean(step.text)}", columns())))
            if not _is_wanted(_GO_ON if step.seconds is None else f"{_BEGIN}   ({_clock(step.seconds)})"):
                talk(LEFT)
                return
            if step.seconds is not None:
                with asking.keys_unseen():
                    count_down(step.seconds, RealSystem())
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        talk(LEFT)
        return
    if one.writes is not None:
        _offer(one.writes)


def _is_wanted(question: str) -> bool:
    """Ask whether to go on; where nobody can be asked, it goes on."""
    if not current().may_ask:
        return True
    asking.forget_ahead()  # keys that were pressed while a timer ran were for nothing that was asked
    return asking.optional_line(question).casefold() not in ("n", "q", "no", "not now")


def count_down(seconds: int, clock: Pacer) -> None:
    """Count the seconds down, in one line that is written anew; where no terminal is, say begin and end alone."""
    if not is_terminal(sys.stderr):
        talk(_clock(seconds))
        clock.sleep(seconds)
        talk("the time is over")
        return
    end = clock.monotonic() + seconds
    while (left := end - clock.monotonic()) > 0:
        shown = math.ceil(left - 1e-6)
        click.echo(f"\r  {_clock(shown)} ", err=True, nl=False)
        clock.sleep(min(left, left - shown + 1))  # to the next whole second
    click.echo("\r  the time is over", err=True)


def _clock(seconds: int) -> str:
    """Return seconds as hours, minutes and seconds: "20:00", "1:00:00"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _offer(kind: str) -> None:
    """Offer to write an entry of this kind; one key declines it, and so does everything but a clear yes."""
    from couplejournal.cli.plugging import SHORTCUTS
    from couplejournal.cli.writing import ELSEWHERE, write_entry

    shown = clean_line(kind)
    if kind in ELSEWHERE:
        talk(f"to write, if you like: couplejournal {ELSEWHERE[kind]}")
        return
    if not current().may_ask:
        talk(f"to write, if you like: couplejournal {SHORTCUTS.get(kind, f'add {shown}')}")
        return
    try:
        asking.forget_ahead()
        talk("")
        if asking.optional_line(f"An entry of the kind {shown}?  {_WRITE}").casefold() in ("w", "write"):
            write_entry(kind, {}, {
                "text": None, "audience": None, "tags": (), "tender": None, "happened_at": None, "no_sync": False,
                "as_json": False,
            })  # fmt: skip
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
    except click.exceptions.Exit:  # nothing was typed, which is as good
        return
