"""A host made from a journal: it knows which plugins are on here, and asks them.

The guards stand here, once for every plugin: an analysis for both never sees a private or a waiting entry, and files
that changed since they were turned on do not run.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

import attrs

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.model.text import neutralised
from couplejournal.plugins.author import Analysis, AnalysisRequest, JournalPlugin, Prompt, PromptRequest, Scope
from couplejournal.plugins.bundled import Bundled
from couplejournal.plugins.calls import IN_THIS_PROCESS, Failures, PluginCalls, require_answer
from couplejournal.plugins.lock import LockedPlugin, read_lock
from couplejournal.plugins.result import AnalysisResult
from couplejournal.plugins.switch import DISTRIBUTION, changed_files
from couplejournal.system import RealSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from couplejournal.store.home import Home
    from couplejournal.system import System
    from couplejournal.view import JournalView


class ViewSource(Protocol):
    """Whoever can be asked for a view of now; a journal is one."""

    def view(self) -> JournalView:
        """Return a read-only view of the journal as it is now."""


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


@attrs.frozen(kw_only=True)
class Analyzed:
    """Hold one analysis and its result, or None where the plugin failed (which was reported)."""

    id: str
    title: str
    scope: Scope
    result: AnalysisResult | None


class PluginHost:
    """Ask the plugins that are on. Ids are ``plugin/name``, and results come in the order of ids."""

    def __init__(
        self,
        source: ViewSource,
        plugins: Mapping[str, JournalPlugin],
        *,
        report: Callable[[str], None] | None = None,
        strict: bool = False,
        system: System | None = None,
        zone: tzinfo | None = None,
        failures: Failures | None = None,
    ) -> None:
        """Host exactly these plugins, by id; `of` takes those that are on.

        ``report`` gets one line for each plugin and hook that fails (default: standard error); ``zone`` is the zone of
        the reader (default: that of the view, or of this machine); ``failures`` is counted for the whole process unless
        given.

        Raises:
            PluginError: a plugin was refused, and ``strict`` is set.
        """
        self._source = source
        self._system = system or RealSystem()
        self._zone = zone
        self._report = report or _to_standard_error
        self._calls = PluginCalls(self._report, failures or IN_THIS_PROCESS, strict=strict)
        self._states: list[PluginState] = []
        for plugin_id in sorted(plugins):
            self._take(plugin_id, plugins[plugin_id])

    @classmethod
    def of(
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
    ) -> PluginHost:
        """Host the plugins that ``plugins.lock`` of this home names, if their files are as they were.

        Raises:
            PluginError: ``plugins.lock`` is damaged; or a plugin failed or changed, and ``strict`` is set.
            NewerFormatError: a newer version wrote ``plugins.lock``.
            StoreError: the disk failed.
        """
        bundled = bundled or Bundled.of_this_install(RealDisk())
        made = cls(source, {}, report=report, strict=strict, system=system, zone=zone, failures=failures)
        for plugin in read_lock(home.plugins_lock_path, bundled.disk):
            made._take_locked(plugin, bundled, strict=strict)
        return made

    @property
    def plugins(self) -> tuple[PluginState, ...]:
        """Return every plugin that was turned on, and how it stands."""
        return tuple(self._states)

    def prompts(self, *, language: str = "en") -> tuple[Prompt, ...]:
        """Return every question that the plugins offer, in the language where they have it.

        Raises:
            PluginError: a plugin failed, and the host is strict.
        """
        now = self._now(self._zone)
        request = PromptRequest(now=now, zone=_zone_of(now), language=language)
        return tuple(
            attrs.evolve(prompt, id=_whole_id(plugin_id, prompt.id))
            for plugin_id, prompt in self._calls.collect("prompts", Prompt, request=request)
        )

    def prompt(self, *, language: str = "en", skip: int = 0) -> Prompt | None:
        """Return the question of the day, or None; ``skip`` = 1 is the next one, as good as the first.

        Raises:
            PluginError: a plugin failed, and the host is strict.
        """
        prompts = self.prompts(language=language)
        return prompts[(self._now(self._zone).toordinal() + skip) % len(prompts)] if prompts else None

    def analyses(self) -> tuple[Analysis, ...]:
        """Return every analysis that the plugins bring; their ids begin with the plugin's.

        Raises:
            PluginError: a plugin failed, and the host is strict.
        """
        return tuple(
            attrs.evolve(analysis, id=_whole_id(plugin_id, analysis.id)) for plugin_id, analysis in self._collected()
        )

    def analyze(self, name: str | None = None, *, language: str = "en") -> tuple[Analyzed, ...]:
        """Run all analyses, or those named: by ``plugin``, ``plugin/name``, or ``name`` alone.

        Raises:
            PluginError: no plugin that is on has one of that name; or one failed, and the host is strict.
        """
        wanted = [
            (plugin_id, analysis)
            for plugin_id, analysis in self._collected()
            if name is None or name in {plugin_id, analysis.id, _whole_id(plugin_id, analysis.id)}
        ]
        if name is not None and not wanted:
            raise PluginError(
                "no plugin that is on has an analysis of that name", hint="see: couplejournal plugins list"
            )
        whole = self._source.view()
        return tuple(self._run(plugin_id, analysis, whole, language) for plugin_id, analysis in wanted)

    def _collected(self) -> list[tuple[str, Analysis]]:
        return self._calls.collect("analyses", Analysis)

    def _run(self, plugin_id: str, analysis: Analysis, whole: JournalView, language: str) -> Analyzed:
        now = self._now(self._zone or whole.zone)
        request = AnalysisRequest(
            # in a pair, whatever is not mine is the other's: what only one can read must not feed what both see
            view=whole.shared_only() if analysis.scope == "couple" else whole,
            now=now,
            zone=_zone_of(now),
            language=language,
        )
        result = self._calls.attempt(
            plugin_id, f"analysis {analysis.id}", lambda: require_answer(analysis.run(request), AnalysisResult)
        )
        return Analyzed(id=_whole_id(plugin_id, analysis.id), title=analysis.title, scope=analysis.scope, result=result)

    def _take(self, plugin_id: str, plugin: JournalPlugin) -> None:
        taken = self._calls.add(plugin_id, plugin)
        self._states.append(PluginState(plugin_id, "on" if taken else "failed"))

    def _take_locked(self, locked: LockedPlugin, bundled: Bundled, *, strict: bool) -> None:
        found = bundled.digests(locked.id) if locked.distribution == DISTRIBUTION else {}
        if found and not changed_files(locked.files, found):
            plugin = self._calls.attempt(locked.id, "loading", lambda: bundled.load(bundled.manifest(locked.id)))
            if plugin is None:
                self._states.append(PluginState(locked.id, "failed"))
            else:
                self._take(locked.id, plugin)
            return
        self._states.append(PluginState(locked.id, "changed" if found else "missing"))
        what = "has changed since it was turned on" if found else "is not here any more"
        line = f"plugin {locked.id} {what}: it is off"
        if strict:
            raise PluginError(line, hint=f"couplejournal plugins enable {locked.id}")
        self._report(line + (f" until: couplejournal plugins enable {locked.id}" if found else ""))

    def _now(self, zone: tzinfo | None) -> datetime:
        # without a zone: that of this machine
        return datetime.fromtimestamp(self._system.now_ms() / 1000, UTC).astimezone(zone)


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


def _whole_id(plugin_id: str, name: str) -> str:
    return f"{plugin_id}/{name.rpartition('/')[2]}"


def _zone_of(moment: datetime) -> tzinfo:
    return moment.tzinfo or UTC


def _to_standard_error(line: str) -> None:
    sys.stderr.write(neutralised(f"couplejournal: {line}", one_line=True) + "\n")
