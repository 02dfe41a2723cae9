"""A mesh: cuts along lines by hand, many random lines, and lines that meet in one point."""

import numpy as np
import pytest

from regvae.latent.mesh import OUTSIDE, Mesh
from regvae.latent.rings import rings, signed_area


def cut(mesh, a, b, c, only=None):
    """Cut along a x + b y + c = 0."""
    return mesh.cut(mesh.points @ np.array([a, b], float) + c, only)


def test_the_square_is_one_cell():
    mesh = Mesh(2.0)
    assert mesh.areas().tolist() == [16.0]
    assert mesh.centres().tolist() == [[0.0, 0.0]]
    assert set(mesh.right.tolist()) == {OUTSIDE}


def test_a_line_divides_the_square_and_the_new_cell_is_the_lower_side():
    mesh = Mesh(1.0)
    assert cut(mesh, 1, 0, -0.5).tolist() == [0]  # x = 0.5
    assert mesh.areas().tolist() == [1.0, 3.0]
    assert mesh.centres().tolist() == [[0.75, 0.0], [-0.25, 0.0]]
    assert cut(mesh, 0, 1, 0).tolist() == [0, 1]  # y = 0
    assert sorted(mesh.areas().tolist()) == [0.5, 0.5, 1.5, 1.5]


def test_a_line_beside_the_square_or_along_an_edge_divides_nothing():
    mesh = Mesh(1.0)
    for line in ((1, 0, -2), (1, 0, 1), (0, 1, -1), (0, 0, 0)):
        assert not len(cut(mesh, *line))
    cut(mesh, 1, 1, 0)
    assert not len(cut(mesh, 1, 1, 0))
    assert not len(cut(mesh, -2, -2, 1e-13))
    assert (mesh.cells, len(mesh.points), len(mesh.tail)) == (2, 4, 5)


def test_a_line_through_corners_makes_no_new_vertex():
    mesh = Mesh(1.0)
    assert len(cut(mesh, 1, -1, 0))
    assert len(mesh.points) == 4
    assert mesh.areas().tolist() == [2.0, 2.0]


def test_lines_through_one_point_share_it():
    mesh = Mesh(1.0)
    for angle in np.arange(7) * np.pi / 7 + 0.1:
        cut(mesh, np.cos(angle), np.sin(angle), 0)
    assert mesh.cells == 14
    assert (np.linalg.norm(mesh.points, axis=1) < 1e-12).sum() == 1


def test_only_some_cells_are_divided_and_their_neighbours_keep_their_area():
    mesh = Mesh(1.0)
    cut(mesh, 1, 0, 0)
    right = mesh.centres()[:, 0] > 0
    assert len(cut(mesh, 0, 1, 0, right)) == 1
    assert sorted(mesh.areas().tolist()) == [1.0, 1.0, 2.0]
    assert len(cut(mesh, 1, -1, 0, np.append(right, True))) == 1  # through the vertex at 0


def test_numbers_of_the_vertices_are_interpolated():
    mesh = Mesh(1.0)
    slope, height = np.array([[2.0, -1.0], [0.5, 3.0]]), np.array([0.25, -4.0])
    mesh.carry(mesh.points @ slope + height)
    for line in ((1, 0, -0.3), (2, 5, 1), (-1, 1, 0.125)):
        cut(mesh, *line)
    np.testing.assert_allclose(mesh.values, mesh.points @ slope + height, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_random_lines_divide_as_often_as_eulers_formula_says(seed):
    rng = np.random.default_rng(seed)
    mesh = Mesh(3.0)
    lines = np.column_stack([rng.normal(size=(60, 2)), rng.normal(size=60)])
    for line in lines:
        cut(mesh, *line)
    sides = np.unique(mesh.centres() @ lines[:, :2].T + lines[:, 2] > 0, axis=0)
    assert mesh.cells == len(sides)  # no two cells are on the same side of every line
    assert len(mesh.points) - len(mesh.tail) + mesh.cells == 1
    assert mesh.areas().min() > 0
    assert mesh.areas().sum() == pytest.approx(36, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_rings_of_joined_cells_enclose_their_area(seed):
    rng = np.random.default_rng(seed)
    mesh = Mesh(1.0)
    for line in np.column_stack([rng.normal(size=(25, 2)), 0.6 * rng.normal(size=25)]):
        cut(mesh, *line)
    count, area = mesh.joined(rng.integers(2, size=mesh.cells))
    found = rings(mesh, area)
    assert len(found) == count
    expected = np.bincount(area, mesh.areas())
    assert [sum(map(signed_area, some)) for some in found] == pytest.approx(expected.tolist())
    # One border each, anticlockwise, and holes, clockwise.
    turns = [[signed_area(ring) > 0 for ring in some] for some in found]
    assert all(one[0] and not any(one[1:]) for one in turns)


def test_a_cell_in_the_middle_is_a_hole_of_the_others():
    mesh = Mesh(3.0)
    for line in ((1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)):
        cut(mesh, *line)
    count, area = mesh.joined(np.linalg.norm(mesh.centres(), axis=1) < 0.5)
    assert count == 2
    by_size = sorted(rings(mesh, area), key=len)
    assert [[signed_area(ring) for ring in some] for some in by_size] == [[4.0], [36.0, -4.0]]
    edge = mesh.between(np.linalg.norm(mesh.centres(), axis=1) < 0.5)
    lengths = np.linalg.norm((mesh.points[mesh.head] - mesh.points[mesh.tail])[edge], axis=1)
    assert lengths.tolist() == [2.0] * 4
