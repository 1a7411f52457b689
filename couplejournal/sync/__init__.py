"""What came, what goes? Verifies before it stores; reports, never raises one by one.

Stage 5b of 8, between `drive` and `merge`. Before it: drive. After it: merge.

What a reader may rely on (docs/spec/sync.md 1):

- `Sync.run` is one function that starts no threads. A watcher and a poll only call it.
- Nothing is read or written before the drive has proved that it is this book's meeting place (`place`).
- A file is known by its content, whatever its name; a name is a hint. Every file is offered to the book, which alone
  verifies and stores; a file that was verified is read once.
- Absent never means deleted: whatever the drive loses or spoils, nothing here goes, and what is held is put back.
- Of the drive's files only those of this device go, when a larger one of its own that lies there holds all of them
  (`folding`).
- An error of one file is a line of the `SyncReport`. What the device's own copy cannot do is a `StoreError`.
- A sync with nothing to do is one listing: no reads, no writes.

`port` says what is asked of a book, `report` what is told, `memory` what is remembered (and may be forgotten).
"""

from __future__ import annotations

from couplejournal.sync.engine import Sync
from couplejournal.sync.memory import SyncMemory
from couplejournal.sync.port import BookPort, Gap, Held, Taken, Verdict
from couplejournal.sync.report import Delivery, DriveState, Refusal, SyncReport

__all__ = [
    "BookPort",
    "Delivery",
    "DriveState",
    "Gap",
    "Held",
    "Refusal",
    "Sync",
    "SyncMemory",
    "SyncReport",
    "Taken",
    "Verdict",
]
