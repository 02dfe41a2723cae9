"""Letters that are typical of selected records."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.model.records import Records
from regvae.onehot import one_hot


@dataclass(frozen=True)
class TypicalLetter:
    """A letter that is commoner at a position (from 1) of the selected records than of all; both
    shares are 0 to 1."""

    position: int
    letter: str
    share_here: float
    share_overall: float


def typical_letters(records: Records, rows: NDArray[np.bool_], n: int) -> list[TypicalLetter]:
    """The n letters most over-represented among the records that a mask (m,) selects.

    In the order of the z score of the share among them against the share among all, so that a rare
    letter seen twice does not outrank a common one seen often. Empty if none is selected.
    """
    here = records.codes[rows]
    if not len(here):
        return []
    found = []
    layout = one_hot(records.format)
    shares_here, shares = (layout.encode(codes).mean(axis=0) for codes in (here, records.codes))
    spread = np.sqrt(np.maximum(shares * (1 - shares), 1e-12) / len(here))
    scores = (shares_here - shares) / spread
    for block in layout.blocks:
        for column, character in enumerate(block.alphabet, start=block.start):
            if character.isalpha() and scores[column] > 0:
                shown = float(shares_here[column]), float(shares[column])
                found.append((scores[column], TypicalLetter(block.position + 1, character, *shown)))
    return [letter for _, letter in sorted(found, key=lambda one: -one[0])[:n]]
