"""Membership inference: can somebody tell whether a code was among those a model was trained on?

Members are the records of the training split, controls those of the validation and test splits,
which come from the same source. Three attacks: by the model's own loss, by shadow models (LiRA),
and from generated codes alone. Each gives every record a score, larger for a likelier member.
"""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.audit.attack import Attack, attack
from regvae.formats import Codes
from regvae.formats.codes import characters
from regvae.model.bundle import Bundle
from regvae.model.likelihood import nats_at_means
from regvae.randomness import generator

Scores = NDArray[np.float64]

_FARTHEST = 2
"""Hamming distance up to which generated codes count as near."""


def judged(bundle: Bundle, scores: ArrayLike) -> Attack:
    """What scores (n,) of all records achieve. Raises as `attack`."""
    members = bundle.records.split == "train"
    scores = np.asarray(scores, float)
    return attack(scores[members], scores[~members])


def by_loss(bundle: Bundle) -> Scores:
    """The model's own loss: a record that it reconstructs surely is likely a member. (n,)

    The negative of its nats at its own mean.

    Yeom et al., "Privacy risk in machine learning", 2018. The reconstruction alone, without the
    divergence, which finds nothing and only hides it.
    """
    return -nats_at_means(bundle.autoencoder, bundle.records.codes)


def by_shadows(nats: ArrayLike, shadows: NDArray, members: NDArray[np.bool_]) -> Scores:
    """The likelihood ratio attack with shadow models, LiRA: (n,).

    `nats` (n,) are those of the model, `shadows` (s, n) those of s shadow models, of which
    `members` (s, n) were trained on the code. Carlini et al., "Membership inference attacks from
    first principles", 2022, algorithm 1, with one variance for all codes, as they do with few
    shadow models: the logarithm of the ratio of two normal densities, of the code's log nats with
    and without it. The mean of a code with few shadow models on one side is drawn towards that of
    all codes (the posterior mean of a normal model with the variances between and within codes).
    """
    with np.errstate(divide="ignore"):
        found, others = (np.log(np.maximum(one, 1e-30)) for one in (np.asarray(nats), shadows))
    outside, without = _means(others, ~members)
    inside, within = _means(others, members)
    return (
        (found - outside) ** 2 / (2 * without)
        - (found - inside) ** 2 / (2 * within)
        + 0.5 * np.log(without / within)
    )


def _means(values: NDArray, chosen: NDArray[np.bool_]) -> tuple[NDArray, float]:
    """The mean of each column's chosen values, drawn towards all others' (n,), and their variance
    within columns."""
    counts = chosen.sum(axis=0)
    seen = counts > 0
    if not seen.any():
        return np.full(values.shape[1], values.mean()), max(float(values.var()), 1e-12)
    means = np.where(chosen, values, 0).sum(axis=0) / np.maximum(counts, 1)
    spread = np.where(chosen, (values - means) ** 2, 0).sum()
    degrees = np.maximum(counts - 1, 0).sum()
    overall = means[seen].mean()
    if not degrees:  # one shadow model: nothing tells codes apart from noise
        return np.full(len(means), overall), max(float(means[seen].var()), 1e-12)
    within = max(float(spread / degrees), 1e-12)
    between = max(float(means[seen].var() - within * (1 / counts[seen]).mean()), 1e-12)
    weight = counts / (counts + within / between)
    return overall + weight * (means - overall), within


def by_generated(codes: Codes, generated: Codes) -> Scores:
    """From generated codes (g,) alone, how near they come to each of the codes (n,): (n,).

    By the distance of the nearest generated code, 0, 1, 2 characters or farther,
    and then by the share of generated codes at that distance: what Hilprecht et al., "Monte Carlo
    and reconstruction membership inference attacks", 2019 (arXiv 1906.03006), count in a ball.
    """
    if not len(generated):
        return np.zeros(len(codes))
    near = _near(codes, np.asarray(generated, codes.dtype))
    scores = np.zeros(len(codes))
    for distance in reversed(range(_FARTHEST + 1)):
        share = near[distance] / (len(generated) + 1)
        scores = np.where(near[distance] > 0, _FARTHEST + 1 - distance + share, scores)
    return scores


def _near(codes: Codes, generated: Codes) -> NDArray[np.float64]:
    """How many generated codes agree with each code but for 0, 1, … `_FARTHEST` positions, at a
    choice of such positions: (`_FARTHEST` + 1, n); those nearer are counted at each choice."""
    ours, theirs = _parts(codes), _parts(generated)
    found = np.zeros((_FARTHEST + 1, len(codes)))
    for distance in range(_FARTHEST + 1):
        for masked in combinations(range(ours.shape[1]), distance):
            left = [place for place in range(ours.shape[1]) if place not in masked]
            found[distance] += _matches(ours[:, left].sum(axis=1), theirs[:, left].sum(axis=1))
    return found


def _parts(codes: Codes) -> NDArray[np.uint64]:
    """A number for each character of codes (n,), whose sums, modulo 2^64, differ where any differs:
    (n, w). (Two codes share a sum by chance with a probability of about 2^-64.)"""
    points = characters(codes).astype(np.uint64)
    factors = generator("keys of masked codes").integers(1, 2**64, points.shape[1], np.uint64)
    return points * (factors | np.uint64(1))


def _matches(ours: NDArray, theirs: NDArray) -> NDArray[np.int64]:
    """How often each of our keys (n,) is among theirs: (n,)."""
    values, counts = np.unique(theirs, return_counts=True)
    places = np.searchsorted(values, ours).clip(max=len(values) - 1)
    return np.where(values[places] == ours, counts[places], 0)
