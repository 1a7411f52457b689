"""A joining that was just begun, together with the journal that was opened or made for it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from couplejournal.journal.journal import Journal
from couplejournal.pairing import Joining


class OpenJoining(Joining):
    """A joining that was just begun, with the journal that it belongs to; close it, or use it as a context manager."""

    def __init__(self, journal: Journal, begun: Joining) -> None:
        """Take over what was begun."""
        super().__init__(journal.device, journal.pairing.drive_of(begun.persisted), begun.persisted)
        self.journal = journal

    def __enter__(self) -> Self:
        """Return the joining."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal; the pairing stays open."""
        self.journal.close()


def begin(
    journal: Journal, drive: str, words: str, *, share_existing: bool, anew: bool, private: bool = False
) -> OpenJoining:
    """Begin to answer an invite through a folder, and take it as far as it goes at once; ``private``: one's own folder.

    Raises:
        PairingError: a pairing is open already, or the journal is shared already.
        DriveError: the folder is not there, or a private one does not lie apart from the shared one.
        StoreError: the disk is full or failing.
    """
    # Before a journal that is shared already gets another meeting place.
    journal.pairing.require_joinable(anew=anew, private=private)
    folder = ""
    if private:
        path, _ = journal.place.require_private(drive, is_joining=True)
        folder = str(path)
    else:
        journal.place.choose(drive, is_joining=True)
    begun = journal.pairing.join(words, share_existing=share_existing, anew=anew, private_folder=folder)
    journal.pairing.advance()
    now = journal.pairing.current
    return OpenJoining(journal, now if isinstance(now, Joining) else begun)
