"""What to train: data, network and training as frozen dataclasses."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Literal, get_args

from regvae.formats import UK_REGISTRATION, Codes, Format, codes, format_named, uk_registration
from regvae.onehot import OneHot, one_hot

FEWEST = 120
"""Own codes that a training needs at least: ten each are held out for validation and for test."""

_WIDEST = 10_000
_MOST_CODES = 1_000_000
_MOST_WEIGHTS = 20_000_000  # some gigabytes while they are trained
_MOST_PAIRED = 20_000  # an order compares each with each

Source = Literal["notebook", "dvla", "own"]
Likelihood = Literal["bernoulli", "categorical"]
Divergence = Literal["notebook", "exact"]
Optimizer = Literal["adamax", "adam"]
Schedule = Literal["constant", "cosine"]


def _check(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)


def _whole(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= 2**32


def _real(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def _check_choice(what: str, value: Any, choices: Iterable[str]) -> None:
    _check(value in choices, f"the {what} is one of {', '.join(choices)}, not {value!r}")


@dataclass(frozen=True)
class Data:
    """Where the codes come from, and how many are in training, validation and test.

    `notebook` is the notebook's generator of UK registrations, `dvla` the same limited to what DVLA
    may issue, `own` a list of one's own codes of the `format`, identified by its sha256 and
    shuffled by the seed.
    """

    seed: int = 0
    sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)
    source: Source = "notebook"
    sha256: str = ""
    format: Format = UK_REGISTRATION

    def __post_init__(self) -> None:
        _check_choice("source of the data", self.source, get_args(Source))
        _check(_whole(self.seed, 0), f"the data seed is a whole number from 0, not {self.seed!r}")
        _check(
            isinstance(self.sizes, tuple)
            and len(self.sizes) == 3
            and all(_whole(size, 1) and size <= _MOST_CODES for size in self.sizes),
            f"expected three sizes from 1 to {_MOST_CODES:,}, got {self.sizes!r}; change them",
        )
        _check(
            isinstance(self.sha256, str) and bool(self.sha256) == (self.source == "own"),
            f"expected a sha256 for own codes and no others, got {self.sha256!r} for "
            f"{self.source!r}; use Data.of_own",
        )
        _check(
            self.source == "own" or self.format == UK_REGISTRATION,
            f"expected own codes for the format {self.format.name}, got {self.source!r}, which "
            "generates UK registrations; give own codes",
        )

    @classmethod
    def of_own(
        cls, own: Sequence[str] | Codes, seed: int = 0, format: Format = UK_REGISTRATION
    ) -> "Data":
        """For a list of one's own codes, normalised: a twelfth each is held out for validation and
        for test. Raises `ValueError` if there are too few different ones."""
        own = codes.distinct(format.array(own))
        held_out = max(1, len(own) // 12)
        _check(
            len(own) >= FEWEST,
            f"expected at least {FEWEST} different {format.plural} to train on, got {len(own)}; "
            "give more",
        )
        sizes = (len(own) - 2 * held_out, held_out, held_out)
        return cls(seed, sizes, "own", codes.sha256(own), format)

    @property
    def onehot(self) -> OneHot:
        """The vector layout of the codes."""
        return one_hot(self.format)

    @property
    def entropy(self) -> float | None:
        """Entropy of the source in nats, whose codes are all equally likely: no code of them can be
        shorter on average. None for one's own codes, whose source is not known."""
        if self.source == "own":
            return None
        counts = {"notebook": uk_registration.notebook_count, "dvla": uk_registration.dvla_count}
        return math.log(counts[self.source]())

    def splits(self, own: Sequence[str] | Codes = ()) -> dict[str, Codes]:
        """The codes by split: `{"train": (n,), "validation": (m,), "test": (t,)}`.

        For a source of `own` its codes must be given, in any order; raises `ValueError` if they are
        others.
        """
        if self.source == "notebook":
            return uk_registration.notebook_dataset(self.seed, self.sizes)
        if self.source == "dvla":
            return uk_registration.dvla_dataset(self.seed, self.sizes)
        own = codes.distinct(self.format.array(own))
        _check(
            codes.sha256(own) == self.sha256 and len(own) == sum(self.sizes),
            f"expected the {sum(self.sizes):,} {self.format.plural} of sha256 "
            f"{self.sha256[:12]}…, got {len(own):,} others; give the list that the data describe",
        )
        return codes.split(own, self.seed, self.sizes)


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

    def weights(self, width: int) -> int:
        """Numbers in all kernels, for vectors of a width: each layer's times the one before it."""
        down = (width, *self.encoder, 2 * self.latent_dim)  # two heads
        up = (self.latent_dim, *self.decoder, width)
        return sum(a * b for widths in (down, up) for a, b in pairwise(widths))


@dataclass(frozen=True)
class Phase:
    """Some epochs with a fresh optimizer; on a cosine the learning rate falls from epoch to epoch,
    towards 0 (Loshchilov and Hutter, "SGDR", 2017, without restarts)."""

    learning_rate: float
    epochs: int
    schedule: Schedule = "constant"

    def __post_init__(self) -> None:
        _check_choice("schedule", self.schedule, get_args(Schedule))
        _check(
            _real(self.learning_rate) and self.learning_rate > 0,
            f"the learning rate is a number above 0, not {self.learning_rate!r}",
        )
        _check(
            _whole(self.epochs, 1) and self.epochs <= _WIDEST,
            f"a phase wants 1 to {_WIDEST:,} epochs, not {self.epochs!r}",
        )

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch of this phase, counted from 0."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * epoch / self.epochs)) / 2


@dataclass(frozen=True)
class Order:
    """An attribute that is to run along a latent axis (counted from 1).

    Attribute regularisation after Pati and Lerch, "Attribute-based regularization of latent spaces
    for variational auto-encoders", 2020: `weight` times the mean difference, over all pairs of a
    batch, between tanh(sharpness * (z_i - z_j)) and the sign of the attribute's difference.
    """

    attribute: str
    axis: int
    weight: float = 10.0
    sharpness: float = 10.0

    def __post_init__(self) -> None:
        _check(
            isinstance(self.attribute, str), f"expected an attribute's name, got {self.attribute!r}"
        )
        _check(_whole(self.axis, 1), f"a latent axis is counted from 1, not {self.axis!r}")
        _check(_real(self.weight), f"the weight of an order is from 0, not {self.weight!r}")
        _check(_real(self.sharpness), f"the sharpness is a number from 0, not {self.sharpness!r}")


@dataclass(frozen=True)
class Training:
    """How to fit the network.

    The loss of a record is `reconstruction_weight` times its negative log-likelihood in nats, plus
    `beta` times its divergence from the prior, plus the penalties of `orders`. z is drawn as
    mean + sigma * e with e of standard deviation `noise`. In the first `warm_up` epochs beta grows
    to its value, evenly (Bowman et al., "Generating sentences from a continuous space", 2016).

    `likelihood`: `bernoulli` takes each output as a yes or no of its own, as the notebook does;
    `categorical` takes each character as one choice (a softmax over its alphabet).
    `divergence`: `notebook` takes the logarithm of sigma for that of a variance, and leaves the
    noise out; `exact` is the divergence of the very Gaussian that z is drawn from.

    The defaults are the notebook's: a noise a tenth of the sigma it reports, and 151 = 150 from its
    own loss + 1 from `compile`, over its 150 outputs.
    """

    phases: tuple[Phase, ...] = (Phase(0.004, 200), Phase(0.001, 200))
    batch_size: int = 8
    noise: float = 0.1
    reconstruction_weight: float = 151 / 150
    likelihood: Likelihood = "bernoulli"
    beta: float = 1.0
    warm_up: int = 0
    divergence: Divergence = "notebook"
    optimizer: Optimizer = "adamax"
    orders: tuple[Order, ...] = ()

    def __post_init__(self) -> None:
        _check(len(self.phases) > 0, "a training wants at least one phase")
        _check(_whole(self.batch_size, 1), f"the batch size is from 1, not {self.batch_size!r}")
        _check(_whole(self.warm_up, 0), f"a warm-up wants 0 epochs or more, not {self.warm_up!r}")
        for what in ("noise", "reconstruction_weight", "beta"):
            value = getattr(self, what)
            _check(_real(value), f"the {what.replace('_', ' ')} is a number from 0, not {value!r}")
        _check_choice("likelihood", self.likelihood, get_args(Likelihood))
        _check_choice("divergence", self.divergence, get_args(Divergence))
        _check_choice("optimizer", self.optimizer, get_args(Optimizer))
        _check(
            self.divergence == "notebook" or self.noise > 0,
            "the exact divergence wants noise above 0: without noise it has no end",
        )

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    def beta_at(self, epoch: int) -> float:
        """Beta in an epoch, counted from 0: less than its value during the warm-up."""
        return self.beta * min(1.0, (epoch + 1) / (self.warm_up + 1))

    def place(self, epoch: int) -> tuple[Phase, int]:
        """The phase that an epoch (counted from 0) belongs to, and its place in it, from 0."""
        start = 0
        for phase in self.phases:
            if epoch < start + phase.epochs:
                return phase, epoch - start
            start += phase.epochs
        raise ValueError(f"epoch {epoch} lies beyond the {start} epochs of this training")


@dataclass(frozen=True)
class Preset:
    """Everything that decides a trained model but its seed; `about` says what it teaches."""

    name: str
    network: Network
    data: Data = Data()
    training: Training = Training()
    about: str = ""

    def __post_init__(self) -> None:
        weights = self.network.weights(self.data.onehot.width)
        _check(
            weights <= _MOST_WEIGHTS,
            f"expected at most {_MOST_WEIGHTS:,} weights, got {weights:,}; make the layers "
            "narrower",
        )
        for order in self.training.orders:
            _check_choice("ordered attribute", order.attribute, self.data.format.attributes)
            _check(
                order.axis <= self.network.latent_dim,
                f"an order wants an axis from 1 to {self.network.latent_dim}, not {order.axis}",
            )
        paired = max(self.training.batch_size, self.data.sizes[1])
        _check(
            not self.training.orders or paired <= _MOST_PAIRED,
            f"an order compares all pairs of a batch and of the validation regs, at most "
            f"{_MOST_PAIRED:,} of each, not {paired:,}; give fewer",
        )
        _check(
            self.training.batch_size <= self.data.sizes[0],
            f"a batch of {self.training.batch_size:,} wants at least as many training regs, but "
            f"there are {self.data.sizes[0]:,}",
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; `from_dict` is the inverse."""
        data = {field.name: getattr(self.data, field.name) for field in fields(Data)}
        return {
            "name": self.name,
            "network": asdict(self.network),
            "data": data | {"format": self.data.format.name},
            "training": asdict(self.training),
            "about": self.about,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preset":
        """The inverse of `to_dict`. Raises `ValueError` on unknown, lacking or senseless values."""
        parts = _exactly(cls, values)
        training = _exactly(Training, parts["training"])
        for part, kind in (("phases", Phase), ("orders", Order)):
            listed = training[part]
            _check(isinstance(listed, tuple), f"the {part} are a list, not {listed!r}")
            training[part] = tuple(kind(**_exactly(kind, one)) for one in listed)
        return cls(
            name=parts["name"],
            network=Network(**_exactly(Network, parts["network"])),
            data=_data(parts["data"]),
            training=Training(**training),
            about=parts["about"],
        )


def _data(values: Any) -> Data:
    given = _exactly(Data, values)
    return Data(**given | {"format": format_named(given["format"])})


def _exactly(kind: type, values: Any) -> dict[str, Any]:
    """The values by name, lists as tuples; they must be just those that the dataclass has."""
    names = [field.name for field in fields(kind)]
    if not isinstance(values, dict) or set(values) != set(names):
        came = ", ".join(map(str, values)) if isinstance(values, dict) else repr(values)[:40]
        raise ValueError(f"{kind.__name__} wants {', '.join(names)}, but came {came}")
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
