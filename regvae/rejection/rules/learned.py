"""A rule that has seen decoded proposals, and predicts from the latent point alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regvae.rejection.rules.rule import Measure, Measures, Rule, RuleError, parameter

if TYPE_CHECKING:
    from regvae.rejection.measures import Measurer


@dataclass(frozen=True)
class Learned(Rule):
    """A score of at least `score`, learned from decoded proposals (`regvae.rejection.learning`).

    In two and three dimensions the score is how much farther the nearest unwanted point seen is
    than the nearest wanted one, in typical spacings of these points; in more the logit of a network
    fitted to them. Every run to results has a guarantee of its purity, since what was learned may
    be wrong.
    """

    name: ClassVar[str] = "learned"
    summary: ClassVar[str] = (
        "Has seen what many proposals decode to, and predicts from the point alone: its **score** "
        "is above 0 where wanted codes are likelier, and the higher the surer. For results the "
        "score is chosen by tests, with a guarantee of the purity."
    )
    measures: ClassVar[tuple[Measure, ...]] = (Measure("score", "learned score", ""),)
    needs_learning: ClassVar[bool] = True

    score: float = parameter(
        3.0,
        measure="score",
        operator=">=",
        maximum=15.0,
        step=0.01,
        unit="",
        label="Score",
        help="Least score that was learned from decoded proposals; higher is surer.",
        before="Accept if the score is at least",
    )

    @classmethod
    def measure(cls, measurer: "Measurer", z: NDArray[np.float64], codes: Any) -> Measures:
        """The learned `score`. Raises `RuleError` if the measurer has learned nothing."""
        del codes
        if measurer.predictor is None:
            raise RuleError(
                "expected a measurer that has learned for the rule learned, got one that has not; "
                "use make_measurer"
            )
        return {"score": measurer.predictor.score(z)}
