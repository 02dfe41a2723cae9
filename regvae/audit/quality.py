"""How good synthetic codes are beside real ones, by what a statistician would look at first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from regvae.formats import Attribute, Codes, Format
from regvae.formats.codes import keys
from regvae.intervals import interval
from regvae.onehot import OneHot, one_hot
from regvae.parallel import one_thread_a_product
from regvae.randomness import generator

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Places = NDArray[np.uint8]

_BATCH = 65_536
_MOST_VALUES = 300
"""Values of an attribute whose coverage is counted; most numbers of five digits occur in none."""
_COMPARED = 10_000
"""Different codes of each sample that are compared by a classifier, half of them for learning."""
_LEAST_COMPARED = 10
_PENALTY = 0.03
"""Scikit-learn's C: small, since a pair of letters has 676 weights and a few codes each."""


@dataclass(frozen=True)
class Distance:
    """Total variation between synthetic and real characters at one or two positions (from 1).

    `variation` is half the sum of the absolute differences of the shares, 0 to 1. `chance` is what
    it is on average for two samples of these sizes from one distribution.
    """

    positions: tuple[int, ...]
    variation: float
    chance: float


@dataclass(frozen=True)
class Coverage:
    """How many of the values of an attribute that are `seen` among real codes are `found` among the
    synthetic ones; `expected` among as many real ones."""

    attribute: str
    seen: int
    found: int
    expected: float


@dataclass(frozen=True)
class TwoSampleTest:
    """A classifier's `accuracy` in telling `n` codes apart that it has not seen, half of them real.

    0.5 if it cannot; the `interval` is at 95 %.
    """

    n: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Quality:
    """`n` synthetic codes beside `real_n` real ones; `asdict` gives plain JSON types.

    `distinct` codes are different; the shares `permitted` by the format, and `valid` by its
    attribute of that name, are from 0 to 1. `positions` has a distance for each learned position,
    `pair` that of the pair of positions with the largest excess over chance; `pairs` and
    `pairs_chance` are means over all pairs. `coverage` has the attributes of at most 300 values.
    What a format does not have is None, as is `test` for fewer than 10 different codes.
    """

    n: int
    real_n: int
    distinct: int
    permitted: float
    valid: float | None
    positions: tuple[Distance, ...]
    pair: Distance | None
    pairs: float | None
    pairs_chance: float | None
    coverage: tuple[Coverage, ...]
    test: TwoSampleTest | None


def quality(
    codes: Sequence[str] | Codes, real: Sequence[str] | Codes, format: Format, *, seed: int = 0
) -> Quality:
    """Compare synthetic codes (n,) with real ones (m,), all normalised; either may repeat.

    The seed chooses the codes that a classifier compares. Raises `ValueError` for fewer than two
    codes of either kind, and `FormatError` naming a text that is no normalised code.
    """
    for given, kind in ((codes, "synthetic"), (real, "real")):
        if len(given) < 2:
            raise ValueError(
                f"expected 2 or more {kind} {format.plural}, got {len(given):,}; give more"
            )
    layout = one_hot(format)
    places, real_places = (layout.places(some) for some in (codes, real))
    codes, real = format.array(codes), format.array(real)
    pairs = [
        distance(places, real_places, pair, layout)
        for pair in combinations(range(layout.positions), 2)
    ]
    return Quality(
        n=len(codes),
        real_n=len(real),
        distinct=len(np.unique(keys(codes))),
        permitted=sum(int(format.permits(some).sum()) for some in _batches(codes)) / len(codes),
        valid=_valid(codes, format),
        positions=tuple(
            distance(places, real_places, (column,), layout) for column in range(layout.positions)
        ),
        pair=max(pairs, key=lambda one: one.variation - one.chance, default=None),
        pairs=sum(one.variation for one in pairs) / len(pairs) if pairs else None,
        pairs_chance=sum(one.chance for one in pairs) / len(pairs) if pairs else None,
        coverage=tuple(_coverages(codes, real, format)),
        test=two_sample_test(codes, real, format, seed=seed),
    )


def _batches(codes: Codes) -> Iterator[Codes]:
    """Codes in parts: what is computed of a million at once would be hundreds of megabytes."""
    return (codes[start : start + _BATCH] for start in range(0, len(codes), _BATCH))


def _valid(codes: Codes, format: Format) -> float | None:
    valid = format.attributes.get("valid")
    if valid is None or valid.kind != "boolean":
        return None
    return sum(int(valid.values(some).sum()) for some in _batches(codes)) / len(codes)


# --- total variation ------------------------------------------------------------------------------


def distance(places: Places, real: Places, columns: tuple[int, ...], layout: OneHot) -> Distance:
    """The distance of places (n, b) and (m, b) of characters at one or two of their columns."""
    ours, theirs = (_counts(some, columns, layout) for some in (places, real))
    difference = ours / len(places) - theirs / len(real)
    return Distance(
        tuple(layout.blocks[column].position + 1 for column in columns),
        float(np.abs(difference).sum() / 2),
        chance(ours + theirs, len(places)),
    )


def _counts(places: Places, columns: tuple[int, ...], layout: OneHot) -> NDArray[np.int64]:
    cells, size = np.zeros(len(places), np.intp), 1
    for column in columns:
        width = len(layout.blocks[column].alphabet)
        cells *= width
        cells += places[:, column]
        size *= width
    return np.bincount(cells, minlength=size)


def chance(counts: NDArray[np.int64], n: int) -> float:
    """Mean total variation of two samples of which both together have these counts (c,), if n
    of them, drawn at random, are the first sample: the mean of a permutation test.

    The count of a cell in the first sample is hypergeometric. Its mean absolute deviation is a sum
    that telescopes, as de Moivre's of the binomial does (Diaconis and Zabell, "Closed form
    summation for classical distributions", 1991).
    """
    found, times = np.unique(counts[counts > 0], return_counts=True)
    total = int(counts.sum())
    k = n * found // total + 1  # the least count above the mean
    possible = (k <= found) & (k <= n)
    found, times, k = found[possible], times[possible], k[possible]
    log_p = _log_choose(found, k) + _log_choose(total - found, n - k) - _log_choose(total, n)
    deviation = 2 * k * (total - found - n + k) / total * np.exp(log_p)
    return float((times * deviation).sum() * total / (2 * n * (total - n)))


def _log_choose(n: NDArray | int, k: NDArray | int) -> NDArray[np.float64]:
    return np.asarray(
        gammaln(np.add(n, 1)) - gammaln(np.add(k, 1)) - gammaln(np.subtract(n, k) + 1)
    )


# --- coverage -------------------------------------------------------------------------------------


def _coverages(codes: Codes, real: Codes, format: Format) -> Iterator[Coverage]:
    for attribute in format.attributes.values():
        seen, counts = np.unique(attribute.values(real), return_counts=True)
        if len(seen) <= _MOST_VALUES:
            expected = float((1 - (1 - counts / len(real)) ** len(codes)).sum())
            found = _found(attribute, codes)
            yield Coverage(attribute.name, len(seen), len(found & {*seen.tolist()}), expected)


def _found(attribute: Attribute, codes: Codes) -> set:
    return {
        value for some in _batches(codes) for value in np.unique(attribute.values(some)).tolist()
    }


# --- classifier two-sample test -------------------------------------------------------------------


def two_sample_test(
    codes: Codes, real: Codes, format: Format, *, seed: int = 0
) -> TwoSampleTest | None:
    """Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", 2017: can a classifier that
    has learned from half of the codes tell which of the other half are real?

    Logistic regression on all characters and all pairs of characters: so it sees whatever two
    positions have to do with each other, and no more. Every code counts once in each sample, and is
    in one half only. None for fewer than `_LEAST_COMPARED` different codes.
    """
    # Here, so that importing the library stays quick.
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    rng = generator("two-sample test", seed)
    samples = _balanced(codes, real, rng)
    if samples is None:
        return None
    layout = one_hot(format)
    halves = [(_pairs(layout.places(half), layout), is_real) for half, is_real in _halves(*samples)]
    (learned, is_real), (asked, answers) = halves
    with one_thread_a_product:  # so that the digits are those of any number of processors
        classifier = LogisticRegression(C=_PENALTY, max_iter=1_000).fit(learned, is_real)
        hits = int((classifier.predict(asked) == answers).sum())
    n = len(answers)
    return TwoSampleTest(n, hits / n, interval(hits, n))


def _balanced(codes: Codes, real: Codes, rng: np.random.Generator) -> tuple[Codes, Codes] | None:
    """As many different codes of each sample: (k,) and (k,), or None if there are too few.

    Real codes are often drawn until so many differ, and so are the others here: in a small space,
    rare codes are the more likely among different ones, the more are drawn.
    """
    theirs = _first_different(real, len(real), rng)
    ours = _first_different(codes, len(theirs), rng)
    least = min(len(ours), len(theirs))
    if least < _LEAST_COMPARED:
        return None
    chosen = (rng.permutation(least)[:_COMPARED] for _ in range(2))
    return ours[next(chosen)], theirs[next(chosen)]


def _first_different(codes: Codes, most: int, rng: np.random.Generator) -> Codes:
    """Codes in random order, each once, at most so many of them."""
    shuffled, tried = rng.permutation(len(codes)), 2 * most
    while True:
        some = codes[shuffled[:tried]]
        first = np.sort(np.unique(keys(some), return_index=True)[1])
        if len(first) >= most or tried >= len(codes):
            return some[first[:most]]
        tried *= 2


def _halves(ours: Codes, theirs: Codes) -> Iterator[tuple[Codes, NDArray[np.bool_]]]:
    """Two halves of both samples (k,), and which of their codes are real; k are in either.

    A code of both samples has both copies in one half: one that was learned from the other sample
    would be taken for it. So both halves have as many codes of either sample.
    """
    shared, found = np.isin(keys(ours), keys(theirs)), np.isin(keys(theirs), keys(ours))
    groups = ours[~shared], theirs[~found], ours[shared]
    for part in (lambda some: some[: len(some) // 2], lambda some: some[len(some) // 2 :]):
        only_ours, only_theirs, both = map(part, groups)
        half = np.concatenate([only_ours, both, only_theirs, both])
        yield half, np.arange(len(half)) >= len(half) // 2


def _pairs(places: Places, layout: OneHot) -> "csr_array":
    """Characters and pairs of characters as columns of zeros and ones: places (n, b) -> (n, f)."""
    from scipy.sparse import csr_array

    columns, width = [], 0
    sizes = [len(block.alphabet) for block in layout.blocks]
    part = places.T.astype(np.int32)
    for one, size in zip(part, sizes, strict=True):
        columns.append(width + one)
        width += size
    for first, second in combinations(range(len(sizes)), 2):
        columns.append(width + part[first] * sizes[second] + part[second])
        width += sizes[first] * sizes[second]
    cells = np.stack(columns, axis=1)
    ends = np.arange(len(cells) + 1, dtype=np.int32) * cells.shape[1]
    return csr_array((np.ones(cells.size), cells.ravel(), ends), shape=(len(cells), width))
