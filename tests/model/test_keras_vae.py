"""The losses of the Keras network, computed by hand, and its agreement with NumPy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from regvae.formats import UK_REGISTRATION, uk_registration
from regvae.formats.codes import characters
from regvae.model.autoencoder import Autoencoder
from regvae.model.keras_vae import Vae, kl_divergence, kl_term, known_order_penalty, order_penalty
from tests.training.networks import EVERYTHING, SMALL, penalty_by_hand

ONEHOT = SMALL.data.onehot


def test_the_notebooks_loss_is_the_mean_cross_entropy_151_times_and_its_kl_term():
    vae = Vae(SMALL, seed=0)
    vectors = ONEHOT.encode(["AB12CDE", "YK66BIQ"])
    noise = np.array([[0.1, -0.2], [0.0, 0.05]], np.float32)
    mean, log_sigma = (np.asarray(part, np.float64) for part in vae.encode(vectors))
    logits = np.asarray(vae.decode(mean + np.exp(log_sigma) * noise), np.float64)
    outputs = 1 / (1 + np.exp(-logits))
    crossentropy = -(vectors * np.log(outputs) + (1 - vectors) * np.log(1 - outputs)).mean(axis=1)
    kl = -0.5 * (1 + log_sigma - mean**2 - np.exp(log_sigma)).sum(axis=1)
    reconstruction, divergence, orders = vae.loss_terms(vectors, np.zeros((2, 0)), noise, 1.0)
    assert float(orders) == 0
    assert float(reconstruction) == pytest.approx(151 * crossentropy.mean(), rel=1e-5)
    assert float(divergence) == pytest.approx(kl.mean(), rel=1e-4, abs=1e-6)


def test_the_notebooks_kl_term_is_the_divergence_if_log_sigma_is_a_log_variance():
    mean, log_variance = np.array([[0.3, -1.0]]), np.array([[0.2, -0.7]])
    closed_form = 0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance).sum()
    assert float(kl_term(mean, log_variance)[0]) == pytest.approx(closed_form)
    assert float(kl_term(np.zeros((1, 2)), np.zeros((1, 2)))[0]) == 0


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (0.7, 0.3), (-2.0, 1.8), (0.0, 0.05)])
def test_the_exact_divergence_is_the_integral_that_defines_it(mean, sigma):
    ours, prior = stats.norm(mean, sigma), stats.norm(0, 1)
    low, high = mean - 12 * sigma, mean + 12 * sigma
    integral, _ = integrate.quad(
        lambda z: ours.pdf(z) * (ours.logpdf(z) - prior.logpdf(z)), low, high, points=[mean]
    )
    one = kl_divergence(np.array([[mean]]), np.log([[sigma]]))
    assert float(one[0]) == pytest.approx(integral, abs=1e-6)
    two = kl_divergence(np.array([[mean, 0.5]]), np.log([[sigma, 1.0]]))
    assert float(two[0]) == pytest.approx(integral + 0.5**2 / 2, abs=1e-6)


def test_the_categorical_loss_is_a_softmax_over_each_alphabet():
    vae = Vae(EVERYTHING, seed=0)
    codes = ["AB12CDE", "YK66BHR", "MY33WSZ"]
    logits = np.random.default_rng(0).normal(0, 3, (3, 150)).astype(np.float32)
    by_hand = np.zeros(3)
    for row, code in enumerate(codes):
        for block in ONEHOT.blocks:
            powers = np.exp(logits[row, block.columns].astype(np.float64))
            chosen = block.alphabet.index(code[block.position])
            by_hand[row] -= np.log(powers[chosen] / powers.sum())
    ours = vae.reconstruction_loss(ONEHOT.encode(codes), logits)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-5)
    double = replace(EVERYTHING, training=replace(EVERYTHING.training, reconstruction_weight=2.0))
    twice = Vae(double, seed=0).reconstruction_loss(ONEHOT.encode(codes), logits)
    np.testing.assert_allclose(twice, 2 * by_hand, rtol=1e-5)


def test_equal_logits_cost_the_entropy_of_the_layout():
    loss = Vae(EVERYTHING, seed=0).reconstruction_loss(
        ONEHOT.encode(["AB12CDE"]), np.zeros((1, 150), np.float32)
    )
    assert float(loss[0]) == pytest.approx(5 * np.log(26) + 2 * np.log(10), rel=1e-6)


@pytest.mark.parametrize("divergence", ["notebook", "exact"])
def test_the_terms_of_the_loss_are_those_of_the_sampled_points(divergence):
    preset = replace(EVERYTHING, training=replace(EVERYTHING.training, divergence=divergence))
    vae, rng = Vae(preset, seed=4), np.random.default_rng(1)
    codes = uk_registration.generate(8, rng=rng)
    vectors = ONEHOT.encode(codes)
    orders = preset.training.orders
    ranks = np.array([UK_REGISTRATION.attributes[one.attribute].ranks(codes) for one in orders]).T
    noise = rng.normal(0, 0.5, (8, 3)).astype(np.float32)
    mean, log_sigma = (np.asarray(part, np.float64) for part in vae.encode(vectors))
    z = mean + np.exp(log_sigma) * noise
    reconstruction = np.mean(vae.reconstruction_loss(vectors, vae.decode(z.astype(np.float32))))
    # With noise of standard deviation 0.5, that of z is sigma / 2; the notebook's ignores it.
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


@pytest.mark.parametrize("sharpness", [0.0, 0.5, 10.0])
def test_the_penalty_of_an_order_is_a_mean_over_all_pairs(sharpness):
    rng = np.random.default_rng(6)
    z, ranks = rng.normal(size=12), rng.integers(0, 5, size=12).astype(float)
    ours = float(order_penalty(z, ranks, sharpness))
    assert ours == pytest.approx(penalty_by_hand(z, ranks, sharpness), rel=1e-6)


def test_the_penalty_of_an_order_is_0_if_ordered_and_2_if_reversed():
    n = 400
    z = ranks = np.arange(n, dtype=float)
    # The n pairs of a record with itself add nothing.
    assert float(order_penalty(z, ranks, 100.0)) == pytest.approx(0, abs=1e-9)
    assert float(order_penalty(-z, ranks, 100.0)) == pytest.approx(2 * (n - 1) / n)
    assert float(order_penalty(0 * z, ranks, 100.0)) == pytest.approx((n - 1) / n)
    assert float(order_penalty(7 * z - 3, ranks**2, 100.0)) == pytest.approx(0, abs=1e-9)


def test_codes_without_a_rank_are_in_no_pair():
    rng = np.random.default_rng(2)
    z, ranks = rng.normal(size=9), np.array([3.0, -1, 0, 2, -1, 2, 5, -1, 1])
    known = ranks >= 0
    ours = float(known_order_penalty(z, ranks, 3.0))
    assert ours == pytest.approx(penalty_by_hand(z[known], ranks[known], 3.0), rel=1e-6)
    assert float(known_order_penalty(z, -np.ones(9), 3.0)) == 0


def test_right_marks_the_characters_that_numpy_reconstructs_from_the_means():
    vae = Vae(EVERYTHING, seed=1)
    codes = EVERYTHING.data.splits()["train"]
    numpy = Autoencoder.from_weights(vae.named_weights(), ONEHOT, "categorical")
    decoded = numpy.decode(numpy.encode(codes)[0])
    right = np.asarray(vae.correct_characters(ONEHOT.encode(codes)))
    assert right.tolist() == (characters(codes) == characters(decoded)).tolist()
    assert 0 < right.mean() < 1
