"""Shadow models: the same preset trained on other splits of the same codes, to attack the original.

Carlini et al., "Membership inference attacks from first principles", 2022, compare what a model
says of a code with what models say that were trained with and without it. Each shadow model leaves
a small file, so that an interrupted study goes on where it ended; the models are not kept.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from regvae.formats import CodeTable
from regvae.model import store
from regvae.model.bundle import Bundle
from regvae.model.config import Data, Preset
from regvae.model.likelihood import nats_at_means
from regvae.randomness import generator
from regvae.training.checkpoint import TrainingError
from regvae.training.queue import processor, slots
from regvae.training.quiet import quiet
from regvae.workers import in_order

USUAL = 64
"""Shadow models of a study, as in the paper; half as many find nearly as much."""
MOST = 1_024


@dataclass(frozen=True)
class Shadows:
    """What s shadow models make of the n codes of a bundle, in the order of its records.

    `nats` (s, n) are the codes' negative log-likelihoods at their means, `members` (s, n) tells
    which codes a shadow model was trained on.
    """

    nats: NDArray[np.float32]
    members: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.nats)


def train_shadows(
    bundle: Bundle,
    n: int = USUAL,
    *,
    executor: Executor | None = None,
    on_done: Callable[[int], object] = lambda _: None,
) -> Shadows:
    """Train n shadow models of a bundle, 1 to 1,024, or read those that have been trained.

    Each has the bundle's preset, and splits of all records of the same sizes, drawn with a seed of
    its own. They are trained in as many processes as there are processors, or by the workers of an
    `executor`, which must write to the same folder under the same path. `on_done` is called with
    the number of those that are there, at first and after each. An interrupted call has lost at
    most the models that were being trained. Raises `ValueError` for another number,
    `NoRecordsError` for a release, `OSError` if the files cannot be written, and what training and
    the workers raise.
    """
    if not 1 <= n <= MOST:
        raise ValueError(f"expected 1 to {MOST:,} shadow models, got {n:,}; change the number")
    study = _Study.of(bundle)
    study.folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(n) if study.read(number) is None]
    on_done(n - len(missing))
    with _workers(executor) as (pool, work):
        for done in _train_all(study, missing, pool, work):
            on_done(n - len(missing) + done)
    found = [study.result(number) for number in range(n)]
    nats, members = (np.stack(part) for part in zip(*found, strict=True))
    rows = np.searchsorted(study.table.codes, bundle.records.codes)
    return Shadows(nats[:, rows], members[:, rows])


_Model = tuple[dict[str, Any], int, Path]
"""The preset, as it is written to files, and the seed of a shadow model, and its file."""


def _train_all(
    study: "_Study",
    numbers: Sequence[int],
    pool: Executor,
    work: Callable[[bytes, _Model], None],
) -> Iterator[int]:
    """Train shadow models; yields how many are done. What waits is given up at an error."""
    models = []
    for number in numbers:
        preset, seed = study.of_number(number)
        models.append((preset.to_dict(), seed, study.path(number)))
    for done, _ in enumerate(in_order(work, study.table.to_parquet(), models, pool), start=1):
        yield done


@dataclass(frozen=True)
class _Study:
    """The shadow models of all bundles with one preset and the same codes, `table`, in any splits:
    their `folder`."""

    preset: Preset
    table: CodeTable
    folder: Path

    @classmethod
    def of(cls, bundle: Bundle) -> "_Study":
        bundle.require_records("to train shadow models", "train them where the records are")
        table = bundle.records.table
        sizes = bundle.preset.data.sizes
        data = Data(0, sizes, "own", table.sha256(), table.format, table.names)
        preset = replace(bundle.preset, data=data)
        described = {**preset.to_dict(), "name": "", "about": ""}
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
        return cls(preset, table, store.home() / "shadows" / digest[:32])

    def of_number(self, number: int) -> tuple[Preset, int]:
        """The preset that splits the codes for a shadow model, and its training seed.

        Seeds from a stream of their own, as nobody trains with: a model of one's own codes with the
        seed 0 would be its own shadow model.
        """
        seed, splits = generator("shadow model", number).integers(2**32, size=2).tolist()
        return replace(self.preset, data=replace(self.preset.data, seed=splits)), seed

    def path(self, number: int) -> Path:
        return self.folder / f"{number:04}.safetensors"

    def read(self, number: int) -> NDArray[np.float32] | None:
        """The nats (n,) of a shadow model; None if its file is missing or damaged."""
        with suppress(OSError, safetensors.SafetensorError, KeyError):
            nats = safetensors.numpy.load(self.path(number).read_bytes())["nats"]
            if nats.shape == (len(self.table),) and np.isfinite(nats).all():
                return nats.astype(np.float32)
        return None

    def result(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The nats of a shadow model, and which codes are its members: (n,) each."""
        nats = self.read(number)
        if nats is None:
            raise OSError(
                f"expected {self.path(number)} as it was written, got another; remove it and start "
                "again"
            )
        preset, _ = self.of_number(number)
        train = preset.data.splits(self.table)["train"]
        return nats, np.isin(self.table.codes, train)


@contextmanager
def _workers(
    executor: Executor | None,
) -> Iterator[tuple[Executor, Callable[[bytes, _Model], None]]]:
    """An executor, and the work for it: without one, threads that wait for a process each."""
    if executor:
        yield executor, _train
        return
    running: set[subprocess.Popen] = set()
    with ThreadPoolExecutor(slots()) as threads:
        try:
            yield threads, partial(_in_process, running)
        except BaseException:
            for process in list(running):
                process.terminate()
            raise


def _in_process(running: set[subprocess.Popen], table: bytes, model: _Model) -> None:
    """Train a shadow model in a process of its own, which is among those `running` meanwhile.

    It loads TensorFlow anew, which takes seconds, and ends with the memory that training leaves
    behind. It does not run the caller's own script again, as processes of `multiprocessing` do.
    """
    preset, seed, path = model
    header = {"preset": preset, "seed": seed, "path": str(path)}
    with subprocess.Popen(
        [sys.executable, "-m", "regvae.training.shadows"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        running.add(process)
        _, told = process.communicate(json.dumps(header).encode() + b"\n" + table)
        running.discard(process)
    if process.returncode:
        last = (told.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise TrainingError(
            f"expected a shadow model to be trained, got an error ({last[:200]}); free memory and "
            "disk, and start again"
        )


def _main() -> None:
    """Train the shadow model that is described on standard input."""
    with quiet():
        from regvae.training.trainer import use_one_thread
    use_one_thread()  # there is a process for each processor
    header = json.loads(sys.stdin.buffer.readline())
    model = header["preset"], header["seed"], Path(header["path"])
    _train(sys.stdin.buffer.read(), model)


def _train(table: bytes, model: _Model) -> None:
    """Train a shadow model, and write what it makes of all codes, the `table` of a Parquet file."""
    from regvae.training.trainer import Trainer

    preset, seed, path = model
    chosen = Preset.from_dict(preset)
    own = CodeTable.read(table, chosen.data.format)
    with processor():
        trainer = Trainer(chosen, seed, own)
        while not trainer.finished:
            trainer.run_epoch()
    nats = nats_at_means(trainer.autoencoder(), own.codes)
    store.write_atomically(path, safetensors.numpy.save({"nats": nats.astype(np.float32)}))


if __name__ == "__main__":
    _main()
