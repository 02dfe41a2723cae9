"""Confidence bounds of a rate, from how often something was seen in independent draws.

After Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial", 1934: exact, for any number of draws.
"""

import math
from dataclasses import dataclass
from decimal import Context

from scipy.special import betaincinv

CONFIDENCE = 0.95


def upper_bound(hits: int, draws: int, confidence: float = CONFIDENCE) -> float:
    """One-sided upper confidence bound of a rate, 0 to 1.

    The rate at which `hits` or fewer in `draws` have the probability 1 - confidence; 1 without
    draws.

    >>> f"{upper_bound(0, 1_000_000):.1e}"
    '3.0e-06'
    """
    return 1.0 if hits >= draws else float(betaincinv(hits + 1, draws - hits, confidence))


def interval(hits: int, draws: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Two-sided confidence interval of a rate; (0, 1) without draws."""
    if not draws:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, draws - hits + 1, tail)) if hits else 0.0
    return low, upper_bound(hits, draws, 1 - tail)


@dataclass(frozen=True)
class Share:
    """`hits` out of `n` trials."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's interval of the rate at 95 %: two numbers from 0 to 1."""
        return self.within(CONFIDENCE)

    def within(self, confidence: float) -> tuple[float, float]:
        """The same at another confidence."""
        return interval(self.hits, self.n, confidence)


def ratio_interval(one: Share, other: Share, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Confidence interval of the rate of `one` divided by that of `other`.

    By the method of variance estimates recovery, from the intervals of the two: Donner and Zou,
    "Closed-form confidence intervals for functions of the normal mean and standard deviation",
    2012. (0, infinity) if `other` has no hits.
    """
    if not other.hits:
        return 0.0, math.inf
    (low, high), (other_low, other_high) = one.within(confidence), other.within(confidence)
    middle = one.value * other.value

    def square_root(above: float, below: float) -> float:
        return math.sqrt(max(middle**2 - above * below, 0.0))

    # The first is written so that it is right for a divisor of 0 or less, too.
    above, below = low * (2 * one.value - low), other_high * (2 * other.value - other_high)
    least = above / (middle + square_root(above, below)) if above else 0.0
    above, below = high * (2 * one.value - high), other_low * (2 * other.value - other_low)
    return least, (middle + square_root(above, below)) / below


def rounded(value: float, digits: int, side: str) -> float:
    """A number rounded to so many digits in one direction of `decimal`, such as ROUND_CEILING for
    an upper bound."""
    return float(Context(prec=digits, rounding=side).create_decimal_from_float(value))
