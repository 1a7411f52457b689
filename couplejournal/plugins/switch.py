"""Turn plugins on and off. Installed is not turned on, and only this device's owner decides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import attrs

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.lock import LockedPlugin, read_lock, write_lock
from couplejournal.store.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.disk import Disk
    from couplejournal.plugins.manifest import Manifest

DISTRIBUTION = "couplejournal"


@attrs.frozen(kw_only=True)
class Enabled:
    """Say what turning on did: ``new``, ``same`` as before, or ``changed``, with the files that differ from before."""

    plugin: LockedPlugin
    was: Literal["new", "same", "changed"]
    changed_files: tuple[str, ...] = ()


def home_at(home: Home | str | os.PathLike[str] | None) -> Home:
    """Return the home of a device: the given one, or ``COUPLEJOURNAL_HOME``, or the user's own folders."""
    return home if isinstance(home, Home) else Home.locate(home, os.environ)


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the relative paths of files that came, went or differ."""
    return tuple(sorted(path for path in {*before, *now} if before.get(path) != now.get(path)))


def is_changed(locked: LockedPlugin, *, bundled: Bundled | None = None) -> bool:
    """Tell whether files differ from when the plugin was turned on: then it does not run until it is turned on again.

    Raises:
        StoreError: the disk failed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    return bool(changed_files(locked.files, bundled.digests(locked.id)))


def available(*, bundled: Bundled | None = None) -> tuple[Manifest, ...]:
    """Return the descriptions of all bundled plugins, by id, without importing any.

    Raises:
        PluginError: a description is not sound.
        StoreError: the disk failed.
    """
    return (bundled or Bundled.of_this_install(RealDisk())).manifests()


def enabled(*, home: Home | str | os.PathLike[str] | None = None, disk: Disk | None = None) -> tuple[LockedPlugin, ...]:
    """Return what is turned on here, by id. Reads one small file and imports no plugin.

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    return read_lock(home_at(home).plugins_lock_path, disk or RealDisk())


def enable(
    plugin_id: str,
    *,
    home: Home | str | os.PathLike[str] | None = None,
    bundled: Bundled | None = None,
) -> Enabled:
    """Turn a bundled plugin on, as its files are now; again after a change.

    Raises:
        PluginError: there is no such plugin, its description is not sound, or ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote ``plugins.lock``.
        StoreError: the disk failed; nothing changed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    path = home_at(home).plugins_lock_path
    manifest = bundled.manifest(plugin_id)
    plugin = LockedPlugin(
        id=manifest.id,
        distribution=DISTRIBUTION,
        version=_version(),
        files=bundled.digests(plugin_id),
        permissions=manifest.permissions,
        tier=manifest.tier,
        commands=manifest.provides.commands,
    )
    others = {locked.id: locked for locked in read_lock(path, bundled.disk)}
    before = others.pop(plugin_id, None)
    if before == plugin:
        return Enabled(plugin=plugin, was="same")
    write_lock(path, [*others.values(), plugin], bundled.disk)
    if before is None:
        return Enabled(plugin=plugin, was="new")
    return Enabled(plugin=plugin, was="changed", changed_files=changed_files(before.files, plugin.files))


def disable(plugin_id: str, *, home: Home | str | os.PathLike[str] | None = None, disk: Disk | None = None) -> None:
    """Turn a plugin off. Its entries stay, and so does everything that was written with its help.

    Raises:
        PluginError: it is not on, or ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote ``plugins.lock``.
        StoreError: the disk failed; nothing changed.
    """
    disk = disk or RealDisk()
    path = home_at(home).plugins_lock_path
    plugins = read_lock(path, disk)
    kept = [plugin for plugin in plugins if plugin.id != plugin_id]
    if len(kept) == len(plugins):
        raise PluginError("no plugin of that name is on", hint="see: couplejournal plugins list")
    write_lock(path, kept, disk)


def _version() -> str:
    import couplejournal  # not above: the front door may be what is importing this

    return str(getattr(couplejournal, "__version__", ""))
