"""Compare: the safety number of two persons, and six words for what both devices hold."""

from __future__ import annotations

import click

from couplejournal.cli import together
from couplejournal.cli.opening import catch_up, json_option, no_sync_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import emphasised, name_or_partner, say
from couplejournal.cli.settings import Act

PER_LINE = 4


@click.command(cls=Act)
@no_sync_option
@json_option
def verify(*, no_sync: bool, as_json: bool) -> None:
    """Show what both of you compare: a number that says who you are to each other, and six words for what both have.

    Compare them side by side or by voice, not through the folder.
    """
    with opened() as journal:
        catch_up(journal, no_sync=no_sync)
        found = journal.safety()
    if as_json:
        print_json("safety/1", {"number": list(found.number), "words": list(found.words), "partner": found.partner})
        return
    together.print_code(["couplejournal", *found.number, *found.words])
    say(f"The safety number of you and {name_or_partner(found.partner)}, the same on the devices of both:")
    for start in range(0, len(found.number), PER_LINE):
        click.echo(f"   {'  '.join(emphasised(group) for group in found.number[start : start + PER_LINE])}")
    say(
        "It stays the same while both keep their recovery words. Equal: nobody stands between you. Not equal: one "
        "of you shares with somebody else; write no more, and begin anew face to face (`invite --anew`)."
    )
    click.echo()
    say("Six words for all that this device holds of what you share:")
    together.print_words(found.words, 3)
    say(
        "They change with every entry, so sync in turns first, until neither of you gets anything new. Equal: both of "
        "you hold the same. Not equal even then: something is on its way, or is withheld; look again later."
    )
