"""A plugin, hosted as a journal would host it: in this process, or in a worker as `isolated` ones run."""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from couplejournal.errors import PluginError
from couplejournal.plugins.author import HOOKS, JournalPlugin
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.guards import EVERYTHING
from couplejournal.plugins.hosting import PluginHost
from couplejournal.plugins.manifest import MANIFEST_NAME, Manifest, read_manifest
from couplejournal.plugins.worker import Worker, plugin_in
from couplejournal.testing.views import FixedClock, FixedView
from couplejournal.view import JournalView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from couplejournal.plugins.hooks import ViewSource
    from couplejournal.plugins.manifest import Permissions
    from couplejournal.system import System

Mode = Literal["process", "worker"]


def package_of(plugin: JournalPlugin) -> tuple[str, Path] | None:
    """Return the package of a plugin and its folder: the innermost with a ``couplejournal.toml``; None without one."""
    name = type(plugin).__module__
    while name:
        for place in getattr(sys.modules.get(name), "__path__", ()):
            if (Path(place) / MANIFEST_NAME).is_file():
                return name, Path(place)
        name = name.rpartition(".")[0]
    return None


def manifest_of(plugin: JournalPlugin) -> Manifest | None:
    """Return the manifest in the package of a plugin; None where its package has none.

    Raises:
        PluginError: the manifest is not sound.
    """
    found = package_of(plugin)
    return None if found is None else read_manifest((found[1] / MANIFEST_NAME).read_bytes())


def overridden(plugin: JournalPlugin) -> tuple[str, ...]:
    """Return the hooks that a plugin overrides."""
    return tuple(hook for hook in HOOKS if getattr(type(plugin), hook) is not getattr(JournalPlugin, hook))


def plugin_host(
    plugin: JournalPlugin,
    source: ViewSource | JournalView,
    *,
    permissions: Permissions | None = None,
    mode: Mode = "process",
    report: Callable[[str], None] | None = None,
    system: System | None = None,
    beside: Mapping[str, JournalPlugin] = MappingProxyType({}),
) -> PluginHost:
    """Return a host of this plugin alone over a journal or a view, whose clock stands at the end of the sample's time.

    ``permissions`` are those of its manifest, or everything where it has none. ``mode="worker"`` asks each hook in a
    process of its own, as an isolated plugin is asked. Without ``report`` a plugin that fails raises. ``beside`` are
    other plugins that the host asks too, by id.

    Raises:
        PluginError: it fails (later, too, from the methods of the host), or has no package that a worker could load.
    """
    manifest = manifest_of(plugin)
    name = "tried" if manifest is None else manifest.id
    if permissions is None:
        permissions = EVERYTHING if manifest is None else manifest.permissions
    asked = plugin if mode == "process" else _in_worker(plugin, manifest)
    viewed = FixedView(source) if isinstance(source, JournalView) else source
    return PluginHost(
        viewed, {**beside, name: asked}, permissions={name: permissions}, zone=UTC, report=report,
        strict=report is None, failures=Failures(), system=system or FixedClock(),
    )  # fmt: skip


def _in_worker(plugin: JournalPlugin, manifest: Manifest | None) -> JournalPlugin:
    found = package_of(plugin)
    if found is None or manifest is None:
        raise PluginError(f"a worker loads a plugin from its package, and finds it by the {MANIFEST_NAME} in it")
    package, folder = found
    return plugin_in(Worker(folder=folder, package=package, target=manifest.target), overridden(plugin))
