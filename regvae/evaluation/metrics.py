"""The metrics that a bundle's manifest stores."""

from dataclasses import asdict
from typing import Any

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import notebook_figures
from regvae.formats import SPLITS
from regvae.model.bundle import Bundle
from regvae.model.presets import preset


def metrics(bundle: Bundle) -> dict[str, Any]:
    """The metrics of a manifest, as plain JSON types.

    `loss` and `validation_loss` of the last epoch (nats), `accuracy` by split, `accuracy_sampled`
    of the test split, `orders` (see `rank_correlations`); only for the preset notebook-2d also the
    `notebook` figures.
    """
    last = bundle.history.iloc[-1]
    figures = {
        "loss": float(last["loss"]),
        "validation_loss": float(last["validation_loss"]),
        "accuracy": [accuracy(bundle, split=split) for split in SPLITS],
        "accuracy_sampled": accuracy(bundle, sampled=True),
        "orders": rank_correlations(bundle),
    }
    if bundle.preset == preset("notebook-2d"):
        figures["notebook"] = [asdict(figure) for figure in notebook_figures(bundle)]
    return figures
