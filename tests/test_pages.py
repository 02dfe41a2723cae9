"""Every page through Streamlit's own test driver: words, widgets, and bad input."""

import dataclasses
import fcntl
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import latent_map, palette, plates, services, state, text, training_view
from regvae.evaluation import diagnosis
from regvae.evaluation.check import check
from regvae.evaluation.notebook import UNWANTED, notebook_figures
from regvae.formats import uk_registration
from regvae.formats.uk_registration import pretty
from regvae.model import bundle as bundles
from regvae.model import presets, store
from regvae.model.bundle import HISTORY_COLUMNS, Bundle
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box, Prior
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted
from regvae.training import jobs
from tests.test_diagnosis import made as random_bundle

APP = str(Path(__file__).resolve().parent.parent / "dashboard" / "app.py")


@pytest.fixture
def app() -> AppTest:
    """The app on its first page, run once."""
    ready = AppTest.from_file(APP, default_timeout=30).run()
    assert not ready.exception
    return ready


def unescaped(words: str) -> str:
    """Words as a person reads them: Markdown's backslashes hide what they protect."""
    return re.sub(r"\\([^\w\s])", r"\1", words)


def words(app: AppTest) -> str:
    """Everything a person can read in the app's text elements, none of which is an exception."""
    assert not app.exception
    kinds = (app.markdown, app.caption, app.warning, app.error, app.table)
    shown = "\n".join(str(element.value) for kind in kinds for element in kind)
    html = [one.proto.body for one in app.get("html") if not one.proto.body.startswith("<style")]
    return unescaped(shown) + "\n".join(html)


def test_the_first_page_welcomes(app: AppTest) -> None:
    assert "Every dot is a car registration" in words(app)
    assert not app.warning
    assert not app.error


def test_a_point_typed_is_a_point_pinned(app: AppTest, bundle: Bundle) -> None:
    app.text_input(key=state.POINT).input("0.5, 0.3").run()
    assert "Pinned point" in words(app)
    assert pretty(bundle.autoencoder.decode([[0.5, 0.3]])[0]) in words(app)
    assert "Rejected" in words(app)
    app.button(key="clear-point").click().run()
    assert "Pinned point" not in words(app)


def test_a_far_point_is_accepted(app: AppTest) -> None:
    app.text_input(key=state.POINT).input("30, 30").run()
    assert "**Accepted**" in words(app)


def test_a_reg_of_the_test_split_is_known_as_such(app: AppTest) -> None:
    app.text_input(key=state.SEARCH).input("my33 wsz").run()
    assert text.MEMBERSHIP["test"] in words(app)
    app.text_input(key=state.SEARCH).input("zz99 zzz").run()
    assert text.MEMBERSHIP[None] in words(app)


def test_a_region_of_the_state_is_summarised(app: AppTest, bundle: Bundle) -> None:
    app.session_state[state.REGION] = [[-9.0, -9.0], [9.0, -9.0], [9.0, 9.0], [-9.0, 9.0]]
    app.run()
    assert "Region: 12,000 of 12,000 records" in words(app)
    assert f"{bundle.records.attribute('at_least_50').mean():.1%}" in words(app)


def test_an_empty_region_can_still_be_decoded(app: AppTest) -> None:
    app.session_state[state.REGION] = [[8.0, 8.0], [9.0, 8.0], [9.0, 9.0], [8.0, 9.0]]
    app.run()
    assert text.REGION_EMPTY in words(app)
    decode = next(button for button in app.button if button.label.startswith("Decode 50"))
    decode.click().run()
    assert "different regs in 50 points" in words(app)


def test_a_region_without_area_is_refused_in_words(app: AppTest) -> None:
    app.session_state[state.REGION] = [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]
    app.run()
    decode = next(button for button in app.button if button.label.startswith("Decode 50"))
    decode.click().run()
    assert "too thin to draw points from" in words(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("key", "typed", "sentence"),
    [
        (state.SEARCH, "A112CDE", "position 2 of a reg wants a letter A to Z"),
        (state.SEARCH, "AB1", "a reg has 7 characters"),
        (state.POINT, "here", "A point is two numbers"),
        (state.POINT, "1, nan", "A point is two numbers"),
        (state.POINT, "1e999, 0", "A point is two numbers"),
        (state.POINT, "1e39, 0", "A point is two numbers"),
        (state.UNWANTED, "colour == red", "there is no attribute 'colour'"),
        (state.UNWANTED, "__import__('os')", "a rule is 'attribute op value'"),
        (state.UNWANTED, "", "nothing is unwanted"),
        (state.UNWANTED, "number >= 0", "every record fulfils 'number >= 0'"),
        (state.UNWANTED, "number < 0", "no record fulfils 'number < 0'"),
        (state.BOX_CORNERS, "1, 2, 3", "A box is four numbers"),
        (state.BOX_CORNERS, "-1e39, 0, 1, 1", "A box is four numbers"),
    ],
)
def test_bad_input_is_answered_in_the_page(
    app: AppTest, key: str, typed: str, sentence: str
) -> None:
    app.text_input(key=key).input(typed).run()
    assert sentence in words(app)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("samples", "0"),
        ("samples", "1000000000"),
        ("threshold", "abc"),
        ("threshold", "-1"),
        ("colour", "nothing"),
        ("seed", "-3"),
        ("box", "nan"),
        ("rule", "three-sided"),
        ("margin", "-1"),
        ("q", "0.9"),
        ("proposal", "moon"),
        ("training", "maybe"),
    ],
)
def test_a_corrupt_address_is_answered_in_the_page(key: str, value: str) -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params[key] = value
    app.run()
    assert f"The address says {key} = “{value}”" in words(app)


@pytest.mark.parametrize("key", ["samples", "seed"])
def test_an_endless_number_in_the_address_is_a_sentence(key: str) -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params[key] = "1e999"
    app.run()
    assert text.ENDLESS in words(app)


@pytest.mark.parametrize("key", ["unwanted", "point", "reg"])
def test_what_an_address_says_is_no_markdown(key: str) -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params[key] = "![x](http://e.invalid/a.png)"
    app.run()
    assert "![x](http" in words(app)
    assert all("![x]" not in warning.value for warning in app.warning)


def test_a_good_address_is_taken_without_a_word() -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["threshold"] = "1.5"
    app.query_params["reg"] = "AB12CDE"
    app.run()
    assert not app.warning
    assert app.number_input(key="threshold").value == 1.5
    assert "Searched reg" in words(app)


def test_clearing_what_the_address_asked_for_is_no_complaint() -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["reg"] = "AB12CDE"
    app.run()
    app.button(key="clear-reg").click().run()
    assert "Searched reg" not in words(app)
    assert not app.warning


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"pick": {"value": [1, 2.5]}}, {state.POINT: "1, 2.5"}),
        ({"pick": {"value": ["1", 2]}}, {}),
        ({"pick": {"value": [float("nan"), 2]}}, {}),
        ({"pick": {"value": [1e39, 2]}}, {}),
        ({"pick": {"value": []}}, {}),
        ({"pick": {"value": {"x": 1, "y": 2}}}, {}),
        ({"pick": "rubbish"}, {}),
        ({"parameter": {"value": {"name": "margin", "value": 1.5}}}, {"margin": 1.5}),
        ({"parameter": {"value": {"name": "margin", "value": "1.5"}}}, {}),
        ({"parameter": {"value": {"name": "margin", "value": -1}}}, {}),
        ({"parameter": {"value": {"name": "alpha", "value": 0.7}}}, {}),
        ({"parameter": {"value": {"name": "seed", "value": 1}}}, {}),
        ({"parameter": {"value": {"name": ["margin"], "value": 1}}}, {}),
        ({"parameter": {"value": 1.5}}, {}),
        ({"region": {"value": [[0, 0], [1, 0], [1, 1]]}}, {state.REGION: [[0, 0], [1, 0], [1, 1]]}),
        ({"region": {"value": [[0, 0], [1, 0]]}}, {}),
        ({"region": {"value": [[0, 0], [1, 0], [1, 1e308]]}}, {}),
        ({"region": {"value": [[0, 0]] * 20_000}}, {}),
        ({"region": "rubbish"}, {}),
    ],
)
def test_what_the_browser_sends_is_checked(
    sent: dict, kept: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: dict = {}
    monkeypatch.setattr(latent_map.st, "session_state", {state.MAP: sent})
    gestures = latent_map.Gestures(
        pick=lambda z: heard.update({state.POINT: ", ".join(f"{one:g}" for one in z)}),
        region=lambda polygon: heard.update({state.REGION: polygon}),
        parameter=lambda name, value: heard.update({name: value}),
    )
    for name in sent:
        getattr(gestures, f"on_{name}")()
    assert heard == kept


@pytest.mark.parametrize("page", ["explore", "read", "figures", "report"])
def test_a_missing_model_is_a_sentence_on_every_page(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "ASSETS", tmp_path)
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.switch_page(f"app_pages/{page}.py").run()
    assert "there is no bundle 'notebook-2d'" in words(app)


def test_a_damaged_model_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    bundles.save(bundle, tmp_path / "notebook-2d")
    (tmp_path / "notebook-2d" / "weights.safetensors").write_bytes(b"rubbish")
    monkeypatch.setattr(bundles, "ASSETS", tmp_path)
    services.bundle.clear()
    services.geometry.clear()
    app = AppTest.from_file(APP, default_timeout=30).run()
    assert "weights.safetensors: wanted sha256" in words(app)


def test_the_reading_page_tells_the_story(bundle: Bundle) -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.switch_page("app_pages/read.py").run()
    assert not app.exception
    assert "How the threshold fools itself" in words(app)
    assert pretty("MY33WSZ") in words(app)
    policy = Policy("notebook-2d", UNWANTED)
    samples = sampling.sample(bundle, policy)
    assert f"**{sampling.report(samples, policy.rule).purity:.1%}**" in words(app)


def test_the_figures_page_shows_published_and_ours(bundle: Bundle) -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.switch_page("app_pages/figures.py").run()
    assert not app.exception
    table = app.table[1].value
    assert "267 = 0.967" in table["published"].tolist()
    ours = dict(zip(table["figure"], table["this model"], strict=True))
    for row in notebook_figures(bundle):
        assert ours[row.figure] == row.here
    assert bundle.command in words(app)


def test_the_figures_page_shows_the_study_of_the_rules() -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.switch_page("app_pages/figures.py").run()
    table = app.table[0].value
    assert table["seed"].tolist() == list(range(10))
    study = services.rule_study()
    for rule in (OneSided, TwoSided, Posterior):
        rows = study[study["rule"] == rule.name].sort_values("seed")
        shown = [f"{a:.1%}, {p:.1%}" for a, p in zip(rows.acceptance, rows.purity, strict=True)]
        assert table[f"{rule.name}: accepted, purity"].tolist() == shown


def test_the_study_that_is_shown_meets_what_the_words_claim() -> None:
    least = services.rule_study().groupby("rule")[["acceptance", "purity"]].min()
    assert least.loc["two-sided", "purity"] >= 0.97
    assert least.loc["posterior", "purity"] >= 0.995
    assert (least.loc[["two-sided", "posterior"], "acceptance"] >= 0.05).all()
    assert least.loc["one-sided", "purity"] < 0.1


# --- the report -----------------------------------------------------------------------------------


def reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle: Bundle, data: dict, **training: Any
) -> AppTest:
    """The report of the shipped weights under a preset of other words."""
    preset = dataclasses.replace(
        bundle.preset,
        data=dataclasses.replace(bundle.preset.data, **data),
        training=dataclasses.replace(bundle.preset.training, **training),
        about="See ![this](http://x)",
    )
    bundles.save(dataclasses.replace(bundle, preset=preset), tmp_path / "notebook-2d")
    monkeypatch.setattr(bundles, "ASSETS", tmp_path)
    return report()


def report() -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30)
    app.switch_page("app_pages/report.py").run()
    assert not app.exception
    return app


def charts_of(app: AppTest) -> list[dict]:
    """What every chart of the page draws."""
    return [json.loads(element.proto.spec) for element in app.get("plotly_chart")]


def test_the_report_says_who_the_model_is(bundle: Bundle) -> None:
    app = report()
    shown = words(app)
    assert "The model: notebook-2d" in shown
    took = bundle.history["seconds"].sum()
    assert f"400 epochs in {took:.0f} s, seed 2" in shown
    assert "10,000 training, 1,000 validation, 1,000 test" in shown
    assert "0.1 of the σ that the encoder reports" in shown
    assert [block.value for block in app.code] == [bundle.command]


def test_the_report_draws_the_diagnosis(bundle: Bundle) -> None:
    found = diagnosis.diagnose(bundle)
    accuracy, letters, digits, nats, dimensions, aggregate, _ = charts_of(report())
    for bars, one in zip(accuracy["data"], found.accuracies, strict=True):
        assert bars["name"] == f"{text.SPLITS[one.split]} ({one.n:,})"
        assert len(bars["x"]) == 8
    for picture, one in ((letters, found.letters), (digits, found.digits)):
        assert picture["data"][0]["x"] == picture["data"][0]["y"] == list(one.alphabet)
    assert [trace["name"] for trace in nats["data"]] == [
        "rate + distortion = 20.48",
        *text.SPLITS.values(),
    ]
    assert [(trace["x"], trace["y"]) for trace in nats["data"][1:]] == [
        ([one.rate], [one.distortion]) for one in found.rates
    ]
    assert dimensions["data"][0]["x"] == ["z1", "z2"]
    assert [trace["name"] for trace in aggregate["data"]] == ["z1", "z2", "the prior, N(0, 1)"]


def test_the_report_says_what_the_nats_mean(bundle: Bundle) -> None:
    shown = words(report())
    test = diagnosis.rate_distortion(bundle, "test")
    assert "A **nat** is a unit of information" in shown
    assert f"**{test.bound:.2f}**, that is {test.excess:.2f} more" in shown
    assert f"{test.rate:.2f} + {test.distortion:.2f}" in shown
    assert f"{test.bound:.2f} ± {test.standard_error:.2f} nats" in shown
    assert "2 of 2 are active" in shown


def test_the_report_shows_one_position_if_asked() -> None:
    app = report()
    counted = [text.CONFUSION_LETTERS[1], *(text.POSITIONS[at] for at in (0, 1, 4, 5, 6))]
    letters = app.selectbox[1]  # after the one of models
    assert letters.options == counted
    before = charts_of(app)[1]
    letters.select("2nd letter").run()
    assert charts_of(app)[1] != before
    assert not app.exception


def test_the_report_marks_what_comes_back_wrong(bundle: Bundle) -> None:
    shown = words(report())
    assert "None of the 1,000 test regs comes back whole." in shown
    for one in diagnosis.examples(bundle).wrong:
        assert plates.plate(one.codes, "small") + " → " in shown
        assert plates.rebuilt(one.rebuilt, one.codes) in shown
    assert text.EXAMPLES_RIGHT not in shown


def test_a_plate_marks_every_character_that_is_wrong_and_no_other() -> None:
    marked = plates.rebuilt("AX12CDZ", "AB12CDE")
    assert re.sub("</?mark>|</?span[^>]*>", "", marked) == "AX12 CDZ"
    assert re.findall("<mark>(.)</mark>", marked) == ["X", "Z"]
    assert "<mark>" not in plates.rebuilt("AB12CDE", "AB12CDE")


def test_the_report_of_a_model_without_noise_says_that_its_rate_has_no_end(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = reported(monkeypatch, tmp_path, bundle, {}, noise=0.0)
    shown = words(app)
    assert "its rate has no end" in shown
    assert "Without noise every dimension has an endless rate" in shown
    assert len(charts_of(app)) == 6
    assert "inf" not in re.sub(r"\binformation\b", "", shown)
    assert "See ![this](http://x)" in shown
    raw = [str(element.value) for element in app.markdown]
    assert any(r"See \!\[this\]" in one for one in raw)  # what a bundle says is no Markdown


def test_the_report_of_ones_own_regs_draws_no_line(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = reported(monkeypatch, tmp_path, bundle, {"source": "own", "sha256": "0" * 64})
    assert "Where one's own regs come from nobody knows" in " ".join(words(app).split())
    assert [trace["name"] for trace in charts_of(app)[3]["data"]] == list(text.SPLITS.values())


def test_the_report_of_many_dimensions_shows_the_one_that_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = random_bundle(5, likelihood="categorical")
    bundles.save(made, tmp_path / "notebook-2d")
    monkeypatch.setattr(bundles, "ASSETS", tmp_path)
    app = report()
    order = diagnosis.dimensions(made).order.tolist()
    box = next(one for one in app.selectbox if one.label == text.AGGREGATE_LABEL)
    assert box.options == [f"z{place + 1}" for place in order]
    assert charts_of(app)[5]["data"][0]["name"] == f"z{order[0] + 1}"
    box.select_index(3).run()
    assert charts_of(app)[5]["data"][0]["name"] == f"z{order[3] + 1}"
    assert "categorical: seven choices of a character" in words(app)


def test_the_report_of_a_model_without_test_data_is_a_sentence(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = bundle.records.split.copy()
    split[split == "test"] = "validation"
    records = dataclasses.replace(bundle.records, split=split)
    bundles.save(dataclasses.replace(bundle, records=records), tmp_path / "notebook-2d")
    monkeypatch.setattr(bundles, "ASSETS", tmp_path)
    assert "there are no records in the split 'test'" in words(report())


# --- rejection sampling ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["one-sided", "two-sided", "posterior"])
def test_every_rule_says_why_it_rejects_and_where_it_would_not(app: AppTest, name: str) -> None:
    app.session_state[state.RULE] = name
    app.text_input(key=state.POINT).input("-1.9, 0.9").run()
    assert f"**Rejected** by the {name} rule" in words(app)
    assert "nearest unwanted" in words(app)
    assert "nearest wanted" in words(app)
    assert "The nearest acceptable point" in words(app)
    next(button for button in app.button if button.label == text.GO_THERE).click().run()
    assert f"**Accepted** by the {name} rule" in words(app)


def test_a_list_of_regs_is_unwanted_too(app: AppTest) -> None:
    app.text_input(key=state.UNWANTED).input("").run()
    app.text_area(key=state.LISTED).input("AB12 CDE\nXY67ZZZ").run()
    assert not app.warning
    app.text_area(key=state.LISTED).input("AB12 CDE\nrubbish\n\n12345").run()
    assert "line 2 ('rubbish'), line 4 ('12345') cannot be read" in words(app)


def test_all_of_training_can_be_unwanted(app: AppTest) -> None:
    app.checkbox(key=state.TRAINING).check().run()
    assert not app.warning
    app.text_input(key=state.POINT).input("0, 0").run()
    assert "Rejected" in words(app)


def test_the_region_wants_to_be_selected_first(app: AppTest) -> None:
    app.checkbox(key=state.USE_REGION).check().run()
    assert f"Unwanted: {text.NO_REGION}" in words(app)
    app.checkbox(key=state.USE_REGION).uncheck()
    app.selectbox(key=state.PROPOSAL).select("region").run()
    assert f"Rejection sampling: {text.NO_REGION}" in words(app)
    app.session_state[state.REGION] = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
    app.run()
    assert not app.warning


@pytest.mark.parametrize("proposal", ["box", "prior", "records"])
def test_points_come_from_where_they_are_asked_for(app: AppTest, proposal: str) -> None:
    app.selectbox(key=state.PROPOSAL).select(proposal).run()
    assert not app.exception
    assert not app.warning


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def test_results_are_those_of_the_command_line(app: AppTest, tmp_path: Path) -> None:
    app.session_state[state.RULE] = "two-sided"
    app.number_input(key=state.WANTED).set_value(50).run()
    press(app, text.MAKE)
    assert not app.exception
    assert "0 collisions in 50 draws" in words(app)
    kept = app.session_state[state.RESULTS]
    policy = tmp_path / "policy.toml"
    policy.write_text(kept.policy.to_toml(), "utf-8")
    for suffix, ours in ((".parquet", kept.made.parquet), (".csv", kept.made.csv)):
        out = tmp_path / f"out{suffix}"
        command = [sys.executable, "-m", "regvae", "sample", "--policy", str(policy)]
        subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
        assert out.read_bytes() == ours
    app.number_input(key="margin").set_value(0.7).run()
    assert text.OUTDATED in words(app)


def test_results_that_end_short_say_so(app: AppTest) -> None:
    app.number_input(key="threshold").set_value(6.0).run()
    app.number_input(key=state.WANTED).set_value(5).run()
    press(app, text.MAKE)
    assert "Only 0 of the 5 asked for came of 5,000 proposals" in words(app)


def test_leaks_are_found_and_removed(app: AppTest) -> None:
    press(app, text.HUNT)
    assert "unwanted regs and 0 records found in" in words(app)
    remove = next(button for button in app.button if button.label.startswith("Set threshold to"))
    value = float(remove.label.split()[3])
    remove.click().run()
    assert app.number_input(key="threshold").value == value
    assert "0 of " in words(app)
    press(app, text.HUNT)
    assert "none in" in words(app)


def test_a_saved_policy_sets_every_control(app: AppTest) -> None:
    saved = Policy(
        "notebook-2d",
        Unwanted.of(["number < 50", "area == london"], listed=["AB12CDE"], training=True),
        TwoSided(0.3, 1.2),
        Prior(),
        proposals=700,
        accepted=40,
        clean=False,
        seed=9,
    ).signed()
    app.file_uploader(key=state.LOADED).upload("saved.toml", saved.to_toml().encode()).run()
    assert not app.exception
    assert not app.warning
    press(app, text.MAKE)
    made = app.session_state[state.RESULTS].policy
    assert dataclasses.replace(made, proposals=700) == saved


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: "rubbish", "saved.toml: wanted TOML"),
        (lambda text: text.replace("notebook-2d", "other"), "the policy is for other"),
        (lambda text: text.replace("threshold = 2.5", "threshold = 9.0"), "page goes from 0 to 6"),
        (lambda text: text.replace("threshold = 2.5", "threshold = 2.505"), "has steps of 0.01"),
        (lambda text: text.replace("width = 3.0", "width = 0.05"), "the page goes from 0.1 to 20"),
        (lambda text: f"{text}accepted = 200_000\n", "the page goes from 1 to 100000"),
        (lambda text: re.sub("sha256 = .*", 'sha256 = "0"', text), "the policy was made for"),
    ],
)
def test_a_policy_that_cannot_be_shown_is_a_sentence(app: AppTest, change, sentence: str) -> None:
    saved = Policy("notebook-2d", UNWANTED).signed().to_toml()
    app.file_uploader(key=state.LOADED).upload("saved.toml", change(saved).encode()).run()
    assert sentence in words(app)


def test_an_address_sets_rule_and_proposals() -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    for key, value in {"rule": "two-sided", "proposal": "records", "training": "true"}.items():
        app.query_params[key] = value
    app.run()
    assert not app.warning
    assert app.selectbox(key=state.PROPOSAL).value == "records"
    assert app.checkbox(key=state.TRAINING).value
    assert app.session_state[state.RULE] == "two-sided"


def test_every_kind_of_proposals_has_samples_of_its_own(bundle: Bundle) -> None:
    version = services.version_of("notebook-2d")
    for proposal in (Prior(), Around(), Box(), Box(2.0)):
        policy = Policy("notebook-2d", UNWANTED, proposal=proposal, proposals=200)
        ours = services.samples("notebook-2d", version, policy)
        assert (ours.z == sampling.sample(bundle, policy).z).all(), proposal


def test_what_was_set_is_still_set_after_another_page(app: AppTest) -> None:
    app.text_area(key=state.LISTED).input("AB12 CDE").run()
    app.number_input(key=state.WANTED).set_value(77).run()
    app.checkbox(key=state.CLEAN).uncheck().run()
    app.switch_page("app_pages/figures.py").run()
    app.switch_page("app_pages/explore.py").run()
    assert app.text_area(key=state.LISTED).value == "AB12 CDE"
    assert app.number_input(key=state.WANTED).value == 77
    assert not app.checkbox(key=state.CLEAN).value


def test_a_file_of_regs_is_added_to_the_list(app: AppTest) -> None:
    app.text_area(key=state.LISTED).input("AB12 CDE").run()
    upload = app.file_uploader(key=state.LISTED_FILE)
    upload.upload("more.txt", b"xy67 zzz\r\nab12cde\r\n").run()
    assert app.text_area(key=state.LISTED).value.split() == ["AB12", "CDE", "XY67ZZZ", "AB12CDE"]
    upload = app.file_uploader(key=state.LISTED_FILE)
    upload.upload("bad.txt", b"AB12CDE\nrubbish").run()
    assert "bad.txt wants one reg like AB12 CDE a line, but line 2 ('rubbish')" in words(app)


# --- training -------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for trainings and kept models."""
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers that end at once and do nothing."""

    def popen(command: list[str], **options: Any) -> subprocess.Popen:
        return subprocess.Popen([command[0], "-c", "pass"], **options)

    stand_in = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(jobs, "subprocess", stand_in)
    yield
    for worker in jobs._workers:
        worker.wait()


@pytest.fixture
def training_page(home: Path) -> AppTest:  # noqa: ARG001 -- so that the real home is left alone
    """The training page, with nothing trained yet."""
    return open_training()


def open_training() -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.switch_page("app_pages/train.py").run()
    assert not app.exception
    return app


def field(app: AppTest, name: str, preset: str = "ordered-2d"):
    """One of the form's widgets."""
    key = f"new-{name}-{preset}"
    kinds = (app.number_input, app.text_input, app.selectbox, app.file_uploader)
    return next(one for kind in kinds for one in kind if one.key == key)


def train_button(app: AppTest):
    return next(button for button in app.button if button.label == text.START)


def made_run(home: Path, name: str, state_: str = "stopped", preset: str = "ordered-2d", **more):
    """A run that was not trained here."""
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    run = {"preset": presets.preset(preset).to_dict(), "seed": 0, "created": time.time()}
    (folder / jobs.RUN).write_text(json.dumps(run), "utf-8")
    (folder / jobs.STATUS).write_text(json.dumps({"state": state_} | more), "utf-8")
    return jobs.read_job(name)


def finished_run(home: Path, name: str) -> jobs.Job:
    """A run whose bundle is the shipped one."""
    run = made_run(home, name, "finished", "notebook-2d")
    shutil.copytree(store.ASSETS / "notebook-2d", run.out)
    return jobs.read_job(name)


@pytest.mark.parametrize("name", list(presets.PRESETS))
def test_the_form_shows_a_preset_as_it_is(training_page: AppTest, name: str) -> None:
    app, preset = training_page, presets.preset(name)
    app.selectbox(key=state.PRESET).select(name).run()
    shown = {
        one: field(app, one, name).value
        for one in (
            *("seed", "source", "data_seed", "train", "validation", "test", "latent_dim"),
            *("encoder", "decoder", "likelihood", "divergence", "beta", "noise", "warm_up"),
            *("schedule", "optimizer", "batch_size", "phases", "order-1"),
        )
    }
    training = preset.training
    order = training.orders[0].attribute if training.orders else "nothing"
    assert shown == {
        "seed": 0,
        "source": preset.data.source,
        "data_seed": preset.data.seed,
        **dict(zip(uk_registration.SPLITS, preset.data.sizes, strict=True)),
        "latent_dim": preset.network.latent_dim,
        "encoder": ", ".join(map(str, preset.network.encoder)),
        "decoder": ", ".join(map(str, preset.network.decoder)),
        "likelihood": training.likelihood,
        "divergence": training.divergence,
        "beta": training.beta,
        "noise": training.noise,
        "warm_up": training.warm_up,
        "schedule": training.phases[0].schedule,
        "optimizer": training.optimizer,
        "batch_size": training.batch_size,
        "phases": ", ".join(f"{one.learning_rate:g} × {one.epochs}" for one in training.phases),
        "order-1": order,
    }
    assert preset.about in words(app)
    assert "Changed from" not in words(app)
    assert text.NO_RUNS in [info.value for info in app.info]
    assert not app.warning
    assert not train_button(app).disabled


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("name", list(presets.PRESETS))
def test_a_preset_that_nobody_changed_is_trained_as_it_is(
    training_page: AppTest, name: str
) -> None:
    training_page.selectbox(key=state.PRESET).select(name).run()
    train_button(training_page).click().run()
    assert not training_page.exception
    (run,) = jobs.all_jobs()
    assert run.preset == presets.preset(name)
    assert (run.name, run.seed) == (f"{name}-seed-0", 0)
    assert training_page.selectbox(key=state.RUN).value == run.name


@pytest.mark.usefixtures("idle")
def test_a_changed_preset_says_so_and_is_trained_as_changed(training_page: AppTest) -> None:
    app = training_page
    for name, value in {
        "seed": 4,
        "data_seed": 6,
        "train": 500,
        "latent_dim": 3,
        "beta": 0.25,
        "noise": 0.5,
        "warm_up": 7,
        "batch_size": 32,
    }.items():
        field(app, name).set_value(value).run()
    for name, value in {
        "encoder": " 40,20 ",
        "decoder": "",
        "phases": "0.01 × 3, 1e-3x2,.5 * 1",
    }.items():
        field(app, name).input(value).run()
    for name, value in {
        "source": "dvla",
        "likelihood": "bernoulli",
        "divergence": "exact",
        "schedule": "constant",
        "optimizer": "adamax",
        "order-1": "nothing",
        "order-2": "period",
    }.items():
        field(app, name).select(value).run()
    assert "Changed from ordered-2d." in words(app)
    assert not app.warning
    app.text_input(key=state.RUN_NAME).input(" mine_1 ").run()
    train_button(app).click().run()
    (run,) = jobs.all_jobs()
    assert (run.name, run.seed) == ("mine_1", 4)
    assert run.preset == Preset(
        "ordered-2d, changed",
        Network(3, (40, 20), ()),
        Data(6, (500, 1_000, 1_000), "dvla"),
        Training(
            (Phase(0.01, 3), Phase(0.001, 2), Phase(0.5, 1)),
            32,
            noise=0.5,
            reconstruction_weight=1.0,
            likelihood="bernoulli",
            beta=0.25,
            warm_up=7,
            divergence="exact",
            optimizer="adamax",
            orders=(Order("period", 2),),
        ),
    )


def test_another_preset_brings_its_own_numbers_and_the_first_keeps_what_was_typed(
    training_page: AppTest,
) -> None:
    field(training_page, "beta").set_value(0.7).run()
    training_page.selectbox(key=state.PRESET).select("exact-15d").run()
    assert (
        field(training_page, "beta", "exact-15d").value == presets.preset("exact-15d").training.beta
    )
    assert "Changed from" not in words(training_page)


def test_one_latent_dimension_has_one_axis_to_order(training_page: AppTest) -> None:
    field(training_page, "latent_dim").set_value(1).run()
    keys = [one.key for one in training_page.selectbox]
    assert "new-order-1-ordered-2d" in keys
    assert "new-order-2-ordered-2d" not in keys


PAIRS = "Learning rate × epochs wants pairs such as 0.004 × 200; “"


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("encoder", "12, x", "Encoder widths wants whole numbers such as 256, 128; “12, x” is not"),
        ("encoder", "-5", "Encoder widths wants whole numbers such as 256, 128; “-5” is not"),
        ("decoder", "1.5", "Decoder widths wants whole numbers such as 256, 128; “1.5” is not"),
        ("decoder", "9" * 50, f"such as 256, 128; “{'9' * 40}” is not"),
        ("encoder", "0", "layers and the latent space want widths from 1 to 10,000, not (2, 0,"),
        ("encoder", "99999", "widths from 1 to 10,000, not (2, 99999,"),
        ("phases", "", f"{PAIRS}” is none"),
        ("phases", "fast", f"{PAIRS}fast” is none"),
        ("phases", "0.1 × 3,", f"{PAIRS}” is none"),
        ("phases", "-0.1 × 3", f"{PAIRS}-0.1 × 3” is none"),
        ("phases", "1.2.3 × 3", f"{PAIRS}1.2.3 × 3” is none"),
        ("phases", "- × 3", f"{PAIRS}- × 3” is none"),
        ("phases", "1e × 3", f"{PAIRS}1e × 3” is none"),
        ("phases", "0.1 × 1.5", f"{PAIRS}0.1 × 1.5” is none"),
        ("phases", "0.1 × 9999999", f"{PAIRS}0.1 × 9999999” is none"),
        ("phases", "<b>x</b> ![x](http://e.invalid/a.png)", f"{PAIRS}<b>x</b> ![x](http"),
        ("phases", "0 × 3", "the learning rate is a number above 0, not 0.0"),
        ("phases", "1e999 × 3", "the learning rate is a number above 0, not inf"),
        ("phases", "0.1 × 0", "a phase wants 1 to 10,000 epochs, not 0"),
        ("phases", "0.1 × 10001", "a phase wants 1 to 10,000 epochs, not 10001"),
    ],
)
def test_a_senseless_text_is_a_sentence_and_nothing_can_be_started(
    training_page: AppTest, name: str, typed: str, sentence: str
) -> None:
    field(training_page, name).input(typed).run()
    assert sentence in words(training_page)
    assert all("![x]" not in warning.value for warning in training_page.warning)
    assert train_button(training_page).disabled
    assert "Changed from" not in words(training_page)


def test_numbers_that_do_not_fit_each_other_are_a_sentence(training_page: AppTest) -> None:
    app = training_page
    field(app, "train").set_value(30).run()
    assert "a batch of 64 wants at least as many training regs, but there are 30." in words(app)
    assert train_button(app).disabled
    field(app, "batch_size").set_value(30).run()
    assert not app.warning
    assert not train_button(app).disabled
    field(app, "divergence").select("exact").run()
    field(app, "noise").set_value(0.0).run()
    assert "the exact divergence wants noise above 0: without noise it has no end." in words(app)
    assert train_button(app).disabled


def own_file(n: int, *, seed: int = 0) -> list[str]:
    return uk_registration.distinct(
        uk_registration.generate(n, rng=np.random.default_rng(seed))
    ).tolist()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "mine.txt holds no reg; give one like AB12 CDE a line"),
        (
            b"AB12CDE\nrubbish",
            "mine.txt wants one reg like AB12 CDE a line, but line 2 ('rubbish')",
        ),
        (b"AB12CDE\n\xff\xfe\x00", "but line 2 ("),
        (b"AB12CDE\nXY67ZZZ\nab12 cde", "at least 120 different regs, but there are 2"),
        ("\n".join(own_file(119)).encode(), "at least 120 different regs, but there are 119"),
    ],
    ids=["empty", "rubbish", "bytes", "few", "nearly"],
)
def test_a_file_that_is_no_list_of_regs_is_a_sentence(
    training_page: AppTest, content: bytes, sentence: str
) -> None:
    app = training_page
    field(app, "source").select("own").run()
    assert text.OWN_MISSING in words(app)
    assert train_button(app).disabled
    field(app, "own").upload("mine.txt", content).run()
    assert sentence in words(app)
    assert text.OWN_MISSING not in words(app)
    assert train_button(app).disabled


@pytest.mark.usefixtures("idle")
def test_a_file_of_own_regs_is_trained_on(training_page: AppTest) -> None:
    app, own = training_page, own_file(300)
    field(app, "source").select("own").run()
    lines = "\r\n".join(["\ufeff" + pretty(own[0]).lower(), *own[:0:-1], own[3], ""])
    field(app, "own").upload("mine.csv", lines.encode()).run()
    data = Data.of_own(own)
    train, held_out, _ = data.sizes
    shown = text.OWN_COUNTS.format(n=len(own), train=train, held_out=held_out)
    assert shown in words(app)
    assert not app.warning
    train_button(app).click().run()
    (run,) = jobs.all_jobs()
    assert run.preset.data == data
    assert run.own() == own


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../x", "a name wants letters, digits, - and _, at most 60, but came '../x'; change it."),
        ("![x](y)", "but came '![x](y)'; change it."),
        ("notebook-2d", "there is a model 'notebook-2d' already; choose another name."),
    ],
)
def test_a_name_that_cannot_be_is_a_sentence(
    training_page: AppTest, name: str, sentence: str
) -> None:
    training_page.text_input(key=state.RUN_NAME).input(name).run()
    train_button(training_page).click().run()
    assert sentence in words(training_page)
    assert all("![x]" not in warning.value for warning in training_page.warning)
    assert jobs.all_jobs() == []


@pytest.mark.usefixtures("idle")
def test_two_sessions_that_press_at_once_do_not_mix(training_page: AppTest) -> None:
    other = open_training()
    for app in (training_page, other):
        assert app.text_input(key=state.RUN_NAME).placeholder == "ordered-2d-seed-0"
        train_button(app).click().run()
    assert [run.name for run in jobs.all_jobs()] == ["ordered-2d-seed-0", "ordered-2d-seed-0-2"]
    for app in (training_page, other):
        app.text_input(key=state.RUN_NAME).input("mine").run()
    train_button(other).click().run()
    train_button(training_page).click().run()
    sentence = "there is a training 'mine' already; choose another name, or delete it."
    assert sentence in words(training_page)
    assert sentence not in words(other)
    assert len(jobs.all_jobs()) == 3


@pytest.mark.usefixtures("idle")
def test_a_typed_name_stays_whatever_happens_meanwhile(training_page: AppTest) -> None:
    training_page.text_input(key=state.RUN_NAME).input("mine").run()
    field(training_page, "seed").set_value(3).run()
    field(training_page, "seed").set_value(0).run()
    jobs.create("ordered-2d-seed-0", presets.preset("ordered-2d"))  # in another session
    train_button(training_page).click().run()
    assert [run.name for run in jobs.all_jobs()] == ["ordered-2d-seed-0", "mine"]


def test_a_home_that_cannot_be_written_is_a_sentence_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path / "file" / "home"))
    app = open_training()
    train_button(app).click().run()
    assert "cannot be written (Not a directory); make room there, or set REGVAE_HOME" in words(app)


DELETE_ONE = text.DELETE_YES.format(name="one")


@pytest.mark.parametrize(
    ("state_", "more", "shown", "buttons"),
    [
        (
            "stopped",
            {"epochs": 12},
            "stopped after epoch 12 of 60",
            {text.RESUME, DELETE_ONE},
        ),
        (
            "interrupted",
            {"epochs": 3},
            text.INTERRUPTED,
            {text.RESUME, DELETE_ONE},
        ),
        (
            "failed",
            {"message": "![x](y) is nan"},
            "![x](y) is nan.",
            {text.RESUME, DELETE_ONE},
        ),
        ("training", {"epochs": 5}, "training, epoch 5 of 60", {text.STOP}),
        ("waiting", {}, text.QUEUED.format(slots=2, ahead=0), {text.STOP}),
        ("stopped", {"epochs": 10**9}, "stopped after epoch 60 of 60", {text.RESUME}),
    ],
)
def test_a_run_says_what_it_does_and_what_can_be_done(
    home: Path, monkeypatch: pytest.MonkeyPatch, state_: str, more, shown: str, buttons: set[str]
) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", "2")
    run = made_run(home, "one", state_, **more)
    with (run.folder / jobs.LOCK).open("w") as lock:
        if state_ in jobs.ALIVE:
            fcntl.flock(lock, fcntl.LOCK_EX)
        app = open_training()
        infos = "\n".join(info.value for info in app.info)
        bars = "\n".join(unescaped(bar.proto.text) for bar in app.get("progress"))
        assert shown in "\n".join([words(app), infos, bars])
        assert buttons <= {button.label for button in app.button}
        assert (text.STOP in {button.label for button in app.button}) == (state_ in jobs.ALIVE)
        assert text.KEEP not in {button.label for button in app.button}
        assert all("![x]" not in error.value for error in app.error)


def test_a_run_that_cannot_be_read_hides_no_other(home: Path) -> None:
    made_run(home, "good", epochs=5)
    bad = made_run(home, "bad")
    (bad.folder / jobs.RUN).write_text("rubbish")
    app = open_training()
    assert app.selectbox(key=state.RUN).options == ["good: stopped after epoch 5 of 60"]


def test_pressing_stop_asks_the_run_to_stop(home: Path) -> None:
    run = made_run(home, "one", "training")
    with (run.folder / jobs.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        app = open_training()
        press(app, text.STOP)
        assert (run.folder / jobs.STOP).exists()
        (stopping,) = [one for one in app.button if one.label == text.STOPPING]
        assert stopping.disabled
        assert text.STOP not in {button.label for button in app.button}


def test_what_stands_in_the_way_of_a_button_is_said_until_something_else_is_tried(
    home: Path,
) -> None:
    made_run(home, "one")
    app = open_training()
    shutil.rmtree(home / "runs" / "one")  # another session was quicker
    press(app, text.DELETE_YES.format(name="one"))
    sentence = "there is no training 'one' that can be read; start another."
    assert sentence in words(app)  # though there is no run at all
    made_run(home, "two")
    assert sentence in words(app.run())
    press(app, text.DELETE_YES.format(name="two"))
    assert "there is no training" not in words(app)


def test_a_finished_run_is_kept_shown_and_deleted_again(home: Path) -> None:
    finished_run(home, "first")
    finished_run(home, "second")
    app = open_training()
    assert app.selectbox(key=state.RUN).value == "second"
    assert field_of_name(app).value == "second"
    app.selectbox(key=state.RUN).select("first").run()
    assert field_of_name(app).value == "first"  # not the one before
    field_of_name(app).input("second").run()
    press(app, text.KEEP)
    assert "there is a training 'second' already; choose another name, or delete it." in words(app)
    field_of_name(app).input(" mine ").run()
    press(app, text.KEEP)
    assert not app.exception
    assert store.available(store.models()) == ["mine"]
    assert [run.name for run in jobs.all_jobs()] == ["second"]
    assert text.KEPT.format(name="mine") in [unescaped(one.value) for one in app.success]
    assert text.KEPT_MODELS.format(n=1, folder=store.models()) in [
        one.label for one in app.expander
    ]
    app.switch_page("app_pages/explore.py").run()
    assert not app.exception
    assert app.selectbox(key=state.MODEL).value == "mine"
    app.switch_page("app_pages/train.py").run()
    press(app, text.DELETE_YES.format(name="second"))
    assert jobs.all_jobs() == []
    press(app, text.DELETE_YES.format(name="mine"))
    assert store.available(store.models()) == []
    app.switch_page("app_pages/explore.py").run()
    assert not app.exception
    assert not app.error  # the model that was shown is gone, and the usual one is shown
    assert app.selectbox(key=state.MODEL).value == "notebook-2d"
    (said,) = [toast.value for toast in app.toast if "any more" in toast.value]
    assert said == "There is no model mine any more; notebook-2d is shown."
    app.text_input(key=state.POINT).input("0.5, -1.2").run()
    assert text.PINNED in words(app)


def field_of_name(app: AppTest):
    (one,) = [one for one in app.text_input if one.label == text.KEEP_AS]
    return one


@pytest.mark.usefixtures("home")
def test_a_tiny_preset_is_trained_from_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Preset(
        "ordered-2d",
        Network(2, (12,), (12,)),
        Data(sizes=(80, 16, 16)),
        Training((Phase(0.004, 5),)),
    )
    monkeypatch.setitem(presets.PRESETS, "ordered-2d", tiny)
    app = open_training()
    train_button(app).click().run()
    assert not app.exception
    end = time.monotonic() + 60
    while jobs.read_job("ordered-2d-seed-0").alive and time.monotonic() < end:
        time.sleep(0.05)
    jobs._workers.pop().wait()
    app.run()
    assert app.selectbox(key=state.RUN).options == ["ordered-2d-seed-0: finished, 5 epochs"]
    press(app, text.KEEP)
    assert not app.exception
    assert check("ordered-2d-seed-0").preset == tiny


# --- what the training view is given --------------------------------------------------------------


def shown_of(
    run: jobs.Job, epochs: int, monkeypatch: pytest.MonkeyPatch, *, points: int = 4
) -> dict[str, Any]:
    """What the browser is given of a run after some epochs."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(training_view, "_mount", lambda key, data: given.append(data))  # noqa: ARG005
    axes = min(run.preset.network.latent_dim, 2)
    frames = np.arange(epochs * points * axes, dtype=np.float16).reshape(epochs, points, axes)
    history = pd.DataFrame(np.ones((epochs, len(HISTORY_COLUMNS))), columns=list(HISTORY_COLUMNS))
    reg = np.array(["AB12CDE", "AB49CDE", "AB50CDE", "AB99CDE"][:points])
    training_view.training_view(run, jobs.Progress(history, reg, frames))
    (data,) = given
    return data


@pytest.mark.parametrize(
    ("k", "title"),
    [
        (1, "The map as it forms: 4 training regs"),
        (2, "The map as it forms: 4 training regs"),
        (15, "The map as it forms: 4 training regs, axes 1 and 2 of 15"),
    ],
)
def test_the_browser_gets_the_first_two_axes(
    home: Path, monkeypatch: pytest.MonkeyPatch, k: int, title: str
) -> None:
    run = made_run(home, "one")
    run = replace(run, preset=replace(run.preset, network=Network(k)))
    data = shown_of(run, 3, monkeypatch)
    assert data["title"] == title
    expected = np.arange(3 * 4 * min(k, 2)).reshape(3, 4, min(k, 2))
    assert data["frames"]["epoch"].tolist() == [1] * 4 + [2] * 4 + [3] * 4
    assert data["frames"]["x"].tolist() == expected[:, :, 0].ravel().tolist()
    second = expected[:, :, 1].ravel().tolist() if k > 1 else [0.0] * 12
    assert data["frames"]["y"].tolist() == second


def test_the_browser_gets_the_newest_epoch_of_a_live_run_and_at_most_60_of_another(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_run(home, "one")
    live = shown_of(replace(run, state="training"), 200, monkeypatch)
    assert set(live["frames"]["epoch"]) == {200}
    ended = sorted(set(shown_of(run, 200, monkeypatch)["frames"]["epoch"]))
    assert (len(ended), ended[0], ended[-1]) == (60, 1, 200)
    assert max(np.diff(ended)) - min(np.diff(ended)) <= 1
    assert set(shown_of(run, 7, monkeypatch)["frames"]["epoch"]) == set(range(1, 8))


def test_points_are_coloured_by_what_is_ordered_else_by_the_number(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_run(home, "one", preset="notebook-2d")
    plain = shown_of(run, 1, monkeypatch)
    assert plain["colours"]["colour"].tolist() == [0, 0, 1, 1]
    assert plain["palette"] == [palette.BELOW, palette.ABOVE]
    ordered = shown_of(made_run(home, "two"), 1, monkeypatch)
    codes = ordered["colours"]["colour"].tolist()
    assert codes == sorted(codes)
    assert codes[0] < codes[1] <= codes[2] < codes[3] == len(ordered["palette"]) - 1


def test_the_entropy_is_drawn_only_under_a_loss_that_is_a_bound_of_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in presets.PRESETS:
        data = shown_of(made_run(home, name, preset=name), 1, monkeypatch)
        if name == "principled-2d":
            assert data["entropy"]["value"] == pytest.approx(20.48, abs=0.005)
            assert data["entropy"]["label"] == "entropy of the generator: 20.48"
        else:
            assert data["entropy"] is None
    run = jobs.read_job("principled-2d")
    for change in ({"beta": 0.5}, {"reconstruction_weight": 2.0}, {"divergence": "notebook"}):
        training = replace(run.preset.training, **change)
        other = replace(run, preset=replace(run.preset, training=training))
        assert shown_of(other, 1, monkeypatch)["entropy"] is None
    own = replace(run, preset=replace(run.preset, data=Data.of_own(own_file(300))))
    assert shown_of(own, 1, monkeypatch)["entropy"] is None
