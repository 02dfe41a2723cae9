"""Presets of tiny networks, which train in a second."""

from dataclasses import replace

import numpy as np

from regvae.formats import uk_registration
from regvae.formats.codes import distinct
from regvae.model.bundle import history_columns
from regvae.model.config import Data, Network, Order, Phase, Preset, Training

SMALL = Preset(
    "small",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(seed=0, sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 3), Phase(0.001, 3)), batch_size=8, warm_up=1),
)
"""The notebook's training, with a warm-up."""

EVERYTHING = Preset(
    "everything",
    Network(latent_dim=3, encoder=(12,), decoder=(12, 10)),
    Data(seed=2, sizes=(80, 16, 16), source="dvla"),
    Training(
        phases=(Phase(0.004, 4, "cosine"), Phase(0.002, 2, "cosine")),
        batch_size=16,
        noise=0.5,
        reconstruction_weight=1.0,
        likelihood="categorical",
        beta=0.3,
        warm_up=4,
        divergence="exact",
        optimizer="adam",
        orders=(Order("number", 1), Order("area", 3, weight=2.0, sharpness=3.0)),
    ),
)
"""All options that the notebook's training does not use."""

OWN = distinct(uk_registration.generate(150, rng=np.random.default_rng(5))).tolist()
"""Own codes."""
OF_OWN = replace(
    SMALL, data=Data.of_own(OWN, seed=1), training=Training((Phase(0.004, 2),), batch_size=32)
)

FIGURES = [column for column in history_columns(7) if column != "seconds"]
"""The columns of a history that are the same in every repetition."""


def penalty_by_hand(z, ranks, sharpness):
    """Mean over all pairs of |tanh(sharpness * (z_i - z_j)) - sign(rank_i - rank_j)|."""
    total = 0.0
    for z_1, rank_1 in zip(z, ranks, strict=True):
        for z_2, rank_2 in zip(z, ranks, strict=True):
            total += abs(np.tanh(sharpness * (z_1 - z_2)) - np.sign(rank_1 - rank_2))
    return total / len(z) ** 2
