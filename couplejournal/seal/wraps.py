"""Wraps: a 32-byte secret sealed for one key by HPKE with the hybrid ML-KEM-768 and X25519.

Base mode does not say who made a wrap, so every wrap stands inside something signed, and what it is bound to stands in
``info``, which the reader computes for itself (docs/spec/format.md 4).
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag

from couplejournal.errors import UntrustedDataError
from couplejournal.ops.domains import digest, domain
from couplejournal.seal.keys import SUITE, KeyPair, kem_public

WRAP_BYTES: Final = 1168


def wrap(secret: bytes, recipient_kem: bytes, info: bytes) -> bytes:
    """Return a 32-byte secret sealed for a 1,216-byte public key and bound to ``info``: 1,168 bytes.

    Raises:
        UntrustedDataError: the key is malformed or weak.
    """
    try:
        return SUITE.encrypt(secret, kem_public(recipient_kem), info)
    except ValueError:
        raise UntrustedDataError("a public key is weak") from None


def unwrap(sealed: bytes, own: KeyPair, info: bytes) -> bytes:
    """Return the 32-byte secret of a wrap for one's own key.

    Raises:
        UntrustedDataError: not for this key, not for this place, or changed.
    """
    if len(sealed) != WRAP_BYTES:
        raise UntrustedDataError("a wrap has the wrong length")
    try:
        secret = SUITE.decrypt(sealed, own.kem, info)
    except (InvalidTag, ValueError):
        raise UntrustedDataError("a wrap does not open") from None
    if len(secret) != 32:
        raise UntrustedDataError("a wrap holds something else than a key")
    return secret


def epoch_info(author_key_id: bytes, commit: bytes, recipient_key_id: bytes) -> bytes:
    """Return what the wrap of an epoch's key is bound to."""
    return domain("wrap") + digest("wrap", author_key_id, commit, recipient_key_id)


def founding_info(author_key_id: bytes, recipient_key_id: bytes) -> bytes:
    """Return what the wrap of a founding seed is bound to."""
    return domain("founding") + digest("founding", author_key_id, recipient_key_id)
