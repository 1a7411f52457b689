"""What every plugin promises, as tests: derive from `PluginContract`, say how your plugin is made, and run pytest.

The couple that the tests read is made up and always the same. `exchanged` gives each entry to the other of the two, and
`mixed` gives each to either by chance: a result for both must not change by the first, nor say anything else by the
second, since then it would tell who wrote what.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import tempfile
from abc import ABC, abstractmethod
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
import msgspec
import pytest

from couplejournal.merge import State
from couplejournal.model.kinds import core_kinds, known_kinds
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op
from couplejournal.ops.words import Write
from couplejournal.plugins.author import HOOKS, JournalPlugin
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.guards import EVERYTHING, cut
from couplejournal.plugins.hosting import PluginHost
from couplejournal.plugins.kinds import Kind, as_core_kind
from couplejournal.plugins.manifest import Manifest, read_manifest
from couplejournal.plugins.values import AnalysisRequest, Draft
from couplejournal.plugins.views import CutView
from couplejournal.testing.couple import END, Person, correspondence
from couplejournal.testing.couple import Draft as Written
from couplejournal.view import BookState, JournalView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from couplejournal.plugins.manifest import Permissions
    from couplejournal.plugins.result import AnalysisResult

MARK: Final = "canary-7f3a9c"
MANY: Final = 10_000
_RELATIONS: Final = {name: kind.refs.relation for name, kind in core_kinds().items() if kind.refs is not None}
_OTHER: Final[dict[str, Person]] = {"ana": "ben", "ben": "ana"}
_UNKNOWN: Final = as_core_kind(Kind("horoscope", default_audience="shared")).content


def _fixed(name: str, size: int) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:size]


_PERSONS: Final = {_fixed(name, 32): _fixed(name, 16) for name in _OTHER}


class FixedClock:
    """A machine whose clock stands at the end of the sample couple's time."""

    def now_ms(self) -> int:
        """Return the moment, in milliseconds since 1970 UTC."""
        return int(END.timestamp() * 1000)

    def monotonic(self) -> float:
        """Return 0 seconds, always."""
        return 0.0

    def random_bytes(self, count: int) -> bytes:
        """Return zeros: nothing here needs chance."""
        return bytes(count)

    def boot_id(self) -> str:
        """Return that nothing is known."""
        return ""

    def machine_id(self) -> str:
        """Return that nothing is known."""
        return ""


@attrs.frozen
class FixedView:
    """A source of one view, as `PluginHost` takes it."""

    given: JournalView

    def view(self) -> JournalView:
        """Return that view."""
        return self.given


def view_of(drafts: Iterable[Written], *, me: str = "ana", kinds: Iterable[Kind] = ()) -> JournalView:
    """Return what one of the two sees when everything has arrived; ``kinds`` are known beside those of the core."""
    known = known_kinds(as_core_kind(kind) for kind in kinds)
    shared, private = (State(_PERSONS.get, book=_fixed(name, 32)) for name in ("shared", "private"))
    ids: dict[str, bytes] = {}
    for number, draft in enumerate(drafts, start=1):
        op = _op(number, draft, ids)
        kind = known.get(draft.kind)
        if (draft.audience or ("shared" if kind is None else kind.default_audience)) == "shared":
            shared.apply(op)
        elif draft.author == me:
            private.apply(op)
    books = [BookState(shared.snapshot(), "shared"), BookState(private.snapshot(), "private")]
    own = {key for key, person in _PERSONS.items() if person == _fixed(me, 16)}
    return JournalView.of(books, me=_fixed(me, 16), my_keys=own, kinds=known, zone=UTC)


def _op(number: int, draft: Written, ids: dict[str, bytes]) -> Op:
    ids[draft.key] = _fixed(f"entry {draft.key}", 32)
    refs = ((_RELATIONS[draft.kind], ids[draft.refers_to]),) if draft.refers_to else ()
    happened = int(draft.happened_at.timestamp() * 1000)
    write = Write(
        draft.kind, draft.content.schema, (happened, 0, "minute"), msgspec.Raw(encode(draft.content.to_fields())), refs
    )
    author = _fixed(draft.author, 32)
    stream, salt = _fixed(draft.author, 16), _fixed("salt", 16)
    return Op(ids[draft.key], author, stream, number, "write", (happened, number), salt, encode(write))


def exchanged(drafts: Iterable[Written]) -> list[Written]:
    """Return the same entries, each written by the other of the two."""
    return [attrs.evolve(draft, author=_OTHER[draft.author]) for draft in drafts]


def mixed(view: CutView, *, seed: int) -> CutView:
    """Return the same entries of a view for both, each given to either of the two by chance."""
    people = view.people
    chance = random.Random(seed)  # noqa: S311 - the same in each run
    entries = [attrs.evolve(entry, author=chance.choice(people)) for entry in view.entries()]
    return CutView(lambda: entries, zone=view.zone, me=None, people=people)


@lru_cache(maxsize=8)
def sample(count: int, *, marked: bool = False) -> tuple[Written, ...]:
    """Return so many entries of the sample couple; ``marked``: each text begins with `MARK`."""
    drafts = tuple(correspondence(count))
    if not marked:
        return drafts
    return tuple(
        attrs.evolve(draft, content=attrs.evolve(draft.content, text=f"{MARK} {draft.content.text}"))
        for draft in drafts
    )


def overridden(plugin: JournalPlugin) -> tuple[str, ...]:
    """Return the hooks that a plugin overrides."""
    return tuple(hook for hook in HOOKS if getattr(type(plugin), hook) is not getattr(JournalPlugin, hook))


def ask_every_hook(host: PluginHost, view: JournalView) -> dict[str, Any]:
    """Call every hook once, and return what each gave."""
    entry = next(view.entries(newest_first=True, limit=1), None)
    return {
        "kinds": dict(host.kinds),
        "prompts": host.prompts(),
        "choose_prompt": host.prompt(),
        "exercises": host.exercises(),
        "analyses": host.analyze(),
        "importers": [host.read_import(one.id, b"{}", kinds=view.kinds) for one in host.importers()],
        "exporters": [host.export(one.id) for one in host.exporters()],
        "render": None if entry is None else host.render(entry),
        "check_draft": host.check_draft(Draft(kind="note", text=f"{MARK} You always sing.")),
        "reminders": host.reminders(),
        "diagnostics": host.diagnostics(),
    }


class PluginContract(ABC):
    """The promises of every plugin; a subclass says how it is made, and what its manifest is.

    ``mode`` is where the hooks run; a worker is given what `make_host` of a subclass makes of it.
    """

    mode: Literal["process", "worker"] = "process"

    @abstractmethod
    def make_plugin(self) -> JournalPlugin:
        """Return a new plugin."""

    def manifest_data(self) -> bytes | None:
        """Return the bytes of its ``couplejournal.toml``; None where it has none yet."""
        return None

    def make_host(self, view: JournalView, report: list[str]) -> PluginHost:
        """Return a host of the plugin alone over a view; each failure is a line of ``report``."""
        return PluginHost(
            FixedView(view), {"tried": self.make_plugin()}, permissions={"tried": self._permissions}, zone=UTC,
            report=report.append, failures=Failures(), system=FixedClock(),
        )  # fmt: skip

    @property
    def _manifest(self) -> Manifest | None:
        data = self.manifest_data()
        return None if data is None else read_manifest(data)

    @property
    def _permissions(self) -> Permissions:
        manifest = self._manifest
        return EVERYTHING if manifest is None else manifest.permissions

    def _asked(self, drafts: Sequence[Written]) -> tuple[dict[str, Any], list[str]]:
        told: list[str] = []
        view = view_of(drafts, kinds=self.make_plugin().kinds())
        return ask_every_hook(self.make_host(view, told), view), told

    def test_the_manifest_names_the_hooks_that_there_are(self) -> None:
        """What the manifest provides is what the class overrides."""
        manifest = self._manifest
        if manifest is None:
            pytest.skip("no manifest was given")
        assert set(manifest.provides.hooks) == set(overridden(self.make_plugin()))

    def test_an_empty_journal_is_no_failure(self) -> None:
        """Every hook answers where nobody wrote anything yet."""
        assert self._asked(())[1] == []

    def test_unknown_kinds_are_no_failure(self) -> None:
        """Every hook answers where most entries are of kinds that nobody here knows."""
        drafts = [
            attrs.evolve(draft, content=_UNKNOWN("What the stars say."), refers_to=None) if number % 3 else draft
            for number, draft in enumerate(draft for draft in sample(60) if draft.refers_to is None)
        ]
        assert self._asked(drafts)[1] == []

    def test_many_entries_are_no_failure(self) -> None:
        """Every hook answers over 10,000 entries."""
        assert self._asked(sample(MANY))[1] == []

    def test_the_same_moment_gives_the_same_answers(self) -> None:
        """A plugin made anew gives what the one before gave, under a clock that stands."""
        assert self._asked(sample(300))[0] == self._asked(sample(300))[0]

    def test_no_word_of_the_journal_gets_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: Any
    ) -> None:
        """Marked texts are in no log, report, diagnostics, temporary file, nor on the screen."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        with caplog.at_level(logging.DEBUG):
            given, told = self._asked(sample(300, marked=True))
        shown = capfd.readouterr()
        said = (caplog.text, str(told), json.dumps(given["diagnostics"]), shown.out, shown.err)
        assert [text for text in said if MARK in text] == []
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path.name for path in files if MARK.encode() in path.read_bytes() or MARK in path.name] == []

    def test_results_for_both_do_not_tell_the_two_apart(self) -> None:
        """With the authors of all entries exchanged, every result for both is what it was."""
        drafts = sample(300)
        assert self._for_both(view_of(drafts)) == self._for_both(view_of(exchanged(drafts)))

    @pytest.mark.parametrize("seed", range(5))
    def test_results_for_both_do_not_depend_on_who_wrote_what(self, seed: int) -> None:
        """With each entry given to either by chance, every result for both is what it was, or not enough to say."""
        view = cut(view_of(sample(300)), self._permissions, "couple")
        before, after = self._run(view), self._run(mixed(view, seed=seed))
        assert [name for name, found in after.items() if found.is_enough and found != before[name]] == []

    def _for_both(self, view: JournalView) -> dict[str, AnalysisResult]:
        return self._run(cut(view, self._permissions, "couple"))

    def _run(self, view: CutView) -> dict[str, AnalysisResult]:
        request = AnalysisRequest(view=view, now=END, zone=UTC, language="en")
        return {one.id: one.run(request) for one in self.make_plugin().analyses() if one.scope == "couple"}
