"""The nearest accepted point: against geometry, and against a fine grid."""

import math

import numpy as np
import pytest

from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.nearest import accepted_records, nearest_accepted
from regvae.rejection.rules import Certified, OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted
from tests.rejection.bundles import calibrated, with_gaussians

BELOW_50 = Unwanted.of(["number < 50"])
EVERY = [OneSided(), TwoSided(), Posterior(), Certified()]


def accepts(measurer, rule, point):
    return bool(rule.accepts(measurer.measure(rule, [point]))[0])


@pytest.fixture(scope="module", params=[2, 5], ids=lambda k: f"{k} dimensions")
def pair(bundle, request):
    """Measures against an unwanted record at (0, 0, …) and a wanted one at (40, 0, …)."""
    mean = np.zeros((2, request.param))
    mean[1, 0] = 40
    codes = ["AA10AAA", "AA60AAA"]
    two = with_gaussians(bundle, mean, np.ones(mean.shape), codes=codes)
    return Measurer.of(two, BELOW_50, calibrated(two))


def at(measurer, x, y=0.0):
    """The point (x, y, 0, …)."""
    return np.array([x, y, *[0.0] * (measurer.wanted.mean.shape[1] - 2)])


def test_from_a_lone_gaussian_it_is_at_the_threshold(pair):
    rule, point = OneSided(2.5), at(pair, 1.0)
    found = nearest_accepted(pair, rule, point)
    assert accepts(pair, rule, found)
    assert 1.5 <= math.dist(found, point) <= 1.05 * 1.5  # a random search, in many directions


def test_towards_a_lone_wanted_record_it_is_at_the_support(pair):
    rule = TwoSided(0.5, 2.0)
    for point in (at(pair, 30.0), at(pair, 40.0, 9.0), at(pair, 0.0)):
        found = nearest_accepted(pair, rule, point)
        assert accepts(pair, rule, found)
        gap = math.dist(point, at(pair, 40.0)) - 2
        assert gap <= math.dist(found, point) <= 1.01 * gap


def test_only_wanted_points_are_found(pair):
    rule, point = OneSided(2.5), at(pair, 1.0)
    found = nearest_accepted(pair, rule, point, wanted=lambda z: z[:, 0] < -4)
    assert accepts(pair, rule, found)
    assert -4.2 < found[0] < -4
    assert nearest_accepted(pair, rule, point, wanted=lambda z: z[:, 0] > 1e9) is None


def test_a_rule_that_accepts_nothing_has_no_accepted_point(pair):
    assert nearest_accepted(pair, TwoSided(100.0, 0.0), at(pair, 1.0, 1.0)) is None


@pytest.fixture(scope="module")
def measurer(few):
    return Measurer.of(few, BELOW_50, calibrate(few))


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_it_is_accepted_and_near_and_repeats(measurer, rule):
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 81)] * 2), axis=-1).reshape(-1, 2)
    accepted = rule.accepts(measurer.measure(rule, grid))
    good, rejected = grid[accepted], grid[~accepted]
    for point in rejected[np.random.default_rng(2).choice(len(rejected), 3)]:
        found = nearest_accepted(measurer, rule, point)
        assert accepts(measurer, rule, found)
        # Not much farther than the nearest of a fine grid, whose points are 0.1 apart.
        assert math.dist(found, point) <= 1.5 * np.linalg.norm(good - point, axis=1).min() + 0.1
        assert np.array_equal(nearest_accepted(measurer, rule, point), found)


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_accepted_records_are_the_wanted_means_that_the_rule_accepts(measurer, rule):
    found = accepted_records(measurer, rule)
    means = measurer.wanted.mean
    expected = [mean for mean in means.tolist() if accepts(measurer, rule, mean)]
    assert sorted(found.tolist()) == sorted(expected)
    point = [0.0, 0.0]
    known = nearest_accepted(measurer, rule, point, found)
    assert np.array_equal(known, nearest_accepted(measurer, rule, point))


@pytest.mark.parametrize("threshold", [2.5, 10.0])
def test_an_accepted_point_is_found_from_amid_the_unwanted(measurer, threshold):
    rule = OneSided(threshold)
    for point in ([0.0, 0.0], [0.5, -1.0], [-1.0, 1.0]):
        assert accepts(measurer, rule, nearest_accepted(measurer, rule, point))
