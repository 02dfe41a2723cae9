"""Linear pieces of small decoders by hand, of random ones against brute force."""

from itertools import pairwise

import numpy as np
import pytest

from regvae.latent.pieces import Decoder, cut_where_characters_change, linear_pieces
from regvae.model.autoencoder import Autoencoder, Dense
from regvae.onehot import OneHot
from tests.codes import TOY

EVERY = (0, 1, 2)


def autoencoder_of(*layers, likelihood="categorical"):
    """An autoencoder with the given decoder of (kernel, bias) for the toy format."""
    dense = [Dense(np.array(k, np.float32), np.array(b, np.float32)) for k, b in layers]
    head = Dense(np.zeros((18, len(dense[0].kernel)), np.float32), np.zeros(2, np.float32))
    return Autoencoder((), head, head, tuple(dense), OneHot(TOY), likelihood)


def random_autoencoder(seed, hidden=(7, 5), *, whole=False, likelihood="categorical"):
    """Random weights; `whole` are small whole numbers, with which many lines meet in a point."""
    rng = np.random.default_rng(seed)
    widths = (2, *hidden, 18)

    def draw(*shape):
        return rng.integers(-1, 2, shape) if whole else rng.normal(size=shape)

    layers = [(draw(one, other), draw(other)) for one, other in pairwise(widths)]
    return autoencoder_of(*layers, likelihood=likelihood)


def active(decoder, points):
    """Which neurons of all hidden layers are above 0 at points: (n, neurons)."""
    depths = range(1, len(decoder.layers))
    return np.hstack([decoder.hidden(points, depth) > 1e-9 for depth in depths])


def grid(half_width, size=300):
    """Points of which none lies on a line of whole numbers."""
    axis = np.linspace(-half_width, half_width, size + 1)[1:] - 0.9237 * half_width / size
    return np.stack(np.meshgrid(axis, axis + 0.00031), axis=-1).reshape(-1, 2)


def test_one_layer_divides_along_the_lines_of_its_neurons():
    kernel = [[1, 0, 1], [0, 1, 1]]  # x = 0.5, y = -1 and x + y = 0
    decoder = Decoder(autoencoder_of((kernel, [-0.5, 1, 0]), (np.zeros((3, 18)), np.zeros(18))))
    mesh = linear_pieces(decoder, 2.0)
    # The three lines meet in three points of the square, so that there are seven pieces.
    assert mesh.cells == 7
    triangle = np.argmin(np.linalg.norm(mesh.centres() - [2 / 3, -2 / 3], axis=1))
    assert mesh.areas()[triangle] == pytest.approx(0.5 * 0.5**2)
    assert mesh.areas().sum() == pytest.approx(16)


def test_a_second_layer_bends_its_lines_at_those_of_the_first():
    # |x| + |y| = 1, by four neurons and one above them: the square on its corner.
    first = ([[1, -1, 0, 0], [0, 0, 1, -1]], np.zeros(4))
    second = (np.ones((4, 1)), [-1])
    decoder = Decoder(autoencoder_of(first, second, (np.zeros((1, 18)), np.zeros(18))))
    mesh = linear_pieces(decoder, 2.0)
    assert mesh.cells == 8
    inside = np.abs(mesh.centres()).sum(axis=1) < 1
    assert mesh.areas()[inside] == pytest.approx([0.5] * 4)


def test_a_neuron_that_is_constant_or_there_twice_divides_nothing_more():
    kernel = [[1, 1, 0, -2], [0, 0, 0, 0]]
    decoder = Decoder(autoencoder_of((kernel, [0, 0, 1, 0]), (np.zeros((4, 18)), np.zeros(18))))
    assert linear_pieces(decoder, 1.0).areas().tolist() == [2.0, 2.0]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_pieces_of_random_decoders_are_those_of_a_grid(seed, whole):
    decoder = Decoder(random_autoencoder(seed, whole=whole))
    mesh = linear_pieces(decoder, 2.0)
    assert mesh.areas().min() > 0
    assert mesh.areas().sum() == pytest.approx(16, rel=1e-9)
    # The neurons that are above 0 tell pieces apart; a grid finds the large ones, in proportion.
    patterns, of_grid = np.unique(active(decoder, grid(2.0)), axis=0, return_counts=True)
    mine, inverse = np.unique(active(decoder, mesh.centres()), axis=0, return_inverse=True)
    sums = np.bincount(inverse, mesh.areas())
    areas = {tuple(row): area for row, area in zip(mine, sums, strict=True)}
    for row, count in zip(patterns, of_grid, strict=True):
        assert areas[tuple(row)] == pytest.approx(16 * count / 300**2, abs=0.05)


@pytest.mark.parametrize("likelihood", ["categorical", "bernoulli"])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_characters_do_not_change_within_a_cell(seed, whole, likelihood):
    autoencoder = random_autoencoder(seed, whole=whole, likelihood=likelihood)
    decoder = Decoder(autoencoder)
    mesh = linear_pieces(decoder, 2.0)
    cut_where_characters_change(mesh, decoder, EVERY)
    centres = mesh.centres()
    # As decoded by the autoencoder, and by its probabilities: argmax is the same for both.
    probabilities = autoencoder.probabilities(centres)
    places = decoder.places(centres, EVERY)
    if not whole:  # with whole numbers characters may tie in a whole cell
        assert autoencoder.decode(centres).tolist() == decoder.onehot.codes(places).tolist()
        assert [one.argmax(axis=1).tolist() for one in probabilities] == places.T.tolist()
    # The character of the centre is among the largest at every corner of its cell.
    for cell, ends in ((mesh.left, mesh.tail), (mesh.right, mesh.head)):
        inner = cell >= 0
        for block in decoder.onehot.blocks:
            logits = decoder.logits(mesh.points[ends[inner]], block.columns)
            own = places[cell[inner], block.position]
            below = logits.max(axis=1) - np.take_along_axis(logits, own[:, None], axis=1)[:, 0]
            assert below.max() < 1e-9


def test_only_the_positions_that_are_asked_for_are_cut():
    decoder = Decoder(random_autoencoder(3))
    mesh = linear_pieces(decoder, 2.0)
    pieces = mesh.cells
    cut_where_characters_change(mesh, decoder, ())
    assert mesh.cells == pieces
    cut_where_characters_change(mesh, decoder, (1,))
    one = mesh.cells
    cut_where_characters_change(mesh, decoder, (0, 2))
    assert pieces < one < mesh.cells
    assert decoder.places(mesh.centres(), (1,))[:, [0, 2]].max() == 0


def test_another_number_of_dimensions_is_refused(exact):
    with pytest.raises(ValueError, match="two latent dimensions, got 15; choose another model"):
        Decoder(exact.autoencoder)


@pytest.mark.parametrize("half_width", [0, -1, np.inf, np.nan, 2e6])
def test_a_box_without_area_is_refused(half_width):
    with pytest.raises(ValueError, match=r"half-width of the box from 1e-6 to 1e6, got .*;"):
        linear_pieces(Decoder(random_autoencoder(0)), half_width)
