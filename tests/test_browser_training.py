"""The training page in a real browser: a run is watched, stopped, resumed, kept and explored."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import text
from regvae.evaluation.check import check
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.training import jobs
from tests import server
from tests.browser import Explorer

TINY = Preset(
    "tiny",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 10_000),), batch_size=8),
)
"""Longer than any test waits: each stops it when it has seen enough."""
VIEW = ".training-view"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own for the server and for us; no training outlives it."""
    path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGVAE_HOME", str(path))
        patch.setenv("REGVAE_TRAININGS", "2")
        try:
            yield path
        finally:
            for run in jobs.all_jobs():
                jobs.stop(run.name)
            wait_until(lambda: not any(run.alive for run in jobs.all_jobs()))
            while jobs._workers:
                jobs._workers.pop().wait()


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """A dashboard that looks at that home."""
    with server.serve(REGVAE_HOME=str(home), REGVAE_TRAININGS="2") as address:
        yield address


@pytest.fixture(autouse=True)
def tidy(home: Path) -> Iterator[None]:  # noqa: ARG001 -- it is the home that is tidied
    """Nothing is left of a test for the next one."""
    yield
    for run in jobs.all_jobs():
        jobs.stop(run.name)
    wait_until(lambda: not any(run.alive for run in jobs.all_jobs()))
    for run in jobs.all_jobs():
        jobs.delete(run.name)


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def started(name: str, preset: Preset = TINY, epochs: int = 3) -> jobs.Job:
    """A run that has trained some epochs."""
    jobs.create(name, preset)
    wait_until(lambda: jobs.read_job(name).epochs >= epochs)
    return jobs.read_job(name)


def open_training(page: Page, url: str) -> Page:
    page.goto(f"{url}/train")
    expect(page.get_by_text(text.NEW_TRAINING)).to_be_visible(timeout=30_000)
    return page


def shown_epoch(page: Page) -> int:
    """The epoch that the picture has come to."""
    return int(page.locator(VIEW).get_attribute("data-epoch") or 0)


def wait_for_epoch(page: Page, beyond: int) -> int:
    page.wait_for_selector(VIEW, timeout=30_000)
    page.wait_for_function(
        "([view, least]) => Number(document.querySelector(view)?.dataset.epoch) > least",
        arg=[VIEW, beyond],
        timeout=30_000,
    )
    return shown_epoch(page)


def colours(page: Page) -> dict[str, int]:
    """How many pixels of the map have which of the two colours of its points."""
    return page.evaluate(
        """() => {
            const canvas = document.querySelector(".forming canvas");
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const found = {below: 0, above: 0};
            for (let i = 0; i < data.length; i += 4) {
                const [r, g, b] = data.slice(i, i + 3);
                if (r === 0xE0 && g === 0x7B && b === 0x39) found.below += 1;
                if (r === 0x2F && g === 0x6D && b === 0xB5) found.above += 1;
            }
            return found;
        }"""
    )


def test_a_training_is_watched_by_everyone_and_disturbs_nobody(
    page: Page, url: str, chromium: Browser
) -> None:
    run = started("watched")
    open_training(page, url)
    # It counts up without a click, and the map moves.
    first = wait_for_epoch(page, 0)
    page.wait_for_function("document.querySelector('.forming canvas').width > 100")
    page.wait_for_function(
        """() => {
            const canvas = document.querySelector(".forming canvas");
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return data.some((value) => value > 0);
        }"""
    )
    painted = colours(page)
    assert painted["below"] > 40
    assert painted["above"] > 40
    before = page.locator(".forming canvas").evaluate("(canvas) => canvas.toDataURL()")
    assert wait_for_epoch(page, first) > first
    page.wait_for_function(
        "(before) => document.querySelector('.forming canvas').toDataURL() !== before", arg=before
    )
    expect(page.get_by_text(re.compile(r"^training, epoch \d+ of 10000$"))).to_be_visible()
    expect(page.locator(".forming output")).to_have_text(re.compile(r"epoch \d+"))
    expect(page.locator(f"{VIEW} .map-title")).to_have_text(text.FORMING.format(n=80))
    for name in (
        r"Loss, in nats, after epoch \d+: training [\d.]+; validation [\d.]+",
        r"accuracy, by character, after epoch \d+: .*; all 7 \d+ %",
    ):
        expect(page.get_by_role("img", name=re.compile(name))).to_be_visible()
    assert page.locator(f"{VIEW} .loss path[stroke]").count() >= 2
    assert page.locator(f"{VIEW} .accuracy path[stroke]").count() >= 8
    # A second browser, with nothing of the first's, sees the same run.
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    other = open_training(context.new_page(), url)
    wait_for_epoch(other, first)
    expect(other.get_by_text(re.compile(r"^training, epoch \d+ of 10000$"))).to_be_visible()
    # Closed pages end nothing.
    page.goto("about:blank")
    context.close()
    reached = jobs.read_job(run.name).epochs
    wait_until(lambda: jobs.read_job(run.name).epochs > reached + 20)
    # And the map of another model answers meanwhile.
    explorer = Explorer(page, url).open()
    explorer.click(0.5, 0.3)
    explorer.expect_heading("Pinned point")
    assert explorer.pinned == pytest.approx((0.5, 0.3), abs=0.05)
    assert jobs.read_job(run.name).state == "training"


def test_a_run_is_stopped_looked_through_resumed_and_killed(page: Page, url: str) -> None:
    started("clicked", replace(TINY, network=Network(5, (12,), (12,))))
    open_training(page, url)
    wait_for_epoch(page, 0)
    title = "The map as it forms: 80 training regs, axes 1 and 2 of 5"
    expect(page.locator(f"{VIEW} .map-title")).to_have_text(title)
    page.get_by_role("button", name=text.STOP, exact=True).click()
    wait_until(lambda: jobs.read_job("clicked").state == "stopped")
    stopped = jobs.read_job("clicked").epochs
    expect(page.get_by_text(f"stopped after epoch {stopped} of 10000").first).to_be_visible()
    output, play = page.locator(".forming output"), page.locator(".forming .play")
    expect(output).to_have_text(f"epoch {stopped}")
    # Now there is time to go through the epochs, by hand or played.
    slider = page.get_by_role("slider", name="epoch", exact=True)
    slider.press("Home")
    expect(output).to_have_text("epoch 1")
    play.click()
    expect(play).to_have_text("Pause")
    expect(output).not_to_have_text("epoch 1")
    play.click()
    expect(play).to_have_text("Play")
    slider.press("End")
    expect(output).to_have_text(f"epoch {stopped}")
    page.get_by_role("button", name=text.RESUME, exact=True).click()
    stop = page.get_by_role("button", name=text.STOP, exact=True)
    expect(stop).to_have_count(1, timeout=15_000)  # for a moment there may be the one before too
    expect(stop).to_be_visible()
    assert wait_for_epoch(page, stopped) > stopped
    # Killed, it says so by itself, and can be resumed just the same.
    kill_worker()
    expect(page.get_by_text(text.INTERRUPTED)).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name=text.RESUME, exact=True)).to_be_visible()


def test_an_epoch_that_is_looked_at_stays_while_others_come(page: Page, url: str) -> None:
    started("paused")
    open_training(page, url)
    wait_for_epoch(page, 0)
    # So many epochs that they are not played before the button is pressed again.
    page.wait_for_function("() => document.querySelector('.forming input').max > 12")
    output, play = page.locator(".forming output"), page.locator(".forming .play")
    play.click()
    expect(play).to_have_text("Pause")
    play.click()
    expect(play).to_have_text("Play")
    looked_at = output.inner_text()
    assert wait_for_epoch(page, shown_epoch(page) + 20)
    expect(output).to_have_text(looked_at)
    slider = page.get_by_role("slider", name="epoch", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", looked_at)
    # Once it has ended there are the epochs before and between too, which take long to play.
    page.get_by_role("button", name=text.STOP, exact=True).click()
    expect(page.get_by_text("stopped after epoch").first).to_be_visible()
    expect(output).to_have_text(looked_at)
    expect(slider).to_have_attribute("max", re.compile(r"^(59|[6-9]\d|\d{3})$"))
    slider.press("End")
    expect(output).to_have_text(f"epoch {jobs.read_job('paused').epochs}")
    # Whoever leaves while they are played leaves nothing behind that goes on.
    slider.press("Home")
    play.click()
    expect(play).to_have_text("Pause")
    page.evaluate("() => { window.left = document.querySelector('.forming'); }")
    page.get_by_role("link", name="Against the notebook").click()
    expect(page.get_by_text("Every figure of the notebook")).to_be_visible()
    page.wait_for_function("() => window.left.querySelector('.play').textContent === 'Play'")
    assert page.evaluate(
        "() => { const {value, max} = window.left.querySelector('input'); return value < +max; }"
    )


def test_the_slider_stands_for_an_epoch_among_more_of_them_too(page: Page, url: str) -> None:
    open_training(page, url)
    stood = page.evaluate(
        """async () => {
            const module = new URL("app/static/training/forming.js", document.baseURI).href;
            const {FormingMap} = await import(module);
            const root = document.body.appendChild(document.createElement("div"));
            const map = new FormingMap(root);
            const keep = (...epochs) => {
                for (const epoch of epochs) map.keep(epoch, [0], [0]);
                map.go();
            };
            for (const epoch of [100, 101, 102]) keep(epoch); // as they came
            const slider = root.querySelector("input");
            slider.value = "1";
            slider.dispatchEvent(new Event("input"));
            keep(1, 20, 40, 60, 80, 103); // and once it has ended
            const words = root.querySelector("output").textContent;
            root.remove();
            return [words, slider.value, slider.max];
        }"""
    )
    assert stood == ["epoch 101", "6", "8"]


def kill_worker() -> None:
    """End the only process that trains in our home, which the server has started."""
    mine = str(jobs.folder())
    (worker,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if jobs.WORKER in (line := process.info["cmdline"] or []) and mine in " ".join(line)
    )
    worker.kill()


def test_a_training_is_started_kept_and_explored(page: Page, url: str) -> None:
    open_training(page, url)
    expect(page.get_by_text("No training is under way")).to_be_visible()
    page.get_by_role("textbox", name=text.RUN_NAME, exact=True).fill("mine")
    page.get_by_text(text.DATA, exact=True).click()
    for name, value in (("Training", "200"), ("Validation", "20"), ("Test", "20")):
        box = page.get_by_role("spinbutton", name=name, exact=True)
        box.fill(value)
        box.press("Enter")
    page.get_by_text(text.SCHEDULE, exact=True).click()
    phases = page.get_by_role("textbox", name="Learning rate × epochs", exact=True)
    phases.fill("0.002 × 6")
    phases.press("Enter")
    expect(page.get_by_text("Changed from ordered-2d.")).to_be_visible()
    page.get_by_role("button", name=text.START, exact=True).click()
    # From here on without a click, until it is finished.
    expect(page.get_by_text("finished, 6 epochs").first).to_be_visible(timeout=60_000)
    assert wait_for_epoch(page, 5) == 6
    keep = page.get_by_role("button", name=text.KEEP, exact=True)
    expect(keep).to_be_visible()
    page.get_by_label(text.KEEP_AS).fill("kept-mine")
    keep.click()
    expect(page.get_by_text("Models kept here: 1", exact=False)).to_be_visible()
    assert jobs.all_jobs() == []
    assert check("kept-mine").preset.data.sizes == (200, 20, 20)
    explorer = Explorer(page, url).open("?model=kept-mine")
    explorer.click(0.2, 0.1)
    explorer.expect_heading("Pinned point")
    assert explorer.pinned == pytest.approx((0.2, 0.1), abs=0.05)
    bundle = check("kept-mine")
    assert explorer.plate.replace(" ", "") == bundle.autoencoder.decode([explorer.pinned])[0]
