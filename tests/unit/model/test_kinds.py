"""Kinds and contents: what is stored, what comes back, and what may not be written."""

from __future__ import annotations

import copy
import math
import pickle
from types import MappingProxyType
from typing import ClassVar

import attrs
import pytest

from couplejournal.errors import InvalidEntryError
from couplejournal.model.kinds import (
    JSON,
    Appreciation,
    Bid,
    Content,
    Goal,
    Kind,
    Milestone,
    Note,
    RawContent,
    RefRule,
    Response,
    Step,
    core_kinds,
    decode_content,
    require_valid,
)


@attrs.frozen
class Checkin(Content):
    """A kind of a plugin, with other types of fields than the core has."""

    kind: ClassVar[str] = "checkin"
    schema: ClassVar[int] = 2
    needs_text: ClassVar[bool] = False

    close: int = attrs.field(kw_only=True)
    hours: float = attrs.field(default=0.0, kw_only=True)
    alone: bool | None = attrs.field(default=None, kw_only=True)
    words: tuple[str, ...] = attrs.field(default=(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what this plugin does not like."""
        if self.close > 4:
            raise RuntimeError("too close")


WITH_CHECKIN = {**core_kinds(), "checkin": Kind("checkin", Checkin, default_audience="private")}


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (Bid("a song?"), {"text": "a song?"}),
        (Bid("a", what="song", hoped_for="yes"), {"text": "a", "what": "song", "hoped_for": "yes"}),
        (Response.toward("Yes."), {"turn": "toward", "text": "Yes."}),
        (Response.away(), {"turn": "away"}),
        (Response.against(tender="tender"), {"turn": "against", "tender": "tender"}),
        (Appreciation("a", says_about_you="b"), {"text": "a", "says_about_you": "b"}),
        (Goal("a"), {"text": "a"}),
        (Goal("a", owner="mine"), {"text": "a", "owner": "mine"}),
        (Milestone("a"), {"text": "a"}),
        (Note("a", tags=["x", "y"], source="prompt:p"), {"text": "a", "tags": ["x", "y"], "source": "prompt:p"}),
        (Step("let-go"), {"name": "let-go"}),
        (Note("a", extra={"new": [b"\xff", {"deep": None}]}), {"text": "a", "new": [b"\xff", {"deep": None}]}),
    ],
)
def test_contents_are_stored_without_defaults_and_come_back(content: Content, fields: dict[str, JSON]) -> None:
    """A content stores what was said and nothing else, and comes back equal."""
    require_valid(content)
    assert content.to_fields() == fields
    back = decode_content(content.kind, 1, fields)
    assert back == content
    assert hash(back) == hash(content)
    assert pickle.loads(pickle.dumps(content)) == copy.deepcopy(content) == content


def test_the_text_is_needed_where_a_kind_has_one() -> None:
    """A bid without text cannot even be made."""
    with pytest.raises(TypeError):
        Bid()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("kind", "schema", "fields"),
    [
        ("horoscope", 1, {"text": "a"}),
        ("bid", 2, {"text": "a"}),
        ("bid", 0, {"text": "a"}),
        ("bid", 1, {"text": 5}),
        ("bid", 1, {"text": b"a"}),
        ("bid", 1, {}),
        ("bid", 1, {"text": "a", "tags": "abc"}),
        ("bid", 1, {"text": "a", "tags": ["a", 1]}),
        ("response", 1, {"text": "a"}),
        ("checkin", 1, {"close": 9}),
        ("checkin", 1, {"close": True}),
        ("checkin", 3, {"close": 1}),
    ],
)
def test_what_does_not_fit_is_kept_raw(kind: str, schema: int, fields: dict[str, JSON]) -> None:
    """An unknown kind, a newer schema, a wrong or missing field: kept as they came."""
    content = decode_content(kind, schema, fields, WITH_CHECKIN)
    assert content == RawContent(kind, schema, fields)
    assert content.to_fields() == fields


def test_a_kind_of_a_plugin_is_read_with_its_own_types() -> None:
    """Numbers, truth and None are read for a plugin's kind, from an older schema too."""
    fields: dict[str, JSON] = {"close": 3, "hours": 2, "alone": False, "words": ["calm"], "more": 1}
    content = decode_content("checkin", 1, fields, WITH_CHECKIN)
    assert content == Checkin(close=3, hours=2, alone=False, words=("calm",), extra={"more": 1})
    assert content.to_fields() == fields
    assert isinstance(decode_content("checkin", 1, fields), RawContent)


def test_annotations_that_are_types_are_understood() -> None:
    """A plugin without postponed annotations gets the same checks."""
    own = {
        "count": attrs.field(default=0, type=int),
        "words": attrs.field(default=(), type=tuple[str, ...]),
        "other": attrs.field(default=None, type=object),
    }
    made = attrs.make_class("Made", own, bases=(Content,), frozen=True)
    kinds = {"made": Kind("made", made)}
    assert isinstance(decode_content("made", 1, {"count": 2, "words": ["x"]}, kinds), made)
    assert isinstance(decode_content("made", 1, {"count": "2"}, kinds), RawContent)
    assert isinstance(decode_content("made", 1, {"words": [2]}, kinds), RawContent)
    assert isinstance(decode_content("made", 1, {"other": [2.5]}, kinds), made)


def test_fields_that_are_no_map_are_kept_too() -> None:
    """Whatever stands where the fields should be is shown and raises nothing."""
    assert decode_content("bid", 1, [1, 2]) == RawContent("bid", 1, {"value": [1, 2]})
    assert decode_content("horoscope", 1, None).to_fields() == {"value": None}
    assert decode_content("note", 1, MappingProxyType({"text": "a"})) == Note("a")


def test_raw_content_answers_for_the_reserved_names() -> None:
    """Text, tags, tenderness and source mean the same in a kind that is not known."""
    raw = RawContent("x", 1, {"text": "a", "tags": ["b", 1], "tender": "tender", "source": "import:jrnl"})
    assert (raw.text, raw.tags, raw.tender, raw.source) == ("a", ("b",), "tender", "import:jrnl")
    assert raw.step_name is None
    odd = RawContent("x", 1, {"text": b"a", "tags": "b", "tender": 1, "source": None})
    assert (odd.text, odd.tags, odd.tender, odd.source) == ("", (), "intimate", "manual")
    assert RawContent("x", 1, {}).tender == "none"


def test_an_unknown_turn_is_read_but_cannot_be_written() -> None:
    """A newer version's word in a known field stays readable."""
    content = decode_content("response", 1, {"turn": "sideways"})
    assert isinstance(content, Response)
    assert content.step_name == "sideways"
    with pytest.raises(InvalidEntryError):
        require_valid(content)


def nested(depth: int) -> JSON:
    """Return lists in lists."""
    value: JSON = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "content",
    [
        Bid(""),
        Note(" \n"),
        Bid("secret\0"),
        Bid("secret", what="\ud800"),
        Bid("secret", what="x" * 70_000),
        Bid("x" * 1_048_577),
        Response("secret"),
        Goal("secret", owner="yours"),
        Step("Let Go"),
        Note("secret", tender="very"),
        Note("secret", source="else\nwhere"),
        Note("secret", tags=[""]),
        Note("secret", tags=[" a"]),
        Note("secret", tags=["a\nb"]),
        Note("secret", tags=["a\u202eb"]),
        Note("secret", tags=["a", "a"]),
        Note("secret", tags=["x" * 101]),
        Note("secret", tags=[str(number) for number in range(65)]),
        Note("secret", extra={"tags": ["x"]}),
        Note("secret", extra={"new": math.inf}),
        Note("secret", extra={"new": 1 << 64}),
        Note("secret", extra={"new": nested(20)}),
        Note("secret", extra={"new": b"x" * 70_000}),
        RawContent("horoscope", 1, {"text": "secret"}),
    ],
)
def test_what_breaks_a_rule_is_refused_in_one_line_without_its_text(content: Content | RawContent) -> None:
    """A refusal says the rule and nothing of what was written."""
    with pytest.raises(InvalidEntryError) as raised:
        require_valid(content)
    assert "secret" not in repr(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [Note(5), Note("a", tender=None), Note("a", extra={"new": {1, 2}}), Note("a", extra={"new": {1: 2}})],  # type: ignore[arg-type, dict-item]
)
def test_wrong_types_are_a_mistake_of_the_program(content: Content) -> None:
    """A value of the wrong type is a TypeError, not a sentence for people."""
    with pytest.raises(TypeError):
        require_valid(content)


def test_one_string_is_not_a_list_of_tags() -> None:
    """Tags given as one string would become letters; this is refused at once."""
    with pytest.raises(TypeError):
        Note("a", tags="walk")


def test_values_of_many_types_may_stand_in_unknown_fields() -> None:
    """Everything that the format can store may be kept in a field of another version."""
    require_valid(Note("a", extra={"new": [None, True, 1.5, -(1 << 63), "x", b"\xff", {"y": []}]}))


def test_defaults_of_the_core() -> None:
    """All kinds are shared by default but the note; only a goal of both is joint."""
    kinds = core_kinds()
    assert {name for name, kind in kinds.items() if kind.default_audience == "private"} == {"note"}
    assert {name for name, kind in kinds.items() if kind.lifecycle} == {"bid", "goal", "milestone", "notice"}
    assert kinds["goal"].is_joint(Goal("a"))
    assert not kinds["goal"].is_joint(Goal("a", owner="mine"))
    assert not kinds["note"].is_joint(Note("a"))
    assert all(name == kind.name == kind.content.kind for name, kind in kinds.items())
    with pytest.raises(TypeError):
        kinds["x"] = kinds["note"]  # type: ignore[index]


def test_references_of_the_core() -> None:
    """A response is to a bid, a step is about whatever has a lifecycle, a milestone may be part of a goal."""
    kinds = core_kinds()
    allowed = {
        name: {target for target, kind in kinds.items() if rule.is_for(kind)}
        for name, rule in ((name, kind.refs) for name, kind in kinds.items())
        if isinstance(rule, RefRule)
    }
    assert allowed == {"response": {"bid"}, "step": {"bid", "goal", "milestone", "notice"}, "milestone": {"goal"}}
    assert kinds["milestone"].refs == RefRule("part_of", kinds={"goal"}, is_needed=False)


def test_responses_and_steps_name_the_step_that_they_take() -> None:
    """The step of a response is its turn, of a step its name; other kinds take none."""
    assert Response.toward().step_name == "toward"
    assert Step("pause").step_name == "pause"
    assert Note("a").step_name is None
