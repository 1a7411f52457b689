"""How sure one can be of a share after n yes-or-no answers: quantiles of the Beta distribution, in plain Python."""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import Final

_TINY: Final = 1e-300
_CLOSE: Final = 1e-15
_ROUNDS: Final = 10_000
_HALVINGS: Final = 60  # a float has 53 bits


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
