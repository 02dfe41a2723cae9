"""Where the means of records lie, in a few numbers: all that a release tells of them.

There is no bounding box: its sides are coordinates of single records. The numbers are rounded to
three digits, and three decimals, so that what one of many records changes is not seen. That is no
differential privacy: of a hundred records, whoever knows all but one can tell something of that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_DIGITS = 3
_LARGEST = 1e6


@dataclass(frozen=True)
class Spread:
    """The spread of the means of records in k dimensions.

    `mean` and `sd` (k,) are their mean and standard deviation along each latent axis. `widest`
    (2, k) has orthonormal rows, their first two principal directions, with the standard deviations
    `widest_sd` (2,) along them; for k = 1 the second row is 0.
    """

    mean: Floats
    sd: Floats
    widest: Floats
    widest_sd: Floats

    @classmethod
    def of(cls, means: NDArray) -> "Spread":
        """The spread of means (n, k)."""
        means = means.astype(np.float64)
        centre = means.mean(axis=0)
        widest = principal_directions(means)
        return cls(centre, means.std(axis=0), widest, ((means - centre) @ widest.T).std(axis=0))

    def to_dict(self) -> dict[str, Any]:
        """As rounded lists for JSON; `from_dict` reads them."""
        return {name: _rounded(one) for name, one in vars(self).items()}

    @classmethod
    def from_dict(cls, values: Any, k: int) -> "Spread":
        """The spread in k dimensions of such lists. Raises `ValueError` for others."""
        shapes = {"mean": (k,), "sd": (k,), "widest": (2, k), "widest_sd": (2,)}
        if not isinstance(values, dict) or values.keys() != shapes.keys():
            raise ValueError(f"expected the keys {', '.join(shapes)}, got others; correct them")
        found = {}
        for name, shape in shapes.items():
            try:
                found[name] = np.array(values[name], np.float64)
            except (ValueError, TypeError, OverflowError):
                found[name] = np.array(np.nan)
            if found[name].shape != shape or not (np.abs(found[name]) <= _LARGEST).all():
                raise ValueError(
                    f"expected {name} as finite numbers {shape}, got others; correct them"
                )
        if (found["sd"] < 0).any() or (found["widest_sd"] < 0).any():
            raise ValueError(
                "expected standard deviations of 0 or more, got negative ones; correct them"
            )
        found["widest"] = _orthonormal(found["widest"])
        return cls(**found)

    def points(self, n: int) -> Floats:
        """n points that lie about as the means do, always the same: (n, k)."""
        normal = np.random.default_rng(0).normal(size=(n, len(self.mean)))
        return self.mean + self.sd * normal


def principal_directions(means: NDArray) -> Floats:
    """The first two principal directions (PCA) of means (n, k): orthonormal rows, (2, k).

    Each has the sign that makes its entry of largest magnitude positive. For k = 1 the second is 0.
    """
    means = means.astype(np.float64)
    if means.shape[1] == 1:
        return np.array([[1.0], [0.0]])
    vectors = np.linalg.eigh(np.cov((means - means.mean(axis=0)).T))[1]
    basis = vectors[:, ::-1].T[:2]
    largest = np.take_along_axis(basis, np.abs(basis).argmax(axis=1)[:, None], axis=1)
    return basis * np.sign(largest)


def _rounded(values: Floats) -> list[Any]:
    """Nested lists of numbers of so few digits, and decimals."""
    rounded = [round(float(f"{one:.{_DIGITS}g}"), _DIGITS) for one in values.ravel().tolist()]
    return np.array(rounded).reshape(values.shape).tolist()


def _orthonormal(rows: Floats) -> Floats:
    """Rounded directions (2, k), made orthonormal again."""
    if rows.shape[1] == 1:
        return np.array([[1.0], [0.0]])
    basis, triangle = np.linalg.qr(rows.T)
    lengths = np.diag(triangle)
    if (np.abs(lengths) < 0.5).any():
        raise ValueError("expected two orthogonal directions as widest, got others; correct them")
    return (basis * np.sign(lengths)).T
