"""What sync needs of a book, and nothing more: the port that `book.py` fits.

Sync sees bytes, digests and verdicts. It cannot make anything verified, and it cannot read a word: whatever it
finds on the drive goes through `BookPort.take`, and only what that verified and stored is ever handed on.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence


class Verdict(Enum):
    """What became of one file that was offered to a book (`docs/spec/format.md` 3, reading order)."""

    STORED = "stored"
    """Verified, and now durable in the replica, though perhaps beyond a gap and not applied yet."""
    KNOWN = "known"
    """Verified, and every operation of it was held before; a copy, or a merged or older cut of the same stream."""
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


@attrs.frozen(kw_only=True)
class Held:
    """One file of the replica.

    ``path`` is its name on the drive, relative and with slashes; ``digest`` the SHA-256 of the whole file (32 bytes);
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


@attrs.frozen
class Gap:
    """Operations that are named by what is here, but have not arrived; both ends inclusive."""

    stream: bytes
    device: str
    first_missing: int
    last_missing: int


@attrs.frozen
class Taken:
    """The verdict on one offered file.

    ``reason`` is one line for people (empty when stored or known) and never quotes the file; ``digest`` is the
    SHA-256 of the offered bytes; ``ops`` counts the operations that were new. ``stream``, ``first`` and ``last`` say
    what a stored or known file covers, so that a missing smaller file is recognised as covered by a merged one; they
    are empty and 0 for every other verdict.
    """

    verdict: Verdict
    reason: str
    digest: bytes
    ops: int = attrs.field(default=0, kw_only=True)
    stream: bytes = attrs.field(default=b"", kw_only=True)
    first: int = attrs.field(default=0, kw_only=True)
    last: int = attrs.field(default=0, kw_only=True)


class BookPort(Protocol):
    """A book as sync sees it. Every method may be called from the thread that runs the sync; none starts another."""

    @property
    def id(self) -> bytes:
        """The book's id, 32 bytes; its folder on the drive is named by the first 32 hex digits."""

    @property
    def genesis(self) -> bytes:
        """The whole genesis file, which proves that a drive is the meeting place of this book."""

    def refresh(self) -> None:
        """Pick up what other processes of this device stored since the last look.

        Raises:
            StoreError: the replica could not be read.
        """

    def held(self) -> Sequence[Held]:
        """Return every file of the replica in publishing order: key segments first, each stream in its order.

        The genesis may be left out; where it is given, its path is that of the genesis.
        """

    def read(self, path: str) -> bytes:
        """Return the exact bytes of one held file.

        Raises:
            StoreError: it could not be read, or is not what was stored.
        """

    def gaps(self) -> Sequence[Gap]:
        """Return what is known to be missing, in no order."""

    def seen(self, held: Held, *, since_ms: int) -> bool | None:
        """Return whether a device of the other person has told that it holds all of this file of mine.

        ``True``: an acknowledgement covers it. ``False``: none does, although an operation of theirs, made at
        ``since_ms`` (wall clock, milliseconds since 1970) or later, could have told. ``None``: nothing is known.
        """

    def take(self, files: Sequence[bytes]) -> list[Taken]:
        """Verify, store durably, apply; one verdict for each file, in the order of the files.

        Key segments are looked at first, whatever the order. A file that cannot be used is a verdict, never an error.

        Raises:
            StoreError: this device's own copy failed; what was taken before it stays taken.
        """

    def stop(self, reason: str) -> None:
        """Stop writing, durably: a segment of one's own on the drive is not held here. Again is harmless.

        Raises:
            StoreError: the stop could not be recorded.
        """
