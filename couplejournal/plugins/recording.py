"""Turn a plugin on with the kinds that it declares.

They are asked for once, then, and kept in ``plugins.lock``: so a command that opens the journal knows them without
loading any plugin, and nothing that the plugin declares later counts before it is turned on again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import msgspec

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.plugins import switch
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.hosting import PluginHost
from couplejournal.plugins.kinds import kind_data
from couplejournal.plugins.lock import read_lock, write_lock

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from couplejournal.plugins.switch import Enabled, Offered
    from couplejournal.store.home import Home
    from couplejournal.view import JournalView


class _NoView:
    """Declaring a kind needs no entry."""

    def view(self) -> JournalView:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise PluginError("no entry is read to know which kinds there are")


def enable(
    plugin_id: str,
    *,
    home: Home | str | os.PathLike[str] | None = None,
    bundled: Bundled | None = None,
) -> Enabled:
    """Turn a plugin on, as its files are now; again after a change. Nobody is asked: `offered` says what it may do.

    Raises:
        PluginError: there is no such plugin, its description is not sound, or ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote ``plugins.lock``.
        StoreError: the disk failed; nothing changed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    return accept(switch.offered(plugin_id, home=home, bundled=bundled), home=home, bundled=bundled)


def accept(
    offer: Offered, *, home: Home | str | os.PathLike[str] | None = None, bundled: Bundled | None = None
) -> Enabled:
    """Turn on what was offered, exactly as it was shown, with the kinds that it declares.

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    done = switch.accept(offer, home=home, disk=bundled.disk)
    if "kinds" in offer.manifest.provides.hooks:
        record_kinds(home=home, bundled=bundled)
    return done


def record_kinds(
    *,
    home: Home | str | os.PathLike[str] | None = None,
    bundled: Bundled | None = None,
    report: Callable[[str], None] | None = None,
) -> None:
    """Write down which kinds the plugins that are on declare; one that fails keeps those of before.

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed; nothing changed.
    """
    place = switch.home_at(home)
    bundled = bundled or Bundled.of_this_install(RealDisk())
    host = PluginHost.of(_NoView(), home=place, bundled=bundled, report=report)
    declared: dict[str, list[dict[str, object]]] = {}
    for plugin_id, kind in host.kinds.values():
        declared.setdefault(plugin_id, []).append(dict(kind_data(kind)))
    working = {state.id for state in host.plugins if state.state == "on"} - host.failed("kinds")
    before = read_lock(place.plugins_lock_path, bundled.disk)
    after = tuple(
        msgspec.structs.replace(one, kinds=tuple(declared.get(one.id, ()))) if one.id in working else one
        for one in before
    )
    if after != before:
        write_lock(place.plugins_lock_path, after, bundled.disk)
