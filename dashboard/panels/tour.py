"""The steps of the tour: what the map shows at each, and the figures of its text."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dashboard import services, state
from dashboard.panels import sampling_form
from dashboard.panels.context import Context
from dashboard.panels.plane_controls import Slice, usual_choice
from dashboard.panels.shown_map import Shown, painted, propose
from regvae.evaluation.notebook import PUBLISHED_PURITY, RERUN_PURITIES
from regvae.latent.polygon import in_polygon
from regvae.rejection import sampling
from regvae.rejection.rules import TwoSided

EXAMPLE = "MY33WSZ"  # the first reg of the test data: the model never trained on it

# What is wanted comes up with the rule; until then the colours are those of the numbers.
_NUMBERS = {state.COLOUR: "at_least_50", state.HIDDEN: ["zone", "samples"]}
_DOTS = {**_NUMBERS, state.PAINT: False}
_NEAR = [[0.88, -0.12], [1.12, -0.12], [1.12, 0.12], [0.88, 0.12]]

STEPS: dict[str, dict[str, Any]] = {
    "encoder": {**_DOTS, state.POINT: EXAMPLE},
    "decoder": {**_DOTS, state.POINT: EXAMPLE},
    "neighbours": {**_DOTS, state.REGION: _NEAR},
    "colours": {**_DOTS, state.COLOUR: "number"},
    "painted": _NUMBERS,
    "gaussian": {**_DOTS, state.SEARCH: EXAMPLE},
    "rule": {state.PAINT: False, "threshold": 0.3},
    "works": {},
    "fails": {state.MODEL: state.NOTEBOOK},
    "notebook": {state.MODEL: state.NOTEBOOK, state.RULE: TwoSided.name},
}
"""What the map shows at each step, under the keys of the address, where it is not the default."""
NAMES = list(STEPS)


def values_of(name: str, version: str, step: str) -> dict[str, Any]:
    """All values of a step for its model; a reg as a point is the mean that it is encoded to."""
    values = {**state.DEFAULTS, **STEPS[step]}
    if values[state.POINT] == EXAMPLE:
        mean, _ = services.bundle(name, version).autoencoder.encode([EXAMPLE])
        values[state.POINT] = state.point_text(mean[0].tolist())
    return values


def model_of(step: str) -> str:
    """The model of a step."""
    return STEPS[step].get(state.MODEL, state.DEFAULTS[state.MODEL])


def context_of(name: str, version: str, values: Mapping[str, Any]) -> Context:
    """Model, unwanted, rule and plane for the values of a step, whose model has 2 dimensions."""
    choice = usual_choice(name, version)
    anchor = services.mean_of_means(name, version)
    shown = Slice(choice, services.plane(name, version, choice), anchor, pinned=False)
    unwanted = services.unwanted(name, version, values[state.WANTED], None, "", training=False)
    return Context(name, version, unwanted, state.rule(values), shown)


def shown_of(context: Context, values: Mapping[str, Any]) -> Shown:
    """What the map shows for the values of a step."""
    point = state.numbers(values[state.POINT], context.latent_dim)
    return Shown(
        context,
        colour=values[state.COLOUR],
        painted=values[state.PAINT],
        density=values[state.DENSITY],
        point=tuple(point) if point else None,
        code=values[state.SEARCH] or None,
        region=values[state.REGION],
        hidden=values[state.HIDDEN],
        edge=values[state.EDGE],
    )


def prepare(step: str) -> None:
    """Compute what a step needs, so that it is shown at once."""
    name = model_of(step)
    try:
        version = services.version_of(name)
        values = values_of(name, version, step)
        context = context_of(name, version, values)
    except ValueError:  # the step itself tells what is wrong with its model
        return
    services.geometry(name, version)
    figures_of(context, step, values)
    propose(context, sampling_form.policy(context, values, []), [])
    painted(shown_of(context, values))


# --- the figures of the texts ---------------------------------------------------------------------


def figures_of(context: Context, step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that the text of a step has places for."""
    return _FIGURES[step](context, values) if step in _FIGURES else {}


def _encoded(context: Context, _values: Mapping[str, Any]) -> dict[str, Any]:
    bundle = context.bundle
    mean, sigma = bundle.autoencoder.encode([EXAMPLE])
    widths = " and ".join(f"{one:.2f}" for one in sigma[0])
    point = _rounded(mean[0].tolist())
    return {"reg": bundle.format.shown(EXAMPLE), "point": point, "mean": point, "sigma": widths}


def _decoded(context: Context, _values: Mapping[str, Any]) -> dict[str, Any]:
    format, autoencoder = context.bundle.format, context.bundle.autoencoder
    decoded = str(autoencoder.decode(autoencoder.encode([EXAMPLE])[0])[0])
    return {
        "reg": format.shown(EXAMPLE),
        "decoded": format.shown(decoded),
        "right": sum(a == b for a, b in zip(EXAMPLE, decoded, strict=True)),
        "n": len(EXAMPLE),
    }


def _near(context: Context, values: Mapping[str, Any]) -> dict[str, Any]:
    bundle = context.bundle
    inside = in_polygon(context.shown.plane.project(bundle.records.mean), values[state.REGION])
    numbers, counts = np.unique(bundle.records.attribute("number")[inside], return_counts=True)
    right = np.array(services.accuracy(context.name, context.version, False)["by_position"])
    digit = np.isin(range(len(right)), bundle.format.attribute("number").positions)
    return {
        "n": inside.sum(),
        "number": numbers[counts.argmax()],
        "same": counts.max(),
        "digits": right[digit].mean(),
        "letters": right[~digit].mean(),
    }


def _numbers(context: Context, _values: Mapping[str, Any]) -> dict[str, Any]:
    numbers = context.bundle.records.attribute("number")
    return {"low": numbers.min(), "high": numbers.max()}


def _records(context: Context, _values: Mapping[str, Any]) -> dict[str, Any]:
    return {"n": len(context.bundle.records)}


def _outcome(context: Context, values: Mapping[str, Any]) -> dict[str, Any]:
    policy = sampling_form.policy(context, values, [])
    assert policy  # its values are ours
    report = sampling.report(services.samples(context.name, context.version, policy), context.rule)
    wanted = round(report.accepted * (report.purity or 0))
    return {
        "threshold": values["threshold"],
        "proposed": report.proposed,
        "accepted": report.accepted,
        "wanted": wanted,
        "impure": report.accepted - wanted,
        "published": PUBLISHED_PURITY,
        "low": min(RERUN_PURITIES),
        "high": max(RERUN_PURITIES),
    }


def _rounded(point: list[float]) -> str:
    return "(" + ", ".join(f"{number:.2f}" for number in point) + ")"


_FIGURES: dict[str, Callable[[Context, Mapping[str, Any]], dict[str, Any]]] = {
    "encoder": _encoded,
    "decoder": _decoded,
    "neighbours": _near,
    "colours": _numbers,
    "painted": _records,
    "gaussian": _encoded,
    **dict.fromkeys(("rule", "works", "fails", "notebook"), _outcome),
}
