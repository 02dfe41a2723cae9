"""The figures that a bundle's manifest carries."""

from dataclasses import asdict
from typing import Any

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import notebook_figures
from regvae.formats import uk_registration
from regvae.model.bundle import Bundle


def metrics(bundle: Bundle) -> dict[str, Any]:
    """The figures a manifest carries: accuracy by split, last losses, how well the orders of the
    preset hold, the notebook's figures."""
    last = bundle.history.iloc[-1]
    return {
        "loss": float(last["loss"]),
        "validation_loss": float(last["validation_loss"]),
        "accuracy": [accuracy(bundle, split=split) for split in uk_registration.SPLITS],
        "accuracy_sampled": accuracy(bundle, sampled=True),
        "orders": rank_correlations(bundle),
        "notebook": [asdict(figure) for figure in notebook_figures(bundle)],
    }
