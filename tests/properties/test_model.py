"""Properties of the model: whatever comes, it grows, folds, reads and shows."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from couplejournal.errors import InvalidEntryError
from couplejournal.model.clock import AHEAD_LIMIT_MS, HybridClock
from couplejournal.model.kinds import (
    Appreciation,
    Bid,
    Content,
    Goal,
    Note,
    RawContent,
    Response,
    Step,
    core_kinds,
    decode_content,
    require_valid,
)
from couplejournal.model.text import neutralised

settings.register_profile("model", deadline=None, derandomize=True, max_examples=150)
MODEL = settings.get_profile("model")

TIMES = st.integers(0, 1 << 47)
STAMPS = st.tuples(TIMES, st.integers(0, (1 << 32) - 1))


def _is_itself(value: object) -> bool:
    """Return whether a value equals its copy: no NaN inside, which equals nothing."""
    return "nan" not in repr(value).lower()


NAMES = st.sampled_from(["text", "tags", "tender", "source", "turn", "name", "owner", "why", "extra", "kind", "self"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(NAMES | st.text(max_size=6), st.text(max_size=5) | VALUES, max_size=8)
UNKNOWN = st.dictionaries(st.text(max_size=6).map("x-".__add__), VALUES.filter(_is_itself), max_size=3)
KINDS = st.sampled_from([*core_kinds(), "horoscope"])
COMMON = {
    "tags": st.lists(st.text(max_size=5), max_size=3).map(tuple),
    "tender": st.sampled_from(["none", "tender", "intimate"]),
    "source": st.sampled_from(["manual", "prompt:a", "import:b"]),
    "extra": UNKNOWN,
}
WORDS = st.text(max_size=8)
TAKEN = WORDS | st.sampled_from(["toward", "away", "let-go", "agree", "propose", "done"])
STEPS = st.lists(st.tuples(TAKEN, st.sampled_from([b"a", b"b", b"c", None])), max_size=12)
CONTENTS = st.one_of(
    st.builds(Bid, WORDS, what=WORDS, channel=WORDS, size=WORDS, hoped_for=WORDS, **COMMON),
    st.builds(Response, st.sampled_from(["toward", "away", "against"]), WORDS, **COMMON),
    st.builds(Appreciation, WORDS, why=WORDS, says_about_you=WORDS, given_how=WORDS, **COMMON),
    st.builds(Goal, WORDS, owner=st.sampled_from(["ours", "mine"]), why=WORDS, horizon=WORDS, **COMMON),
    st.builds(Note, WORDS, **COMMON),
    st.builds(Step, WORDS, WORDS, **COMMON),
)


@MODEL
@given(STAMPS, st.lists(st.tuples(TIMES, st.none() | STAMPS), max_size=30))
def test_the_clock_only_grows_and_is_never_dragged(start: tuple[int, int], events: list[tuple[int, object]]) -> None:
    """Every tick is greater than all before it, and never lies more than 24 hours ahead because of somebody else."""
    clock = HybridClock(start)
    own_ms, known = start[0], start
    for now_ms, seen in events:
        own_ms = max(own_ms, now_ms)
        if isinstance(seen, tuple):
            clock.observe(seen, now_ms)
            if seen[0] <= now_ms + AHEAD_LIMIT_MS:
                known = max(known, seen)
            assert clock.last == known
        else:
            stamp = clock.tick(now_ms)
            assert stamp > known
            assert stamp[0] >= now_ms
            known = stamp
        assert clock.last[0] <= own_ms + AHEAD_LIMIT_MS + len(events)


@MODEL
@given(KINDS, FIELDS, STEPS)
def test_every_fold_has_an_end(kind: str, fields: dict[str, object], steps: list[tuple[str, bytes | None]]) -> None:
    """Any steps by anybody on anything lead to a state of the table, each step moving or being listed."""
    known = core_kinds().get(kind)
    lifecycle = known.lifecycle if known else None
    if lifecycle is None:
        return
    folded = lifecycle.fold(b"a", fields, steps)
    assert folded.state in lifecycle.states
    assert folded == lifecycle.fold(b"a", fields, iter(steps))
    moved = [step for index, step in enumerate(steps) if index not in folded.illegal]
    assert lifecycle.fold(b"a", fields, moved) == type(folded)(folded.state, (), folded.entered_by)
    for person in (b"a", b"b"):
        for step in lifecycle.steps_for(folded, author=b"a", person=person, content_fields=fields):
            assert lifecycle.fold(b"a", fields, [*moved, (step, person)]).illegal == ()


@MODEL
@given(CONTENTS)
def test_contents_make_the_round_trip(content: Content) -> None:
    """What is stored comes back equal, unknown fields included."""
    fields = content.to_fields()
    back = decode_content(content.kind, 1, fields)
    assert back == content
    assert back.to_fields() == fields


@MODEL
@given(KINDS, st.integers(-1, 3), FIELDS)
def test_anything_can_be_read(kind: str, schema: int, fields: dict[str, object]) -> None:
    """Reading never raises; raw fields stay as they came, unknown ones are kept and written back unchanged."""
    content = decode_content(kind, schema, fields)
    back = content.to_fields()
    if isinstance(content, RawContent):
        assert repr(back) == repr(fields)
    else:
        own = set(decode_content(kind, 1, {**fields}).to_fields()) - set(content.extra)
        assert {name: value for name, value in back.items() if name in content.extra} == dict(content.extra)
        assert own <= set(fields)
        assert all(back[name] is fields[name] for name in content.extra)
    assert isinstance(content.text, str)
    assert all(isinstance(tag, str) for tag in content.tags)
    hash(content)


@MODEL
@given(KINDS, FIELDS)
def test_checking_ends_in_a_sentence(kind: str, fields: dict[str, object]) -> None:
    """Whatever could be read is either writable or refused with the library's own error."""
    try:
        require_valid(decode_content(kind, 1, fields))
    except InvalidEntryError as error:
        assert "\n" not in str(error)  # noqa: PT017 - no error is a good answer too


@MODEL
@given(st.text(st.characters() | st.sampled_from("\x1b\u202e\u200d\u200c\u200b\u2066\r\n\t\x9b\ufeffa"), max_size=40))
def test_what_is_shown_obeys_nobody(text: str) -> None:
    """Shown text holds no control, no mark of direction and no half pair, and can always be encoded."""
    shown = neutralised(text)
    shown.encode("utf-8")
    assert not any(
        unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} for mark in shown.replace("\n", "").replace("\t", "")
    )
    assert not any(unicodedata.bidirectional(mark) in _DIRECTIONS for mark in shown)
    assert not set(shown) & set("\u200b\u200e\u200f\u061c\u2060\ufeff\u180e")
    assert "\n" not in neutralised(text, one_line=True)


_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
