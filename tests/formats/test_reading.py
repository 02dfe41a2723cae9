"""Codes out of people's own files: kinds of files, columns, headers, and what is dropped."""

import io
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from regvae.formats import UK_REGISTRATION, ReadingError, TableError, read_codes
from tests.codes import TOY

FRAME = pd.DataFrame(
    {"n": [1, 2, 3], "reg": ["AB12CDE", "yk66 biq", "MY33WSZ"], "who": list("xyz")}
)
CODES = ["AB12CDE", "YK66BIQ", "MY33WSZ"]


def read(content, **options):
    content = content.encode() if isinstance(content, str) else content
    return read_codes(content, "own", UK_REGISTRATION, **options)


def reasons(reading):
    return {one.reason: one.lines.tolist() for one in reading.dropped}


def written(frame, kind):
    sink = io.BytesIO()
    if kind == "parquet":
        frame.to_parquet(sink, index=False)
    elif kind == "xlsx":
        frame.to_excel(sink, index=False)
    else:
        text = frame.to_csv(index=False, sep={"tab": "\t", "semicolon": ";"}.get(kind, ","))
        text = text.replace("\n", "\r\n") if kind == "crlf" else text
        coding = {"utf-16": "utf-16", "bom": "utf-8-sig", "big": "utf-16-be"}.get(kind, "utf-8")
        sink.write(b"\xfe\xff" * (kind == "big") + text.encode(coding))
    return sink.getvalue()


KINDS = ["csv", "tab", "semicolon", "crlf", "bom", "utf-16", "big", "parquet", "xlsx"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_codes_and_further_columns(kind):
    reading = read(written(FRAME, kind))
    assert reading.codes.tolist() == CODES
    assert reading.lines.tolist() == ([1, 2, 3] if kind == "parquet" else [2, 3, 4])
    assert (reading.column, reading.columns, reading.header) == ("reg", ("n", "reg", "who"), True)
    assert reading.further.to_dict("list") == {"n": [1, 2, 3], "who": list("xyz")}
    assert (reading.rows, reading.dropped) == (3, ())


def test_decimal_commas_do_not_hide_semicolons():
    reading = read("AB12CDE;1,5\nYK66BIQ;2,5\n")
    assert reading.codes.tolist() == ["AB12CDE", "YK66BIQ"]
    assert reading.further.to_dict("list") == {"column 2": ["1,5", "2,5"]}


@pytest.mark.parametrize(
    ("text", "header", "codes", "lines"),
    [
        ("ab12cde\nYK66BIQ", False, ["AB12CDE", "YK66BIQ"], [1, 2]),
        ("vehicle\nAB12CDE", True, ["AB12CDE"], [2]),
        ("\n\nreg\n\nAB12CDE\n", True, ["AB12CDE"], [5]),
        ("AB1XCDE\nYK66BIQ", False, ["YK66BIQ"], [2]),  # a mistyped code is no header
        ("AB12CDE", False, ["AB12CDE"], [1]),
        ("AB12CDE, YK66BIQ,\nMY33WSZ", False, CODES, [1, 1, 2]),
        ("ab12cde YK66BIQ\n\nMY33WSZ", False, CODES, [1, 1, 3]),
        ("AB12 CDE YK66 BIQ MY33 WSZ", False, CODES, [1, 1, 1]),
        ("AB12 CDE; YK66 BIQ;MY33WSZ;", False, CODES, [1, 1, 1]),
        ('"AB12CDE","YK66BIQ"\t MY33WSZ', False, CODES, [1, 1, 1]),
    ],
)
def test_a_first_line_without_a_code_is_a_header(text, header, codes, lines):
    reading = read(text)
    assert (reading.header, reading.codes.tolist()) == (header, codes)
    assert reading.lines.tolist() == lines


def test_a_mistyped_code_of_a_line_is_dropped_and_the_next_one_is_read():
    reading = read("AB12CDE AB1XCDE YK66BIQ\nAB12C YK66BIQ MY33 WSZ MY3")
    assert reading.codes.tolist() == CODES
    assert reasons(reading) == {
        "position 4 expects a digit 0 to 9, got X": [1],
        "7 characters are expected": [2, 2],
        "a duplicate": [2],
    }


def test_a_line_with_something_else_than_codes_is_a_row_of_a_table():
    reading = read("AB12CDE,YK66BIQ,1\nAB13CDE,YK67BIQ,2")
    assert reading.codes.tolist() == ["AB12CDE", "AB13CDE"]
    assert reading.further["column 3"].tolist() == [1, 2]


@pytest.mark.parametrize("between", [" ", ", ", ";", "\n"])
def test_codes_of_a_list_are_counted_not_its_lines(between):
    codes = [f"AB{i % 100:02}C{chr(65 + i // 100)}E" for i in range(150)]
    text = between.join(codes)
    assert read(text, most=150).codes.tolist() == codes
    of = "lines" if between == "\n" else "codes"
    with pytest.raises(TableError, match=f"own: expected at most 149 {of}, got more; give a part"):
        read(text, most=149)


def test_the_column_with_most_codes_is_taken_unless_one_is_named():
    text = "old,New\nAB12CDE,YK66BIQ\n-,MY33WSZ\n"
    assert read(text).column == "New"
    for column in ("old", "OLD", "1"):
        reading = read(text, column=column)
        assert (reading.column, reading.codes.tolist()) == ("old", ["AB12CDE"])
        assert reading.further.to_dict("list") == {"New": ["YK66BIQ"]}


def test_what_is_dropped_has_its_reason_its_lines_and_ten_examples():
    bad = "".join(f"AB1{c}CDE\n" for c in "X" * 12 + "Y")
    reading = read(f"reg\nAB12CDE\n{bad}AB12CD\n,\nab12 cde\nYK66BIQ\n")
    assert reasons(reading) == {
        "position 4 expects a digit 0 to 9, got X": list(range(3, 15)),
        "position 4 expects a digit 0 to 9, got Y": [15],
        "7 characters are expected": [16],
        "a duplicate": [18],
    }
    first = reading.dropped[0]
    assert len(first.examples) == 10
    assert first.sentence().startswith(
        "12 dropped, position 4 expects a digit 0 to 9, got X: line 3 "
    )
    assert first.sentence().endswith("line 12 'AB1XCDE' and 2 more")
    assert reading.summary() == (
        "15 dropped (12: position 4 expects a digit 0 to 9, got X; 1: position 4 expects a digit 0 "
        "to 9, got Y; 1: 7 characters are expected; 1 more reason)"
    )
    assert reading.sentences()[0] == "own: 17 read from the column 'reg', 2 different codes"


def test_an_empty_cell_is_dropped_and_a_long_text_is_cut_where_it_is_shown():
    reading = read(f"reg,n\nAB12CDE,1\n,2\n{'A' * 90},3\n")
    assert reasons(reading) == {"empty": [3], "7 characters are expected": [4]}
    assert reading.dropped[1].sentence().endswith(f"line 4 '{'A' * 20}…'")
    assert reading.dropped[0].sentence() == "1 dropped, empty: line 3"


def test_further_columns_are_numbers_only_if_nothing_is_lost():
    text = "reg,a,b,c,,a\nAB12CDE,1,007,x,1,p\nYK66BIQ,,8,2,-2.5e3,q\n"
    further = read(text).further
    assert list(further) == ["a", "b", "c", "column 5", "a (6)"]
    assert further["a"].isna().tolist() == [False, True]
    assert further["b"].tolist() == ["007", "8"]
    assert further["column 5"].tolist() == [1, -2500]


@pytest.mark.parametrize("text", [",,,", '""', " , \n,"])
def test_a_table_without_text_is_a_sentence(text):
    with pytest.raises(TableError, match="own: expected a table or a list, got no text in it"):
        read(text)


def test_districts_and_long_identifiers_stay_texts():
    found = read("reg,district,id,n\nAB12CDE,E1,12345678901234567,1e3\nAB13CDE,E14,9,.5")
    assert found.further["district"].tolist() == ["E1", "E14"]
    assert found.further["id"].tolist() == ["12345678901234567", "9"]
    assert found.further["n"].tolist() == [1000, 0.5]


def test_two_named_columns_of_codes_are_not_one_list():
    frame = pd.DataFrame({"mine": ["AB12CDE"], "theirs": ["YK66BIQ"]})
    found = read(written(frame, "parquet"))
    assert (found.codes.tolist(), found.column) == (["AB12CDE"], "mine")


def test_further_columns_stand_beside_others_under_names_of_their_own():
    found = read("reg,line,given line\nAB12CDE,7,8")
    beside = found.further_beside(["line"])
    assert {name: column.tolist() for name, column in beside.items()} == {
        "given line": [7],
        "given given line": [8],
    }


def test_short_rows_have_empty_cells():
    assert read("reg,a\nAB12CDE\nYK66BIQ,x,y\n").further["a"].tolist() == ["", "x"]


def test_another_format_is_read_by_its_own_positions():
    code = TOY.example
    reading = read_codes(f"{code}\n".encode(), "own", TOY)
    assert reading.codes.tolist() == [code]
    longer = replace(
        TOY,
        alphabets=(*TOY.alphabets, "0"),
        example=f"{code}0",
        separators=(),
        position_names=(),
    )
    with pytest.raises(ReadingError, match=f"{longer.length} characters are expected"):
        read_codes(f"{code}\n".encode(), "own", longer)


def bomb():
    import zipfile

    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("a", "w") as file:
        for _ in range(51):
            file.write(bytes(10_000_000))
    return sink.getvalue()


BAD = [
    (b"", TableError, "expected a table or a list, got an empty file"),
    (b"\xef\xbb\xbf \r\n", TableError, "got an empty file"),
    (b"\xff\xfe", TableError, "got an empty file"),
    (b"\x89PNG\r\n\x1a\n\0\0", TableError, "expected a text in UTF-8, Parquet or Excel"),
    (b"AB12CDE\0\0", TableError, "got another kind of file"),
    (b"reg,who\nAB12CDE,Ren\xe9", TableError, "got other bytes in line 2; save it"),
    (b"PAR1 and no more", TableError, "expected a complete Parquet file"),
    (b"PK\x03\x04 and no more", TableError, r"expected a complete Excel file \(.xlsx\)"),
    (b"AB12CDE," + b"x" * 5000, TableError, "at most 1,000 characters, got 5,000 in line 1"),
    (b'AB12CDE,"x' + b"\nAB12CDE,x" * 99999, TableError, "close its quotation mark"),
    (b"AB12CDE" + b",1" * 200, TableError, "expected at most 100 columns, got 201"),
    (b"hello\nworld\n", ReadingError, "in the column 'hello', got none .* line 2 'world'"),
    (b"reg\n", ReadingError, "expected one code such as AB12 CDE a line, got none"),
]


@pytest.mark.parametrize(("content", "kind", "sentence"), BAD)
def test_a_file_that_cannot_be_read_gives_one_sentence(content, kind, sentence):
    with pytest.raises(kind, match=sentence) as raised:
        read(content)
    assert str(raised.value).startswith("own: expected ")
    assert "\n" not in str(raised.value)


def test_an_excel_file_that_unpacks_to_too_much_is_not_unpacked():
    with pytest.raises(TableError, match="at most 500 MB of unpacked Excel, got 510 MB"):
        read(bomb())


def test_a_missing_column_gives_those_there_are():
    with pytest.raises(TableError, match=r"a column of this file \('n', 'reg', 'who'\), got 'x'"):
        read(written(FRAME, "csv"), column="x")


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_more_lines_than_the_limit_are_refused(kind):
    frame = pd.DataFrame(
        {"reg": [f"AB{i // 676:02}C{chr(65 + i // 26 % 26)}{chr(65 + i % 26)}" for i in range(40)]}
    )
    assert len(read(written(frame, kind), most=40).codes) == 40
    for most in (39, 20):
        with pytest.raises(TableError, match=f"expected at most {most} lines, got more"):
            read(written(frame, kind), most=most)


def test_a_hundred_thousand_lines_are_read_in_seconds():
    codes = [
        f"AB{i % 100:02}{chr(65 + i // 67600)}{chr(65 + i // 2600 % 26)}{chr(65 + i // 100 % 26)}"
        for i in range(100_000)
    ]
    reading = read("\n".join(f"{code},{i}" for i, code in enumerate(codes)))
    assert reading.codes.tolist() == codes
    np.testing.assert_array_equal(reading.further["column 2"], np.arange(100_000))


# --- many texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mistyped", "between"), [("{}", "\n"), ("{}?1", "\n"), ("1{}", "\n"), ("{}", ", ")]
)
def test_many_texts_take_seconds_whether_they_are_codes_or_not(mistyped, between):
    codes = UK_REGISTRATION.generate(50_000, rng=np.random.default_rng(0)).tolist()
    texts = ["AB12CDE", "AB12CDF", *(mistyped.format(code)[:9] for code in codes)]
    started = time.process_time()
    reading = read(between.join(texts))
    assert reading.rows == len(texts)
    assert time.process_time() - started < 6  # one by one they take half a minute


def test_one_long_text_does_not_make_all_as_long_in_memory():
    text = "\n".join(["AB12CDE"] * 100_000 + ["A" * 999])
    tracemalloc.start()
    reading = read(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reading.dropped[-1].lines.tolist() == [100_001]
    assert peak < 200e6


@pytest.mark.parametrize("mark", ["\x0c", "\x1c", "\u2028", "\x85"])
def test_lines_of_a_list_are_those_of_an_editor(mark):
    reading = read(f"AB12CDE, MY33WSZ\nXX{mark}\nYK66BIQ")
    assert reading.lines.tolist() == [1, 1, 3]
    assert [one.lines.tolist() for one in reading.dropped] == [[2]]


def test_digits_of_other_scripts_are_texts():
    reading = read("reg,n\nAB12CDE,1\u0663\nMY33WSZ,2")
    assert reading.further["n"].tolist() == ["1\u0663", "2"]
