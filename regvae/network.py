"""The variational autoencoder in Keras: layers and losses. Needs TensorFlow."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from regvae.presets import Preset
from regvae.vectoriser import WIDTH


class Vae(keras.Model):
    """Encoder, two linear heads and decoder, with the notebook's loss.

    Called on one-hot vectors (n, 150) it samples and returns the reconstruction's logits (n, 150).
    The logits stand for the notebook's sigmoid outputs: the loss is the same function, computed
    without the rounding of a saturated sigmoid.
    """

    def __init__(self, preset: Preset, seed: int) -> None:
        super().__init__()
        self.preset = preset
        latent_dim = preset.network.latent_dim
        # One integer seed gives each layer a seed of its own, the same in every run.
        seeds = iter(np.random.SeedSequence(seed).generate_state(32).tolist())

        def dense(width: int, activation: str | None, name: str) -> keras.layers.Dense:
            initializer = keras.initializers.GlorotUniform(seed=next(seeds))
            return keras.layers.Dense(
                width, activation=activation, kernel_initializer=initializer, name=name
            )

        network = preset.network
        self.encoder = [dense(w, "relu", f"encoder.{i}") for i, w in enumerate(network.encoder)]
        self.mean_head = dense(latent_dim, None, "mean")
        self.log_sigma_head = dense(latent_dim, None, "log_sigma")
        hidden = [dense(w, "relu", f"decoder.{i}") for i, w in enumerate(network.decoder)]
        self.decoder = [*hidden, dense(WIDTH, None, f"decoder.{len(hidden)}")]
        self.noise_seed = keras.random.SeedGenerator(next(seeds))
        self(np.zeros((1, WIDTH), np.float32))  # creates the weights

    def encode(self, vectors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One-hot (n, 150) -> mean and log sigma, both (n, k)."""
        hidden = vectors
        for layer in self.encoder:
            hidden = layer(hidden)
        return self.mean_head(hidden), self.log_sigma_head(hidden)

    def decode(self, z: tf.Tensor) -> tf.Tensor:
        """Latent points (n, k) -> logits (n, 150)."""
        for layer in self.decoder:
            z = layer(z)
        return z

    def reconstruct(self, vectors: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits (n, 150) of z = mean + sigma * noise, and each record's KL term (n,)."""
        mean, log_sigma = self.encode(vectors)
        return self.decode(mean + ops.exp(log_sigma) * noise), kl_term(mean, log_sigma)

    def loss_terms(self, vectors: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean reconstruction and mean KL terms of a batch, both in nats by the notebook's rule."""
        logits, kl = self.reconstruct(vectors, noise)
        return ops.mean(self.reconstruction_loss(vectors, logits)), ops.mean(kl)

    def reconstruction_loss(self, vectors: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Weighted mean binary cross-entropy of each record: (n, 150) twice -> (n,)."""
        crossentropy = ops.mean(ops.binary_crossentropy(vectors, logits, from_logits=True), axis=-1)
        return self.preset.training.reconstruction_weight * crossentropy

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        """What `fit` trains: logits (n, 150) of a sampled reconstruction; adds the KL term."""
        shape = (ops.shape(vectors)[0], self.preset.network.latent_dim)
        noise = keras.random.normal(shape, stddev=self.preset.training.noise, seed=self.noise_seed)
        logits, kl = self.reconstruct(vectors, noise)
        self.add_loss(ops.mean(kl))
        return logits

    def named_weights(self) -> dict[str, np.ndarray]:
        """A copy of every kernel (in, out) and bias (out,), as `mean.kernel` and so on."""
        layers = [*self.encoder, self.mean_head, self.log_sigma_head, *self.decoder]
        return {
            f"{layer.name}.{part}": ops.convert_to_numpy(getattr(layer, part)).copy()
            for layer in layers
            for part in ("kernel", "bias")
        }


def kl_term(mean: tf.Tensor, log_sigma: tf.Tensor) -> tf.Tensor:
    """The notebook's -0.5 * sum(1 + s - mean^2 - exp(s)) with s = log sigma: (n, k) -> (n,).

    That is the divergence from the prior if s were a log *variance*. The sampling reads s as a log
    standard deviation; the faithful presets keep both readings.
    """
    return -0.5 * ops.sum(1 + log_sigma - mean**2 - ops.exp(log_sigma), axis=-1)
