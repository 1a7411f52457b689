from __future__ import annotations

from datetime import timedelta

import pytest
from couplejournal_plugins.dates import Dates
from couplejournal_plugins.direction import Direction
from couplejournal_plugins.direction.rhythm import goals, rhythm
from couplejournal_plugins.direction.values import alignment, in_words, values_in
from hypothesis import given
from hypothesis import strategies as st
from unit.bundled.writing import NOW, Written

from couplejournal.model.kinds import Appreciation, Goal
from couplejournal.testing.views import view_of

ORDER = ["honesty", "home", "play", "work", "rest", "faith"]


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of this plugin and of the dates."""
    return Written(Direction(), Dates())


def sort(written: Written, first: list[str], second: list[str], *, prompt: str = "values", ago: float = 3) -> None:
    """Let both sort their values."""
    for author, order in (("ana", first), ("ben", second)):
        written.answer(author, prompt, "\n".join(order), ago=ago)


def test_alignment_names_what_is_shared_first(written: Written) -> None:
    """What stands high with both comes first, by the sum of its places; then how alike the orders are, in words."""
    sort(written, ORDER, ["- Home", "2. Honesty", "* rest", "travel", "Play.", "Work", "Faith"])
    result = written.says(alignment)
    assert result.headline == "Dear to both of you: home, honesty, play, rest."
    assert result.tables[0].rows == tuple((value,) for value in sorted(ORDER))
    assert result.notes[0] == "You hold them in much the same order."


def test_alignment_of_the_reverse(written: Written) -> None:
    """Two who differ are told what they share all the same."""
    sort(written, ORDER, ORDER[::-1])
    assert written.says(alignment).notes[0] == "You hold them each in an order of your own."


def test_alignment_needs_both_and_five(written: Written) -> None:
    """One list, or four values in common, say nothing, and an answer to another question is no list."""
    written.answer("ana", "values", "\n".join(ORDER))
    written.answer("ben", "values of money", "\n".join(ORDER))
    assert not written.says(alignment).is_enough
    written.answer("ben", "values", "\n".join([*ORDER[:4], "sea"]))
    assert not written.says(alignment).is_enough


def test_the_newest_pair_counts(written: Written) -> None:
    """A later sort replaces the earlier one, once both have answered it."""
    sort(written, ORDER, ORDER, prompt="values", ago=300)
    sort(written, ORDER, ORDER[::-1], prompt="values-2027", ago=3)
    written.answer("ana", "values-2028", "sea", ago=1)
    assert "order of your own" in written.says(alignment).notes[0]


@given(text=st.text(max_size=200))
def test_values_are_read_from_any_text(text: str) -> None:
    """Any text gives values that are there once, without blanks at their ends."""
    found = values_in(text)
    assert len(set(found)) == len(found)
    assert all(value and value == value.strip() for value in found)


def test_no_tau_is_no_order() -> None:
    """Where there is no tau, the words are those for orders of one's own."""
    assert in_words(None) == in_words(-0.5) == "each in an order of your own"


def test_rhythm(written: Written) -> None:
    """Held talks 90 days apart; thanks of one day; two dates are too few for a row, and an idea is none."""
    for ago in (200, 110, 20):
        talk = written.add("ana", "talk", ago=ago)
        written.step("ben", "held", talk, ago=ago)
    written.add("ana", "talk", ago=1)
    for ago in (40, 30):
        date = written.add("ben", "date", ago=ago)
        written.step("ana", "happened", date, ago=ago)
    for _ in range(3):
        written.add("ana", Appreciation("Soup"), ago=0)
    (table,) = written.says(rhythm).tables
    assert table.rows == (("talks", "90 days", "20 days ago"), ("thanks", "1 day", "today"))


def test_rhythm_of_dates_goes_by_their_day(written: Written) -> None:
    """Three dates that are written down in one evening lie where they say; one to come is not there yet."""
    for days in (62, 32, 2, -5):
        on = (NOW - timedelta(days=days)).date().isoformat()
        written.step("ana", "happened", written.add("ben", "date", ago=0.1, on=on), ago=0.1)
    (table,) = written.says(rhythm).tables
    assert table.rows == (("dates", "30 days", "2 days ago"),)


def test_rhythm_needs_three(written: Written) -> None:
    """Two of each, or those of more than a year ago, are too few."""
    for ago in (400, 399, 20, 10):
        written.add("ana", Appreciation("Soup"), ago=ago)
    assert not written.says(rhythm).is_enough


def test_goals(written: Written) -> None:
    """Goals of both stand with where they are; one's own goals are nobody's business here."""
    done, gone = (written.add("ana", Goal(text), ago=50) for text in ("A bench", "A boat"))
    for name, person in (("propose", "ana"), ("agree", "ben"), ("activate", "ana"), ("done", "ben")):
        written.step(person, name, done, ago=40)
    written.step("ben", "let-go", gone, ago=30)
    written.add("ben", Goal("A garden"), ago=20)
    written.add("ben", Goal("My licence", owner="mine"), ago=10)
    under_way, over = written.says(goals).tables
    assert under_way.rows == (("A garden", "a dream"),)
    assert set(over.rows) == {("A bench", "done"), ("A boat", "let go")}


def test_decision_holds_when_both_agree(written: Written) -> None:
    """One proposes and the other agrees; either may open it again."""
    decision = written.add("ana", "decision", ago=9, review_on="2027-05-01")
    written.step("ben", "agree", decision, ago=8)
    written.step("ana", "reopen", decision, ago=7)
    written.step("ana", "agree", decision, ago=6)
    (entry,) = view_of(written.drafts, kinds=written.kinds.values()).entries(kind="decision")
    assert entry.state == "reopened"
