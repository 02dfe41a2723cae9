"""Own codes in a model: splits, reconstructions, and p-values among held-out records."""

import numpy as np
import pytest

from regvae.evaluation.encoding import UNUSUAL, Encoded, HeldOut
from regvae.formats import UK_REGISTRATION, read_codes
from regvae.latent.mixture import Mixture
from regvae.rejection.calibration import calibrate


@pytest.fixture(scope="module")
def held_out(bundle):
    return HeldOut.of(bundle, calibrate(bundle))


def encoded(bundle, held_out, text):
    return Encoded.of(read_codes(text.encode(), "own", UK_REGISTRATION), bundle, held_out)


def density(bundle, z, scale):
    """The mixture of training records, one by one."""
    records = bundle.records
    train = records.split == "train"
    mean, sigma = records.mean[train].astype(float), records.sigma[train] * float(scale)
    terms = np.exp(-0.5 * (((z - mean) / sigma) ** 2).sum(axis=1)) / sigma.prod(axis=1)
    return terms.mean()


def test_a_p_value_is_the_share_of_held_out_records_at_most_as_likely(bundle, held_out):
    records = bundle.records
    others = records.mean[records.split != "train"]
    own = encoded(bundle, held_out, "AB12CDE\nMY33WSZ")
    scale = calibrate(bundle).scale
    densities = np.array([density(bundle, z, scale) for z in others])
    at_most = [(densities <= density(bundle, z, scale) * (1 + 1e-9)).sum() for z in own.mean]
    n = len(others)
    assert own.split.tolist() == ["", "test"]
    assert own.p_value[0] == pytest.approx((at_most[0] + 1) / (n + 1), abs=2 / n)
    assert own.p_value[1] == pytest.approx(at_most[1] / n, abs=2 / n)


def test_held_out_records_have_uniform_p_values_and_training_records_have_none(bundle, held_out):
    records = bundle.records
    codes = records.codes[np.r_[np.flatnonzero(records.split != "train"), 0:50]]
    own = encoded(bundle, held_out, "\n".join(codes))
    new = own.split != "train"
    assert np.isnan(own.p_value[~new]).all()
    assert (~new).sum() == (records.split[:50] == "train").sum()
    for share in (UNUSUAL, 0.1, 0.5, 0.9):
        assert (own.p_value[new] <= share).mean() == pytest.approx(share, abs=0.002)
    assert own.p_value[new].min() > 0


def test_equal_densities_count_as_at_most_and_a_held_out_record_counts_once():
    mixture = Mixture([[0.0]], [[1.0]], [True])
    z = np.array([[0.0], [1.0], [2.0], [3.0]])
    small = HeldOut(mixture, np.sort(mixture.query(z)[0]))
    assert small.p_values(z, np.full(4, "test")).tolist() == [1, 0.75, 0.5, 0.25]
    assert small.p_values(z, np.full(4, "")).tolist() == [1, 0.8, 0.6, 0.4]


def test_a_place_far_from_all_records_has_the_lowest_p_value(held_out):
    (p_value,) = held_out.p_values(np.array([[30.0, 30.0]]), np.array([""]))
    assert p_value == 1 / (len(held_out.log_density) + 1)


def test_the_sentences_count_what_the_table_has(bundle, held_out):
    codes = [*bundle.records.codes[:5], *bundle.records.codes[-5:], "ZZ99ZZZ", "AB12CDE"]
    own = encoded(bundle, held_out, "\n".join(codes))
    table = own.table()
    exact = int((table["reconstruction"] == table["code"]).sum())
    train = int((table["split"] == "train").sum())
    unusual = int((table["p_value"] < UNUSUAL).sum())
    known, same, rare = own.sentences()
    assert known.startswith(f"{int((table['split'] != '').sum())} of 12 are records")
    assert known.endswith(f"{train} of them in its training data")
    assert same == f"{exact} of 12 are reconstructed exactly"
    assert rare.startswith(f"{unusual} of the {12 - train} outside the training data lie where")


def test_a_further_column_never_takes_the_name_of_ours(bundle, held_out):
    text = "split,code,exact,given exact\nx,AB12CDE,1,2\n"
    table = encoded(bundle, held_out, text).table()
    assert list(table)[-3:] == ["given split", "given exact", "given given exact"]
    assert table["given exact"].tolist() == [1]
    assert table["code"].tolist() == ["AB12CDE"]
