"""The metrics that a bundle's manifest stores."""

from dataclasses import asdict
from typing import Any

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import notebook_figures
from regvae.formats import SPLITS
from regvae.model.bundle import Bundle
from regvae.model.config import Preset
from regvae.model.presets import preset
from regvae.model.privacy import Budget


def measured_splits(preset: Preset) -> tuple[str, ...]:
    """The splits whose accuracy a manifest stores: not the training records of a private preset, of
    which nothing but the weights may tell."""
    return tuple(split for split in SPLITS if not (preset.training.privacy and split == "train"))


def metrics(bundle: Bundle) -> dict[str, Any]:
    """The metrics of a manifest, as plain JSON types.

    `loss` and `validation_loss` of the last epoch (nats), `accuracy` by split (see
    `measured_splits`), `accuracy_sampled`
    of the test split, `orders` (see `rank_correlations`); for a private preset also the `privacy`
    (see `Budget`), and for the preset notebook-2d the `notebook` figures.
    """
    last = bundle.history.iloc[-1]
    figures = {
        "loss": float(last["loss"]),
        "validation_loss": float(last["validation_loss"]),
        "accuracy": [accuracy(bundle, split=split) for split in measured_splits(bundle.preset)],
        "accuracy_sampled": accuracy(bundle, sampled=True),
        "orders": rank_correlations(bundle),
    }
    if budget := Budget.of(bundle.preset):
        figures["privacy"] = asdict(budget)
    if bundle.preset == preset("notebook-2d"):
        figures["notebook"] = [asdict(figure) for figure in notebook_figures(bundle)]
    return figures
