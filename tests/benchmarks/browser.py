"""What a person waits for in the browser, measured in headless Chromium with software GL."""

from pathlib import Path
from statistics import median

from playwright.sync_api import Page, ViewportSize

from tests import server
from tests.benchmarks.figure import Figure
from tests.benchmarks.first_map import first_map
from tests.benchmarks.slow_line import slow_line
from tests.browser.pages import Comparer, Explorer
from tests.drive import chromium

BASELINE = Path(__file__).with_name("baseline_app.py")
STEPS = 40
SIZE: ViewportSize = {"width": 1280, "height": 800}

# Time from the slider's event until the frame that shows new text has been painted.
SCRUB = """async ([component, steps]) => {
    const slider = document.querySelector(".scrub-row input");
    const list = document.querySelector(component);
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    }));
    const times = [];
    for (let i = 0; i < steps; i++) {
        const before = list.innerText;
        const start = performance.now();
        slider.value = 0.5 + 0.05 * i;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await painted();
        times.push(performance.now() - start);
        if (list.innerText === before) throw new Error("the text did not change");
        await new Promise((done) => setTimeout(done, 60));
    }
    return times;
}"""

# The same on the usual app: a key press moves its slider, and its text says when it is done.
BASELINE_STEP = """() => new Promise((done) => {
    const text = document.querySelector("[data-testid=stText]");
    const before = text.innerText;
    const start = performance.now();
    const look = () => text.isConnected && text.innerText === before
        ? requestAnimationFrame(look)
        : requestAnimationFrame(() => done(performance.now() - start));
    requestAnimationFrame(look);
})"""

HOVER = """(moves) => {
    const picture = document.querySelector(".picture");
    const strip = document.querySelector(".reading");
    const box = picture.getBoundingClientRect();
    const times = [];
    for (let i = 0; i < moves; i++) {
        const clientX = box.left + 60 + (i * 37) % (box.width - 90);
        const clientY = box.top + 20 + (i * 23) % (box.height - 60);
        const start = performance.now();
        picture.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX, clientY }));
        strip.getBoundingClientRect();  // the browser has laid the plate out
        times.push(performance.now() - start);
    }
    return times;
}"""


def browser() -> list[Figure]:
    """Every figure that needs a browser, each from the same two servers."""
    with chromium() as running:
        figures = [*first_map(running), *slow_line(running)]
        with server.serve() as url, server.serve(BASELINE) as baseline_url:
            page = running.new_page(viewport=SIZE)
            explorer = Explorer(page, url).open()
            page.wait_for_timeout(2000)  # let the first paint settle
            scrubbed = median(page.evaluate(SCRUB, [".scrubber", STEPS]))
            hovered = median(page.evaluate(HOVER, 400))
            picked = pick(explorer)
            page.close()
            compared = scrub_both(running.new_page(viewport=SIZE), url)
            usual = baseline_scrub(running.new_page(), baseline_url)
        return [
            Figure(
                "scrub step to repainted plates",
                scrubbed,
                "ms",
                usual,
                "st.slider + st.plotly_chart",
                "at most 50 ms, 10 times faster",
                scrubbed <= 50 and usual >= 10 * scrubbed,
            ),
            Figure(
                "scrub step on both maps of Compare",
                compared,
                "ms",
                target="at most 50 ms",
                met=compared <= 50,
            ),
            Figure(
                "hover to decoded plate", hovered, "ms", target="at most 16 ms", met=hovered <= 16
            ),
            Figure(
                "pick to pinned panel", picked, "ms", target="at most 300 ms", met=picked <= 300
            ),
            *figures,
        ]


def scrub_both(page: Page, url: str) -> float:
    """Median time of one slider step to the frame with both maps of Compare, in ms."""
    Comparer(page, url).open().expect_confirmed()
    page.wait_for_timeout(2000)
    times = page.evaluate(SCRUB, [".comparison", STEPS])
    page.close()
    return median(times)


def pick(explorer: Explorer) -> float:
    """Median time from a mouse click to the panel that shows the pinned plate, in ms."""
    times = []
    script = """() => {
        const panel = document.querySelector(".st-key-panel");
        const before = panel.innerText;
        let start;
        addEventListener("pointerup", () => { start = performance.now(); },
            { once: true, capture: true });
        window.picked = new Promise((done) => {
            const look = () => start === undefined || panel.innerText === before
                ? requestAnimationFrame(look) : done(performance.now() - start);
            look();
        });
    }"""
    for i in range(20):
        target = (-2.5 + 0.25 * i, 2.4 - 0.22 * i)
        explorer.point(*target)
        explorer.page.evaluate(script)
        explorer.page.mouse.click(*explorer.picture.pixels([target])[0])
        times.append(explorer.page.evaluate("() => window.picked"))
        explorer.page.wait_for_timeout(150)
    return median(times[1:])


def baseline_scrub(page: Page, url: str) -> float:
    """Median time of one slider step to new text in the usual app, in ms."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(url)
    page.wait_for_selector("[data-testid=stPlotlyChart] canvas")
    page.wait_for_timeout(2000)
    slider = page.locator("[data-testid=stSlider] input[type=range]")
    slider.focus()
    times = []
    for _ in range(15):
        page.evaluate(f"() => {{ window.stepped = ({BASELINE_STEP})(); }}")
        page.keyboard.press("ArrowRight")
        times.append(page.evaluate("() => window.stepped"))
        page.wait_for_timeout(400)
    return median(times)
