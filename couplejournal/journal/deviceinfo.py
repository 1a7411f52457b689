"""A device of one of the two, as a value."""

from __future__ import annotations

import attrs

from couplejournal.model.entry import Author


@attrs.frozen(kw_only=True)
class DeviceInfo:
    """A device that belongs to the journal: ``id`` is its key's id in hex, ``name`` is what its person calls it.

    ``standing`` is "live", "removed" by its person's root, "void" (it was let in by a device after that one's removal),
    "claimed" (both persons claim its key, so it is a device of neither) or "undecided", as long as what decides is not
    here.
    """

    id: str
    name: str
    person: Author
    is_this: bool
    is_live: bool
    standing: str = "live"
