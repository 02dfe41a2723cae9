"""One-hot vectors: their layout, and round trips of codes of any format."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae import onehot
from regvae.formats import FORMATS, UK_REGISTRATION, FormatError, uk_registration
from regvae.formats.codes import characters
from regvae.onehot import OneHot, one_hot
from tests.codes import EVERY_TOY, TOY, codes_of

BOTH = pytest.mark.parametrize("format", [UK_REGISTRATION, TOY], ids=lambda one: one.name)
ORDERS = {"uk-registration": (0, 1, 4, 5, 6, 2, 3), "toy": (0, 2, 1)}
"""Positions of a code in the order of a vector: grouped by alphabet, as in the notebook."""

UK = OneHot(UK_REGISTRATION)
SOME = uk_registration.generate(300, rng=np.random.default_rng(4))


def vector_by_hand(format, code):
    """The notebook's way: one block after the other, joined."""
    return [
        float(character == code[position])
        for position in ORDERS[format.name]
        for character in format.alphabets[position]
    ]


@BOTH
def test_the_blocks_tile_a_vector_and_are_grouped_by_alphabet(format):
    layout = OneHot(format)
    assert [block.position for block in layout.blocks] == list(range(format.length))
    assert tuple(block.alphabet for block in layout.blocks) == format.alphabets
    in_order = sorted(layout.blocks, key=lambda block: block.start)
    assert tuple(block.position for block in in_order) == ORDERS[format.name]
    columns = [c for block in in_order for c in range(layout.width)[block.columns]]
    assert columns == list(range(layout.width))
    assert layout.positions == format.length


def test_the_layout_of_a_registration_is_the_notebooks():
    assert UK.width == 150
    assert [block.stop - block.start for block in UK.blocks] == [26, 26, 10, 10, 26, 26, 26]
    assert one_hot(UK_REGISTRATION) == UK
    assert one_hot(UK_REGISTRATION) is one_hot(UK_REGISTRATION)
    assert one_hot(TOY).width == 4 + 10 + 4


@BOTH
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_codes_are_encoded_as_by_hand_and_decoded_to_themselves(format, data):
    drawn = data.draw(st.lists(codes_of(format), min_size=1, max_size=12))
    layout = OneHot(format)
    vectors = layout.encode(drawn)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [vector_by_hand(format, code) for code in drawn]
    decoded = layout.decode(vectors)
    assert decoded.dtype == np.dtype(format.dtype)
    assert decoded.tolist() == drawn


def test_every_code_of_a_format_has_its_own_vector():
    vectors = OneHot(TOY).encode(EVERY_TOY)
    assert len(np.unique(vectors, axis=0)) == len(EVERY_TOY)
    assert np.array_equal(OneHot(TOY).decode(vectors), EVERY_TOY)


def test_places_are_those_of_the_characters_whatever_the_batch(monkeypatch):
    monkeypatch.setattr(onehot, "_BATCH", 3)  # so that there are several
    places = UK.places(SOME)
    assert UK.codes(places).tolist() == list(SOME)
    assert places[:, 2].tolist() == [int(code[2]) for code in SOME]
    with pytest.raises(FormatError, match="got 'AB12' as number 5; normalise"):
        UK.places(["AB12CDE"] * 4 + ["AB12"])


def test_hot_columns_are_the_columns_that_are_1():
    columns, vectors = UK.hot_columns(SOME), UK.encode(SOME)
    assert columns.shape == (300, 7)
    assert np.array_equal(np.take_along_axis(vectors, columns, axis=1), np.ones((300, 7)))
    assert vectors.sum() == columns.size
    for block in UK.blocks:
        inside = columns[:, block.position]
        assert ((block.start <= inside) & (inside < block.stop)).all()


@BOTH
def test_decoding_takes_the_largest_value_of_each_block(format):
    layout = OneHot(format)
    outputs = np.random.default_rng(1).normal(size=(200, layout.width)).astype(np.float32)
    expected = []
    for row in outputs.tolist():
        found = [""] * format.length
        start = 0
        for position in ORDERS[format.name]:
            alphabet = format.alphabets[position]
            block = row[start : start + len(alphabet)]
            found[position] = alphabet[block.index(max(block))]
            start += len(alphabet)
        expected.append("".join(found))
    assert layout.decode(outputs).tolist() == expected
    assert layout.decode(np.zeros((1, layout.width))) == ["".join(a[0] for a in format.alphabets)]


@pytest.mark.parametrize(
    "increasing",
    [lambda x: 1 / (1 + np.exp(-x)), np.tanh, lambda x: 3 * x + 8, np.exp],
    ids=["sigmoid", "tanh", "affine", "exp"],
)
def test_any_increasing_function_of_the_outputs_decodes_to_the_same_codes(increasing):
    outputs = np.random.default_rng(2).normal(size=(100, 150))
    decoded = UK.decode(outputs)
    assert np.array_equal(UK.decode(increasing(outputs)), decoded)
    assert not np.array_equal(UK.decode(-outputs), decoded)


def test_two_vectors_differ_by_two_columns_for_each_character_that_differs():
    one, other = SOME[:150], SOME[150:]
    differing = (characters(one) != characters(other)).sum(axis=1)
    columns = np.abs(UK.encode(one) - UK.encode(other)).sum(axis=1)
    assert np.array_equal(columns, 2 * differing)


@BOTH
def test_no_codes_have_no_vectors(format):
    layout = OneHot(format)
    assert layout.encode([]).shape == (0, layout.width)
    assert layout.hot_columns([]).shape == (0, format.length)
    assert layout.decode(np.empty((0, layout.width))).shape == (0,)


@pytest.mark.parametrize(
    "wrong", ["AB12CD", "AB12CDEF", "ab12cde", "A112CDE", "", "AB12 CDE", "ÀB12CDE", "AB12CDÀ"]
)
def test_the_first_text_that_is_not_a_normalised_code_is_named(wrong):
    with pytest.raises(FormatError, match=f"regs such as AB12CDE, got {wrong!r} as number 3"):
        UK.encode(["AB12CDE", "YK66BIQ", wrong, "x"])


def test_codes_of_one_format_are_refused_by_another():
    with pytest.raises(FormatError, match="expected normalised tags such as B7D, got 'AB12CDE'"):
        OneHot(TOY).encode(["AB12CDE"])
    with pytest.raises(FormatError, match="expected normalised regs such as AB12CDE, got 'B7D'"):
        UK.encode(["B7D"])


def test_random_codes_have_every_character_and_blank_equally_often_and_right_check_digits():
    postcodes = FORMATS["uk-postcode"]
    drawn = characters(one_hot(postcodes).draw(20_000, np.random.default_rng(3)))
    for allowed, column in zip(postcodes.alphabets, drawn.T, strict=True):
        counts = np.array([(column == ord(one)).sum() for one in allowed])
        expected = 20_000 / len(allowed)
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)  # five standard deviations
    vins = FORMATS["vin"]
    drawn = one_hot(vins).draw(2_000, np.random.default_rng(3))
    assert vins.permits(drawn).all()
    assert len(np.unique(drawn)) == 2_000
