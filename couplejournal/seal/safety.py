"""What two people compare: the safety number of their roots, and six words for all that both devices hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from couplejournal.ops import domains
from couplejournal.ops.words import Head
from couplejournal.seal.wordlist import check_words_of

GROUPS: Final = 12
_GROUP_BYTES: Final = 5


def safety_number(one: bytes, other: bytes) -> tuple[str, ...]:
    """Return the safety number of two persons, from their root keys of 1,280 bytes in any order: 12 groups of 5 digits.

    It stays the same as long as both keep their roots (docs/spec/format.md 7).
    """
    both = domains.digest("safety", *sorted((one, other)))
    stretched = hashlib.shake_256(both).digest(GROUPS * _GROUP_BYTES)
    groups = (stretched[at : at + _GROUP_BYTES] for at in range(0, len(stretched), _GROUP_BYTES))
    return tuple(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)


def history_words(heads: Iterable[Head]) -> tuple[str, ...]:
    """Return six words for the heads of all streams of a book: whoever shows the same holds the same history."""
    return check_words_of(domains.digest("heads", [list(head) for head in sorted(heads)]))
