"""Key derivation: ``X(key, word, a ...) = HKDF-Expand-SHA256(key, D(word) || len4(a) || a ..., 32)``."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from couplejournal.ops.domains import domain, framed


def derive(key: bytes, word: str, *items: bytes, size_bytes: int = 32) -> bytes:
    """Return ``X(key, word, items...)`` (RFC 5869 expand step; the key is uniformly random already)."""
    return HKDFExpand(SHA256(), size_bytes, domain(word) + framed(items)).derive(key)
