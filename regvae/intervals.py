"""Confidence bounds of a rate, from how often something was seen in independent draws.

After Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial", 1934: exact, for any number of draws.
"""

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


def rounded(value: float, digits: int, side: str) -> float:
    """A number rounded to so many digits in one direction of `decimal`, such as ROUND_CEILING for
    an upper bound."""
    return float(Context(prec=digits, rounding=side).create_decimal_from_float(value))
