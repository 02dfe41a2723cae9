"""How well a model reconstructs codes, and how well it orders the attributes of its preset."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regvae.formats import SPLITS, Codes
from regvae.formats.codes import characters
from regvae.model.bundle import Bundle
from regvae.randomness import generator


def accuracy(
    bundle: Bundle, *, split: str = "test", sampled: bool = False, seed: int = 0
) -> dict[str, Any]:
    """How well the n codes of a split are reconstructed.

    Decodes each record's mean or, if `sampled`, one draw mean + sigma * e with e of the preset's
    training noise, as the notebook does. Returns `{"split", "decoded", "n", "exact",
    "by_position"}`: `decoded` is "mean" or "sample", `exact` the share of exact matches,
    `by_position` the per-character accuracy at each position, all 0 to 1. Raises `ValueError` for a
    split without records, `NoRecordsError` for a release.
    """
    records = bundle.records
    rows = rows_of(bundle, split)
    z: NDArray = records.mean[rows]
    if sampled:
        noise = generator("accuracy", seed).normal(0, bundle.preset.training.noise, z.shape)
        z = z + records.sigma[rows] * noise
    decoded = reconstruction(records.codes[rows], bundle.autoencoder.decode(z))
    return {"split": split, "decoded": "sample" if sampled else "mean", **decoded}


def rows_of(bundle: Bundle, split: str) -> NDArray[np.bool_]:
    """Which records are of a split, (n,) booleans. Raises `ValueError` if none is, and
    `NoRecordsError` for a release."""
    advice = "read the accuracies in its manifest, or use the bundle that it was released from"
    rows = bundle.require_records("to measure it on", advice).split == split
    if not rows.any():
        raise ValueError(
            f"expected a split with records ({', '.join(SPLITS)}), got {split!r} with none; choose "
            "another"
        )
    return rows


def reconstruction(codes: Codes, decoded: Codes) -> dict[str, Any]:
    """Codes (n,) compared with what was `decoded` (n,): `{"n", "exact", "by_position"}`, see
    `accuracy`."""
    right = characters(codes) == characters(decoded)
    return {
        "n": len(codes),
        "exact": float(right.all(axis=1).mean()),
        "by_position": [round(float(share), 6) for share in right.mean(axis=0)],
    }


def rank_correlations(bundle: Bundle, *, split: str = "test") -> list[dict[str, Any]]:
    """How well each of the preset's orders puts its attribute in order along its latent axis.

    A list of `{"attribute", "axis", "rank_correlation"}`; the axis is counted from 1, and the rank
    correlation is Spearman's between the attribute and the means' coordinates, -1 to 1, or None if
    all values or all coordinates are the same. Records without a value do not count.
    """
    rows = bundle.records.split == split
    found = []
    for order in bundle.preset.training.orders:
        ranks = bundle.records.attributes[order.attribute].ranks(bundle.records.codes[rows])
        known = ranks >= 0
        z = bundle.records.mean[rows, order.axis - 1]
        correlation = _spearman(z[known], ranks[known])
        found.append(
            {"attribute": order.attribute, "axis": order.axis, "rank_correlation": correlation}
        )
    return found


def _spearman(a: NDArray, b: NDArray) -> float | None:
    if min(len(np.unique(a)), len(np.unique(b))) < 2:
        return None
    # Pearson's correlation of the ranks; scipy.stats takes half a second to import.
    return float(np.corrcoef(pd.Series(a).rank(), pd.Series(b).rank())[0, 1])
