"""Columns of invented codes, drawn afresh, clean and with mistakes."""

import random
import re
from collections.abc import Callable

from stdnum import ean, iban, isbn, luhn
from stdnum.iso7064 import mod_11_2, mod_37_2

from regvae.formats.pattern import DIGITS, LETTERS

HEX = DIGITS + "ABCDEF"
SIV = "".join(one for one in LETTERS if one not in "IOU")
CANADA = "ABCEGHJKLMNPRSTVWXYZ"
VIN = "".join(one for one in DIGITS + LETTERS if one not in "IOQ")


def some(rng, alphabet, least, most=None):
    return "".join(rng.choices(alphabet, k=rng.randint(least, least if most is None else most)))


def order(rng):
    return f"PO-{rng.randint(2015, 2024)}-{rng.randrange(10**6):06}"


def sku(rng):
    return f"{some(rng, LETTERS, 2)}-{some(rng, DIGITS, 4)}-{rng.choice(['S', 'M', 'L', 'XL'])}"


def german(rng):
    number = rng.choice("123456789") + some(rng, DIGITS, 0, 3)
    return f"{some(rng, LETTERS, 1, 3)}-{some(rng, LETTERS, 1, 2)} {number}"


def mac(rng):
    return ":".join(some(rng, HEX, 2) for _ in range(6))


def isbn10(rng):
    body = some(rng, DIGITS, 9)
    digit = next(one for one in DIGITS + "X" if isbn.is_valid(body + one))
    return f"{body[0]}-{body[1:4]}-{body[4:]}-{digit}"


def canadian(rng):
    letters = some(rng, CANADA, 3)
    a, b, c = some(rng, DIGITS, 3)
    return f"{letters[0]}{a}{letters[1]} {b}{letters[2]}{c}"


def french(rng):
    return f"{some(rng, SIV, 2)}-{some(rng, DIGITS, 3)}-{some(rng, SIV, 2)}"


def postcode(rng):
    kind = rng.choices(["A9", "A99", "AA9", "AA99", "A9A", "AA9A"], [8, 15, 38, 30, 5, 4])[0]
    outward = "".join(rng.choice(LETTERS if one == "A" else DIGITS) for one in kind)
    return f"{outward} {some(rng, DIGITS, 1)}{some(rng, 'ABDEFGHJLNPQRSTUWXYZ', 2)}"


def swedish(rng):
    date = f"{rng.randrange(100):02}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    number = some(rng, DIGITS, 3)
    return f"{date}-{number}{luhn.calc_check_digit(date + number)}"


def hexadecimal(rng):
    return some(rng, HEX, 12)


def batch(rng):
    return f"LOT7.{some(rng, DIGITS, 3)}/{some(rng, 'ABC', 1)}"


def gb_iban(rng):
    rest = some(rng, LETTERS, 4) + some(rng, DIGITS, 14)
    return "GB" + iban.calc_check_digits("GB00" + rest) + rest


def vin(rng):
    body = [*some(rng, VIN, 17)]
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(int(values.get(one, one)) * w for one, w in zip(body, weights, strict=True))
    body[8] = "0123456789X"[total % 11]
    return "".join(body)


def orcid(rng):
    code = some(rng, DIGITS, 15)
    code += mod_11_2.calc_check_digit(code)
    return "-".join(code[at : at + 4] for at in range(0, 16, 4))


def blood(rng):
    code = some(rng, LETTERS, 1) + some(rng, DIGITS, 12)
    return code + mod_37_2.calc_check_digit(code)


def ean13(rng):
    body = some(rng, DIGITS, 12)
    return body + ean.calc_check_digit(body)


# What the pattern should be of each generator's codes.
COLUMNS: dict[Callable[[random.Random], str], str] = {
    order: "PO-20[12][0-9]-[0-9]{6}",
    sku: "[A-Z]{2}-[0-9]{4}-[LMSX]{1,2}",
    german: "[A-Z]{1,3}-[A-Z]{1,2} [0-9]{1,4}",
    mac: ":".join(["[0-9A-F]{2}"] * 6),
    isbn10: "[0-9]-[0-9]{3}-[0-9]{5}-[0-9X]",
    canadian: "[A-CEGHJ-NPR-TV-Z][0-9][A-CEGHJ-NPR-TV-Z] [0-9][A-CEGHJ-NPR-TV-Z][0-9]",
    french: "[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}",
    postcode: "[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}",
    swedish: "[0-9]{2}[01][0-9][0-2][0-9]-[0-9]{4}",
    hexadecimal: "[0-9A-F]{12}",
    batch: r"LOT7\.[0-9]{3}/[A-C]",
    gb_iban: "GB[0-9]{2}[A-Z]{4}[0-9]{14}",
    vin: "[0-9A-HJ-NPR-Z]{8}[0-9X][0-9A-HJ-NPR-Z]{8}",
    orcid: "[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]",
    blood: r"[A-Z][0-9]{12}[*0-9A-Z]",
    ean13: "[0-9]{13}",
}
CHECKED = {
    isbn10: ("mod-11", (9,)),
    swedish: ("luhn", (9,)),
    gb_iban: ("iban", (2, 3)),
    vin: ("vin", (8,)),
    orcid: ("mod-11-2", (15,)),
    blood: ("mod-37-2", (13,)),
    ean13: ("ean", (12,)),
}


def drawn(make, n, rng):
    return [make(rng) for _ in range(n)]


def spoilt(code, rng):
    """A code with one mistake: a character replaced, lost or doubled, or something else."""
    at = rng.choice([place for place, one in enumerate(code) if one.isalnum()])
    return rng.choice(
        [
            code[:at] + rng.choice(DIGITS + LETTERS) + code[at + 1 :],
            code[:at] + code[at + 1 :],
            code[: at + 1] + code[at:],
            "n/a",
            "unknown",
            "see above",
            code[:at] + "é" + code[at:],
        ]
    )


def with_dirt(codes, share, rng):
    """The codes with mistakes in a share of them, and the numbers (from 1) of these."""
    which = rng.sample(range(len(codes)), int(share * len(codes)))
    found = list(codes)
    for place in which:
        found[place] = spoilt(codes[place], rng)
    return found, {place + 1 for place in which}


def follows(inferred, code):
    return re.fullmatch(inferred.pattern, code) is not None
