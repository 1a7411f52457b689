"""Stage 6 of 8: what is true now? A pure fold from a set of operations to the state of one book.

Before it: sync, which verified and stored what came. After it: view, which answers questions.

Rules that a reader may rely on (docs/spec/format.md 8):

- The state is a function of the *set* of operations. Any order, any duplication and any partition give the same.
- Nothing raises because of what a partner wrote: an operation whose fields do not fit is counted and passed over.
- A snapshot is fixed for ever and costs next to nothing; what is applied later copies the little that it touches.
- What a removed device wrote after its end does not count, and is kept apart (`apart_of`).
- The fields of an entry stay undecoded bytes until somebody looks.
- No disk, no clock, no cryptography.
"""

from __future__ import annotations

from couplejournal.merge.answers import Opener
from couplejournal.merge.apart import TAKEN_OVER, Apart, apart_of, taken_over_by
from couplejournal.merge.frozen import Frozen, Marks, OrderKey, Record, Written
from couplejournal.merge.overlap import is_overlap
from couplejournal.merge.sealed import NO_ANSWERS, Answers, Prompted, Sealed, due_releases, entry_named
from couplejournal.merge.shards import FrozenShards, Shards
from couplejournal.merge.state import State
from couplejournal.merge.versions import Version, Versions, versions_of

__all__ = [
    "NO_ANSWERS",
    "TAKEN_OVER",
    "Answers",
    "Apart",
    "Frozen",
    "FrozenShards",
    "Marks",
    "Opener",
    "OrderKey",
    "Prompted",
    "Record",
    "Sealed",
    "Shards",
    "State",
    "Version",
    "Versions",
    "Written",
    "apart_of",
    "due_releases",
    "entry_named",
    "is_overlap",
    "taken_over_by",
    "versions_of",
]
