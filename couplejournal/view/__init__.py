"""Stage 7 of 8: what do I want to see? Read-only questions to the books of one person at one moment.

Before it: merge, which says what is true in each book. After it: pairing and journal, which wire the stages together.

Rules that a reader may rely on (docs/spec/format.md 6 and 8):

- A view is fixed: what is written or received later changes nothing in it. It may be used from any thread.
- Entries come in order of (happened, clock, id), one after the other; nothing is decoded before it is looked at.
- An entry that went from the private into the shared book shows once, as the shared one, and its old id names that.
- What a shared entry looks like depends on shared operations alone, so both partners see the same.
- Nothing raises because of what a partner wrote. No disk, no clock, no cryptography.
"""

from __future__ import annotations

from couplejournal.view.books import BookState, Role
from couplejournal.view.journalview import JournalView

__all__ = ["BookState", "JournalView", "Role"]
