"""The encoded records: every reg with its split and its Gaussian in the latent space."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.formats import uk_registration
from regvae.formats.uk_registration import ATTRIBUTES, SPLITS, Regs
from regvae.model.autoencoder import Autoencoder


@dataclass(frozen=True)
class Records:
    """n records: `reg` (n,) ``U7``, `split` (n,) of `SPLITS`, `mean` and `sigma` (n, k) float32.

    Sigma is a standard deviation per latent coordinate. The arrays are made read-only, so that
    one copy can be shared.
    """

    reg: Regs
    split: Regs
    mean: NDArray[np.float32]
    sigma: NDArray[np.float32]

    def __post_init__(self) -> None:
        for array in (self.reg, self.split, self.mean, self.sigma):
            array.flags.writeable = False

    @classmethod
    def encode(cls, splits: dict[str, Regs], autoencoder: Autoencoder) -> "Records":
        """Encode regs given by split, e.g. those of `regs.notebook_dataset`."""
        reg = np.concatenate([splits[name] for name in SPLITS])
        split = np.repeat(np.array(SPLITS), [len(splits[name]) for name in SPLITS])
        return cls(reg, split, *autoencoder.encode(reg))

    def __len__(self) -> int:
        return len(self.reg)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return self.mean.shape[1]

    def attribute(self, name: str) -> NDArray:
        """The named attribute of every record, (n,)."""
        return ATTRIBUTES[name].values(self.reg)

    def sizes(self) -> dict[str, int]:
        """How many records each split has."""
        return {name: int((self.split == name).sum()) for name in SPLITS}

    def row_of(self, reg: str) -> int | None:
        """The row of that normalised reg, or None if it is no record."""
        rows = np.flatnonzero(self.reg == reg)
        return int(rows[0]) if len(rows) else None

    def contain(self, reg: Regs) -> NDArray[np.bool_]:
        """Which of the regs (m,) are records: (m,) booleans."""
        return np.isin(uk_registration.keys(reg), uk_registration.keys(self.reg))

    def data_hash(self) -> str:
        """sha256 of the splits and regs in their order: the same data, the same hash."""
        text = "\n".join(f"{s},{r}" for s, r in zip(self.split, self.reg, strict=True))
        return hashlib.sha256(text.encode()).hexdigest()
