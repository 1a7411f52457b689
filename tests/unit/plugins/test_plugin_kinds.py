from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from unit.plugins.written import Viewed, Writing, view_of

import couplejournal as cj
from couplejournal import plugins
from couplejournal.errors import InvalidEntryError, PluginError
from couplejournal.model.content import RawContent
from couplejournal.model.validity import require_valid
from couplejournal.plugins import Field, JournalPlugin, Kind, Lifecycle, PluginHost, Transition
from couplejournal.plugins import kinds as declaring
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.kinds import as_core_kind, kind_data, kind_from_data, kinds_declared
from couplejournal.plugins.manifest import Permissions
from couplejournal.testing.couples import pair

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WISH = Kind(
    "wish",
    fields=(Field("size", choices=("small", "large")), Field("weeks", "whole"), Field("words", "texts")),
    default_audience="shared",
    lifecycle=Lifecycle(
        "open",
        (Transition("open", "grant", "granted", "other"), Transition("open", "let-go", "let_go", "author")),
    ),
)
SECRET = Kind("secret-wish", tender="intimate")
WALK = Kind(
    "walk",
    fields=(Field("minutes", "whole", least=20, most=90), Field("on", "day"), Field("shoes", is_needed=True)),
    part_of=("wish", "goal"),
    needs_text=False,
)


class Wishes(JournalPlugin):
    def __init__(self, *given: Kind) -> None:
        self.given = given

    def kinds(self) -> Iterable[Kind]:
        return self.given


def hosted(**given: JournalPlugin) -> tuple[PluginHost, list[str]]:
    """Return a host of these plugins, and what it reports."""
    told: list[str] = []
    return PluginHost(Viewed(view_of([])), given, report=told.append, failures=Failures()), told


def test_kind_survives_as_data() -> None:
    """A kind becomes JSON and the same kind again, its lifecycle included."""
    for kind in (WISH, WALK):
        assert kind_from_data(json.loads(json.dumps(kind_data(kind)))) == kind


@pytest.mark.parametrize(
    "data",
    [
        {}, {"name": 5}, {"name": "Wish"}, {"name": "wish", "odd": 1}, {"name": "wish", "fields": [{"type": "text"}]},
        {"name": "wish", "tender": "very"}, {"name": "wish", "lifecycle": {"initial": "open"}},
        {"name": "wish", "lifecycle": {"initial": "o", "transitions": [{"from": "o", "step": "s", "by": 1}]}},
    ],
)  # fmt: skip
def test_data_that_declares_no_kind_is_refused(data: dict[str, Any]) -> None:
    """Missing names, unknown fields, values outside the lists: one error for whoever reads it."""
    with pytest.raises(PluginError, match="does not fit"):
        kind_from_data(data)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Field("text"),
        lambda: Field("extra"),
        lambda: Field("weeks", "whole", choices=("1",)),
        lambda: Field("a", least=1),
        lambda: Field("on", "day", choices=("2026-01-31",)),
        lambda: Kind("a b"),
        lambda: Kind("walk", part_of=("a b",)),
        lambda: Kind("wish", fields=(Field("a"), Field("a"))),
        lambda: Kind("wish", lifecycle=Lifecycle("open", (Transition("open", "S", "x", "either"),))),
        lambda: Kind("wish", lifecycle=Lifecycle("open", (Transition("open", "s", "x", "either", when={"a": "b"}),))),
    ],
)
def test_kinds_that_cannot_be_kept(make: Callable[[], object]) -> None:
    """A field that every kind has, two of one name, a state that nobody could name: refused where they are made."""
    with pytest.raises(ValueError, match=r"a |only"):
        make()


def test_the_class_of_a_kind_is_made_when_it_is_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Knowing a kind costs no class; equal kinds have the same one, and a changed kind keeps it."""
    made: list[str] = []
    make = declaring._content_of

    def counted(name: str, *given: Any, **own: Any) -> Any:
        made.append(name)
        return make(name, *given, **own)

    monkeypatch.setattr(declaring, "_content_of", counted)
    one, other = (as_core_kind(Kind("stroll", fields=[Field("where")])) for _ in range(2))
    assert (made, one.name, one.default_audience) == ([], "stroll", "private")
    assert one.content is other.content
    assert made == ["stroll", "stroll"]
    assert one == other
    assert hash(one) == hash(other)
    assert attrs.evolve(one, tender="tender").content is one.content


def test_nobody_alters_a_kind_of_the_core_or_of_another() -> None:
    """A kind of the core is refused, and of two plugins that declare one neither has it; the rest stands."""
    host, told = hosted(ant=Wishes(Kind("bid"), WISH), bee=Wishes(WISH, SECRET))
    assert {name: plugin for name, (plugin, _) in host.kinds.items()} == {"secret-wish": "bee"}
    assert [line.split(":")[0] for line in told[:3]] == [
        "plugin ant failed in kind bid", "plugin ant failed in kind wish", "plugin bee failed in kind wish",
    ]  # fmt: skip


def test_journal_writes_steps_and_reads_it(tmp_path: Path) -> None:
    """An entry of a plugin's kind is written, folded, found and listed; without the kind it stays, raw."""
    kinds = [as_core_kind(WISH), as_core_kind(SECRET)]
    cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE).close()
    with cj.open(home=tmp_path, kinds=kinds) as journal:
        wish = journal.view().kinds["wish"].content
        entry = journal.add(wish("a long walk", size="large", weeks=3))  # type: ignore[call-arg]
        assert (entry.audience, entry.state) == ("waiting", "open")
        with pytest.raises(InvalidEntryError, match="one of: small, large"):
            journal.add(wish("x", size="huge"))  # type: ignore[call-arg]
        assert journal.view().steps_allowed(entry.id) == ("let-go",)
        journal.step(entry, "let-go")
        secret = journal.add(journal.view().kinds["secret-wish"].content("only here"))
        assert secret.content.tender == "intimate"
        assert journal.entry(entry.id).state == "let_go"
        assert [found.id for found in journal.view().entries(text="long walk")] == [entry.id]
    with cj.open(home=tmp_path) as journal:
        off = journal.entry(entry.id)
        assert isinstance(off.content, RawContent)
        assert off.content.to_fields() == {"text": "a long walk", "size": "large", "weeks": 3}
        assert off.state is None
        assert journal.entry(secret.id).content.tender == "intimate"
        journal.export(tmp_path / "out", include_tender=True)
    kept = "".join(path.read_text("utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "a long walk" in kept


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"minutes": 19}, "minutes is 20 or more"), ({"minutes": 91}, "minutes is 90 or less"),
        ({"on": "2026-02-30"}, "day such"), ({"on": "20260131"}, "day such"),
        ({"on": "2026-01-31 "}, "day such"), ({"shoes": ""}, "needs the field shoes"),
    ],
)  # fmt: skip
def test_values_beyond_what_a_field_allows_are_refused(fields: dict[str, Any], said: str) -> None:
    """A number beyond its limits, what is no day, a needed field that is empty: the message says what would do."""
    content: Any = as_core_kind(WALK).content
    require_valid(content(shoes="old", minutes=20, on="2026-01-31"))
    with pytest.raises(InvalidEntryError, match=said):
        require_valid(content(**({"shoes": "old"} | fields)))


def test_an_entry_may_belong_to_another(tmp_path: Path) -> None:
    """A kind says to which kinds an entry may belong; it need not, and belongs to no other, and changes no state."""
    kinds = [as_core_kind(kind) for kind in (WISH, WALK)]
    cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE)
    with cj.open(home=tmp_path, kinds=kinds) as journal:
        wish_of: Any = kinds[0].content
        walk_of: Any = kinds[1].content
        wish = journal.add(wish_of("A dog"))
        walk = journal.add(walk_of(shoes="old"), refs={"part_of": wish})
        assert walk.refs == (cj.Ref("part_of", wish.id),)
        assert [one.id for one in journal.view().thread(walk.id)] == [wish.id, walk.id]
        assert journal.entry(wish.id).state == "open"
        assert journal.add(walk_of(shoes="old")).refs == ()
        note = journal.add(cj.Note("x"))
        with pytest.raises(InvalidEntryError, match="does not belong"):
            journal.add(walk_of(shoes="old"), refs={"part_of": note})


def test_what_both_agreed_to_is_not_rewritten(tmp_path: Path) -> None:
    """Once both have said yes to an entry of a plugin's kind its words stay; before, and after a step back, not."""
    rows = (Transition("proposed", "agree", "held", "both"), Transition("held", "reopen", "proposed", "either"))
    rule = Kind("rule", default_audience="shared", joint=True, lifecycle=Lifecycle("proposed", rows))
    couple = pair(tmp_path, kinds=[rule])
    ana, ben = couple
    make: Any = as_core_kind(rule).content
    entry = ana.add(make("No phones at supper"))
    ana.revise(entry, make("No phones in bed"))
    couple.sync()
    ben.step(entry.id, "agree")
    couple.sync()
    for person in (ana, ben):
        with pytest.raises(InvalidEntryError, match="both have said yes"):
            person.revise(entry.id, make("Show me your phone"))
    assert ana.entry(entry.id).text == "No phones in bed"
    ben.step(entry.id, "reopen")
    ben.revise(entry.id, make("No phones at all"))


def test_two_kinds_of_one_name_are_a_programmers_mistake(tmp_path: Path) -> None:
    """A journal opened with a kind of the core again is refused."""
    cj.create("Ana", home=tmp_path, passphrase=cj.NO_PASSPHRASE).close()
    with pytest.raises(ValueError, match="kind of the core"):
        cj.open(home=tmp_path, kinds=[as_core_kind(Kind("bid"))])


def test_what_does_not_fit_is_left_out() -> None:
    """Kinds come from what the lock says; what does not fit there, or is of the core, is left out."""
    declared: list[tuple[str, dict[str, Any]]] = [
        ("a", kind_data(WISH)),
        ("a", {"name": "Bad"}),
        ("b", kind_data(Kind("bid"))),
    ]
    assert [kind.name for kind in kinds_declared(declared)] == ["wish"]


def test_tender_kinds_stay_out_of_views() -> None:
    """Nothing of a tender kind is in a view of a plugin, and a kind of one's own is when the permissions name it."""
    from couplejournal.plugins.guards import cut

    writing = Writing()
    writing.add("ana", cj.Note("plain"))
    writing.add("ana", cj.Note("soft", tender="tender"))
    view = view_of(writing.drafts)
    assert [entry.text for entry in cut(view, Permissions(read=("mine",), kinds=("note",)), "mine").entries()] == [
        "plain"
    ]


def test_public_enable_records_kinds() -> None:
    """The public `enable` is the one that writes down the kinds."""
    assert plugins.enable.__module__ == "couplejournal.plugins.recording"
