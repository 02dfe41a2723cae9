"""Configuration of a model: data, network and training as frozen dataclasses."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from typing import Any, Literal, get_args

from regvae.formats import (
    SPLITS,
    UK_REGISTRATION,
    Attribute,
    Codes,
    CodeTable,
    Format,
    Own,
    codes,
    format_of,
    uk_registration,
)
from regvae.onehot import OneHot, one_hot

FEWEST = 120
"""Fewest distinct codes of one's own to train on: ten each are for validation and for test."""

_WIDEST = 10_000
_MOST_EPOCHS = 10_000
_MOST_CODES = 1_000_000
_MOST_WEIGHTS = 20_000_000  # some gigabytes during training
_MOST_PAIRED = 20_000  # an order compares all pairs
_LEAST_NOISE = 0.3  # with less, epsilon is in the tens after one step
_FARTHEST_APART = 10.0  # then epsilon is above 80, and its accountant takes minutes

Source = Literal["notebook", "dvla", "own"]
Likelihood = Literal["bernoulli", "categorical"]
Divergence = Literal["notebook", "exact"]
Optimizer = Literal["adamax", "adam"]
Schedule = Literal["constant", "cosine"]


def _check(condition: bool, expected: str, got: Any, advice: str = "change it") -> None:
    if not condition:
        shown = f"{got:,}" if type(got) is int else repr(got)
        raise ValueError(f"expected {expected}, got {shown[:200]}; {advice}")


def _check_integer(what: str, value: Any, least: int, most: int = 2**32) -> None:
    fits = type(value) is int and least <= value <= most
    _check(fits, f"an integer from {least} to {most:,} as {what}", value)


def _check_number(what: str, value: Any) -> None:
    fits = type(value) in (int, float) and math.isfinite(value) and value >= 0
    _check(fits, f"a finite number of 0 or more as {what}", value)


def _check_choice(what: str, value: Any, choices: Iterable[str]) -> None:
    _check(value in choices, f"one of {', '.join(choices)} as {what}", value)


@dataclass(frozen=True)
class Data:
    """The source of the codes, and how many are for training, validation and test.

    `source`: `notebook` is the notebook's generator of UK registrations; `dvla` draws only regs
    that DVLA may issue; `own` is a list of one's own codes of the `format`, identified by its
    sha256 and shuffled with the seed. `columns` names what else is known of one's own codes. Like
    all classes here, raises `ValueError` for wrong values.
    """

    seed: int = 0
    sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)
    source: Source = "notebook"
    sha256: str = ""
    format: Format = UK_REGISTRATION
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_choice("the source of the data", self.source, get_args(Source))
        _check_integer("the data seed", self.seed, 0)
        fits = isinstance(self.sizes, tuple) and len(self.sizes) == len(SPLITS)
        _check(fits, f"a size for each of {', '.join(SPLITS)}", self.sizes)
        for name, size in zip(SPLITS, self.sizes, strict=True):
            _check_integer(f"the size of {name}", size, 1, _MOST_CODES)
        _check(
            isinstance(self.sha256, str) and bool(self.sha256) == (self.source == "own"),
            "a sha256 for own codes, and an empty one for others",
            (self.source, self.sha256),
            "use Data.of_own for own codes",
        )
        _check(
            self.source == "own" or self.format == UK_REGISTRATION,
            f"own codes for the format {self.format.name}",
            self.source,
            "use Data.of_own: this source generates UK registrations",
        )
        names = self.columns if isinstance(self.columns, tuple) else (None,)
        _check(
            all(isinstance(name, str) for name in names) and len({*names}) == len(names),
            "different texts as the names of the columns",
            self.columns,
        )

    @classmethod
    def of_own(cls, own: Own, seed: int = 0, format: Format = UK_REGISTRATION) -> "Data":
        """For one's own normalised codes: a twelfth each is held out for validation and for test.

        Raises `ValueError` if fewer than `FEWEST` are distinct.
        """
        table = CodeTable.of(own, format)
        expected = f"at least {FEWEST} distinct {table.format.plural} to train on"
        _check(len(table) >= FEWEST, expected, len(table), "give more")
        held_out = len(table) // 12
        sizes = (len(table) - 2 * held_out, held_out, held_out)
        return cls(seed, sizes, "own", table.sha256(), table.format, table.names)

    @property
    def onehot(self) -> OneHot:
        """The vector layout of the codes."""
        return one_hot(self.format)

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """The names of the attributes of the format, and then of the columns."""
        return (*self.format.attributes, *self.columns)

    @property
    def entropy(self) -> float | None:
        """Entropy of the source in nats: a lower bound on the mean code length of new codes.

        All codes of a generator are equally likely, so it is the logarithm of their number. None
        for one's own codes, whose distribution is unknown.
        """
        return None if self.source == "own" else math.log(self.size)

    @property
    def size(self) -> float:
        """How many codes the source can draw; of one's own codes, how many the format permits."""
        counts = {"notebook": uk_registration.notebook_count, "dvla": uk_registration.dvla_count}
        return counts[self.source]() if self.source in counts else self.format.size

    def splits(self, own: Own = ()) -> dict[str, Codes]:
        """The codes by split: `{"train": (n,), "validation": (m,), "test": (t,)}`.

        For the source `own` its codes must be given, in any order, and with their columns; raises
        `ValueError` if they are others.
        """
        if self.source == "notebook":
            return uk_registration.notebook_dataset(self.seed, self.sizes)
        if self.source == "dvla":
            return uk_registration.dvla_dataset(self.seed, self.sizes)
        table = CodeTable.of(own, self.format)
        found, size = table.sha256(), sum(self.sizes)
        if (found, len(table)) != (self.sha256, size):
            raise ValueError(
                f"expected the {size:,} {self.format.plural} of sha256 {self.sha256[:12]}…, got "
                f"{len(table):,} of sha256 {found[:12]}…; give the same list"
            )
        return codes.split(table.codes, self.seed, self.sizes)


@dataclass(frozen=True)
class Network:
    """Widths of the encoder's and the decoder's hidden layers (ReLU), 1 to 10,000 each, and the
    dimension of the latent space between them."""

    latent_dim: int
    encoder: tuple[int, ...] = (150, 50, 25)
    decoder: tuple[int, ...] = (25, 50, 150)

    def __post_init__(self) -> None:
        _check_integer("the dimension of the latent space", self.latent_dim, 1, _WIDEST)
        for name in ("encoder", "decoder"):
            widths = getattr(self, name)
            _check(isinstance(widths, tuple), f"a list of the {name}'s widths", widths)
            for width in widths:
                _check_integer(f"a width of the {name}", width, 1, _WIDEST)

    def weights(self, width: int) -> int:
        """Number of weights in all kernels (biases not counted), for one-hot vectors of a width."""
        down = (width, *self.encoder, 2 * self.latent_dim)  # two heads
        up = (self.latent_dim, *self.decoder, width)
        return sum(a * b for widths in (down, up) for a, b in pairwise(widths))


@dataclass(frozen=True)
class Phase:
    """Some epochs, 1 to 10,000, that start with a fresh optimizer.

    With the schedule `cosine` the learning rate falls each epoch, from its value towards 0
    (Loshchilov and Hutter, "SGDR", 2017, without restarts).
    """

    learning_rate: float
    epochs: int
    schedule: Schedule = "constant"

    def __post_init__(self) -> None:
        _check_choice("the schedule", self.schedule, get_args(Schedule))
        _check_number("the learning rate", self.learning_rate)
        _check(self.learning_rate > 0, "a learning rate above 0", self.learning_rate, "raise it")
        _check_integer("the epochs of a phase", self.epochs, 1, _MOST_EPOCHS)

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch of this phase, counted from 0."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * epoch / self.epochs)) / 2


@dataclass(frozen=True)
class Order:
    """An attribute that training orders along a latent axis (counted from 1).

    Attribute regularisation of Pati and Lerch, "Attribute-based regularization of latent spaces for
    variational auto-encoders", 2020. The penalty is `weight` times the mean absolute difference,
    over all pairs of a batch, between tanh(sharpness * (z_i - z_j)) and the sign of the attribute's
    difference. Weight and sharpness are finite numbers of 0 or more.
    """

    attribute: str
    axis: int
    weight: float = 10.0
    sharpness: float = 10.0

    def __post_init__(self) -> None:
        _check(isinstance(self.attribute, str), "an attribute's name", self.attribute)
        _check_integer("the axis of an order", self.axis, 1)
        _check_number("the weight of an order", self.weight)
        _check_number("the sharpness of an order", self.sharpness)


@dataclass(frozen=True)
class Privacy:
    """Differentially private training (Abadi et al., "Deep learning with differential privacy",
    2016): how much the weights may depend on any one training record.

    The gradient of each record is scaled down to a norm of at most `clip`, above 0, and normal
    noise with a standard deviation of `noise_multiplier` times `clip` is added to their sum.
    Epsilon is reported at `delta`, above 0 and below 1; `regvae.model.privacy` computes it. The
    multiplier is at least 0.3: with less noise there is no privacy to speak of.
    """

    clip: float
    noise_multiplier: float
    delta: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("clip", "noise_multiplier", "delta"):
            _check_number(f"the {name.replace('_', ' ')} of private training", getattr(self, name))
        _check(self.clip > 0, "a clip above 0", self.clip, "raise it")
        _check(
            self.noise_multiplier >= _LEAST_NOISE,
            f"a noise multiplier of at least {_LEAST_NOISE}, without which nothing is private",
            self.noise_multiplier,
            "raise it",
        )
        _check(0 < self.delta < 1, "a delta between 0 and 1", self.delta)


@dataclass(frozen=True)
class Training:
    """The loss and the optimisation.

    The loss of a record is `reconstruction_weight` times its negative log-likelihood in nats, plus
    `beta` times its KL divergence from the prior, plus the penalties of `orders`. z is drawn as
    mean + sigma * e, e normal with standard deviation `noise`. In the first `warm_up` epochs beta
    grows linearly (Bowman et al., "Generating sentences from a continuous space", 2016).

    In each epoch `random_share` of the training codes, 0 to 1, are replaced by random codes of the
    format, new ones in each epoch, in which each character and blank of a position is equally
    likely. They teach combinations that are rare in the data. The training loss is then of both.

    With `privacy` training is differentially private: at every step each record is in the batch
    with the probability `batch_size` / n, independently, and `random_share` is the weight of as
    many random codes beside them, which are clipped too but, being nobody's, need no noise. What
    the history has as the training loss is then the validation loss. An order has no place there:
    it compares pairs of records, so that no record has a gradient of its own.

    `likelihood`: `bernoulli` is a sigmoid for each output, as in the notebook; `categorical` is a
    softmax over the alphabet of each character.
    `divergence`: `notebook` uses log sigma in place of a log variance and ignores the noise, as the
    notebook does; `exact` is the divergence of the Gaussian from which z is drawn.

    The defaults are the notebook's. It draws z with a tenth of sigma, and adds the mean
    cross-entropy of its 150 outputs 150 times in its own loss and once in `compile`.
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
    random_share: float = 0.0
    privacy: Privacy | None = None

    def __post_init__(self) -> None:
        _check(len(self.phases) > 0, "at least one phase of training", self.phases, "add one")
        _check_integer("the batch size", self.batch_size, 1)
        _check_integer("the epochs of the warm-up", self.warm_up, 0)
        for name in ("noise", "reconstruction_weight", "beta"):
            _check_number(f"the {name.replace('_', ' ')}", getattr(self, name))
        _check_number("the share of random codes", self.random_share)
        _check(self.random_share <= 1, "a share of random codes up to 1", self.random_share)
        _check_choice("the likelihood", self.likelihood, get_args(Likelihood))
        _check_choice("the divergence", self.divergence, get_args(Divergence))
        _check_choice("the optimizer", self.optimizer, get_args(Optimizer))
        _check(
            self.divergence == "notebook" or self.noise > 0,
            "noise above 0 for the exact divergence, which is infinite without noise",
            self.noise,
            "raise it",
        )
        if self.privacy:
            _check(
                not self.orders,
                "no orders in private training, as they compare pairs of records, so that no "
                "record has a gradient of its own",
                [order.attribute for order in self.orders],
                "leave them out",
            )
            expected = "a share of random codes below 1 in private training"
            _check(self.random_share < 1, expected, self.random_share, "lower it")

    @property
    def epochs(self) -> int:
        """Number of epochs in all phases."""
        return sum(phase.epochs for phase in self.phases)

    def orders_for(self, attributes: Mapping[str, Attribute]) -> tuple[Order, ...]:
        """The orders that codes with some attributes can have: those whose attribute is among them.

        If none of several is, the first axis has the first number that can be read off a code.
        """
        fitting = tuple(one for one in self.orders if one.attribute in attributes)
        numbers = [
            name for name, one in attributes.items() if one.kind == "number" and not one.is_column
        ]
        if fitting or not self.orders or not numbers:
            return fitting
        return (replace(self.orders[0], attribute=numbers[0]),)

    def beta_at(self, epoch: int) -> float:
        """Beta in an epoch, counted from 0: smaller during the warm-up."""
        return self.beta * min(1.0, (epoch + 1) / (self.warm_up + 1))

    def place(self, epoch: int) -> tuple[Phase, int]:
        """The phase of an epoch (counted from 0), and the epoch's number in the phase, from 0.

        Raises `ValueError` if training has fewer epochs.
        """
        start = 0
        for phase in self.phases:
            if epoch < start + phase.epochs:
                return phase, epoch - start
            start += phase.epochs
        raise ValueError(f"expected an epoch from 0 to {start - 1}, got {epoch}; change it")


@dataclass(frozen=True)
class Preset:
    """Everything that determines a trained model except its seed; `about` is its description."""

    name: str
    network: Network
    data: Data = Data()
    training: Training = Training()
    about: str = ""

    def __post_init__(self) -> None:
        weights = self.network.weights(self.data.onehot.width)
        expected = f"at most {_MOST_WEIGHTS:,} weights"
        _check(weights <= _MOST_WEIGHTS, expected, weights, "make the layers narrower")
        for order in self.training.orders:
            _check_choice("an ordered attribute", order.attribute, self.data.attribute_names)
            _check_integer("the axis of an order", order.axis, 1, self.network.latent_dim)
        paired = max(self.training.batch_size, self.data.sizes[1])
        _check(
            not self.training.orders or paired <= _MOST_PAIRED,
            f"at most {_MOST_PAIRED:,} {self.data.format.plural} in a batch and in validation, of "
            "which an order compares all pairs",
            paired,
            "use fewer",
        )
        batch, size = self.training.batch_size, self.data.sizes[0]
        expected = f"a batch size of at most {size:,}, the size of the training data"
        _check(batch <= size, expected, batch, "lower it")
        if self.training.privacy:
            self._check_noise(self.training.privacy.noise_multiplier)

    def _check_noise(self, noise: float) -> None:
        """Refuse noise that hides nothing: that leaves the weights with and without a record many
        standard deviations apart, roughly, by the central limit theorem of Bu et al., "Deep
        learning with Gaussian differential privacy", 2020."""
        steps = self.training.epochs * self.steps_an_epoch
        rate = self.training.batch_size / self.data.sizes[0]
        apart = min(1 / noise, rate * math.sqrt(math.expm1(noise**-2))) * math.sqrt(steps)
        _check(
            apart <= _FARTHEST_APART,
            "noise that hides a record",
            f"a multiplier of {noise:g} in {steps:,} steps",
            "raise the noise multiplier, or take fewer epochs or smaller batches",
        )

    @property
    def steps_an_epoch(self) -> int:
        """Steps of an epoch: its full batches."""
        return self.data.sizes[0] // self.training.batch_size

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; `from_dict` is the inverse."""
        data = {field.name: getattr(self.data, field.name) for field in fields(Data)}
        return {
            "name": self.name,
            "network": asdict(self.network),
            "data": data | {"format": self.data.format.to_dict()},
            "training": asdict(self.training),
            "about": self.about,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preset":
        """The inverse of `to_dict`. Raises `ValueError` for unknown, missing or wrong values."""
        parts = _exactly(cls, values)
        training = _exactly(Training, _completed(parts["training"], random_share=0.0, privacy=None))
        for part, kind in (("phases", Phase), ("orders", Order)):
            listed = training[part]
            _check(isinstance(listed, tuple), f"a list of {part}", listed)
            training[part] = tuple(kind(**_exactly(kind, one)) for one in listed)
        if training["privacy"] is not None:
            training["privacy"] = Privacy(**_exactly(Privacy, training["privacy"]))
        return cls(
            name=parts["name"],
            network=Network(**_exactly(Network, parts["network"])),
            data=_data(parts["data"]),
            training=Training(**training),
            about=parts["about"],
        )


def _data(values: Any) -> Data:
    given = _exactly(Data, _completed(values, columns=[]))
    return Data(**given | {"format": format_of(given["format"])})


def _completed(values: Any, **newer: Any) -> Any:
    """Values with those of newer options, which older presets lack."""
    return newer | values if isinstance(values, dict) else values


def _exactly(kind: type, values: Any) -> dict[str, Any]:
    """The values by name, lists as tuples; the names must be exactly the dataclass's fields."""
    names = [field.name for field in fields(kind)]
    fits = isinstance(values, dict) and set(values) == set(names)
    given = list(values) if isinstance(values, dict) else values
    _check(fits, f"{', '.join(names)} for {kind.__name__}", given)
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
