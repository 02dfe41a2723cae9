"""The core modules on a blank page, each against a second route to the same answer."""

import itertools
import operator
from typing import Any

import numpy as np
import pytest

import regvae
from dashboard.components.geometry import Geometry
from dashboard.components.latent_map import plane_for_browser
from dashboard.components.sliders import rule_for_browser
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from regvae.rejection.rules import RULES
from tests.static.conftest import Blank, decoder_data

OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
EVERY_LIMIT = list(itertools.product(OPERATORS, (False, True)))


# --- the decoder ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["notebook-2d", "principled-2d", "exact-15d", "private-15d"])
def test_the_decoder_decodes_as_python_does(blank: Blank, name: str) -> None:
    bundle = regvae.load(name)
    geometry = Geometry.of(bundle)
    rng = np.random.default_rng(3)
    near = rng.uniform(-3, 3, (500, bundle.records.latent_dim))
    points = np.vstack([near, 20 * near[:100]])  # far out too, where probabilities round to 0 and 1
    decoded = blank.run(
        "core/decoder.js",
        """const {weights, points, ...geometry} = given;
        const decoder = new module.Decoder(Float32Array.from(weights), geometry);
        return points.map((point) => ({
            logits: Array.from(decoder.logits(point)), ...decoder.decode(point),
        }));""",
        {**decoder_data(geometry), "points": points.tolist()},
    )
    assert [one["code"] for one in decoded] == bundle.autoencoder.decode(points).tolist()
    logits = bundle.autoencoder.logits(points)
    ours = np.array([one["logits"] for one in decoded])
    np.testing.assert_allclose(ours[:500], logits[:500], rtol=1e-4, atol=1e-4)
    # Far out they are sums of hundreds of nats in 32 bits, so the last digits of these count.
    largest = np.abs(logits[500:]).max(axis=1, keepdims=True)
    assert (np.abs(ours[500:] - logits[500:]) <= 1e-4 + 1e-6 * largest).all()
    best = np.stack([block.max(axis=1) for block in bundle.autoencoder.probabilities(points)], 1)
    # Far out the outputs are in the hundreds, and their last digits of 32 bits count.
    for rows, atol in ((slice(500), 1e-4), (slice(500, None), 1e-3)):
        certainty = [one["certainty"] for one in decoded[rows]]
        np.testing.assert_allclose(certainty, best[rows], atol=atol)


def test_the_decoders_tested_have_both_likelihoods() -> None:
    names = ("notebook-2d", "principled-2d", "exact-15d")
    assert {regvae.load(name).autoencoder.likelihood for name in names} == {
        "bernoulli",
        "categorical",
    }


# --- the rule -------------------------------------------------------------------------------------


def a_rule(comparison: str, complement: bool, *, relative: bool = False) -> dict[str, Any]:
    """A rule as the browser gets it: the limit that is tested, and one of another kind."""
    first = {"name": "one", "measure": "a", "operator": comparison, "complement": complement}
    second = {"name": "two", "measure": "b", "operator": ">=", "complement": False}
    return {
        "parameters": [{**first, "minimum": -0.5, "maximum": 1.5}, second],
        "measures": [{"name": "a", "relative": relative}, {"name": "b", "relative": False}],
    }


def some_measures(seed: int, n: int = 300) -> dict[str, np.ndarray]:
    """Two measures with many ties, and some of what is no finite number."""
    rng = np.random.default_rng(seed)
    measures = {name: rng.integers(-10, 11, n) / 10 for name in ("a", "b")}
    for one in measures.values():
        one[rng.choice(n, 30, replace=False)] = np.repeat([np.nan, np.inf, -np.inf], 10)
    return measures


def accepted(
    comparison: str, measures: dict[str, np.ndarray], one: float, two: float
) -> np.ndarray:
    """Python's comparisons of both limits."""
    return OPERATORS[comparison](measures["a"], one) & (measures["b"] >= two)


def listed(measures: dict[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in measures.items()}


@pytest.mark.parametrize(("comparison", "complement"), EVERY_LIMIT)
def test_a_rule_accepts_what_python_accepts(
    blank: Blank, comparison: str, complement: bool
) -> None:
    measures = some_measures(1)
    wanted = np.random.default_rng(2).random(300) < 0.5
    numbers = [0.0, 0.3, 0.5, 0.7, 1.0]
    states = blank.run(
        "core/rule.js",
        """const {rule, measures, wanted, numbers} = given;
        return numbers.map((one) => {
            const limits = module.limitsOf(rule, {one, two: -0.5});
            return Array.from(module.outcomes({measures, wanted}, limits));
        });""",
        {
            "rule": a_rule(comparison, complement),
            "measures": listed(measures),
            "wanted": wanted.astype(int).tolist(),
            "numbers": numbers,
        },
    )
    for number, found in zip(numbers, states, strict=True):
        passes = accepted(comparison, measures, 1 - number if complement else number, -0.5)
        assert 0 < passes.sum() < 300
        assert found == np.where(passes, np.where(wanted, 1, 2), 0).tolist()


@pytest.mark.parametrize(("comparison", "complement"), EVERY_LIMIT)
@pytest.mark.parametrize("relative", [False, True])
def test_the_slack_is_above_0_just_where_a_point_is_accepted(
    blank: Blank, comparison: str, complement: bool, relative: bool
) -> None:
    measures = some_measures(4)
    numbers = [0.0, 0.4, 1.0]
    found = blank.run(
        "core/rule.js",
        """const {rule, measures, numbers} = given;
        return numbers.map((one) => {
            const limits = module.limitsOf(rule, {one, two: -0.5});
            return Array.from(module.slack(measures, limits, measures.a.length));
        });""",
        {
            "rule": a_rule(comparison, complement, relative=relative),
            "measures": listed(measures),
            "numbers": numbers,
        },
    )
    finite = np.isfinite(measures["a"]) & np.isfinite(measures["b"])
    for number, slack in zip(numbers, np.array(found), strict=True):
        value = 1 - number if complement else number
        assert ((slack > 0) == accepted(comparison, measures, value, -0.5)).all()
        assert np.isfinite(slack).all()
        sign = -1 if comparison.startswith("<") else 1
        unit = max(abs(value), 1e-3) if relative else 1
        left = np.minimum(sign * (measures["a"] - value) / unit, measures["b"] + 0.5)
        np.testing.assert_allclose(slack[finite], left[finite], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("comparison", "complement"), EVERY_LIMIT)
def test_the_curves_count_as_python_does(blank: Blank, comparison: str, complement: bool) -> None:
    measures = some_measures(7)
    wanted = np.random.default_rng(8).random(300) < 0.6
    points = blank.run(
        "core/rule.js",
        """const {rule, measures, wanted} = given;
        return module.curves({measures, wanted}, rule, {one: 0, two: -0.2}, 40);""",
        {
            "rule": a_rule(comparison, complement),
            "measures": listed(measures),
            "wanted": wanted.astype(int).tolist(),
        },
    )
    np.testing.assert_allclose([one["value"] for one in points], np.linspace(-0.5, 1.5, 41))
    for one in points:  # at the very value: many points tie with it
        value = 1 - one["value"] if complement else one["value"]
        passes = accepted(comparison, measures, value, -0.2)
        assert one["acceptance"] == pytest.approx(passes.mean())
        purity = wanted[passes].mean() if passes.any() else np.nan
        assert one["purity"] == pytest.approx(purity, nan_ok=True)


@pytest.mark.parametrize("name", RULES)
def test_the_rules_that_python_sends_have_python_s_limits(blank: Blank, name: str) -> None:
    rule = RULES[name]()
    limits = blank.run(
        "core/rule.js",
        """const values = given.parameters.map(({name, value}) => [name, value]);
        return module.limitsOf(given, Object.fromEntries(values));""",
        rule_for_browser(rule, "number < 50", "reg"),
    )
    assert [(one["measure"], one["operator"], one["value"]) for one in limits] == [
        (one.measure, one.operator, one.value) for one in rule.limits
    ]


# --- the plane ------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [None, (3, 11)])
def test_the_plane_shows_and_lifts_as_python_s_does(
    blank: Blank, exact: Bundle, choice: tuple[int, int] | None
) -> None:
    plane = Plane.axes(exact.records, *choice) if choice else Plane.principal(exact.records)
    rng = np.random.default_rng(5)
    z, anchor, sigma = rng.normal(size=(200, 15)), rng.normal(size=15), rng.uniform(0.1, 2, 15)
    xy = rng.uniform(-3, 3, (200, 2))
    found = blank.run(
        "core/plane.js",
        """const plane = new module.Plane(given.plane);
        const columns = given.z[0].map((_, i) => Float64Array.from(given.z, (one) => one[i]));
        const all = plane.projectAll(columns);
        return {
            shown: given.z.map((one) => plane.project(one)),
            all: [all.x, all.y].map((one) => Array.from(one)),
            lifted: given.xy.map(([x, y]) => plane.lift({x, y})),
            shadow: plane.shadow(given.sigma),
        };""",
        {
            "plane": plane_for_browser(plane, anchor, ("", "")),
            "z": z.tolist(),
            "xy": xy.tolist(),
            "sigma": sigma.tolist(),
        },
    )
    shown = plane.project(z)
    np.testing.assert_allclose([(one["x"], one["y"]) for one in found["shown"]], shown)
    np.testing.assert_allclose(np.transpose(found["all"]), shown)
    np.testing.assert_allclose(found["lifted"], plane.lift(xy, anchor))
    axes = np.array(found["shadow"])
    np.testing.assert_allclose(axes.T @ axes, plane.basis * sigma**2 @ plane.basis.T, atol=1e-12)


# --- lines and colours ----------------------------------------------------------------------------


def test_the_contour_of_a_distance_is_a_circle(blank: Blank) -> None:
    size, low, step = 61, -3.0, 0.1
    axis = low + step * np.arange(size)
    field = np.hypot(*np.meshgrid(axis, axis))
    lines = blank.run(
        "core/contour.js",
        """const values = Float32Array.from(given.field);
        const {x, y} = module.contour({...given, values}, 2);
        return {x: x.filter(Number.isFinite), y: y.filter(Number.isFinite)};""",
        {"field": field.ravel().tolist(), "low": low, "step": step, "size": size},
    )
    np.testing.assert_allclose(np.hypot(lines["x"], lines["y"]), 2, atol=2e-3)
    ends = np.column_stack([lines["x"], lines["y"]]).reshape(-1, 2, 2)
    length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()
    assert length == pytest.approx(4 * np.pi, rel=5e-3)


@pytest.mark.parametrize("level", [-0.001, 0.001])
def test_a_contour_keeps_the_branches_of_a_saddle_apart(blank: Blank, level: float) -> None:
    size, low, step = 40, -1.95, 0.1  # an even number, so that the saddle lies within a cell
    axis = low + step * np.arange(size)
    lines = blank.run(
        "core/contour.js",
        """const values = Float32Array.from(given.field);
        const {x, y} = module.contour({...given, values}, given.level);
        return {x: x.filter(Number.isFinite), y: y.filter(Number.isFinite)};""",
        {
            "field": np.outer(axis, axis).ravel().tolist(),
            "low": low,
            "step": step,
            "size": size,
            "level": level,
        },
    )
    ends = np.column_stack([lines["x"], lines["y"]]).reshape(-1, 2, 2)
    np.testing.assert_allclose(ends.prod(axis=2), level, atol=1e-6)  # linear along every edge
    for side in (0, 1):  # of the hyperbola xy = level, no line joins one branch to the other
        assert (np.sign(ends[:, 0, side]) == np.sign(ends[:, 1, side])).all()


def test_a_contour_goes_through_where_nothing_could_be_measured(blank: Blank) -> None:
    x = blank.run(
        "core/contour.js",
        """const {slack} = await import("/core/rule.js");
        const limits = [{measure: "a", operator: ">=", value: 0}];
        const values = slack({a: [NaN, 1, -Infinity, Infinity]}, limits, 4);
        return module.contour({low: 0, step: 1, size: 2, values}, 0).x;""",
    )
    assert np.isfinite(x).tolist() == [True, True, False]


def test_every_value_of_an_attribute_has_a_colour(blank: Blank) -> None:
    found = blank.run(
        "core/colours.js",
        """const palette = {
            classes: ["#000001", "#000002"], wheel: ["#000003", "#000004"], missing: "#010101",
            scale: ["#000000", "#0a1400", "#142800"],
        };
        const of = (attribute, codes) => codes.map((code) =>
            module.codeColour(attribute, code, palette));
        return {
            two: of({classes: [0, 0]}, [0, 1, NaN]),
            many: of({classes: [0, 0, 0]}, [0, 1, 2]),
            shapes: [0, 1, 2, 7, 8].map((code) => module.classSymbol(code, palette)),
            scale: of({low: -10, high: 0}, [-10, -7.5, -5, 0, NaN]),
            flat: of({low: 10, high: 10}, [10]),
        };""",
    )
    assert found["two"] == [[0, 0, 1], [0, 0, 2], [1, 1, 1]]
    assert found["many"] == [[0, 0, 3], [0, 0, 4], [0, 0, 3]]
    assert found["shapes"] == ["circle", "circle", "square", "triangle-up", "circle"]
    assert found["scale"] == [[0, 0, 0], [5, 10, 0], [10, 20, 0], [20, 40, 0], [1, 1, 1]]
    assert found["flat"] == [[0, 0, 0]]
