"""The steps of differentially private training. Needs TensorFlow.

Each step draws the records of its batch anew, scales the gradient of each down to a norm of at most
`clip`, and adds normal noise to their sum: DP-SGD of Abadi et al., "Deep learning with differential
privacy", 2016.
"""

import math
import secrets

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from regvae.model.keras_vae import Vae

_ROOM = 6  # standard deviations of a batch's size that fit without compiling again


def fresh_entropy() -> np.random.Generator:
    """Random numbers from the system's entropy, which nobody can draw again.

    A published seed would give the noise away, and with it what the noise hides.
    """
    return np.random.default_rng(secrets.randbits(128))


def clipped_sums(
    vae: Vae,
    vectors: tf.Tensor,
    noise: tf.Tensor,
    beta: tf.Tensor | float,
    weights: tf.Tensor,
    clip: float,
) -> list[tf.Tensor]:
    """The weighted sum over records of their gradients, each first scaled down to a norm of at most
    `clip`: a tensor for each of the network's trainable variables, in their order.

    `vectors` (n, w), `noise` (n, k), `weights` (n,), 0 for a row that is no record. No record's
    gradient is ever formed: in a dense layer it is the outer product of the inputs a and of the
    gradient g of the outputs before the ReLU, with a squared norm of (|a|² + 1) |g|² together with
    the bias (Goodfellow, "Efficient per-example gradient computations", 2015).
    """
    layers: list[keras.layers.Dense] = []
    inputs: list[tf.Tensor] = []
    outputs: list[tf.Tensor] = []

    def noted(layer: keras.layers.Dense, x: tf.Tensor) -> tf.Tensor:
        y = layer(x)
        layers.append(layer)
        inputs.append(x)
        outputs.append(y)
        return y

    with tf.GradientTape() as tape:
        _, reconstruction, divergence = vae.record_terms(vectors, noise, noted)
        loss = tf.reduce_sum(reconstruction + beta * divergence)
    backward = tape.gradient(loss, outputs)
    squares = sum((_square(a) + 1) * _square(g) for a, g in zip(inputs, backward, strict=True))
    scales = weights * tf.minimum(1.0, clip * tf.math.rsqrt(tf.maximum(squares, 1e-30)))
    sums = {}
    for layer, a, g in zip(layers, inputs, backward, strict=True):
        scaled = scales[:, None] * g
        sums[layer.kernel.path] = tf.linalg.matmul(a, scaled, transpose_a=True)
        sums[layer.bias.path] = tf.reduce_sum(scaled, axis=0)
    return [sums[variable.path] for variable in vae.trainable_variables]


def _square(rows: tf.Tensor) -> tf.Tensor:
    """The squared norm of each row: (n, m) -> (n,)."""
    return tf.reduce_sum(rows * rows, axis=1)


class PrivateSteps:
    """The private steps of one training run, an epoch at a time.

    A batch is a Poisson sample: each of the n records (one-hot `vectors`) is in it with the
    probability `batch_size` / n. All randomness is of `entropy`.
    """

    def __init__(
        self,
        vae: Vae,
        optimizer: keras.optimizers.Optimizer,
        vectors: tf.Tensor,
        entropy: np.random.Generator,
    ) -> None:
        self.vae, self.optimizer, self.vectors, self.entropy = vae, optimizer, vectors, entropy
        self.training = vae.preset.training
        assert self.training.privacy is not None
        self.privacy = self.training.privacy

    def train_epoch(self, beta: float) -> None:
        """Take the steps of an epoch."""
        training = self.training
        rows, present = self.batches()
        public, permitted = self.random_codes(len(rows))
        steps, room = rows.shape
        shape = (steps, room + public.shape[1], self.vae.preset.network.latent_dim)
        self._steps(
            tf.constant(rows),
            tf.constant(present),
            tf.constant(public),
            tf.constant(permitted),
            tf.constant(self._normal(shape, training.noise)),
            tf.constant(self._normal((steps, self.size), self._deviation())),
            tf.constant(beta, tf.float32),
        )

    @property
    def size(self) -> int:
        """The number of weights and biases."""
        return sum(math.prod(variable.shape) for variable in self.vae.trainable_variables)

    def batches(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The Poisson samples of an epoch's steps: rows of records (s, m), and 1 where there is one
        and 0 in the rest of the row, both padded to one size for the compiler."""
        n, batch = len(self.vectors), self.training.batch_size
        steps = self.vae.preset.steps_an_epoch
        rate = batch / n
        samples = [np.flatnonzero(self.entropy.random(n) < rate) for _ in range(steps)]
        usual = batch + math.ceil(_ROOM * math.sqrt(batch * (1 - rate)))
        room = max(min(n, usual), *map(len, samples))  # none is cut off: that would not be private
        rows = np.zeros((len(samples), room), np.int32)
        present = np.zeros((len(samples), room), np.float32)
        for step, sample in enumerate(samples):
            rows[step, : len(sample)] = sample
            present[step, : len(sample)] = 1
        return rows, present

    def random_codes(self, steps: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Random codes of each step as vectors (s, m, w), as many as a batch has or none without a
        share, and 1 for each that the format permits, 0 for another (s, m)."""
        each = self.training.batch_size if self.training.random_share else 0
        onehot = self.vae.onehot
        codes = onehot.draw(steps * each, self.entropy)
        permitted = onehot.format.permits(codes).astype(np.float32)
        vectors = onehot.encode(codes).reshape(steps, each, onehot.width)
        return vectors, permitted.reshape(steps, each)

    def _deviation(self) -> float:
        """The standard deviation of the noise in a step's gradient."""
        share, batch = 1 - self.training.random_share, self.training.batch_size
        return share * self.privacy.noise_multiplier * self.privacy.clip / batch

    def _normal(self, shape: tuple[int, ...], deviation: float) -> NDArray[np.float32]:
        drawn = self.entropy.standard_normal(shape, np.float32)
        drawn *= np.float32(deviation)
        return drawn

    @tf.function(jit_compile=True)
    def _steps(
        self,
        rows: tf.Tensor,
        present: tf.Tensor,
        public: tf.Tensor,
        permitted: tf.Tensor,
        noise: tf.Tensor,
        hiding: tf.Tensor,
        beta: tf.Tensor,
    ) -> None:
        batch, share = self.training.batch_size, self.training.random_share
        variables = self.vae.trainable_variables
        shapes = [tuple(variable.shape) for variable in variables]
        sizes = [math.prod(shape) for shape in shapes]
        for step in tf.range(rows.shape[0]):
            vectors = tf.concat([tf.gather(self.vectors, rows[step]), public[step]], 0)
            weights = tf.concat([(1 - share) * present[step], share * permitted[step]], 0) / batch
            sums = clipped_sums(self.vae, vectors, noise[step], beta, weights, self.privacy.clip)
            parts = tf.split(hiding[step], sizes)
            gradients = [
                one + tf.reshape(part, shape)
                for one, part, shape in zip(sums, parts, shapes, strict=True)
            ]
            self.optimizer.apply(gradients, variables)
