"""Random numbers: the same for the same use and key, and independent for any other."""

import itertools

import numpy as np
import pytest

from regvae.randomness import generator


def first(use, *key):
    return tuple(generator(use, *key).integers(2**63, size=2).tolist())


def test_the_same_use_and_key_give_the_same_numbers():
    assert first("proposals", 5, 0) == first("proposals", 5, 0)
    assert first("proposals", np.int64(5), 0) == first("proposals", 5, 0)
    assert first("proposals", 5) == first("proposals", True + 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((5,), (5, 0)),  # the same stream as seeds of NumPy
        ((5, 0), (5, 0, 0)),
        ((), (0,)),
        ((0,), (0, 0)),
        ((2**32,), (0, 1)),  # cut into words of 32 bits, and so are these
        ((1 + 2**32, 7), (1, 1, 7)),
        ((1, 23), (12, 3)),
        ((-1,), (1,)),
    ],
)
def test_keys_that_look_alike_give_other_numbers(one, other):
    assert first("proposals", *one) != first("proposals", *other)


def test_numpy_itself_confuses_some_of_these_keys():
    def of_numpy(seed):
        return np.random.default_rng(seed).integers(2**63)

    assert of_numpy([5, 0]) == of_numpy(5)
    assert of_numpy([2**32]) == of_numpy([0, 1])
    assert of_numpy([1 + 2**32, 7]) == of_numpy([1, 1, 7])


def test_no_two_uses_seeds_and_blocks_share_their_numbers():
    uses = ["proposals", "characters", "recall", "hunt", "calibration"]
    keys = [(), *((seed,) for seed in range(20)), *itertools.product(range(20), range(20))]
    found = {first(use, *key) for use in uses for key in keys}
    assert len(found) == len(uses) * len(keys)


def test_streams_of_neighbouring_seeds_are_not_correlated():
    rows = np.array([generator("proposals", seed).normal(size=1_000) for seed in range(30)])
    correlation = np.corrcoef(rows)[np.triu_indices(30, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(1_000)
