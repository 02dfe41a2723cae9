"""The forming map, the losses and the accuracy of a training run, as it goes."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import palette
from dashboard.components.transfer import module_script
from dashboard.words import training as words
from regvae.formats import Format
from regvae.training.jobs import Job, Progress

_mount = st.components.v2.component(
    "regvae_training", js=module_script("training/main.js"), isolate_styles=False
)
_MOST_FRAMES = 60
"""Epochs that are sent of an ended job; of a live one only the newest is, and the page keeps it."""


def training_view(job: Job, progress: Progress) -> None:
    """Show a job's map and lines. Call it again and again while it trains."""
    epochs = len(progress.frames)
    places = [epochs - 1] if job.alive else _spread(epochs)
    k = job.preset.network.latent_dim
    frames = progress.frames[places].astype(np.float32)
    points = len(progress.codes)
    table = pd.DataFrame(
        {
            "epoch": np.repeat(np.array(places, np.int32) + 1, points),
            "x": frames[:, :, 0].ravel(),
            "y": frames[:, :, 1].ravel() if k > 1 else np.zeros(frames[:, :, 0].size, np.float32),
        }
    )
    colours, shades = _colours(job, progress)
    _mount(
        key="training-view",
        data={
            "run": f"{job.name} {job.created}",
            "title": (words.FORMING_AXES if k > 2 else words.FORMING).format(
                n=points, plural=job.preset.data.format.plural, k=k
            ),
            "points": points,
            "frames": table,
            "colours": pd.DataFrame({"colour": colours}),
            "palette": shades,
            "history": progress.history,
            "epochs": job.preset.training.epochs,
            "entropy": _entropy(job),
            "losses": [
                {"column": "loss", "label": "training", "colour": palette.MODELS[1]},
                {"column": "validation_loss", "label": "validation", "colour": palette.MODELS[2]},
            ],
            "accuracies": _accuracies(job.preset.data.format),
        },
    )


def _spread(epochs: int) -> list[int]:
    """At most 60 epochs (from 0), evenly among all, the first and the last included."""
    return sorted({round(one) for one in np.linspace(0, epochs - 1, min(epochs, _MOST_FRAMES))})


def _colours(job: Job, progress: Progress) -> tuple[np.ndarray, list[str]]:
    """A colour's index for each point, and the colours: by the first ordered attribute, or else by
    the first of all."""
    data, orders = job.preset.data, job.preset.training.orders
    names = [*(one.attribute for one in orders), *data.attribute_names]
    if not names:
        return np.zeros(len(progress.codes), np.uint8), [palette.ABOVE]
    attribute = job.attributes[names[0]]
    ranks = attribute.ranks(progress.codes)
    if attribute.kind == "boolean":
        return ranks.astype(np.uint8), [palette.BELOW, palette.ABOVE]
    indices = ranks.clip(min=0) * len(palette.SCALE) // (ranks.max() + 1)
    indices[ranks < 0] = len(palette.SCALE)  # no value
    return indices.astype(np.uint8), [*palette.SCALE, palette.MISSING]


def _entropy(job: Job) -> dict[str, Any] | None:
    """The source's entropy, if it is known and the loss is an upper bound of it."""
    training = job.preset.training
    entropy = job.preset.data.entropy
    bound = training.divergence == "exact" and training.beta == training.reconstruction_weight == 1
    if entropy is None or not bound:
        return None
    return {"value": entropy, "label": words.ENTROPY.format(nats=entropy)}


def _accuracies(format: Format) -> list[dict[str, Any]]:
    lines = [
        {
            "column": f"validation_right_{place}",
            "label": name.split()[0],  # there is little room
            "colour": palette.WHEEL[place % len(palette.WHEEL) - 1],
        }
        for place, name in enumerate(
            map(format.position_names.__getitem__, format.learned), start=1
        )
    ]
    exact = {
        "column": "validation_exact",
        "label": words.EXACT,
        "colour": "currentColor",
        "bold": True,
    }
    return [*lines, exact]
