"""A trained model as a folder, written atomically and verified when it is loaded.

A bundle is `manifest.json`, `weights.safetensors`, `records.parquet` and `history.csv`. The
manifest contains the preset, the seed, the hash of the data, the versions of the libraries, the
metrics, and the sha256 of every other file. Nothing is pickled. A release (`regvae.model.release`)
has no `records.parquet`.
"""

import hashlib
import importlib.metadata
import io
import json
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from regvae.formats import SPLITS, Codes, CodeTable, Format, Own
from regvae.formats.columns import is_date
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.config import Preset
from regvae.model.privacy import Budget
from regvae.model.records import Records
from regvae.model.spread import Spread
from regvae.model.store import (
    HISTORY,
    MANIFEST,
    RECORDS,
    WEIGHTS,
    BundleError,
    check_free,
    manifest_hash,
    resolve,
)

SCHEMA = 3
_SOME_CODES = 4096
"""Codes that stand for those of a release's records."""


class NoRecordsError(ValueError):
    """Something needs records, and the bundle was released without them; the message tells what to
    do."""


def history_columns(positions: int, *, released: bool = False) -> tuple[str, ...]:
    """The columns of a history, for codes with this number of positions.

    A release has only those of the validation split. The losses of training records tell how one
    epoch after another learned them; and nobody can guess the seconds of the epochs, so that the
    hash of the manifest it was released from confirms no list that somebody guessed.
    """
    columns = (
        "epoch",
        "learning_rate",
        "loss",
        "reconstruction",
        "kl",
        "order",
        "validation_loss",
        "validation_exact",
        *(f"validation_right_{position}" for position in range(1, positions + 1)),
        "seconds",
    )
    kept = ("epoch", "learning_rate", "validation")
    return tuple(one for one in columns if not released or one.startswith(kept))


@dataclass(frozen=True)
class Bundle:
    """A trained model with its records, or released without them.

    `weights` are float32 arrays with the names and shapes of `weight_shapes`. `history` has one row
    per epoch and the columns of `history_columns`; losses are the preset's, in nats. `metrics` are
    figures by name, empty before they are measured. `command` is the command line that trains the
    bundle. `sha256` is the manifest's hash, empty for a bundle that was not loaded from a folder.
    """

    name: str
    preset: Preset
    seed: int
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    autoencoder: Autoencoder = field(repr=False)
    records: Records = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    metrics: dict[str, Any] = field(repr=False)
    command: str
    sha256: str = ""

    @property
    def format(self) -> Format:
        """The format of the codes."""
        return self.preset.data.format

    @property
    def privacy(self) -> Budget | None:
        """The privacy budget of the weights, as the metrics have it; None if they are not private.

        It covers neither the records nor the metrics: see `docs/privacy.md`.
        """
        stored = self.metrics.get("privacy")
        return None if stored is None else Budget.from_dict(stored)

    @property
    def released(self) -> bool:
        """Whether it was released without its records: `records` has none."""
        return self.records.spread is not None

    def require_records(self, purpose: str, advice: str = "") -> Records:
        """The records, for a purpose such as "to measure accuracy".

        Raises `NoRecordsError` for a release.
        """
        if self.released:
            advice = advice or "use the bundle that it was released from"
            raise NoRecordsError(
                f"expected a bundle with its records {purpose}, got {self.name}, which was "
                f"released without them; {advice}"
            )
        return self.records

    @cached_property
    def seen_codes(self) -> Codes:
        """The records' codes; of a release, what points that lie about as its records did decode
        to."""
        if self.records.spread is None:
            return self.records.codes
        return self.autoencoder.decode(self.records.spread.points(_SOME_CODES))

    @classmethod
    def assemble(
        cls,
        preset: Preset,
        seed: int,
        weights: Mapping[str, NDArray[np.float32]],
        history: pd.DataFrame,
        command: str = "",
        *,
        own: Own = (),
    ) -> "Bundle":
        """A bundle from trained weights: the preset's data are generated and encoded.

        `own` are the codes of a preset with the source `own`; raises `ValueError` if they are other
        codes.
        """
        autoencoder = _autoencoder(weights, preset)
        table = CodeTable.of(own, preset.data.format)
        records = Records.encode(preset.data.splits(table), autoencoder, table)
        return cls(preset.name, preset, seed, weights, autoencoder, records, history, {}, command)


def _autoencoder(weights: Mapping[str, NDArray[np.float32]], preset: Preset) -> Autoencoder:
    return Autoencoder.from_weights(weights, preset.data.onehot, preset.training.likelihood)


# --- saving ---------------------------------------------------------------------------------------


def save(bundle: Bundle, path: str | Path) -> Path:
    """Write a bundle to the new folder `path`. Raises as `write`, and `NoRecordsError` for a
    release."""
    bundle.require_records("to save it", "copy its folder")
    contents = _contents(bundle)
    contents[MANIFEST] = _manifest(bundle, contents)
    return write(contents, path)


def write(contents: Mapping[str, bytes], path: str | Path) -> Path:
    """Write files, by name, to the new folder `path`: to a temporary folder first, then renamed.

    Raises as `check_free`. If writing fails, nothing is left on disk.
    """
    path = Path(path)
    check_free(path)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name, content in contents.items():
            (partial / name).write_bytes(content)
        partial.chmod(0o755)  # folders of mkdtemp are private
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return path


def _contents(bundle: Bundle) -> dict[str, bytes]:
    records = bundle.records
    columns: dict[str, Any] = {records.format.column: records.codes, "split": records.split}
    for name, values in (("mean", records.mean), ("sigma", records.sigma)):
        columns |= {f"{name}_{i}": values[:, i - 1] for i in range(1, records.latent_dim + 1)}
    columns |= {str(name): values for name, values in records.further.items()}
    # Of a view, safetensors would write the numbers of the array that it is a view of.
    weights = {name: np.ascontiguousarray(array) for name, array in bundle.weights.items()}
    return {
        WEIGHTS: safetensors.numpy.save(weights),
        RECORDS: pd.DataFrame(columns).to_parquet(index=False),
        HISTORY: bundle.history.to_csv(index=False).encode(),
    }


def _manifest(bundle: Bundle, contents: dict[str, bytes]) -> bytes:
    packages = ("numpy", "keras", "pandas", "regvae")
    manifest = {
        "schema": SCHEMA,
        "name": bundle.name,
        "preset": bundle.preset.to_dict(),
        "seed": bundle.seed,
        "command": bundle.command,
        "data_sha256": bundle.records.data_hash(),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": _tensorflow_version(),
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "metrics": bundle.metrics,
        "files": hashes(contents),
    }
    return as_json(manifest)


def hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of each file, by name, as a manifest has them."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}


def as_json(manifest: Mapping[str, Any]) -> bytes:
    """A manifest as its file has it. Raises `ValueError` for NaN: JSON has none."""
    return (json.dumps(manifest, indent=1, allow_nan=False) + "\n").encode()


def _tensorflow_version() -> str:
    for name in ("tensorflow-cpu", "tensorflow"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not installed"


# --- loading --------------------------------------------------------------------------------------


def load(name_or_path: str | Path) -> Bundle:
    """Load and verify a bundle, given its name (shipped or the user's own) or its path.

    Every file must have the manifest's sha256 and every array the preset's shape. Raises
    `BundleError` naming the file and the value that is wrong.
    """
    folder = resolve(name_or_path)
    manifest = _read_manifest(folder)
    contents = {name: _read(folder, name, digest) for name, digest in manifest["files"].items()}
    preset = _preset(folder, manifest)
    weights = _weights(folder / WEIGHTS, contents[WEIGHTS], preset)
    if released := RECORDS not in contents:
        records = _no_records(folder / MANIFEST, manifest, preset)
    else:
        records = _records(folder / RECORDS, contents[RECORDS], preset)
        if records.data_hash() != manifest["data_sha256"]:
            raise _wrong(folder / RECORDS, "the codes and splits of the manifest's data_sha256")
    return Bundle(
        name=folder.resolve().name,
        preset=preset,
        seed=manifest["seed"],
        weights=weights,
        autoencoder=_autoencoder(weights, preset),
        records=records,
        history=_history(folder / HISTORY, contents[HISTORY], preset, released=released),
        metrics=manifest["metrics"],
        command=manifest["command"],
        sha256=manifest_hash(folder),
    )


def _wrong(
    path: Path, expected: str, got: object = "others", advice: str = "copy the bundle again"
) -> BundleError:
    shown = f"the error {str(got)[:200]!r}" if isinstance(got, Exception) else got
    return BundleError(f"{path}: expected {expected}, got {shown}; {advice}")


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, "a JSON manifest", error) from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema != SCHEMA:
        raise _wrong(path, f"schema {SCHEMA}", repr(schema)[:40], "train the bundle again")
    released = manifest.get("released", False)
    if not isinstance(released, bool):
        raise _wrong(path, "'released' as true or none", repr(released)[:40])
    kinds = {"preset": dict, "seed": int, "metrics": dict, "command": str}
    kinds |= {"original_sha256": str, "spread": dict} if released else {"data_sha256": str}
    for key, kind in kinds.items():
        if not isinstance(manifest.get(key), kind):
            raise _wrong(path, f"{key!r} of type {kind.__name__}", repr(manifest.get(key))[:40])
    files = manifest.get("files")
    expected = (WEIGHTS, HISTORY) if released else (WEIGHTS, RECORDS, HISTORY)
    if not isinstance(files, dict) or set(files) != set(expected):
        raise _wrong(path, f"the hashes of {', '.join(expected[:-1])} and {expected[-1]}")
    return manifest


def _read(folder: Path, name: str, digest: str) -> bytes:
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _wrong(path, "a readable file", error) from error
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise _wrong(path, f"sha256 {str(digest)[:12]}…", f"{found[:12]}…")
    return content


def _preset(folder: Path, manifest: dict[str, Any]) -> Preset:
    try:
        return Preset.from_dict(manifest["preset"])
    except ValueError as error:
        raise BundleError(f"{folder / MANIFEST}: in the preset, {error}") from error


def _weights(path: Path, content: bytes, preset: Preset) -> dict[str, NDArray[np.float32]]:
    try:
        weights = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError) as error:
        raise _wrong(path, "a safetensors file", error) from error
    expected = weight_shapes(preset.network, preset.data.onehot.width)
    for name in expected | weights:
        shape = weights[name].shape if name in weights else "none"
        if shape != expected.get(name, "none"):
            raise _wrong(path, f"shape {expected.get(name, 'none')} for the weight {name}", shape)
    for name, array in weights.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise _wrong(path, f"finite float32 numbers in the weight {name}")
        array.flags.writeable = False
    return weights


def _records(path: Path, content: bytes, preset: Preset) -> Records:
    axes = range(1, preset.network.latent_dim + 1)
    names = [f"{part}_{axis}" for part in ("mean", "sigma") for axis in axes]
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _wrong(path, "a Parquet table", error) from error
    column, further = preset.data.format.column, list(preset.data.columns)
    _check_columns(path, table, [column, "split", *names, *further])
    try:
        codes, split = (np.array(list(table[name]), dtype=str) for name in (column, "split"))
        preset.data.onehot.hot_columns(codes)  # raises FormatError for a wrong code
        gaussians = table[names].to_numpy(np.float32)
    except (ValueError, TypeError) as error:
        raise _wrong(path, f"{preset.data.format.plural}, splits and numbers", error) from error
    mean, sigma = np.ascontiguousarray(np.split(gaussians, 2, axis=1))
    if not len(codes) or not np.isfinite(gaussians).all() or not (sigma > 0).all():
        raise _wrong(path, "records with finite means, and finite sigmas above 0")
    if not np.isin(split, SPLITS).all():
        raise _wrong(path, f"the splits {', '.join(SPLITS)}")
    for name, values in table[further].items():
        kinds = (pd.api.types.is_float_dtype, is_date, pd.api.types.is_string_dtype)
        if not any(kind(values) for kind in kinds):
            raise _wrong(path, f"numbers, dates or texts in the column {name}", values.dtype)
    format = preset.data.format
    return Records(format.array(codes), split, mean, sigma, format, table[further])


def _no_records(path: Path, manifest: dict[str, Any], preset: Preset) -> Records:
    try:
        spread = Spread.from_dict(manifest["spread"], preset.network.latent_dim)
    except (ValueError, TypeError) as error:
        raise _wrong(path, "the spread of the means", error) from error
    return Records.none(preset.data.format, preset.network.latent_dim, spread)


def _check_columns(path: Path, table: pd.DataFrame, expected: Sequence[str]) -> None:
    if list(table.columns) != list(expected):
        got = ", ".join(map(str, table.columns))[:200]
        raise _wrong(path, f"the columns {', '.join(expected)}", got)


def _history(path: Path, content: bytes, preset: Preset, *, released: bool) -> pd.DataFrame:
    try:
        history = pd.read_csv(io.BytesIO(content))
    except ValueError as error:
        raise _wrong(path, "a CSV table", error) from error
    _check_columns(path, history, history_columns(preset.data.onehot.positions, released=released))
    try:
        numbers = history.to_numpy(np.float64)
    except ValueError as error:
        raise _wrong(path, "numbers", error) from error
    epochs = np.arange(1, preset.training.epochs + 1)
    if not np.array_equal(history["epoch"], epochs) or not np.isfinite(numbers).all():
        raise _wrong(path, f"finite numbers for each of {len(epochs)} epochs")
    return history
