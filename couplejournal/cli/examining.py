"""Look whether everything on this device and in the shared folder is as it should be, and put right what is safe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import click

from couplejournal.cli import asking
from couplejournal.cli.opening import json_option
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, say, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.journal.health import Examined, Fault, Finding, Ground

NOT_WELL = 3


@click.command(cls=Act)
@click.option("--repair", is_flag=True, help="Put right what is safe: nothing that anybody wrote is changed.")
@json_option
def doctor(*, repair: bool, as_json: bool) -> int:
    """Check every file of this device and of the shared folder, the keystore, rights and clocks.

    Prints the cause and the remedy of each finding, and ends with 3 where one is left. It works with a damaged journal,
    and without the passphrase: then what only the keys can tell is left out.
    """
    from couplejournal.disk import RealDisk
    from couplejournal.journal.doctor import examine
    from couplejournal.store.home import Home
    from couplejournal.system import RealSystem

    machine = RealSystem()
    found = examine(
        Home.locate(None, os.environ), disk=RealDisk(machine), system=machine,
        passphrase=asking.passphrases().existing, repair=repair, more={"plugins": _check_plugins},
    )  # fmt: skip
    if as_json:
        print_json("doctor/1", _fields(found))
    else:
        _print(found, repair=repair)
    return 0 if found.is_well else NOT_WELL


def _print(found: Examined, *, repair: bool) -> None:
    """Print each finding with its remedy; all well is one line."""
    for one in found.repaired:
        say(f"put right: {clean_line(one.cause)}")
    for one in found.findings:
        say(clean_line(one.cause))
        for place in one.places:
            say(f"    {clean_line(place)}")
        say(f"  -> {clean_line(one.remedy)}")
    for note in found.notes:
        talk(clean_line(note))
    looked = f"{counted(found.books, 'book')}, {counted(found.files, 'sealed file')}"
    if found.is_well:
        say(f"all well: {looked}")
    else:
        left = " left" if repair else ""
        talk(f"{counted(len(found.findings), 'finding')}{left} in {looked}")


def _fields(found: Examined) -> dict[str, object]:
    return {
        "well": found.is_well,
        "findings": [_finding(one) for one in found.findings],
        "repaired": [_finding(one) for one in found.repaired],
        "notes": list(found.notes),
        "checks": list(found.checks),
        "books": found.books,
        "files": found.files,
    }


def _finding(one: Finding) -> dict[str, object]:
    return {"code": one.code, "cause": one.cause, "remedy": one.remedy, "places": list(one.places)}


def _check_plugins(ground: Ground) -> Iterator[Fault]:
    """Ask whether the list of plugins can be read, and whether their files are those that were agreed to."""
    from couplejournal.errors import PluginError
    from couplejournal.journal.health import fault
    from couplejournal.plugins import enabled
    from couplejournal.plugins.bundled import Bundled
    from couplejournal.plugins.installed import state_of
    from couplejournal.plugins.lock import DISTRIBUTION

    try:
        on = enabled(home=ground.home, disk=ground.disk)
    except PluginError as error:
        yield fault("plugins", str(error), error.hint, ["config/plugins.lock"])
        return
    ground.notes.extend(_enforced({one.tier for one in on if one.distribution != DISTRIBUTION}))
    bundled = Bundled.of_this_install(ground.disk)
    states = {one.id: state_of(one, bundled) for one in on}
    changed = [name for name, state in states.items() if state == "changed"]
    if changed:
        cause = f"the files of {counted(len(changed), 'plugin')} changed since it was turned on, so it rests"
        yield fault("plugin-changed", cause, "`couplejournal plugins enable ID` turns it on as it is now", changed)
    gone = [name for name, state in states.items() if state == "missing"]
    if gone:
        cause = f"{counted(len(gone), 'plugin')} turned on here is not installed any more"
        yield fault("plugin-gone", cause, "`couplejournal plugins disable ID`, or install it again", gone)


def _enforced(tiers: set[Literal["pack", "isolated", "trusted"]]) -> Iterator[str]:
    """Yield what this machine keeps the plugins of others from, tier by tier, each by its name."""
    from couplejournal.plugins.enforced import of_tier

    for tier in sorted(tiers):
        here = of_tier(tier)
        kept, left = (", ".join(names) or "nothing" for names in (here.kept, here.open))
        yield f"plugins of the tier {tier}: enforced here: {kept}; not enforced: {left}"
