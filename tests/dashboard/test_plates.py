"""Codes as plates, in HTML."""

import re

import pytest

from dashboard import plates
from regvae.formats import FORMATS, UK_REGISTRATION, Format, of_definition
from regvae.formats.pattern import NONE

POSTCODE = FORMATS["uk-postcode"]


def text_of(html: str) -> str:
    """What is read of a plate, with marks as [ and ]."""
    return re.sub("<[^>]*>", "", html.replace("<mark>", "[").replace("</mark>", "]"))


def test_a_reconstruction_marks_every_wrong_character_and_no_other() -> None:
    marked = plates.reconstruction(UK_REGISTRATION, "AX12CDZ", "AB12CDE")
    assert text_of(marked) == "A[X]12 CD[Z]"
    assert "<mark>" not in plates.reconstruction(UK_REGISTRATION, "AB12CDE", "AB12CDE")


@pytest.mark.parametrize(
    ("decoded", "true", "read"),
    [
        ("M 1 1AE", "M 1 1AE", "M1 1AE"),
        ("MA1 1AE", "M 1 1AE", "M[A]1 1AE"),
        ("M 1 1AE", "MA1 1AE", "M[ ]1 1AE"),
        ("M 112AE", "M 1 2AE", "M1[1] 2AE"),
    ],
)
def test_a_reconstruction_is_compared_position_by_position(
    decoded: str, true: str, read: str
) -> None:
    """A character more or less is one mark, and does not shift the others."""
    assert text_of(plates.reconstruction(POSTCODE, decoded, true)) == read


def test_a_reconstruction_has_the_separators_of_its_format() -> None:
    french = FORMATS["french-registration"]
    assert text_of(plates.reconstruction(french, "AB123CD", "AB124CE")) == "AB-12[3]-C[D]"


def test_plates_have_their_kinds() -> None:
    found = re.findall(
        'class="([^"]*)"[^>]*>([^<]*)<',
        plates.plates(UK_REGISTRATION, ["AB12CDE", "XY67ZZZ"], ["", "unwanted"]),
    )
    assert [(kind.split(), code) for kind, code in found] == [
        (["plates"], ""),
        (["plate", "small"], "AB12 CDE"),
        (["plate", "small", "unwanted"], "XY67 ZZZ"),
    ]


@pytest.mark.parametrize(
    ("name", "look", "cells"),
    [
        ("uk-registration", "uk", 8),
        ("french-registration", "french", 9),
        ("uk-postcode", "plain", 8),
        ("vin", "plain", 17),
        ("gb-iban", "plain", 27),
    ],
)
def test_a_plate_looks_as_its_format_does_and_is_as_wide_as_its_longest_code(
    name: str, look: str, cells: int
) -> None:
    format = FORMATS[name]
    html = plates.plate(format, format.example)
    assert text_of(html) == format.shown(format.example)
    assert f'data-look="{look}"' in html
    assert f"--cells: {cells}" in html


def test_separators_are_no_html() -> None:
    format: Format = of_definition(
        {"name": "a", "noun": "a", "plural": "b", "pattern": "[AB]<[AB]&[AB]", "example": "AAB"}
    )
    for html in (plates.plate(format, "AAB"), plates.reconstruction(format, "AAB", "ABB")):
        assert "A&lt;" in html
        assert "&amp;" in html


def test_a_column_of_candidates_has_the_likeliest_on_top() -> None:
    rows = [[("A", 0.7), ("B", 0.2), ("C", 0.01)], *[[("1", 1.0)]] * 6]
    html = plates.candidates(UK_REGISTRATION, rows)
    assert re.findall("<b>(.)</b>", html) == ["A", *"111111"]
    assert re.findall("--share:([0-9.]+)", html)[:3] == ["0.7000", "0.2000", "0.0100"]
    assert re.findall(r"%\">(.?)</i>", html)[:3] == ["", "B", ""]  # no room for a letter at 1 %
    assert "<small>70%</small>" in html


def test_candidates_are_named_by_their_position_and_none_is_of_what_is_not_learned() -> None:
    vin = FORMATS["vin"]
    html = plates.candidates(vin, [[("A", 1.0)]] * 16)
    names = re.findall('<div title="([^"]*)">', html)
    assert names == [str(position) for position in range(1, 18) if position != 9]
    html = plates.candidates(
        POSTCODE, [[("M", 1.0)], [(" ", 0.6), ("A", 0.4)], *[[("1", 1.0)]] * 5]
    )
    assert re.findall('<div title="([^"]*)">', html)[1] == "area, 2nd letter"
    assert re.findall("<b.*?>(.+?)</b>", html)[:3] == ["M", NONE, "1"]
    assert f'title="{NONE} 60.0%"' in html
    html = plates.candidates(POSTCODE, [[("M", 0.6), (" ", 0.4)], *[[("1", 1.0)]] * 6])
    assert f'title="{NONE} 40.0%">{NONE}</i>' in html
