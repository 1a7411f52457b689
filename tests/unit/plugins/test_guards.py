"""What no hook is ever given: random journals with marked words, every hook that is given something, and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.plugins.written import NOW, FixedSystem, Viewed, fixed, view_of

import couplejournal as cj
from couplejournal.model.kinds import Appreciation, Bid, Goal, Note, PartnerWords, PluginNotice
from couplejournal.plugins import (
    Analysis,
    AnalysisResult,
    Draft,
    Exporter,
    JournalPlugin,
    Permissions,
    PluginHost,
    Prompt,
)
from couplejournal.plugins.author import HOOKS
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.consent import FREE, Consent
from couplejournal.plugins.events import EVENTS
from couplejournal.plugins.guards import EVERYTHING, cut, is_readable
from couplejournal.plugins.lock import LockedPlugin
from couplejournal.plugins.workerdata import to_data
from couplejournal.testing import DriveSim, MemoryDisk, pair
from couplejournal.testing.couple import Draft as Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from couplejournal.model.content import Content
    from couplejournal.view import JournalView

KINDS: Final[dict[str, Callable[..., Content]]] = {
    "bid": Bid, "appreciation": Appreciation, "goal": Goal, "note": Note
}  # fmt: skip
READS: Final = ("counts", "mine", "partner")


class Marked:
    """An entry of one of the two, with a text of its own that can be found wherever it goes."""

    def __init__(self, number: int, author: str, kind: str, tender: str, audience: str) -> None:
        self.author, self.kind, self.tender, self.audience = author, kind, tender, audience
        self.text = f"canary-{number:03}-{author}-{kind}-{tender}-{audience}"
        content = KINDS[kind](self.text, tags=(f"tag-{self.text}",), tender=tender)
        at = NOW - timedelta(days=2) + timedelta(minutes=number)
        self.draft = Written(
            key=f"e{number}", author=author, content=content, happened_at=at, refers_to=None,  # type: ignore[arg-type]
            audience=audience,  # type: ignore[arg-type]
        )  # fmt: skip

    def is_forbidden(self, permissions: Permissions, scope: str, consent: str) -> bool:
        """Say it in other words than the guard: may these words be given?"""
        named = self.kind in permissions.kinds if permissions.kinds else self.kind != "note"
        if self.tender != "none" or not named or (self.author == "ben" and self.audience == "private"):
            return True
        reads_partner = "partner" in permissions.read and consent == "told"
        if scope == "couple":
            return self.audience == "private" or "mine" not in permissions.read or not reads_partner
        return "mine" not in permissions.read if self.author == "ana" else not reads_partner


@st.composite
def journals(draw: st.DrawFn) -> list[Marked]:
    """Return what two people wrote, of every mixture."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["ana", "ben"]), st.sampled_from(sorted(KINDS)),
                st.sampled_from(["none", "none", "tender", "intimate"]), st.sampled_from(["shared", "private"]),
            ),
            min_size=2,
            max_size=12,
        )
    )  # fmt: skip
    return [Marked(number, *row) for number, row in enumerate(rows)]


def permissions() -> st.SearchStrategy[Permissions]:
    """Return any permissions."""
    some = [tuple(name for name in READS if number & 1 << READS.index(name)) for number in range(8)]
    names = (*sorted(KINDS), "partner-words", "notice")
    kinds = st.sampled_from([(), names]) | st.sets(st.sampled_from(names)).map(lambda found: tuple(sorted(found)))
    read = st.sampled_from([("mine", "partner"), READS, *some])
    return st.builds(Permissions, read=read, kinds=kinds)


class Spy(JournalPlugin):
    """Keeps whatever a hook is given; a test asks that no hook is missing."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any]] = []

    def keep(self, hook: str, scope: str, value: Any) -> None:
        """Keep one argument."""
        self.seen.append((hook, scope, value))

    def analyses(self) -> Iterator[Analysis]:
        for scope in ("mine", "couple"):
            yield Analysis(id=scope, title=scope, scope=scope, run=self._analyzer(scope))

    def _analyzer(self, scope: str) -> Callable[[Any], AnalysisResult]:
        def run(request: Any) -> AnalysisResult:
            self.keep("analyses", scope, request)
            return AnalysisResult(headline="Seen.")

        return run

    def exporters(self) -> Iterator[Exporter]:
        yield Exporter(id="x", title="X", suffix=".x", export=self._export)

    def _export(self, request: Any) -> Iterator[bytes]:
        self.keep("exporters", "mine", request)
        yield b""


def _kept(hook: str) -> Callable[..., Any]:
    def answer(self: Spy, *given: Any) -> Any:
        for each in given:
            self.keep(hook, "mine", each)
        return [Prompt(id="one", text="One?")] if hook == "prompts" else getattr(JournalPlugin, hook)(self, *given)

    return answer


def spy() -> Spy:
    """Return a plugin that overrides every hook that there is, with its own signature."""
    made: dict[str, Any] = {}
    for hook in set(HOOKS) - {"analyses", "exporters"}:
        names = getattr(JournalPlugin, hook).__code__.co_varnames[: getattr(JournalPlugin, hook).__code__.co_argcount]
        line = f"def {hook}({', '.join(names)}): return kept({', '.join(names)})"
        space: dict[str, Any] = {"kept": _kept(hook)}
        exec(line, space)  # pluggy looks at the names of arguments
        made[hook] = space[hook]
    made_class: type[Spy] = type("SpyOnAll", (Spy,), made)
    return made_class()


def ask_all(view: JournalView, allowed: Permissions, consent: str, seen: Spy) -> list[str]:
    """Let every hook be asked, and return what went wrong."""
    told: list[str] = []
    host = PluginHost(
        Viewed(view), {"spy": seen}, permissions={"spy": allowed}, report=told.append, failures=Failures(),
        system=FixedSystem(), zone=UTC,
    )  # fmt: skip
    if consent != "nobody asks":
        notice = fixed("entry notice", 32).hex() if consent != "untold" else ""
        host._locked["spy"] = LockedPlugin(
            id="spy", distribution="others", version="", files={}, permissions=allowed, tier="isolated", notice=notice
        )  # fmt: skip
    host.prompt(), host.exercises(), host.analyze(), host.reminders(), host.diagnostics(), host.importers()
    host.export("x")
    entries = list(view.entries())
    for entry in entries:
        host.render(entry)
    host.check_draft(Draft(kind="note", text="canary-draft", tender="intimate"))
    host.check_draft(Draft(kind="bid", text="canary-draft-bid"))
    for hook in set(EVENTS) - {"on_synced"}:
        host.tell("spy", hook, [entry.id for entry in entries])
    host.tell_synced("spy", "ok", is_finished=True)
    return [line for line in told if "failed" in line]


def journal_of(written: list[Marked], allowed: Permissions, consent: str) -> JournalView:
    """Return Ana's view, with what the two said about plugins."""
    notice = PluginNotice("spy", read=allowed.read, kinds=allowed.kinds)
    said: list[tuple[str, str, Content]] = [("notice", "ana", notice)]
    if consent == "refused":
        said.append(("no", "ben", PartnerWords(may_read=False)))
    drafts = [
        Written(key=key, author=author, content=content, happened_at=NOW - timedelta(days=3), refers_to=None)  # type: ignore[arg-type]
        for key, author, content in said
    ]
    return view_of([*drafts, *(one.draft for one in written)])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journals(), permissions(), st.sampled_from(["told", "untold", "refused"]))
def test_no_hook_is_given_what_it_may_not_read(written: list[Marked], allowed: Permissions, consent: str) -> None:
    """Whatever is forbidden is in no argument of any hook, in process and as JSON; what is allowed is in the views."""
    seen = spy()
    # without the permission nobody has to be asked, and nothing of the partner is given either
    state = consent if "partner" in allowed.read else "nobody asks"
    assert ask_all(journal_of(written, allowed, consent), allowed, state, seen) == []
    for hook, scope, value in seen.seen:
        as_json = json.dumps(to_data(value))
        in_process = (
            repr([attrs.asdict(one) for one in value.view.entries()]) if hasattr(value, "view") else repr(value)
        )
        for one in written:
            is_forbidden = one.is_forbidden(allowed, scope, consent)
            assert not (is_forbidden and (one.text in as_json or one.text in in_process)), (hook, scope, one.text)
            if hook in ("analyses", "exporters", "reminders"):
                assert is_forbidden or (one.text in as_json and one.text in in_process), (hook, scope, one.text)
        assert "I ask that plugins" not in as_json
        assert '"partner-words"' not in as_json
        assert '"notice"' not in as_json
        if scope == "couple":
            assert '"is_me": true' not in as_json
            assert all(name not in as_json for name in ('"Ana"', '"Ben"'))


def test_every_hook_that_is_given_something_is_spied_on() -> None:
    """The test above asks every hook that there is: one that is new is missing here until it does."""
    seen = spy()
    written = [Marked(0, "ana", "bid", "none", "shared"), Marked(1, "ben", "bid", "none", "shared")]
    allowed = Permissions(read=READS, kinds=("bid",))
    ask_all(journal_of(written, allowed, "told"), allowed, "told", seen)
    given = {hook for hook in HOOKS if getattr(JournalPlugin, hook).__code__.co_argcount > 1}
    assert {hook for hook, _, _ in seen.seen} == given | {"analyses", "exporters"}


def test_sealed_answers_are_in_no_view(tmp_path: Path) -> None:
    """Before both answered, neither one's own answer nor the other's is given to anything; afterwards both are."""
    ana, ben = couple = pair(tmp_path, sim=DriveSim(2), disk=lambda _: MemoryDisk())
    ana.answers.seal("winter plans", "canary of Ana")
    couple.sync()

    def given() -> str:
        views = [cut(each.view(), EVERYTHING, scope, FREE) for each in couple for scope in ("mine", "couple")]
        return json.dumps([to_data(view) for view in views])

    assert "canary" not in given()
    ben.answers.seal("winter plans", "canary of Ben")
    assert "canary" not in given()
    couple.sync()
    found = given()
    assert found.count("canary of Ana") == found.count("canary of Ben") == 4
    couple.close()


def test_what_the_other_wrote_into_a_joint_entry_is_the_others(tmp_path: Path) -> None:
    """A goal of both that was revised may hold words of either: it takes both permissions, and both persons' yes."""
    ana, ben = couple = pair(tmp_path, sim=DriveSim(2), disk=lambda _: MemoryDisk())
    goal = ana.add(cj.Goal("A garden"))
    couple.sync()
    ben.revise(goal.id, cj.Goal("canary of Ben"))
    couple.sync()
    view = ana.view()
    for read, words in ((("mine",), []), (("partner",), []), (("mine", "partner"), ["canary of Ben"])):
        allowed = Permissions(read=read, kinds=("goal",))  # type: ignore[arg-type]
        assert [one.text for one in cut(view, allowed, "mine").entries()] == words
        assert is_readable(view.entry(goal.id), view.kinds, allowed) == bool(words)
    partner, allowed = frozenset({ben.view().me.person}), Permissions(read=("mine", "partner"), kinds=("goal",))
    for consent in (Consent(silent=partner), Consent(told="nobody")):
        assert list(cut(view, allowed, "mine", consent).entries()) == []
    couple.close()


@pytest.mark.parametrize("audience", ["both", "", "Shared"])
def test_an_audience_that_there_is_not_is_refused_alike(audience: str) -> None:
    """A cut view says no to it just as the journal's own view does, when it is asked."""
    view = view_of([Marked(0, "ana", "bid", "none", "shared").draft])
    for each in (view, cut(view, EVERYTHING, "mine")):
        with pytest.raises(ValueError, match="the audience is shared, private or waiting"):
            each.entries(audience=audience)
        assert len(list(each.entries(audience="shared"))) == 1
