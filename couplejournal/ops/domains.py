"""Domain-separated hashing: every hash, signature and key derivation names its use.

``D(word) = "couplejournal/v1 " || word || NUL``. One word per use, all of them here; no D is a prefix of
another, since the closing NUL occurs nowhere else (docs/spec/format.md 0).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Final, TypeAlias

Item: TypeAlias = "bytes | int | Sequence[Item]"

WORDS: Final = frozenset({
    "admit", "back", "back-key", "body", "body-key", "branch", "copy", "epoch-commit", "found", "found-sign",
    "founding", "head", "heads", "incarnation", "invite-id", "join", "join-key", "key", "keystore", "link", "offer",
    "offer-key", "pair-words", "person", "root-sign", "safety", "seal-wrap", "sealed", "segment", "stream", "unlock",
    "wrap",
})  # fmt: skip


def domain(word: str) -> bytes:
    """Return D(word).

    Raises:
        ValueError: ``word`` is not one of `WORDS`.
    """
    if word not in WORDS:
        raise ValueError(f"unknown domain word {word!r}")
    return b"couplejournal/v1 " + word.encode("ascii") + b"\0"


_DOMAINS: Final = {word: domain(word) for word in WORDS}


def framed(items: Sequence[Item]) -> bytes:
    """Return ``len4(a) || a || len4(b) || b ...``: bytes as they are, numbers as 8 bytes, lists by count and items."""
    parts: list[bytes] = []
    for item in items:
        if isinstance(item, bytes):
            parts += (struct.pack(">I", len(item)), item)
        elif isinstance(item, int):
            parts.append(struct.pack(">IQ", 8, item))
        else:
            parts += (struct.pack(">I", len(item)), framed(item))
    return b"".join(parts)


def digest(word: str, *items: Item) -> bytes:
    """Return ``H(word, items...)``, 32 bytes: SHA-256 over D(word) and the framed items."""
    return hashlib.sha256(_DOMAINS[word] + framed(items)).digest()


def first_link(key_id: bytes, stream: bytes, type_: int) -> bytes:
    """Return link 0 of a stream, which no operation has: ``H("stream", key id, stream, type)``."""
    return digest("stream", key_id, stream, type_)


_LINK: Final = _DOMAINS["link"] + struct.pack(">I", 32)


def next_link(link: bytes, op: bytes) -> bytes:
    """Return ``H("link", link, op bytes)``: the id of the operation, and the place from which the next one goes on."""
    return hashlib.sha256(b"".join((_LINK, link, struct.pack(">I", len(op)), op))).digest()


def copy_salt(entry: bytes) -> bytes:
    """Return the salt (16 bytes) under which an entry of a former private book is written into the present one."""
    return digest("copy", entry)[:16]
