"""Whether the parts of a bundle belong together: encoded and measured again."""

from pathlib import Path

import numpy as np

from regvae.evaluation.accuracy import accuracy
from regvae.formats import SPLITS
from regvae.model.bundle import Bundle, load
from regvae.model.store import MANIFEST, RECORDS, BundleError, resolve


def check(name_or_path: str | Path) -> Bundle:
    """Load a bundle and prove that its parts belong together.

    Beyond what `load` verifies: the data are drawn and encoded again and must give the same codes
    and, within 1e-4, the same Gaussians; and the accuracies must be those of the manifest.
    Raises `BundleError` with the reason.
    """
    bundle = load(name_or_path)
    folder = resolve(name_or_path)
    own = bundle.records.codes if bundle.preset.data.source == "own" else ()
    try:
        anew = Bundle.assemble(
            bundle.preset, bundle.seed, bundle.weights, bundle.history, own=own
        ).records
    except ValueError as error:
        raise BundleError(f"{folder / RECORDS}: {error}") from error
    if anew.data_hash() != bundle.records.data_hash():
        raise BundleError(
            f"{folder / RECORDS}: expected the codes that the preset's data seed "
            "draws, got others; "
            "train it again"
        )
    for part in ("mean", "sigma"):
        if not np.allclose(getattr(anew, part), getattr(bundle.records, part), 1e-4, 1e-4):
            raise BundleError(
                f"{folder / RECORDS}: expected the {part}s that the weights encode, "
                "got others; train "
                "it again"
            )
    if not _same_accuracies(bundle):
        raise BundleError(
            f"{folder / MANIFEST}: expected the accuracies that the weights give, got "
            "others; train "
            "it again"
        )
    return bundle


def _same_accuracies(bundle: Bundle) -> bool:
    """Whether the manifest has the accuracies of the weights, up to rounding on another machine."""
    stored = bundle.metrics.get("accuracy")
    for split in SPLITS:
        ours = accuracy(bundle, split=split)
        same = [one for one in stored or [] if isinstance(one, dict) and one.get("split") == split]
        if len(same) != 1 or same[0].keys() != ours.keys() or same[0]["n"] != ours["n"]:
            return False
        theirs = [same[0]["exact"], *same[0]["by_position"]]
        # Another processor may sum in another order and so tip a tie, in one code or two.
        if not np.allclose(theirs, [ours["exact"], *ours["by_position"]], atol=2.5 / ours["n"]):
            return False
    return True
