"""The pinned point: what it decodes to, what the rule decides, and the nearest records."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from dashboard import plates, services, state
from dashboard.panels.context import Context
from dashboard.widgets import facts, further, heading
from dashboard.words import common
from dashboard.words import explore as words
from regvae.latent.gaussians import NearestGaussian
from regvae.model.autoencoder import Autoencoder
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Measures, Rule

_LEAST_TOLD = 0.001
"""Probabilities below it are told as such."""
_ON_THE_MEAN = 0.51 * 10**-state.DECIMALS  # a click on a record pins its mean rounded


class Verdict(NamedTuple):
    """What the rule decides of a point, in a word, and why; and the kind of plate of its code.

    All are empty if nothing is unwanted.
    """

    verdict: str
    reason: str
    kind: str


class _Compared(NamedTuple):
    """A measure of a point beside the limit that it must fulfil, in words."""

    label: str
    value: str
    required: str
    holds: bool


def verdict(context: Context, point: tuple[float, ...]) -> Verdict:
    """What the rule decides of a point: by the limits that reject it, or by all that accept it."""
    if not context.policy:
        return Verdict("", "", "")
    accepted, compared = _decision(context, point)
    deciding = [one for one in compared if one.holds == accepted]
    reason = "; ".join(f"{one.label} {one.value}, {one.required}" for one in deciding)
    (kind,) = context.kinds(context.bundle.autoencoder.decode(np.array([point])))
    return Verdict(words.VERDICTS[accepted], reason, kind)


def pinned(context: Context, point: tuple[float, ...]) -> None:
    """What is at the pinned point: a record, the decoded code, and the nearest records; then what
    the rule decides."""
    bundle = context.bundle
    z = np.array([point])
    heading(words.PINNED, state.POINT)
    ranked = None
    if not bundle.released:
        ranked = services.gaussians(context.name, context.version).ranked(point, 5)
    _decoded(context, z, _record_at(context, z, ranked[1]) if ranked else None)
    _to_the_edge(context, point)
    plane = context.shown.plane
    if np.abs(plane.project(z)).max() > plane.extent:
        st.caption(words.OFF_THE_MAP)
    st.html(plates.candidates(bundle.format, _candidates(bundle.autoencoder, z)))
    st.caption(words.CANDIDATES_HELP)
    if ranked:
        _nearest(context, *ranked)
    else:
        st.caption(words.NO_NEAREST)
    if context.policy:
        _verdict(context, point)


def _nearest(context: Context, distances: np.ndarray, rows: np.ndarray) -> None:
    """The nearest records of a point: their rows, and how far they are."""
    bundle, records = context.bundle, context.bundle.records
    st.markdown(f"**{words.NEAREST}**", help=words.DISTANCE_HELP)
    kinds = context.kinds(records.codes[rows])
    facts(
        [
            (
                common.SPLITS[str(records.split[row])],
                plates.plate(bundle.format, records.codes[row], f"small {kind}"),
                f"{distance:.2f} σ",
            )
            for row, distance, kind in zip(rows, distances, kinds, strict=True)
        ]
    )


def _record_at(context: Context, z: np.ndarray, rows: np.ndarray) -> int | None:
    """Which of some rows of the records has its mean at a point (1, k); None for none."""
    away = np.abs(context.bundle.records.mean[rows] - z).max(axis=1)
    return int(rows[away.argmin()]) if away.min() <= _ON_THE_MEAN else None


def _decoded(context: Context, z: np.ndarray, row: int | None) -> None:
    """What a point (1, k) decodes to and how certainly, and the record whose mean it is, if any."""
    bundle = context.bundle
    codes, certainty = bundle.autoencoder.decode_with_certainty(z)
    place = common.point(z[0])
    st.html(plates.plate(bundle.format, str(codes[0]), *context.kinds(codes)))
    probability = certainty[0].prod()
    said = f"{probability:.1%}" if probability >= _LEAST_TOLD else f"less than {_LEAST_TOLD:.1%}"
    st.caption(words.DECODED_AT.format(point=place, probability=said))
    if row is None:
        return
    records = bundle.records
    same = records.codes[row] == bundle.autoencoder.decode(records.mean[row : row + 1])[0]
    st.markdown(
        words.ON_RECORD.format(
            code=common.plain(bundle.format.shown(str(records.codes[row]))),
            split=common.SPLITS[str(records.split[row])],
            outcome=words.RECONSTRUCTED if same else words.NOT_RECONSTRUCTED,
        )
    )
    if known := further(records, row):
        facts(known)


def _to_the_edge(context: Context, point: tuple[float, ...]) -> None:
    """How far a point is from where its answer changes, if the map shows where that is."""
    if not st.session_state[state.EDGE] or context.unwanted is None or context.latent_dim != 2:
        return
    layer = services.edge_layer(context.name, context.version, context.unwanted)
    found = layer.distance(point)
    if found:
        distance, sure = f"{found[0]:.2g}" if found[0] < 0.1 else f"{found[0]:.2f}", found[1]
        shown = distance if sure else words.AT_MOST.format(distance=distance)
        st.caption(words.FROM_THE_EDGE.format(distance=shown))


def _candidates(autoencoder: Autoencoder, z: np.ndarray) -> list[list[tuple[str, float]]]:
    """The likeliest four characters at each learned position of a point (1, k), and how likely."""
    columns = []
    probabilities = autoencoder.probabilities(z)
    for block, shares in zip(autoencoder.onehot.blocks, probabilities, strict=True):
        best = np.argsort(-shares[0], kind="stable")[:4]
        columns.append([(block.alphabet[i], float(shares[0, i])) for i in best])
    return columns


def _verdict(context: Context, point: tuple[float, ...]) -> None:
    """What the rule decides and why, and the nearest accepted point if it rejects."""
    measurer, rule = context.measurer, context.rule
    accepted, compared = _decision(context, point)
    told = words.ACCEPTED if accepted else words.REJECTED
    st.markdown(told.format(rule=rule.name), help=words.UNITS)
    facts([_reason(one) for one in compared])
    if measurer.sides:
        rows = measurer.rows_unwanted, measurer.rows_wanted
        labels = "nearest unwanted", "nearest wanted"
        facts(
            [
                _neighbour(context, label, side, of_side, point)
                for label, side, of_side in zip(labels, measurer.sides, rows, strict=True)
            ]
        )
    if not accepted:
        with st.container(horizontal=True, vertical_alignment="center"):
            # Found when it is asked for: the search takes longer than all else about a point.
            given = (context.name, context.version, context.policy, point)
            st.button(words.GO_TO_NEAREST, type="tertiary", on_click=_go_to_nearest, args=given)
        if st.session_state.get(state.NONE_NEAR) == point:
            st.caption(words.NONE_ACCEPTED)


def _go_to_nearest(name: str, version: str, policy: Policy, point: tuple[float, ...]) -> None:
    """Pin the nearest accepted point that decodes to something wanted, if there is one."""
    found = services.nearest_accepted(name, version, policy, point, state.DECIMALS)
    st.session_state[state.NONE_NEAR] = point if found is None else None
    if found is not None:  # with all digits, or it may be rejected
        st.session_state[state.POINT] = ", ".join(map(repr, found.tolist()))


def _decision(context: Context, point: tuple[float, ...]) -> tuple[bool, list[_Compared]]:
    """Whether the rule accepts a point, and its measures beside their limits."""
    rule = context.rule
    measures = context.measurer.measure(rule, [point])
    compared = _refused(context, point, measures) if rule.needs_codes else []
    known = [
        place
        for place, one in enumerate(rule.parameters())
        if not (context.bundle.released and one.of_records)
    ]
    compared = compared or [_compare(rule, place, measures) for place in known]
    return bool(rule.accepts(measures)[0]), compared


def _refused(context: Context, point: tuple[float, ...], measures: Measures) -> list[_Compared]:
    """Why the decoded code is refused, whatever the limits are; empty if it is not."""
    assert context.unwanted is not None
    bundle, code = context.bundle, context.bundle.autoencoder.decode(np.array([point]))
    unwanted = bool(context.unwanted.of_codes(code, bundle)[0])
    record = bool(bundle.records.contains(code)[0])
    if not (unwanted or record):
        return []
    found = words.REFUSED[unwanted, record]
    margin = float(measures["margin"][0])
    if unwanted and np.isfinite(margin):
        found += words.REFUSED_BY.format(nats=-margin)
    return [
        _Compared(
            common.named(words.DECODED_CODE, bundle.format), found, words.CODE_REQUIRED, holds=False
        )
    ]


def _compare(rule: Rule, place: int, measures: Measures) -> _Compared:
    measure, limit = rule.measures[place], rule.limits[place]
    found = float(measures[measure.name][0])
    value, bound = common.quantities(measure.unit, found, limit.value)
    value = words.UNLIMITED if np.isinf(found) else value
    required = f"required {words.COMPARISONS[limit.operator]} {bound}"
    return _Compared(measure.label, value, required, bool(limit.holds(measures)[0]))


def _reason(one: _Compared) -> tuple[str, str, str]:
    """A row of the panel, as HTML."""
    value = one.value if one.holds else f'<b class="failed">{one.value}</b>'
    return one.label, value, escape(one.required)


def _neighbour(
    context: Context,
    label: str,
    side: NearestGaussian,
    rows: np.ndarray,
    point: tuple[float, ...],
) -> tuple[str, str, str]:
    """The nearest record of one side; `rows` has the record of each of its Gaussians, or -1."""
    distance, index = side.query([point])
    row = int(rows[index[0]])
    bundle = context.bundle
    code = bundle.records.codes[row] if row >= 0 else None
    kind = "small unwanted" if label.endswith("unwanted") else "small"
    listed = common.named(words.LISTED_CODE, bundle.format)
    shown = listed if code is None else plates.plate(bundle.format, code, kind)
    return label, shown, f"{distance[0]:.2f} σ"
