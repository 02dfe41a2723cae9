"""Training: a whole epoch in one compiled function, a checkpoint after each. Needs TensorFlow."""

import fcntl
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
import tensorflow as tf

from regvae import onehot
from regvae.evaluation.metrics import metrics
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.bundle import HISTORY_COLUMNS, Bundle
from regvae.model.config import Preset
from regvae.model.keras_vae import Vae

_OPTIMIZERS = {"adamax": keras.optimizers.Adamax, "adam": keras.optimizers.Adam}


class TrainingError(ValueError):
    """A training that cannot start or go on; the message says what to do."""


class Stopped(Exception):  # noqa: N818 -- it is no error
    """Training was asked to stop; what is done stands in the checkpoint."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave, as means over the records.

    `loss` is the sum of the weighted terms in nats: `reconstruction`, `kl` and `order`. Of the
    validation regs: the loss, the share rebuilt exactly from their means, and the share of right
    characters at each of the seven positions.
    """

    epoch: int
    learning_rate: float
    loss: float
    reconstruction: float
    kl: float
    order: float
    validation_loss: float
    validation_exact: float
    validation_right: tuple[float, ...]
    seconds: float

    def row(self) -> dict[str, float]:
        """As a row of a bundle's history."""
        row = dict(vars(self))
        shares = row.pop("validation_right")
        row |= {f"validation_right_{i}": share for i, share in enumerate(shares, start=1)}
        return {column: row[column] for column in HISTORY_COLUMNS}


class Trainer:
    """A model in training, one epoch at a time.

    Every epoch's shuffling and noise are drawn from (seed, epoch), so that a resumed run takes the
    very steps of an uninterrupted one. A last batch that is not full is left out of its epoch.
    """

    def __init__(self, preset: Preset, seed: int, own: Sequence[str] = ()) -> None:
        if seed < 0:
            raise TrainingError(f"the seed wants to be 0 or more, not {seed}")
        self.preset, self.seed = preset, seed
        self.history: list[Epoch] = []
        self.splits = preset.data.splits(own)
        self.train_vectors, self.train_ranks = self._tensors("train")
        self.validation_vectors, self.validation_ranks = self._tensors("validation")
        self.vae = Vae(preset, seed)
        kind = _OPTIMIZERS[preset.training.optimizer]
        self.optimizer = kind(preset.training.phases[0].learning_rate)
        self.optimizer.build(self.vae.trainable_variables)

    def _tensors(self, split: str) -> tuple[tf.Tensor, tf.Tensor]:
        """One-hot vectors (n, 150) of a split, and the ranks (n, o) that the orders look at."""
        reg, orders = self.splits[split], self.preset.training.orders
        ranks = [ATTRIBUTES[order.attribute].ranks(reg) for order in orders]
        columns = np.array(ranks, np.float32).reshape(len(orders), len(reg)).T
        return tf.constant(onehot.encode(reg)), tf.constant(columns)

    @property
    def finished(self) -> bool:
        """Whether all epochs of the preset are done."""
        return len(self.history) >= self.preset.training.epochs

    def run_epoch(self) -> Epoch:
        """Train one epoch, validate, and append to the history."""
        started = time.perf_counter()
        training, number = self.preset.training, len(self.history)
        phase, place = training.place(number)
        self._set_optimizer(phase.rate(place), fresh=number > 0 and place == 0)
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(len(self.train_vectors)).astype(np.int32)
        beta = tf.constant(training.beta_at(number), tf.float32)
        terms = self._train_epoch(tf.constant(order), self._noise(rng, len(order)), beta)
        validation = self._validate(self._noise(rng, len(self.validation_vectors)))
        reconstruction, kl, ordering = map(float, terms)
        epoch = Epoch(
            epoch=number + 1,
            learning_rate=phase.rate(place),
            loss=reconstruction + kl + ordering,
            reconstruction=reconstruction,
            kl=kl,
            order=ordering,
            validation_loss=float(validation[0]),
            validation_exact=float(validation[1]),
            validation_right=tuple(validation[2].numpy().astype(float).round(6).tolist()),
            seconds=time.perf_counter() - started,
        )
        for loss in (epoch.loss, epoch.validation_loss):
            if not np.isfinite(loss):
                raise TrainingError(
                    f"the loss is {loss} in epoch {epoch.epoch}; lower the learning rate"
                )
        self.history.append(epoch)
        return epoch

    def _set_optimizer(self, learning_rate: float, *, fresh: bool) -> None:
        if fresh:
            # A phase starts with a fresh optimizer; clearing this one's state needs no recompiling.
            for variable in self.optimizer.variables:
                variable.assign(tf.zeros_like(variable))
        self.optimizer.learning_rate = learning_rate

    def _noise(self, rng: np.random.Generator, n: int) -> tf.Tensor:
        shape = (n, self.preset.network.latent_dim)
        return tf.constant(rng.normal(0, self.preset.training.noise, shape).astype(np.float32))

    @tf.function(jit_compile=True)
    def _train_epoch(self, order: tf.Tensor, noise: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
        """The epoch's mean terms of the loss, (3,)."""
        batch = self.preset.training.batch_size
        steps = order.shape[0] // batch
        sums = tf.zeros(3)
        for step in tf.range(steps):
            rows = tf.slice(order, [step * batch], [batch])
            vectors, ranks = (tf.gather(t, rows) for t in (self.train_vectors, self.train_ranks))
            batch_noise = tf.slice(noise, [step * batch, 0], [batch, noise.shape[1]])
            with tf.GradientTape() as tape:
                terms = self.vae.loss_terms(vectors, ranks, batch_noise, beta)
                loss = tf.add_n(terms)
            variables = self.vae.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            sums += tf.stack(terms)
        return sums / steps

    @tf.function(jit_compile=True)
    def _validate(self, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Loss, share rebuilt exactly, and share right at each position (7,)."""
        # By the full beta, so that epochs can be compared.
        terms = self.vae.loss_terms(
            self.validation_vectors, self.validation_ranks, noise, self.preset.training.beta
        )
        right = self.vae.right(self.validation_vectors)
        exact = tf.reduce_mean(tf.cast(tf.reduce_all(right, axis=1), tf.float32))
        return tf.add_n(terms), exact, tf.reduce_mean(tf.cast(right, tf.float32), axis=0)

    @property
    def steps(self) -> int:
        """Steps of an epoch: full batches only."""
        return len(self.train_vectors) // self.preset.training.batch_size

    @property
    def flops_a_step(self) -> int:
        """Floating-point operations of a step's matrix products: 2 a weight and record forward, and
        twice that backward, but for the first layer, whose inputs want no gradient."""
        shapes = [shape for shape in weight_shapes(self.preset.network).values() if len(shape) == 2]
        first, rest = math.prod(shapes[0]), sum(math.prod(shape) for shape in shapes[1:])
        return 2 * self.preset.training.batch_size * (2 * first + 3 * rest)

    def autoencoder(self) -> Autoencoder:
        """The network as it is now, as NumPy arrays of its own."""
        return Autoencoder.from_weights(self.vae.named_weights(), self.preset.training.likelihood)

    # --- checkpoints ------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write all that the next epoch needs to one file, renamed when whole."""
        variables = map(keras.ops.convert_to_numpy, self._variables())
        tensors = {f"{i:03}": np.array(v) for i, v in enumerate(variables)}
        metadata = {
            "preset": json.dumps(self.preset.to_dict()),
            "seed": str(self.seed),
            "history": json.dumps([vars(epoch) for epoch in self.history]),
        }
        store.write_whole(path, safetensors.numpy.save(tensors, metadata))

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint. Raises `TrainingError` if it is of another training."""
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                tensors = [file.get_tensor(name) for name in sorted(file.keys())]
        except (OSError, safetensors.SafetensorError) as error:
            raise TrainingError(f"{path}: the checkpoint cannot be read ({error})") from error
        if metadata.get("preset") != json.dumps(self.preset.to_dict()):
            raise TrainingError(f"{path}: the checkpoint is of another preset; train elsewhere")
        if metadata.get("seed") != str(self.seed):
            raise TrainingError(
                f"{path}: the checkpoint has seed {metadata.get('seed')}, not {self.seed}"
            )
        variables = self._variables()
        if [t.shape for t in tensors] != [tuple(v.shape) for v in variables]:
            raise TrainingError(
                f"{path}: the checkpoint's arrays are not this network's; remove it"
            )
        try:
            history = [_epoch(row) for row in json.loads(metadata["history"])]
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"{path}: the checkpoint has no history; remove it") from error
        numbers = [list(epoch.row().values()) for epoch in history]
        if [epoch.epoch for epoch in history] != list(range(1, len(history) + 1)) or not all(
            isinstance(number, int | float) and np.isfinite(number)
            for row in numbers
            for number in row
        ):
            raise TrainingError(f"{path}: the checkpoint's history is damaged; remove it")
        for variable, value in zip(variables, tensors, strict=True):
            variable.assign(value)
        self.history = history

    def _variables(self) -> list[Any]:
        return [*self.vae.trainable_variables, *self.optimizer.variables]


def floating_point_limit(seconds: float = 1.0) -> float:
    """Floating-point operations a second that this machine reaches at its best: the fastest of
    several products of large float32 matrices."""
    n = 1024
    a = np.ones((n, n), np.float32)
    fastest, end = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        a @ a
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * n**3 / fastest


def _epoch(row: dict[str, Any]) -> Epoch:
    epoch = Epoch(**row | {"validation_right": tuple(row["validation_right"])})
    if len(epoch.validation_right) != len(onehot.BLOCKS):
        raise ValueError(f"wanted {len(onehot.BLOCKS)} shares, not {epoch.validation_right!r}")
    return epoch


def checkpoint_path(out: str | Path) -> Path:
    """Where a training that will become the bundle `out` keeps its checkpoint."""
    out = Path(out)
    return out.with_name(f".{out.name}.training.safetensors")


def train(
    preset: Preset,
    out: str | Path,
    *,
    seed: int = 0,
    own: Sequence[str] = (),
    resume: bool = False,
    command: str = "",
    on_epoch: Callable[[Trainer], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Bundle:
    """Train a preset and write the bundle `out`; `own` are the regs of a preset of own data.

    After every epoch a checkpoint is written beside `out`, `on_epoch` is called and `should_stop`
    is asked; a run that is stopped or killed loses at most one epoch, and goes on with `resume`.
    `on_epoch` is then called for the last epoch of the checkpoint first.
    The bundle appears whole at the end, and the checkpoint goes.

    Raises what `bundle.check_free` does if `out` cannot be written; `TrainingError` if there is a
    checkpoint but no `resume`, or `resume` but no checkpoint, or one of another preset or seed, or
    if another process trains the same; `ValueError` if `own` are not the preset's; `Stopped` when
    `should_stop` said so.
    """
    out = Path(out)
    store.check_free(out)
    with _claimed(out):
        trainer = _begin(preset, out, seed, own, resume)
        if trainer.history:
            on_epoch(trainer)  # a run that was killed may not have come to it
        while not trainer.finished:
            epoch = trainer.run_epoch()
            trainer.save(checkpoint_path(out))
            on_epoch(trainer)
            if should_stop() and not trainer.finished:
                raise Stopped(f"stopped after epoch {epoch.epoch} of {preset.training.epochs}")
        history = pd.DataFrame(epoch.row() for epoch in trainer.history)
        weights = trainer.vae.named_weights()
        bundle = Bundle.assemble(preset, seed, weights, history, command, own=own)
        bundle = replace(bundle, name=out.name, metrics=metrics(bundle))
        bundles.save(bundle, out)
        _forget(out)
    return bundle


@contextmanager
def _claimed(out: Path) -> Iterator[None]:
    """Keep other processes from training the same; the claim ends with the process, even killed."""
    path = out.with_name(f".{out.name}.training.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainingError(
                f"another process trains {out} already; wait for it, or choose another name"
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _forget(out: Path) -> None:
    """Remove a training's checkpoint."""
    checkpoint = checkpoint_path(out)
    for path in (checkpoint, checkpoint.with_name(f"{checkpoint.name}.partial")):
        path.unlink(missing_ok=True)


def _begin(preset: Preset, out: Path, seed: int, own: Sequence[str], resume: bool) -> Trainer:
    """A training from its start, or from its checkpoint."""
    checkpoint = checkpoint_path(out)
    if checkpoint.exists() and not resume:
        raise TrainingError(f"{checkpoint} is a training begun; resume it, or remove the file")
    if resume and not checkpoint.exists():
        raise TrainingError(f"there is no training of {out} to resume; leave out --resume")
    trainer = Trainer(preset, seed, own)
    if resume:
        trainer.restore(checkpoint)
    return trainer
