"""What to train: data, network and training as frozen dataclasses, and the named presets."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

_WIDEST = 10_000


def _check(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)


def _whole(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= 2**32


def _real(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


@dataclass(frozen=True)
class Data:
    """The notebook's generator: its seed and the sizes of training, validation and test."""

    seed: int = 0
    sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)

    def __post_init__(self) -> None:
        _check(_whole(self.seed, 0), f"the data seed is a whole number from 0, not {self.seed!r}")
        _check(
            isinstance(self.sizes, tuple)
            and len(self.sizes) == 3
            and all(_whole(size, 1) for size in self.sizes),
            f"the sizes are three whole numbers from 1, not {self.sizes!r}",
        )


@dataclass(frozen=True)
class Network:
    """Widths of the hidden layers (ReLU) on both sides of a latent space of `latent_dim`."""

    latent_dim: int
    encoder: tuple[int, ...] = (150, 50, 25)
    decoder: tuple[int, ...] = (25, 50, 150)

    def __post_init__(self) -> None:
        hidden = (self.encoder, self.decoder)
        _check(
            all(isinstance(widths, tuple) for widths in hidden),
            f"the encoder and the decoder are lists of widths, not {hidden!r}",
        )
        widths = (self.latent_dim, *self.encoder, *self.decoder)
        _check(
            all(_whole(width, 1) and width <= _WIDEST for width in widths),
            f"layers and the latent space want widths from 1 to {_WIDEST:,}, not {widths!r}",
        )


@dataclass(frozen=True)
class Phase:
    """Some epochs with a fresh Adamax optimizer at one learning rate."""

    learning_rate: float
    epochs: int

    def __post_init__(self) -> None:
        _check(
            _real(self.learning_rate) and self.learning_rate > 0,
            f"the learning rate is a number above 0, not {self.learning_rate!r}",
        )
        _check(_whole(self.epochs, 1), f"a phase wants 1 epoch or more, not {self.epochs!r}")


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

    def __post_init__(self) -> None:
        _check(len(self.phases) > 0, "a training wants at least one phase")
        _check(_whole(self.batch_size, 1), f"the batch size is from 1, not {self.batch_size!r}")
        _check(_real(self.noise), f"the noise is a number from 0, not {self.noise!r}")
        _check(
            _real(self.reconstruction_weight),
            f"the reconstruction weight is a number from 0, not {self.reconstruction_weight!r}",
        )

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
        """The inverse of `to_dict`. Raises `ValueError` on unknown, lacking or senseless values."""
        parts = _exactly(cls, values)
        training = _exactly(Training, parts["training"])
        listed = training.pop("phases")
        _check(isinstance(listed, tuple), f"the phases are a list, not {listed!r}")
        phases = tuple(Phase(**_exactly(Phase, phase)) for phase in listed)
        return cls(
            name=parts["name"],
            network=Network(**_exactly(Network, parts["network"])),
            data=Data(**_exactly(Data, parts["data"])),
            training=Training(phases=phases, **training),
        )


def _exactly(kind: type, values: Any) -> dict[str, Any]:
    """The values by name, lists as tuples; they must be just those that the dataclass has."""
    names = [field.name for field in fields(kind)]
    if not isinstance(values, dict) or set(values) != set(names):
        came = ", ".join(map(str, values)) if isinstance(values, dict) else repr(values)[:40]
        raise ValueError(f"{kind.__name__} wants {', '.join(names)}, but came {came}")
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


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
