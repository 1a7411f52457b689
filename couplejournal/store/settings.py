"""What a device keeps that is not secret: where it meets the others, and what its person said about that."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from couplejournal.disk import Disk
from couplejournal.errors import StoreError

LIMIT_BYTES: Final = 1 << 20


class Settings(msgspec.Struct, frozen=True):
    """What is not secret. Books go by the names of their folders (32 hex digits).

    ``drive`` is the meeting place, ``places`` that of each book that meets elsewhere. ``founding`` is the book that
    this device may lay down in its place though it is not there yet. ``stopped`` are the earlier books that this device
    no longer syncs. ``is_paused``: it leaves every folder alone.

    ``private_drive`` is the folder of this person's own where the private book meets, ``private_founding`` the private
    book that may be laid down there. ``gathers``: what lies in earlier private books of this device is still to be
    copied into the present one.
    """

    drive: str = ""
    founding: str = ""
    places: dict[str, str] = {}
    stopped: list[str] = []
    is_paused: bool = False
    private_drive: str = ""
    private_founding: str = ""
    gathers: bool = False


def load(disk: Disk, path: Path) -> Settings:
    """Return the settings, those of a beginning where none were saved.

    Raises:
        StoreError: they could not be read.
    """
    data = disk.read(path, limit_bytes=LIMIT_BYTES)
    try:
        return msgspec.json.decode(data, type=Settings) if data else Settings()
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise StoreError("the settings of this device are damaged", hint="set the drive again") from None


def save(disk: Disk, path: Path, settings: Settings) -> None:
    """Save the settings durably.

    Raises:
        StoreError: they could not be saved; the old ones still stand.
    """
    disk.replace(path, msgspec.json.encode(settings), private=True)
