"""The rules that accept: what they measure against closed forms, and where exactly they draw lines.

Most cases have a handful of records whose Gaussians are made by hand.
"""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.formats import uk_registration
from regvae.latent.mixture import Mixture
from regvae.model.autoencoder import Autoencoder, weight_shapes
from regvae.model.bundle import Bundle
from regvae.model.config import Network, Preset
from regvae.model.records import Records
from regvae.rejection import rules
from regvae.rejection.calibration import Calibration, calibrate
from regvae.rejection.measures import Judge
from regvae.rejection.nearest import nearest_accepted
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, AcceptanceError, Limit, OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted, UnwantedError

BELOW_50 = Unwanted.of(["number < 50"])
LOW, HIGH = "AA10AAA", "AA60AAA"
"""An unwanted reg and a wanted one."""
EVERY = [OneSided(), TwoSided(), Posterior()]
NO_CURVE = np.empty(0)
CLOSE = {"rel": 1e-9, "abs": 1e-12}


def made(bundle, unwanted, wanted, *, split=None):
    """A bundle of a few records: lists of (mean, sigma), each a tuple of k numbers."""
    reg = np.array([LOW] * len(unwanted) + [HIGH] * len(wanted), "U7")
    mean, sigma = (
        np.array(part, np.float32) for part in zip(*unwanted, *wanted, strict=True)
    )  # fmt: skip
    split = np.array(split or ["train"] * len(reg), "U10")
    return dataclasses.replace(bundle, records=Records(reg, split, mean, sigma))


def calibrated(scale=1.0, held_out=(-2.0, -1.0)):
    return Calibration(scale, np.array(held_out), NO_CURVE, NO_CURVE, NO_CURVE)


def measured(judge, rule, *points):
    return {name: values.tolist() for name, values in judge.measure(rule, points).items()}


def log_normal(z, mean, sigma):
    return -((z - mean) ** 2) / (2 * sigma**2) - math.log(sigma * math.sqrt(2 * math.pi))


# --- distances ------------------------------------------------------------------------------------


def test_distances_are_those_worked_out_by_hand(bundle):
    few = made(bundle, [((0, 0), (1, 2))], [((6, 0), (2, 1))])
    judge = Judge.of(few, BELOW_50)
    found = measured(judge, TwoSided, (3, 0), (0, 4), (6, 0), (0, 0))
    assert found["to_unwanted"] == pytest.approx([3, 2, 6, 0])
    assert found["to_wanted"] == pytest.approx([1.5, 5, 0, 3])
    assert found["margin"] == pytest.approx([1.5, -3, 6, -3])
    assert measured(judge, OneSided, (3, 0), (0, 4)) == {"to_unwanted": pytest.approx([3, 2])}


def test_the_nearest_record_counts_and_not_the_one_whose_mean_is_nearest(bundle):
    few = made(bundle, [((0,), (1,)), ((10,), (4,))], [((20,), (1,)), ((30,), (10,))])
    found = measured(Judge.of(few, BELOW_50), TwoSided, (4,), (16,))
    assert found["to_unwanted"] == pytest.approx([1.5, 1.5])  # by the wide record at 10
    assert found["to_wanted"] == pytest.approx([2.6, 1.4])  # by the wide record at 30


def gaussians(k):
    coordinates = st.tuples(*[st.floats(-8, 8, width=32)] * k)
    sigmas = st.tuples(*[st.floats(0.125, 4, width=32)] * k)
    return st.lists(st.tuples(coordinates, sigmas), min_size=1, max_size=5)


@given(data=st.data(), k=st.integers(1, 3))
@settings(deadline=None, max_examples=50)
def test_distances_and_densities_are_those_of_plain_loops(bundle, data, k):
    unwanted, wanted = data.draw(gaussians(k)), data.draw(gaussians(k))
    z = data.draw(st.tuples(*[st.floats(-10, 10)] * k))
    scale = data.draw(st.sampled_from([0.25, 0.5, 1.0, 2.0]))  # exact for 32-bit sigmas
    judge = Judge.of(made(bundle, unwanted, wanted), BELOW_50, calibrated(scale))

    def nearest(side):
        return min(
            math.dist([0] * k, [(z[j] - mean[j]) / sigma[j] for j in range(k)])
            for mean, sigma in side
        )

    found = measured(judge, TwoSided, z)
    near, far = nearest(wanted), nearest(unwanted)
    assert found["to_unwanted"] == [pytest.approx(far, **CLOSE)]
    assert found["to_wanted"] == [pytest.approx(near, **CLOSE)]
    assert found["margin"] == [pytest.approx(far - near, rel=1e-9, abs=1e-8)]

    def log_densities(side):
        return [
            sum(log_normal(z[j], mean[j], float(sigma[j]) * scale) for j in range(k))
            for mean, sigma in side
        ]

    ours, theirs = log_densities(wanted), log_densities(unwanted)
    top = max(ours + theirs)
    ours, theirs = (sum(math.exp(one - top) for one in side) for side in (ours, theirs))
    log_density, share = judge.mixture.query([z])
    assert share[0] == pytest.approx(ours / (ours + theirs), **CLOSE)
    count = len(unwanted) + len(wanted)
    assert log_density[0] == pytest.approx(top + math.log((ours + theirs) / count), rel=1e-9)


@pytest.mark.parametrize("rule", [*EVERY, *RULES.values()])
def test_a_rule_measures_what_its_limits_ask_for(bundle, rule):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((4,), (1,))]), BELOW_50, calibrated())
    found = judge.measure(rule, [(1.0,), (2.0,)])
    chosen = rule if not isinstance(rule, type) else rule()
    assert {limit.measure for limit in chosen.limits} <= found.keys()
    assert {values.shape for values in found.values()} == {(2,)}


# --- the wanted share and the typicality ----------------------------------------------------------


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_the_share_of_two_records_is_a_logistic_function(bundle, scale):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((4,), (1,))]), BELOW_50, calibrated(scale))
    z = np.linspace(-3, 7, 41)
    share = judge.measure(Posterior, z[:, None])["wanted_share"]
    expected = 1 / (1 + np.exp(-(8 * z - 16) / (2 * scale**2)))  # z² - (z - 4)² = 8 z - 16
    np.testing.assert_allclose(share, expected, rtol=1e-9, atol=1e-12)


def test_a_share_is_at_most_all(bundle):
    judge = Judge.of(bundle, BELOW_50, calibrated(0.1))
    grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 101)] * 2), axis=-1).reshape(-1, 2)
    share = judge.measure(Posterior, grid)["wanted_share"]
    assert share.min() >= 0
    assert share.max() <= 1


def test_a_side_with_more_records_has_more_of_the_density(bundle):
    here = ((0,), (1,))
    judge = Judge.of(made(bundle, [here], [here, here, here]), BELOW_50, calibrated())
    assert measured(judge, Posterior, (0.0,), (5.0,))["wanted_share"] == pytest.approx([0.75] * 2)


def test_the_density_of_two_records_is_half_of_each(bundle):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((3,), (2,))]), BELOW_50, calibrated(0.5))
    for z in (-1.0, 0.0, 1.3, 3.0, 8.0):
        log_density, _ = judge.mixture.query([(z,)])
        one, other = (math.exp(log_normal(z, *of)) for of in ((0, 0.5), (3, 1.0)))
        assert log_density[0] == pytest.approx(math.log((one + other) / 2), rel=1e-9)


def test_typicality_is_the_share_of_held_out_draws_that_lie_more_thinly(bundle):
    pair = made(bundle, [((0,), (1,))], [((0,), (1,))])
    at_zero = log_normal(0, 0, 1)
    held_out = sorted([at_zero - 3, at_zero - 1, at_zero + 1, at_zero + 2])
    judge = Judge.of(pair, BELOW_50, calibrated(1.0, held_out))
    z = [(0.0,), (2.0,), (3.0,), (0.5,)]  # by 0, 2, 4.5 and 0.125 below the density at 0
    assert measured(judge, Posterior, *z)["typicality"] == [0.5, 0.25, 0.0, 0.5]


def test_a_draw_of_the_same_density_is_no_thinner():
    found = calibrated(1.0, [-3.0, -2.0, -2.0, -1.0])
    assert found.typicality(np.array([-2.0, np.nextafter(-2, 0), -4, 0])).tolist() == [
        0.25, 0.75, 0.0, 1.0
    ]  # fmt: skip


def test_new_records_have_a_low_typicality_as_seldom_as_they_should(bundle):
    # Split-conformal: a new record falls below q with a probability of q, however bad the model.
    records, rng = bundle.records, np.random.default_rng(4)
    known, new = records.split != "test", records.split == "test"
    parts = (getattr(records, f.name)[known] for f in dataclasses.fields(records))
    found = calibrate(dataclasses.replace(bundle, records=Records(*parts)))
    noise = bundle.preset.training.noise * rng.normal(size=(new.sum(), 2))
    train = records.split == "train"
    mixture = Mixture(
        records.mean[train], records.sigma[train] * found.scale, np.ones(train.sum(), bool)
    )
    typicality = found.typicality(mixture.query(records.mean[new] + records.sigma[new] * noise)[0])
    for q in (0.02, 0.1, 0.5):
        error = math.sqrt(q * (1 - q) * (1 / len(found.held_out) + 1 / new.sum()))
        assert (typicality < q).mean() == pytest.approx(q, abs=4 * error)


def test_the_posterior_rule_wants_a_calibration(bundle):
    judge = Judge.of(bundle, BELOW_50)
    assert judge.mixture is None
    with pytest.raises(AcceptanceError, match="the posterior rule wants a calibration; give one"):
        judge.measure(Posterior(), [(0.0, 0.0)])


# --- where the lines are --------------------------------------------------------------------------


def up(value):
    return float(np.nextafter(value, math.inf))


def down(value):
    return float(np.nextafter(value, -math.inf))


@pytest.mark.parametrize("threshold", [0.0, 1.0, 2.5])
def test_a_point_at_the_threshold_is_not_farther_than_it(bundle, threshold):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((9,), (1,))]), BELOW_50)
    rule = OneSided(threshold)
    z = [(threshold,), (up(threshold) if threshold else 1e-9,), (-threshold - 0.1,)]
    assert rule.accepts(judge.measure(rule, z)).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        (TwoSided(1.0, 1.5), True),  # the margin and the support are 1 and 1.5 just so
        (TwoSided(up(1.0), 1.5), False),
        (TwoSided(1.0, down(1.5)), False),
        (TwoSided(0.0, 1.5), True),
        (TwoSided(0.0, 1.0), False),
    ],
)
def test_margin_and_support_may_be_met_just_so(bundle, rule, accepted):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((4,), (1,))]), BELOW_50)
    assert rule.accepts(judge.measure(rule, [(2.5,)])).tolist() == [accepted]


def test_two_sided_refuses_what_is_far_from_all(bundle):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((4,), (1,))]), BELOW_50)
    z = [(50.0,)]
    assert OneSided(2.5).accepts(judge.measure(OneSided, z)).tolist() == [True]
    assert TwoSided(0.5, 1.0).accepts(judge.measure(TwoSided, z)).tolist() == [False]


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        (Posterior(0.5, 0.5), True),  # midway the share is a half, and half lie more thinly
        (Posterior(1 - up(0.5), 0.5), False),
        (Posterior(0.5, up(0.5)), False),
        (Posterior(1.0, 0.0), True),
        (Posterior(0.0, 0.0), False),
    ],
)
def test_share_and_typicality_may_be_met_just_so(bundle, rule, accepted):
    pair = made(bundle, [((0,), (1,))], [((4,), (1,))])
    midway = log_normal(2, 0, 1)  # of either, and so of the mixture
    judge = Judge.of(pair, BELOW_50, calibrated(1.0, [midway - 1, midway + 1]))
    assert rule.accepts(judge.measure(rule, [(2.0,)])).tolist() == [accepted]


def test_without_an_alpha_only_a_share_that_rounds_to_one_is_accepted(bundle):
    judge = Judge.of(made(bundle, [((0,), (1,))], [((4,), (1,))]), BELOW_50, calibrated())
    rule = Posterior(0.0, 0.0)
    assert rule.accepts(judge.measure(rule, [(4.0,), (12.0,)])).tolist() == [False, True]


@pytest.mark.parametrize(
    ("limit", "holds"),
    [
        (Limit("x", ">", 1.0), [False, False, True]),
        (Limit("x", ">=", 1.0), [False, True, True]),
        (Limit("x", "<=", 1.0), [True, True, False]),
    ],
)
def test_a_limit_holds_as_it_says(limit, holds):
    values = np.array([down(1.0), 1.0, up(1.0)])
    assert limit.holds({"x": values, "y": values + 9}).tolist() == holds


STRICTER = {
    "threshold": st.floats(0, 9),
    "margin": st.floats(0, 9),
    "support": st.floats(0, 9),
    "alpha": st.floats(0, 1),
    "q": st.floats(0, 1),
}
MORE_IS_STRICTER = {"threshold", "margin", "q"}


@given(data=st.data(), kind=st.sampled_from(list(RULES.values())))
@settings(deadline=None, max_examples=60)
def test_a_stricter_rule_accepts_no_more(data, kind):
    names = [field.name for field in dataclasses.fields(kind)]
    numbers = {name: data.draw(STRICTER[name]) for name in names}
    changed = data.draw(st.sampled_from(names))
    other = data.draw(STRICTER[changed])
    pair = sorted([numbers[changed], other], reverse=changed not in MORE_IS_STRICTER)
    lax, strict = (kind(**numbers | {changed: value}) for value in pair)
    shares = np.linspace(0, 1, 21)
    first, second = (axis.ravel() for axis in np.meshgrid(shares, shares))
    measures = {
        "to_unwanted": 9 * first, "to_wanted": 9 * second, "margin": 9 * (first - second),
        "wanted_share": first, "typicality": second,
    }  # fmt: skip
    assert (lax.accepts(measures) | ~strict.accepts(measures)).all()


# --- numbers that are none ------------------------------------------------------------------------


BAD_DISTANCES = [-1, -1e-300, math.nan, math.inf, -math.inf, True, False, None, "2.5", 1j, [1.0]]
BAD_SHARES = [*BAD_DISTANCES, 1.5, up(1.0), 2]


@pytest.mark.parametrize("bad", BAD_DISTANCES)
@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        (OneSided, "threshold", "the threshold is a distance of 0 or more, not "),
        (TwoSided, "margin", "the margin is a difference of distances of 0 or more, not "),
        (TwoSided, "support", "the support is a distance of 0 or more, not "),
    ],
)
def test_distances_want_to_be_numbers_from_0(kind, name, sentence, bad):
    with pytest.raises(AcceptanceError, match=sentence):
        kind(**{name: bad})


@pytest.mark.parametrize("bad", BAD_SHARES)
@pytest.mark.parametrize("name", ["alpha", "q"])
def test_shares_want_to_be_numbers_from_0_to_1(name, bad):
    with pytest.raises(AcceptanceError, match=f"the {name} is a share from 0 to 1, not "):
        Posterior(**{name: bad})


@pytest.mark.parametrize("kind", RULES.values())
def test_a_whole_number_beyond_all_floats_is_refused(kind):
    first = dataclasses.fields(kind)[0].name
    with pytest.raises(AcceptanceError, match=f"the {first} is"):
        kind(**{first: 10**400})


@pytest.mark.parametrize("kind", RULES.values())
@pytest.mark.parametrize("least", [0, 0.0, -0.0])
def test_zero_is_a_number_of_every_rule(kind, least):
    names = [field.name for field in dataclasses.fields(kind)]
    assert kind(**dict.fromkeys(names, least)).parameters() == dict.fromkeys(names, 0.0)


def test_whole_numbers_become_floats():
    rule = TwoSided(margin=1, support=2)
    assert rule == TwoSided(1.0, 2.0)
    assert [type(value) for value in rule.parameters().values()] == [float, float]


# --- rules by name --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RULES.values())
def test_a_rule_is_found_by_its_name_and_numbers(kind):
    assert rules.rule(kind.name) == kind()
    names = [field.name for field in dataclasses.fields(kind)]
    assert rules.rule(kind.name, dict.fromkeys(names, 0.25)) == kind(*[0.25] * len(names))
    assert rules.rule(kind.name, {names[-1]: 0.5}) == kind(**{names[-1]: 0.5})


def test_the_notebooks_rule_is_the_default_of_its_kind():
    assert rules.rule("one-sided") == OneSided(2.5)


@pytest.mark.parametrize("name", ["", "One-Sided", "three-sided", "x" * 1000, 1, None])
def test_an_unknown_rule_is_answered_with_those_that_exist(name):
    sentence = "there is no rule '.{0,40}'; there is one-sided, two-sided, posterior$"
    with pytest.raises(AcceptanceError, match=sentence):
        rules.rule(name)


@pytest.mark.parametrize(
    ("name", "parameter", "sentence"),
    [
        ("one-sided", "margin", "the rule one-sided has no 'margin'; it has threshold$"),
        ("two-sided", "threshold", "two-sided has no 'threshold'; it has margin and support$"),
        ("posterior", "name", "the rule posterior has no 'name'; it has alpha and q$"),
        ("posterior", "a" * 1000, "the rule posterior has no 'a{40}'; it has alpha and q$"),
    ],
)
def test_an_unknown_number_is_answered_with_those_of_the_rule(name, parameter, sentence):
    with pytest.raises(AcceptanceError, match=sentence):
        rules.rule(name, {parameter: 1.0})


def test_a_bad_number_of_a_rule_by_name_is_refused():
    with pytest.raises(AcceptanceError, match="the q is a share from 0 to 1, not 2"):
        rules.rule("posterior", {"q": 2})


def test_an_acceptance_error_is_a_value_error():
    assert issubclass(AcceptanceError, ValueError)


# --- the two sides --------------------------------------------------------------------------------


def test_every_record_is_on_one_side(bundle):
    judge = Judge.of(bundle, BELOW_50)
    below = np.array([int(reg[2:4]) < 50 for reg in bundle.records.codes.tolist()])
    assert judge.rows_unwanted.tolist() == np.flatnonzero(below).tolist()
    assert judge.rows_wanted.tolist() == np.flatnonzero(~below).tolist()
    for side, rows in (
        (judge.unwanted, judge.rows_unwanted),
        (judge.wanted, judge.rows_wanted),
    ):
        assert np.array_equal(side.mean, bundle.records.mean[rows].astype(float))
        assert np.array_equal(side.sigma, bundle.records.sigma[rows].astype(float))


def test_a_judge_of_one_split_knows_no_other(bundle):
    judge = Judge.of(bundle, BELOW_50, split="train")
    rows = np.concatenate([judge.rows_unwanted, judge.rows_wanted])
    assert sorted(rows.tolist()) == np.flatnonzero(bundle.records.split == "train").tolist()
    few = made(
        bundle, [((0,), (1,)), ((5,), (1,))], [((9,), (1,))], split=["train", "test", "train"]
    )
    assert measured(Judge.of(few, BELOW_50, split="train"), OneSided, (5,)) == {"to_unwanted": [5]}
    assert measured(Judge.of(few, BELOW_50), OneSided, (5,)) == {"to_unwanted": [0]}


def test_nothing_unwanted_is_refused_with_what_was_asked(bundle):
    unwanted = Unwanted.of(["number < 50", "number > 60"])
    sentence = "no record fulfils 'number < 50 and number > 60', so nothing is unwanted; widen it"
    with pytest.raises(UnwantedError, match=sentence):
        Judge.of(bundle, unwanted)


def test_everything_unwanted_is_refused_with_what_was_asked(bundle):
    unwanted = Unwanted.of(["number >= 0"])
    sentence = "every record fulfils 'number >= 0', so nothing is wanted; narrow it"
    with pytest.raises(UnwantedError, match=sentence):
        Judge.of(bundle, unwanted)
    with pytest.raises(UnwantedError, match="every record fulfils 'a place in the training data'"):
        Judge.of(bundle, Unwanted.of(training=True), split="train")


def test_a_region_without_records_is_refused(bundle):
    unwanted = Unwanted.of(regions=[[(90, 90), (91, 90), (90, 91)]])
    with pytest.raises(UnwantedError, match="no record fulfils 'a mean in the region'"):
        Judge.of(bundle, unwanted)


# --- listed regs that are no records --------------------------------------------------------------


def test_a_listed_reg_that_is_no_record_is_stayed_clear_of_too(bundle):
    listed = "AB12CDE"
    assert bundle.records.row_of(listed) is None
    mean, sigma = bundle.autoencoder.encode([listed])
    judge = Judge.of(bundle, Unwanted.of(listed=[listed]))
    assert judge.rows_unwanted.tolist() == [-1]
    assert judge.rows_wanted.tolist() == list(range(12_000))
    distance = judge.measure(OneSided, np.vstack([mean, mean + 2 * sigma * [0.6, 0.8]]))
    assert distance["to_unwanted"] == pytest.approx([0, 2], abs=1e-5)


def test_a_listed_reg_joins_the_records_of_its_side(bundle):
    few = made(bundle, [((40, 40), (1, 1))], [((50, 50), (1, 1))])
    unwanted = Unwanted.of(["number < 50"], listed=["AB12CDE", HIGH.lower()])
    with pytest.raises(UnwantedError, match="every record fulfils 'number < 50 or one of 2 regs'"):
        Judge.of(few, unwanted)  # the only wanted record is on the list
    judge = Judge.of(few, Unwanted.of(["number < 50"], listed=["AB12CDE"]), calibrated())
    assert judge.rows_unwanted.tolist() == [0, -1]
    mean, sigma = bundle.autoencoder.encode(["AB12CDE"])
    assert np.array_equal(judge.unwanted.mean, np.vstack([[(40, 40)], mean.astype(float)]))
    assert np.array_equal(judge.unwanted.sigma, np.vstack([[(1, 1)], sigma.astype(float)]))
    found = judge.measure(Posterior, mean)
    assert found["wanted_share"] == pytest.approx([0])
    log_density, _ = judge.mixture.query(mean)
    own = sum(log_normal(0, 0, one) for one in sigma[0].tolist())
    assert log_density == pytest.approx([own - math.log(3)], rel=1e-6)


# --- points ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", EVERY)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e101])
def test_points_that_cannot_be_measured_are_refused(bundle, rule, bad):
    judge = Judge.of(made(bundle, [((0, 0), (1, 1))], [((4, 0), (1, 1))]), BELOW_50, calibrated())
    with pytest.raises(ValueError, match="points want finite coordinates"):
        judge.measure(rule, [(0.0, 0.0), (0.0, bad)])


@pytest.mark.parametrize("rule", EVERY)
@pytest.mark.parametrize("z", [[1.0, 2.0], [[1.0]], [[1.0, 2.0, 3.0]], 1.0])
def test_points_want_the_shape_of_the_latent_space(bundle, rule, z):
    judge = Judge.of(made(bundle, [((0, 0), (1, 1))], [((4, 0), (1, 1))]), BELOW_50, calibrated())
    with pytest.raises(ValueError, match=r"points want shape \(m, 2\), but came with shape"):
        judge.measure(rule, z)


@pytest.mark.parametrize("rule", EVERY)
def test_no_points_have_no_measures(bundle, rule):
    judge = Judge.of(made(bundle, [((0, 0), (1, 1))], [((4, 0), (1, 1))]), BELOW_50, calibrated())
    measures = judge.measure(rule, np.empty((0, 2)))
    assert {values.shape for values in measures.values()} == {(0,)}
    assert rule.accepts(measures).shape == (0,)


# --- fifteen dimensions ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fifteen(bundle):
    """A bundle of 15 latent dimensions whose weights are drawn, not trained."""
    preset = Preset("wide", Network(15, encoder=(20,), decoder=(20,)))
    rng = np.random.default_rng(15)
    weights = {
        name: rng.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in weight_shapes(preset.network).items()
    }
    drawn = uk_registration.generate(400, rng=rng)
    split = np.repeat(np.array(["train", "validation", "test"]), [300, 50, 50])
    autoencoder = Autoencoder.from_weights(weights)
    records = Records(drawn, split, *autoencoder.encode(drawn))
    return Bundle("wide", preset, 0, weights, autoencoder, records, bundle.history, {}, "")


def test_fifteen_dimensions_are_measured_as_two_are(fifteen):
    assert fifteen.records.latent_dim == 15
    judge = Judge.of(fifteen, Unwanted.of(["number < 50"], listed=["AB12CDE"]), calibrated(0.5))
    z = np.random.default_rng(1).normal(size=(30, 15))
    regs_here = [*fifteen.records.codes.tolist(), "AB12CDE"]
    extra = fifteen.autoencoder.encode(["AB12CDE"])
    mean = np.vstack([fifteen.records.mean, extra[0]]).astype(float)
    sigma = np.vstack([fifteen.records.sigma, extra[1]]).astype(float)
    below = np.array([int(reg[2:4]) < 50 for reg in regs_here])
    gaps = np.linalg.norm((z[:, None] - mean) / sigma, axis=2)
    found = judge.measure(TwoSided, z)
    np.testing.assert_allclose(found["to_unwanted"], gaps[:, below].min(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found["to_wanted"], gaps[:, ~below].min(axis=1), rtol=1e-9)
    logs = -(gaps**2) / (2 * 0.5**2) - np.log(sigma).sum(axis=1)
    terms = np.exp(logs - logs.max(axis=1, keepdims=True))
    share = terms[:, ~below].sum(axis=1) / terms.sum(axis=1)
    np.testing.assert_allclose(
        judge.measure(Posterior, z)["wanted_share"], share, rtol=1e-9, atol=1e-12
    )


def test_a_region_in_fifteen_dimensions_is_of_the_first_two(fifteen):
    low = float(np.median(fifteen.records.mean[:, 0]))
    half = [(low, -1e6), (1e6, -1e6), (1e6, 1e6), (low, 1e6)]
    judge = Judge.of(fifteen, Unwanted.of(regions=[half]))
    expected = np.flatnonzero(fifteen.records.mean[:, 0] > low)
    assert judge.rows_unwanted.tolist() == pytest.approx(expected.tolist())


# --- the nearest accepted point -------------------------------------------------------------------


def test_the_way_out_of_a_lone_gaussian_is_its_threshold(bundle):
    judge = Judge.of(made(bundle, [((0, 0), (1, 1))], [((40, 0), (1, 1))]), BELOW_50)
    rule = OneSided(2.5)
    found = nearest_accepted(judge, rule, (1.0, 0.0))
    assert rule.accepts(judge.measure(rule, [found])).all()
    assert math.dist(found, (1.0, 0.0)) == pytest.approx(1.5, rel=0.05)


def test_the_way_to_a_lone_wanted_record_ends_at_its_support(bundle):
    judge = Judge.of(made(bundle, [((0, 0), (1, 1))], [((40, 0), (1, 1))]), BELOW_50)
    rule = TwoSided(0.5, 2.0)
    for point in ((30.0, 0.0), (40.0, 9.0), (0.0, 0.0)):
        found = nearest_accepted(judge, rule, point)
        assert rule.accepts(judge.measure(rule, [found])).all()
        gap = math.dist(point, (40, 0)) - 2
        assert gap <= math.dist(found, point) <= 1.05 * gap


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_the_accepted_point_named_for_a_rejected_one_is_near(bundle, rule):
    records = bundle.records
    some = (getattr(records, field.name)[::10] for field in dataclasses.fields(records))
    few = dataclasses.replace(bundle, records=Records(*some))
    judge = Judge.of(few, BELOW_50, calibrate(few))
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 161)] * 2), axis=-1).reshape(-1, 2)
    good = grid[rule.accepts(judge.measure(rule, grid))]
    rejected = grid[~rule.accepts(judge.measure(rule, grid))]
    for point in rejected[np.random.default_rng(2).choice(len(rejected), 4)]:
        found = nearest_accepted(judge, rule, point)
        assert rule.accepts(judge.measure(rule, [found])).all()
        # Not much farther than the nearest of a fine grid, whose points are 0.05 apart.
        assert math.dist(found, point) <= 1.5 * np.linalg.norm(good - point, axis=1).min() + 0.05
        assert np.array_equal(nearest_accepted(judge, rule, point), found)


def test_a_rule_that_accepts_nothing_has_no_accepted_point(bundle):
    judge = Judge.of(made(bundle, [((0, 0), (1, 1))], [((4, 0), (1, 1))]), BELOW_50)
    assert nearest_accepted(judge, TwoSided(100.0, 0.0), (1.0, 1.0)) is None


# --- what the rules are for -----------------------------------------------------------------------


def test_asking_for_something_wanted_nearby_makes_the_results_pure(bundle):
    judge = Judge.of(bundle, BELOW_50, calibrate(bundle))
    z = Box(3.0).draw(20_000, bundle, np.random.default_rng(0))
    wanted = ~BELOW_50.of_regs(bundle.autoencoder.decode(z), bundle)
    purity = {
        rule.name: wanted[rule.accepts(judge.measure(rule, z))].mean()
        for rule in (OneSided(2.5), TwoSided(0.5, 1.0), Posterior(0.1, 0.02))
    }
    assert purity["one-sided"] < 0.9 < 0.99 < min(purity["two-sided"], purity["posterior"])


@pytest.mark.parametrize("threshold", [2.5, 7.0, 10.0])
def test_a_way_out_is_found_from_amid_the_unwanted(bundle, threshold):
    judge, rule = Judge.of(bundle, BELOW_50), OneSided(threshold)
    for point in ([0.0, 0.0], [0.5, -1.0], [-1.0, 1.0]):
        found = nearest_accepted(judge, rule, point)
        assert rule.accepts(judge.measure(rule, [found]))[0]
