"""Turn plugins on and off. Installed is not turned on, and only this device's owner decides."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final, Literal

import attrs
import msgspec

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError, StoreError
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.installed import LOCAL, Found, files_of, of_bundled, of_file
from couplejournal.plugins.lock import LockedPlugin, read_lock, write_lock
from couplejournal.store.home import Home
from couplejournal.system import RealSystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.disk import Disk
    from couplejournal.plugins.manifest import Manifest

LOG_NAME: Final = "plugins.log"
LOG_LIMIT_BYTES: Final = 65_536
_LOG_LINE_CHARACTERS: Final = 300


@attrs.frozen(kw_only=True)
class Enabled:
    """Say what turning on did: ``new``, ``same`` as before, or ``changed``, with the files that differ from before."""

    plugin: LockedPlugin
    was: Literal["new", "same", "changed"]
    changed_files: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Offered:
    """Say what turning a plugin on means: its description, what the lock would hold, and what it holds now."""

    manifest: Manifest
    plugin: LockedPlugin
    before: LockedPlugin | None = None

    @property
    def is_on(self) -> bool:
        """Return whether it is on exactly as it is offered."""
        return self.before is not None and _as_offered(self.before) == self.plugin

    @property
    def changed_files(self) -> tuple[str, ...]:
        """Return the files that differ from those that are on; none where it is not on."""
        return () if self.before is None else changed_files(self.before.files, self.plugin.files)


def _as_offered(plugin: LockedPlugin) -> LockedPlugin:
    """Return what the lock says of a plugin without what came into it after the plugin was turned on."""
    return msgspec.structs.replace(plugin, kinds=(), notice="")


class Logged(msgspec.Struct, frozen=True):
    """One line of the log: when (milliseconds since 1970, UTC), what happened, and to which plugin."""

    at: int
    what: str
    plugin: str


def home_at(home: Home | str | os.PathLike[str] | None) -> Home:
    """Return the home of a device: the given one, or ``COUPLEJOURNAL_HOME``, or the user's own folders."""
    return home if isinstance(home, Home) else Home.locate(home, os.environ)


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the relative paths of files that came, went or differ."""
    return tuple(sorted(path for path in {*before, *now} if before.get(path) != now.get(path)))


def available(*, bundled: Bundled | None = None) -> tuple[Manifest, ...]:
    """Return the descriptions of all bundled plugins, by id, without importing any.

    Raises:
        PluginError: a description is not sound.
        StoreError: the disk failed.
    """
    return (bundled or Bundled.of_this_install(RealDisk())).manifests()


def installed(*, bundled: Bundled | None = None) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Return the plugins of other packages, by id, and a sentence for each that is not sound; nothing is imported.

    This scans what is installed, so nothing but `plugins list --available`, `enable` and `check` does it.

    Raises:
        StoreError: the disk failed.
    """
    from couplejournal.plugins.installed import scan

    bundled = bundled or Bundled.of_this_install(RealDisk())
    ours = {manifest.id for manifest in bundled.manifests()}
    found, faults = scan(bundled.disk)
    taken = tuple(
        f"{one.distribution}: {one.manifest.id} came with couplejournal" for one in found if one.manifest.id in ours
    )
    return tuple(one for one in found if one.manifest.id not in ours), faults + taken


def enabled(*, home: Home | str | os.PathLike[str] | None = None, disk: Disk | None = None) -> tuple[LockedPlugin, ...]:
    """Return what is turned on here, by id. Reads one small file and imports no plugin.

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    return read_lock(home_at(home).plugins_lock_path, disk or RealDisk())


def offered(
    plugin_id: str | None,
    *,
    file: str | os.PathLike[str] | None = None,
    home: Home | str | os.PathLike[str] | None = None,
    bundled: Bundled | None = None,
) -> Offered:
    """Return what turning a plugin on would mean, and change nothing: the screen that asks shows this.

    ``file`` is a pack of this device, and then its own id counts. A plugin that was turned on from a file is looked for
    there again.

    Raises:
        PluginError: there is no such plugin, its description is not sound, or ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote ``plugins.lock``.
        StoreError: the disk failed.
    """
    bundled = bundled or Bundled.of_this_install(RealDisk())
    locked = {plugin.id: plugin for plugin in read_lock(home_at(home).plugins_lock_path, bundled.disk)}
    found = _found(plugin_id, file, locked, bundled)
    before = locked.get(found.manifest.id)
    if file is not None and (
        (before is not None and before.distribution != LOCAL)
        or any(one.id == found.manifest.id for one in bundled.manifests())
    ):
        raise PluginError("another plugin has this id already", hint="choose another id in the file")
    plugin = found.locked({})
    return Offered(
        manifest=found.manifest, plugin=msgspec.structs.replace(plugin, files=files_of(plugin, bundled)), before=before
    )


def _found(
    plugin_id: str | None, file: str | os.PathLike[str] | None, locked: Mapping[str, LockedPlugin], bundled: Bundled
) -> Found:
    if file is not None:
        return of_file(file, bundled.disk)
    before = locked.get(plugin_id or "")
    if before is not None and before.distribution == LOCAL:
        return of_file(before.path, bundled.disk)
    if any(one.id == plugin_id for one in bundled.manifests()):
        return of_bundled(bundled, str(plugin_id))
    others, _ = installed(bundled=bundled)
    for one in others:
        if one.manifest.id == plugin_id:
            return one
    raise PluginError("there is no plugin of that name here", hint="see: couplejournal plugins list --available")


def accept(offer: Offered, *, home: Home | str | os.PathLike[str] | None = None, disk: Disk | None = None) -> Enabled:
    """Turn on what was offered, exactly as it was shown.

    Raises:
        PluginError: ``plugins.lock`` is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed; nothing changed.
    """
    disk = disk or RealDisk()
    path = home_at(home).plugins_lock_path
    others = {locked.id: locked for locked in read_lock(path, disk)}
    before = others.pop(offer.plugin.id, None)
    if before is not None and _as_offered(before) == offer.plugin:
        return Enabled(plugin=before, was="same")
    plugin = offer.plugin if before is None else msgspec.structs.replace(offer.plugin, notice=before.notice)
    write_lock(path, [*others.values(), plugin], disk)
    note(home, "enabled" if before is None else "enabled again", offer.plugin.id, disk=disk)
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
    note(home, "disabled", plugin_id, disk=disk)


def note(home: Home | str | os.PathLike[str] | None, what: str, plugin_id: str, *, disk: Disk | None = None) -> None:
    """Add a line to the log of this device's plugins; a log that cannot be written stops nothing."""
    disk = disk or RealDisk()
    path = home_at(home).state_file(LOG_NAME)
    line = {"at": RealSystem().now_ms(), "what": what[:_LOG_LINE_CHARACTERS], "plugin": plugin_id}
    with contextlib.suppress(StoreError):
        disk.make_folder(path.parent, private=True)
        held = disk.read(path, limit_bytes=8 * LOG_LIMIT_BYTES) or b""
        if len(held) > LOG_LIMIT_BYTES:
            disk.replace(path, held[held.index(b"\n", len(held) // 2) + 1 :], durable=False, private=True)
        disk.append(path, msgspec.json.encode(line) + b"\n", durable=False)


def logged(*, home: Home | str | os.PathLike[str] | None = None, disk: Disk | None = None) -> tuple[Logged, ...]:
    """Return what happened to the plugins of this device, oldest first; what cannot be read is passed over.

    Raises:
        StoreError: the disk failed.
    """
    data = (disk or RealDisk()).read(home_at(home).state_file(LOG_NAME), limit_bytes=8 * LOG_LIMIT_BYTES) or b""
    found = []
    for line in data.splitlines():
        with contextlib.suppress(msgspec.DecodeError, ValueError):
            found.append(msgspec.json.decode(line, type=Logged))
    return tuple(found)
