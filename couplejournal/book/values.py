"""What a book says of files: verdicts on offered ones, places of held ones."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

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
    """Does not authenticate (length, signature): perhaps half a file, so "not yet" rather than "never"."""
    REFUSED = "refused"
    """Authentic, and wrong; it will not become right."""
    FOREIGN = "foreign"
    """A segment of another book."""
    NEWER = "newer"
    """Of a newer format, or with a critical operation that this version does not know."""


class File(Protocol):
    """A file that holds the operations ``first`` to ``last`` of a stream; none if ``last`` is 0."""

    @property
    def digest(self) -> bytes:
        """16 bytes of the SHA-256 of the whole file."""

    @property
    def stream(self) -> bytes:
        """The stream's id: the name of its folder on this device."""

    @property
    def first(self) -> int:
        """The number of its first operation."""

    @property
    def last(self) -> int:
        """The number of its last operation."""

    @property
    def end(self) -> bytes:
        """Its link at ``last``; empty where only the replica, which holds it, knows it."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """Operations ``first`` to ``last`` of one chain: of a stream that is not forked, or of a piece of one that is."""

    stream: bytes
    first: int
    last: int


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One file of the replica.

    ``path`` is its name on the drive, relative and with slashes; ``digest`` 16 bytes of the SHA-256 of the whole file;
    ``first`` and ``last`` are the numbers of its operations, both inclusive; ``end`` is empty. ``is_forked``: its
    stream is, or may be, so numbers do not tell what another file holds of it.
    """

    path: str
    size_bytes: int
    digest: bytes
    stream: bytes
    first: int
    last: int
    is_key: bool
    is_mine: bool
    end: bytes = b""
    is_forked: bool = False


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
    are empty and 0 for every other verdict. ``end`` is its link at ``last``, by which its branch is told.
    """

    verdict: Verdict
    reason: str
    digest: bytes
    ops: int = 0
    stream: bytes = b""
    first: int = 0
    last: int = 0
    end: bytes = b""


class Notice(msgspec.Struct, frozen=True):
    """Something about a device that its person should know (docs/spec/format.md 10). It stops nothing.

    ``code``: "forked" (the device wrote two histories); "restored-or-copied" (so was this one); "named-unknown" (it
    names an operation of this device that nobody can show); "withheld-removal" (an epoch of this device's own names
    removals that do not come); "shut-out" (its epoch does not open here); "gap" (something of it is missing); "cut"
    (what this device wrote last is gone from its own copy); "claimed" (both persons claim the key). ``key`` is the id
    of the device's key, ``stream`` the stream in question (empty: none), ``since_ms`` since when it is known (0: it is
    how things stand now).
    """

    code: str
    key: bytes
    stream: bytes
    since_ms: int = 0


class Later(msgspec.Struct, frozen=True):
    """Words of a key that stand behind what a removal would accept, as far as this device heard of them.

    Of one branch of a stream: ``accepted`` is the last number that would count, ``last`` the highest that is held here
    or that others told to hold; ``by`` are the ids of the keys that told so (none: it is held here).
    """

    key: bytes
    stream: bytes
    accepted: int
    last: int
    by: tuple[bytes, ...]
