"""How things stand, as values."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couplejournal.device import Device
from couplejournal.journal.delivering import Progress, progress
from couplejournal.pairing import Invitation, Joining

if TYPE_CHECKING:
    from couplejournal.book import Book
    from couplejournal.journal.exchange import Exchange
    from couplejournal.journal.journal import Journal
    from couplejournal.journal.notices import Notice


@attrs.frozen(kw_only=True)
class PairingStatus:
    """An open pairing: ``side`` is "inviter" or "joiner"; ``hours_left`` is None for a joiner, who does not know it."""

    side: str
    purpose: str
    state: str
    name: str
    hours_left: int | None
    check_words: tuple[str, ...] | None


@attrs.frozen(kw_only=True)
class EarlierStatus:
    """An earlier journal of two, on this device.

    ``partner`` is the other's name; ``ended_by`` is "me", "other", "both", or "" where nobody's word is here yet.
    ``state`` is "syncing" (its person has not left it on this device), "handing over" (until ``outbox``, one's own
    sealed files not yet seen in the folder, is empty), or "stopped".
    """

    partner: str
    ended_by: str
    state: str
    outbox: int


@attrs.frozen(kw_only=True)
class Status:
    """How a journal stands on this device.

    ``mode`` is that of the keystore; ``drive_state`` and ``drive_message`` are those of the last sync of this process;
    ``shared``, ``private`` and ``waiting`` count entries, ``earlier`` those of earlier journals of two; ``alone`` those
    that lie on this device and nowhere else, ``apart`` what removed devices wrote after their removal. ``is_shown``:
    the recovery words are no longer on this device; ``is_renewed``: they are others than those of the shared journal.
    ``has_joined``: the other has written into the shared journal. ``private_path`` is the folder where the private book
    meets, ``private_message`` what the last sync of this process found wrong with it.
    ``standing`` is that of this device in the shared journal: "live", "removed", "void" (it was let in by a removed
    device), "claimed" (by both persons) or "undecided"; ``unsent_removals`` counts the files with a removal that
    were not seen in a folder yet.
    ``progress`` says how far one's own entries for both have come.
    ``outbox`` counts own sealed files that were not seen whole on the drive since they were written; ``reached`` says
    whether the other's devices told that they hold all that was handed over (None: not known); ``notices`` are
    what is to be known of forks, restored backups, gaps and silence.
    """

    name: str
    partner: str | None
    device_name: str
    mode: str
    drive_path: Path | None
    drive_state: str
    drive_message: str
    synced_at: datetime | None
    shared: int
    private: int
    waiting: int
    outbox: int
    reached: bool | None
    notices: tuple[Notice, ...]
    pairing: PairingStatus | None
    earlier: int = 0
    alone: int = 0
    apart: int = 0
    is_shown: bool = True
    is_renewed: bool = False
    progress: Progress = attrs.field(factory=Progress)
    has_joined: bool = False
    is_paused: bool = False
    parted: tuple[EarlierStatus, ...] = ()
    private_path: Path | None = None
    private_message: str = ""
    standing: str = "live"
    unsent_removals: int = 0


def status_of(journal: Journal, exchange: Exchange) -> Status:
    """Return how a journal stands; the drive is not asked.

    Raises:
        StoreError: the disk fails.
    """
    view, device, last = journal.view(), journal.device, exchange.last
    secrets, shared = device.secrets, device.shared
    delivery = journal.reader.delivery(shared)
    of_both = view.count(audience="shared")
    shared_now = 0 if shared is None else journal.reader.view_of(shared).count()
    return Status(
        name=secrets.name,
        partner=None if view.partner is None else view.partner.name,
        device_name=secrets.device_name,
        mode=device.keystore.mode,
        drive_path=journal.place.path if shared is None else journal.place.path_of(shared),
        drive_state=last.drive,
        drive_message=last.message,
        synced_at=delivery.synced_at,
        shared=shared_now,
        private=view.count(audience="private"),
        waiting=view.count(audience="waiting"),
        outbox=0 if shared is None else exchange.outbox(shared),
        reached=delivery.reached,
        notices=journal.notices(),
        pairing=pairing_status(device, journal.pairing.current),
        earlier=of_both - shared_now,
        alone=alone(journal, exchange),
        apart=len(view.apart()),
        is_shown=secrets.root_seed is None,
        is_renewed=journal.recovery.is_renewed,
        progress=progress(journal.reader, exchange),
        has_joined=shared is not None and journal.reader.has_joined(shared),
        is_paused=device.settings.is_paused,
        parted=tuple(_earlier_status(journal, exchange, book) for book in device.parted),
        private_path=journal.place.private_path,
        private_message=last.private or ("" if journal.place.has_drive else last.message),
        standing="live" if shared is None else _standing(shared),
        unsent_removals=_unsent(journal, exchange),
    )


def _standing(book: Book) -> str:
    is_known = book.own_key in book.membership.keys
    return book.membership.standing_for(book.own_key, book.person) if is_known else "undecided"


def _unsent(journal: Journal, exchange: Exchange) -> int:
    """Return how many removals in the open books lie in none of their folders yet."""
    device, place = journal.device, journal.place
    books = [book for book in (device.shared, device.private_if_here) if book is not None]
    met = (book for book in books if len(book.membership.persons) > 1 or place.path_of(book) is not None)
    return sum(exchange.unsent_removals(book) for book in met)


def alone(journal: Journal, exchange: Exchange) -> int:
    """Return how many entries lie on this device and nowhere else: private ones, and those that wait for both.

    What was seen in a private folder lies there, too.

    Raises:
        StoreError: the disk fails.
    """
    view, device = journal.view(), journal.device
    reached: dict[bytes, int] = {}
    for book, _ in device.books():
        if len(book.membership.persons) == 1 and journal.place.path_of(book) is not None:
            reached.update(exchange.handed_over(book))
    if not reached:
        return view.count(audience="private") + view.count(audience="waiting")
    private = [*view.entries(audience="private"), *view.entries(audience="waiting")]
    ops = (view.record(entry.id).op for entry in private)
    return sum(op.seq > reached.get(op.stream, 0) for op in ops)


def _earlier_status(journal: Journal, exchange: Exchange, book: Book) -> EarlierStatus:
    """Return how this device stands with an earlier book of two."""
    device, person_of = journal.device, book.membership.person_of
    enders = {person_of(key) == book.person for key in book.enders()}
    is_left = any(secret.book == book.id and secret.role == "earlier" for secret in device.secrets.books)
    is_stopped = book.folder in device.settings.stopped
    return EarlierStatus(
        partner=journal.reader.partner_in(book),
        ended_by="both" if len(enders) > 1 else "" if not enders else "me" if True in enders else "other",
        state="stopped" if is_stopped else "handing over" if is_left else "syncing",
        outbox=0 if is_stopped else exchange.outbox(book),
    )


def pairing_status(device: Device, current: Invitation | Joining | None) -> PairingStatus | None:
    """Return how an open pairing stands, None where none is open."""
    if current is None:
        return None
    if isinstance(current, Invitation):
        state = "expired" if current.is_expired else "answered" if current.is_answered else "waiting"
        now = datetime.fromtimestamp(device.system.now_ms() / 1000, UTC)
        left = max(0, math.ceil((current.expires_at - now).total_seconds() / 3600))
        name = current.joiner_name
    else:
        state, left, name = current.state, None, current.inviter_name
    return PairingStatus(
        side="inviter" if isinstance(current, Invitation) else "joiner", purpose=current.purpose, state=state,
        name=name, hours_left=left, check_words=current.check_words_known,
    )  # fmt: skip
