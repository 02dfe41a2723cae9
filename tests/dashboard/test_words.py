"""How values are written, and that what somebody typed is never Markdown."""

import importlib
import pkgutil
import re

import pytest

import dashboard.words
from dashboard.words import common, journey
from regvae.formats import UK_REGISTRATION
from regvae.model.config import Order
from tests.dashboard import PICTURE, unescaped


@pytest.mark.parametrize(
    "text",
    [
        PICTURE,
        "**bold** `code` <b>x</b>",
        "a_b [x](y) #1. 2",
        "AB12 CDE",
        "number ≥ 50 “☃，” 😀 ~$",
    ],
)
def test_plain_words_hold_no_markdown_and_read_the_same(text: str) -> None:
    plain = common.plain(text)
    assert unescaped(plain) == text
    assert not re.search(r"(?<!\\)[*`<>\[\]()#!~$]", plain)
    assert not re.search(r"\\[^!-~]", plain)  # such a backslash would be read


def test_points_have_fewer_digits_in_many_dimensions() -> None:
    assert common.point([0.5, -1.25]) == "(0.500, -1.250)"
    assert common.point([1] * 4) == "(1.00, 1.00, 1.00, 1.00)"


def test_coordinates_are_asked_for_by_their_number() -> None:
    assert common.coordinates(1).startswith("a number")
    assert common.coordinates(2).startswith("two numbers")
    assert common.coordinates(15).startswith("15 numbers")


def test_axes_are_named_by_their_number_or_as_the_widest() -> None:
    assert common.axis_labels((4, 2)) == ("z4", "z2")
    assert common.axis_labels((1, 1)) == ("z1", "")
    assert "widest" in common.axis_labels(None)[0]


def test_orders_are_listed_or_none() -> None:
    assert common.orders([Order("number", 1), Order("area", 2)]) == "number along z1, area along z2"
    assert common.orders([]) == "none"


def test_a_long_training_is_given_in_minutes() -> None:
    assert common.training_length(60, 119.4, 3) == "60 epochs in 119 s, seed 3"
    assert common.training_length(1000, 300, 0) == "1,000 epochs in 5 min, seed 0"


def test_one_reg_is_no_plural() -> None:
    assert journey.different(1, UK_REGISTRATION) == "1 different reg"
    assert journey.different(1200, UK_REGISTRATION) == "1,200 different regs"


def test_no_page_uses_a_word_that_the_glossary_replaces() -> None:
    banned = re.compile(
        r"\b(comes? back|came|rebuilt|lottery|promises?|truest|twins?|trainings|says|endless)\b"
    )
    for module in pkgutil.iter_modules(dashboard.words.__path__):
        words = importlib.import_module(f"dashboard.words.{module.name}")
        for name, value in vars(words).items():
            if name.isupper():
                assert not banned.search(str(value)), f"{module.name}.{name}"


@pytest.mark.parametrize(
    ("unit", "value", "limit", "expected"),
    [
        ("σ", 1.8, 0.5, ("1.80 σ", "0.50 σ")),
        ("σ", 2.5, 2.5, ("2.50 σ", "2.50 σ")),
        ("σ", 2.4996, 2.5, ("2.4996 σ", "2.5000 σ")),
        ("%", 0.0501, 0.05, ("5.01%", "5.00%")),
        ("%", 0.25, 0.05, ("25.0%", "5.0%")),
    ],
)
def test_a_value_looks_equal_to_its_limit_only_if_it_is(
    unit: str, value: float, limit: float, expected: tuple[str, str]
) -> None:
    assert common.quantities(unit, value, limit) == expected
