"""Accuracy and the notebook's figures, against loops and against a network that rebuilds all."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from regvae import onehot
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.metrics import metrics
from regvae.evaluation.notebook import notebook_figures
from regvae.evaluation.study import rule_outcomes
from regvae.formats import uk_registration
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.autoencoder import weight_shapes
from regvae.model.bundle import HISTORY_COLUMNS, Bundle
from regvae.model.config import Data, Network, Preset

HISTORY = pd.DataFrame([[1, *[0.5] * (len(HISTORY_COLUMNS) - 1)]], columns=list(HISTORY_COLUMNS))
TINY = Preset("tiny", Network(150, encoder=(), decoder=()), Data(1, (300, 120, 80)))


def identity(*, sigma=1.0, broken=()):
    """A bundle that rebuilds every reg, but for the broken positions: always A or 0 there."""
    weights = {
        name: np.zeros(shape, dtype=np.float32)
        for name, shape in weight_shapes(TINY.network).items()
    }
    weights["mean.kernel"] += np.eye(150, dtype=np.float32)
    weights["log_sigma.bias"] += np.float32(np.log(sigma))
    weights["decoder.0.kernel"] += np.eye(150, dtype=np.float32)
    for position in broken:
        weights["decoder.0.kernel"][:, onehot.BLOCKS[position].columns] = 0
    return Bundle.assemble(TINY, 0, weights, HISTORY)


def with_noise(bundle, noise):
    training = dataclasses.replace(bundle.preset.training, noise=noise)
    preset = dataclasses.replace(bundle.preset, training=training)
    return dataclasses.replace(bundle, preset=preset)


@pytest.mark.parametrize(("split", "n"), [("train", 300), ("validation", 120), ("test", 80)])
def test_a_network_that_rebuilds_everything_scores_one(split, n):
    assert accuracy(identity(), split=split) == {
        "split": split,
        "decoded": "mean",
        "n": n,
        "exact": 1.0,
        "by_position": [1.0] * 7,
    }


@pytest.mark.parametrize("position", range(7))
def test_a_position_that_is_never_learned_scores_its_commonest_guess(position):
    broken = identity(broken=[position])
    test = uk_registration.notebook_dataset(1, (300, 120, 80))["test"].tolist()
    guess = "0" if position in (2, 3) else "A"
    share = sum(reg[position] == guess for reg in test) / 80
    found = accuracy(broken)
    assert found["exact"] == pytest.approx(share)
    expected = [share if i == position else 1.0 for i in range(7)]
    assert found["by_position"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("split", uk_registration.SPLITS)
def test_accuracy_is_that_of_a_loop_over_the_split(bundle, split):
    splits = uk_registration.notebook_dataset(0)
    wanted = splits[split].tolist()
    rebuilt = bundle.autoencoder.decode(bundle.autoencoder.encode(wanted)[0]).tolist()
    pairs = list(zip(wanted, rebuilt, strict=True))
    found = accuracy(bundle, split=split)
    assert found["n"] == len(wanted)
    assert found["exact"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs), abs=1e-3)
    by_position = [sum(a[i] == b[i] for a, b in pairs) / len(pairs) for i in range(7)]
    assert found["by_position"] == pytest.approx(by_position, abs=1e-3)


def test_the_shipped_model_learned_the_digits_and_not_the_letters(bundle):
    found = accuracy(bundle)
    by_position = np.array(found["by_position"])
    assert (by_position[[2, 3]] > 0.98).all()
    assert (by_position[[0, 1, 4, 5, 6]] < 0.2).all()
    assert found["exact"] <= by_position.min()


def test_without_noise_a_sample_is_the_mean(bundle):
    quiet = with_noise(bundle, 0.0)
    sampled, mean = accuracy(quiet, sampled=True), accuracy(quiet)
    assert (sampled.pop("decoded"), mean.pop("decoded")) == ("sample", "mean")
    assert sampled == mean


def test_noise_is_the_presets_times_the_records_sigma():
    # With logits mean + sigma e, a block stays right if its one stays above all its noise.
    loud, fine = identity(sigma=1000.0), identity(sigma=0.1)
    assert max(accuracy(loud, sampled=True)["by_position"]) < 0.35
    assert accuracy(fine, sampled=True)["by_position"] == [1.0] * 7
    # The preset's noise is 0.1, so a sigma of 10 with it is as a sigma of 1 with a noise of 1.
    louder = with_noise(identity(sigma=1.0), 1.0)
    same = accuracy(identity(sigma=10.0), sampled=True)["by_position"]
    assert accuracy(louder, sampled=True)["by_position"] == pytest.approx(same, abs=0.02)


def test_a_sampled_accuracy_repeats_with_its_seed(bundle):
    one, same, other = (accuracy(bundle, sampled=True, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_an_unknown_split_is_answered_with_those_that_exist(bundle):
    with pytest.raises(ValueError, match="split 'all'; train, validation, test"):
        accuracy(bundle, split="all")


# --- the notebook's figures -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures(bundle):
    return notebook_figures(bundle)


def test_every_published_figure_is_there(figures):
    assert [figure.published for figure in figures] == [
        "0.000",
        "0.064 0.048 0.960 0.995 0.060 0.052 0.055",
        "not printed",
        "522 / 478",
        "246 / 754",
        "[-1.849, -2.134] to [1.786, 1.890]",
        "276",
        "267 = 0.967",
        "0.154",
        "not printed",
    ]
    assert len({figure.figure for figure in figures}) == len(figures)
    assert all(figure.here and figure.remark for figure in figures)


def test_the_figures_on_accuracy_are_the_accuracies(bundle, figures):
    sampled, mean = accuracy(bundle, sampled=True), accuracy(bundle)
    assert float(figures[0].here) == pytest.approx(sampled["exact"], abs=5e-4)
    for figure, found in ((figures[1], sampled), (figures[2], mean)):
        printed = [float(share) for share in figure.here.split()]
        assert printed == pytest.approx(found["by_position"], abs=5.1e-4)


@pytest.mark.parametrize(("row", "half_width"), [(3, 0.5), (4, 3.0)])
def test_the_counts_in_a_box_are_the_shares_of_a_grid(bundle, figures, row, half_width):
    below, above = (int(count) for count in figures[row].here.split(" / "))
    assert below + above == 1000
    ticks = (np.arange(150) + 0.5) / 75 - 1
    grid = half_width * np.array(list(itertools.product(ticks, ticks)))
    decoded = bundle.autoencoder.decode(grid).tolist()
    share = np.mean([int(reg[2:4]) < 50 for reg in decoded])
    # Four standard deviations of 1,000 draws.
    assert below / 1000 == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 1000))


def test_the_range_of_the_means_is_that_of_the_records(bundle, figures):
    low, high = figures[5].here.split(" to ")
    means = bundle.records.mean.tolist()
    for text, extreme in ((low, min), (high, max)):
        printed = [float(number) for number in text.strip("[]").split(", ")]
        expected = [extreme(mean[axis] for mean in means) for axis in (0, 1)]
        assert printed == pytest.approx(expected, abs=5.1e-4)


def test_the_figures_on_sampling_are_counted_by_hand(bundle, figures):
    z = np.random.default_rng(0).uniform(-3, 3, size=(1000, 2))
    below = [int(reg[2:4]) < 50 for reg in bundle.records.codes.tolist()]
    mean, sigma = bundle.records.mean[below], bundle.records.sigma[below]
    far = [point for point in z if (np.linalg.norm((point - mean) / sigma, axis=1) > 2.5).all()]
    assert 0 < len(far) < 1000
    assert figures[6].here == str(len(far))
    decoded = bundle.autoencoder.decode(np.array(far)).tolist()
    above = sum(int(reg[2:4]) > 50 for reg in decoded)
    assert figures[7].here == f"{above} = {above / len(far):.3f}"


def test_what_differs_and_why_is_said_of_the_notebooks_own_recipe_only(figures):
    assert figures[0].remark == "two numbers cannot hold a whole reg"
    others = notebook_figures(bundles.load("exact-15d"))
    assert [one.figure for one in others][:3] == [one.figure for one in figures][:3]
    assert {one.remark for one in others} == {"another recipe"}


def test_the_tails_are_the_notebooks_and_the_true_one(figures):
    assert figures[8].here == figures[8].published == "0.154"
    assert figures[9].here == "0.0439"
    assert "2 degrees" in figures[9].figure


def test_the_figures_repeat_with_their_seed(bundle, figures):
    assert notebook_figures(bundle, seed=0) == figures
    assert notebook_figures(bundle, seed=1) != figures


def test_fifty_is_not_above_fifty_but_it_is_not_below_either():
    weights = {name: array.copy() for name, array in identity(broken=[2, 3]).weights.items()}
    for position, digit in ((2, 5), (3, 0)):
        weights["decoder.0.bias"][onehot.BLOCKS[position].start + digit] = 1
    figures = notebook_figures(Bundle.assemble(TINY, 0, weights, HISTORY))
    assert figures[4].here == "0 / 1000"
    assert figures[6].here == "1000"
    assert figures[7].here == "0 = 0.000"


def test_figures_say_so_if_no_sample_is_accepted():
    figures = notebook_figures(identity(sigma=1e3))
    assert figures[6].here == "0"
    assert figures[7].here == "0, as none was accepted"


# --- metrics --------------------------------------------------------------------------------------


def test_metrics_hold_the_last_losses_and_the_accuracies():
    made = identity()
    history = pd.concat([HISTORY, HISTORY.assign(epoch=2, loss=2.5, validation_loss=3.5)])
    found = metrics(dataclasses.replace(made, history=history))
    assert (found["loss"], found["validation_loss"]) == (2.5, 3.5)
    assert found["accuracy"] == [accuracy(made, split=split) for split in uk_registration.SPLITS]
    assert found["accuracy_sampled"] == accuracy(made, sampled=True)
    figures = notebook_figures(made)
    assert found["notebook"] == [dataclasses.asdict(figure) for figure in figures]


def test_the_shipped_manifest_carries_these_metrics(bundle):
    found = metrics(bundle)
    assert found.keys() == bundle.metrics.keys()
    assert found["loss"] == bundle.metrics["loss"]
    assert found["validation_loss"] == bundle.metrics["validation_loss"]
    pairs = zip(
        [*found["accuracy"], found["accuracy_sampled"]],
        [*bundle.metrics["accuracy"], bundle.metrics["accuracy_sampled"]],
        strict=True,
    )
    for here, shipped in pairs:
        assert here["split"] == shipped["split"]
        assert here["exact"] == pytest.approx(shipped["exact"], abs=2e-3)
        assert here["by_position"] == pytest.approx(shipped["by_position"], abs=2e-3)


def test_the_shipped_manifest_carries_these_figures_of_the_notebook(bundle, figures):
    shipped = bundle.metrics["notebook"]
    assert [one["figure"] for one in shipped] == [one.figure for one in figures]
    assert [one["published"] for one in shipped] == [one.published for one in figures]


def test_the_readme_tells_the_study_as_it_was_measured():
    study = pd.read_csv(store.ASSETS / "rule-study.csv")
    readme = (store.ASSETS.parent / "README.md").read_text("utf-8")
    for seed, part in study.groupby("seed"):
        cells = " | ".join(f"{one.acceptance:.3f}, {one.purity:.3f}" for one in part.itertuples())
        assert f"| {seed} | {cells} | {part['scale'].iloc[0]:.3f} |" in readme


def test_the_study_is_of_the_rules_that_the_code_has(bundle):
    study = pd.read_csv(store.ASSETS / "rule-study.csv")
    shipped = study[study["seed"] == bundle.seed].drop(columns="seed").reset_index(drop=True)
    now = pd.DataFrame([dataclasses.asdict(one) for one in rule_outcomes(bundle)])
    pd.testing.assert_frame_equal(now.drop(columns="seed"), shipped, atol=2e-3, rtol=2e-2)
