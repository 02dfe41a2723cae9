"""What the address may hold, numbers as they are typed, and the order of the panel's sections."""

import math

import pytest

from dashboard import state
from dashboard.words import explore as words
from tests.dashboard import PICTURE, has_picture, named, opened, problems_of, text_of


def named_in(app, key: str, value: str) -> bool:
    """Whether a sentence tells that a value of the address cannot be used."""
    return f"The address has {key} = “{value}”, which cannot be used here" in problems_of(app)


@pytest.mark.parametrize(
    "query",
    [
        {
            "samples": "0",
            "threshold": "abc",
            "colour": "nothing",
            "seed": "-3",
            "box": "nan",
            "rule": "three-sided",
            "margin": "-1",
            "q": "0.9",
            "proposal": "moon",
            "training": "maybe",
            "model": "nowhere",
        },
        {"samples": "1000000000", "threshold": "-1"},
        {"tab": "Journeys", "steps": "3", "path": "nowhere", "painted": "perhaps"},
    ],
    ids=["nonsense", "beyond", "journey"],
)
def test_every_value_of_the_address_that_no_widget_can_have_is_named(query: dict) -> None:
    app = opened(**query)
    for key, value in query.items():
        if key != "tab":
            assert named_in(app, key, value), key
    usual = state.DEFAULTS[state.MODEL] if "model" in query else state.NOTEBOOK
    assert app.selectbox(key=state.MODEL).value == usual


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("explore", {"samples": "1e999", "seed": "-1e999", "rule": ""}),
        ("explore", {"model": "exact-15d", "plane": "", "up": ""}),
        ("read", {"step": "1e999"}),
    ],
)
def test_a_value_on_which_a_widget_would_raise_is_named_like_any_other(
    page: str, query: dict
) -> None:
    app = opened(page, **query)
    for key, value in query.items():
        if key != "model":
            assert named_in(app, key, value), key
            assert app.session_state[key] == state.DEFAULTS[key]


def test_keys_that_are_no_value_of_the_page_do_nothing() -> None:
    app = opened(contrast="1", map="x", handled="9")  # a button, a component, ours
    app.query_params[" "] = "1"
    app.query_params["$$STREAMLIT_INTERNAL_KEY"] = "1"
    app.run()
    assert not problems_of(app)
    app.switch_page("app_pages/figures.py").run()
    app.query_params.clear()
    app.switch_page("app_pages/explore.py").run()
    assert not problems_of(app)


def test_the_address_is_no_markdown() -> None:
    app = opened(unwanted=PICTURE, point=PICTURE, reg=PICTURE)
    assert problems_of(app).count("![x](http") == 3
    assert not has_picture(app)


def test_a_good_address_sets_the_widgets_and_causes_no_warning() -> None:
    app = opened(
        threshold="1.5", reg="AB12CDE", proposal="around", training="true", rule="two-sided"
    )
    assert not problems_of(app)
    assert app.number_input(key="threshold").value == 1.5
    assert app.selectbox(key=state.PROPOSAL).value == "around"
    assert app.checkbox(key=state.UNWANTED_TRAINING).value
    assert app.session_state[state.RULE] == "two-sided"
    assert named(words.SEARCHED) in text_of(app)
    app.button(key="clear-reg").click().run()  # the default again, which the address is not
    assert named(words.SEARCHED) not in text_of(app)
    assert not problems_of(app)


@pytest.mark.parametrize(("page", "key"), [("report", "model"), ("compare", "left")])
def test_problems_of_the_address_are_shown_on_the_first_page_alone(page: str, key: str) -> None:
    app = opened(page, **{key: "nowhere"})
    assert named_in(app, key, "nowhere")
    assert named_in(app.run(), key, "nowhere")
    app.switch_page("app_pages/explore.py").run()
    assert not problems_of(app)


@pytest.mark.parametrize(
    ("text", "n", "expected"),
    [
        ("0.5, -1.2", 2, [0.5, -1.2]),
        (" 1e3 ", 1, [1000.0]),
        ("1e6,-1e6", 2, [1e6, -1e6]),
        ("0.5", 2, None),
        ("0.5, 1, 2", 2, None),
        ("1, nan", 2, None),
        ("1e999, 0", 2, None),
        ("1000001, 0", 2, None),
        ("here", 1, None),
        ("", 1, None),
    ],
)
def test_numbers_are_coordinates_separated_by_commas(text: str, n: int, expected) -> None:
    assert state.numbers(text, n) == expected


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ([0.123456789, -1.5], "0.1235, -1.5"),
        ([-0.00001, 3.0], "0, 3"),
        ([123456.78912, -2e-3], "123456.7891, -0.002"),
    ],
)
def test_a_point_is_written_with_four_decimals_and_read_as_the_same(point, text: str) -> None:
    assert state.point_text(point) == text
    again = state.numbers(text, len(point))
    assert again == [round(number, 4) + 0.0 for number in point]
    assert state.point_text(again) == text


@pytest.mark.parametrize("value", ["1", None, math.nan, math.inf, -1e39, [1]])
def test_what_is_no_coordinate(value) -> None:
    assert not state.is_coordinate(value)


def test_a_section_that_is_brought_forward_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict = {state.TAB: "Results"}
    monkeypatch.setattr(state.st, "session_state", session)
    sections = [state.SEARCH, state.POINT, state.REGION]
    assert state.newest_first(sections) == sections
    for one in (state.REGION, state.POINT, state.REGION):
        state.bring_forward(one)
    assert session[state.TAB] == words.RESULTS_TAB
    assert state.newest_first(sections) == [state.REGION, state.POINT, state.SEARCH]
    state.open_section(state.SEARCH)
    assert state.newest_first(sections) == [state.SEARCH, state.REGION, state.POINT]
    assert session[state.TAB] == words.READ_TAB
    session[state.TAB] = words.JOURNEYS_TAB
    state.open_section(state.SEARCH)
    assert session[state.TAB] == words.JOURNEYS_TAB
