"""Write one file that anybody can read, made of entries: where an export may be written, and whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal.errors import ExportError, StoreError
from couplejournal.journal.exporting import require_unshared

if TYPE_CHECKING:
    from pathlib import Path

    from couplejournal.device import Device


def require_free(device: Device, path: Path, *, even_if_shared: bool) -> None:
    """Refuse a name that is taken, or a folder that is the journal's own or shared; nothing is written.

    Raises:
        ExportError: the place will not do.
    """
    require_unshared(device, path.parent, even_if_shared=even_if_shared)
    try:
        listed = {item.name for item in device.disk.list(path.parent)}
    except StoreError:
        raise ExportError("that folder cannot be looked into", hint="choose another folder") from None
    if path.name in listed:
        raise ExportError("there is something of that name already", hint="choose another name")


def write_file(device: Device, path: Path, data: bytes, *, even_if_shared: bool = False) -> None:
    """Write a new file for the owner's eyes (0600).

    Raises:
        ExportError: the place will not do, or it could not be written; no part of it stands there.
    """
    require_free(device, path, even_if_shared=even_if_shared)
    try:
        device.disk.replace(path, data, private=True)
    except StoreError as error:
        raise ExportError(str(error), hint="no file was written") from None
