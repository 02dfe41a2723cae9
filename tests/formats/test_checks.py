"""Check characters against python-stdnum and published examples, and what is refused."""

import json
import time

import numpy as np
import pytest
from stdnum import ean, iban, isbn, issn, luhn
from stdnum.iso7064 import mod_11_2, mod_37_2, mod_97_10

from regvae.formats import FormatError
from regvae.formats.checks import CHECKS, Check
from regvae.formats.codes import characters, from_characters
from regvae.formats.pattern import DIGITS, LETTERS

VIN = "".join(one for one in DIGITS + LETTERS if one not in "IOQ")
GB_IBAN = ("G", "B", *[DIGITS] * 2, *[LETTERS] * 4, *[DIGITS] * 14)
MIXED = (LETTERS, *[DIGITS] * 5, LETTERS, *[DIGITS] * 3)
ALPHABETS = {
    "luhn": (DIGITS,) * 11,
    "mod-11-2": (*[DIGITS] * 15, DIGITS + "X"),
    "mod-37-2": (*[DIGITS + LETTERS] * 8, DIGITS + LETTERS + "*"),
    "mod-97-10": MIXED,
    "iban": GB_IBAN,
    "vin": (VIN,) * 17,
    "mod-11": (*[DIGITS] * 9, DIGITS + "X"),
    "ean": (DIGITS,) * 13,
}


def points_of(*codes):
    return characters(np.array(codes))


def text_of(points):
    return [str(code) for code in from_characters(points)]


def drawn(alphabets, n):
    rng = np.random.default_rng()
    columns = [
        points_of(*allowed)[:, 0][rng.integers(len(allowed), size=n)] for allowed in alphabets
    ]
    return np.stack(columns, axis=1).astype(np.uint32)


def vin_of_the_regulation(code):
    """49 CFR 565.15(c), written down once more, from the whole code."""
    rows = (
        "0 1 2 3 4 5 6 7 8 9",
        "_ A B C D E F G H",
        "_ J K L M N _ P _ R",
        "_ _ S T U V W X Y Z",
    )
    values = {one: place for row in rows for place, one in enumerate(row.split())}
    weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    total = sum(values[one] * weight for one, weight in zip(code, weights, strict=True))
    return code[8] == "0123456789X"[total % 11]


VALID = {
    "luhn": luhn.is_valid,
    "mod-11-2": mod_11_2.is_valid,
    "mod-37-2": mod_37_2.is_valid,
    "mod-97-10": mod_97_10.is_valid,
    "iban": lambda code: iban.is_valid(code, check_country=False),
    "vin": vin_of_the_regulation,
    "mod-11": isbn.is_valid,
    "ean": ean.is_valid,
}


@pytest.mark.parametrize("kind", CHECKS)
def test_computed_check_characters_are_those_of_stdnum(kind):
    check = Check.of(kind, ALPHABETS[kind])
    points = drawn(ALPHABETS[kind], 500)
    filled = check.compute(points)
    others = [at for at in range(len(ALPHABETS[kind])) if at not in check.positions]
    assert (filled[:, others] == points[:, others]).all()
    assert all(map(VALID[kind], text_of(filled)))
    assert check.holds(filled).all()
    assert len(check.outputs) == len(set(check.outputs)) == check.modulus == CHECKS[kind].modulus


@pytest.mark.parametrize("kind", CHECKS)
def test_a_check_holds_exactly_for_the_codes_that_stdnum_takes(kind):
    check = Check.of(kind, ALPHABETS[kind])
    points = drawn(ALPHABETS[kind], 2_000)
    points[:1000] = check.compute(points[:1000])
    # 00, 01 and 99 are congruent to other check digits, and never issued (ISO 13616).
    written = [
        not {code[at : at + 2] for at in check.positions[:1]} & {"00", "01", "99"}
        if check.modulus == 97
        else True
        for code in text_of(points)
    ]
    valid = np.array([VALID[kind](code) for code in text_of(points)])
    assert check.holds(points).tolist() == (valid & written).tolist()


@pytest.mark.parametrize("length", [8, 12, 13, 14])
def test_ean_of_every_length(length):
    check = Check.of("ean", (DIGITS,) * length)
    assert all(map(ean.is_valid, text_of(check.compute(drawn(check.alphabets, 100)))))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("iban", "GB29NWBK60161331926819"),
        ("vin", "1M8GDM9AXKP042788"),
        ("vin", "11111111111111111"),
        ("mod-11", "0306406152"),
        ("mod-11", "03785955"),
        ("luhn", "79927398713"),
        ("mod-11-2", "0000000218250097"),
        ("mod-11-2", "000000021694233X"),
        ("mod-37-2", "G123489654321Y"),
        ("ean", "4006381333931"),
    ],
)
def test_published_codes_and_each_with_one_wrong_character(kind, code):
    allowed = CHECKS[kind].allowed
    whole = tuple(
        allowed if kind == "vin" else DIGITS if one.isdigit() else LETTERS for one in code
    )
    places = CHECKS[kind].positions(len(code))
    alphabets = tuple(one + "X*" if at in places else one for at, one in enumerate(whole))
    check = Check.of(kind, alphabets)
    assert check.holds(points_of(code)).all()
    for at, one in enumerate(code):
        if one.isdigit():
            wrong = code[:at] + str((int(one) + 1) % 10) + code[at + 1 :]
            assert not check.holds(points_of(wrong)).any(), wrong


def test_issn_is_the_same_kind_as_isbn_10():
    check = Check.of("mod-11", (*[DIGITS] * 7, DIGITS + "X"))
    assert all(map(issn.is_valid, text_of(check.compute(drawn(check.alphabets, 300)))))


def test_a_check_may_stand_elsewhere_and_is_computed_from_the_rest():
    check = Check.of("luhn", (DIGITS,) * 6, positions=(0,))
    for code in text_of(check.compute(drawn(check.alphabets, 50))):
        assert luhn.is_valid(code[1:] + code[0])


def test_blanks_before_the_first_digit_change_no_weight():
    check = Check.of("luhn", (" " + DIGITS, *[DIGITS] * 4))
    points = drawn(check.alphabets, 300)
    assert (points[:, 0] == ord(" ")).any()
    assert all(luhn.is_valid(code.strip()) for code in text_of(check.compute(points)))


@pytest.mark.parametrize("kind", CHECKS)
def test_the_tables_for_the_browser_give_the_same_check_characters(kind):
    check = Check.of(kind, ALPHABETS[kind])
    told = json.loads(json.dumps(check.to_dict()))
    assert told["kind"] == kind
    for code in text_of(check.compute(drawn(ALPHABETS[kind], 100))):
        pairs = zip(told["values"], code, strict=True)
        total = sum(values.get(one, 0) for values, one in pairs)
        output = told["outputs"][total % told["modulus"]]
        assert "".join(code[at] for at in told["positions"]) == output


def test_a_million_codes_of_22_characters_take_less_than_a_second():
    check = Check.of("iban", GB_IBAN)
    points = np.tile(drawn(GB_IBAN, 1_000), (1_000, 1))
    started = time.process_time()
    filled = check.compute(points)
    assert time.process_time() - started < 1
    assert check.holds(filled[::997]).all()


LINEAR = "is a sum of one value for each position, got ones for which it is not, as in"


@pytest.mark.parametrize(
    ("kind", "alphabets", "positions", "text"),
    [
        ("crc", (DIGITS,) * 4, None, r"a kind of check characters \(luhn, .*, ean\), got 'crc'"),
        (7, (DIGITS,) * 4, None, "got '7'; choose one of them"),
        ("luhn", (DIGITS,) * 4, (4,), "1 of the positions 1 to 4 .* luhn, .* got 5; change"),
        ("luhn", (DIGITS,) * 4, (2, 3), "expected 1 of the positions .* got 3 and 4;"),
        ("luhn", (), None, "1 of the positions 1 to 0 .* got 0"),
        ("luhn", (DIGITS,), None, "with others to compute from"),
        ("mod-97-10", (DIGITS,) * 4, (3, 2), "in ascending order"),
        ("mod-97-10", (DIGITS,) * 4, (2,), "expected 2 of the positions 1 to 4"),
        ("iban", GB_IBAN, (20, 21), "check iban at position 3 and 4, got 21 and 22"),
        ("vin", (VIN,) * 17, (16,), "vin at position 9, got 17; leave the positions out"),
        ("vin", (VIN,) * 16, None, "codes of 17 characters for the check vin, got one of 16"),
        ("vin", (VIN, VIN + "IOQ", *[VIN] * 15), None, "got 'I' at position 2; leave it out"),
        ("luhn", ("A", *[DIGITS] * 4), None, "characters of 0123456789 .* got 'A' at position 1"),
        ("luhn", (*[DIGITS] * 4, LETTERS), None, r"allows .* luhn \(0, 1, 2, …\), got 'ABC"),
        ("mod-97-10", (DIGITS + LETTERS,) * 8, None, f"mod-97-10 {LINEAR}"),
        ("iban", (*GB_IBAN[:4], *[DIGITS + LETTERS] * 18), None, f"iban {LINEAR}"),
        ("luhn", (DIGITS, " " + DIGITS, DIGITS, DIGITS), None, "letters with digits or blanks"),
    ],
)
def test_what_is_no_check_is_refused_in_one_sentence(kind, alphabets, positions, text):
    with pytest.raises(FormatError, match=text) as error:
        Check.of(kind, alphabets, positions)
    assert str(error.value).startswith("expected ")


def test_a_letter_or_digit_before_all_others_moves_nothing():
    check = Check.of("mod-97-10", (DIGITS + LETTERS, *[DIGITS] * 5))
    assert all(map(mod_97_10.is_valid, text_of(check.compute(drawn(check.alphabets, 200)))))
