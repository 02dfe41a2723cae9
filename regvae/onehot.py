"""Regs as one-hot vectors of 150 numbers, and back.

The order is the notebook's: the five letters first (positions 0, 1, 4, 5, 6 of the reg, 26 numbers
each), then the two digits (positions 2, 3, ten numbers each). One such group is a *block*.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.formats import uk_registration
from regvae.formats.uk_registration import DIGITS, LETTERS, PATTERN, Regs


@dataclass(frozen=True)
class Block:
    """The columns `start` to `stop` of a vector, which say the character at `position` of a reg."""

    position: int
    alphabet: str
    start: int

    @property
    def stop(self) -> int:
        """The first column behind the block."""
        return self.start + len(self.alphabet)

    @property
    def columns(self) -> slice:
        """The block's columns, to index a vector with."""
        return slice(self.start, self.stop)


def _blocks() -> Iterator[Block]:
    start = 0
    for alphabet in (LETTERS, DIGITS):
        for position, allowed in enumerate(PATTERN):
            if allowed is alphabet:
                block = Block(position, alphabet, start)
                yield block
                start = block.stop


BLOCKS: tuple[Block, ...] = tuple(sorted(_blocks(), key=lambda block: block.position))
"""The seven blocks, in the order of the reg's positions."""

WIDTH = sum(len(block.alphabet) for block in BLOCKS)
"""Numbers in a vector: 5 x 26 + 2 x 10 = 150."""


def hot_columns(regs: Sequence[str] | Regs) -> NDArray[np.intp]:
    """Regs (n,) -> the seven columns that are one, (n, 7), in the order of the positions.

    Raises `RegError` naming the first that is not a normalised reg.
    """
    texts = np.asarray(regs, dtype=str)
    codes = uk_registration.characters(texts).astype(np.intp)
    first = np.array([ord(block.alphabet[0]) for block in BLOCKS])
    size = np.array([len(block.alphabet) for block in BLOCKS])
    places = codes - first
    right = ((places >= 0) & (places < size)).all(axis=1) & (np.strings.str_len(texts) == 7)
    if not right.all():
        row = int(right.argmin())
        raise uk_registration.RegError(
            f"regs want to be normalised, such as AB12CDE, but number {row + 1} is "
            f"{str(texts[row])[:20]!r}; regs.parse makes one of what people type"
        )
    return places + np.array([block.start for block in BLOCKS])


def encode(regs: Sequence[str] | Regs) -> NDArray[np.float32]:
    """Normalised regs (n,) -> one-hot vectors (n, 150), float32.

    Raises `RegError` naming the first that is not a normalised reg.

    >>> encode(["AA00AAA"]).sum()
    np.float32(7.0)
    """
    columns = hot_columns(regs)
    vectors = np.zeros((len(columns), WIDTH), dtype=np.float32)
    np.put_along_axis(vectors, columns, 1.0, axis=1)
    return vectors


def decode(vectors: NDArray) -> Regs:
    """The reg each vector says, by the largest number in each block: (n, 150) -> (n,) ``U7``.

    Any increasing function of the network's outputs (logits, probabilities) gives the same reg; of
    equal numbers the first wins. Fastest on vectors stored column by column (Fortran order).
    """
    vectors = np.asfortranarray(vectors)
    codes = np.empty((len(vectors), len(BLOCKS)), dtype=np.uint32)
    for block in BLOCKS:
        codes[:, block.position] = _argmax(vectors[:, block.columns]) + ord(block.alphabet[0])
    return uk_registration.from_characters(codes)


def _argmax(part: NDArray) -> NDArray[np.intp]:
    # np.argmax over short rows takes four times as long: it cannot use whole columns at once.
    ranks = np.arange(part.shape[1], 0, -1, dtype=np.uint8)
    is_largest = part == part.max(axis=1, keepdims=True)
    return part.shape[1] - (is_largest * ranks).max(axis=1).astype(np.intp)
