"""Training: the notebook's loss by hand, resuming, stopping, being killed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from regvae import bundle as bundles
from regvae import training, vectoriser
from regvae.network import Vae, kl_term
from regvae.presets import Data, Network, Phase, Preset, Training
from regvae.training import Stopped, Trainer, TrainingError, train

SMALL = Preset(
    "small",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(seed=0, sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 3), Phase(0.001, 3)), batch_size=8),
)


def test_the_loss_is_the_notebooks() -> None:
    vae = Vae(SMALL, seed=0)
    vectors = vectoriser.encode(["AB12CDE", "YK66BIQ"])
    noise = np.array([[0.1, -0.2], [0.0, 0.05]], np.float32)
    mean, log_sigma = (np.asarray(part, np.float64) for part in vae.encode(vectors))
    outputs = 1 / (
        1 + np.exp(-np.asarray(vae.decode(mean + np.exp(log_sigma) * noise), np.float64))
    )
    crossentropy = -(vectors * np.log(outputs) + (1 - vectors) * np.log(1 - outputs)).mean(axis=1)
    kl = -0.5 * (1 + log_sigma - mean**2 - np.exp(log_sigma)).sum(axis=1)
    reconstruction, divergence, orders = vae.loss_terms(vectors, np.zeros((2, 0)), noise, 1.0)
    assert float(orders) == 0
    assert float(reconstruction) == pytest.approx(151 * crossentropy.mean(), rel=1e-5)
    assert float(divergence) == pytest.approx(kl.mean(), rel=1e-4, abs=1e-6)


def test_kl_is_the_divergence_if_log_sigma_is_a_log_variance() -> None:
    mean, log_variance = np.array([[0.3, -1.0]]), np.array([[0.2, -0.7]])
    variance = np.exp(log_variance)
    closed_form = 0.5 * (variance + mean**2 - 1 - log_variance).sum()
    assert float(kl_term(mean, log_variance)[0]) == pytest.approx(closed_form)
    assert float(kl_term(np.zeros((1, 2)), np.zeros((1, 2)))[0]) == 0


def test_an_epoch_takes_the_steps_that_plain_keras_takes() -> None:
    trainer = Trainer(SMALL, seed=3)
    plain = Vae(SMALL, seed=3)
    optimizer = keras.optimizers.Adamax(0.004)
    rng = np.random.default_rng([3, 0])
    order = rng.permutation(80)
    noise = rng.normal(0, 0.1, (80, 2)).astype(np.float32)
    vectors = np.asarray(trainer.train_vectors)
    import tensorflow as tf

    for start in range(0, 80, 8):
        rows = order[start : start + 8]
        with tf.GradientTape() as tape:
            terms = plain.loss_terms(vectors[rows], np.zeros((8, 0)), noise[start : start + 8], 1.0)
            loss = sum(terms)
        variables = plain.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
    trainer.run_epoch()
    for name, weights in trainer.vae.named_weights().items():
        np.testing.assert_allclose(weights, plain.named_weights()[name], atol=2e-5)


def test_a_phase_starts_with_a_fresh_optimizer() -> None:
    trainer = Trainer(SMALL, seed=0)
    rates = [trainer.run_epoch().learning_rate for _ in range(4)]
    assert rates == pytest.approx([0.004, 0.004, 0.004, 0.001])
    assert int(trainer.optimizer.iterations) == 10  # steps of the fourth epoch alone


def test_training_learns_and_repeats(tmp_path: Path) -> None:
    first = train(SMALL, tmp_path / "first", seed=1)
    again = train(SMALL, tmp_path / "again", seed=1)
    other = train(SMALL, tmp_path / "other", seed=2)
    for name, weights in first.weights.items():
        np.testing.assert_array_equal(weights, again.weights[name])
    assert any((w != other.weights[n]).any() for n, w in first.weights.items())
    assert first.history["loss"].iloc[-1] < first.history["loss"].iloc[0]
    assert list(first.history.columns) == list(bundles.HISTORY_COLUMNS)
    assert first.history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = train(SMALL, tmp_path / "whole", seed=5)
    done: list[int] = []
    with pytest.raises(Stopped, match="stopped after epoch 4 of 6"):
        train(
            SMALL,
            tmp_path / "parts",
            seed=5,
            on_epoch=lambda trainer: done.append(trainer.history[-1].epoch),
            should_stop=lambda: done[-1] == 4,
        )
    assert not (tmp_path / "parts").exists()
    resumed = train(SMALL, tmp_path / "parts", seed=5, resume=True)
    for name, weights in whole.weights.items():
        np.testing.assert_array_equal(weights, resumed.weights[name])
    losses = ["loss", "validation_loss"]
    assert resumed.history[losses].equals(whole.history[losses])
    assert not training.checkpoint_path(tmp_path / "parts").exists()


def test_a_killed_training_loses_at_most_one_epoch(tmp_path: Path) -> None:
    out = tmp_path / "killed"
    checkpoint = training.checkpoint_path(out)
    script = (
        "import sys; from tests.test_training import SMALL; from dataclasses import replace\n"
        "from regvae.presets import Phase\nfrom regvae.training import train\n"
        "long = replace(SMALL, training=replace(SMALL.training, phases=(Phase(0.004, 10000),)))\n"
        "train(long, sys.argv[1], on_epoch=lambda t: print(len(t.history), flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(out)],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    told = 0
    while told < 7:
        told = int(process.stdout.readline())
    time.sleep(0.0137)  # somewhere inside a later epoch
    process.send_signal(signal.SIGKILL)
    told = max([told, *(int(line) for line in process.stdout if line.strip().isdigit())])
    process.wait()
    process.stdout.close()
    assert not out.exists()
    long = replace(SMALL, training=replace(SMALL.training, phases=(Phase(0.004, 10000),)))
    trainer = Trainer(long, seed=0)
    trainer.restore(checkpoint)
    assert len(trainer.history) in (told, told + 1)
    assert np.isfinite(trainer.run_epoch().loss)


def test_what_stands_in_the_way_is_said(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(FileExistsError, match="taken already exists; choose another name"):
        train(SMALL, taken)
    trainer = Trainer(SMALL, seed=0)
    checkpoint = training.checkpoint_path(tmp_path / "new")
    trainer.save(checkpoint)
    with pytest.raises(TrainingError, match="a training begun; resume it, or remove the file"):
        train(SMALL, tmp_path / "new")
    with pytest.raises(TrainingError, match="the checkpoint has seed 0, not 1"):
        train(SMALL, tmp_path / "new", seed=1, resume=True)
    other = replace(SMALL, name="other")
    with pytest.raises(TrainingError, match="checkpoint is of another preset"):
        train(other, tmp_path / "new", resume=True)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(TrainingError, match="the checkpoint cannot be read"):
        train(SMALL, tmp_path / "new", resume=True)
    with pytest.raises(TrainingError, match=r"there is no training of .*nothing to resume"):
        train(SMALL, tmp_path / "nothing", resume=True)
    with pytest.raises(TrainingError, match="the seed wants to be 0 or more, not -1"):
        Trainer(SMALL, seed=-1)


def test_a_loss_that_explodes_stops_with_a_sentence(tmp_path: Path) -> None:
    wild = replace(SMALL, training=replace(SMALL.training, phases=(Phase(1e20, 3),)))
    with pytest.raises(
        TrainingError, match=r"the loss is (nan|inf) in epoch \d; lower the learning"
    ):
        train(wild, tmp_path / "wild")
    assert not (tmp_path / "wild").exists()
