"""Statistics for small numbers, in plain Python: a share, a time until something, an order, a slow change.

Two people write down a few dozen things in a month, so each of these gives its uncertainty with it. They are for
analyses of plugins, wherever these run; none needs more than the standard library.
"""

from __future__ import annotations

from itertools import combinations
from math import exp, inf, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONFIDENCE: Final = 0.90
_TINY: Final = 1e-300
_CLOSE: Final = 1e-15  # what rounding leaves of a difference that is none
_ROUNDS: Final = 10_000
_HALVINGS: Final = 60  # a float has 53 bits


# --- a share --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Share:
    """A share with its interval, each 0 to 1."""

    value: float
    low: float
    high: float


def share_of(hits: int, of: int, *, confidence: float = CONFIDENCE) -> Share:
    """Return the share that ``hits`` of ``of`` yes-or-no answers speak for.

    The value is (hits + 1) / (of + 2), after Laplace: the mean of what one believes after the answers if one began with
    every share equally likely. The interval leaves out equal tails of that Beta(hits + 1, of - hits + 1) distribution.

    Raises:
        ValueError: ``hits`` is negative or more than ``of``, or the confidence is not between 0 and 1.
    """
    if not 0 <= hits <= of or not 0 < confidence < 1:
        raise ValueError("needs 0 <= hits <= of, and a confidence between 0 and 1")
    a, b = hits + 1, of - hits + 1
    tail = (1 - confidence) / 2
    return Share(value=a / (a + b), low=beta_quantile(a, b, tail), high=beta_quantile(a, b, 1 - tail))


def regularised_incomplete_beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b), the chance that a Beta(a, b) number is at most ``x`` (0 to 1); ``a``, ``b`` > 0.

    The continued fraction is 8.17.22 with the coefficients 8.17.23 of the NIST Digital Library of Mathematical
    Functions (https://dlmf.nist.gov/8.17), evaluated from the front after Lentz; it converges quickly for x below
    (a + 1) / (a + b + 2), and above it the symmetry 8.17.4, I_x(a, b) = 1 - I_{1-x}(b, a), leads there.

    Raises:
        ValueError: ``a`` or ``b`` is not positive, or ``x`` is not between 0 and 1.
    """
    if a <= 0 or b <= 0 or not 0 <= x <= 1:
        raise ValueError("needs a > 0, b > 0 and 0 <= x <= 1")
    if x in {0, 1}:
        return float(x)
    if x > (a + 1) / (a + b + 2):
        return 1 - regularised_incomplete_beta(b, a, 1 - x)
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return front / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """Return 1 + d1/(1 + d2/(1 + …)): Lentz keeps the ratios of successive numerators and denominators."""
    value, above, below = 1.0, 1.0, 0.0
    for n in range(1, _ROUNDS):
        m, is_odd = divmod(n, 2)
        if is_odd:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / (1 + d * below or _TINY)
        above = 1 + d / above or _TINY
        value *= above * below
        if abs(above * below - 1) < _CLOSE:
            break
    return value


def beta_quantile(a: float, b: float, chance: float) -> float:
    """Return the x below which a Beta(a, b) number lies with this ``chance`` (0 to 1), by halving.

    Raises:
        ValueError: ``a`` or ``b`` is not positive, or ``chance`` is not between 0 and 1.
    """
    if not 0 <= chance <= 1:
        raise ValueError("needs 0 <= chance <= 1")
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if regularised_incomplete_beta(a, b, middle) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# --- a time until something -----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Survival:
    """What share of the cases is still waiting after a time; ``low`` and ``high`` bound it (0 to 1).

    It holds from ``after`` (in the unit of the durations) until the next one.
    """

    after: float
    value: float
    low: float
    high: float


@attrs.frozen
class Waiting:
    """A curve of how long something takes, and in what time half of the cases are over (`inf`: not yet to be said)."""

    curve: tuple[Survival, ...]

    @property
    def median(self) -> float:
        """Return the first time at which half of the cases or fewer are still waiting."""
        return next((step.after for step in self.curve if step.value <= 1 / 2 + _CLOSE), inf)

    @property
    def median_interval(self) -> tuple[float, float]:
        """Return the times between which the median lies, after Brookmeyer and Crowley (Biometrics 38, 1982).

        They are the times at which the lower and the upper bound of the curve come down to a half.
        """
        low = next((step.after for step in self.curve if step.low <= 1 / 2), inf)
        high = next((step.after for step in self.curve if step.high <= 1 / 2), inf)
        return low, high


def waiting(durations: Iterable[tuple[float, bool]], *, confidence: float = CONFIDENCE) -> Waiting:
    """Return the curve for (duration, whether it is over); one that is not over counts as "at least so long".

    The estimate is that of Kaplan and Meier (J. Am. Stat. Assoc. 53, 1958): at each time t at which something ended the
    share is multiplied by 1 - d / n, for d that ended and n that were still waiting just before. The interval is
    Greenwood's on the scale of log(-log(S)), after Kalbfleisch and Prentice, which stays between 0 and 1.

    Raises:
        ValueError: a duration is negative or not finite, or the confidence is not between 0 and 1.
    """
    cases = sorted(durations)
    if not 0 < confidence < 1 or any(not 0 <= time < inf for time, _ in cases):
        raise ValueError("needs durations from 0 on, and a confidence between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    curve, share, spread, at_risk = [], 1.0, 0.0, len(cases)
    for time in sorted({time for time, _ in cases}):
        over = sum(is_over for when, is_over in cases if when == time)
        if over:
            share *= 1 - over / at_risk
            spread += over / (at_risk * (at_risk - over)) if over < at_risk else inf
            curve.append(_step(time, share, spread, z))
        at_risk -= sum(when == time for when, _ in cases)
    return Waiting(tuple(curve))


def _step(time: float, share: float, spread: float, z: float) -> Survival:
    if not 0 < share < 1:  # the bounds have no value there; that nobody waits any more is certain of these cases alone
        return Survival(after=time, value=share, low=share, high=share)
    width = z * sqrt(spread) / log(share)
    centre = log(-log(share))
    low, high = (exp(-exp(centre - width)), exp(-exp(centre + width)))
    return Survival(after=time, value=share, low=min(low, high), high=max(low, high))


# --- an order -------------------------------------------------------------------------------------------------------


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return how alike two rankings of the same things are: 1 the same order, -1 the reverse, None where all are tied.

    It is tau-b (Kendall, Biometrika 33, 1945): agreeing less disagreeing pairs, over the geometric mean of the pairs
    that are not tied in the one and in the other.

    Raises:
        ValueError: the two are not of one length.
    """
    if len(first) != len(second):
        raise ValueError("two rankings of the same things are needed")
    agreeing = untied_first = untied_second = 0
    for one, other in combinations(range(len(first)), 2):
        a = (first[one] > first[other]) - (first[one] < first[other])
        b = (second[one] > second[other]) - (second[one] < second[other])
        agreeing += a * b
        untied_first += a != 0
        untied_second += b != 0
    if not untied_first or not untied_second:
        return None
    return agreeing / sqrt(untied_first * untied_second)


# --- a slow change --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Drifting:
    """The two sums of a CUSUM after one more value: how far above, and how far below, what was usual."""

    above: float
    below: float


def cusum(values: Iterable[float], *, usual: float, slack: float, most: float = inf) -> tuple[Drifting, ...]:
    """Return the sums after each value: small steps in one direction add up, and chance comes back to 0.

    ``above`` is max(0, above + value - usual - slack), ``below`` is max(0, below + usual - slack - value), after Page
    (Biometrika 41, 1954); see the NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.3. ``slack`` is how much of a
    difference does not count, commonly half a standard deviation; a sum of four or five of them is taken as a change.
    No sum grows beyond ``most``, so that one that stands for long comes back as fast as a short one.

    Raises:
        ValueError: ``slack`` or ``most`` is negative.
    """
    if slack < 0 or most < 0:
        raise ValueError("the slack and the most are not negative")
    sums, above, below = [], 0.0, 0.0
    for value in values:
        above = min(most, max(0.0, above + value - usual - slack))
        below = min(most, max(0.0, below + usual - slack - value))
        sums.append(Drifting(above=above, below=below))
    return tuple(sums)
