"""Own codes in a model: splits, reconstructions, and p-values among held-out records."""

import numpy as np
import pytest

from regvae.evaluation.encoding import UNUSUAL, Encoded
from regvae.formats import FORMATS, UK_REGISTRATION, read_codes
from regvae.rejection.calibration import calibrate
from tests.codes import bundle_of


@pytest.fixture(scope="module")
def calibration(bundle):
    return calibrate(bundle)


def encoded(bundle, calibration, text):
    return Encoded.of(read_codes(text.encode(), "own", UK_REGISTRATION), bundle, calibration)


def density(bundle, z, scale):
    """The mixture of training records in two dimensions, one by one."""
    records = bundle.records
    train = records.split == "train"
    mean, sigma = records.mean[train].astype(float), records.sigma[train] * float(scale)
    terms = np.exp(-0.5 * (((z - mean) / sigma) ** 2).sum(axis=1)) / sigma.prod(axis=1)
    return terms.mean() / (2 * np.pi)


def test_a_p_value_is_the_share_of_held_out_records_at_most_as_likely(bundle, calibration):
    own = encoded(bundle, calibration, "AB12CDE\nMY33WSZ")
    densities = np.exp(calibration.held_out)  # of those that do not fit the scale
    n = len(densities)
    for z, p_value in zip(own.mean, own.p_value, strict=True):
        at_most = (densities <= density(bundle, z, calibration.scale) * (1 + 1e-9)).sum()
        assert p_value == pytest.approx((at_most + 1) / (n + 1), abs=2 / n)
    assert own.split.tolist() == ["", "test"]


def test_held_out_records_have_uniform_p_values_and_training_records_have_none(bundle, calibration):
    records = bundle.records
    codes = records.codes[np.r_[np.flatnonzero(records.split != "train"), 0:50]]
    own = encoded(bundle, calibration, "\n".join(codes))
    new = own.split != "train"
    assert np.isnan(own.p_value[~new]).all()
    assert (~new).sum() == (records.split[:50] == "train").sum()
    n = len(calibration.held_out)
    for share in (UNUSUAL, 0.1, 0.5, 0.9):
        error = 4 * np.sqrt(share * (1 - share) / n)  # half of them are not those it was made with
        assert (own.p_value[new] <= share).mean() == pytest.approx(share, abs=error)
    assert own.p_value[new].min() >= 1 / (n + 1)


def test_the_sentences_count_what_the_table_has(bundle, calibration):
    codes = [*bundle.records.codes[:5], *bundle.records.codes[-5:], "ZZ99ZZZ", "AB12CDE"]
    own = encoded(bundle, calibration, "\n".join(codes))
    table = own.table()
    exact = int((table["reconstruction"] == table["code"]).sum())
    train = int((table["split"] == "train").sum())
    unusual = int((table["p_value"] < UNUSUAL).sum())
    known, same, rare = own.sentences()
    assert known.startswith(f"{int((table['split'] != '').sum())} of 12 are records")
    assert known.endswith(f"{train} of them in its training data")
    assert same == f"{exact} of 12 are reconstructed exactly"
    assert rare.startswith(f"{unusual} of the {12 - train} outside the training data lie where")


def test_a_further_column_never_takes_the_name_of_ours(bundle, calibration):
    text = "split,code,exact,given exact\nx,AB12CDE,1,2\n"
    table = encoded(bundle, calibration, text).table()
    assert list(table)[-3:] == ["given split", "given exact", "given given exact"]
    assert table["given exact"].tolist() == [1]
    assert table["code"].tolist() == ["AB12CDE"]


def test_the_table_has_codes_without_the_blanks_of_empty_positions():
    format = FORMATS["uk-postcode"]
    bundle = bundle_of(format)
    reading = read_codes(b"M1 1AE\nEC1A 1BB", "own", format)
    table = Encoded.of(reading, bundle, calibrate(bundle)).table()
    assert table["code"].tolist() == ["M11AE", "EC1A1BB"]
    decoded = bundle.autoencoder.decode(table[["mean_1", "mean_2", "mean_3"]].to_numpy())
    assert [format.parse(code) for code in table["reconstruction"]] == decoded.tolist()
    assert not table["reconstruction"].str.contains(" ").any()
