"""Time and validation loss of every preset of our own under other batches and schedules.

`python -m tests.benchmarks.recipes [PRESET…]`, ten minutes on a quiet machine. The README's table
is its output, and the presets are chosen by it: least time to equal or better validation loss.
"""

import os
import sys
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from regvae.presets import PRESETS, Phase, Preset
from regvae.training import Trainer

RECIPES = (
    # batch, learning rate, epochs, schedule
    (16, 0.001, 30, "cosine"),
    (32, 0.0015, 60, "cosine"),
    (64, 0.002, 30, "cosine"),
    (64, 0.002, 60, "cosine"),
    (64, 0.002, 60, "constant"),
    (128, 0.003, 60, "cosine"),
    (128, 0.003, 120, "cosine"),
)
SEEDS = (0, 1)


def main() -> None:
    """Print a row a recipe, by preset."""
    names = sys.argv[1:] or ["ordered-2d", "exact-15d", "principled-2d", "dvla-2d"]
    print("| preset | batch | learning rate | epochs | schedule | seconds | validation loss |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        for batch, rate, epochs, schedule in RECIPES:
            preset = changed(PRESETS[name], batch, rate, epochs, schedule)
            seconds, losses = zip(*(outcome(preset, seed) for seed in SEEDS), strict=True)
            row = (name, batch, f"{rate:g}", epochs, schedule, f"{np.mean(seconds):.1f}")
            print("|", " | ".join(map(str, row)), f"| {np.mean(losses):.3f} |", flush=True)


def changed(preset: Preset, batch: int, rate: float, epochs: int, schedule: str) -> Preset:
    """The preset with another batch and schedule; its warm-up keeps its share of the epochs."""
    before = preset.training
    training = replace(
        before,
        batch_size=batch,
        phases=(Phase(rate, epochs, schedule),),  # type: ignore[arg-type]
        warm_up=round(before.warm_up * epochs / before.epochs),
    )
    return replace(preset, training=training)


def outcome(preset: Preset, seed: int) -> tuple[float, float]:
    """Seconds of all epochs, compilation included, and the last validation loss."""
    trainer = Trainer(preset, seed)
    while not trainer.finished:
        trainer.run_epoch()
    return sum(epoch.seconds for epoch in trainer.history), trainer.history[-1].validation_loss


if __name__ == "__main__":
    main()
