"""Planes: projections and slices compared with closed forms, in one, two and many dimensions."""

import numpy as np
import pytest

from regvae.formats import UK_REGISTRATION
from regvae.latent.plane import Plane, PlaneError
from regvae.model.records import Records


def records(mean):
    mean = np.asarray(mean, np.float32)
    codes = np.array([f"AA{i:02}AAA" for i in range(len(mean))])
    split = np.full(len(mean), "train")
    return Records(codes, split, mean, np.ones_like(mean), UK_REGISTRATION)


def cloud(k, n=90, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)) @ rng.normal(size=(k, k)) + rng.normal(size=k)


@pytest.mark.parametrize("k", [1, 2, 3, 15])
def test_project_is_the_inverse_of_lift(k):
    some = records(cloud(k))
    xy = np.random.default_rng(1).normal(size=(20, 2)) * ([1, 0] if k == 1 else [1, 1])
    anchor = np.random.default_rng(2).normal(size=k)
    for plane in (Plane.axes(some, 1, min(k, 2)), Plane.principal(some)):
        lifted = plane.lift(xy, anchor)
        assert lifted.shape == (20, k)
        assert plane.latent_dim == k
        np.testing.assert_allclose(plane.project(lifted), xy, atol=1e-12)
        np.testing.assert_allclose(plane.lift([[0, 0]], anchor)[0], plane.rest(anchor))
        # Across the plane, lifted points do not differ from the anchor.
        across = np.eye(k) - plane.basis.T @ plane.basis
        np.testing.assert_allclose((lifted - anchor) @ across, 0, atol=1e-12)
        # A point that is its own anchor is lifted to itself.
        np.testing.assert_allclose(plane.lift(plane.project([anchor]), anchor)[0], anchor)


def test_in_two_dimensions_the_plane_is_the_space_to_the_last_bit(bundle):
    plane = Plane.axes(bundle.records, 1, 2)
    z = np.random.default_rng(0).normal(size=(100, 2)) * 1e3
    np.testing.assert_array_equal(plane.project(z), z)
    np.testing.assert_array_equal(plane.lift(z, [0.1, -7.3]), z)
    assert plane.share == pytest.approx(1)


def test_a_plane_of_two_axes_does_not_change_other_coordinates():
    plane = Plane.axes(records(cloud(5)), 4, 2)
    anchor = np.array([10.0, 20, 30, 40, 50])
    np.testing.assert_array_equal(plane.lift([[1.5, -2.5]], anchor), [[10, -2.5, 30, 1.5, 50]])
    np.testing.assert_array_equal(plane.project([anchor]), [[40, 20]])


def test_the_share_of_two_axes_is_that_of_their_variances():
    mean = cloud(4)
    variance = mean.astype(np.float32).astype(float).var(axis=0)
    plane = Plane.axes(records(mean), 1, 3)
    assert plane.share == pytest.approx((variance[0] + variance[2]) / variance.sum())


def test_no_plane_has_a_larger_share_than_the_principal_one():
    mean = cloud(6)
    some = records(mean)
    best = Plane.principal(some)
    singular = np.linalg.svd(mean - mean.mean(axis=0), compute_uv=False) ** 2
    assert best.share == pytest.approx(singular[:2].sum() / singular.sum(), rel=1e-5)
    np.testing.assert_allclose(best.basis @ best.basis.T, np.eye(2), atol=1e-12)
    shares = [Plane.axes(some, i, j).share for i in range(1, 7) for j in range(1, 7) if i != j]
    assert best.share >= max(shares)
    # The first direction has the larger variance, and the sign of both is fixed.
    variance = best.project(mean).var(axis=0)
    assert variance[0] >= variance[1]
    assert all(row[np.abs(row).argmax()] > 0 for row in best.basis)


def test_the_extent_contains_every_record():
    some = records(cloud(3) * 4)
    for plane in (Plane.axes(some, 2, 3), Plane.principal(some)):
        assert plane.extent == pytest.approx(np.abs(plane.project(some.mean)).max() * 1.05)
    assert Plane.axes(records(cloud(3) * 0.01), 1, 2).extent == pytest.approx(3.15)


def test_records_with_equal_means_have_a_plane_too():
    equal = records(np.ones((5, 3)))
    assert Plane.principal(equal).share == Plane.axes(equal, 1, 2).share == 1


@pytest.mark.parametrize("pair", [(0, 1), (1, 1), (1, 4), (-1, 2)])
def test_axes_that_do_not_span_a_plane_are_refused(pair):
    first, second = pair
    words = f"two different axes from 1 to 3, got {first} and {second};"
    with pytest.raises(PlaneError, match=words):
        Plane.axes(records(cloud(3)), first, second)
