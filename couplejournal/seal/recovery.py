"""Recovery words: the 32-byte seed of a person's root as 24 words of BIP 39, and back from however they are typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from couplejournal.errors import RecoveryError
from couplejournal.seal.wordlist import language
from couplejournal.system import System

WORDS: Final = 24
ASKED: Final = 3
_INVITE_WORDS: Final = 12
_TELLING_LETTERS: Final = 4  # no two words of the list begin with the same four letters


def words_of(seed: bytes) -> tuple[str, ...]:
    """Return the 24 words of a 32-byte seed."""
    return tuple(language().to_mnemonic(seed).split())


def seed_of(typed: str) -> bytes:
    """Return the seed of 24 words, typed in any case, with numbers, line breaks and signs between them.

    The first four letters of a word are enough.

    Raises:
        RecoveryError: not 24 words, an unknown word, or a wrong checksum: a typing mistake. No word is repeated in it.
    """
    words = _split(typed)
    if len(words) != WORDS:
        hint = "twelve words are those of an invite: `couplejournal join`" if len(words) == _INVITE_WORDS else ""
        raise RecoveryError(
            f"there are twenty-four recovery words, these are {len(words)}", hint=hint or "type all, in their order"
        )
    meant = [_meant(word) for word in words]
    unknown = [str(at) for at, word in enumerate(meant, start=1) if word is None]
    if unknown:
        which = f"word {unknown[0]} is" if len(unknown) == 1 else f"the words {', '.join(unknown)} are"
        raise RecoveryError(f"{which} not in the list of recovery words: a typing mistake", hint="check the spelling")
    try:
        return bytes(language().to_entropy([word for word in meant if word is not None]))
    except ValueError:
        raise RecoveryError(
            "the recovery words do not fit together: a typing mistake", hint="check them and their order"
        ) from None


def first_unknown(typed: Sequence[str]) -> int | None:
    """Return the place (from 0) of the first of some typed words that the list does not have, None where it has all."""
    return next((at for at, word in enumerate(typed) if [_meant(one) for one in _split(word)] in ([], [None])), None)


def drawn(system: System) -> tuple[int, ...]:
    """Return three different numbers of words (from 1 to 24) to ask for, drawn by the system's chance, in order."""
    chosen: set[int] = set()
    while len(chosen) < ASKED:
        (byte,) = system.random_bytes(1)
        if byte < 256 - 256 % WORDS:  # or the first words would be asked for more often
            chosen.add(byte % WORDS + 1)
    return tuple(sorted(chosen))


def wrong_among(seed: bytes, typed: Mapping[int, str]) -> list[int]:
    """Return the numbers (from 1) of those words that were typed back wrongly."""
    right = words_of(seed)
    return [
        number for number, word in sorted(typed.items()) if [_meant(one) for one in _split(word)] != [right[number - 1]]
    ]


def _split(typed: str) -> list[str]:
    return "".join(letter if letter.isalpha() else " " for letter in typed.casefold()).split()


def _meant(word: str) -> str | None:
    """Return the word of the list that somebody means, None where there is none."""
    wordlist = language().wordlist
    if word in wordlist:
        return word
    near = [one for one in wordlist if one.startswith(word)] if len(word) >= _TELLING_LETTERS else []
    return near[0] if len(near) == 1 else None
