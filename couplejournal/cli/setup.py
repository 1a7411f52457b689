"""Begin on this device, and look after its keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.opening import has_journal, json_option, with_passphrase
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, say, talk
from couplejournal.cli.settings import Act, current
from couplejournal.errors import CouplejournalError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}
EIGHT_STEPS: Final = (
    "Turn on the eight steps? They bring questions, exercises, and what your entries tell; `plugins` turns each off."
)
OPEN_SENTENCE: Final = "The keys lie open on this device: whoever can open it can read the journal."


def keys_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says how the keys of a new journal are kept, and what its device is called."""
    for option in reversed(
        (
            click.option("--device-name", metavar="NAME", default="", help="What to call this device."),
            click.option("--no-passphrase", "keys", flag_value="open", help="Leave the keys open on this device."),
            click.option("--keychain", "keys", flag_value="keychain", help="Let the system's keychain keep the keys."),
        )
    ):
        command = option(command)
    return command


plugins_option = click.option("--no-plugins", is_flag=True, help="Leave the plugins that came along off.")


def begins_with_plugins(*, leaves_off: bool) -> bool:
    """Return whether to turn on what came along: without a person to ask, it is."""
    return not leaves_off and (not current().may_ask or asking.yes_or_no(EIGHT_STEPS, default=True))


def turn_plugins_on() -> tuple[str, ...]:
    """Turn on what came along and return its ids. What cannot be turned on keeps nobody from a journal."""
    from couplejournal.plugins.beginning import turn_on_bundled

    try:
        return turn_on_bundled()
    except CouplejournalError as error:
        talk(f"{clean_line(str(error))}; `couplejournal plugins list` shows what is on")
        return ()


def passphrase_for(keys: str | None) -> Any:
    """Return what the library takes for the passphrase of a new journal."""
    import couplejournal as cj

    return {"open": cj.NO_PASSPHRASE, "keychain": cj.KEYCHAIN}.get(keys or "", asking.passphrases().new)


@click.command(cls=Act)
@click.option("--name", metavar="NAME", help="Your name, as your partner will read it.")
@keys_options
@plugins_option
@json_option
def init(name: str | None, device_name: str, keys: str | None, *, no_plugins: bool, as_json: bool) -> None:
    """Start a journal on this device: your own, until your partner joins."""
    import couplejournal as cj

    if has_journal():
        raise SetupError("there is a journal on this device already", hint="`couplejournal status` shows it")
    name = name or asking.line("Your name, as your partner will read it:", option="--name")
    has_plugins = begins_with_plugins(leaves_off=no_plugins)
    with cj.create(name=name, passphrase=passphrase_for(keys), device_name=device_name) as journal:
        me = journal.view().me
    turned_on = turn_plugins_on() if has_plugins else ()
    if as_json:
        document: dict[str, object] = {
            "name": me.name,
            "person": me.person,
            "keys": keys or "passphrase",
            "plugins": list(turned_on),
        }
        print_json("journal/1", document)
        return
    say(f"{clean_line(name)}, your journal is ready.")
    if keys == "open":
        say(OPEN_SENTENCE)
    if turned_on:
        talk("next: couplejournal today         a question for today")
    talk(f"{'     ' if turned_on else 'next:'} couplejournal note          write the first words")
    talk("      couplejournal invite DIR    invite your partner, by a folder of both")


def _read_span(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Return the seconds of a span such as ``8h``, ``30m`` or ``2d``."""
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", value.strip().lower())
    if found is None or int(found[1]) == 0:
        raise click.BadParameter("a span is a number with m, h or d: 30m, 8h, 2d")
    return int(found[1]) * SECONDS[found[2]]


@click.command(cls=Act)
@click.option("--for", "seconds", callback=_read_span, default="8h", show_default=True, metavar="SPAN", help="30m, 2d.")
def unlock(seconds: int) -> None:
    """Keep this device unlocked for some hours, so that no command asks for the passphrase."""
    import couplejournal as cj

    needed = with_passphrase(lambda: cj.unlock(passphrase=asking.passphrases().existing, seconds=seconds))
    if needed:
        say(f"unlocked for {_span(seconds)}; `couplejournal lock` ends it")
    else:
        say("no passphrase is needed on this device")


@click.command(cls=Act)
def lock() -> None:
    """Lock this device again: the next command asks for the passphrase."""
    import couplejournal as cj

    say("locked" if cj.lock() else "it was not unlocked")


def _span(seconds: int) -> str:
    """Return a span in the largest unit that fits it."""
    for unit, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            return f"{seconds // unit} {word}" + ("" if seconds == unit else "s")
    return f"{seconds} seconds"
