"""The NumPy forward pass against Keras, and against itself."""

import threading
import tracemalloc

import numpy as np
import pytest
from scipy.special import expit

import regvae
from regvae import onehot
from regvae.formats import uk_registration
from regvae.model import autoencoder, presets
from regvae.model.autoencoder import Autoencoder, Dense, weight_shapes
from regvae.model.bundle import Bundle
from regvae.model.keras_vae import Vae


@pytest.fixture(scope="module")
def keras_model(bundle: Bundle) -> Vae:
    """The shipped weights in the Keras model."""
    vae = Vae(bundle.preset, seed=0)
    for layer in [*vae.encoder, vae.mean_head, vae.log_sigma_head, *vae.decoder]:
        layer.kernel.assign(bundle.weights[f"{layer.name}.kernel"])
        layer.bias.assign(bundle.weights[f"{layer.name}.bias"])
    return vae


def test_encoding_equals_keras_on_every_record(bundle: Bundle, keras_model: Vae) -> None:
    mean, log_sigma = keras_model.encode(onehot.encode(bundle.records.codes))
    ours = bundle.autoencoder.encode(bundle.records.codes)
    np.testing.assert_allclose(ours[0], mean, atol=1e-5)
    np.testing.assert_allclose(ours[1], np.exp(log_sigma), atol=1e-5)
    np.testing.assert_allclose(ours[0], bundle.records.mean, atol=1e-5)


def test_decoding_equals_keras_on_every_record(bundle: Bundle, keras_model: Vae) -> None:
    theirs = np.asarray(keras_model.decode(bundle.records.mean))
    ours = bundle.autoencoder.logits(bundle.records.mean)
    # Outputs are probabilities: the tolerance is theirs, not the unbounded logits'.
    np.testing.assert_allclose(expit(ours), expit(theirs), atol=1e-5)
    decoded = bundle.autoencoder.decode(bundle.records.mean)
    assert decoded.tolist() == onehot.decode(theirs).tolist()


def test_weight_names_and_shapes_are_those_of_keras() -> None:
    for name in presets.PRESETS:
        preset = presets.preset(name)
        weights = Vae(preset, seed=1).named_weights()
        assert {n: w.shape for n, w in weights.items()} == weight_shapes(preset.network)


def test_the_notebooks_network_has_63_254_weights() -> None:
    shapes = weight_shapes(presets.preset("notebook-2d").network)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 63_254
    kernels = {name: shape for name, shape in shapes.items() if name.endswith("kernel")}
    assert sum(int(np.prod(shape)) for shape in kernels.values()) == 62_650  # the notebook's 62.6 k


def test_batches_change_nothing(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    z = np.random.default_rng(0).uniform(-3, 3, (1000, 2))
    whole = bundle.autoencoder.decode(z)
    monkeypatch.setattr(autoencoder, "BATCH", 37)
    assert (bundle.autoencoder.decode(z) == whole).all()
    mean, sigma = bundle.autoencoder.encode(bundle.records.codes[:1000])
    np.testing.assert_allclose(mean, bundle.records.mean[:1000], atol=1e-6)
    np.testing.assert_allclose(sigma, bundle.records.sigma[:1000], atol=1e-6)


def test_threads_share_one_autoencoder(bundle: Bundle) -> None:
    z = np.random.default_rng(0).uniform(-3, 3, (20_000, 2))
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


def test_a_million_records_stay_under_a_gigabyte(bundle: Bundle) -> None:
    many = uk_registration.generate(1_000_000, rng=np.random.default_rng(0))
    tracemalloc.start()
    mean, sigma = bundle.autoencoder.encode(many)
    decoded = bundle.autoencoder.decode(mean)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert mean.shape == sigma.shape == (1_000_000, 2)
    assert decoded.shape == (1_000_000,)
    assert peak < 1e9


def test_probabilities_sum_to_one_and_agree_with_the_decoded_reg(bundle: Bundle) -> None:
    z = np.random.default_rng(0).uniform(-3, 3, (50, 2)) * np.geomspace(1, 1e6, 50)[:, None]
    probabilities = bundle.autoencoder.probabilities(z)
    decoded = bundle.autoencoder.decode(z)
    naive = expit(bundle.autoencoder.logits(z[:10])[:, onehot.BLOCKS[0].columns])
    np.testing.assert_allclose(
        probabilities[0][:10], naive / naive.sum(axis=1, keepdims=True), rtol=1e-3, atol=1e-6
    )
    assert [block.shape for block in probabilities] == [
        (50, len(block.alphabet)) for block in onehot.BLOCKS
    ]
    for position, (block, shares) in enumerate(zip(onehot.BLOCKS, probabilities, strict=True)):
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        best = [block.alphabet[i] for i in shares.argmax(axis=1)]
        assert best == [reg[position] for reg in decoded]


@pytest.mark.parametrize("name", ["notebook-2d", "exact-15d"])
def test_certainty_is_the_largest_probability(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    autoencoder = regvae.load(name).autoencoder
    z = np.random.default_rng(0).normal(scale=3, size=(100, autoencoder.latent_dim))
    monkeypatch.setattr(autoencoder, "BATCH", 37)
    decoded, certainty = autoencoder.decode_with_certainty(z)
    assert (decoded == autoencoder.decode(z)).all()
    largest = [block.max(axis=1) for block in autoencoder.probabilities(z)]
    np.testing.assert_allclose(certainty, np.stack(largest, axis=1))


def test_one_layer_by_hand() -> None:
    kernel, bias = np.array([[1.0, 2.0], [3.0, -4.0]], np.float32), np.array([0.5, 1.0], np.float32)
    out = Dense(kernel, bias)(np.array([[1.0, 1.0]], np.float32))
    np.testing.assert_array_equal(out, [[4.5, -1.0]])


@pytest.mark.parametrize(
    ("z", "words"),
    [
        ([[1.0, 2.0, 3.0]], r"shape \(n, 2\), but came with shape \(1, 3\)"),
        ([1.0, 2.0], r"came with shape \(2,\)"),
        ([[np.nan, 0.0]], "finite coordinates"),
        ([[np.inf, 0.0]], "finite coordinates"),
        ([[1e300, 0.0]], "finite coordinates"),
    ],
)
def test_bad_points_are_refused(bundle: Bundle, z, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        bundle.autoencoder.decode(z)


def test_nothing_in_gives_nothing_out(bundle: Bundle) -> None:
    autoencoder: Autoencoder = bundle.autoencoder
    assert autoencoder.decode(np.empty((0, 2))).shape == (0,)
    assert autoencoder.encode([])[0].shape == (0, 2)
