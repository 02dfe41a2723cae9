"""The network in NumPy, compared with Keras, with plain formulas, and for another format."""

import threading
import tracemalloc

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from regvae.formats import FormatError, uk_registration
from regvae.model import autoencoder, presets
from regvae.model.autoencoder import Autoencoder, Dense, weight_shapes
from regvae.model.bundle import Bundle
from regvae.model.keras_vae import Vae
from tests.codes import EVERY_TOY, TOY, toy_bundle


@pytest.fixture(scope="module")
def toy() -> Bundle:
    """A bundle of the toy format with random weights."""
    return toy_bundle()


@pytest.fixture(params=["notebook-2d", "toy-3d"])
def model(request: pytest.FixtureRequest, bundle: Bundle, toy: Bundle) -> Bundle:
    """A bundle of each likelihood and format."""
    return bundle if request.param == bundle.name else toy


def in_keras(bundle: Bundle) -> Vae:
    """A bundle's weights in the Keras model."""
    vae = Vae(bundle.preset, seed=0)
    for layer in [*vae.encoder, vae.mean_head, vae.log_sigma_head, *vae.decoder]:
        layer.kernel.assign(bundle.weights[f"{layer.name}.kernel"])
        layer.bias.assign(bundle.weights[f"{layer.name}.bias"])
    return vae


# --- parity with Keras ----------------------------------------------------------------------------


def test_every_record_is_encoded_and_decoded_as_by_keras(model: Bundle) -> None:
    vae, onehot, records = in_keras(model), model.preset.data.onehot, model.records
    mean, log_sigma = vae.encode(onehot.encode(records.codes))
    found = model.autoencoder.encode(records.codes)
    np.testing.assert_allclose(found[0], mean, atol=1e-5)
    np.testing.assert_allclose(found[1], np.exp(log_sigma), atol=1e-5)
    np.testing.assert_allclose(found[0], records.mean, atol=1e-5)
    theirs = np.asarray(vae.decode(records.mean))
    ours = model.autoencoder.logits(records.mean)
    # The tolerance is for probabilities: logits are unbounded.
    np.testing.assert_allclose(expit(ours), expit(theirs), atol=1e-5)
    assert model.autoencoder.decode(records.mean).tolist() == onehot.decode(theirs).tolist()


def test_weights_have_the_names_and_shapes_of_keras(toy: Bundle) -> None:
    for preset in (presets.preset("notebook-15d"), presets.preset("principled-2d"), toy.preset):
        weights = Vae(preset, seed=1).named_weights()
        shapes = {name: weight.shape for name, weight in weights.items()}
        assert shapes == weight_shapes(preset.network, preset.data.onehot.width)


def test_the_notebooks_network_has_63_254_weights() -> None:
    shapes = weight_shapes(presets.preset("notebook-2d").network, 150)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 63_254


# --- batches, memory, threads ---------------------------------------------------------------------


def test_the_size_of_a_batch_changes_nothing(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = np.random.default_rng(0).uniform(-3, 3, (1000, 2))
    decoded = bundle.autoencoder.decode(z)
    monkeypatch.setattr(autoencoder, "BATCH", 37)
    assert (bundle.autoencoder.decode(z) == decoded).all()
    mean, sigma = bundle.autoencoder.encode(bundle.records.codes[:1000])
    np.testing.assert_allclose(mean, bundle.records.mean[:1000], atol=1e-6)
    np.testing.assert_allclose(sigma, bundle.records.sigma[:1000], atol=1e-6)


def test_memory_does_not_grow_with_the_one_hot_vectors(bundle: Bundle) -> None:
    many = uk_registration.generate(20_000, rng=np.random.default_rng(0))
    tracemalloc.start()
    mean, _ = bundle.autoencoder.encode(many)
    decoded = bundle.autoencoder.decode(mean)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoded.shape == (20_000,)
    assert peak < 7e6  # all one-hot vectors would take 12 MB


def test_threads_share_one_autoencoder(bundle: Bundle) -> None:
    z = np.random.default_rng(0).uniform(-3, 3, (6_000, 2))
    expected = bundle.autoencoder.decode(z)
    results: list = [None] * 4

    def work(i: int) -> None:
        results[i] = bundle.autoencoder.decode(z)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((result == expected).all() for result in results)


# --- probabilities --------------------------------------------------------------------------------


def test_probabilities_sum_to_1_and_the_decoded_characters_have_the_largest(model: Bundle) -> None:
    network, blocks = model.autoencoder, model.preset.data.onehot.blocks
    z = np.random.default_rng(0).uniform(-3, 3, (50, network.latent_dim))
    z *= np.geomspace(1, 1e6, 50)[:, None]
    probabilities, decoded = network.probabilities(z), network.decode(z)
    assert len(probabilities) == len(blocks)
    for block, shares in zip(blocks, probabilities, strict=True):
        assert shares.shape == (50, len(block.alphabet))
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        best = [block.alphabet[i] for i in shares.argmax(axis=1)]
        assert best == [code[block.position] for code in decoded]


def test_probabilities_are_scaled_sigmoids_or_softmaxes(bundle: Bundle, toy: Bundle) -> None:
    for model, likelihood in ((bundle, "bernoulli"), (toy, "categorical")):
        assert model.autoencoder.likelihood == likelihood
        z = np.random.default_rng(0).uniform(-3, 3, (10, model.autoencoder.latent_dim))
        logits = model.autoencoder.logits(z)
        for block, shares, logs in zip(
            model.preset.data.onehot.blocks,
            model.autoencoder.probabilities(z),
            model.autoencoder.log_probabilities(z),
            strict=True,
        ):
            own = logits[:, block.columns].astype(float)
            naive = expit(own) / expit(own).sum(axis=1, keepdims=True)
            expected = naive if likelihood == "bernoulli" else softmax(own, axis=1)
            np.testing.assert_allclose(shares, expected, rtol=1e-3, atol=1e-6)
            if likelihood == "categorical":
                np.testing.assert_allclose(logs, log_softmax(own, axis=1), rtol=1e-6)


def test_log_probabilities_are_finite_where_probabilities_are_rounded_to_0(bundle: Bundle) -> None:
    z = [[1e6, -1e6]]
    logs = bundle.autoencoder.log_probabilities(z)
    assert all(np.isfinite(block).all() for block in logs)
    assert any((block == 0).any() for block in bundle.autoencoder.probabilities(z))


def test_certainty_is_the_largest_probability(
    model: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = model.autoencoder
    z = np.random.default_rng(0).normal(scale=3, size=(100, network.latent_dim))
    largest = [block.max(axis=1) for block in network.probabilities(z)]
    monkeypatch.setattr(autoencoder, "BATCH", 37)
    decoded, certainty = network.decode_with_certainty(z)
    assert (decoded == network.decode(z)).all()
    np.testing.assert_allclose(certainty, np.stack(largest, axis=1), rtol=1e-4)  # of float32


def test_a_layer_is_x_times_the_kernel_plus_the_bias() -> None:
    kernel, bias = np.array([[1.0, 2.0], [3.0, -4.0]], np.float32), np.array([0.5, 1.0], np.float32)
    out = Dense(kernel, bias)(np.array([[1.0, 1.0]], np.float32))
    np.testing.assert_array_equal(out, [[4.5, -1.0]])


# --- another format, and wrong values -------------------------------------------------------------


def test_codes_of_another_format_are_encoded_and_decoded(toy: Bundle) -> None:
    mean, sigma = toy.autoencoder.encode(EVERY_TOY)
    assert mean.shape == sigma.shape == (160, 3)
    decoded = toy.autoencoder.decode(mean)
    assert decoded.dtype == np.dtype("U3")
    assert all(TOY.is_normalised(code) for code in decoded.tolist())
    assert len(set(decoded.tolist())) > 1
    with pytest.raises(FormatError, match="normalised tags such as B7D, got 'AB12CDE'"):
        toy.autoencoder.encode(["AB12CDE"])


@pytest.mark.parametrize(
    ("z", "words"),
    [
        ([[1.0, 2.0, 3.0]], r"shape \(n, 2\), got shape \(1, 3\)"),
        ([1.0, 2.0], r"got shape \(2,\)"),
        ([[np.nan, 0.0]], "finite latent coordinates"),
        ([[np.inf, 0.0]], "finite latent coordinates"),
        ([[1e300, 0.0]], "finite latent coordinates"),
    ],
)
def test_wrong_points_are_refused(bundle: Bundle, z, words: str) -> None:
    for method in ("decode", "logits", "decode_with_certainty", "probabilities"):
        with pytest.raises(ValueError, match=words):
            getattr(bundle.autoencoder, method)(z)


def test_no_points_have_no_codes(bundle: Bundle) -> None:
    network: Autoencoder = bundle.autoencoder
    assert network.decode(np.empty((0, 2))).shape == (0,)
    assert network.encode([])[0].shape == (0, 2)
