"""Exact match on held-out codes of the built-in formats, over fresh data and training seeds.

    python -m tests.benchmarks.exactness FORMAT [PRESET] [--random-codes SHARE] [--seeds S …]

trains the preset for each seed on N codes of the format's generator, drawn and shuffled with that
seed, a twelfth of which are held out for test, and prints a row of the table of `docs/recipes.md`.
"""

import argparse
import os
import time
from dataclasses import replace

import numpy as np

from regvae.formats import FORMATS
from regvae.model.config import Data, Preset
from regvae.model.presets import PRESETS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def drawn(preset: Preset, format_name: str, n: int, seed: int) -> tuple[Preset, list[str]]:
    """The preset for n distinct codes of a format, and the codes."""
    format = FORMATS[format_name]
    codes = np.unique(format.generate(n + n // 10, rng=np.random.default_rng(seed)))
    own = np.random.default_rng(seed).permutation(codes)[:n]
    return replace(preset, data=Data.of_own(own, seed, format)), own.tolist()


def measured(preset: Preset, own: list[str], seed: int) -> tuple[float, float]:
    """Exact match on the test codes, decoding the means, and seconds with compilation."""
    from regvae.training.trainer import Trainer

    started = time.perf_counter()
    trainer = Trainer(preset, seed, own)
    while not trainer.finished:
        trainer.run_epoch()
    seconds = time.perf_counter() - started
    network, test = trainer.autoencoder(), trainer.splits["test"]
    return float((network.decode(network.encode(test)[0]) == test).mean()), seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("preset", nargs="?", default="exact-15d", choices=PRESETS)
    parser.add_argument("--random-codes", type=float, dest="share")
    parser.add_argument("--codes", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22])
    arguments = parser.parse_args()
    chosen = PRESETS[arguments.preset]
    if arguments.share is not None:
        training = replace(chosen.training, random_share=arguments.share)
        chosen = replace(chosen, training=training)
    found = []
    for seed in arguments.seeds:
        preset, own = drawn(chosen, arguments.format, arguments.codes, seed)
        found.append(measured(preset, own, seed))
        print(f"seed {seed}: exact match {found[-1][0]:.4f} in {found[-1][1]:.1f} s", flush=True)
    exact, seconds = np.array(found).T
    print(
        f"| `{arguments.format}` | `{arguments.preset}` | {exact.mean():.4f} | {exact.min():.4f} | "
        f"{seconds.min():.0f} to {seconds.max():.0f} s |"
    )
