"""Training runs on the page: their states and actions, and one from start to end."""

import fcntl
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.words import common, explore
from dashboard.words import training as words
from regvae.evaluation.check import check
from regvae.model import presets, store
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.training import jobs
from regvae.training.queue import processor
from tests.dashboard import has_picture, labels_of, opened, press, problems_of, text_of, unescaped
from tests.jobs import finished_job, stored_job

DELETE_ONE = words.DELETE_YES.format(name="one")
STOPPED_AFTER = "stopped after epoch {} of 60"


@pytest.mark.parametrize(
    ("job_state", "status", "sentence", "buttons"),
    [
        ("stopped", {"epochs": 12}, STOPPED_AFTER.format(12), {words.RESUME, DELETE_ONE}),
        ("stopped", {"epochs": 10**9}, STOPPED_AFTER.format(60), {words.RESUME, DELETE_ONE}),
        ("interrupted", {"epochs": 3}, words.INTERRUPTED, {words.RESUME, DELETE_ONE}),
        ("failed", {"message": "![x](y) is nan"}, "![x](y) is nan.", {words.RESUME, DELETE_ONE}),
        ("training", {"epochs": 5}, "training, epoch 5 of 60", {words.STOP}),
        ("training", {"epochs": 60}, words.STATES["saving"].format(epochs=60), {words.STOP}),
        ("waiting", {}, words.COMPILING, {words.STOP}),
    ],
)
def test_every_state_has_its_sentence_and_its_buttons(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    job_state: str,
    status: dict[str, Any],
    sentence: str,
    buttons: set[str],
) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", "2")
    job = stored_job(home, "one", job_state, **status)
    with (job.folder / jobs.LOCK).open("w") as lock:
        if job_state in jobs.ALIVE:
            fcntl.flock(lock, fcntl.LOCK_EX)
        app = opened("train")
        bars = "\n".join(unescaped(bar.proto.text) for bar in app.get("progress"))
        assert sentence in text_of(app) + bars
        possible = {words.STOP, words.RESUME, words.KEEP, DELETE_ONE}
        assert labels_of(app) & possible == buttons
        assert not has_picture(app)


def test_who_must_wait_for_a_processor_is_told_so_and_nobody_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", "2")
    queued = words.QUEUED.format(slots=2, ahead=0)
    job = stored_job(home, "one", "waiting")
    with (job.folder / jobs.LOCK).open("w") as lock, processor():
        fcntl.flock(lock, fcntl.LOCK_EX)
        app = opened("train")
        assert queued not in text_of(app)
        assert app.selectbox(key=state.JOB).options == ["one: starting"]
        with processor():  # of the command line, too
            app = opened("train")
            assert queued in text_of(app)
            assert app.selectbox(key=state.JOB).options == ["one: waiting"]


def test_a_job_that_cannot_be_read_hides_no_other(home: Path) -> None:
    stored_job(home, "good", epochs=5)
    bad = stored_job(home, "bad")
    (bad.folder / jobs.RUN).write_text("rubbish")
    app = opened("train")
    assert app.selectbox(key=state.JOB).options == ["good: stopped"]


def test_stop_asks_the_worker_to_stop(home: Path) -> None:
    job = stored_job(home, "one", "training")
    with (job.folder / jobs.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        app = opened("train")
        press(app, words.STOP)
        assert (job.folder / jobs.STOP).exists()
        (stopping,) = [one for one in app.button if one.label == words.STOPPING]
        assert stopping.disabled
        assert words.STOP not in labels_of(app)


def test_the_error_of_an_action_is_shown_until_the_next_action(home: Path) -> None:
    stored_job(home, "one")
    app = opened("train")
    shutil.rmtree(home / "runs" / "one")  # another session was quicker
    press(app, DELETE_ONE)
    assert "'one'" in problems_of(app)  # though there is no job at all
    stored_job(home, "two")
    assert "'one'" in problems_of(app.run())
    press(app, words.DELETE_YES.format(name="two"))
    assert not problems_of(app)


def name_box(app: AppTest) -> Any:
    """The box for the name under which a job is kept."""
    (one,) = [one for one in app.text_input if one.label == words.KEEP_AS]
    return one


def test_a_finished_job_is_kept_shown_and_deleted(home: Path) -> None:
    finished_job(home, "first")
    finished_job(home, "second")
    app = opened("train")
    assert app.selectbox(key=state.JOB).value == "second"
    assert name_box(app).value == "second"
    app.selectbox(key=state.JOB).select("first").run()
    assert name_box(app).value == "first"  # not the one before
    name_box(app).input("second").run()
    press(app, words.KEEP)
    assert "'second'" in problems_of(app)
    name_box(app).input(" mine ").run()
    press(app, words.KEEP)
    assert store.available(store.models()) == ["mine"]
    assert [job.name for job in jobs.all_jobs()] == ["second"]
    assert words.NEW_MODEL.format(name="mine") in text_of(app)
    expanders = [one.label for one in app.expander]
    assert words.MODELS.format(n=1, folder=store.models()) in expanders
    app.switch_page("app_pages/explore.py").run()
    assert app.selectbox(key=state.MODEL).value == "mine"
    app.switch_page("app_pages/train.py").run()
    press(app, words.DELETE_YES.format(name="second"))
    assert jobs.all_jobs() == []
    press(app, words.DELETE_YES.format(name="mine"))
    assert store.available(store.models()) == []
    app.switch_page("app_pages/explore.py").run()
    assert not problems_of(app)  # the model that was shown is deleted, and the default is shown
    assert app.selectbox(key=state.MODEL).value == "ordered-2d"
    toast = common.MODEL_DELETED.format(deleted="mine", usual="ordered-2d")
    assert [one.value for one in app.toast] == [toast]
    app.text_input(key=state.POINT).input("0.5, -1.2").run()
    assert explore.PINNED in text_of(app)


@pytest.mark.training
@pytest.mark.usefixtures("home")
def test_a_tiny_preset_is_trained_and_kept_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Preset(
        "ordered-2d",
        Network(2, (12,), (12,)),
        Data(sizes=(80, 16, 16)),
        Training((Phase(0.004, 5),)),
    )
    monkeypatch.setitem(presets.PRESETS, "ordered-2d", tiny)
    app = opened("train")
    press(app, words.START)
    (worker,) = jobs._workers[-1:]
    assert worker.wait(120) == 0
    app.run()
    assert app.selectbox(key=state.JOB).options == ["ordered-2d-seed-0: finished"]
    press(app, words.KEEP)
    assert check("ordered-2d-seed-0").preset == tiny
