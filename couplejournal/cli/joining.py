"""The joiner's side: type twelve words, compare six, and see what the other sees."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, TypedDict

import click

from couplejournal.cli import asking, together
from couplejournal.cli.opening import has_journal, json_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, emphasised, name_or_partner, say, talk
from couplejournal.cli.settings import Act, current
from couplejournal.cli.setup import OPEN_SENTENCE, keys_options, passphrase_for, plugins_option, turn_plugins_on
from couplejournal.errors import DriveError, PairingError

if TYPE_CHECKING:
    from typing import Unpack

    from couplejournal.journal import Journal
    from couplejournal.pairing import Joining

NOT_HERE_YET: Final = "No invite for these words here yet: check the words, or wait for the folder"
"""A drive that is slow and a wrong word look alike, and both are said."""


class Flags(TypedDict):
    """What a joining takes beside the folder."""

    name: str | None
    device_name: str
    keys: str | None
    no_plugins: bool
    existing: str | None
    anew: bool
    private: bool
    yes: bool
    waits: bool | None


@click.command(cls=Act)
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--name", metavar="NAME", help="Your name, as your partner will read it.")
@keys_options
@plugins_option
@together.share_options
@together.anew_option
@click.option("--private", is_flag=True, help="Into your own private journal; DIR is its folder.")
@click.option("--yes", is_flag=True, help="Take the six words as compared.")
@together.wait_options
@click.option("--cancel", is_flag=True, help="End the joining that is open.")
@json_option
def join(folder: str | None, *, cancel: bool, as_json: bool, **flags: Unpack[Flags]) -> int:
    """Join the journal of your partner, or your own from another device, with the twelve words of its invite.

    DIR is the folder that both have. The words are asked for, or read from stdin. A journal that you already have on
    this device stays yours, beside the new one.
    """
    if has_journal():
        with opened() as journal:
            if cancel:
                return _cancel(journal)
            if _open_joining(journal) is None:
                found = journal.status()
                if found.partner is not None and folder is None and not (flags["anew"] or flags["private"]):
                    # A `sync` took the joining to its end meanwhile.
                    if as_json:
                        print_json("pairing/1", {"purpose": "partner", "state": "done", "name": found.partner})
                    else:
                        _welcome(journal, name_or_partner(found.partner), is_device=False)
                    return 0
                flags["anew"] = not flags["private"] and together.begins_anew(journal, is_said=flags["anew"])
                _begin(folder, flags, name=flags["name"] or found.name, waiting=found.waiting, is_there=True)
    elif cancel:
        raise PairingError("no joining is open here")
    else:
        _begin(folder, flags, name=flags["name"], waiting=0, is_there=False)
    with opened() as journal:
        return go_on(journal, yes=flags["yes"], waits=flags["waits"], as_json=as_json)


def _open_joining(journal: Journal) -> Joining | None:
    """Return the joining that is open here, if there is one."""
    from couplejournal.pairing import Joining

    found = journal.pairing.current
    return found if isinstance(found, Joining) else None


def _cancel(journal: Journal) -> int:
    joining = _open_joining(journal)
    if joining is None:
        raise PairingError("no joining is open here")
    joining.cancel()
    say("The joining is over. What you have written here stays yours.")
    return 0


def _begin(folder: str | None, flags: Flags, *, name: str | None, waiting: int, is_there: bool) -> None:
    """Ask for what is missing and lay the joining down on this device; mistyped words may be typed again."""
    import couplejournal as cj

    is_private = flags["private"]
    whose = "Your private folder:" if is_private else "The folder that both of you have:"
    folder = folder or asking.line(whose, option="DIR")
    name = name or asking.line("Your name, as your partner will read it:", option="--name")
    shares = not is_private and together.shares_existing(flags["existing"], waiting)
    given = asking.passphrases().existing if is_there else passphrase_for(flags["keys"])
    for attempt in range(1, together.TRIES + 1):
        words = asking.words()
        try:
            cj.join(
                folder, words, name=name, device_name=flags["device_name"], passphrase=given, share_existing=shares,
                anew=flags["anew"], private=is_private,
            )  # fmt: skip
        except PairingError as error:
            if error.retry or not current().may_ask or attempt == together.TRIES:
                raise
            talk(f"{clean_line(str(error))}; once more.")
        else:
            break
    if not (is_there or flags["no_plugins"]) and turn_plugins_on():  # no further question between words and words
        talk("The eight steps are on: questions, exercises, what entries tell. `plugins` turns each off.")
    if flags["keys"] == "open" and not is_there:
        talk(OPEN_SENTENCE)


def go_on(journal: Journal, *, yes: bool, waits: bool | None, as_json: bool) -> int:
    """Take the joining as far as it goes: wait for the offer, compare the six words, wait for the other.

    Raises:
        PairingError: the joining ended, or there is none.
    """
    joining = _open_joining(journal)
    if joining is None:
        raise PairingError("no joining is open here")
    patient = together.is_waiting(waits) and not as_json
    try:
        return _go_on(journal, joining, yes=yes, patient=patient, as_json=as_json)
    except KeyboardInterrupt:
        talk("\nThis can wait. Go on with: couplejournal join")
        raise click.exceptions.Exit(together.INTERRUPTED) from None


def _go_on(journal: Journal, joining: Joining, *, yes: bool, patient: bool, as_json: bool) -> int:
    with contextlib.suppress(DriveError):  # the folder is asked again below, or by the next sync
        joining.refresh()
    if joining.state == "waiting":
        if not patient:
            return _tell(joining, as_json=as_json)
        together.wait_until(lambda: joining.state != "waiting", joining.refresh, saying=NOT_HERE_YET)
    other = "your other device" if joining.purpose in ("device", "private") else name_or_partner(joining.inviter_name)
    if joining.state == "offered":
        same = yes or None if as_json else together.are_same(joining.check_words or (), other, yes=yes)
        if same is None:
            return _tell(joining, as_json=as_json) if as_json else together.MUST_DECIDE
        if not same:
            joining.cancel()
            talk("Then the invite is not the one you were given. Nothing was taken over or shared.")
            return 1
        joining.confirm()
    if joining.state != "done" and patient:
        together.wait_until(lambda: joining.state == "done", joining.refresh, saying=f"Waiting for {other} to accept")
    if joining.state != "done" or as_json:
        return _tell(joining, as_json=as_json)
    if joining.purpose == "private":
        _welcome_privately(journal)
    else:
        _welcome(journal, other, is_device=joining.purpose == "device")
    return 0


def _tell(joining: Joining, *, as_json: bool) -> int:
    """Say where the joining stands, and end: 13 where a person has to compare the words."""
    if as_json:
        fields: dict[str, object] = {
            "purpose": joining.purpose,
            "state": joining.state,
            "name": joining.inviter_name,
            "check_words": None if joining.check_words is None else list(joining.check_words),
        }
        print_json("pairing/1", fields)
        return together.MUST_DECIDE if joining.state == "offered" else 0
    if joining.state == "waiting":
        talk(f"{NOT_HERE_YET}.")
        talk("`couplejournal sync` looks again; then `couplejournal accept`, to compare six words.")
    else:
        say("Confirmed here; the other side accepts next, and your next `couplejournal sync` finishes it.")
    return 0


def _welcome_privately(journal: Journal) -> None:
    """Say what this device has now that it is in the private journal."""
    report = journal.sync()
    entries = counted(journal.status().private, "private entry")
    say(f"{emphasised('This device is in your private journal.')} It has {entries} so far.")
    for problem in report.problems:
        talk(clean_line(problem))


def _welcome(journal: Journal, other: str, *, is_device: bool) -> None:
    """Say what each now sees of the other."""
    report = journal.sync()
    view = journal.view()
    if is_device:
        say(f"{emphasised('This device is in.')} It has {counted(view.count(audience='shared'), 'entry')} so far.")
        if journal.place.private_path is None:
            say("Private entries stay on the device where they were written.")
    else:
        ours = [entry.is_mine for entry in view.entries(audience="shared") if not entry.is_earlier]
        mine, theirs = ours.count(True), ours.count(False)
        say(emphasised(f"You and {other} share a journal now."))
        say(f"You see {counted(theirs, 'entry')} of {other}; {other} will see {counted(mine, 'entry')} of yours.")
    for problem in report.problems:
        talk(clean_line(problem))
    if current().may_ask:
        talk("next: couplejournal sync --watch   keeps this device up to date")
