"""What a journal does about its person's keys and devices: the words, removals, what to compare."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from couplejournal.device import Device
from couplejournal.journal.reading import Reader
from couplejournal.model.entry import Entry

if TYPE_CHECKING:  # start-up: who only reads and writes needs none of it
    from collections.abc import Iterable, Mapping

    from couplejournal.journal.delivering import Delivery
    from couplejournal.journal.exchange import Exchange
    from couplejournal.journal.notices import Notice
    from couplejournal.journal.recovery import Recovery
    from couplejournal.journal.removal import Removal
    from couplejournal.journal.safety import Safety


class Keeping(ABC):
    """The part of `Journal` that is about who belongs."""

    device: Device
    reader: Reader

    @abstractmethod
    def entry(self, entry_id: str) -> Entry:
        """Return one entry."""

    @property
    @abstractmethod
    def _exchange(self) -> Exchange:
        """Return the one exchange of this journal."""

    @abstractmethod
    def _wake(self) -> None:
        """Let whoever watches look now."""

    @cached_property
    def recovery(self) -> Recovery:
        """Return the recovery words of this person: shown once, used at need, made anew."""
        from couplejournal.journal.recovery import Recovery

        return Recovery(self.device, self.reader)

    def notices(self) -> tuple[Notice, ...]:
        """Return what is to be known of forks, restored backups, gaps and silence. No entry is read for it.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.journal.notices import notices_of

        return notices_of(self.reader)

    def removal(self, device: str, *, since: str | date | datetime | None = None) -> Removal:
        """Return what the removal of one of one's own devices would mean, by its name or the beginning of its id.

        All that is here of it counts, or only what its own clock put before ``since``, such as the day of a theft.
        Nothing is removed before `Removal.carry_out`; of one that was removed already `Removal.is_done` says so.

        Raises:
            InvalidEntryError: ``since`` is no date or time.
            SetupError: there is no such device of one's own, several have the name, it is this one, or was
                removed before and ``since`` is given.
            StoreError: the disk fails.
        """
        from couplejournal.journal.removal import removal_of

        return removal_of(self.device, self.reader, device, since=since, wake=self._wake)

    def deliveries(self, entries: Iterable[Entry]) -> Mapping[str, Delivery]:
        """Return by id how far one's own entries for both have come; of other entries nothing is said.

        It is about delivery, never about reading: a device holds an entry long before anybody looks at it.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.journal.delivering import deliveries

        return deliveries(self.reader, self._exchange, entries)

    def take_over(self, target: Entry | str) -> Entry:
        """Write again what a removed device of one's own wrote after its removal, and return the entry that has it.

        `JournalView.apart` lists what there is; an entry of it, its id or a unique beginning of that serves.

        Raises:
            NoSuchEntryError: nothing apart has this id, several begin with it, or it stands in an earlier journal.
            NotYourEntryError: it is the other's.
            StoreError: the disk is full or failing, or this device may not write; nothing was saved.
        """
        from couplejournal.journal.apart import take_over

        taken = take_over(self.reader, target.id if isinstance(target, Entry) else target)
        self._wake()
        return self.entry(taken)

    def safety(self) -> Safety:
        """Return the safety number of both persons, and six words for all that is held here of what they share.

        Raises:
            SetupError: nothing is shared.
            StoreError: the disk fails.
        """
        from couplejournal.journal.safety import safety_of

        return safety_of(self.device, self.reader.partner_name)
