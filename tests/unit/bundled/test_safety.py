from __future__ import annotations

import pytest
from couplejournal_plugins.safety import Safety
from couplejournal_plugins.safety.drift import drift, trend
from hypothesis import given
from hypothesis import strategies as st
from unit.bundled.writing import Written

from couplejournal.errors import InvalidEntryError
from couplejournal.model.validity import require_valid
from couplejournal.plugins.kinds import as_core_kind
from couplejournal.testing.views import view_of


def checked(*values: int, gap: float = 1.0) -> Written:
    """Return Ana's check-ins, one a day up to today, the last of them the newest."""
    written = Written(Safety())
    for ago, value in zip(reversed(range(len(values))), values, strict=True):
        written.add("ana", "checkin", ago=ago * gap, close=value, honest=value)
    return written


def test_agreement_needs_both_to_hold_and_one_to_end() -> None:
    """Proposed by one it holds when the other agrees; either withdraws it, and nobody agrees to an own proposal."""
    for leaver in ("ana", "ben"):
        written = Written(Safety())
        rule = written.add("ana", "agreement", ago=9)
        written.step("ana", "agree", rule, ago=8)
        assert [entry.state for entry in view_of(written.drafts, kinds=written.kinds.values()).entries(kind="agreement")] == ["proposed"]  # fmt: skip  # noqa: E501
        written.step("ben", "agree", rule, ago=7)
        written.step(leaver, "withdraw", rule, ago=6)
        (held,) = view_of(written.drafts, kinds=written.kinds.values()).entries(kind="agreement")
        assert held.state == "withdrawn"


def test_who_proposed_a_declined_rule_takes_it_back() -> None:
    """A no ends nothing for good, but its author may withdraw the proposal, and the other cannot do so for them."""
    written = Written(Safety())
    rule = written.add("ana", "agreement", ago=9)
    written.step("ben", "decline", rule, ago=8)
    for person, state in (("ben", "declined"), ("ana", "withdrawn")):
        written.step(person, "withdraw", rule, ago=7)
        (held,) = view_of(written.drafts, kinds=written.kinds.values()).entries(kind="agreement")
        assert held.state == state


def test_check_ins_are_private() -> None:
    """A check-in is for oneself unless its author shares it, and the other's screen has no line of it."""
    written = checked(*[3] * 20)
    assert written.kinds["checkin"].default_audience == "private"
    assert not list(view_of(written.drafts, me="ben", kinds=written.kinds.values()).entries(kind="checkin"))
    assert not written.says(trend, scope="mine", me="ben").is_enough


@pytest.mark.parametrize("value", [-1, 5])
def test_a_check_in_is_from_0_to_4(value: int) -> None:
    """Other numbers are not written."""
    kind = next(kind for kind in Safety().kinds() if kind.name == "checkin")
    with pytest.raises(InvalidEntryError, match="close"):
        require_valid(as_core_kind(kind).content("", close=value))  # type: ignore[call-arg]


def test_trend_needs_fourteen_days() -> None:
    """Thirteen days are too few, and so are thirty check-ins on ten days."""
    assert not checked(*[2] * 13).says(trend, scope="mine").is_enough
    assert not checked(*[2] * 30, gap=1 / 3).says(trend, scope="mine").is_enough
    assert checked(*[2] * 14).says(trend, scope="mine").is_enough


def test_trend_is_the_mean_of_each_week() -> None:
    """The newest point is the mean of the last seven days, between the lowest and the highest; weeks may be empty."""
    (close, honest) = checked(*[1] * 7, *[2, 4, 2, 4, 2, 4, 3]).says(trend, scope="mine").series
    assert (close.title, honest.title) == ("close", "easy to be honest")
    assert (close.points[-1].value, close.points[-1].low, close.points[-1].high) == (3, 2, 4)
    assert close.points[-2].value == 1
    assert close.points[0].value is None


def test_drift_down_and_up() -> None:
    """A change of a point that stays is told within days, in the direction that it has."""
    usual = [3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2]
    assert "further apart" in checked(*usual, *[1] * 8).says(drift, scope="mine").headline
    assert "closer" in checked(*usual, *[4] * 8).says(drift, scope="mine").headline
    assert "No slow change" in checked(*usual, *usual).says(drift, scope="mine").headline


def test_drift_ends_when_the_usual_is_back() -> None:
    """However long it lasted, two weeks as in the beginning are no change any more."""
    usual = [3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2]
    assert "No slow change" in checked(*usual, *[0] * 60, *usual).says(drift, scope="mine").headline


def test_trend_needs_its_days_in_its_weeks() -> None:
    """Twenty days of half a year ago draw no line of the last weeks."""
    written = Written(Safety())
    for number in range(20):
        written.add("ana", "checkin", ago=180 + number, close=3)
    assert not written.says(trend, scope="mine").is_enough


def test_one_bad_day_is_no_drift() -> None:
    """One low day among usual ones is not told as a change, even where every day was the same."""
    for after in (0, 1, 3):
        assert "No slow change" in checked(*[4] * 20, 0, *[4] * after).says(drift, scope="mine").headline


@given(values=st.lists(st.integers(0, 4), min_size=15, max_size=40))
def test_drift_is_one_direction_at_most(values: list[int]) -> None:
    """Whatever was written, the result is a change in one direction or none, and says where help is."""
    result = checked(*values).says(drift, scope="mine")
    assert sum(word in result.headline for word in ("further apart", "closer", "No slow change")) == 1
    assert "help-outside" in result.notes[-1]
