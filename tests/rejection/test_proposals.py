"""Proposals: the distribution of each kind, and what cannot be drawn."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from regvae.latent.polygon import in_polygon
from regvae.model.bundle import load
from regvae.rejection import proposals
from regvae.rejection.calibration import calibrate
from regvae.rejection.proposals import PROPOSALS, Around, Box, Prior, ProposalError, Region
from tests.rejection.bundles import with_gaussians

ELL = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (0, 2)]
CORNERS = tuple((float(x), float(y)) for x, y in ELL)
SMALLEST_P = 1e-4
"""The seeds are fixed, so a right generator passes for ever; a wrong one is far below this."""


def rng(seed=0):
    return np.random.default_rng(seed)


def of_dimension(bundle, k):
    return with_gaussians(bundle, np.zeros((1, k)), np.ones((1, k)))


def with_noise(bundle, noise):
    training = dataclasses.replace(bundle.preset.training, noise=noise)
    return dataclasses.replace(bundle, preset=dataclasses.replace(bundle.preset, training=training))


def assert_standard_normal(z):
    """Each axis is standard normal, and the squared length chi-square: the axes are independent."""
    for axis in z.T:
        assert stats.kstest(axis, "norm").pvalue > SMALLEST_P
    assert stats.kstest((z**2).sum(axis=1), "chi2", args=(z.shape[1],)).pvalue > SMALLEST_P


# --- the box --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 15])
def test_points_of_a_box_are_uniform(bundle, k):
    z = Box(2.5).draw(20_000, of_dimension(bundle, k), rng())
    assert z.shape == (20_000, k)
    assert z.dtype == np.float64
    for axis in z.T:
        counts, _ = np.histogram(axis, bins=50, range=(-2.5, 2.5))
        assert counts.sum() == 20_000  # none is outside
        assert stats.chisquare(counts).pvalue > SMALLEST_P


def test_the_axes_of_a_box_are_independent(bundle):
    x, y = Box(1.0).draw(20_000, bundle, rng(1)).T
    counts, *_ = np.histogram2d(x, y, bins=8, range=[(-1, 1), (-1, 1)])
    assert stats.chisquare(counts.ravel()).pvalue > SMALLEST_P


@pytest.mark.parametrize(
    "half_width",
    [0.0, -1.0, 1.1e6, 10**400, math.nan, math.inf, -math.inf, None, "3", [3.0], True],
)
def test_a_half_width_out_of_range_is_refused(half_width):
    with pytest.raises(ProposalError, match="expected a half-width above 0, at most 1e6, got"):
        Box(half_width)


@pytest.mark.parametrize("half_width", [1e-300, 1, 1e6])
def test_a_box_may_be_tiny_or_huge(bundle, half_width):
    z = Box(half_width).draw(1_000, bundle, rng())
    assert 0.9 < np.abs(z).max() / half_width <= 1


# --- the prior ------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 15])
def test_the_prior_is_standard_normal(bundle, k):
    z = Prior().draw(10_000, of_dimension(bundle, k), rng())
    assert z.shape == (10_000, k)
    assert z.dtype == np.float64
    assert_standard_normal(z)


# --- around the records ---------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_points_around_records_are_normal_with_scaled_sigmas(bundle, scale):
    mean, sigma = [[-100, 0], [100, 0], [0, 500]], [[1, 2], [3, 0.5], [0.25, 4]]
    for noise in (0.1, 1.0):  # which plays no part
        some = with_noise(with_gaussians(bundle, mean, sigma), noise)
        z = Around(scale).draw(15_000, some, rng())
        assert z.shape == (15_000, 2)
        assert z.dtype == np.float64
        nearest = np.abs(z[:, None] - np.array(mean)).sum(axis=2).argmin(axis=1)
        assert stats.chisquare(np.bincount(nearest, minlength=3)).pvalue > SMALLEST_P
        for row in range(3):
            assert_standard_normal((z[nearest == row] - mean[row]) / (scale * np.array(sigma[row])))


def test_points_are_proposed_around_training_records_only(bundle):
    split = ["train", "validation", "test"]
    mean, sigma = [[0, 0], [100, 0], [0, 100]], np.ones((3, 2))
    z = Around(0.1).draw(500, with_gaussians(bundle, mean, sigma, split=split), rng())
    assert np.abs(z).max() < 1


def test_without_a_scale_it_is_the_calibrated_one_of_draws(few):
    found = calibrate(few)
    assert found.draw_scale < found.scale
    assert Around().fitted(few) == Around().fitted(few, found) == Around(found.draw_scale)
    other = dataclasses.replace(found, draw_scale=0.5)
    assert Around().fitted(few, other) == Around(0.5)
    assert Around(2.0).fitted(few, found) == Around(2.0)
    expected = Around(found.draw_scale).draw(50, few, rng())
    assert np.array_equal(Around().draw(50, few, rng()), expected)


@pytest.mark.parametrize("scale", [0.0, -1.0, 100.1, math.nan, math.inf, "3", [3.0], True])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(ProposalError, match="expected a scale above 0, at most 100, got"):
        Around(scale)


@pytest.mark.parametrize(("k", "kind"), [(1, Box), (3, Box), (4, Around), (15, Around)])
def test_the_usual_proposals_are_around_records_above_three_dimensions(bundle, k, kind):
    assert proposals.usual(of_dimension(bundle, k)) == kind()


def test_the_usual_proposals_of_a_private_model_do_not_depend_on_its_records():
    assert proposals.usual(load("private-15d")) == Prior()
    assert proposals.usual(load("private-2d")) == Box()


def test_even_the_least_random_number_gives_a_point(bundle):
    class Zeros:
        """Random numbers that are possible, if rare."""

        random = staticmethod(np.zeros)

    assert np.isfinite(Around(1.0).draw(3, bundle, Zeros())).all()


def test_points_around_records_have_the_dimension_of_the_records(bundle):
    assert Around(1.0).draw(7, of_dimension(bundle, 15), rng()).shape == (7, 15)


# --- a region -------------------------------------------------------------------------------------


def test_points_of_a_region_are_inside_and_uniform(bundle):
    z = Region(CORNERS).draw(20_000, bundle, rng())
    assert z.shape == (20_000, 2)
    assert z.dtype == np.float64
    assert in_polygon(z, ELL).all()
    squares = [(0, 0), (1, 0), (2, 0), (0, 1)]  # the unit squares of which the L consists
    corners = list(map(tuple, np.floor(z).astype(int).tolist()))
    counts = [corners.count(square) for square in squares]
    assert sum(counts) == 20_000
    assert stats.chisquare(counts).pvalue > SMALLEST_P
    for axis in (z % 1).T:
        within, _ = np.histogram(axis, bins=20, range=(0, 1))
        assert stats.chisquare(within).pvalue > SMALLEST_P


@pytest.mark.parametrize("n", [0, 1, 7, 1_000])
def test_a_region_gives_as_many_points_as_needed(n):
    assert proposals.uniform_polygon(n, ELL, rng=rng()).shape == (n, 2)


def test_a_narrow_region_is_filled_by_many_draws():
    sliver = [(0, 0), (1, 0.99), (1, 1)]  # half a hundredth of its bounding box
    z = proposals.uniform_polygon(200, sliver, rng=rng())
    assert z.shape == (200, 2)
    assert in_polygon(z, sliver).all()


@pytest.mark.parametrize("polygon", [[(0, 0), (1, 1), (2, 2)], [(0, 0), (1, 1), (1, 1 + 1e-9)]])
def test_a_region_that_is_too_thin_is_refused(bundle, polygon):
    with pytest.raises(ProposalError, match="too thin to draw points from; draw a wider one"):
        Region(tuple(polygon)).draw(10, bundle, rng())


NO_POLYGONS = [
    *([], [(0, 0), (1, 1)], [(0, 0), (1,), (2, 2)], [(0, 0, 0)] * 3, "square", None, 5),
    *([(0, 0), (1, 0), (0, bad)] for bad in (math.nan, math.inf)),
]


@pytest.mark.parametrize("polygon", NO_POLYGONS)
def test_a_region_that_is_no_polygon_is_refused(polygon):
    for make in (Region, lambda wrong: proposals.uniform_polygon(10, wrong, rng=rng())):
        with pytest.raises(ValueError, match=r"region.* corners"):
            make(polygon)


def test_a_region_beyond_any_map_is_refused():
    with pytest.raises(ValueError, match=r"corners.* 1e\+06"):
        Region(((-1e200, 0.0), (1e200, 0.0), (0.0, 1e200)))


@pytest.mark.parametrize("k", [1, 3, 15])
def test_a_region_is_for_the_plane_only(bundle, k):
    words = f"expected two latent dimensions .* got {k} in notebook-2d"
    with pytest.raises(ProposalError, match=words):
        Region(CORNERS).draw(10, of_dimension(bundle, k), rng())


def test_regions_of_the_same_corners_are_equal():
    assert Region(ELL) == Region(CORNERS) == Region(np.array(ELL))
    assert Region(ELL).polygon == CORNERS
    assert {type(number) for corner in Region(ELL).polygon for number in corner} == {float}
    assert len({Region(ELL), Region(CORNERS)}) == 1  # caches use it as a key


# --- all of them, by name -------------------------------------------------------------------------


KINDS = [Box(1.5), Prior(), Around(0.5), Region(CORNERS)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_same_seed_gives_the_same_points_and_more_begin_with_them(bundle, kind):
    one, same, other = (kind.draw(50, bundle, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert kind.draw(0, bundle, rng()).shape == (0, 2)
    if kind.name != "region":  # which draws ten times as many and rejects some
        assert np.array_equal(kind.draw(70, bundle, rng(1))[:50], one)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_proposals_are_found_by_their_name_and_parameters(kind):
    assert proposals.proposal(kind.name, dataclasses.asdict(kind)) == kind
    assert PROPOSALS[kind.name] is type(kind)


def test_proposals_have_defaults():
    found = [proposals.proposal(name) for name in ("box", "prior", "around")]
    assert found == [Box(3.0), Prior(), Around()]


@pytest.mark.parametrize("name", ["", "Box", "sphere", "x" * 1000, 5, None])
def test_an_unknown_name_is_refused_with_those_that_exist(name):
    words = r"\(box, prior, around, region\), got '.{0,40}'; choose"
    with pytest.raises(ProposalError, match=words):
        proposals.proposal(name)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("box", {"width": 3.0}, "expected half_width for the proposals box, got width;"),
        ("box", {"half_width": 3.0, "x": 1}, "expected half_width .* got half_width, x;"),
        ("prior", {"sigma": 1}, "expected no parameters for the proposals prior, got sigma;"),
        ("around", {"polygon": ELL}, "expected scale for the proposals around, got polygon;"),
        ("region", {"half_width": 3.0}, "expected polygon .* got half_width;"),
        ("region", {}, "expected polygon for the proposals region, got none;"),
        ("region", None, "expected polygon for the proposals region, got none;"),
        ("box", {"x" * 1000: 3.0}, "got x{60};"),
    ],
)
def test_other_parameters_are_refused_with_those_of_the_proposals(name, parameters, words):
    with pytest.raises(ProposalError, match=words):
        proposals.proposal(name, parameters)
