"""Presets: the notebook's numbers, and that they survive a round trip through JSON."""

import copy
import dataclasses
import json
import math
import re

import numpy as np
import pytest

from regvae.formats import uk_registration
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.model import presets
from regvae.model.autoencoder import weight_shapes
from regvae.model.config import Data, Network, Order, Phase, Preset, Training

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


@pytest.mark.parametrize(("name", "k"), [("notebook-2d", 2), ("notebook-15d", 15)])
def test_the_notebooks_presets_hold_the_notebooks_numbers(name, k):
    preset = presets.preset(name)
    assert preset.name == name
    assert preset.data == Data(seed=0, sizes=(10_000, 1_000, 1_000))
    assert preset.network == Network(k, (150, 50, 25), (25, 50, 150))
    assert preset.training.phases == (Phase(0.004, 200), Phase(0.001, 200))
    assert preset.training.epochs == 400
    assert preset.training.batch_size == 8
    assert preset.training.noise == 0.1
    assert preset.training.reconstruction_weight * 150 == 150 + 1


def test_the_presets_are_found_by_their_own_names():
    assert list(presets.PRESETS)[:3] == ["notebook-2d", "notebook-15d", "ordered-2d"]
    assert all(presets.preset(name).name == name for name in presets.PRESETS)


def test_an_unknown_preset_is_answered_with_those_that_exist():
    with pytest.raises(ValueError, match="no preset 'x'; there are notebook-2d, notebook-15d"):
        presets.preset("x")


@pytest.mark.parametrize("preset", [*presets.PRESETS.values(), ODD], ids=lambda p: p.name)
def test_a_preset_comes_back_from_its_dict_and_from_json(preset):
    assert Preset.from_dict(preset.to_dict()) == preset
    assert Preset.from_dict(json.loads(json.dumps(preset.to_dict()))) == preset


def test_reading_a_preset_leaves_the_dict_as_it_was():
    values = ODD.to_dict()
    before = copy.deepcopy(values)
    Preset.from_dict(values)
    assert values == before


@pytest.mark.parametrize("path", list(keys_of(ODD.to_dict())), ids=".".join)
def test_a_lacking_key_is_refused(path):
    with pytest.raises(ValueError, match=path[-1]):
        Preset.from_dict(without(ODD.to_dict(), path))


@pytest.mark.parametrize("part", ["", "data", "network", "training"])
def test_an_unknown_key_is_refused(part):
    values = ODD.to_dict()
    (values[part] if part else values)["surprise"] = 1
    with pytest.raises(ValueError, match="surprise"):
        Preset.from_dict(values)


@pytest.mark.parametrize("key", ["learning_rate", "epochs", "schedule"])
def test_a_phase_lacking_a_key_is_refused(key):
    values = ODD.to_dict()
    del values["training"]["phases"][1][key]
    with pytest.raises(ValueError, match=key):
        Preset.from_dict(values)


@pytest.mark.parametrize("training", [ODD.training, Training()], ids=["odd", "notebook"])
def test_epochs_have_the_place_that_a_walk_over_them_meets(training):
    walk = [(phase, place) for phase in training.phases for place in range(phase.epochs)]
    assert training.epochs == len(walk)
    assert [training.place(epoch) for epoch in range(training.epochs)] == walk


def test_a_cosine_falls_from_the_learning_rate_to_next_to_nothing():
    phase = Phase(0.4, 4, "cosine")
    rates = [phase.rate(epoch) for epoch in range(4)]
    assert rates == pytest.approx([0.4, 0.2 + 0.2 * 0.5**0.5, 0.2, 0.2 - 0.2 * 0.5**0.5])
    assert {Phase(0.4, 4).rate(epoch) for epoch in range(4)} == {0.4}


def test_an_epoch_beyond_the_last_is_in_no_phase():
    with pytest.raises(ValueError, match="epoch 6 lies beyond the 6 epochs"):
        ODD.training.place(6)


@pytest.mark.parametrize("part", [ODD, ODD.data, ODD.network, ODD.training, ODD.training.phases[0]])
def test_nothing_of_a_preset_can_be_changed(part):
    name = dataclasses.fields(part)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(part, name, None)


def test_the_entropy_is_that_of_the_notebooks_draws():
    # Parts drawn for themselves add up: a tag of 446, two digits, three letters, all uniform.
    expected = math.log(446) + 2 * math.log(10) + 3 * math.log(26)
    assert Data().entropy == pytest.approx(expected) == pytest.approx(20.48, abs=0.005)


def test_the_entropy_of_what_dvla_issues_counts_what_is_drawn():
    tags = [tag for tag in uk_registration.MEMORY_TAGS if not set(tag) & set("IQZ")]
    expected = math.log(len(tags)) + math.log(99) + 3 * math.log(24)
    data = Data(source="dvla")
    assert data.entropy == pytest.approx(expected) == pytest.approx(20.20, abs=0.005)
    drawn = data.splits()["train"].tolist()  # enough for every tag, number and letter to come
    parts = ({reg[:2] for reg in drawn}, {reg[2:4] for reg in drawn}, {reg[5] for reg in drawn})
    assert [len(part) for part in parts] == [len(tags), 99, 24]


def test_nobody_knows_the_entropy_of_ones_own_regs():
    own = uk_registration.notebook_dataset(0, (200, 1, 1))["train"]
    assert Data.of_own(own).entropy is None


# --- what no preset may have ----------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


def refused(sentence, make, *arguments, **named):
    """Making it raises just this sentence."""
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        make(*arguments, **named)


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True, 2**32 + 1])
def test_a_data_seed_is_a_whole_number(seed):
    refused(f"the data seed is a whole number from 0, not {seed!r}", Data, seed)


@pytest.mark.parametrize(
    "sizes",
    [(0, 1, 1), (1, 1), (1, 1, 1, 1), [1, 1, 1], (1.0, 1, 1), (1, 1, 1_000_001), (1, -1, 1), 3],
)
def test_sizes_are_three_whole_numbers(sizes):
    sentence = f"the sizes are three whole numbers from 1 to 1,000,000, not {sizes!r}"
    refused(sentence, Data, 0, sizes)


def test_only_own_regs_are_known_by_a_hash():
    choices = "notebook, dvla, own"
    refused(f"the source of the data is one of {choices}, not 'moon'", Data, source="moon")
    sentence = "own regs, and no others, have a sha256; "
    refused(f"{sentence}'own' has ''", Data, source="own")
    refused(f"{sentence}'dvla' has 'ab'", Data, source="dvla", sha256="ab")
    refused(f"{sentence}'own' has 5", Data, source="own", sha256=5)


@pytest.mark.parametrize("widths", [[9], "99", 9, None])
@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_a_network_wants_lists_of_widths(side, widths):
    with pytest.raises(ValueError, match="the encoder and the decoder are lists of widths, not"):
        Network(2, **{side: widths})


@pytest.mark.parametrize("width", [0, -1, 10_001, 2.0, "9", True, None])
@pytest.mark.parametrize("place", ["latent_dim", "encoder", "decoder"])
def test_a_network_wants_widths_that_can_be(place, width):
    asked = {"latent_dim": 2, "encoder": (5,), "decoder": (6,)}
    asked[place] = width if place == "latent_dim" else (width,)
    shown = (asked["latent_dim"], *asked["encoder"], *asked["decoder"])
    sentence = f"layers and the latent space want widths from 1 to 10,000, not {shown!r}"
    refused(sentence, Network, **asked)


@pytest.mark.parametrize("rate", [0, -0.1, NAN, INF, "0.1", None, True])
def test_a_phase_wants_a_learning_rate_above_0(rate):
    refused(f"the learning rate is a number above 0, not {rate!r}", Phase, rate, 3)


@pytest.mark.parametrize("epochs", [0, -1, 10_001, 2.0, "3", None])
def test_a_phase_wants_some_epochs(epochs):
    refused(f"a phase wants 1 to 10,000 epochs, not {epochs!r}", Phase, 0.1, epochs)


def test_what_is_chosen_is_one_of_those_there_are():
    refused("the schedule is one of constant, cosine, not 'step'", Phase, 0.1, 3, "step")
    names = ", ".join(ATTRIBUTES)
    refused(f"the ordered attribute is one of {names}, not 'colour'", Order, "colour", 1)
    for what, choices, chosen in (
        ("likelihood", "bernoulli, categorical", "gaussian"),
        ("divergence", "notebook, exact", "none"),
        ("optimizer", "adamax, adam", "sgd"),
    ):
        refused(f"the {what} is one of {choices}, not {chosen!r}", Training, **{what: chosen})


def test_an_order_wants_an_axis_a_weight_and_a_sharpness():
    for axis in (0, -1, 1.0, None):
        refused(f"a latent axis is counted from 1, not {axis!r}", Order, "number", axis)
    for number in (-0.1, NAN, INF, "1", None):
        sentence = f"the weight of an order is from 0, not {number!r}"
        refused(sentence, Order, "number", 1, weight=number)
        sentence = f"the sharpness is a number from 0, not {number!r}"
        refused(sentence, Order, "number", 1, sharpness=number)


def test_a_training_wants_phases_a_batch_and_a_warm_up():
    refused("a training wants at least one phase", Training, ())
    for batch in (0, -8, 8.0, None):
        refused(f"the batch size is from 1, not {batch!r}", Training, batch_size=batch)
    for warm_up in (-1, 0.5, None):
        sentence = f"a warm-up wants 0 epochs or more, not {warm_up!r}"
        refused(sentence, Training, warm_up=warm_up)


@pytest.mark.parametrize("value", [-0.1, NAN, INF, "1", None, True])
@pytest.mark.parametrize("what", ["noise", "reconstruction_weight", "beta"])
def test_a_training_wants_weights_from_0(what, value):
    sentence = f"the {what.replace('_', ' ')} is a number from 0, not {value!r}"
    refused(sentence, Training, **{what: value})


def test_the_exact_divergence_wants_noise():
    sentence = "the exact divergence wants noise above 0: without noise it has no end"
    refused(sentence, Training, divergence="exact", noise=0.0)
    assert Training(noise=0.0).noise == 0


def test_the_parts_of_a_preset_must_fit_each_other():
    orders = Training(orders=(Order("number", 3),))
    sentence = "an order wants an axis from 1 to 2, not 3"
    refused(sentence, Preset, "x", Network(2), training=orders)
    sentence = "a batch of 1,001 wants at least as many training regs, but there are 1,000"
    few = Data(sizes=(1_000, 10, 10))
    refused(sentence, Preset, "x", Network(2), few, Training(batch_size=1_001))
    assert Preset("x", Network(2), few, Training(batch_size=1_000)).data == few


@pytest.mark.parametrize("part", ["phases", "orders"])
def test_phases_and_orders_are_lists(part):
    values = ODD.to_dict()
    values["training"][part] = {"0": 1}
    refused(f"the {part} are a list, not {{'0': 1}}", Preset.from_dict, values)


# --- own data, warm-up ----------------------------------------------------------------------------

OWN = np.unique(uk_registration.generate(300, rng=np.random.default_rng(8))).tolist()


def test_own_regs_are_split_whatever_their_order_and_however_often_they_stand_there():
    data = Data.of_own(OWN, seed=3)
    assert data.source == "own"
    assert data.sizes == (len(OWN) - 2 * (len(OWN) // 12), len(OWN) // 12, len(OWN) // 12)
    mixed = [*reversed(OWN), *OWN[:40]]
    assert Data.of_own(mixed, seed=3) == data
    ours, same = data.splits(OWN), data.splits(mixed)
    assert [len(part) for part in ours.values()] == list(data.sizes)
    assert sorted(np.concatenate(list(ours.values())).tolist()) == OWN
    assert all(ours[name].tolist() == same[name].tolist() for name in uk_registration.SPLITS)
    other = Data.of_own(OWN, seed=4)
    assert other.sha256 == data.sha256
    assert other.splits(OWN)["train"].tolist() != ours["train"].tolist()


def test_own_data_refuse_another_list():
    data = Data.of_own(OWN)
    for others in (OWN[:-1], [*OWN[:-1], "ZZ99ZZZ"], []):
        sentence = (
            f"the training wants its own {len(OWN):,} regs of sha256 {data.sha256[:12]}…, but came "
            f"{len(others):,} others; give the same list"
        )
        refused(sentence, data.splits, others)


def test_too_few_different_own_regs_are_refused():
    few = [*OWN[: uk_registration.FEWEST - 1], *OWN[:50]]
    refused("a training wants at least 120 different regs, but there are 119", Data.of_own, few)
    assert Data.of_own(OWN[: uk_registration.FEWEST]).sizes == (100, 10, 10)


def test_every_source_draws_what_it_says():
    sizes = (30, 5, 5)
    for source, draw in (
        ("notebook", uk_registration.notebook_dataset),
        ("dvla", uk_registration.dvla_dataset),
    ):
        ours, theirs = Data(7, sizes, source).splits(), draw(7, sizes)
        assert {name: part.tolist() for name, part in ours.items()} == {
            name: part.tolist() for name, part in theirs.items()
        }


def test_the_entropy_is_the_logarithm_of_how_many_regs_there_may_be():
    assert Data().entropy == pytest.approx(math.log(446 * 10**2 * 26**3))
    assert Data(source="dvla").entropy == pytest.approx(math.log(uk_registration.dvla_count()))
    assert Data.of_own(OWN).entropy is None


def test_beta_grows_evenly_in_the_warm_up_and_stays():
    training = Training((Phase(0.1, 10),), beta=0.6, warm_up=4)
    betas = [training.beta_at(epoch) for epoch in range(10)]
    assert betas == pytest.approx([0.12, 0.24, 0.36, 0.48] + 6 * [0.6])
    assert [Training(beta=0.6).beta_at(epoch) for epoch in (0, 5)] == [0.6, 0.6]


def test_a_network_that_fits_no_memory_is_refused():
    # Three square layers of 10,000: 400 MB each, fifteen times that while it trains.
    with pytest.raises(ValueError, match="at most 20,000,000 weights, but these widths make"):
        Network(2, encoder=(10_000,) * 4)


@pytest.mark.parametrize(("sizes", "batch"), [((80, 1_000_000, 16), 8), ((10**6, 16, 16), 10**5)])
def test_an_order_of_more_pairs_than_memory_holds_is_refused(sizes, batch):
    training = Training(batch_size=batch, orders=(Order("number", 1),))
    with pytest.raises(ValueError, match=r"all pairs of a batch .* at most 20,000 of each, not 1"):
        Preset("x", Network(2), Data(sizes=sizes), training)


def test_the_weights_are_those_of_the_kernels():
    for preset in (*presets.PRESETS.values(), ODD):
        kernels = [shape for shape in weight_shapes(preset.network).values() if len(shape) == 2]
        assert preset.network.weights == sum(rows * columns for rows, columns in kernels)
    assert presets.preset("notebook-2d").network.weights == 62_650
