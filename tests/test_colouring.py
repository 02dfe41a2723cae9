"""How attributes colour regs, and what is painted: against plain loops, and points decoded by hand.

What a class is, which characters decide it, and how sure the decoder is of them; the figures beside
the map in many dimensions, against the library's own.
"""

import math

import numpy as np
import pytest
from dashboard.colouring import Colouring
from dashboard.latent_map import DecodedLayer, Geometry, SampleLayer

import regvae
from dashboard import latent_map, state
from regvae.evaluation.notebook import UNWANTED
from regvae.formats import uk_registration
from regvae.formats.uk_registration import ATTRIBUTES, NO_PERIOD, PATTERN
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import RULES, OneSided, TwoSided
from tests.test_pages_models import part_of

FEW = np.array(["AB12CDE", "AB62CDE", "LA05QXY", "YK01ABC", "LB51ABC", "AB12CDF"])
"""Anglia twice and once more, London twice, Yorkshire; 01 names no period, Q is never issued."""


def colouring(name, reg=FEW):
    return Colouring.of(ATTRIBUTES[name], reg)


# --- codes and legends ----------------------------------------------------------------------------


def test_a_yes_or_no_has_two_classes_even_where_only_one_occurs():
    assert colouring("valid").codes(FEW).tolist() == [1, 1, 0, 1, 1, 1]
    assert not colouring("valid").is_scale
    legend = colouring("valid").legend(FEW)
    assert legend == {
        "name": "valid",
        "label": "letters DVLA issues",
        "classes": [
            {"label": "letters never issued", "count": 1},
            {"label": "letters DVLA issues", "count": 5},
        ],
    }
    only = colouring("at_least_50").legend(FEW[:1])
    assert [one["count"] for one in only["classes"]] == [1, 0]


def test_a_number_is_a_scale_of_itself():
    assert colouring("number").codes(FEW).tolist() == [12, 62, 5, 1, 51, 12]
    assert colouring("number").legend(FEW) == {
        "name": "number",
        "label": "number",
        "missing": 0,
        "low": 1.0,
        "high": 62.0,
        "lowLabel": "1",
        "highLabel": "62",
    }


def test_the_classes_of_a_category_are_those_that_occur_in_their_natural_order():
    areas = colouring("area")
    there = [area for area in uk_registration.AREAS if area in set(ATTRIBUTES["area"].values(FEW))]
    assert list(areas.categories) == there
    assert len(there) == 3
    assert not areas.is_scale
    assert areas.codes(FEW).tolist() == [
        there.index(area) for area in ATTRIBUTES["area"].values(FEW)
    ]
    counts = {one["label"]: one["count"] for one in areas.legend(FEW)["classes"]}
    assert counts == {area: ATTRIBUTES["area"].values(FEW).tolist().count(area) for area in there}


def test_many_classes_are_a_scale_and_what_names_none_has_no_place_on_it():
    every = np.array([f"AB{number:02}CDE" for number in range(100)])
    periods = colouring("period", every)
    assert periods.is_scale
    codes = periods.codes(every)
    assert np.isnan(codes[1])
    # In time: 51 came first, then 02, 52, 03, … 99, 50, and 00 last.
    order = [51, *(n for year in range(2, 50) for n in (year, year + 50)), 50, 0]
    assert codes[order].tolist() == list(range(99))
    legend = periods.legend(every)
    assert (legend["low"], legend["high"], legend["missing"]) == (0, 98, 1)
    assert legend["lowLabel"] == "Sep 2001-Feb 2002"
    assert legend["highLabel"] == "Sep 2050-Feb 2051"


def test_the_ends_of_a_scale_are_called_what_lies_there():
    most = np.array([f"AB{number:02}CDE" for number in (*range(5, 60), 1)])
    legend = colouring("period", most).legend(most)
    assert legend["lowLabel"] == "Sep 2001-Feb 2002"
    assert legend["highLabel"] == "Mar-Aug 2050"
    assert legend["missing"] == 1


def test_few_periods_are_classes_of_which_none_is_one():
    periods = colouring("period")
    assert not periods.is_scale
    assert periods.categories[-1] == NO_PERIOD
    assert periods.codes(FEW[3:4]).tolist() == [len(periods.categories) - 1]


@pytest.mark.parametrize("name", ["area", "first_letter", "period"])
def test_a_category_that_did_not_occur_has_no_code_and_is_not_counted(name):
    known = colouring(name, FEW[:2])
    met = set(ATTRIBUTES[name].values(FEW[:2]).tolist())
    strange = np.array([value not in met for value in ATTRIBUTES[name].values(FEW).tolist()])
    assert strange.any()
    assert np.isnan(known.codes(FEW)).tolist() == strange.tolist()
    assert sum(one["count"] for one in known.legend(FEW)["classes"]) == (~strange).sum()


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_the_records_codes_are_those_of_a_plain_loop(bundle: Bundle, name):
    reg, attribute = bundle.records.codes, ATTRIBUTES[name]
    values = attribute.values(reg).tolist()
    if attribute.kind == "category":
        order = [one for one in attribute.categories if one in set(values)]
        scale = [one for one in order if one != NO_PERIOD] if len(order) > 48 else order
        expected = [scale.index(one) if one in scale else math.nan for one in values]
    else:
        expected = [float(one) for one in values]
    ours = colouring(name, reg)
    np.testing.assert_array_equal(ours.codes(reg), expected)
    legend = ours.legend(reg)
    assert ("classes" in legend) == (name in ("at_least_50", "area", "first_letter", "valid"))
    if "classes" in legend:
        counts = [expected.count(code) for code in range(len(legend["classes"]))]
        assert [one["count"] for one in legend["classes"]] == counts
        assert sum(counts) == len(reg)
    else:
        assert legend["missing"] == sum(map(math.isnan, expected))
        known = [one for one in expected if not math.isnan(one)]
        assert (legend["low"], legend["high"]) == (min(known), max(known))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_models_of_other_records_have_the_same_codes_beside_each_other(bundle: Bundle, name):
    some = part_of(bundle, np.flatnonzero(np.isin(bundle.records.attribute("tens"), [6, 7])[:900]))
    pair = [Geometry.of(bundle, beside=some), Geometry.of(some, beside=bundle)]
    shown = [one.records.set_index("reg")[name] for one in pair]
    np.testing.assert_array_equal(shown[0][some.records.codes], shown[1][some.records.codes])
    legends = [next(one for one in side.attributes if one["name"] == name) for side in pair]
    for key in ("low", "high", "lowLabel", "highLabel"):
        assert legends[0].get(key) == legends[1].get(key)
    left, right = ([one["label"] for one in each.get("classes", [])] for each in legends)
    assert left == right
    assert Geometry.of(some).version != pair[1].version


# --- which characters decide ----------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=lambda one: one.name)
def test_the_positions_of_an_attribute_are_the_characters_that_decide_it(attribute):
    some = uk_registration.generate(3_000, rng=np.random.default_rng(11))
    before = attribute.values(some)
    for position, allowed in enumerate(PATTERN):
        changes = False
        for character in allowed:
            codes = uk_registration.characters(some).copy()
            codes[:, position] = ord(character)
            changes |= bool(
                (attribute.values(uk_registration.from_characters(codes)) != before).any()
            )
        assert changes == (position in attribute.positions), position


# --- what is painted ------------------------------------------------------------------------------


def places(layer, rows):
    """Where grid points (n,) of a layer lie: x runs fastest, both upwards from `low`."""
    size = layer.grid["size"]
    at = np.array([[row % size, row // size] for row in rows])
    return layer.grid["low"] + layer.grid["step"] * at


def by_hand(bundle, attribute, z):
    """The decoded reg at one point and the product of the best probabilities that decide."""
    reg, certainty = "", 1.0
    for position, shares in enumerate(bundle.autoencoder.probabilities([z])):
        reg += PATTERN[position][int(shares[0].argmax())]
        certainty *= float(shares[0].max()) if position in attribute.positions else 1.0
    return reg, certainty


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("notebook-2d", "area"),
        ("notebook-2d", "number"),
        ("exact-15d", "at_least_50"),
        ("exact-15d", "period"),
    ],
)
def test_what_is_painted_is_what_each_point_decodes_to(model, name):
    bundle = regvae.load(model)
    records = bundle.records
    plane = Plane.principal(records) if model == "exact-15d" else Plane.axes(records, 1, 2)
    anchor = records.mean[17].astype(float)
    colours = colouring(name, records.codes)
    layer = DecodedLayer.of(bundle, colours, plane, anchor)
    assert len(layer.table) == layer.grid["size"] ** 2
    rows = np.random.default_rng(2).integers(len(layer.table), size=25)
    for row, (x, y) in zip(rows, places(layer, rows), strict=True):
        z = plane.rest(anchor) + x * plane.basis[0] + y * plane.basis[1]
        reg, certainty = by_hand(bundle, ATTRIBUTES[name], z)
        code = colours.codes(np.array([reg]))
        np.testing.assert_array_equal(layer.table["code"][row : row + 1], code)
        assert layer.table["certainty"][row] == pytest.approx(certainty, rel=1e-4)


def test_the_painting_reaches_beyond_the_map_on_all_sides(exact):
    plane = Plane.principal(exact.records)
    layer = DecodedLayer.of(exact, colouring("tens"), plane, plane.origin)
    (left, down), (right, up) = places(layer, [0, len(layer.table) - 1])
    assert left == down == pytest.approx(-right)
    assert up == right > 1.5 * plane.extent


def test_another_attribute_anchor_or_plane_is_another_painting(exact, monkeypatch):
    monkeypatch.setattr(latent_map, "_GRID", 31)
    records = exact.records
    principal, axes = Plane.principal(records), Plane.axes(records, 3, 1)
    first, second = records.mean[:2].astype(float)
    made = [
        DecodedLayer.of(exact, colouring(name, records.codes), plane, anchor).version
        for name, plane, anchor in (
            ("tens", principal, first),
            ("tens", principal, first),
            ("tens", principal, second),
            ("tens", axes, first),
            ("units", principal, first),
        )
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 4


# --- samples in many dimensions -------------------------------------------------------------------


def sample_layer(bundle, rule, plane, anchor, box=3.0):
    policy = Policy("exact-15d", UNWANTED, rule, proposals=200)
    judge = sampling.make_judge(bundle, policy)
    samples = sampling.sample(bundle, policy, judge)
    made = SampleLayer.of(rule, samples, judge, None, plane=plane, anchor=anchor, box=box)
    return made, samples, judge


@pytest.mark.parametrize("name", RULES)
def test_the_zone_of_many_dimensions_is_measured_at_points_of_the_slice(exact, name):
    plane, anchor = Plane.principal(exact.records), exact.records.mean[5].astype(float)
    rule = RULES[name]()
    layer, samples, judge = sample_layer(exact, rule, plane, anchor)
    rows = np.random.default_rng(4).integers(len(layer.field), size=40)
    z = np.array(
        [
            plane.rest(anchor) + x * plane.basis[0] + y * plane.basis[1]
            for x, y in places(layer, rows)
        ]
    )
    measured = judge.measure(rule, z)
    assert len(layer.field) == layer.grid["size"] ** 2
    assert layer.measures == [limit.measure for limit in rule.limits]
    for measure in layer.measures:
        np.testing.assert_allclose(
            layer.field[measure][rows], measured[measure], rtol=1e-4, atol=1e-6
        )
        np.testing.assert_array_equal(layer.samples[measure], samples.measures[measure])
    columns = [f"z_{axis}" for axis in range(1, 16)]
    np.testing.assert_array_equal(layer.samples[columns], samples.z)


@pytest.mark.parametrize(("rule", "k"), [(OneSided(), 15), (TwoSided(), 15), (OneSided(), 2)])
def test_tails_are_those_of_chi_square_with_a_degree_for_each_dimension(exact, bundle, rule, k):
    of = exact if k == 15 else bundle
    plane = Plane.axes(of.records, 1, 2)
    layer, _, _ = sample_layer(of, rule, plane, of.records.mean[0])
    slider = state.SLIDERS["threshold" if rule.name == "one-sided" else "support"]
    assert len(layer.tails) == round(slider.maximum / slider.step) + 1
    for row in (0, 1, 100, 250, 400):
        t = row * slider.step
        # Chi-square's upper tail in closed form: a sum of Poisson's terms, in steps of a whole;
        # with an odd number of degrees it starts from the normal's two tails instead of from one
        # term.
        half = t * t / 2
        tail = math.erfc(math.sqrt(half)) if k % 2 else 0.0
        for i in range(k // 2):
            power = i + (k % 2) / 2
            tail += math.exp(-half) * half**power / math.gamma(power + 1)
        assert layer.tails["tail"][row] == pytest.approx(tail, rel=1e-9)


def test_the_box_of_proposals_is_drawn_where_it_is_a_square(exact):
    records, rule = exact.records, OneSided()
    square, _, _ = sample_layer(exact, rule, Plane.axes(records, 4, 2), records.mean[0])
    askew, _, _ = sample_layer(exact, rule, Plane.principal(records), records.mean[0])
    assert (square.box, askew.box) == (3.0, None)


def test_the_map_shades_by_a_distance_of_all_dimensions_and_not_of_the_two_that_are_shown(exact):
    rows = np.flatnonzero(UNWANTED.of_records(exact.records))
    plane = Plane.axes(exact.records, 1, 2)
    anchor = exact.records.mean.mean(axis=0, dtype=np.float64)
    layer, _, _ = sample_layer(exact, OneSided(), plane, anchor)
    z = plane.lift(places(layer, [1234]), anchor)[0]
    mean, sigma = (part[rows].astype(float) for part in (exact.records.mean, exact.records.sigma))
    nearest = np.sqrt((((z - mean) / sigma) ** 2).sum(axis=1)).min()
    assert layer.field["to_unwanted"][1234] == pytest.approx(nearest, rel=1e-5)
