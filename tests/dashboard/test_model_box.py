"""Which model is shown: every model on every page, models that cannot be loaded, another model."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import regvae
from dashboard import state
from dashboard.words import common, explore, report, results
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from tests.dashboard import (
    APP,
    SQUARE,
    named,
    open_tab,
    opened,
    press,
    problems_of,
    shown,
    text_of,
    unescaped,
)

SHIPPED = tuple(store.available(store.ASSETS))


def test_the_shipped_models_have_both_likelihoods_and_few_and_many_dimensions() -> None:
    models = [regvae.load(name) for name in SHIPPED]
    assert {one.autoencoder.likelihood for one in models} == {"bernoulli", "categorical"}
    assert {one.records.latent_dim for one in models} == {2, 15}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_is_shown_on_every_page(name: str) -> None:
    bundle = regvae.load(name)
    app = opened(model=name, reg="AB12CDE", painted="true")
    text = text_of(app)
    assert not problems_of(app)
    mean, sigma = bundle.autoencoder.encode(["AB12CDE"])
    assert f"<td>{common.point(mean[0])}</td>" in text
    assert f"<td>{common.point(sigma[0])}</td>" in text
    assert f">{shown(str(bundle.autoencoder.decode(mean)[0]))}<" in text
    app.switch_page("app_pages/report.py").run()
    found = accuracy(bundle)
    active = diagnosis.dimensions(bundle).active
    assert f"{active.sum()} of {len(active)} are active" in text_of(app)
    assert (named(report.NO_RIGHT, n=found["n"]) in text_of(app)) == (found["exact"] == 0)
    app = opened("compare", left=name, right=name)
    assert app.table[0].value.columns.tolist() == [f"left: {name}", f"right: {name}"]


@pytest.mark.parametrize(
    ("page", "model"),
    [
        ("explore", "ordered-2d"),
        ("report", "ordered-2d"),
        ("read", "ordered-2d"),
        ("figures", "notebook-2d"),
    ],
)
def test_a_missing_model_is_a_sentence_on_every_page(
    page: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ASSETS", tmp_path)
    assert f"'{model}'" in problems_of(opened(page))


def test_a_line_says_what_a_model_is_and_the_box_keeps_its_name() -> None:
    app = opened("compare", left="dvla-2d", right="exact-15d")
    lines = [unescaped(one.value) for one in app.caption]
    assert lines[:2] == [
        common.MODELS["dvla-2d"],
        common.MODELS["exact-15d"],
    ]
    assert app.selectbox(key=state.LEFT).value == "dvla-2d"
    assert "dvla-2d" in app.selectbox(key=state.LEFT).options
    app = opened("report", model="notebook-2d")
    assert unescaped(app.caption[0].value) == common.MODELS["notebook-2d"]


def test_the_box_of_models_explains_every_shipped_one() -> None:
    assert set(common.MODELS) == set(SHIPPED)
    for name in ("ordered-2d", "exact-15d"):
        app = opened(model=name)
        box = app.selectbox(key=state.MODEL)
        assert box.value == name
        assert box.options == list(store.available())  # the address has what is chosen
        assert all(f"**{one}**: {line}" in box.help for one, line in common.MODELS.items())
        assert common.MODELS[name] in text_of(app)


def test_a_model_that_is_not_shipped_is_described_by_its_preset() -> None:
    preset = regvae.load("dvla-2d").preset
    assert common.about("mine", preset) == "2 dimensions; in order by period and area"
    preset = regvae.load("notebook-15d").preset
    assert common.about("mine", preset) == "15 dimensions; not trained to any order"


def test_a_damaged_model_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    bundles.save(bundle, tmp_path / "notebook-2d")
    (tmp_path / "notebook-2d" / "weights.safetensors").write_bytes(b"rubbish")
    monkeypatch.setattr(store, "ASSETS", tmp_path)
    assert "weights.safetensors" in problems_of(opened())


def test_another_model_drops_what_lies_in_the_space_of_the_one_before() -> None:
    app = opened(tab="Journeys", point="0.5, 0.3", from_="0.1, 0.2", to="AB12CDE")
    app.session_state[state.REGION] = SQUARE
    open_tab(app, explore.READ_TAB)
    press(app, explore.DECODE_REGION.format(n=state.DECODE))
    open_tab(app, explore.RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(3).run()
    press(app, results.HUNT)
    press(app, results.GENERATE)
    stored = (state.REGION, state.DECODED, state.RESULTS, state.HUNT)
    assert all(app.session_state[key] for key in stored)
    app.selectbox(key=state.MODEL).select("ordered-2d").run()
    assert not problems_of(app)
    assert not any(key in app.session_state for key in stored)
    open_tab(app, explore.READ_TAB)
    assert explore.PINNED not in text_of(app)
    assert "Region: " not in text_of(app)
    assert app.text_input(key=state.POINT).value == ""
    open_tab(app, explore.JOURNEYS_TAB)
    assert app.text_input(key=state.FROM).value == ""
    assert app.text_input(key=state.TO).value == "AB12CDE"  # every model can encode a reg
    app.switch_page("app_pages/report.py").run()
    assert app.selectbox(key=state.MODEL).value == "ordered-2d"


def test_a_model_of_the_address_that_does_not_exist_is_named_and_the_default_is_shown() -> None:
    app = opened(model="nowhere")
    assert app.selectbox(key=state.MODEL).value == state.DEFAULTS[state.MODEL] == "ordered-2d"
    assert "nowhere" in problems_of(app)
    assert "ordered-2d" in problems_of(app)
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert app.selectbox(key=state.MODEL).value == "ordered-2d"


def test_one_press_shows_where_the_rule_works_and_where_it_fails() -> None:
    app = opened(model="ordered-2d", point="0.5, 0.3")
    open_tab(app, explore.READ_TAB)
    app.button(key="clear-point").click().run()
    for label, model in ((explore.CONTRAST, "notebook-2d"), (explore.CONTRAST_BACK, "ordered-2d")):
        press(app, label)
        assert app.selectbox(key=state.MODEL).value == model
        assert unescaped(explore.CONTRAST_WORDS[model]) in text_of(app)
        assert not problems_of(app)
