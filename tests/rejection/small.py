"""A format of 240 codes, all of which a test can try, and networks for it with random weights."""

from itertools import product

import numpy as np

from regvae.formats import Attribute, Format
from regvae.formats.codes import characters
from regvae.model.bundle import Bundle
from regvae.model.config import Data, Network, Phase, Preset, Training
from tests.codes import random_bundle


def digits(codes):
    """The digits of codes (n,): the one of five and the one of three, (n, 2)."""
    return characters(codes)[:, [1, 3]].astype(int) - ord("0")


def first_and_third(codes):
    return characters(codes)[:, [0, 2]]


SMALL = Format(
    name="small",
    noun="tag",
    plural="tags",
    example="B4D2",
    layout="a letter A to D, a digit to 4, a letter A to D and a digit to 2",
    alphabets=("ABCD", "01234", "ABCD", "012"),
    attributes={
        one.name: one
        for one in (
            Attribute("digit", "digit", "number", lambda c: digits(c)[:, 0], (1,)),
            Attribute("sum", "sum", "number", lambda c: digits(c).sum(axis=1), (1, 3)),
            Attribute(
                "first", "first letter", "category", lambda c: c.astype("U1"), (0,), tuple("ABCD")
            ),
            Attribute(
                "twice",
                "letter twice",
                "boolean",
                lambda c: first_and_third(c)[:, 0] == first_and_third(c)[:, 1],
                (0, 2),
                ("no", "yes"),
            ),
        )
    },
)
EVERY = SMALL.array(["".join(code) for code in product(*SMALL.alphabets)])
"""All codes of the format, in alphabetical order."""
PLACES = np.array(
    [[alphabet.index(c) for c, alphabet in zip(code, SMALL.alphabets, strict=True)]
     for code in EVERY.tolist()]
)  # fmt: skip


def small_bundle(seed=0, likelihood="categorical", records=120) -> Bundle:
    """A bundle in two dimensions whose records are some of the codes, and its weights random."""
    own = np.random.default_rng(seed).permutation(EVERY)[:records]
    data = Data.of_own(own, seed=1, format=SMALL)
    training = Training((Phase(0.1, 2),), likelihood=likelihood)
    network = Network(2, encoder=(12,), decoder=(16,))
    return random_bundle(Preset("small-2d", network, data, training), own=own, seed=seed)


def log_probabilities(bundle, z):
    """Log probabilities of all codes at points (n, k): (n, 240)."""
    outputs = bundle.autoencoder.logits(z).astype(float)
    if bundle.autoencoder.likelihood == "bernoulli":
        weights = 1 / (1 + np.exp(-outputs))
    else:
        weights = np.exp(outputs)
    total = np.zeros((len(z), len(EVERY)))
    for block in bundle.autoencoder.onehot.blocks:
        part = weights[:, block.columns]
        shares = part / part.sum(axis=1, keepdims=True)
        total += np.log(shares)[:, PLACES[:, block.position]]
    return total
