"""How things stand, as values."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couplejournal.device import Device
from couplejournal.model.entry import Author
from couplejournal.pairing import Invitation, Joining

if TYPE_CHECKING:
    from couplejournal.journal.exchange import Exchange
    from couplejournal.journal.journal import Journal


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
class Status:
    """How a journal stands on this device.

    ``mode`` is that of the keystore; ``drive_state`` and ``drive_message`` are those of the last sync of this process;
    ``shared``, ``private`` and ``waiting`` count entries; ``outbox`` counts own sealed files that were not seen whole
    on the drive since they were written; ``reached`` says whether the other's devices told that they hold all that was
    handed over (None: not known); ``stopped`` is why this device does not write, or None.
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
    stopped: str | None
    pairing: PairingStatus | None


@attrs.frozen(kw_only=True)
class DeviceInfo:
    """A device that belongs to the journal: ``id`` is its key's id in hex, ``name`` is what its person calls it."""

    id: str
    name: str
    person: Author
    is_this: bool
    is_live: bool


def status_of(journal: Journal, exchange: Exchange) -> Status:
    """Return how a journal stands; the drive is not asked.

    Raises:
        StoreError: the disk fails.
    """
    view, device, last = journal.view(), journal.device, exchange.last
    secrets, shared = device.secrets, device.shared
    delivery = journal.reader.delivery(shared)
    return Status(
        name=secrets.name,
        partner=None if view.partner is None else view.partner.name,
        device_name=secrets.device_name,
        mode=device.keystore.mode,
        drive_path=journal.place.path,
        drive_state=last.drive,
        drive_message=last.message,
        synced_at=delivery.synced_at,
        shared=view.count(audience="shared"),
        private=view.count(audience="private"),
        waiting=view.count(audience="waiting"),
        outbox=0 if shared is None else exchange.outbox(shared),
        reached=delivery.reached,
        stopped=None if shared is None else shared.stopped(),
        pairing=pairing_status(device, journal.pairing.current),
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
