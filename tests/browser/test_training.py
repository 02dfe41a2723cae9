"""The training page in a real browser: a run is watched, stopped, resumed, kept and explored."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from dashboard import palette, state
from dashboard.words import training_data as data_words
from dashboard.words.explore import OWN_TAB
from regvae.evaluation.check import check
from regvae.model import store
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.training import jobs
from tests import drive
from tests.browser.pages import LOADING, Comparer, Explorer, Trainer

pytestmark = pytest.mark.training

TINY = Preset(
    "tiny",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 10_000),), batch_size=8),
)
"""Longer than any test waits: it is stopped when enough has been seen."""


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """No run and no kept model is left of a test, nor a process that trains."""
    yield
    for job in jobs.all_jobs():
        jobs.stop(job.name)
    wait_until(lambda: not any(job.alive for job in jobs.all_jobs()))
    for job in jobs.all_jobs():
        jobs.delete(job.name)
    for name in store.available(store.models()):
        jobs.delete_model(name)
    while jobs._workers:
        jobs._workers.pop().wait()


def wait_until(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_run_is_watched_by_everyone_stopped_looked_through_resumed_and_killed(
    page: Page, profile: BrowserContext, dashboard: str
) -> None:
    jobs.create("watched", TINY)
    trainer = Trainer(page, dashboard).open()
    # It counts up without a click, and the map moves.
    assert_formed(trainer)
    with drive.watched(profile) as another:  # of another session, with nothing of the first's
        other = Trainer(another, dashboard).open()
        other.wait_for_epoch(trainer.shown)
        assert_looked_at_stays(other)
    reached = jobs.read_job("watched").epochs  # nor does a closed page end anything
    wait_until(lambda: jobs.read_job("watched").epochs > reached + 20)
    trainer.go("")  # and the map of a model answers meanwhile
    explorer = Explorer(page, dashboard).wait()
    np.testing.assert_allclose(explorer.pin(0.5, 0.3), (0.5, 0.3), atol=0.05)
    assert jobs.read_job("watched").state == "training"
    trainer.go("train")

    trainer.stop.click()
    wait_until(lambda: jobs.read_job("watched").state == "stopped")
    stopped = jobs.read_job("watched").epochs
    expect(trainer.stop).to_have_count(0)
    expect(trainer.epoch).to_have_text(f"epoch {stopped}")
    assert_played_and_left(trainer, stopped)

    trainer.go("train")
    trainer.wait()
    trainer.main_button.click()
    expect(trainer.stop).to_be_visible(timeout=LOADING)
    trainer.wait_for_epoch(stopped)
    kill_worker("watched")  # it says so by itself, and can be resumed just the same
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    expect(trainer.stop).to_have_count(0)
    expect(trainer.main_button).to_be_visible()
    assert jobs.read_job("watched").state == "interrupted"


def assert_formed(trainer: Trainer) -> None:
    """The map of the newest epoch is drawn in two colours, with lines and words beside it."""
    first = trainer.wait_for_epoch(0)
    for colour in (palette.BELOW, palette.ABOVE):
        expect_pixels(trainer, colour, 11)  # the 80 points may lie upon each other at first
    before = trainer.map.evaluate("(canvas) => canvas.toDataURL()")
    trainer.wait_for_epoch(first)
    trainer.page.wait_for_function(
        "(before) => document.querySelector('.forming canvas').toDataURL() !== before", arg=before
    )
    progress = trainer.page.get_by_test_id("stProgress")
    expect(progress).to_have_text(re.compile(r"\d+ of 10,?000$"))
    expect(trainer.epoch).to_have_text(re.compile(r"^epoch \d+$"))
    expect(trainer.view.locator(".map-title")).to_contain_text("80")
    number = r"[\d.]+"
    for part, lines, words in (
        ("loss", 2, rf"epoch \d+: training {number}; validation {number}"),
        ("accuracy", 8, r"epoch \d+: (.+ \d+ %; ){7}.+ \d+ %$"),
    ):
        chart = trainer.view.locator(f".{part}")
        expect(chart.get_by_role("img", name=re.compile(words))).to_be_visible()
        assert chart.locator("path[stroke]").count() >= lines


def expect_pixels(trainer: Trainer, colour: str, least: int) -> None:
    """Wait until so many pixels of the forming map, which is not tiny, have a colour."""
    trainer.page.wait_for_function(
        """([wanted, least]) => {
            const canvas = document.querySelector(".forming canvas");
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let found = 0;
            for (let i = 0; i < data.length; i += 4) {
                if (wanted.every((value, channel) => data[i + channel] === value)) found += 1;
            }
            return canvas.width > 100 && found >= least;
        }""",
        arg=[[int(colour[at : at + 2], 16) for at in (1, 3, 5)], least],
    )


def assert_looked_at_stays(trainer: Trainer) -> None:
    """An epoch that somebody looks at stays, while others come."""
    trainer.page.wait_for_function("() => document.querySelector('.forming input').max > 1")
    trainer.slider.press("Home")
    looked_at = trainer.epoch.inner_text()
    trainer.wait_for_epoch(trainer.wait_for_epoch(trainer.shown))
    expect(trainer.epoch).to_have_text(looked_at)
    expect(trainer.slider).to_have_attribute("aria-valuetext", looked_at)


def assert_played_and_left(trainer: Trainer, stopped: int) -> None:
    """The epochs of a run that has ended can be gone through, by hand or played."""
    epoch, play, slider = trainer.epoch, trainer.play, trainer.slider
    expect(slider).to_have_attribute("max", re.compile(r"^(59|[6-9]\d|\d{3})$"))
    slider.press("Home")
    expect(epoch).to_have_text("epoch 1")
    play.click()
    playing = play.inner_text()
    expect(epoch).not_to_have_text("epoch 1")
    play.click()
    expect(play).not_to_have_text(playing)
    paused = play.inner_text()
    slider.press("End")
    expect(epoch).to_have_text(f"epoch {stopped}")
    # Whoever leaves while they are played leaves nothing behind that goes on.
    slider.press("Home")
    play.click()
    expect(play).to_have_text(playing)
    trainer.page.evaluate("() => { window.left = document.querySelector('.forming'); }")
    trainer.go("read")
    trainer.page.wait_for_function(
        "(paused) => window.left.querySelector('.play').textContent === paused", arg=paused
    )
    value, last = trainer.page.evaluate(
        "() => { const {value, max} = window.left.querySelector('input'); return [+value, +max]; }"
    )
    assert value < last


def kill_worker(name: str) -> None:
    """End the process that trains a run, which the server has started: it has the run's lock."""
    lock = str(jobs.folder() / name / jobs.LOCK)
    (worker,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if jobs.WORKER in (process.info["cmdline"] or []) and lock in files_of(process)
    )
    worker.kill()


def files_of(process: psutil.Process) -> set[str]:
    """The files that a process has open: none if it has just ended."""
    with suppress(psutil.NoSuchProcess):
        return {one.path for one in process.open_files()}
    return set()


def test_a_training_is_started_kept_and_explored(page: Page, dashboard: str) -> None:
    trainer = Trainer(page, dashboard).open()
    expect(trainer.view).to_have_count(0)
    trainer.enter(state.JOB_NAME, "mine")
    trainer.unfold(0)
    for split, size in (("train", "200"), ("validation", "20"), ("test", "20")):
        trainer.enter(f"new-{split}-ordered-2d", size)
    trainer.unfold(3)
    trainer.enter("new-phases-ordered-2d", "0.002 × 6")
    expect(page.get_by_text(re.compile(r"^200 .* 6 epochs .*ordered-2d"))).to_be_visible()
    trainer.start.click()
    # From here on without a click, until it is finished.
    name = trainer.keyed(f"{state.KEEP_AS}-mine").locator("input")
    expect(name).to_be_visible(timeout=LOADING)
    assert trainer.wait_for_epoch(5) == 6
    expect(trainer.keyed(state.JOB).get_by_role("combobox")).to_have_value("mine: finished")
    name.fill("kept-mine")
    trainer.main_button.click()
    expect(name).to_have_count(0)
    assert jobs.all_jobs() == []
    kept = check("kept-mine")
    assert kept.preset.data.sizes == (200, 20, 20)
    page.get_by_test_id("stPageLink").filter(has_text="Compare it").get_by_role("link").click()
    maps = Comparer(page, dashboard).wait()
    expect(maps.side("right").locator("b")).to_have_text("kept-mine")
    page.go_back()
    trainer.wait()
    page.get_by_test_id("stPageLink").filter(has_text="Explore it").get_by_role("link").click()
    expect(page).to_have_url(re.compile("[?&]model=kept-mine"))
    page.reload()
    explorer = Explorer(page, dashboard).wait()
    expect(explorer.keyed(state.MODEL).get_by_role("combobox")).to_have_value("kept-mine")
    z = explorer.pin(0.2, 0.1)
    expect(explorer.plate).to_have_text(kept.format.shown(kept.autoencoder.decode([z])[0]))


def write_lots(path: Path) -> None:
    """A table of codes of a format that nobody has seen, with a price, a date and a category."""
    rng = np.random.default_rng(0)
    ends = rng.choice(list("ABCDEFGHKLMN"), (400, 2))
    table = pd.DataFrame(
        {
            "lot": [f"LOT-{n:04}-{a}{b}" for n, (a, b) in enumerate(ends, start=4000)],
            "price": (rng.random(400) * 100).round(2),
            "since": pd.date_range("2020-01-01", periods=400).strftime("%Y-%m-%d"),
            "kind": rng.choice(["bolt", "nut", "washer"], 400),
        }
    )
    table.to_csv(path, index=False)


def test_a_file_is_dropped_on_explore_trained_on_watched_kept_and_explored_in_five_gestures(
    page: Page, dashboard: str, tmp_path: Path
) -> None:
    write_lots(tmp_path / "lots.csv")
    explorer = Explorer(page, dashboard).open(f"?tab={OWN_TAB.replace(' ', '+')}")
    file = explorer.keyed(state.OWN_FILE).locator("input[type=file]")
    file.set_input_files(tmp_path / "lots.csv")  # the first gesture
    expect(explorer.panel).to_contain_text("400 of 400 lines are codes such as LOT-4000-")
    explorer.button(data_words.TRAIN_ON_THESE).click()  # the second
    trainer = Trainer(page, dashboard).wait()
    told = trainer.keyed("train-read")
    expect(told).to_contain_text("400 of 400 lines of the column lot are codes of the pattern LOT-")
    expect(told).to_contain_text("further columns, to colour and to order by: price, since, kind")
    trainer.start.click()  # the third
    trainer.wait_for_epoch(5)
    keep = trainer.keyed(f"{state.KEEP_AS}-lots-ordered-2d-seed-0")
    expect(keep).to_be_visible(timeout=LOADING)
    trainer.main_button.click()  # the fourth
    trainer.keyed("way-on").get_by_role("link").first.click()  # the fifth
    explorer.wait()
    expect(page).to_have_url(re.compile("[?&]model=lots-ordered-2d-seed-0"))
    explorer.choose(state.COLOUR, "kind")
    expect(explorer.legend.chips).to_contain_text(["bolt", "nut", "washer"])
    explorer.pin(0.2, 0.1)
    expect(explorer.plate).to_have_text(re.compile("^LOT-[0-9]{4}-[A-Z]{2}$"))


def test_a_file_is_dropped_on_train_and_trained_on(
    page: Page, dashboard: str, tmp_path: Path
) -> None:
    write_lots(tmp_path / "lots.csv")
    trainer = Trainer(page, dashboard).open()
    page.get_by_text(data_words.KINDS["own"]).click()
    file = trainer.keyed(state.TRAIN_FILE).locator("input[type=file]")
    file.set_input_files(tmp_path / "lots.csv")
    expect(trainer.keyed("train-read")).to_contain_text("400 of 400 lines")
    # What was typed stays while other boxes change, and after another page.
    trainer.keyed("train-correct").locator("summary").click()
    noun = page.locator("[class*=st-key-train-noun] input")
    noun.fill("part number")
    noun.press("Enter")
    expect(trainer.keyed("train-read")).to_contain_text("400 different part numbers")
    trainer.go("figures")
    expect(trainer.keyed(state.JOB_NAME)).to_have_count(0)
    trainer.go("train")
    expect(trainer.keyed("train-read")).to_contain_text("400 different part numbers")
    trainer.start.click()
    expect(page.get_by_text("334 training part numbers").first).to_be_visible()
    expect(trainer.stop).to_be_visible(timeout=LOADING)
