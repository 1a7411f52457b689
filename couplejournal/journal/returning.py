"""A bare machine, 24 words, a folder or two: how a journal comes back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from couplejournal.device import Device
from couplejournal.errors import RecoveryError, StoreError
from couplejournal.journal.asunder import require_apart
from couplejournal.journal.place import open_folder
from couplejournal.journal.reading import Reader
from couplejournal.journal.releasing import tend_answers
from couplejournal.pairing.beginnings import Beginning
from couplejournal.pairing.recovering import Machine, recover
from couplejournal.seal.keys import Root
from couplejournal.store import settings as settings_file
from couplejournal.store.settings import Settings
from couplejournal.system import LocalZone

_PRIVATE: Final = (
    "is it the right folder, and has it arrived whole? Without one, new private entries begin from nothing"
)


def come_back(
    machine: Machine,
    root: Root,
    drive: Path | None,
    private_drive: Path | None,
    *,
    name: str | None,
    device_name: str,
) -> Device:
    """Take what the folders have of the root's person; `couplejournal.recover` says the rest.

    Raises:
        RecoveryError: nothing there belongs to this root.
        SetupError: there is a journal already, no name is known, or this place or machine will not do.
        DriveError: a folder failed.
        UnlockError: the keychain does not answer.
        StoreError: the disk is full or failing.
    """
    if drive is not None and private_drive is not None:
        require_apart(private_drive, [drive])
    drives = {
        path: open_folder(path, machine.home, machine.disk, machine.system)
        for path in (drive, private_drive)
        if path is not None
    }

    def settings(found: Sequence[Beginning]) -> Settings:
        """Return where the books meet: there where they were found; what survived here and was not named stays."""
        before = _before(machine)
        own = None if private_drive is None else drives[private_drive]
        private = [one.book.hex()[:32] for one in found if one.is_private and one.drive is own is not None]
        if private_drive is not None and not private:
            raise RecoveryError("no private journal of these recovery words lies in the private folder", hint=_PRIVATE)
        return msgspec.structs.replace(
            before,
            places={**before.places, **dict.fromkeys(private, str(private_drive))},
            drive=before.drive if drive is None else str(drive),
            private_drive=before.private_drive if private_drive is None else str(private_drive),
            is_paused=False,
        )

    device = recover(machine, root, list(drives.values()), settings, name=name, device_name=device_name)
    tend_answers(Reader(device, LocalZone()), root=root)
    return device


def _before(machine: Machine) -> Settings:
    """Return the settings that survived here, if any did."""
    try:
        return settings_file.load(machine.disk, machine.home.config_path)
    except StoreError:
        return Settings()
