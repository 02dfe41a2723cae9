"""A format found in a file: its column, header, exceptions by the line of the file."""

import numpy as np
import pandas as pd
import pytest

from regvae.formats import FORMATS, TableError
from regvae.formats.finding import find
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
