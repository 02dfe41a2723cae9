"""Presets: the notebook's numbers, and that they survive a round trip through JSON."""

import copy
import dataclasses
import json
import math

import pytest

from regvae import presets, regs
from regvae.presets import Data, Network, Order, Phase, Preset, Training

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
    tags = [tag for tag in regs.MEMORY_TAGS if not set(tag) & set("IQZ")]
    expected = math.log(len(tags)) + math.log(99) + 3 * math.log(24)
    data = Data(source="dvla")
    assert data.entropy == pytest.approx(expected) == pytest.approx(20.20, abs=0.005)
    drawn = data.splits()["train"].tolist()  # enough for every tag, number and letter to come
    parts = ({reg[:2] for reg in drawn}, {reg[2:4] for reg in drawn}, {reg[5] for reg in drawn})
    assert [len(part) for part in parts] == [len(tags), 99, 24]


def test_nobody_knows_the_entropy_of_ones_own_regs():
    own = regs.notebook_dataset(0, (200, 1, 1))["train"]
    assert Data.of_own(own).entropy is None
