"""Tell the plugins that are on what happened since they were last told, at a sync or a watcher's pass.

Each has a cursor of its own in a file of this device: a place in the order of arrival, and nothing of what arrived. It
moves on when the plugin was told, whether that failed or not: what a plugin cannot take must not come again for ever.
A process that is killed in between tells it again. A plugin that was just turned on hears of what comes from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import InvalidEntryError
from couplejournal.model.change import Added, Revised
from couplejournal.model.kinds import Answer
from couplejournal.plugins.events import EVENTS
from couplejournal.plugins.lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from couplejournal.disk import Disk
    from couplejournal.journal import Journal
    from couplejournal.model.change import Change
    from couplejournal.plugins.hosting import PluginHost
    from couplejournal.plugins.lock import LockedPlugin
    from couplejournal.store.home import Home
    from couplejournal.sync.report import SyncReport

TOLD_NAME: Final = "plugins-told.json"
TOLD_LIMIT_BYTES: Final = 1_048_576


class _Told(msgspec.Struct, frozen=True):
    """The cursor of each plugin, by its id."""

    cursors: dict[str, str] = {}


def hearing(plugins: Iterable[LockedPlugin]) -> tuple[LockedPlugin, ...]:
    """Return the plugins that want to be told of something."""
    return tuple(plugin for plugin in plugins if plugin.has(*EVENTS))


def tell_plugins(journal: Journal, report: SyncReport | None, make_host: Callable[[Sequence[str]], PluginHost]) -> None:
    """Tell each plugin what is new to it, and of a sync if ``report`` tells of one. No plugin, no work.

    ``make_host`` hosts the plugins of these ids; nothing is loaded that has nothing to hear.

    Raises:
        PluginError: ``plugins.lock`` is damaged; or a plugin failed, and the host is strict.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    home, disk = journal.home, journal.device.disk
    plugins = hearing(read_lock(home.plugins_lock_path, disk))
    before = _kept(home, disk, {plugin.id for plugin in plugins})
    news = _news(journal, [before.get(plugin.id) for plugin in plugins])
    heard = {
        plugin.id: _acts(plugin, news[before.get(plugin.id)][0], is_synced=report is not None) for plugin in plugins
    }
    awake = [plugin_id for plugin_id, acts in heard.items() if acts]
    host = make_host(awake) if awake else None
    for plugin in plugins:
        for hook, ids in heard[plugin.id]:
            if host is not None and hook != "on_synced":
                host.tell(plugin.id, hook, ids)
            elif host is not None and report is not None:
                host.tell_synced(plugin.id, report.drive, is_finished=report.finished)
        now = news[before.get(plugin.id)][1]
        if before.get(plugin.id) != now:
            _write(home, disk, {**_read(home, disk), plugin.id: now})


def _news(journal: Journal, cursors: Iterable[str | None]) -> dict[str | None, tuple[list[Change], str]]:
    """Return what changed after each cursor, and the cursor of now; one of another time begins anew, as None does."""
    from couplejournal.journal.watching import arrived  # start-up: see journal.py

    news: dict[str | None, tuple[list[Change], str]] = {}
    for cursor in dict.fromkeys(cursors):
        try:
            news[cursor] = arrived(journal, after=cursor)
        except InvalidEntryError:
            news[cursor] = arrived(journal, after=None)
    return news


def _acts(plugin: LockedPlugin, changes: Iterable[Change], *, is_synced: bool) -> list[tuple[str, list[str]]]:
    """Return the hooks of a plugin that have something to hear, each with ids of entries, in the order of `EVENTS`."""
    told: dict[str, list[str]] = {hook: [] for hook in EVENTS}
    for change in changes:
        if isinstance(change, Added):
            told["on_opened" if change.entry.kind == Answer.kind else "on_entry_added"].append(change.entry.id)
        elif isinstance(change, Revised):
            told["on_entry_revised"].append(change.entry.id)
        if isinstance(change, (Added, Revised)) and change.entry.conflict:
            told["on_conflict"].append(change.entry.id)
    wanted = {hook: ids for hook, ids in told.items() if plugin.has(hook)}
    return [(hook, ids) for hook, ids in wanted.items() if ids or (hook == "on_synced" and is_synced)]


def _read(home: Home, disk: Disk) -> dict[str, str]:
    data = disk.read(home.state_file(TOLD_NAME), limit_bytes=TOLD_LIMIT_BYTES)
    try:
        return {} if data is None else msgspec.json.decode(data, type=_Told).cursors
    except (msgspec.DecodeError, RecursionError, ValueError):
        return {}  # then they hear of what comes from now on


def _kept(home: Home, disk: Disk, plugins: set[str]) -> dict[str, str]:
    """Return the cursors of these plugins, and forget all others: what is turned on anew begins anew."""
    before = _read(home, disk)
    kept = {plugin_id: cursor for plugin_id, cursor in before.items() if plugin_id in plugins}
    if kept != before:
        _write(home, disk, kept)
    return kept


def _write(home: Home, disk: Disk, cursors: dict[str, str]) -> None:
    disk.replace(home.state_file(TOLD_NAME), msgspec.json.encode(_Told(cursors)), durable=False, private=True)
