from __future__ import annotations

from datetime import UTC, timedelta
from math import exp, lgamma, log

import attrs
import pytest
from couplejournal_plugins.bids import share
from hypothesis import given
from hypothesis import strategies as st
from unit.plugins.written import NOW, PERSONS, Writing, view_of

from couplejournal.model.kinds import Bid, Response, Step
from couplejournal.plugins import CAVEAT, AnalysisRequest, AnalysisResult, JournalView, stats
from couplejournal.testing.couple import Draft, Person, correspondence


def integrated(a: float, b: float, x: float, *, slices: int = 20_000) -> float:
    """Return the same chance by Simpson's rule over the density: slow, and another way altogether."""
    whole = lgamma(a + b) - lgamma(a) - lgamma(b)

    def density(t: float) -> float:
        if t in {0.0, 1.0}:
            return exp(whole) if (a if t == 0 else b) == 1 else 0.0
        return exp(whole + (a - 1) * log(t) + (b - 1) * log(1 - t))

    step = x / slices
    inner = sum((4 if i % 2 else 2) * density(i * step) for i in range(1, slices))
    return step / 3 * (density(0.0) + inner + density(x))


def request(view: JournalView) -> AnalysisRequest:
    """Return a request of `NOW` for what both can read."""
    return AnalysisRequest(view=view.shared_only(), now=NOW, zone=UTC, language="en")


def analysed(drafts: list[Draft], me: str = "ana") -> AnalysisResult:
    """Return the share as one of the two gets it."""
    return share.turning_toward(request(view_of(drafts, me)))


def answered(toward: int, away: int = 0, against: int = 0, *, one_sided: bool = False) -> Writing:
    """Write so many answered bids, the two answering by turns."""
    writing = Writing()
    turns = ["toward"] * toward + ["away"] * away + ["against"] * against
    for number, turn in enumerate(turns):
        asks, answers = ("ana", "ben") if one_sided or number % 2 else ("ben", "ana")
        bid = writing.add(asks, Bid("Look at the moon?"))
        writing.add(answers, Response(turn), to=bid)
    return writing


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 1), (13, 1), (11, 3), (31, 6), (7, 7), (1, 13), (200, 20)])
@pytest.mark.parametrize("x", [0.05, 0.3, 0.5, 0.8, 0.97])
def test_incomplete_beta_equals_the_integral(a: int, b: int, x: float) -> None:
    """The continued fraction gives what integrating the density gives."""
    assert stats.regularised_incomplete_beta(a, b, x) == pytest.approx(integrated(a, b, x), abs=1e-9)


def test_known_values() -> None:
    """Where the distribution has a closed form, the numbers are that form's."""
    assert stats.regularised_incomplete_beta(1, 1, 0.37) == pytest.approx(0.37)
    assert stats.regularised_incomplete_beta(13, 1, 0.9) == pytest.approx(0.9**13)
    assert stats.regularised_incomplete_beta(1, 13, 0.1) == pytest.approx(1 - 0.9**13)
    assert stats.regularised_incomplete_beta(0.5, 0.5, 0.5) == pytest.approx(0.5)
    assert stats.beta_quantile(13, 1, 0.05) == pytest.approx(0.05 ** (1 / 13))
    assert stats.beta_quantile(7, 7, 0.5) == pytest.approx(0.5)
    assert stats.regularised_incomplete_beta(3, 4, 0) == 0
    assert stats.regularised_incomplete_beta(3, 4, 1) == 1


def test_binomial_tail() -> None:
    """For whole numbers it is the tail of a binomial distribution, which can be summed."""
    coefficients = [1, 12, 66, 220, 495, 792, 924, 792, 495, 220, 66, 12, 1]
    tail = sum(coefficients[k] * 0.6**k * 0.4 ** (12 - k) for k in range(9, 13))
    assert stats.regularised_incomplete_beta(9, 4, 0.6) == pytest.approx(tail)


@given(a=st.integers(1, 2_000), b=st.integers(1, 2_000), chance=st.floats(0.01, 0.99))
def test_quantile_undoes_the_distribution(a: int, b: int, chance: float) -> None:
    """The chance below the quantile is the chance that was asked for."""
    quantile = stats.beta_quantile(a, b, chance)
    assert stats.regularised_incomplete_beta(a, b, quantile) == pytest.approx(chance, abs=1e-7)


@pytest.mark.parametrize(("a", "b", "x"), [(0, 1, 0.5), (1, -1, 0.5), (1, 1, -0.1), (1, 1, 1.1)])
def test_incomplete_beta_refuses_what_has_no_meaning(a: float, b: float, x: float) -> None:
    """Arguments outside the definition are a programmer's mistake."""
    with pytest.raises(ValueError, match="needs"):
        stats.regularised_incomplete_beta(a, b, x)
    with pytest.raises(ValueError, match="needs"):
        stats.beta_quantile(1, 1, 1.5)
    with pytest.raises(ValueError, match="needs"):
        share.share_of(3, 2)


@given(toward=st.integers(0, 400), other=st.integers(0, 400))
def test_share_lies_in_its_band(toward: int, other: int) -> None:
    """The share is (t+1)/(n+2), inside its band, and the ratio is toward to the rest."""
    found = share.share_of(toward, toward + other)
    assert found.value == pytest.approx((toward + 1) / (toward + other + 2))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.ratio == (toward / other if other else None)


def test_ten_of_twelve() -> None:
    """Twelve answers of both, ten toward: the numbers that one can work out by hand."""
    result = analysed(answered(10, 1, 1).drafts)
    band = result.bands[0]
    assert result.is_enough
    assert band.value == pytest.approx(11 / 14)
    assert integrated(11, 3, band.low) == pytest.approx(0.05, abs=1e-6)
    assert integrated(11, 3, band.high) == pytest.approx(0.95, abs=1e-6)
    assert band.marks[0].value == pytest.approx(5 / 6)
    assert result.bands[1].value == pytest.approx(5.0)
    assert "between 59 % and 93 %" in result.headline
    assert result.caveat == CAVEAT


def test_eleven_are_not_enough() -> None:
    """Below twelve answers there is not enough to say, and no number slips out."""
    result = analysed(answered(11).drafts)
    assert not result.is_enough
    assert (result.bands, result.series, result.tables) == ((), (), ())
    assert result.caveat == CAVEAT


def test_one_sided_says_the_same_as_too_few() -> None:
    """Where only one answers, the result is word for word the one for too few: it tells on nobody."""
    assert analysed(answered(20, one_sided=True).drafts) == analysed(answered(3).drafts)


def test_nobody_turned_away() -> None:
    """Without any away or against there is no ratio to name, and the band of it stays finite."""
    result = analysed(answered(12).drafts)
    assert result.bands[1].value is None
    assert result.bands[1].high < 1_000
    assert "No away or against was written down in these days." in result.notes


def test_second_chance_counts_as_it_ended() -> None:
    """A bid that was met away and then, at the second chance, toward counts once, as toward."""
    writing = answered(11)
    bid = writing.add("ana", Bid("Walk with me?"))
    writing.add("ben", Response.away(), to=bid)
    writing.add("ben", Step("second-chance"), to=bid)
    open_chance = analysed(writing.drafts)
    writing.add("ben", Response.toward(), to=bid)
    ended = analysed(writing.drafts)
    assert open_chance.bands[0].value == pytest.approx(12 / 14)
    assert ended.bands[0].value == pytest.approx(13 / 14)


def test_letting_go_hides_no_answer() -> None:
    """A bid that was met away and then let go of still counts as away; one without an answer does not count."""
    writing = answered(12)
    bid = writing.add("ana", Bid("Dance?"))
    writing.add("ben", Response.away(), to=bid)
    writing.add("ana", Step("let-go"), to=bid)
    unanswered = writing.add("ana", Bid("And now?"))
    writing.add("ana", Step("let-go"), to=unanswered)
    assert analysed(writing.drafts).bands[0].value == pytest.approx(13 / 15)


def test_answers_that_change_nothing_do_not_count() -> None:
    """An answer to one's own bid, and a second one to a bid that is met already, are notes and no turns."""
    writing = answered(12)
    bid = writing.add("ana", Bid("Tea?"))
    writing.add("ana", Response.against(), to=bid)
    writing.add("ben", Response.toward(), to="0")
    writing.add("ana", Response.away(), to="0")
    assert analysed(writing.drafts).bands[0].value == pytest.approx(13 / 14)


def test_private_waiting_and_tender_stay_out() -> None:
    """Private bids and those marked tender change nothing in what both see."""
    writing = answered(12)
    before = analysed(writing.drafts)
    private = writing.add("ana", Bid("For myself"), audience="private")
    writing.add("ana", Response.away(), to=private, audience="private")
    tender = writing.add("ana", Bid("Closer?", tender="tender"))
    writing.add("ben", Response.away(), to=tender)
    bid = writing.add("ana", Bid("Hold me?"))
    writing.add("ben", Response("away", tender="intimate"), to=bid)
    assert analysed(writing.drafts) == before


def test_older_than_28_days_counts_in_the_series_only() -> None:
    """Bids of more than 28 days ago do not count now; the weekly points of their time hold them."""
    recent = answered(14).drafts
    older = [
        attrs.evolve(
            draft,
            key=f"older {draft.key}",
            refers_to=draft.refers_to and f"older {draft.refers_to}",
            happened_at=draft.happened_at - timedelta(days=24),
        )
        for draft in answered(12, 4).drafts
    ]
    assert not analysed(older).is_enough
    result = analysed([*older, *recent])
    assert result.bands == analysed(recent).bands
    values = [point.value for point in result.series[0].points]
    assert values[:-5] == [None] * (share.WEEKS_SHOWN - 5)
    assert values[-5:-1] == [pytest.approx(13 / 18)] * 4
    assert values[-1] == pytest.approx(15 / 16)


def test_both_see_the_same_and_swapping_changes_nothing() -> None:
    """The result is equal on both devices and when the two change places: nothing in it is by person."""
    drafts = correspondence(300)
    other: dict[Person, Person] = {"ana": "ben", "ben": "ana"}
    swapped = [attrs.evolve(draft, author=other[draft.author]) for draft in drafts]
    result = analysed(drafts, "ana")
    assert result.is_enough
    assert analysed(drafts, "ben") == result
    assert analysed(swapped, "ana") == result
    assert not any(person.hex() in str(result.as_data()) for person in PERSONS.values())


def test_series_is_silent_where_there_is_too_little() -> None:
    """The weekly points hold no value where their own 28 days have too little, and the last is the band itself."""
    result = analysed(answered(14, 2).drafts)
    points = result.series[0].points
    assert len(points) == share.WEEKS_SHOWN
    assert [point.value for point in points[:-1]] == [None] * (share.WEEKS_SHOWN - 1)
    assert points[-1].value == result.bands[0].value
