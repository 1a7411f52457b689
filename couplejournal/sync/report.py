"""What a sync did and found, as a value. One bad file is a line in it, never an exception."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from couplejournal.sync.port import Gap

DriveState = Literal[
    "ok", "missing", "empty", "other", "marker-missing", "read-only", "full", "late", "failed", "paused", "none"
]
"""What the meeting place is.

``ok``; ``missing``: the folder is not there; ``empty``: it holds nothing of this book (or is not mounted); ``other``:
it holds another journal; ``marker-missing``: segments of this book, but no genesis; ``read-only`` and ``full``:
reading went on, nothing could be handed over; ``late``: it did not answer in time; ``failed``: another error of the
folder as a whole; ``paused``: this device leaves it alone, as its person said; ``none``: no meeting place is set, so no
sync was tried.
"""


class Delivery(Enum):
    """How far a segment of one's own has come. Each state is said only when it is known."""

    SAVED = "saved here"
    HANDED_OVER = "handed to the drive"
    REACHED = "reached the other"


@attrs.frozen
class Refusal:
    """Files on the drive that were not used, counted by reason; the reason is one line for people."""

    reason: str
    count: int


@attrs.frozen(kw_only=True)
class SyncReport:
    """One sync, told honestly.

    The counts ``received_…``, ``published_files``, ``handed_over`` and ``restored`` are of this sync. ``outbox``,
    ``held``, ``pending``, ``damaged``, ``refused``, ``foreign``, ``skipped_junk``, ``gaps`` and ``lacking`` are how
    things stand after it. ``published_files`` were written for the first time, ``restored`` were put back;
    ``handed_over`` are files of one's own that a later listing showed and a read confirmed. ``outbox`` counts those not
    yet confirmed. ``lacking`` counts what this device knows to be there and cannot get: gaps, and files that are not
    what their names say or cannot be opened. ``finished`` is false when the time budget ended first. ``changed`` says
    that operations came which were not held before. ``private`` is one line on what is wrong with the private folder,
    where this tells of the shared one.
    """

    drive: DriveState = "none"
    message: str = ""
    received_ops: int = 0
    received_files: int = 0
    published_files: int = 0
    handed_over: int = 0
    outbox: int = 0
    restored: int = 0
    held: int = 0
    pending: int = 0
    damaged: int = 0
    refused: tuple[Refusal, ...] = ()
    foreign: int = 0
    skipped_junk: int = 0
    gaps: tuple[Gap, ...] = ()
    lacking: int = 0
    finished: bool = True
    changed: bool = False
    private: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each thing that a person should know; empty when all is well or merely on its way."""
        lines = [self.message] if self.message else []
        if self.damaged or self.refused:
            lines.append(self.skipped)
        if self.private:
            lines.append(self.private)
        if self.restored:
            lines.append(f"the drive lost {_files(self.restored)}; restored from this device")
        return tuple(lines)

    @property
    def skipped(self) -> str:
        """One line on all that lies in the shared folder and was not taken, by what it is; empty if there is none."""
        refused = sum(refusal.count for refusal in self.refused)
        counts = (
            (self.damaged, "damaged"),
            (refused, f"refused ({self._why_refused()})"),
            (self.pending, "not whole yet"),
            (self.held, "by a device not known yet"),
            (self.foreign, "of another journal"),
            (self.skipped_junk, "none of ours"),
        )
        parts = [f"{count} {what}" for count, what in counts if count]
        return f"files not taken from the shared folder: {', '.join(parts)}" if parts else ""

    def _why_refused(self) -> str:
        """Return the reason that was found most often, and how many others there are."""
        first, *others = sorted(self.refused, key=lambda refusal: -refusal.count) or [Refusal("", 0)]
        return first.reason + (f"; other reasons: {len(others)}" if others else "")

    @property
    def exit_code(self) -> int:
        """3 when a drive failed, or something was refused, held, pending or damaged; else 0."""
        kept_back = self.held or self.pending or self.damaged or self.refused or self.private
        return 0 if self.drive in ("ok", "paused", "none") and not kept_back else 3


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
