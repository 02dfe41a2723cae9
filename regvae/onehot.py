"""Codes as one-hot vectors, and back; each format has its own vector layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Codes, Format, FormatError
from regvae.formats.codes import characters, from_characters


@dataclass(frozen=True)
class Block:
    """The columns `start` to `stop` of a vector: the character at one `position` of a code."""

    position: int
    alphabet: str
    start: int

    @property
    def stop(self) -> int:
        """The column after the block's last."""
        return self.start + len(self.alphabet)

    @property
    def columns(self) -> slice:
        """The block's columns, to index a vector with."""
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class OneHot:
    """The vector layout of a format: one block of columns for each position.

    Blocks are grouped by alphabet, alphabets in the order of their first position. For UK
    registrations these are the five letters (26 columns each), then the two digits, as in the
    notebook.

    >>> from regvae.formats import UK_REGISTRATION
    >>> OneHot(UK_REGISTRATION).width
    150
    """

    format: Format

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """One block for each position, ordered by position."""
        start, found = 0, []
        for alphabet in dict.fromkeys(self.format.alphabets):
            for position, allowed in enumerate(self.format.alphabets):
                if allowed == alphabet:
                    found.append(Block(position, alphabet, start))
                    start = found[-1].stop
        return tuple(sorted(found, key=lambda block: block.position))

    @property
    def positions(self) -> int:
        """Number of positions of a code, p."""
        return len(self.blocks)

    @cached_property
    def width(self) -> int:
        """Number of columns of a vector, w."""
        return sum(len(block.alphabet) for block in self.blocks)

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        return np.array([block.start for block in self.blocks])

    def hot_columns(self, codes: Sequence[str] | Codes) -> NDArray[np.intp]:
        """Codes (n,) -> the columns that are 1, (n, p), ordered by position.

        Raises `FormatError` naming the first text that is not a normalised code.
        """
        texts = np.asarray(codes, dtype=str)
        points = characters(self.format.array(texts)).astype(np.intp)
        first = np.array([ord(block.alphabet[0]) for block in self.blocks])
        size = np.array([len(block.alphabet) for block in self.blocks])
        places = points - first
        fits = ((places >= 0) & (places < size)).all(axis=1)
        fits &= np.strings.str_len(texts) == self.positions
        if not fits.all():
            row = int(fits.argmin())
            raise FormatError(
                f"expected normalised {self.format.plural} such as {self.format.example}, got "
                f"{str(texts[row])[:20]!r} as number {row + 1}; normalise them with Format.parse"
            )
        return places + self._starts

    def encode(self, codes: Sequence[str] | Codes) -> NDArray[np.float32]:
        """Normalised codes (n,) -> one-hot vectors (n, w), float32.

        Raises `FormatError` naming the first text that is not a normalised code.
        """
        columns = self.hot_columns(codes)
        vectors = np.zeros((len(columns), self.width), dtype=np.float32)
        np.put_along_axis(vectors, columns, 1.0, axis=1)
        return vectors

    def decode(self, vectors: NDArray) -> Codes:
        """The code of each vector, from the largest value in each block: (n, w) -> (n,).

        Logits and probabilities give the same code, as does any increasing function of them; of
        equal values the first is taken. Fastest on vectors in Fortran (column-major) order.
        """
        vectors = np.asfortranarray(vectors)
        places = np.empty((len(vectors), self.positions), dtype=np.intp)
        for block in self.blocks:
            places[:, block.position] = _argmax(vectors[:, block.columns])
        return self.codes(places)

    def codes(self, places: NDArray[np.integer]) -> Codes:
        """The codes (n,) whose characters have these places in the alphabet of their position,
        from 0: (n, p)."""
        points = np.empty(places.shape, dtype=np.uint32)
        for block in self.blocks:
            points[:, block.position] = places[:, block.position] + ord(block.alphabet[0])
        return from_characters(points)


@lru_cache(maxsize=16)
def one_hot(format: Format) -> OneHot:
    """The layout of a format, cached."""
    return OneHot(format)


def _argmax(part: NDArray) -> NDArray[np.intp]:
    # Column by column: np.argmax over short rows takes four times as long.
    ranks = np.arange(part.shape[1], 0, -1, dtype=np.uint8)
    is_largest = part == part.max(axis=1, keepdims=True)
    return part.shape[1] - (is_largest * ranks).max(axis=1).astype(np.intp)
