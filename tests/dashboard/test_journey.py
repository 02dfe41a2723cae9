"""Journeys: every step decoded and measured by itself, and ends that cannot be used."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import regvae
from dashboard import state
from dashboard.words import explore as explore_words
from dashboard.words import journey as words
from regvae.formats import UK_REGISTRATION
from regvae.latent import paths
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from tests.dashboard import (
    PICTURE,
    has_picture,
    html_of,
    named,
    opened,
    problems_of,
    shown,
    text_of,
    typed,
)
from tests.dashboard.conftest import Models, Sent

ENDS = {"from_": "AB12CDE", "to": "XY87ZZZ"}


def journey(**query: str) -> AppTest:
    """The explore page with the tab of journeys open."""
    return opened(tab=explore_words.JOURNEYS_TAB, **query)


def table_of(app: AppTest) -> str:
    """The table of a journey's steps."""
    return [one for one in html_of(app) if "near</td>" in one][-1]


def rows(app: AppTest) -> list[tuple[str, ...]]:
    """A journey's table as it is read: step, reg, least probability, records near it."""
    header, *steps = [
        tuple(re.sub("<[^>]*>", "", cell) for cell in re.findall("<t[hd]>(.*?)</t", row))
        for row in re.findall("<tr>(.*?)</tr>", table_of(app))
    ]
    assert header == words.PATH_HEADER
    return steps


def assert_steps(app: AppTest, bundle: Bundle, z: np.ndarray) -> None:
    """The table is that of the steps z (s, k), each decoded and measured by itself."""
    table = rows(app)
    within = np.sqrt(bundle.records.latent_dim / 2)
    mean, sigma = bundle.records.mean.astype(float), bundle.records.sigma.astype(float)
    assert len(table) == len(z)
    for number, (row, at) in enumerate(zip(table, z, strict=True), start=1):
        near = int((np.linalg.norm((at - mean) / sigma, axis=1) <= within).sum())
        least = min(float(block.max()) for block in bundle.autoencoder.probabilities([at]))
        assert row == (
            f"{number}",
            shown(str(bundle.autoencoder.decode([at])[0])),
            f"{least:.0%}" if least >= 0.02 else "&lt; 2%",
            f"{near:,} near" if near else "none near",
        )
    different = len({row[1] for row in table})
    near = sum(row[3] != "none near" for row in table)
    assert f"**{words.different(different, UK_REGISTRATION)} in {len(z)} steps**" in text_of(app)
    assert f"{near} of the steps have records within {within:.1f} σ" in text_of(app)


@pytest.mark.parametrize("name", ["notebook-2d", "few"])
def test_a_straight_journey_is_shown_step_by_step(name: str, sent: Sent, models: Models) -> None:
    bundle = models.few if name == "few" else regvae.load(name)
    app = journey(model=name, from_="YK66 BIQ", to="my33wsz", steps="9")
    start, end = bundle.autoencoder.encode(["YK66BIQ", "MY33WSZ"])[0].astype(float)
    z = np.linspace(start, end, 9)
    assert not problems_of(app)
    assert_steps(app, bundle, z)
    records = bundle.records
    plane = Plane.principal(records) if records.latent_dim > 2 else Plane.axes(records, 1, 2)
    layers = sent[-1]["layers"]
    assert set(layers["layer"]) == {"path"}
    np.testing.assert_allclose(layers[["x", "y"]], plane.project(z), atol=1e-6)
    opened(model=name, from_="YK66 BIQ", to="my33wsz", steps="9")
    assert sent[-1]["layers"].empty  # the tab is not open


def test_a_journey_of_few_steps_of_many_along_the_data_and_of_one_place(bundle: Bundle) -> None:
    app = journey(from_="-1, 0.5", to="1.2, -0.3")
    for steps in (5, 60):
        app.slider(key=state.STEPS).set_value(steps).run()
        assert_steps(app, bundle, np.linspace([-1, 0.5], [1.2, -0.3], steps))
    app = journey(from_="-1, 0.5", to="AB12CDE", path="Along the data")
    graph = paths.NeighbourGraph(bundle.records.mean)
    end = bundle.autoencoder.encode(["AB12CDE"])[0][0].astype(float)
    assert_steps(app, bundle, paths.along_density([-1, 0.5], end, 12, graph))
    app = journey(from_="AB12CDE", to="ab12 cde", steps="7")
    assert_steps(app, bundle, np.repeat([end], 7, axis=0))
    assert "**1 different reg in 7 steps**" in text_of(app)


def test_an_axis_is_walked_from_the_mean_or_from_the_pin(models: Models) -> None:
    records = models.few.records
    app = journey(model="few", path="One axis")
    app.selectbox(key=state.AXIS).select(9)
    app.number_input(key=state.LOW).set_value(-1.5)
    app.number_input(key=state.HIGH).set_value(2.5).run()
    for start in (records.mean.mean(axis=0, dtype=float), records.mean[8].astype(float)):
        z = np.tile(start, (12, 1))
        z[:, 8] = np.linspace(-1.5, 2.5, 12)
        assert_steps(app, models.few, z)
        app.text_input(key=state.POINT).input(typed(records.mean[8])).run()
    app.number_input(key=state.LOW).set_value(5.0).run()
    assert "low" in problems_of(app)
    assert "5" in problems_of(app)
    # A model of two dimensions has no ninth axis, and a map of another size.
    app.selectbox(key=state.MODEL).select("ordered-2d").run()
    assert not problems_of(app)
    assert app.selectbox(key=state.AXIS).options == ["z1", "z2"]
    assert app.selectbox(key=state.AXIS).value == 1
    reach = np.ceil(Plane.axes(regvae.load("ordered-2d").records, 1, 2).extent)
    assert app.number_input(key=state.LOW).value == -reach
    assert app.number_input(key=state.HIGH).value == reach


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("model", "expected"),
    [("notebook-2d", "two numbers such as 0.5, -1.2"), ("few", "15 numbers separated by commas")],
)
def test_an_end_that_is_neither_reg_nor_point_is_a_sentence(model: str, expected: str) -> None:
    app = journey(model=model, from_="AB12CDE")
    assert not problems_of(app)
    assert named(words.NO_PATH) in text_of(app)
    for end in ("AB1", "1, 2, 3", PICTURE, "1e39, 0"):
        app.text_input(key=state.TO).input(end).run()
        assert f"expected a reg such as AB12 CDE or {expected}, got “{end}”" in problems_of(app)
        assert named(words.NO_PATH) not in text_of(app)
        assert not has_picture(app)


@pytest.mark.usefixtures("models")
def test_an_end_that_is_reconstructed_as_another_reg_is_named(bundle: Bundle) -> None:
    mean, _ = bundle.autoencoder.encode(list(ENDS.values()))
    decoded = [shown(str(one)) for one in bundle.autoencoder.decode(mean)]
    sentences = "; ".join(
        words.RECONSTRUCTED_AS.format(given=shown(given), decoded=one)
        for given, one in zip(ENDS.values(), decoded, strict=True)
    )
    assert words.ENDS_DIFFER.format(ends=sentences) in text_of(journey(**ENDS))
    assert "is reconstructed as" not in text_of(journey(from_="0.5, 0.3", to="1, 1"))
    app = journey(model="few", from_="AB12CDE", to="CD34EFG")
    assert "is reconstructed as" not in text_of(app)


def test_the_pin_can_be_either_end_and_the_tab_stays_open(bundle: Bundle) -> None:
    app = journey(to="-1, -1")
    app.text_input(key=state.POINT).input("0.5, 0.3").run()
    assert app.session_state[state.TAB] == explore_words.JOURNEYS_TAB
    app.button(key=f"pin-{state.FROM}").click().run()
    assert app.text_input(key=state.FROM).value == "0.5, 0.3"
    assert_steps(app, bundle, np.linspace([0.5, 0.3], [-1, -1], 12))
    app.session_state[state.TAB] = "Results"
    app.text_input(key=state.POINT).input("0.5, 0.4").run()
    assert app.session_state[state.TAB] == explore_words.READ_TAB


def test_unwanted_plates_are_marked() -> None:
    app = journey(from_="-1, 0.5", to="1.2, -0.3", steps="30")
    marked = re.findall('class="plate small (unwanted)?"[^>]*>(....) ', table_of(app))
    assert len(marked) == 30
    assert [bool(kind) for kind, _ in marked] == [int(reg[2:]) < 50 for _, reg in marked]
    assert 0 < sum(bool(kind) for kind, _ in marked) < 30


@pytest.mark.parametrize("path", words.PATHS.values())
def test_a_journey_along_a_line(path: str, models: Models) -> None:
    app = journey(model="line", path=path, from_="-1", to="AB12CDE", painted="true")
    assert not problems_of(app)
    assert len(rows(app)) == 12
    if path == "Straight":
        end = models.line.autoencoder.encode(["AB12CDE"])[0][0].astype(float)
        assert_steps(app, models.line, np.linspace([-1], end, 12))
