"""``plugins.lock``: what is turned on, in this device's config folder and nowhere else.

Start-up reads this one file and looks for nothing: no scan of installed packages. It is JSON:

    {"format": 1, "plugins": [{"id", "distribution", "version", "files": {relative path: sha256 as hex},
     "permissions": {"read", "kinds", "network"}, "tier", "commands": {name: one line of help}, "package", "path",
     "kinds", "notice", "hooks"}]}

It lies on the device, since nothing in the shared folder may turn code on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from couplejournal.errors import NewerFormatError, PluginError
from couplejournal.plugins.manifest import Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from couplejournal.disk import Disk

DISTRIBUTION: Final = "couplejournal"
"""What stands for the distribution of what came with couplejournal."""

LOCK_FORMAT: Final = 1
LOCK_LIMIT_BYTES: Final = 1_048_576


class LockedPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """Record one plugin that is turned on, and exactly what was agreed to.

    ``files`` maps each file of the package, as a relative path with ``/``, to its SHA-256 in hex. ``path`` is the
    folder of the package, or the file of a pack; "" for what came with couplejournal. ``package`` is its import name.
    ``kinds`` are those that it declared then (`kinds.kind_data`): whoever opens the journal reads them here.
    ``notice`` is the id of the entry that told the partner of it, "" where none did. ``hooks`` are those that its
    description names, so that a command loads only what it asks; None where that was not written down yet.
    """

    id: str
    distribution: str
    version: str
    files: dict[str, str]
    permissions: Permissions
    tier: Literal["pack", "isolated", "trusted"]
    commands: dict[str, str] = {}
    kinds: tuple[dict[str, Any], ...] = ()
    package: str = ""
    path: str = ""
    notice: str = ""
    hooks: tuple[str, ...] | None = None

    def has(self, *hooks: str) -> bool:
        """Return whether it may have one of these hooks."""
        return self.hooks is None or not set(hooks).isdisjoint(self.hooks)


class _Format(msgspec.Struct):
    format: int


class _Lock(msgspec.Struct, frozen=True):
    format: int
    plugins: list[LockedPlugin]


def read_lock(path: Path, disk: Disk) -> tuple[LockedPlugin, ...]:
    """Return the plugins that are turned on, by id; none where there is no file.

    Raises:
        PluginError: the file is damaged.
        NewerFormatError: a newer version wrote it.
        StoreError: the disk failed.
    """
    data = disk.read(path, limit_bytes=LOCK_LIMIT_BYTES)
    if data is None:
        return ()
    try:
        if msgspec.json.decode(data, type=_Format).format != LOCK_FORMAT:
            raise NewerFormatError("plugins.lock was written by a newer version", hint="update couplejournal")
        lock = msgspec.json.decode(data, type=_Lock)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise PluginError(
            "plugins.lock is damaged, so no plugin is on", hint="remove it and turn the plugins on again"
        ) from error
    return tuple(sorted(lock.plugins, key=lambda plugin: plugin.id))


def write_lock(path: Path, plugins: Iterable[LockedPlugin], disk: Disk) -> None:
    """Replace the whole file, readable for the owner only.

    Raises:
        StoreError: the disk failed; the old file still stands.
    """
    lock = _Lock(format=LOCK_FORMAT, plugins=sorted(plugins, key=lambda plugin: plugin.id))
    disk.make_folder(path.parent, private=True)
    disk.replace(path, msgspec.json.format(msgspec.json.encode(lock, order="sorted"), indent=1) + b"\n", private=True)
