from __future__ import annotations

import pytest
from couplejournal_plugins.backing import Backing
from couplejournal_plugins.direction import Direction
from couplejournal_plugins.year import Year
from couplejournal_plugins.year.looking_back import quiet, year
from unit.bundled.writing import Written

from couplejournal.model.kinds import Appreciation, Bid, Goal, Note


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of several plugins."""
    return Written(Backing(), Direction(), Year())


def bids(written: Written, count: int, *, ago: float = 300) -> None:
    """Write so many bids, a day apart, by turns."""
    for number in range(count):
        written.add("ana" if number % 2 else "ben", Bid(f"Look, number {number}"), ago=ago - number)


def test_a_year_to_reread(written: Written) -> None:
    """Firsts, a thanks of each season, goals that ended and what was decided; no number and no name."""
    bids(written, 14)
    for ago, text in [(290, "Soup"), (280, "The soup, and that you stayed"), (20, "The key")]:
        written.add("ben", Appreciation(text), ago=ago)
    goal = written.add("ana", Goal("A boat"), ago=100)
    written.step("ben", "let-go", goal, ago=90)
    decision = written.add("ana", "decision", ago=80, text="A dog, in spring")
    written.step("ben", "agree", decision, ago=79)
    written.add("ana", "decision", ago=70, text="A second dog")
    tables = {table.title: table.rows for table in written.says(year).tables}
    assert ("bid", "Look, number 0") in tables["the first of its kind"]
    assert [words for _, words in tables["a thanks of each season"]] == ["The soup, and that you stayed", "The key"]
    assert tables["goals that came to an end"] == (("A boat", "let go"),)
    assert tables["what was decided"] == (("A dog, in spring",),)


def test_private_and_tender_are_not_in_the_year(written: Written) -> None:
    """Eleven shared entries are too few, whatever else is private or marked tender."""
    bids(written, 11)
    for ago in range(1, 10):
        written.add("ana", Note("only mine"), ago=ago)
        written.add("ana", Appreciation("sh", tender="intimate"), ago=ago)
    assert not written.says(year).is_enough


def test_quiet_steps_are_an_invitation(written: Written) -> None:
    """What was begun and has rested for 60 days is named; what never began, and what is recent, is not."""
    bids(written, 14)
    written.add("ben", Appreciation("Soup"), ago=5)
    assert written.says(quiet).headline == "Quiet for 60 days and more: bids."
    written.add("ben", Bid("The moon!"), ago=1)
    assert written.says(quiet).headline == "Nothing that you began has been quiet for long."


def test_quiet_needs_fourteen_days(written: Written) -> None:
    """Thirteen days are too few to call anything quiet."""
    bids(written, 13)
    assert not written.says(quiet).is_enough
