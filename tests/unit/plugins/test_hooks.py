"""Every hook by a plugin that has it, and by plugins that fail in every way."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import count, repeat
from typing import TYPE_CHECKING, Any

import click
import pytest
from unit.plugins.written import NOW, FixedSystem, Viewed, Writing, view_of

from couplejournal.model.kinds import Appreciation, Bid, Note
from couplejournal.plugins import (
    Analysis,
    AnalysisRequest,
    AnalysisResult,
    ChoosePrompt,
    Draft,
    EntryEvent,
    Exercise,
    ExerciseStep,
    Exporter,
    ExportRequest,
    Importer,
    ImportRequest,
    JournalPlugin,
    Kind,
    Notice,
    Permissions,
    PluginHost,
    Prompt,
    PromptRequest,
    Reminder,
    ReminderRequest,
    Rendered,
    RenderRequest,
    SyncEvent,
    Table,
)
from couplejournal.plugins.author import HOOKS
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.events import EVENTS
from couplejournal.plugins.guards import PARTS_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from couplejournal.plugins.result import JSON

SECRET = "the secret that only the two of us know"


class Whole(JournalPlugin):
    """Has every hook, and remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def kinds(self) -> Iterable[Kind]:
        yield Kind("wish")

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        yield Prompt(id="one", text="One?")
        yield Prompt(id="two", text="Two?")

    def choose_prompt(self, request: ChoosePrompt) -> str | None:
        return request.prompts[-1].id

    def exercises(self) -> Iterable[Exercise]:
        yield Exercise(id="gaze", title="Gaze", steps=(ExerciseStep(text="Look.", seconds=30),))

    def analyses(self) -> Iterable[Analysis]:
        yield Analysis(id="seen", title="Seen", run=lambda request: AnalysisResult(headline=_texts(request)))

    def importers(self) -> Iterable[Importer]:
        yield Importer(id="lines", title="One entry a line", read=_read)

    def exporters(self) -> Iterable[Exporter]:
        yield Exporter(id="lines", title="One line an entry", suffix=".txt", export=_export)

    def render(self, request: RenderRequest) -> Rendered | None:
        return Rendered(blocks=(f"* {request.entry.text}",)) if request.entry.kind == "note" else None

    def check_draft(self, draft: Draft) -> Iterable[Notice]:
        if "always" in draft.text:
            yield Notice(text="Is it always?")

    def reminders(self, request: ReminderRequest) -> Iterable[Reminder]:
        yield Reminder(id="talk", text="Ten minutes?", at=request.now + timedelta(days=1))

    def commands(self) -> Iterable[click.Command]:
        yield click.Command("cards")

    def on_entry_added(self, event: EntryEvent) -> None:
        self.heard.append(("added", *(entry.text for entry in event.entries)))

    def on_entry_revised(self, event: EntryEvent) -> None:
        self.heard.append(("revised", *(entry.text for entry in event.entries)))

    def on_opened(self, event: EntryEvent) -> None:
        self.heard.append(("opened", *(entry.text for entry in event.entries)))

    def on_conflict(self, event: EntryEvent) -> None:
        self.heard.append(("conflict", *(entry.text for entry in event.entries)))

    def on_synced(self, event: SyncEvent) -> None:
        self.heard.append(("synced", event.drive, event.is_finished))

    def diagnostics(self) -> Mapping[str, JSON]:
        return {"words": 7}


def _texts(request: AnalysisRequest | ExportRequest) -> str:
    return " ".join(entry.text for entry in request.view.entries())


def _read(data: bytes, request: ImportRequest) -> Iterator[Draft]:
    for line in data.decode().splitlines():
        yield Draft(kind="note", text=line, happened_at=request.now)


def _export(request: ExportRequest) -> Iterator[bytes]:
    for entry in request.view.entries():
        yield entry.text.encode() + b"\n"


def hosted(*, permissions: Permissions | None = None, **given: JournalPlugin) -> tuple[PluginHost, list[str]]:
    """Return a host of these plugins over four entries, and what it reports."""
    writing = Writing()
    writing.add("ana", Appreciation("mine"))
    writing.add("ben", Appreciation("theirs"))
    writing.add("ana", Note("private"))
    writing.add("ana", Bid(SECRET, tender="intimate"))
    told: list[str] = []
    host = PluginHost(
        Viewed(view_of(writing.drafts)), given, report=told.append, failures=Failures(), system=FixedSystem(), zone=UTC,
        permissions={} if permissions is None else dict.fromkeys(given, permissions),
    )  # fmt: skip
    return host, told


def every_hook(host: PluginHost) -> dict[str, Any]:
    """Call every hook once and return what each gave."""
    note = next(host._source.view().entries(kind="note"))
    for plugin in host.plugins:
        for hook in EVENTS[:-1]:
            host.tell(plugin.id, hook, [entry.id for entry in host._source.view().entries()])
        host.tell_synced(plugin.id, "late", is_finished=False)
        host.commands(plugin.id)
    return {
        "kinds": sorted(host.kinds),
        "prompts": [one.id for one in host.prompts()],
        "choose_prompt": getattr(host.prompt(), "id", None),
        "exercises": [one.id for one in host.exercises()],
        "analyses": [one.result for one in host.analyze()],
        "importers": [one.id for one in host.importers()],
        "exporters": [one.id for one in host.exporters()],
        "render": host.render(note),
        "check_draft": host.check_draft(Draft(kind="note", text="You always do.")),
        "reminders": [one.id for one in host.reminders()],
        "diagnostics": host.diagnostics(),
    }


def test_every_hook_answers() -> None:
    """Each hook reaches the plugin, and its answer comes back under the plugin's id."""
    host, told = hosted(whole=Whole())
    assert every_hook(host) == {
        "kinds": ["wish"],
        "prompts": ["whole/one", "whole/two"],
        "choose_prompt": "whole/two",
        "exercises": ["whole/gaze"],
        "analyses": [AnalysisResult(headline="mine theirs")],
        "importers": ["whole/lines"],
        "exporters": ["whole/lines"],
        "render": Rendered(blocks=("* private",)),
        "check_draft": (("whole", Notice(text="Is it always?")),),
        "reminders": ["whole/talk"],
        "diagnostics": {"whole": {"words": 7}},
    }
    assert [getattr(one, "name", None) for one in host.commands("whole")] == ["cards"]
    assert host.export("lines") == b"mine\ntheirs\nprivate\n"
    assert told == []


def test_every_event_is_heard() -> None:
    """Each event reaches the plugin with the entries that it may read, as they stand, in batches, and no other."""
    whole = Whole()
    host, told = hosted(whole=whole, permissions=Permissions(read=("mine",), kinds=("appreciation", "note", "bid")))
    ids = [entry.id for entry in host._source.view().entries()]
    for hook in EVENTS[:-1]:
        host.tell("whole", hook, [*ids, *ids, "0" * 64])
    host.tell_synced("whole", "ok", is_finished=True)
    words = ("mine", "private")
    assert whole.heard == [("added", *words), ("revised", *words), ("opened", *words), ("conflict", *words),
                           ("synced", "ok", True)]  # fmt: skip
    host.tell("whole", "on_entry_added", [entry.id for entry in host._source.view().entries() if not entry.is_mine])
    assert len(whole.heard) == 5  # there is nothing that it may hear
    assert told == []


def raises(*_: object, **__: object) -> Any:
    """Fail."""
    raise ValueError(SECRET)


def exits(*_: object, **__: object) -> Any:
    """Try to end the program."""
    raise SystemExit(3)


def endless(*_: object, **__: object) -> Any:
    """Give what never ends."""
    return (number for number in count())


def odd(*_: object, **__: object) -> Any:
    """Give texts where values are promised."""
    return repeat(SECRET, 3)


def huge(*_: object, **__: object) -> Any:
    """Give a gigantic text."""
    return "x" * 10_000_000


def number(*_: object, **__: object) -> Any:
    """Give what nobody can iterate over."""
    return 7


@pytest.mark.parametrize("does", [raises, exits, endless, odd, huge, number])
@pytest.mark.parametrize("hook", HOOKS)
def test_no_hook_can_break_another(hook: str, does: Callable[..., Any]) -> None:
    """Whatever one plugin does in a hook, the others answer as before; it is named once, without its text."""
    bad = type("Bad", (JournalPlugin,), {hook: does})()
    host, told = hosted(bad=bad, whole=Whole())
    found, expected = every_hook(host), every_hook(hosted(whole=Whole())[0])
    if hook == "diagnostics":
        assert found["diagnostics"].pop("bad") is None
    assert found == expected
    named = [line for line in told if line.startswith(f"plugin bad failed in {hook}: ")]
    # what the owner of a choice answers that is no prompt of ours is passed over, not a failure
    assert len(named) == (0 if (hook, does) == ("choose_prompt", huge) else 1)
    assert SECRET not in str(told)


@pytest.mark.parametrize("hook", HOOKS)
def test_keyboard_interrupt_passes(hook: str) -> None:
    """The person at the keyboard is stopped by no hook."""

    def interrupted(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        every_hook(hosted(bad=type("Bad", (JournalPlugin,), {hook: interrupted})(), whole=Whole())[0])


READS = [
    ((), "mine", []),
    (("mine",), "mine", ["mine", "private"]),
    (("partner",), "mine", ["theirs"]),
    (("mine", "partner"), "mine", ["mine", "theirs", "private"]),
    (("counts",), "mine", ["", "", ""]),
    (("mine",), "couple", []),
    (("partner",), "couple", []),
    (("counts",), "couple", ["", ""]),
    (("mine", "counts"), "couple", ["", ""]),
    (("mine", "partner"), "couple", ["mine", "theirs"]),
]


@pytest.mark.parametrize(("read", "scope", "texts"), READS)
def test_views_are_cut_to_what_may_be_read(read: Any, scope: Any, texts: list[str]) -> None:
    """Whose words, for whom: of both or of neither where both see the result, and nothing tender in any case."""
    seen: list[list[str]] = []

    class Looking(JournalPlugin):
        def analyses(self) -> Iterable[Analysis]:
            yield Analysis(id="look", title="Look", scope=scope, run=self.look)

        def look(self, request: AnalysisRequest) -> AnalysisResult:
            entries = list(request.view.entries())
            seen.append([entry.text for entry in entries])
            assert all(entry.author.name == "" and not entry.is_mine for entry in entries if scope == "couple")
            assert (request.view.me is None) == (scope == "couple")
            return AnalysisResult(headline="Looked.")

    permissions = Permissions(read=read, kinds=("appreciation", "note", "bid"))
    hosted(permissions=permissions, looking=Looking())[0].analyze()
    assert seen == [texts]


def test_kinds_that_are_not_named_are_not_there() -> None:
    """The view has the kinds that the manifest names and no other, not in a thread either."""
    permissions = Permissions(read=("mine", "partner"), kinds=("note",))
    assert hosted(permissions=permissions, whole=Whole())[0].export("lines") == b"private\n"


@pytest.mark.parametrize(
    "table",
    [
        Table(title="by person", columns=("who", "thanks"), rows=(("me", 3), ("partner", 9))),
        Table(title="thanks", columns=("You", "Partner"), rows=((3, 9),)),
    ],
)
def test_results_by_person_are_refused(table: Table) -> None:
    """A result for both whose rows or columns are persons is no result; the same for oneself is."""

    class Comparing(JournalPlugin):
        def analyses(self) -> Iterable[Analysis]:
            for scope in ("couple", "mine"):
                result = AnalysisResult(headline="Compared.", tables=(table,))
                yield Analysis(id=scope, title="Compare", scope=scope, run=lambda _, found=result: found)  # type: ignore[misc]

    host, told = hosted(comparing=Comparing())
    assert [one.result is None for one in host.analyze()] == [True, False]
    assert "must not be by person" in told[0]


def test_gigantic_results_are_refused() -> None:
    """A result that no screen could hold is the plugin's failure."""
    rows = tuple((number,) for number in range(PARTS_LIMIT + 1))

    class Huge(JournalPlugin):
        def analyses(self) -> Iterable[Analysis]:
            table = Table(title="x", columns=("n",), rows=rows)
            yield Analysis(id="a", title="A", run=lambda _: AnalysisResult(headline="x", tables=(table,)))
            yield Analysis(id="b", title="B", run=lambda _: AnalysisResult(headline="x" * 10_000_000))

    assert [one.result for one in hosted(huge=Huge())[0].analyze()] == [None, None]


def test_the_request_has_the_moment_of_the_machine() -> None:
    """Reminders get the clock that the host was given."""
    assert hosted(whole=Whole())[0].reminders()[0].at == NOW + timedelta(days=1)
