"""Who may remind this person on this device, and of what no more: nobody, unless a person says otherwise.

Nothing of it is shared, and nothing is kept of what was shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import PluginError
from couplejournal.plugins.manifest import is_plugin_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from couplejournal.disk import Disk
    from couplejournal.plugins.values import Reminder

LIMIT_BYTES: Final = 1_048_576


class Reminding(msgspec.Struct, frozen=True):
    """The ids of the plugins that may remind, and of the reminders that are off for good."""

    plugins: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    def turned_on(self, plugin_id: str) -> Reminding:
        """Return this with a plugin that may remind, of everything again."""
        kept = tuple(one for one in self.off if one.partition("/")[0] != plugin_id)
        return Reminding(tuple(sorted({*self.plugins, plugin_id})), kept)

    def turned_off(self, name: str) -> Reminding:
        """Return this without a plugin, or without one reminder: ``plugin/name``.

        Raises:
            PluginError: that plugin does not remind here.
        """
        plugin_id = name.partition("/")[0]
        if plugin_id not in self.plugins:
            raise PluginError("no plugin of that name reminds here", hint="see: couplejournal reminders")
        if name == plugin_id:
            return Reminding(tuple(one for one in self.plugins if one != plugin_id), self.off)
        return Reminding(self.plugins, tuple(sorted({*self.off, name})))


def load(path: Path, disk: Disk) -> Reminding:
    """Return what was chosen; where nothing was, or the file is not sound, nobody reminds.

    Raises:
        StoreError: the disk failed.
    """
    data = disk.read(path, limit_bytes=LIMIT_BYTES)
    try:
        found = Reminding() if data is None else msgspec.json.decode(data, type=Reminding)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return Reminding()
    return Reminding(tuple(one for one in found.plugins if is_plugin_id(one)), found.off)


def save(path: Path, chosen: Reminding, disk: Disk) -> None:
    """Save what was chosen, for the owner's eyes.

    Raises:
        StoreError: the disk failed; what was chosen before still stands.
    """
    disk.replace(path, msgspec.json.encode(chosen), private=True)


def due(found: Iterable[Reminder], chosen: Reminding, *, now: datetime) -> tuple[Reminder, ...]:
    """Return those reminders whose time has come, and that are not off."""
    return tuple(one for one in found if one.at <= now and one.id not in chosen.off)
