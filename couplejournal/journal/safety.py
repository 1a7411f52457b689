"""What two people compare to know that nobody stands between them, and that both hold the same."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from couplejournal.book import Book
from couplejournal.device import Device
from couplejournal.errors import SetupError
from couplejournal.seal.safety import history_words, safety_number


@attrs.frozen(kw_only=True)
class Safety:
    """What both screens must show alike.

    ``number`` is the safety number, twelve groups of five digits: it is that of the two persons, and stays the same.
    ``words`` are six check words for all that this device holds of the shared journal: they change with every entry.
    ``partner`` is the other's name.
    """

    number: tuple[str, ...]
    words: tuple[str, ...]
    partner: str


def number_of(book: Book) -> tuple[str, ...]:
    """Return the safety number of the two persons of a book."""
    one, other = (person.root_keys for person in book.membership.persons)
    return safety_number(one, other)


def safety_of(device: Device, name: Callable[[], str]) -> Safety:
    """Return what to compare with the other person of the shared book.

    Raises:
        SetupError: nothing is shared.
        StoreError: the disk fails.
    """
    with device.hold():
        device.reload()
        shared = device.shared
        if shared is None:
            raise SetupError("nothing is shared yet, so there is nobody to compare with", hint="invite your partner")
        return Safety(number=number_of(shared), words=history_words(shared.places()), partner=name())
