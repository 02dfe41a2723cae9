"""Speed and memory of the library, beside what it replaces."""

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
from regvae.formats import UK_REGISTRATION, uk_registration
from regvae.latent.gaussians import NearestGaussian
from regvae.onehot import one_hot
from regvae.rejection.guarantee import PURITY, guaranteed
from regvae.rejection.proposals import usual
from regvae.rejection.rules import RULES, Certified, Rule, TwoSided
from regvae.rejection.sampling import make_measurer
from tests.benchmarks.figure import Figure

MILLION = 1_000_000
TENTH = MILLION // 10


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median time of a call, after a first one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def training() -> list[Figure]:
    """Steps per second at the notebook's batch of 8, against plain model.fit on the same model."""
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
    large = Trainer(preset("exact-15d"), seed=0)
    large_rate = large.steps / seconds(large.run_epoch, 5)
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
            large_rate * large.flops_a_step / 1e9,
            "GFLOP/s",
            limit / 1e9,
            "a large matrix product",
        ),
    ]


def zoo() -> list[Figure]:
    """Time of `regvae train`: imports, compilation, training, metrics and bundle."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for name, limit in (("exact-15d", 30), ("ordered-2d", None), ("principled-2d", None)):
            out = Path(folder) / name
            command = [sys.executable, "-m", "regvae", "train", name, "--out", str(out)]
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            duration = time.perf_counter() - start
            figures.append(
                Figure(
                    f"{name} trained from the command line, in total",
                    duration,
                    "s",
                    target=f"at most {limit} s" if limit else "",
                    met=duration <= limit if limit else None,
                )
            )
        exact = regvae.load(Path(folder) / "exact-15d").metrics["accuracy"][-1]["exact"]
    figures.append(
        Figure(
            "exact match of exact-15d on its test regs",
            exact,
            "",
            target="at least 0.998",
            met=exact >= 0.998,
        )
    )
    return figures


def serving() -> list[Figure]:
    """Encoding and decoding a million codes, beside the matrix products alone."""
    autoencoder = regvae.load("notebook-2d").autoencoder
    rng = np.random.default_rng(0)
    many = uk_registration.generate(MILLION, rng=rng)
    z = rng.normal(size=(MILLION, 2)).astype(np.float32)
    return [
        Figure(
            f"{name} {MILLION:,}",
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
    """Encoding and decoding against Keras's predict, on fewer codes because it is slower."""
    from regvae.model.keras_vae import Vae
    from regvae.model.presets import preset

    vae = Vae(preset("notebook-2d"), seed=0)
    codes = uk_registration.generate(TENTH, rng=np.random.default_rng(0))
    vectors = one_hot(UK_REGISTRATION).encode(codes)
    autoencoder = regvae.load("notebook-2d").autoencoder

    def ours() -> None:
        autoencoder.decode(autoencoder.encode(codes)[0])

    keras_rate = TENTH / seconds(lambda: vae.predict(vectors, batch_size=1024, verbose=0), 2)
    return [
        Figure(
            f"encode and decode {TENTH:,}",
            TENTH / seconds(ours),
            "records/s",
            keras_rate,
            "Keras predict",
        )
    ]


def distances() -> list[Figure]:
    """The nearest of the unwanted records, index included, against the notebook's loop."""
    mean, sigma = unwanted_gaussians()
    z = np.random.default_rng(0).uniform(-3, 3, (MILLION, 2))
    thousand = z[:1000]

    def loop() -> list[float]:
        return [np.sqrt((((point - mean) / sigma) ** 2).sum(axis=1)).min() for point in thousand]

    def ours(points: np.ndarray) -> np.ndarray:
        return NearestGaussian(mean, sigma).query(points)[0]

    np.testing.assert_allclose(ours(z)[:1000], loop(), rtol=1e-9)
    np.testing.assert_allclose(ours(thousand), loop(), rtol=1e-9)
    by_loop, million = seconds(loop), seconds(lambda: ours(z))
    tenfold = ten_times(mean, sigma)
    more = seconds(lambda: NearestGaussian(*tenfold).query(z))
    peak = peak_megabytes(lambda: ours(z))
    return [
        Figure(
            f"nearest of {len(mean):,} for {MILLION:,} samples",
            million,
            "s",
            1000 * by_loop,
            "the notebook's loop, timed on 1,000",
            "at least 600 times",
            1000 * by_loop >= 600 * million,
        ),
        Figure("the same, peak memory", peak, "MB", target="under 500 MB", met=peak < 500),
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
            1e3 * seconds(lambda: ours(thousand)),
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
    """Ten times as many Gaussians: each moved a little, with a slightly different sigma."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(len(mean)), 10)
    moved = mean[rows] + 0.1 * sigma[rows] * rng.normal(size=(len(rows), mean.shape[1]))
    return moved, sigma[rows] * np.exp(0.05 * rng.normal(size=moved.shape))


def peak_megabytes(work: Callable[[], object]) -> float:
    """Most memory that a call allocates with Python's allocators, in megabytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


BEFORE = {"one-sided": 1_690_000, "two-sided": 920_000, "posterior": 640_000}
"""Proposals a second of the rules when a review measured them, on two cores."""


def rejection() -> list[Figure]:
    """A million proposals by each rule: measured, accepted or not, decoded and audited."""
    figures = []
    for kind in RULES.values():
        rate, before = sampling_rate("notebook-2d", kind, MILLION), BEFORE.get(kind.name)
        figures.append(
            Figure(
                f"{kind.name} rule, from proposal to audit",
                rate,
                "proposals/s",
                target=f"at least {2 * before:,}" if before else "",
                met=rate >= 2 * before if before else None,
            )
        )
    for kind, least in ((Certified, 20_000), (TwoSided, None)):
        rate = sampling_rate("exact-15d", kind, TENTH)
        figures.append(
            Figure(
                f"the same in 15 dimensions, {kind.name}",
                rate,
                "proposals/s",
                target=f"at least {least:,}" if least else "",
                met=rate >= least if least else None,
            )
        )
    return figures


def sampling_rate(name: str, kind: type[Rule], proposals: int) -> float:
    """Proposals a second of a rule with a model, with the usual proposals, audit included."""
    bundle = regvae.load(name)
    policy = regvae.Policy(name, UNWANTED, kind(), usual(bundle), proposals=proposals)
    measurer = make_measurer(bundle, policy)
    if kind.needs_learning:
        policy = guaranteed(bundle, policy, PURITY, measurer=measurer)
    return proposals / seconds(lambda: regvae.generate(bundle, policy, measurer=measurer), 3)
