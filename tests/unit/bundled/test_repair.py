from __future__ import annotations

import pytest
from couplejournal_plugins.repair import Repair
from couplejournal_plugins.repair.making_up import return_kept, what_reaches
from couplejournal_plugins.repair.time_to_repair import in_words, time_to_repair
from unit.bundled.writing import Written

from couplejournal.errors import InvalidEntryError
from couplejournal.model.validity import require_valid
from couplejournal.plugins.kinds import as_core_kind
from couplejournal.testing.views import view_of


def repaired(written: Written, *, ago: float, days: float, first: str = "ana") -> str:
    """Write a conflict that both called repaired, the second of them after so many days."""
    other = {"ana": "ben", "ben": "ana"}[first]
    conflict = written.add(first, "conflict", ago=ago)
    written.step(other, "repaired", conflict, ago=ago - days / 2)
    written.step(first, "repaired", conflict, ago=ago - days)
    return conflict


def state(written: Written, key: str) -> str | None:
    """Return the state of an entry when everything has arrived."""
    view = view_of(written.drafts, kinds=written.kinds.values())
    order = list(view.entries(kind=("conflict", "timeout", "repair")))
    return order[[draft.key for draft in written.drafts if draft.kind in written.kinds].index(key)].state


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of this plugin."""
    return Written(Repair())


def test_repaired_needs_both(written: Written) -> None:
    """Each says it for oneself: one is half of it, twice by one is still half, and who reopens it may."""
    conflict = written.add("ana", "conflict", ago=3)
    written.step("ana", "repaired", conflict, ago=2)
    assert state(written, conflict) == "half_repaired"
    written.step("ana", "repaired", conflict, ago=2)
    assert state(written, conflict) == "half_repaired"
    written.step("ben", "repaired", conflict, ago=1)
    assert state(written, conflict) == "repaired"
    written.step("ben", "reopen", conflict, ago=0.5)
    assert state(written, conflict) == "open"


@pytest.mark.parametrize("person", ["ana", "ben"])
def test_setting_aside_needs_one(written: Written, person: str) -> None:
    """Either of the two may set a thing aside, alone and at once."""
    conflict = written.add("ana", "conflict", ago=3)
    written.step(person, "set-aside", conflict, ago=2)
    assert state(written, conflict) == "set_aside"


@pytest.mark.parametrize("minutes", [None, 19, 1441])
def test_a_timeout_has_a_time_of_return(minutes: int | None) -> None:
    """Without minutes, below twenty, or beyond a day there is no time-out."""
    kind = next(kind for kind in Repair().kinds() if kind.name == "timeout")
    make = as_core_kind(kind).content
    require_valid(make("back soon", minutes=20))  # type: ignore[call-arg]
    with pytest.raises(InvalidEntryError, match="minutes"):
        require_valid(make("back soon", minutes=minutes))  # type: ignore[call-arg]


def test_time_to_repair_by_hand(written: Written) -> None:
    """Five conflicts repaired after 1, 2, 4, 8 and 16 days: half of them within four."""
    for number, days in enumerate([1, 2, 4, 8, 16]):
        repaired(written, ago=100 + number, days=days, first="ana" if number % 2 else "ben")
    (band,) = written.says(time_to_repair).bands
    assert band.value == pytest.approx(4)
    assert band.low <= 4 <= band.high
    assert "within 4 days" in written.says(time_to_repair).headline


def test_open_ones_count(written: Written) -> None:
    """What is open or set aside counts as lasting on; leaving it out would say that everything is quickly well."""
    for number in range(5):
        repaired(written, ago=100 + number, days=1)
    assert "within 24 hours" in written.says(time_to_repair).headline
    for number in range(6):
        conflict = written.add("ben", "conflict", ago=200 + number)
        if number % 2:
            written.step("ana", "set-aside", conflict, ago=150)
    assert written.says(time_to_repair).headline.startswith("Fewer than half")
    assert written.says(time_to_repair).bands == ()


def test_four_conflicts_are_not_enough(written: Written) -> None:
    """Below five there is nothing to say, and older ones and tender ones do not make it five."""
    for number in range(4):
        repaired(written, ago=100 + number, days=1)
    repaired(written, ago=400, days=1)
    written.add("ana", "conflict", ago=5, tender="intimate")
    result = written.says(time_to_repair)
    assert not result.is_enough
    assert result.bands == ()


def test_time_that_runs_backwards_is_none(written: Written) -> None:
    """A step that is dated before its conflict makes no negative time."""
    for number in range(5):
        repaired(written, ago=100 + number, days=-1)
    (band,) = written.says(time_to_repair).bands
    assert (band.low, band.value) == (0, 0)


def test_return_kept(written: Written) -> None:
    """Of seven time-outs that are over, five ended in coming back or another day; one still runs, one has a day."""
    for number, end in enumerate(["return", "return", "extend", "table", "return", None, "return"]):
        who = "ana" if number % 2 else "ben"
        timeout = written.add(who, "timeout", ago=30 + number, minutes=30)
        if end:
            written.step(who, end, timeout, ago=29.9 + number)
    written.add("ben", "timeout", ago=0.01, minutes=30)
    written.step("ana", "extend", written.add("ana", "timeout", ago=0.5, minutes=30), ago=0.4)
    (band,) = written.says(return_kept).bands
    assert band.value == pytest.approx(6 / 9)


def test_who_called_it_comes_back(written: Written) -> None:
    """Nobody records the return of the other, and more time is said once; then a new time-out has its own minutes."""
    timeout = written.add("ana", "timeout", ago=3, minutes=30)
    for person, step, now in (("ben", "return", "called"), ("ben", "extend", "called"), ("ana", "extend", "extended")):
        written.step(person, step, timeout, ago=2)
        assert state(written, timeout) == now
    written.step("ana", "extend", timeout, ago=1)
    written.step("ana", "return", timeout, ago=1)
    assert state(written, timeout) == "returned"


def test_what_one_of_the_two_did_is_no_result_for_both(written: Written) -> None:
    """Nine offers or time-outs of one person say nothing, and minutes that no program of ours writes break nothing."""
    for number in range(9):
        offer = written.add("ana", "repair", ago=50 - number)
        written.step("ben", "no", offer, ago=49 - number)
        written.add("ana", "timeout", ago=50 - number, minutes=10**12)
    for run in (what_reaches, return_kept):
        assert not written.says(run).is_enough


def test_what_was_pressed_by_mistake_is_undone(written: Written) -> None:
    """Whoever said that an offer reached them may say otherwise, and whoever made it may take back a declined one."""
    offer = written.add("ana", "repair", ago=5)
    for person, step, now in (
        ("ben", "received", "received"),
        ("ben", "no", "declined"),
        ("ana", "take-back", "taken_back"),
    ):
        written.step(person, step, offer, ago=4)
        assert state(written, offer) == now


def test_return_kept_needs_five(written: Written) -> None:
    """Four time-outs are too few to say anything."""
    for number in range(4):
        written.add("ana", "timeout", ago=30 + number, minutes=30)
    assert not written.says(return_kept).is_enough


def test_what_reaches(written: Written) -> None:
    """Of nine answered offers six reached the other, most of them as a joke; an open one does not count."""
    ends = ["received"] * 6 + ["not-yet", "no", "no"]
    for number, end in enumerate(ends):
        author, other = ("ana", "ben") if number % 2 else ("ben", "ana")
        form = "humour" if number < 4 else "apology"
        offer = written.add(author, "repair", ago=50 - number, form=form)
        written.step(other, end, offer, ago=49 - number)
    written.add("ana", "repair", ago=1, form="plan")
    result = written.says(what_reaches)
    assert result.bands[0].value == pytest.approx(7 / 11)
    assert result.tables[0].rows == (("humour",), ("apology",))


def test_what_reaches_needs_eight(written: Written) -> None:
    """Seven answered offers are too few."""
    for number in range(7):
        author, other = ("ana", "ben") if number % 2 else ("ben", "ana")
        written.step(other, "received", written.add(author, "repair", ago=50 - number), ago=49 - number)
    assert not written.says(what_reaches).is_enough


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "1 hour"), (1 / 24, "1 hour"), (1.5, "36 hours"), (2, "2 days"), (20, "20 days"), (21, "3 weeks")],
)
def test_durations_in_words(days: float, said: str) -> None:
    """Hours below two days, days below three weeks, then weeks."""
    assert in_words(days) == said
