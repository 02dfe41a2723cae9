"""The figures of one epoch of training."""

from dataclasses import dataclass

from regvae.model.bundle import history_columns


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch, counted from 1.

    `loss` is the sum of the weighted terms, in nats, means over the training codes:
    `reconstruction`, `kl` and `order`. For the validation codes: `validation_loss` (nats),
    `validation_exact`, the exact match from the means, and `validation_right` (p,), the
    per-character accuracy at each position. `seconds` is the time of the epoch.
    """

    epoch: int
    learning_rate: float
    loss: float
    reconstruction: float
    kl: float
    order: float
    validation_loss: float
    validation_exact: float
    validation_right: tuple[float, ...]
    seconds: float

    def row(self) -> dict[str, float]:
        """As a row of a bundle's history."""
        row = dict(vars(self))
        shares = row.pop("validation_right")
        row |= {f"validation_right_{i}": share for i, share in enumerate(shares, start=1)}
        return {column: row[column] for column in history_columns(len(shares))}
