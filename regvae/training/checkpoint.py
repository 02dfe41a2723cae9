"""Checkpoints: files from which a training run that was stopped or killed continues."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from regvae.model import store
from regvae.model.config import Preset
from regvae.training.epoch import Epoch


class TrainingError(ValueError):
    """A training run that cannot start or continue; the message says what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training run after some epochs: their `history`, and the `variables` of the
    network and then of the optimizer, as arrays."""

    preset: Preset
    seed: int
    history: tuple[Epoch, ...]
    variables: Sequence[NDArray]

    def save(self, path: Path) -> None:
        """Write it to one file, completely or not at all. Raises `OSError` if that fails."""
        tensors = {f"{i:03}": np.array(one) for i, one in enumerate(self.variables)}
        metadata = {
            "preset": json.dumps(self.preset.to_dict()),
            "seed": str(self.seed),
            "history": json.dumps([vars(epoch) for epoch in self.history]),
        }
        store.write_atomically(path, safetensors.numpy.save(tensors, metadata))

    @classmethod
    def load(cls, path: Path, preset: Preset, seed: int) -> "Checkpoint":
        """Read a checkpoint.

        Raises `TrainingError` if it is damaged, or of another preset or seed.
        """
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                variables = [file.get_tensor(name) for name in sorted(file.keys())]
        except (OSError, safetensors.SafetensorError) as error:
            raise TrainingError(
                f"{path}: expected a checkpoint, got a file that cannot be read "
                f"({error}); remove it"
            ) from error
        if metadata.get("preset") != json.dumps(preset.to_dict()):
            raise TrainingError(
                f"{path}: expected a checkpoint of this preset, got one of another; choose another "
                "name for the bundle"
            )
        if metadata.get("seed") != str(seed):
            raise TrainingError(
                f"{path}: expected a checkpoint of seed {seed}, got one of seed "
                f"{metadata.get('seed')}; give that seed"
            )
        return cls(preset, seed, _history(path, metadata, preset), variables)


def _history(path: Path, metadata: dict[str, str], preset: Preset) -> tuple[Epoch, ...]:
    positions = preset.data.onehot.positions
    try:
        history = [_epoch(row, positions) for row in json.loads(metadata["history"])]
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{path}: expected a checkpoint with a history, got one without; remove it"
        ) from error
    numbers = [number for epoch in history for number in epoch.row().values()]
    in_order = [epoch.epoch for epoch in history] == list(range(1, len(history) + 1))
    if not in_order or not all(
        isinstance(number, int | float) and np.isfinite(number) for number in numbers
    ):
        raise TrainingError(
            f"{path}: expected a history of finite numbers by epoch, got a damaged one; remove it"
        )
    return tuple(history)


def _epoch(row: dict[str, Any], positions: int) -> Epoch:
    epoch = Epoch(**row | {"validation_right": tuple(row["validation_right"])})
    if len(epoch.validation_right) != positions:
        raise ValueError(f"expected {positions} accuracies, got {epoch.validation_right!r}")
    return epoch


def checkpoint_path(out: str | Path) -> Path:
    """The file of the checkpoint of a training run that will write the bundle `out`."""
    out = Path(out)
    return out.with_name(f".{out.name}.training.safetensors")


def forget(out: Path) -> None:
    """Remove the checkpoint, and one of which a kill left only a part."""
    checkpoint = checkpoint_path(out)
    for path in (checkpoint, checkpoint.with_name(f"{checkpoint.name}.partial")):
        path.unlink(missing_ok=True)


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Keep other processes from training the bundle `out` at the same time.

    The lock is released when the process ends, even if it is killed. Raises `TrainingError` if
    another process holds it.
    """
    path = out.with_name(f".{out.name}.training.lock")
    with ExitStack() as stack:
        while True:
            file = stack.enter_context(path.open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TrainingError(
                    f"expected no other training run of {out}, got one in another process; wait "
                    "for it, or choose another name"
                ) from None
            # The process before may have removed the file after it was opened here.
            if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
                break
        stack.callback(path.unlink, missing_ok=True)
        yield
