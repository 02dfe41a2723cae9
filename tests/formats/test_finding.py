"""A format found in a file: its column, header, exceptions by the line of the file."""

import numpy as np
import pandas as pd
import pytest

from regvae.formats import FORMATS, UK_REGISTRATION, FormatError, ReadingError, TableError
from regvae.formats.definition import of_definition
from regvae.formats.finding import Sheet, are_codes, corrected, find
from regvae.formats.infer import InferenceError

FRENCH = FORMATS["french-registration"]


def french(n, seed=0):
    codes = FRENCH.generate(n, rng=np.random.default_rng(seed))
    return [FRENCH.shown(code) for code in codes.tolist()]


def table(n=400):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "owner": [f"P{number}" for number in rng.integers(30, size=n)],
            "since": pd.date_range("2020-01-01", periods=n).strftime("%d.%m.%Y"),
            "plate": french(n),
            "doors": rng.choice([3, 5], size=n),
        }
    )


def test_the_column_of_codes_is_found_among_others_with_its_header():
    found = find(table().to_csv(index=False).encode(), "cars.csv", None)
    assert found.column == "plate"
    assert str(found.format.pattern) == "[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}"
    assert (found.format.name, found.format.noun) == ("cars", "code")
    assert found.exceptions == ()
    assert found.inferred.covered == 1


def test_a_header_that_looks_like_a_word_of_another_column_is_one():
    words = table().assign(depot=["Leeds", "Derby"] * 200)
    found = find(words.to_csv(index=False).encode(), "cars.csv", None)
    assert (found.column, found.inferred.covered) == ("plate", 1)  # "depot" has the form of "Leeds"
    depot = find(words.to_csv(index=False).encode(), "cars.csv", "Depot")
    assert depot.column == "depot"


def test_a_column_can_be_named_or_numbered():
    content = table().to_csv(index=False, sep=";").encode()
    for column in ("since", "2", "SINCE"):
        assert find(content, "cars.csv", column).column == "since"
    with pytest.raises(TableError, match=r"a column of this file .*'plate'.*, got 'colour'"):
        find(content, "cars.csv", "colour")


def test_a_plain_list_needs_no_header():
    found = find("\n".join(french(200)).encode(), "list.txt", None)
    assert found.column == "column 1"
    assert found.inferred.covered == 1


def test_exceptions_are_lines_of_the_file():
    lines = ["plate", *french(200)]
    lines[50], lines[120] = "n/a", "AB-12-CD"
    lines.insert(10, "")  # an empty line counts, as in an editor
    found = find("\n".join(lines).encode(), "list.txt", None)
    assert found.exceptions == (52, 122)
    assert found.column == "plate"


def test_check_characters_are_found_and_computed():
    iban = FORMATS["gb-iban"]
    codes = iban.generate(300, rng=np.random.default_rng(2)).tolist()
    found = find("\n".join(codes).encode(), "accounts.txt", None)
    assert found.definition["check"] == {"kind": "iban", "positions": [3, 4]}
    assert found.format.learned == iban.learned
    again = found.format.generate(500, rng=np.random.default_rng(3))
    assert iban.match(again)[1].all()


def test_a_file_of_no_structure_is_refused_with_its_name():
    rng = np.random.default_rng(4)
    texts = ["".join(rng.choice(list("ABC123-./ "), size=rng.integers(1, 14))) for _ in range(200)]
    with pytest.raises(InferenceError, match=r"odd\.txt, column .*expected one structure"):
        find("\n".join(texts).encode(), "odd.txt", None)


def test_names_of_words_are_a_header_though_a_column_has_words_as_long():
    lines = ["lot,kind", *(f"LOT-{n:04},{('bolt', 'nuts')[n % 2]}" for n in range(300))]
    found = find("\n".join(lines).encode(), "lots.csv")
    assert (found.column, found.exceptions) == ("lot", ())
    # Codes without digits have nothing else to tell a header by.
    words = ["ABCD", *("".join(one) for one in np.random.default_rng(5).choice([*"ABC"], (50, 4)))]
    assert find("\n".join(words).encode(), "list.txt").column == "column 1"


def test_a_name_as_long_as_a_word_among_the_codes_is_a_header():
    lines = [f"{n};{'broken' if n % 100 == 50 else f'T{n:04}-{n % 7}'}" for n in range(1, 300)]
    found = find("\n".join(["No;Sensor", *lines]).encode(), "sensors.csv")
    assert (found.column, found.exceptions) == ("Sensor", (51, 151, 251))


def test_a_first_code_that_is_written_differently_is_no_header():
    first, *others = french(200)
    found = find("\n".join([first.replace("-", " ").lower(), *others]).encode(), "list.txt")
    assert found.column == "column 1"
    assert found.inferred.covered > 0.99


def test_a_sheet_finds_and_reads_the_same_rows():
    sheet = Sheet.of(table().to_csv(index=False).encode(), "cars.csv")
    assert sheet.columns == ("owner", "since", "plate", "doors")
    found = sheet.find()
    reading = sheet.codes(found.format, found.column)
    assert len(reading.codes) == reading.rows == reading.fitting == 400
    assert reading.lines[:2].tolist() == [2, 3]
    assert reading.table.names == ("owner", "since", "doors")
    with pytest.raises(ReadingError, match=r"expected one code such as .* in the column 'owner'"):
        sheet.codes(found.format, "owner")


def test_a_built_in_format_is_known_again_where_as_many_texts_fit():
    def chosen(lines):
        return Sheet.of("\n".join(lines).encode(), "list.txt").chosen()

    found, format = chosen([*french(199), "n/a"])
    assert format == FRENCH
    assert found.inferred.exceptions_total == 1
    regs = UK_REGISTRATION.generate(200, rng=np.random.default_rng(6)).tolist()
    assert chosen(regs)[1] == UK_REGISTRATION
    found, format = chosen([*regs[:150], *(f"{one}9" for one in regs[150:])])  # fewer fit it
    assert format == found.format
    assert format.definition["name"] == "list"
    with pytest.raises(InferenceError, match=r"list\.txt, column 'word': expected one structure"):
        chosen([f"word{'x' * n}{'7' * (n % 9)}" for n in range(60)])


def test_a_pattern_that_is_too_long_is_refused_with_the_file():
    rng = np.random.default_rng(3)
    lines = ["".join(rng.choice(list("0123456789ABCDEF"), 50)) for _ in range(200)]
    with pytest.raises(FormatError, match=r"long\.txt, column 'column 1': expected .* of 1 to 40"):
        find("\n".join(lines).encode(), "long.txt")


def test_the_first_of_codes_of_many_structures_is_no_header():
    rng = np.random.default_rng(4)
    lines = ["".join(rng.choice(list("0123456789ABCDEF"), 10)) for _ in range(200)]
    lines[0] = "00FF00FF00"
    sheet = Sheet.of("\n".join(lines).encode(), "ids.txt")
    assert (sheet.header, len(sheet.rows.cells)) == (False, 200)
    named = Sheet.of("\n".join(["identifier", *lines]).encode(), "ids.txt")
    assert (named.header, named.columns) == (True, ("identifier",))


def test_a_found_format_is_corrected():
    iban = FORMATS["gb-iban"].generate(300, rng=np.random.default_rng(2)).tolist()
    sheet = Sheet.of("\n".join([*iban, "n/a"]).encode(), "accounts.txt")
    found = sheet.find()
    texts = sheet.texts(found.column)
    same = corrected(found, texts, found.inferred.pattern, "account", "accounts")
    assert same == {**found.definition, "noun": "account", "plural": "accounts"}
    wider = of_definition(corrected(found, texts, "GB[0-9]{2} [A-Z]{4} [0-9]{14}", "code", "codes"))
    assert (wider.check, wider.example) == (None, iban[0])
    for pattern, error in (
        ("[A-Z]{3}", "expected a pattern that texts of the column .* which none of 301 does"),
        ("[A-Z", r"expected .* at character 1"),
    ):
        with pytest.raises(FormatError, match=error):
            corrected(found, texts, pattern, "code", "codes")


def test_words_and_prices_are_no_codes():
    rng = np.random.default_rng(7)
    names = ["Anna", "Robert", "Jo", "Maximilian", "Tom", "Eve", "Christopher"] * 30
    prices = [f"{price:.2f}" for price in rng.random(300) * 100]
    for texts, expected in ((names, False), (prices, False), (french(200), True)):
        sheet = Sheet.of("\n".join(texts).encode(), "list.txt")
        assert are_codes(sheet.codes(sheet.find().format, "column 1")) == expected
    sheet = Sheet.of("\n".join([*french(70), *names[:30]]).encode(), "list.txt")
    assert not are_codes(sheet.codes(FRENCH, "column 1"))  # three in ten are something else
