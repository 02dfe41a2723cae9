"""The dashboard's pages as a person uses them: in latent coordinates, names and numbers.

What is on a page is found by its key, its role or its data, so that its words may change.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from playwright.sync_api import Locator, Page, expect

from dashboard import state
from dashboard.words import results
from regvae.formats import UK_REGISTRATION
from regvae.rejection.rules import Rule

READY = ".latent-map[data-ready='true']"
SETTLED = ".stApp[data-test-script-state='notRunning']"
LOADING = 120_000  # milliseconds: for a page, a model or TensorFlow to be there, or work done
TABS = ("read", "sample", "results", "journeys", "own")
GO_TO_NEAREST = "Go to the nearest accepted point"  # buttons without a key, by their words
DECODE = re.compile("Decode 50")
MARK = 5  # pixels: no sample's mark reaches farther from its place
HUNT = "Search for leaks on the map"

Points = Sequence[Sequence[float]]


class Visit:
    """Any page of the dashboard."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def keyed(self, key: str) -> Locator:
        """The widget or container of that key."""
        return self.page.locator(f".st-key-{key}")

    def enter(self, key: str, text: str) -> None:
        """Type into a box, and press Enter."""
        box = self.keyed(key).locator("input, textarea").first
        box.fill(text)
        box.press("Enter")

    def choose(self, key: str, option: str | int) -> None:
        """Choose something in a box of options, by its words or its place."""
        self.keyed(key).get_by_role("combobox").click()
        options = self.page.get_by_role("option")
        if isinstance(option, int):
            options.nth(option).click()
        else:
            self.page.get_by_role("option", name=option, exact=True).click()

    def expect_address(self, key: str, value: float | None = None) -> None:
        """Wait until the address has a number under a key, or anything."""
        number = "." if value is None else rf"{re.escape(f'{value:g}')}(\.0)?(&|$)"
        expect(self.page).to_have_url(re.compile(f"[?&]{key}={number}"))

    def go(self, page: str) -> None:
        """Follow the link to another page, by the end of its address."""
        self.page.locator(f"[data-testid=stTopNavLink][href$='/{page}']").click()

    def settle(self) -> None:
        """Wait until no run is on: all that it shows is there."""
        self.page.wait_for_selector(SETTLED)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """A button by its words."""
        exact = isinstance(name, str)
        return self.page.get_by_role("button", name=name, exact=exact)


# --- a map ----------------------------------------------------------------------------------------


class Picture:
    """One latent map: what is drawn, and its pointer."""

    def __init__(self, frame: Locator) -> None:
        self.plot = frame.locator(".picture")
        self.frame = frame
        self.mouse = frame.page.mouse

    def pixels(self, points: ArrayLike) -> list[tuple[float, float]]:
        """Where on the screen points of the map's plane, (n, 2), are drawn."""
        found = self.plot.evaluate(
            """(plot, points) => {
                const {view} = plot.map;
                const box = plot.getBoundingClientRect();
                return points.map(([x, y]) => [box.left + view.x(x), box.top + view.y(y)]);
            }""",
            np.asarray(points, float).tolist(),
        )
        return [(x, y) for x, y in found]

    def point(self, x: float, y: float) -> None:
        """Move the mouse to a point."""
        ((px, py),) = self.pixels([[x, y]])
        self.mouse.move(px, py)

    def point_near(self, x: float, y: float) -> np.ndarray:
        """Point at the whole pixel that is nearest to a point, and say where exactly that is."""
        ((px, py),) = self.pixels([[x, y]])
        at = [round(px), round(py)]
        self.mouse.move(*at)
        place = self.plot.evaluate(
            """(plot, [px, py]) => {
                const box = plot.getBoundingClientRect();
                return Object.values(plot.map.view.point(px - box.left, py - box.top));
            }""",
            at,
        )
        np.testing.assert_allclose(place, [x, y], atol=0.03)
        return np.array(place)

    def click(self, x: float, y: float, button: str = "left") -> None:
        """Click a point."""
        self.point(x, y)
        self.mouse.down(button=button)  # type: ignore[arg-type]
        self.mouse.up(button=button)  # type: ignore[arg-type]

    def drag(self, corners: Points) -> None:
        """Press at the first point, move over the others, release at the last."""
        for number, at in enumerate(self.pixels(corners)):
            self.mouse.move(*at, steps=4)
            if number == 0:
                self.mouse.down()
        self.mouse.up()

    def painted(self, points: ArrayLike, layer: str = "over") -> np.ndarray:
        """What the canvas above (or another `layer`) shows at points (n, 2): (n, 4)."""
        return self.around(points, 0, layer)[:, 0]

    def around(self, points: ArrayLike, reach: int, layer: str = "over") -> np.ndarray:
        """The same for all pixels so far from the points, to all sides: (n, pixels, 4)."""
        pixels = self.frame.locator(f"canvas.{layer}").evaluate(
            """(canvas, [places, reach]) => {
                const box = canvas.getBoundingClientRect();
                const ratio = canvas.width / box.width;
                const context = canvas.getContext("2d");
                const side = 2 * reach + 1;
                return places.map(([px, py]) => {
                    const at = [(px - box.left) * ratio, (py - box.top) * ratio];
                    const corner = at.map((one) => Math.floor(one) - reach);
                    return Array.from(context.getImageData(...corner, side, side).data);
                });
            }""",
            [self.pixels(points), reach],
        )
        return np.reshape(pixels, (len(pixels), -1, 4))

    def expect_drawn(self, layer: str) -> None:
        """Wait until there is something on a canvas."""
        self.frame.page.wait_for_function(
            """(canvas) => {
                const context = canvas.getContext("2d");
                const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
                return data.some((value) => value > 0);
            }""",
            arg=self.frame.locator(f"canvas.{layer}").element_handle(),
        )

    def strength(self, point: Sequence[float]) -> int:
        """How opaque the mark of a sample at a point is, from 0 to 255."""
        return int(self.around([point], MARK)[..., 3].max())

    def wait_for(self, condition: str, given: object = None) -> None:
        """Wait until a function of the `plot` and of what is `given` is true, in JavaScript."""
        self.frame.page.wait_for_function(
            f"([plot, given]) => ({condition})(plot, given)",
            arg=[self.plot.element_handle(), given],
        )

    @property
    def opacities(self) -> list[float]:
        """How strongly the records of each class are drawn."""
        return self.plot.evaluate("(plot) => plot.map.records.groups.map((one) => one.opacity)")

    @property
    def records(self) -> np.ndarray:
        """Where the records are shown on the plane, (n, 2)."""
        x, y = self.plot.evaluate(
            "(plot) => [Array.from(plot.map.records.x), Array.from(plot.map.records.y)]"
        )
        return np.column_stack([x, y])

    @property
    def colours(self) -> np.ndarray:
        """Colour and symbol of each record, (n, 2)."""
        return np.array(
            self.plot.evaluate(
                """({map: {records}}) => Array.from(records.groupOf, (group) => {
                    const {colour, symbol} = records.groups[group];
                    return [colour, symbol];
                })"""
            )
        )

    @property
    def selected(self) -> np.ndarray | None:
        """Rows of the records that are selected; None without a selection."""
        rows = self.plot.evaluate(
            "({map: {records: {selected}}}) => selected && Array.from(selected)"
        )
        return None if rows is None else np.flatnonzero(rows)

    def expect_selected(self, n: int | None = None) -> None:
        """Wait until so many records are selected, or any."""
        self.wait_for(
            """({map: {records: {selected}}}, n) => selected &&
                (n === null || selected.reduce((sum, one) => sum + one, 0) === n)""",
            n,
        )

    @property
    def outline(self) -> np.ndarray | None:
        """The corners (n, 2) of the region that is outlined, or None."""
        corners = self.plot.evaluate("(plot) => plot.map.marks.outline")
        return None if corners is None else np.array(corners)


class Legend:
    """The classes above a map, or its scale."""

    def __init__(self, root: Locator) -> None:
        self.root = root.locator(".legend")
        self.chips = self.root.locator(".chip")
        self.scale = self.root.locator(".scale")

    @property
    def shares(self) -> list[float]:
        """How much of each class is seen in the legend, from top to bottom: 0 to 1."""
        return self.root.evaluate(
            """(root) => {
                const { top, bottom } = root.getBoundingClientRect();
                return [...root.querySelectorAll(".chip")].map((chip) => {
                    const box = chip.getBoundingClientRect();
                    const seen = Math.min(box.bottom, bottom) - Math.max(box.top, top);
                    return Math.max(0, Math.round((100 * seen) / box.height) / 100);
                });
            }"""
        )

    def expect_alone(self, place: int | None) -> None:
        """All classes are shown, or but one is dimmed."""
        shown = self.root.locator(".chip[aria-pressed=true]")
        expect(shown).to_have_count(self.chips.count() if place is None else 1)
        if place is not None:
            expect(self.chips.nth(place)).to_have_attribute("aria-pressed", "true")


# --- pages ----------------------------------------------------------------------------------------


class Sliding(Visit):
    """A page with the sliders of a rule."""

    def slider(self, parameter: str) -> Locator:
        """The slider of one of the rule's numbers."""
        return self.page.locator(f".scrub-row [data-parameter={parameter}] input")

    def grab(self, parameter: str) -> None:
        """Press the mouse on a slider's thumb."""
        value = float(self.slider(parameter).input_value())
        self.page.mouse.move(*self.thumb(parameter, value))
        self.page.mouse.down()

    def slide(self, parameter: str, value: float) -> None:
        """Move a slider that is held."""
        self.page.mouse.move(*self.thumb(parameter, value))

    def thumb(self, parameter: str, value: float) -> tuple[float, float]:
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
        number, *unit = shown.split()
        return float(number) / 100 if unit == ["%"] else float(number)


class Explorer(Sliding):
    """The explore page."""

    def __init__(self, page: Page, url: str) -> None:
        super().__init__(page, url)
        self.picture = Picture(page.locator(".latent-map .frame"))
        self.legend = Legend(page.locator(".latent-map"))
        self.panel = self.keyed("panel")
        self.plate = page.locator(".reading .plate.large")
        self.label = page.locator(".frame > .label")
        self.where = page.locator(".reading-where")
        self.record = page.locator(".reading-record")
        self.card = page.locator(".latent-map .card")

    def open(self, query: str = "") -> "Explorer":
        """Go to the page and wait until the map is drawn.

        It shows the notebook's model, and not what is decoded everywhere, unless the query says so.
        """
        usual = {"model": state.NOTEBOOK, "painted": "false"}
        added = [f"{key}={value}" for key, value in usual.items() if f"{key}=" not in query]
        self.page.goto(f"{self.url}/{query or '?'}&{'&'.join(added)}")
        return self.wait()

    def wait(self) -> "Explorer":
        """Wait until the map is drawn."""
        self.page.wait_for_selector(READY, timeout=LOADING)
        return self

    def point(self, x: float, y: float) -> None:
        """Move the mouse to a latent point."""
        self.picture.point(x, y)

    def click(self, x: float, y: float) -> None:
        """Click a latent point."""
        self.picture.click(x, y)

    def pin(self, x: float, y: float) -> list[float]:
        """Click a latent point when no run is on; gives all coordinates of what is pinned then."""
        self.settle()
        before = self.coordinates.input_value()
        self.click(x, y)
        expect(self.coordinates).not_to_have_value(before)
        self.expect_section(state.POINT)
        return self.pinned

    @property
    def coordinates(self) -> Locator:
        """The box of coordinates, which has the pinned point."""
        return self.keyed(state.POINT).locator("input")

    @property
    def pinned(self) -> list[float]:
        """The numbers in the box of coordinates, once it has some."""
        expect(self.coordinates).to_have_value(re.compile(","))
        return [float(part) for part in self.coordinates.input_value().split(",")]

    def search(self, reg: str) -> None:
        """Look for a reg, and wait until the panel is about it."""
        self.enter(state.SEARCH, reg)
        self.expect_section(state.SEARCH)
        expect(self.panel).to_contain_text(UK_REGISTRATION.shown(UK_REGISTRATION.parse(reg)))

    def tool(self, name: str) -> None:
        """Choose one of the map's tools."""
        self.page.locator(".latent-map .tools").get_by_role("button", name=name, exact=True).click()

    def layer(self, name: str) -> Locator:
        """The switch of one of the map's layers."""
        return self.page.locator(f".layers [data-layer={name}]")

    def tab(self, name: str) -> None:
        """Open a tab of the panel."""
        self.panel.get_by_role("tab").nth(TABS.index(name)).click()

    def expect_tab(self, name: str) -> None:
        """Wait until a tab of the panel is open."""
        tab = self.panel.get_by_role("tab").nth(TABS.index(name))
        expect(tab).to_have_attribute("aria-selected", "true")

    # Sections of the panel: the pinned point, the searched reg, the region.

    def expect_section(self, key: str) -> None:
        """Wait for a section, which has a button that clears it."""
        expect(self.keyed(f"clear-{key}")).to_be_visible()

    def clear(self, key: str) -> None:
        """Clear a section, and wait until it is gone."""
        self.keyed(f"clear-{key}").get_by_role("button").click()
        self.expect_no_section(key)

    def expect_no_section(self, key: str) -> None:
        """Wait until a section is gone."""
        expect(self.keyed(f"clear-{key}")).to_have_count(0)

    def heading(self, key: str) -> Locator:
        """The heading of a section."""
        return self.keyed(f"clear-{key}").locator("xpath=ancestor::*[.//h5][1]//h5")

    @property
    def selected(self) -> tuple[int, int]:
        """How many records are in the region, and of how many, by the panel."""
        self.expect_section(state.REGION)
        words = self.heading(state.REGION).inner_text()
        count, total = re.findall(r"\d[\d,]*", words)
        return int(count.replace(",", "")), int(total.replace(",", ""))

    # The rule's sliders, and what is counted under them.

    def figure(self, name: str) -> str:
        """One of the figures under the sliders."""
        return self.page.locator(f"[data-figure={name}]").text_content() or ""

    def expect_confirmed(self) -> None:
        """Wait until Python has counted the same."""
        expect(self.page.locator("[data-figure=confirmed]")).to_contain_text("✓")

    @property
    def plates(self) -> list[str]:
        """The regs listed under the map, as they are shown."""
        return self.page.locator(".scrubber .plates").evaluate(
            "(list) => [...list.children].filter((one) => !one.hidden).map((one) => one.innerText)"
        )

    def release(self) -> None:
        """Release it, and wait for Python's answer."""
        self.page.mouse.up()
        self.expect_confirmed()

    def use_rule(self, rule: Rule) -> None:
        """Choose an acceptance rule, and wait for Python's count."""
        self.tab("sample")
        self.keyed(state.RULE).get_by_text(rule.name, exact=True).click()
        expect(self.slider(rule.parameters()[0].name)).to_be_visible()
        self.expect_confirmed()

    def use_the_maps_rule(self) -> None:
        """Let results have the rule on the map, in their tab."""
        self.tab("results")
        label = results.RULES[state.MAPS_RULE]
        self.keyed(state.RESULTS_RULE).get_by_text(label, exact=True).click()
        expect(self.panel).to_contain_text("The rule on the map is")


class Comparer(Sliding):
    """The page of two models: `side` is "left" or "right"."""

    def __init__(self, page: Page, url: str) -> None:
        super().__init__(page, url)
        self.legend = Legend(page.locator(".comparison"))
        self.pictures = {side: Picture(self.side(side)) for side in ("left", "right")}

    def open(self, query: str = "") -> "Comparer":
        """Go to the page and wait until both maps are drawn."""
        self.page.goto(f"{self.url}/compare{query}")
        return self.wait()

    def wait(self) -> "Comparer":
        """Wait until both maps are drawn."""
        self.page.wait_for_selector(".comparison[data-ready='true']", timeout=LOADING)
        return self

    def side(self, side: str) -> Locator:
        """One of the two maps with the line above it."""
        return self.page.locator(f"[data-side={side}]")

    def show(self, side: str, model: str) -> None:
        """Choose the model of a side, and wait for its map."""
        self.choose(side, model)
        expect(self.side(side).locator("b")).to_have_text(model, timeout=LOADING)

    def tool(self, name: str) -> None:
        """Choose one of the maps' tools, or clear what is selected."""
        self.page.locator(".comparison .tools").get_by_role("button", name=name).click()

    def words(self, side: str) -> Locator:
        """The line above a map, on what is pointed at."""
        return self.side(side).locator(".certain")

    def headline(self, side: str) -> str:
        """What is accepted in a map, in a sentence."""
        return self.side(side).locator(".headline").inner_text()

    def expect_confirmed(self) -> None:
        """Wait until Python has counted the same in both maps."""
        expect(self.page.locator(".confirmed")).to_contain_text(["✓", "✓"])

    def plates(self, side: str) -> list[str]:
        """The regs listed under a map, as they are shown."""
        return self.side(side).locator(".plates .plate:not([hidden])").all_inner_texts()

    @property
    def counts(self) -> Locator:
        """Below each map, how many records Python says are lit up."""
        return self.page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ records"))

    def counted(self, side: str) -> int:
        """How many records of a map Python says are lit up."""
        expect(self.counts).to_have_count(2)
        words = self.counts.nth(("left", "right").index(side)).inner_text()
        return int(words.split(" of ")[0].replace(",", ""))

    def ring(self, side: str, x: float, y: float) -> bool:
        """Whether a ring is drawn about a point: eight pixels from it, in the ring's colour."""
        picture = self.pictures[side]
        ((px, py),) = picture.pixels([[x, y]])
        red, green, blue, _ = picture.frame.locator("canvas.over").evaluate(
            """(canvas, [px, py]) => {
                const box = canvas.getBoundingClientRect();
                const ratio = canvas.width / box.width;
                const at = [(px + 8 - box.left) * ratio, (py - box.top) * ratio];
                const data = canvas.getContext("2d").getImageData(...at.map(Math.floor), 1, 1);
                return Array.from(data.data);
            }""",
            [px, py],
        )
        return red > 150 and green < 100 and blue > 150


class Trainer(Visit):
    """The page of training runs."""

    def __init__(self, page: Page, url: str) -> None:
        super().__init__(page, url)
        self.view = page.locator(".training-view")
        self.map = page.locator(".forming canvas")
        self.epoch = page.locator(".forming output")
        self.play = page.locator(".forming .play")
        self.slider = page.locator(".forming input")
        self.stop = self.keyed("stop").get_by_role("button")

    def open(self) -> "Trainer":
        """Go to the page and wait for its form."""
        self.page.goto(f"{self.url}/train")
        return self.wait()

    def wait(self) -> "Trainer":
        """Wait for the form."""
        expect(self.keyed(state.JOB_NAME)).to_be_visible(timeout=LOADING)
        return self

    @property
    def shown(self) -> int:
        """The epoch that the picture has come to."""
        return int(self.view.get_attribute("data-epoch") or 0)

    def wait_for_epoch(self, beyond: int) -> int:
        """Wait until the picture has come farther than an epoch, and say to which."""
        self.page.wait_for_function(
            "(epoch) => Number(document.querySelector('.training-view')?.dataset.epoch) > epoch",
            arg=beyond,
            timeout=LOADING,
        )
        return self.shown

    @property
    def main_button(self) -> Locator:
        """What is best done with the run that is shown: resume it, or keep it."""
        return self.keyed("training-runs").get_by_test_id("stBaseButton-primary")

    @property
    def start(self) -> Locator:
        """The button of the form."""
        return self.keyed("training-start").get_by_role("button")

    def unfold(self, place: int) -> None:
        """Unfold a part of the form, by its place."""
        self.keyed("training-form").get_by_test_id("stExpander").nth(place).locator(
            "summary"
        ).click()
