"""How good a trained model is: rebuild accuracy, and every figure the notebook printed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae import regs, rules, sampling
from regvae.bundle import Bundle

UNWANTED = (rules.Rule("number", "<", (50,)),)
"""The notebook's unwanted regs: number below 50."""


def accuracy(
    bundle: Bundle, *, split: str = "test", sampled: bool = False, seed: int = 0
) -> dict[str, Any]:
    """How many regs of a split come back, encoded and decoded.

    Decodes each record's mean or, if `sampled`, one draw mean + sigma * e with e of the preset's
    training noise, as the notebook does. Returns `{"split", "decoded", "n", "exact",
    "by_position"}`: exact is the share of regs rebuilt whole, by_position the share of right
    characters at each of the seven positions.
    """
    records = bundle.records
    rows = records.split == split
    if not rows.any():
        raise ValueError(f"there are no records in the split {split!r}; {', '.join(regs.SPLITS)}")
    z = records.mean[rows]
    if sampled:
        noise = np.random.default_rng(seed).normal(0, bundle.preset.training.noise, z.shape)
        z = z + records.sigma[rows] * noise
    right = regs.characters(records.reg[rows]) == regs.characters(bundle.autoencoder.decode(z))
    return {
        "split": split,
        "decoded": "sample" if sampled else "mean",
        "n": int(rows.sum()),
        "exact": float(right.all(axis=1).mean()),
        "by_position": [round(float(share), 6) for share in right.mean(axis=0)],
    }


def metrics(bundle: Bundle) -> dict[str, Any]:
    """The figures a manifest carries: accuracy by split, last losses, the notebook's figures."""
    last = bundle.history.iloc[-1]
    return {
        "loss": float(last["loss"]),
        "validation_loss": float(last["validation_loss"]),
        "accuracy": [accuracy(bundle, split=split) for split in regs.SPLITS],
        "accuracy_sampled": accuracy(bundle, sampled=True),
        "notebook": [
            {"figure": row.figure, "published": row.published, "here": row.here}
            for row in notebook_figures(bundle)
        ],
    }


@dataclass(frozen=True)
class Figure:
    """One figure of the notebook: what it published, and what this bundle gives."""

    figure: str
    published: str
    here: str


def notebook_figures(bundle: Bundle, *, seed: int = 0) -> list[Figure]:
    """Every figure the notebook printed for its two-dimensional model, beside this bundle's.

    1,000 samples are drawn wherever the notebook drew 1,000. The published numbers come from one
    training run; another run of the same recipe gives others.
    """
    means = accuracy(bundle)
    sampled = accuracy(bundle, sampled=True, seed=seed)
    small, large = (_number_counts(bundle, half_width, seed) for half_width in (0.5, 3.0))
    low, high = bundle.records.mean.min(axis=0), bundle.records.mean.max(axis=0)
    samples = sampling.sample(bundle, UNWANTED, n=1000, box=3.0, seed=seed)
    outcome = sampling.report(samples, 2.5)
    return [
        Figure("test regs rebuilt exactly (decoding a sample)", "0.000", f"{sampled['exact']:.3f}"),
        Figure("test regs rebuilt exactly (decoding the mean)", "", f"{means['exact']:.3f}"),
        Figure(
            "right by position (decoding a sample)",
            "0.064 0.048 0.960 0.995 0.060 0.052 0.055",
            _row(sampled["by_position"]),
        ),
        Figure("right by position (decoding the mean)", "", _row(means["by_position"])),
        Figure("decoded from [-0.5, 0.5]²: number < 50 / ≥ 50", "522 / 478", small),
        Figure("decoded from [-3, 3]²: number < 50 / ≥ 50", "246 / 754", large),
        Figure(
            "range of the means",
            "[-1.849, -2.134] to [1.786, 1.890]",
            f"[{_row(low, ', ')}] to [{_row(high, ', ')}]",
        ),
        Figure(
            "of 1,000 from [-3, 3]², farther than 2.5 from every reg with number < 50",
            "276",
            f"{outcome.accepted}",
        ),
        Figure(
            "of those, decoded number above 50",
            "267 = 0.967",
            _above_50(samples, samples.accepted(2.5)),
        ),
        Figure(
            "the notebook's formula at 2.5, 2 (1 - erf(2.5 / 2))",
            "0.154",
            f"{outcome.notebook_tail:.3f}",
        ),
        Figure(
            f"true tail at 2.5 (chi-square, k = {bundle.autoencoder.latent_dim})",
            "",
            f"{outcome.tail_probability:.4f}",
        ),
    ]


def _number_counts(bundle: Bundle, half_width: float, seed: int) -> str:
    rng = np.random.default_rng(seed)
    z = sampling.uniform_box(1000, half_width, bundle.autoencoder.latent_dim, rng=rng)
    below = int(rules.mask(UNWANTED, bundle.autoencoder.decode(z)).sum())
    return f"{below} / {1000 - below}"


def _above_50(samples: sampling.Samples, accepted: NDArray[np.bool_]) -> str:
    # The notebook counted numbers above 50 here, and from 50 on everywhere else: so does this.
    above = rules.Rule("number", ">", (50,)).mask(samples.reg[accepted])
    return f"{above.sum()} = {above.mean():.3f}" if len(above) else "0, as none was accepted"


def _row(numbers: NDArray | list[float], separator: str = " ") -> str:
    return separator.join(f"{number:.3f}" for number in numbers)
