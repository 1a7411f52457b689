"""Exercises and templates of packs: in the nearest language, filled in once, and every fault with its place."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.plugins.written import NOW, FixedSystem, Viewed, Writing, view_of

from couplejournal.model.entry import Author, Entry
from couplejournal.model.kinds import RawContent
from couplejournal.plugins import PluginHost
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.kinds import as_core_kind
from couplejournal.plugins.manifest import Permissions
from couplejournal.plugins.packs import check_pack, manifest_of, read_pack
from couplejournal.plugins.packsplugin import PackPlugin
from couplejournal.plugins.packstexts import Template, TemplateError, nearest

PACK = '''id = "evening"
summary = "For the evening."

[[exercises]]
id = "breath"
title.en = "One minute"
title.de = "Eine Minute"
writes = "walk"
steps = [
  {text.en = "Sit side by side.", text.de = "Setzt euch."},
  {text = "Breathe.", seconds = 60},
]

[[kinds]]
name = "walk"
fields = [{name = "where"}, {name = "km", type = "number"}, {name = "wet", type = "yes-no"}]
template.en = """
To {where}: {text}
{km} km, wet: {wet}
{{as it was}}"""
template.de = "Nach {where}: {text}"
'''
WALK: Any = as_core_kind(read_pack(PACK.encode()).kinds[0]).content


def entry(content: Any) -> Entry:
    """Return an entry with a content."""
    return Entry(
        id="a" * 64, kind="walk", content=content, author=Author("b" * 32, "Ben", is_me=False), audience="shared",
        happened_at=NOW, precision="day", recorded_at=NOW,
    )  # fmt: skip


def host(text: str = PACK) -> PluginHost:
    """Return a host of one pack, which nobody allowed to read anything."""
    made = PluginHost(
        Viewed(view_of(Writing().drafts)), {"evening": PackPlugin(read_pack(text.encode()))},
        permissions={"evening": Permissions()}, report=_refuse, system=FixedSystem(), failures=Failures(), zone=UTC,
    )  # fmt: skip
    made._own_kinds["evening"] = frozenset({"walk"})  # as a lock has it
    return made


def _refuse(line: str) -> None:
    raise AssertionError(line)


@pytest.mark.parametrize(("language", "title"), [("de-AT", "Eine Minute"), ("de", "Eine Minute"), ("fr", "One minute")])
def test_an_exercise_in_the_nearest_language(language: str, title: str) -> None:
    """One exercise of each id, with its steps, timers and what may be written; a step's only text is for all."""
    (one,) = host().exercises(language=language)
    assert (one.id, one.title, one.writes) == ("evening/breath", title, "walk")
    assert [step.seconds for step in one.steps] == [None, 60]
    assert one.steps[1].text == "Breathe."


def test_a_template_needs_no_permission_and_shows_the_fields() -> None:
    """Fields stand where their names are, a line without any is left out, brackets come twice, languages fall back."""
    full = entry(WALK("a {km} {{hill}}", where="the lake", km=2.5, wet=False))
    for language, blocks in (
        ("en", ("To the lake: a {km} {{hill}}", "2.5 km, wet: no", "{as it was}")),
        ("de-CH", ("Nach the lake: a {km} {{hill}}",)),
    ):
        found = host().render(full, language=language)
        assert found is not None
        assert found.blocks == blocks
    short = host().render(entry(WALK("home")))
    assert short is not None
    assert short.blocks == ("To : home", "{as it was}")


def test_what_cannot_be_read_has_the_plain_rendering() -> None:
    """A raw content, another kind, and a pack whose kind it is not: no rendering."""
    assert host().render(entry(RawContent("walk", 2, {}))) is None
    assert host().render(attrs.evolve(entry(WALK("x")), kind="run")) is None
    stranger = host()
    stranger._own_kinds.clear()
    assert stranger.render(entry(WALK("x"))) is None


def test_hooks_follow_from_what_there_is() -> None:
    """A pack with a template renders, one with exercises has exercises, and neither asks to read anything."""
    manifest = manifest_of(read_pack(PACK.encode()))
    assert set(manifest.provides.hooks) == {"exercises", "kinds", "render"}
    assert manifest.permissions == Permissions()


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "said"),
    [
        ("To {where}: {text}", "To {wher}: {text}", 18, 4, "did you mean {where}?"),
        ("{km} km, wet: {wet}", "{km} km, wet: {wet.real}", 19, 15, "no such field"),
        ("{km} km", "{km!r} km", 19, 1, "no such field"),
        ("{km} km", "{km:>9} km", 19, 1, "no such field"),
        ("{km} km", "{km km", 19, 1, "is written twice"),
        ("{{as it was}}", "as it was}", 20, 10, "is written twice"),
        ("Nach {where}", "Nach \\u007bN\\u00e4he {ort}", 21, 21, "is written twice"),
        ("Nach {where}", "N\\u00e4he \\u2192 {ort}", 21, 33, "there are: text, tags"),
        ("seconds = 60", "seconds = 0", 11, 23, "seconds is a whole number from 1"),
        ("{text = ", "{txt = ", 11, 3, "text is missing here"),
        ('writes = "walk"', 'writes = "A walk"', 8, 1, "writes must be a kind"),
        ('id = "breath"', 'id = "breath"\ntimer = 3', 6, 1, "nothing is called timer here"),
    ],
)  # fmt: skip
def test_faults_name_line_and_column(old: str, new: str, line: int, column: int, said: str) -> None:
    """Each fault stands at its character of the template, or at its key."""
    assert PACK.count(old) == 1
    _, faults = check_pack(PACK.replace(old, new).encode())
    assert any((one.line, one.column) == (line, column) and said in one.message for one in faults), faults


def test_exercises_have_steps_and_templates_an_end() -> None:
    """No step, too many steps and too many lines are refused."""
    start, end = PACK.index("steps = ["), PACK.index("]\n\n[[kinds]]")
    assert check_pack((PACK[:start] + "steps = [" + PACK[end:]).encode())[0] is None
    many = "{text = 'x'}," * 51
    assert check_pack((PACK[:start] + "steps = [" + many + PACK[end:]).encode())[0] is None
    with pytest.raises(TemplateError, match="at most 100 lines"):
        Template.parse("x\n" * 101, ())


def test_nearest_language() -> None:
    """The tag, its language, another one of that language, English, the first."""
    assert [nearest(held, tag) for held, tag in (
        (["en", "de-AT", "de"], "de_AT"), (["en", "de"], "de-AT"), (["en", "de-AT"], "de"), (["fr", "en-GB"], "de"),
        (["fr", "it"], "de"),
    )] == ["de-AT", "de", "de-AT", "en-GB", "fr"]  # fmt: skip


@given(st.just("{text}") | st.text(alphabet="{}abtext wher\n.!:[]\u2028", max_size=60), st.text(max_size=30))
def test_templates_never_raise_otherwise_and_never_look_again(text: str, words: str) -> None:
    """Any template is refused with a place in it, or filled in; what an entry says comes out as it is."""
    template = parsed(text)
    if isinstance(template, int):
        assert 0 <= template <= len(text)
        return
    blocks = template.filled(entry(WALK(words, where="")))
    assert blocks is not None
    if text == "{text}":
        assert blocks == ((words,) if words else ())


def parsed(text: str) -> Template | int:
    """Return a template, or the offset where it does not fit."""
    try:
        return Template.parse(text, ("where",))
    except TemplateError as error:
        return error.offset


def test_the_pack_of_the_tutorial_is_sound_and_does_what_it_says() -> None:
    """The blocks of docs/tutorial/first-pack.md, one after the other, are one pack with all its parts."""
    page = (Path(__file__).parents[3] / "docs" / "tutorial" / "first-pack.md").read_text("utf-8")
    pack, faults = check_pack("\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)).encode())
    assert faults == ()
    assert pack is not None
    found = (len(pack.prompts), len(pack.exercises), len(pack.kinds), len(pack.metrics), list(pack.templates))
    assert found == (2, 1, 1, 1, ["walk"])
    walk: Any = as_core_kind(pack.kinds[0]).content
    shown = pack.templates["walk"]["en"].filled(entry(walk("After supper?", where="the lake")))
    assert shown == ("To the lake: After supper?",)
    said = re.search(r"`line 6, column 1: (nothing is called kined here[^`]*)`", page)
    assert said is not None
    first = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0]
    assert str(check_pack(first.replace("kind =", "kined =").encode())[1][0]) == f"line 6, column 1: {said[1]}"
