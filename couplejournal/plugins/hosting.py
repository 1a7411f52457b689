"""A host made from a journal: it knows which plugins are on here, and asks them.

Files that changed since they were turned on do not run. What a plugin sees and may say is in `guards`, once for all.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, Protocol

import attrs

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.model.text import neutralised
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.calls import IN_THIS_PROCESS, Failures, PluginCalls
from couplejournal.plugins.consent import needs_consent
from couplejournal.plugins.hooks import ViewSource
from couplejournal.plugins.installed import load, state_of
from couplejournal.plugins.lock import LockedPlugin, read_lock
from couplejournal.plugins.telling import Telling
from couplejournal.system import RealSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo
    from pathlib import Path

    from couplejournal.plugins.author import JournalPlugin
    from couplejournal.plugins.manifest import Permissions
    from couplejournal.store.home import Home
    from couplejournal.system import System


class JournalSource(ViewSource, Protocol):
    """A view source that knows the home of its device; a journal is one."""

    @property
    def home(self) -> Home:
        """Return where this device keeps its own files."""


@attrs.frozen
class PluginState:
    """Say how a plugin that was turned on stands: ``changed`` files keep it off, as do ``missing`` and ``failed``."""

    id: str
    state: Literal["on", "changed", "missing", "failed"]


class PluginHost(Telling):
    """Ask the plugins that are on. Ids are ``plugin/name``, and results come in the order of ids."""

    def __init__(
        self,
        source: ViewSource,
        plugins: Mapping[str, JournalPlugin],
        *,
        permissions: Mapping[str, Permissions] | None = None,
        report: Callable[[str], None] | None = None,
        strict: bool = False,
        system: System | None = None,
        zone: tzinfo | None = None,
        failures: Failures | None = None,
    ) -> None:
        """Host exactly these plugins, by id; `of` takes those that are on.

        ``permissions`` says what each may read, by id (default: all that no guard holds back); ``report`` gets one line
        for each plugin and hook that fails (default: standard error); ``zone`` is the zone of the reader (default: that
        of the view, or of this machine); ``failures`` is counted for the whole process unless given.

        Raises:
            PluginError: a plugin was refused, and ``strict`` is set.
        """
        told = report or _to_standard_error
        calls = PluginCalls(told, failures or IN_THIS_PROCESS, strict=strict)
        machine = system or RealSystem()
        super().__init__(source, calls, permissions=permissions or {}, system=machine, zone=zone, report=told)
        self._states: list[PluginState] = []
        self._hidden: tuple[Path, ...] = ()  # what a worker is kept from
        for plugin_id in sorted(plugins):
            self._take(plugin_id, plugins[plugin_id])

    @classmethod
    def of(  # noqa: PLR0913 - each by its name
        cls,
        source: ViewSource,
        *,
        home: Home,
        bundled: Bundled | None = None,
        report: Callable[[str], None] | None = None,
        strict: bool = False,
        system: System | None = None,
        zone: tzinfo | None = None,
        failures: Failures | None = None,
        wanted: Callable[[LockedPlugin], bool] | None = None,
    ) -> PluginHost:
        """Host the plugins that ``plugins.lock`` of this home names, if their files are as they were.

        ``wanted`` says of each whether it is needed (default: all are); the others are not loaded.

        Raises:
            PluginError: ``plugins.lock`` is damaged; or a plugin failed or changed, and ``strict`` is set.
            NewerFormatError: a newer version wrote ``plugins.lock``.
            StoreError: the disk failed.
        """
        bundled = bundled or Bundled.of_this_install(RealDisk())
        made = cls(source, {}, report=report, strict=strict, system=system, zone=zone, failures=failures)
        made._hidden = (home.config, home.data, home.state)
        for plugin in read_lock(home.plugins_lock_path, bundled.disk):
            if wanted is None or wanted(plugin):
                made._take_locked(plugin, bundled, strict=strict)
        return made

    @property
    def plugins(self) -> tuple[PluginState, ...]:
        """Return every plugin that was turned on, and how it stands."""
        return tuple(self._states)

    @property
    def has_failed(self) -> bool:
        """Return whether a plugin failed since this host was made, or is not as it was when it was turned on."""
        return self._calls.has_failed or any(state.state != "on" for state in self._states)

    def _take(self, plugin_id: str, plugin: JournalPlugin) -> None:
        taken = self._calls.add(plugin_id, plugin)
        self._states.append(PluginState(plugin_id, "on" if taken else "failed"))

    def _take_locked(self, locked: LockedPlugin, bundled: Bundled, *, strict: bool) -> None:
        self._permissions[locked.id] = locked.permissions
        if locked.tier == "pack":
            self._own_kinds[locked.id] = frozenset(str(kind.get("name")) for kind in locked.kinds)
        if needs_consent(locked):
            self._locked[locked.id] = locked
        state = state_of(locked, bundled)
        if state == "on":
            plugin = self._calls.attempt(locked.id, "loading", lambda: load(locked, bundled, hidden=self._hidden))
            if plugin is None:
                self._states.append(PluginState(locked.id, "failed"))
            else:
                self._take(locked.id, plugin)
            return
        self._states.append(PluginState(locked.id, state))
        what = "has changed since it was turned on" if state == "changed" else "is not here any more"
        line = f"plugin {locked.id} {what}: it is off"
        if strict:
            raise PluginError(line, hint=f"couplejournal plugins enable {locked.id}")
        self._report(line + (f" until: couplejournal plugins enable {locked.id}" if state == "changed" else ""))


def host(
    journal: JournalSource,
    *,
    report: Callable[[str], None] | None = None,
    strict: bool = False,
    zone: tzinfo | None = None,
) -> PluginHost:
    """Make a host for a journal, with the plugins that are on in its home.

    Raises:
        PluginError: ``plugins.lock`` is damaged; or a plugin failed or changed, and ``strict`` is set.
        NewerFormatError: a newer version wrote ``plugins.lock``.
        StoreError: the disk failed.
    """
    return PluginHost.of(journal, home=journal.home, report=report, strict=strict, zone=zone)


def _to_standard_error(line: str) -> None:
    sys.stderr.write(neutralised(f"couplejournal: {line}", one_line=True) + "\n")
