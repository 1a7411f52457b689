"""The private folder and the shared one are two: nothing private ever comes to lie where the other can look.

A folder inside another, around it, or the same by another name is seen through by its resolved path and by what the
file system says that it is. Where a folder may not answer, its name alone is compared; the last word has the drive
itself: a folder in which a book of two begins is never a private one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from couplejournal.errors import DriveError
from couplejournal.store.home import is_same_folder

if TYPE_CHECKING:
    from couplejournal.book import Book
    from couplejournal.device import Device
    from couplejournal.drive.interface import Drive

GENESIS_LIMIT_BYTES: Final = 64 << 10


def require_apart(private: Path, shared: Iterable[Path], *, is_setting: bool = True) -> None:
    """Refuse a private folder that is a shared one, lies inside one, or has one inside it.

    With ``is_setting`` each folder is looked at; otherwise only those that answer for sure.

    Raises:
        DriveError: it is so.
    """
    from couplejournal.drive.filesystems import may_hang

    for folder in shared:
        can_look = is_setting or not (may_hang(private) or may_hang(folder))
        if _touch(private, folder, can_look=can_look):
            raise not_apart()


def require_no_book_of_two(drive: Drive, books: Iterable[Book]) -> None:
    """Refuse a drive as a private one if one of these books begins there, by whatever way it was reached.

    Raises:
        DriveError: it is so, or the drive failed.
    """
    from couplejournal.drive.interface import NotYetError, UnfitFileError
    from couplejournal.store.replica import GENESIS_NAME

    for book in books:
        try:
            drive.read(f"{book.folder}/{GENESIS_NAME}", limit_bytes=GENESIS_LIMIT_BYTES)
        except (NotYetError, UnfitFileError):
            continue
        raise not_apart()


def two_person_books(device: Device) -> list[Book]:
    """Return the books of two that this device has.

    Raises:
        StoreError: a replica is gone or damaged at its beginning.
    """
    return [book for book, _ in device.books() if len(book.membership.persons) > 1]


def shared_folders(device: Device) -> list[Path]:
    """Return the folders in which books of two meet, or are to meet.

    Raises:
        StoreError: a replica is gone or damaged at its beginning, or the settings could not be read.
    """
    settings = device.settings
    chosen = {settings.drive, *(settings.places.get(book.folder, "") for book in two_person_books(device))}
    return [Path(folder) for folder in sorted(chosen - {""})]


def not_apart() -> DriveError:
    """Return the refusal."""
    return DriveError(
        "the private folder and the shared one must lie apart: what is private would be shared",
        hint="choose a folder that nobody else can look into, neither inside the shared one nor around it",
    )


def _touch(one: Path, other: Path, *, can_look: bool) -> bool:
    """Return whether two folders are one, or one lies inside the other."""
    if not can_look:
        first, second = Path(os.path.normpath(one.absolute())), Path(os.path.normpath(other.absolute()))
        return first in (second, *second.parents) or second in first.parents
    first, second = Path(os.path.realpath(one)), Path(os.path.realpath(other))
    return _is_among(first, (second, *second.parents)) or _is_among(second, first.parents)


def _is_among(folder: Path, others: Iterable[Path]) -> bool:
    return any(is_same_folder(folder, other) for other in others)
