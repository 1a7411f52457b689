"""Turn a plugin on with the kinds that it declares, and tell the partner of it where it reads their words.

They are asked for once, then, and kept in ``plugins.lock``: so a command that opens the journal knows them without
loading any plugin, and nothing that the plugin declares later counts before it is turned on again. So is the entry by
which the partner was told.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import msgspec

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.plugins import consent, switch
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.hosting import PluginHost
from couplejournal.plugins.installed import state_of
from couplejournal.plugins.kinds import kind_data
from couplejournal.plugins.lock import DISTRIBUTION, read_lock, write_lock

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from couplejournal.disk import Disk
    from couplejournal.journal import Journal
    from couplejournal.model.entry import Entry
    from couplejournal.plugins.lock import LockedPlugin
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


def renew_bundled(*, home: Home, bundled: Bundled | None = None) -> tuple[str, ...]:
    """Take the bundled plugins that are on as this program brings them, and return the ids of those that were others.

    Whoever trusts a new couplejournal trusts what comes in the same install, so an upgrade turns nothing off. Plugins
    of others rest until somebody has looked at what changed.

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    renewed = []
    for plugin in read_lock(home.plugins_lock_path, bundled.disk):
        if plugin.distribution == DISTRIBUTION and not plugin.path and state_of(plugin, bundled) == "changed":
            with suppress(PluginError):  # it does not fit; whoever hosts it says so
                switch.accept(switch.offered(plugin.id, home=home, bundled=bundled), home=home, disk=bundled.disk)
                renewed.append(plugin.id)
    if renewed:
        record_kinds(home=home, bundled=bundled, report=lambda _: None)
    return tuple(renewed)


def tell_partner(journal: Journal, plugin_id: str, *, summary: str = "") -> Entry | None:
    """Tell the partner in an entry that a plugin is on here, and return the entry; None where nobody has to be told.

    A plugin of others is given none of the partner's words before. Told once, it says no more until the plugin asks for
    something else. ``summary`` is what the plugin says of itself.

    Raises:
        PluginError: no plugin of that name is on, or ``plugins.lock`` is damaged.
        StoreError: the disk failed.
    """
    path, disk = journal.home.plugins_lock_path, journal.device.disk
    plugin = _locked(path, plugin_id, disk)
    told = consent.tell(journal, plugin, summary=summary)
    if told is not None and told.id != plugin.notice:
        others = [one for one in read_lock(path, disk) if one.id != plugin_id]
        write_lock(path, [*others, msgspec.structs.replace(plugin, notice=told.id)], disk)
    return told


def tell_partner_off(journal: Journal, plugin_id: str) -> Entry | None:
    """Tell the partner that a plugin is going off here, and return the step; None where they were told of none.

    Raises:
        PluginError: no plugin of that name is on, or ``plugins.lock`` is damaged.
        StoreError: the disk failed.
    """
    return consent.tell_off(journal, _locked(journal.home.plugins_lock_path, plugin_id, journal.device.disk))


def _locked(path: Path, plugin_id: str, disk: Disk) -> LockedPlugin:
    for plugin in read_lock(path, disk):
        if plugin.id == plugin_id:
            return plugin
    raise PluginError("no plugin of that name is on", hint="see: couplejournal plugins list")


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
