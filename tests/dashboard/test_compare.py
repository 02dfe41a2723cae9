"""Two models compared: what lights up in both, and the figures of the report."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import regvae
from dashboard import plates, services, state
from dashboard.components import comparison
from dashboard.words import common
from dashboard.words import compare as words
from regvae import predicates
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.notebook import UNWANTED
from regvae.latent.plane import Plane
from regvae.latent.polygon import in_polygon
from regvae.model.bundle import Bundle
from regvae.rejection import calibration, sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided
from tests.dashboard import (
    PICTURE,
    SQUARE,
    has_picture,
    html_of,
    opened,
    problems_of,
    text_of,
)
from tests.dashboard.conftest import Models


def lit(app: AppTest) -> list[tuple[int, int]]:
    """How many records of each model are lit up, and of how many."""
    found = re.findall(r"\*\*([\d,]+) of ([\d,]+) records\*\* are lit up", text_of(app))
    return [(int(n.replace(",", "")), int(of.replace(",", ""))) for n, of in found]


def tables_of(app: AppTest) -> list[str]:
    """The two tables of the selected records."""
    return [one for one in html_of(app) if "exact match" in one]


def test_a_predicate_lights_up_the_same_regs_in_both(bundle: Bundle, models: Models) -> None:
    app = opened("compare", right="few")
    for predicate in ("number < 10", "number < 10 and area == london", "number < 0"):
        app.text_input(key=state.PREDICATE).input(predicate).run()
        parts = predicates.parse_all([predicate])
        expected = []
        for records in (bundle.records, models.few.records):
            hits = sum(predicates.mask(parts, records.codes, records.format))
            expected.append((hits, len(records)))
        assert lit(app) == expected
        assert words.BRUSH_HELP not in text_of(app)


@pytest.mark.usefixtures("models")
def test_a_predicate_that_cannot_be_used_is_a_sentence() -> None:
    app = opened("compare", right="few")
    for predicate, sentence in (
        ("number <", "expected 'attribute op value'"),
        ("colour == red", "'colour'"),
        ("area == atlantis", "'atlantis'"),
        ("area < london", "'<'"),
        (PICTURE, "expected 'attribute op value'"),
    ):
        app.text_input(key=state.PREDICATE).input(predicate).run()
        assert sentence in problems_of(app)
        assert not has_picture(app)
        assert lit(app) == []


def test_a_brush_lights_up_the_regs_that_both_have(bundle: Bundle, models: Models) -> None:
    app = opened("compare", right="few")
    few = models.few.records
    app.session_state[state.BRUSH] = ("left", SQUARE)
    app.run()
    inside = in_polygon(bundle.records.mean, SQUARE)
    both = np.isin(few.codes, bundle.records.codes[inside])
    assert lit(app) == [(inside.sum(), 12_000), (both.sum(), len(few))]
    # The other way about: the polygon lies in the plane that shows the model at the right.
    app.session_state[state.BRUSH] = ("right", SQUARE)
    app.run()
    inside = in_polygon(Plane.principal(few).project(few.mean), SQUARE)
    assert lit(app) == [(inside.sum(), 12_000), (inside.sum(), len(few))]


def test_records_of_another_order_are_matched_by_their_regs(bundle: Bundle, models: Models) -> None:
    half = models.half
    app = opened("compare", right="half")
    app.session_state[state.BRUSH] = ("left", SQUARE)
    app.run()
    inside = set(bundle.records.codes[in_polygon(bundle.records.mean, SQUARE)].tolist())
    both = inside & set(half.records.codes.tolist())
    assert 0 < len(both) < len(inside)
    assert lit(app) == [(len(inside), 12_000), (len(both), 6_000)]
    rows = [row for row, reg in enumerate(half.records.codes) if reg in both]
    true, decoded = half.records.codes[rows], half.autoencoder.decode(half.records.mean[rows])
    first = np.mean([a[0] == b[0] for a, b in zip(true, decoded, strict=True)])
    assert f"<td>letters right</td><td>{first:.0%}, " in tables_of(app)[1]


def test_reconstructions_of_the_selected_records_are_counted() -> None:
    app = opened("compare")
    app.text_input(key=state.PREDICATE).input("number in 7, 8").run()
    for name, table in zip(("notebook-2d", "ordered-2d"), tables_of(app), strict=True):
        model = regvae.load(name)
        chosen = [row for row, reg in enumerate(model.records.codes) if reg[2:4] in ("07", "08")]
        true = model.records.codes[chosen]
        decoded = model.autoencoder.decode(model.records.mean[chosen])
        pairs = list(zip(true, decoded, strict=True))
        right = [np.mean([a[i] == b[i] for a, b in pairs]) for i in range(7)]
        assert f"<td>exact match</td><td>{np.mean(true == decoded):.1%}</td>" in table
        assert f"<td>digits right</td><td>{right[2]:.1%}, {right[3]:.1%}</td>" in table
        letters = ", ".join(f"{share:.0%}" for share in (right[0], right[1], *right[4:]))
        assert f"<td>letters right</td><td>{letters}</td>" in table
        assert plates.pairs(model.format, true[:1], decoded[:1]).removesuffix("</div>") in text_of(
            app
        )


@pytest.mark.usefixtures("models")
def test_another_model_drops_a_brush_in_its_own_map_alone() -> None:
    app = opened("compare", right="few")
    app.session_state[state.BRUSH] = ("left", SQUARE)
    app.run()
    before = lit(app)
    app.selectbox(key=state.RIGHT).select("half").run()
    assert lit(app)[0] == before[0]
    app.selectbox(key=state.LEFT).select("few").run()
    assert lit(app) == []
    assert words.BRUSH_HELP in text_of(app)


def test_a_threshold_is_the_same_on_explore_and_here() -> None:
    app = opened("explore", threshold="1.5")
    app.query_params.clear()
    app.switch_page("app_pages/compare.py").run()
    assert app.session_state["threshold"] == 1.5
    app.number_input(key="threshold").set_value(3.25).run()
    app.query_params.clear()
    app.switch_page("app_pages/explore.py").run()
    assert app.session_state["threshold"] == 3.25
    assert not problems_of(app)


def test_a_threshold_that_cannot_be_used_is_named() -> None:
    app = opened("compare", threshold="abc")
    assert "threshold = “abc”" in problems_of(app)
    assert app.session_state["threshold"] == 2.5


def test_a_model_of_which_nothing_is_unwanted_has_no_samples(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict] = []
    monkeypatch.setattr(comparison, "_mount", lambda data, **_: given.append(data))
    monkeypatch.setattr(services, "wanted_by_default", lambda *_: "number >= 0")
    app = opened("compare")
    assert "notebook-2d: no samples are shown. " in problems_of(app)
    assert given[-1]["left"]["samples"] is None
    assert given[-1]["left"]["report"] is None
    monkeypatch.undo()
    monkeypatch.setattr(comparison, "_mount", lambda data, **_: given.append(data))
    assert not problems_of(opened("compare"))
    policy = Policy(bundle.name, UNWANTED, OneSided())
    accepted = sampling.report(sampling.sample(bundle, policy), policy.rule).accepted
    assert given[-1]["left"]["report"]["accepted"] == accepted > 0


def test_the_figures_are_those_of_the_library() -> None:
    names = ("notebook-2d", "ordered-2d")
    table = opened("compare", left=names[0], right=names[1]).table[0].value
    for side, name in zip(("left", "right"), names, strict=True):
        column = table[f"{side}: {name}"]
        model = regvae.load(name)
        found, nats = accuracy(model), diagnosis.rate_distortion(model, "test")
        right = found["by_position"]
        letters = ", ".join(f"{right[i]:.0%}" for i in (0, 1, 4, 5, 6))
        training = model.preset.training
        expected = {
            "likelihood": common.LIKELIHOODS[training.likelihood],
            "noise": f"{training.noise:g}",
            "beta": f"{training.beta:g}",
            "ordered": common.orders(training.orders),
            "latent dimensions": str(model.records.latent_dim),
            "of them active": str(diagnosis.dimensions(model).active.sum()),
            "exact match on test regs": f"{found['exact']:.1%}",
            "digits: per-character accuracy": f"{right[2]:.1%}, {right[3]:.1%}",
            "letters: per-character accuracy": letters,
            "code length: rate + distortion": f"{nats.rate:.2f} + {nats.distortion:.2f} = "
            f"{nats.rate + nats.distortion:.2f} nats",
            "calibrated scale": f"{calibration.calibrate(model).scale:.2f}",
        }
        assert {label: column[label] for label in expected} == expected
        assert f"seed {model.seed}" in column["training"]


def test_a_map_of_many_dimensions_has_its_share_of_the_variance(models: Models) -> None:
    text = text_of(opened("compare", right="few"))
    share = Plane.principal(models.few.records).share
    assert words.PLANE_SHARE.format(name="few", share=share, k=15) in text
    assert "notebook-2d: the widest view" not in text
    assert "right: line" in opened("compare", right="line").table[0].value.columns
