"""How attributes colour codes, against plain loops; and which characters decide an attribute."""

import math

import numpy as np
import pandas as pd
import pytest

from dashboard.components.colouring import Colouring
from regvae.formats import Attribute, Codes, uk_registration
from regvae.formats.codes import characters, from_characters
from regvae.formats.columns import attribute_of
from regvae.formats.format import NONE
from regvae.formats.uk_registration import ATTRIBUTES, NO_PERIOD, UK_REGISTRATION
from regvae.model.bundle import Bundle

FEW = np.array(["AB12CDE", "AB62CDE", "LA05QXY", "YK01ABC", "LB51ABC", "AB12CDF"])
"""Anglia three times, London twice, Yorkshire; 01 names no period, Q is never issued."""


def colouring(name: str, codes: Codes = FEW) -> Colouring:
    return Colouring.of(ATTRIBUTES[name], codes)


# --- values and legends ---------------------------------------------------------------------------


def test_a_boolean_has_two_classes_even_if_only_one_occurs() -> None:
    assert colouring("valid").values(FEW).tolist() == [1, 1, 0, 1, 1, 1]
    assert not colouring("valid").is_scale
    assert colouring("valid").legend(FEW) == {
        "name": "valid",
        "label": "letters DVLA issues",
        "isColumn": False,
        "classes": [
            {"label": "letters never issued", "count": 1},
            {"label": "letters DVLA issues", "count": 5},
        ],
    }
    only = colouring("at_least_50").legend(FEW[:1])
    assert [one["count"] for one in only["classes"]] == [1, 0]


def test_a_number_is_a_scale_of_itself() -> None:
    assert colouring("number").values(FEW).tolist() == [12, 62, 5, 1, 51, 12]
    assert colouring("number").legend(FEW) == {
        "name": "number",
        "label": "number",
        "isColumn": False,
        "missing": 0,
        "low": 1.0,
        "high": 62.0,
        "lowLabel": "1",
        "highLabel": "62",
    }


def test_a_number_of_few_values_is_classes() -> None:
    tens = colouring("tens")
    assert tens.categories == ("0", "1", "5", "6")
    assert not tens.is_scale
    assert tens.values(FEW).tolist() == [1, 3, 0, 0, 2, 1]
    classes = tens.legend(FEW)["classes"]
    assert [one["count"] for one in classes] == [2, 2, 1, 1]


def test_shares_of_classes_and_of_ten_parts_of_a_scale() -> None:
    every = np.array([f"AB{number:02}CDE" for number in range(100)])
    numbers = colouring("number", every)
    labels, shares = numbers.shares(numbers.values(every[[0, 9, 50, 99]]))
    assert labels == [str(10 * part) for part in range(10)]
    assert shares.tolist() == [0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.25]
    assert not numbers.shares(np.empty(0, np.float32))[1].any()
    tens = colouring("tens", every)
    labels, shares = tens.shares(tens.values(every[:40]))
    assert labels == [str(digit) for digit in range(10)]
    assert shares.tolist() == [0.25] * 4 + [0] * 6
    periods = colouring("period", every)
    labels, shares = periods.shares(periods.values(every))
    assert labels[0] == "Sep 2001-Feb 2002"
    assert shares.sum() == pytest.approx(0.99)  # one number names no period


def test_the_classes_of_a_category_are_those_that_occur_in_their_natural_order() -> None:
    areas = colouring("area")
    values = ATTRIBUTES["area"].values(FEW).tolist()
    present = [area for area in uk_registration.AREAS if area in values]
    assert list(areas.categories) == present
    assert len(present) == 3
    assert not areas.is_scale
    assert areas.values(FEW).tolist() == [present.index(area) for area in values]
    counts = {one["label"]: one["count"] for one in areas.legend(FEW)["classes"]}
    assert counts == {area: values.count(area) for area in present}


def test_many_classes_are_a_scale_without_a_place_for_a_missing_value() -> None:
    every = np.array([f"AB{number:02}CDE" for number in range(100)])
    periods = colouring("period", every)
    assert periods.is_scale
    values = periods.values(every)
    assert np.isnan(values[1])
    # In time: 51 is the first, then 02, 52, 03, … 99, 50, and 00 the last.
    order = [51, *(n for year in range(2, 50) for n in (year, year + 50)), 50, 0]
    assert values[order].tolist() == list(range(99))
    legend = periods.legend(every)
    assert (legend["low"], legend["high"], legend["missing"]) == (0, 98, 1)
    assert legend["lowLabel"] == "Sep 2001-Feb 2002"
    assert legend["highLabel"] == "Sep 2050-Feb 2051"


def test_the_ends_of_a_scale_are_values_that_occur() -> None:
    most = np.array([f"AB{number:02}CDE" for number in (*range(5, 60), 1)])
    legend = colouring("period", most).legend(most)
    assert legend["lowLabel"] == "Sep 2001-Feb 2002"
    assert legend["highLabel"] == "Mar-Aug 2050"
    assert legend["missing"] == 1


def test_few_periods_are_classes_and_a_missing_one_is_a_class_too() -> None:
    periods = colouring("period")
    assert not periods.is_scale
    assert periods.categories[-1] == NO_PERIOD
    assert periods.values(FEW[3:4]).tolist() == [len(periods.categories) - 1]


@pytest.mark.parametrize("name", ["area", "first_letter", "period"])
def test_a_category_that_did_not_occur_has_no_value_and_is_not_counted(name: str) -> None:
    known = colouring(name, FEW[:2])
    met = set(ATTRIBUTES[name].values(FEW[:2]).tolist())
    strange = np.array([value not in met for value in ATTRIBUTES[name].values(FEW).tolist()])
    assert strange.any()
    assert np.isnan(known.values(FEW)).tolist() == strange.tolist()
    assert sum(one["count"] for one in known.legend(FEW)["classes"]) == (~strange).sum()


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_the_values_of_the_records_are_those_of_a_plain_loop(bundle: Bundle, name: str) -> None:
    codes, attribute = bundle.records.codes[:3000], ATTRIBUTES[name]
    values = attribute.values(codes).tolist()
    if attribute.kind == "category":
        order = [one for one in attribute.categories if one in set(values)]
        scale = [one for one in order if one != NO_PERIOD] if len(order) > 48 else order
        expected = [scale.index(one) if one in scale else math.nan for one in values]
    else:
        few = attribute.kind == "number" and max(values) - min(values) < 12
        expected = [float(one - min(values) if few else one) for one in values]
    ours = colouring(name, codes)
    np.testing.assert_array_equal(ours.values(codes), expected)
    legend = ours.legend(codes)
    assert ("classes" in legend) == (name not in ("number", "period"))
    if "classes" in legend:
        counts = [expected.count(value) for value in range(len(legend["classes"]))]
        assert [one["count"] for one in legend["classes"]] == counts
        assert sum(counts) == len(codes)
    else:
        assert legend["missing"] == sum(map(math.isnan, expected))
        known = [one for one in expected if not math.isnan(one)]
        assert (legend["low"], legend["high"]) == (min(known), max(known))


def test_a_number_that_the_browser_cannot_hold_is_none() -> None:
    codes = np.array(["AA11AAA", "BB22BBB", "CC33CCC", "DD44DDD"])
    huge = attribute_of("huge", codes, pd.Series([1.0, 1e300, np.nan, 2.0]))
    ours = Colouring.of(huge, codes)
    assert ours.categories == ("1", "2", NONE)
    assert ours.values(codes).tolist() == [0, 2, 2, 1]
    assert [one["count"] for one in ours.legend(codes)["classes"]] == [1, 1, 2]


# --- which characters decide ----------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=lambda one: one.name)
def test_the_positions_of_an_attribute_are_the_characters_that_decide_it(
    attribute: Attribute,
) -> None:
    some = uk_registration.generate(1_000, rng=np.random.default_rng(11))
    before = attribute.values(some)
    for position, allowed in enumerate(UK_REGISTRATION.alphabets):
        changes = False
        for character in allowed:
            points = characters(some).copy()
            points[:, position] = ord(character)
            changes |= bool((attribute.values(from_characters(points)) != before).any())
        assert changes == (position in attribute.positions), position
