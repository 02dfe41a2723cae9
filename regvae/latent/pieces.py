"""The linear pieces of a decoder of two latent dimensions, divided where its characters change.

A decoder of ReLU layers is linear in convex pieces, so that this is exact but for the rounding of
64-bit numbers. The weights are used as they are, of 32 bits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regvae.latent.mesh import Floats, Mesh
from regvae.model.autoencoder import Autoencoder
from regvae.onehot import Block

_CHUNK = 32
"""Neurons whose values are held for every vertex at once."""


class Decoder:
    """The decoder of an autoencoder, in 64-bit numbers."""

    def __init__(self, autoencoder: Autoencoder) -> None:
        """Raises `ValueError` unless the latent space has two dimensions."""
        if autoencoder.latent_dim != 2:
            raise ValueError(
                f"expected a model of two latent dimensions, got {autoencoder.latent_dim}; choose "
                "another model"
            )
        self.onehot = autoencoder.onehot
        self.layers = [
            (layer.kernel.astype(np.float64), layer.bias.astype(np.float64))
            for layer in autoencoder.decoder
        ]

    def hidden(self, points: Floats, depth: int) -> Floats:
        """Points (n, 2) -> what so many ReLU layers make of them: (n, width)."""
        for kernel, bias in self.layers[:depth]:
            points = np.maximum(points @ kernel + bias, 0)
        return points

    def logits(self, points: Floats, columns: slice) -> Floats:
        """Points (n, 2) -> some of the outputs before sigmoid or softmax: (n, c)."""
        kernel, bias = self.layers[-1]
        hidden = self.hidden(points, len(self.layers) - 1)
        return hidden @ kernel[:, columns] + bias[columns]

    def places(self, points: Floats, positions: Sequence[int]) -> NDArray[np.intp]:
        """Points (n, 2) -> the likeliest character at some learned positions, counted from 0.

        As places in the alphabets of all b learned positions, (n, b); 0 at the others.
        """
        kernel, bias = self.layers[-1]
        hidden = self.hidden(points, len(self.layers) - 1)
        found = np.zeros((len(points), self.onehot.positions), np.intp)
        for index in map(self.onehot.index, positions):
            block = self.onehot.blocks[index]
            logits = hidden @ kernel[:, block.columns] + bias[block.columns]
            found[:, index] = logits.argmax(axis=1)
        return found


def linear_pieces(decoder: Decoder, half_width: float) -> Mesh:
    """The square [-half_width, half_width]² divided into pieces in which a decoder is linear.

    Raises `ValueError` unless the half-width is from 1e-6 to 1e6: areas of much smaller boxes
    would be 0.
    """
    if not 1e-6 <= half_width <= 1e6:
        raise ValueError(
            f"expected a half-width of the box from 1e-6 to 1e6, got {half_width:g}; change it"
        )
    mesh = Mesh(half_width)
    for depth, (kernel, bias) in enumerate(decoder.layers[:-1]):
        for start in range(0, len(bias), _CHUNK):
            part = slice(start, start + _CHUNK)
            mesh.carry(decoder.hidden(mesh.points, depth) @ kernel[:, part] + bias[part])
            for neuron in range(mesh.values.shape[1]):
                mesh.cut(mesh.values[:, neuron])
    return mesh


def cut_where_characters_change(mesh: Mesh, decoder: Decoder, positions: Sequence[int]) -> None:
    """Divide linear pieces so that each has one likeliest character at each of some positions."""
    for position in positions:
        _cut_by_character(mesh, decoder, decoder.onehot.blocks[decoder.onehot.index(position)])


def _cut_by_character(mesh: Mesh, decoder: Decoder, block: Block) -> None:
    """The characters are compared with the largest before them, one after the other.

    The largest of several is linear in the cells that were cut so far, as each logit is. The
    characters that are the likeliest at most vertices come first, as they make the fewest cuts.
    """
    logits = decoder.logits(mesh.points, block.columns)
    winner = logits.argmax(axis=1)
    order = np.argsort(-np.bincount(winner, minlength=logits.shape[1]), kind="stable")
    # One that is the largest at all corners of a piece is the largest in it.
    changes = np.zeros(mesh.cells + 1, bool)
    edges = winner[mesh.tail] != winner[mesh.head]
    changes[mesh.left[edges]] = changes[mesh.right[edges]] = True
    changes = changes[:-1]
    mesh.carry(logits[:, order])
    for place in range(1, len(order)):
        height = mesh.values[:, place] - mesh.values[:, :place].max(axis=1)
        parents = mesh.cut(height, only=changes)
        changes = np.append(changes, np.ones(len(parents), bool))
