"""Further columns of codes: their types, their values by code, and their file."""

import numpy as np
import pandas as pd
import pytest

from regvae.formats import FORMATS, UK_REGISTRATION, CodeTable, read_codes
from regvae.formats.columns import MOST_CLASSES, attribute_of, is_date, typed
from regvae.formats.pattern import NONE

CODES = np.array(["CC33CCC", "AA11AAA", "BB22BBB", "DD44DDD"])


def table(**columns) -> CodeTable:
    return CodeTable.with_columns(UK_REGISTRATION, CODES, pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["2024-02-29", "1969-12-31", ""], ["2024-02-29", "1969-12-31", None]),
        (["2024-02-29 23:59:59", "2024-03-01 00:00:00"], ["2024-02-29T23:59:59", "2024-03-01"]),
        (["2024-02-29T23:59", "2024-03-01T10:00"], ["2024-02-29T23:59", "2024-03-01T10:00"]),
        (["3/4/2024", "31/12/2024"], ["2024-04-03", "2024-12-31"]),
        (["3/4/2024", "12/31/2024"], ["2024-03-04", "2024-12-31"]),  # no day is the 31st month
        (["3.4.2024", "31.12.2024"], ["2024-04-03", "2024-12-31"]),
        ([" 2024-01-01 ", "2024-01-02"], ["2024-01-01", "2024-01-02"]),
    ],
)
def test_texts_that_are_all_dates_are_dates(texts, dates):
    found = typed(pd.Series(texts))
    assert is_date(found)
    assert found.tolist() == pd.to_datetime(pd.Series(dates), format="ISO8601").tolist()


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-02-30", "2024-01-01"],  # no such day
        ["2024-01-01", "soon"],
        ["31/12/2024", "12/31/2024"],  # of two orders
        ["2024-01-01", "2024-01-01 10:00"],  # of two forms
        ["12-2024", "01-2024"],
        ["", ""],
        ["1,234", "0", "12,500"],  # thousands, perhaps
        ["1,5", "1.5"],
        ["1,5", "many"],
    ],
)
def test_other_texts_stay_texts(texts):
    assert typed(pd.Series(texts)).tolist() == texts


def test_decimal_commas_make_numbers():
    found = typed(pd.Series(["1,5", "", "-0,125", "7", "1,234"]))
    np.testing.assert_array_equal(found, [1.5, np.nan, -0.125, 7, 1.234])


def test_numbers_are_finite_float64():
    found = typed(pd.Series([3, None, -0.0, np.inf]))
    assert found.dtype == np.float64
    assert found.isna().tolist() == [False, True, False, True]
    assert not np.signbit(found[2])


def test_a_table_is_in_the_order_of_its_codes_and_knows_each_value_by_the_code():
    own = table(n=[3.5, 1, np.nan, 4], on=["2024-01-03", "2024-01-01", "", "1969-12-31"])
    assert own.codes.tolist() == sorted(CODES.tolist())
    n, on = own.attributes["n"], own.attributes["on"]
    asked = np.array(["DD44DDD", "BB22BBB", "ZZ99ZZZ", "AA11AAA", "DD44DDD"])
    np.testing.assert_array_equal(n.values(asked), [4, np.nan, np.nan, 1, 4])
    np.testing.assert_array_equal(on.values(asked), [-1, np.nan, np.nan, 19723, -1])
    assert n.ranks(asked).tolist() == [1, -1, -1, 0, 1]
    assert on.ranks(asked).tolist() == [0, -1, -1, 1, 0]
    assert (n.kind, on.kind, n.positions, n.is_column) == ("number", "date", (), True)
    assert [on.text(one) for one in (-1, 19723.99, np.nan)] == ["1969-12-31", "2024-01-01", NONE]
    assert own.rows(asked[[3, 0]])["n"].tolist() == [1, 4]


def test_classes_are_in_alphabetical_order_with_none_last():
    kind = table(kind=["van", "", "car", "van"]).attributes["kind"]
    assert kind.categories == ("car", "van", NONE)
    assert kind.values(CODES).tolist() == ["van", NONE, "car", "van"]
    assert kind.ranks(CODES).tolist() == [1, -1, 0, 1]
    assert kind.values(np.array(["ZZ99ZZZ"])).tolist() == [NONE]
    assert table(paid=["yes", "no", "no", "yes"]).attributes["paid"].categories == ("no", "yes")


def test_columns_that_are_no_attributes_are_left_out_and_told():
    codes = UK_REGISTRATION.generate(MOST_CLASSES + 1, rng=np.random.default_rng(0))
    many = pd.DataFrame(
        {
            "owner": [f"owner {i}" for i in range(len(codes))],
            "same": ["x"] * len(codes),
            "empty": [""] * len(codes),
            "note": ["a" * 81, *["b"] * (len(codes) - 1)],
            "n": range(len(codes)),
            "kind": ["a", *["b"] * (len(codes) - 1)],
        }
    )
    own = CodeTable.with_columns(UK_REGISTRATION, codes, many)
    assert own.names == ("n", "kind")
    assert own.sentences() == [
        "further columns, as attributes: n, kind",
        "left out the column owner: 49 different texts, more than 48 classes",
        "left out the column same: it has one value",
        "left out the column empty: it has one value",
        "left out the column note: texts of more than 80 characters are no classes",
    ]
    assert CodeTable.of(codes, UK_REGISTRATION).sentences() == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Number", "given Number"),  # an attribute of a reg
        ("letters DVLA issues", "given letters DVLA issues"),  # the label of one
        ("split", "given split"),
        ("mean_1", "given mean_1"),
        ("Reg", "given Reg"),
        (" two\nlines\x00 ", "two lines"),
        ("x" * 80, "x" * 60),
        ("", "column"),
    ],
)
def test_a_name_is_on_one_line_and_has_one_meaning(given, name):
    assert table(**{given: [1, 2, 3, 4]}).names == (name,)


def test_equal_names_get_different_ones():
    twice = pd.DataFrame([[1, 2], [3, 4], [5, 6], [7, 8]], columns=["n ", "n"])
    assert CodeTable.with_columns(UK_REGISTRATION, CODES, twice).names == ("n", "given n")


def test_a_table_is_written_and_read_again():
    own = table(
        n=[3.5, 1, np.nan, 4],
        on=["2024-01-03", "2024-01-01", "", "1969-12-31"],
        k=["a", "", "b", "c"],
    )
    same = CodeTable.read(own.to_parquet(), UK_REGISTRATION)
    assert same.sha256() == own.sha256()
    assert same.codes.tolist() == own.codes.tolist()
    for name, attribute in own.attributes.items():
        np.testing.assert_array_equal(same.attributes[name].values(CODES), attribute.values(CODES))
    again = CodeTable.with_columns(UK_REGISTRATION, same.codes, same.columns)
    assert (again.names, again.sha256()) == (own.names, own.sha256())


def test_the_hash_depends_on_codes_names_and_values_not_on_their_order():
    own = table(n=[1, 2, 3, 4], k=["a", "b", "a", "b"])
    turned = CodeTable.with_columns(
        UK_REGISTRATION, CODES[::-1], pd.DataFrame({"n": [4, 3, 2, 1], "k": ["b", "a", "b", "a"]})
    )
    assert turned.sha256() == own.sha256()
    others = [
        table(n=[1, 2, 3, 5], k=["a", "b", "a", "b"]),
        table(m=[1, 2, 3, 4], k=["a", "b", "a", "b"]),
        table(n=[1, 2, 3, 4], k=["a", "b", "a", "c"]),
        CodeTable.of(CODES, UK_REGISTRATION),
    ]
    assert len({own.sha256(), *(one.sha256() for one in others)}) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no table", "expected a Parquet table of regs, got an error .*; make it again"),
        (
            pd.DataFrame({"code": ["AB12CDE"]}).to_parquet(),
            "expected a Parquet table of regs, got an error .*; make it again",
        ),
        (pd.DataFrame({"reg": ["AB12CD"]}).to_parquet(), "expected regs, got others; make the"),
    ],
)
def test_another_file_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        CodeTable.read(content, UK_REGISTRATION)


@pytest.mark.parametrize("name", ["uk-postcode", "gb-iban"])
def test_codes_of_any_length_are_looked_up(name):
    codes = np.unique(FORMATS[name].generate(300, rng=np.random.default_rng(1)))
    attribute = attribute_of("n", codes[::-1], pd.Series(np.arange(len(codes), dtype=float)))
    np.testing.assert_array_equal(attribute.values(codes), np.arange(len(codes))[::-1])


def test_a_file_s_further_columns_are_those_of_its_codes():
    lines = ["reg,sold,n", "AB12CDE,2024-01-02,1", "wrong,2024-01-03,2", "AA11AAA,,3", "AB12CDE,,9"]
    reading = read_codes("\n".join(lines).encode(), "a.csv", UK_REGISTRATION)
    own = reading.table
    assert own.codes.tolist() == ["AA11AAA", "AB12CDE"]
    np.testing.assert_array_equal(own.attributes["n"].values(own.codes), [3, 1])
    assert own.names == ("n",)  # one date is one value


def test_dates_of_any_year_are_days_since_1970():
    days = ["0001-01-01", "1677-01-01", "2300-01-01", ""]
    own = table(on=days)
    values = own.attributes["on"].values(CODES)
    assert values.tolist()[:3] == [-719162.0, -107015.0, 120530.0]
    assert np.isnan(values[3])
    assert [own.attributes["on"].text(one) for one in values] == [*days[:3], NONE]
    assert CodeTable.read(own.to_parquet(), UK_REGISTRATION).sha256() == own.sha256()


def test_the_time_of_day_is_a_part_of_a_day():
    own = table(on=["1970-01-01 06:00:00", "1969-12-31 12:00:00", "", "2500-01-01 00:00:00"])
    assert own.attributes["on"].values(CODES[:2]).tolist() == [0.25, -0.5]


def test_numbers_with_an_exponent_are_numbers_if_they_can_be_drawn():
    content = b"reg,n,id\nAB12CDE,1e37,9007199254740993\nAB13CDE,-2E22,1\nAB14CDE,1e400,2"
    found = read_codes(content, "own", UK_REGISTRATION).further
    assert found["n"].tolist() == ["1e37", "-2E22", "1e400"]  # the last is no float
    found = read_codes(content.replace(b"1e400", b"14"), "own", UK_REGISTRATION).further
    assert found["n"].tolist() == [1e37, -2e22, 14]
    assert found["id"].tolist() == ["9007199254740993", "1", "2"]
