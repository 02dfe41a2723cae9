"""Formats as data: TOML files, the built-in ones, attributes, check characters, exclusions."""

import re
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from stdnum import iban

from regvae.formats import FORMATS, FormatError, format_of
from regvae.formats.codes import characters
from regvae.formats.definition import of_definition, read, to_toml
from regvae.formats.pattern import BLANK

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT_IN = [one for one in FORMATS.values() if one.definition]
PART = {
    "name": "part",
    "noun": "part number",
    "plural": "part numbers",
    "pattern": "AX-[0-9]{2}[BC]?-[0-9]",
    "example": "AX-12B-3",
}
LUHN = PART | {"pattern": "[0-9]{4}", "example": "18-18", "check": {"kind": "luhn"}}


def part(**changes):
    return of_definition({name: one for name, one in (PART | changes).items() if one is not None})


def by_name(format):
    return format.name


# --- the built-in formats -------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS.values(), ids=by_name)
def test_a_million_generated_codes_are_codes_of_their_format(format):
    codes = format.generate(1_000_000, rng=np.random.default_rng(len(format.name)))
    assert codes.shape == (1_000_000,)
    assert format.match(codes)[1].all()
    some = codes[:2_000].tolist()
    assert all(map(format.is_normalised, some))
    shown, fits = format.match([format.shown(code).lower() for code in some])
    assert fits.all()
    assert shown.tolist() == some


@pytest.mark.parametrize("format", BUILT_IN, ids=by_name)
def test_a_format_is_written_and_read_again(format, tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(to_toml(format), "utf-8")
    again = read(path)
    assert again == format
    assert list(again.attributes) == list(format.attributes)
    assert format_of(format.to_dict()) == format


@pytest.mark.parametrize("format", FORMATS.values(), ids=by_name)
def test_every_attribute_has_values_of_its_kind(format):
    codes = format.generate(3_000, rng=np.random.default_rng(5))
    for attribute in format.attributes.values():
        values = attribute.values(codes)
        assert values.shape == (3_000,)
        if attribute.kind == "category":
            assert set(values.tolist()) <= set(attribute.categories)
            assert attribute.ranks(codes).max() < len(attribute.categories)
        else:
            assert values.dtype.kind == ("b" if attribute.kind == "boolean" else "i")


def test_french_registrations_leave_out_letters_pairs_and_zero():
    codes = FORMATS["french-registration"].generate(300_000, rng=np.random.default_rng(6))
    assert not set("IOU") & set("".join(codes[:2_000].tolist()))
    for code in codes.tolist():
        assert code[:2] not in ("SS", "WW")
        assert code[2:5] != "000"
        assert code[5:] != "SS"
    with pytest.raises(FormatError, match="got 'WW-123-AB': WW does not occur at position 1; corr"):
        FORMATS["french-registration"].parse("WW-123-AB")


def test_account_numbers_have_the_check_digits_that_the_standard_gives():
    format = FORMATS["gb-iban"]
    codes = format.generate(500, rng=np.random.default_rng(7))
    assert all(map(iban.is_valid, codes.tolist()))
    assert format.parse("gb29 nwbk 6016 1331 9268 19") == "GB29NWBK60161331926819"
    with pytest.raises(FormatError, match=r"an IBAN such as .* characters would be 29, not 3"):
        format.parse("GB30NWBK60161331926819")
    assert format.learned == tuple(range(4, 22))


def test_postcodes_have_no_blank_when_they_are_shown():
    format = FORMATS["uk-postcode"]
    codes = format.generate(1_000, rng=np.random.default_rng(8)).tolist()
    shape = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}")
    assert all(shape.fullmatch(format.shown(code)) for code in codes)
    assert 0.4 < np.mean([code[1] == BLANK for code in codes]) < 0.6
    assert format.parse("w1 1aa") == "W 1 1AA"


def test_a_built_in_format_is_a_short_file():
    files = list(resources.files("regvae.formats").joinpath("built_in").iterdir())
    assert len(files) == len(BUILT_IN) == 4
    assert all(len(file.read_text("utf-8").splitlines()) < 30 for file in files)


def test_the_file_in_the_documentation_is_a_format_and_its_table_the_built_in_ones():
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL).group(1)
    found = of_definition(tomllib.loads(example))
    assert list(found.attributes) == ["line", "variant", "family", "plain"]
    for one in FORMATS.values():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{one.name}`"))
        assert f"`{one.shown(one.example)}`" in row
        assert row.endswith(f"| {len(one.learned)} |")


# --- check characters and what is excluded --------------------------------------------------------


def test_check_characters_are_no_part_of_what_is_learned_and_decide_by_all():
    format = of_definition(LUHN)
    assert format.learned == (0, 1, 2)
    assert format.deciding([0, 2]) == (0, 2)
    assert format.deciding([3]) == (0, 1, 2)
    assert format.completed(format.array(["1810"])).tolist() == ["1818"]
    assert format.permits(format.array(["1818", "1813"])).tolist() == [True, False]


def test_a_check_character_that_is_not_allowed_makes_no_code():
    format = of_definition(LUHN | {"check": {"kind": "mod-11"}, "example": "0000"})
    codes = format.generate(5_000, rng=np.random.default_rng(9))
    assert characters(codes).max() <= ord("9")  # mod 11 gives an X to one code of eleven
    assert format.permits(codes).all()


# --- attributes -----------------------------------------------------------------------------------


def test_numbers_characters_lookups_and_stricter_patterns_are_attributes():
    found = part(
        attributes={
            "serial": {"kind": "number", "span": [3, 4], "label": "serial number"},
            "letter": {"kind": "character", "position": 5},
            "line": {"kind": "lookup", "span": [3, 4], "values": {"1": "old", "12": "new"}},
            "short": {"kind": "valid", "pattern": "AX[0-9]{3}", "label": "without a letter"},
        }
    )
    codes = found.array([found.parse(text) for text in ("AX-12-7", "ax 15B 0", "AX-20-1")])
    values = {name: one.values(codes).tolist() for name, one in found.attributes.items()}
    assert values == {
        "serial": [12, 15, 20],
        "letter": ["none", "B", "none"],
        "line": ["new", "old", "other"],
        "short": [True, False, True],
    }
    assert found.attributes["serial"].label == "serial number"
    assert found.attributes["line"].categories == ("old", "new", "other")
    assert found.attributes["letter"].missing == "none"


def test_a_format_without_attributes_gets_its_numbers_and_characters():
    found = part()
    assert list(found.attributes) == ["digits_3_to_4", "character_5", "digit_6"]
    assert found.attributes["digits_3_to_4"].values(found.array(["AX07B3"])).tolist() == [7]


def test_digits_that_may_be_missing_count_as_many_as_there_are():
    found = part(pattern="[A-Z][0-9]{1,3}", example="A1")
    codes = found.array([found.parse(text) for text in ("A7", "A70", "A700")])
    (number,) = [one for one in found.attributes.values() if one.kind == "number"]
    assert number.values(codes).tolist() == [7, 70, 700]


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "expected the keys name, pattern, .*, got colour; correct"),
        ({"noun": None}, "got no noun; correct the definition"),
        ({"noun": 5}, "expected noun as a text, got 5"),
        ({"pattern": "[a-z]"}, "at character 1 of the pattern, got"),
        ({"example": "AX-1"}, "expected an example of the pattern .*, got 'AX-1'; change it"),
        ({"plate": "german"}, r"expected a plate \(plain, uk, french\), got 'german'"),
        ({"check": "luhn"}, "expected kind, and perhaps positions, of a check, got luhn"),
        (
            {"check": {"kind": "sum"}},
            r"a kind of check characters \(luhn, .*\), got 'sum'",
        ),
        ({"check": {"kind": "luhn", "positions": [9]}}, "expected a position from 1 to 6, got 9"),
        (
            {"check": {"kind": "luhn", "positions": 6}},
            "expected positions of a check as a list, got '6'; change it",
        ),
        ({"excluded": {"9": "A"}}, "expected a position from 1 to 6, got 9"),
        ({"excluded": {"3": "XX"}}, "texts that could stand at position 3 as excluded, got 'XX'"),
        (
            {"excluded": {"3": None}},
            "expected excluded texts as a list of texts, got 'None'; change it",
        ),
        ({"positions": ["one"]}, "expected 6 names of positions, got 1"),
        ({"positions": "abcdef"}, "expected positions as a list of texts, got 'abcdef'; change it"),
        (
            {"positions": [1, 2, 3, 4, 5, 6]},
            "expected each of the positions as a text of one line, .* got '1'; change it",
        ),
        ({"attributes": {"A": {}}}, "expected an attribute's name in lower-case letters"),
        ({"attributes": {"a": {"kind": "sum"}}}, "attribute a: expected a kind .*, got 'sum'"),
        ({"attributes": {"a": {"kind": ["number"]}}}, r"expected a kind .*, got .\['number'\]"),
        ({"attributes": {"a": {"kind": "number"}}}, "expected span for the kind number, got none"),
        ({"name": "a\nb"}, "expected name as a text of one line, .*, got 'a.nb'; change it"),
        ({"layout": 5}, "expected layout as a text of one line, .*, got '5'; change it"),
        ({"positions": 5}, "expected positions as a list of texts, got '5'; change it"),
        ({"positions": [1] * 6}, "expected each of the positions as a text .*, got '1'; change it"),
        ({"check": {"kind": []}}, r"expected a kind of check characters .*, got '\[\]'"),
        ({"check": {"kind": "luhn", "positions": 5}}, "positions of a check as a list, got '5'"),
        ({"excluded": {"1": 5}}, "expected excluded texts as a list of texts, got '5'; change it"),
        ({"excluded": {"9" * 5_000: "A"}}, "expected a position from 1 to 6, got '9{39}; change"),
        ({"attributes": {"a": {"kind": []}}}, r"attribute a: expected a kind .*, got '\[\]'"),
        (
            {"attributes": {"a": {"kind": "lookup", "span": [1, 2], "values": {"A": {}}}}},
            "expected each of the values as a text of one line, .*, got '{}'; change it",
        ),
        (
            {"attributes": {"a": {"kind": "character", "position": 3, "label": "a\nb"}}},
            "expected a label as a text of one line, .*, got 'a.nb'; change it",
        ),
        (
            {"attributes": {"a": {"kind": "number", "span": [1, 3]}}},
            "expected digits at position 1 for a number, got 'A'; change the span",
        ),
        (
            {"attributes": {"a": {"kind": "number", "span": [4, 3]}}},
            r"expected a span from first to last, got \[4, 3\]",
        ),
    ],
)
def test_a_wrong_definition_is_refused_in_a_sentence(changes, words):
    with pytest.raises(FormatError, match=words):
        part(**changes)


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"name = " + b"[" * 50_000])
def test_a_file_that_is_no_toml_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"own\.toml: expected a TOML file in UTF-8, got .*; cor"):
        read(path)


@pytest.mark.parametrize("content", [b"", b'name = "x"'])
def test_a_file_that_is_no_format_is_named(tmp_path, content):
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"own\.toml: "):
        read(path)


def test_generating_ends_if_almost_everything_is_excluded():
    rare = part(
        pattern="[AB]{20}",
        example="A" * 20,
        excluded={str(place): ["B"] for place in range(1, 21)},
    )
    with pytest.raises(
        FormatError, match=r"^expected part numbers of which one in 1,000 is permitted, got few"
    ):
        rare.generate(10, rng=np.random.default_rng(1))


def test_a_format_in_python_is_not_written():
    with pytest.raises(FormatError, match="got uk-registration, which is written in Python"):
        to_toml(FORMATS["uk-registration"])
