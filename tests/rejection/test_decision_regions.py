"""Decision regions: against a grid of decoded points, and the figures of the shipped models."""

import time

import numpy as np
import pytest

import regvae
from regvae.latent.pieces import Decoder
from regvae.latent.rings import signed_area
from regvae.rejection.decision_regions import ANY, DecisionRegions
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])
SIZE = 250  # the same holds with 1,000, which takes a minute for each model


@pytest.fixture(scope="module")
def regions(bundle):
    return DecisionRegions.of(bundle, BELOW_50)


def inside(rings, size):
    """Which points of a grid in the box lie in some rings by the even-odd rule: (size, size)."""
    axis = np.linspace(-3, 3, size)
    flips = np.zeros((size, size + 1), np.int64)
    starts = np.concatenate(rings)
    stops = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    for (x1, y1), (x2, y2) in zip(starts, stops, strict=True):
        rows = np.flatnonzero((y1 > axis) != (y2 > axis))
        x = x1 + (axis[rows] - y1) / (y2 - y1 or 1) * (x2 - x1) if len(rows) else np.empty(0)
        np.add.at(flips, (rows, np.searchsorted(axis, x, side="left")), 1)
    return flips[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:] % 2 == 1


@pytest.mark.parametrize("name", ["notebook-2d", "ordered-2d", "dvla-2d"])
def test_decoded_points_disagree_only_at_the_edge(name):
    bundle = regvae.load(name)
    found = DecisionRegions.of(bundle, BELOW_50)
    axis = np.linspace(-3, 3, SIZE)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    decoded = ~BELOW_50.of_codes(bundle.autoencoder.decode(points), bundle)
    wanted = [
        ring
        for rings, good in zip(found.polygons(), found.wanted, strict=True)
        for ring in (rings if good else ())
    ]
    ours = inside(wanted, SIZE).ravel()
    # The grid's last row and column lie on the border of the box, where even-odd is undecided.
    border = (np.abs(points) == 3).any(axis=1)
    different = points[(ours != decoded) & ~border]
    assert len(different) <= 3
    # The autoencoder computes in 32 bits: 1e-6 is what that explains.
    assert np.max(found.distance(different), initial=0) < 1e-6


def test_the_wanted_share_of_the_notebooks_box_is_that_of_a_review(regions):
    assert regions.share_wanted == pytest.approx(0.175752, abs=5e-7)
    assert regions.pieces == 27_314


def test_the_areas_sum_to_the_box_and_none_is_negative(regions):
    assert regions.areas.sum() == pytest.approx(36, rel=1e-9)
    assert regions.areas.min() > 0
    enclosed = [sum(map(signed_area, rings)) for rings in regions.polygons()]
    assert enclosed == pytest.approx(regions.areas.tolist(), abs=1e-9)


def test_every_centre_of_a_cell_decodes_to_the_label_of_its_region(bundle, regions):
    mesh = regions._mesh
    wide = mesh.areas() > 1e-12  # narrower cells are finer than 32 bits
    codes = bundle.autoencoder.decode(mesh.centres()[wide])
    labels = regions.codes[regions._region[wide]]
    places = list(regions.positions)
    assert places == [2]  # the tens
    for place in places:
        assert [code[place] for code in codes] == [label[place] for label in labels]
    assert (~BELOW_50.of_codes(codes, bundle)).tolist() == (
        regions.wanted[regions._region[wide]].tolist()
    )
    assert all(set(label[:2] + label[3:]) == {ANY} for label in regions.codes)


def test_answers_change_at_the_distance_to_the_edge_and_not_before(bundle, regions):
    rng = np.random.default_rng(0)
    points = rng.uniform(-2, 2, (60, 2))
    reach = regions.distance(points)
    decoder = Decoder(bundle.autoencoder)

    def wanted(z):
        codes = decoder.onehot.codes(decoder.places(z, regions.positions))
        return ~BELOW_50.of_codes(codes, bundle)

    here = wanted(points)
    changed = np.zeros(len(points), bool)
    for angle in np.linspace(0, 2 * np.pi, 240, endpoint=False):
        way = np.array([np.cos(angle), np.sin(angle)])
        assert (wanted(points + 0.999 * reach[:, None] * way) == here).all()
        changed |= wanted(points + (1.001 * reach[:, None] + 0.005) * way) != here
    # A sliver may hide between two of the angles.
    assert changed.mean() > 0.9


@pytest.mark.parametrize(
    ("unwanted", "places"),
    [
        (Unwanted.of(["area == london"]), 2),
        (Unwanted.of(["number < 50 or first_letter == A"]), 2),
        (Unwanted.of(listed=["AB12CDE"]), 7),
    ],
)
def test_other_unwanted_sets_have_the_share_that_a_sample_finds(unwanted, places):
    bundle = regvae.load("principled-2d")
    found = DecisionRegions.of(bundle, unwanted, 2.0)
    assert len(found.positions) == places
    points = np.random.default_rng(0).uniform(-2, 2, (40_000, 2))
    share = (~unwanted.of_codes(bundle.autoencoder.decode(points), bundle)).mean()
    assert found.share_wanted == pytest.approx(share, abs=0.01)


def test_without_an_edge_everything_is_infinitely_far_from_one(bundle):
    found = DecisionRegions.of(bundle, Unwanted.of(listed=["AB12CDE"]), 0.01)
    assert found.share_wanted == 1
    assert found.distance([[0.0, 0.0]]).tolist() == [np.inf]


@pytest.mark.parametrize(("name", "seconds"), [("notebook-2d", 5), ("ordered-2d", 10)])
def test_it_is_quick(name, seconds):
    bundle = regvae.load(name)
    start = time.process_time()
    DecisionRegions.of(bundle, BELOW_50)
    assert time.process_time() - start < seconds
