"""Acceptance rules: where exactly they draw the line, their parameters, and rules by name."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regvae.latent.gaussians import tail_probability
from regvae.rejection import rules
from regvae.rejection.rules import (
    RULES,
    Certified,
    Learned,
    Limit,
    OneSided,
    Parameter,
    Posterior,
    RuleError,
    TwoSided,
    rule_named,
)

EVERY = [OneSided(), TwoSided(), Posterior(), Certified()]
PARAMETERS = [one for kind in RULES.values() for one in kind.parameters()]


def up(value):
    return float(np.nextafter(value, math.inf))


def down(value):
    return float(np.nextafter(value, -math.inf))


# --- where the lines are --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        (">", [False, False, True]),
        (">=", [False, True, True]),
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
    ],
)
def test_a_limit_compares_one_measure(operator, holds):
    limit = Limit("x", operator, 1.0)
    values = np.array([down(1.0), 1.0, up(1.0)])
    assert limit.holds({"x": values, "y": values + 9}).tolist() == holds
    ease = limit.ease(values)
    assert ease[holds].min() > ease[~np.array(holds)].max()  # what passes, passes more easily


@pytest.mark.parametrize(
    ("rule", "measures", "accepted"),
    [
        (OneSided(2.5), {"to_unwanted": 2.5}, False),
        (OneSided(2.5), {"to_unwanted": up(2.5)}, True),
        (OneSided(0.0), {"to_unwanted": 0.0}, False),
        (TwoSided(1.0, 1.5), {"margin": 1.0, "to_wanted": 1.5}, True),
        (TwoSided(up(1.0), 1.5), {"margin": 1.0, "to_wanted": 1.5}, False),
        (TwoSided(1.0, down(1.5)), {"margin": 1.0, "to_wanted": 1.5}, False),
        (Posterior(0.5, 0.5), {"wanted_share": 0.5, "typicality": 0.5}, True),
        (Posterior(1 - up(0.5), 0.5), {"wanted_share": 0.5, "typicality": 0.5}, False),
        (Posterior(0.5, up(0.5)), {"wanted_share": 0.5, "typicality": 0.5}, False),
        (Posterior(1.0, 0.0), {"wanted_share": 0.0, "typicality": 0.0}, True),
        (Posterior(0.0, 0.0), {"wanted_share": down(1.0), "typicality": 0.0}, False),
        (Posterior(0.0, 0.0), {"wanted_share": 1.0, "typicality": 0.0}, True),
        (Certified(0.5, 0.1), {"margin": 0.5, "typicality": 0.1}, True),
        (Certified(up(0.5), 0.1), {"margin": 0.5, "typicality": 0.1}, False),
        (Certified(0.5, up(0.1)), {"margin": 0.5, "typicality": 0.1}, False),
        (Certified(0.0, 0.0), {"margin": -math.inf, "typicality": 1.0}, False),
        (Certified(9.0, 0.0), {"margin": math.inf, "typicality": 1.0}, True),
        (Learned(1.5), {"score": 1.5}, True),
        (Learned(1.5), {"score": down(1.5)}, False),
    ],
)
def test_a_rule_draws_the_line_exactly_at_its_parameters(rule, measures, accepted):
    measured = {name: np.array([value]) for name, value in measures.items()}
    assert rule.accepts(measured).tolist() == [accepted]


@given(data=st.data(), kind=st.sampled_from(list(RULES.values())))
@settings(deadline=None, max_examples=60)
def test_a_stricter_rule_accepts_no_more(data, kind):
    values = {
        one.name: data.draw(st.floats(0, min(one.high, 9.0)), one.name) for one in kind.parameters()
    }
    changed = data.draw(st.sampled_from(kind.parameters()))
    other = data.draw(st.floats(0, min(changed.high, 9.0)))
    pair = sorted([values[changed.name], other], reverse=changed.lower_is_stricter)
    lax, strict = (kind(**values | {changed.name: value}) for value in pair)
    shares = np.linspace(0, 1, 21)
    first, second = (axis.ravel() for axis in np.meshgrid(shares, shares))
    measures = {
        "to_unwanted": 9 * first, "to_wanted": 9 * second, "margin": 9 * (first - second),
        "wanted_share": first, "typicality": second, "score": 9 * first,
    }  # fmt: skip
    assert (lax.accepts(measures) | ~strict.accepts(measures)).all()


# --- one parameter --------------------------------------------------------------------------------


OPERATORS = list(itertools.product([">", ">=", "<", "<="], [False, True]))


def parameter_of(operator, complement=False, **changes):
    description = {
        "name": "p", "default": 0.5, "measure": "m", "operator": operator, "maximum": 0.6,
        "step": 0.01, "unit": "%", "label": "P", "help": "A share.", "before": "with",
        "high": 1.0, "complement": complement,
    }  # fmt: skip
    return Parameter(**description | changes)


def accepts(parameter, value, measure):
    return bool(parameter.limit(value).holds({"m": np.array([measure])})[0])


@pytest.mark.parametrize(("operator", "complement"), OPERATORS)
def test_a_limit_is_set_at_the_value_or_at_its_complement(operator, complement):
    value = 0.3
    found = parameter_of(operator, complement).limit(value)
    assert found == Limit("m", operator, 0.7 if complement else 0.3)


@pytest.mark.parametrize(("operator", "complement"), OPERATORS)
def test_the_stricter_direction_is_that_in_which_fewer_points_are_accepted(operator, complement):
    parameter = parameter_of(operator, complement)
    points = np.linspace(0, 1, 101)
    low, high = (parameter.limit(value).holds({"m": points}).sum() for value in (0.2, 0.4))
    assert low != high
    assert parameter.lower_is_stricter == (low < high)
    assert parameter.span == ((0.0, 1.0) if low < high else (1.0, 0.0))


@given(value=st.floats(0, 1))
@example(0.0)
@example(5e-324)
@example(down(1.0))
@example(1.0)
def test_the_least_strict_rejecting_value_has_a_closed_form(value):
    found = {op: parameter_of(op).least_strict_rejecting(value) for op in (">", ">=", "<", "<=")}
    assert found[">"] == value  # rejected at values of at least the measure
    assert found[">="] == (up(value) if value < 1 else None)  # above it
    assert found["<"] == value  # at most it
    assert found["<="] == (down(value) if value > 0 else None)  # below it


@pytest.mark.parametrize(("operator", "complement"), OPERATORS)
@given(value=st.floats(0, 1))
@example(0.0)
@example(1e-300)
@example(0.1)
@example(down(1.0))
@example(1.0)
@settings(max_examples=40)
def test_the_least_strict_rejecting_value_is_that_of_its_neighbours(operator, complement, value):
    parameter = parameter_of(operator, complement)
    strictest, laxest = parameter.span
    found = parameter.least_strict_rejecting(value)
    if found is None:
        assert accepts(parameter, strictest, value)
        return
    stricter = lax = found
    for _ in range(20):
        assert not accepts(parameter, stricter, value)
        stricter = float(np.nextafter(stricter, strictest))
        if lax == laxest:
            break
        lax = float(np.nextafter(lax, laxest))
        assert accepts(parameter, lax, value)


def test_a_point_that_every_value_rejects_is_rejected_at_the_least_strict():
    assert parameter_of("<").least_strict_rejecting(7.0) == 1.0
    assert parameter_of(">", low=0.25).least_strict_rejecting(0.1) == 0.25
    assert parameter_of(">", high=math.inf).least_strict_rejecting(math.inf) is None
    assert parameter_of(">", high=math.inf).least_strict_rejecting(1e300) == 1e300


SLIDERS = [*PARAMETERS, *(parameter_of(*one) for one in OPERATORS)]


@pytest.mark.parametrize("parameter", SLIDERS, ids=lambda p: f"{p.name} {p.operator}{p.complement}")
def test_a_strict_step_is_the_next_one_on_the_strict_side(parameter):
    count = round(parameter.maximum / parameter.step)
    steps = [float(f"{i * parameter.step:.3f}") for i in range(count + 1)]
    neighbours = list(zip([None, *steps], steps, [*steps[1:], None], strict=False))
    for before, step, after in [*neighbours[:60], neighbours[-1]]:
        assert parameter.on_step(step) == step
        assert parameter.strict_step(step) == step
        below, above = parameter.strict_step(down(step)), parameter.strict_step(up(step))
        assert (below, above) == ((before, step) if parameter.lower_is_stricter else (step, after))
    beyond = parameter.maximum if parameter.lower_is_stricter else None
    for value in (parameter.maximum + 1, 1e308):
        assert parameter.strict_step(value) == beyond


def test_a_value_is_rounded_to_the_nearest_step_and_shown_with_its_unit():
    assert parameter_of(">").on_step(0.2949) == 0.29
    assert parameter_of(">").on_step(0.1 + 0.2) == 0.3
    assert parameter_of(">").shown(0.25) == "25.0%"
    assert parameter_of(">", unit="σ").shown(2.5) == "2.5 σ"


# --- values that are refused ----------------------------------------------------------------------


BAD = [-1, -1e-300, math.nan, math.inf, -math.inf, 10**400, True, False, None, "2.5", 1j, [1.0]]
BAD_SHARES = [*BAD, 1.5, up(1.0), 2]


@pytest.mark.parametrize("kind", RULES.values())
def test_a_value_out_of_range_is_refused(kind):
    for one in kind.parameters():
        upper = "up" if one.high == math.inf else "to 1"
        for bad in BAD if one.high == math.inf else BAD_SHARES:
            with pytest.raises(RuleError, match=f"number from 0 {upper} for {one.name}, got "):
                kind(**{one.name: bad})


@pytest.mark.parametrize("kind", RULES.values())
def test_the_ends_of_the_range_are_values_and_integers_become_floats(kind):
    for one in kind.parameters():
        for value in (0, 0.0, -0.0, 1, min(one.high, 1e300)):
            found = kind(**{one.name: value}).values()[one.name]
            assert (found, type(found)) == (value, float)
    assert TwoSided(margin=1, support=2) == TwoSided(1.0, 2.0)


# --- what a rule tells about itself ---------------------------------------------------------------


def test_parameters_of_the_same_name_are_the_same_in_all_rules():
    # They are options of the command line, keys of the page's address and of reports.
    assert len({one.name for one in PARAMETERS}) == len(set(PARAMETERS)) < len(PARAMETERS)
    assert all(one.name.isidentifier() for one in PARAMETERS)


@pytest.mark.parametrize("name", RULES)
def test_the_description_of_a_rule_is_consistent(name):
    kind = RULES[name]
    assert kind.name == name
    parameters = kind.parameters()
    assert [one.name for one in parameters] == [field.name for field in dataclasses.fields(kind)]
    assert [one.measure for one in parameters] == [measure.name for measure in kind.measures]
    assert kind().values() == {one.name: one.default for one in parameters}
    assert [limit.measure for limit in kind().limits] == [one.measure for one in parameters]
    assert kind.tail is None or kind.tail in kind().values()
    for one in parameters:
        assert 0 <= one.low <= one.default <= one.maximum <= one.high
        assert one.on_step(one.default) == one.default
        assert one.on_step(one.maximum) == one.maximum


def test_the_tail_is_that_of_the_distance_of_the_rule():
    for k in (1, 2, 15):
        assert OneSided(1.5).tail_probability(k) == tail_probability(1.5, k)
        assert TwoSided(0.5, 2.0).tail_probability(k) == tail_probability(2.0, k)
        assert Posterior().tail_probability(k) is Certified().tail_probability(k) is None


def test_only_the_rule_of_the_notebook_has_its_figure():
    assert round(OneSided(2.5).notebook_tail(), 3) == 0.154
    assert TwoSided().notebook_tail() is Posterior().notebook_tail() is None


def test_the_figure_of_the_notebook_is_its_formula():
    thresholds = np.linspace(0, 10, 101)
    expected = [2 * (1 - math.erf(t / 2)) for t in thresholds]
    np.testing.assert_allclose(rules.notebook_tail(thresholds), expected, atol=1e-12)
    assert float(rules.notebook_tail(2.5)) == rules.notebook_tail(np.array([2.5]))[0]


# --- rules by name --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RULES.values())
def test_a_rule_is_found_by_its_name_and_values(kind):
    assert rule_named(kind.name) == kind()
    names = list(kind().values())
    assert rule_named(kind.name, dict.fromkeys(names, 0.25)) == kind(*[0.25] * len(names))
    assert rule_named(kind.name, {names[-1]: 0.5}) == kind(**{names[-1]: 0.5})


def test_the_default_is_the_threshold_of_the_notebook():
    assert rule_named("one-sided") == OneSided(2.5)


@pytest.mark.parametrize("name", ["", "One-Sided", "three-sided", "x" * 1000, 1, None])
def test_an_unknown_rule_is_refused_with_those_that_exist(name):
    words = rf"expected a rule \({', '.join(RULES)}\), got '.{{0,40}}'; choose"
    with pytest.raises(RuleError, match=words):
        rule_named(name)


@pytest.mark.parametrize(
    ("name", "parameter", "words"),
    [
        ("one-sided", "margin", r"one-sided \(threshold\), got 'margin'"),
        ("two-sided", "threshold", r"two-sided \(margin, support\), got 'threshold'"),
        ("certified", "alpha", r"certified \(m, q\), got 'alpha'"),
        ("posterior", "name", r"posterior \(alpha, q\), got 'name'"),
        ("posterior", "a" * 1000, r"posterior \(alpha, q\), got 'a{40}'"),
    ],
)
def test_an_unknown_parameter_is_refused_with_those_of_the_rule(name, parameter, words):
    with pytest.raises(RuleError, match=f"expected parameters of the rule {words}"):
        rule_named(name, {parameter: 1.0})


def test_a_bad_value_of_a_rule_by_name_is_refused():
    with pytest.raises(RuleError, match="number from 0 to 1 for q, got 2"):
        rule_named("posterior", {"q": 2})
