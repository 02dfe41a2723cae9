"""Where proposed points come from: the distribution of each kind, and what cannot be drawn."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from regvae.latent.polygon import in_polygon
from regvae.model.records import Records
from regvae.rejection import proposals
from regvae.rejection.proposals import PROPOSALS, Around, Box, Prior, ProposalError, Region

ELL = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (0, 2)]
CORNERS = tuple((float(x), float(y)) for x, y in ELL)
TRIANGLE = [(0, 0), (1, 0), (0, 1)]
SMALLEST_P = 1e-4
"""The seeds are fixed, so a right generator passes for ever; a wrong one is far below this."""


def rng(seed=0):
    return np.random.default_rng(seed)


def made(bundle, mean, sigma):
    """A bundle of records with the given Gaussians."""
    mean, sigma = np.array(mean, np.float32), np.array(sigma, np.float32)
    reg, split = np.array(["AA00AAA"] * len(mean)), np.array(["train"] * len(mean))
    return dataclasses.replace(bundle, records=Records(reg, split, mean, sigma))


def of_dimension(bundle, k):
    return made(bundle, np.zeros((1, k)), np.ones((1, k)))


def with_noise(bundle, noise):
    training = dataclasses.replace(bundle.preset.training, noise=noise)
    return dataclasses.replace(bundle, preset=dataclasses.replace(bundle.preset, training=training))


# --- the box --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 15])
def test_a_box_of_points_is_uniform(bundle, k):
    z = Box(2.5).draw(40_000, of_dimension(bundle, k), rng())
    assert z.shape == (40_000, k)
    assert z.dtype == np.float64
    for axis in z.T:
        counts, _ = np.histogram(axis, bins=50, range=(-2.5, 2.5))
        assert counts.sum() == 40_000  # none lies outside
        assert stats.chisquare(counts).pvalue > SMALLEST_P


def test_the_axes_of_a_box_have_nothing_to_do_with_each_other(bundle):
    x, y = Box(1.0).draw(40_000, bundle, rng(1)).T
    counts, *_ = np.histogram2d(x, y, bins=8, range=[(-1, 1), (-1, 1)])
    assert counts.sum() == 40_000
    assert stats.chisquare(counts.ravel()).pvalue > SMALLEST_P


@pytest.mark.parametrize(
    "half_width", [0.0, -1.0, 1.1e6, math.nan, math.inf, -math.inf, None, "3", [3.0]]
)
def test_a_box_wants_a_half_width_in_range(half_width):
    with pytest.raises(ProposalError, match="the box wants a half-width above 0, up to 1e6, not"):
        Box(half_width)


def test_a_box_wants_a_number_and_no_truth():
    with pytest.raises(ProposalError, match="the box wants a half-width above 0, up to 1e6, not"):
        Box(True)


def test_a_box_beyond_all_floats_is_refused():
    with pytest.raises(ProposalError, match="the box wants a half-width above 0, up to 1e6, not"):
        Box(10**400)


@pytest.mark.parametrize("half_width", [1e-300, 1, 1e6])
def test_a_box_may_be_tiny_or_huge(bundle, half_width):
    z = Box(half_width).draw(1_000, bundle, rng())
    assert 0.9 < np.abs(z).max() / half_width <= 1


# --- the prior ------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 15])
def test_the_prior_is_standard_normal_along_every_axis(bundle, k):
    z = Prior().draw(20_000, of_dimension(bundle, k), rng())
    assert z.shape == (20_000, k)
    assert z.dtype == np.float64
    for axis in z.T:
        assert stats.kstest(axis, "norm").pvalue > SMALLEST_P
    # The squared length is chi-square just if the axes are independent.
    assert stats.kstest((z**2).sum(axis=1), "chi2", args=(k,)).pvalue > SMALLEST_P


# --- around the records ---------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_points_around_records_are_normal_with_the_models_own_noise(bundle, noise):
    mean, sigma = [[-100, 0], [100, 0], [0, 500]], [[1, 2], [3, 0.5], [0.25, 4]]
    few = with_noise(made(bundle, mean, sigma), noise)
    z = Around().draw(30_000, few, rng())
    assert z.shape == (30_000, 2)
    assert z.dtype == np.float64
    nearest = np.abs(z[:, None] - np.array(mean)).sum(axis=2).argmin(axis=1)
    assert stats.chisquare(np.bincount(nearest, minlength=3)).pvalue > SMALLEST_P
    for row in range(3):
        e = (z[nearest == row] - mean[row]) / (noise * np.array(sigma[row]))
        for axis in e.T:
            assert stats.kstest(axis, "norm").pvalue > SMALLEST_P
        assert stats.kstest((e**2).sum(axis=1), "chi2", args=(2,)).pvalue > SMALLEST_P


def test_the_noise_around_records_is_that_of_the_preset(bundle):
    assert bundle.preset.training.noise == 0.1
    lone = made(bundle, [[5.0, -5.0]], [[1.0, 1.0]])
    spread = Around().draw(20_000, lone, rng(2)).std(axis=0)
    assert spread == pytest.approx([0.1, 0.1], rel=0.03)


def test_without_noise_the_points_are_records_means(bundle):
    z = Around().draw(500, with_noise(bundle, 0.0), rng())
    means = {tuple(mean) for mean in bundle.records.mean.astype(float).tolist()}
    assert {tuple(point) for point in z.tolist()} <= means


def test_even_the_least_random_number_gives_a_point(bundle):
    class Zeros:
        """Random numbers that may come, if seldom."""

        random = staticmethod(np.zeros)

    assert np.isfinite(Around().draw(3, bundle, Zeros())).all()


def test_points_around_records_have_the_records_dimension(bundle):
    assert Around().draw(7, of_dimension(bundle, 15), rng()).shape == (7, 15)


# --- a region -------------------------------------------------------------------------------------


def test_points_of_a_polygon_lie_in_it_and_are_uniform():
    z = proposals.uniform_polygon(30_000, ELL, rng=rng())
    assert z.shape == (30_000, 2)
    assert z.dtype == np.float64
    assert in_polygon(z, ELL).all()
    squares = [(0, 0), (1, 0), (2, 0), (0, 1)]  # the unit squares that make up the L
    corners = np.floor(z).astype(int).tolist()
    counts = [corners.count(list(square)) for square in squares]
    assert sum(counts) == 30_000
    assert stats.chisquare(counts).pvalue > SMALLEST_P
    for axis in (z % 1).T:
        within, _ = np.histogram(axis, bins=20, range=(0, 1))
        assert stats.chisquare(within).pvalue > SMALLEST_P


def test_a_region_draws_from_its_polygon(bundle):
    z = Region(CORNERS).draw(500, bundle, rng(3))
    assert np.array_equal(z, proposals.uniform_polygon(500, ELL, rng=rng(3)))
    assert in_polygon(z, ELL).all()


@pytest.mark.parametrize("n", [0, 1, 7, 1_000])
def test_as_many_points_of_a_polygon_come_as_were_asked_for(n):
    assert proposals.uniform_polygon(n, ELL, rng=rng()).shape == (n, 2)


def test_points_of_a_polygon_repeat_with_the_seed():
    one, same, other = (proposals.uniform_polygon(20, ELL, rng=rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_narrow_polygon_is_filled_by_many_draws():
    sliver = [(0, 0), (1, 0.99), (1, 1)]  # half a hundredth of its bounding box
    z = proposals.uniform_polygon(200, sliver, rng=rng())
    assert z.shape == (200, 2)
    assert in_polygon(z, sliver).all()


@pytest.mark.parametrize("polygon", [[(0, 0), (1, 1), (2, 2)], [(0, 0), (1, 1), (1, 1 + 1e-9)]])
def test_a_polygon_that_is_too_thin_is_refused(bundle, polygon):
    sentence = "the region is too thin to draw points from; draw a wider one"
    with pytest.raises(ProposalError, match=sentence):
        Region(tuple(polygon)).draw(10, bundle, rng())


NO_POLYGONS = [[], [(0, 0), (1, 1)], [(0, 0), (1,), (2, 2)], [(0, 0, 0)] * 3, "square", None, 5]


@pytest.mark.parametrize("polygon", NO_POLYGONS)
def test_points_want_a_polygon(polygon):
    for make in (Region, lambda wrong: proposals.uniform_polygon(10, wrong, rng=rng())):
        with pytest.raises(ValueError, match="a region wants 3 to 10,000 corners"):
            make(polygon)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_points_want_a_polygon_with_finite_corners(bad):
    with pytest.raises(ValueError, match="a region wants corners with finite coordinates"):
        Region(((0, 0), (1, 0), (0, bad)))


@pytest.mark.parametrize("k", [1, 3, 15])
def test_a_region_is_for_the_plane_only(bundle, k):
    sentence = (
        f"a region is drawn in the plane, but notebook-2d has {k} latent dimensions; "
        "propose from box, prior or records"
    )
    with pytest.raises(ProposalError, match=sentence):
        Region(CORNERS).draw(10, of_dimension(bundle, k), rng())


def test_regions_of_the_same_corners_are_the_same():
    assert Region(ELL) == Region(CORNERS) == Region(np.array(ELL))
    assert Region(ELL).polygon == CORNERS
    assert {type(number) for corner in Region(ELL).polygon for number in corner} == {float}
    assert len({Region(ELL), Region(CORNERS)}) == 1  # a cache may use it as a key


# --- by name --------------------------------------------------------------------------------------


KINDS = [Box(1.5), Prior(), Around(), Region(CORNERS)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_found_by_its_name_and_numbers(kind):
    numbers = {field.name: getattr(kind, field.name) for field in dataclasses.fields(kind)}
    assert proposals.proposal(kind.name, numbers) == kind
    assert PROPOSALS[kind.name] is type(kind)


def test_kinds_without_numbers_have_their_defaults():
    plain = [proposals.proposal(name) for name in ("box", "prior", "records")]
    assert plain == [Box(3.0), Prior(), Around()]


def test_a_kind_repeats_with_the_random_numbers(bundle):
    for kind in KINDS:
        one, same, other = (kind.draw(50, bundle, rng(seed)) for seed in (1, 1, 2))
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
        assert kind.draw(0, bundle, rng()).shape == (0, 2)


@pytest.mark.parametrize("name", ["", "Box", "sphere", "x" * 1000, 5, None])
def test_unknown_proposals_are_answered_with_those_that_exist(name):
    sentence = "there are no proposals '.{0,40}'; there are box, prior, records, region$"
    with pytest.raises(ProposalError, match=sentence):
        proposals.proposal(name)


@pytest.mark.parametrize(
    ("name", "numbers", "sentence"),
    [
        ("box", {"width": 3.0}, "from box want half_width, but came with width"),
        ("box", {"half_width": 3.0, "x": 1}, "from box want half_width, but came with half_width"),
        ("prior", {"sigma": 1}, "from prior want no numbers, but came with sigma"),
        ("records", {"polygon": TRIANGLE}, "from records want no numbers, but came with polygon"),
        ("region", {"half_width": 3.0}, "from region want polygon, but came with half_width"),
        ("region", {}, "from region want polygon, but came with nothing"),
        ("region", None, "from region want polygon, but came with nothing"),
        ("box", {"x" * 1000: 3.0}, "from box want half_width, but came with x{60}$"),
    ],
)
def test_other_numbers_are_answered_with_those_of_the_kind(name, numbers, sentence):
    with pytest.raises(ProposalError, match=f"proposals {sentence}"):
        proposals.proposal(name, numbers)


def test_a_proposal_error_is_a_value_error():
    assert issubclass(ProposalError, ValueError)


def test_a_region_beyond_any_map_is_refused():
    with pytest.raises(ValueError, match=r"corners up to 1e\+06 from 0, but some are farther"):
        Region(((-1e200, 0.0), (1e200, 0.0), (0.0, 1e200)))
