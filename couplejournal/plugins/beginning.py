"""Turn on what came with couplejournal, all at once, where a journal begins.

It is as trusted as the program that it came with, so one question is enough, and no screen of hashes is shown. Whatever
says ``by_default = false`` of itself stays off until somebody turns it on by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from couplejournal.disk import RealDisk
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.installed import files_of, of_bundled
from couplejournal.plugins.lock import read_lock, write_lock
from couplejournal.plugins.recording import record_kinds
from couplejournal.plugins.switch import home_at, note

if TYPE_CHECKING:
    import os

    from couplejournal.store.home import Home


def turn_on_bundled(
    *, home: Home | str | os.PathLike[str] | None = None, bundled: Bundled | None = None
) -> tuple[str, ...]:
    """Turn on every bundled plugin that is meant to be on from the beginning; return the ids of those that were off.

    Raises:
        PluginError: a description is not sound, or ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote ``plugins.lock``.
        StoreError: the disk failed; nothing changed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    path = home_at(home).plugins_lock_path
    before = read_lock(path, bundled.disk)
    there = {plugin.id for plugin in before}
    found = []
    for manifest in bundled.manifests():
        if manifest.by_default and manifest.id not in there:
            one = of_bundled(bundled, manifest.id)
            found.append(one.locked(files_of(one.locked({}), bundled)))
    if found:
        write_lock(path, [*before, *found], bundled.disk)
        record_kinds(home=home, bundled=bundled)
    for plugin in found:
        note(home, "enabled", plugin.id, disk=bundled.disk)
    return tuple(plugin.id for plugin in found)
