"""The searched code: where it lies, and how it is reconstructed."""

import numpy as np
import streamlit as st

from dashboard import plates, state, text
from dashboard.panels.context import Context
from dashboard.widgets import facts, heading


def searched(context: Context, code: str) -> None:
    """Where a code lies, how it is reconstructed, and whether it is a record."""
    bundle = context.bundle
    mean, sigma = gaussian(context, code)
    decoded = str(bundle.autoencoder.decode(np.array([mean]))[0])
    row = bundle.records.row_of(code)
    split = None if row is None else str(bundle.records.split[row])
    right = sum(a == b for a, b in zip(code, decoded, strict=True))
    heading(text.SEARCHED, state.SEARCH)
    st.html(plates.plate(code))
    st.caption(text.MEMBERSHIP[split])
    facts(
        [
            ("reconstructed as", plates.plate(decoded, "small")),
            ("characters right", f"{right} of {len(code)}"),
            ("mean", text.point(mean)),
            ("sigma", text.point(sigma)),
        ]
    )
    st.caption("On the map: its mean as a cross, its Gaussian as ellipses of 1 and 2 sigma.")


def gaussian(context: Context, code: str) -> tuple[list[float], list[float]]:
    """Mean and sigma of a normalised code, each of as many numbers as the map has dimensions."""
    mean, sigma = context.bundle.autoencoder.encode([code])
    return mean[0].tolist(), sigma[0].tolist()
