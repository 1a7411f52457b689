"""How things stand, the exchange with the shared folder, the folder itself, the devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.hosted import tell_plugins
from couplejournal.cli.opening import json_option, look, no_sync_option, opened
from couplejournal.cli.output import notice_fields, print_json, report_fields
from couplejournal.cli.private import private_drive
from couplejournal.cli.rendering import (
    clean_line,
    counted,
    device_label,
    moment,
    name_or_partner,
    table,
    talk,
)
from couplejournal.cli.settings import Act, current
from couplejournal.cli.setup import OPEN_SENTENCE
from couplejournal.cli.watching import NO_FOLDER, moved_words
from couplejournal.errors import DriveError, SetupError

if TYPE_CHECKING:
    from couplejournal.journal import Journal
    from couplejournal.journal.delivering import Progress
    from couplejournal.journal.notices import Notice
    from couplejournal.journal.status import EarlierStatus, Status
    from couplejournal.sync.report import SyncReport

PAUSED: Final = "paused: this device leaves it alone; `couplejournal resume` goes on"
REMOVED: Final = {
    "removed": "this device was removed from the journal, with the recovery words",
    "void": "the device that let this one in was removed before, so this one does not count",
    "claimed": "somebody has this device's key and had it claimed for both of you, so it counts for neither",
}
REMOVED_MEANS: Final = (
    "it still reads what it had until then, and nothing that the others write since",
    "what you write here stays here; what it wrote before it heard of this is in `log --apart`",
    "was it not you? compare the safety number with your other devices: `couplejournal verify`",
    "to go on here: `couplejournal recovery use` or `join` on a fresh home (COUPLEJOURNAL_HOME)",
)
MODES: Final = {
    "passphrase": "sealed with your passphrase",
    "keychain": "sealed; the system's keychain holds the key",
    "open": OPEN_SENTENCE,
}


@click.command(cls=Act)
@no_sync_option
@json_option
def status(*, no_sync: bool, as_json: bool) -> None:
    """Show how things stand: who, the shared folder, what waits to be handed over, an open pairing."""
    with opened() as journal:
        if not no_sync:
            look(journal)
        found = journal.status()
    if as_json:
        print_json("status/1", _status_fields(found))
        return
    click.echo("\n".join(table(_status_rows(found))))


def _status_rows(found: Status) -> list[tuple[str, str]]:
    """Return a status as names and facts."""
    rows = [("journal", clean_line(found.name) + _company(found))]
    if found.device_name:
        rows.append(("this device", clean_line(found.device_name)))
    rows.append(("keys", MODES.get(found.mode, found.mode)))
    if found.drive_path is None:
        rows.append(("shared folder", "none yet; `couplejournal invite DIR` sets one"))
    else:
        rows.append(("shared folder", clean_line(str(found.drive_path))))
        message = PAUSED if found.is_paused else clean_line(found.drive_message)
        rows.extend([("", message)] if message else [])
    if found.synced_at is not None:
        rows.append(("last synced", moment(found.synced_at)))
    if found.private_path is not None:
        rows.append(("private folder", clean_line(str(found.private_path))))
        rows.extend([("", clean_line(found.private_message))] if found.private_message else [])
    rows.extend(_entry_rows(found))
    rows.extend(("earlier journal", _parted(one)) for one in found.parted)
    if found.partner is not None:
        rows.append(("handed over", _delivery(found)))
        rows.extend(_reached_rows(found.progress))
    rows.extend(_keeping_rows(found))
    rows.extend(row for notice in found.notices for row in _notice_rows(notice))
    if found.pairing is not None:
        rows.extend(_pairing_rows(found))
    return rows


def _company(found: Status) -> str:
    """Return with whom the journal is shared, behind one's own name."""
    if found.partner is None:
        return "" if found.parted else ", alone so far"
    return f" and {name_or_partner(found.partner)}" if found.has_joined else "; nobody has joined yet"


def _entry_rows(found: Status) -> list[tuple[str, str]]:
    """Return how many entries there are for whom, and how many no folder has a copy of."""
    entries = f"{found.shared} shared, {found.private} private"
    rows = [("entries", entries + (f", {found.waiting} for both and not shared yet" if found.waiting else ""))]
    if found.earlier:
        where = "an earlier journal" if len(found.parted) == 1 else "earlier journals"
        rows.append(("", f"{found.earlier} in {where}"))
    if found.alone:
        rows.append(("only here", f"{counted(found.alone, 'entry')} on this device and nowhere else"))
    return rows


def _keeping_rows(found: Status) -> list[tuple[str, str]]:
    """Return what a person should see to: words that stand apart, recovery words that nobody wrote down."""
    rows = []
    if found.standing in REMOVED:
        rows.append(("claimed" if found.standing == "claimed" else "removed", REMOVED[found.standing]))
        rows.extend(("", line) for line in REMOVED_MEANS)
    if found.unsent_removals:
        rows.append(("removal", "not in the folder yet, so the other devices do not know of it; `couplejournal sync`"))
    if found.apart:
        rows.append(("apart", f"{counted(found.apart, 'entry')} written after a removal; `log --apart` lists them"))
    if not found.is_shown:
        rows.append(("recovery words", "never written down; `couplejournal recovery show` shows them once"))
    if found.is_renewed:
        rows.append(("", "new since you shared; `couplejournal invite --anew DIR` begins anew under them"))
    return rows


def _notice_rows(notice: Notice) -> list[tuple[str, str]]:
    """Return what is to be known of a fork, a restored backup or silence, and what to do."""
    rows = [("to know", clean_line(notice.message))]
    return [*rows, ("", clean_line(notice.hint))] if notice.hint else rows


def _parted(earlier: EarlierStatus) -> str:
    """Return how this device stands with an earlier journal."""
    other = name_or_partner(earlier.partner)
    enders = {"me": " by you", "other": f" by {other}", "both": " by both"}
    still = {
        "syncing": "; `couplejournal leave` lets this device stop with it",
        "handing over": f"; {counted(earlier.outbox, 'sealed file')} still to be handed over",
    }.get(earlier.state, "")
    return f"with {other}, ended{enders.get(earlier.ended_by, '')}{still}"


def _delivery(found: Status) -> str:
    """Return how far one's own words have come; only what was proved is said."""
    if not found.outbox:
        return "all of it"
    saved = found.progress.entries - found.progress.handed_over
    still = f"not all yet: {counted(found.outbox, 'sealed file')} to be seen in the folder"
    return still + (f"; {counted(saved, 'entry')} saved here only" if saved else "")


def _reached_rows(progress: Progress) -> list[tuple[str, str]]:
    """Return of each other device how many of one's own entries it told that it holds: of delivery, not of reading."""
    if not progress.entries:
        return []
    mine = "your one entry" if progress.entries == 1 else f"your {progress.entries} entries"
    rows = []
    for number, one in enumerate(progress.devices):
        count = "all" if one.count == progress.entries else one.count or "none"
        reach = f"{count} of {mine}" + ("" if one.count else ", as far as is known")
        if progress.entries == 1:
            reach = mine if one.count else f"not {mine}, as far as is known"
        rows.append(("" if number else "reached", f"{device_label(one.device)}: {reach}"))
    return rows


def _pairing_rows(found: Status) -> list[tuple[str, str]]:
    """Return an open pairing as names and facts."""
    pairing = found.pairing
    if pairing is None:
        return []
    side = "invite" if pairing.side == "inviter" else "joining"
    whom = "a device of your own" if pairing.purpose in ("device", "private") else name_or_partner(pairing.name)
    left = "" if pairing.hours_left is None else f", {pairing.hours_left} hours left"
    rows = [(f"open {side}", f"for {whom}, {clean_line(pairing.state)}{left}")]
    if pairing.check_words:
        rows.append(("six words", " ".join(pairing.check_words)))
        is_said = pairing.state == "confirmed"
        rows.append(
            ("", "confirmed here; the other accepts next" if is_said else "the same on both? couplejournal accept")
        )
    return rows


def _status_fields(found: Status) -> dict[str, object]:
    """Return a status as plain data."""
    pairing = found.pairing
    return {
        "name": found.name,
        "partner": found.partner,
        "device_name": found.device_name,
        "keys": found.mode,
        "drive": None if found.drive_path is None else str(found.drive_path),
        "drive_state": None if found.drive_state == "none" else found.drive_state,
        "drive_message": found.drive_message,
        "private_drive": None if found.private_path is None else str(found.private_path),
        "private_message": found.private_message,
        "synced_at": None if found.synced_at is None else found.synced_at.isoformat(),
        "shared": found.shared,
        "private": found.private,
        "waiting": found.waiting,
        "earlier": found.earlier,
        "alone": found.alone,
        "has_joined": found.has_joined,
        "paused": found.is_paused,
        "parted": [
            {"partner": one.partner, "ended_by": one.ended_by, "state": one.state, "outbox": one.outbox}
            for one in found.parted
        ],
        "apart": found.apart,
        "standing": found.standing,
        "unsent_removals": found.unsent_removals,
        "recovery_shown": found.is_shown,
        "recovery_renewed": found.is_renewed,
        "outbox": found.outbox,
        "delivery": _progress_fields(found.progress),
        "notices": [notice_fields(notice) for notice in found.notices],
        "pairing": None
        if pairing is None
        else {
            "side": pairing.side,
            "purpose": pairing.purpose,
            "state": pairing.state,
            "name": pairing.name,
            "hours_left": pairing.hours_left,
            "check_words": None if pairing.check_words is None else list(pairing.check_words),
        },
    }


def _progress_fields(progress: Progress) -> dict[str, object]:
    """Return how far one's own entries for both have come as plain data."""
    return {
        "entries": progress.entries,
        "saved_only": progress.entries - progress.handed_over,
        "handed_over": progress.handed_over,
        "devices": [
            {"id": one.device.id, "name": one.device.name, "is_me": one.device.person.is_me, "reached": one.count}
            for one in progress.devices
        ],
    }


@click.command(cls=Act)
@click.option("--watch", is_flag=True, help="Go on, quietly, until Ctrl-C or a signal to end.")
@click.option("-v", "--verbose", is_flag=True, help="With --watch: print what comes, too.")
@json_option
def sync(*, watch: bool, verbose: bool, as_json: bool) -> int:
    """Exchange with the shared folder, and take an open pairing as far as it goes.

    Ends with 3 where the folder failed or something in it was not taken; what is written here is safe either way.
    """
    if watch:
        from couplejournal.cli import watching

        return watching.watch(as_json=as_json, is_verbose=verbose)
    if verbose:
        raise click.UsageError("-v goes with --watch alone")
    with opened() as journal:
        report = journal.sync()
        notices = [notice for notice in journal.notices() if notice.code != "gap"]  # the report tells of those
        if as_json:
            print_json("sync/1", report_fields(report) | {"notices": [notice_fields(notice) for notice in notices]})
        else:
            _print_report(report)
            for earlier in journal.status().parted if report.changed else ():
                if earlier.state == "syncing":  # it may have come to its end just now
                    talk(f"the journal {_parted(earlier)}")
            for notice in notices:
                talk(clean_line(f"{notice.message}; {notice.hint}" if notice.hint else notice.message))
        tell_plugins(journal, report)
        return report.exit_code


def _print_report(report: SyncReport) -> None:
    """Say what a sync did in one line, and each problem in one."""
    moved = moved_words(report)
    if moved:
        click.echo(moved)
    elif report.drive == "ok":
        click.echo("nothing new, on either side")
    for problem in report.problems:
        talk(clean_line(problem))
    if report.drive == "none" and not report.message:
        talk(NO_FOLDER)
    for gap in report.gaps:
        talk(f"waiting for entries of {clean_line(gap.device) or 'the other device'}")
    if report.skipped and report.skipped not in report.problems:
        talk(clean_line(report.skipped))


@click.command(cls=Act)
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--yes", is_flag=True, help="Put everything into a folder without a journal, unasked.")
@click.option("--private", is_flag=True, help="Your own folder, where your private entries meet.")
@click.option("--off", is_flag=True, help="With --private: leave that folder alone from now on.")
@json_option
def drive(folder: str | None, *, yes: bool, private: bool, off: bool, as_json: bool) -> int:
    """Show the shared folder, or move to the folder DIR: one that holds this journal, or an empty one that exists.

    Nothing is created unasked, and nothing is deleted in the old folder. With --private the same for a folder that only
    your own devices have: it must lie apart from the shared one.
    """
    if off and (folder is not None or not private):
        raise click.UsageError("--off goes with --private alone")
    with opened() as journal:
        if private:
            return private_drive(journal, folder, yes=yes, is_off=off, as_json=as_json)
        if folder is not None:
            moved = _move(journal, folder, yes=yes)
            if moved:
                return moved
        else:
            look(journal)
        found = journal.status()
    if as_json:
        path = None if found.drive_path is None else str(found.drive_path)
        print_json("drive/1", {"drive": path, "drive_state": found.drive_state, "message": found.drive_message})
    elif found.drive_path is None:
        talk("there is no shared folder yet; `couplejournal invite DIR` sets one")
    else:
        click.echo(clean_line(str(found.drive_path)))
        if found.drive_message:
            talk(clean_line(found.drive_message))
    return 0


def _move(journal: Journal, folder: str, *, yes: bool) -> int:
    """Move the meeting place; an empty folder is filled only after a yes."""
    try:
        journal.place.move(folder, put_all=yes)
    except DriveError as error:
        if yes or not journal.place.is_empty(folder):
            raise
        if not current().may_ask:
            raise SetupError(
                "there is no journal in this folder yet", hint="--yes puts the whole sealed journal there"
            ) from error
        if not asking.yes_or_no(
            "There is no journal in this folder yet. Put the whole sealed one there?", default=False
        ):
            talk("nothing moved")
            return 1
        journal.place.move(folder, put_all=True)
    report = journal.sync()
    for problem in report.problems:
        talk(clean_line(problem))
    if journal.view().partner is not None:
        talk("every other device of both moves in the same way, with `couplejournal drive DIR`")
    return report.exit_code
