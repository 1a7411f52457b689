"""The journal of two on this device: the one door to everything below it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, Unpack

from couplejournal.device import Device
from couplejournal.journal import writing
from couplejournal.journal.arrivals import Arrivals
from couplejournal.journal.keeping import Keeping
from couplejournal.journal.place import MeetingPlace
from couplejournal.journal.reading import Reader
from couplejournal.model.entry import Entry
from couplejournal.model.kinds import Content, Kind
from couplejournal.store.home import Home
from couplejournal.system import LocalZone

if TYPE_CHECKING:  # start-up: who only reads and writes needs neither pairing nor sync
    from couplejournal.journal.answers import Answers
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.journal.exchange import Exchange
    from couplejournal.journal.exporting import Choice, Exported
    from couplejournal.journal.parting import Parting
    from couplejournal.journal.questions import Questions
    from couplejournal.journal.status import Status
    from couplejournal.journal.watching import Watch
    from couplejournal.model.change import Change
    from couplejournal.pairing import Pairing
    from couplejournal.sync import SyncReport
    from couplejournal.view import JournalView

When = str | date | datetime
Target = Entry | str


class Journal(Keeping):
    """What one person keeps, and what the two share, on this device.

    Any thread may use it; several processes of one device may have it open at once. ``pairing`` makes and finds
    invites, ``place`` is the shared folder, ``devices`` are those of both, ``parting`` leaves and pauses. Use it as a
    context manager, or close it.

    Wherever an entry is asked for, its id, a unique beginning of its id (two hex digits or more) or the entry serves.
    Strings are ISO 8601; strings, dates and naive times mean ``zone``, which is this machine's unless given.
    """

    def __init__(self, device: Device, *, zone: tzinfo | None = None, kinds: Iterable[Kind] = ()) -> None:
        """Wire the stages together for an opened device; `couplejournal.open` does it for a home."""
        self.device = device
        self.place = MeetingPlace(device)
        self.arrivals = Arrivals(device.home.state_file("arrivals"), device.disk, device.system)
        self.is_closed = False
        self.reader = Reader(device, zone or LocalZone(), kinds)
        self._made: Exchange | None = None
        self._watches: list[Watch] = []
        self._watch_lock = threading.Lock()

    @cached_property
    def pairing(self) -> Pairing:
        """Return what makes and finds invites."""
        from couplejournal.pairing import Pairing

        return Pairing(self.device, self.place.drive, self.place.choose, self.place.private_drive)

    @cached_property
    def answers(self) -> Answers:
        """Return the sealed answers: both answer before either reads."""
        from couplejournal.journal.answers import Answers

        return Answers(self.reader, self._wake)

    @cached_property
    def questions(self) -> Questions:
        """Return the questions of the days: one that both answer before either reads."""
        from couplejournal.journal.questions import Questions

        return Questions(self)

    @cached_property
    def parting(self) -> Parting:
        """Return what leaves the shared journal, pauses and resumes."""
        from couplejournal.journal.parting import Parting

        return Parting(self, self._exchange, self._wake)

    @property
    def _exchange(self) -> Exchange:
        """Return the one exchange of this journal, which keeps its threads apart at the drive."""
        from couplejournal.journal.exchange import Exchange

        with self._watch_lock:
            if self._made is None:
                self._made = Exchange(self.device, self.place, self.pairing, self.reader)
            return self._made

    def __enter__(self) -> Self:
        """Return the journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal."""
        self.close()

    def close(self) -> None:
        """End every watch. What was saved is on the disk already."""
        self.is_closed = True
        for watch in list(self._watches):
            watch.stop()

    def add(
        self,
        content: Content,
        *,
        audience: Literal["shared", "private"] | None = None,
        happened_at: When | None = None,
        refs: Mapping[str, Target] | None = None,
    ) -> Entry:
        """Save an entry durably and return it.

        ``audience``: the kind's own where None, but private where an entry that ``refs`` names ({relation: entry}) is
        private. What is meant for both waits in the private book as long as there is no shared one. ``happened_at`` is
        the author's claim; None is now.

        Raises:
            InvalidEntryError: the content breaks a rule of its kind or a limit, or would show to both what is private.
            NoSuchEntryError: ``refs`` names none.
            StoreError: the disk is full or failing, or this device may not write; nothing was saved.
            TypeError: the content is none, or a field of it has the wrong type.
            ValueError: the audience is none that there is, or a relation is no short word.
        """
        saved = writing.add(self.reader, content, audience=audience, happened_at=happened_at, refs=refs or {})
        self._wake()
        return saved

    def reply(
        self,
        target: Target,
        content: Content,
        *,
        audience: Literal["shared", "private"] | None = None,
        happened_at: When | None = None,
    ) -> Entry:
        """Answer an entry: a `Response` to the other's bid, or any content that then responds to it.

        Raises:
            InvalidEntryError: a response to one's own bid or to something else, or as for `add`.
            NoSuchEntryError: there is no such entry.
            StoreError: as for `add`.
        """
        found = self._found(target)
        relation = writing.relation_to(self.reader, found, content)
        return self.add(content, audience=audience, happened_at=happened_at, refs={relation: found})

    def step(
        self,
        target: Target,
        name: str,
        *,
        text: str = "",
        audience: Literal["shared", "private"] | None = None,
        happened_at: When | None = None,
    ) -> Entry:
        """Take a named step in an entry's lifecycle, with a text or without, and return the step.

        Raises:
            InvalidEntryError: the lifecycle does not allow it now; the hint names what it allows.
            NoSuchEntryError: there is no such entry.
            StoreError: as for `add`.
        """
        found = self._found(target)
        content = writing.step_for(self.view(), found, name, text)
        return self.add(content, audience=audience, happened_at=happened_at, refs={"about": found})

    def revise(self, target: Target, content: Content) -> Entry:
        """Replace the content of an entry of one's own, or of a joint one, and return it as it stands now.

        Raises:
            NotYourEntryError: it is the other's, and not joint.
            InvalidEntryError: it is of another kind, or as for `add`.
            NoSuchEntryError: there is no such entry.
            StoreError: as for `add`.
        """
        found = self._found(target)
        writing.revise(self.reader, found, content)
        self._wake()
        return writing.standing(self.reader, found, content=content, revised=found.revised + 1)

    def retract(self, target: Target) -> None:
        """Hide an entry of one's own in every view. The other may have read or kept it; nothing is erased there.

        Raises:
            NotYourEntryError: it is the other's.
            NoSuchEntryError: there is no such entry.
            StoreError: as for `add`.
        """
        writing.retract(self.reader, self._found(target))
        self._wake()

    def share(self, target: Target) -> Entry:
        """Show a private or waiting entry to both, for ever, and return it; its old id goes on naming it.

        Raises:
            NotYourEntryError: it is not one's own.
            InvalidEntryError: there is no shared journal yet, or what it refers to is still private.
            NoSuchEntryError: there is no such entry.
            StoreError: as for `add`.
        """
        found = self._found(target)
        shared_id = writing.share(self.reader, found)
        self._wake()
        return writing.standing(self.reader, found, id=shared_id, audience="shared")

    def entry(self, entry_id: str) -> Entry:
        """Return one entry, by its id or a unique beginning of it.

        Raises:
            NoSuchEntryError: none has it, or several begin with it.
            StoreError: the disk fails.
        """
        return self.view().entry(entry_id)

    def entries(
        self,
        *,
        kind: str | tuple[str, ...] | None = None,
        since: When | None = None,
        until: When | None = None,
        text: str | None = None,
        audience: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Iterate lazily over one fixed snapshot, in order of (happened, clock, id).

        ``since`` is included, ``until`` is not; ``text`` is looked for in all that was written, whatever its case.

        Raises:
            InvalidEntryError: a string is no date or time.
            ValueError: the limit is negative, or the audience is none that there is.
            StoreError: the disk fails.
        """
        return self.view().entries(
            kind=kind, since=since, until=until, text=text, audience=audience, tag=tag, limit=limit,
            newest_first=newest_first,
        )  # fmt: skip

    def view(self) -> JournalView:
        """Return the journal as it stands now, with what other processes of this device stored.

        Raises:
            StoreError: the disk fails.
        """
        return self.reader.view()

    def status(self) -> Status:
        """Return how things stand here. The drive is not asked.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.journal.status import status_of

        return status_of(self, self._exchange)

    @property
    def is_shared(self) -> bool:
        """Return whether there is a shared book of two that was not ended."""
        return self.device.shared is not None

    @property
    def partner_name(self) -> str:
        """Return the other person's name, empty before there is one. It reads no entry, unlike `view`.

        Raises:
            StoreError: the disk fails.
        """
        return self.reader.partner_name()

    @property
    def devices(self) -> tuple[DeviceInfo, ...]:
        """Return the devices of both persons, one's own first.

        Raises:
            StoreError: the disk fails.
        """
        return self.reader.devices()

    def export(self, folder: str | os.PathLike[str], **choice: Unpack[Choice]) -> Exported:
        """Write all that is held here into a new or empty folder, as data and as text that anybody can read.

        `couplejournal.journal.exporting.Choice` says what can be chosen: what goes in, and for whom it is sealed.

        Raises:
            ExportError: the folder or a recipient will not do, or it could not be written.
            StoreError: this device's own copy could not be read.
        """
        from couplejournal.journal.exporting import export

        return export(self, Path(folder).absolute(), choice)

    def sync(self, *, deadline_s: float | None = None) -> SyncReport:
        """Exchange with the shared folder once, and take an open pairing as far as it goes.

        With a deadline (seconds) it ends by then, whatever the folder does. What fails on the drive is told in the
        report and never raised.

        Raises:
            StoreError: this device's own copy failed.
        """
        report = self._exchange.run(deadline_s=deadline_s, acknowledges=True)
        self.reader.note_sync(report)
        return report

    def watch(self, *, after: str | None = None, stop: threading.Event | None = None) -> Iterator[Change]:
        """Yield changes as they come, own ones too, until ``stop`` is set or the journal is closed.

        ``after`` is the ``cursor`` of a change, which survives a restart; `couplejournal.BEGINNING` is everything, None
        is from now on.

        Raises:
            InvalidEntryError: the cursor is not one of this device's.
            StoreError: the disk fails.
        """
        from couplejournal.journal.watching import iterate

        return iterate(self, after=after, stop=stop)

    @contextlib.contextmanager
    def watching(
        self,
        on_change: Callable[[Change], object],
        *,
        after: str | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> Iterator[None]:
        """Watch in the background for as long as the context lasts.

        ``on_change`` is called for one change after the other, outside every lock; it may use the journal. One that
        raises is told to ``on_error`` (without it: a warning in the log, without the error's text), and the watch goes
        on.

        Raises:
            InvalidEntryError: the cursor is not one of this device's.
            StoreError: the disk fails.
        """
        from couplejournal.journal.watching import Watch

        with self.running(Watch(self, on_change, after=after, on_error=on_error)):
            yield

    @contextlib.contextmanager
    def running(self, watch: Watch) -> Iterator[None]:
        """Let a watch run for as long as the context lasts, and wake it whenever something is saved here."""
        with self._watch_lock:
            self._watches.append(watch)
        watch.start()
        try:
            yield
        finally:
            with self._watch_lock:
                self._watches.remove(watch)
            watch.stop()

    @property
    def home(self) -> Home:
        """Return where this device keeps what."""
        return self.device.home

    def exchange(self, *, acknowledges: bool = False) -> SyncReport:
        """Exchange with the shared folder as a watcher does, which acknowledges only when it was quiet for a while.

        Raises:
            StoreError: this device's own copy failed.
        """
        report = self._exchange.run(deadline_s=None, acknowledges=acknowledges)
        self.reader.note_sync(report)
        return report

    def _found(self, target: Target) -> Entry:
        return target if isinstance(target, Entry) else self.entry(target)

    def _wake(self) -> None:
        for watch in list(self._watches):
            watch.wake()
