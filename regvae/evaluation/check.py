"""Whether the parts of a bundle belong together."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.metrics import measured_splits
from regvae.model.bundle import Bundle, load
from regvae.model.config import Preset
from regvae.model.privacy import Budget
from regvae.model.store import MANIFEST, RECORDS, BundleError, resolve


def check(name_or_path: str | Path) -> Bundle:
    """Load a bundle and verify that its parts belong together.

    Beyond what `load` verifies: the preset's data, drawn and encoded again, have the same codes
    and, within 1e-4, the same Gaussians; the accuracies, and the epsilon of a private preset, are
    those of the manifest. Of a release only the epsilon can be verified. Raises `BundleError`
    naming the file.
    """
    bundle = load(name_or_path)
    folder = resolve(name_or_path)
    if bundle.metrics.get("privacy") != _privacy(bundle.preset):
        _fail(folder / MANIFEST, "the privacy that the preset's noise and steps give")
    if bundle.released:
        return bundle
    own = bundle.records.table if bundle.preset.data.source == "own" else ()
    try:
        encoded = Bundle.assemble(
            bundle.preset, bundle.seed, bundle.weights, bundle.history, own=own
        ).records
    except ValueError as error:
        raise BundleError(f"{folder / RECORDS}: {error}") from error
    if encoded.data_hash() != bundle.records.data_hash():
        _fail(folder / RECORDS, "the codes that the preset's data seed draws")
    for part in ("mean", "sigma"):
        if not np.allclose(getattr(encoded, part), getattr(bundle.records, part), 1e-4, 1e-4):
            _fail(folder / RECORDS, f"the {part}s that the weights encode")
    if not _same_accuracies(bundle):
        _fail(folder / MANIFEST, "the accuracies that the weights give")
    return bundle


def _privacy(preset: Preset) -> dict[str, Any] | None:
    budget = Budget.of(preset)
    return None if budget is None else asdict(budget)


def _fail(path: Path, expected: str) -> None:
    raise BundleError(f"{path}: expected {expected}, got others; train the bundle again")


def _same_accuracies(bundle: Bundle) -> bool:
    """Whether the manifest has the accuracies of the weights, up to rounding on another machine."""
    stored = bundle.metrics.get("accuracy") or []
    for split in measured_splits(bundle.preset):
        ours = accuracy(bundle, split=split)
        same = [one for one in stored if isinstance(one, dict) and one.get("split") == split]
        if len(same) != 1 or same[0].keys() != ours.keys() or same[0]["n"] != ours["n"]:
            return False
        theirs = [same[0]["exact"], *same[0]["by_position"]]
        # Another processor may sum in another order and so tip a tie, in one code or two.
        if not np.allclose(theirs, [ours["exact"], *ours["by_position"]], atol=2.5 / ours["n"]):
            return False
    return True
