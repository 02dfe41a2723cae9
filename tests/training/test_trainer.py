"""Training in this process: the steps of plain Keras, the history, stopping and resuming."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from regvae.evaluation.accuracy import rank_correlations
from regvae.evaluation.check import check
from regvae.evaluation.metrics import metrics
from regvae.formats import FORMATS, UK_REGISTRATION, CodeTable
from regvae.formats.codes import characters, distinct, sha256
from regvae.model import bundle as bundles
from regvae.model.config import Data, Order
from regvae.model.keras_vae import Vae
from regvae.training.checkpoint import Checkpoint, TrainingError, checkpoint_path
from regvae.training.trainer import Stopped, Trainer, train
from tests.training.networks import EVERYTHING, FIGURES, OF_OWN, OWN, SMALL, penalty_by_hand


@pytest.mark.training
def test_an_epoch_takes_the_steps_of_plain_keras_and_a_phase_a_fresh_optimizer():
    trainer, plain = Trainer(SMALL, seed=3), Vae(SMALL, seed=3)
    optimizer = keras.optimizers.Adamax(0.004)
    rng = np.random.default_rng([3, 0])
    order = rng.permutation(80)
    noise = rng.normal(0, 0.1, (80, 2)).astype(np.float32)
    vectors = np.asarray(trainer.train_vectors)
    sums = np.zeros(3)
    for start in range(0, 80, 8):
        rows = order[start : start + 8]
        with tf.GradientTape() as tape:
            # In the first of two epochs of warm-up, beta is half of its value.
            terms = plain.loss_terms(vectors[rows], np.zeros((8, 0)), noise[start : start + 8], 0.5)
            loss = sum(terms)
        variables = plain.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        sums += terms
    epoch = trainer.run_epoch()
    for name, weights in trainer.vae.named_weights().items():
        np.testing.assert_allclose(weights, plain.named_weights()[name], atol=2e-5)
    found = [epoch.reconstruction, epoch.kl, epoch.order]
    assert found == pytest.approx((sums / 10).tolist(), rel=1e-5)
    rates = [trainer.run_epoch().learning_rate for _ in range(3)]
    assert rates == pytest.approx([0.004, 0.004, 0.001])
    assert int(trainer.optimizer.iterations) == 10  # the steps of the fourth epoch only


def test_a_share_of_the_training_codes_is_replaced_by_new_random_ones_in_each_epoch():
    preset = replace(SMALL, data=replace(SMALL.data, sizes=(4_000, 16, 16)))
    plain = Trainer(preset, seed=1)
    assert (plain.training_codes(0) == plain.splits["train"]).all()
    half = Trainer(replace(preset, training=replace(SMALL.training, random_share=0.5)), seed=1)
    first, again, second = (half.training_codes(epoch) for epoch in (0, 0, 1))
    assert (first == again).all()
    for codes in (first, second):
        assert (codes != plain.splits["train"]).mean() == pytest.approx(0.5, abs=0.04)
    replaced = (first != plain.splits["train"]) & (second != plain.splits["train"])
    assert (first[replaced] != second[replaced]).all()


def test_random_codes_are_only_those_that_the_format_permits():
    french = FORMATS["french-registration"]
    own = distinct(french.generate(3_000, rng=np.random.default_rng(2)))
    data = Data.of_own(own, format=french)
    training = replace(SMALL.training, random_share=1.0)
    trainer = Trainer(replace(SMALL, data=data, training=training), 0, own.tolist())
    codes = np.concatenate([trainer.training_codes(epoch) for epoch in range(10)])
    assert french.permits(codes).all()
    assert not french.permits(trainer.vae.onehot.draw(len(codes), np.random.default_rng(0))).all()


@pytest.mark.training
def test_a_network_trained_on_random_codes_has_their_steps_and_their_orders():
    training = replace(EVERYTHING.training, random_share=0.5, batch_size=80)
    trainer = Trainer(replace(EVERYTHING, training=training), seed=6)
    plain = Vae(trainer.preset, seed=6)
    codes = trainer.training_codes(0)
    columns = [UK_REGISTRATION.attributes[name].ranks(codes) for name in ("number", "area")]
    rng = np.random.default_rng([6, 0])
    order = rng.permutation(80)
    noise = rng.normal(0, 0.5, (80, 3)).astype(np.float32)
    vectors = trainer.vae.onehot.encode(codes)
    ranks = np.array(columns, np.float32).T
    epoch = trainer.run_epoch()  # one step, so that its loss is that of the initial weights
    terms = plain.loss_terms(vectors[order], ranks[order], noise, 0.06)
    found = [epoch.reconstruction, epoch.kl, epoch.order]
    assert found == pytest.approx([float(term) for term in terms], rel=1e-4)


def test_the_seed_decides_the_initial_weights():
    first, again, other = (Trainer(SMALL, seed).vae.named_weights() for seed in (1, 1, 2))
    assert all((weights == again[name]).all() for name, weights in first.items())
    assert any((weights != other[name]).any() for name, weights in first.items())


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """EVERYTHING trained without a break, and the network after each epoch."""
    after = []
    out = tmp_path_factory.mktemp("whole") / "whole"
    bundle = train(
        EVERYTHING, out, seed=6, on_epoch=lambda trainer: after.append(trainer.autoencoder())
    )
    return bundle, after


@pytest.mark.training
def test_a_resumed_training_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, everything):
    whole, _ = everything
    out, seen = tmp_path / "parts", []
    # Within the warm-up, at the end of a phase, and never.
    for stop_after in (2, 4, None):
        options = {
            "seed": 6,
            "resume": bool(seen),
            "on_epoch": lambda trainer: seen.append(len(trainer.history)),
            "should_stop": lambda stop_after=stop_after: seen[-1] == stop_after,
        }
        if stop_after:
            with pytest.raises(Stopped, match=f"stopped after epoch {stop_after} of 6"):
                train(EVERYTHING, out, **options)
            assert not out.exists()
        else:
            train(EVERYTHING, out, **options)
    # A resumed run repeats the call for its last epoch: a killed one may not have reached it.
    assert seen == [1, 2, 2, 3, 4, 4, 5, 6]
    resumed = bundles.load(out)
    for name, weights in whole.weights.items():
        np.testing.assert_array_equal(weights, resumed.weights[name])
    np.testing.assert_array_equal(whole.history[FIGURES], resumed.history[FIGURES])
    np.testing.assert_array_equal(whole.records.mean, resumed.records.mean)
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


@pytest.mark.training
def test_the_history_has_the_rates_and_the_sum_of_the_terms(everything):
    history = everything[0].history
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    rates = [0.002 * (1 + np.cos(np.pi * i / 4)) for i in range(4)] + [0.002, 0.001]
    assert history["learning_rate"].tolist() == pytest.approx(rates)
    parts = history[["reconstruction", "kl", "order"]]
    assert (parts > 0).all(axis=None)
    np.testing.assert_allclose(history["loss"], parts.sum(axis=1), rtol=1e-12)
    assert (history["seconds"] > 0).all()
    assert history["validation_loss"].iloc[-1] < history["validation_loss"].iloc[0]


@pytest.mark.training
def test_the_validation_figures_are_those_of_the_network_in_numpy(everything):
    bundle, after = everything
    validation = bundle.preset.data.splits()["validation"]
    for row, numpy in zip(bundle.history.itertuples(), after, strict=True):
        mean, sigma = numpy.encode(validation)
        right = characters(validation) == characters(numpy.decode(mean))
        shares = [getattr(row, f"validation_right_{place}") for place in range(1, 8)]
        assert shares == pytest.approx(right.mean(axis=0).tolist(), abs=1e-6)
        assert row.validation_exact == pytest.approx(right.all(axis=1).mean(), abs=1e-6)
        loss = validation_loss_by_hand(numpy, validation, row.epoch, mean, sigma)
        assert row.validation_loss == pytest.approx(loss, rel=1e-4)


def validation_loss_by_hand(numpy, codes, epoch, mean, sigma):
    """With the full beta in every epoch, also in the warm-up."""
    # The noise of validation is the second draw of the epoch's own generator.
    rng = np.random.default_rng([6, epoch - 1])
    rng.permutation(80)
    rng.normal(0, 0.5, (80, 3))
    z = mean + sigma * rng.normal(0, 0.5, mean.shape)
    onehot = EVERYTHING.data.onehot
    chosen = onehot.hot_columns(codes) - [block.start for block in onehot.blocks]
    logs = numpy.log_probabilities(z)
    nats = -sum(logs[place][np.arange(len(z)), chosen[:, place]] for place in range(7)).mean()
    variance = (sigma.astype(float) * 0.5) ** 2
    kl = 0.5 * (variance + mean**2 - 1 - np.log(variance)).sum(axis=1).mean()
    ordering = sum(
        order.weight
        * penalty_by_hand(
            mean[:, order.axis - 1].astype(float),
            UK_REGISTRATION.attributes[order.attribute].ranks(codes),
            order.sharpness,
        )
        for order in EVERYTHING.training.orders
    )
    return nats + 0.3 * kl + ordering


@pytest.mark.training
def test_a_bundle_of_own_codes_has_them_its_metrics_and_its_command(tmp_path):
    out, refusals = tmp_path / "own", []

    def train_again(_):
        with pytest.raises(TrainingError, match="in another process; wait for it") as caught:
            train(OF_OWN, out, own=OWN)
        refusals.append(caught)

    train(OF_OWN, out, own=OWN[::-1], command="again", measure=metrics, on_epoch=train_again)
    bundle = check(out)
    assert sorted(bundle.records.codes.tolist()) == OWN
    assert bundle.preset.data.sha256 == sha256(OWN)
    assert (bundle.name, bundle.command, bundle.metrics) == ("own", "again", metrics(bundle))
    assert len(refusals) == 2  # no training run of the same bundle at the same time
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    with pytest.raises(ValueError, match=r"expected the .* of sha256 .* give the same list"):
        train(OF_OWN, tmp_path / "others", own=OWN[1:])


def with_columns():
    """Own codes with two columns, one of them with gaps."""
    numbers = [None if place % 5 == 0 else float(place) for place in range(len(OWN))]
    kinds = ["car" if place % 2 else "van" for place in range(len(OWN))]
    further = pd.DataFrame({"price": numbers, "kind": kinds})
    return CodeTable.with_columns(UK_REGISTRATION, np.array(OWN), further)


def ordered_by(*orders):
    training = replace(OF_OWN.training, orders=orders, random_share=0.3)
    return replace(OF_OWN, data=Data.of_own(with_columns(), seed=1), training=training)


def test_the_ranks_of_a_column_are_those_of_its_values_and_random_codes_have_none():
    preset = ordered_by(Order("price", 1), Order("number", 2))
    trainer = Trainer(preset, 3, with_columns())
    codes = trainer.training_codes(0)
    _, ranks = trainer._tensors(codes)
    known = dict(zip(OWN, with_columns().columns["price"], strict=True))
    prices = np.array([known.get(code, np.nan) for code in codes.tolist()])
    ours = np.asarray(ranks)[:, 0]
    assert (ours < 0).tolist() == np.isnan(prices).tolist()
    assert 0.3 < (ours < 0).mean() < 0.6  # a fifth, and of the others three of ten
    order = np.argsort(prices)[: (ours >= 0).sum()]
    assert (np.diff(ours[order]) >= 0).all()
    epoch = trainer.run_epoch()
    assert np.isfinite([epoch.order, epoch.validation_loss]).all()
    assert epoch.order > 0


@pytest.mark.training
def test_a_bundle_has_the_columns_of_its_codes_and_is_trained_again_by_its_name(tmp_path):
    preset = ordered_by(Order("price", 1), Order("kind", 2))
    train(preset, tmp_path / "own", own=with_columns(), measure=metrics)
    bundle = check(tmp_path / "own")
    assert bundle.preset.data.columns == ("price", "kind")
    assert list(bundle.records.attributes)[-2:] == ["price", "kind"]
    known = dict(zip(OWN, with_columns().columns["price"], strict=True))
    expected = [known[code] for code in bundle.records.codes.tolist()]
    np.testing.assert_array_equal(bundle.records.attribute("price"), expected)
    price, kind = rank_correlations(bundle)
    assert (price["attribute"], kind["attribute"]) == ("price", "kind")
    again = train(preset, tmp_path / "again", own=bundle.records.table, measure=metrics)
    np.testing.assert_array_equal(again.records.mean, bundle.records.mean)
    with pytest.raises(ValueError, match="give the same list"):
        train(preset, tmp_path / "codes", own=OWN)  # without their columns


def test_a_training_run_that_cannot_start_or_resume_is_refused(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(FileExistsError, match="taken, which already exists; choose another name"):
        train(SMALL, tmp_path / "taken")
    new = tmp_path / "new"
    with pytest.raises(TrainingError, match="got none; start without resume"):
        train(SMALL, new, resume=True)
    with pytest.raises(TrainingError, match="expected a seed from 0, got -1"):
        train(SMALL, new, seed=-1)
    Trainer(SMALL, seed=0).checkpoint().save(checkpoint_path(new))
    with pytest.raises(TrainingError, match="unfinished training run; resume it, or remove"):
        train(SMALL, new)
    with pytest.raises(TrainingError, match="of seed 1, got one of seed 0"):
        train(SMALL, new, seed=1, resume=True)
    Checkpoint(SMALL, 0, (), [np.zeros(3)]).save(checkpoint_path(new))
    with pytest.raises(
        TrainingError, match="expected a checkpoint with the arrays of this network"
    ):
        train(SMALL, new, resume=True)
    assert not new.exists()


@pytest.mark.parametrize(("loss", "validation"), [(np.nan, 1.0), (np.inf, 1.0), (1.0, np.nan)])
def test_a_loss_that_is_not_finite_is_refused(loss, validation, monkeypatch):
    trainer = Trainer(SMALL, seed=0)
    monkeypatch.setattr(trainer, "_train_epoch", lambda *_: (loss, 0.0, 0.0))
    figures = (tf.constant([validation, 0.0, 0.0]), 0.0, tf.zeros(7))
    monkeypatch.setattr(trainer, "_validate", lambda *_: figures)
    with pytest.raises(TrainingError, match=r"got (nan|inf) in epoch 1; lower the learning rate"):
        trainer.run_epoch()
    assert trainer.history == []


def test_a_step_costs_two_products_for_each_weight_forward_and_four_backward():
    trainer = Trainer(replace(SMALL, training=replace(SMALL.training, batch_size=32)), seed=0)
    assert trainer.steps == 2  # the last 16 of 80 codes do not fill a batch
    first, rest = 150 * 12, 12 * 2 + 12 * 2 + 2 * 12 + 12 * 150
    assert trainer.flops_a_step == 32 * (4 * first + 6 * rest)
