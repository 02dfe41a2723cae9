"""Formats: parsing, lists of codes, display, attributes, and the checks of a format itself."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.formats import (
    FORMATS,
    UK_REGISTRATION,
    FormatError,
    format_named,
    of_definition,
)
from regvae.formats.pattern import BLANK
from tests.codes import EVERY_TOY, TOY, codes_of

BOTH = pytest.mark.parametrize("format", [UK_REGISTRATION, TOY], ids=lambda one: one.name)
REGS = codes_of(UK_REGISTRATION)
parse = UK_REGISTRATION.parse
parse_lines = UK_REGISTRATION.parse_lines


# --- one code -------------------------------------------------------------------------------------


@BOTH
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_case_and_white_space_are_ignored(format, data):
    code = data.draw(codes_of(format))
    parts = st.tuples(st.booleans(), st.text(" \t\n\u00a0", max_size=2))
    drawn = data.draw(st.lists(parts, min_size=len(code), max_size=len(code)))
    typed = "".join(
        gap + (c.lower() if lower else c) for c, (lower, gap) in zip(code, drawn, strict=True)
    )
    assert format.parse(typed + " ") == code
    assert format.is_normalised(typed) == (typed == code)


@given(text=st.text(max_size=9) | st.text("aAzZ09 ıſ１", min_size=7, max_size=8))
@settings(deadline=None, max_examples=150)
def test_a_text_is_parsed_exactly_if_it_matches_the_pattern(text):
    squeezed = "".join(text.split())
    if re.fullmatch(r"[A-Za-z]{2}[0-9]{2}[A-Za-z]{3}", squeezed):
        assert parse(text) == squeezed.upper()
    else:
        with pytest.raises(FormatError, match="a reg"):
            parse(text)


@BOTH
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_a_shown_code_has_its_spaces_and_parses_to_the_code(format, data):
    code = data.draw(codes_of(format))
    shown = format.shown(code)
    assert shown.replace(" ", "") == code
    assert [shown.find(" ")] == [i for i, one in enumerate(format.separators) if one]
    assert format.parse(shown) == code


def test_shown_codes_of_both_formats():
    assert UK_REGISTRATION.shown("AB12CDE") == "AB12 CDE"
    assert TOY.shown("B7D") == "B 7D"
    assert replace(TOY, separators=()).shown("B7D") == "B7D"


@BOTH
def test_an_error_names_the_first_wrong_position_and_its_characters(format):
    words = {"ABCD": "one of ABCD", "0123456789": "a digit 0 to 9"}
    for position, allowed in enumerate(format.alphabets, start=1):
        wrong = "Z" if "0" in allowed else "7"
        text = format.example[: position - 1] + wrong * (format.length - position + 1)
        expected = words.get(allowed, "a letter A to Z")
        with pytest.raises(FormatError, match=f"{expected} at position {position} .* got '{wrong}"):
            format.parse(text)


@pytest.mark.parametrize("text", [*("ı", "ſ", "É", "Ａ"), *("AB１", "AB٣", "AB²")])
def test_characters_outside_ascii_are_refused_even_if_their_upper_case_is_ascii(text):
    with pytest.raises(FormatError, match=f"at position {len(text)} .* got '{text[-1]}'"):
        parse(text + "AB12CDE"[len(text) :])


@pytest.mark.parametrize(("text", "length"), [("", 0), ("  ", 0), ("AB12CD", 6), ("AB12CDEF", 8)])
def test_a_wrong_length_is_counted_without_white_space(text, length):
    with pytest.raises(FormatError, match=f"a reg of 7 characters, .* with {length};"):
        parse(text)


def test_a_long_text_is_shortened_in_the_error():
    with pytest.raises(FormatError, match="with 5000") as caught:
        parse("A" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 7, b"AB12CDE"])
def test_other_types_than_text_are_refused(value):
    with pytest.raises(FormatError, match=f"a reg as text, .* got {type(value).__name__};"):
        parse(value)
    assert not UK_REGISTRATION.is_normalised(value)


# --- lists of codes -------------------------------------------------------------------------------


def test_lines_contain_one_code_each_or_several_separated_by_commas():
    lines = ["\ufeffab12 cde", "", "  \t", "YK66BIQ, my33 wsz,AB12CDE,", " ZZ99ZZZ \r\n", ",,"]
    assert parse_lines(lines) == ["AB12CDE", "YK66BIQ", "MY33WSZ", "AB12CDE", "ZZ99ZZZ"]
    assert TOY.parse_lines(["b 7d,A0A", "c1c"]) == ["B7D", "A0A", "C1C"]


@given(parts=st.lists(st.tuples(REGS, st.sampled_from([",", "\n", " ,\t", " \n\n"])), min_size=1))
@settings(deadline=None, max_examples=50)
def test_codes_are_read_in_order_with_any_separators(parts):
    text = "".join(UK_REGISTRATION.shown(code) + separator for code, separator in parts)
    assert parse_lines(text.splitlines()) == [code for code, _ in parts]


@pytest.mark.parametrize(
    ("lines", "listed"),
    [
        (["AB12CDE", "", "AB1"], "line 3 ('AB1')"),
        (["x", "AB12CDE", "y"], "line 1 ('x'), line 3 ('y')"),
        (["x"] * 3, "line 1 ('x'), line 2 ('x'), line 3 ('x')"),
        (["x"] * 4, "line 1 ('x'), line 2 ('x'), line 3 ('x') and 1 more"),
        (["x"] * 5_000, "line 1 ('x'), line 2 ('x'), line 3 ('x') and 4,997 more"),
        (["AB12CDE, x, YK66BIQ, y"], "line 1 ('x'), line 1 ('y')"),
        (["a" * 1_000], f"line 1 ('{'a' * 20}…')"),
        (["AB12CDE YK66BIQ"], "line 1 ('AB12CDE YK66BIQ')"),
    ],
)
def test_the_first_wrong_lines_are_listed(lines, listed):
    with pytest.raises(FormatError, match=f"^mine.txt: .* in {re.escape(listed)};"):
        parse_lines(lines, "mine.txt")


@pytest.mark.parametrize("lines", [[], [""], ["", " ", ","], ["\ufeff"]])
def test_lines_without_a_code_are_refused(lines):
    with pytest.raises(FormatError, match="one reg such as AB12 CDE a line, got none"):
        parse_lines(lines)


# --- a format -------------------------------------------------------------------------------------


@BOTH
def test_an_array_of_codes_has_the_formats_type(format):
    array = format.array([format.example] * 2)
    assert array.dtype == np.dtype(f"U{format.length}") == np.dtype(format.dtype)
    assert format.array([]).shape == (0,)
    assert format.is_normalised(str(array[0]))


def test_ranks_are_numbers_or_places_in_the_list_of_categories():
    assert TOY.attribute("digit").ranks(EVERY_TOY).tolist() == [int(code[1]) for code in EVERY_TOY]
    places = TOY.attribute("first").ranks(EVERY_TOY)
    assert places.tolist() == ["ABCD".index(code[0]) for code in EVERY_TOY]


def test_an_unknown_attribute_is_answered_with_the_names_that_exist():
    with pytest.raises(FormatError, match=r"an attribute of a tag \(digit, first\), got 'colour'"):
        TOY.attribute("colour")


@pytest.mark.parametrize("name", ["moon", "", None, {}])
def test_an_unknown_format_is_answered_with_the_names_that_exist(name):
    assert format_named("uk-registration") is FORMATS["uk-registration"] is UK_REGISTRATION
    with pytest.raises(FormatError, match=r"a format \(uk-registration, .*\), got"):
        format_named(name)


@pytest.mark.parametrize("alphabet", ["", " ", "BA", "AA", "abc", "ÀÁ", "Zİ"])
def test_an_alphabet_has_different_ascii_characters_in_order_without_lower_case(alphabet):
    with pytest.raises(FormatError, match=r"different printable ASCII characters .* at position 2"):
        replace(TOY, alphabets=("ABCD", alphabet, "ABCD"))


@pytest.mark.parametrize("example", ["b7d", "B 7D", "B7", ""])
def test_the_example_of_a_format_is_one_of_its_codes(example):
    with pytest.raises(FormatError, match="a normalised tag as the example"):
        replace(TOY, example=example)


def test_every_position_has_a_name():
    assert UK_REGISTRATION.position_names[2:4] == ("tens", "units")
    plain = replace(UK_REGISTRATION, position_names=())
    assert plain.position_names == ("1", "2", "3", "4", "5", "6", "7")
    with pytest.raises(FormatError, match="expected 7 names of positions, got 2; give one for"):
        replace(UK_REGISTRATION, position_names=("one", "two"))


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_written_codes_have_no_blanks_and_are_read_as_the_same_codes(format):
    codes = format.generate(500, rng=np.random.default_rng(4))
    written = format.written(codes)
    assert written.tolist() == [code.replace(BLANK, "") for code in codes.tolist()]
    again, fits = format.match(written)
    assert fits.all()
    assert np.array_equal(again, codes)
    assert [format.parse(code) for code in written[:20].tolist()] == codes[:20].tolist()


def test_regs_are_written_as_they_are():
    codes = UK_REGISTRATION.generate(100, rng=np.random.default_rng(4))
    assert np.array_equal(UK_REGISTRATION.written(codes), codes)
    assert FORMATS["uk-postcode"].written(["M 1 1AE", "EC1A1BB"]).tolist() == ["M11AE", "EC1A1BB"]
    assert FORMATS["uk-postcode"].written([]).tolist() == []


def test_the_column_of_codes_is_called_reg_for_regs_alone():
    columns = {name: one.column for name, one in FORMATS.items()}
    assert columns.pop("uk-registration") == "reg"
    assert set(columns.values()) == {"code"}
    assert replace(TOY, noun="reg").column == "code"  # the format says so, not its noun


@pytest.mark.parametrize("noun", ["**bold**", "a_b", "[x](y)", "", " x", "x" * 41, "<b>"])
def test_a_noun_is_of_words_so_that_a_page_may_show_it(noun):
    definition = {**FORMATS["vin"].definition, "noun": noun}
    with pytest.raises(FormatError, match="expected noun"):
        of_definition(definition)
    assert of_definition({**definition, "noun": "numéro d'ordre"}).one == "a numéro d'ordre"


@pytest.mark.parametrize("name", ["uk-registration", "uk-postcode", "gb-iban"])
def test_many_texts_are_judged_and_parsed_as_each_by_itself(name):
    format = FORMATS[name]
    codes = format.generate(200, rng=np.random.default_rng(8)).tolist()
    typed = [format.shown(code).lower() for code in codes]
    mixed = [*codes, *typed, codes[0][:-1], codes[0].lower(), "", 5, None]
    assert format.are_normalised(mixed).tolist() == [format.is_normalised(one) for one in mixed]
    assert format.are_normalised(codes).all()
    assert format.parse_all(typed) == [format.parse(one) for one in typed] == codes
    for wrong in ("nonsense!", 5):
        with pytest.raises(FormatError) as alone:
            format.parse(wrong)
        with pytest.raises(FormatError) as among:
            format.parse_all([*typed, wrong])
        assert str(among.value) == str(alone.value)
    assert format.parse_all([]) == []
