"""Every key that outlives a rerun, and its default; a bound widget's key is a URL parameter."""

from collections.abc import Iterable
from typing import Any, Final

import streamlit as st

BUNDLE: Final = "notebook-2d"
"""The model that the pages show."""

COLOUR: Final = "colour"
UNWANTED: Final = "unwanted"
SAMPLES: Final = "samples"
BOX: Final = "box"
SEED: Final = "seed"
THRESHOLD: Final = "threshold"
SEARCH: Final = "reg"
POINT: Final = "point"

MAP: Final = "map"
REGION: Final = "region"
BOX_CORNERS: Final = "box-corners"
DECODED: Final = "decoded"
RECENT: Final = "recent"
ASKED: Final = "asked"
COMPLAINTS: Final = "complaints"

DEFAULTS: Final[dict[str, Any]] = {
    COLOUR: "at_least_50",
    UNWANTED: "number < 50",
    SAMPLES: 1000,
    BOX: 3.0,
    SEED: 0,
    THRESHOLD: 2.5,
    SEARCH: "",
    POINT: "",
}

MAX_SAMPLES: Final = 20_000
"""On the page, where every sample is drawn; the command line takes many more."""
MAX_BOX: Final = 20.0
MAX_SEED: Final = 2**31
MAX_THRESHOLD: Final = 6.0
THRESHOLD_STEP: Final = 0.01
DECODE: Final = 50
"""New regs decoded from a region at a press of its button."""
LIMIT: Final = 1e6
"""Latent coordinates farther out than this are refused: far beyond any map."""


def judge_address() -> None:
    """Keep a sentence on every value of the address that no widget could take.

    Streamlit drops what a bound widget cannot hold and falls back on the default; a person who
    followed a mistyped link should be told. Call it when the widgets have been made; only the first
    run of a session judges, since later ones have what the person did since.
    """
    if COMPLAINTS in st.session_state:
        return
    st.session_state[COMPLAINTS] = [
        f"The address says {key} = “{text[:40]}”, which cannot be used here; "
        f"{key} is {DEFAULTS[key]} instead."
        for key, text in st.session_state.get(ASKED, {}).items()
        if st.session_state[key] == DEFAULTS[key] and not _means(text, DEFAULTS[key])
    ]


def remember_address() -> None:
    """Note what the address asked for, of our keys, before any widget is made."""
    asked = {key: st.query_params[key] for key in DEFAULTS if key in st.query_params}
    st.session_state.setdefault(ASKED, asked)


def _means(text: str, value: Any) -> bool:
    try:
        return float(text) == float(value)
    except ValueError:
        return text == str(value)


def sane(value: Any) -> bool:
    """Whether a value from outside is a finite number that a latent coordinate may be."""
    return isinstance(value, int | float) and abs(value) <= LIMIT  # false for NaN too


def threshold() -> float:
    """The threshold on a step of the slider, whatever was typed."""
    steps = round(st.session_state[THRESHOLD] / THRESHOLD_STEP)
    return round(steps * THRESHOLD_STEP, 2)  # the number that the slider's own text says


def numbers(text: str, n: int) -> list[float] | None:
    """`n` sane numbers with commas between, or None if the text is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if len(values) == n and all(map(sane, values)) else None


def bring_forward(section: str) -> None:
    """Note that a section of the reading panel was asked for last."""
    recent = [one for one in st.session_state.get(RECENT, []) if one != section]
    st.session_state[RECENT] = [section, *recent]


def newest_first(sections: Iterable[str]) -> list[str]:
    """Sections of the reading panel in the order in which they were asked for, newest first."""
    recent = st.session_state.get(RECENT, [])
    return sorted(sections, key=lambda one: recent.index(one) if one in recent else len(recent))
