"""Records: codes with their splits and their Gaussians in the latent space."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regvae.formats import SPLITS, Attribute, Codes, CodeTable, Format
from regvae.formats.codes import finder, keys
from regvae.formats.columns import attributes_of
from regvae.formats.format import named
from regvae.model.autoencoder import Autoencoder
from regvae.model.spread import Spread


@dataclass(frozen=True)
class Records:
    """n records: `codes` (n,) of a `format`, `split` (n,) of `SPLITS`, `mean` and `sigma` (n, k).

    Mean and sigma are float32; sigma is a standard deviation per latent coordinate. The arrays
    become read-only, so that sessions can share them. `further` has what else is known of the
    records, n rows of columns as `CodeTable` has them, or none. Those of a released bundle are
    none (n = 0), with the `spread` of the means that they had; it is None for all others.
    """

    codes: Codes
    split: NDArray[np.str_]
    mean: NDArray[np.float32]
    sigma: NDArray[np.float32]
    format: Format
    further: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    spread: Spread | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for array in (self.codes, self.split, self.mean, self.sigma):
            array.flags.writeable = False

    @classmethod
    def encode(
        cls, splits: dict[str, Codes], autoencoder: Autoencoder, table: CodeTable | None = None
    ) -> "Records":
        """Encode codes by split, such as those of `Data.splits`; records are in this order.

        `table` has their further columns.
        """
        codes = np.concatenate([splits[name] for name in SPLITS])
        split = np.repeat(np.array(SPLITS), [len(splits[name]) for name in SPLITS])
        further = table.rows(codes) if table else pd.DataFrame()
        return cls(codes, split, *autoencoder.encode(codes), autoencoder.onehot.format, further)

    @classmethod
    def none(cls, format: Format, latent_dim: int, spread: Spread | None = None) -> "Records":
        """No records: of a released bundle, with their `spread`, or for who does not know any."""
        nothing = np.empty((0, latent_dim), np.float32)
        split = np.empty(0, f"U{max(map(len, SPLITS))}")
        codes = np.empty(0, format.dtype)
        return cls(codes, split, nothing, nothing.copy(), format, spread=spread)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return self.mean.shape[1]

    @property
    def centre(self) -> NDArray[np.float64]:
        """The mean of all means, (k,)."""
        return self.spread.mean if self.spread else self.mean.mean(axis=0, dtype=np.float64)

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """The attributes of the format, and then the further columns, by name."""
        return attributes_of(self.format, self.codes, self.further)

    def attribute(self, name: str) -> NDArray:
        """An attribute's value for every record, (n,). Raises `FormatError` for another name."""
        return named(name, self.attributes, self.format.one).values(self.codes)

    @property
    def table(self) -> CodeTable:
        """The codes in alphabetical order, with their further columns under the same names."""
        order = np.argsort(self.codes, kind="stable")
        further = self.further.iloc[order].reset_index(drop=True) if len(self.further) else None
        return CodeTable(self.format, self.codes[order], pd.DataFrame(further))

    def sizes(self) -> dict[str, int]:
        """The number of records in each split."""
        return {name: int((self.split == name).sum()) for name in SPLITS}

    def row_of(self, code: str) -> int | None:
        """The row of a normalised code, or None if it is not among the records."""
        rows = np.flatnonzero(self.codes == code)
        return int(rows[0]) if len(rows) else None

    def contains(self, codes: Codes) -> NDArray[np.bool_]:
        """Which codes (m,) are among the records: (m,) booleans."""
        return np.isin(keys(codes), keys(self.codes))

    def surround(self, codes: Codes) -> NDArray[np.bool_]:
        """Which codes (m,) are in the neighbourhood of a record (`Format.neighbourhoods`), as the
        records themselves are: (m,) booleans."""
        ours = self.format.neighbourhoods(codes)
        return np.isin(keys(ours), self._neighbourhoods)

    @cached_property
    def _neighbourhoods(self) -> NDArray:
        return np.unique(keys(self.format.neighbourhoods(self.codes)))

    def rows_of(self, codes: Codes) -> NDArray[np.intp]:
        """The row of each code (m,), or -1 for one that is not among the records: (m,)."""
        return finder(self.codes)(codes) if len(self) else np.full(len(codes), -1)

    def data_hash(self) -> str:
        """sha256 of the splits and codes in their order, in hexadecimal."""
        text = "\n".join(
            f"{split},{code}" for split, code in zip(self.split, self.codes, strict=True)
        )
        return hashlib.sha256(text.encode()).hexdigest()
