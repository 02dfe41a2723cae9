"""Private training: clipping, Poisson samples, noise, and what does not leave the weights."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from regvae.evaluation.check import check
from regvae.evaluation.metrics import metrics
from regvae.formats import FORMATS
from regvae.formats.codes import distinct
from regvae.model.config import Data, Network, Phase, Privacy
from regvae.model.keras_vae import Vae
from regvae.model.privacy import Budget
from regvae.model.store import BundleError
from regvae.training import private
from regvae.training.private import clipped_sums
from regvae.training.trainer import Stopped, Trainer, train
from tests.training.networks import EVERYTHING, SMALL

PRIVATE = replace(
    SMALL,
    name="private",
    training=replace(
        SMALL.training, phases=(Phase(0.01, 3),), batch_size=20, privacy=Privacy(0.5, 1.0, 1e-3)
    ),
)


def of(preset, **training):
    return replace(preset, training=replace(preset.training, **training))


def fixed(preset, seed=0, entropy=1):
    """A trainer whose noise can be drawn again."""
    trainer = Trainer(preset, seed)
    trainer.private.entropy = np.random.default_rng(entropy)
    return trainer


def gradients_one_by_one(vae, vectors, noise, beta):
    """The gradient of each record's loss, all variables in one row: (n, number of weights)."""
    rows = []
    for one in range(len(vectors)):
        with tf.GradientTape() as tape:
            terms = vae.loss_terms(
                vectors[one : one + 1], np.zeros((1, 0)), noise[one : one + 1], beta
            )
            loss = tf.add_n(terms)
        parts = tape.gradient(loss, vae.trainable_variables)
        rows.append(np.concatenate([np.ravel(part) for part in parts]))
    return np.array(rows)


def flat(parts):
    return np.concatenate([np.ravel(part) for part in parts])


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
@pytest.mark.parametrize("divergence", ["notebook", "exact"])
@pytest.mark.parametrize("encoder", [(12, 9), ()])
def test_clipped_sums_are_those_of_a_loop_over_the_records(likelihood, divergence, encoder):
    network = Network(3, encoder, (10,))
    preset = replace(
        of(SMALL, likelihood=likelihood, divergence=divergence, noise=0.4), network=network
    )
    vae = Vae(preset, seed=2)
    for variable in vae.trainable_variables:  # biases begin at 0
        variable.assign_add(np.random.default_rng(4).normal(0, 0.1, variable.shape))
    vectors = vae.onehot.encode(preset.data.splits()["train"][:12])
    noise = np.random.default_rng(3).normal(0, 0.4, (12, 3)).astype(np.float32)
    by_hand = gradients_one_by_one(vae, vectors, noise, 0.7)
    norms = np.linalg.norm(by_hand, axis=1)
    clip = float(np.median(norms))  # some are scaled down, and some are not
    weights = np.array([1.0] * 9 + [0.5, 2.0, 0.0], np.float32)
    ours = flat(clipped_sums(vae, vectors, noise, 0.7, tf.constant(weights), clip))
    scales = weights * np.minimum(1, clip / norms)
    np.testing.assert_allclose(ours, scales @ by_hand, rtol=1e-3, atol=1e-4 * clip)


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
@pytest.mark.parametrize("divergence", ["notebook", "exact"])
def test_no_record_has_a_norm_above_the_clip(likelihood, divergence):
    vae = Vae(of(SMALL, likelihood=likelihood, divergence=divergence), seed=1)
    vectors = vae.onehot.encode(SMALL.data.splits()["train"][:20])
    noise = np.zeros((1, 2), np.float32)
    for clip in (0.01, 0.5):
        for one in range(20):
            sums = clipped_sums(vae, vectors[one : one + 1], noise, 1.0, tf.ones(1), clip)
            norm = np.linalg.norm(flat(sums))
            assert norm == pytest.approx(clip, rel=1e-4)  # all are longer before
            assert norm <= clip * (1 + 1e-5)


def test_a_batch_is_a_poisson_sample_with_no_record_cut_off():
    preset = replace(PRIVATE, data=Data(sizes=(4_000, 16, 16)))
    preset = of(preset, batch_size=400, phases=(Phase(0.01, 1),))
    steps = fixed(preset).private
    sizes, times = [], np.zeros(4_000)
    for _ in range(30):
        rows, present = steps.batches()
        assert rows.shape == present.shape
        assert rows.shape[0] == 10
        for step, there in zip(rows, present, strict=True):
            drawn = step[there == 1]
            assert len({*drawn.tolist()}) == len(drawn)  # a record at most once
            sizes.append(len(drawn))
            times[drawn] += 1
    # Binomial: of 4,000 with the probability 0.1, and of 300 steps for each record.
    assert np.mean(sizes) == pytest.approx(400, abs=5 * 19 / 300**0.5)
    assert np.std(sizes) == pytest.approx(19, rel=0.2)
    assert times.var() == pytest.approx(300 * 0.1 * 0.9, rel=0.15)
    first, second = (fixed(preset, entropy=seed).private.batches()[0] for seed in (1, 2))
    assert first.shape == second.shape  # one size, which compiles once
    assert not np.array_equal(first, second)


def test_a_larger_sample_than_usual_is_not_cut_off(monkeypatch):
    monkeypatch.setattr(private, "_ROOM", -2)
    rows, present = fixed(PRIVATE).private.batches()
    everyone = np.random.default_rng(1).random((4, 80)) < 0.25
    assert present.sum(axis=1).tolist() == everyone.sum(axis=1).tolist()
    assert rows.shape[1] == everyone.sum(axis=1).max() > 20


@pytest.mark.training
@pytest.mark.parametrize("share", [0.0, 0.25])
def test_an_epoch_takes_the_steps_that_a_loop_over_single_records_takes(share):
    preset = of(PRIVATE, random_share=share, warm_up=1)
    trainer, plain = fixed(preset, seed=3), Vae(preset, seed=3)
    optimizer = tf.keras.optimizers.Adamax(0.01)
    same = fixed(preset, seed=3)
    rows, present = same.private.batches()
    public, permitted = same.private.random_codes(len(rows))
    assert permitted.all()
    assert public.shape == (4, 20 if share else 0, 150)
    room = rows.shape[1]
    rng = same.private.entropy
    noise = rng.standard_normal((4, room + public.shape[1], 2), np.float32) * np.float32(0.1)
    hiding = rng.standard_normal((4, same.private.size), np.float32)
    vectors = np.asarray(trainer.train_vectors)
    for step in range(4):
        there = np.concatenate([present[step], np.ones(public.shape[1])]) == 1
        batch = np.concatenate([vectors[rows[step]], public[step]])[there]
        # Beta is half of its value in the first of two epochs of warm-up.
        each = gradients_one_by_one(plain, batch, noise[step][there], 0.5)
        each *= np.minimum(1, 0.5 / np.linalg.norm(each, axis=1, keepdims=True))
        records = int(present[step].sum())
        noisy = each[:records].sum(axis=0) + 1.0 * 0.5 * hiding[step]
        gradient = (1 - share) * noisy / 20 + share * each[records:].sum(axis=0) / 20
        parts = np.split(gradient, np.cumsum([np.prod(v.shape) for v in plain.trainable_variables]))
        variables = plain.trainable_variables
        shaped = [part.reshape(v.shape) for part, v in zip(parts, variables, strict=False)]
        optimizer.apply([tf.constant(one, tf.float32) for one in shaped], variables)
    trainer.run_epoch()
    for name, weights in trainer.vae.named_weights().items():
        np.testing.assert_allclose(weights, plain.named_weights()[name], atol=1e-4)


def test_a_random_code_that_the_format_does_not_permit_has_no_weight():
    french = FORMATS["french-registration"]
    own = distinct(french.generate(3_000, rng=np.random.default_rng(2)))
    preset = of(replace(PRIVATE, data=Data.of_own(own, format=french)), random_share=0.5)
    trainer = Trainer(preset, 0, own.tolist())
    vectors, permitted = trainer.private.random_codes(100)
    codes = trainer.vae.onehot.decode(vectors.reshape(2_000, -1))
    assert 0 < permitted.mean() < 1
    assert (french.permits(codes) == permitted.ravel()).all()


def test_the_noise_has_the_deviation_of_multiplier_times_clip():
    preset = of(PRIVATE, privacy=Privacy(0.5, 3.0, 1e-3))
    steps = fixed(preset).private
    drawn = steps._normal((200_000,), steps._deviation())
    assert drawn.std() == pytest.approx(3.0 * 0.5 / 20, rel=0.01)


@pytest.mark.training
def test_training_again_with_a_seed_gives_the_same_start_and_another_model():
    first, second = Trainer(PRIVATE, 5), Trainer(PRIVATE, 5)
    for name, weights in first.vae.named_weights().items():
        np.testing.assert_array_equal(weights, second.vae.named_weights()[name])
    first.run_epoch()
    second.run_epoch()
    kernel = "decoder.0.kernel"
    apart = first.vae.named_weights()[kernel] - second.vae.named_weights()[kernel]
    assert np.abs(apart).max() > 1e-3


@pytest.mark.training
def test_the_history_has_the_validation_loss_in_place_of_the_private_records():
    trainer = fixed(PRIVATE)
    for _ in range(2):
        epoch = trainer.run_epoch()
        assert epoch.loss == pytest.approx(epoch.validation_loss, rel=1e-9)
        assert epoch.reconstruction + epoch.kl == pytest.approx(epoch.loss)
    # By the same noise, without the training records at all.
    others = fixed(PRIVATE)
    others.vae.set_weights(trainer.vae.get_weights())
    noise = np.random.default_rng(0).normal(0, 0.1, (16, 2)).astype(np.float32)
    terms, *_ = others._validate(tf.constant(noise))
    assert float(sum(terms)) == pytest.approx(epoch.loss, rel=0.2)


@pytest.mark.training
def test_a_private_bundle_has_its_budget_and_nothing_measured_on_training_records(tmp_path):
    bundle = train(PRIVATE, tmp_path / "private", seed=1, measure=metrics)
    checked = check(tmp_path / "private")
    assert checked.privacy == bundle.privacy == Budget.of(PRIVATE)
    assert (checked.privacy.steps, checked.privacy.sampling_rate) == (12, 0.25)
    assert [one["split"] for one in checked.metrics["accuracy"]] == ["validation", "test"]
    manifest = tmp_path / "private" / "manifest.json"
    values = json.loads(manifest.read_text())
    values["metrics"]["privacy"]["epsilon"] /= 2
    manifest.write_text(json.dumps(values))
    with pytest.raises(BundleError, match="the privacy that the preset's noise and steps give"):
        check(tmp_path / "private")


@pytest.mark.training
def test_a_private_run_is_resumed_with_new_noise(tmp_path):
    with pytest.raises(Stopped):
        train(PRIVATE, tmp_path / "one", seed=1, should_stop=lambda: True)
    bundle = train(PRIVATE, tmp_path / "one", seed=1, resume=True)
    assert bundle.history["epoch"].tolist() == [1, 2, 3]
    assert bundle.preset == PRIVATE


def test_a_plain_preset_is_not_private():
    assert Trainer(EVERYTHING, 0).private is None
    assert Budget.of(EVERYTHING) is None
