from __future__ import annotations

import pytest
from couplejournal_plugins.bids import Bids
from couplejournal_plugins.bids.reserve import mirror, reserve, weather_of
from couplejournal_plugins.presence import Presence
from couplejournal_plugins.repair import Repair
from hypothesis import given
from hypothesis import strategies as st
from unit.bundled.writing import Written

from couplejournal.model.kinds import Appreciation, Bid, Response

SUM = st.floats(0, 1e6)


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds whose moments count."""
    return Written(Bids(), Presence(), Repair())


def turned(written: Written, turns: list[str], *, ago: float = 5, asker: str = "") -> None:
    """Write bids with their answers, by turns or all by one."""
    for number, turn in enumerate(turns):
        author = asker or ("ana" if number % 2 else "ben")
        bid = written.add(author, Bid("Look"), ago=ago)
        written.add({"ana": "ben", "ben": "ana"}[author], Response(turn), ago=ago, to=bid)


def test_weather(written: Written) -> None:
    """Only good moments are clear; as much against them is cloudy; between there is mixed weather."""
    turned(written, ["toward"] * 12)
    assert "clear" in written.says(reserve).headline
    turned(written, ["against"] * 2)
    assert "mixed" in written.says(reserve).headline
    turned(written, ["against"] * 6)
    assert "cloudy" in written.says(reserve).headline


def test_weather_changes_with_time(written: Written) -> None:
    """What lies weeks back weighs less: a bad stretch half a season ago does not make today's weather."""
    turned(written, ["against"] * 12, ago=80)
    turned(written, ["toward"] * 12, ago=1)
    assert "clear" in written.says(reserve).headline


def test_every_good_moment_counts(written: Written) -> None:
    """Thanks, offers to make up that were received, and time for each other count too; unanswered bids do not."""
    for number in range(4):
        who, other = ("ana", "ben") if number % 2 else ("ben", "ana")
        written.add(who, Appreciation("Soup"), ago=2)
        written.add(who, "presence", ago=2, minutes=10)
        offer = written.add(who, "repair", ago=3)
        assert not written.says(reserve).is_enough
        written.step(other, "received", offer, ago=2)
        written.add(who, Bid("Look"), ago=1)
    assert "clear" in written.says(reserve).headline


def test_weather_needs_twelve_of_both(written: Written) -> None:
    """Eleven are too few, and so are twenty that one of the two made."""
    turned(written, ["toward"] * 11)
    few = written.says(reserve)
    assert not few.is_enough
    alone = Written(Bids())
    turned(alone, ["toward"] * 20, asker="ana")
    assert alone.says(reserve) == few


@given(good=SUM, rest=SUM, more=SUM)
def test_weather_only_brightens(good: float, rest: float, more: float) -> None:
    """More good never makes the weather worse, and more of the rest never makes it better."""
    order = ["cloudy", "mixed", "clear"]
    assert order.index(weather_of(good + more, rest)) >= order.index(weather_of(good, rest))
    assert order.index(weather_of(good, rest + more)) <= order.index(weather_of(good, rest))


def test_mirror_is_of_ones_own(written: Written) -> None:
    """It is the share of one's own answers alone, and the other's mirror shows the other's."""
    turned(written, ["toward"] * 9 + ["away"] * 3, asker="ben")
    turned(written, ["against"] * 11, asker="ana")
    (band,) = written.says(mirror, scope="mine").bands
    assert band.value == pytest.approx(10 / 14)
    assert not written.says(mirror, scope="mine", me="ben").is_enough


def test_a_second_chance_counts_once_in_the_mirror(written: Written) -> None:
    """Twelve bids that were met at the second try are twelve answers, all of them toward."""
    for _ in range(12):
        bid = written.add("ben", Bid("Look"), ago=5)
        written.add("ana", Response("away"), ago=4, to=bid)
        written.step("ben", "second-chance", bid, ago=3.5)
        written.add("ana", Response("toward"), ago=3, to=bid)
    (band,) = written.says(mirror, scope="mine").bands
    assert band.value == pytest.approx(13 / 14)
