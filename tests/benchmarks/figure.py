"""One measured figure beside its baseline."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measurement: `value` and `baseline` in `unit`, both from the same run.

    `target` is a goal in words, and `met` whether it was reached; a figure without a target is for
    information.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better than the baseline: less time, or more per second."""
        if self.baseline is None:
            return None
        better, worse = (
            (self.value, self.baseline) if self.unit.endswith("/s") else (self.baseline, self.value)
        )
        return better / worse
