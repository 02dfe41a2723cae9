"""The likelihoods against closed forms and products, and the losses against Keras."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from regvae.formats import UK_REGISTRATION, uk_registration
from regvae.formats.pattern import DIGITS
from regvae.model import likelihood as likelihoods
from regvae.model.autoencoder import Autoencoder
from regvae.model.keras_vae import Vae
from regvae.model.likelihood import divergence, negative_log_likelihood, record_losses
from tests.evaluation.models import random_bundle
from tests.training.networks import SMALL


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (1.5, 0.1), (-0.3, 2.0), (4.0, 1.0)])
def test_the_divergence_is_that_of_numerical_integration(mean, sd):
    ours, prior = stats.norm(mean, sd), stats.norm()
    ends = (mean - 12 * sd, mean + 12 * sd)
    expected, _ = integrate.quad(
        lambda z: ours.pdf(z) * (ours.logpdf(z) - prior.logpdf(z)), *ends, limit=200
    )
    assert divergence(np.array(mean), np.array(sd)) == pytest.approx(expected, abs=1e-7)


def test_a_standard_deviation_of_0_has_an_infinite_divergence():
    assert divergence(np.array([0.0, 1.0]), np.array([0.0, 1.0])).tolist() == [
        math.inf,
        0.5,
    ]


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
def test_the_negative_log_likelihood_is_that_of_a_product(likelihood, monkeypatch):
    monkeypatch.setattr(likelihoods, "BATCH", 7)  # so that there are several
    bundle = random_bundle(4, likelihood=likelihood)
    codes, z = bundle.records.codes[:40], np.random.default_rng(0).normal(size=(40, 4))
    found = negative_log_likelihood(bundle.autoencoder, codes, z)
    probabilities = bundle.autoencoder.probabilities(z)
    for row, one in enumerate(codes.tolist()):
        chosen = [
            probabilities[place][row, alphabet.index(one[place])]
            for place, alphabet in enumerate(UK_REGISTRATION.alphabets)
        ]
        assert found[row] == pytest.approx(-math.log(math.prod(chosen)))


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
def test_the_probabilities_of_all_codes_at_a_point_sum_to_1(likelihood):
    # Over two positions, for all others the probabilities of one character times their number.
    bundle = random_bundle(2, likelihood=likelihood)
    every = [f"AA{tens}{units}AAA" for tens, units in itertools.product(DIGITS, repeat=2)]
    z = np.repeat([[0.3, -0.8]], 100, axis=0)
    found = negative_log_likelihood(bundle.autoencoder, np.array(every), z)
    letters = [bundle.autoencoder.probabilities(z[:1])[place][0, 0] for place in (0, 1, 4, 5, 6)]
    assert np.exp(-found).sum() == pytest.approx(math.prod(letters))


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical"])
@pytest.mark.parametrize(
    ("divergence", "noise", "beta", "weight"),
    [("notebook", 0.1, 1.0, 151 / 150), ("notebook", 0.0, 0.3, 2.0), ("exact", 0.4, 0.7, 1.0)],
)
def test_the_loss_of_a_record_is_that_of_training_without_noise(
    likelihood, divergence, noise, beta, weight, monkeypatch
):
    monkeypatch.setattr(likelihoods, "BATCH", 7)  # so that there are several
    training = replace(
        SMALL.training,
        noise=noise,
        reconstruction_weight=weight,
        likelihood=likelihood,
        beta=beta,
        divergence=divergence,
    )
    vae = Vae(replace(SMALL, training=training), seed=3)
    for layer in (vae.mean_head, vae.log_sigma_head):  # weights that matter
        layer.kernel.assign(4 * layer.kernel)
    codes = uk_registration.generate(20, rng=np.random.default_rng(2))
    autoencoder = Autoencoder.from_weights(vae.named_weights(), vae.onehot, likelihood)
    found = record_losses(autoencoder, codes, training)
    for row, code in enumerate(codes.tolist()):
        no_noise = np.zeros((1, 2), np.float32)
        terms = vae.loss_terms(vae.onehot.encode([code]), np.zeros((1, 0)), no_noise, beta)
        assert found[row] == pytest.approx(sum(map(float, terms)), rel=1e-5)
