"""The pairing files in the meeting place: ``invites/<32 hex>.offer`` and ``.join``, known by their content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from couplejournal.drive.interface import Drive, NotYetError, UnfitFileError
from couplejournal.errors import UntrustedDataError
from couplejournal.seal.invite import PAIRING_FILE_LIMIT_BYTES, InviteKeys

FOLDER: Final = "invites"
_T = TypeVar("_T")


def offer_path(secret: bytes) -> str:
    """Return where the offer of an invite lies."""
    return f"{FOLDER}/{InviteKeys.of(secret).name}.offer"


def join_path(secret: bytes) -> str:
    """Return where the answer to an invite lies."""
    return f"{FOLDER}/{InviteKeys.of(secret).name}.join"


def find(drive: Drive, secret: bytes, read: Callable[[bytes], _T]) -> tuple[bytes, _T] | None:
    """Return the first file of an invite that ``read`` accepts, with what it made of it, or None.

    Every file whose name holds the invite's is offered, so a conflict copy under another name serves as well.

    Raises:
        DriveError: the folder as a whole failed.
    """
    name = InviteKeys.of(secret).name
    for file in drive.list():
        if not file.path.startswith(FOLDER + "/") or name not in file.path.lower():
            continue
        try:
            data = drive.read(file.path, limit_bytes=PAIRING_FILE_LIMIT_BYTES)
            return data, read(data)
        except (NotYetError, UnfitFileError, UntrustedDataError):
            continue
    return None
