"""Attribute inference: can a masked character of a record be guessed from its other characters?

After Giomi et al., "A unified framework for quantifying privacy risk in synthetic data"
(Anonymeter), 2023. Guesses on training codes, the *main* attack, are right more often than those on
held-out codes, the *control*, only by what the attacker has learned of the training codes
themselves; what is right on both is knowledge of codes in general.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.audit.attack import SURE
from regvae.formats import Codes
from regvae.intervals import CONFIDENCE, Share, ratio_interval
from regvae.model.bundle import Bundle
from regvae.model.likelihood import nats_at_means
from regvae.onehot import OneHot
from regvae.parallel import each
from regvae.randomness import generator

Places = NDArray[np.uint8]
Hits = NDArray[np.bool_]

_PUBLIC = 20_000
"""Codes of the format's generator, from which its most frequent characters are known."""
_GENERATED = 100_000
"""Most generated codes that are compared with each record, drawn at random."""
_CHUNK = 50
"""Records that are compared at once: a few megabytes."""


@dataclass(frozen=True)
class Success:
    """How often guesses are right: of the `main` attack, the `control` and the `baseline`.

    The baseline guesses a training code's character too, but always the one that is most frequent
    at that position in codes of the format's generator.
    """

    main: Share
    control: Share
    baseline: Share

    @property
    def risk(self) -> float | None:
        """(main - control) / (1 - control): of what is not known of other codes, how much is known
        of training codes. Up to 1; None if all guesses of the control are right."""
        missed = _missed(self.control)
        return 1 - _missed(self.main).value / missed.value if missed.hits else None

    @property
    def risk_interval(self) -> tuple[float, float] | None:
        """The interval of the risk at 95 %, None as for the risk."""
        return self._within(CONFIDENCE)

    @property
    def found_something(self) -> bool:
        """Whether there is a risk, at a confidence of `SURE`."""
        within = self._within(SURE)
        return within is not None and within[0] > 0

    def _within(self, confidence: float) -> tuple[float, float] | None:
        """The interval of the risk, which is 1 less a ratio of two rates: of wrong guesses."""
        if self.risk is None:
            return None
        low, high = ratio_interval(_missed(self.main), _missed(self.control), confidence)
        return 1 - high, 1 - low

    def summary(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        shares = {
            name: {"hits": one.hits, "n": one.n, "rate": one.value, "interval": [*one.interval]}
            for name, one in vars(self).items()
        }
        bounds = self.risk_interval
        return {**shares, "risk": self.risk, "risk_interval": [*bounds] if bounds else None}


def _missed(share: Share) -> Share:
    return Share(share.n - share.hits, share.n)


@dataclass(frozen=True)
class Guesses:
    """The success of one attacker: `by_position`, for each learned position, and `overall`.

    Overall, each code counts once, at a position drawn at random: guesses at several positions of
    one code are right or wrong together, so an interval of all of them would be too short.
    """

    overall: Success
    by_position: tuple[Success, ...]

    def summary(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return {
            "overall": self.overall.summary(),
            "by_position": [one.summary() for one in self.by_position],
        }


@dataclass(frozen=True)
class Inference:
    """Two attackers, one who has the `model` and one who has `generated` codes only.

    `positions` are the learned positions (from 1), the order of each `by_position`.
    """

    positions: tuple[int, ...]
    model: Guesses
    generated: Guesses

    def summary(self) -> dict[str, Any]:
        """The figures as plain JSON types; they name no code."""
        return {
            "positions": list(self.positions),
            "model": self.model.summary(),
            "generated": self.generated.summary(),
        }


def infer(
    bundle: Bundle, generated: Sequence[str] | Codes, *, most: int = 1_000, seed: int = 0
) -> Inference:
    """Mask one character at a time of records, at most so many of each split, and let two attackers
    guess it from the others: with the model, and with generated codes (m,).

    Check characters are never masked, nor seen: they are computed for each guess. Raises
    `ValueError` without generated codes or without records to attack, and `FormatError` for a
    generated text that is no normalised code.
    """
    layout, rng = bundle.autoencoder.onehot, generator("attribute inference", seed)
    if not len(generated):
        plural = bundle.format.plural
        raise ValueError(f"expected 1 or more generated {plural}, got none; generate some")
    if most < 1:
        raise ValueError(f"expected 1 or more records of each split, got {most:,}; raise it")
    training = _chosen(bundle, ("train",), most, rng)
    held_out = _chosen(bundle, ("validation", "test"), most, rng)
    picked = [rng.integers(layout.positions, size=len(codes)) for codes in (training, held_out)]
    some = rng.permutation(len(generated))[:_GENERATED]
    known = layout.places(bundle.format.array(generated)[some])
    public = layout.places(bundle.format.generate(_PUBLIC, rng=rng))
    baseline = _hits(layout, training, lambda places: _most_frequent(public, places))

    def attack(guess: Callable[[Places], Places]) -> Guesses:
        main, control = (_hits(layout, codes, guess) for codes in (training, held_out))
        overall = _at(main, picked[0]), _at(control, picked[1]), _at(baseline, picked[0])
        by_position = tuple(map(_success, main.T, control.T, baseline.T))
        return Guesses(_success(*overall), by_position)

    return Inference(
        tuple(block.position + 1 for block in layout.blocks),
        attack(lambda places: guesses_of_model(bundle, places)),
        attack(lambda places: guesses_of_codes(known, places, layout)),
    )


def _chosen(bundle: Bundle, splits: tuple[str, ...], most: int, rng: np.random.Generator) -> Codes:
    """At most so many codes of each of some splits, drawn at random."""
    split = bundle.records.split
    rows = [rng.permutation(np.flatnonzero(split == one))[:most] for one in splits]
    if not any(map(len, rows)):
        raise ValueError(
            f"expected records of the split {' or '.join(splits)}, got none; choose another model"
        )
    return bundle.records.codes[np.concatenate(rows)]


def _at(hits: Hits, columns: NDArray[np.integer]) -> Hits:
    return np.take_along_axis(hits, columns[:, None], axis=1)[:, 0]


def _success(main: Hits, control: Hits, baseline: Hits) -> Success:
    return Success(*(Share(int(one.sum()), len(one)) for one in (main, control, baseline)))


def _hits(layout: OneHot, codes: Codes, guess: Callable[[Places], Places]) -> Hits:
    """Whether the guess of each learned position gives each code (n,) back: (n, b)."""
    places = layout.places(codes)
    guesses = guess(places)
    hits = np.empty(places.shape, bool)
    for column in range(layout.positions):
        filled = places.copy()
        filled[:, column] = guesses[:, column]
        hits[:, column] = layout.codes(filled) == codes
    return hits


# --- attackers ------------------------------------------------------------------------------------
# Each maps the places of codes (n, b) to guesses (n, b); the guess of a column does not depend on
# what is in that column.


def _most_frequent(known: Places, places: Places) -> Places:
    """The most frequent character of each position among known codes (m, b)."""
    modes = [np.bincount(column).argmax() for column in known.T]
    return np.broadcast_to(np.array(modes, np.uint8), places.shape)


def guesses_of_model(bundle: Bundle, places: Places) -> Places:
    """Of all characters, the one with which the model reconstructs the code best: with the least
    negative log-likelihood at the mean of the completed code."""
    layout, format = bundle.autoencoder.onehot, bundle.format
    guesses = np.empty_like(places)
    for column, block in enumerate(layout.blocks):
        size = len(block.alphabet)
        filled = np.repeat(places, size, axis=0)
        filled[:, column] = np.tile(np.arange(size, dtype=np.uint8), len(places))
        codes = layout.codes(filled)
        nats = nats_at_means(bundle.autoencoder, codes)
        nats[~format.permits(codes)] = np.inf
        guesses[:, column] = nats.reshape(len(places), size).argmin(axis=1)
    return guesses


def guesses_of_codes(known: Places, places: Places, layout: OneHot) -> Places:
    """The character of most of those known codes (m, b) that agree at the most other positions; of
    characters of as many, the one more frequent among all known codes."""
    columns = np.ascontiguousarray(known.T)
    sizes = [len(block.alphabet) for block in layout.blocks]
    frequencies = [
        np.bincount(column, minlength=size) / (len(known) + 1)
        for column, size in zip(columns, sizes, strict=True)
    ]
    guesses = np.empty_like(places)

    def guess(rows: slice) -> None:
        some = places[rows]
        same = [some[:, at, None] == column for at, column in enumerate(columns)]
        agreeing = np.sum(same, axis=0, dtype=np.uint8)
        for at, size in enumerate(sizes):
            others = agreeing - same[at]
            row, code = np.nonzero(others == others.max(axis=1, keepdims=True))
            votes = np.bincount(row * size + columns[at][code], minlength=len(some) * size)
            guesses[rows, at] = (votes.reshape(-1, size) + frequencies[at]).argmax(axis=1)

    each(guess, [slice(start, start + _CHUNK) for start in range(0, len(places), _CHUNK)])
    return guesses
