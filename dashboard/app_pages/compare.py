"""Compare: two models side by side, with maps linked by the codes that both have as records."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import charts, model_box, plates, services, state
from dashboard.components.comparison import (
    SIDES,
    Cover,
    Gestures,
    Rows,
    Selected,
    Shown,
    caption_of,
    comparison,
    send,
)
from dashboard.components.gestures import settle
from dashboard.components.sliders import rule_for_browser
from dashboard.panels import sampling_form
from dashboard.panels.plane_controls import usual_choice
from dashboard.widgets import facts
from dashboard.words import common
from dashboard.words import compare as words
from regvae import predicates
from regvae.evaluation.accuracy import reconstruction
from regvae.evaluation.diagnosis import (
    Accuracy,
    Diagnosis,
    positions_alike,
    stored_accuracies,
)
from regvae.formats import Attribute, Format
from regvae.latent.polygon import Polygon, in_polygon
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import UnwantedError

_SOME = 8
_FEW = 3  # positions whose shares have room for a decimal

# The rule of both maps is the notebook's: of the usual two it works on one and fails on the other.
RULE = OneSided
RULE_KEYS = [one.name for one in RULE.parameters()]

Model = tuple[str, str]  # name and version
Models = tuple[Model, Model]


def page() -> None:
    """The boxes of two models, their linked maps, and their figures in two columns."""
    models = choose()
    if models is None:
        model_box.show_address_problems()
        return
    problems = st.container()
    if not alike(models):
        other_codes(models)
    else:
        maps(models)
    with problems:  # now that all widgets are made
        model_box.show_address_problems()
    st.markdown(f"##### {words.FIGURES}")
    figures(models)
    histories(models)


def alike(models: Models) -> bool:
    """Whether both models have codes of the same format."""
    left, right = (services.bundle(*one).format for one in models)
    return left == right


def other_codes(models: Models) -> None:
    """A sentence in place of the maps of two models whose codes are of different formats."""
    (left, right), (one, other) = models, (services.bundle(*one).format for one in models)
    st.info(
        words.OTHER_CODES.format(
            left=common.plain(left[0]),
            left_codes=one.plural,
            right=common.plain(right[0]),
            right_codes=other.plural,
        )
    )


def maps(models: Models) -> None:
    """The linked maps of two models with codes of the same format."""
    shown = (_shown(*models), _shown(*models[::-1]))
    send(shown)
    linked(models, shown)


def choose() -> Models | None:
    """Names and versions of the two models, or None and the reason on the page."""
    found = []
    with st.container(key="models"):
        columns = st.columns(2)
    for column, key in zip(columns, (state.LEFT, state.RIGHT), strict=True):
        with column:
            name = model_box.box(words.SIDES[key], key, _drop_brush_in, key)
            chosen = model_box.loaded(name or state.DEFAULTS[key])
            if chosen:
                model_box.describe(*chosen)
                found.append(chosen)
    return (found[0], found[1]) if len(found) == 2 else None


def _shown(one: Model, other: Model) -> Shown:
    choice = usual_choice(*one)
    return Shown(
        one[0],
        services.geometry(*one, beside=other),
        services.plane(*one, choice),
        services.mean_of_means(*one),
        common.axis_labels(choice),
    )


@st.fragment
def linked(models: Models, shown: tuple[Shown, Shown]) -> None:
    """The two maps with what is accepted and selected in them; a gesture reruns only this."""
    Gestures(_store_brush, _store_parameter).handle()
    format = services.bundle(*models[0]).format
    controls(format, common_attributes(models), services.wanted_by_default(*models[0]))
    problems: list[str] = []
    try:
        selected = selection(models, shown)
    except predicates.PredicateError as error:
        problems.append(f"{error}.")
        selected = None
    covers = (cover(*models, problems), cover(*models[::-1], problems))
    for sentence in dict.fromkeys(problems):
        st.warning(common.plain(sentence))
    unwanted = usual_unwanted(models[0])
    sliders = rule_for_browser(state.rule(st.session_state, RULE), unwanted, format.noun)
    comparison(shown, covers, sliders, st.session_state[state.COMPARE_COLOUR], selected)
    if selected:
        counts(models, selected.rows)
    else:
        st.caption(words.BRUSH_HELP)
    without = [one for one in models if services.bundle(*one).released]
    if not without and not have_common(models):
        st.caption(common.named(words.NO_COMMON, format))
    for caption in filter(None, map(caption_of, shown)):
        st.caption(caption)
    if selected:
        of_selection(models, selected.rows)
    settle(state.COMPARISON)


def usual_unwanted(one: Model) -> str:
    """What is unwanted of a model's codes by default, in words; empty if that is nothing."""
    try:
        return str(sampling_form.usual_unwanted(*one))
    except UnwantedError:
        return ""


def common_attributes(models: Models) -> Mapping[str, Attribute]:
    """What colours both maps: the format's attributes, and columns if they are of the same data."""
    one, other = (services.bundle(*model) for model in models)
    same = one.preset.data.sha256 == other.preset.data.sha256
    return one.records.attributes if same else one.format.attributes


def controls(format: Format, attributes: Mapping[str, Attribute], usual: str) -> None:
    """The widgets above the maps, and one for the threshold, whose slider is below them."""
    with st.container(key="linked"):
        colour, predicate = st.columns(2)
    if st.session_state.get(state.COMPARE_COLOUR) not in attributes:  # chosen for other codes
        st.session_state.pop(state.COMPARE_COLOUR, None)
    colour.selectbox(
        common.COLOUR_LABEL,
        list(attributes),
        key=state.COMPARE_COLOUR,
        format_func=lambda name: attributes[name].label,
        persist_state="session",
    )
    predicate.text_input(
        common.named(words.PREDICATE_LABEL, format),
        key=state.PREDICATE,
        placeholder=words.PREDICATE_PLACEHOLDER.format(usual=usual),
        label_visibility="collapsed",
        on_change=_drop_brush,
        persist_state="session",
    )
    # A threshold is the same on *Explore* and here, as both pages have it in their address.
    state.take_explored(RULE_KEYS)
    with st.container(key="off-threshold"):
        for key in RULE_KEYS:
            sampling_form.number(st, state.PARAMETERS[key])
    state.give_explored(RULE_KEYS)


def cover(one: Model, other: Model, problems: list[str]) -> Cover:
    """What is decoded in the map of a model, and what the rule decides of proposed samples there.

    No samples, and a sentence in `problems`, if none can be proposed: if nothing is unwanted, or
    the model was released without its records, which the rule measures.
    """
    name, version = one
    choice, anchor = usual_choice(*one), tuple(services.mean_of_means(*one).tolist())
    colour = st.session_state[state.COMPARE_COLOUR]
    painted = services.painted_layer(name, version, colour, choice, anchor, beside=other)
    if services.bundle(name, version).released:
        problems.append(words.RELEASED.format(name=name))
        return Cover(painted)
    try:
        policy = sampling_form.usual_policy(name, version)
        samples = services.samples(name, version, policy)
        layer = services.sample_layer(name, version, policy, choice, anchor)
    except ValueError as error:
        problems.append(words.NO_SAMPLES.format(name=name, problem=error))
        return Cover(painted)
    return Cover(painted, layer, sampling.report(samples, state.rule(st.session_state, RULE)))


def have_common(models: Models) -> bool:
    """Whether some code is a record of both models."""
    left, right = (services.bundle(*one).records.codes for one in models)
    return bool(np.isin(left, right).any())


def _store_parameter(name: str, value: float) -> None:
    st.session_state[name] = value


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
    rows: list[np.ndarray | None] = [np.flatnonzero(mask) for mask in masks]
    if brush and not typed and not have_common(models):
        rows[1 - at] = None
    return Selected(f"{typed or brush} {models}", (rows[0], rows[1]), None if typed else brush)


def counts(models: Models, rows: Rows) -> None:
    """How many records of each model are lit up."""
    for column, one, chosen in zip(st.columns(2), models, rows, strict=True):
        if chosen is None or services.bundle(*one).released:
            continue
        of = len(services.bundle(*one).records)
        column.caption(words.SELECTED.format(n=len(chosen), of=of))


def of_selection(models: Models, rows: Rows) -> None:
    """How the two models reconstruct the selected records, with some examples."""
    for column, one, chosen in zip(st.columns(2), models, rows, strict=True):
        if chosen is None or not len(chosen):
            continue
        records = services.bundle(*one).records
        codes = records.codes[chosen]
        decoded = services.reconstructions(*one)[chosen]
        found = reconstruction(codes, decoded)
        format = services.bundle(*one).format
        with column:
            st.markdown(f"**{common.plain(one[0])}**")
            facts(
                [
                    ("exact match", f"{found['exact']:.1%}"),
                    *(
                        (f"{kind} right", shares)
                        for kind, shares in by_kind(format, found["by_position"]).items()
                    ),
                ]
            )
            st.html(plates.pairs(records.format, codes[:_SOME], decoded[:_SOME]))


def figures(models: Models) -> None:
    """The figures of both models, in two columns."""
    columns = []
    plural = services.bundle(*models[0]).format.plural if alike(models) else common.CODES
    for one in models:
        if services.bundle(*one).released:
            columns.append(figures_of_release(*one, plural))
            continue
        found = model_box.diagnosed(*one)
        if found is None:
            return
        columns.append(figures_of(*one, found, plural))
    labels = dict.fromkeys(label for column in columns for label in column)
    rows = {label: [column.get(label, "") for column in columns] for label in labels}
    names = [f"{side}: {name}" for side, (name, _) in zip(SIDES, models, strict=True)]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    st.table(table.rename_axis("figure"))


def figures_of(name: str, version: str, found: Diagnosis, plural: str) -> dict[str, str]:
    """The figures of one model, as text by their label; its codes are called `plural`."""
    bundle = services.bundle(name, version)
    nats = found.rates[-1]
    length = f"{nats.bound:.2f} nats"
    return {
        **_of_preset(bundle),
        "of them active": f"{found.dimensions.active.sum()}",
        **_of_accuracy(bundle.format, found.accuracies[-1], plural),
        "code length: rate + distortion": f"{nats.rate:.2f} + {nats.distortion:.2f} = {length}",
        "calibrated scale": f"{services.calibration(name, version).scale:.2f}",
        "training": _training(bundle, found.seconds),
    }


def figures_of_release(name: str, version: str, plural: str) -> dict[str, str]:
    """The same of a model without its records, as far as they are known."""
    bundle = services.bundle(name, version)
    stored = stored_accuracies(bundle)
    return {
        **_of_preset(bundle),
        "of them active": words.NOT_KNOWN,
        **(_of_accuracy(bundle.format, stored[-1], plural) if stored else {}),
        "code length: rate + distortion": words.NOT_KNOWN,
        "calibrated scale": words.NOT_KNOWN,
        "training": _training(bundle, None),
    }


def _of_preset(bundle: Bundle) -> dict[str, str]:
    preset = bundle.preset
    return {
        "likelihood": common.LIKELIHOODS[preset.training.likelihood],
        "noise": f"{preset.training.noise:g}",
        "beta": f"{preset.training.beta:g}",
        "ordered": common.orders(preset.training.orders),
        "latent dimensions": f"{preset.network.latent_dim}",
    }


def _of_accuracy(format: Format, test: Accuracy, plural: str) -> dict[str, str]:
    right = [one.value for one in test.by_position]
    return {
        f"exact match on test {plural}": f"{test.exact.value:.1%}",
        **{
            f"{kind}: per-character accuracy": shares
            for kind, shares in by_kind(format, right).items()
        },
    }


def _training(bundle: Bundle, seconds: float | None) -> str:
    return common.training_length(bundle.preset.training.epochs, seconds, bundle.seed)


def by_kind(format: Format, right: Sequence[float]) -> dict[str, str]:
    """Per-character accuracy (p,) in words, by the kind of the characters that are learned."""
    found: dict[str, list[str]] = {}
    for positions in positions_alike(format):
        kind = common.kind_of_characters(format.alphabets[positions[0] - 1])
        digits = 1 if len(positions) <= _FEW else 0
        found.setdefault(kind, []).extend(f"{right[at - 1]:.{digits}%}" for at in positions)
    return {kind: ", ".join(shares) for kind, shares in found.items()}


def histories(models: Models) -> None:
    """Accuracy and loss of both training runs by time."""
    tables = [(name, services.bundle(name, version).history) for name, version in models]
    left, right = st.columns(2, gap="large")
    with left:
        plurals = dict.fromkeys(services.bundle(*one).format.plural for one in models)
        st.markdown(f"##### {words.ACCURACY.format(plural=' and '.join(plurals))}")
        st.plotly_chart(charts.accuracy_histories(tables), config=charts.CONFIG, key="accuracies")
    with right:
        st.markdown(f"##### {words.LOSS}")
        st.plotly_chart(charts.loss_histories(tables), config=charts.CONFIG, key="losses")
    st.caption(words.HISTORIES)


page()
