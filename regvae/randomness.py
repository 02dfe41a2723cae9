"""Random numbers: one stream for each use, so that no two uses share their numbers.

`numpy.random.default_rng([seed, 0])` is the same stream as `default_rng(seed)`, so a seed and a
block number alone do not keep streams apart.
"""

import hashlib

import numpy as np


def generator(use: str, *key: int) -> np.random.Generator:
    """The generator of one use, such as "proposals", and a key, such as seed and block.

    The same use and key give the same numbers; another use or key gives an independent stream.
    """
    digest = hashlib.sha256(repr((use, *map(int, key))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest))
