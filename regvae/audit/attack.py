"""How well an attack tells members, on which a model was trained, from others: its ROC curve.

An attack gives every code a score, larger for those that it takes for members. Controls are codes
of the same source that the model was not trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import binom, hypergeom, rankdata

from regvae.intervals import CONFIDENCE, interval, upper_bound

RATES = (0.001, 0.01)
"""False positive rates at which the true positive rate is told: Carlini et al., "Membership
inference attacks from first principles", 2022 (arXiv 2112.03570), who show why the AUC alone hides
an attack that is sure of a few."""

SURE = 0.99
"""Confidence at which an attack counts as better than guessing: an audit carries out several."""

_CURVE = np.geomspace(1e-3, 1, 37)
"""False positive rates of a curve: those below one control are nothing but noise."""

_BESIDE = 1e-9
_TOP = (20, 50, 100, 200)
"""Numbers of highest scores that are tested."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Detection:
    """The share of members that an attack finds at a false positive rate of at most `fpr`, with an
    interval at 95 %: all 0 to 1."""

    fpr: float
    tpr: float
    interval: Interval


@dataclass(frozen=True)
class Attack:
    """What an attack achieved on some `members` and `controls`, counted.

    `auc` is the probability that a member has a larger score than a control, ties counted half:
    0.5 for guessing, 1 for an attack that errs nowhere; its intervals are at 95 % and at `SURE`.
    `top` is the p-value of `top_ranks`. `detections` are those at `RATES`; `curve`
    has false and true positive rates, for a picture.
    """

    members: int
    controls: int
    auc: float
    auc_interval: Interval
    sure_interval: Interval
    detections: tuple[Detection, ...]
    curve: tuple[tuple[float, float], ...]
    top: float

    @property
    def found_something(self) -> bool:
        """Whether it tells members from controls better than guessing: by its AUC, at a confidence
        of `SURE`, by its highest scores, or by what it finds at one of `RATES`."""
        strict = any(one.interval[0] > one.fpr for one in self.detections)
        return self.sure_interval[0] > 0.5 or self.top < 1 - SURE or strict

    @property
    def reversed(self) -> bool:
        """Whether members surely have the lower scores, so that who turns them round finds them."""
        return self.sure_interval[1] < 0.5

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `auc`, `auc_interval`, and `tpr_at_0.001` and such, with their intervals."""
        rates = {f"tpr_at_{one.fpr:g}": one.tpr for one in self.detections}
        rates_within = {f"tpr_at_{one.fpr:g}_interval": one.interval for one in self.detections}
        return {
            "members": self.members,
            "controls": self.controls,
            "auc": self.auc,
            "auc_interval": self.auc_interval,
            "top_ranks_p": self.top,
            **rates,
            **rates_within,
            "curve": [list(one) for one in self.curve],
        }


def attack(members: ArrayLike, controls: ArrayLike, rates: Sequence[float] = RATES) -> Attack:
    """What an attack achieved, given its scores of members (m,) and of controls (c,).

    Raises `ValueError` without members or controls, or for a score that is not a number.
    """
    ours, others = np.asarray(members, float), np.asarray(controls, float)
    if not len(ours) or not len(others):
        raise ValueError(
            f"expected scores of members and of controls, got {len(ours)} and {len(others)}; the "
            "model needs training records and held-out ones"
        )
    if np.isnan(ours).any() or np.isnan(others).any():
        raise ValueError("expected scores that are numbers, got nan; check the attack")
    auc = _auc(ours, others)
    sorted_ours, sorted_others = np.sort(ours), np.sort(others)

    def found(rate: float) -> float:
        return _found(sorted_ours, sorted_others, rate) / len(ours)

    return Attack(
        members=len(ours),
        controls=len(others),
        auc=auc,
        auc_interval=auc_interval(ours, others),
        sure_interval=auc_interval(ours, others, SURE),
        detections=tuple(_detection(sorted_ours, sorted_others, rate) for rate in rates),
        curve=tuple((float(rate), found(float(rate))) for rate in _CURVE),
        top=top_ranks(ours, others),
    )


def _auc(ours: NDArray, others: NDArray) -> float:
    """Mann and Whitney's statistic, as a share of all pairs."""
    ranks = rankdata(np.concatenate([ours, others]))[: len(ours)]
    pairs = len(ours) * len(others)
    return float((ranks.sum() - len(ours) * (len(ours) + 1) / 2) / pairs)


def auc_interval(
    members: ArrayLike, controls: ArrayLike, confidence: float = CONFIDENCE
) -> Interval:
    """Confidence interval of the AUC of scores of members (m,) and controls (c,).

    The wider side of two: Newcombe, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic, part 2", 2006, method 5, which has a width where the AUC is 0 or 1 too;
    and DeLong et al., "Comparing the areas under two or more correlated receiver operating
    characteristic curves", 1988, which is right where one kind varies more than the other.
    """
    ours, others = np.asarray(members, float), np.asarray(controls, float)
    auc, z = _auc(ours, others), float(ndtri((1 + confidence) / 2))
    half = z * _standard_error(ours, others)
    low, high = _newcombe(auc, len(ours), len(others), z)
    return max(0.0, min(low, auc - half)), min(1.0, max(high, auc + half))


def _standard_error(ours: NDArray, others: NDArray) -> float:
    """DeLong's standard error of the AUC; 0 for one score of a kind."""
    ranks = rankdata(np.concatenate([ours, others]))
    below_ours = (ranks[: len(ours)] - rankdata(ours)) / len(others)
    above_others = 1 - (ranks[len(ours) :] - rankdata(others)) / len(ours)
    parts = [one.var(ddof=1) / len(one) for one in (below_ours, above_others) if len(one) > 1]
    return float(np.sqrt(sum(parts)))


def _newcombe(auc: float, members: int, controls: int, z: float) -> Interval:
    def excess(theta: float) -> float:
        """How much farther the AUC is from theta than its standard error, times z, allows."""
        more = (members + controls) / 2 - 1
        spread = 1 + more * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        variance = theta * (1 - theta) * spread / (members * controls)
        return abs(auc - theta) - z * float(np.sqrt(variance))

    # Just beside the AUC, which is itself a root where it is 0 or 1.
    below, above = auc * (1 - _BESIDE), auc + (1 - auc) * _BESIDE
    low = 0.0 if excess(0.0) <= 0 else brentq(excess, 0.0, below)
    high = 1.0 if excess(1.0) <= 0 else brentq(excess, above, 1.0)
    return float(low), float(high)


def top_ranks(members: ArrayLike, controls: ArrayLike) -> float:
    """A p-value, 0 to 1, against guessing, from who has the highest scores.

    It finds an attack that is sure of a few members and guesses the others, which the AUC hides,
    and which few controls cannot show at a small false positive rate. Of the k highest scores the
    number of members is hypergeometric under guessing; the smallest p-value of several k is
    multiplied by their number. Scores that are equal to the k-th count too.
    """
    ours, others = np.asarray(members, float), np.asarray(controls, float)
    every = np.sort(np.concatenate([ours, others]))
    tails = []
    for k in _TOP:
        if k < len(every):
            least = every[-k]
            above, found = int((every >= least).sum()), int((ours >= least).sum())
            tails.append(hypergeom.sf(found - 1, len(every), len(ours), above))
    return min(1.0, len(_TOP) * float(min(tails, default=1.0)))


def _detection(ours: NDArray, others: NDArray, rate: float) -> Detection:
    """The true positive rate at a false positive rate, both scores sorted.

    The threshold at which controls have exactly that rate is not known either. So a quarter of the
    error goes to each side of the number of controls above it, which is binomial, and the rest to
    Clopper and Pearson's bounds of the members beyond the two thresholds.
    """
    error = (1 - CONFIDENCE) / 2
    fewest, most = binom.ppf([error / 2, 1 - error / 2], len(others), rate)
    low = interval(_beyond(ours, others, int(fewest), strict=True), len(ours), 1 - error)[0]
    high = upper_bound(_beyond(ours, others, int(most)), len(ours), 1 - error / 2)
    return Detection(rate, _found(ours, others, rate) / len(ours), (low, high))


def _found(ours: NDArray, others: NDArray, rate: float) -> int:
    """How many members are above the lowest threshold that at most this share of controls is."""
    return _beyond(ours, others, floor(rate * len(others) + 1e-9))


def _beyond(ours: NDArray, others: NDArray, above: int, *, strict: bool = False) -> int:
    """How many members have a score above the threshold that this number of controls is above.

    `strict` is the largest such threshold: the score of the last of these controls itself.
    """
    place = len(others) - above if strict else len(others) - above - 1
    if place >= len(others):
        return 0  # even the largest score of a control may be below the threshold
    threshold = others[place] if place >= 0 else -np.inf
    return len(ours) - int(np.searchsorted(ours, threshold, side="right"))
