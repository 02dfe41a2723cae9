"""Configurations: the notebook's numbers, round trips through JSON, own data, wrong values."""

import copy
import dataclasses
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from regvae.formats import FORMATS, SPLITS, UK_REGISTRATION, uk_registration
from regvae.model import config, presets
from regvae.model.autoencoder import weight_shapes
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from tests.codes import EVERY_TOY, TOY

ODD = Preset(
    "odd",
    Network(latent_dim=7, encoder=(9,), decoder=()),
    Data(seed=5, sizes=(30, 20, 10)),
    Training(
        (Phase(0.5, 3), Phase(0.25, 1, "cosine"), Phase(0.125, 2)),
        4,
        noise=1.0,
        likelihood="categorical",
        divergence="exact",
        random_share=0.25,
        orders=(Order("number", 2), Order("period", 7, weight=1.5, sharpness=3)),
    ),
    "for tests",
)


def keys_of(values, path=()):
    """The path of every key, e.g. ("training", "noise")."""
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from keys_of(value, (*path, key))


def without(values, path):
    values = copy.deepcopy(values)
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return values


# --- presets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "k"), [("notebook-2d", 2), ("notebook-15d", 15)])
def test_the_notebooks_presets_have_the_notebooks_numbers(name, k):
    preset = presets.preset(name)
    assert preset.data == Data(seed=0, sizes=(10_000, 1_000, 1_000))
    assert preset.network == Network(k, (150, 50, 25), (25, 50, 150))
    assert preset.training.phases == (Phase(0.004, 200), Phase(0.001, 200))
    assert preset.training.epochs == 400
    assert preset.training.batch_size == 8
    assert preset.training.noise == 0.1
    assert preset.training.reconstruction_weight * 150 == 150 + 1


def test_presets_are_found_by_their_names():
    assert {"notebook-2d", "exact-15d"} <= set(presets.PRESETS)
    assert all(presets.preset(name).name == name for name in presets.PRESETS)
    with pytest.raises(ValueError, match=r"a preset \(notebook-2d, notebook-15d, .*\), got 'x'"):
        presets.preset("x")


def test_weights_are_counted_without_biases():
    for preset in (*presets.PRESETS.values(), ODD):
        width = preset.data.onehot.width
        shapes = weight_shapes(preset.network, width).values()
        kernels = [shape for shape in shapes if len(shape) == 2]
        assert preset.network.weights(width) == sum(map(math.prod, kernels))
    assert presets.preset("notebook-2d").network.weights(150) == 62_650  # the notebook's 62.6 k


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [*presets.PRESETS.values(), ODD], ids=lambda p: p.name)
def test_a_preset_is_restored_from_its_dict_and_from_json(preset):
    values = preset.to_dict()
    before = copy.deepcopy(values)
    assert Preset.from_dict(values) == preset
    assert values == before
    assert Preset.from_dict(json.loads(json.dumps(values))) == preset


def test_a_preset_of_another_format_is_restored_by_the_formats_name(monkeypatch):
    preset = Preset("toy", Network(2), Data.of_own(EVERY_TOY, format=TOY))
    values = json.loads(json.dumps(preset.to_dict()))
    assert values["data"]["format"] == "toy"
    with pytest.raises(ValueError, match=r"the name of a format .* got 'toy'"):
        Preset.from_dict(values)
    monkeypatch.setitem(FORMATS, "toy", TOY)
    assert Preset.from_dict(values) == preset
    assert Preset.from_dict(values).data.onehot.width == 18


SHARE, PRIVACY, COLUMNS = (
    ("training", "random_share"),
    ("training", "privacy"),
    ("data", "columns"),
)
NEWER = (SHARE, PRIVACY, COLUMNS)


@pytest.mark.parametrize("path", [path for path in keys_of(ODD.to_dict()) if path not in NEWER])
def test_a_missing_key_is_named(path):
    with pytest.raises(ValueError, match=path[-1]):
        Preset.from_dict(without(ODD.to_dict(), path))


def test_a_preset_of_before_random_codes_has_none():
    older = Preset.from_dict(without(ODD.to_dict(), SHARE))
    assert older == replace(ODD, training=replace(ODD.training, random_share=0.0))


def test_orders_are_those_that_codes_can_have_or_their_first_number():
    attributes = UK_REGISTRATION.attributes
    orders = (Order("number", 2, weight=3.0), Order("area", 1))
    training = Training(orders=orders)
    assert training.orders_for(attributes) == orders
    assert training.orders_for({"area": attributes["area"]}) == orders[1:]
    others = {"kind": attributes["area"], "line": attributes["number"]}
    assert training.orders_for(others) == (Order("line", 2, weight=3.0),)
    column = replace(attributes["number"], is_column=True)
    assert training.orders_for({"price": column}) == ()
    assert Training().orders_for(attributes) == ()


def test_data_of_before_further_columns_have_none():
    data = replace(Data.of_own(OWN), columns=("year",))
    older = without(replace(ODD, data=data).to_dict(), COLUMNS)
    assert Preset.from_dict(older).data == Data.of_own(OWN)


@pytest.mark.parametrize("part", ["", "data", "network", "training"])
def test_an_unknown_key_is_named(part):
    values = ODD.to_dict()
    (values[part] if part else values)["surprise"] = 1
    with pytest.raises(ValueError, match="surprise"):
        Preset.from_dict(values)


@pytest.mark.parametrize("key", ["learning_rate", "epochs", "schedule"])
def test_a_missing_key_of_a_phase_is_named(key):
    values = ODD.to_dict()
    del values["training"]["phases"][1][key]
    with pytest.raises(ValueError, match=key):
        Preset.from_dict(values)


@pytest.mark.parametrize("columns", [5, None, "abc", [5], [["x"]], ["x", "x"], {"x": 1}])
def test_columns_are_different_texts(columns):
    values = replace(ODD, data=Data.of_own(OWN)).to_dict()
    values["data"]["columns"] = columns
    with pytest.raises(ValueError, match=r"^expected different texts as the names of the columns"):
        Preset.from_dict(values)


@pytest.mark.parametrize("part", ["phases", "orders"])
def test_phases_and_orders_are_lists(part):
    values = ODD.to_dict()
    values["training"][part] = {"0": 1}
    with pytest.raises(ValueError, match=f"a list of {part}, got {{'0': 1}}"):
        Preset.from_dict(values)


@pytest.mark.parametrize("part", ["data", "network", "training"])
@pytest.mark.parametrize("other", [5, None, [], "text", "names"])
def test_a_part_of_another_type_is_refused(part, other):
    values = ODD.to_dict()
    values[part] = list(values[part]) if other == "names" else other
    with pytest.raises(ValueError, match=f"for {part.title()}, got"):
        Preset.from_dict(values)


@pytest.mark.parametrize("name", [{}, [], 5, None])
def test_a_formats_name_of_another_type_is_refused(name):
    values = ODD.to_dict()
    values["data"]["format"] = name
    words = "expected the keys name, pattern" if name == {} else "the name of a format"
    with pytest.raises(ValueError, match=words):
        Preset.from_dict(values)


# --- epochs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [ODD.training, Training()], ids=["odd", "notebook"])
def test_every_epoch_has_its_phase_and_its_place_in_it(training):
    walk = [(phase, place) for phase in training.phases for place in range(phase.epochs)]
    assert training.epochs == len(walk)
    assert [training.place(epoch) for epoch in range(training.epochs)] == walk
    with pytest.raises(ValueError, match=f"epoch from 0 to {len(walk) - 1}, got {len(walk)}"):
        training.place(len(walk))


def test_a_cosine_falls_from_the_learning_rate_towards_0():
    phase = Phase(0.4, 4, "cosine")
    rates = [phase.rate(epoch) for epoch in range(4)]
    assert rates == pytest.approx([0.4, 0.2 + 0.2 * 0.5**0.5, 0.2, 0.2 - 0.2 * 0.5**0.5])
    assert {Phase(0.4, 4).rate(epoch) for epoch in range(4)} == {0.4}


def test_beta_grows_linearly_in_the_warm_up_and_is_then_constant():
    training = Training((Phase(0.1, 10),), beta=0.6, warm_up=4)
    betas = [training.beta_at(epoch) for epoch in range(10)]
    assert betas == pytest.approx([0.12, 0.24, 0.36, 0.48] + 6 * [0.6])
    assert [Training(beta=0.6).beta_at(epoch) for epoch in (0, 5)] == [0.6, 0.6]


@pytest.mark.parametrize("part", [ODD, ODD.data, ODD.network, ODD.training, ODD.training.phases[0]])
def test_a_configuration_cannot_be_changed(part):
    name = dataclasses.fields(part)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(part, name, None)


# --- data -----------------------------------------------------------------------------------------


def test_the_entropy_is_the_logarithm_of_the_number_of_possible_regs():
    # Independent parts: a tag of 446, two digits, three letters, all uniform.
    expected = math.log(446) + 2 * math.log(10) + 3 * math.log(26)
    assert Data().entropy == pytest.approx(expected) == pytest.approx(20.48, abs=0.005)
    tags = [tag for tag in uk_registration.MEMORY_TAGS if not set(tag) & set("IQZ")]
    expected = math.log(len(tags)) + math.log(99) + 3 * math.log(24)
    data = Data(source="dvla")
    assert data.entropy == pytest.approx(expected) == pytest.approx(20.20, abs=0.005)
    drawn = data.splits()["train"].tolist()  # enough to contain every tag, number and letter
    parts = ({reg[:2] for reg in drawn}, {reg[2:4] for reg in drawn}, {reg[5] for reg in drawn})
    assert [len(part) for part in parts] == [len(tags), 99, 24]
    assert Data.of_own(OWN).entropy is None


@pytest.mark.parametrize(
    ("source", "dataset"),
    [("notebook", uk_registration.notebook_dataset), ("dvla", uk_registration.dvla_dataset)],
)
def test_a_source_is_its_generator(source, dataset):
    sizes = (30, 5, 5)
    found, expected = Data(7, sizes, source).splits(), dataset(7, sizes)
    assert {name: part.tolist() for name, part in found.items()} == {
        name: part.tolist() for name, part in expected.items()
    }


OWN = np.unique(uk_registration.generate(300, rng=np.random.default_rng(8))).tolist()


@pytest.mark.parametrize(("format", "own"), [(UK_REGISTRATION, OWN), (TOY, EVERY_TOY.tolist())])
def test_own_codes_have_the_same_splits_in_any_order_and_with_repeats(format, own):
    data = Data.of_own(own, seed=3, format=format)
    assert (data.source, data.format) == ("own", format)
    assert data.sizes == (len(own) - 2 * (len(own) // 12), len(own) // 12, len(own) // 12)
    mixed = [*reversed(own), *own[:40]]
    assert Data.of_own(mixed, seed=3, format=format) == data
    splits, same = data.splits(own), data.splits(mixed)
    assert [len(part) for part in splits.values()] == list(data.sizes)
    assert {part.dtype for part in splits.values()} == {np.dtype(format.dtype)}
    assert sorted(np.concatenate(list(splits.values())).tolist()) == own
    assert all(splits[name].tolist() == same[name].tolist() for name in SPLITS)
    other = Data.of_own(own, seed=4, format=format)
    assert other.sha256 == data.sha256
    assert other.splits(own)["train"].tolist() != splits["train"].tolist()


@pytest.mark.parametrize("others", [OWN[:-1], [*OWN[:-1], "ZZ99ZZZ"], []])
def test_other_codes_than_ones_own_are_refused(others):
    data = Data.of_own(OWN)
    words = f"{len(OWN)} regs of sha256 {data.sha256[:12]}…, got {len(others)} of sha256"
    with pytest.raises(ValueError, match=words):
        data.splits(others)


def test_too_few_distinct_codes_are_refused():
    few = [*OWN[: config.FEWEST - 1], *OWN[:50]]
    with pytest.raises(ValueError, match="at least 120 distinct regs to train on, got 119"):
        Data.of_own(few)
    assert Data.of_own(OWN[: config.FEWEST]).sizes == (100, 10, 10)


# --- wrong values ---------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


def assert_refused(words, make, *arguments, **named):
    """Calling `make` raises a `ValueError` with these words, and the wrong value."""
    with pytest.raises(ValueError, match=words) as caught:
        make(*arguments, **named)
    assert str(caught.value).startswith("expected ")


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True, 2**32 + 1])
def test_a_data_seed_is_a_whole_number(seed):
    assert_refused("an integer from 0 to .* as the data seed, got", Data, seed)


@pytest.mark.parametrize("sizes", [(1, 1), (1, 1, 1, 1), [1, 1, 1], 3, None])
def test_data_have_three_sizes(sizes):
    assert_refused("a size for each of train, validation, test, got", Data, 0, sizes)


@pytest.mark.parametrize("size", [0, -1, 1.0, True, 1_000_001])
@pytest.mark.parametrize("place", range(3))
def test_sizes_are_whole_numbers_from_1_to_a_million(place, size):
    sizes = [1, 1, 1]
    sizes[place] = size
    words = f"an integer from 1 to 1,000,000 as the size of {SPLITS[place]}, got"
    assert_refused(words, Data, 0, tuple(sizes))


def test_own_codes_have_a_hash_and_others_do_not():
    assert_refused("one of notebook, dvla, own as the source .* got 'moon'", Data, source="moon")
    for source, digest in (("own", ""), ("dvla", "ab"), ("own", 5)):
        assert_refused("a sha256 for own codes", Data, source=source, sha256=digest)


def test_other_formats_have_own_codes():
    assert_refused("own codes for the format toy, got 'dvla'", Data, source="dvla", format=TOY)


@pytest.mark.parametrize("widths", [[9], "99", 9, None])
@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_the_widths_of_a_network_are_tuples(side, widths):
    assert_refused(f"a list of the {side}'s widths, got", Network, 2, **{side: widths})


@pytest.mark.parametrize("width", [0, -1, 10_001, 2.0, "9", True, None])
def test_widths_are_whole_numbers_up_to_10_000(width):
    words = "an integer from 1 to 10,000 as"
    assert_refused(f"{words} the dimension of the latent space", Network, width)
    assert_refused(f"{words} a width of the encoder", Network, 2, encoder=(5, width))
    assert_refused(f"{words} a width of the decoder", Network, 2, decoder=(width,))


@pytest.mark.parametrize("rate", [0, -0.1, NAN, INF, "0.1", None, True])
def test_a_learning_rate_is_above_0(rate):
    assert_refused("learning rate", Phase, rate, 3)


@pytest.mark.parametrize("epochs", [0, -1, 10_001, 2.0, "3", None])
def test_a_phase_has_1_to_10_000_epochs(epochs):
    assert_refused("an integer from 1 to 10,000 as the epochs of a phase", Phase, 0.1, epochs)


def test_choices_are_answered_with_those_that_exist():
    assert_refused("one of constant, cosine as the schedule, got 'step'", Phase, 0.1, 3, "step")
    for name, choices, value in (
        ("likelihood", "bernoulli, categorical", "gaussian"),
        ("divergence", "notebook, exact", "none"),
        ("optimizer", "adamax, adam", "sgd"),
    ):
        words = f"one of {choices} as the {name}, got '{value}'"
        assert_refused(words, Training, **{name: value})


@pytest.mark.parametrize("number", [-0.1, NAN, INF, "1", None, True])
def test_numbers_of_a_loss_are_finite_and_0_or_more(number):
    words = "a finite number of 0 or more as the"
    for name in ("noise", "reconstruction_weight", "beta"):
        assert_refused(f"{words} {name.replace('_', ' ')}", Training, **{name: number})
    for name in ("weight", "sharpness"):
        assert_refused(f"{words} {name} of an order", Order, "number", 1, **{name: number})


def test_counts_of_a_training_are_whole_numbers():
    assert_refused("at least one phase", Training, ())
    for batch in (0, -8, 8.0, None):
        assert_refused("as the batch size", Training, batch_size=batch)
    for warm_up in (-1, 0.5, None):
        assert_refused("as the epochs of the warm-up", Training, warm_up=warm_up)
    for axis in (0, -1, 1.0, None):
        assert_refused("as the axis of an order", Order, "number", axis)
    assert_refused("an attribute's name, got 5", Order, 5, 1)


def test_the_share_of_random_codes_is_from_0_to_1():
    for share in (0, 0.5, 1.0):
        assert Training(random_share=share).random_share == share
    assert_refused("a share of random codes up to 1", Training, random_share=1.01)
    assert_refused("of 0 or more as the share of random codes", Training, random_share=-0.1)


def test_the_exact_divergence_needs_noise():
    assert_refused("noise above 0 for the exact div", Training, divergence="exact", noise=0.0)
    assert Training(noise=0.0).noise == 0


def test_the_parts_of_a_preset_fit_each_other():
    def preset(orders=(), data=ODD.data, batch=8):
        return Preset("x", Network(2), data, Training(batch_size=batch, orders=orders))

    assert_refused("from 1 to 2 as the axis of an order, got 3", preset, (Order("number", 3),))
    names = ", ".join(UK_REGISTRATION.attributes)
    words = f"one of {names} as an ordered attribute, got 'colour'"
    assert_refused(words, preset, (Order("colour", 1),))
    own = Data.of_own(EVERY_TOY, format=TOY)
    assert_refused("digit, first as an ordered", preset, (Order("number", 1),), own)
    assert preset((Order("digit", 1),), own).data.format == TOY
    few = Data(sizes=(1_000, 10, 10))
    assert_refused("a batch size of at most 1,000, .* got 1,001", preset, (), few, 1_001)
    assert preset((), few, 1_000).data == few


def test_networks_too_large_for_memory_are_refused():
    # Three square layers of 10,000: 400 MB each, fifteen times that during training.
    words = "at most 20,000,000 weights, got 30"
    assert_refused(words, Preset, "x", Network(2, encoder=(10_000,) * 4))


@pytest.mark.parametrize(("sizes", "batch"), [((80, 1_000_000, 16), 8), ((10**6, 16, 16), 10**5)])
def test_orders_of_too_many_pairs_for_memory_are_refused(sizes, batch):
    training = Training(batch_size=batch, orders=(Order("number", 1),))
    words = "at most 20,000 regs in a batch and in validation"
    assert_refused(words, Preset, "x", Network(2), Data(sizes=sizes), training)
