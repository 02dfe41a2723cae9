"""Every page through Streamlit's own test driver: words, widgets, and bad input."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import latent_map, plates, services, state, text
from regvae import bundle as bundles
from regvae import diagnosis, evaluation, sampling
from regvae.acceptance import OneSided, Posterior, TwoSided
from regvae.bundle import Bundle
from regvae.policy import Policy
from regvae.proposals import Around, Box, Prior
from regvae.regs import pretty
from regvae.unwanted import Unwanted
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
    return unescaped(shown) + "\n".join(element.proto.body for element in app.get("html"))


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
    policy = Policy("notebook-2d", evaluation.UNWANTED)
    samples = sampling.sample(bundle, policy)
    assert f"**{sampling.report(samples, policy.rule).purity:.1%}**" in words(app)


def test_the_figures_page_shows_published_and_ours(bundle: Bundle) -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.switch_page("app_pages/figures.py").run()
    assert not app.exception
    table = app.table[1].value
    assert "267 = 0.967" in table["published"].tolist()
    ours = dict(zip(table["figure"], table["this model"], strict=True))
    for row in evaluation.notebook_figures(bundle):
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
        assert table[rule.name].tolist() == shown


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
    for fact in ("10,000 training, 1,000 validation, 1,000 test", "400 epochs in 98 s, seed 2"):
        assert fact in shown
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
    assert dimensions["data"][0]["x"] == ["z_1", "z_2"]
    assert [trace["name"] for trace in aggregate["data"]] == ["z_1", "z_2", "the prior, N(0, 1)"]


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
        assert plates.plate(one.reg, "small") + " → " in shown
        assert plates.rebuilt(one.rebuilt, one.reg) in shown
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
    assert box.options == [f"z_{place + 1}" for place in order]
    assert charts_of(app)[5]["data"][0]["name"] == f"z_{order[0] + 1}"
    box.select_index(3).run()
    assert charts_of(app)[5]["data"][0]["name"] == f"z_{order[3] + 1}"
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
    saved = Policy("notebook-2d", evaluation.UNWANTED).signed().to_toml()
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
        policy = Policy("notebook-2d", evaluation.UNWANTED, proposal=proposal, proposals=200)
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
