"""How things stand, as values."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import attrs

from couplejournal.model.entry import Author


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
