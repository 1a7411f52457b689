"""What a day brings back to read again, and what it never does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import couplejournal as cj
from couplejournal.model.content import Content
from couplejournal.model.kinds import Step
from couplejournal.testing.couple import Draft
from couplejournal.testing.views import view_of
from couplejournal.view.rereading import SOME_TIME, reread

DAY = date(2026, 11, 24)
LONG_AGO = DAY - SOME_TIME - timedelta(days=40)


class Written:
    """Entries, each on a day."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []

    def add(self, content: Content, day: date, *, author: str = "ana", to: str | None = None, **more: str) -> str:
        """Write an entry at noon of a day and return its key."""
        key = str(len(self.drafts))
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        self.drafts.append(
            Draft(key=key, author=author, content=content, happened_at=noon, refers_to=to, **more)  # type: ignore[arg-type]
        )
        return key

    def again(self, day: date = DAY, *, me: str = "ana", is_shared: bool = True) -> str | None:
        """Return the text that a day brings back."""
        found = reread(view_of(self.drafts, me=me), day, is_shared=is_shared)
        return None if found is None else found.text


def test_nothing_comes_of_nothing() -> None:
    """A new journal brings nothing back, nor does one whose only words are of today."""
    written = Written()
    assert written.again() is None
    written.add(cj.Appreciation("the soup"), DAY)
    assert written.again() is None


def test_this_day_in_an_earlier_year_goes_first() -> None:
    """A note of the same date comes before an appreciation of some time ago; both see the same."""
    written = Written()
    written.add(cj.Appreciation("the soup"), LONG_AGO, author="ben")
    assert written.again() == written.again(me="ben") == "the soup"
    written.add(cj.Note("the first snow"), date(2024, 11, 24), audience="shared")
    assert written.again() == written.again(me="ben") == "the first snow"
    assert written.again(DAY + timedelta(days=1)) == "the soup"


def test_the_29th_of_february_is_in_leap_years_alone() -> None:
    """It is no error, and in four years it is there."""
    written = Written()
    written.add(cj.Note("a leap"), date(2024, 2, 29), audience="shared")
    assert written.again(date(2027, 2, 28)) is None
    assert written.again(date(2028, 2, 29)) == "a leap"


def test_the_same_for_the_whole_day() -> None:
    """Of several it is one, the same whenever one looks, and in time every one has its day."""
    found = []
    for order in (range(4), reversed(range(4))):
        written = Written()
        for number in order:
            written.add(cj.Appreciation(f"thanks {number}"), LONG_AGO - timedelta(days=number))
        view = view_of(written.drafts, me="ana")
        days = [reread(view, DAY + timedelta(days=number), is_shared=True) for number in range(40)]
        assert days == [reread(view, DAY + timedelta(days=number), is_shared=True) for number in range(40)]
        found.append({one.text for one in days if one is not None})
    assert found[0] == found[1] == {f"thanks {number}" for number in range(4)}


def test_what_never_comes_back() -> None:
    """Tender, private where something is shared, what met with away or against, what is open, questions and steps."""
    written = Written()
    then = DAY.replace(year=2025)
    for tender in ("tender", "intimate"):
        written.add(cj.Appreciation("folded", tender=tender), then)
    written.add(cj.Appreciation("private"), then, audience="private")
    written.add(cj.Note("private by default"), then)
    for turn in (cj.Response.away(), cj.Response.against()):
        bid = written.add(cj.Bid("a bid that met with that"), then)
        written.add(turn, then, author="ben", to=bid)
    written.add(cj.Bid("a bid that nobody answered"), then)
    goal = written.add(cj.Goal("a goal that was let go"), then)
    written.add(Step("let-go", "the words of a step"), then, to=goal)
    written.add(cj.Question("a question?", question="a/b", day=then.isoformat()), then)
    assert written.again() is None
    assert written.again(is_shared=False) in ("private", "private by default")
    met = written.add(cj.Bid("a bid that was met"), then)
    written.add(cj.Response.toward(), then, author="ben", to=met)
    assert written.again() == "a bid that was met"
