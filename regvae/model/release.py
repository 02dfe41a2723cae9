"""A release: a bundle without its records, which can be shared where they cannot.

It has the weights, byte for byte, and of the records only aggregates: their numbers by split, the
spread of their means in the latent space, and the accuracies and losses of the metrics. What names
a record is left out: codes, means and sigmas; further columns; the history of the training losses;
the example of a format of one's own, which may be a record; the command line, which may name files.

A hash of the list is left out too: it proves a guess of the list at once, such as that of all
numbers of one year. Whoever trains a guessed list again with the release's seeds can still compare
weights and accuracies: that proves a guess too, at the price of a training run. The hash of
the manifest that it was released from proves none, as it depends on the seconds of each epoch.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from regvae.formats import FORMATS, Format, format_of
from regvae.model.bundle import (
    SCHEMA,
    Bundle,
    NoRecordsError,
    as_json,
    hashes,
    history_columns,
    load,
    write,
)
from regvae.model.config import Data, Preset
from regvae.model.spread import Spread
from regvae.model.store import HISTORY, MANIFEST, WEIGHTS, check_free, resolve

WITHHELD = "withheld"
"""What stands in a release for the sha256 of own codes."""

_METRICS = ("loss", "validation_loss", "accuracy", "accuracy_sampled", "orders", "privacy")
"""The metrics that are released, all of them aggregates."""
_DRAWN = 10_000
"""Codes that are drawn to find an example that is no record."""


def release(name_or_path: str | Path, out: str | Path) -> Path:
    """Write a release of a bundle, given by its name or its path, to the new folder `out`.

    Raises `BundleError` as `load` does, `NoRecordsError` for a release, `ValueError` if no code can
    be an example, and as `check_free`.
    """
    check_free(Path(out))
    folder = resolve(name_or_path)
    bundle = load(folder)
    if bundle.released:
        raise NoRecordsError(
            f"expected a bundle with its records to release, got {bundle.name}, which was released "
            "without them; copy its folder"
        )
    columns = history_columns(bundle.preset.data.onehot.positions, released=True)
    contents = {
        WEIGHTS: (folder / WEIGHTS).read_bytes(),
        HISTORY: bundle.history[list(columns)].to_csv(index=False).encode(),
    }
    return write(contents | {MANIFEST: as_json(_manifest(bundle, contents, folder))}, out)


def _manifest(bundle: Bundle, contents: dict[str, bytes], folder: Path) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "released": True,
        "name": bundle.name,
        "preset": _preset(bundle).to_dict(),
        "seed": bundle.seed,
        "command": "",
        "original_sha256": bundle.sha256,
        "versions": json.loads((folder / MANIFEST).read_bytes()).get("versions", {}),
        "records": bundle.records.sizes(),
        "spread": Spread.of(bundle.records.mean).to_dict(),
        "metrics": {name: bundle.metrics[name] for name in _METRICS if name in bundle.metrics},
        "files": hashes(contents),
    }


def _preset(bundle: Bundle) -> Preset:
    """A bundle's preset without what is of its own list of codes: its sha256 and an example."""
    data: Data = bundle.preset.data
    if data.source != "own":
        return bundle.preset
    data = dataclasses.replace(data, sha256=WITHHELD, format=_with_other_example(bundle))
    return dataclasses.replace(bundle.preset, data=data)


def _with_other_example(bundle: Bundle) -> Format:
    """The format with an example that is no record; one that is built in has its own, if it can."""
    format, records = bundle.format, bundle.records
    if not format.definition:  # written in Python: a manifest has its name alone
        return format
    if FORMATS.get(format.name) == format and records.row_of(format.example) is None:
        return format
    # Not from a seed: with the first of codes that anybody can draw, those before it were records.
    drawn = format.generate(_DRAWN, rng=np.random.default_rng())
    others = drawn[~records.contains(drawn)]
    if not len(others):
        raise ValueError(
            f"expected some {format.plural} that are no records, one of them as an example, got "
            f"none among {_DRAWN:,}: nearly all {format.plural} are records, and a release would "
            "hide nothing; share the bundle itself, or nothing"
        )
    return format_of({**format.definition, "example": format.shown(str(others[0]))})
