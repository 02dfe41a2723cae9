"""What a trained model is good at and what not: accuracy, code length, latent dimensions, examples.

For any number of latent dimensions and either likelihood. *Held-out* records are those of the
validation and the test split. Training draws z from a record's *effective* Gaussian: its mean is
the record's, its standard deviation the preset's noise times the record's sigma.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from regvae.evaluation.accuracy import accuracy as accuracy_of
from regvae.evaluation.accuracy import rows_of
from regvae.formats import SPLITS, Format
from regvae.formats.codes import characters
from regvae.intervals import Share
from regvae.model.bundle import Bundle
from regvae.model.likelihood import divergence, negative_log_likelihood
from regvae.randomness import generator

Floats = NDArray[np.float64]

ACTIVE = 0.01
"""A latent dimension is active if the variance of its means is larger: Burda, Grosse and
Salakhutdinov, "Importance weighted autoencoders", 2016, section 5.2."""

_AGGREGATED = 100_000
"""Draws of the aggregated posterior: enough for curves that are right to a few percent."""
_CELLS = 80
_PRIOR_HALF_WIDTH = 4.0


# --- accuracy -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Accuracy:
    """How well the `n` codes of a split are reconstructed from their means.

    `exact` is the exact match, `by_position` (p,) the per-character accuracy at each position.
    """

    split: str
    n: int
    exact: Share
    by_position: tuple[Share, ...]


def accuracy(bundle: Bundle, split: str) -> Accuracy:
    """`evaluation.accuracy` with intervals. Raises `ValueError` for a split without records."""
    return _with_intervals(accuracy_of(bundle, split=split))


def stored_accuracies(bundle: Bundle) -> tuple[Accuracy, ...]:
    """The accuracy on each of `SPLITS` as a bundle's manifest has it; none if it does not.

    They were measured before a release left its records out.
    """
    try:
        found = {one["split"]: _with_intervals(one) for one in bundle.metrics["accuracy"]}
        return tuple(found[split] for split in SPLITS)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ()


def _with_intervals(found: Mapping[str, Any]) -> Accuracy:
    n = found["n"]
    # The shares are counts divided by n, so that rounding gives the counts back.
    exact, *by_position = (
        Share(round(share * n), n) for share in (found["exact"], *found["by_position"])
    )
    return Accuracy(found["split"], n, exact, tuple(by_position))


# --- confusion ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Confusion:
    """Which characters of held-out codes are decoded as which, from the means.

    `counts` (c, c) has a row for each true character of the `alphabet` and a column for each
    decoded one, summed over the `positions` (from 1).
    """

    alphabet: str
    positions: tuple[int, ...]
    counts: NDArray[np.int64] = field(repr=False)

    @property
    def n(self) -> int:
        """Number of codes that were counted."""
        return int(self.counts.sum()) // len(self.positions)

    @property
    def shares(self) -> Floats:
        """Counts divided by the sum of their row, (c, c), 0 to 1; zeros for a character that does
        not occur."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)


def positions_alike(format: Format) -> tuple[tuple[int, ...], ...]:
    """The learned positions of a format, counted from 1: those of one alphabet together."""
    found: dict[str, list[int]] = {}
    for position in format.learned:
        found.setdefault(format.alphabets[position], []).append(position + 1)
    return tuple(map(tuple, found.values()))


def confusion(bundle: Bundle, positions: Sequence[int]) -> Confusion:
    """Count true against decoded characters, summed over some positions (from 1).

    Raises `ValueError` unless there are positions, all of the same alphabet.

    >>> [confusion(bundle, alike).counts.shape for alike in positions_alike(bundle.format)]
    [(26, 26), (10, 10)]
    """
    alphabets = bundle.format.alphabets
    known = [at for at in positions if 1 <= at <= len(alphabets)]
    chosen = {alphabets[at - 1] for at in known}
    if len(chosen) != 1 or len(known) != len(positions):
        raise ValueError(
            f"expected positions of one alphabet from 1 to {len(alphabets)}, got "
            f"{tuple(positions)}; choose positions with the same characters"
        )
    records = bundle.require_records("to measure it on")
    rows = records.split != "train"
    true = characters(records.codes[rows])
    decoded = characters(bundle.autoencoder.decode(records.mean[rows]))
    (alphabet,) = chosen
    counts = np.zeros((len(alphabet), len(alphabet)), np.int64)
    places = np.zeros(128, int)
    places[[ord(one) for one in alphabet]] = np.arange(len(alphabet))
    for at in positions:
        np.add.at(counts, tuple(places[part[:, at - 1]] for part in (true, decoded)), 1)
    return Confusion(alphabet, tuple(positions), counts)


# --- rate and distortion --------------------------------------------------------------------------


@dataclass(frozen=True)
class RateDistortion:
    """Code length of a split's `n` codes in nats: Alemi et al., "Fixing a broken ELBO", 2018.

    `rate` is the mean divergence of the effective Gaussians from the prior N(0, I), and
    `by_dimension` (k,) its parts; `distortion` is the mean negative log-likelihood of a code given
    a z drawn from its effective Gaussian. `standard_error` is that of their sum. `entropy` is that
    of the source of the data, None if it is not known. Without noise the rate, the sum and the
    standard error are infinite; the standard error of a single record is infinite too.
    """

    split: str
    n: int
    rate: float
    by_dimension: Floats = field(repr=False)
    distortion: float
    standard_error: float
    entropy: float | None

    @property
    def bound(self) -> float:
        """Rate plus distortion, the code length in nats: the negative ELBO.

        For codes that are not in the training data it is, on average, at least the entropy.
        """
        return self.rate + self.distortion

    @property
    def infinite(self) -> bool:
        """Whether the rate is infinite."""
        return math.isinf(self.rate)

    @property
    def excess(self) -> float | None:
        """Code length minus entropy, in nats; None if the entropy is not known."""
        return None if self.entropy is None else self.bound - self.entropy


def rate_distortion(bundle: Bundle, split: str, *, draws: int = 2, seed: int = 0) -> RateDistortion:
    """Rate in closed form, distortion as the mean over some draws of z for each record.

    Raises `ValueError` for a split without records, or for fewer draws than 1.
    """
    if draws < 1:
        raise ValueError(f"expected 1 draw or more, got {draws}; raise it")
    rows = rows_of(bundle, split)
    codes, (mean, sd) = bundle.records.codes[rows], effective_gaussians(bundle, rows)
    rng = generator("distortion", seed)
    distortion = np.mean(
        [
            negative_log_likelihood(
                bundle.autoencoder, codes, mean + sd * rng.normal(size=sd.shape)
            )
            for _ in range(draws)
        ],
        axis=0,
    )
    rate = divergence(mean, sd)
    return RateDistortion(
        split=split,
        n=len(codes),
        rate=float(rate.sum(axis=1).mean()),
        by_dimension=rate.mean(axis=0),
        distortion=float(distortion.mean()),
        standard_error=_standard_error(rate.sum(axis=1) + distortion),
        entropy=bundle.preset.data.entropy,
    )


def effective_gaussians(bundle: Bundle, rows: NDArray) -> tuple[Floats, Floats]:
    """Mean and standard deviation, (n, k) each, of the effective Gaussians of records, by row
    numbers or a mask."""
    records, noise = bundle.records, bundle.preset.training.noise
    return records.mean[rows].astype(float), noise * records.sigma[rows].astype(float)


def _standard_error(values: Floats) -> float:
    if len(values) < 2 or not np.isfinite(values).all():
        return math.inf
    return float(values.std(ddof=1) / math.sqrt(len(values)))


# --- latent dimensions ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Dimensions:
    """How much a model uses each of its k latent dimensions, over the held-out records.

    `variance` (k,) is the variance of the means; `kl` (k,) is the mean divergence of the effective
    Gaussians from N(0, 1), in nats.
    """

    variance: Floats
    kl: Floats

    @property
    def infinite(self) -> bool:
        """Whether the divergences are infinite."""
        return bool(np.isinf(self.kl).any())

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which dimensions encode something, (k,) booleans: their variance is above `ACTIVE`."""
        return self.variance > ACTIVE

    @property
    def order(self) -> NDArray[np.intp]:
        """The dimensions, counted from 0, in the order of their divergence, largest first: (k,)."""
        return np.argsort(-self.kl, kind="stable")


def dimensions(bundle: Bundle) -> Dimensions:
    """Variance and divergence of each latent dimension."""
    mean, sd = effective_gaussians(bundle, bundle.records.split != "train")
    return Dimensions(mean.var(axis=0), divergence(mean, sd).mean(axis=0))


@dataclass(frozen=True)
class Aggregate:
    """The aggregated posterior, which is the distribution of z over all records, beside the prior.

    `density` (k, g) is its density in each dimension at the points `z` (g,), `prior` (g,) the
    density of N(0, 1) there. `wasserstein` (k,) is the Wasserstein distance of order 1 between the
    two, from 0, in units of z.
    """

    z: Floats = field(repr=False)
    density: Floats = field(repr=False)
    prior: Floats = field(repr=False)
    wasserstein: Floats


def aggregate(bundle: Bundle, *, seed: int = 0) -> Aggregate:
    """Estimate the aggregated posterior from draws.

    Draws beyond the ends of a curve are not on it, but count in its area.
    """
    rng = generator("aggregate", seed)
    mean, sd = effective_gaussians(bundle, rng.integers(len(bundle.records), size=_AGGREGATED))
    drawn = (mean + sd * rng.normal(size=sd.shape)).T
    # Wide enough for the prior, and for all but a few outliers of the draws.
    half_width = max(_PRIOR_HALF_WIDTH, float(np.quantile(np.abs(drawn), 0.999)))
    edges = np.linspace(-half_width, half_width, _CELLS + 1)
    z = (edges[1:] + edges[:-1]) / 2
    counts = np.array([np.histogram(one, edges)[0] for one in drawn])
    density = counts / (_AGGREGATED * (edges[1] - edges[0]))
    prior = np.exp(-0.5 * np.square(z)) / math.sqrt(2 * math.pi)
    return Aggregate(z, density, prior, np.array([wasserstein(one) for one in drawn]))


def wasserstein(values: NDArray) -> float:
    """Wasserstein distance of order 1 between values (n,) and N(0, 1), in units of the values.

    In one dimension it is the mean absolute difference of the quantiles (Villani, "Optimal
    transport", 2009, remark 2.19); those of N(0, 1) are taken at (i - 1/2) / n for i = 1 to n.
    """
    middle = (np.arange(len(values)) + 0.5) / len(values)
    return float(np.abs(np.sort(values) - ndtri(middle)).mean())


# --- examples -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A code of the test split and its reconstruction."""

    code: str
    reconstruction: str


@dataclass(frozen=True)
class Examples:
    """Test codes that are reconstructed exactly (`right`), and some that are not (`wrong`)."""

    right: tuple[Example, ...]
    wrong: tuple[Example, ...]


def examples(bundle: Bundle, *, n: int = 8, seed: int = 0) -> Examples:
    """Draw up to n test codes that are reconstructed exactly and up to n that are not."""
    records = bundle.records
    rows = records.split == "test"
    codes, decoded = records.codes[rows], bundle.autoencoder.decode(records.mean[rows])
    shuffled = generator("examples", seed).permutation(len(codes))
    pairs = [Example(str(codes[row]), str(decoded[row])) for row in shuffled]
    right = [pair for pair in pairs if pair.code == pair.reconstruction]
    wrong = [pair for pair in pairs if pair.code != pair.reconstruction]
    return Examples(tuple(right[:n]), tuple(wrong[:n]))


# --- the diagnosis --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Diagnosis:
    """All figures of this module for one bundle, with the default seeds.

    `accuracies` and `rates` have an entry for each of `SPLITS`, `confusions` one for the positions
    of each alphabet (`positions_alike`); `seconds` is the time of training.
    """

    accuracies: tuple[Accuracy, ...]
    confusions: tuple[Confusion, ...]
    rates: tuple[RateDistortion, ...]
    dimensions: Dimensions
    aggregate: Aggregate
    examples: Examples
    seconds: float

    def summary(self, format: Format) -> dict[str, Any]:
        """The figures as plain JSON types, of codes of a format; infinite numbers are None."""
        return {
            "accuracy": {one.split: _accuracy_summary(one) for one in self.accuracies},
            "nats": {one.split: _nats_summary(one) for one in self.rates},
            "dimensions": [
                {"variance": variance, "kl": _finite(kl), "active": active, "wasserstein": distance}
                for variance, kl, active, distance in zip(
                    self.dimensions.variance.tolist(),
                    self.dimensions.kl.tolist(),
                    self.dimensions.active.tolist(),
                    self.aggregate.wasserstein.tolist(),
                    strict=True,
                )
            ],
            "confusion": [
                {
                    "alphabet": one.alphabet,
                    "positions": list(one.positions),
                    "counts": one.counts.tolist(),
                }
                for one in self.confusions
            ],
            "examples": {
                "right": [_written(one, format) for one in self.examples.right],
                "wrong": [_written(one, format) for one in self.examples.wrong],
            },
            "seconds": self.seconds,
        }


def diagnose(bundle: Bundle) -> Diagnosis:
    """Compute all figures. Raises `ValueError` for a bundle with an empty split, `NoRecordsError`
    for a release."""
    return Diagnosis(
        accuracies=tuple(accuracy(bundle, split) for split in SPLITS),
        confusions=tuple(confusion(bundle, alike) for alike in positions_alike(bundle.format)),
        rates=tuple(rate_distortion(bundle, split) for split in SPLITS),
        dimensions=dimensions(bundle),
        aggregate=aggregate(bundle),
        examples=examples(bundle),
        seconds=float(bundle.history["seconds"].sum()),
    )


def _accuracy_summary(one: Accuracy) -> dict[str, Any]:
    exact, *by_position = (
        {"share": share.value, "interval": list(share.interval)}
        for share in (one.exact, *one.by_position)
    )
    return {"n": one.n, "exact": exact, "by_position": by_position}


def _nats_summary(one: RateDistortion) -> dict[str, Any]:
    numbers = ("rate", "distortion", "bound", "standard_error", "entropy", "excess")
    return {name: _finite(getattr(one, name)) for name in numbers}


def _written(one: Example, format: Format) -> dict[str, str]:
    code, reconstruction = format.written([one.code, one.reconstruction]).tolist()
    return {"code": code, "reconstruction": reconstruction}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
