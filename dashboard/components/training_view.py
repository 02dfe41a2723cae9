"""The component that shows a training as it goes: the forming map, the losses, the accuracy."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import palette, text
from dashboard.components.transfer import module_script
from regvae.formats import Format
from regvae.training.jobs import Job, Progress

_mount = st.components.v2.component(
    "regvae_training", js=module_script("training/main.js"), isolate_styles=False
)
_MOST_FRAMES = 60  # of an ended run; a live one sends its newest, and the page keeps them


def training_view(run: Job, progress: Progress) -> None:
    """Show a run's map and lines; called again and again while it trains."""
    epochs = len(progress.frames)
    places = [epochs - 1] if run.alive else _spread(epochs)
    k = run.preset.network.latent_dim
    frames = progress.frames[places].astype(np.float32)
    points = len(progress.codes)
    table = pd.DataFrame(
        {
            "epoch": np.repeat(np.array(places, np.int32) + 1, points),
            "x": frames[:, :, 0].ravel(),
            "y": frames[:, :, 1].ravel() if k > 1 else np.zeros(frames[:, :, 0].size, np.float32),
        }
    )
    colours, shades = _colours(run, progress)
    _mount(
        key="training-view",
        data={
            "run": f"{run.name} {run.created}",
            "title": (text.FORMING_AXES if k > 2 else text.FORMING).format(n=points, k=k),
            "points": points,
            "frames": table,
            "colours": pd.DataFrame({"colour": colours}),
            "palette": shades,
            "history": progress.history,
            "epochs": run.preset.training.epochs,
            "entropy": _entropy(run),
            "losses": [
                {"column": "loss", "label": "training", "colour": palette.MODELS[1]},
                {"column": "validation_loss", "label": "validation", "colour": palette.MODELS[2]},
            ],
            "accuracies": _accuracies(run.preset.data.format),
        },
    )


def _spread(epochs: int) -> list[int]:
    """At most 60 epochs, evenly among all, the first and the last included."""
    return sorted({round(one) for one in np.linspace(0, epochs - 1, min(epochs, _MOST_FRAMES))})


def _colours(run: Job, progress: Progress) -> tuple[np.ndarray, list[str]]:
    """A code for each point and a colour for each code: by what is ordered, else by number."""
    orders = run.preset.training.orders
    if orders:
        ranks = run.preset.data.format.attribute(orders[0].attribute).ranks(progress.codes)
        codes = ranks * len(palette.SCALE) // (ranks.max() + 1)
        return codes.astype(np.uint8), list(palette.SCALE)
    upper = run.preset.data.format.attribute("at_least_50").values(progress.codes)
    return upper.astype(np.uint8), [palette.BELOW, palette.ABOVE]


def _entropy(run: Job) -> dict[str, Any] | None:
    """The generator's entropy, for a loss that is a bound of it."""
    training = run.preset.training
    entropy = run.preset.data.entropy
    bound = training.divergence == "exact" and training.beta == training.reconstruction_weight == 1
    if entropy is None or not bound:
        return None
    return {"value": entropy, "label": text.ENTROPY.format(nats=entropy)}


def _accuracies(format: Format) -> list[dict[str, Any]]:
    lines = [
        {
            "column": f"validation_right_{place}",
            "label": text.CHARACTERS[place - 1],
            "colour": palette.WHEEL[place - 1],
        }
        for place in range(1, format.length + 1)
    ]
    whole = {
        "column": "validation_exact",
        "label": f"all {format.length}",
        "colour": "currentColor",
        "bold": True,
    }
    return [*lines, whole]
