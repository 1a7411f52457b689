from __future__ import annotations

import pytest
from couplejournal_plugins.care import Care
from couplejournal_plugins.care.what_helps import needs_met, what_helps
from unit.bundled.writing import Written


def cared(written: Written, want: str, way: str, end: str, *, asker: str = "ana", ago: float = 5) -> None:
    """Write a need, what was given to it, and how it ended."""
    other = {"ana": "ben", "ben": "ana"}[asker]
    need = written.add(asker, "need", ago=ago, want=want)
    if way:
        written.add(other, "care", ago=ago - 0.1, to=need, way=way)
    if end:
        written.step(asker, end, need, ago=ago - 0.2)


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of this plugin."""
    return Written(Care())


def eight(written: Written) -> None:
    """Write eight needs of Ana's, answered and over."""
    for end in ("eased", "met", "eased", "withdraw"):
        cared(written, "comfort", "listening", end)
    for end in ("withdraw", "withdraw", "withdraw"):
        cared(written, "space", "help", end)
    cared(written, "space", "space", "met")


def test_what_helps(written: Written) -> None:
    """Listening eased three of four needs for comfort, help none of three for space; one time is too few for a row."""
    eight(written)
    (table,) = written.says(what_helps, scope="mine").tables
    assert table.rows == (("comfort", "listening", "mostly"), ("space", "help", "seldom"))


def test_what_helps_is_for_the_asker_alone(written: Written) -> None:
    """The other, who gave all of it, has not enough for a result of his own; nobody reads what helped the other."""
    eight(written)
    assert not written.says(what_helps, scope="mine", me="ben").is_enough


def test_seven_answered_needs_are_not_enough(written: Written) -> None:
    """Needs without care, still open, or tender make it no eight."""
    eight(written)
    del written.drafts[-3:]
    cared(written, "space", "", "met")
    cared(written, "space", "space", "")
    written.add("ana", "need", want="space", tender="tender")
    assert not written.says(what_helps, scope="mine").is_enough


def test_a_need_that_ran_out_is_over(written: Written) -> None:
    """One whose day has passed counts as it stands, without anybody's saying so; until then it waits."""
    for until, is_over in (("2026-10-31", True), ("2026-11-01", False)):
        del written.drafts[:]
        for _ in range(8):
            need = written.add("ana", "need", want="help", until=until, ago=3)
            written.add("ben", "care", to=need, ago=2)
        assert written.says(what_helps, scope="mine").is_enough == is_over


def test_care_of_no_kind_is_what_was_asked_for(written: Written) -> None:
    """Who only says that something was done did what the need asked for."""
    for _ in range(8):
        need = written.add("ana", "need", want="help", ago=3)
        written.add("ben", "care", to=need, ago=2)
        written.step("ana", "met", need, ago=1)
    assert written.says(what_helps, scope="mine").tables[0].rows == (("help", "help", "mostly"),)


def test_needs_met(written: Written) -> None:
    """Of twelve needs that are over nine were eased: (9 + 1) / (12 + 2); what runs or was withdrawn stays out."""
    for number in range(12):
        asker = "ana" if number % 2 else "ben"
        if number < 9:
            cared(written, "help", "help", "eased", asker=asker)
        else:
            written.add(asker, "need", want="help", until="2020-01-01")
    written.add("ana", "need", want="help", until="2999-01-01")
    written.step("ben", "withdraw", written.add("ben", "need", want="help", ago=2))
    written.add("ben", "need", want="help", until="2020-01-01", ago=-9)
    (band,) = written.says(needs_met).bands
    assert band.value == pytest.approx(10 / 14)


@pytest.mark.parametrize(("count", "askers"), [(11, ("ana", "ben")), (30, ("ana", "ana"))])
def test_needs_met_needs_twelve_of_both(written: Written, count: int, askers: tuple[str, str]) -> None:
    """Eleven are too few, and so are any of one person alone; both are said in the same words."""
    for number in range(count):
        cared(written, "help", "help", "met", asker=askers[number % 2])
    result = written.says(needs_met)
    assert (result.is_enough, result.bands) == (False, ())
