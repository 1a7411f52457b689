"""The pairing files in the meeting place: ``invites/<32 hex>.offer`` and ``.join``, known by their content.

And the beginnings of books that lie there. Whoever writes to the folder may plant any number of either, so both are
looked for by their names first, and among a bounded number of others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, TypeVar

from couplejournal.drive.interface import Drive, DriveFile, Listing, NotYetError, UnfitFileError
from couplejournal.errors import UntrustedDataError
from couplejournal.seal.invite import PAIRING_FILE_LIMIT_BYTES, InviteKeys
from couplejournal.store.replica import GENESIS_NAME

FOLDER: Final = "invites"
FILES_LIMIT: Final = 64
GENESES_LIMIT: Final = 1024
GENESIS_LIMIT_BYTES: Final = 64 << 10
_T = TypeVar("_T")


def offer_path(secret: bytes) -> str:
    """Return where the offer of an invite lies."""
    return f"{FOLDER}/{InviteKeys.of(secret).name}.offer"


def join_path(secret: bytes) -> str:
    """Return where the answer to an invite lies."""
    return f"{FOLDER}/{InviteKeys.of(secret).name}.join"


def find(
    drive: Drive, path: str, read: Callable[[bytes], _T], *, own: Collection[DriveFile] = ()
) -> tuple[bytes, _T] | None:
    """Return the first file of an invite that ``read`` accepts, with what it made of it, or None.

    What has the name itself is looked at first; then files whose names hold the invite's, so that a conflict copy
    serves as well. ``own`` are left unread: see `has`.

    Raises:
        DriveError: the folder as a whole failed.
    """
    for file in _named([file for file in drive.list() if file not in own], path):
        try:
            data = drive.read(file.path, limit_bytes=PAIRING_FILE_LIMIT_BYTES)
            return data, read(data)
        except (NotYetError, UnfitFileError, UntrustedDataError):
            continue
    return None


def has(drive: Drive, path: str, content: bytes, known: set[DriveFile]) -> bool:
    """Return whether a pairing file lies in the meeting place, byte for byte, under whatever name.

    ``known`` are the files that were found to be it, and gets those that are found now. They are not read again: some
    mounts upload a file only when nobody has read it for a while.

    Raises:
        DriveError: the folder as a whole failed.
    """
    listing = drive.list()
    if not known.isdisjoint(listing):
        return True
    for file in _named(listing, path):
        try:
            if drive.read(file.path, limit_bytes=PAIRING_FILE_LIMIT_BYTES) == content:
                known.add(file)
                return True
        except (NotYetError, UnfitFileError):
            continue
    return False


def _named(listing: Listing, path: str) -> list[DriveFile]:
    """Return the files that may be that of an invite: what has the name itself, then whose names hold the invite's."""
    name = path.removeprefix(FOLDER + "/").partition(".")[0]
    named = (
        file
        for file in listing
        if file.path.startswith(FOLDER + "/") and name in file.path.lower() and file.size_bytes > 0
    )
    return sorted(named, key=lambda file: (file.path != path, file.path))[:FILES_LIMIT]


def geneses(drive: Drive, folder: str = "") -> Iterator[bytes]:
    """Yield every file in the meeting place that may be the beginning of a book; of this folder's, if one is named.

    Raises:
        DriveError: the folder as a whole failed.
    """
    found = []
    for file in drive.list():
        book, _, name = file.path.partition("/")
        if name and "/" not in name and book != FOLDER and 0 < file.size_bytes <= GENESIS_LIMIT_BYTES:
            found.append((book != folder, name != GENESIS_NAME, file.path))
    for *_, path in sorted(found)[:GENESES_LIMIT]:
        try:
            yield drive.read(path, limit_bytes=GENESIS_LIMIT_BYTES)
        except (NotYetError, UnfitFileError):
            continue
