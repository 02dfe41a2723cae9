"""Models for tests of the evaluation: assembled from weights, never trained."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from regvae.formats import UK_REGISTRATION
from regvae.model.autoencoder import weight_shapes
from regvae.model.bundle import Bundle, history_columns
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.onehot import one_hot

ONEHOT = one_hot(UK_REGISTRATION)
SIZES = (300, 120, 80)
IDENTITY = Preset(
    "identity", Network(150, (), ()), Data(1, SIZES), Training((Phase(0.01, 1),), noise=0.1)
)

Weights = dict[str, np.ndarray]


def history(*figures: float) -> pd.DataFrame:
    """A history in which all figures of an epoch have one value."""
    columns = list(history_columns(7))
    rows = [[epoch, *[one] * (len(columns) - 1)] for epoch, one in enumerate(figures, start=1)]
    return pd.DataFrame(rows, columns=columns)


def identity(
    *, sigma: float = 1.0, broken: tuple[int, ...] = (), guess: dict[int, str] | None = None
) -> Bundle:
    """A model that reconstructs every code, but for the `broken` positions (from 0).

    There it always decodes the first character of the alphabet, or the one in `guess`.
    """
    shapes = weight_shapes(IDENTITY.network, 150)
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    weights["mean.kernel"] += np.eye(150, dtype=np.float32)
    weights["log_sigma.bias"] += np.float32(np.log(sigma))
    weights["decoder.0.kernel"] += np.eye(150, dtype=np.float32)
    for position in broken:
        weights["decoder.0.kernel"][:, ONEHOT.blocks[position].columns] = 0
    for position, character in (guess or {}).items():
        block = ONEHOT.blocks[position]
        weights["decoder.0.bias"][block.start + block.alphabet.index(character)] = 1
    return Bundle.assemble(IDENTITY, 0, weights, history(0.5))


def random_bundle(
    k: int,
    *,
    noise: float = 0.1,
    likelihood: str = "categorical",
    source: str = "notebook",
    change: Callable[[Weights], object] = lambda _: None,
) -> Bundle:
    """A model of random weights, which `change` may change, with k latent dimensions."""
    preset = Preset(
        "random",
        Network(k, encoder=(20,), decoder=(20,)),
        Data(1, SIZES, source),
        Training((Phase(0.01, 2),), noise=noise, likelihood=likelihood),
    )
    rng = np.random.default_rng(3)
    weights = {
        name: rng.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in weight_shapes(preset.network, 150).items()
    }
    change(weights)
    return Bundle.assemble(preset, 0, weights, history(0.5, 0.25))


def constant_encoder(sigma: float, mean: float = 0.0) -> Callable[[Weights], None]:
    """A change after which every record has the same mean and sigma."""

    def change(weights: Weights) -> None:
        for head, value in (("mean", mean), ("log_sigma", math.log(sigma))):
            weights[f"{head}.kernel"][:] = 0
            weights[f"{head}.bias"][:] = value

    return change


def even_decoder(weights: Weights) -> None:
    """A change after which all characters are equally likely at every point."""
    weights["decoder.1.kernel"][:] = 0
    weights["decoder.1.bias"][:] = 0


def with_noise(bundle: Bundle, noise: float) -> Bundle:
    """The same model as if it had been trained with this noise."""
    training = dataclasses.replace(bundle.preset.training, noise=noise)
    return dataclasses.replace(bundle, preset=dataclasses.replace(bundle.preset, training=training))
