"""The trained network as NumPy arrays: a few matrix products serve encoding and decoding.

The same numbers as the Keras model within 1e-5. No state is kept between calls, so any number of
threads may share one `Autoencoder`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from regvae import onehot
from regvae.formats.uk_registration import Regs
from regvae.model import config
from regvae.model.config import Likelihood

Floats = NDArray[np.floating]

_FARTHEST = 1e9
"""Beyond this the layers' float32 sums could overflow; no map is a billionth as large."""

BATCH = 2_048
"""Records in a batch: few enough for a layer's outputs to stay in the processor's cache."""


def weight_shapes(network: config.Network) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight such a network has: kernels (in, out), biases (out,)."""
    hidden = (onehot.WIDTH, *network.encoder)
    heads = [(name, hidden[-1], network.latent_dim) for name in ("mean", "log_sigma")]
    decoder = (network.latent_dim, *network.decoder, onehot.WIDTH)
    layers = [
        *((f"encoder.{i}", *pair) for i, pair in enumerate(pairwise(hidden))),
        *heads,
        *((f"decoder.{i}", *pair) for i, pair in enumerate(pairwise(decoder))),
    ]
    shapes: dict[str, tuple[int, ...]] = {}
    for name, width_in, width_out in layers:
        shapes[f"{name}.kernel"] = (width_in, width_out)
        shapes[f"{name}.bias"] = (width_out,)
    return shapes


@dataclass(frozen=True)
class Dense:
    """One layer: a kernel (in, out) and a bias (out,)."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, x: Floats) -> Floats:
        """x (n, in) -> x @ kernel + bias (n, out)."""
        y = x @ self.kernel
        y += self.bias
        return y


@dataclass(frozen=True)
class Autoencoder:
    """Encoder and decoder of a trained network.

    >>> autoencoder = regvae.load("notebook-2d").autoencoder
    >>> mean, sigma = autoencoder.encode(["AB12CDE"])
    >>> autoencoder.decode(mean)
    """

    encoder: tuple[Dense, ...]
    mean_head: Dense
    log_sigma_head: Dense
    decoder: tuple[Dense, ...]
    likelihood: Likelihood = "bernoulli"

    @classmethod
    def from_weights(
        cls, weights: Mapping[str, NDArray[np.float32]], likelihood: Likelihood = "bernoulli"
    ) -> "Autoencoder":
        """From arrays named as in `weight_shapes`, which are used as they are, not copied."""

        def dense(name: str) -> Dense:
            return Dense(weights[f"{name}.kernel"], weights[f"{name}.bias"])

        def stack(name: str) -> tuple[Dense, ...]:
            depth = sum(key.startswith(f"{name}.") for key in weights) // 2
            return tuple(dense(f"{name}.{i}") for i in range(depth))

        return cls(
            stack("encoder"), dense("mean"), dense("log_sigma"), stack("decoder"), likelihood
        )

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return len(self.mean_head.bias)

    def encode(self, regs: Sequence[str] | Regs) -> tuple[Floats, Floats]:
        """Normalised regs (n,) -> their Gaussians: mean (n, k) and sigma (n, k), float32.

        Sigma is a standard deviation per latent coordinate, never its logarithm. Raises `RegError`
        naming a text that is not a normalised reg.
        """
        regs = np.asarray(regs, dtype=str)
        mean = np.empty((len(regs), self.latent_dim), dtype=np.float32)
        sigma = np.empty_like(mean)
        for rows in _batches(len(regs)):
            hidden = _relu_stack(onehot.encode(regs[rows]), self.encoder)
            mean[rows] = self.mean_head(hidden)
            sigma[rows] = np.exp(self.log_sigma_head(hidden))
        return mean, sigma

    def logits(self, z: Floats) -> Floats:
        """Latent points (n, k) -> the network's outputs before the sigmoid, (n, 150), float32.

        Raises `ValueError` if z is not (n, k) or holds a number that is not finite.
        """
        z = self._points(z)
        out = np.empty((len(z), onehot.WIDTH), dtype=np.float32)
        for rows in _batches(len(z)):
            out[rows] = self._decode_batch(z[rows])
        return out

    def decode(self, z: Floats) -> Regs:
        """Latent points (n, k) -> the most probable reg at each, (n,) ``U7``.

        Raises `ValueError` if z is not (n, k) or holds a number that is not finite.
        """
        z = self._points(z)
        out = np.empty(len(z), dtype="U7")
        for rows in _batches(len(z)):
            out[rows] = onehot.decode(self._decode_batch(z[rows]))
        return out

    def decode_with_certainty(self, z: Floats) -> tuple[Regs, Floats]:
        """Latent points (n, k) -> what `decode` says, (n,), and how sure it is, (n, 7).

        The certainty of a character is the largest of its position's `probabilities`, 0 to 1.
        """
        z = self._points(z)
        regs, certainty = np.empty(len(z), dtype="U7"), np.empty((len(z), len(onehot.BLOCKS)))
        for rows in _batches(len(z)):
            outputs = self._decode_batch(z[rows])
            regs[rows] = onehot.decode(outputs)
            scores = self._scores(outputs)
            for block in onehot.BLOCKS:
                part = scores[:, block.columns]
                part -= part.max(axis=1, keepdims=True)
                certainty[rows, block.position] = 1 / np.exp(part).sum(axis=1)
        return regs, certainty

    def probabilities(self, z: Floats) -> list[Floats]:
        """How sure the decoder is of each character: of the seven positions (n, 26) or (n, 10)."""
        return [np.exp(block) for block in self.log_probabilities(z)]

    def log_probabilities(self, z: Floats) -> list[Floats]:
        """Logarithms of `probabilities`, exact where those round to 0: (n, 26) or (n, 10) each.

        A network trained with the categorical likelihood has a softmax in each block. With the
        Bernoulli one, each output is a probability of its own (a sigmoid); within a block they are
        scaled to sum to 1.
        """
        scores = self._scores(self.logits(z))
        blocks = [scores[:, block.columns] for block in onehot.BLOCKS]
        return [block - logsumexp(block, axis=1, keepdims=True) for block in blocks]

    def _scores(self, outputs: Floats) -> Floats:
        """Log probabilities (n, 150), float64, short of each block's normalising constant."""
        outputs = outputs.astype(np.float64)
        return -np.logaddexp(0, -outputs) if self.likelihood == "bernoulli" else outputs

    def _decode_batch(self, z: Floats) -> Floats:
        hidden, last = _relu_stack(z, self.decoder[:-1]), self.decoder[-1]
        # Transposed, so that the outputs lie column by column, as `vectoriser.decode` likes them.
        columns = last.kernel.T @ hidden.T
        columns += last.bias[:, None]
        return columns.T

    def _points(self, z: Floats) -> Floats:
        z = np.asarray(z)
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(
                f"latent points want shape (n, {self.latent_dim}), but came with shape {z.shape}"
            )
        if not (np.abs(z) <= _FARTHEST).all():
            raise ValueError(
                f"latent points want finite coordinates, at most {_FARTHEST:g}, but some are not"
            )
        return z.astype(np.float32)


def _relu_stack(x: Floats, layers: Sequence[Dense]) -> Floats:
    for layer in layers:
        x = layer(x)
        np.maximum(x, 0, out=x)
    return x


def _batches(n: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, n)) for start in range(0, n, BATCH))
