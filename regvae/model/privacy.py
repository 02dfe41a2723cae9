"""The privacy budget of a private training run: its epsilon, by a published accountant."""

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from regvae.model.config import Preset

_DELTAS = tuple(10 ** (-power / 10) for power in range(1, 81))


@dataclass(frozen=True)
class Budget:
    """How much the weights may tell of any one training record: (epsilon, delta)-differential
    privacy, where neighbours are data sets of which one has one record more.

    For every set of weights, its probability with a record is at most exp(epsilon) times that
    without it, plus delta, and the other way round. `clip` is the largest norm of a record's
    gradient, `noise_multiplier` the standard deviation of the noise in clips, `sampling_rate` the
    probability of a record to be in a step's batch, and `accountant` what computed epsilon.
    """

    epsilon: float
    delta: float
    clip: float
    noise_multiplier: float
    sampling_rate: float
    steps: int
    accountant: str

    @classmethod
    def of(cls, preset: Preset) -> "Budget | None":
        """The budget that training a preset spends, or None if it is not private."""
        privacy, n = preset.training.privacy, preset.data.sizes[0]
        if privacy is None:
            return None
        rate = preset.training.batch_size / n
        steps = preset.training.epochs * preset.steps_an_epoch
        spent = epsilon(rate, privacy.noise_multiplier, steps, privacy.delta)
        return cls(
            spent,
            privacy.delta,
            privacy.clip,
            privacy.noise_multiplier,
            rate,
            steps,
            "dp_accounting.pld.PLDAccountant",
        )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Budget":
        """From the values of a manifest. Raises `ValueError` if they are not those of a budget."""
        names = [field.name for field in fields(cls)]
        right = isinstance(values, dict) and set(values) == set(names)
        if right:
            numbers = [values[name] for name in names if name != "accountant"]
            right = all(type(one) in (int, float) and 0 <= one < math.inf for one in numbers)
        if not right:
            raise ValueError(
                f"expected {', '.join(names)} for the privacy, finite numbers from 0, got "
                f"{str(values)[:200]}; train the bundle again"
            )
        return cls(**values)

    def most_found(self, false_positives: float) -> float:
        """The largest true positive rate, 0 to 1, that any attack on the weights can have at a
        false positive rate, if a member's place is taken by another record in the world without it:
        so it is where the number of training records is fixed.

        For each (epsilon, delta) it is bounded after Kairouz, Oh and Viswanath, "The composition
        theorem for differential privacy", 2017, theorem 2.1; the least bound of several deltas
        holds, with the epsilons of replacing one record.
        """
        bounds = [
            trade_off(false_positives, epsilon(*self._steps, delta, replace=True), delta)
            for delta in _DELTAS
        ]
        return min(bounds)

    @property
    def _steps(self) -> tuple[float, float, int]:
        return self.sampling_rate, self.noise_multiplier, self.steps

    def sentence(self, plural: str) -> str:
        """What it is and what it covers."""
        return (
            f"epsilon {self.epsilon:.2f} at delta {self.delta:g}: the weights are differentially "
            f"private for each of the training {plural}; the bundle's records are these themselves"
        )


def trade_off(false_positives: float, epsilon: float, delta: float) -> float:
    """The largest true positive rate, 0 to 1, at a false positive rate for (epsilon, delta)."""
    upwards = math.exp(min(epsilon, 700)) * false_positives + delta
    downwards = 1 - math.exp(-epsilon) * (1 - delta - false_positives)
    return max(0.0, min(1.0, upwards, downwards))


def epsilon(
    rate: float, noise_multiplier: float, steps: int, delta: float, *, replace: bool = False
) -> float:
    """Epsilon of steps with Poisson samples of a rate and Gaussian noise, by the privacy loss
    distribution (Koskela et al., "Computing tight differential privacy guarantees using FFT",
    2020), which is an upper bound. Neighbours have one record more, or with `replace` another."""
    return float(_accountant(rate, noise_multiplier, steps, replace).get_epsilon(delta))


@lru_cache(maxsize=256)
def _accountant(rate: float, noise_multiplier: float, steps: int, replace: bool) -> Any:
    # Here, as the import takes a second, and few need it.
    import dp_accounting  # type: ignore[import-untyped]
    from dp_accounting import pld

    relation = dp_accounting.NeighboringRelation
    accountant = pld.PLDAccountant(relation.REPLACE_ONE if replace else relation.ADD_OR_REMOVE_ONE)
    step = dp_accounting.PoissonSampledDpEvent(
        rate, dp_accounting.GaussianDpEvent(noise_multiplier)
    )
    accountant.compose(step, steps)
    return accountant
