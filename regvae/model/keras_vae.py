"""The variational autoencoder in Keras: layers and losses. Needs TensorFlow."""

import math
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from regvae.model.config import Preset

Apply = Callable[[keras.layers.Dense, tf.Tensor], tf.Tensor]


def _plainly(layer: keras.layers.Dense, inputs: tf.Tensor) -> tf.Tensor:
    return layer(inputs)


class Vae(keras.Model):
    """Encoder, two linear heads and decoder, with the preset's loss.

    Shapes: n records, p positions, one-hot vectors of width w (the data's `OneHot`), k latent
    coordinates. The outputs are logits, from which the loss is computed directly: a sigmoid or
    softmax first would lose precision where it saturates. `seed` decides the initial weights.
    """

    def __init__(self, preset: Preset, seed: int) -> None:
        super().__init__()
        self.preset, self.onehot = preset, preset.data.onehot
        latent_dim = preset.network.latent_dim
        # Every layer has its own seed, derived from this one.
        seeds = iter(np.random.SeedSequence(seed).generate_state(32).tolist())

        def dense(width: int, name: str) -> keras.layers.Dense:
            initializer = keras.initializers.GlorotUniform(seed=next(seeds))
            return keras.layers.Dense(width, kernel_initializer=initializer, name=name)

        network = preset.network
        self.encoder = [dense(w, f"encoder.{i}") for i, w in enumerate(network.encoder)]
        self.mean_head = dense(latent_dim, "mean")
        self.log_sigma_head = dense(latent_dim, "log_sigma")
        hidden = [dense(w, f"decoder.{i}") for i, w in enumerate(network.decoder)]
        self.decoder = [*hidden, dense(self.onehot.width, f"decoder.{len(hidden)}")]
        self.noise_seed = keras.random.SeedGenerator(next(seeds))
        self(np.zeros((1, self.onehot.width), np.float32))  # creates the weights

    def encode(self, vectors: tf.Tensor, apply: Apply = _plainly) -> tuple[tf.Tensor, tf.Tensor]:
        """One-hot vectors (n, w) -> mean and log sigma, both (n, k).

        `apply` computes a layer's outputs before the ReLU from its inputs, and may note both.
        """
        hidden = vectors
        for layer in self.encoder:
            hidden = ops.relu(apply(layer, hidden))
        return apply(self.mean_head, hidden), apply(self.log_sigma_head, hidden)

    def decode(self, z: tf.Tensor, apply: Apply = _plainly) -> tf.Tensor:
        """Latent points (n, k) -> logits (n, w); `apply` as for `encode`."""
        *hidden, last = self.decoder
        for layer in hidden:
            z = ops.relu(apply(layer, z))
        return apply(last, z)

    def reconstruct(self, vectors: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits (n, w) decoded from z = mean + sigma * noise, and each record's KL term (n,)."""
        mean, log_sigma = self.encode(vectors)
        return self.decode(mean + ops.exp(log_sigma) * noise), self._divergence(mean, log_sigma)

    def loss_terms(
        self, vectors: tf.Tensor, ranks: tf.Tensor, noise: tf.Tensor, beta: tf.Tensor | float
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The weighted terms of a batch's loss: reconstruction and divergence, in nats, and orders.

        `vectors` (n, w), `ranks` (n, o) with a column for each of the preset's orders, -1 for no
        value, `noise`
        (n, k), `beta` the divergence's weight -> three scalars; training minimises their sum.
        """
        mean, reconstruction, divergence = self.record_terms(vectors, noise)
        orders = ops.zeros(())
        known = self.preset.data.format.attributes  # all codes have these
        for column, order in enumerate(self.preset.training.orders):
            z = mean[:, order.axis - 1]
            penalty = order_penalty if order.attribute in known else known_order_penalty
            orders += order.weight * penalty(z, ranks[:, column], order.sharpness)
        return ops.mean(reconstruction), beta * ops.mean(divergence), orders

    def record_terms(
        self, vectors: tf.Tensor, noise: tf.Tensor, apply: Apply = _plainly
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Of each record the mean (n, k), the weighted reconstruction (n,) and the divergence (n,),
        in nats; `vectors` and `noise` as for `loss_terms`, `apply` as for `encode`."""
        mean, log_sigma = self.encode(vectors, apply)
        logits = self.decode(mean + ops.exp(log_sigma) * noise, apply)
        reconstruction = self.reconstruction_loss(vectors, logits)
        return mean, reconstruction, self._divergence(mean, log_sigma)

    def reconstruction_loss(self, vectors: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Weighted negative log-likelihood of each record, in nats: both (n, w) -> (n,)."""
        training = self.preset.training
        if training.likelihood == "bernoulli":
            crossentropies = ops.binary_crossentropy(vectors, logits, from_logits=True)
            # The mean times the width, like the notebook, for the same rounding.
            return training.reconstruction_weight * self.onehot.width * ops.mean(crossentropies, -1)
        chosen = ops.sum(vectors * logits, axis=-1)
        blocks = self.onehot.blocks
        normaliser = sum(ops.logsumexp(logits[:, b.start : b.stop], axis=-1) for b in blocks)
        return training.reconstruction_weight * (normaliser - chosen)

    def _divergence(self, mean: tf.Tensor, log_sigma: tf.Tensor) -> tf.Tensor:
        if self.preset.training.divergence == "notebook":
            return kl_term(mean, log_sigma)
        return kl_divergence(mean, log_sigma + math.log(self.preset.training.noise))

    def correct_characters(self, vectors: tf.Tensor) -> tf.Tensor:
        """Which characters are reconstructed from the means: (n, w) -> (n, p) booleans."""
        logits = self.decode(self.encode(vectors)[0])
        parts = [block.columns for block in self.onehot.blocks]
        return ops.stack(
            [
                ops.equal(ops.argmax(logits[:, part], -1), ops.argmax(vectors[:, part], -1))
                for part in parts
            ],
            axis=-1,
        )

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        """For Keras's `fit`: the logits (n, w) of a sampled reconstruction; adds the KL term."""
        training = self.preset.training
        shape = (ops.shape(vectors)[0], self.preset.network.latent_dim)
        noise = keras.random.normal(shape, stddev=training.noise, seed=self.noise_seed)
        logits, kl = self.reconstruct(vectors, noise)
        self.add_loss(training.beta * ops.mean(kl))
        return logits

    def named_weights(self) -> dict[str, np.ndarray]:
        """A copy of every kernel (in, out) and bias (out,), named as by `weight_shapes`."""
        layers = [*self.encoder, self.mean_head, self.log_sigma_head, *self.decoder]
        return {
            f"{layer.name}.{part}": ops.convert_to_numpy(getattr(layer, part)).copy()
            for layer in layers
            for part in ("kernel", "bias")
        }


def kl_term(mean: tf.Tensor, log_sigma: tf.Tensor) -> tf.Tensor:
    """The notebook's -0.5 * sum(1 + s - mean^2 - exp(s)) with s = log sigma: (n, k) -> (n,).

    It is the KL divergence from the prior if s is a log *variance*. The notebook draws z as if s is
    a log standard deviation; presets with the divergence `notebook` do the same.
    """
    return -0.5 * ops.sum(1 + log_sigma - mean**2 - ops.exp(log_sigma), axis=-1)


def kl_divergence(mean: tf.Tensor, log_sigma: tf.Tensor) -> tf.Tensor:
    """KL(N(mean, sigma^2) || N(0, 1)), summed over the coordinates, in nats: (n, k) -> (n,).

    Kingma and Welling, "Auto-encoding variational Bayes", 2014, appendix B.
    """
    return -0.5 * ops.sum(1 + 2 * log_sigma - mean**2 - ops.exp(2 * log_sigma), axis=-1)


def order_penalty(z: tf.Tensor, ranks: tf.Tensor, sharpness: float) -> tf.Tensor:
    """How far the order of a coordinate z (n,) is from that of the ranks (n,): a scalar, 0 to 2.

    Mean absolute difference, over all pairs, between tanh(sharpness * (z_i - z_j)) and
    sign(rank_i - rank_j): Pati and Lerch, 2020, equation 5.
    """
    signs = ops.tanh(sharpness * (z[:, None] - z[None, :]))
    return ops.mean(ops.abs(signs - ops.sign(ranks[:, None] - ranks[None, :])))


def known_order_penalty(z: tf.Tensor, ranks: tf.Tensor, sharpness: float) -> tf.Tensor:
    """`order_penalty` over the pairs that both have a rank from 0; 0 if there is none."""
    known = ops.cast(ranks >= 0, z.dtype)
    pairs = known[:, None] * known[None, :]
    signs = ops.tanh(sharpness * (z[:, None] - z[None, :]))
    apart = ops.abs(signs - ops.sign(ranks[:, None] - ranks[None, :]))
    return ops.sum(pairs * apart) / ops.maximum(ops.sum(pairs), 1)
