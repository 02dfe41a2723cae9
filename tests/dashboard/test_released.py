"""The pages of a model without its records: they do what they can, and say what is missing."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services, state
from dashboard.words import compare as compare_words
from dashboard.words import explore as words
from dashboard.words import journey as journey_words
from dashboard.words import own_codes as own_words
from dashboard.words import results as result_words
from dashboard.words import sampling as sampling_words
from regvae.model.release import release
from regvae.rejection.rules import Certified, Learned, OneSided, TwoSided
from tests.dashboard import (
    SQUARE,
    charts_of,
    generate_results,
    named,
    opened,
    press,
    problems_of,
    text_of,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the releases "shared" of ordered-2d and "deep" of exact-15d."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    release("ordered-2d", home / "models" / "shared")
    release("exact-15d", home / "models" / "deep")
    return home


@pytest.fixture(autouse=True)
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That home, for every test here."""
    monkeypatch.setenv("REGVAE_HOME", str(folder))
    return folder


def rule_of(app: AppTest) -> tuple[str, float]:
    return app.session_state[state.RULE], app.session_state["q"]


@pytest.mark.parametrize("name", ["shared", "deep"])
def test_the_map_is_painted_has_samples_and_no_dot(name, sent):
    app = opened(model=name)
    assert problems_of(app) == ""
    assert "without records; " in text_of(app)
    assert words.WELCOME_RELEASED.strip() in text_of(app)
    data = sent[-1]
    assert data["dot"] == ""
    assert data["painted"]
    assert data["samples"]
    assert data["report"]["accepted"] > 100
    assert [one["name"] for one in data["rule"]["parameters"]] == ["m"]
    geometry = services.geometry(name, services.version_of(name))
    assert len(geometry.records) == 0
    colours = {one["name"]: one for one in geometry.attributes}
    assert (colours["number"]["low"], colours["number"]["high"]) == (0, 99)


def test_the_model_is_in_the_box_with_the_others():
    app = opened()
    assert {"shared", "deep", "ordered-2d"} <= set(app.selectbox(key=state.MODEL).options)


def test_the_usual_rule_becomes_certified_and_comes_back_with_the_next_model():
    app = opened(model="ordered-2d")
    assert rule_of(app) == (OneSided.name, 0.02)
    app.selectbox(key=state.MODEL).set_value("shared").run()
    assert rule_of(app) == (Certified.name, 0)
    assert problems_of(app) == ""
    app.selectbox(key=state.MODEL).set_value("ordered-2d").run()
    assert rule_of(app) == (OneSided.name, 0.02)
    assert problems_of(app) == ""


def test_a_rule_that_was_chosen_is_set_back_with_a_sentence():
    app = opened(model="ordered-2d", rule=TwoSided.name)
    app.selectbox(key=state.MODEL).set_value("shared").run()
    assert rule_of(app) == (Certified.name, 0)
    assert words.RULE_SET.format(model="shared", rule=TwoSided.name) in problems_of(app)


def test_a_rule_in_the_address_says_what_it_needs():
    app = opened(model="shared", rule=TwoSided.name)
    assert "a bundle with its records for the rule two-sided" in problems_of(app)
    assert problems_of(opened(model="shared", rule=Learned.name)) == ""
    assert problems_of(opened(model="shared", rule=Certified.name)) == ""


def test_the_form_says_what_is_not_known_and_has_no_q():
    app = opened(model="shared", tab=words.SAMPLE_TAB)
    assert named(sampling_words.RULES_RELEASED) in text_of(app)
    app.checkbox(key=state.UNWANTED_TRAINING).check().run()
    assert "a bundle with its records to know which codes it was trained on" in problems_of(app)


def test_a_proposal_around_records_is_refused_in_words():
    app = opened(model="shared", proposal="around")
    assert "Rejection sampling: expected a bundle with its records to" in problems_of(app)


def test_a_pinned_point_is_decoded_and_judged_without_neighbours():
    app = opened(model="shared", point="-1.0, 0.5")
    text = text_of(app)
    assert words.NO_NEAREST in text
    assert words.REJECTED.format(rule=Certified.name) in text
    assert "nearest" not in text.replace(words.NO_NEAREST, "")
    assert "sparser" not in text
    press(app, words.GO_TO_NEAREST)
    assert words.ACCEPTED.format(rule=Certified.name) in text_of(app)


def test_a_searched_reg_is_not_said_to_be_unknown():
    app = opened(model="shared", **{state.SEARCH: "MY33WSZ"})
    assert words.NO_MEMBERSHIP in text_of(app)
    assert words.MEMBERSHIP[None] not in text_of(app)


def test_a_region_is_decoded():
    app = opened(model="shared")
    app.session_state[state.REGION] = SQUARE
    app.run()
    assert named(words.REGION_UNKNOWN) in text_of(app)
    press(app, words.DECODE_REGION.format(n=state.DECODE))
    assert "Whether any is a record is not known" in text_of(app)


@pytest.mark.parametrize("name", ["shared", "deep"])
def test_results_are_wanted_and_may_be_records(name):
    app = opened(model=name, tab=words.RESULTS_TAB)
    assert named(result_words.INTRO_RELEASED).strip() in text_of(app)
    app.number_input(key=state.NUMBER).set_value(20).run()
    generate_results(app)
    assert problems_of(app) == ""
    text = text_of(app)
    assert "20 results: 20 different regs, none unwanted; whether any is a record is" in text
    assert "collisions are not known" in text
    assert "none a record" not in text
    assert charts_of(app) == []  # no edits to records


def test_leaks_are_searched():
    app = opened(model="shared", tab=words.RESULTS_TAB)
    press(app, result_words.HUNT)
    assert "none in" in text_of(app)


def test_journeys_are_decoded_and_one_along_the_data_says_why_not():
    ends = {"from_": "-1, 0", "to": "1, 0"}
    app = opened(model="shared", tab=words.JOURNEYS_TAB, **ends)
    assert "different regs in" in text_of(app)
    assert "near" not in text_of(app)
    app = opened(
        model="shared",
        tab=words.JOURNEYS_TAB,
        **{state.PATH: journey_words.PATHS["density"]},
        **ends,
    )
    assert "with its records for a path along the data" in problems_of(app)


def test_ones_own_codes_are_on_the_map_without_what_is_not_known(sent):
    app = opened(model="shared", tab=words.OWN_TAB)
    app.text_area(key=state.OWN_TEXT).set_value("AB12CDE\nMY33WSZ").run()
    press(app, own_words.SHOW)
    assert sent[-1]["own"]
    text = text_of(app)
    assert "the model was released without its records" in text
    assert "are records of the model" not in text
    table = app.dataframe[0].value
    assert own_words.IN_DATA not in table
    assert own_words.P_VALUE not in table
    assert own_words.IN_DATA not in app.selectbox(key=state.OWN_COLOUR).options


def test_the_density_of_records_is_not_there():
    version = services.version_of("shared")
    assert services.density_layer("shared", version, (1, 2), (0.0, 0.0)) is None
    assert problems_of(opened(model="shared", density="true")) == ""


def test_the_report_has_what_the_manifest_has():
    app = opened("report", model="shared")
    text = text_of(app)
    assert "shared was released without its records" in text
    assert "10,000 training, 1,000 validation, 1,000 test" in text
    assert "60 epochs, seed" in text
    assert len(charts_of(app)) == 1
    assert problems_of(app) == ""


@pytest.mark.parametrize("sides", [("shared", "ordered-2d"), ("ordered-2d", "shared")])
def test_compare_shows_both_maps_and_tells_what_is_not_known(sides):
    app = opened("compare", left=sides[0], right=sides[1])
    assert problems_of(app) == compare_words.RELEASED.format(name="shared")
    table = app.table[0].value
    at = sides.index("shared")
    assert table.loc["calibrated scale"].iloc[at] == compare_words.NOT_KNOWN
    assert table.loc["calibrated scale"].iloc[1 - at] != compare_words.NOT_KNOWN
    accuracy = table.loc["exact match on test regs"]
    assert accuracy.iloc[0] == accuracy.iloc[1]
    assert [len(one["data"]) for one in charts_of(app)] == [1, 1]  # only one has times
    app.text_input(key=state.PREDICATE).set_value("number >= 50").run()
    assert "5,897 of 12,000 records" in text_of(app).replace("*", "")


def test_two_releases_are_compared():
    app = opened("compare", left="shared", right="deep")
    assert problems_of(app).count("released without its records") == 2
    assert list(app.table[0].value.columns) == ["left: shared", "right: deep"]
