"""The bundled plugins that lie beside the package, found without asking the packaging metadata.

In an installed wheel they are ``couplejournal_plugins/<id>`` beside ``couplejournal``; in a source checkout they are
the top-level ``plugins/<id>``. Only these two places are looked at, never ``sys.path``: a folder of that name in the
current directory must not become code.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.errors import PluginError, StoreError
from couplejournal.plugins.loading import load_package
from couplejournal.plugins.manifest import MANIFEST_LIMIT_BYTES, MANIFEST_NAME, Manifest, is_plugin_id, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.disk import Disk
    from couplejournal.plugins.author import JournalPlugin

PACKAGE: Final = "couplejournal_plugins"
_FILE_LIMIT_BYTES: Final = 8_388_608
_DEPTH_LIMIT: Final = 8
_FILES_LIMIT: Final = 2_000
_NOT_OURS: Final = frozenset({"__pycache__"})  # Python writes it, at any time


@attrs.frozen
class Bundled:
    """The bundled plugins: a folder with one plugin in each folder in it, read through ``disk``."""

    folder: Path
    disk: Disk

    @classmethod
    def of_this_install(cls, disk: Disk) -> Bundled:
        """Return the plugins that came with this very couplejournal."""
        beside = Path(__file__).resolve().parents[2]
        # a folder named "plugins" in site-packages could be anybody's: only a checkout has our project file beside it
        is_checkout = disk.read(beside / "pyproject.toml", limit_bytes=_FILE_LIMIT_BYTES) is not None
        return cls(beside / ("plugins" if is_checkout else PACKAGE), disk)

    def manifests(self) -> tuple[Manifest, ...]:
        """Return the descriptions of all plugins, by id, without importing any.

        Raises:
            PluginError: a description is not sound.
            StoreError: the disk failed.
        """
        names = sorted(listed.name for listed in self.disk.list(self.folder) if not listed.is_file)
        return tuple(self.manifest(name) for name in names if self._manifest_data(name) is not None)

    def manifest(self, plugin_id: str) -> Manifest:
        """Return the description of one plugin without importing it.

        Raises:
            PluginError: there is no such plugin, or its description is not sound.
            StoreError: the disk failed.
        """
        data = self._manifest_data(plugin_id)
        if data is None:
            raise PluginError("there is no bundled plugin of that name", hint="see: couplejournal plugins list")
        manifest = read_manifest(data)
        if manifest.id != plugin_id:
            raise PluginError(f"the plugin in the folder {plugin_id} calls itself otherwise")
        return manifest

    def _manifest_data(self, plugin_id: str) -> bytes | None:
        if not is_plugin_id(plugin_id):
            return None
        return self.disk.read(self.folder / plugin_id / MANIFEST_NAME, limit_bytes=MANIFEST_LIMIT_BYTES)

    def digests(self, plugin_id: str) -> dict[str, str]:
        """Return the SHA-256 in hex of each file of a plugin, by its relative path with ``/``.

        Raises:
            StoreError: the disk failed, or a file is beyond 8 MiB.
        """
        return digests_of(self.folder / plugin_id, self.disk)

    def load(self, manifest: Manifest) -> JournalPlugin:
        """Import a plugin and make it. What its own code raises goes through: the caller guards.

        Raises:
            PluginError: the target is not in its package, or is no `JournalPlugin`.
        """
        return load_package(manifest.target, f"{PACKAGE}.{manifest.id}", self.folder / manifest.id)


def digests_of(folder: Path, disk: Disk) -> dict[str, str]:
    """Return the SHA-256 in hex of each file of a package, by its relative path with ``/``.

    Raises:
        PluginError: it has more than 2,000 files, or is deeper than 8 folders: then a part would go unseen.
        StoreError: the disk failed, or a file is beyond 8 MiB.
    """
    found = dict(islice(_digests(folder, disk, "", _DEPTH_LIMIT), _FILES_LIMIT + 1))
    if len(found) > _FILES_LIMIT:
        raise PluginError(f"a plugin's package has more than {_FILES_LIMIT:,} files")
    return found


def _digests(folder: Path, disk: Disk, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth < 0:
        raise PluginError(f"a plugin's package is deeper than {_DEPTH_LIMIT} folders")
    for listed in sorted(disk.list(folder)):
        if listed.name in _NOT_OURS:
            continue
        below = [] if listed.is_file else disk.list(folder / listed.name)
        if below:
            yield from _digests(folder / listed.name, disk, f"{prefix}{listed.name}/", depth - 1)
            continue
        with suppress(StoreError) if not listed.is_file else nullcontext():
            data = disk.read(folder / listed.name, limit_bytes=_FILE_LIMIT_BYTES)  # behind a link too: it is code
            if data is not None:
                yield prefix + listed.name, hashlib.sha256(data).hexdigest()
