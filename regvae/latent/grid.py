"""A square grid of points in the plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Grid:
    """`size` x `size` points, a `step` apart, both coordinates from `low`.

    >>> Grid.of(1.0, 3).points[:3].tolist()
    [[-1.0, -1.0], [0.0, -1.0], [1.0, -1.0]]
    """

    low: float
    step: float
    size: int

    @classmethod
    def of(cls, reach: float, size: int) -> "Grid":
        """The grid from -reach to reach with so many points a side, 2 or more."""
        return cls(-reach, 2 * reach / (size - 1), size)

    @property
    def points(self) -> NDArray[np.float64]:
        """All points (size², 2); the first coordinate runs fastest."""
        axis = np.linspace(self.low, -self.low, self.size)
        return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
