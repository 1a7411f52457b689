"""The private folder in an exchange: what is copied into the private book, and what is told of the folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import msgspec

from couplejournal.book import Book
from couplejournal.device import Device
from couplejournal.journal.reading import Reader
from couplejournal.pairing import Pairing
from couplejournal.pairing.gathering import gather
from couplejournal.store.settings import Settings
from couplejournal.sync import SyncReport

GATHERED_AT_ONCE: Final = 64  # entries, before another process of this device gets its turn


def gather_into(
    private: Book, device: Device, reader: Reader, pairing: Pairing, left: Callable[[], float | None]
) -> bool:
    """Copy what lies in former private books of this device into the present one; return whether anything was written.

    The lock is let go between some entries and the next; what the deadline cuts off is done the next time. ``left``
    tells how many seconds are left, None without a deadline.

    Raises:
        StoreError: the disk is full or failing; the next exchange goes on.
    """
    has_written = False
    while device.settings.gathers and private.is_live():
        with device.hold():
            mine, ours = reader.states()
            if private.own_key not in mine.devices:
                device.introduce(private)
            shared = [*reader.earlier_states(), *([] if ours is None else [ours])]
            count = gather(private, mine, reader.former_states(), shared, limit=GATHERED_AT_ONCE)
        has_written = has_written or count > 0
        if count == 0:
            device.change_settings(lambda now: msgspec.structs.replace(now, gathers=False))
        elif left() == 0:
            break
    leftovers = pairing.leftovers()
    if leftovers is not None and leftovers.is_private and not device.settings.gathers:
        pairing.close(leftovers)
    return has_written


def founded(now: Settings, before: Settings, folder: str) -> Settings:
    """Return the settings without the leave to lay down a book, unless its place was changed since ``before``."""
    if now.founding == folder and now.drive == before.drive:
        return msgspec.structs.replace(now, founding="")
    if now.private_founding == folder and now.private_drive == before.private_drive:
        return msgspec.structs.replace(now, private_founding="")
    return now


def told_beside(report: SyncReport, own: SyncReport) -> SyncReport:
    """Return a report that tells in one line what is wrong with the private folder.

    Where there is no shared folder it is the private one that the report tells of.
    """
    message = own.message.replace("shared folder", "private folder")
    if report.drive == "none":
        return attrs.evolve(own, message=report.message or message)
    line = message or (own.skipped.replace("shared folder", "private folder") if own.exit_code else "")
    return attrs.evolve(beside(report, own), private=report.private or line)


def beside(report: SyncReport, other: SyncReport) -> SyncReport:
    """Return a report that counts what another sync did, too: a round before it, or that of another book."""
    return attrs.evolve(
        report,
        received_ops=report.received_ops + other.received_ops,
        received_files=report.received_files + other.received_files,
        published_files=report.published_files + other.published_files,
        handed_over=report.handed_over + other.handed_over,
        restored=report.restored + other.restored,
        changed=report.changed or other.changed,
    )
