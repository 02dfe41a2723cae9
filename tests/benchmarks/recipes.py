"""Time and validation loss of the project's own presets with other batches and schedules.

`python -m tests.benchmarks.recipes [PRESET…] [--seeds 0 1]`, ten minutes on a quiet machine. It
prints the table of `docs/recipes.md`, by which the presets were chosen: the least time to an equal
or better validation loss, among those that still show what the preset is for. The loss alone does
not decide: as characters are independent, a model that encodes less can have a lower bound.
"""

import argparse
import os
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from regvae.model.config import Phase, Preset
from regvae.model.presets import PRESETS
from regvae.training.trainer import Trainer

Recipe = tuple[int, float, int, str]
"""Batch size, learning rate, epochs, schedule."""
RECIPES: tuple[Recipe, ...] = (
    (16, 0.001, 30, "cosine"),
    (32, 0.0015, 60, "cosine"),
    (64, 0.002, 30, "cosine"),
    (64, 0.002, 60, "cosine"),
    (64, 0.002, 60, "constant"),
    (128, 0.003, 60, "cosine"),
    (128, 0.003, 120, "cosine"),
)


def main() -> None:
    """Print a row for each preset and recipe."""
    ours = ["ordered-2d", "exact-15d", "principled-2d", "dvla-2d"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", metavar="PRESET", help="all by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    arguments = parser.parse_args()
    print("| preset | batch | rate | epochs | schedule | seconds | validation loss | tens, units |")
    print("|---|---|---|---|---|---|---|---|")
    for name in arguments.presets or ours:
        for recipe in dict.fromkeys([own(PRESETS[name]), *RECIPES]):
            preset = changed(PRESETS[name], *recipe)
            found = np.array([outcome(preset, seed) for seed in arguments.seeds])
            (seconds, loss, _, _), (tens, units) = found.mean(axis=0), found[:, 2:].min(axis=0)
            batch, rate, epochs, schedule = recipe
            row = (name, batch, f"{rate:g}", epochs, schedule, f"{seconds:.1f}", f"{loss:.3f}")
            print("|", " | ".join(map(str, row)), f"| {tens:.3f}, {units:.3f} |", flush=True)


def own(preset: Preset) -> Recipe:
    """The preset's own batch and schedule."""
    (phase,) = preset.training.phases
    return preset.training.batch_size, phase.learning_rate, phase.epochs, phase.schedule


def changed(preset: Preset, batch: int, rate: float, epochs: int, schedule: str) -> Preset:
    """The preset with another batch and schedule; its warm-up has the same share of the epochs."""
    before = preset.training
    training = replace(
        before,
        batch_size=batch,
        phases=(Phase(rate, epochs, schedule),),  # type: ignore[arg-type]
        warm_up=round(before.warm_up * epochs / before.epochs),
    )
    return replace(preset, training=training)


def outcome(preset: Preset, seed: int) -> tuple[float, float, float, float]:
    """Seconds of all epochs with compilation; then of the last epoch the validation loss and the
    per-character accuracy of the tens and of the units."""
    trainer = Trainer(preset, seed)
    while not trainer.finished:
        trainer.run_epoch()
    last = trainer.history[-1]
    seconds = sum(epoch.seconds for epoch in trainer.history)
    return seconds, last.validation_loss, *last.validation_right[2:4]


if __name__ == "__main__":
    main()
