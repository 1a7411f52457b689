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
        super().__init__(journal.device, journal.place.drive, begun.persisted)
        self.journal = journal

    def __enter__(self) -> Self:
        """Return the joining."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal; the pairing stays open."""
        self.journal.close()
