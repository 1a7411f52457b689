"""The English word list of BIP 39: secrets that people type, and hashes that people compare."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mnemonic import Mnemonic

CHECK_WORDS: Final = 6
_WORD_BITS: Final = 11


@lru_cache(maxsize=1)
def language() -> Mnemonic:
    """Return the list, read from its file only when words are wanted."""
    from mnemonic import Mnemonic

    return Mnemonic("english")


def check_words_of(digest: bytes) -> tuple[str, ...]:
    """Return the first 66 bits of a 32-byte hash as six words, for two people to compare."""
    bits = int.from_bytes(digest, "big") >> (256 - CHECK_WORDS * _WORD_BITS)
    wordlist = language().wordlist
    return tuple(
        wordlist[(bits >> (_WORD_BITS * (CHECK_WORDS - 1 - at))) & ((1 << _WORD_BITS) - 1)] for at in range(CHECK_WORDS)
    )
