"""The inviter's side: make twelve words, wait, compare six, and so found the journal of both."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from couplejournal.cli import asking, together
from couplejournal.cli.joining import go_on as go_on_joining
from couplejournal.cli.opening import json_option, opened
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, counted, emphasised, moment, name_or_partner, say, talk
from couplejournal.cli.settings import Act, current
from couplejournal.errors import DriveError, PairingError

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.pairing import Invitation


@click.command(cls=Act)
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--device", is_flag=True, help="Invite a second device of your own; it will see what is shared.")
@click.option("--private", is_flag=True, help="With --device: into your private journal, through its own folder.")
@click.option("--cancel", is_flag=True, help="End the invite that is open.")
@click.option("--yes", is_flag=True, help="Take the six words as compared.")
@together.share_options
@together.anew_option
@together.wait_options
@json_option
def invite(
    folder: str | None,
    *,
    device: bool,
    private: bool,
    cancel: bool,
    yes: bool,
    existing: str | None,
    anew: bool,
    waits: bool | None,
    as_json: bool,
) -> int:
    """Invite your partner through the folder DIR, which both of you have: a synced folder, a share, a stick.

    It prints twelve words. Hand them over by voice, not through the folder. Whoever types them with `join` within
    48 hours can be let in, once, and only after both of you have compared six other words.
    """
    if private and (folder is not None or not device):
        raise click.UsageError("--private goes with --device, and with no folder: `drive --private DIR` sets that")
    with opened() as journal:
        invitation = _open_invitation(journal)
        if cancel:
            return _cancel(invitation)
        if invitation is None and private:
            invitation = journal.pairing.invite(private=True)
        elif invitation is None:
            anew = not device and together.begins_anew(journal, is_said=anew)
            invitation = _new(journal, folder, existing, is_device=device, is_anew=anew)
        else:
            _require_same(journal, invitation, folder, purpose="private" if private else "device" if device else "")
            talk("This invite is open already.")
        if as_json:
            print_json("invite/1", _fields(invitation))
            return 0
        _show(invitation, journal.place.private_path if invitation.purpose == "private" else journal.place.path)
        if not together.is_waiting(waits):
            talk("Once they have been typed: couplejournal accept")
            return 0
        other = "your partner" if invitation.purpose == "partner" else "the other device"
        _wait(invitation, other)
        return _accept(journal, invitation, yes=yes)


@click.command(cls=Act)
@click.option("--yes", is_flag=True, help="Take the six words as compared.")
@together.wait_options
@json_option
def accept(*, yes: bool, waits: bool | None, as_json: bool) -> int:
    """Say that the six words are the same on both screens: yours and the other's.

    Whoever invited founds the journal of both with it; whoever joins says with it that the journal is the right one.
    """
    with opened() as journal:
        found = journal.pairing.current
        if found is None:
            return _nothing_open(journal, as_json=as_json)
        with contextlib.suppress(DriveError):  # what came before may be enough; if not, the next lines say so
            found.refresh()
        invitation = _open_invitation(journal)
        if invitation is None:
            return go_on_joining(journal, yes=yes, waits=waits, as_json=as_json)
        if as_json and not (yes and invitation.is_answered):
            print_json("invite/1", _fields(invitation))
            return together.MUST_DECIDE if invitation.is_answered else 0
        if not invitation.is_answered:
            raise PairingError("nobody has answered the invite yet", hint="`couplejournal status` shows how it stands")
        return _accept(journal, invitation, yes=yes, as_json=as_json)


def _nothing_open(journal: Journal, *, as_json: bool) -> int:
    """Say that a pairing came to its end already, as a `sync` may have brought it there."""
    partner = journal.view().partner
    if partner is None:
        raise PairingError("no invite is open here, so there is nothing to accept")
    if as_json:
        print_json("pairing/1", {"purpose": "partner", "state": "done", "name": partner.name})
        return 0
    say(f"You and {name_or_partner(partner.name)} share a journal already; nothing is left to accept.")
    return 0


def _open_invitation(journal: Journal) -> Invitation | None:
    """Return the invite that is open here, if there is one."""
    from couplejournal.pairing import Invitation

    found = journal.pairing.current
    return found if isinstance(found, Invitation) else None


def _cancel(invitation: Invitation | None) -> int:
    if invitation is None:
        raise PairingError("no invite is open")
    invitation.cancel()
    say("The invite is over; its words open nothing any more.")
    return 0


def _new(
    journal: Journal, folder: str | None, existing: str | None, *, is_device: bool, is_anew: bool
) -> Invitation:  # fmt: skip
    """Make an invite, after asking what has to be asked."""
    if folder is None and journal.place.path is None:
        folder = asking.line("The folder that both of you have:", option="DIR")
    shares = False if is_device else together.shares_existing(existing, journal.status().waiting)
    return journal.pairing.invite(folder, device=is_device, share_existing=shares, anew=is_anew)


def _require_same(journal: Journal, invitation: Invitation, folder: str | None, *, purpose: str) -> None:
    """Refuse to show the open invite as the one that was asked for, where it is another.

    Raises:
        PairingError: it is for somebody else, or in another folder.
    """
    from os.path import realpath

    hint = "`couplejournal invite --cancel` ends it; then invite again"
    if purpose and invitation.purpose != purpose:
        whose = "for your partner" if invitation.purpose == "partner" else "for a device of your own"
        raise PairingError(f"another invite is open: the one {whose}", hint=hint)
    if folder is not None and realpath(folder) != realpath(str(journal.place.path)):
        raise PairingError("another invite is open: one in another folder", hint=hint)


def _show(invitation: Invitation, folder: object) -> None:
    """Print the words, the code, and what the other does with them."""
    is_private = invitation.purpose == "private"
    say("Twelve words for " + ("your partner:" if invitation.purpose == "partner" else "your other device:"))
    click.echo()
    together.print_words(invitation.words, 4)
    click.echo()
    together.print_code(invitation.words)
    say(f"Good once, until {moment(invitation.expires_at)}. Hand them over by voice, not through the folder.")
    command = "join DIR --private" if is_private else "join DIR"
    say(f"There one types `couplejournal {command}`; DIR is the folder that is {clean_line(str(folder))} here.")
    if invitation.purpose == "device":
        say("It will see what is shared; private entries stay on the device where they were written.")
    if is_private:
        say("It will see all that is private, and bring along what is private there.")


def _wait(invitation: Invitation, other: str) -> None:
    """Wait until somebody has typed the words."""
    try:
        together.wait_until(
            lambda: invitation.is_answered, invitation.refresh, saying=f"Waiting for {other} to type them"
        )
    except KeyboardInterrupt:
        talk("\nThe words stay good. Go on with: couplejournal accept")
        raise click.exceptions.Exit(together.INTERRUPTED) from None


def _accept(journal: Journal, invitation: Invitation, *, yes: bool, as_json: bool = False) -> int:
    """Compare the six words and, if they are the same, found the journal of both or let the device in."""
    is_device = invitation.purpose != "partner"
    joiner = "your other device" if is_device else name_or_partner(invitation.joiner_name)
    if invitation.ends_sharing:
        now = name_or_partner(journal.partner_name)
        talk(f"Accepting ends what you and {now} share now; both of you keep it as an earlier journal.")
    six = invitation.check_words
    if six is None:
        raise PairingError("nobody has answered the invite yet")
    try:
        same = True if as_json else together.are_same(six, joiner, yes=yes)
    except KeyboardInterrupt:
        talk("\nNothing is decided. Go on with: couplejournal accept")
        raise click.exceptions.Exit(together.INTERRUPTED) from None
    if same is None:
        return together.MUST_DECIDE
    if not same:
        invitation.cancel()
        talk("Then somebody else may have typed the words. The invite is over, and nothing was shared.")
        talk("Invite again, and hand the words over more carefully.")
        return 1
    invitation.accept()
    report = journal.sync()
    if as_json:
        print_json("pairing/1", {"purpose": invitation.purpose, "state": "done", "name": invitation.joiner_name})
        return 0
    if is_device:
        say(f"{emphasised('The other device is in.')} It takes the journal from the folder.")
    else:
        status = journal.status()
        entries = counted(status.shared, "entry")
        say(f"{emphasised(f'You and {joiner} share a journal now.')} {joiner} will see {entries} of yours.")
    for problem in report.problems:
        talk(clean_line(problem))
    if current().may_ask:
        talk("next: couplejournal sync --watch   keeps this device up to date")
    return 0


def _fields(invitation: Invitation) -> dict[str, object]:
    """Return an invite as plain data."""
    return {
        "purpose": invitation.purpose,
        "words": list(invitation.words),
        "expires_at": invitation.expires_at.isoformat(),
        "joiner_name": invitation.joiner_name,
        "check_words": list(invitation.check_words or ()) if invitation.is_answered else None,
    }
