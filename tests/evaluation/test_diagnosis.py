"""The diagnosis against closed forms, numerical integration and loops over the records."""

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.diagnosis import Confusion, RateDistortion
from regvae.formats import FORMATS, SPLITS, UK_REGISTRATION
from regvae.model.likelihood import negative_log_likelihood
from tests.evaluation.models import constant_encoder, even_decoder, random_bundle

LETTER_POSITIONS, DIGIT_POSITIONS = (1, 2, 5, 6, 7), (3, 4)


@pytest.fixture(scope="module")
def shipped(bundle):
    return diagnosis.diagnose(bundle)


# --- accuracy -------------------------------------------------------------------------------------


def test_the_positions_of_an_alphabet_are_counted_from_1():
    assert diagnosis.positions_alike(UK_REGISTRATION) == (LETTER_POSITIONS, DIGIT_POSITIONS)
    # Constants and check characters have none.
    assert diagnosis.positions_alike(FORMATS["gb-iban"]) == ((5, 6, 7, 8), tuple(range(9, 23)))


@pytest.mark.parametrize("split", SPLITS)
def test_accuracies_are_those_of_the_evaluation(bundle, split):
    found, known = diagnosis.accuracy(bundle, split), accuracy(bundle, split=split)
    assert (found.split, found.n) == (split, known["n"])
    assert found.exact.value == known["exact"]
    assert [share.value for share in found.by_position] == pytest.approx(known["by_position"])


@pytest.mark.parametrize("split", SPLITS)
def test_hits_are_counted_by_a_loop(split):
    bundle = random_bundle(2)
    rows = bundle.records.split == split
    codes, mean = bundle.records.codes[rows].tolist(), bundle.records.mean[rows]
    pairs = list(zip(codes, bundle.autoencoder.decode(mean).tolist(), strict=True))
    found = diagnosis.accuracy(bundle, split)
    counted = [sum(a[place] == b[place] for a, b in pairs) for place in range(7)]
    assert [share.hits for share in found.by_position] == counted
    assert found.exact.hits == sum(a == b for a, b in pairs)


def test_an_interval_contains_its_share_and_is_clopper_and_pearsons(shipped):
    for one in shipped.accuracies:
        for share in (*one.by_position, one.exact):
            low, high = share.interval
            assert 0 <= low <= share.value <= high <= 1
            ends = stats.binomtest(share.hits, share.n).proportion_ci(0.95, "exact")
            assert (low, high) == pytest.approx((ends.low, ends.high))


def test_an_unknown_split_is_refused_with_those_that_exist(bundle):
    for function in (diagnosis.accuracy, diagnosis.rate_distortion):
        with pytest.raises(ValueError, match=r"train, validation, test.* got 'all'"):
            function(bundle, "all")


# --- confusion ------------------------------------------------------------------------------------


@pytest.mark.parametrize("positions", [LETTER_POSITIONS, DIGIT_POSITIONS, (2,), (4,), (7, 1)])
def test_a_confusion_is_that_of_a_loop_over_held_out_codes(bundle, positions):
    records = bundle.records
    held_out = records.split != "train"
    true = records.codes[held_out].tolist()
    decoded = bundle.autoencoder.decode(records.mean[held_out]).tolist()
    found = diagnosis.confusion(bundle, positions)
    counts = np.zeros_like(found.counts)
    for code, decoded_code in zip(true, decoded, strict=True):
        for place in positions:
            row, column = (found.alphabet.index(one[place - 1]) for one in (code, decoded_code))
            counts[row, column] += 1
    assert np.array_equal(found.counts, counts)
    assert found.n == len(true) == 2_000


def test_the_diagonal_of_a_confusion_is_the_accuracy(bundle):
    held_out = [diagnosis.accuracy(bundle, split) for split in ("validation", "test")]
    for place in range(1, 8):
        right = sum(one.by_position[place - 1].hits for one in held_out)
        assert diagnosis.confusion(bundle, [place]).counts.trace() == right


def test_rows_of_a_confusion_are_shares_and_a_missing_character_has_none():
    shares = Confusion("01", (3,), np.array([[1, 3], [0, 0]])).shares
    assert shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]


@pytest.mark.parametrize("positions", [(), (1, 3), (0,), (8,)])
def test_positions_that_cannot_be_counted_together_are_refused(bundle, positions):
    with pytest.raises(ValueError, match="expected positions of one alphabet from 1 to 7, got"):
        diagnosis.confusion(bundle, positions)


# --- rate and distortion --------------------------------------------------------------------------


@pytest.mark.parametrize(("noise", "sigma"), [(1.0, 1.0), (0.1, 10.0), (2.0, 0.5)])
def test_the_rate_is_0_if_z_is_drawn_from_the_prior(noise, sigma):
    found = diagnosis.rate_distortion(
        random_bundle(3, noise=noise, change=constant_encoder(sigma)), "test"
    )
    assert found.rate == pytest.approx(0, abs=1e-6)
    assert found.by_dimension == pytest.approx(np.zeros(3), abs=1e-6)


def test_the_rate_is_that_of_the_effective_gaussian():
    bundle = random_bundle(5, noise=0.25)
    found = diagnosis.rate_distortion(bundle, "validation")
    rows = bundle.records.split == "validation"
    mean, sigma = bundle.records.mean[rows], bundle.records.sigma[rows]
    expected = [
        np.mean([(m**2 + s**2 - 1 - math.log(s**2)) / 2 for m, s in zip(*column, strict=True)])
        for column in zip(mean.T.astype(float), 0.25 * sigma.T.astype(float), strict=True)
    ]
    assert found.by_dimension == pytest.approx(np.array(expected))
    assert found.rate == pytest.approx(sum(expected))
    assert found.n == rows.sum()


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
def test_the_distortion_of_even_characters_is_their_entropy(likelihood):
    bundle = random_bundle(2, likelihood=likelihood, change=even_decoder)
    found = diagnosis.rate_distortion(bundle, "test")
    assert found.distortion == pytest.approx(5 * math.log(26) + 2 * math.log(10))


def test_the_distortion_is_the_mean_over_draws_of_z():
    bundle = random_bundle(2, noise=1.0)
    rows = np.flatnonzero(bundle.records.split == "test")
    mean, sigma = (part[rows].astype(float) for part in (bundle.records.mean, bundle.records.sigma))
    # Two latent dimensions: Gauss and Hermite's rule instead of draws.
    at, weight = np.polynomial.hermite_e.hermegauss(21)
    expected = sum(
        a
        * b
        / weight.sum() ** 2
        * negative_log_likelihood(
            bundle.autoencoder, bundle.records.codes[rows], mean + sigma * [x, y]
        ).mean()
        for (x, a), (y, b) in itertools.product(zip(at, weight, strict=True), repeat=2)
    )
    found = diagnosis.rate_distortion(bundle, "test", draws=400)
    assert found.distortion == pytest.approx(expected, abs=0.02)


def test_draws_repeat_with_their_seed_and_are_at_least_one():
    bundle = random_bundle(2, noise=1.0)
    one, same, other = (
        diagnosis.rate_distortion(bundle, "test", seed=seed).distortion for seed in (3, 3, 4)
    )
    assert one == same != other
    with pytest.raises(ValueError, match="expected 1 draw or more, got 0"):
        diagnosis.rate_distortion(bundle, "test", draws=0)


def test_the_standard_error_is_that_of_the_sums_of_rate_and_distortion():
    bundle = random_bundle(2, noise=1e-5)  # so little that every draw is the mean
    rows = bundle.records.split == "train"
    mean, sigma = (part[rows].astype(float) for part in (bundle.records.mean, bundle.records.sigma))
    sd = 1e-5 * sigma
    rate = ((mean**2 + sd**2 - 1) / 2 - np.log(sd)).sum(axis=1)
    codes = bundle.records.codes[rows]
    sums = rate + negative_log_likelihood(bundle.autoencoder, codes, mean)
    found = diagnosis.rate_distortion(bundle, "train")
    assert found.standard_error == pytest.approx(stats.sem(sums), rel=1e-3)
    assert found.bound == pytest.approx(sums.mean(), rel=1e-5)


def test_the_standard_error_of_a_single_record_is_infinite():
    bundle = random_bundle(2)
    records = bundle.records
    split = np.where(np.arange(len(records)) == 5, "test", "train")
    alone = dataclasses.replace(bundle, records=dataclasses.replace(records, split=split))
    found = diagnosis.rate_distortion(alone, "test")
    assert (found.n, found.standard_error) == (1, math.inf)
    assert not found.infinite


def test_the_code_length_of_held_out_codes_is_above_the_entropy(shipped):
    train, *held_out = shipped.rates
    for one in held_out:
        assert one.bound == one.rate + one.distortion
        assert one.bound > one.entropy - 3 * one.standard_error
        assert one.excess == pytest.approx(one.bound - one.entropy)
    assert train.bound < min(one.bound for one in held_out)


@pytest.mark.parametrize("source", ["notebook", "dvla"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
def test_the_code_length_is_above_the_entropy_for_random_weights(source, likelihood):
    found = diagnosis.rate_distortion(
        random_bundle(3, source=source, likelihood=likelihood), "test"
    )
    assert found.bound > found.entropy - 3 * found.standard_error


def test_a_model_that_encodes_nothing_has_the_code_length_of_even_characters():
    bundle = random_bundle(
        2, noise=1.0, change=lambda weights: (constant_encoder(1.0)(weights), even_decoder(weights))
    )
    found = diagnosis.rate_distortion(bundle, "test")
    even = 5 * math.log(26) + 2 * math.log(10)
    assert found.bound == pytest.approx(even)
    assert found.excess == pytest.approx(2 * math.log(26) - math.log(446))  # tags are not even
    assert found.standard_error == pytest.approx(0, abs=1e-6)


def test_without_noise_the_rate_is_infinite_and_nothing_warns():
    bundle = random_bundle(3, noise=0.0)
    found = diagnosis.rate_distortion(bundle, "test")
    assert found.infinite
    assert (found.rate, found.bound, found.standard_error) == (math.inf,) * 3
    rows = bundle.records.split == "test"
    codes, mean = bundle.records.codes[rows], bundle.records.mean[rows]
    expected = negative_log_likelihood(bundle.autoencoder, codes, mean).mean()
    assert found.distortion == pytest.approx(expected)
    assert diagnosis.dimensions(bundle).infinite


def test_without_an_entropy_there_is_no_excess():
    found = RateDistortion("test", 9, 1.0, np.array([1.0]), 2.0, 0.1, None)
    assert found.excess is None
    assert not found.infinite


# --- latent dimensions ----------------------------------------------------------------------------


def test_a_dimension_that_encodes_nothing_is_not_active():
    def change(weights):
        weights["mean.kernel"][:, 1] = 0

    bundle = random_bundle(4, change=change)
    found = diagnosis.dimensions(bundle)
    held_out = bundle.records.split != "train"
    assert found.variance == pytest.approx(bundle.records.mean[held_out].var(axis=0), rel=1e-4)
    assert found.active.tolist() == [True, False, True, True]


def test_the_divergences_are_the_rates_of_validation_and_test_together():
    bundle = random_bundle(4)
    found = diagnosis.dimensions(bundle)
    parts = [diagnosis.rate_distortion(bundle, split) for split in ("validation", "test")]
    total = sum(part.n * part.by_dimension for part in parts)
    assert found.kl == pytest.approx(total / sum(part.n for part in parts))
    assert found.kl[found.order].tolist() == sorted(found.kl.tolist(), reverse=True)


# --- the aggregated posterior ---------------------------------------------------------------------


def test_draws_from_the_prior_have_its_density():
    found = diagnosis.aggregate(random_bundle(3, noise=1.0, change=constant_encoder(1.0)))
    assert found.prior == pytest.approx(stats.norm.pdf(found.z))
    assert found.density == pytest.approx(np.tile(found.prior, (3, 1)), abs=0.02)
    assert found.wasserstein == pytest.approx(np.zeros(3), abs=0.02)


@pytest.mark.parametrize(("mean", "sd"), [(2.0, 1.0), (0.0, 0.25), (-7.0, 1.0)])
def test_the_distance_of_a_shifted_or_narrowed_gaussian(mean, sd):
    found = diagnosis.aggregate(random_bundle(2, noise=1.0, change=constant_encoder(sd, mean)))
    expected = abs(mean) or (1 - sd) * math.sqrt(2 / math.pi)
    assert found.wasserstein == pytest.approx(np.full(2, expected), abs=0.02)
    width = found.z[1] - found.z[0]
    assert (found.density.sum(axis=1) * width).tolist() == pytest.approx([1, 1], abs=0.005)
    assert found.z[found.density.argmax(axis=1)] == pytest.approx([mean, mean], abs=0.3)


def test_the_density_is_that_of_the_mixture_of_all_records(bundle, shipped):
    z, width = shipped.aggregate.z, shipped.aggregate.z[1] - shipped.aggregate.z[0]
    mean, sd = diagnosis.effective_gaussians(bundle, np.ones(len(bundle.records), bool))
    for place in range(2):
        edges = np.append(z - width / 2, z[-1] + width / 2)
        below = stats.norm.cdf(edges[:, None], mean[:, place], sd[:, place]).mean(axis=1)
        expected = np.diff(below) / width
        assert shipped.aggregate.density[place] == pytest.approx(expected, abs=0.04)


def test_the_distance_is_that_of_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=2_000)
    quantiles = stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)
    expected = stats.wasserstein_distance(values, quantiles)
    assert diagnosis.wasserstein(values) == pytest.approx(expected)


# --- examples -------------------------------------------------------------------------------------


def test_examples_are_test_codes_and_their_reconstructions(bundle):
    found = diagnosis.examples(bundle, n=5)
    assert len(found.wrong) == 5
    assert found.right == ()  # this model reconstructs none of them
    test = set(bundle.records.codes[bundle.records.split == "test"].tolist())
    for one in found.wrong:
        assert one.code in test
        mean, _ = bundle.autoencoder.encode([one.code])
        assert bundle.autoencoder.decode(mean)[0] == one.reconstruction != one.code
    assert diagnosis.examples(bundle, n=5) == found
    assert diagnosis.examples(bundle, n=5, seed=1) != found


def test_codes_that_are_reconstructed_exactly_are_examples_too(bundle):
    records = bundle.records
    test = records.split == "test"
    codes = records.codes.copy()
    codes[test] = np.where(
        np.arange(test.sum()) < 3, bundle.autoencoder.decode(records.mean[test]), codes[test]
    )
    some = dataclasses.replace(bundle, records=dataclasses.replace(records, codes=codes))
    found = diagnosis.examples(some, n=2_000)
    exact = codes[test][:3].tolist()
    assert sorted(one.code for one in found.right) == sorted(exact)
    assert all(one.code == one.reconstruction for one in found.right)
    assert sorted(one.code for one in found.wrong) == sorted(codes[test][3:].tolist())
    assert all(one.code != one.reconstruction for one in found.wrong)


# --- all together ---------------------------------------------------------------------------------


def test_a_diagnosis_holds_every_split_and_the_time_it_took(bundle, shipped):
    assert tuple(one.split for one in shipped.accuracies) == SPLITS
    assert tuple(one.split for one in shipped.rates) == SPLITS
    assert shipped.seconds == pytest.approx(sum(bundle.history["seconds"].tolist()))
    letters, digits = shipped.confusions
    assert (letters.positions, digits.positions) == ((1, 2, 5, 6, 7), (3, 4))
    assert letters.counts.sum() == 5 * 2_000
    assert digits.counts.sum() == 2 * 2_000


@pytest.mark.parametrize(
    ("k", "noise", "likelihood"),
    [(1, 0.5, "bernoulli"), (15, 1.0, "categorical"), (2, 0.0, "bernoulli")],
)
def test_any_bundle_has_a_summary_that_json_can_hold(k, noise, likelihood):
    found = diagnosis.diagnose(random_bundle(k, noise=noise, likelihood=likelihood))
    summary = json.loads(json.dumps(found.summary(UK_REGISTRATION), allow_nan=False))
    assert summary["seconds"] == 0.75
    assert len(summary["dimensions"]) == k
    assert summary["accuracy"]["test"]["exact"]["share"] == found.accuracies[2].exact.value
    position = summary["accuracy"]["train"]["by_position"][6]
    assert tuple(position["interval"]) == found.accuracies[0].by_position[6].interval
    nats = summary["nats"]["test"]
    assert nats["distortion"] == found.rates[2].distortion
    assert nats["rate"] == (found.rates[2].rate if noise else None)
    assert summary["dimensions"][0]["kl"] == (found.dimensions.kl[0] if noise else None)
    assert summary["dimensions"][0]["wasserstein"] == found.aggregate.wasserstein[0]
    digits = summary["confusion"][1]
    assert digits["alphabet"] == "0123456789"
    assert digits["positions"] == [3, 4]
    assert digits["counts"] == found.confusions[1].counts.tolist()
    assert [one["code"] for one in summary["examples"]["wrong"]] == [
        one.code for one in found.examples.wrong
    ]
