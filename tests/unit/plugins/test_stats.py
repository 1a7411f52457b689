"""The statistics of plugins: worked examples from the literature, and what must hold for any numbers."""

from __future__ import annotations

from math import inf, isfinite, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.plugins import stats

DURATIONS = st.lists(st.tuples(st.integers(0, 40).map(float), st.booleans()), max_size=30)
# made up: how long each took, and whether it is over
SMALL = [(3.0, True), (5.0, True), (5.0, False), (8.0, True), (12.0, True), (12.0, True), (15.0, False), (20.0, True)]
# The example of the NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.3 (public domain): mean 325, k 0.3175
NIST = [324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600, 324.625, 325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350]  # fmt: skip  # noqa: E501


def test_waiting_by_hand() -> None:
    """At each time the share loses d of the n that were still waiting: 7/8, 6/7 of it, and so on."""
    found = stats.waiting(SMALL)
    assert [step.after for step in found.curve] == [3, 5, 8, 12, 20]
    assert [step.value for step in found.curve] == pytest.approx([7 / 8, 6 / 8, 6 / 8 * 4 / 5, 6 / 8 * 2 / 5, 0])
    assert found.median == 12
    low, high = found.median_interval
    assert low <= 12 <= high


def test_nothing_that_ended_has_no_median() -> None:
    """Where nothing is over yet, half of it is over at no time that could be said."""
    for cases in ([], [(5.0, False), (9.0, False)]):
        found = stats.waiting(cases)
        assert (found.curve, found.median, found.median_interval) == ((), inf, (inf, inf))


@given(cases=DURATIONS)
def test_waiting_falls_within_its_bounds(cases: list[tuple[float, bool]]) -> None:
    """The curve only falls, from 1 at most to 0 at least, between its bounds, and does not depend on the order."""
    found = stats.waiting(cases)
    values = [1.0, *(step.value for step in found.curve)]
    assert values == sorted(values, reverse=True)
    assert all(0 <= step.low <= step.value <= step.high <= 1 for step in found.curve)
    shuffled = list(cases)
    Random(7).shuffle(shuffled)
    assert stats.waiting(shuffled) == found
    if not isfinite(found.median):
        assert values[-1] > 1 / 2


@given(cases=DURATIONS.filter(lambda cases: any(is_over for _, is_over in cases)))
def test_calling_what_is_open_over_only_shortens(cases: list[tuple[float, bool]]) -> None:
    """To leave open cases out, or to take them as over, would flatter: the curve that counts them is never below."""
    counted = stats.waiting(cases)
    flattering = stats.waiting([(time, True) for time, _ in cases])
    assert counted.median >= flattering.median


@given(first=st.permutations(range(7)), second=st.permutations(range(7)))
def test_tau_of_two_orders(first: list[int], second: list[int]) -> None:
    """1 with itself, -1 with its reverse, the same both ways round, and its sign turns with the order."""
    assert stats.kendall_tau(first, first) == pytest.approx(1)
    assert stats.kendall_tau(first, [-one for one in first]) == pytest.approx(-1)
    tau = stats.kendall_tau(first, second)
    assert tau is not None
    assert stats.kendall_tau(second, first) == pytest.approx(tau)
    assert stats.kendall_tau(first, [-one for one in second]) == pytest.approx(-tau)


def test_tau_with_ties() -> None:
    """Tied pairs count for neither side, and where all are tied there is nothing to say."""
    assert stats.kendall_tau([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(5 / (5 * 6) ** 0.5)
    assert stats.kendall_tau([1, 1, 1], [1, 2, 3]) is None
    assert stats.kendall_tau([], []) is None


def test_cusum_of_the_handbook() -> None:
    """The sums of the published example: nothing for twelve values, then beyond 4.1959 from the fourteenth on."""
    sums = stats.cusum(NIST, usual=325, slack=0.3175)
    above = [0, 0, 0, 0, 0.03, 0, 0, 0, 0, 0, 0, 0, 3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00, 19.04]
    below = [0, 0.01, 0, 0.33, 0, 0, 0.56, 0.72, 0.17, 0.26, 0.31, *([0] * 9)]
    assert [one.above for one in sums] == pytest.approx(above, abs=0.0055)
    assert [one.below for one in sums] == pytest.approx(below, abs=0.0055)
    assert next(number for number, one in enumerate(sums, start=1) if one.above > 4.1959) == 14


@given(values=st.lists(st.floats(-5, 5), min_size=1, max_size=40))
def test_cusum_mirrors(values: list[float]) -> None:
    """What is above for some values is below for their mirror image, and values within the slack sum to nothing."""
    sums = stats.cusum(values, usual=0, slack=0.5)
    mirrored = stats.cusum([-value for value in values], usual=0, slack=0.5)
    assert [one.above for one in sums] == pytest.approx([one.below for one in mirrored])
    assert set(stats.cusum(values, usual=0, slack=5)) == {stats.Drifting(above=0, below=0)}


@pytest.mark.parametrize("make", [
    lambda: stats.share_of(-1, 2), lambda: stats.share_of(1, 2, confidence=1), lambda: stats.waiting([(-1.0, True)]),
    lambda: stats.waiting([(inf, False)]), lambda: stats.waiting([], confidence=0), lambda: stats.kendall_tau([1], []),
    lambda: stats.cusum([1.0], usual=0, slack=-log(2)),
])  # fmt: skip
def test_what_has_no_meaning_is_refused(make: object) -> None:
    """Arguments outside a definition are a programmer's mistake, and said to be."""
    with pytest.raises(ValueError, match=r"need|slack"):
        make()  # type: ignore[operator]
