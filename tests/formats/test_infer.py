"""Formats inferred from columns of invented codes, drawn afresh, with mistakes among them."""

import os
import random
import re
import time

import numpy as np
import pytest
from stdnum import luhn

from regvae.formats.infer import InferenceError, infer
from tests.formats import columns
from tests.formats.columns import CHECKED, COLUMNS, drawn, follows, some, spoilt, with_dirt

EACH = pytest.mark.parametrize("make", COLUMNS, ids=lambda one: one.__name__)


@pytest.fixture
def rng():
    return random.Random(int(os.environ.get("REGVAE_TEST_SEED", "20")))


# --- patterns -------------------------------------------------------------------------------------


@EACH
def test_the_pattern_is_found_among_mistakes(make, rng):
    dirty, wrong = with_dirt(drawn(make, 4_000, rng), rng.uniform(0.01, 0.05), rng)
    found = infer(dirty)
    assert found.pattern == COLUMNS[make]
    assert (found.check, found.check_positions) == CHECKED.get(make, (None, ()))
    # Every exception is a mistake, and every mistake that the pattern can show is an exception.
    assert len(set(found.exceptions) - wrong) <= 4
    shown = {line for line in wrong if not follows(found, dirty[line - 1])}
    bare = {line for line in shown if re.fullmatch(r"[A-Za-z0-9.]+", dirty[line - 1])}
    assert shown - bare <= set(found.exceptions)
    assert found.exceptions_total == len(found.exceptions)
    assert found.covered == pytest.approx(1 - found.exceptions_total / 4_000)


@EACH
def test_the_pattern_of_few_codes_is_right_for_others(make, rng):
    dirty, _ = with_dirt(drawn(make, 300, rng), rng.uniform(0.01, 0.05), rng)
    found = infer(dirty)
    fresh = drawn(make, 2_000, rng)
    assert sum(follows(found, code) for code in fresh) >= 0.99 * len(fresh)
    assert found.check == CHECKED.get(make, (None,))[0]
    assert set(found.examples) <= set(dirty)


@EACH
def test_the_pattern_takes_few_codes_with_a_mistake_that_it_can_show(make, rng):
    found = infer(drawn(make, 2_000, rng))
    truth = re.compile(COLUMNS[make])
    wrong = [spoilt(code, rng) for code in drawn(make, 2_000, rng)]
    shown = [code for code in wrong if not truth.fullmatch(code)]
    assert len(shown) > 500
    assert sum(follows(found, code) for code in shown) <= 0.01 * len(shown)


def test_lower_case_spaces_at_the_ends_and_missing_separators_do_not_matter(rng):
    codes = drawn(columns.postcode, 1_000, rng)
    typed = [
        rng.choice([code, code.lower(), f"  {code}\t", code.replace(" ", "")]) for code in codes
    ]
    found = infer(typed)
    assert found.pattern == COLUMNS[columns.postcode]
    assert found.covered == 1


def test_separators_at_different_places_are_left_out(rng):
    def isbn(rng):
        code = columns.isbn10(rng).replace("-", "")
        cut = rng.randint(3, 6)
        return f"{code[0]}-{code[1:cut]}-{code[cut:9]}-{code[9]}"

    found = infer(drawn(isbn, 500, rng))
    assert (found.pattern, found.check, found.covered) == ("[0-9]{9}[0-9X]", "mod-11", 1)
    assert "separators '-' stand at different places and are left out" in found.notes


def test_numbers_without_leading_zeros_may_be_short(rng):
    found = infer([f"N-{rng.randint(1, 9999)}" for _ in range(20_000)])
    assert found.pattern == "N-[0-9]{1,4}"


def test_of_two_unlike_structures_the_commoner_is_taken(rng):
    many, few = [
        [some(rng, a, 2) + some(rng, b, 4) for _ in range(n)]
        for a, b, n in ((columns.LETTERS, columns.DIGITS, 600), (columns.DIGITS, "XYZ", 400))
    ]
    found = infer(many + few)
    assert found.pattern == "[A-Z]{2}[0-9]{4}"
    assert found.exceptions == tuple(range(601, 1_001))


def test_empty_lines_are_neither_codes_nor_exceptions(rng):
    codes = drawn(columns.order, 500, rng)
    found = infer(["", *codes, "   ", "nonsense"])
    assert found.exceptions == (503,)
    assert found.covered == pytest.approx(500 / 501)


def test_a_thousand_exceptions_are_listed_and_all_are_counted(rng):
    found = infer([*["?"] * 1_500, *drawn(columns.order, 3_000, rng)])
    assert found.exceptions == tuple(range(1, 1_001))
    assert found.exceptions_total == 1_500


# --- alphabets ------------------------------------------------------------------------------------


def test_alphabets_are_narrow_only_as_far_as_the_codes_prove(rng):
    codes = [some(rng, "01234567", 2) + some(rng, columns.SIV, 2) for _ in range(3_000)]
    assert infer(codes).pattern == "[0-7]{2}[A-HJ-NP-TV-Z]{2}"
    few = infer(codes[:25])
    assert few.pattern == "[0-9]{2}[A-Z]{2}"
    assert {2, 3} <= set(few.widened)
    assert any(re.search(r"widened to all letters: \d+ of 26 seen in 25", n) for n in few.notes)


def test_notes_say_how_each_position_was_chosen(rng):
    found = infer([f"PO-{some(rng, '01234567', 1)}{some(rng, 'ABCD', 2)}" for _ in range(2_000)])
    assert found.pattern == "PO-[0-7][A-D]{2}"
    assert len({*found.notes}) == len(found.notes)
    text = "\n".join(found.notes)
    assert re.search(r"position 1: always P in [\d,]+ characters", text)
    assert re.search(r"position 3: 8 of 10 digits seen in [\d,]+ characters, so \[0-7\]", text)
    assert re.search(r"positions 4 to 5: 4 of 26 letters seen in [\d,]+ characters", text)


def test_a_repeated_code_is_no_further_evidence():
    assert infer(["AB-12"] * 1_000).pattern == "[A-Z]{2}-[0-9]{2}"


def test_mistakes_in_repeated_codes_are_rare_among_the_lines(rng):
    lines, _ = with_dirt(drawn(columns.hexadecimal, 500, rng) * 20, 0.05, rng)
    assert infer(lines).pattern == COLUMNS[columns.hexadecimal]


def test_one_position_takes_what_others_show(rng):
    # Each letter equally often; one that is missing at one position only is missing by chance.
    letters = [[*"ABCDEFGH" * 7] for _ in range(3)] + [[*"ABCDEFG" * 8]]
    for column in letters:
        rng.shuffle(column)
    assert infer(["".join(code) for code in zip(*letters, strict=True)]).pattern == "[A-H]{4}"


# --- check characters -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", CHECKED, ids=lambda one: one.__name__)
def test_codes_with_a_wrong_check_character_are_exceptions(make, rng):
    codes = drawn(make, 1_000, rng)
    wrong = rng.sample(range(1_000), 20)
    for place in wrong:
        code = codes[place]
        at = max(at for at, one in enumerate(code) if one.isdigit())
        codes[place] = code[:at] + str((int(code[at]) + 1) % 10) + code[at + 1 :]
    found = infer(codes)
    assert found.exceptions == tuple(sorted(place + 1 for place in wrong))
    assert any(note.endswith(f"{found.check}, computed from the others") for note in found.notes)


def test_no_check_is_found_where_there_is_none(rng):
    for width in range(6, 16):
        assert infer([some(rng, columns.DIGITS, width) for _ in range(300)]).check is None
    assert infer([f"{number:05}" for number in range(3_000)]).check is None
    assert infer([f"{number:05}0" for number in range(3_000)]).check is None


def test_a_check_that_holds_for_few_codes_may_hold_by_chance(rng):
    codes = drawn(columns.swedish, 20, rng)
    assert infer(codes).check == "luhn"
    assert infer(codes[:5]).check is None


# --- parts at the end -----------------------------------------------------------------------------


def suffixed(share, n=600, suffix="-{}"):
    rng = np.random.default_rng(4)
    some = rng.random(n) < share
    tails = rng.choice([*"ABC"], n)
    return [
        f"{rng.choice([*'PST'])}.{rng.integers(1000):03}" + (suffix.format(tail) if more else "")
        for tail, more in zip(tails, some, strict=True)
    ]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_part_after_a_separator_that_many_lines_lack_may_be_empty(share):
    found = infer([*suffixed(share), "lost", "P.12"])
    assert found.pattern == r"[PST]\.[0-9]{3}-[A-C]?"
    assert found.exceptions == (601, 602)


def test_rare_parts_at_the_end_and_those_of_other_places_are_exceptions():
    assert infer(suffixed(0.02)).pattern == r"[PST]\.[0-9]{3}"
    others = ["12-" + code for code in suffixed(0, 200)]
    assert infer([*suffixed(0), *others]).exceptions_total == 200


def test_two_parts_at_the_end_may_be_empty():
    found = infer([*suffixed(0), *suffixed(1), *suffixed(1, suffix="-{}/7")])
    assert (found.pattern, found.covered) == (r"[PST]\.[0-9]{3}-[A-C]?/7?", 1)


def test_check_characters_are_no_less_found_with_lines_that_have_more():
    codes = [f"{n:06}{luhn.calc_check_digit(f'{n:06}')}" for n in range(5000, 700_000, 991)]
    found = infer([*codes, *(f"{code}-A" for code in codes[:60])])
    assert (found.check, found.exceptions_total) == ("luhn", 60)


# --- speed and errors -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [columns.german, columns.vin, columns.hexadecimal])
def test_100_000_lines_take_less_than_5_seconds(make, rng):
    lines, _ = with_dirt(drawn(make, 10_000, rng) * 10, 0.02, rng)
    started = time.process_time()
    assert infer(lines).pattern == COLUMNS[make]
    assert time.process_time() - started < 5


def test_texts_of_any_length_do_not_take_forever(rng):
    lines = [some(rng, columns.HEX, 1, 100) for _ in range(2_000)]
    started = time.process_time()
    found = infer(lines)
    assert re.fullmatch(r"(\[0-9(A-F)?\](\?|\{\d+,\d+\})?)+", found.pattern)
    assert found.covered > 0.9
    assert time.process_time() - started < 5


def test_a_line_that_can_follow_a_pattern_in_many_ways_does_not_take_forever(rng):
    parts = [[some(rng, columns.HEX, 1, 3) for _ in range(12)] for _ in range(500)]
    started = time.process_time()
    found = infer(["-".join(one) for one in parts] + ["A" * 60 + "#", "A" * 99])
    assert found.exceptions == (501, 502)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([], "at least 5 codes to infer a format from, got 0; give more"),
        (["AB12", "", " ", "CD34"], "got 2; give more"),
        (["---"] * 9, "got 9 follow ---; choose the column"),
        (["é1"] * 9, "9 codes follow, got no text of up to 100 letters and digits"),
        (["A" * 101] * 9, "got no text of up to 100 letters and digits"),
    ],
)
def test_what_is_no_column_of_codes_is_refused(lines, text):
    with pytest.raises(InferenceError, match=text) as error:
        infer(lines)
    assert str(error.value).startswith("expected ")


def test_an_error_counts_the_three_commonest_structures(rng):
    lines = [
        *drawn(columns.canadian, 45, rng),
        *drawn(columns.order, 40, rng),
        *drawn(columns.ean13, 30, rng),
        *(f"{k}:{k}" for k in range(10, 20)),
    ]
    rng.shuffle(lines)
    expected = (
        "expected one structure that at least half of the 125 codes follow, got 45 follow "
        "[A-Z][0-9][A-Z] [0-9][A-Z][0-9]; 40 follow [A-Z]{2}-[0-9]{4}-[0-9]{6}; 30 follow "
        "[0-9]{13}; choose the column of the codes, or give each structure by itself"
    )
    with pytest.raises(InferenceError, match=f"^{re.escape(expected)}$"):
        infer(lines)
