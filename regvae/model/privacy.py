"""The privacy budget of a private training run: its epsilon, by a published accountant."""

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from regvae.model.config import Preset


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
        if not isinstance(values, dict) or set(values) != set(names):
            raise ValueError(
                f"expected {', '.join(names)} for the privacy, got {str(values)[:200]}; train the "
                "bundle again"
            )
        return cls(**values)

    def most_found(self, false_positives: float) -> float:
        """The largest true positive rate, 0 to 1, that any attack on the weights can have at a
        false positive rate: Kairouz, Oh and Viswanath, "The composition theorem for differential
        privacy", 2017, theorem 2.1."""
        upwards = math.exp(min(self.epsilon, 700)) * false_positives + self.delta
        downwards = 1 - math.exp(-self.epsilon) * (1 - self.delta - false_positives)
        return max(0.0, min(1.0, upwards, downwards))

    def sentence(self, plural: str) -> str:
        """What it is and what it covers."""
        return (
            f"epsilon {self.epsilon:.2f} at delta {self.delta:g}: the weights are differentially "
            f"private for each of the training {plural}; the bundle's records are these themselves"
        )


@lru_cache(maxsize=256)
def epsilon(rate: float, noise_multiplier: float, steps: int, delta: float) -> float:
    """Epsilon of steps with Poisson samples of a rate and Gaussian noise, by the privacy loss
    distribution (Koskela et al., "Computing tight differential privacy guarantees using FFT",
    2020), which is an upper bound."""
    # Here, as the import takes a second, and few need it.
    import dp_accounting  # type: ignore[import-untyped]
    from dp_accounting import pld

    accountant = pld.PLDAccountant(dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE)
    step = dp_accounting.PoissonSampledDpEvent(
        rate, dp_accounting.GaussianDpEvent(noise_multiplier)
    )
    accountant.compose(step, steps)
    return float(accountant.get_epsilon(delta))
