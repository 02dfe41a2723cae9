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
from scipy import integrate, stats

from regvae import onehot
from regvae.evaluation.check import check
from regvae.evaluation.study import model_outcome
from regvae.formats import uk_registration
from regvae.model import bundle as bundles
from regvae.model.autoencoder import Autoencoder
from regvae.model.bundle import HISTORY_COLUMNS, Bundle
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from regvae.model.keras_vae import Vae, kl_divergence, kl_term, order_penalty
from regvae.training import trainer as training
from regvae.training.trainer import Stopped, Trainer, TrainingError, train

SMALL = Preset(
    "small",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(seed=0, sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 3), Phase(0.001, 3)), batch_size=8),
)

EVERYTHING = Preset(
    "everything",
    Network(latent_dim=3, encoder=(12,), decoder=(12, 10)),
    Data(seed=2, sizes=(80, 16, 16), source="dvla"),
    Training(
        phases=(Phase(0.004, 4, "cosine"), Phase(0.002, 2, "cosine")),
        batch_size=16,
        noise=0.5,
        reconstruction_weight=1.0,
        likelihood="categorical",
        beta=0.3,
        warm_up=4,
        divergence="exact",
        optimizer="adam",
        orders=(Order("number", 1), Order("area", 3, weight=2.0, sharpness=3.0)),
    ),
)
"""All that the notebook's training does not have."""


def test_the_loss_is_the_notebooks() -> None:
    vae = Vae(SMALL, seed=0)
    vectors = onehot.encode(["AB12CDE", "YK66BIQ"])
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


def test_a_last_step_that_spoils_the_weights_stops_with_a_sentence(tmp_path: Path) -> None:
    # One step an epoch: its loss is of the weights before it, and still has an end.
    wild = replace(SMALL, training=Training((Phase(1e20, 1),), batch_size=80))
    with pytest.raises(
        TrainingError, match=r"the loss is (nan|inf) in epoch 1; lower the learning"
    ):
        train(wild, tmp_path / "wild")
    assert not (tmp_path / "wild").exists()


# --- the losses of our own ------------------------------------------------------------------------


def test_the_categorical_loss_is_the_logarithm_of_seven_choices() -> None:
    vae = Vae(EVERYTHING, seed=0)
    reg = ["AB12CDE", "YK66BHR", "MY33WSZ"]
    logits = np.random.default_rng(0).normal(0, 3, (3, 150)).astype(np.float32)
    by_hand = np.zeros(3)
    for row, text in enumerate(reg):
        for block in onehot.BLOCKS:
            powers = np.exp(logits[row, block.columns].astype(np.float64))
            chosen = block.alphabet.index(text[block.position])
            by_hand[row] -= np.log(powers[chosen] / powers.sum())
    ours = vae.reconstruction_loss(onehot.encode(reg), logits)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-5)
    double = replace(EVERYTHING, training=replace(EVERYTHING.training, reconstruction_weight=2.0))
    twice = Vae(double, seed=0).reconstruction_loss(onehot.encode(reg), logits)
    np.testing.assert_allclose(twice, 2 * by_hand, rtol=1e-5)


def test_knowing_nothing_costs_the_entropy_of_the_pattern() -> None:
    loss = Vae(EVERYTHING, seed=0).reconstruction_loss(
        onehot.encode(["AB12CDE"]), np.zeros((1, 150), np.float32)
    )
    assert float(loss[0]) == pytest.approx(5 * np.log(26) + 2 * np.log(10), rel=1e-6)


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (0.7, 0.3), (-2.0, 1.8), (0.0, 0.05)])
def test_the_exact_divergence_is_the_integral_that_defines_it(mean: float, sigma: float) -> None:
    ours, prior = stats.norm(mean, sigma), stats.norm(0, 1)
    low, high = mean - 12 * sigma, mean + 12 * sigma
    integral, _ = integrate.quad(
        lambda z: ours.pdf(z) * (ours.logpdf(z) - prior.logpdf(z)), low, high, points=[mean]
    )
    one = kl_divergence(np.array([[mean]]), np.log([[sigma]]))
    assert float(one[0]) == pytest.approx(integral, abs=1e-6)
    two = kl_divergence(np.array([[mean, 0.5]]), np.log([[sigma, 1.0]]))
    assert float(two[0]) == pytest.approx(integral + 0.5**2 / 2, abs=1e-6)


@pytest.mark.parametrize("divergence", ["notebook", "exact"])
def test_the_terms_are_those_of_the_points_that_are_drawn(divergence: str) -> None:
    preset = replace(EVERYTHING, training=replace(EVERYTHING.training, divergence=divergence))
    vae, rng = Vae(preset, seed=4), np.random.default_rng(1)
    reg = uk_registration.generate(8, rng=rng)
    vectors = onehot.encode(reg)
    orders = preset.training.orders
    ranks = np.array([uk_registration.ATTRIBUTES[order.attribute].ranks(reg) for order in orders]).T
    noise = rng.normal(0, 0.5, (8, 3)).astype(np.float32)
    mean, log_sigma = (np.asarray(part, np.float64) for part in vae.encode(vectors))
    z = mean + np.exp(log_sigma) * noise
    reconstruction = np.mean(vae.reconstruction_loss(vectors, vae.decode(z.astype(np.float32))))
    # Drawn with noise of deviation 0.5, z has the deviation sigma / 2; the notebook's ignores it.
    variance = (np.exp(log_sigma) / 2) ** 2 if divergence == "exact" else np.exp(log_sigma)
    kl = 0.5 * (variance + mean**2 - 1 - np.log(variance)).sum(axis=1).mean()
    ordering = sum(
        order.weight * penalty_by_hand(mean[:, order.axis - 1], column, order.sharpness)
        for order, column in zip(orders, ranks.T, strict=True)
    )
    terms = vae.loss_terms(vectors, ranks.astype(np.float32), noise, 0.3)
    assert [float(term) for term in terms] == pytest.approx(
        [reconstruction, 0.3 * kl, ordering], rel=1e-4
    )


def penalty_by_hand(z: np.ndarray, ranks: np.ndarray, sharpness: float) -> float:
    """Mean over all pairs of how far tanh of a difference is from the sign of the other."""
    total = 0.0
    for z_1, rank_1 in zip(z, ranks, strict=True):
        for z_2, rank_2 in zip(z, ranks, strict=True):
            total += abs(np.tanh(sharpness * (z_1 - z_2)) - np.sign(rank_1 - rank_2))
    return total / len(z) ** 2


def test_the_penalty_of_an_order_is_a_double_loop() -> None:
    rng = np.random.default_rng(6)
    z, ranks = rng.normal(size=12), rng.integers(0, 5, size=12).astype(float)
    for sharpness in (0.0, 0.5, 10.0):
        ours = float(order_penalty(z, ranks, sharpness))
        assert ours == pytest.approx(penalty_by_hand(z, ranks, sharpness), rel=1e-6)


def test_the_penalty_goes_from_0_for_what_is_ordered_to_2_for_what_is_reversed() -> None:
    n = 400
    z = ranks = np.arange(n, dtype=float)
    # A pair of one record with itself is never wrong; all others are wholly so, or not at all.
    assert float(order_penalty(z, ranks, 100.0)) == pytest.approx(0, abs=1e-9)
    assert float(order_penalty(-z, ranks, 100.0)) == pytest.approx(2 * (n - 1) / n)
    assert float(order_penalty(0 * z, ranks, 100.0)) == pytest.approx((n - 1) / n)
    assert float(order_penalty(7 * z - 3, ranks**2, 100.0)) == pytest.approx(0, abs=1e-9)


def test_right_is_what_comes_back_of_the_means() -> None:
    trainer = Trainer(replace(EVERYTHING, training=Training((Phase(0.01, 40),))), seed=1)
    for _ in range(15):
        trainer.run_epoch()
    reg = trainer.splits["train"]
    ours = np.asarray(trainer.vae.right(onehot.encode(reg)))
    numpy = trainer.autoencoder()
    back = numpy.decode(numpy.encode(reg)[0])
    letters = [[a == b for a, b in zip(*pair, strict=True)] for pair in zip(reg, back, strict=True)]
    assert ours.tolist() == letters
    assert 0 < ours.mean() < 1


# --- all of it together ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, list[Autoencoder]]:
    """EVERYTHING trained without a break, and the network as it was after each epoch."""
    after: list[Autoencoder] = []
    out = tmp_path_factory.mktemp("whole") / "whole"
    bundle = train(
        EVERYTHING, out, seed=6, on_epoch=lambda trainer: after.append(trainer.autoencoder())
    )
    assert check(out).seed == 6
    return bundle, after


def test_orders_cosine_adam_and_warm_up_are_resumed_bit_for_bit(
    tmp_path: Path, everything: tuple[Bundle, list[Autoencoder]]
) -> None:
    whole, _ = everything
    out, seen = tmp_path / "parts", []
    # In the midst of the warm-up, and where a phase ends.
    for stop_after in (2, 4):
        with pytest.raises(Stopped, match=f"stopped after epoch {stop_after} of 6"):
            train(
                EVERYTHING,
                out,
                seed=6,
                resume=bool(seen),
                on_epoch=lambda trainer: seen.append(len(trainer.history)),
                should_stop=lambda stop_after=stop_after: seen[-1] == stop_after,
            )
    train(
        EVERYTHING,
        out,
        seed=6,
        resume=True,
        on_epoch=lambda trainer: seen.append(len(trainer.history)),
    )
    # The epoch that the checkpoint ends with is told once more: a killed run may not have come to.
    assert seen == [1, 2, 2, 3, 4, 4, 5, 6]
    resumed = bundles.load(out)
    for name, weights in whole.weights.items():
        np.testing.assert_array_equal(weights, resumed.weights[name])
    columns = [column for column in HISTORY_COLUMNS if column != "seconds"]
    np.testing.assert_array_equal(whole.history[columns], resumed.history[columns])
    np.testing.assert_array_equal(whole.records.mean, resumed.records.mean)


def test_the_history_is_what_it_says(everything: tuple[Bundle, list[Autoencoder]]) -> None:
    bundle, after = everything
    history, training = bundle.history, EVERYTHING.training
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    rates = [0.002 * (1 + np.cos(np.pi * i / 4)) for i in range(4)] + [0.002, 0.001]
    assert history["learning_rate"].tolist() == pytest.approx(rates)
    parts = history[["reconstruction", "kl", "order"]]
    assert (parts > 0).all(axis=None)
    np.testing.assert_allclose(history["loss"], parts.sum(axis=1), rtol=1e-12)
    assert (history["seconds"] > 0).all()
    validation = bundle.preset.data.splits()["validation"]
    for row, numpy in zip(history.itertuples(), after, strict=True):
        mean, sigma = numpy.encode(validation)
        right = uk_registration.characters(validation) == uk_registration.characters(
            numpy.decode(mean)
        )
        shares = [getattr(row, f"validation_right_{place}") for place in range(1, 8)]
        assert shares == pytest.approx(right.mean(axis=0).tolist(), abs=1e-6)
        assert row.validation_exact == pytest.approx(right.all(axis=1).mean(), abs=1e-6)
        # The validation's noise is the second draw of the epoch's own generator.
        rng = np.random.default_rng([6, row.epoch - 1])
        rng.permutation(80)
        rng.normal(0, 0.5, (80, 3))
        z = mean + sigma * rng.normal(0, 0.5, mean.shape)
        chosen = onehot.hot_columns(validation) - [block.start for block in onehot.BLOCKS]
        spelled = numpy.log_probabilities(z)
        nats = -sum(
            spelled[place][np.arange(len(z)), chosen[:, place]] for place in range(7)
        ).mean()
        variance = (sigma.astype(float) * 0.5) ** 2
        kl = 0.5 * (variance + mean**2 - 1 - np.log(variance)).sum(axis=1).mean()
        ordering = sum(
            order.weight
            * penalty_by_hand(
                mean[:, order.axis - 1].astype(float),
                uk_registration.ATTRIBUTES[order.attribute].ranks(validation),
                order.sharpness,
            )
            for order in training.orders
        )
        # By the full beta, whatever the warm-up has come to.
        assert row.validation_loss == pytest.approx(nats + 0.3 * kl + ordering, rel=1e-4)


def test_a_warm_up_weighs_the_divergence_less_at_first() -> None:
    cold = replace(SMALL, training=replace(SMALL.training, batch_size=80))
    warm = replace(cold, training=replace(cold.training, warm_up=3))
    plain, slow = Trainer(cold, seed=0).run_epoch(), Trainer(warm, seed=0).run_epoch()
    assert slow.reconstruction == pytest.approx(plain.reconstruction, rel=1e-6)
    assert slow.kl == pytest.approx(plain.kl / 4, rel=1e-5)


def test_an_order_puts_what_it_orders_in_order(tmp_path: Path) -> None:
    ordered = Training((Phase(0.01, 30),), optimizer="adam", orders=(Order("number", 2),))
    bundle = train(replace(SMALL, training=ordered), tmp_path / "ordered", seed=0)
    (order,) = bundle.metrics["orders"]
    assert (order["attribute"], order["axis"]) == ("number", 2)
    reg, mean = bundle.records.codes, bundle.records.mean[:, 1]
    rows = bundle.records.split == "test"
    number = uk_registration.ATTRIBUTES["number"].values(reg)
    assert order["rank_correlation"] == pytest.approx(
        stats.spearmanr(mean[rows], number[rows]).statistic
    )
    assert order["rank_correlation"] > 0.8


def test_an_order_of_what_is_all_the_same_has_no_rank_correlation(tmp_path: Path) -> None:
    data = Data(source="dvla", sizes=(80, 16, 16))
    ordered = Training((Phase(0.01, 1),), optimizer="adam", orders=(Order("valid", 1),))
    preset = replace(SMALL, data=data, training=ordered)
    train(preset, tmp_path / "valid", seed=0)
    bundle = bundles.load(tmp_path / "valid")
    assert bundle.metrics["orders"] == [{"attribute": "valid", "axis": 1, "rank_correlation": None}]
    assert model_outcome(bundle).rank_correlation is None


def test_a_training_of_own_regs_gives_a_bundle_that_holds_them(tmp_path: Path) -> None:
    own = uk_registration.distinct(
        uk_registration.generate(150, rng=np.random.default_rng(5))
    ).tolist()
    preset = replace(SMALL, data=Data.of_own(own, seed=1))
    bundle = train(preset, tmp_path / "own", own=own[::-1])
    assert sorted(bundle.records.codes.tolist()) == own
    checked = check(tmp_path / "own")
    assert checked.preset.data.sha256 == uk_registration.sha256(np.array(own))
    with pytest.raises(ValueError, match=r"wants its own .* regs of sha256 .* give the same list"):
        train(preset, tmp_path / "others", own=own[1:])


def test_one_training_is_not_done_twice_at_once(tmp_path: Path) -> None:
    out = tmp_path / "one"
    refusals: list[str] = []

    def again(_: Trainer) -> None:
        with pytest.raises(TrainingError) as caught:
            train(SMALL, out)
        refusals.append(str(caught.value))

    train(SMALL, out, on_epoch=again)
    sentence = f"another process trains {out} already; wait for it, or choose another name"
    assert refusals == [sentence] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
