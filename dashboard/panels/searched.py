"""The searched code: where it lies, and how it is reconstructed."""

import numpy as np
import streamlit as st

from dashboard import plates, state
from dashboard.panels.context import Context
from dashboard.widgets import facts, further, heading
from dashboard.words import common
from dashboard.words import explore as words


def searched(context: Context, code: str) -> None:
    """Where a code lies, how it is reconstructed, and whether it is a record."""
    bundle = context.bundle
    mean, sigma = gaussian(context, code)
    decoded = str(bundle.autoencoder.decode(np.array([mean]))[0])
    row = bundle.records.row_of(code)
    split = None if row is None else str(bundle.records.split[row])
    right = sum(a == b for a, b in zip(code, decoded, strict=True))
    heading(common.named(words.SEARCHED, bundle.format), state.SEARCH)
    st.html(plates.plate(bundle.format, code))
    st.caption(words.NO_MEMBERSHIP if bundle.released else words.MEMBERSHIP[split])
    facts(
        [
            ("reconstructed as", plates.plate(bundle.format, decoded, "small")),
            ("characters right", f"{right} of {len(code)}"),
            ("mean", common.point(mean)),
            ("standard deviations", common.point(sigma)),
            *([] if row is None else further(bundle.records, row)),
        ]
    )
    st.caption(words.SEARCHED_ON_THE_MAP)


def gaussian(context: Context, code: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviations of a normalised code, k numbers each."""
    mean, sigma = context.bundle.autoencoder.encode([code])
    return mean[0].tolist(), sigma[0].tolist()
