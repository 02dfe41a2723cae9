"""How good a trained model is: rebuild accuracy, and every figure the notebook printed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from regvae.formats import uk_registration
from regvae.model.bundle import Bundle


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
        raise ValueError(
            f"there are no records in the split {split!r}; {', '.join(uk_registration.SPLITS)}"
        )
    z = records.mean[rows]
    if sampled:
        noise = np.random.default_rng(seed).normal(0, bundle.preset.training.noise, z.shape)
        z = z + records.sigma[rows] * noise
    came_back = rebuilt(records.reg[rows], bundle.autoencoder.decode(z))
    return {"split": split, "decoded": "sample" if sampled else "mean", **came_back}


def rebuilt(reg: uk_registration.Regs, came: uk_registration.Regs) -> dict[str, Any]:
    """How many of the regs (n,) came back: `{"n", "exact", "by_position"}` as in `accuracy`."""
    right = uk_registration.characters(reg) == uk_registration.characters(came)
    return {
        "n": len(reg),
        "exact": float(right.all(axis=1).mean()),
        "by_position": [round(float(share), 6) for share in right.mean(axis=0)],
    }


def rank_correlations(bundle: Bundle, *, split: str = "test") -> list[dict[str, Any]]:
    """How well each attribute that was to run along a latent axis does so.

    For each of the preset's orders `{"attribute", "axis", "rank_correlation"}`, the last Spearman's
    between the attribute's ranks and the means' coordinates, -1 to 1, or None where all ranks or
    all coordinates are the same.
    """
    rows = bundle.records.split == split
    found = []
    for order in bundle.preset.training.orders:
        ranks = uk_registration.ATTRIBUTES[order.attribute].ranks(bundle.records.reg[rows])
        correlation = _spearman(bundle.records.mean[rows, order.axis - 1], ranks)
        found.append(
            {"attribute": order.attribute, "axis": order.axis, "rank_correlation": correlation}
        )
    return found


def _spearman(a: NDArray, b: NDArray) -> float | None:
    if min(len(np.unique(a)), len(np.unique(b))) < 2:
        return None
    return float(spearmanr(a, b).statistic)
