"""What a book says of files: verdicts on offered ones, places of held ones."""

from __future__ import annotations

from enum import Enum

import msgspec


class Verdict(Enum):
    """What became of one file that was offered to a book (docs/spec/format.md 3, reading order)."""

    STORED = "stored"
    """Verified, and now durable in the replica, though perhaps beyond a gap and not applied yet."""
    KNOWN = "known"
    """Verified, and every operation of it was held before; a copy, or an older cut of the same stream."""
    HELD = "held"
    """Of this book, but its key or epoch is not known yet: nothing was kept, offer it again when keys came."""
    PENDING = "pending"
    """Does not authenticate (length, signature, tag): perhaps half a file, so "not yet" rather than "never"."""
    REFUSED = "refused"
    """Authentic, and wrong; it will not become right."""
    FOREIGN = "foreign"
    """A segment of another book."""
    NEWER = "newer"
    """Of a newer format, or with a critical operation that this version does not know."""
    FORKED = "forked"
    """Valid, but it contradicts what its stream said before."""
    OWN_UNKNOWN = "own unknown"
    """Valid under a key of this device, and this device does not hold it: restored from a backup, or copied."""


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One file of the replica.

    ``path`` is its name on the drive, relative and with slashes; ``digest`` 16 bytes of the SHA-256 of the whole file;
    ``first`` and ``last`` are the numbers of its operations, both inclusive.
    """

    path: str
    size_bytes: int
    digest: bytes
    stream: bytes
    first: int
    last: int
    is_key: bool
    is_mine: bool


class Gap(msgspec.Struct, frozen=True):
    """Operations that are named by what is here, but have not arrived; both ends inclusive."""

    stream: bytes
    device: str
    first_missing: int
    last_missing: int


class Taken(msgspec.Struct, frozen=True):
    """The verdict on one offered file.

    ``reason`` is one line for people (empty when stored or known) and never quotes the file; ``digest`` is the
    SHA-256 of the offered bytes; ``ops`` counts the operations that were new. ``stream``, ``first`` and ``last`` say
    what a stored or known file covers, so that a missing smaller file is recognised as covered by a merged one; they
    are empty and 0 for every other verdict.
    """

    verdict: Verdict
    reason: str
    digest: bytes
    ops: int = 0
    stream: bytes = b""
    first: int = 0
    last: int = 0
