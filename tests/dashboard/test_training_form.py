"""The form of a training run: presets as they are and as they are changed, and bad input."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.words import common
from dashboard.words import training as words
from regvae.formats import SPLITS
from regvae.model import presets
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from regvae.model.privacy import Budget
from regvae.training import jobs
from tests.dashboard import PICTURE, has_picture, opened, problems_of, text_of

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def page(home: Path) -> AppTest:  # noqa: ARG001 -- so that the page finds an empty home
    """The page Train, with nothing trained."""
    return opened("train")


def field(app: AppTest, name: str, preset: str = "ordered-2d") -> Any:
    """One of the form's widgets."""
    key = f"new-{name}-{preset}"
    kinds = (app.number_input, app.text_input, app.selectbox)
    return next(one for kind in kinds for one in kind if one.key == key)


def train_button(app: AppTest) -> Any:
    return next(button for button in app.button if button.label == words.START)


def fields_of(preset: Preset) -> dict[str, Any]:
    """The values that the widgets must have for a preset, by field."""
    training, network = preset.training, preset.network
    return {
        "seed": 0,
        "source": preset.data.source,
        "data_seed": preset.data.seed,
        **dict(zip(SPLITS, preset.data.sizes, strict=True)),
        "latent_dim": network.latent_dim,
        "encoder": ", ".join(map(str, network.encoder)),
        "decoder": ", ".join(map(str, network.decoder)),
        "likelihood": training.likelihood,
        "divergence": training.divergence,
        "beta": training.beta,
        "noise": training.noise,
        "warm_up": training.warm_up,
        "schedule": training.phases[0].schedule,
        "optimizer": training.optimizer,
        "batch_size": training.batch_size,
        "phases": ", ".join(f"{one.learning_rate:g} × {one.epochs}" for one in training.phases),
        **(
            {
                "clip": training.privacy.clip,
                "noise_multiplier": training.privacy.noise_multiplier,
            }
            if training.privacy
            else {}
        ),
        "order-1": training.orders[0].attribute if training.orders else words.NO_ORDER,
    }


def test_the_address_chooses_the_preset() -> None:
    app = opened("train", preset="exact-15d")
    assert app.selectbox(key=state.PRESET).value == "exact-15d"
    assert field(app, "latent_dim", "exact-15d").value == 15
    assert not problems_of(app)
    app = opened("train", preset="nothing")
    assert app.selectbox(key=state.PRESET).value == "ordered-2d"
    assert "preset = “nothing”" in problems_of(app)


@pytest.mark.usefixtures("idle")
def test_every_preset_is_shown_and_trained_as_it_is(page: AppTest) -> None:
    assert words.NO_RUNS in text_of(page)
    for name in presets.PRESETS:
        preset = presets.preset(name)
        page.selectbox(key=state.PRESET).select(name).run()
        expected = fields_of(preset)
        assert {one: field(page, one, name).value for one in expected} == expected
        assert preset.about in text_of(page)
        assert words.recipe(preset) in text_of(page)
        assert "Changed from" not in text_of(page)
        assert problems_of(page) in ("", words.INTERRUPTED)  # as the idle workers have ended
        train_button(page).click().run()
        job = jobs.read_job(f"{name}-seed-0")
        assert (job.preset, job.seed) == (preset, 0)
        assert page.selectbox(key=state.JOB).value == job.name
    assert len(jobs.all_jobs()) == len(presets.PRESETS)


@pytest.mark.usefixtures("idle")
def test_a_changed_preset_is_trained_as_changed(page: AppTest) -> None:
    numbers = {
        "seed": 4,
        "data_seed": 6,
        "train": 500,
        "latent_dim": 3,
        "beta": 0.25,
        "noise": 0.5,
        "warm_up": 7,
        "random_share": 0.2,
        "batch_size": 32,
    }
    texts = {"encoder": " 40,20 ", "decoder": "", "phases": "0.01 × 3, 1e-3x2,.5 * 1"}
    choices = {
        "source": "dvla",
        "likelihood": "bernoulli",
        "divergence": "exact",
        "schedule": "constant",
        "optimizer": "adamax",
        "order-1": words.NO_ORDER,
        "order-2": "period",
    }
    for name, value in numbers.items():
        field(page, name).set_value(value)
    for name, text in texts.items():
        field(page, name).input(text)
    for name, choice in choices.items():
        field(page, name).select(choice)
    page.text_input(key=state.JOB_NAME).input(" mine_1 ").run()
    assert words.CHANGED.format(name="ordered-2d") in text_of(page)
    assert not problems_of(page)
    train_button(page).click().run()
    (job,) = jobs.all_jobs()
    assert (job.name, job.seed) == ("mine_1", 4)
    assert job.preset == Preset(
        words.CHANGED_NAME.format(name="ordered-2d"),
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
            random_share=0.2,
        ),
    )


def test_another_preset_has_its_own_values(page: AppTest) -> None:
    field(page, "beta").set_value(0.7)
    field(page, "latent_dim").set_value(1).run()
    keys = [one.key for one in page.selectbox]
    assert "new-order-1-ordered-2d" in keys
    assert "new-order-2-ordered-2d" not in keys  # one dimension has one axis
    page.selectbox(key=state.PRESET).select("exact-15d").run()
    assert field(page, "beta", "exact-15d").value == presets.preset("exact-15d").training.beta
    assert "Changed from" not in text_of(page)


@pytest.mark.usefixtures("idle")
def test_a_private_preset_stays_private_when_it_is_changed(page: AppTest) -> None:
    private = presets.preset("private-2d")
    page.selectbox(key=state.PRESET).select("private-2d").run()
    budget = Budget.of(private)
    assert budget is not None
    assert words.PRIVATE.format(privacy=common.privacy(budget)) in text_of(page)
    field(page, "beta", "private-2d").set_value(0.5)
    field(page, "noise_multiplier", "private-2d").set_value(6.0).run()
    train_button(page).click().run()
    (job,) = jobs.all_jobs()
    assert private.training.privacy is not None
    noisier = replace(private.training.privacy, noise_multiplier=6.0)
    assert job.preset.training == replace(private.training, beta=0.5, privacy=noisier)
    smaller = Budget.of(job.preset)
    assert smaller is not None
    assert smaller.epsilon < budget.epsilon
    assert common.privacy(smaller) in text_of(page)


def test_wrong_privacy_is_a_sentence(page: AppTest) -> None:
    page.selectbox(key=state.PRESET).select("private-2d").run()
    field(page, "clip", "private-2d").set_value(0.0).run()
    assert "a clip above 0" in problems_of(page)
    assert train_button(page).disabled
    field(page, "clip", "private-2d").set_value(1.0)
    field(page, "order-1", "private-2d").select("number").run()
    assert "no orders in private training" in problems_of(page)
    assert train_button(page).disabled


BAD_TEXTS = [
    ("encoder", "12, x", "Encoder widths: expected whole numbers such as 256, 128, got “12, x”"),
    ("encoder", "-5", "Encoder widths: expected whole numbers such as 256, 128, got “-5”"),
    ("decoder", "1.5", "Decoder widths: expected whole numbers such as 256, 128, got “1.5”"),
    ("decoder", "9" * 50, f"got “{'9' * 40}”"),
    ("encoder", "0", "10,000"),
    ("encoder", "99999", "width"),
    *(
        ("phases", text, f"expected pairs such as 0.004 × 200, got “{text[:40]}”")
        for text in (
            *("", "fast", "-0.1 × 3", "1.2.3 × 3", "- × 3", "1e × 3", "0.1 × 1.5"),
            *("0.1 × 9999999", f"<b>x</b> {PICTURE}"),
        )
    ),
    ("phases", "0.1 × 3,", "got “”"),
    ("phases", "0 × 3", "learning rate"),
    ("phases", "1e999 × 3", "inf"),
    ("phases", "0.1 × 0", "epochs"),
    ("phases", "0.1 × 10001", "epochs"),
]


def test_text_that_cannot_be_used_is_a_sentence_and_nothing_can_be_started(page: AppTest) -> None:
    usual = fields_of(presets.preset("ordered-2d"))
    for name, text, sentence in BAD_TEXTS:
        field(page, name).input(text).run()
        assert sentence in problems_of(page), text
        assert not has_picture(page)
        assert train_button(page).disabled
        field(page, name).input(usual[name])
    assert not problems_of(page.run())
    assert not train_button(page).disabled


def test_numbers_that_do_not_fit_each_other_are_a_sentence(page: AppTest) -> None:
    field(page, "train").set_value(30).run()
    assert "64" in problems_of(page)
    assert train_button(page).disabled
    field(page, "batch_size").set_value(30).run()
    assert not problems_of(page)
    assert not train_button(page).disabled
    field(page, "divergence").select("exact")
    field(page, "noise").set_value(0.0).run()
    assert "exact divergence" in problems_of(page)
    assert train_button(page).disabled


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("idle")
def test_a_name_that_cannot_be_used_is_a_sentence(page: AppTest) -> None:
    for name in ("../x", "![x](y)", "notebook-2d"):
        page.text_input(key=state.JOB_NAME).input(name).run()
        train_button(page).click().run()
        assert f"'{name}'" in problems_of(page)
        assert not has_picture(page)
    assert jobs.all_jobs() == []


@pytest.mark.usefixtures("idle")
def test_sessions_that_train_at_once_have_different_names(page: AppTest) -> None:
    other = opened("train")
    for app in (page, other):
        assert app.text_input(key=state.JOB_NAME).placeholder == "ordered-2d-seed-0"
        train_button(app).click().run()
    assert [job.name for job in jobs.all_jobs()] == ["ordered-2d-seed-0", "ordered-2d-seed-0-2"]
    for app in (page, other):
        app.text_input(key=state.JOB_NAME).input("mine").run()
    train_button(other).click().run()
    train_button(page).click().run()
    assert "'mine'" in problems_of(page)
    assert "'mine'" not in problems_of(other)
    assert len(jobs.all_jobs()) == 3


@pytest.mark.usefixtures("idle")
def test_a_typed_name_does_not_change_with_the_free_name(page: AppTest) -> None:
    page.text_input(key=state.JOB_NAME).input("mine").run()
    field(page, "seed").set_value(3).run()
    field(page, "seed").set_value(0).run()
    jobs.create("ordered-2d-seed-0", presets.preset("ordered-2d"))  # in another session
    train_button(page).click().run()
    assert [job.name for job in jobs.all_jobs()] == ["ordered-2d-seed-0", "mine"]


def test_a_home_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path / "file" / "home"))
    app = opened("train")
    train_button(app).click().run()
    assert "Not a directory" in problems_of(app)
    assert "REGVAE_HOME" in problems_of(app)
