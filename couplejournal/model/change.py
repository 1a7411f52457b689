"""What changes in a journal: immutable values, in the order in which they arrived on this device."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from couplejournal.model.entry import Entry


@attrs.frozen
class Added:
    """An entry came. ``cursor`` names this place in the order of arrival on this device."""

    entry: Entry
    cursor: str


@attrs.frozen
class Revised:
    """An entry, or its state, is another now. ``cursor`` names this place in the order of arrival on this device."""

    entry: Entry
    cursor: str


@attrs.frozen
class Retracted:
    """An entry was hidden by its author; ``kind`` is None where it was never seen.

    ``cursor`` names this place in the order of arrival on this device.
    """

    entry_id: str
    kind: str | None
    cursor: str


Change: TypeAlias = "Added | Revised | Retracted"
