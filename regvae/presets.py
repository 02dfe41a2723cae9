"""What to train: data, network and training as frozen dataclasses, and the named presets."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Data:
    """The notebook's generator: its seed and the sizes of training, validation and test."""

    seed: int = 0
    sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)


@dataclass(frozen=True)
class Network:
    """Widths of the hidden layers (ReLU) on both sides of a latent space of `latent_dim`."""

    latent_dim: int
    encoder: tuple[int, ...] = (150, 50, 25)
    decoder: tuple[int, ...] = (25, 50, 150)


@dataclass(frozen=True)
class Phase:
    """Some epochs with a fresh Adamax optimizer at one learning rate."""

    learning_rate: float
    epochs: int


@dataclass(frozen=True)
class Training:
    """How to fit the network.

    `noise` is the standard deviation of e in z = mean + sigma * e, and `reconstruction_weight`
    multiplies the mean binary cross-entropy over the 150 outputs. The defaults are the notebook's:
    a noise a tenth of the sigma it reports, and 151 = 150 from its own loss + 1 from `compile`.
    """

    phases: tuple[Phase, ...] = (Phase(0.004, 200), Phase(0.001, 200))
    batch_size: int = 8
    noise: float = 0.1
    reconstruction_weight: float = 151.0

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    def phase_of(self, epoch: int) -> int:
        """Index of the phase that the epoch (counted from 0) belongs to."""
        end = 0
        for index, phase in enumerate(self.phases):
            end += phase.epochs
            if epoch < end:
                return index
        raise ValueError(f"epoch {epoch} lies beyond the {end} epochs of this training")


@dataclass(frozen=True)
class Preset:
    """Everything that decides a trained model but its seed."""

    name: str
    network: Network
    data: Data = Data()
    training: Training = Training()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preset":
        """The inverse of `to_dict`. Raises `TypeError` or `KeyError` on unknown or lacking keys."""
        data, network, training = (dict(values[key]) for key in ("data", "network", "training"))
        phases = tuple(Phase(**phase) for phase in training.pop("phases"))
        return cls(
            name=values["name"],
            data=Data(seed=data.pop("seed"), sizes=tuple(data.pop("sizes")), **data),
            network=Network(
                encoder=tuple(network.pop("encoder")),
                decoder=tuple(network.pop("decoder")),
                **network,
            ),
            training=Training(phases=phases, **training),
        )


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("notebook-2d", Network(latent_dim=2)),
        Preset("notebook-15d", Network(latent_dim=15)),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name. Raises `ValueError` naming those that exist."""
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
