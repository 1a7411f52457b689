"""Where the commands meet the library: open the journal, look at the shared folder briefly, say what became of it.

A reading command waits 300 ms for the folder and then shows what is here; a writing command has saved before it tries
the folder for a second, and nothing that happens there changes its exit code.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from couplejournal.cli import asking
from couplejournal.cli.rendering import PREFIX_DIGITS, clean_line, moment, name_or_partner, say, short_of, talk
from couplejournal.cli.settings import current
from couplejournal.errors import CouplejournalError, NoSuchEntryError, WrongPassphraseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from couplejournal.journal import Journal
    from couplejournal.model.entry import Entry
    from couplejournal.model.kinds import Kind
    from couplejournal.sync.report import SyncReport
    from couplejournal.view import JournalView

READING_DEADLINE_S: Final = 0.3  # docs/spec/sync.md 4
WRITING_DEADLINE_S: Final = 1.0  # docs/spec/sync.md 4
TRIES: Final = 3
_LOCK_LIMIT_BYTES: Final = 1_048_576

Command = TypeVar("Command", bound="Callable[..., Any]")


def json_option(command: Command) -> Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document with a named schema.")(command)


def no_sync_option(command: Command) -> Command:
    """Add ``--no-sync``."""
    return click.option("--no-sync", is_flag=True, help="Leave the shared folder alone this time.")(command)


def has_journal() -> bool:
    """Return whether this device has a journal; nothing is opened or asked for it."""
    from couplejournal.disk import RealDisk
    from couplejournal.store.home import Home

    path = Home.locate(None, os.environ).keystore_path
    return any(listed.name == path.name for listed in RealDisk().list(path.parent))


@contextlib.contextmanager
def opened() -> Iterator[Journal]:
    """Open the journal of this device, asking for the passphrase where one is needed.

    Raises:
        NoJournalError: there is none here.
        UnlockError: the keys could not be had.
    """
    import couplejournal as cj

    kinds = plugin_kinds()
    with with_passphrase(lambda: cj.open(passphrase=asking.passphrases().existing, kinds=kinds)) as journal:
        try:
            yield journal
        finally:
            _tell_lacking(journal.device.lacking)


def plugin_kinds() -> Sequence[Kind]:
    """Return the kinds of the plugins that are on, from the one file that says so; no plugin is loaded for it."""
    from couplejournal.disk import RealDisk
    from couplejournal.store.home import Home

    path = Home.locate(None, os.environ).plugins_lock_path
    if RealDisk().read(path, limit_bytes=_LOCK_LIMIT_BYTES) is None:
        return ()
    from couplejournal.plugins.kinds import kinds_declared
    from couplejournal.plugins.lock import read_lock

    try:
        return kinds_declared((one.id, kind) for one in read_lock(path, RealDisk()) for kind in one.kinds)
    except CouplejournalError:  # what the file says is for `plugins` and `doctor`; entries are read all the same
        return ()


def _tell_lacking(roles: Sequence[str]) -> None:
    """Say in one line what of the journal was left out since this device's own copy of it cannot be opened."""
    if roles:
        words = (("private", "your private entries"), ("earlier", "earlier ones"))
        kinds = [word for role, word in words if role in roles]
        talk(f"not here: {' and '.join(kinds)}; their copy on this device is damaged. `couplejournal doctor` says more")


Opened = TypeVar("Opened")


def with_passphrase(act: Callable[[], Opened]) -> Opened:
    """Do what needs a passphrase; one that was typed wrongly may be typed again, three times in all.

    Raises:
        UnlockError: the keys could not be had.
    """
    passphrases = asking.passphrases()
    for attempt in range(1, TRIES + 1):
        try:
            return act()
        except WrongPassphraseError as error:
            if attempt == TRIES or not passphrases.was_typed:
                raise
            talk(f"{clean_line(str(error))}; once more.")
            passphrases.forget()
    raise AssertionError("unreachable")


def catch_up(journal: Journal, *, no_sync: bool) -> None:
    """Take in what came, for at most 300 ms; where that fails, say on stderr that this is what is here, and how old."""
    if no_sync:
        return
    report = _try(journal, READING_DEADLINE_S)
    if isinstance(report, str):
        trouble = report
    elif report.drive in ("ok", "none", "read-only", "full"):
        trouble = "" if report.finished else "more is on its way"
    else:
        trouble = report.message
    if trouble:
        since = journal.status().synced_at
        age = f", last synced {moment(since)}" if since is not None else ""
        talk(f"{clean_line(trouble).rstrip('.')}; this is what is here{age}")


def found_entry(journal: Journal, id_or_prefix: str, *, no_sync: bool) -> Entry:
    """Return an entry; one that is not here yet is looked for in the shared folder, for at most 300 ms.

    Raises:
        NoSuchEntryError: none has this id, or several begin with it.
    """
    try:
        return journal.entry(id_or_prefix)
    except NoSuchEntryError:
        if no_sync:
            raise
        look(journal)
        return journal.entry(id_or_prefix)


def look(journal: Journal) -> None:
    """Take in what came, for at most 300 ms, without a word: the status that follows says how the folder is."""
    _try(journal, READING_DEADLINE_S)


def hand_over(journal: Journal, *, no_sync: bool) -> SyncReport | str | None:
    """Try the shared folder for at most a second; None where it was left alone, a sentence where that failed."""
    return None if no_sync else _try(journal, WRITING_DEADLINE_S)


def _try(journal: Journal, deadline_s: float) -> SyncReport | str:
    """Sync within a deadline; a failure becomes a sentence, since the command's own work is done or needs no folder."""
    try:
        return journal.sync(deadline_s=deadline_s)
    except CouplejournalError as error:
        return str(error)
    except Exception as error:
        if current().debug:
            raise
        return f"the shared folder could not be tried ({type(error).__name__})"


def shorten(view: JournalView) -> Callable[[str], str]:
    """Return what shortens ids to beginnings that name one entry of the view."""

    def is_unique(prefix: str) -> bool:
        try:
            view.entry(prefix)
        except NoSuchEntryError:
            return False
        return True

    known: dict[str, str] = {}

    def short(entry_id: str) -> str:
        if entry_id not in known:
            known[entry_id] = short_of(entry_id, is_unique=is_unique)
        return known[entry_id]

    return short


def acknowledge(journal: Journal, entry: Entry, *, no_sync: bool, as_json: bool) -> None:
    """Say that an entry is saved, who can read it, and how far it has come."""
    outcome = hand_over(journal, no_sync=no_sync or entry.audience != "shared")
    if as_json:
        from couplejournal.cli.output import entry_fields, print_json

        is_handed_over = not isinstance(outcome, str) and outcome is not None and _has_left(outcome)
        print_json("entry/1", {**entry_fields(entry), "handed_to_drive": is_handed_over})
        return
    partner = name_or_partner(journal.partner_name) if entry.audience == "shared" else ""
    audience, trouble = _whereabouts(entry.audience, partner, outcome, until=_until(journal))
    # Whether these digits name one entry only is not looked up: it would mean reading the whole journal. Should another
    # begin alike, whoever uses them is told so, and `log` shows more digits.
    say(f"saved {entry.id[:PREFIX_DIGITS]} · {audience}")
    if trouble:
        talk(clean_line(trouble))


def _until(journal: Journal) -> str:
    """Return how long an entry for both that waits stays here."""
    if journal.is_shared:
        return "with what it belongs to (`share` shows it to both)"
    had_one = any(secret.role != "private" for secret in journal.device.secrets.books)
    return "as long as no journal is shared" if had_one else "until your partner has joined"


def _whereabouts(audience: str, partner: str, outcome: SyncReport | str | None, *, until: str) -> tuple[str, str]:
    """Return who can read it and where it lies, and a sentence for stderr where the folder failed."""
    if audience == "private":
        return "private, stays with you", ""
    if audience == "waiting":
        return f"for both, stays here {until}", ""
    if outcome is None:
        return f"shared with {partner} once you sync", ""
    if isinstance(outcome, str):
        return f"shared with {partner} once you sync", outcome
    if _has_left(outcome):
        return f"shared with {partner} · put into the shared folder", ""
    return f"shared with {partner} at the next sync", outcome.message


def _has_left(report: SyncReport) -> bool:
    """Return whether everything of this device lies in the shared folder."""
    return report.drive == "ok" and report.finished and (report.outbox == 0 or report.published_files > 0)
