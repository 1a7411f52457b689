"""The statistics of plugins against two libraries of other people, on a thousand random cases each."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from math import isnan
from random import Random

import pytest

from couplejournal.plugins import stats

CASES = 1_000

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(find_spec("scipy") is None, reason="scipy is not here (pip install --group reference)"),
]


def chance(seed: int) -> Random:
    """Return numbers that are the same in each run."""
    return Random(seed)


def waits(random: Random) -> list[tuple[float, bool]]:
    """Return some durations, with ties, of which some are still open."""
    count = random.randint(1, 60)
    return [(float(random.randint(0, 50)) + random.choice((0.0, 0.5)), random.random() < 0.7) for _ in range(count)]


def test_a_share_is_that_of_scipy() -> None:
    """The interval of a share is the quantiles of the Beta distribution, to 1e-9."""
    from scipy.stats import beta

    random = chance(1)
    for _ in range(CASES):
        of = random.randint(0, 3_000)
        hits = random.randint(0, of)
        confidence = random.uniform(0.5, 0.99)
        found = stats.share_of(hits, of, confidence=confidence)
        known = beta(hits + 1, of - hits + 1)
        assert found.value == pytest.approx(known.mean(), abs=1e-9)
        assert found.low == pytest.approx(known.ppf((1 - confidence) / 2), abs=1e-9)
        assert found.high == pytest.approx(known.ppf((1 + confidence) / 2), abs=1e-9)


def test_waiting_is_that_of_scipy() -> None:
    """The curve of Kaplan and Meier and its bounds, to 1e-9."""
    from scipy.stats import CensoredData, ecdf

    random = chance(2)
    for _ in range(CASES):
        cases = waits(random)
        if not any(is_over for _, is_over in cases):
            continue
        data = CensoredData(uncensored=[t for t, over in cases if over], right=[t for t, over in cases if not over])
        known = ecdf(data).sf
        found = stats.waiting(cases)
        shares = known.evaluate([step.after for step in found.curve])
        assert [step.value for step in found.curve] == pytest.approx(list(shares), abs=1e-9)
        with warnings.catch_warnings():  # it says so where a bound has no value
            warnings.simplefilter("ignore", RuntimeWarning)
            bounds = known.confidence_interval(stats.CONFIDENCE, method="log-log")
        for step in found.curve:
            if 0 < step.value < 1:
                assert step.low == pytest.approx(float(bounds.low.evaluate([step.after])[0]), abs=1e-9)
                assert step.high == pytest.approx(float(bounds.high.evaluate([step.after])[0]), abs=1e-9)


@pytest.mark.skipif(find_spec("lifelines") is None, reason="lifelines is not here (pip install --group reference)")
def test_waiting_is_that_of_lifelines() -> None:
    """The curve, and the time by which half are over, are those of another library, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import KaplanMeierFitter

        random = chance(3)
        for _ in range(CASES):
            cases = waits(random)
            known = KaplanMeierFitter(alpha=1 - stats.CONFIDENCE)
            known.fit([time for time, _ in cases], [is_over for _, is_over in cases])
            found = stats.waiting(cases)
            if all(abs(step.value - 1 / 2) > 1e-9 for step in found.curve):  # at a half, rounding decides in theirs
                assert found.median == known.median_survival_time_
            times = [step.after for step in found.curve]
            shares = known.survival_function_at_times(times)
            assert [step.value for step in found.curve] == pytest.approx(list(shares), abs=1e-9)


def test_tau_is_that_of_scipy() -> None:
    """Kendall's tau-b, with ties and without, to 1e-9; where it has no value, neither gives one."""
    from scipy.stats import kendalltau

    random = chance(4)
    for _ in range(CASES):
        count, values = random.randint(2, 40), random.randint(1, 20)
        first, second = ([random.randrange(values) for _ in range(count)] for _ in range(2))
        known = kendalltau(first, second, variant="b").statistic
        found = stats.kendall_tau(first, second)
        assert found is None if isnan(known) else found == pytest.approx(known, abs=1e-9)


def test_cusum_is_the_other_formula() -> None:
    """The sum above what is usual is the walk less its lowest point so far: the same by other means, to 1e-9."""
    from itertools import accumulate

    random = chance(5)
    for _ in range(CASES):
        values = [random.gauss(0, 1) for _ in range(random.randint(1, 100))]
        slack = random.uniform(0, 1)
        walk = list(accumulate((value - slack for value in values), initial=0.0))
        lowest = list(accumulate(walk, min))
        sums = stats.cusum(values, usual=0, slack=slack)
        assert [one.above for one in sums] == pytest.approx([w - m for w, m in zip(walk, lowest, strict=True)][1:], abs=1e-9)  # fmt: skip  # noqa: E501
