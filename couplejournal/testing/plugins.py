"""What every plugin promises, as tests: derive from `PluginContract`, say how your plugin is made, and run pytest.

What the tests read was written by the sample couple, in the kinds of the core and in those that the plugin declares.
Each test can fail: `tests/unit/plugins/test_plugin_contract.py` of couplejournal breaks each promise once.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import warnings
from abc import ABC, abstractmethod
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from couplejournal.plugins.author import JournalPlugin
from couplejournal.plugins.events import EVENTS
from couplejournal.plugins.guards import EVERYTHING, cut
from couplejournal.plugins.kinds import Kind, as_core_kind
from couplejournal.plugins.loading import load_package
from couplejournal.plugins.manifest import Manifest, read_manifest
from couplejournal.plugins.values import AnalysisRequest, Prompt, PromptRequest
from couplejournal.plugins.values import Draft as Unsaved
from couplejournal.testing.couple import END, Draft
from couplejournal.testing.hosts import Mode, manifest_of, overridden, package_of, plugin_host
from couplejournal.testing.leaks import Needles
from couplejournal.testing.views import MARK, exchanged, marked, mixed, sample, view_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from couplejournal.plugins.hosting import PluginHost
    from couplejournal.plugins.manifest import Permissions
    from couplejournal.plugins.result import AnalysisResult
    from couplejournal.view import JournalView

MANY: Final = 10_000
SOME: Final = 300
FEW: Final = 60
_UNKNOWN: Final = as_core_kind(Kind("horoscope", default_audience="shared")).content


class _Asking(JournalPlugin):
    """Stands beside the plugin that is tried, so that there is a question to choose, whoever asks it."""

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer one question."""
        del request
        yield Prompt(id="kettle", text="What was done for you today without your asking?")


BESIDE: Final = "beside"
"""The id of the plugin that stands beside the one that is tried."""


def ask_every_hook(
    host: PluginHost, hooks: Collection[str], view: JournalView, files: Mapping[str, bytes]
) -> dict[str, Any]:
    """Call every hook once, and return what each gave; ``hooks`` are those that the plugin has.

    ``files`` are for the importers, by id.
    """
    [tried] = (one.id for one in host.plugins if one.id != BESIDE)
    entries = list(view.entries())
    shown = {entry.kind: entry for entry in entries}
    kinds = sorted({"note", *host.kinds, *host.permissions_of(tried).kinds})
    for hook in EVENTS:
        if hook in hooks and hook != "on_synced":  # which is told of no entries
            host.tell(tried, hook, [entry.id for entry in entries])
    host.tell_synced(tried, "ok", is_finished=True)
    return {
        "kinds": dict(host.kinds),
        "prompts": host.prompts(),
        "choose_prompt": host.prompt(),
        "exercises": host.exercises(),
        "analyses": host.analyze(),
        "importers": [
            host.read_import(one.id, files[name], kinds=view.kinds)
            for one in host.importers()
            if (name := one.id.rpartition("/")[2]) in files
        ],
        "exporters": [host.export(one.id) for one in host.exporters()],
        "render": [host.render(entry) for entry in shown.values()],
        "check_draft": [host.check_draft(Unsaved(kind=kind, text=f"{MARK} You always sing.")) for kind in kinds],
        "reminders": host.reminders(),
        "commands": [getattr(one, "name", None) for one in host.commands(tried)],
        "diagnostics": host.diagnostics(),
    }


class PluginContract(ABC):
    """The promises of every plugin; a subclass says how it is made."""

    @abstractmethod
    def make_plugin(self) -> JournalPlugin:
        """Return a new plugin."""

    def manifest_data(self) -> bytes | None:
        """Return the bytes of its ``couplejournal.toml``; None (the default) for the one in its package."""
        return None

    def sample(self, count: int) -> Sequence[Draft]:
        """Return about so many entries to try it with; override it where the sample couple writes nothing of use."""
        return sample(count, self.make_plugin().kinds())

    def files(self) -> Mapping[str, bytes]:
        """Return a file for each of its importers, by the importer's id."""
        return {}

    @property
    def _manifest(self) -> Manifest | None:
        data = self.manifest_data()
        return manifest_of(self.make_plugin()) if data is None else read_manifest(data)

    @property
    def _permissions(self) -> Permissions:
        manifest = self._manifest
        return EVERYTHING if manifest is None else manifest.permissions

    def _asked(self, drafts: Sequence[Draft], mode: Mode = "process") -> tuple[dict[str, Any], list[str]]:
        """Return what every hook gave, and what was told of failures."""
        told: list[str] = []
        plugin = self.make_plugin()
        view = view_of(drafts, kinds=plugin.kinds())
        host = plugin_host(
            plugin, view, permissions=self._permissions, mode=mode, report=told.append, beside={BESIDE: _Asking()}
        )
        return ask_every_hook(host, overridden(plugin), view, self.files()), told

    def test_the_manifest_names_the_hooks_that_there_are(self) -> None:
        """What the manifest provides is what the class overrides."""
        manifest = self._manifest
        if manifest is None:
            pytest.skip("no manifest was given")
        assert set(manifest.provides.hooks) == set(overridden(self.make_plugin()))

    def test_the_manifest_leads_to_the_plugin(self) -> None:
        """The target of the manifest in the package is the class that is tried here."""
        plugin = self.make_plugin()
        found, manifest = package_of(plugin), manifest_of(plugin)
        if found is None or manifest is None:
            pytest.skip("its package has no manifest")
        assert type(load_package(manifest.target, *found)) is type(plugin)

    def test_each_reading_has_its_reason(self) -> None:
        """Where the manifest asks to read something, it says why: the person who is asked reads that."""
        manifest = self._manifest
        if manifest is None:
            pytest.skip("no manifest was given")
        asked = manifest.permissions
        wanted = {name for name in ("read", "kinds", "network") if getattr(asked, name)}
        assert wanted - set(manifest.why) == set()

    def test_an_empty_journal_is_no_failure(self) -> None:
        """Every hook answers where nobody wrote anything yet."""
        assert self._asked(())[1] == []

    def test_unknown_kinds_are_no_failure(self) -> None:
        """Every hook answers where most entries are of kinds that nobody here knows."""
        drafts = [
            attrs.evolve(draft, content=_UNKNOWN("What the stars say."), refers_to=None) if number % 3 else draft
            for number, draft in enumerate(draft for draft in self.sample(FEW) if draft.refers_to is None)
        ]
        assert self._asked(drafts)[1] == []

    def test_many_entries_are_no_failure(self) -> None:
        """Every hook answers over 10,000 entries."""
        assert self._asked(self.sample(MANY))[1] == []

    def test_each_importer_reads_its_file(self) -> None:
        """Each importer has a file among `files`, and gives at least one entry of it."""
        plugin = self.make_plugin()
        given, told = self._asked(())
        assert {one.id for one in plugin.importers()} == set(self.files())
        assert told == []
        assert [len(drafts) for drafts in given["importers"] if not drafts] == []

    def test_each_analysis_has_something_to_say(self) -> None:
        """Over the sample no analysis lacks entries, or else the promises below would hold of nothing."""
        plugin = self.make_plugin()
        host = plugin_host(plugin, view_of(self.sample(SOME), kinds=plugin.kinds()), permissions=self._permissions)
        assert [one.id for one in host.analyze() if one.result is None or not one.result.is_enough] == []

    def test_the_same_moment_gives_the_same_answers(self) -> None:
        """A plugin made anew gives what the one before gave, under a clock that stands."""
        assert self._asked(self.sample(SOME)) == self._asked(self.sample(SOME))

    def test_a_worker_gives_the_same_answers(self) -> None:
        """In a process of its own, as isolated plugins run, every hook gives what it gives in this one."""
        plugin = self.make_plugin()
        manifest = manifest_of(plugin)
        if manifest is None:
            pytest.skip("a worker loads a plugin from its package, and that has no manifest")
        if manifest.tier == "trusted":
            pytest.skip("a trusted plugin runs in no worker")
        drafts = self.sample(FEW)
        assert self._asked(drafts, "worker") == self._asked(drafts)

    def test_no_word_of_the_journal_gets_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: Any
    ) -> None:
        """Marked texts are in no log, warning, report, diagnostics or file, nor on the screen."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        for name in ("TMPDIR", "TEMP", "TMP", "HOME", "USERPROFILE"):
            monkeypatch.setenv(name, str(tmp_path))
        monkeypatch.chdir(tmp_path)
        before = dict(os.environ)
        with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            given, told = self._asked(marked(self.sample(SOME)))
        shown = capfd.readouterr()
        said = {
            "log": caplog.text,
            "warnings": str([one.message for one in warned]),
            "report": str(told),
            "diagnostics": json.dumps(given["diagnostics"]),
            "screen": shown.out + shown.err,
            "environment": str({name: value for name, value in os.environ.items() if before.get(name) != value}),
        }
        needles = Needles.of([MARK])
        assert [place for place, text in said.items() if needles.search_bytes(text.encode())] == []
        assert [leak.path.name for leak in needles.search([tmp_path])] == []

    def test_results_for_both_do_not_tell_the_two_apart(self) -> None:
        """With the authors of all entries exchanged, every result for both is what it was."""
        drafts = self.sample(SOME)
        assert self._for_both(drafts) == self._for_both(exchanged(drafts))

    @pytest.mark.parametrize("seed", range(5))
    def test_results_for_both_do_not_depend_on_who_wrote_what(self, seed: int) -> None:
        """With each entry given to either by chance, every result for both is what it was, or not enough to say."""
        before, after = self._for_both(self.sample(SOME)), self._for_both(self.sample(SOME), seed=seed)
        assert [name for name, found in after.items() if found.is_enough and found != before[name]] == []

    def _for_both(self, drafts: Sequence[Draft], seed: int | None = None) -> dict[str, AnalysisResult]:
        """Return every result for both; with ``seed``, of entries each of which was given to either by chance."""
        plugin = self.make_plugin()
        view = cut(view_of(drafts, kinds=plugin.kinds()), self._permissions, "couple")
        if seed is not None:
            view = mixed(view, seed=seed)
        request = AnalysisRequest(view=view, now=END, zone=UTC, language="en")
        return {one.id: one.run(request) for one in plugin.analyses() if one.scope == "couple"}
