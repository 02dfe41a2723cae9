"""The measures of latent points, against closed forms, plain loops and the shipped model.

Most cases have a handful of records whose Gaussians are given by hand.
"""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.formats import UK_REGISTRATION, uk_registration
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.config import Network
from regvae.model.records import Records
from regvae.onehot import OneHot
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, Certified, OneSided, Posterior, RuleError, TwoSided
from regvae.rejection.unwanted import Unwanted, UnwantedError
from tests.rejection.bundles import calibrated, with_gaussians, with_rows

BELOW_50 = Unwanted.of(["number < 50"])
LOW, HIGH = "AA10AAA", "AA60AAA"
"""An unwanted code and a wanted one."""
CLOSE = {"rel": 1e-9, "abs": 1e-12}


def of_gaussians(bundle, unwanted, wanted, *, split=None):
    """A bundle of a few records: lists of (mean, sigma), each a tuple of k numbers."""
    codes = [LOW] * len(unwanted) + [HIGH] * len(wanted)
    mean, sigma = zip(*unwanted, *wanted, strict=True)
    return with_gaussians(bundle, mean, sigma, codes=codes, split=split)


@pytest.fixture(scope="module")
def pair(bundle):
    """Measures against an unwanted record at (0, 0) and a wanted one at (4, 0)."""
    two = of_gaussians(bundle, [((0, 0), (1, 1))], [((4, 0), (1, 1))])
    return Measurer.of(two, BELOW_50, calibrated(two))


def measured(measurer, rule, *points):
    return {name: values.tolist() for name, values in measurer.measure(rule, points).items()}


def log_normal(z, mean, sigma):
    return -((z - mean) ** 2) / (2 * sigma**2) - math.log(sigma * math.sqrt(2 * math.pi))


# --- distances ------------------------------------------------------------------------------------


def test_distances_are_those_worked_out_by_hand(bundle):
    two = of_gaussians(bundle, [((0, 0), (1, 2))], [((6, 0), (2, 1))])
    measurer = Measurer.of(two, BELOW_50, calibrated(two))
    found = measured(measurer, TwoSided, (3, 0), (0, 4), (6, 0), (0, 0))
    assert found["to_unwanted"] == pytest.approx([3, 2, 6, 0])
    assert found["to_wanted"] == pytest.approx([1.5, 5, 0, 3])
    assert found["margin"] == pytest.approx([1.5, -3, 6, -3])
    assert measured(measurer, OneSided, (3, 0), (0, 4)) == {"to_unwanted": pytest.approx([3, 2])}


def test_two_sided_measures_in_calibrated_sigmas_and_one_sided_in_reported_ones(bundle):
    two = of_gaussians(bundle, [((0, 0), (1, 2))], [((6, 0), (2, 1))])
    measurer = Measurer.of(two, BELOW_50, calibrated(two, 0.5))
    found = measured(measurer, TwoSided, (3, 0))
    assert found == {"to_unwanted": [6.0], "to_wanted": [3.0], "margin": [3.0]}
    assert measured(measurer, OneSided, (3, 0)) == {"to_unwanted": [3.0]}


def test_nearest_is_by_the_sigmas_of_a_record_not_by_its_mean(bundle):
    few = of_gaussians(bundle, [((0,), (1,)), ((10,), (4,))], [((20,), (1,)), ((30,), (10,))])
    found = measured(Measurer.of(few, BELOW_50, calibrated(few)), TwoSided, (4,), (16,))
    assert found["to_unwanted"] == pytest.approx([1.5, 1.5])  # from the wide record at 10
    assert found["to_wanted"] == pytest.approx([2.6, 1.4])  # from the wide record at 30


def gaussians(k):
    coordinates = st.tuples(*[st.floats(-8, 8, width=32)] * k)
    sigmas = st.tuples(*[st.floats(0.125, 4, width=32)] * k)
    return st.lists(st.tuples(coordinates, sigmas), min_size=1, max_size=5)


@given(data=st.data(), k=st.integers(1, 3))
@settings(deadline=None, max_examples=40)
def test_distances_and_densities_are_those_of_plain_loops(bundle, data, k):
    unwanted, wanted = data.draw(gaussians(k)), data.draw(gaussians(k))
    z = data.draw(st.tuples(*[st.floats(-10, 10)] * k))
    scale = data.draw(st.sampled_from([0.25, 0.5, 1.0, 2.0]))  # exact for 32-bit sigmas
    some = of_gaussians(bundle, unwanted, wanted)
    measurer = Measurer.of(some, BELOW_50, calibrated(some, scale))

    def nearest(records):
        return min(
            math.dist([0] * k, [(z[j] - mean[j]) / sigma[j] for j in range(k)])
            for mean, sigma in records
        )

    found = measured(measurer, TwoSided, z)
    near, far = nearest(wanted), nearest(unwanted)
    assert found["to_unwanted"] == [pytest.approx(far / scale, **CLOSE)]
    assert found["to_wanted"] == [pytest.approx(near / scale, **CLOSE)]
    assert found["margin"] == [pytest.approx((far - near) / scale, rel=1e-9, abs=1e-8)]

    def log_densities(records):
        return [
            sum(log_normal(z[j], mean[j], float(sigma[j]) * scale) for j in range(k))
            for mean, sigma in records
        ]

    ours, others = log_densities(wanted), log_densities(unwanted)
    top = max(ours + others)
    ours, others = (sum(math.exp(one - top) for one in part) for part in (ours, others))
    log_density, share = measurer.mixture.query([z])
    assert share[0, 0] == pytest.approx(ours / (ours + others), **CLOSE)
    count = len(unwanted) + len(wanted)
    assert log_density[0] == pytest.approx(top + math.log((ours + others) / count), rel=1e-9)


@pytest.mark.parametrize("kind", [one for one in RULES.values() if not one.needs_learning])
def test_a_rule_has_the_measures_of_its_limits(pair, kind):
    for rule in (kind, kind()):  # measures do not depend on the parameters
        found = pair.measure(rule, [(1.0, 0.0), (2.0, 0.0)])
        assert {limit.measure for limit in kind().limits} <= found.keys()
        assert {values.shape for values in found.values()} == {(2,)}


def test_two_sided_rejects_what_is_far_from_everything(pair):
    z = [(50.0, 0.0)]
    assert OneSided(2.5).accepts(pair.measure(OneSided, z)).tolist() == [True]
    assert TwoSided(0.5, 1.0).accepts(pair.measure(TwoSided, z)).tolist() == [False]


# --- the wanted share and the typicality ----------------------------------------------------------


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_the_share_of_two_records_is_a_logistic_function(bundle, scale):
    two = of_gaussians(bundle, [((0,), (1,))], [((4,), (1,))])
    measurer = Measurer.of(two, BELOW_50, calibrated(two, scale))
    z = np.linspace(-3, 7, 41)
    share = measurer.measure(Posterior, z[:, None])["wanted_share"]
    expected = 1 / (1 + np.exp(-(8 * z - 16) / (2 * scale**2)))  # z² - (z - 4)² = 8 z - 16
    np.testing.assert_allclose(share, expected, rtol=1e-9, atol=1e-12)


def test_a_share_is_from_0_to_1(few):
    measurer = Measurer.of(few, BELOW_50, calibrated(few, 0.1))
    grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 51)] * 2), axis=-1).reshape(-1, 2)
    share = measurer.measure(Posterior, grid)["wanted_share"]
    assert 0 <= share.min() < 0.01 < 0.99 < share.max() <= 1


def test_a_share_is_exactly_one_where_the_unwanted_add_nothing(pair):
    near, far = measured(pair, Posterior, (4.0, 0.0), (12.0, 0.0))["wanted_share"]
    assert near < 1 == far


def test_more_records_have_more_of_the_density(bundle):
    here = ((0,), (1,))
    some = of_gaussians(bundle, [here], [here, here, here])
    measurer = Measurer.of(some, BELOW_50, calibrated(some))
    shares = measured(measurer, Posterior, (0.0,), (5.0,))["wanted_share"]
    assert shares == pytest.approx([0.75] * 2)


def test_typicality_counts_the_held_out_records_in_places_at_most_as_dense(bundle):
    same = of_gaussians(bundle, [((0,), (1,))], [((0,), (1,))])
    at_zero = log_normal(0, 0, 1)
    held_out = sorted([at_zero - 3, at_zero - 1, at_zero + 1, at_zero + 2])
    measurer = Measurer.of(same, BELOW_50, calibrated(same, 1.0, held_out))
    z = [(0.0,), (2.0,), (3.0,), (0.5,)]  # 0, 2, 4.5 and 0.125 below the density at 0
    assert measured(measurer, Posterior, *z)["typicality"] == [0.6, 0.4, 0.2, 0.6]


def test_typicality_does_not_depend_on_what_is_unwanted(bundle, shipped):
    z = np.random.default_rng(1).normal(size=(50, 2))
    found = [
        Measurer.of(bundle, unwanted, shipped).measure(Posterior, z)["typicality"]
        for unwanted in (BELOW_50, Unwanted.of(listed=["ZZ99ZZZ", "AB12CDE"]))
    ]
    assert np.array_equal(*found)


def test_new_records_have_a_low_typicality_as_rarely_as_they_should(bundle):
    # Split-conformal: at most q with a probability of at most q, whatever the model.
    records = bundle.records
    new = records.split == "test"
    found = calibrate(with_rows(bundle, ~new))
    typicality = found.typicality(records.mean[new])
    for q in (0.02, 0.1, 0.5):
        error = math.sqrt(q * (1 - q) * (1 / len(found.held_out) + 1 / new.sum()))
        assert (typicality <= q).mean() == pytest.approx(q, abs=4 * error)


@pytest.mark.parametrize("rule", [Posterior(), TwoSided(), Certified()], ids=lambda rule: rule.name)
def test_all_rules_but_the_notebooks_need_a_calibration(few, rule):
    measurer = Measurer.of(few, BELOW_50)
    assert measurer.mixture is None
    words = f"expected a calibration for the {rule.name} rule, got none; give one to Measurer.of"
    with pytest.raises(RuleError, match=words):
        measurer.measure(rule, [(0.0, 0.0)])
    assert not OneSided.needs_calibration


# --- the unwanted and the wanted records ----------------------------------------------------------


def test_every_record_is_unwanted_or_wanted(bundle):
    measurer = Measurer.of(bundle, BELOW_50)
    below = np.array([int(code[2:4]) < 50 for code in bundle.records.codes.tolist()])
    assert measurer.rows_unwanted.tolist() == np.flatnonzero(below).tolist()
    assert measurer.rows_wanted.tolist() == np.flatnonzero(~below).tolist()
    for nearest, rows in (
        (measurer.unwanted, measurer.rows_unwanted),
        (measurer.wanted, measurer.rows_wanted),
    ):
        assert np.array_equal(nearest.mean, bundle.records.mean[rows].astype(float))
        assert np.array_equal(nearest.sigma, bundle.records.sigma[rows].astype(float))


def test_the_measurer_of_one_split_has_no_other_records(bundle):
    measurer = Measurer.of(bundle, BELOW_50, split="train")
    rows = np.concatenate([measurer.rows_unwanted, measurer.rows_wanted])
    assert sorted(rows.tolist()) == np.flatnonzero(bundle.records.split == "train").tolist()
    some = of_gaussians(
        bundle, [((0,), (1,)), ((5,), (1,))], [((9,), (1,))], split=["train", "test", "train"]
    )
    for split, expected in (("train", 5), (None, 0)):
        found = measured(Measurer.of(some, BELOW_50, split=split), OneSided, (5,))
        assert found == {"to_unwanted": [expected]}


@pytest.mark.parametrize(
    ("unwanted", "split", "words"),
    [
        (
            Unwanted.of(["number < 50", "number > 60"]),
            None,
            "none of the 1,200 records is unwanted by 'n.*'; widen",
        ),
        (
            Unwanted.of(regions=[[(90, 90), (91, 90), (90, 91)]]),
            None,
            "unwanted by 'a mean in the region'; widen it",
        ),
        (
            Unwanted.of(["number >= 0"]),
            None,
            "all 1,200 records are unwanted by 'n.*'; narrow",
        ),
        (Unwanted.of(training=True), "train", "expected something wanted, got nothing"),
    ],
)
def test_both_kinds_of_records_are_needed(few, unwanted, split, words):
    with pytest.raises(UnwantedError, match=words):
        Measurer.of(few, unwanted, split=split)


def test_a_listed_code_that_is_no_record_is_measured_against(bundle):
    listed = "AB12CDE"
    assert bundle.records.row_of(listed) is None
    mean, sigma = bundle.autoencoder.encode([listed])
    measurer = Measurer.of(bundle, Unwanted.of(listed=[listed]))
    assert measurer.rows_unwanted.tolist() == [-1]
    assert measurer.rows_wanted.tolist() == list(range(len(bundle.records)))
    found = measurer.measure(OneSided, np.vstack([mean, mean + 2 * sigma * [0.6, 0.8]]))
    assert found["to_unwanted"] == pytest.approx([0, 2], abs=1e-5)


def test_a_listed_code_joins_the_unwanted_records(bundle):
    two = of_gaussians(bundle, [((40, 40), (1, 1))], [((50, 50), (1, 1))])
    all_listed = Unwanted.of(["number < 50"], listed=["AB12CDE", HIGH.lower()])
    with pytest.raises(UnwantedError, match="unwanted by 'number < 50 or one of 2 regs'; narrow"):
        Measurer.of(two, all_listed)  # the only wanted record is on the list
    unwanted = Unwanted.of(["number < 50"], listed=["AB12CDE"])
    measurer = Measurer.of(two, unwanted, calibrated(two))
    assert measurer.rows_unwanted.tolist() == [0, -1]
    mean, sigma = bundle.autoencoder.encode(["AB12CDE"])
    assert np.array_equal(measurer.unwanted.mean, np.vstack([[(40, 40)], mean.astype(float)]))
    assert np.array_equal(measurer.unwanted.sigma, np.vstack([[(1, 1)], sigma.astype(float)]))
    assert measurer.measure(Posterior, mean)["wanted_share"] == pytest.approx([0])
    log_density, _ = measurer.mixture.query(mean)
    own = sum(log_normal(0, 0, one) for one in sigma[0].tolist())
    assert log_density == pytest.approx([own - math.log(3)], rel=1e-6)


# --- points ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [one for one in RULES.values() if not one.needs_learning])
@pytest.mark.parametrize(
    "z",
    [
        *([(0.0, 0.0), (0.0, bad)] for bad in (math.nan, math.inf, -math.inf, 1e101)),
        *([1.0, 2.0], [[1.0]], [[1.0, 2.0, 3.0]], 1.0),
    ],
)
def test_points_of_another_shape_or_not_finite_are_refused(pair, rule, z):
    with pytest.raises(ValueError, match=r"points.* (finite|shape)"):
        pair.measure(rule, z)


@pytest.mark.parametrize("rule", [one for one in RULES.values() if not one.needs_learning])
def test_no_points_have_no_measures(pair, rule):
    measures = pair.measure(rule, np.empty((0, 2)))
    assert {values.shape for values in measures.values()} == {(0,)}
    assert rule().accepts(measures).shape == (0,)


# --- fifteen dimensions ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fifteen(bundle):
    """A bundle of 15 latent dimensions whose weights are random, not trained."""
    rng = np.random.default_rng(15)
    onehot = OneHot(UK_REGISTRATION)
    shapes = weight_shapes(Network(15, encoder=(20,), decoder=(20,)), onehot.width)
    weights = {name: rng.normal(0, 0.3, of).astype(np.float32) for name, of in shapes.items()}
    autoencoder = Autoencoder.from_weights(weights, onehot)
    codes = uk_registration.generate(400, rng=rng)
    split = np.repeat(np.array(["train", "validation", "test"]), [300, 50, 50])
    records = Records(codes, split, *autoencoder.encode(codes), UK_REGISTRATION)
    return dataclasses.replace(bundle, autoencoder=autoencoder, records=records)


def test_fifteen_dimensions_are_measured_as_two_are(fifteen):
    unwanted = Unwanted.of(["number < 50"], listed=["AB12CDE"])
    measurer = Measurer.of(fifteen, unwanted, calibrated(fifteen, 0.5))
    z = np.random.default_rng(1).normal(size=(30, 15))
    extra = fifteen.autoencoder.encode(["AB12CDE"])
    mean = np.vstack([fifteen.records.mean, extra[0]]).astype(float)
    sigma = np.vstack([fifteen.records.sigma, extra[1]]).astype(float)
    below = np.array([int(code[2:4]) < 50 for code in [*fifteen.records.codes, "AB12CDE"]])
    gaps = np.linalg.norm((z[:, None] - mean) / sigma, axis=2)
    found = measurer.measure(TwoSided, z)
    np.testing.assert_allclose(found["to_unwanted"], 2 * gaps[:, below].min(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found["to_wanted"], 2 * gaps[:, ~below].min(axis=1), rtol=1e-9)
    logs = -(gaps**2) / (2 * 0.5**2) - np.log(sigma).sum(axis=1)
    terms = np.exp(logs - logs.max(axis=1, keepdims=True))
    share = terms[:, ~below].sum(axis=1) / terms.sum(axis=1)
    np.testing.assert_allclose(
        measurer.measure(Posterior, z)["wanted_share"], share, rtol=1e-9, atol=1e-12
    )


def test_a_region_in_fifteen_dimensions_is_in_the_first_two(fifteen):
    low = float(np.median(fifteen.records.mean[:, 0]))
    half = [(low, -1e6), (1e6, -1e6), (1e6, 1e6), (low, 1e6)]
    measurer = Measurer.of(fifteen, Unwanted.of(regions=[half]))
    expected = np.flatnonzero(fifteen.records.mean[:, 0] > low)
    assert measurer.rows_unwanted.tolist() == expected.tolist()


# --- what the rules are for -----------------------------------------------------------------------


def test_a_wanted_record_nearby_makes_the_results_pure(bundle, shipped):
    measurer = Measurer.of(bundle, BELOW_50, shipped)
    z = Box(3.0).draw(5_000, bundle, np.random.default_rng(0))
    wanted = ~BELOW_50.of_codes(bundle.autoencoder.decode(z), bundle)
    purity = {
        rule.name: wanted[rule.accepts(measurer.measure(rule, z))].mean()
        for rule in (OneSided(2.5), TwoSided(), Posterior(0.1, 0.02), Certified())
    }
    assert purity["one-sided"] < 0.9 < 0.99 < min(purity["two-sided"], purity["posterior"])
    assert purity["certified"] == 1
