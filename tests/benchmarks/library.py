"""What the library does in a second, beside what it replaces."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

import regvae
from regvae import regs, rules, vectoriser
from regvae.evaluation import UNWANTED
from tests.benchmarks.figure import Figure

MILLION = 1_000_000


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median time of a call, after one that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def training() -> list[Figure]:
    """Steps a second at the notebook's batch of 8, against plain model.fit on the same model."""
    import keras

    from regvae.network import Vae
    from regvae.presets import preset
    from regvae.training import Trainer

    chosen = preset("notebook-2d")
    trainer = Trainer(chosen, seed=0)
    vectors = np.asarray(trainer.train_vectors)
    steps = len(vectors) // chosen.training.batch_size
    compiled = steps / seconds(trainer.run_epoch, 5)
    plain = Vae(chosen, seed=0)
    plain.compile(optimizer=keras.optimizers.Adamax(0.004), loss=plain.reconstruction_loss)
    fit = steps / seconds(lambda: plain.fit(vectors, vectors, batch_size=8, epochs=1, verbose=0), 2)
    return [
        Figure(
            "training steps",
            compiled,
            "steps/s",
            fit,
            "model.fit",
            "at least 8 times",
            compiled >= 8 * fit,
        )
    ]


def serving() -> list[Figure]:
    """Encoding and decoding a million records, beside the bare matrix products of that size."""
    autoencoder = regvae.load("notebook-2d").autoencoder
    rng = np.random.default_rng(0)
    many = regs.generate(MILLION, rng=rng)
    z = rng.normal(size=(MILLION, 2)).astype(np.float32)
    return [
        Figure(
            f"{name} 1,000,000",
            MILLION / seconds(work),
            "records/s",
            MILLION / seconds(lambda layers=layers: _products(layers)),
            "its matrix products alone",
        )
        for name, work, layers in (
            (
                "encode",
                lambda: autoencoder.encode(many),
                [*autoencoder.encoder, autoencoder.mean_head, autoencoder.log_sigma_head],
            ),
            ("decode", lambda: autoencoder.decode(z), list(autoencoder.decoder)),
        )
    ]


def _products(layers: list) -> None:
    from regvae.forward import BATCH

    for layer in layers:
        x = np.ones((BATCH, layer.kernel.shape[0]), np.float32)
        for _ in range(MILLION // BATCH):
            x @ layer.kernel


def keras_serving() -> list[Figure]:
    """The same work by Keras's predict, on fewer records because it is slower."""
    from regvae.network import Vae
    from regvae.presets import preset

    vae = Vae(preset("notebook-2d"), seed=0)
    vectors = vectoriser.encode(regs.generate(100_000, rng=np.random.default_rng(0)))
    autoencoder = regvae.load("notebook-2d").autoencoder
    some = regs.generate(100_000, rng=np.random.default_rng(0))

    def ours() -> None:
        autoencoder.decode(autoencoder.encode(some)[0])

    keras_rate = 100_000 / seconds(lambda: vae.predict(vectors, batch_size=1024, verbose=0), 2)
    return [
        Figure(
            "encode and decode 100,000",
            100_000 / seconds(ours),
            "records/s",
            keras_rate,
            "Keras predict",
        )
    ]


def distances() -> list[Figure]:
    """The nearest of the unwanted records for 1,000 samples, against the notebook's loop."""
    bundle = regvae.load("notebook-2d")
    selected = rules.mask(UNWANTED, bundle.records.reg)
    mean, sigma = (
        part[selected].astype(float) for part in (bundle.records.mean, bundle.records.sigma)
    )
    nearest = regvae.NearestGaussian(mean, sigma)
    z = np.random.default_rng(0).uniform(-3, 3, (1000, 2))

    def loop() -> list[float]:
        return [np.sqrt((((point - mean) / sigma) ** 2).sum(axis=1)).min() for point in z]

    np.testing.assert_allclose(nearest.query(z)[0], loop(), rtol=1e-9)
    name = f"nearest of {len(mean):,} for 1,000 samples"
    return [
        Figure(
            name,
            1e3 * seconds(lambda: nearest.query(z)),
            "ms",
            1e3 * seconds(loop),
            "the notebook's loop",
        )
    ]
