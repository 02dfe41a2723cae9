"""Accuracy, against loops and against a network that reconstructs everything."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.formats import SPLITS, uk_registration
from regvae.model.config import Order
from tests.evaluation.models import SIZES, identity, random_bundle, with_noise


@pytest.mark.parametrize(("split", "n"), list(zip(SPLITS, SIZES, strict=True)))
def test_a_network_that_reconstructs_everything_has_an_accuracy_of_one(split, n):
    assert accuracy(identity(), split=split) == {
        "split": split,
        "decoded": "mean",
        "n": n,
        "exact": 1.0,
        "by_position": [1.0] * 7,
    }


@pytest.mark.parametrize("position", [0, 3, 6])
def test_a_position_that_is_never_learned_has_the_accuracy_of_its_guess(position):
    found = accuracy(identity(broken=(position,)))
    test = uk_registration.notebook_dataset(1, SIZES)["test"].tolist()
    guess = "0" if position in (2, 3) else "A"
    share = sum(code[position] == guess for code in test) / len(test)
    assert found["exact"] == pytest.approx(share)
    expected = [share if i == position else 1.0 for i in range(7)]
    assert found["by_position"] == pytest.approx(expected, abs=1e-6)


def test_accuracy_is_that_of_a_loop_over_the_split(bundle):
    codes = uk_registration.notebook_dataset(0)["validation"].tolist()
    decoded = bundle.autoencoder.decode(bundle.autoencoder.encode(codes)[0]).tolist()
    pairs = list(zip(codes, decoded, strict=True))
    found = accuracy(bundle, split="validation")
    assert found["n"] == len(codes)
    assert found["exact"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs), abs=1e-3)
    by_position = [sum(a[i] == b[i] for a, b in pairs) / len(pairs) for i in range(7)]
    assert found["by_position"] == pytest.approx(by_position, abs=1e-3)


def test_the_shipped_model_learned_the_digits_and_not_the_letters(bundle):
    found = accuracy(bundle)
    by_position = np.array(found["by_position"])
    assert (by_position[[2, 3]] > 0.98).all()
    assert (by_position[[0, 1, 4, 5, 6]] < 0.2).all()
    assert found["exact"] <= by_position.min()


def test_without_noise_a_sample_is_the_mean():
    quiet = with_noise(random_bundle(3), 0.0)
    sampled, mean = accuracy(quiet, sampled=True), accuracy(quiet)
    assert (sampled.pop("decoded"), mean.pop("decoded")) == ("sample", "mean")
    assert sampled == mean


def test_a_sample_has_the_presets_noise_times_the_records_sigma():
    # With logits mean + sigma e, a character is right if its logit of 1 stays above all noise.
    loud, quiet = identity(sigma=1000.0), identity(sigma=0.1)
    assert max(accuracy(loud, sampled=True)["by_position"]) < 0.35
    assert accuracy(quiet, sampled=True)["by_position"] == [1.0] * 7
    # The preset's noise is 0.1: a sigma of 10 with it is a sigma of 1 with a noise of 1.
    louder = with_noise(identity(sigma=1.0), 1.0)
    same = accuracy(identity(sigma=10.0), sampled=True)["by_position"]
    assert accuracy(louder, sampled=True)["by_position"] == pytest.approx(same, abs=0.02)


def test_a_sampled_accuracy_repeats_with_its_seed(bundle):
    one, same, other = (accuracy(bundle, sampled=True, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_a_split_without_records_is_refused_with_those_that_exist(bundle):
    with pytest.raises(ValueError, match=r"expected .*\(train, validation, test\), got 'all'"):
        accuracy(bundle, split="all")


# --- rank correlations ----------------------------------------------------------------------------


def ordered(*orders):
    """A model of random weights whose preset has these orders."""
    bundle = random_bundle(2)
    training = dataclasses.replace(bundle.preset.training, orders=orders)
    return dataclasses.replace(bundle, preset=dataclasses.replace(bundle.preset, training=training))


def test_the_rank_correlation_is_spearmans_of_attribute_and_axis():
    bundle = ordered(Order("number", 2), Order("area", 1))
    number, area = rank_correlations(bundle, split="train")
    assert (number["attribute"], number["axis"]) == ("number", 2)
    rows = bundle.records.split == "train"
    expected = stats.spearmanr(
        bundle.records.mean[rows, 1], [int(code[2:4]) for code in bundle.records.codes[rows]]
    ).statistic
    assert number["rank_correlation"] == pytest.approx(expected)
    assert abs(expected) > 0.01
    assert (area["attribute"], area["axis"]) == ("area", 1)
    assert -1 <= area["rank_correlation"] <= 1


def test_an_attribute_that_is_all_the_same_has_no_rank_correlation():
    bundle = ordered(Order("valid", 1))
    rows = bundle.format.attribute("valid").values(bundle.records.codes)
    split = np.where(rows, "test", "train").astype("U10")
    records = dataclasses.replace(bundle.records, split=split)
    (order,) = rank_correlations(dataclasses.replace(bundle, records=records))
    assert order == {"attribute": "valid", "axis": 1, "rank_correlation": None}
