"""Many codes at once: arrays of normalised strings of one length, their characters and splits.

A *code* is a normalised string of a `Format`. Many codes are a NumPy array (n,) of a fixed-width
text type, such as ``U7``.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.str_]
"""Normalised codes, (n,)."""

SPLITS = ("train", "validation", "test")


def characters(codes: Codes) -> NDArray[np.uint32]:
    """Codes (n,) of w characters -> their code points (n, w), without a copy where NumPy allows."""
    codes = np.ascontiguousarray(codes)
    width = codes.dtype.itemsize // np.dtype(np.uint32).itemsize
    return codes.view(np.uint32).reshape(len(codes), width)


def from_characters(points: NDArray[np.uint32]) -> Codes:
    """Code points (n, w) -> codes (n,): the inverse of `characters`."""
    points = np.ascontiguousarray(points, dtype=np.uint32)
    return points.view(f"U{points.shape[1]}").reshape(-1)


def keys(codes: Codes) -> NDArray:
    """A value for each code (n,), equal only for equal codes: quick to compare and to sort.

    Codes of up to nine ASCII characters are packed into integers; longer ones are not changed.
    """
    points = characters(codes)
    width = points.shape[1]
    if width > 9:  # 7 bits a character, 63 bits a key
        return codes
    return points.astype(np.int64) @ (1 << 7 * np.arange(width))


def finder(codes: Codes) -> Callable[[Codes], NDArray[np.intp]]:
    """A function that finds codes (m,) among n different ones: the row of each, -1 for none: (m,).

    There is at least one code to find; they may have any order, and are sorted once.
    """
    ours = keys(codes)
    order = np.argsort(ours, kind="stable")
    ordered = ours[order]

    def rows(asked: Codes) -> NDArray[np.intp]:
        wanted = keys(np.asarray(asked, codes.dtype))
        places = np.searchsorted(ordered, wanted).clip(max=len(ordered) - 1)
        return np.where(ordered[places] == wanted, order[places], -1)

    return rows


def distinct(codes: Codes) -> Codes:
    """Each code once, in alphabetical order: (n,) -> (m,)."""
    return np.unique(codes)


def sha256(codes: Iterable[str]) -> str:
    """The sha256 of codes (n,) in their order, one a line, in hexadecimal."""
    return hashlib.sha256("\n".join(codes).encode()).hexdigest()


def split(codes: Codes, seed: int, sizes: Sequence[int]) -> dict[str, Codes]:
    """Distinct codes (n,), shuffled with a seed and cut into `SPLITS` of the given sizes.

    Raises `ValueError` unless the sizes are three of 1 or more that sum to n.
    """
    if len(sizes) != len(SPLITS) or min(sizes) < 1 or sum(sizes) != len(codes):
        raise ValueError(
            f"expected three sizes of 1 or more ({', '.join(SPLITS)}) that sum to the "
            f"{len(codes):,} codes, got {sizes}; change the sizes"
        )
    shuffled = codes[np.random.default_rng(seed).permutation(len(codes))]
    parts = np.split(shuffled, np.cumsum(sizes)[:-1])
    return dict(zip(SPLITS, parts, strict=True))
