"""The benchmarks run, on small numbers, and their baselines do what they are compared for."""

import json
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from regvae.model.presets import PRESETS
from regvae.rejection.rules import OneSided
from tests.benchmarks import library, quality, run, sessions, workers
from tests.benchmarks.browser import BASELINE
from tests.benchmarks.figure import Figure


@pytest.fixture
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand of everything instead of a million."""
    monkeypatch.setattr(library, "MILLION", 2_000)
    monkeypatch.setattr(library, "TENTH", 2_000)


@pytest.mark.usefixtures("fewer")
def test_every_figure_of_the_library_is_measured() -> None:
    figures = [*library.distances(), *library.rejection(), *library.serving()]
    assert all(np.isfinite(figure.value) and figure.value > 0 for figure in figures)
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names)
    for name in ("nearest of 6,103 for 2,000 samples", "posterior rule, from proposal to audit"):
        assert name in names


def test_workers_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "TURNS", 1)
    monkeypatch.setattr(workers, "ITEMS", 8)
    figures = workers.run("notebook-2d", OneSided, 2)
    assert [figure.unit for figure in figures] == [
        *(["proposals/s"] * 3),
        *("MB", "MB", "ms", "ms"),
    ]
    assert all(figure.value > 0 for figure in figures)
    assert figures[1].met == (figures[1].ratio >= 1.7)


def test_quality_is_measured_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MILLION", 3_000)
    monkeypatch.setattr(quality, "ATTACKED", 20)
    figures = quality.figures()
    assert [figure.unit for figure in figures] == ["s", "MB", "s", "MB", "s"]
    assert all(0 < figure.value < 500 for figure in figures)


def test_sessions_pick_at_once() -> None:
    alone, many, processor = sessions.figures(3, 2.0)
    assert 0 < alone.value < 10_000
    assert 0 < many.value < 10_000
    assert 0 < processor.value < 10_000


@pytest.mark.training
@pytest.mark.usefixtures("fewer")
def test_keras_is_measured_on_the_same_codes() -> None:
    (figure,) = library.keras_serving()
    assert figure.value > 0
    assert figure.baseline is not None
    assert figure.baseline > 0


@pytest.mark.training
def test_every_recipe_is_of_a_preset() -> None:
    from tests.benchmarks import recipes

    preset = PRESETS["principled-2d"]
    assert recipes.changed(preset, *recipes.own(preset)) == preset
    changed = recipes.changed(preset, 64, 0.001, 20, "constant").training
    assert (changed.batch_size, changed.epochs, changed.warm_up) == (64, 20, 10)


def test_a_ratio_above_1_is_better_whatever_the_unit() -> None:
    assert Figure("rate", 20.0, "steps/s", 10.0).ratio == 2.0
    assert Figure("time", 5.0, "s", 10.0).ratio == 2.0
    assert Figure("time", 5.0, "s").ratio is None


def test_the_figures_are_printed_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = Figure("time", 5.0, "s", 10.0, "slow", "at most 6 s", True)
    groups = [
        (run.browser, "browser"),
        (run.sessions, "figures"),
        (run.quality, "figures"),
        (run.workers, "figures"),
        *((run.library, name) for name in ("distances", "rejection", "serving")),
        *((run.library, name) for name in ("keras_serving", "zoo", "training")),
    ]
    for module, name in groups:
        monkeypatch.setattr(module, name, lambda: [figure])
    monkeypatch.setattr(sys, "argv", ["run", "--json"])
    run.main()
    rows = json.loads(capsys.readouterr().out)["figures"]
    assert len(rows) == len(groups)
    assert (rows[0]["name"], rows[0]["ratio"], rows[0]["met"]) == ("time", 2.0, True)


def test_ten_times_the_records_are_as_wide_as_the_records() -> None:
    mean, sigma = np.zeros((50, 2)), np.full((50, 2), 0.1)
    more_mean, more_sigma = library.ten_times(mean, sigma)
    assert more_mean.shape == more_sigma.shape == (500, 2)
    assert more_mean.std() == pytest.approx(0.01, rel=0.2)
    assert np.median(more_sigma) == pytest.approx(0.1, rel=0.05)


def test_the_baseline_app_answers_its_slider() -> None:
    app = AppTest.from_file(str(BASELINE), default_timeout=60).run()
    assert not app.exception
    before = app.text[0].value
    app.slider[0].set_value(1.0).run()
    assert not app.exception
    assert app.text[0].value != before
