"""What the browser gets of a training run: frames, colours, and the entropy of the data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard import palette
from dashboard.components import training_view
from dashboard.words import training as words
from regvae.formats import uk_registration
from regvae.formats.codes import distinct
from regvae.model import presets
from regvae.model.bundle import history_columns
from regvae.model.config import Data, Network
from regvae.training import jobs
from regvae.training.jobs import Job
from tests.jobs import stored_job

REGS = np.array(["AB12CDE", "AB49CDE", "AB50CDE", "AB99CDE"])
COLUMNS = history_columns(7)


def sent_of(job: Job, epochs: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The browser's input for a job after some epochs."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(training_view, "_mount", lambda key, data: given.append(data))  # noqa: ARG005
    shape = (epochs, len(REGS), min(job.preset.network.latent_dim, 2))
    frames = np.arange(np.prod(shape), dtype=np.float16).reshape(shape)
    history = pd.DataFrame(np.ones((epochs, len(COLUMNS))), columns=list(COLUMNS))
    training_view.training_view(job, jobs.Progress(history, REGS, frames))
    (data,) = given
    return data


@pytest.mark.parametrize(
    ("k", "title"), [(1, words.FORMING), (2, words.FORMING), (15, words.FORMING_AXES)]
)
def test_the_first_two_axes_are_sent(
    home: Path, monkeypatch: pytest.MonkeyPatch, k: int, title: str
) -> None:
    job = stored_job(home, "one")
    job = replace(job, preset=replace(job.preset, network=Network(k)))
    data = sent_of(job, 3, monkeypatch)
    assert data["title"] == title.format(n=4, plural="regs", k=k)
    expected = np.arange(3 * 4 * min(k, 2)).reshape(3, 4, min(k, 2))
    assert data["frames"]["epoch"].tolist() == [1] * 4 + [2] * 4 + [3] * 4
    assert data["frames"]["x"].tolist() == expected[:, :, 0].ravel().tolist()
    second = expected[:, :, 1].ravel().tolist() if k > 1 else [0.0] * 12
    assert data["frames"]["y"].tolist() == second


def test_the_newest_epoch_of_a_live_job_is_sent_and_at_most_60_of_another(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stored_job(home, "one")
    live = sent_of(replace(job, state="training"), 200, monkeypatch)
    assert set(live["frames"]["epoch"]) == {200}
    ended = sorted(set(sent_of(job, 200, monkeypatch)["frames"]["epoch"]))
    assert (len(ended), ended[0], ended[-1]) == (60, 1, 200)
    assert max(np.diff(ended)) - min(np.diff(ended)) <= 1
    assert set(sent_of(job, 7, monkeypatch)["frames"]["epoch"]) == set(range(1, 8))


def test_points_are_coloured_by_what_is_ordered_or_else_by_the_number(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = sent_of(stored_job(home, "one", preset="notebook-2d"), 1, monkeypatch)
    assert plain["colours"]["colour"].tolist() == [0, 0, 1, 1]
    assert plain["palette"] == [palette.BELOW, palette.ABOVE]
    ordered = sent_of(stored_job(home, "two"), 1, monkeypatch)
    colours = ordered["colours"]["colour"].tolist()
    assert colours == sorted(colours)
    assert colours[0] < colours[1] <= colours[2] < colours[3] == len(palette.SCALE) - 1


def test_the_entropy_is_sent_only_if_the_loss_is_an_upper_bound_of_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in presets.PRESETS:
        data = sent_of(stored_job(home, name, preset=name), 1, monkeypatch)
        if name == "principled-2d":
            assert data["entropy"]["value"] == pytest.approx(20.48, abs=0.005)
            assert data["entropy"]["label"] == words.ENTROPY.format(nats=20.48)
        else:
            assert data["entropy"] is None
    job = jobs.read_job("principled-2d")
    for change in ({"beta": 0.5}, {"reconstruction_weight": 2.0}, {"divergence": "notebook"}):
        training = replace(job.preset.training, **change)
        other = replace(job, preset=replace(job.preset, training=training))
        assert sent_of(other, 1, monkeypatch)["entropy"] is None
    own = distinct(uk_registration.generate(300, rng=np.random.default_rng(0)))
    other = replace(job, preset=replace(job.preset, data=Data.of_own(own)))
    assert sent_of(other, 1, monkeypatch)["entropy"] is None


def test_every_line_has_a_column_of_the_history(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sent_of(stored_job(home, "one"), 2, monkeypatch)
    lines = data["losses"] + data["accuracies"]
    assert {one["column"] for one in lines} <= set(data["history"].columns)
    assert len(data["accuracies"]) == 8
