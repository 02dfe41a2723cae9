"""Every key that outlives a rerun, and its default; a bound widget's key is a URL parameter."""

import math
from collections.abc import Iterable
from typing import Any, Final

import streamlit as st

MODEL: Final = "model"
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

DEFAULTS: Final[dict[str, Any]] = {
    MODEL: "notebook-2d",
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


def url_values() -> dict[str, str]:
    """What the address asked for, of our keys; read it before any widget is made."""
    return {key: st.query_params[key] for key in DEFAULTS if key in st.query_params}


def refused(asked: dict[str, str]) -> list[str]:
    """Sentences on values of the address that no widget could take; read it after they are made.

    Streamlit drops what a bound widget cannot hold and falls back on the default; a person who
    followed a mistyped link should be told.
    """
    sentences = []
    for key, text in asked.items():
        value = st.session_state.get(key, DEFAULTS[key])
        if value == DEFAULTS[key] and text != str(value) and not _same_number(text, value):
            sentences.append(
                f"The address says {key} = “{text[:40]}”, which cannot be used here; "
                f"{key} is {value or 'empty'} instead."
            )
    return sentences


def _same_number(text: str, value: Any) -> bool:
    try:
        return float(text) == float(value)
    except ValueError:
        return False


def threshold() -> float:
    """The threshold on a step of the slider, whatever was typed."""
    return round(st.session_state[THRESHOLD], 2)


def numbers(text: str, n: int) -> list[float] | None:
    """`n` finite numbers with commas between, or None if the text is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if len(values) == n and all(math.isfinite(v) for v in values) else None


def bring_forward(section: str) -> None:
    """Note that a section of the reading panel was asked for last."""
    recent = [one for one in st.session_state.get(RECENT, []) if one != section]
    st.session_state[RECENT] = [section, *recent]


def newest_first(sections: Iterable[str]) -> list[str]:
    """Sections of the reading panel in the order in which they were asked for, newest first."""
    recent = st.session_state.get(RECENT, [])
    return sorted(sections, key=lambda one: recent.index(one) if one in recent else len(recent))
