"""Plugins and the other person: tell them of one that reads their words, and say whether any may read one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli.opening import (
    acknowledge,
    catch_up,
    hand_over,
    has_journal,
    json_option,
    no_sync_option,
    opened,
)
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import PREFIX_DIGITS, clean_line, name_or_partner, table, talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from couplejournal.plugins.switch import Offered

_SAID: Final = {
    True: "plugins of others may read it",
    False: "plugins of others are asked not to read it",
    None: "nothing was said, so plugins of others may read it",
}


def tell(offer: Offered) -> None:
    """Tell the partner of a plugin of others that was turned on and reads their words."""
    from couplejournal.plugins.consent import word_of
    from couplejournal.plugins.recording import tell_partner

    name = offer.manifest.id
    later = f"it gets none of a partner's words before; `couplejournal plugins enable {clean_line(name)}` tells them"
    if not has_journal():
        talk(f"there is no journal here yet, so nobody was told; {later}")
        return
    with opened() as journal:
        catch_up(journal, no_sync=False)
        told = tell_partner(journal, name, summary=offer.manifest.summary)
        if told is None:
            talk(f"no journal is shared, so nobody was told; {later}")
            return
        partner = name_or_partner(journal.partner_name)
        hand_over(journal, no_sync=False)
        talk(f"{partner} is told of it in an entry: `show {told.id[:PREFIX_DIGITS]}`")
        if word_of(journal.view(), is_mine=False) is False:
            talk(f"{partner} asked that plugins of others do not read their words; it gets none of them")


def tell_off(name: str) -> None:
    """Tell the partner that a plugin of which they were told goes off; where that fails it goes off all the same."""
    from couplejournal.errors import CouplejournalError
    from couplejournal.plugins import enabled
    from couplejournal.plugins.recording import tell_partner_off

    notice = next((one.notice for one in enabled() if one.id == name), "")
    if not notice or not has_journal():
        return
    try:
        with opened() as journal:
            if tell_partner_off(journal, name) is not None:
                hand_over(journal, no_sync=False)
                talk(f"{name_or_partner(journal.partner_name)} is told that it is off")
    except CouplejournalError as error:
        step = f"`couplejournal step {notice[:PREFIX_DIGITS]} off` tells them"
        talk(f"your partner could not be told that it is off: {clean_line(str(error))}; {step}")


@click.command("partner-words", cls=Act)
@click.argument("word", required=False, type=click.Choice(["yes", "no"]))
@no_sync_option
@json_option
def partner_words(word: str | None, *, no_sync: bool, as_json: bool) -> None:
    """Say whether plugins of others may read what you write.

    It is about plugins on your partner's devices; without a word, what both of you said is shown. It is an entry for
    both, and a matter of honour: their couplejournal obeys once it has arrived there, no cryptography enforces it. What
    came with couplejournal is part of it, and not meant.
    """
    from couplejournal.plugins.consent import HONOUR, say_partner_words, word_of

    with opened() as journal:
        if word is not None:
            entry = say_partner_words(journal, may_read=word == "yes")
            acknowledge(journal, entry, no_sync=no_sync, as_json=as_json)
            if word == "no" and not as_json:
                talk(HONOUR)
                talk("what was read before stays read; what came with couplejournal is part of it and goes on reading")
            return
        catch_up(journal, no_sync=no_sync)
        view = journal.view()
        mine, partners = word_of(view, is_mine=True), word_of(view, is_mine=False)
        if as_json:
            print_json("partner-words/1", {"mine": mine, "partner": partners})
            return
        rows = [("what you write", _SAID[mine])]
        if journal.is_shared:
            rows.append((f"what {name_or_partner(journal.partner_name)} writes", _SAID[partners]))
        click.echo("\n".join(table(rows)))
