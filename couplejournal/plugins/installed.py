"""Plugins of other packages on this machine, found by their entry points; and packs that are a single file.

Only `plugins list --available`, `enable` and `check` come here: whatever starts reads the lock, and looks for nothing.
Nothing is imported. A manifest is read as a file, and code stays where it is until somebody turned it on.
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import attrs

from couplejournal.errors import PluginError, StoreError
from couplejournal.plugins.bundled import PACKAGE, Bundled, digests_of
from couplejournal.plugins.loading import load_package
from couplejournal.plugins.lock import DISTRIBUTION, LockedPlugin
from couplejournal.plugins.manifest import (
    MANIFEST_LIMIT_BYTES,
    MANIFEST_NAME,
    PACK_LIMIT_BYTES,
    Manifest,
    read_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from couplejournal.disk import Disk
    from couplejournal.plugins.author import JournalPlugin

GROUP: Final = "couplejournal.plugins"
LOCAL: Final = "a file"
"""What stands for the distribution of a pack that is a file of this device."""


@attrs.frozen(kw_only=True)
class Found:
    """A plugin on this machine, not imported: its description, and where its files lie."""

    manifest: Manifest
    distribution: str
    version: str
    package: str
    path: str

    def locked(self, files: dict[str, str]) -> LockedPlugin:
        """Return what the lock says of it, with the digests of its files."""
        return LockedPlugin(
            id=self.manifest.id,
            distribution=self.distribution,
            version=self.version,
            files=files,
            permissions=self.manifest.permissions,
            tier=self.manifest.tier,
            commands=self.manifest.provides.commands,
            package=self.package,
            path=self.path,
            hooks=self.manifest.provides.hooks,
        )


def of_bundled(bundled: Bundled, plugin_id: str) -> Found:
    """Return a plugin that came with couplejournal.

    Raises:
        PluginError: there is none of that name, or its description is not sound.
        StoreError: the disk failed.
    """
    import couplejournal  # not above: the front door may be what is importing this

    version = str(getattr(couplejournal, "__version__", ""))
    manifest = bundled.manifest(plugin_id)
    return Found(manifest=manifest, distribution=DISTRIBUTION, version=version, package="", path="")


def of_file(path: str | os.PathLike[str], disk: Disk) -> Found:
    """Return a pack that is one file of this device.

    Raises:
        PluginError: it is not there, or is no sound pack; every error is told, with line and column.
        StoreError: the disk failed.
    """
    from couplejournal.plugins.packs import manifest_of, read_pack  # only where there is a pack

    file = Path(os.path.abspath(path))  # noqa: PTH100 - as it was named, links and all
    data = disk.read(file, limit_bytes=PACK_LIMIT_BYTES)
    if data is None:
        raise PluginError("there is no such file", hint="a pack is a TOML file: couplejournal plugins check FILE.toml")
    pack = read_pack(data)
    return Found(manifest=manifest_of(pack), distribution=LOCAL, version="", package="", path=str(file))


def scan(disk: Disk) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Return the plugins of other packages, by id, and a sentence for each that is not sound.

    Raises:
        StoreError: the disk failed.
    """
    found: dict[str, Found] = {}
    faults: list[str] = []
    for distribution, version, name, package in _entry_points():
        try:
            one = _found(distribution, version, name, package, disk)
        except PluginError as error:
            faults.append(f"{distribution}: {error}")
            continue
        if one.manifest.id in found:
            faults.append(f"{distribution}: another package has a plugin {one.manifest.id} too")
        else:
            found[one.manifest.id] = one
    return tuple(found[name] for name in sorted(found)), tuple(faults)


def _entry_points() -> Iterator[tuple[str, str, str, str]]:
    """Yield distribution, version, name and package of each entry point that is not our own, in a fixed order."""
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        package = point.value.partition(":")[0].strip()
        if point.dist is not None and package.partition(".")[0] not in (PACKAGE, DISTRIBUTION):
            yield point.dist.name, point.dist.version, point.name, package


def _found(distribution: str, version: str, name: str, package: str, disk: Disk) -> Found:
    folder = _folder(package, disk)
    data = None if folder is None else disk.read(folder / MANIFEST_NAME, limit_bytes=MANIFEST_LIMIT_BYTES)
    if folder is None or data is None:
        raise PluginError(f"the plugin has no {MANIFEST_NAME} in its package")
    manifest = read_manifest(data)
    if manifest.id != name:
        raise PluginError("the plugin's entry point and its manifest name it otherwise")
    return Found(manifest=manifest, distribution=distribution, version=version, package=package, path=str(folder))


def _folder(package: str, disk: Disk) -> Path | None:
    """Return the folder of a package with a manifest, importing neither it nor what is above it."""
    top, *rest = package.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(place, *rest)
        if any(listed.name == MANIFEST_NAME for listed in disk.list(folder)):
            return Path(os.path.abspath(folder))  # noqa: PTH100 - the same
    return None


def load(locked: LockedPlugin, bundled: Bundled, *, hidden: Sequence[Path] = ()) -> JournalPlugin:
    """Make a plugin whose files were just found to be those of the lock. What its own code raises goes through.

    What came with couplejournal runs in this process: it is as trusted as the program that it came with. ``hidden``
    are folders that a worker is kept from, where the system can.

    Raises:
        PluginError: its description is not that of the lock.
        StoreError: the disk failed.
    """
    from couplejournal.plugins.packs import read_pack
    from couplejournal.plugins.packsplugin import PackPlugin

    disk = bundled.disk
    if not locked.path:
        return bundled.load(bundled.manifest(locked.id))
    if locked.distribution == LOCAL:
        data = disk.read(Path(locked.path), limit_bytes=PACK_LIMIT_BYTES)
        return PackPlugin(read_pack(data or b""))
    manifest = read_manifest(disk.read(Path(locked.path) / MANIFEST_NAME, limit_bytes=MANIFEST_LIMIT_BYTES) or b"")
    if (manifest.id, manifest.tier, manifest.permissions) != (locked.id, locked.tier, locked.permissions):
        raise PluginError(f"plugin {locked.id} is not described as it was")
    if manifest.tier == "trusted":
        return load_package(manifest.target, locked.package, locked.path)
    from couplejournal.plugins.worker import Worker, plugin_in

    worker = Worker(folder=Path(locked.path), package=locked.package, target=manifest.target, hidden=tuple(hidden))
    return plugin_in(worker, manifest.provides.hooks)


def files_of(locked: LockedPlugin, bundled: Bundled) -> dict[str, str]:
    """Return the digests of a plugin's files as they are now; none where it is gone.

    Raises:
        PluginError: the package is larger than may be.
        StoreError: the disk failed.
    """
    if not locked.path:
        return bundled.digests(locked.id) if locked.distribution == DISTRIBUTION else {}
    if locked.distribution != LOCAL:
        return digests_of(Path(locked.path), bundled.disk)
    try:
        data = bundled.disk.read(Path(locked.path), limit_bytes=PACK_LIMIT_BYTES)
    except StoreError:  # grown beyond a pack, or a folder now
        return {Path(locked.path).name: ""}
    return {} if data is None else {Path(locked.path).name: hashlib.sha256(data).hexdigest()}


def state_of(locked: LockedPlugin, bundled: Bundled) -> Literal["on", "changed", "missing"]:
    """Return how the files of a plugin that was turned on stand: as they were, otherwise, or gone.

    What cannot be read whole (a package that grew too large, a failing disk) is not what was agreed to, either.
    """
    try:
        files = files_of(locked, bundled)
    except (PluginError, StoreError):
        return "changed"
    return "missing" if not files else "on" if files == locked.files else "changed"
