"""Typical letters of a selection of records, compared with a plain loop."""

import math

import numpy as np
import pytest

from regvae import predicates
from regvae.evaluation.typical import TypicalLetter, typical_letters
from regvae.formats import UK_REGISTRATION
from regvae.model.records import Records
from tests.codes import EVERY_TOY, TOY


def records_of(format, codes):
    """Records of some codes with Gaussians that do not matter."""
    mean = np.zeros((len(codes), 1), np.float32)
    return Records(format.array(codes), np.full(len(codes), "train"), mean, mean + 1, format)


def letters_by_loop(every, here, positions):
    """Position, letter and shares of every over-represented letter, largest z score first."""
    found = []
    for position in positions:
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            share_here = sum(code[position] == letter for code in here) / len(here)
            share = sum(code[position] == letter for code in every) / len(every)
            if share_here > share:
                z = (share_here - share) / math.sqrt(share * (1 - share) / len(here))
                found.append((z, position + 1, letter, share_here, share))
    return sorted(found, key=lambda one: -one[0])


@pytest.mark.parametrize("text", ["area == london", "number == 7", "valid == false"])
def test_typical_letters_are_those_of_a_loop(bundle, text):
    codes = bundle.records.codes
    rows = predicates.mask(predicates.parse_all([text]), codes, UK_REGISTRATION)
    expected = letters_by_loop(codes.tolist(), codes[rows].tolist(), (0, 1, 4, 5, 6))[:6]
    found = typical_letters(bundle.records, rows, 6)
    assert [(one.position, one.letter) for one in found] == [(p, c) for _, p, c, _, _ in expected]
    for one, (_, _, _, share_here, share) in zip(found, expected, strict=True):
        assert one.share_here == pytest.approx(share_here, abs=1e-6)
        assert one.share_overall == pytest.approx(share, abs=1e-6)


def test_typical_letters_of_another_format_are_those_of_a_loop():
    rows = np.array([code[0] in "AB" and code[2] != "D" for code in EVERY_TOY.tolist()])
    found = typical_letters(records_of(TOY, EVERY_TOY), rows, 9)
    expected = letters_by_loop(EVERY_TOY.tolist(), EVERY_TOY[rows].tolist(), (0, 2))
    assert [(one.position, one.letter) for one in found] == [(p, c) for _, p, c, _, _ in expected]
    assert {one.letter for one in found} == set("ABC")


def test_the_first_letter_of_an_area_is_its_most_typical(bundle):
    rows = bundle.records.attribute("area") == "london"
    (first,) = typical_letters(bundle.records, rows, 1)
    overall = np.mean([code[0] == "L" for code in bundle.records.codes.tolist()])
    assert first == TypicalLetter(1, "L", 1.0, pytest.approx(overall, abs=1e-6))


def test_a_rare_letter_seen_twice_does_not_rank_above_a_common_one_seen_often():
    # Q: 1 of 100 in total, 1 of 40 here, 2.5 times as common, z = 0.95.
    # B: 40 of 100 in total, 30 of 40 here, 1.9 times as common, z = 4.5.
    here = ["BA00AAA"] * 30 + ["AA00AAA"] * 9 + ["QA00AAA"]
    rest = ["BA00AAA"] * 10 + ["AA00AAA"] * 50
    records = records_of(UK_REGISTRATION, here + rest)
    found = typical_letters(records, np.arange(100) < 40, 5)
    assert [(one.position, one.letter) for one in found] == [(1, "B"), (1, "Q")]


def test_no_letter_is_typical_of_no_record_or_of_all(bundle):
    assert typical_letters(bundle.records, np.zeros(12_000, dtype=bool), 5) == []
    assert typical_letters(bundle.records, np.ones(12_000, dtype=bool), 5) == []


def test_at_most_n_typical_letters_are_returned(bundle):
    rows = bundle.records.attribute("tens") == 3
    longest = typical_letters(bundle.records, rows, 1_000)
    assert 0 < len(longest) <= 5 * 26
    for n in (0, 1, 7):
        assert typical_letters(bundle.records, rows, n) == longest[:n]
