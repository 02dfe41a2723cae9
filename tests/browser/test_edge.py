"""The exact edge: switched on at the map, it is drawn and the pin tells how far it is."""

import numpy as np
from playwright.sync_api import Page, expect

from dashboard import state
from dashboard.components.edge import EdgeLayer
from regvae import load
from regvae.rejection.unwanted import Unwanted
from tests.browser.pages import Explorer


def test_the_exact_edge_is_switched_on(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/?{state.MODEL}=principled-2d&{state.POINT}=0.5,-1.2")
    explorer = Explorer(page, dashboard).wait()
    layer = EdgeLayer.of(load("principled-2d"), Unwanted.of(["number < 50"]))
    ends = layer.table.to_numpy(np.float64)
    long = np.linalg.norm(ends[:, 2:] - ends[:, :2], axis=1) > 0.3
    middles = (ends[long, :2] + ends[long, 2:]) / 2
    middles = middles[(np.abs(middles) < 2).all(axis=1)]

    switch = explorer.layer("edge")
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert not explorer.picture.painted(middles, "edge")[:, 3].any()
    expect(explorer.panel).not_to_contain_text("from where its answer changes")
    switch.click()
    distance, _ = layer.distance((0.5, -1.2)) or (0.0, False)
    shown = f"{distance:.2g}" if distance < 0.1 else f"{distance:.2f}"
    expect(explorer.panel).to_contain_text(f"{shown} from where its answer changes")
    expect(switch).to_have_attribute("aria-pressed", "true")
    explorer.expect_address(state.EDGE)
    explorer.picture.expect_drawn("edge")
    assert explorer.picture.painted(middles, "edge")[:, 3].all()
    switch.click()
    expect(explorer.panel).not_to_contain_text("from where its answer changes")
    assert not explorer.picture.painted(middles, "edge")[:, 3].any()


def test_a_model_of_more_dimensions_has_no_such_switch(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/?{state.MODEL}=notebook-15d&{state.EDGE}=true")
    expect(Explorer(page, dashboard).wait().layer("edge")).to_be_hidden()
