"""A trained model as a folder: written completely or not at all, and verified when it is loaded.

A bundle is `manifest.json`, `weights.safetensors`, `records.parquet` and `history.csv`. The
manifest names the preset, the seeds, the data, the versions, the metrics, and the sha256 of every
other file. Nothing is pickled.
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
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from regvae.formats import SPLITS, Codes, Format
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.config import Preset
from regvae.model.records import Records
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


def history_columns(positions: int) -> tuple[str, ...]:
    """The columns of the history of a model of codes with so many positions."""
    return (
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


@dataclass(frozen=True)
class Bundle:
    """A trained model with its records.

    `history` has one row an epoch with the columns of `history_columns` (losses in nats by the
    preset's own definition); `metrics` are figures by name, empty until somebody measures them;
    `command` is the command that trains the bundle; `sha256` is its manifest's hash, empty for a
    bundle that was not loaded from a folder.
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
        """The format of its codes."""
        return self.preset.data.format

    @classmethod
    def assemble(
        cls,
        preset: Preset,
        seed: int,
        weights: Mapping[str, NDArray[np.float32]],
        history: pd.DataFrame,
        command: str = "",
        *,
        own: Sequence[str] | Codes = (),
    ) -> "Bundle":
        """A bundle in memory from trained weights: the preset's data are encoded again.

        `own` are the codes of a preset whose data are one's own; raises `ValueError` if they are
        others.
        """
        autoencoder = _autoencoder(weights, preset)
        records = Records.encode(preset.data.splits(own), autoencoder)
        return cls(preset.name, preset, seed, weights, autoencoder, records, history, {}, command)


def _autoencoder(weights: Mapping[str, NDArray[np.float32]], preset: Preset) -> Autoencoder:
    return Autoencoder.from_weights(weights, preset.data.onehot, preset.training.likelihood)


# --- saving ---------------------------------------------------------------------------------------


def save(bundle: Bundle, path: str | Path) -> Path:
    """Write the bundle to the new folder `path`: to a temporary folder first, then renamed.

    Raises what `check_free` does, and leaves nothing behind when writing fails.
    """
    path = Path(path)
    check_free(path)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        contents = _contents(bundle)
        contents[MANIFEST] = _manifest(bundle, contents)
        for name, content in contents.items():
            (partial / name).write_bytes(content)
        partial.chmod(0o755)  # mkdtemp's folders are private
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return path


def _contents(bundle: Bundle) -> dict[str, bytes]:
    records = bundle.records
    columns: dict[str, Any] = {"reg": records.codes, "split": records.split}
    for name, values in (("mean", records.mean), ("sigma", records.sigma)):
        columns |= {f"{name}_{i}": values[:, i - 1] for i in range(1, records.latent_dim + 1)}
    # Of an array that is a part of another, safetensors would write the other's numbers.
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
        "files": {
            name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())
        },
    }
    # JSON has no NaN: better no bundle than one that others cannot read.
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
    """Load and verify a bundle by its name, shipped or kept, or its path.

    Every file must have the manifest's sha256 and every array the preset's shape. Raises
    `BundleError` saying what was wanted, what came, and in which file.
    """
    folder = resolve(name_or_path)
    manifest = _read_manifest(folder)
    contents = {name: _read(folder, name, digest) for name, digest in manifest["files"].items()}
    preset = _preset(folder, manifest)
    weights = _weights(folder / WEIGHTS, contents[WEIGHTS], preset)
    records = _records(folder / RECORDS, contents[RECORDS], preset)
    if records.data_hash() != manifest["data_sha256"]:
        raise BundleError(
            f"{folder / RECORDS}: expected the codes of the manifest's hash, got others; "
            "copy it again"
        )
    return Bundle(
        name=folder.resolve().name,
        preset=preset,
        seed=manifest["seed"],
        weights=weights,
        autoencoder=_autoencoder(weights, preset),
        records=records,
        history=_history(folder / HISTORY, contents[HISTORY], preset),
        metrics=manifest["metrics"],
        command=manifest["command"],
        sha256=manifest_hash(folder),
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path}: wanted a JSON manifest, but {error}") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        schema = manifest.get("schema") if isinstance(manifest, dict) else None
        raise BundleError(f"{path}: wanted schema {SCHEMA}, but it has {schema!r}; train it again")
    wanted = {"preset": dict, "seed": int, "metrics": dict, "data_sha256": str, "command": str}
    for key, kind in wanted.items():
        if not isinstance(manifest.get(key), kind):
            raise BundleError(f"{path}: wanted {key!r} as {kind.__name__}; the file is damaged")
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) != {WEIGHTS, RECORDS, HISTORY}:
        raise BundleError(f"{path}: wanted the hashes of {WEIGHTS}, {RECORDS} and {HISTORY}")
    return manifest


def _read(folder: Path, name: str, digest: str) -> bytes:
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: the file is missing or unreadable; copy it again") from error
    came = hashlib.sha256(content).hexdigest()
    if came != digest:
        raise BundleError(
            f"{path}: wanted sha256 {str(digest)[:12]}…, but it has {came[:12]}…; "
            "the file was altered or cut short, copy it again"
        )
    return content


def _preset(folder: Path, manifest: dict[str, Any]) -> Preset:
    try:
        return Preset.from_dict(manifest["preset"])
    except ValueError as error:
        raise BundleError(f"{folder / MANIFEST}: its preset cannot be read: {error}") from error


def _weights(path: Path, content: bytes, preset: Preset) -> dict[str, NDArray[np.float32]]:
    try:
        weights = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError) as error:
        raise BundleError(f"{path}: wanted safetensors, but {error}") from error
    wanted = weight_shapes(preset.network, preset.data.onehot.width)
    came = {name: array.shape for name, array in weights.items()}
    if came != wanted:
        name = next(n for n in {**wanted, **came} if wanted.get(n) != came.get(n))
        has = came.get(name, "missing")
        if name not in wanted:
            raise BundleError(
                f"{path}: wanted no weight {name}, but there is an extra one of {has}"
            )
        raise BundleError(f"{path}: wanted {name} of shape {wanted[name]}, but it is {has}")
    for name, array in weights.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise BundleError(f"{path}: wanted finite float32 numbers, but {name} has others")
        array.flags.writeable = False
    return weights


def _records(path: Path, content: bytes, preset: Preset) -> Records:
    axes = range(1, preset.network.latent_dim + 1)
    names = [f"{part}_{axis}" for part in ("mean", "sigma") for axis in axes]
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{path}: wanted a Parquet table, but {error}") from error
    _want_columns(path, table, ["reg", "split", *names])
    try:
        codes = [_normalised(text, preset.data.format) for text in table["reg"]]
        split = np.array([str(one) for one in table["split"]], dtype="U10")
        gaussians = table[names].to_numpy(np.float32)
    except (ValueError, TypeError) as error:
        raise BundleError(f"{path}: wanted regs and numbers, but {error}") from error
    mean, sigma = np.ascontiguousarray(np.split(gaussians, 2, axis=1))
    if not codes or not np.isfinite(gaussians).all() or not (sigma > 0).all():
        raise BundleError(f"{path}: wanted finite means and sigmas above 0")
    if not np.isin(split, SPLITS).all():
        raise BundleError(f"{path}: wanted the splits {', '.join(SPLITS)}")
    return Records(preset.data.format.array(codes), split, mean, sigma, preset.data.format)


def _want_columns(path: Path, table: pd.DataFrame, wanted: Sequence[str]) -> None:
    if list(table.columns) != list(wanted):
        came = ", ".join(map(str, table.columns))
        raise BundleError(f"{path}: wanted columns {', '.join(wanted)}, but it has {came[:200]}")


def _normalised(text: str, format: Format) -> str:
    code = format.parse(text)
    if code != text:
        raise ValueError(f"{text!r} is not normalised to {code!r}")
    return code


def _history(path: Path, content: bytes, preset: Preset) -> pd.DataFrame:
    try:
        history = pd.read_csv(io.BytesIO(content))
    except ValueError as error:
        raise BundleError(f"{path}: wanted a CSV table, but {error}") from error
    _want_columns(path, history, history_columns(preset.data.onehot.positions))
    try:
        numbers = history.to_numpy(np.float64)
    except ValueError as error:
        raise BundleError(f"{path}: wanted numbers, but {error}") from error
    epochs = np.arange(1, preset.training.epochs + 1)
    if not np.array_equal(history["epoch"], epochs) or not np.isfinite(numbers).all():
        raise BundleError(f"{path}: wanted finite numbers for each of {len(epochs)} epochs")
    return history
