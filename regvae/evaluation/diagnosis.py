"""What a trained model is good at and what not, from its bundle alone.

For any number of latent dimensions and either likelihood. *Held-out* records are those of the
validation and the test split. What training draws z from is a record's *effective* Gaussian, with
the mean it reports and a standard deviation of the preset's noise times the sigma it reports.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from regvae.audit.collisions import interval
from regvae.evaluation.accuracy import accuracy as accuracy_of
from regvae.formats import SPLITS, Codes, Format
from regvae.formats.codes import characters
from regvae.formats.format import DIGITS, LETTERS
from regvae.model.autoencoder import BATCH, Autoencoder
from regvae.model.bundle import Bundle
from regvae.rejection.proposals import Around

Floats = NDArray[np.float64]

ACTIVE = 0.01
"""Least variance of the mean in a latent dimension that a model uses: Burda, Grosse and
Salakhutdinov, "Importance weighted autoencoders", 2016, section 5.2."""

_AGGREGATED = 100_000
"""Draws of the aggregated posterior: its curves are then sure to a few percent."""
_CELLS = 80
_PRIOR_HALF_WIDTH = 4.0


# --- accuracy -------------------------------------------------------------------------------------


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
        """Clopper and Pearson's interval of the rate at 95 %: both ends from 0 to 1."""
        return interval(self.hits, self.n)


@dataclass(frozen=True)
class Accuracy:
    """How many of a split's `n` regs come back when their means are decoded.

    `exact` is the share of whole regs, `by_position` has the seven shares of right characters.
    """

    split: str
    n: int
    exact: Share
    by_position: tuple[Share, ...]


def accuracy(bundle: Bundle, split: str) -> Accuracy:
    """`evaluation.accuracy` with intervals. Raises `ValueError` for a split without records."""
    found = accuracy_of(bundle, split=split)
    n = found["n"]
    # What is given are shares of n, so that the nearest whole number is what was counted.
    exact, *by_position = (
        Share(round(share * n), n) for share in (found["exact"], *found["by_position"])
    )
    return Accuracy(split, n, exact, tuple(by_position))


# --- confusion ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Confusion:
    """Which characters of held-out regs come back as which, when the means are decoded.

    `counts` (c, c): a row for each true character of the `alphabet`, a column for each decoded one;
    `positions` (from 1) are those that are counted together.
    """

    alphabet: str
    positions: tuple[int, ...]
    counts: NDArray[np.int64] = field(repr=False)

    @property
    def n(self) -> int:
        """Regs that were counted."""
        return int(self.counts.sum()) // len(self.positions)

    @property
    def shares(self) -> Floats:
        """Counts by the sum of their row, (c, c), 0 to 1; a character that never came has zeros."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)


def positions_of(format: Format, alphabet: str) -> tuple[int, ...]:
    """Positions of a format, counted from 1, that have an alphabet."""
    allowed = enumerate(format.alphabets, start=1)
    return tuple(position for position, characters in allowed if characters == alphabet)


def confusion(bundle: Bundle, positions: Sequence[int]) -> Confusion:
    """Count true against decoded characters at some positions (from 1), all together.

    Raises `ValueError` unless all positions have the same alphabet.

    >>> confusion(bundle, positions_of(bundle.format, DIGITS)).counts.shape
    (10, 10)
    """
    alphabets = bundle.format.alphabets
    known = [at for at in positions if 1 <= at <= len(alphabets)]
    chosen = {alphabets[at - 1] for at in known}
    if len(chosen) != 1 or len(known) != len(positions):
        raise ValueError(
            f"expected positions of one alphabet from 1 to {len(alphabets)}, got "
            f"{tuple(positions)}; choose some of one kind"
        )
    records = bundle.records
    rows = records.split != "train"
    true = characters(records.codes[rows])
    decoded = characters(bundle.autoencoder.decode(records.mean[rows]))
    (alphabet,) = chosen
    counts = np.zeros((len(alphabet), len(alphabet)), np.int64)
    for at in positions:
        pair = (part[:, at - 1].astype(int) - ord(alphabet[0]) for part in (true, decoded))
        np.add.at(counts, tuple(pair), 1)
    return Confusion(alphabet, tuple(positions), counts)


# --- rate and distortion --------------------------------------------------------------------------


def divergence(mean: NDArray, sd: NDArray) -> Floats:
    """KL(N(mean, sd^2) || N(0, 1)) in nats of every number: shapes alike, 0 to infinity.

    1/2 (mean^2 + sd^2 - 1 - ln sd^2), Kingma and Welling, "Auto-encoding variational Bayes", 2014,
    appendix B. A standard deviation of 0 has no end: infinity.
    """
    with np.errstate(divide="ignore"):
        return 0.5 * (np.square(mean) + np.square(sd) - 1) - np.log(sd)


def negative_log_likelihood(autoencoder: Autoencoder, codes: Codes, z: NDArray) -> Floats:
    """Negative log-likelihood of codes (n,) at points (n, k), -ln p(code | z), in nats: (n,).

    By the normalised probabilities of the characters, so that p sums to 1 over all codes, whatever
    the likelihood of training.
    """
    columns = autoencoder.onehot.hot_columns(codes)
    open_nats = np.empty(len(columns))
    for start in range(0, len(columns), BATCH):  # as large as all records the outputs are gigabytes
        rows = slice(start, start + BATCH)
        log_probabilities = autoencoder.log_probabilities(z[rows])
        open_nats[rows] = -sum(
            log_p[np.arange(len(log_p)), columns[rows, block.position] - block.start]
            for block, log_p in zip(autoencoder.onehot.blocks, log_probabilities, strict=True)
        )
    return open_nats


@dataclass(frozen=True)
class RateDistortion:
    """What a split's `n` regs cost in nats: Alemi et al., "Fixing a broken ELBO", 2018.

    `rate`: what a draw of z from a record's effective Gaussian says beyond the prior, the mean of
    its divergence from N(0, I); `by_dimension` (k,) are its parts. `distortion`: what is then still
    open of the reg. `standard_error` is that of their sum over the records. `entropy` is that of
    the source of the data, None if nobody knows it. Without noise the rate has no end, and it, the
    sum and the standard error are infinity; so is the standard error of a single record.
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
        """Rate and distortion together: nats, the negative ELBO.

        For regs that the model has not seen its mean cannot be below the source's entropy.
        """
        return self.rate + self.distortion

    @property
    def endless(self) -> bool:
        """Whether the rate is infinite."""
        return math.isinf(self.rate)

    @property
    def excess(self) -> float | None:
        """Nats that the bound lies above the entropy; None if that is not known."""
        return None if self.entropy is None else self.bound - self.entropy


def rate_distortion(bundle: Bundle, split: str, *, draws: int = 2, seed: int = 0) -> RateDistortion:
    """Rate in closed form, distortion as the mean of some draws of z a record.

    Raises `ValueError` for a split without records, or without draws.
    """
    if draws < 1:
        raise ValueError(f"a distortion wants 1 draw a record or more, not {draws}")
    rows = bundle.records.split == split
    if not rows.any():
        raise ValueError(f"there are no records in the split {split!r}; {', '.join(SPLITS)}")
    codes, (mean, sd) = bundle.records.codes[rows], effective_gaussians(bundle, rows)
    rng = np.random.default_rng(seed)
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


def effective_gaussians(bundle: Bundle, rows: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean and standard deviation, (n, k) each, of what training draws z from for some records."""
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

    `variance` (k,) is that of the records' means; `kl` (k,) the mean divergence of their effective
    Gaussians from N(0, 1), in nats.
    """

    variance: Floats
    kl: Floats

    @property
    def endless(self) -> bool:
        """Whether the divergences are infinite."""
        return bool(np.isinf(self.kl).any())

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which dimensions say something of the reg, (k,): a variance above `ACTIVE`."""
        return self.variance > ACTIVE

    @property
    def order(self) -> NDArray[np.intp]:
        """The dimensions, counted from 0, by their divergence, greatest first: (k,)."""
        return np.argsort(-self.kl, kind="stable")


def dimensions(bundle: Bundle) -> Dimensions:
    """Variance and divergence of each latent dimension."""
    mean, sd = effective_gaussians(bundle, bundle.records.split != "train")
    return Dimensions(mean.var(axis=0), divergence(mean, sd).mean(axis=0))


@dataclass(frozen=True)
class Aggregate:
    """The aggregated posterior, where z lies over all records, against the prior N(0, 1).

    `density` (k, g) is its density in each dimension at the places `z` (g,), `prior` (g,) the
    prior's. `wasserstein` (k,) is how far the one must be moved, on average, to become the other,
    in units of z, from 0.
    """

    z: Floats = field(repr=False)
    density: Floats = field(repr=False)
    prior: Floats = field(repr=False)
    wasserstein: Floats


def aggregate(bundle: Bundle, *, seed: int = 0) -> Aggregate:
    """Draw the aggregated posterior and lay each of its dimensions beside the prior.

    Raises nothing: what lies beyond the places of a curve is left out of it, not out of its area.
    """
    drawn = Around().draw(_AGGREGATED, bundle, np.random.default_rng(seed)).T
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

    In one dimension the mean difference of their quantiles (Villani, "Optimal transport", 2009,
    remark 2.19 and after); the normal's are taken in the middle of n equal shares.
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
    """Some regs of the test split that come back whole, and some that do not; there may be none."""

    right: tuple[Example, ...]
    wrong: tuple[Example, ...]


def examples(bundle: Bundle, *, n: int = 8, seed: int = 0) -> Examples:
    """Draw up to n test regs that come back whole and up to n that do not."""
    records = bundle.records
    rows = records.split == "test"
    codes, decoded = records.codes[rows], bundle.autoencoder.decode(records.mean[rows])
    shuffled = np.random.default_rng(seed).permutation(len(codes))
    pairs = [Example(str(codes[row]), str(decoded[row])) for row in shuffled]
    right = [pair for pair in pairs if pair.code == pair.reconstruction]
    wrong = [pair for pair in pairs if pair.code != pair.reconstruction]
    return Examples(tuple(right[:n]), tuple(wrong[:n]))


# --- all together ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Diagnosis:
    """Everything of this module about one bundle, by its default seeds.

    `accuracies` and `rates` have an entry for each of `SPLITS`; `seconds` is what training took.
    """

    accuracies: tuple[Accuracy, ...]
    letters: Confusion
    digits: Confusion
    rates: tuple[RateDistortion, ...]
    dimensions: Dimensions
    aggregate: Aggregate
    examples: Examples
    seconds: float

    def summary(self) -> dict[str, Any]:
        """The figures as plain JSON types; what has no end is None."""
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
            "confusion": {
                "letters": self.letters.counts.tolist(),
                "digits": self.digits.counts.tolist(),
            },
            "examples": {
                "right": [asdict(one) for one in self.examples.right],
                "wrong": [asdict(one) for one in self.examples.wrong],
            },
            "seconds": self.seconds,
        }


def diagnose(bundle: Bundle) -> Diagnosis:
    """Everything of this module. Raises `ValueError` for a bundle with an empty split."""
    return Diagnosis(
        accuracies=tuple(accuracy(bundle, split) for split in SPLITS),
        letters=confusion(bundle, positions_of(bundle.format, LETTERS)),
        digits=confusion(bundle, positions_of(bundle.format, DIGITS)),
        rates=tuple(rate_distortion(bundle, split) for split in SPLITS),
        dimensions=dimensions(bundle),
        aggregate=aggregate(bundle),
        examples=examples(bundle),
        seconds=float(bundle.history["seconds"].sum()),
    )


def _accuracy_summary(one: Accuracy) -> dict[str, Any]:
    def shown(share: Share) -> dict[str, Any]:
        return {"share": share.value, "interval": list(share.interval)}

    return {
        "n": one.n,
        "exact": shown(one.exact),
        "by_position": [shown(share) for share in one.by_position],
    }


def _nats_summary(one: RateDistortion) -> dict[str, Any]:
    numbers = ("rate", "distortion", "bound", "standard_error", "entropy", "excess")
    return {name: _finite(getattr(one, name)) for name in numbers}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
