"""The end of a shared book: what a new one beside it means for it, and the word that says so to the other.

Which book a device writes into stands in its keystore, so that is changed first, in the one durable save that takes a
new book or leaves the old one; the word `end` follows. A crash between the two is made up for by the next exchange.
"""

from __future__ import annotations

import msgspec

from couplejournal.book import Book, Draft
from couplejournal.device import Device
from couplejournal.ops import words
from couplejournal.store.secrets import BookSecret


def earlier(books: list[BookSecret]) -> list[BookSecret]:
    """Return the books with every shared one as an earlier one, which this device reads and never writes again."""
    return [msgspec.structs.replace(book, role="earlier") if book.role == "shared" else book for book in books]


def say_ends(device: Device) -> None:
    """Say `end` in each earlier book of two where this device has not, may still speak, and has not stopped to sync.

    Raises:
        StoreError: the disk is full or failing.
    """
    stopped = device.settings.stopped
    for secret in device.secrets.books:
        if secret.role == "earlier" and secret.book.hex()[:32] not in stopped:
            say_end(device, device.book(secret.book))


def say_end(device: Device, book: Book) -> None:
    """Say `end` in a book of two, once; a device that no longer belongs to it says nothing.

    Raises:
        StoreError: the disk is full or failing.
    """
    with device.hold():
        book.refresh()
        is_due = len(book.membership.persons) > 1 and book.membership.is_live(book.own_key)
        if is_due and book.own_key not in book.enders():
            book.append([Draft("end", words.End())])
