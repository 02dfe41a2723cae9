"""How likely a model finds codes: negative log-likelihood, divergence, and the training's loss."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Codes
from regvae.model.autoencoder import BATCH, Autoencoder
from regvae.model.config import Training
from regvae.parallel import each

Floats = NDArray[np.float64]


def divergence(mean: NDArray, sd: NDArray) -> Floats:
    """KL(N(mean, sd^2) || N(0, 1)) of each pair of numbers, in nats from 0: arrays of one shape.

    1/2 (mean^2 + sd^2 - 1 - ln sd^2), Kingma and Welling, "Auto-encoding variational Bayes", 2014,
    appendix B. Infinite for a standard deviation of 0.
    """
    with np.errstate(divide="ignore"):
        return 0.5 * (np.square(mean) + np.square(sd) - 1) - np.log(sd)


def negative_log_likelihood(autoencoder: Autoencoder, codes: Codes, z: NDArray) -> Floats:
    """Negative log-likelihood of codes (n,) at points (n, k), -ln p(code | z), in nats: (n,).

    The probabilities of the characters are normalised for either likelihood, so that p sums to 1
    over all codes.
    """
    columns = autoencoder.onehot.hot_columns(codes)
    nats = np.empty(len(columns))
    for start in range(0, len(columns), BATCH):  # the outputs of all records would be gigabytes
        rows = slice(start, start + BATCH)
        log_probabilities = autoencoder.log_probabilities(z[rows])
        nats[rows] = -sum(
            log_p[np.arange(len(log_p)), columns[rows, index] - block.start]
            for index, (block, log_p) in enumerate(
                zip(autoencoder.onehot.blocks, log_probabilities, strict=True)
            )
        )
    return nats


def nats_at_means(autoencoder: Autoencoder, codes: Codes) -> Floats:
    """Negative log-likelihood of codes (n,), each at its own mean, in nats: (n,)."""
    return negative_log_likelihood(autoencoder, codes, autoencoder.encode(codes)[0])


def record_losses(
    autoencoder: Autoencoder, codes: Sequence[str] | Codes, training: Training
) -> Floats:
    """The loss of codes (n,) in training, in nats, without the noise of z and the orders: (n,).

    The weighted reconstruction at the mean, plus beta times the divergence, each as
    `keras_vae.Vae.loss_terms` has them after the warm-up. Low for a code that the model has learned
    well. Raises `FormatError` naming a text that is not a normalised code.
    """
    codes = np.asarray(codes, dtype=str)
    losses = np.empty(len(codes))

    def measure(rows: slice) -> None:
        mean, sigma = (part.astype(float) for part in autoencoder.encode(codes[rows]))
        # The notebook's term takes log sigma for a log variance, and so sigma for a variance.
        exact = training.divergence == "exact"
        sd = training.noise * sigma if exact else np.sqrt(sigma)
        losses[rows] = training.reconstruction_weight * _reconstruction(
            autoencoder, codes[rows], mean
        ) + training.beta * divergence(mean, sd).sum(axis=1)

    each(measure, [slice(start, start + BATCH) for start in range(0, len(codes), BATCH)])
    return losses


def _reconstruction(autoencoder: Autoencoder, codes: Codes, z: NDArray) -> Floats:
    """Cross-entropy of codes (n,) at points (n, k) in nats, of all outputs for the Bernoulli
    likelihood: (n,)."""
    if autoencoder.likelihood == "categorical":
        return negative_log_likelihood(autoencoder, codes, z)
    logits = autoencoder.logits(z).astype(float)
    hot = np.take_along_axis(logits, autoencoder.onehot.hot_columns(codes), axis=1)
    return np.logaddexp(0, logits).sum(axis=1) - hot.sum(axis=1)
