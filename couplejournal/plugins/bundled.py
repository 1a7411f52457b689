"""The bundled plugins that lie beside the package, found without asking the packaging metadata.

In an installed wheel they are ``couplejournal_plugins/<id>`` beside ``couplejournal``; in a source checkout they are
the top-level ``plugins/<id>``. Only these two places are looked at, never ``sys.path``: a folder of that name in the
current directory must not become code.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.errors import PluginError
from couplejournal.plugins.author import JournalPlugin
from couplejournal.plugins.manifest import MANIFEST_LIMIT_BYTES, MANIFEST_NAME, Manifest, is_plugin_id, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.disk import Disk

PACKAGE: Final = "couplejournal_plugins"
_FILE_LIMIT_BYTES: Final = 8_388_608
_DEPTH_LIMIT: Final = 4
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
        return dict(self._digests(self.folder / plugin_id, "", _DEPTH_LIMIT))

    def _digests(self, folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
        for listed in sorted(self.disk.list(folder)):
            if listed.name in _NOT_OURS:
                continue
            if listed.is_file:
                data = self.disk.read(folder / listed.name, limit_bytes=_FILE_LIMIT_BYTES)
                if data is not None:
                    yield prefix + listed.name, hashlib.sha256(data).hexdigest()
            elif depth:
                yield from self._digests(folder / listed.name, f"{prefix}{listed.name}/", depth - 1)

    def load(self, manifest: Manifest) -> JournalPlugin:
        """Import a plugin and make it. What its own code raises goes through: the caller guards.

        Raises:
            PluginError: the target is not in its package, or is no `JournalPlugin`.
        """
        package = f"{PACKAGE}.{manifest.id}"
        module_name, _, attribute = manifest.target.partition(":")
        if module_name != package and not module_name.startswith(package + "."):
            raise PluginError(f"plugin {manifest.id}: its target is not in its own package")
        self._import(package, self.folder / manifest.id)
        made = getattr(import_module(module_name), attribute, None)
        if not (isinstance(made, type) and issubclass(made, JournalPlugin)):
            raise PluginError(f"plugin {manifest.id}: its target is no JournalPlugin")
        return made()

    def _import(self, package: str, folder: Path) -> None:
        start = folder / "__init__.py"
        loaded = sys.modules.get(package)
        # an editable install comes to the same files by a link
        if loaded is not None and os.path.realpath(str(loaded.__file__)) == os.path.realpath(start):
            return
        for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
            del sys.modules[name]
        spec = spec_from_file_location(package, start, submodule_search_locations=[str(folder)])
        if spec is None or spec.loader is None:
            raise PluginError("a plugin's package cannot be loaded")
        module = module_from_spec(spec)
        sys.modules[package] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(package, None)  # half a module must not pass for a whole one next time
            raise
