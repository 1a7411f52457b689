"""`sync --watch`: a quiet service in the foreground. It speaks when something needs saying, and ends when told to.

A service manager runs it for weeks: so a locked journal is waited for, a folder that goes is waited for, one that was
chosen meanwhile is taken up, and each thing is said once.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

import click

from couplejournal.cli import asking
from couplejournal.cli.errands import Errands
from couplejournal.cli.opening import opened
from couplejournal.cli.output import change_fields, notice_fields, print_json, report_fields
from couplejournal.cli.rendering import PREFIX_DIGITS, clean_line, counted, entry_lines, talk
from couplejournal.cli.settings import is_terminal
from couplejournal.errors import CouplejournalError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from couplejournal.journal import Journal
    from couplejournal.model.change import Change
    from couplejournal.sync.report import SyncReport

WAKE_S: Final = 1.0  # some systems hear a signal only when a wait ends
LOOK_S: Final = 5  # of those waits, from one look at the keys and the folder's name to the next
NO_FOLDER: Final = "there is no shared folder yet; `couplejournal invite DIR` sets one"
LOCKED: Final = "the journal is locked; waiting for `couplejournal unlock`"
_FLEETING: Final = frozenset({"late", "failed"})  # said when it is so twice in a row
_WELL: Final = frozenset({"ok", "none", "paused"})


class Speaker:
    """What the watch says: each thing when it begins, and that a trouble is over. Any thread may call."""

    def __init__(self, *, as_json: bool, is_verbose: bool) -> None:
        """Begin with nothing said."""
        self.over = Event()
        self.is_asked = False  # by a signal; what it raised may have been swallowed where it struck
        self._as_json = as_json
        self._is_verbose = is_verbose
        self._lock = Lock()
        self._said: frozenset[str] = frozenset()
        self._notices: set[tuple[str, str]] = set()
        self._before = ""
        self._is_in_trouble = False
        self._is_first = True
        self._is_greeted = False
        self._error = ""
        self.errands = Errands()

    def greet(self) -> None:
        """Tell a person at a terminal, once, that it runs and how it ends."""
        if not self._is_greeted and (self._is_verbose or is_terminal(sys.stderr)):
            talk("watching; Ctrl-C ends it")
        self._is_greeted = True

    def is_over(self) -> bool:
        """Return whether somebody ended the watch, or nobody reads it any more."""
        return self.is_asked or self.over.is_set()

    def change(self, change: Change) -> None:
        """Print a change, where that was asked for."""
        self.errands.note()
        if self._as_json:
            print_json("change/1", change_fields(change))
        elif self._is_verbose:
            click.echo("\n".join(change_lines(change)))

    def report(self, journal: Journal, report: SyncReport) -> None:
        """Say what is new about the folder."""
        if report.changed or report.published_files:
            self.errands.note(report)
        with self._lock:
            self._error = ""
            is_first, self._is_first = self._is_first, False
            self._tell_of_the_folder(report)
            moved = moved_words(report)
            if moved and self._is_verbose:
                talk(moved)
            notices = journal.notices() if is_first or report.changed else ()
            if is_first and self._as_json:
                told = [notice_fields(notice) for notice in notices if notice.code != "gap"]
                print_json("sync/1", report_fields(report) | {"notices": told})
            for notice in notices:
                # A gap is no news in a service: what is missing comes, or the report goes on to tell of it.
                if notice.code != "gap" and (notice.code, notice.device) not in self._notices:
                    self._notices.add((notice.code, notice.device))
                    talk(clean_line(f"{notice.message}; {notice.hint}" if notice.hint else notice.message))

    def _tell_of_the_folder(self, report: SyncReport) -> None:
        state, before = report.drive, self._before
        self._before = state
        if state in _FLEETING and before != state:
            return
        lines = report.problems or ((NO_FOLDER,) if state == "none" else ())
        for line in lines:
            if line not in self._said:
                talk(clean_line(line))
        if self._is_in_trouble and state == "ok":
            talk("the shared folder is there again")
        self._is_in_trouble = state not in _WELL
        self._said = frozenset(lines)

    def error(self, error: Exception) -> None:
        """Say what failed, once as long as it goes on failing so; a reader who went away ends the watch."""
        if isinstance(error, BrokenPipeError):
            self.over.set()
            return
        # What fails must not end the watch, and the words of a foreign error may hold journal text.
        text = clean_line(str(error)) if isinstance(error, CouplejournalError) else f"failed: {type(error).__name__}"
        with self._lock:
            if text != self._error:
                self._error = text
                talk(text)


def change_lines(change: Change) -> list[str]:
    """Return a change as lines to print."""
    from couplejournal.model.change import Retracted

    if isinstance(change, Retracted):
        return [f"{change.entry_id[:PREFIX_DIGITS]}  taken back by its author"]
    return entry_lines(change.entry, lambda entry_id: entry_id[:PREFIX_DIGITS], is_whole=False, shows_tender=False)


def moved_words(report: SyncReport) -> str:
    """Return what came and went in one line, empty if nothing did."""
    return ", ".join(
        f"{counted(count, word)} {verb}"
        for count, word, verb in (
            (report.received_ops, "change", "came"),
            (report.published_files, "sealed file", "went out"),
            (report.restored, "lost file", "put back"),
        )
        if count
    )


def watch(*, as_json: bool, is_verbose: bool) -> int:
    """Keep this device up to date until somebody ends it with Ctrl-C or a signal; return 0 then.

    Raises:
        NoJournalError: there is no journal here.
        UnlockError: the keys could not be had, otherwise than that the journal is locked and nobody may be asked.
        BrokenPipeError: whoever read what is printed went away.
    """
    import gc

    gc.enable()  # what lives on has garbage to look after, unlike a single command
    speaker = Speaker(as_json=as_json, is_verbose=is_verbose)
    with contextlib.suppress(KeyboardInterrupt), _ended_by_signals(speaker):
        while not speaker.is_over():
            _wait_for_the_keys(speaker)
            with contextlib.suppress(LockedError), opened() as journal:  # locked again just now: wait for it anew
                _watch_opened(journal, speaker)
    if speaker.over.is_set():
        raise BrokenPipeError
    return 0


def _watch_opened(journal: Journal, speaker: Speaker) -> None:
    """Watch with an opened journal until it is over, or the keys are to be asked for anew."""
    from couplejournal.journal.opening import is_locked
    from couplejournal.journal.watching import Watch

    is_lent = journal.device.keystore.mode == "passphrase" and not asking.passphrases().is_known
    cursor: str | None = None
    while not speaker.is_over():
        places = _places(journal)
        one = Watch(
            journal, speaker.change, after=cursor, on_error=speaker.error,
            on_report=lambda report: speaker.report(journal, report),
        )  # fmt: skip
        with journal.running(one):
            speaker.greet()  # only now does it hear of everything
            while _is_going_on(speaker) and _places(journal) == places:
                if is_lent and is_locked():
                    return
                try:
                    speaker.errands.run(journal)
                except Exception as error:  # noqa: BLE001 - what is done for plugins must not end the watch
                    speaker.error(error)
        cursor = one.cursor


def _is_going_on(speaker: Speaker) -> bool:
    """Wait for a while; return whether it is not over then."""
    return not any(speaker.over.wait(WAKE_S) or speaker.is_over() for _ in range(LOOK_S))


def _places(journal: Journal) -> tuple[Path | None, Path | None]:
    """Return the folders where this device meets others, which another command may have chosen."""
    return journal.place.path, journal.place.private_path


def _wait_for_the_keys(speaker: Speaker) -> None:
    """Wait where a passphrase is needed, and there is neither a person nor a setting to give it."""
    from couplejournal.journal.opening import is_locked

    is_said = False
    while not asking.may_have_passphrase() and is_locked() and not speaker.is_over():
        if not is_said:
            talk(LOCKED)
            is_said = True
        speaker.over.wait(WAKE_S)


@contextlib.contextmanager
def _ended_by_signals(speaker: Speaker) -> Iterator[None]:
    """Let the signal with which a service is ended end this as Ctrl-C does."""

    def end(_number: int, _frame: object) -> None:
        speaker.is_asked = True
        raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: somebody else hears the signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
