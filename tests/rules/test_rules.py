"""The rules S1 to S22 over the registry: whatever kinds, steps, commands and analyses there are, now or later.

Each check is a function from parts to what is wrong with them, and each test plants a part that the check must find.
What no program can tell stands in docs/explanation/rules.md with the place where it is kept.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from rules.texts import ROOT, every_text
from unit.bundled.life import life
from unit.bundled.test_registry import BUNDLED, PACKS, made

from couplejournal.cli.answers import LIMITS, OVERLAP
from couplejournal.cli.catalogue import COMMANDS
from couplejournal.model.kinds import core_kinds
from couplejournal.model.lifecycle import Lifecycle, Transition
from couplejournal.plugins import CAVEAT, AnalysisResult, Author, Table
from couplejournal.plugins.comparing import ComparisonError, require_no_comparison
from couplejournal.plugins.guards import EVERYTHING, cut
from couplejournal.testing.views import view_of

PLUGIN_KINDS = [kind for pack in PACKS.values() for kind in pack.kinds]
LIFECYCLES = {
    **{one.name: one.lifecycle for one in core_kinds().values() if one.lifecycle is not None},
    **{one.name: one.lifecycle for one in PLUGIN_KINDS if one.lifecycle is not None},
}
PEOPLE = (Author("1", "Ana", is_me=True), Author("2", "Ben", is_me=False))
# What somebody may do to an entry of the other: say yes or no to it, take one's own part in it or back.
OWN_PART = {
    "accept", "acknowledge", "agree", "away", "against", "toward", "decline", "no", "not-yet", "offer", "received",
    "take-back", "second-chance", "yes", "nearly", "keep",
}  # fmt: skip


def kind(name: str, *fields: Any, lifecycle: Lifecycle | None = None, audience: str = "shared") -> Any:
    """Return a planted kind."""
    return SimpleNamespace(name=name, fields=fields, lifecycle=lifecycle, default_audience=audience)


def field(name: str, *, most: float | None = None) -> Any:
    """Return a field of a planted kind."""
    return SimpleNamespace(name=name, type="text" if most is None else "whole", most=most, choices=())


def words_of(kinds: Iterable[Any], commands: Iterable[str] = ()) -> set[str]:
    """Return every name that somebody meets: of kinds, their fields, choices, states and steps, and of commands."""
    found = set(commands)
    for one in kinds:
        rows = one.lifecycle.transitions if one.lifecycle else ()
        found |= {one.name, *(part for row in rows for part in (row.start, row.step, row.to))}
        found |= {part for item in one.fields for part in (item.name, *item.choices)}
    return {re.sub(r"[_-]+", " ", word) for word in found}


def stepping(name: str, start: str, step: str, to: str) -> Any:
    """Return a planted kind with one step."""
    return kind(name, lifecycle=Lifecycle(start, (Transition(start, step, to, by="either"),)))


def meet(pattern: str) -> Callable[[Iterable[Any], Iterable[str]], set[str]]:
    """Return a check that finds names with one of these words."""
    search = re.compile(rf"\b(?:{pattern})\b").search
    return lambda kinds, commands: {word for word in words_of(kinds, commands) if search(word)}


NAMES: dict[str, tuple[Callable[[Iterable[Any], Iterable[str]], set[str]], Any]] = {
    "S2 no request to see": (
        meet(r"seen|receipt|typing|location|online|last active|request|reveal|peek|read by|viewed"),
        kind("note", field("last_active")),
    ),
    "S5 nothing is owed": (
        meet(r"due|overdue|streak|points?|badge|level up|score|unanswered|missed|late|owed?|debt|failed|unresolved"),
        stepping("talk", "idea", "lapse", "overdue"),
    ),
    "S7 symmetry": (
        meet(r"owner role|admin|leader|head of|permission|allow|forbid|approve[ds]?|on behalf"),
        kind("rule", field("admin")),
    ),
    "S10 nobody deletes the other's copy": (
        meet(r"wipe|erase|purge|remote|lock partner|delete"),
        stepping("note", "kept", "erase", "gone"),
    ),
    "S15 no theatre of duress": (meet(r"decoy|duress|hidden|fake|panic|stealth|secret"), kind("hidden-volume")),
    "S16 consent is no data": (
        meet(r"consent(?:ed)?|cycle|period|weight|calories?|spending|spent|location|gps|sex frequency|how often"),
        kind("wish", field("consent")),
    ),
    "S17 no judge, no therapist": (
        meet(r"diagnos\w*|risk|odds|compatib\w*|symptom\w*|disorder|attachment style|health score|fault|guilty"),
        kind("checkin", field("risk")),
    ),
}


@pytest.mark.parametrize("rule", NAMES)
def test_names_keep_the_rule(rule: str) -> None:
    """S2, S5, S7, S10, S15, S16, S17: no kind, field, choice, state, step or command is for what a rule bans."""
    check, planted = NAMES[rule]
    every = [*PLUGIN_KINDS, *(one for name in BUNDLED for one in made(name).kinds())]
    core = [kind(one.name, lifecycle=one.lifecycle) for one in core_kinds().values()]
    assert check([*every, *core], COMMANDS) == set()
    assert check([*every, planted], COMMANDS)


def rated(kinds: Iterable[Any]) -> set[str]:
    """Return the kinds with a scale on which somebody is rated, and which are not private."""
    return {
        one.name
        for one in kinds
        if one.default_audience != "private"
        and any(item.type == "whole" and item.most is not None and item.most <= 10 for item in one.fields)
    }


def test_s1_a_scale_is_for_oneself() -> None:
    """S1: whatever rates how somebody is, on a scale of up to ten, is private unless its author says otherwise."""
    assert rated(PLUGIN_KINDS) == set()
    assert rated([*PLUGIN_KINDS, kind("mood", field("how", most=5))]) == {"mood"}


def test_s3_a_result_by_person_is_refused() -> None:
    """S3: the guard before each result for both refuses one by person; the contract of plugins exchanges the two."""
    for planted in (
        AnalysisResult(headline="Nine times thanks came from Ana."),
        AnalysisResult(
            headline="Thanks", tables=(Table(title="by", columns=("who", "n"), rows=(("me", 9), ("you", 3))),)
        ),
    ):
        with pytest.raises(ComparisonError):
            require_no_comparison(planted, PEOPLE)
    require_no_comparison(AnalysisResult(headline="Thanks on most days."), PEOPLE)


def labels(lifecycles: dict[str, Lifecycle]) -> set[tuple[str, str]]:
    """Return the steps by which somebody would say of the other's entry what it was."""
    return {
        (name, row.step)
        for name, one in lifecycles.items()
        for row in one.transitions
        if row.by == "other" and row.step not in OWN_PART
    }


def test_s4_nobody_labels_the_other() -> None:
    """S4: on an entry of the other somebody takes only a part of one's own: a yes, a no, an offer, one's own turn."""
    assert labels(LIFECYCLES) == set()
    planted = Lifecycle("open", (Transition("open", "overreacted", "closed", by="other"),))
    assert labels({"conflict": planted}) == {("conflict", "overreacted")}


def one_way(lifecycles: dict[str, Lifecycle]) -> set[tuple[str, str]]:
    """Return what asks for the yes of both and has no way to a no for the other, or none out again for one alone."""
    found = set()
    for name, one in lifecycles.items():
        for row in one.transitions:
            if row.by != "both":
                continue
            before = [other for other in one.transitions if other.start == row.start]
            refusals = {other.step for other in before if other.by in {"other", "either"}} - {row.step}
            ends = {other.step for other in one.transitions if other.start == row.to and other.by == "either"}
            if not (refusals and ends):
                found.add((name, row.step))
    return found


def test_s6_s8_a_no_is_as_near_as_a_yes_and_one_is_enough() -> None:
    """S6, S8: wherever both have to agree, the other can say no there, and either alone can end what was agreed."""
    assert one_way(LIFECYCLES) == set()
    yes, no = Transition("proposed", "agree", "in_force", by="both"), Transition("proposed", "no", "over", by="other")
    both_end, one_ends = (Transition("in_force", "end", "over", by=who) for who in ("both", "either"))
    assert one_way({"rule": Lifecycle("proposed", (yes, no, one_ends))}) == set()
    assert one_way({"rule": Lifecycle("proposed", (yes, one_ends))}) == {("rule", "agree")}
    assert one_way({"rule": Lifecycle("proposed", (yes, no, both_end))}) == {("rule", "agree"), ("rule", "end")}


def test_s6_every_prompt_can_be_skipped_and_s12_s18_have_their_commands() -> None:
    """S6, S12, S18: leaving out, resting, ending and help outside are one word each, beside all other commands."""
    assert {"skip", "pause", "leave", "export", "help-outside"} <= set(COMMANDS)


def test_s9_what_cannot_be_undone_is_said_before() -> None:
    """S9: sealing and sharing say what another program could do, and nothing on a screen says that it erases."""
    said = [one.text for one in every_text() if one.language == "en"]
    assert any("keep a copy" in text or "can keep" in text for text in said)
    assert "another program" in f"{LIMITS} {OVERLAP}"
    assert [text for text in said if promises_erasure(text)] == []
    assert promises_erasure("It is erased for both.")


def promises_erasure(text: str) -> bool:
    """Return whether a text says that something is gone for the other, too."""
    return bool(re.search(r"\b(erased|deleted|gone|removed) (?:for|from) (?:both|everyone|your partner)\b", text))


def test_s17_every_result_carries_its_caveat() -> None:
    """S17: no plugin can make a result without the sentence that it counts what was written down."""
    assert AnalysisResult(headline="x").caveat == CAVEAT
    assert AnalysisResult.not_enough("x").caveat == CAVEAT
    with pytest.raises(TypeError):
        AnalysisResult(headline="x", caveat="")  # type: ignore[call-arg]


def test_s19_tender_entries_are_in_no_view_of_an_analysis() -> None:
    """S19: a year in which every entry is marked tender or intimate shows an analysis nothing; unmarked, it shows."""
    plugins = [made(name) for name in BUNDLED]
    drafts = life(*plugins)[-40:]
    kinds = [one for plugin in plugins for one in plugin.kinds()]
    alone = [one for one in drafts if one.refers_to is None]
    assert list(cut(view_of(alone, kinds=kinds), EVERYTHING, "couple").entries())
    for mark in ("tender", "intimate"):
        marked = [attrs.evolve(one, content=attrs.evolve(one.content, tender=mark)) for one in alone]
        view = cut(view_of(marked, kinds=kinds), EVERYTHING, "couple")
        assert not list(view.entries())


def reaching(sources: dict[str, str]) -> set[str]:
    """Return the files that import something which reaches a network."""
    far = {"socket", "urllib", "http", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "ssl", "xmlrpc"}
    found = set()
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if far & {one.partition(".")[0] for one in names}:
                found.add(name)
    return found


def test_s20_s21_no_bundled_plugin_reaches_out_or_asks_to() -> None:
    """S20, S21: no bundled plugin asks for a network or imports one, and each says which tier it runs in."""
    sources = {str(path): path.read_text("utf-8") for path in (ROOT / "plugins").rglob("*.py")}
    assert sources
    assert reaching(sources) == set()
    assert reaching({"x": "import json\nfrom urllib.request import urlopen"}) == {"x"}
    for manifest in BUNDLED.values():
        assert manifest.permissions.network == ()
        assert manifest.tier == "isolated"
