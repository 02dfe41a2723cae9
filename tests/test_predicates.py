"""Predicates: parsing, errors, and masks equal to those of a plain loop."""

import operator
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae import predicates
from regvae.formats import FORMATS, UK_REGISTRATION, uk_registration
from regvae.predicates import Predicate, PredicateError, parse_all
from regvae.rejection.unwanted import Unwanted, UnwantedError
from tests.codes import EVERY_TOY, TOY

OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SOME = uk_registration.generate(2_000, rng=np.random.default_rng(3))


def mask(*texts):
    return predicates.mask(parse_all(texts), SOME, UK_REGISTRATION)


# --- masks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("value", [-5, 0, 7, 49.5, 99, 105])
def test_comparisons_of_the_number_are_those_of_a_loop(op, value):
    found = mask(f"number {op} {value}")
    assert found.dtype == bool
    assert found.tolist() == [OPERATORS[op](int(reg[2:4]), value) for reg in SOME.tolist()]


@given(values=st.lists(st.integers(0, 99), min_size=1, max_size=6))
@settings(deadline=None, max_examples=25)
def test_in_is_the_union_of_equalities(values):
    found = mask(f"number in {', '.join(map(str, values))}")
    assert np.array_equal(found, np.any([mask(f"number == {v}") for v in values], axis=0))


@pytest.mark.parametrize("name", UK_REGISTRATION.attributes)
def test_every_attribute_can_be_compared_to_its_values(name):
    values = UK_REGISTRATION.attribute(name).values(SOME)
    equal = mask(f"{name} == {values[7]}")
    assert np.array_equal(equal, values == values[7])
    assert np.array_equal(mask(f"{name} != {values[7]}"), ~equal)
    assert np.array_equal(mask(f"{name} in {values[7]}"), equal)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("number < 50", "at_least_50 == false"),
        ("number < 50", "number <= 49"),
        ("number < 49.5", "number < 50"),
        ("number < 50", "tens in 0, 1, 2, 3, 4"),
        ("number == 2", "period == Mar-Aug 2002"),
        ("number == 1", "period == no period"),
        ("first_letter == L", "area == london"),
        ("area in leeds, sheffield, beverley", "first_letter == Y"),
        ("number >= 0", "units >= 0"),
        ("number < 50 and tens > 3", "tens == 4"),
    ],
)
def test_equivalent_predicates_select_the_same_codes(one, other):
    assert mask(one).any()
    assert np.array_equal(mask(one), mask(other))


def test_several_predicates_are_joined_by_and():
    expected = [
        int(reg[2:4]) < 50 and reg[0] == "L" and not set(reg[4:]) & set("IQ")
        for reg in SOME.tolist()
    ]
    assert any(expected)
    assert mask("number < 50", "area == london", "valid == true").tolist() == expected
    assert mask("number < 50 and area == london AND valid == true").tolist() == expected
    assert predicates.mask((), SOME, UK_REGISTRATION).all()


def test_masks_of_no_codes_are_empty():
    none = SOME[:0]
    for text in ("number < 50", "area == london", "valid in true", "period != no period"):
        assert Predicate.parse(text).mask(none, UK_REGISTRATION).shape == (0,)


def test_predicates_of_another_format_are_over_its_attributes():
    both = parse_all(["digit < 3 and first in A, D"], TOY)
    found = predicates.mask(both, EVERY_TOY, TOY)
    assert found.tolist() == [int(code[1]) < 3 and code[0] in "AD" for code in EVERY_TOY.tolist()]
    with pytest.raises(PredicateError, match=r"an attribute \(digit, first\), got 'number'"):
        Predicate.parse("number < 3", TOY)
    with pytest.raises(PredicateError, match=r"choose one of A, B, C, D$"):
        Predicate.parse("first == L", TOY)


# --- parsing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "area in london, leeds",
        "AREA IN LONDON,LEEDS",
        "  area   in   London ,  Leeds  ",
        "area in 'london', \"leeds\"",
    ],
)
def test_case_spaces_and_quotes_are_ignored(text):
    assert Predicate.parse(text) == Predicate("area", "in", ("london", "leeds"))


@pytest.mark.parametrize(("sign", "op"), [("≤", "<="), ("≥", ">="), ("≠", "!=")])
def test_signs_as_pages_print_them_are_read(sign, op):
    assert Predicate.parse(f"number {sign} 50") == Predicate("number", op, (50,))


@pytest.mark.parametrize("text", ["number<50", "number <50", "number< 50", " number < 50\n"])
def test_spaces_around_an_operator_are_optional(text):
    assert Predicate.parse(text) == Predicate("number", "<", (50,))


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("YES", True), ("1", True), ("False", False), ("no", False), ("0", False)],
)
def test_booleans_have_several_words(word, value):
    assert Predicate.parse(f"valid == {word}").values == (value,)


NUMBERS = st.integers(-200, 200) | st.floats(-200, 200, allow_nan=False).map(lambda x: round(x, 3))
NUMERIC = st.sampled_from(["number", "tens", "units"])
BOOLEAN = st.sampled_from(["valid", "at_least_50"])
PREDICATES = st.one_of(
    st.builds(Predicate, NUMERIC, st.sampled_from(list(OPERATORS)), st.tuples(NUMBERS)),
    st.builds(Predicate, NUMERIC, st.just("in"), st.lists(NUMBERS, min_size=1).map(tuple)),
    st.builds(Predicate, BOOLEAN, st.sampled_from(["==", "!=", "in"]), st.tuples(st.booleans())),
    *(
        st.builds(
            Predicate,
            st.just(name),
            st.just("in"),
            st.lists(st.sampled_from(UK_REGISTRATION.attributes[name].categories), min_size=1).map(
                tuple
            ),
        )
        for name in ("area", "first_letter", "period")
    ),
)


@given(several=st.lists(PREDICATES, min_size=1, max_size=3))
@settings(deadline=None)
def test_predicates_written_as_text_parse_to_themselves(several):
    assert parse_all([str(one) for one in several]) == tuple(several)
    assert parse_all([" and ".join(map(str, several))]) == tuple(several)


def test_texts_are_parsed_in_order_and_blank_ones_skipped():
    found = parse_all(["number < 50", "  ", "area == leeds"])
    assert found == (Predicate("number", "<", (50,)), Predicate("area", "==", ("leeds",)))


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("texts", [[], [""], ["  ", "\n"]])
def test_no_predicate_at_all_is_refused(texts):
    with pytest.raises(PredicateError, match="a predicate, got none"):
        parse_all(texts)


@pytest.mark.parametrize(
    "text",
    ["", " ", "number", "number <", "< 50", "50", "number ~ 3", "number not in 3", "number in"],
)
def test_another_form_is_refused_with_an_example(text):
    with pytest.raises(PredicateError, match=r"'attribute op value' .* 'number < 50'"):
        Predicate.parse(text)


def test_an_unknown_attribute_is_answered_with_the_names_that_exist():
    with pytest.raises(PredicateError, match="got 'colour'") as caught:
        Predicate.parse("colour == red")
    assert ", ".join(UK_REGISTRATION.attributes) in str(caught.value)


@pytest.mark.parametrize(
    "value", ["fifty", "nan", "inf", "1e999", "5 or 6", "1,2", "= 5", "0x10", "1,,2"]
)
def test_a_number_is_compared_to_numbers_only(value):
    op = "in" if ",," in value else "=="
    with pytest.raises(PredicateError, match="a number for number, got"):
        Predicate.parse(f"number {op} {value}")


def test_a_boolean_is_true_or_false():
    with pytest.raises(PredicateError, match="true or false for valid, got 'perhaps'"):
        Predicate.parse("valid == perhaps")


def test_an_unknown_category_is_answered_with_the_first_40():
    with pytest.raises(PredicateError, match=r"a value of area, got 'atlantis'; .* anglia, "):
        Predicate.parse("area == atlantis")
    with pytest.raises(PredicateError, match=r"Sep 2001-Feb 2002, .* … \(100 in total\)"):
        Predicate.parse("period == yesterday")


@pytest.mark.parametrize("name", ["area", "first_letter", "period", "valid", "at_least_50"])
@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_only_numbers_have_an_order(name, op):
    with pytest.raises(PredicateError, match=f"{name}, which is not a number, got '{op}'"):
        Predicate.parse(f"{name} {op} 1")


@pytest.mark.parametrize(
    "text",
    ["number < __import__('os').getpid()", "number == (1)", "__class__ == 1", "number.real == 1"],
)
def test_a_text_is_never_evaluated_as_code(text):
    with pytest.raises(PredicateError):
        Predicate.parse(text)


@pytest.mark.parametrize("start", ["", "area == ", "number == ", "valid == "])
def test_a_long_text_is_shortened_in_the_error(start):
    with pytest.raises(PredicateError, match="xxx") as caught:
        Predicate.parse(start + "x" * 5_000)
    assert len(str(caught.value)) < 700


# --- and, or, not ---------------------------------------------------------------------------------


TEXTS = [
    "number < 50",
    "number >= 50 and area == london",
    "number < 20 or number > 80",
    "area in leeds, london or valid == true and number < 50",
    "number < 20 and tens == 1 or number > 80 and units != 3 or first_letter in A, B",
]


def by_hand(text):
    """The mask of a text, from those of its single predicates."""
    parts = [[mask(one) for one in part.split(" and ")] for part in text.split(" or ")]
    return np.any([np.all(part, axis=0) for part in parts], axis=0)


@pytest.mark.parametrize("text", TEXTS)
def test_and_binds_more_tightly_than_or(text):
    expected = by_hand(text)
    assert 0 < expected.sum() < len(SOME)
    assert np.array_equal(mask(text), expected)
    assert np.array_equal(mask(text.replace(" or ", " OR ").replace(" and ", "  And ")), expected)
    assert np.array_equal(mask(predicates.text(parse_all([text]))), expected)


@pytest.mark.parametrize("text", TEXTS)
def test_the_negation_holds_where_the_predicates_do_not(text):
    negated = predicates.negated(parse_all([text]))
    assert np.array_equal(predicates.mask(negated, SOME, UK_REGISTRATION), ~by_hand(text))
    twice = predicates.negated(negated)
    assert np.array_equal(predicates.mask(twice, SOME, UK_REGISTRATION), by_hand(text))


@pytest.mark.parametrize("one", TEXTS)
@pytest.mark.parametrize("other", TEXTS)
def test_either_is_the_union_and_several_texts_are_the_intersection(one, other):
    found = predicates.either(parse_all([one]), parse_all([other]))
    expected = by_hand(one) | by_hand(other)
    assert np.array_equal(predicates.mask(found, SOME, UK_REGISTRATION), expected)
    assert np.array_equal(mask(one, other), by_hand(one) & by_hand(other))


def test_what_is_simple_is_shown_as_it_was_typed():
    for text in TEXTS[:3]:
        assert predicates.text(parse_all([text])) == text
    negated = predicates.negated(parse_all(["number >= 50"]))
    assert negated == parse_all(["number < 50"])
    assert predicates.text(predicates.negated(parse_all([TEXTS[1]]))) == (
        "number < 50 or area != london"
    )


def test_more_predicates_than_can_be_spread_are_refused():
    text = " or ".join(f"number < {n} and units == {n}" for n in range(8))
    with pytest.raises(PredicateError, match="expected at most 200 predicates once 'or'"):
        parse_all([text])


def test_very_many_predicates_are_refused_at_once():
    many = [" and ".join(f"number != {n + part}" for n in range(150)) for part in (0, 0.5)]
    start = time.monotonic()
    with pytest.raises(PredicateError, match="expected at most 200 predicates"):
        parse_all([" or ".join(many)])
    assert time.monotonic() - start < 2


def test_what_could_not_be_written_again_is_refused():
    wanted = " and ".join(["number >= 50", *(f"number != {n}" for n in range(300))])
    with pytest.raises(PredicateError, match="expected at most 200 predicates"):
        Unwanted.of(wanted=[wanted])


@pytest.mark.parametrize("text", ["number < 50 or", "or number < 50", "number < 50 or or tens > 1"])
def test_a_part_that_is_missing_beside_or_is_refused(text):
    with pytest.raises(PredicateError):
        parse_all([text])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("number < 50", {2}),  # the units change nothing
        ("number < 55", {2, 3}),
        ("number >= 0", set()),
        ("units in 1, 2 and first_letter == A", {0, 3}),
        ("tens == 3 or area == london", {0, 1, 2}),
        ("valid == true", {0, 1, 4, 5, 6}),
    ],
)
def test_positions_are_the_characters_that_decide(text, expected):
    found = predicates.parse_all([text])
    assert predicates.positions(found, UK_REGISTRATION) == tuple(sorted(expected))


# --- examples in errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (UK_REGISTRATION, "number < 50"),
        (FORMATS["french-registration"], "number < 500"),
        (FORMATS["uk-postcode"], "sector < 5"),
        (FORMATS["gb-iban"], "sort_code < 500000"),
        (FORMATS["vin"], "region == North America"),
    ],
    ids=lambda one: getattr(one, "name", None),
)
def test_errors_have_an_example_of_the_format(format, text):
    assert predicates.example(format) == text
    assert len(parse_all([text], format)) == 1
    with pytest.raises(PredicateError, match=f"write for example '{text}'$"):
        parse_all(["much"], format)
    with pytest.raises(PredicateError, match=f"got none; give one such as '{text}'$"):
        parse_all([""], format)
    with pytest.raises(UnwantedError, match=f"give a predicate such as '{text}', a region, a list"):
        Unwanted(format=format)


def test_an_example_is_of_a_boolean_or_of_no_attribute_if_there_is_no_other():
    valid = UK_REGISTRATION.attributes["valid"]
    only = replace(UK_REGISTRATION, attributes={"valid": valid})
    assert predicates.example(only) == "valid == true"
    assert predicates.parse_all([predicates.example(only)], only)
    assert predicates.example(replace(only, attributes={})) == "attribute == value"
