"""A small network that tells two kinds of points apart: fitted by Adam, and served, in NumPy.

It finds in fifteen dimensions what no distance does. scikit-learn's `MLPClassifier` learns the same
as well, but takes half as long again, and its steps do not shrink towards the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from regvae.parallel import in_order, one_thread_a_product

Floats = NDArray[np.float32]

HIDDEN = (128, 128)
"""Units of the hidden layers."""
_EPOCHS, _BATCH = 20, 512
_RATE = 6e-3
"""Adam's rate at the beginning; it falls to 0 by half a cosine."""
_MEAN, _SQUARE = 0.9, 0.999
"""What Adam keeps of its running means of gradients and of their squares in a step."""
_AT_ONCE = 2**13
"""Points that are served at a time, in the processor's cache."""


@dataclass(frozen=True)
class Network:
    """A network with rectified hidden layers and one output, in float32.

    Points are less `shift` (k,) and divided by `scale` (k,). `parameters` are a matrix (inputs,
    outputs) and a vector (outputs,) for each layer.
    """

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    parameters: tuple[Floats, ...]

    def score(self, z: ArrayLike) -> NDArray[np.float64]:
        """The logit of being of the kind `True`, of points z (m, k): (m,)."""
        points = np.asarray(z, np.float64)
        parts = [points[i : i + _AT_ONCE] for i in range(0, len(points), _AT_ONCE)] or [points]
        return np.concatenate(list(in_order(self._score, parts)))

    def _score(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        return _layers(self.parameters, self.inputs(z))[-1][:, 0].astype(np.float64)

    def inputs(self, z: NDArray[np.float64]) -> Floats:
        """Points z (m, k) as the first layer gets them: (m, k)."""
        return ((z - self.shift) / self.scale).astype(np.float32)


def fit(z: NDArray[np.float64], kind: NDArray[np.bool_], rng: np.random.Generator) -> Network:
    """Fit a network to points z (m, k) of a kind (m,), by the cross-entropy.

    The same generator gives the same network, with any number of threads.
    """
    scale = z.std(axis=0)
    scale[scale == 0] = 1
    network = Network(z.mean(axis=0), scale, _beginning((z.shape[1], *HIDDEN, 1), rng))
    parameters = network.parameters
    x, target = network.inputs(z), kind.astype(np.float32)
    means, squares = ([np.zeros_like(one) for one in parameters] for _ in range(2))
    batches = list(_batches(len(z), rng))
    with one_thread_a_product:  # two would wait for each other: six times the processor time
        for step, rows in enumerate(batches, start=1):
            rate = _RATE * (1 + np.cos(np.pi * step / len(batches))) / 2
            rate *= np.sqrt(1 - _SQUARE**step) / (1 - _MEAN**step)
            found = gradients(parameters, x[rows], target[rows])
            for one, gradient, mean, square in zip(parameters, found, means, squares, strict=True):
                mean += np.float32(1 - _MEAN) * (gradient - mean)
                square += np.float32(1 - _SQUARE) * (gradient * gradient - square)
                one -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-8))
    for one in parameters:
        one.flags.writeable = False  # many sessions share one network
    return network


def _beginning(sizes: tuple[int, ...], rng: np.random.Generator) -> tuple[Floats, ...]:
    """Random matrices (He et al., "Delving deep into rectifiers", 2015), and zeros."""
    found: list[Floats] = []
    for inputs, outputs in pairwise(sizes):
        matrix = rng.normal(size=(inputs, outputs)) * np.sqrt(2 / inputs)
        found += [matrix.astype(np.float32), np.zeros(outputs, np.float32)]
    return tuple(found)


def _batches(m: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Rows of m points, a batch at a time; each epoch in another order."""
    for _ in range(_EPOCHS):
        order = rng.permutation(m)
        yield from (order[start : start + _BATCH] for start in range(0, m, _BATCH))


def _layers(parameters: tuple[Floats, ...], x: Floats) -> list[Floats]:
    """The inputs x (m, k), and the outputs of every layer: (m, outputs) each."""
    found = [x]
    for matrix, vector in zip(parameters[::2], parameters[1::2], strict=True):
        if len(found) > 1:
            np.maximum(found[-1], 0, out=found[-1])
        found.append(found[-1] @ matrix + vector)
    return found


def gradients(parameters: tuple[Floats, ...], x: Floats, target: Floats) -> list[Floats]:
    """Gradients of the mean cross-entropy of inputs x (m, k) and targets (m,), 0 or 1.

    One for each of the parameters, in their order and shapes.
    """
    *inputs, output = _layers(parameters, x)
    error = (expit(output) - target[:, None]) / np.float32(len(x))
    found: list[Floats] = []
    for layer in reversed(range(len(inputs))):
        found = [inputs[layer].T @ error, error.sum(axis=0), *found]
        if layer:
            error = (error @ parameters[2 * layer].T) * (inputs[layer] > 0)
    return found
