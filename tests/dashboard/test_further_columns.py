"""Models of codes with further columns: on the map, beside it, and in the comparison."""

import dataclasses
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import services, state
from dashboard.components.colouring import Colouring
from dashboard.components.geometry import Geometry
from dashboard.words import explore
from dashboard.words import own_codes as own_words
from regvae.formats import UK_REGISTRATION, Attribute, CodeTable
from regvae.formats.columns import attribute_of, typed
from regvae.formats.pattern import NONE
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from tests.codes import random_bundle
from tests.dashboard import SQUARE, opened, press, problems_of, text_of
from tests.dashboard import typed as typed_point

N = 300
CODES = np.unique(UK_REGISTRATION.generate(N, rng=np.random.default_rng(0)))[:N]


def model(*orders: Order) -> Bundle:
    """A model with random weights, of regs with a price, a date, a class and a number of doors."""
    n = len(CODES)
    further = pd.DataFrame(
        {
            "price": [None, *np.linspace(-20.5, 90.25, n - 1)],
            "sold on": [f"{1960 + i % 60}-03-01" for i in range(n)],
            "<b>kind": ["", *["car", "van"] * (n // 2), "car"][:n],
            "doors": [3.0 if i % 2 else 5.0 for i in range(n)],
        }
    )
    own = CodeTable.with_columns(UK_REGISTRATION, CODES, further)
    training = Training((Phase(0.1, 2),), likelihood="categorical", orders=orders)
    network = Network(2, encoder=(), decoder=(16,))
    return random_bundle(Preset("own", network, Data.of_own(own, seed=1), training), own=own)


@pytest.fixture
def cars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    (tmp_path / "models").mkdir()
    for name in ("cars", "others"):
        bundles.save(dataclasses.replace(model(), name=name), tmp_path / "models" / name)
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path))
    return bundles.load("cars")


def column(*values: object) -> Attribute:
    return attribute_of("n", CODES[: len(values)], typed(pd.Series(list(values))))


# --- colours --------------------------------------------------------------------------------------


def test_a_column_of_many_numbers_is_a_scale_as_the_browser_has_them() -> None:
    numbers = [0.7, *np.linspace(1, 90.3, 40), None, 1e300]
    codes = CODES[: len(numbers)]
    ours = Colouring.of(column(*numbers), codes)
    assert ours.is_scale
    values = ours.values(codes)
    assert np.isnan(values).tolist() == [False] * 41 + [True, True]  # 1e300 is no float32
    assert ours.span == (values[0], values[40])  # else the lowest would have no colour
    legend = ours.legend(codes)
    assert (legend["lowLabel"], legend["highLabel"], legend["missing"]) == ("0.7", "90.3", 2)
    labels, shares = ours.shares(values)
    assert shares.sum() == pytest.approx(41 / 43)
    assert len(set(labels)) == 10


def test_a_date_is_a_scale_of_days_with_dates_at_its_ends() -> None:
    days = [f"19{year}-12-31" for year in range(60, 80)]
    ours = Colouring.of(column(*days), CODES[:20])
    legend = ours.legend(CODES[:20])
    assert (legend["lowLabel"], legend["highLabel"]) == ("1960-12-31", "1979-12-31")
    assert legend["low"] < 0 < legend["high"]
    assert legend["missing"] == 0
    labels, shares = ours.shares(ours.values(CODES[:20]))
    assert labels[0] == "1960-12-31"
    assert shares.sum() == pytest.approx(1)


def test_few_different_numbers_are_classes_and_no_value_is_one_too() -> None:
    ours = Colouring.of(column(1000, 5.5, 1000, None), CODES[:4])
    assert ours.categories == ("5.5", "1000", NONE)
    assert ours.values(CODES[:4]).tolist() == [1, 0, 1, 2]
    assert [one["count"] for one in ours.legend(CODES[:4])["classes"]] == [1, 2, 1]


def test_a_column_without_values_among_some_codes_has_a_scale_all_the_same() -> None:
    dates = column("2024-01-01", "2024-01-02")
    ours = Colouring.of(dates, CODES[5:9])
    assert ours.legend(CODES[5:9])["missing"] == 4


# --- pages ----------------------------------------------------------------------------------------


def test_the_browser_gets_every_column_with_its_legend(cars: Bundle) -> None:
    geometry = Geometry.of(cars)
    names = [one["name"] for one in geometry.attributes if one["isColumn"]]
    assert names == ["price", "sold on", "<b>kind", "doors"]
    price = cars.records.attribute("price").astype(np.float32)
    np.testing.assert_array_equal(geometry.values["price"], price)
    assert geometry.attributes[-1]["classes"][0]["label"] == "3"


@pytest.mark.parametrize("colour", ["price", "sold on", "<b>kind", "doors"])
@pytest.mark.usefixtures("cars")
def test_a_region_is_told_in_the_colours_of_a_column(colour: str) -> None:
    app = opened(model="cars", colour=colour)
    app.session_state[state.REGION] = SQUARE
    app.run()
    assert not problems_of(app)
    assert app.session_state[state.COLOUR] == colour
    told = text_of(app).replace("\\", "")
    if colour == "<b>kind":
        assert "have <b>kind" in told or "&lt;b&gt;kind" in told
    elif colour == "doors":
        assert "have doors" in told
    elif colour == "sold on":
        assert re.search(r"Median sold on: \*\*\d{4}-\d\d-\d\d\*\*; overall \d{4}-", told)
    else:
        assert re.search(r"Median price: \*\*-?\d+", told)


@pytest.mark.usefixtures("cars")
def test_nothing_is_decoded_in_the_colours_of_a_column() -> None:
    name, version = "cars", services.version_of("cars")
    given = (name, version, "price", (1, 2), (0.0, 0.0))
    assert services.painted_layer(*given) is None
    assert services.painted_layer(name, version, "number", (1, 2), (0.0, 0.0)) is not None


@pytest.mark.usefixtures("cars")
def test_no_background_is_told_of_in_the_colours_of_a_column() -> None:
    assert "**background**" not in text_of(opened(model="cars", colour="price"))
    assert "**background**" in text_of(opened(model="cars", colour="number"))


def test_a_searched_and_a_pinned_record_have_their_columns(cars: Bundle) -> None:
    row = int(np.flatnonzero(cars.records.codes == CODES[0])[0])
    app = opened(model="cars", reg=str(CODES[0]), point=typed_point(cars.records.mean[row]))
    text = text_of(app)
    assert text.count("&lt;b&gt;kind") == 2
    assert "<b>kind" not in text
    assert text.count("1960-03-01") == 2
    assert text.count(NONE) >= 4  # no price, no kind


@pytest.mark.usefixtures("cars")
def test_a_column_is_set_back_for_a_model_that_lacks_it() -> None:
    app = opened(model="cars", colour="price")
    app.selectbox(key=state.MODEL).select("ordered-2d").run()
    assert explore.KEPT_COLOUR in problems_of(app)
    assert app.session_state[state.COLOUR] == state.WANTED_COLOUR


@pytest.mark.usefixtures("cars")
def test_models_of_the_same_data_are_compared_in_the_colours_of_their_columns() -> None:
    app = opened("compare", left="cars", right="others")
    app.selectbox(key=state.COMPARE_COLOUR).select("sold on").run()
    assert not problems_of(app)
    app.selectbox(key=state.RIGHT).select("ordered-2d").run()
    assert "sold on" not in app.selectbox(key=state.COMPARE_COLOUR).options
    assert not problems_of(app)


def test_own_codes_are_filtered_from_a_date_to_the_end_of_another() -> None:
    lines = ["reg,when"] + [
        f"{code},2024-03-{day:02} 23:59:59" for day, code in enumerate(CODES[:20], 1)
    ]
    app = opened(tab="Your codes")
    app.text_area(key=state.OWN_TEXT).set_value("\n".join(lines)).run()
    press(app, own_words.SHOW)
    app.selectbox(key=state.OWN_FILTER).select("column when").run()
    app.date_input(key=state.OWN_FROM).set_value(date(2024, 3, 5)).run()
    assert own_words.SHOWN.format(shown=16, n=20) in text_of(app)
    app.date_input(key=state.OWN_TO).set_value(date(2024, 3, 9)).run()
    assert own_words.SHOWN.format(shown=5, n=20) in text_of(app)
    app.selectbox(key=state.OWN_COLOUR).select("column when").run()
    legend = app.session_state[state.OWN_LAYER][1].legend
    assert (legend["lowLabel"], legend["highLabel"]) == ("2024-03-01", "2024-03-20")
