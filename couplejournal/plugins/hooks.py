"""Ask each hook of the plugins that are on, behind the guards; `hosting.PluginHost` says which are on.

A hook that fails is reported and left out, and the caller goes on with what the others gave.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import attrs

from couplejournal.errors import PluginError
from couplejournal.model.kinds import core_kinds
from couplejournal.plugins.calls import WrongAnswerError, limited, require_answer
from couplejournal.plugins.comparing import require_no_comparison
from couplejournal.plugins.consent import FREE, consent_in, may_be_of_both, reason_in
from couplejournal.plugins.drafts import content_of
from couplejournal.plugins.guards import EVERYTHING, cut, is_readable, require_small
from couplejournal.plugins.kinds import Kind, as_core_kind, kinds_apart
from couplejournal.plugins.packstexts import nearest
from couplejournal.plugins.result import AnalysisResult
from couplejournal.plugins.values import (
    Analysis,
    AnalysisRequest,
    ChoosePrompt,
    Draft,
    Exercise,
    Exporter,
    ExportRequest,
    Importer,
    ImportRequest,
    Notice,
    Prompt,
    PromptRequest,
    Reminder,
    ReminderRequest,
    Rendered,
    RenderRequest,
    Scope,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import tzinfo

    from couplejournal.model import kinds as core
    from couplejournal.model.content import Content
    from couplejournal.model.entry import Entry
    from couplejournal.plugins.calls import PluginCalls
    from couplejournal.plugins.consent import Consent
    from couplejournal.plugins.lock import LockedPlugin
    from couplejournal.plugins.manifest import Permissions
    from couplejournal.plugins.result import JSON
    from couplejournal.plugins.views import CutView
    from couplejournal.system import System
    from couplejournal.view import JournalView

EXPORT_LIMIT_BYTES: Final = 64 << 20
CHUNKS_LIMIT: Final = 1_000_000
IMPORT_LIMIT: Final = 100_000
DIAGNOSTICS_LIMIT_CHARACTERS: Final = 4_096
_ELSEWHERE: Final = "see: couplejournal plugins list"


Offered = TypeVar("Offered", Importer, Exporter)


class ViewSource(Protocol):
    """Whoever can be asked for a view of now; a journal is one."""

    def view(self) -> JournalView:
        """Return a read-only view of the journal as it is now."""


@attrs.frozen(kw_only=True)
class Analyzed:
    """Hold one analysis and its result, or None where the plugin failed (which was reported)."""

    id: str
    title: str
    scope: Scope
    result: AnalysisResult | None


class Hooks:
    """Ask the plugins that are on. Ids are ``plugin/name``, and results come in the order of ids.

    Each method raises `PluginError` where a plugin failed and the host is strict.
    """

    def __init__(
        self,
        source: ViewSource,
        calls: PluginCalls,
        *,
        permissions: Mapping[str, Permissions],
        system: System,
        zone: tzinfo | None,
        report: Callable[[str], None],
    ) -> None:
        """Ask through ``calls``; a plugin without ``permissions`` may read everything that no guard holds back."""
        self._source = source
        self._calls = calls
        self._permissions = dict(permissions)
        self._locked: dict[str, LockedPlugin] = {}  # those of a lock: of what the partner's words need consent for
        self._own_kinds: dict[str, frozenset[str]] = {}  # those that packs declare
        self._system = system
        self._zone = zone
        self._report = report

    @cached_property
    def kinds(self) -> Mapping[str, tuple[str, Kind]]:
        """Return the kinds that plugins declare, by name, each with the plugin's id.

        A kind of the core, and one that two plugins declare, is refused and reported.
        """
        taken, refused = kinds_apart(self._calls.collect("kinds", Kind, lambda _: {}))
        for plugin_id, name in refused:
            self._calls.attempt(plugin_id, f"kind {name}", _refuse_kind)
        return taken

    def core_kinds(self) -> tuple[core.Kind, ...]:
        """Return the kinds that plugins declare as `couplejournal.open` takes them."""
        return tuple(as_core_kind(kind) for _, kind in self.kinds.values())

    def prompts(self, *, language: str = "en") -> tuple[Prompt, ...]:
        """Return every question that the plugins offer, in the language where they have it."""
        now, zone = self._moment(None)
        request = PromptRequest(now=now, zone=zone, language=language)
        found = self._calls.collect("prompts", Prompt, lambda _: {"request": request})
        return tuple(attrs.evolve(prompt, id=whole_id(plugin_id, prompt.id)) for plugin_id, prompt in found)

    def prompt(
        self, *, language: str = "en", skip: int = 0, couple: str = "", recent: Iterable[str] = ()
    ) -> Prompt | None:
        """Return the question of the day, or None; ``skip`` = 1 is the next one, as good as the first.

        A plugin may choose (``choose_prompt``); otherwise all take their turn. ``couple`` and ``recent`` (ids) are
        of the journal whose day it is, if it is one's (`couplejournal.journal.questions`).
        """
        prompts = self.prompts(language=language)
        if not prompts:
            return None
        now, zone = self._moment(None)
        request = ChoosePrompt(
            prompts=prompts, now=now, zone=zone, language=language, skip=skip, couple=couple, recent=tuple(recent)
        )
        chosen = self._calls.first("choose_prompt", str, lambda _: {"request": request})
        rotated = prompts[(now.toordinal() + skip) % len(prompts)]
        return next((prompt for prompt in prompts if prompt.id == chosen), rotated)

    def exercises(self, *, language: str = "en") -> tuple[Exercise, ...]:
        """Return every exercise, in the language that comes nearest where there are several of one id.

        Whoever shows one offers "not now" beside each step, and keeps nothing of it.
        """
        by_id: dict[str, dict[str, Exercise]] = {}
        for plugin_id, one in self._calls.collect("exercises", Exercise, lambda _: {}):
            named = attrs.evolve(one, id=whole_id(plugin_id, one.id))
            by_id.setdefault(named.id, {})[named.language] = named
        return tuple(found[nearest(found, language)] for found in by_id.values())

    def analyses(self) -> tuple[Analysis, ...]:
        """Return every analysis that the plugins bring; their ids begin with the plugin's."""
        found = self._calls.collect("analyses", Analysis, lambda _: {})
        return tuple(attrs.evolve(one, id=whole_id(plugin_id, one.id)) for plugin_id, one in found)

    def analyze(self, name: str | None = None, *, language: str = "en") -> tuple[Analyzed, ...]:
        """Run all analyses, or those named: by ``plugin``, ``plugin/name``, or ``name`` alone.

        Raises:
            PluginError: no plugin that is on has one of that name; or one failed, and the host is strict.
        """
        wanted = [
            (plugin_id, analysis)
            for plugin_id, analysis in self._calls.collect("analyses", Analysis, lambda _: {})
            if name is None or name in {plugin_id, analysis.id, whole_id(plugin_id, analysis.id)}
        ]
        if name is not None and not wanted:
            raise PluginError("no plugin that is on has an analysis of that name", hint=_ELSEWHERE)
        whole = self._source.view()
        return tuple(self._analyzed(plugin_id, analysis, whole, language) for plugin_id, analysis in wanted)

    def importers(self) -> tuple[Importer, ...]:
        """Return every format that entries can be read from."""
        found = self._calls.collect("importers", Importer, lambda _: {})
        return tuple(attrs.evolve(one, id=whole_id(plugin_id, one.id)) for plugin_id, one in found)

    def read_import(
        self, name: str, data: bytes, *, kinds: Mapping[str, core.Kind], language: str = "en"
    ) -> tuple[tuple[Draft, Content], ...] | None:
        """Return every draft that an importer reads in ``data``, with its content; None where it failed: all or none.

        ``kinds`` are those that the journal knows. Who saves them saves them as private, and those not again whose
        ``source`` is here: it names the importer and the entry.

        Raises:
            PluginError: there is no such importer; or it failed, and the host is strict.
        """
        plugin_id, importer = self._named("importers", Importer, name)
        now, zone = self._moment(None)
        request = ImportRequest(now=now, zone=zone, language=language)
        name = whole_id(plugin_id, importer.id)

        def read() -> tuple[tuple[Draft, Content], ...]:
            drafts = limited(importer.read(data, request), Draft, count=IMPORT_LIMIT)
            return tuple((draft, content_of(draft, kinds, name)) for draft in drafts)

        return self._calls.attempt(plugin_id, f"importer {importer.id}", read)

    def exporters(self) -> tuple[Exporter, ...]:
        """Return every format that entries can be written in."""
        found = self._calls.collect("exporters", Exporter, lambda _: {})
        return tuple(attrs.evolve(one, id=whole_id(plugin_id, one.id)) for plugin_id, one in found)

    def export(self, name: str, *, language: str = "en") -> bytes | None:
        """Return the whole file that an exporter makes, at most 64 MiB; None where it failed: never a part of one.

        Raises:
            PluginError: there is no such exporter; or it failed, and the host is strict.
        """
        plugin_id, exporter = self._named("exporters", Exporter, name)
        whole = self._source.view()
        now, zone = self._moment(whole.zone)
        view = self._cut(whole, plugin_id, "mine")
        if told := self.withheld(plugin_id, whole):
            self._report(told)
        request = ExportRequest(view=view, now=now, zone=zone, language=language)
        return self._calls.attempt(plugin_id, f"exporter {exporter.id}", lambda: _joined(exporter.export(request)))

    def render(
        self,
        entry: Entry,
        *,
        language: str = "en",
        is_whole: bool = True,
        kinds: Mapping[str, core.Kind] | None = None,
        owner: str | None = None,
    ) -> Rendered | None:
        """Return how a plugin shows an entry, the one whose kind it is first; None for the plain rendering.

        ``kinds`` are those that the journal knows, ``owner`` the plugin whose kind it is; else the plugins are asked.
        """
        known = kinds or {kind.name: kind for kind in (*core_kinds().values(), *self.core_kinds())}
        first = owner or self.kinds.get(entry.kind, (None, None))[0]
        zone = self._moment(None)[1]
        request = RenderRequest(entry=entry, zone=zone, language=language, is_whole=is_whole)
        return self._calls.first(
            "render",
            Rendered,
            lambda plugin_id: {"request": request} if self._may_read(entry, known, plugin_id) else None,
            owner=first,
        )

    def check_draft(self, draft: Draft) -> tuple[tuple[str, Notice], ...]:
        """Return what plugins say about a draft, each with the plugin's id; it is saved whatever they say."""

        def give(plugin_id: str) -> Mapping[str, object] | None:
            permissions = self.permissions_of(plugin_id)
            is_theirs = permissions is EVERYTHING or draft.kind in permissions.kinds
            is_open = draft.tender == "none" or draft.kind in permissions.kinds
            return {"draft": draft} if "mine" in permissions.read and is_theirs and is_open else None

        return tuple(self._calls.collect("check_draft", Notice, give))

    def reminders(self, *, language: str = "en", plugins: Collection[str] | None = None) -> tuple[Reminder, ...]:
        """Return what this person is to be reminded of on this device, the earliest first; of ``plugins`` alone."""
        whole = self._source.view()
        now, zone = self._moment(whole.zone)

        def give(plugin_id: str) -> Mapping[str, object] | None:
            if plugins is not None and plugin_id not in plugins:
                return None
            view = self._cut(whole, plugin_id, "mine")
            return {"request": ReminderRequest(view=view, now=now, zone=zone, language=language)}

        found = self._calls.collect("reminders", Reminder, give)
        named = (attrs.evolve(one, id=whole_id(plugin_id, one.id)) for plugin_id, one in found)
        return tuple(sorted(named, key=lambda one: (one.at, one.id)))

    def diagnostics(self) -> dict[str, Mapping[str, JSON] | None]:
        """Return what each plugin that has the hook tells of itself, by its id; None where it is unavailable."""
        return {
            plugin_id: self._calls.attempt(plugin_id, "diagnostics", partial(_as_small_json, function))
            for plugin_id, function in self._calls.having("diagnostics")
        }

    def failed(self, hook: str) -> set[str]:
        """Return the ids of the plugins that failed in a hook, and were reported, since this host was made."""
        return self._calls.failed(hook)

    def permissions_of(self, plugin_id: str) -> Permissions:
        """Return what a plugin may read."""
        return self._permissions.get(plugin_id, EVERYTHING)

    def consent_of(self, plugin_id: str, view: JournalView) -> Consent:
        """Return whose words a plugin may be given, as far as those who wrote them are concerned."""
        plugin = self._locked.get(plugin_id)
        return FREE if plugin is None else consent_in(view, plugin)

    def withheld(self, plugin_id: str, view: JournalView) -> str | None:
        """Return a sentence on why a plugin is not given the partner's words; None where it is, or never asked."""
        plugin = self._locked.get(plugin_id)
        return None if plugin is None else reason_in(view, plugin, consent_in(view, plugin))

    def _cut(self, whole: JournalView, plugin_id: str, scope: Scope) -> CutView:
        return cut(whole, self.permissions_of(plugin_id), scope, self.consent_of(plugin_id, whole))

    def _may_read(self, entry: Entry, known: Mapping[str, core.Kind], plugin_id: str) -> bool:
        if entry.kind in self._own_kinds.get(plugin_id, ()):
            return True  # couplejournal fills in a template of a pack, which is never executed and learns nothing
        if not is_readable(entry, known, self.permissions_of(plugin_id)):
            return False
        if plugin_id not in self._locked or (entry.is_mine and not may_be_of_both(entry)):
            return True  # no view has to be made for it
        return self.consent_of(plugin_id, self._source.view()).allows(entry)

    def _analyzed(self, plugin_id: str, analysis: Analysis, whole: JournalView, language: str) -> Analyzed:
        now, zone = self._moment(whole.zone)
        view = self._cut(whole, plugin_id, analysis.scope)
        request = AnalysisRequest(view=view, now=now, zone=zone, language=language)

        def run() -> AnalysisResult:
            result = require_answer(analysis.run(request), AnalysisResult)
            require_small(result)
            if analysis.scope == "couple":
                require_no_comparison(result, whole.people, view)
            told = self.withheld(plugin_id, whole)
            return result if told is None else attrs.evolve(result, notes=(*result.notes, told))

        result = self._calls.attempt(plugin_id, f"analysis {analysis.id}", run)
        return Analyzed(id=whole_id(plugin_id, analysis.id), title=analysis.title, scope=analysis.scope, result=result)

    def _named(self, hook: str, offered: type[Offered], name: str) -> tuple[str, Offered]:
        every = self._calls.collect(hook, offered, lambda _: {})
        found = [each for each in every if name in {each[1].id, whole_id(each[0], each[1].id)}]
        if len(found) > 1:
            ids = ", ".join(whole_id(plugin_id, one.id) for plugin_id, one in found)
            raise PluginError(f"several of these {hook} have that name", hint=f"one of: {ids}")
        if not found:
            raise PluginError(f"no plugin that is on has one of these {hook}", hint=_ELSEWHERE)
        return found[0]

    def _moment(self, zone: tzinfo | None) -> tuple[datetime, tzinfo]:
        # without a zone: that of this machine
        now = datetime.fromtimestamp(self._system.now_ms() / 1000, UTC).astimezone(self._zone or zone)
        return now, now.tzinfo or UTC


def whole_id(plugin_id: str, name: str) -> str:
    """Return the id by which everybody else names what a plugin offers: the plugin's id before its own."""
    return f"{plugin_id}/{name.rpartition('/')[2]}"


def _refuse_kind() -> None:
    raise WrongAnswerError("declared a kind that the core or another plugin has")


def _joined(chunks: Iterable[Any]) -> bytes:
    if isinstance(chunks, (bytes, str)):
        raise WrongAnswerError("answered with one string, not with pieces of bytes")
    joined = bytearray()
    for count, chunk in enumerate(chunks):
        joined += require_answer(chunk, bytes)
        if len(joined) > EXPORT_LIMIT_BYTES or count >= CHUNKS_LIMIT:
            raise WrongAnswerError("answered with more than 64 MiB, or with too many pieces")
    return bytes(joined)


def _as_small_json(ask: Callable[[], object]) -> Mapping[str, JSON]:
    told = json.dumps(ask(), allow_nan=False)
    found = json.loads(told)
    if not isinstance(found, dict) or len(told) > DIAGNOSTICS_LIMIT_CHARACTERS:
        raise WrongAnswerError(f"answered with no mapping of at most {DIAGNOSTICS_LIMIT_CHARACTERS:,} characters")
    return found
