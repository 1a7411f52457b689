"""The devices of both: list them, remove one of one's own, take over what a removed one wrote later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.opening import acknowledge, catch_up, hand_over, json_option, no_sync_option, opened, shorten
from couplejournal.cli.output import entry_fields, print_json
from couplejournal.cli.rendering import (
    PREFIX_DIGITS,
    clean_line,
    counted,
    emphasised,
    entry_lines,
    name_of,
    say,
    table,
    talk,
)
from couplejournal.cli.settings import Act, ActGroup, current
from couplejournal.errors import RecoveryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from couplejournal.journal import Journal
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.journal.removal import Removal
    from couplejournal.model.entry import Entry

TRIES: Final = 3
MUST_DECIDE: Final = 13
STANDINGS: Final = {
    "live": [],
    "removed": ["removed"],
    "void": ["let in by a removed device; does not count"],
    "claimed": ["claimed for both of you, by whoever has its key; does not count"],
    "undecided": ["not known yet whether it belongs"],
}
KEEPS: Final = (
    "It keeps what it has and can still read that. What you write from now on it cannot open, nor what others write "
    "once they have synced."
)


@click.group(cls=ActGroup)
@no_sync_option
@json_option
@click.pass_context
def devices(ctx: click.Context, *, no_sync: bool, as_json: bool) -> None:
    """List the devices of both; `remove` one of your own that was lost or sold."""
    if ctx.invoked_subcommand is not None:
        return
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        found = list(journal.devices)
    if as_json:
        print_json("devices/1", {"devices": [_fields(device) for device in found]})
        return
    rows = []
    for device in found:
        facts = [name_of(device.person), *(["this device"] if device.is_this else []), *STANDINGS[device.standing]]
        if device.name and sum(one.name.casefold() == device.name.casefold() for one in found) > 1:
            facts.append(f"id {device.id[:PREFIX_DIGITS]}")
        rows.append((_name(device), " · ".join(facts)))
    click.echo("\n".join(table(rows)))


def _name(device: DeviceInfo) -> str:
    return clean_line(device.name) or f"device {device.id[:PREFIX_DIGITS]}"


def _fields(device: DeviceInfo) -> dict[str, object]:
    """Return a device as plain data."""
    return {
        "id": device.id,
        "name": device.name,
        "person": {"person": device.person.person, "name": device.person.name, "is_me": device.person.is_me},
        "is_this": device.is_this,
        "is_live": device.is_live,
        "standing": device.standing,
    }


@devices.command(cls=Act, short_help="Remove devices of your own, for good.")
@click.argument("names", metavar="NAME|ID...", nargs=-1, required=True)
@click.option("--since", metavar="DATE", help="What it wrote or let in from this day or time on does not count.")
@click.option("--yes", is_flag=True, help="Remove it without being asked; the words are needed all the same.")
@no_sync_option
@json_option
def remove(names: Sequence[str], *, since: str | None, yes: bool, no_sync: bool, as_json: bool) -> int:
    """Remove devices of your own, for good: NAME as `devices` lists it, or the beginning of its ID.

    What has arrived of it counts; where somebody else had it, --since says from when on it does not. It needs your 24
    recovery words (typed, or on stdin), unless they were never shown and are still on this device.
    """
    words: list[str] = []  # typed once, they serve for all that are named
    ended, signed = 0, list[str]()
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        for name in names:
            journal.removal(name, since=since)  # one that is mistyped is told before anything is signed
        try:
            for name in names:
                ended = ended or _remove(journal, name, words, signed, since=since, yes=yes, as_json=as_json)
        finally:  # what was signed goes out, whatever became of the next one
            outcome = hand_over(journal, no_sync=no_sync) if signed else None
    if signed and not as_json:
        talk("the other devices follow as soon as they have synced")
        if isinstance(outcome, str):
            talk(clean_line(outcome))
    return ended


def _remove(
    journal: Journal, name: str, words: list[str], signed: list[str], *, since: str | None, yes: bool, as_json: bool
) -> int:
    """Remove one device and note it as ``signed``; return 0, or the exit code with which the command ends."""
    removal = journal.removal(name, since=since)
    if removal.is_done:
        if as_json:
            print_json("removal/1", _removal_fields(removal, state="removed"))
        else:
            talk(f"{_name(removal.device)} was removed already")
            _tell_remains(removal)
        return 0
    if not as_json:
        _explain(removal)
    if not yes:
        if as_json or not current().may_ask:
            if as_json:
                print_json("removal/1", _removal_fields(removal, state="open"))
            else:
                talk("`--yes` removes it; the recovery words come from stdin")
            return MUST_DECIDE
        if not asking.yes_or_no(f"Remove {_name(removal.device)}?", default=False):
            talk("nothing was removed" if not signed else "it was not removed")
            return 1
    _carry_out(removal, words)
    signed.append(removal.device.id)
    if as_json:
        print_json("removal/1", _removal_fields(removal, state="removed"))
        return 0
    say(emphasised(f"{_name(removal.device)} is removed. Your next words are sealed under a new key."))
    _tell_remains(removal)
    return 0


def _tell_remains(removal: Removal) -> None:
    """Say which devices of the private book may be the same one: nothing proves which, so a person decides."""
    if removal.remains:
        talk("It may have another key in your private book, which nobody can tell by proof. There are still:")
        for one in removal.remains:
            talk(f"   {_name(one)}   couplejournal devices remove {one.id[:PREFIX_DIGITS]}")


def _explain(removal: Removal) -> None:
    """Say what the removal means before it is signed."""
    say(f"Removing {emphasised(_name(removal.device))} cannot be undone. {KEEPS}")
    if removal.falls:
        fallen = ", ".join(_name(one) for one in removal.falls)
        say(f"With it falls what it let in later: {fallen}.")
    if removal.later and removal.is_dated:
        say(f"{counted(removal.later, 'operation')} of it will stand apart (`log --apart`).")
    elif removal.later:
        told = f" ({', '.join(map(clean_line, removal.told_by))} told so)" if removal.told_by else ""
        say(
            f"It wrote more than has arrived here: {counted(removal.later, 'operation')}{told}. They will stand apart "
            "(`log --apart`). To have them count, sync first, until they are here."
        )


def _carry_out(removal: Removal, words: list[str]) -> None:
    """Sign the removal; words that were mistyped may be typed again, and those that fit go into ``words``."""
    if not removal.needs_words:
        removal.carry_out()
        return
    for attempt in range(1, TRIES + 1):
        given = words[-1] if words else asking.recovery_words()
        try:
            removal.carry_out(given)
        except RecoveryError as error:
            if attempt == TRIES or not current().may_ask:
                raise
            words.clear()
            talk(f"{clean_line(str(error))}; once more.")
        else:
            words[:] = [given]
            return


def _removal_fields(removal: Removal, *, state: str) -> dict[str, object]:
    """Return a removal as plain data; ``state`` is "open" before, "removed" after."""
    return {
        "state": state,
        "device": _fields(removal.device),
        "falls": [_fields(one) for one in removal.falls],
        "remains": [_fields(one) for one in removal.remains],
        "later": removal.later,
        "told_by": list(removal.told_by),
        "needs_words": removal.needs_words,
    }


@devices.command("take-over", cls=Act, short_help="Write again what a removed device wrote later.")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Everything of yours that stands apart.")
@no_sync_option
@json_option
def take_over(ids: Sequence[str], *, is_all: bool, no_sync: bool, as_json: bool) -> None:
    """Write again, as your own, what a removed device of yours wrote after its removal: look at `log --apart` first.

    The content, the time and what it refers to stay as they are. Take over only what you know to be yours: whoever had
    the device could write, too.
    """
    if bool(ids) == is_all:
        raise click.UsageError("name what to take over by its ID, or say --all")
    from couplejournal.journal.apart import sealed_apart

    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        wanted = [entry.id for entry in journal.view().apart() if entry.is_mine] if is_all else list(ids)
        taken = [journal.take_over(one) for one in wanted]
        lost = 0 if as_json else sealed_apart(journal.reader)
        if lost:
            talk(
                f"{counted(lost, 'sealed answer')} of a removed device cannot be taken over; what nobody has opened "
                "can be sealed again"
            )
        if not as_json and len(taken) == 1:
            acknowledge(journal, taken[0], no_sync=no_sync, as_json=False)
            return
        outcome = hand_over(journal, no_sync=no_sync) if taken else None
        if as_json:
            print_json("entries/1", {"entries": [entry_fields(entry) for entry in taken]})
            return
        _print(journal, taken)
    if not taken:
        talk("nothing of yours stands apart")
    elif isinstance(outcome, str):
        talk(clean_line(outcome))


def _print(journal: Journal, taken: Sequence[Entry]) -> None:
    short = shorten(journal.view())
    for entry in taken:
        click.echo("\n".join(entry_lines(entry, short, is_whole=False)))
