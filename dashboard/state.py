"""Every key that outlives a rerun, and its default; a bound widget's key is a URL parameter."""

from collections.abc import Iterable
from typing import Any, Final

import streamlit as st

from dashboard.text import ANCHORS, JOURNEYS_TAB, PATHS, PLANES, READ_TAB
from regvae.formats import UK_REGISTRATION
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, OneSided, Rule

MODEL: Final = "model"
KEPT_MODEL: Final = "kept-model"
PLANE: Final = "plane"
ACROSS: Final = "across"
UP: Final = "up"
ANCHOR: Final = "others"
COLOUR: Final = "colour"
PRESET: Final = "preset"
RUN: Final = "run"
RUN_NAME: Final = "run-name"
RUN_PROBLEM: Final = "run-problem"
KEEP_AS: Final = "keep-as"
KEPT_AS: Final = "kept-as"
UNWANTED: Final = "unwanted"
TRAINING: Final = "training"
RULE: Final = "rule"
PROPOSAL: Final = "proposal"
SAMPLES: Final = "samples"
BOX: Final = "box"
SEED: Final = "seed"
SEARCH: Final = "reg"
POINT: Final = "point"
TAB: Final = "tab"
LEFT: Final = "left"
RIGHT: Final = "right"
COMPARISON: Final = "comparison"
COMPARE_COLOUR: Final = "compare-colour"
SELECT_RULE: Final = "select-rule"
BRUSH: Final = "brush"
PAINT: Final = "painted"
PATH: Final = "path"
FROM: Final = "from"
TO: Final = "to"
STEPS: Final = "steps"
AXIS: Final = "axis"
LOW: Final = "low"
HIGH: Final = "high"

LISTED: Final = "listed"
LISTED_FILE: Final = "listed-file"
CALIBRATION: Final = "calibration"
LOADED: Final = "loaded"
PROBLEMS: Final = "problems"
USE_REGION: Final = "use-region"
WANTED: Final = "results-wanted"
CLEAN: Final = "clean"
RESULTS: Final = "results"
HUNT: Final = "hunt"

MAP: Final = "map"
REGION: Final = "region"
SEQUENCE: Final = "sequence"
BOX_CORNERS: Final = "box-corners"
DECODED: Final = "decoded"
RECENT: Final = "recent"
ASKED: Final = "asked"
FIRST_PAGE: Final = "first-page"
COMPLAINTS: Final = "complaints"


PARAMETERS: Final = {one.name: one for kind in RULES.values() for one in kind.parameters()}
"""Every parameter of every rule, by its name, which is its URL key too."""

DEFAULTS: Final[dict[str, Any]] = {
    MODEL: "notebook-2d",
    PRESET: "ordered-2d",
    LEFT: "notebook-2d",
    RIGHT: "ordered-2d",
    PLANE: "principal",
    ACROSS: 1,
    UP: 2,
    ANCHOR: "mean",
    COLOUR: "at_least_50",
    UNWANTED: "number < 50",
    TRAINING: False,
    RULE: OneSided.name,
    **{name: one.default for name, one in PARAMETERS.items()},
    PROPOSAL: Box.name,
    SAMPLES: 1000,
    BOX: Box().half_width,
    SEED: 0,
    SEARCH: "",
    POINT: "",
    PAINT: False,
    PATH: "straight",
    FROM: "",
    TO: "",
    STEPS: 12,
}

MAX_SAMPLES: Final = 20_000
"""On the page, where every sample is drawn; the command line takes many more."""
MIN_BOX: Final = 0.1
MAX_BOX: Final = 20.0
MAX_SEED: Final = 2**31
MAX_RESULTS: Final = 100_000
"""Results made at a press of the button; the command line makes many more."""
DECODE: Final = 50
"""New regs decoded from a region at a press of its button."""
LIMIT: Final = 1e6
"""Latent coordinates farther out than this are refused: far beyond any map."""


def remember_address(page: str) -> None:
    """Note what the address asked for, of our keys, before any widget of the page is made.

    What was wrong in it is a matter of the page with which the session began, and of no other.
    """
    asked = {key: st.query_params[key] for key in DEFAULTS if key in st.query_params}
    st.session_state.setdefault(ASKED, asked)
    if st.session_state.setdefault(FIRST_PAGE, page) != page:
        st.session_state[COMPLAINTS] = []


def judge_address() -> list[str]:
    """A sentence on every value of the address that no widget could take.

    Streamlit drops what a bound widget cannot hold and falls back on the default; a person who
    followed a mistyped link should be told. Call it when the widgets have been made; only the first
    run of a session judges, since later ones have what the person did since.
    """
    if COMPLAINTS not in st.session_state:
        st.session_state[COMPLAINTS] = [
            f"The address says {key} = “{text[:40]}”, which cannot be used here; "
            f"{key} is {_shown(DEFAULTS[key])} instead."
            for key, text in st.session_state[ASKED].items()
            if st.session_state.get(key) == DEFAULTS[key] and not _means(text, DEFAULTS[key])
        ]
    return st.session_state[COMPLAINTS]


def _shown(value: Any) -> str:
    """A default as the widget and the address have it: with the words that are shown of it."""
    shown = (
        {name: one.label for name, one in UK_REGISTRATION.attributes.items()}
        | PLANES
        | ANCHORS
        | PATHS
    )
    return str(shown.get(value, value))


def _means(text: str, value: Any) -> bool:
    try:
        return float(text) == float(value)
    except ValueError:
        return text.lower() == _shown(value).lower()


def sane(value: Any) -> bool:
    """Whether a value from outside is a finite number that a latent coordinate may be."""
    return isinstance(value, int | float) and abs(value) <= LIMIT  # false for NaN too


def rule() -> Rule:
    """The chosen rule, with each parameter on a step of its slider, whatever was typed."""
    kind = RULES[st.session_state[RULE]]
    return kind(**{one.name: one.on_step(st.session_state[one.name]) for one in kind.parameters()})


def numbers(text: str, n: int) -> list[float] | None:
    """`n` sane numbers with commas between, or None if the text is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if len(values) == n and all(map(sane, values)) else None


def bring_forward(section: str) -> None:
    """Note that a section of the reading panel was asked for last, and open its tab.

    Who is on a journey stays there: its ends are pinned on the map.
    """
    if st.session_state.get(TAB) != JOURNEYS_TAB:
        st.session_state[TAB] = READ_TAB
    recent = [one for one in st.session_state.get(RECENT, []) if one != section]
    st.session_state[RECENT] = [section, *recent]


def newest_first(sections: Iterable[str]) -> list[str]:
    """Sections of the reading panel in the order in which they were asked for, newest first."""
    recent = st.session_state.get(RECENT, [])
    return sorted(sections, key=lambda one: recent.index(one) if one in recent else len(recent))
