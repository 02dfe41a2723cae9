"""Patterns: a subset of regular expressions, matched as Python's `re` would, but never slowly."""

import itertools
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.formats.pattern import BLANK, MOST_POSITIONS, FormatError, Pattern

POSTCODE = "[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}"
TOYS = ["A?B?A?", "[AB]{1,3}", "[AB]?[AB]", "[AB]?-B?[AC]?A", "A[BC]?[AB]{0,2}C?", "[AB]?C[AB]?"]


def combinations(pattern):
    """All codes with an allowed character at each position, normalised or not."""
    return ["".join(code) for code in itertools.product(*pattern.alphabets)]


def matched(pattern, text):
    codes, fits = pattern.match([text])
    return str(codes[0]) if fits[0] else None


# --- compiling ------------------------------------------------------------------------------------


def test_classes_constants_separators_and_quantifiers_are_positions():
    found = Pattern.of(r"GB[0-9]{2} [A-CX]-\d?\.[AB]{1,3}")
    digits = "0123456789"
    assert found.alphabets == ("G", "B", digits, digits, "ABCX", f" {digits}", "AB", " AB", " AB")
    assert found.separators == ("", "", "", "", " ", "-", ".", "", "", "")
    assert found.length == 9


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a-z]", r"letters A to Z, digits or \* in a class at character 1 of the pattern"),
        ("A[^B]", r"a class of characters such as \[A-Z0-9\] at character 2"),
        ("A[BC", r"a class of characters such as \[A-Z0-9\] at character 2"),
        ("(AB)", r"a class such as .* at character 1"),
        ("[AB]*", r"a class such as .* at character 5 of the pattern, got '\*'"),
        ("[AB]+", r"a class such as .* at character 5"),
        ("A|B", r"a class such as .* at character 2"),
        ("[A-B].", r"a class such as .* at character 6"),
        ("[AB]{0}", r"\{n\} or \{n,m\} of 1 to 40, n at most m at character 5"),
        ("[AB]{3,2}", r"\{n\} or \{n,m\} of 1 to 40"),
        ("[AB]{41}", r"\{n\} or \{n,m\} of 1 to 40"),
        ("[AB]{30}[AB]{11}", r"at most 40 positions at character 9"),
        ("[B-A]", "ranges from a lower to a higher character"),
        ("-{2}[AB]", "a separator once at character 2"),
        (r"[AB]-\.(A)?", r"at character 8 of the pattern, got '\(A\)\?' in '\[AB\]-\\\.\(A\)\?'"),
        (r"[AB]\w", r"\\d or an escaped separator such as \\\. at character 5"),
        ("[AB]ab", "upper case at character 5"),
        ("É[AB]", "a class such as .* at character 1"),
        ("ABC-1", r"a position of several characters such as \[A-Z\], got 'ABC-1'"),
        ("", "a position of several characters"),
    ],
)
def test_what_is_not_in_the_subset_is_refused_with_its_place(text, words):
    with pytest.raises(FormatError, match=words):
        Pattern.of(text)


@pytest.mark.parametrize("text", [POSTCODE, *TOYS, r"[A-HJ-NP-Z0-9]{2}\.[ACE]?", "[0-9]{40}"])
def test_a_pattern_is_written_as_it_is_read(text):
    pattern = Pattern.of(text)
    assert Pattern.of(str(pattern)) == pattern
    assert str(Pattern.of(str(pattern))) == str(pattern)


# --- matching -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TOYS)
def test_texts_fit_exactly_if_they_match_as_a_regular_expression(text):
    pattern, expression = Pattern.of(text), re.compile(text.replace("-", ""))
    for n in range(pattern.length + 2):
        for typed in map("".join, itertools.product("ABCD", repeat=n)):
            assert (matched(pattern, typed) is not None) == bool(expression.fullmatch(typed)), typed


@pytest.mark.parametrize("text", TOYS)
def test_positions_further_left_are_filled_first(text):
    pattern = Pattern.of(text)
    for typed in {code.replace(BLANK, "") for code in combinations(pattern)}:
        ways = [code for code in combinations(pattern) if code.replace(BLANK, "") == typed]
        # Blanks sort before all characters: the greatest has its first blank furthest right.
        leftmost = max(ways, key=lambda code: [one != BLANK for one in code])
        assert matched(pattern, typed) == leftmost


def test_case_spaces_and_separators_are_ignored():
    for typed in ("ec1a 1bb", "EC1A1BB", " ec-1a\t1b.b\u00a0", "E C 1 A 1 B B", "ec1a–1bb"):
        assert matched(Pattern.of(POSTCODE), typed) == "EC1A1BB"
    assert matched(Pattern.of(POSTCODE), "w1 1aa") == "W 1 1AA"
    assert matched(Pattern.of("[0-9]{2}"), "１2") is None


@given(st.lists(st.text(max_size=12) | st.from_regex(r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}")))
@settings(deadline=None, max_examples=50)
def test_many_texts_match_as_each_alone(texts):
    pattern = Pattern.of(POSTCODE)
    codes, fits = pattern.match(texts)
    assert codes.shape == fits.shape == (len(texts),)
    for text, code, fit in zip(texts, codes.tolist(), fits.tolist(), strict=True):
        assert (code if fit else None) == matched(pattern, text)


def test_no_pattern_makes_matching_slow():
    pattern = Pattern.of("A{0,20}A{20}")  # Python's re takes more than 2^20 steps
    start = time.perf_counter()
    assert matched(pattern, "A" * 39 + "B") is None
    assert matched(pattern, "A" * 19) is None
    assert len(matched(pattern, "A" * 25)) == MOST_POSITIONS
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("text", TOYS)
def test_characters_left_of_the_first_movable_position_are_normalised(text):
    pattern = Pattern.of(text)
    codes = np.array(combinations(pattern), f"U{pattern.length}")
    normal, fits = pattern.match(codes)
    assert fits.all()
    moved = [
        place
        for code, other in zip(codes.tolist(), normal.tolist(), strict=True)
        for place in range(pattern.length)
        if code[place] != other[place]
    ]
    assert pattern.movable == min(moved, default=pattern.length)


def test_no_character_of_a_postcode_moves():
    assert Pattern.of(POSTCODE).movable == 7


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9", (0, 0)), ("W1 1A", (6, 4)), ("WW1 1AAA", (7, 6)), ("EC1A ABB", (4, 4)), ("", (0, 0))],
)
def test_the_first_position_that_cannot_take_its_character_is_found(text, expected):
    (position,), (place,) = Pattern.of(POSTCODE).furthest([text])
    assert (position, place) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("EC1A 1BB", 0), ("EC1A 1B8", 1), ("W1 1AA", 0), ("WX 1AA", 1), ("W1", None), ("A" * 8, None)],
)
def test_the_least_number_of_wrong_characters(text, expected):
    assert Pattern.of(POSTCODE).wrong(text) == expected


def test_a_code_is_shown_with_separators_and_without_blanks():
    pattern = Pattern.of(POSTCODE)
    assert pattern.shown("W 1 1AA") == "W1 1AA"
    assert Pattern.of("[A-Z]{2}-[0-9]{3}-[A-Z]{2}").shown("AB123CD") == "AB-123-CD"


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        (r"[A-Z]{2}\.[0-9]{2}-[A-C]?", "AB12C", "AB.12-C"),
        (r"[A-Z]{2}\.[0-9]{2}-[A-C]?", "AB12 ", "AB.12"),
        ("[0-9]{2}-[A-C]?/[0-9]{0,2}", "12A  ", "12-A"),
        ("[0-9]{2}-[A-C]?/[0-9]{0,2}", "12   ", "12"),
        (r"#[0-9]{2}\) [A-C]?;", "12 ", "#12);"),
    ],
)
def test_no_separator_leads_to_empty_positions_at_the_end(text, code, shown):
    assert Pattern.of(text).shown(code) == shown
