"""What a plugin may be told of: frozen values, cut to its permissions, in batches at the next sync or watcher pass.

None is given while an entry is being saved: that an entry is safe never waits for a plugin. A plugin may be told of
something twice (a process that was killed between telling and noting it, or two at a time), and never of nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

from couplejournal.model.entry import Entry
from couplejournal.plugins.result import several

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

EVENTS: Final = ("on_entry_added", "on_entry_revised", "on_opened", "on_conflict", "on_synced")
"""The hooks that are told of something, in the order in which they are told."""


@attrs.frozen(kw_only=True)
class EntryEvent:
    """Name entries that something happened to, as they stand now, in the order in which it arrived here.

    ``entries`` holds what the permissions let the plugin read, as in a view for this person alone, and never nothing.
    """

    entries: tuple[Entry, ...] = several(Entry)
    now: datetime
    zone: tzinfo


@attrs.frozen(kw_only=True)
class SyncEvent:
    """Say that this device exchanged with the shared folder, and how that ended; nothing of what came or went.

    ``drive`` is "ok" where the folder was there and whole, "none" where there is none, else "trouble"; ``is_finished``
    says whether everything was looked at.
    """

    drive: Literal["ok", "none", "trouble"]
    is_finished: bool
    now: datetime
    zone: tzinfo
