"""The trained network in NumPy: encoding and decoding are a few matrix products.

Its means, sigmas and probabilities are those of the Keras model within 1e-5. An `Autoencoder` does
not change, so threads can share it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from regvae.formats import Codes
from regvae.model import config
from regvae.model.config import Likelihood
from regvae.onehot import Block, OneHot
from regvae.parallel import each

Floats = NDArray[np.floating]

_FARTHEST = 1e9
"""Largest latent coordinate: beyond it the layers' float32 sums could overflow."""

BATCH = 2_048
"""Records in a batch, so few that a layer's outputs fit the processor's cache."""


def weight_shapes(network: config.Network, width: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight of a network, for one-hot vectors of a width.

    Kernels are (in, out), biases (out,).
    """
    hidden = (width, *network.encoder)
    heads = [(name, hidden[-1], network.latent_dim) for name in ("mean", "log_sigma")]
    decoder = (network.latent_dim, *network.decoder, width)
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
    onehot: OneHot
    likelihood: Likelihood = "bernoulli"

    @classmethod
    def from_weights(
        cls,
        weights: Mapping[str, NDArray[np.float32]],
        onehot: OneHot,
        likelihood: Likelihood = "bernoulli",
    ) -> "Autoencoder":
        """From float32 arrays named and shaped as `weight_shapes` gives; they are not copied."""

        def dense(name: str) -> Dense:
            return Dense(weights[f"{name}.kernel"], weights[f"{name}.bias"])

        def stack(name: str) -> tuple[Dense, ...]:
            depth = sum(key.startswith(f"{name}.") for key in weights) // 2
            return tuple(dense(f"{name}.{i}") for i in range(depth))

        return cls(
            stack("encoder"),
            dense("mean"),
            dense("log_sigma"),
            stack("decoder"),
            onehot,
            likelihood,
        )

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return len(self.mean_head.bias)

    def encode(self, codes: Sequence[str] | Codes) -> tuple[Floats, Floats]:
        """Normalised codes (n,) -> their Gaussians: mean (n, k) and sigma (n, k), float32.

        Sigma is a standard deviation per latent coordinate, never its logarithm. Raises
        `FormatError` naming a text that is not a normalised code.
        """
        codes = np.asarray(codes, dtype=str)
        mean = np.empty((len(codes), self.latent_dim), dtype=np.float32)
        sigma = np.empty_like(mean)

        def encode(rows: slice) -> None:
            hidden = _relu_stack(self.onehot.encode(codes[rows]), self.encoder)
            mean[rows] = self.mean_head(hidden)
            sigma[rows] = np.exp(self.log_sigma_head(hidden))

        each(encode, _batches(len(codes)))
        return mean, sigma

    def logits(self, z: Floats) -> Floats:
        """Latent points (n, k) -> the network's outputs before sigmoid or softmax, (n, w), float32.

        Raises `ValueError` if z is not (n, k), or has a coordinate not finite or beyond 1e9.
        """
        z = self._points(z)
        out = np.empty((len(z), self.onehot.width), dtype=np.float32)

        def outputs(rows: slice) -> None:
            out[rows] = self._decode_batch(z[rows])

        each(outputs, _batches(len(z)))
        return out

    def decode(self, z: Floats) -> Codes:
        """Latent points (n, k) -> the most probable code at each, (n,).

        Raises `ValueError` if z is not (n, k), or has a coordinate not finite or beyond 1e9.
        """
        z = self._points(z)
        out = np.empty(len(z), dtype=self.onehot.format.dtype)

        def decode(rows: slice) -> None:
            out[rows] = self.onehot.decode(self._decode_batch(z[rows]))

        each(decode, _batches(len(z)))
        return out

    def draw(self, z: Floats, uniform: Floats) -> Codes:
        """Latent points (n, k) -> one code at each, (n,), with its characters drawn at random.

        A character is drawn with its probability at its position (`probabilities`), from a uniform
        number of `uniform` (n, b), 0 to below 1, by inversion, one for each learned position.
        Raises as `decode`, and `ValueError` for numbers of another shape.
        """
        z = self._points(z)
        if uniform.shape != (len(z), self.onehot.positions):
            raise ValueError(
                f"expected uniform numbers of shape {(len(z), self.onehot.positions)}, got "
                f"{uniform.shape}; draw one for each character"
            )
        out = np.empty(len(z), dtype=self.onehot.format.dtype)

        def draw(rows: slice) -> None:
            scores = self._scores(self._decode_batch(z[rows]))
            places = np.empty((len(scores), self.onehot.positions), dtype=np.intp)
            for index, block in enumerate(self.onehot.blocks):
                part = scores[:, block.columns]
                sums = np.exp(part - part.max(axis=1, keepdims=True)).cumsum(axis=1)
                below = sums <= uniform[rows, index, None] * sums[:, -1:]
                places[:, index] = np.minimum(below.sum(axis=1), part.shape[1] - 1)
            out[rows] = self.onehot.codes(places)

        each(draw, _batches(len(z)))
        return out

    def decode_with_certainty(self, z: Floats) -> tuple[Codes, Floats]:
        """Latent points (n, k) -> the decoded codes (n,), and the certainty of their b learned
        characters (n, b).

        The certainty of a character is its probability, the largest at its position, 0 to 1. Raises
        as `decode`.
        """
        z = self._points(z)
        codes = np.empty(len(z), dtype=self.onehot.format.dtype)
        certainty = np.empty((len(z), self.onehot.positions))

        def decode(rows: slice) -> None:
            outputs = self._decode_batch(z[rows])
            codes[rows] = self.onehot.decode(outputs)
            scores = self._scores(outputs)
            for index, block in enumerate(self.onehot.blocks):
                part = scores[:, block.columns]
                part -= part.max(axis=1, keepdims=True)
                certainty[rows, index] = 1 / np.exp(part).sum(axis=1)

        each(decode, _batches(len(z)))
        return codes, certainty

    def probabilities(self, z: Floats) -> list[Floats]:
        """Latent points (n, k) -> for each position the probability of its a characters, (n, a).

        Raises as `decode`.
        """
        return [np.exp(block) for block in self.log_probabilities(z)]

    def log_probabilities(self, z: Floats) -> list[Floats]:
        """Logarithms of `probabilities`, exact even where those are rounded to 0.

        The categorical likelihood has a softmax in each block. The Bernoulli likelihood has a
        sigmoid for each output; in each block these are scaled to sum to 1.
        """
        scores = self._scores(self.logits(z))
        blocks = [scores[:, block.columns] for block in self.onehot.blocks]
        return [block - logsumexp(block, axis=1, keepdims=True) for block in blocks]

    def scores(self, z: Floats, blocks: Sequence[Block]) -> list[NDArray[np.float64]]:
        """Latent points (n, k) -> for each of some blocks log probabilities of its a characters,
        (n, a): not normalised, so right up to a constant.

        Raises as `decode`.
        """
        z, last = self._points(z), self.decoder[-1]
        columns = np.concatenate([np.arange(one.start, one.stop) for one in blocks])
        chosen = Dense(last.kernel[:, columns], last.bias[columns])
        out = np.empty((len(z), len(columns)))

        def score(rows: slice) -> None:
            out[rows] = self._scores(chosen(_relu_stack(z[rows], self.decoder[:-1])))

        each(score, _batches(len(z)))
        ends = np.cumsum([one.stop - one.start for one in blocks])
        return np.split(out, ends[:-1], axis=1)

    def _scores(self, outputs: Floats) -> NDArray[np.float64]:
        """Log probabilities (n, w), float64, not yet normalised in each block."""
        outputs = outputs.astype(np.float64)
        scores = -np.logaddexp(0, -outputs) if self.likelihood == "bernoulli" else outputs
        return np.asarray(scores, np.float64)

    def _decode_batch(self, z: Floats) -> Floats:
        hidden, last = _relu_stack(z, self.decoder[:-1]), self.decoder[-1]
        # Transposed, so that the outputs are in Fortran order, which `OneHot.decode` is fastest on.
        columns = last.kernel.T @ hidden.T
        columns += last.bias[:, None]
        return columns.T

    def _points(self, z: Floats) -> Floats:
        z = np.asarray(z)
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(
                f"expected latent points of shape (n, {self.latent_dim}), got shape {z.shape}; "
                "change the shape"
            )
        if not (np.abs(z) <= _FARTHEST).all():
            raise ValueError(
                f"expected finite latent coordinates from {-_FARTHEST:g} to {_FARTHEST:g}, got "
                "others; remove those points"
            )
        return z.astype(np.float32)


def _relu_stack(x: Floats, layers: Sequence[Dense]) -> Floats:
    for layer in layers:
        x = layer(x)
        np.maximum(x, 0, out=x)
    return x


def _batches(n: int) -> Iterator[slice]:
    return (slice(start, min(start + BATCH, n)) for start in range(0, n, BATCH))
