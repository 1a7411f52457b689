"""Authenticated boxes: Cobblestone256 in one call each way.

The library's decryptor hands out plaintext before it has authenticated the end, so `open_box` gives nothing back
until ``finalize()`` has succeeded (docs/spec/format.md 3). Boxes commit to their key: one that opens under two keys
cannot be made.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag

from couplejournal.errors import UntrustedDataError
from couplejournal.seal.lacking import lacking

try:
    from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
except ImportError:
    raise lacking("Cobblestone") from None

KEY_BYTES: Final = 32
PIECE_BYTES: Final = 1 << 20  # the library holds the interpreter's lock for a whole call: long texts go in pieces


def seal_box(key: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Return ``plaintext`` sealed under a 32-byte key and a context, with a fresh random salt."""
    encryptor = Cobblestone256Encryptor(key, context)
    pieces = [encryptor.update(plaintext[at : at + PIECE_BYTES]) for at in range(0, len(plaintext), PIECE_BYTES)]
    return b"".join((*pieces, encryptor.finalize()))


def open_box(key: bytes, context: bytes, data: bytes) -> bytes:
    """Return the plaintext of a box, all of it or nothing.

    Raises:
        UntrustedDataError: wrong key, wrong context, or the box was changed or cut.
    """
    try:
        decryptor = Cobblestone256Decryptor(key, context)
        pieces = [decryptor.update(data[at : at + PIECE_BYTES]) for at in range(0, len(data), PIECE_BYTES)]
        return b"".join((*pieces, decryptor.finalize()))
    except (InvalidTag, ValueError):
        raise UntrustedDataError("a sealed box does not open") from None
