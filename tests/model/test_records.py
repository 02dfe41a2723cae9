"""Records: encoding, attributes, look-ups and hashes, compared with plain loops."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from regvae.formats import SPLITS, UK_REGISTRATION, CodeTable, FormatError, uk_registration
from regvae.model.records import Records
from tests.codes import EVERY_TOY, TOY, toy_bundle


def small_records(n=30, k=3):
    rng = np.random.default_rng(6)
    split = np.repeat(np.array(SPLITS), [n - 10, 5, 5])
    codes = uk_registration.generate(n, rng=rng)
    mean = rng.normal(size=(n, k)).astype(np.float32)
    return Records(codes, split, mean, np.exp(mean), UK_REGISTRATION)


def records_of(format, codes):
    """Records of some codes, all in training, with Gaussians that do not matter."""
    mean = np.zeros((len(codes), 1), np.float32)
    return Records(codes, np.full(len(codes), "train"), mean, mean + 1, format)


def test_encoded_records_are_in_the_order_of_the_splits_with_their_own_gaussians(bundle):
    splits = uk_registration.notebook_dataset(3, (50, 20, 10))
    records = Records.encode(dict(reversed(splits.items())), bundle.autoencoder)
    assert records.codes.tolist() == [code for name in SPLITS for code in splits[name]]
    assert records.split.tolist() == [name for name in SPLITS for _ in splits[name]]
    for row in (0, 49, 50, 79):
        mean, sigma = bundle.autoencoder.encode([records.codes[row]])
        np.testing.assert_allclose(records.mean[row], mean[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(records.sigma[row], sigma[0], rtol=1e-4, atol=1e-5)
    assert records.mean.shape == records.sigma.shape == (80, 2)
    assert records.mean.dtype == records.sigma.dtype == np.float32
    assert records.format == UK_REGISTRATION


def test_records_of_another_format_have_its_codes_and_attributes():
    records = toy_bundle().records
    assert records.format == TOY
    assert sorted(records.codes.tolist()) == EVERY_TOY.tolist()
    assert records.sizes() == {"train": 134, "validation": 13, "test": 13}
    assert records.attribute("digit").tolist() == [int(code[1]) for code in records.codes.tolist()]
    assert records.row_of(str(records.codes[9])) == 9
    assert records.contains(EVERY_TOY).all()
    few = records_of(TOY, EVERY_TOY[:80])
    assert np.flatnonzero(few.contains(EVERY_TOY)).tolist() == list(range(80))
    with pytest.raises(FormatError, match=r"an attribute of a tag \(digit, first\), got 'number'"):
        records.attribute("number")


def test_records_have_a_number_and_a_dimension(bundle):
    assert (len(bundle.records), bundle.records.latent_dim) == (12_000, 2)
    assert (len(small_records(30, 3)), small_records(30, 3).latent_dim) == (30, 3)
    assert bundle.records.sizes() == {"train": 10_000, "validation": 1_000, "test": 1_000}


@pytest.mark.parametrize("name", ["codes", "split", "mean", "sigma"])
def test_the_arrays_of_records_are_read_only(name):
    array = getattr(small_records(), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = array[1]


@pytest.mark.parametrize("name", UK_REGISTRATION.attributes)
def test_attributes_of_records_are_those_of_their_codes(bundle, name):
    expected = UK_REGISTRATION.attributes[name].values(bundle.records.codes)
    assert np.array_equal(bundle.records.attribute(name), expected)
    assert expected.shape == (12_000,)


def test_records_contain_their_own_codes_and_no_others(bundle):
    records = bundle.records
    others = uk_registration.generate(2_000, rng=np.random.default_rng(6))
    some = np.concatenate([others, records.codes[::100]])
    own = set(records.codes.tolist())
    assert records.contains(some).tolist() == [code in own for code in some.tolist()]
    assert records.contains(some).dtype == bool
    assert records.contains(records.codes).all()
    assert records.contains(some[:0]).shape == (0,)


def test_the_row_of_a_code_is_its_place_in_the_records(bundle):
    for row in (0, 1, 10_000, 11_999):
        assert bundle.records.row_of(str(bundle.records.codes[row])) == row
    for absent in ("AA00AAA", "YK66BI", "yk66biq", ""):
        assert bundle.records.row_of(absent) is None


def test_the_hash_is_of_the_splits_and_codes_in_their_order():
    records = small_records()
    pairs = zip(records.split.tolist(), records.codes.tolist(), strict=True)
    text = "\n".join(f"{split},{code}" for split, code in pairs)
    assert records.data_hash() == hashlib.sha256(text.encode()).hexdigest()
    codes, split, mean, sigma = records.codes, records.split, records.mean, records.sigma
    same = Records(codes, split, mean + 1, sigma, UK_REGISTRATION)
    reversed_codes = Records(codes[::-1], split, mean, sigma, UK_REGISTRATION)
    reversed_split = Records(codes, split[::-1], mean, sigma, UK_REGISTRATION)
    assert same.data_hash() == records.data_hash()
    assert len({one.data_hash() for one in (records, reversed_codes, reversed_split)}) == 3


def test_rows_are_found_for_many_codes_at_once(bundle):
    records = bundle.records
    rows = [7, 0, len(records) - 1, 7]
    codes = records.format.array([*records.codes[rows], "ZZ99ZZZ", "AA00AAA"])
    assert records.rows_of(codes).tolist() == [*rows, -1, -1]
    assert records.rows_of(codes[:0]).tolist() == []


def test_the_table_of_records_is_the_one_they_were_made_of():
    codes = UK_REGISTRATION.generate(20, rng=np.random.default_rng(7))
    names = ["x" * 60, "x" * 61, "split", "n" * 80]  # names that are shortened, and taken ones
    further = pd.DataFrame({name: np.arange(20) % (2 + i) for i, name in enumerate(names)})
    table = CodeTable.with_columns(UK_REGISTRATION, np.unique(codes), further)
    order = np.random.default_rng(8).permutation(20)
    mean = np.zeros((20, 1), np.float32)
    train = np.full(20, "train")
    records = Records(
        table.codes[order], train, mean, mean + 1, UK_REGISTRATION, table.rows(table.codes[order])
    )
    assert records.table.names == table.names
    assert records.table.sha256() == table.sha256()
