"""Every key of the session state, and its default; a bound widget's key is a URL parameter too."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import isinf
from typing import Any, Final

import streamlit as st

from dashboard.words.common import NOT_IN_ADDRESS
from dashboard.words.common import WANTED_COLOUR as WANTED_LABEL
from dashboard.words.explore import ANCHORS, JOURNEYS_TAB, PLANES, READ_TAB
from dashboard.words.journey import PATHS
from regvae import predicates
from regvae.formats import UK_REGISTRATION, Format
from regvae.latent.polygon import Polygon, parse_polygon, polygon_corners, polygon_text
from regvae.predicates import PredicateError
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, OneSided, Parameter, Rule

MODEL: Final = "model"
LAST_MODEL: Final = "last-model"
PLANE: Final = "plane"
ACROSS: Final = "across"
UP: Final = "up"
ANCHOR: Final = "others"
COLOUR: Final = "colour"
PRESET: Final = "preset"
JOB: Final = "job"
JOB_LABEL: Final = "job-label"
JOB_NAME: Final = "job-name"
JOB_PROBLEM: Final = "job-problem"
KEEP_AS: Final = "keep-as"
NEW_MODEL: Final = "new-model"
WANTED: Final = "wanted"
UNWANTED: Final = "unwanted"
"""What is unwanted, in addresses of former versions; see `WANTED`."""
UNWANTED_TRAINING: Final = "training"
RULE: Final = "rule"
PROPOSAL: Final = "proposal"
SAMPLES: Final = "samples"
BOX: Final = "box"
SCALE: Final = "scale"
SEED: Final = "seed"
SEARCH: Final = "reg"
POINT: Final = "point"
TAB: Final = "tab"
LEFT: Final = "left"
RIGHT: Final = "right"
COMPARISON: Final = "comparison"
COMPARE_COLOUR: Final = "compare-colour"
PREDICATE: Final = "predicate"
BRUSH: Final = "brush"
PAINT: Final = "painted"
DENSITY: Final = "density"
HIDDEN: Final = "hidden"
PATH: Final = "path"
STEP: Final = "step"
FROM: Final = "from"
TO: Final = "to"
STEPS: Final = "steps"
AXIS: Final = "axis"
LOW: Final = "low"
HIGH: Final = "high"
EDGE: Final = "edge"

LISTED: Final = "listed"
LISTED_FILE: Final = "listed-file"
CALIBRATION: Final = "calibration"
POLICY_FILE: Final = "policy-file"
FILE_PROBLEMS: Final = "file-problems"
USE_REGION: Final = "use-region"
NUMBER: Final = "number-of-results"
CLEAN: Final = "clean"
NEIGHBOURHOODS: Final = "neighbourhoods"
DECODING: Final = "decoding"
RESULTS: Final = "results"
ENDED: Final = "ended-run"
RESULTS_RULE: Final = "rule-of-results"
TARGET: Final = "purity-required"
TESTS: Final = "tests"
HUNT: Final = "hunt"
AUDIT: Final = "audit"
RESULTS_AUDIT: Final = "results-audit"

OWN: Final = "own-codes"
OWN_FILE: Final = "own-file"
OWN_TEXT: Final = "own-text"
OWN_COLUMN: Final = "own-column"
OWN_COLOUR: Final = "own-colour"
OWN_FILTER: Final = "own-filter"
OWN_CLASSES: Final = "own-classes"
OWN_FROM: Final = "own-from"
OWN_TO: Final = "own-to"
OWN_SHOWN: Final = "own-shown"
OWN_PROBLEM: Final = "own-problem"
OWN_READ: Final = "own-read"
OWN_ENCODED: Final = "own-encoded"
OWN_LAYER: Final = "own-layer"
OWN_REFUSED: Final = "own-refused"
"""What was brought to *Explore* without a code of the model's format."""
OWN_LOOK: Final = "own-look"

TRAIN_ON: Final = "train-on"
TRAIN_SOURCE: Final = "train-source"
TRAIN_FILE: Final = "train-file"
TRAIN_TEXT: Final = "train-text"
TRAIN_COLUMN: Final = "train-column"
TRAIN_PROBLEM: Final = "train-problem"
TRAIN_LOOK: Final = "train-look"
TRAIN_READ: Final = "train-codes"

MAP: Final = "map"
TOUR_MAP: Final = "tour-shown"
REGION: Final = "region"
HANDLED: Final = "handled"
UNSETTLED: Final = "unsettled"
BOX_CORNERS: Final = "box-corners"
DECODED: Final = "decoded"
RECENT: Final = "recent"
NONE_NEAR: Final = "none-near"
CODES: Final = "codes"
SET_BACK: Final = "set-back"
ADDRESS: Final = "address"
EXPLORED: Final = "explored"
AWAY: Final = "away"
FIRST_PAGE: Final = "first-page"
ADDRESS_PROBLEMS: Final = "address-problems"
CHANGED: Final = "changed-in-step"

PARAMETERS: Final = {one.name: one for kind in RULES.values() for one in kind.parameters()}
"""Every parameter of every rule, by its name, which is its URL key too."""

NOTEBOOK: Final = "notebook-2d"
"""The model that follows the published notebook."""

USUAL: Final = "usual"
"""The usual proposals of a model, as a value of `PROPOSAL`, which else is the name of some."""

MAPS_RULE: Final = "map"
"""The rule on the map, as a value of `RESULTS_RULE`, which else is the rule certified."""

WANTED_COLOUR: Final = "wanted"
"""What is wanted, as a value of `COLOUR`, which else is the name of an attribute."""

DEFAULTS: Final[dict[str, Any]] = {
    MODEL: "ordered-2d",
    PRESET: "ordered-2d",
    LEFT: NOTEBOOK,
    RIGHT: "ordered-2d",
    PLANE: "principal",
    ACROSS: 1,
    UP: 2,
    ANCHOR: "mean",
    COLOUR: WANTED_COLOUR,
    WANTED: UK_REGISTRATION.wanted,
    UNWANTED_TRAINING: False,
    USE_REGION: False,
    RULE: OneSided.name,
    **{name: one.default for name, one in PARAMETERS.items()},
    PROPOSAL: USUAL,
    SAMPLES: 1000,
    BOX: Box().half_width,
    SCALE: None,
    SEED: 0,
    SEARCH: "",
    POINT: "",
    PAINT: True,
    DENSITY: False,
    HIDDEN: [],
    REGION: None,
    PATH: "straight",
    FROM: "",
    TO: "",
    STEPS: 12,
    STEP: 1,
    EDGE: False,
}

_EXPLORED_KEYS: Final = [key for key in DEFAULTS if key not in (PRESET, LEFT, RIGHT, STEP)]
"""The keys of *Explore* that the address can have."""

LAYERS: Final = ("own", "path", "records", "samples", "zone")
"""Layers of the map that can be hidden."""
COMPUTED: Final = {"colours": PAINT, "density": DENSITY, "edge": EDGE}
"""Layers that are computed only while they are shown, with the keys that show them."""
MAX_SAMPLES: Final = 20_000
"""Samples on the map, where each is drawn; the command line takes many more."""
MIN_BOX: Final = 0.1
MAX_BOX: Final = 20.0
MIN_SCALE, MAX_SCALE = 0.001, 100.0
MAX_SEED: Final = 2**31
MAX_RESULTS: Final = 1_000_000
"""Results at a press of the button; the command line generates many more."""
MAX_OWN: Final = 100_000
"""Own codes on the map, or lines of a file of them; the command line takes many more."""
DECODE: Final = 50
"""Points of a region that are decoded at a press of its button."""
DECIMALS: Final = 4
"""Decimals of the coordinates of a point that is pinned by a click."""
LIMIT: Final = 1e6
"""Latent coordinates farther out than this are refused: far beyond any map."""


def remember_address(page: str) -> None:
    """Store the values of the address that have a key here, before any widget of the page exists.

    Problems of the address belong to the page on which the session began, and to no other.
    """
    if ADDRESS not in st.session_state:
        _take_address()
    if st.session_state.setdefault(FIRST_PAGE, page) != page:
        st.session_state[ADDRESS_PROBLEMS] = []
    if page:  # *Explore* has none
        st.session_state[AWAY] = True


def _take_address() -> None:
    address = {key: st.query_params[key] for key in DEFAULTS if key in st.query_params}
    st.session_state[ADDRESS] = address
    if UNWANTED in st.query_params:
        st.session_state[WANTED] = _opposite(st.query_params[UNWANTED])
        del st.query_params[UNWANTED]
    with suppress(ValueError):  # `address_problems` names it
        if REGION in address:
            st.session_state[REGION] = _within_limit(parse_polygon(address[REGION]))
    refused = [key for key, typed in address.items() if _breaks_widget(key, typed)]
    for key in refused:  # `address_problems` names them
        del st.query_params[key]
    if refused:
        st.rerun()  # widgets take their values from the address that the run began with


def _breaks_widget(key: str, typed: str) -> bool:
    """Whether a widget would raise on a value, or choose nothing where something is required."""
    if key in (RULE, PLANE):
        return not typed
    with suppress(ValueError):
        return type(DEFAULTS[key]) is int and isinf(float(typed))
    return False


def _opposite(text: str) -> str:
    """What is wanted where a text is of what is unwanted; the same if it is not of predicates."""
    try:
        return predicates.text(predicates.negated(predicates.parse_all([text])))
    except PredicateError:  # which is told beside its widget
        return text


def restore_explored() -> None:
    """Give *Explore*, when it is returned to, what the address has, as to a new session.

    Without an address it gets the values it was left with. In a run that the browser's *Back* began
    the address wins over such values, hence another run.
    """
    if not st.session_state.pop(AWAY, False):
        return
    if any(key in st.query_params for key in _EXPLORED_KEYS):
        _forget_all()
        _take_address()
    elif EXPLORED in st.session_state:
        st.session_state.update(st.session_state[EXPLORED])
        st.rerun()


def _forget_all() -> None:
    """Forget everything of *Explore* that an address has; and what was found of another model."""
    last = st.session_state.pop(LAST_MODEL, None)
    same = last == st.query_params.get(MODEL, DEFAULTS[MODEL])
    found = () if same else (DECODED, HUNT, LOW, HIGH)
    if not same:
        end_run()
    for key in (*_EXPLORED_KEYS, TAB, *found):
        st.session_state.pop(key, None)


def end_run() -> None:
    """Forget the results of a sampling run, and end it if it still runs."""
    run = st.session_state.pop(RESULTS, None)
    if run and not run.done:
        run.stop()
        st.session_state[ENDED] = True


def store_explored() -> None:
    """Store the values in the address of *Explore*, for when it is left."""
    st.session_state[EXPLORED] = {
        key: st.session_state[key]
        for key in (*_EXPLORED_KEYS, TAB)
        if key in st.query_params and key in st.session_state
    }


def take_explored(keys: Iterable[str]) -> None:
    """Begin another page's widgets with the values of *Explore*, unless the address has others.

    Each is set anew, since the widget of another page would begin with its default.
    """
    for key in keys:
        if key not in st.query_params:
            left = st.session_state.get(EXPLORED, {}).get(key, DEFAULTS[key])
            st.session_state[key] = st.session_state.get(key, left)


def give_explored(keys: Iterable[str]) -> None:
    """Let *Explore* begin with another page's values."""
    if EXPLORED in st.session_state:
        st.session_state[EXPLORED] |= {key: st.session_state[key] for key in keys}


def forget_explored(keys: Iterable[str]) -> None:
    """Take values out of the stored address, because they belong to another model."""
    for key in keys:
        st.session_state.get(EXPLORED, {}).pop(key, None)


def set_region(polygon: Polygon | None) -> None:
    """Select a region, in digits that the address can have, or none."""
    st.session_state[REGION] = polygon and [
        [float(f"{number:.6g}") for number in corner] for corner in polygon
    ]


def write_region() -> None:
    """Put the region into the address, or take it out of it."""
    region = st.session_state.get(REGION)
    text = polygon_text(region) if region else None
    if text == st.query_params.get(REGION):  # what is written is sent to the browser
        return
    if text:
        st.query_params[REGION] = text
    else:
        del st.query_params[REGION]


def _within_limit(polygon: Polygon) -> Polygon:
    polygon_corners(polygon, LIMIT)
    return polygon


def address_problems() -> list[str]:
    """A sentence on every value of the address that no widget could take.

    Streamlit drops what a bound widget cannot hold and uses the default; whoever followed a
    mistyped link should know. Call it when all widgets exist; only the first run of a session
    compares, since a later one has what was changed on the page.
    """
    if ADDRESS_PROBLEMS not in st.session_state:
        st.session_state[ADDRESS_PROBLEMS] = [
            NOT_IN_ADDRESS.format(key=key, typed=typed[:40], default=_shown(DEFAULTS[key]))
            for key, typed in st.session_state[ADDRESS].items()
            if st.session_state.get(key) == DEFAULTS[key] and not _equals(typed, DEFAULTS[key])
        ]
    return st.session_state[ADDRESS_PROBLEMS]


def _shown(value: Any) -> str:
    """A default as its widget and the address show it: by its label, if it has one."""
    labels = PLANES | ANCHORS | PATHS | {WANTED_COLOUR: WANTED_LABEL}
    return "none" if value in (None, []) else str(labels.get(value, value))


def _equals(typed: str, value: Any) -> bool:
    """Whether a value of the address is a default, as a number or as its label."""
    try:
        return float(typed) == float(value)
    except (TypeError, ValueError):
        return typed.lower() == _shown(value).lower()


def is_coordinate(value: Any) -> bool:
    """Whether a value from outside is a number that a latent coordinate may be: within `LIMIT`."""
    return isinstance(value, int | float) and abs(value) <= LIMIT  # false for NaN too


def rule(values: Mapping[Any, Any], kind: type[Rule] | None = None) -> Rule:
    """A rule, the chosen one by default, with every parameter on the nearest step of its slider."""
    kind = kind or RULES[values[RULE]]
    return kind(**{one.name: one.on_step(values[one.name]) for one in kind.parameters()})


def on_slider(one: Parameter, value: float) -> float:
    """Where a parameter's slider stands for an exact value: at the nearest step that it has."""
    return min(one.on_step(value), one.maximum)


def address_of(values: Mapping[str, Any], format: Format) -> dict[str, str | list[str]]:
    """The address under which *Explore* shows some values of a model with codes of a format; the
    model is named in any case."""
    changed = {key: value for key, value in values.items() if value != DEFAULTS[key]}
    texts = {key: _in_address(key, value, format) for key, value in changed.items()}
    return {MODEL: values[MODEL], **texts}


def _in_address(key: str, value: Any, format: Format) -> str | list[str]:
    if key == HIDDEN:
        return value
    if key == COLOUR:
        return format.attribute(value).label
    if key == REGION:
        return polygon_text(value)
    return str(value).lower() if isinstance(value, bool) else _shown(value)


def point_text(point: Iterable[float]) -> str:
    """A latent point as it is typed, rounded: what is pinned is what its box and the address say.

    >>> point_text([0.123456789, -1.5])
    '0.1235, -1.5'
    """
    return ", ".join(f"{round(number, DECIMALS) + 0.0:.12g}" for number in point)  # -0 is 0


def numbers(text: str, n: int) -> list[float] | None:
    """`n` coordinates separated by commas, or None if the text is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if len(values) == n and all(map(is_coordinate, values)) else None


def open_section(section: str) -> None:
    """Put a section of the reading panel first, and open its tab.

    The tab of journeys stays open: the ends of a journey are searched and typed too.
    """
    bring_forward(section)
    if st.session_state.get(TAB) != JOURNEYS_TAB:
        st.session_state[TAB] = READ_TAB


def bring_forward(section: str) -> None:
    """Put a section of the reading panel first, whatever tab is open."""
    recent = [one for one in st.session_state.get(RECENT, []) if one != section]
    st.session_state[RECENT] = [section, *recent]


def newest_first(sections: Iterable[str]) -> list[str]:
    """Sections of the reading panel, those that were brought forward last first."""
    recent = st.session_state.get(RECENT, [])
    return sorted(sections, key=lambda one: recent.index(one) if one in recent else len(recent))
