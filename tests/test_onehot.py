"""One-hot vectors: their order, and that they say the reg they came from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae import onehot
from regvae.formats import uk_registration

REGS = st.from_regex(r"[A-Z]{2}[0-9]{2}[A-Z]{3}", fullmatch=True)
ORDER = (0, 1, 4, 5, 6, 2, 3)
"""Positions of a reg in the order of a vector: the notebook's, letters first."""


def vector_by_hand(reg):
    """The notebook's way: one block after the other, joined."""
    blocks = []
    for position in ORDER:
        alphabet = "0123456789" if position in (2, 3) else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        blocks += [float(character == reg[position]) for character in alphabet]
    return blocks


def some_regs(n=300):
    return uk_registration.generate(n, rng=np.random.default_rng(4))


def test_a_vector_has_150_numbers_in_blocks_that_tile_it():
    assert onehot.WIDTH == 150
    in_order = sorted(onehot.BLOCKS, key=lambda block: block.start)
    assert tuple(block.position for block in in_order) == ORDER
    assert [block.stop - block.start for block in in_order] == [26] * 5 + [10] * 2
    starts = [block.start for block in in_order]
    assert starts == [0, *(block.stop for block in in_order[:-1])]
    assert in_order[-1].stop == 150


def test_blocks_stand_in_the_order_of_the_regs_positions_with_their_alphabets():
    assert [block.position for block in onehot.BLOCKS] == list(range(7))
    assert tuple(block.alphabet for block in onehot.BLOCKS) == uk_registration.PATTERN
    for block in onehot.BLOCKS:
        assert list(range(150))[block.columns] == list(range(block.start, block.stop))


@given(drawn=st.lists(REGS, min_size=1, max_size=12))
@settings(deadline=None)
def test_vectors_are_those_joined_by_hand(drawn):
    vectors = onehot.encode(drawn)
    assert vectors.shape == (len(drawn), 150)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [vector_by_hand(reg) for reg in drawn]


def test_every_block_of_a_vector_holds_one_one():
    vectors = onehot.encode(some_regs())
    assert set(np.unique(vectors)) == {0.0, 1.0}
    for block in onehot.BLOCKS:
        assert np.array_equal(vectors[:, block.columns].sum(axis=1), np.ones(300))


@given(drawn=st.lists(REGS, min_size=1, max_size=12))
@settings(deadline=None)
def test_decoding_is_the_inverse_of_encoding(drawn):
    decoded = onehot.decode(onehot.encode(drawn))
    assert decoded.shape == (len(drawn),)
    assert decoded.dtype.str[1:] == "U7"
    assert decoded.tolist() == drawn


def test_hot_columns_are_where_the_vectors_are_one_in_the_order_of_positions():
    drawn = some_regs()
    columns = onehot.hot_columns(drawn)
    assert columns.shape == (300, 7)
    vectors = onehot.encode(drawn)
    assert np.array_equal(np.take_along_axis(vectors, columns, axis=1), np.ones((300, 7)))
    for block in onehot.BLOCKS:
        inside = columns[:, block.position]
        assert ((block.start <= inside) & (inside < block.stop)).all()


def test_decoding_takes_the_largest_number_of_each_block():
    outputs = np.random.default_rng(1).normal(size=(200, 150)).astype(np.float32)
    expected = []
    for row in outputs.tolist():
        characters = [""] * 7
        start = 0
        for position in ORDER:
            alphabet = uk_registration.PATTERN[position]
            block = row[start : start + len(alphabet)]
            characters[position] = alphabet[block.index(max(block))]
            start += len(alphabet)
        expected.append("".join(characters))
    assert onehot.decode(outputs).tolist() == expected


@pytest.mark.parametrize(
    "increasing",
    [lambda x: 1 / (1 + np.exp(-x)), np.tanh, lambda x: 3 * x + 8, np.exp],
    ids=["sigmoid", "tanh", "affine", "exp"],
)
def test_any_increasing_function_of_the_outputs_decodes_the_same(increasing):
    outputs = np.random.default_rng(2).normal(size=(100, 150))
    decoded = onehot.decode(outputs)
    assert np.array_equal(onehot.decode(increasing(outputs)), decoded)
    assert not np.array_equal(onehot.decode(-outputs), decoded)


def test_two_vectors_differ_by_two_numbers_for_each_character_that_differs():
    one, other = some_regs(50), some_regs(100)[50:]
    differing = (uk_registration.characters(one) != uk_registration.characters(other)).sum(axis=1)
    numbers = np.abs(onehot.encode(one) - onehot.encode(other)).sum(axis=1)
    assert np.array_equal(numbers, 2 * differing)


def test_no_vectors_decode_to_no_regs():
    assert onehot.decode(np.empty((0, 150))).shape == (0,)
    assert onehot.encode([]).shape == (0, 150)
    assert onehot.hot_columns([]).shape == (0, 7)
