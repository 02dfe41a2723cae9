"""Codes as one-hot vectors, and back; each format has its own vector layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Codes, Format, FormatError
from regvae.formats.codes import characters, from_characters

_BATCH = 65_536


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
    """The vector layout of a format: one block of columns for each position that is learned.

    Not learned are constants and check characters, which the others give (`Format.learned`). Blocks
    are grouped by alphabet, alphabets in the order of their first position. For UK registrations
    these are the five letters (26 columns each), then the two digits, as in the notebook.

    >>> from regvae.formats import UK_REGISTRATION
    >>> OneHot(UK_REGISTRATION).width
    150
    """

    format: Format

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """One block for each learned position, ordered by position."""
        start, found = 0, []
        learned = [(position, self.format.alphabets[position]) for position in self.format.learned]
        for alphabet in dict.fromkeys(allowed for _, allowed in learned):
            for position, allowed in learned:
                if allowed == alphabet:
                    found.append(Block(position, alphabet, start))
                    start = found[-1].stop
        return tuple(sorted(found, key=lambda block: block.position))

    @property
    def positions(self) -> int:
        """Number of learned positions of a code, b."""
        return len(self.blocks)

    def index(self, position: int) -> int:
        """The number of a learned position (from 0) among all that are learned."""
        return self.format.learned.index(position)

    @cached_property
    def width(self) -> int:
        """Number of columns of a vector, w."""
        return sum(len(block.alphabet) for block in self.blocks)

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        """The column of an ASCII character at each position: (p, 129), 0 where nothing is learned,
        -1 for characters that are not allowed; the last is for all others."""
        table = np.full((self.format.length, 129), -1)
        for row, allowed in zip(table, self.format.alphabets, strict=True):
            row[[ord(one) for one in allowed]] = 0
        for block in self.blocks:
            points = [ord(one) for one in block.alphabet]
            table[block.position, points] = np.arange(block.start, block.stop)
        return table

    def hot_columns(self, codes: Sequence[str] | Codes) -> NDArray[np.intp]:
        """Codes (n,) -> the columns that are 1, (n, b), ordered by position.

        Raises `FormatError` naming the first text that is not a normalised code.
        """
        return self._hot_columns(np.asarray(codes, dtype=str), 0)

    def places(self, codes: Sequence[str] | Codes) -> NDArray[np.uint8]:
        """Codes (n,) -> the places of their characters in the alphabets of the learned positions,
        from 0, (n, b): the inverse of `codes`.

        Raises as `hot_columns`, and needs less memory.
        """
        texts = np.asarray(codes, dtype=str)
        starts = np.array([block.start for block in self.blocks])
        found = np.empty((len(texts), self.positions), np.uint8)  # alphabets are of ASCII
        for first in range(0, len(texts), _BATCH):
            rows = slice(first, first + _BATCH)
            found[rows] = self._hot_columns(texts[rows], first) - starts
        return found

    def _hot_columns(self, texts: Codes, first: int) -> NDArray[np.intp]:
        """As `hot_columns`, for texts of which as many as `first` come before these."""
        points = np.minimum(characters(self.format.array(texts)), 128)
        columns = self._columns.ravel().take(points + 129 * np.arange(self.format.length))
        fits = (columns >= 0).all(axis=1)
        fits &= np.strings.str_len(texts) == self.format.length
        if not fits.all():
            row = int(fits.argmin())
            raise FormatError(
                f"expected normalised {self.format.plural} such as {self.format.example}, got "
                f"{str(texts[row])[:20]!r} as number {first + row + 1}; normalise them with "
                "Format.parse"
            )
        return columns[:, list(self.format.learned)]

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
        for column, block in enumerate(self.blocks):
            places[:, column] = _argmax(vectors[:, block.columns])
        return self.codes(places)

    def codes(self, places: NDArray[np.integer]) -> Codes:
        """The codes (n,) whose characters have these places in the alphabet of their learned
        position, from 0: (n, b). What is not learned is filled in."""
        points = np.tile(self._example, (len(places), 1))
        for column, block in enumerate(self.blocks):
            points[:, block.position] = self._points[column][places[:, column]]
        return self.format.completed(from_characters(points))

    def draw(self, n: int, rng: np.random.Generator) -> Codes:
        """n codes (n,) with each character of a learned position equally likely, as is its blank.

        Unlike `Format.generate`, which leaves a position empty as often as not, and may draw codes
        from another distribution. The format may not permit some of them.
        """
        places = [rng.integers(len(block.alphabet), size=n) for block in self.blocks]
        return self.codes(np.stack(places, axis=1))

    @cached_property
    def _example(self) -> NDArray[np.uint32]:
        return characters(self.format.array([self.format.example]))[0]

    @cached_property
    def _points(self) -> list[NDArray[np.uint32]]:
        return [np.array([ord(one) for one in block.alphabet], np.uint32) for block in self.blocks]


@lru_cache(maxsize=16)
def one_hot(format: Format) -> OneHot:
    """The layout of a format, cached."""
    return OneHot(format)


def _argmax(part: NDArray) -> NDArray[np.intp]:
    # Column by column: np.argmax over short rows takes four times as long.
    ranks = np.arange(part.shape[1], 0, -1, dtype=np.uint8)
    is_largest = part == part.max(axis=1, keepdims=True)
    return part.shape[1] - (is_largest * ranks).max(axis=1).astype(np.intp)
