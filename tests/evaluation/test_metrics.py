"""The metrics of a manifest."""

import dataclasses

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.metrics import metrics
from regvae.evaluation.notebook import notebook_figures
from regvae.formats import SPLITS
from tests.evaluation.models import history, identity


def test_metrics_are_the_last_losses_the_accuracies_and_the_orders():
    bundle = dataclasses.replace(identity(), history=history(4.5, 2.5))
    assert metrics(bundle) == {
        "loss": 2.5,
        "validation_loss": 2.5,
        "accuracy": [accuracy(bundle, split=split) for split in SPLITS],
        "accuracy_sampled": accuracy(bundle, sampled=True),
        "orders": rank_correlations(bundle),
    }


def test_only_the_preset_notebook_2d_has_the_notebooks_figures(bundle):
    figures = [dataclasses.asdict(figure) for figure in notebook_figures(bundle)]
    assert metrics(bundle)["notebook"] == figures
    changed = dataclasses.replace(bundle.preset, about="another preset of the same name")
    assert "notebook" not in metrics(dataclasses.replace(bundle, preset=changed))
