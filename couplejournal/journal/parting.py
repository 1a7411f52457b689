"""Leave and pause: each person's own decision, at once, offline, without the other.

Leaving writes one word and takes nothing from anybody: the book becomes an earlier one that both go on reading, and
what is written from then on is private. Pausing writes nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import msgspec

from couplejournal.device import Device
from couplejournal.errors import PairingError
from couplejournal.journal.status import alone
from couplejournal.pairing.ending import earlier, say_ends

if TYPE_CHECKING:
    from couplejournal.book import Book
    from couplejournal.journal.exchange import Exchange
    from couplejournal.journal.journal import Journal


@attrs.frozen(kw_only=True)
class Left:
    """What stands after leaving, or would stand.

    ``partner`` is the other's name ("" while not known). ``shared`` counts the entries that both keep, ``mine`` one's
    own among them, ``waiting`` those meant for both that were not shared, ``alone`` those that lie on this device and
    nowhere else, ``outbox`` own sealed files that were not seen in the folder yet and will still be handed over.
    ``is_ended``: somebody had ended it before; ``is_left``: oneself had, on this device.
    """

    partner: str
    shared: int
    mine: int
    waiting: int
    alone: int
    outbox: int
    is_ended: bool
    is_left: bool


class Parting:
    """What `Journal.parting` is."""

    def __init__(self, journal: Journal, exchange: Exchange, wake: Callable[[], None]) -> None:
        """Take the journal, what knows its outbox, and what wakes whoever watches."""
        self._journal = journal
        self._exchange = exchange
        self._wake = wake

    def outlook(self) -> Left:
        """Return what leaving would mean; nothing is done.

        Raises:
            PairingError: there is nothing to leave.
            StoreError: the disk fails.
        """
        device = self._journal.device
        with device.hold():
            device.reload()
            return self._told(_last(device))

    def leave(self) -> Left:
        """End the sharing, for both and at once; where it was ended already, let this device stop to sync it.

        It needs neither the folder nor the other. What this device wrote is still handed over; then it leaves the
        folder alone. Who leaves once more before that stops at once. Nothing of the other's is touched, and nothing
        that the other has is called back.

        Raises:
            PairingError: there is nothing to leave.
            StoreError: the disk is full or failing; the next exchange completes what was begun.
        """
        device = self._journal.device
        with device.hold():
            device.reload()
            book = _last(device)
            told = self._told(book)
            if told.is_left:
                self._journal.place.stop(book)
            device.change(lambda secrets: msgspec.structs.replace(secrets, books=earlier(secrets.books)))
            say_ends(device)
        self._wake()
        return told

    @property
    def is_paused(self) -> bool:
        """Return whether this device leaves the shared folder alone.

        Raises:
            StoreError: the settings could not be read.
        """
        return self._journal.device.settings.is_paused

    def pause(self) -> None:
        """Leave the shared folder alone from now on. The other is not told, and nothing is written there.

        Raises:
            StoreError: the settings could not be saved.
        """
        self._set(is_paused=True)

    def resume(self) -> None:
        """Exchange with the shared folder again, from the next sync on.

        Raises:
            StoreError: the settings could not be saved.
        """
        self._set(is_paused=False)
        self._wake()

    def _set(self, *, is_paused: bool) -> None:
        self._journal.device.change_settings(
            lambda settings: msgspec.structs.replace(settings, is_paused=is_paused)
        )  # fmt: skip

    def _told(self, book: Book) -> Left:
        journal = self._journal
        view = journal.reader.view_of(book)
        shared = view.count()
        return Left(
            partner=journal.reader.partner_in(book),
            shared=shared,
            mine=sum(1 for entry in view.entries() if entry.is_mine),
            waiting=journal.view().count(audience="waiting"),
            alone=alone(journal, self._exchange),
            outbox=self._exchange.outbox(book),
            is_ended=book.is_ended(),
            is_left=any(secret.book == book.id and secret.role == "earlier" for secret in journal.device.secrets.books),
        )


def _last(device: Device) -> Book:
    """Return the book that leaving is about: the shared one, or the last that this device still syncs.

    Raises:
        PairingError: there is none.
    """
    shared, stopped = device.shared, device.settings.stopped
    books = [book for book in device.parted if book.folder not in stopped] if shared is None else [shared]
    if not books:
        raise PairingError("no journal is shared on this device, so there is nothing to leave")
    return books[-1]
