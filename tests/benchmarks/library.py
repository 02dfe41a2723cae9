"""What the library does in a second, beside what it replaces."""

import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import regvae
from regvae.evaluation.notebook import UNWANTED
from regvae.formats import uk_registration
from regvae.latent.gaussians import NearestGaussian
from regvae.rejection.rules import RULES
from regvae.rejection.sampling import make_measurer
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

    from regvae.model.keras_vae import Vae
    from regvae.model.presets import preset
    from regvae.training.trainer import Trainer, floating_point_limit

    chosen = preset("notebook-2d")
    trainer = Trainer(chosen, seed=0)
    vectors = np.asarray(trainer.train_vectors)
    steps = len(vectors) // chosen.training.batch_size
    compiled = steps / seconds(trainer.run_epoch, 5)
    plain = Vae(chosen, seed=0)
    plain.compile(optimizer=keras.optimizers.Adamax(0.004), loss=plain.reconstruction_loss)
    fit = steps / seconds(lambda: plain.fit(vectors, vectors, batch_size=8, epochs=1, verbose=0), 2)
    limit = floating_point_limit()
    own = Trainer(preset("exact-15d"), seed=0)
    own_rate = own.steps / seconds(own.run_epoch, 5)
    return [
        Figure(
            "training steps",
            compiled,
            "steps/s",
            fit,
            "model.fit",
            "at least 10 times",
            compiled >= 10 * fit,
        ),
        Figure(
            "floating-point operations in training, batch 8",
            compiled * trainer.flops_a_step / 1e9,
            "GFLOP/s",
            limit / 1e9,
            "a large matrix product",
        ),
        Figure(
            "the same of exact-15d, batch 64",
            own_rate * own.flops_a_step / 1e9,
            "GFLOP/s",
            limit / 1e9,
            "a large matrix product",
        ),
    ]


def zoo() -> list[Figure]:
    """Training from the command line: imports, compilation, training, figures and bundle."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for name, limit in (("exact-15d", 30), ("ordered-2d", None), ("principled-2d", None)):
            out = Path(folder) / name
            command = [sys.executable, "-m", "regvae", "train", name, "--out", str(out)]
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            took = time.perf_counter() - start
            exact = regvae.load(out).metrics["accuracy"][-1]["exact"]
            figures.append(
                Figure(
                    f"{name} trained from the command line, all included",
                    took,
                    "s",
                    target=f"at most {limit} s" if limit else "",
                    met=took <= limit if limit else None,
                )
            )
            if name == "exact-15d":
                figures.append(
                    Figure(
                        "exact match on test codes",
                        exact,
                        "",
                        target="at least 0.998",
                        met=exact >= 0.998,
                    )
                )
    return figures


def serving() -> list[Figure]:
    """Encoding and decoding a million records, beside the bare matrix products of that size."""
    autoencoder = regvae.load("notebook-2d").autoencoder
    rng = np.random.default_rng(0)
    many = uk_registration.generate(MILLION, rng=rng)
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
    from regvae.model.autoencoder import BATCH

    for layer in layers:
        x = np.ones((BATCH, layer.kernel.shape[0]), np.float32)
        for _ in range(MILLION // BATCH):
            x @ layer.kernel


def keras_serving() -> list[Figure]:
    """The same work by Keras's predict, on fewer records because it is slower."""
    from regvae.model.keras_vae import Vae
    from regvae.model.presets import preset

    vae = Vae(preset("notebook-2d"), seed=0)
    autoencoder = regvae.load("notebook-2d").autoencoder
    some = uk_registration.generate(100_000, rng=np.random.default_rng(0))
    vectors = autoencoder.onehot.encode(some)

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
    """The nearest of the unwanted records, index included, against the notebook's loop."""
    mean, sigma = unwanted_gaussians()
    z = np.random.default_rng(0).uniform(-3, 3, (MILLION, 2))
    some = z[:1000]

    def loop() -> list[float]:
        return [np.sqrt((((point - mean) / sigma) ** 2).sum(axis=1)).min() for point in some]

    def ours(points: np.ndarray) -> np.ndarray:
        return NearestGaussian(mean, sigma).query(points)[0]

    np.testing.assert_allclose(ours(z)[:1000], loop(), rtol=1e-9)
    np.testing.assert_allclose(ours(some), loop(), rtol=1e-9)
    by_loop, million = seconds(loop), seconds(lambda: ours(z))
    tenfold = ten_times(mean, sigma)
    more = seconds(lambda: NearestGaussian(*tenfold).query(z))
    peak = peak_megabytes(lambda: ours(z))
    return [
        Figure(
            f"nearest of {len(mean):,} for 1,000,000 samples",
            million,
            "s",
            1000 * by_loop,
            "the notebook's loop, timed on 1,000",
            "at least 300 times",
            1000 * by_loop >= 300 * million,
        ),
        Figure("the same, memory at its peak", peak, "MB", target="under 500 MB", met=peak < 500),
        Figure(
            "the same, ten times the records",
            more,
            "s",
            million,
            "with the records",
            "at most 3 times the time",
            more <= 3 * million,
        ),
        Figure(
            "the same for 1,000 samples",
            1e3 * seconds(lambda: ours(some)),
            "ms",
            1e3 * by_loop,
            "the notebook's loop",
        ),
    ]


def unwanted_gaussians() -> tuple[np.ndarray, np.ndarray]:
    """Means and sigmas of the notebook's unwanted records."""
    records = regvae.load("notebook-2d").records
    selected = UNWANTED.of_records(records)
    return records.mean[selected].astype(float), records.sigma[selected].astype(float)


def ten_times(mean: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ten times as many records of the same kind: each moved and its sigma changed a little."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(len(mean)), 10)
    moved = mean[rows] + 0.1 * sigma[rows] * rng.normal(size=(len(rows), mean.shape[1]))
    return moved, sigma[rows] * np.exp(0.05 * rng.normal(size=moved.shape))


def peak_megabytes(work: Callable[[], object]) -> float:
    """Most memory that a call holds beyond what was held before, as Python's allocators see it."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def rejection() -> list[Figure]:
    """A million proposals from end to end, by each rule: measured, decided, decoded, audited."""
    bundle = regvae.load("notebook-2d")
    figures = []
    for rule in (kind() for kind in RULES.values()):
        policy = regvae.Policy(bundle.name, UNWANTED, rule, proposals=MILLION)
        measurer = make_measurer(bundle, policy)
        rate = MILLION / seconds(
            lambda p=policy, m=measurer: regvae.generate(bundle, p, measurer=m), 1
        )
        figures.append(Figure(f"{rule.name} rule, from proposal to audit", rate, "proposals/s"))
    return figures
