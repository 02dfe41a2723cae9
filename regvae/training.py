"""Training: a whole epoch in one compiled function, a checkpoint after each. Needs TensorFlow."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
import tensorflow as tf

from regvae import bundle as bundles
from regvae import evaluation, regs, vectoriser
from regvae.bundle import Bundle
from regvae.network import Vae
from regvae.presets import Preset


class TrainingError(ValueError):
    """A training that cannot start or go on; the message says what to do."""


class Stopped(Exception):  # noqa: N818 -- it is no error
    """Training was asked to stop; what is done stands in the checkpoint."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: losses in nats by the preset's rule, means over the records."""

    epoch: int
    learning_rate: float
    loss: float
    reconstruction: float
    kl: float
    validation_loss: float
    seconds: float


class Trainer:
    """A model in training, one epoch at a time.

    Every epoch's shuffling and noise are drawn from (seed, epoch), so that a resumed run takes the
    very steps of an uninterrupted one. A last batch that is not full is left out of its epoch.
    """

    def __init__(self, preset: Preset, seed: int) -> None:
        if seed < 0:
            raise TrainingError(f"the seed wants to be 0 or more, not {seed}")
        self.preset, self.seed = preset, seed
        self.history: list[Epoch] = []
        splits = regs.notebook_dataset(preset.data.seed, preset.data.sizes)
        if len(splits["train"]) < preset.training.batch_size:
            raise TrainingError(
                f"a batch of {preset.training.batch_size} wants at least as many training regs, "
                f"but there are {len(splits['train'])}"
            )
        self.train_vectors = tf.constant(vectoriser.encode(splits["train"]))
        self.validation_vectors = tf.constant(vectoriser.encode(splits["validation"]))
        self.vae = Vae(preset, seed)
        self.optimizer = keras.optimizers.Adamax(preset.training.phases[0].learning_rate)
        self.optimizer.build(self.vae.trainable_variables)

    @property
    def finished(self) -> bool:
        """Whether all epochs of the preset are done."""
        return len(self.history) >= self.preset.training.epochs

    def run_epoch(self) -> Epoch:
        """Train one epoch, validate, and append to the history."""
        started = time.perf_counter()
        training, number = self.preset.training, len(self.history)
        self._enter_phase(number)
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(len(self.train_vectors)).astype(np.int32)
        reconstruction, kl = self._train_epoch(tf.constant(order), self._noise(rng, len(order)))
        validation = self._validate(self._noise(rng, len(self.validation_vectors)))
        epoch = Epoch(
            epoch=number + 1,
            learning_rate=training.phases[training.phase_of(number)].learning_rate,
            loss=float(reconstruction + kl),
            reconstruction=float(reconstruction),
            kl=float(kl),
            validation_loss=float(validation),
            seconds=time.perf_counter() - started,
        )
        if not np.isfinite(epoch.loss):
            raise TrainingError(
                f"the loss is {epoch.loss} in epoch {epoch.epoch}; lower the learning rate"
            )
        self.history.append(epoch)
        return epoch

    def _enter_phase(self, number: int) -> None:
        training = self.preset.training
        phase = training.phase_of(number)
        if number and phase != training.phase_of(number - 1):
            # A phase starts with a fresh optimizer; clearing this one's state needs no recompiling.
            for variable in self.optimizer.variables:
                variable.assign(tf.zeros_like(variable))
        self.optimizer.learning_rate = training.phases[phase].learning_rate

    def _noise(self, rng: np.random.Generator, n: int) -> tf.Tensor:
        shape = (n, self.preset.network.latent_dim)
        return tf.constant(rng.normal(0, self.preset.training.noise, shape).astype(np.float32))

    @tf.function(jit_compile=True)
    def _train_epoch(self, order: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = self.preset.training.batch_size
        steps = order.shape[0] // batch
        reconstruction_sum = kl_sum = tf.constant(0.0)
        for step in tf.range(steps):
            rows = tf.slice(order, [step * batch], [batch])
            vectors = tf.gather(self.train_vectors, rows)
            batch_noise = tf.slice(noise, [step * batch, 0], [batch, noise.shape[1]])
            with tf.GradientTape() as tape:
                reconstruction, kl = self.vae.loss_terms(vectors, batch_noise)
                loss = reconstruction + kl
            variables = self.vae.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            reconstruction_sum += reconstruction
            kl_sum += kl
        return reconstruction_sum / steps, kl_sum / steps

    @tf.function(jit_compile=True)
    def _validate(self, noise: tf.Tensor) -> tf.Tensor:
        return tf.add_n(self.vae.loss_terms(self.validation_vectors, noise))

    # --- checkpoints ------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write all that the next epoch needs to one file, renamed when whole."""
        variables = map(keras.ops.convert_to_numpy, self._variables())
        tensors = {f"{i:03}": np.array(v) for i, v in enumerate(variables)}
        metadata = {
            "preset": json.dumps(self.preset.to_dict()),
            "seed": str(self.seed),
            "history": json.dumps([asdict(epoch) for epoch in self.history]),
        }
        partial = path.with_name(
            f"{path.name}.partial"
        )  # a killed run's is overwritten by the next
        partial.write_bytes(safetensors.numpy.save(tensors, metadata))
        partial.replace(path)

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
            history = [Epoch(**row) for row in json.loads(metadata["history"])]
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"{path}: the checkpoint has no history; remove it") from error
        numbers = [list(asdict(epoch).values()) for epoch in history]
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


def checkpoint_path(out: str | Path) -> Path:
    """Where a training that will become the bundle `out` keeps its checkpoint."""
    out = Path(out)
    return out.with_name(f".{out.name}.training.safetensors")


def train(
    preset: Preset,
    out: str | Path,
    *,
    seed: int = 0,
    resume: bool = False,
    command: str = "",
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Bundle:
    """Train a preset and write the bundle `out`.

    After every epoch a checkpoint is written beside `out`, `on_epoch` is called and `should_stop`
    is asked; a run that is stopped or killed loses at most one epoch, and goes on with `resume`.
    The bundle appears whole at the end, and the checkpoint goes.

    Raises what `bundle.check_free` does if `out` cannot be written; `TrainingError` if there is a
    checkpoint but no `resume`, or `resume` but no checkpoint, or one of another preset or seed;
    `Stopped` when `should_stop` said so.
    """
    out = Path(out)
    checkpoint = checkpoint_path(out)
    bundles.check_free(out)
    if checkpoint.exists() and not resume:
        raise TrainingError(f"{checkpoint} is a training begun; resume it, or remove the file")
    if resume and not checkpoint.exists():
        raise TrainingError(f"there is no training of {out} to resume; leave out --resume")
    trainer = Trainer(preset, seed)
    if resume:
        trainer.restore(checkpoint)
    while not trainer.finished:
        epoch = trainer.run_epoch()
        trainer.save(checkpoint)
        on_epoch(epoch)
        if should_stop() and not trainer.finished:
            raise Stopped(f"stopped after epoch {epoch.epoch} of {preset.training.epochs}")
    history = pd.DataFrame(asdict(epoch) for epoch in trainer.history)
    bundle = Bundle.assemble(preset, seed, trainer.vae.named_weights(), history, command)
    bundle = replace(bundle, name=out.name, metrics=evaluation.metrics(bundle))
    bundles.save(bundle, out)
    checkpoint.unlink(missing_ok=True)
    checkpoint.with_name(f"{checkpoint.name}.partial").unlink(missing_ok=True)
    return bundle
