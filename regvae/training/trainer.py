"""Training: each epoch is one compiled function, followed by a checkpoint. Needs TensorFlow."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from regvae.formats import Codes, CodeTable, Own
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.bundle import Bundle
from regvae.model.config import Preset
from regvae.model.keras_vae import Vae
from regvae.training.checkpoint import Checkpoint, TrainingError, checkpoint_path, claimed, forget
from regvae.training.epoch import Epoch
from regvae.training.private import PrivateSteps, fresh_entropy

_OPTIMIZERS = {"adamax": keras.optimizers.Adamax, "adam": keras.optimizers.Adam}


class Stopped(Exception):  # noqa: N818 -- it is no error
    """Training stopped because `should_stop` returned true; a checkpoint has the epochs so far."""


class Trainer:
    """A network in training, one epoch at a time.

    Each epoch draws its shuffling and its noise from (seed, epoch), so that a resumed training run
    takes the same steps as an uninterrupted one. A last batch that is not full is left out. With
    the preset's `privacy` the seed decides the initial weights only, `private` takes the steps, and
    the rest is of the system's entropy: who can draw the noise again can take it away. Raises
    `TrainingError` for a seed below 0, and `ValueError` if `own` are not the preset's codes.
    """

    def __init__(self, preset: Preset, seed: int, own: Own = ()) -> None:
        if seed < 0:
            raise TrainingError(f"expected a seed from 0, got {seed}; change it")
        self.preset, self.seed = preset, seed
        self.history: list[Epoch] = []
        table = CodeTable.of(own, preset.data.format)
        self.splits, self.attributes = preset.data.splits(table), table.attributes
        self.vae = Vae(preset, seed)
        self.train_vectors, self.train_ranks = self._tensors(self.splits["train"])
        held_out = self._tensors(self.splits["validation"])
        self.validation_vectors, self.validation_ranks = held_out
        kind = _OPTIMIZERS[preset.training.optimizer]
        self.optimizer = kind(preset.training.phases[0].learning_rate)
        self.optimizer.build(self.vae.trainable_variables)
        self.private: PrivateSteps | None = None
        if preset.training.privacy:
            self.private = PrivateSteps(
                self.vae, self.optimizer, self.train_vectors, fresh_entropy()
            )

    def _tensors(self, codes: Codes) -> tuple[tf.Tensor, tf.Tensor]:
        """One-hot vectors (n, w) of codes (n,), and the ranks (n, o) of the ordered attributes."""
        orders = self.preset.training.orders
        ranks = [self.attributes[order.attribute].ranks(codes) for order in orders]
        columns = np.array(ranks, np.float32).reshape(len(orders), len(codes)).T
        return tf.constant(self.vae.onehot.encode(codes)), tf.constant(columns)

    @property
    def finished(self) -> bool:
        """Whether all epochs of the preset are done."""
        return len(self.history) >= self.preset.training.epochs

    def training_codes(self, epoch: int) -> Codes:
        """The codes (n,) of an epoch (from 0): training codes, a share of them replaced by random
        codes that the format permits."""
        codes, share = self.splits["train"], self.preset.training.random_share
        # A generator of its own: the share changes neither the shuffling nor the noise.
        rng = np.random.default_rng([self.seed, epoch, 1])
        drawn = self.vae.onehot.draw(len(codes), rng)
        replaced = (rng.random(len(codes)) < share) & self.preset.data.format.permits(drawn)
        return np.where(replaced, drawn, codes)

    def run_epoch(self) -> Epoch:
        """Train one epoch, validate, and append to the history.

        Raises `TrainingError` if a loss is not finite.
        """
        started = time.perf_counter()
        training, number = self.preset.training, len(self.history)
        phase, place = training.place(number)
        self._set_optimizer(phase.rate(place), fresh=number > 0 and place == 0)
        if self.private:
            rng = self.private.entropy
            self.private.train_epoch(training.beta_at(number))
            terms = None
        else:
            rng = np.random.default_rng([self.seed, number])
            terms = self._plain_epoch(number, rng)
        noise = self._noise(rng, len(self.validation_vectors))
        held_out, exact, right = self._validate(noise)
        # The terms of private records have no noise: they would tell what the weights do not.
        reconstruction, kl, ordering = map(float, held_out if terms is None else terms)
        epoch = Epoch(
            epoch=number + 1,
            learning_rate=phase.rate(place),
            loss=reconstruction + kl + ordering,
            reconstruction=reconstruction,
            kl=kl,
            order=ordering,
            validation_loss=sum(map(float, held_out)),
            validation_exact=float(exact),
            validation_right=tuple(right.numpy().astype(float).round(6).tolist()),
            seconds=time.perf_counter() - started,
        )
        for loss in (epoch.loss, epoch.validation_loss):
            if not np.isfinite(loss):
                raise TrainingError(
                    f"expected a finite loss, got {loss} in epoch {epoch.epoch}; lower the "
                    "learning rate"
                )
        self.history.append(epoch)
        return epoch

    def _plain_epoch(self, number: int, rng: np.random.Generator) -> tf.Tensor:
        """Train an epoch that is not private; the terms of its loss (3,)."""
        training = self.preset.training
        order = rng.permutation(len(self.train_vectors)).astype(np.int32)
        if training.random_share:
            self.train_vectors, self.train_ranks = self._tensors(self.training_codes(number))
        return self._train_epoch(
            self.train_vectors,
            self.train_ranks,
            tf.constant(order),
            self._noise(rng, len(order)),
            tf.constant(training.beta_at(number), tf.float32),
        )

    def _set_optimizer(self, learning_rate: float, *, fresh: bool) -> None:
        if fresh:
            # Each phase starts with a new optimizer; clearing this one needs no recompiling.
            for variable in self.optimizer.variables:
                variable.assign(tf.zeros_like(variable))
        self.optimizer.learning_rate = learning_rate

    def _noise(self, rng: np.random.Generator, n: int) -> tf.Tensor:
        shape = (n, self.preset.network.latent_dim)
        return tf.constant(rng.normal(0, self.preset.training.noise, shape).astype(np.float32))

    @tf.function(jit_compile=True)
    def _train_epoch(
        self,
        all_vectors: tf.Tensor,
        all_ranks: tf.Tensor,
        order: tf.Tensor,
        noise: tf.Tensor,
        beta: tf.Tensor,
    ) -> tf.Tensor:
        """Train on all batches; the terms of the loss, means over the epoch: (3,)."""
        batch = self.preset.training.batch_size
        steps = order.shape[0] // batch
        sums = tf.zeros(3)
        for step in tf.range(steps):
            rows = tf.slice(order, [step * batch], [batch])
            vectors, ranks = (tf.gather(t, rows) for t in (all_vectors, all_ranks))
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
        """Terms of the validation loss (3,), exact match, and per-character accuracy at each
        position (p,)."""
        # With the full beta, so that epochs can be compared.
        terms = self.vae.loss_terms(
            self.validation_vectors, self.validation_ranks, noise, self.preset.training.beta
        )
        correct = self.vae.correct_characters(self.validation_vectors)
        exact = tf.reduce_mean(tf.cast(tf.reduce_all(correct, axis=1), tf.float32))
        return tf.stack(terms), exact, tf.reduce_mean(tf.cast(correct, tf.float32), axis=0)

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self.preset.steps_an_epoch

    @property
    def flops_a_step(self) -> int:
        """Floating-point operations of a step's matrix products: 2 for each weight and record
        forward, and 4 backward, but only 2 in the first layer, whose inputs need no gradient."""
        shapes = [
            shape
            for shape in weight_shapes(self.preset.network, self.vae.onehot.width).values()
            if len(shape) == 2
        ]
        first, rest = math.prod(shapes[0]), sum(math.prod(shape) for shape in shapes[1:])
        beside = self.private is not None and self.preset.training.random_share > 0
        records = self.preset.training.batch_size * (2 if beside else 1)
        return 2 * records * (2 * first + 3 * rest)

    def autoencoder(self) -> Autoencoder:
        """A copy of the network in NumPy."""
        return Autoencoder.from_weights(
            self.vae.named_weights(), self.vae.onehot, self.preset.training.likelihood
        )

    def checkpoint(self) -> Checkpoint:
        """The present state, from which training can continue."""
        variables = [keras.ops.convert_to_numpy(one) for one in self._variables()]
        return Checkpoint(self.preset, self.seed, tuple(self.history), variables)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of the same preset and seed.

        Raises `TrainingError` if its arrays do not have the shapes of this network.
        """
        variables = self._variables()
        expected = [tuple(variable.shape) for variable in variables]
        if [array.shape for array in checkpoint.variables] != expected:
            raise TrainingError(
                "expected a checkpoint with the arrays of this network, got others; remove it and "
                "start again"
            )
        for variable, value in zip(variables, checkpoint.variables, strict=True):
            variable.assign(value)
        self.history = list(checkpoint.history)

    def _variables(self) -> list[Any]:
        return [*self.vae.trainable_variables, *self.optimizer.variables]


def use_one_thread() -> None:
    """Let TensorFlow use one thread in this process; before it has computed anything."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def floating_point_limit(seconds: float = 1.0) -> float:
    """Floating-point operations per second of the fastest of several products of large float32
    matrices: the best that this machine reaches."""
    n = 1024
    a = np.ones((n, n), np.float32)
    fastest, end = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        a @ a
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * n**3 / fastest


def train(
    preset: Preset,
    out: str | Path,
    *,
    seed: int = 0,
    own: Own = (),
    resume: bool = False,
    command: str = "",
    measure: Callable[[Bundle], dict[str, Any]] = lambda _: {},
    on_epoch: Callable[[Trainer], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Bundle:
    """Train a preset and write the bundle `out`; `own` are the codes of a preset of own data.

    After every epoch a checkpoint is written beside `out`, then `on_epoch` and `should_stop` are
    called. A training run that is stopped or killed loses at most one epoch and continues with
    `resume`, which first calls `on_epoch` for the last epoch of the checkpoint. `measure` computes
    the metrics that the bundle's manifest stores, none by default. The bundle is written completely
    or not at all; then the checkpoint is removed.

    Raises what `store.check_free` does if `out` cannot be written; `TrainingError` if there is a
    checkpoint but no `resume`, `resume` but no checkpoint, a checkpoint of another preset or seed,
    a loss that is not finite, or another process that trains `out`; `ValueError` if `own` are not
    the preset's codes; `Stopped` if `should_stop` returned true.
    """
    out = Path(out)
    store.check_free(out)
    with claimed(out):
        trainer = _begin(preset, out, seed, own, resume)
        if trainer.history:
            on_epoch(trainer)  # a kill may have come between the checkpoint and this call
        while not trainer.finished:
            epoch = trainer.run_epoch()
            trainer.checkpoint().save(checkpoint_path(out))
            on_epoch(trainer)
            if should_stop() and not trainer.finished:
                raise Stopped(f"stopped after epoch {epoch.epoch} of {preset.training.epochs}")
        history = pd.DataFrame(epoch.row() for epoch in trainer.history)
        weights = trainer.vae.named_weights()
        bundle = Bundle.assemble(preset, seed, weights, history, command, own=own)
        bundle = replace(bundle, name=out.name)
        bundle = replace(bundle, metrics=measure(bundle))
        bundles.save(bundle, out)
        forget(out)
    return bundle


def _begin(preset: Preset, out: Path, seed: int, own: Own, resume: bool) -> Trainer:
    """A new training run, or one that continues from its checkpoint."""
    path = checkpoint_path(out)
    if path.exists() and not resume:
        raise TrainingError(
            f"expected no checkpoint, got {path} of an unfinished training run; resume it, or "
            "remove the file"
        )
    if resume and not path.exists():
        raise TrainingError(
            f"expected a checkpoint of {out} to resume from, got none; start without resume"
        )
    trainer = Trainer(preset, seed, own)
    if resume:
        trainer.restore(Checkpoint.load(path, preset, seed))
    return trainer
