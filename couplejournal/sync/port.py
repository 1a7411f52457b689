"""What sync needs of a book, and nothing more: the port that `couplejournal.book` fits.

Sync sees bytes, digests and verdicts. It cannot make anything verified, and it cannot read a word: whatever it
finds on the drive goes through `BookPort.take`, and only what that verified and stored is ever handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from couplejournal.book.values import File, Gap, Held, Run, Taken, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["BookPort", "File", "Gap", "Held", "Run", "Taken", "Verdict"]


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

    def told_all(self) -> Mapping[bytes, int]:
        """Return by key how often another device that belongs told that it read the drive, and told all."""

    def lacks(self, held: Held, key: bytes) -> bool:
        """Return whether the device of a key never told that it holds all of a file, of what anybody acknowledges.

        Raises:
            StoreError: this device's own copy failed.
        """

    def is_elsewhere(self, held: Held) -> bool | None:
        """Return whether another device told that it holds all of a file; None where there is no other that could."""

    def take(self, files: Sequence[bytes]) -> list[Taken]:
        """Verify, store durably, apply; one verdict for each file, in the order of the files.

        Key segments are looked at first, whatever the order. A file that cannot be used is a verdict, never an error.

        Raises:
            StoreError: this device's own copy failed; what was taken before it stays taken.
        """

    def merge(self) -> bool:
        """Make one larger file of small ones of this device's own words, if some are to be merged; say whether it did.

        Raises:
            StoreError: this device's own copy failed; all that was held still is.
        """

    def covers(self, larger: File, files: Sequence[File]) -> Sequence[bool]:
        """Return which of some files a larger one of the replica holds, operation for operation, and more beside.

        Raises:
            StoreError: this device's own copy failed.
        """

    def let_go(self, larger: File, files: Sequence[File]) -> int:
        """Let go of files of the replica that a larger one of it holds; return how many went.

        Raises:
            StoreError: this device's own copy failed; what did not go is held still.
        """

    def runs(self, files: Sequence[File]) -> Sequence[Sequence[Run]]:
        """Return the pieces of chains that each file holds: itself, but where its stream is forked; none if not known.

        Raises:
            StoreError: this device's own copy failed.
        """
