"""`regvae formats`: listed, shown, inferred from a file."""

import json

import numpy as np
import pytest

from regvae.formats import FORMATS
from regvae.formats.definition import read

FRENCH = FORMATS["french-registration"]


@pytest.fixture
def cars(tmp_path):
    """A file of French registrations with a header, two wrong lines and another column."""
    codes = FRENCH.generate(300, rng=np.random.default_rng(0)).tolist()
    lines = ["plate,doors", *(f"{FRENCH.shown(code)},5" for code in codes)]
    lines[20], lines[40] = "n/a,3", "AB-12-CD,5"
    path = tmp_path / "my cars.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_every_format_is_listed_with_an_example(output):
    text = output("formats")
    for one in FORMATS.values():
        assert f"{one.name} " in text
        assert one.shown(one.example) in text
    assert [one["name"] for one in json.loads(output("formats", "--json"))] == list(FORMATS)


def test_a_format_is_shown_with_its_pattern_check_and_attributes(output):
    text = output("formats", "show", "gb-iban")
    assert "pattern     GB[0-9]{2} [A-Z]{4} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{2}\n" in text
    assert "check       iban\n" in text
    assert "learned     18\n" in text
    assert "  sort_code           number    sort code\n" in text
    found = json.loads(output("formats", "show", "french-registration", "--json"))
    assert found["excluded"] == "SS at 1, WW at 1, 000 at 3, SS at 6"
    assert found["codes"] == 23**4 * 1000


def test_a_format_is_inferred_with_the_lines_that_do_not_fit(output, cars):
    found = json.loads(output("formats", "infer", cars, "--json"))
    assert found["pattern"] == "[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}"
    assert found["column"] == "plate"
    assert found["covered"] == pytest.approx(298 / 300)
    assert found["exceptions"] == [21, 41]
    assert len(found["examples"]) > 0
    assert found["check"] is None
    text = output("formats", "infer", cars)
    assert "exceptions  lines 21, 41\n" in text
    assert "\n- positions 1 to 2: 23 of 26 letters seen" in text


def test_an_inferred_format_is_written_as_a_file_that_is_shown_and_generated_from(output, cars):
    path = cars.with_name("cars.toml")
    assert f"wrote {path}; name its noun" in output("formats", "infer", cars, "--out", path)
    assert read(path).pattern == FRENCH.pattern
    assert "noun        code\n" in output("formats", "show", path)
    drawn = output("dataset", "--format", path, "--n", 50, "--out", cars.with_name("new.csv"))
    assert drawn.startswith("50 codes, first ")
    lines = cars.with_name("new.csv").read_text("utf-8").splitlines()
    assert FRENCH.match(lines[1:])[1].sum() > 45  # SS, WW and 000 are not known to be excluded


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["formats", "show", "moon"], "expected a format (uk-registration, "),
        (["formats", "show", "moon.toml"], "moon.toml: No such file"),
        (["formats", "infer", "nowhere.csv"], "nowhere.csv: No such file"),
        (["dataset", "--n", "5"], "expected --n with --format, got it alone; add --format"),
        (["dataset", "--format", "moon"], "expected a format (uk-registration, "),
    ],
)
def test_what_is_no_format_is_refused(refusal, arguments, words):
    assert words in refusal(*arguments)


def test_a_name_that_does_not_end_in_toml_is_refused_before_the_file_is_read(refusal):
    given = ["formats", "infer", "nowhere.csv", "--out", "x.txt"]
    assert "expected a name that ends in .toml, got 'x.txt'" in refusal(*given)
