"""A real Chromium for the browser tests: found, started, and spoken to in a user's words.

`python -m tests.browser --find` prints the browser's path, or fails if there is none.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ARGUMENTS = (  # noqa: SIM905 -- a command line reads better as one
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --use-gl=angle --use-angle=swiftshader "
    "--enable-unsafe-swiftshader"
).split()
READY = ".latent-map[data-ready='true']"


def find() -> str | None:
    """Path of the browser: the machine's own, else the one Playwright has installed."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if Path(MAC).is_file():
        return MAC
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if Path(path).is_file():
        return path
    # `playwright install chromium-headless-shell` puts another binary beside the full browser's.
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    shells = sorted(root.glob("chromium_headless_shell-*/*/*headless*shell"))
    return str(shells[-1]) if shells else None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a new profile and software GL."""
    path = find()
    if path is None:
        raise RuntimeError("no Chromium was found; run `make test`, or install one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def pixel(picture: Locator, x: float, y: float) -> tuple[float, float]:
    """Where on the screen a point of a map's plane is drawn."""
    return tuple(
        picture.evaluate(
            """(plot, [x, y]) => {
                const {xaxis, yaxis} = plot._fullLayout;
                const box = plot.getBoundingClientRect();
                return [box.left + xaxis._offset + xaxis.d2p(x),
                        box.top + yaxis._offset + yaxis.d2p(y)];
            }""",
            [x, y],
        )
    )


def point_near(picture: Locator, x: float, y: float) -> list[float]:
    """Point at the whole pixel that is nearest to a point of the plane, and say where that is."""
    at = [round(number) for number in pixel(picture, x, y)]
    picture.page.mouse.move(*at)
    return picture.evaluate(
        """(plot, [px, py]) => {
            const {xaxis, yaxis} = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            return [xaxis.p2d(px - box.left - xaxis._offset),
                    yaxis.p2d(py - box.top - yaxis._offset)];
        }""",
        at,
    )


def drag(page: Page, pixels: list[tuple[float, float]]) -> None:
    """Press at the first pixel, move over the others, release at the last."""
    for number, at in enumerate(pixels):
        page.mouse.move(*at, steps=4)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


class Explorer:
    """The explore page as a person uses it: latent coordinates in, text out."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, query: str = "") -> "Explorer":
        """Go to the page and wait until the map is drawn."""
        self.page.goto(f"{self.url}/{query}")
        self.page.wait_for_selector(READY, timeout=30_000)
        return self

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where on the screen a latent point is drawn."""
        return pixel(self.page.locator(".picture"), x, y)

    def point(self, x: float, y: float) -> None:
        """Move the mouse to a latent point."""
        self.page.mouse.move(*self.pixel(x, y))

    def click(self, x: float, y: float) -> None:
        """Click a latent point."""
        self.point(x, y)
        self.page.mouse.click(*self.pixel(x, y))

    def drag(self, corners: list[tuple[float, float]]) -> None:
        """Press at the first latent point, move over the others, release at the last."""
        drag(self.page, [self.pixel(*corner) for corner in corners])

    def tool(self, name: str) -> None:
        """Choose one of the map's tools."""
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def pinned(self) -> tuple[float, float]:
        """The pinned point, once the box of coordinates has it."""
        box = self.page.get_by_label("Go to a point")
        expect(box).to_have_value(re.compile(","))
        x, y = (float(part) for part in box.input_value().split(","))
        return x, y

    @property
    def plate(self) -> str:
        """The reg on the large plate above the map."""
        return self.page.locator(".reading .plate.large").inner_text()

    @property
    def reading(self) -> str:
        """The words beside the large plate."""
        return self.page.locator(".reading-text").inner_text()

    def figure(self, name: str) -> str:
        """One of the figures under the threshold."""
        return self.page.locator(f"[data-figure={name}]").inner_text()

    def plates(self) -> list[str]:
        """The regs listed under the map, as they are shown."""
        return self.page.locator(".scrubber .plate:visible").all_inner_texts()

    def slider(self, parameter: str):
        """The slider of one of the rule's numbers."""
        return self.page.locator(f".scrub-row [data-parameter={parameter}] input")

    def grab(self, parameter: str = "threshold") -> None:
        """Press the mouse on a slider's thumb."""
        value = float(self.slider(parameter).input_value())
        self.page.mouse.move(*self.thumb(value, parameter))
        self.page.mouse.down()

    def thumb(self, value: float, parameter: str = "threshold") -> tuple[float, float]:
        """Where a slider's thumb stands for a value."""
        slider = self.slider(parameter)
        box = slider.bounding_box()
        assert box
        thumb = 16
        share = value / float(slider.get_attribute("max") or 1)
        return box["x"] + thumb / 2 + share * (box["width"] - thumb), box["y"] + box["height"] / 2

    def value(self, parameter: str) -> float:
        """One of the rule's numbers as shown beside its slider; a percentage as a share."""
        shown = self.page.locator(f".scrub-row [data-parameter={parameter}] output").inner_text()
        number, unit = shown.split()
        return float(number) / 100 if unit == "%" else float(number)

    @property
    def threshold(self) -> float:
        """The threshold as shown beside the slider."""
        return self.value("threshold")

    def tab(self, name: str) -> None:
        """Open a tab of the panel."""
        self.page.get_by_role("tab", name=name).click()

    def painted(self, x: float, y: float, layer: str = "over") -> str:
        """What our canvas above (or `under`) Plotly's picture shows at a latent point: "rgba"."""
        return self.page.evaluate(
            """([px, py, layer]) => {
                const canvas = document.querySelector(`.frame canvas.${layer}`);
                const box = canvas.getBoundingClientRect();
                const ratio = canvas.width / box.width;
                const at = [(px - box.left) * ratio, (py - box.top) * ratio].map(Math.floor);
                const data = canvas.getContext("2d").getImageData(...at, 1, 1).data;
                return Array.from(data).join(" ");
            }""",
            [*self.pixel(x, y), layer],
        )

    @property
    def panel(self):
        """The reading panel on the right."""
        return self.page.locator(".st-key-panel")

    def expect_heading(self, name) -> None:
        """Wait for a heading in the panel."""
        expect(self.panel.get_by_role("heading", name=name)).to_be_visible()


class Comparer:
    """The page of two models as a person uses it: `side` is "left" or "right"."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, query: str = "") -> "Comparer":
        """Go to the page and wait until both maps are drawn."""
        self.page.goto(f"{self.url}/compare{query}")
        self.page.wait_for_selector(".comparison[data-ready='true']", timeout=30_000)
        return self

    def side(self, side: str) -> Locator:
        """One of the two maps with the line above it."""
        return self.page.locator(f"[data-side={side}]")

    def pixel(self, side: str, x: float, y: float) -> tuple[float, float]:
        """Where on the screen a point of a map's plane is drawn."""
        return pixel(self.side(side).locator(".picture"), x, y)

    def drag(self, side: str, corners: list[tuple[float, float]]) -> None:
        """Press at the first point, move over the others, release at the last."""
        drag(self.page, [self.pixel(side, *corner) for corner in corners])

    def selected(self, side: str) -> list[list[int] | None]:
        """Of each trace of a map's records, the places of those that are lit up; None for all."""
        return (
            self.side(side)
            .locator(".picture")
            .evaluate("(plot) => plot.data.map((one) => one.selectedpoints ?? null)")
        )

    def ring(self, side: str, x: float, y: float) -> bool:
        """Whether a ring is drawn about a point: eight pixels from it, in the ring's colour."""
        return (
            self.side(side)
            .locator("canvas.over")
            .evaluate(
                """(canvas, [px, py]) => {
                    const box = canvas.getBoundingClientRect();
                    const ratio = canvas.width / box.width;
                    const at = [(px + 8 - box.left) * ratio, (py - box.top) * ratio];
                    const data = canvas.getContext("2d").getImageData(...at.map(Math.floor), 1, 1);
                    return data.data[0] > 150 && data.data[1] < 100 && data.data[2] > 150;
                }""",
                list(self.pixel(side, x, y)),
            )
        )


def errors_of(page: Page) -> list[str]:
    """A list that fills with what goes wrong in a page's JavaScript, and what its console tells.

    Not with Streamlit's own search for the root of its addresses: on a page that is opened by its
    own address it first asks for `health` and `host-config` beneath that.
    """
    wrong: list[str] = []
    known = re.compile("/[a-z]+/_stcore/(health|host-config)$")

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not known.search(message.location["url"]):
            wrong.append(f"{message.text} ({message.location['url']})")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


if __name__ == "__main__":
    found = find()
    print(found or "no Chromium was found")
    sys.exit(found is None)
