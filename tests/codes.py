"""Codes for tests: drawn from any format, and a small format that is not the UK's, with a model."""

from itertools import product

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from regvae.formats import Attribute, Format
from regvae.formats.codes import characters
from regvae.model.autoencoder import weight_shapes
from regvae.model.bundle import Bundle, history_columns
from regvae.model.config import Data, Network, Phase, Preset, Training

TOY = Format(
    name="toy",
    noun="tag",
    plural="tags",
    example="B7D",
    layout="a letter A to D, a digit and a letter A to D",
    alphabets=("ABCD", "0123456789", "ABCD"),
    separators=("", " ", "", ""),
    attributes={
        "digit": Attribute(
            "digit", "digit", "number", lambda c: characters(c)[:, 1].astype(int) - ord("0"), (1,)
        ),
        "first": Attribute(
            "first", "first letter", "category", lambda c: c.astype("U1"), (0,), tuple("ABCD")
        ),
    },
)
EVERY_TOY = TOY.array(["".join(code) for code in product(*TOY.alphabets)])
"""All 160 codes of the toy format, in alphabetical order."""


def codes_of(format):
    """A strategy for normalised codes of a format."""
    return st.tuples(*map(st.sampled_from, format.alphabets)).map("".join)


def random_weights(preset, seed=5):
    """Normal weights with the names and shapes of the preset's network."""
    rng = np.random.default_rng(seed)
    shapes = weight_shapes(preset.network, preset.data.onehot.width)
    return {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


def random_bundle(preset, own=(), seed=5):
    """A bundle with random weights and a random history that needs every digit of a float."""
    columns = list(history_columns(preset.data.onehot.positions))
    epochs = preset.training.epochs
    history = pd.DataFrame(
        np.random.default_rng(5).random((epochs, len(columns))) * 30, columns=columns
    ).assign(epoch=range(1, epochs + 1))
    weights = random_weights(preset, seed)
    return Bundle.assemble(preset, 7, weights, history, "by hand", own=own)


def toy_bundle():
    """A bundle of all codes of the toy format, in three dimensions."""
    training = Training((Phase(0.1, 2),), likelihood="categorical")
    network = Network(3, encoder=(6,), decoder=(5, 4))
    data = Data.of_own(EVERY_TOY, seed=1, format=TOY)
    return random_bundle(Preset("toy-3d", network, data, training), own=EVERY_TOY)


def bundle_of(format):
    """A bundle of some codes of any format, in three dimensions, with random weights."""
    own = np.unique(format.generate(400, rng=np.random.default_rng(1)))
    training = Training((Phase(0.1, 2),), likelihood="categorical")
    network = Network(3, encoder=(6,), decoder=(12,))
    data = Data.of_own(own, seed=1, format=format)
    return random_bundle(Preset("any-3d", network, data, training), own=own)
