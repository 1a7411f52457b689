"""From a passphrase to a key: Argon2id, within bounds that are checked before any work is done.

The effort stands in the keystore's header, which somebody may have changed: less than the floor would be a downgrade,
more than the ceiling would take the machine's memory (docs/spec/format.md 11). The library grants either, so the bounds
are ours to hold.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm

from couplejournal.errors import UnlockError
from couplejournal.seal.lacking import lacking

try:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
except ImportError:
    raise lacking("Argon2id") from None

SALT_BYTES: Final = 16
PASSES: Final = range(1, 10 + 1)  # docs/spec/format.md 11
LANES: Final = range(1, 16 + 1)
MEMORY_KIB: Final = range(64 * 1024, 1024 * 1024 + 1)


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What one guess at a passphrase costs: passes over the memory, lanes side by side, and memory in KiB."""

    passes: int = 3
    lanes: int = 4
    memory_kib: int = 256 * 1024

    @property
    def is_acceptable(self) -> bool:
        """Return whether this lies between the floor and the ceiling."""
        return self.passes in PASSES and self.lanes in LANES and self.memory_kib in MEMORY_KIB


DEFAULT_EFFORT: Final = Effort()
SMALLEST_EFFORT: Final = Effort(passes=1, lanes=1, memory_kib=MEMORY_KIB.start)


def derive_key(passphrase: str, salt: bytes, effort: Effort) -> bytes:
    """Return the 32-byte key of a passphrase (taken in NFC, so that every keyboard gives the same) and a 16-byte salt.

    Raises:
        UnlockError: the effort is out of bounds, the passphrase is no valid text, or memory is short.
    """
    if not effort.is_acceptable:
        raise UnlockError("the keystore asks for an effort outside the bounds that couplejournal allows")
    secret = _normalised(passphrase)
    if secret is None:
        raise UnlockError("the passphrase is not valid Unicode text")
    try:
        derivation = Argon2id(
            salt=salt, length=32, iterations=effort.passes, lanes=effort.lanes, memory_cost=effort.memory_kib
        )
        return derivation.derive(secret)
    except MemoryError:
        raise UnlockError(
            f"this machine has not the {effort.memory_kib // 1024} MiB of free memory that the passphrase needs",
            hint="close other programs and try again",
        ) from None
    except UnsupportedAlgorithm:
        raise UnlockError(
            "the installed 'cryptography' has no Argon2id, which passphrases need",
            hint="install cryptography from a wheel that carries its own OpenSSL",
        ) from None


def _normalised(passphrase: str) -> bytes | None:
    """Return the UTF-8 of the composed form; None for lone surrogates (the codec's error would quote them)."""
    try:
        return unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        return None
