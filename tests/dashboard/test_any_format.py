"""Models whose codes are no UK registrations: every page, what is wanted, and what is set back."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.words import explore
from regvae.formats import Format, of_definition
from regvae.formats.codes import distinct
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from regvae.rejection.policy import Policy
from regvae.rejection.unwanted import Unwanted
from tests.codes import random_bundle
from tests.dashboard import (
    SQUARE,
    generate_results,
    opened,
    press,
    problems_of,
    text_of,
    typed,
    unescaped,
)

TICKET = of_definition(
    {
        "name": "ticket",
        "noun": "ticket",
        "plural": "tickets",
        "pattern": "[A-F]?T[0-9]{3}-[A-Z0-9]",
        "example": "AT123-9",
        "check": {"kind": "mod-37-2"},
    }
)
"""A position that may be empty, a constant, and a check character."""
pytestmark = pytest.mark.usefixtures("tickets")
REG = re.compile(r"\bregs?\b", re.IGNORECASE)


def random_model(format: Format, latent_dim: int = 2) -> Bundle:
    """A model of up to 600 codes of a format, with random weights."""
    own = distinct(format.generate(600, rng=np.random.default_rng(0)))
    orders = (Order(next(iter(format.attributes)), 1),)
    training = Training((Phase(0.1, 2),), likelihood="categorical", orders=orders)
    data = Data.of_own(own, seed=1, format=format)
    network = Network(latent_dim, encoder=(12,), decoder=(16,))
    return random_bundle(Preset("ordered-2d", network, data, training), own=own)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two models of tickets, of two and of three dimensions."""
    home = tmp_path_factory.mktemp("formats")
    (home / "models").mkdir()
    for k in (2, 3):
        name = f"tickets-{k}d"
        model = dataclasses.replace(random_model(TICKET, k), name=name)
        bundles.save(model, home / "models" / name)
    return home


@pytest.fixture
def tickets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """The model of tickets in two dimensions, which the pages offer beside those shipped."""
    monkeypatch.setenv("REGVAE_HOME", str(folder))
    return bundles.load("tickets-2d")


def read(app: AppTest) -> str:
    """What can be read, labels and placeholders included: it names tickets, and no regs."""
    labels = [one.label for one in (*app.button, *app.selectbox, *app.checkbox, *app.toggle)]
    inputs = [f"{one.label} {one.placeholder}" for one in app.text_input]
    text = "\n".join([text_of(app), *labels, *inputs])
    assert not REG.search(text), REG.search(text)
    assert "{" not in text.replace("{n}", "")
    return text


@pytest.mark.parametrize("model", ["tickets-2d", "tickets-3d"])
@pytest.mark.parametrize("tab", explore.TABS)
def test_every_tab_of_explore_names_the_codes_of_the_model(tab: str, model: str) -> None:
    app = opened(model=model, tab=tab)
    text = read(app)
    assert "ticket" in text
    assert not problems_of(app)
    assert f"Find a ticket: {TICKET.shown(TICKET.example)}" in text


def test_a_searched_code_a_point_and_a_region_are_told(tickets: Bundle) -> None:
    code = str(tickets.records.codes[np.char.startswith(tickets.records.codes, " ")][0])
    mean, _ = tickets.autoencoder.encode([code])
    app = opened(
        model="tickets-2d", reg=TICKET.shown(code).lower(), point=typed(mean[0]), edge="true"
    )
    assert not problems_of(app)
    assert "Searched ticket" in read(app)
    assert f"of the record **{TICKET.shown(code)}**" in read(app)
    app.session_state[state.REGION] = SQUARE
    app.run()
    press(app, explore.DECODE_REGION.format(n=state.DECODE))
    assert "different tickets in 50 points" in read(app)
    assert not problems_of(app)


def test_what_is_wanted_is_the_upper_half_of_the_first_number(tickets: Bundle) -> None:
    numbers = tickets.records.attribute("digits_3_to_5")
    usual = f"digits_3_to_5 >= {int(np.ceil(np.median(numbers)))}"
    app = opened(model="tickets-2d", tab="Sample")
    assert app.text_input(key=state.WANTED).value == usual
    assert state.WANTED not in app.query_params
    press(app, "Add a condition")
    assert app.text_input(key=state.WANTED).value == f"{usual} and digits_3_to_5 >= 0"
    app.selectbox(key="wanted-1-attribute").select("character_1").run()
    assert not problems_of(app)
    assert app.text_input(key=state.WANTED).value == f"{usual} and character_1 == F"


def test_values_that_another_models_codes_do_not_have_are_set_back_with_a_sentence() -> None:
    app = opened(model="ordered-2d", tab="Sample", colour="area", reg="AB12CDE")
    app.text_input(key=state.WANTED).input("area == london").run()
    app.selectbox(key=state.MODEL).select("tickets-2d").run()
    told = unescaped(problems_of(app))
    assert told == explore.SET_BACK.format(
        model="tickets-2d",
        plural="tickets",
        what=f"{explore.KEPT_WANTED}, {explore.KEPT_COLOUR}, {explore.KEPT_SEARCH}",
    )
    assert app.session_state[state.WANTED].startswith("digits_3_to_5 >= ")
    assert app.session_state[state.COLOUR] == state.WANTED_COLOUR
    assert app.session_state[state.SEARCH] == ""
    read(app)
    app.selectbox(key=state.MODEL).select("ordered-2d").run()
    assert app.text_input(key=state.WANTED).value == "number >= 50"
    assert not problems_of(app)


def test_an_address_of_another_models_attribute_is_set_back_with_a_sentence() -> None:
    app = opened(model="tickets-2d", wanted="area == london")
    assert explore.KEPT_WANTED in problems_of(app)
    assert app.session_state[state.WANTED].startswith("digits_3_to_5 >= ")
    read(app)
    app = opened(model="tickets-2d", colour="area")
    assert "colour = “area”" in problems_of(app)


def test_results_name_the_codes_and_are_of_the_models_format() -> None:
    app = opened(model="tickets-2d", tab="Results")
    app.number_input(key=state.NUMBER).set_value(5).run()
    generate_results(app)
    outcome = app.session_state[state.RESULTS].result()
    assert "new tickets" in read(app)
    assert "valid at DVLA" not in read(app)
    lines = outcome.content[".csv"].read().decode().splitlines()
    assert lines[0] == '"code"'
    codes = [line.split(",")[0].strip('"') for line in lines[1:]]
    assert TICKET.match(codes)[1].all()
    assert not any(" " in code for code in codes)


def test_listed_codes_have_no_blanks(tickets: Bundle) -> None:
    short = tickets.records.codes[np.char.startswith(tickets.records.codes, " ")][:2].tolist()
    app = opened(model="tickets-2d", tab="Sample")
    upload = app.file_uploader(key=state.LISTED_FILE)
    upload.upload("more.txt", "\n".join(map(TICKET.shown, short)).encode()).run()
    written = [code.strip() for code in short]
    assert app.text_area(key=state.LISTED).value.splitlines() == written
    saved = Policy("tickets-2d", Unwanted.of(listed=short[:1], format=TICKET)).signed()
    upload = app.file_uploader(key=state.POLICY_FILE)
    upload.upload("saved.toml", saved.to_toml().encode()).run()
    assert not problems_of(app)
    assert app.text_area(key=state.LISTED).value == written[0]


def test_a_journey_begins_at_a_code_of_the_model() -> None:
    app = opened(model="tickets-2d", tab="Journeys", from_="T777-X", to="AT123-9")
    assert "expected a ticket such as AT123-9" in problems_of(app)
    app.text_input(key=state.FROM).input("0.1, 0.2").run()
    assert not problems_of(app)
    assert "different ticket" in read(app)


def test_the_report_of_a_model_names_its_codes() -> None:
    app = opened("report", model="tickets-2d")
    assert "own tickets, seed 1" in read(app)
    assert "every ticket" in read(app) or "new ticket" in read(app)


def test_two_models_of_the_same_codes_are_compared() -> None:
    app = opened("compare", left="tickets-2d", right="tickets-3d")
    assert not problems_of(app)
    assert "exact match on test tickets" in app.table[0].value.index
    app.text_input(key=state.PREDICATE).input("digits_3_to_5 < 500").run()
    assert "letters right" in read(app)
    app.selectbox(key=state.COMPARE_COLOUR).select("character_1").run()
    assert not problems_of(app)


def test_models_of_different_codes_are_not_compared_code_by_code() -> None:
    app = opened("compare", left="tickets-2d", right="ordered-2d")
    assert "tickets-2d** is a model of tickets and **ordered-2d** one of regs" in text_of(app)
    assert not app.get("bidi_component")
    assert "exact match on test codes" in app.table[0].value.index
    app.selectbox(key=state.RIGHT).select("tickets-3d").run()
    assert "cannot be compared" not in text_of(app)


@pytest.mark.parametrize("page", ["train", "read", "figures"])
def test_the_pages_of_no_one_model_are_shown_beside_such_a_model(page: str) -> None:
    opened(page, model="tickets-2d")
