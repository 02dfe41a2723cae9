"""Compare: two models side by side, with maps linked by the codes that both have as records."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import charts, model_box, plates, services, state
from dashboard.components.comparison import (
    SIDES,
    Selected,
    Shown,
    caption_of,
    comparison,
    send,
)
from dashboard.panels.plane_controls import usual_choice
from dashboard.widgets import facts
from dashboard.words import common
from dashboard.words import compare as words
from regvae import predicates
from regvae.evaluation.accuracy import reconstruction
from regvae.evaluation.diagnosis import Diagnosis
from regvae.formats import UK_REGISTRATION
from regvae.latent.polygon import Polygon, in_polygon

_SOME = 8

Models = tuple[tuple[str, str], tuple[str, str]]


def page() -> None:
    """The boxes of two models, their linked maps, and their figures in two columns."""
    models = choose()
    if models is None:
        return
    shown = (_shown(*models), _shown(*models[::-1]))
    send(shown)
    linked(models, shown)
    st.markdown(f"##### {words.FIGURES}")
    figures(models)
    histories(models)


def choose() -> Models | None:
    """Names and versions of the two models, or None and the reason on the page."""
    found = []
    for column, key in zip(st.columns(2), (state.LEFT, state.RIGHT), strict=True):
        with column:
            name = model_box.box(words.SIDES[key], key, _drop_brush_in, key)
            chosen = model_box.loaded(name or state.DEFAULTS[key])
        if chosen:
            found.append(chosen)
    model_box.show_address_problems()
    return (found[0], found[1]) if len(found) == 2 else None


def _shown(one: tuple[str, str], other: tuple[str, str]) -> Shown:
    name, version = one
    choice = usual_choice(name, version)
    geometry = services.geometry(name, version, beside=other)
    plane = services.plane(name, version, choice)
    return Shown(name, geometry, plane, common.axis_labels(choice))


@st.fragment
def linked(models: Models, shown: tuple[Shown, Shown]) -> None:
    """The two maps and what is selected in them; a gesture reruns only this."""
    colour, predicate = st.columns(2)
    colour.selectbox(
        common.COLOUR_LABEL,
        list(UK_REGISTRATION.attributes),
        key=state.COMPARE_COLOUR,
        format_func=lambda name: UK_REGISTRATION.attributes[name].label,
        persist_state="session",
    )
    predicate.text_input(
        words.PREDICATE_LABEL,
        key=state.PREDICATE,
        placeholder=words.PREDICATE_PLACEHOLDER,
        label_visibility="collapsed",
        on_change=_drop_brush,
        persist_state="session",
    )
    try:
        selected = selection(models, shown)
    except predicates.PredicateError as error:
        st.warning(common.plain(f"{error}."))
        selected = None
    if selected:
        counts(models, selected.rows)
    else:
        st.caption(words.BRUSH_HELP)
    comparison(shown, st.session_state[state.COMPARE_COLOUR], selected, _store_brush)
    for caption in filter(None, map(caption_of, shown)):
        st.caption(caption)
    if selected:
        of_selection(models, selected.rows)


def _store_brush(side: str | None, polygon: Polygon | None) -> None:
    st.session_state[state.BRUSH] = (side, polygon) if side else None
    st.session_state[state.PREDICATE] = ""


def _drop_brush() -> None:
    st.session_state[state.BRUSH] = None


def _drop_brush_in(side: str) -> None:
    """Drop the brush if it was drawn in the map of this side, whose model has changed."""
    if (st.session_state.get(state.BRUSH) or [None])[0] == side:
        _drop_brush()


def selection(models: Models, shown: tuple[Shown, Shown]) -> Selected | None:
    """The records that are brushed, or fulfil the typed predicate; None without either."""
    records = [services.bundle(*one).records for one in models]
    typed = st.session_state[state.PREDICATE].strip()
    brush = st.session_state.get(state.BRUSH)
    if typed:
        chosen = predicates.parse_all([typed], services.bundle(*models[0]).format)
        masks = [predicates.mask(chosen, one.codes, one.format) for one in records]
    elif brush:
        side, polygon = brush
        at = SIDES.index(side)
        inside = in_polygon(shown[at].plane.project(records[at].mean), polygon)
        codes = records[at].codes[inside]
        masks = [np.isin(one.codes, codes) for one in records]
    else:
        return None
    rows = (np.flatnonzero(masks[0]), np.flatnonzero(masks[1]))
    return Selected(f"{typed or brush} {models}", rows, None if typed else brush)


def counts(models: Models, rows: tuple[np.ndarray, np.ndarray]) -> None:
    """How many records of each model are lit up."""
    for column, one, chosen in zip(st.columns(2), models, rows, strict=True):
        of = len(services.bundle(*one).records)
        column.caption(words.SELECTED.format(n=len(chosen), of=of))


def of_selection(models: Models, rows: tuple[np.ndarray, np.ndarray]) -> None:
    """How the two models reconstruct the selected records, with some examples."""
    for column, one, chosen in zip(st.columns(2), models, rows, strict=True):
        if not len(chosen):
            continue
        codes = services.bundle(*one).records.codes[chosen]
        decoded = services.reconstructions(*one)[chosen]
        found = reconstruction(codes, decoded)
        right = found["by_position"]
        with column:
            st.markdown(f"**{common.plain(one[0])}**")
            facts(
                [
                    ("exact match", f"{found['exact']:.1%}"),
                    ("tens and units right", f"{right[2]:.1%} and {right[3]:.1%}"),
                    ("first letter right", f"{right[0]:.1%}"),
                ]
            )
            st.html(plates.pairs(codes[:_SOME], decoded[:_SOME]))


def figures(models: Models) -> None:
    """The figures of both models, in two columns."""
    columns = []
    for one in models:
        found = model_box.diagnosed(*one)
        if found is None:
            return
        columns.append(figures_of(*one, found))
    rows = {label: [column[label] for column in columns] for label in columns[0]}
    names = [f"{side}: {name}" for side, (name, _) in zip(SIDES, models, strict=True)]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    st.table(table.rename_axis("figure"))


def figures_of(name: str, version: str, found: Diagnosis) -> dict[str, str]:
    """The figures of one model, as text by their label."""
    bundle = services.bundle(name, version)
    preset, test, nats = bundle.preset, found.accuracies[-1], found.rates[-1]
    right = [one.value for one in test.by_position]
    length = f"{nats.bound:.2f} nats"
    scale = services.calibration(name, version).scale
    letters = ", ".join(f"{share:.0%}" for share in (right[0], right[1], *right[4:]))
    return {
        "likelihood": common.LIKELIHOODS[preset.training.likelihood],
        "noise": f"{preset.training.noise:g}",
        "beta": f"{preset.training.beta:g}",
        "ordered": common.orders(preset.training.orders),
        "latent dimensions": f"{preset.network.latent_dim}",
        "of them active": f"{found.dimensions.active.sum()}",
        "exact match on test regs": f"{test.exact.value:.1%}",
        "digits: per-character accuracy": f"{right[2]:.1%}, {right[3]:.1%}",
        "letters: per-character accuracy": letters,
        "code length: rate + distortion": f"{nats.rate:.2f} + {nats.distortion:.2f} = {length}",
        "calibrated scale": f"{scale:.2f}",
        "training": common.training_length(preset.training.epochs, found.seconds, bundle.seed),
    }


def histories(models: Models) -> None:
    """Accuracy and loss of both training runs by time."""
    tables = [(name, services.bundle(name, version).history) for name, version in models]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"##### {words.ACCURACY}")
        st.plotly_chart(charts.accuracy_histories(tables), config=charts.CONFIG, key="accuracies")
    with right:
        st.markdown(f"##### {words.LOSS}")
        st.plotly_chart(charts.loss_histories(tables), config=charts.CONFIG, key="losses")
    st.caption(words.HISTORIES)


page()
