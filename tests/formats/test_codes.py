"""Arrays of codes: characters, keys, hashes and splits."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.formats import SPLITS, UK_REGISTRATION, codes, uk_registration
from tests.codes import EVERY_TOY, codes_of

LISTS = st.lists(codes_of(UK_REGISTRATION), max_size=12)
array = UK_REGISTRATION.array


@pytest.fixture(scope="module")
def many():
    """200,000 regs, of which some are equal."""
    return uk_registration.generate(200_000, rng=np.random.default_rng(3))


@given(drawn=LISTS)
@settings(deadline=None)
def test_characters_are_code_points_and_can_be_joined_again(drawn):
    points = codes.characters(array(drawn))
    assert points.shape == (len(drawn), 7)
    assert points.tolist() == [[ord(character) for character in code] for code in drawn]
    assert codes.from_characters(points).tolist() == drawn


def test_characters_of_a_strided_array_are_right(many):
    some = many[:1_000][::-7]
    assert np.array_equal(codes.from_characters(codes.characters(some)), some)


@given(some=LISTS, others=LISTS)
@settings(deadline=None)
def test_codes_have_equal_keys_exactly_if_they_are_equal(some, others):
    both = some + others
    keys = codes.keys(array(both))
    assert keys.shape == (len(both),)
    assert keys.dtype == np.int64
    assert (keys[:, None] == keys).tolist() == [[a == b for b in both] for a in both]


@given(drawn=st.lists(codes_of(UK_REGISTRATION), min_size=1, max_size=12, unique=True), asked=LISTS)
@settings(deadline=None)
def test_codes_are_found_in_their_rows_and_others_nowhere(drawn, asked):
    asked = [*asked, *drawn]
    rows = codes.finder(array(drawn))(array(asked))
    assert rows.tolist() == [drawn.index(one) if one in drawn else -1 for one in asked]


def test_no_two_of_many_codes_share_a_key(many):
    assert len(np.unique(codes.keys(many))) == len(np.unique(many)) < len(many)


@pytest.mark.parametrize("width", [1, 3, 7, 9, 10, 12])
def test_keys_of_codes_of_any_length_differ_in_every_position(width):
    some = ["A" * width, *("A" * i + "B" + "A" * (width - i - 1) for i in range(width))]
    keys = codes.keys(np.array([*some, *some], f"U{width}"))
    assert len(np.unique(keys)) == width + 1
    assert np.array_equal(keys[: width + 1], keys[width + 1 :])


@given(some=LISTS)
@settings(deadline=None)
def test_distinct_codes_are_a_sorted_set(some):
    found = codes.distinct(array(some))
    assert found.dtype == np.dtype("U7")
    assert found.tolist() == sorted(set(some))


def test_the_hash_is_of_the_codes_one_a_line():
    listed = np.array(["AB12CDE", "YK66BIQ"])
    assert codes.sha256(listed) == hashlib.sha256(b"AB12CDE\nYK66BIQ").hexdigest()
    assert codes.sha256(listed) != codes.sha256(listed[::-1])


def test_splits_are_shuffled_with_the_seed_and_contain_every_code_once():
    parts, again, other = (codes.split(EVERY_TOY, seed, (100, 40, 20)) for seed in (4, 4, 5))
    assert list(parts) == list(SPLITS)
    assert [len(part) for part in parts.values()] == [100, 40, 20]
    joined = np.concatenate(list(parts.values()))
    assert joined.tolist() != EVERY_TOY.tolist()
    assert sorted(joined.tolist()) == EVERY_TOY.tolist()
    assert all((again[name] == parts[name]).all() for name in SPLITS)
    assert (other["train"] != parts["train"]).any()


@pytest.mark.parametrize("sizes", [(8, 1), (8, 1, 0), (8, 1, 2), (7, 1, 1), (12, -1, -1)])
def test_sizes_of_splits_sum_to_the_number_of_codes(sizes):
    with pytest.raises(ValueError, match=r"three sizes of 1 or more .* sum to the 10 codes, got"):
        codes.split(EVERY_TOY[:10], 0, sizes)
