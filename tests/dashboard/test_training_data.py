"""Codes of one's own to train on: their format is found, told, corrected, and trained on."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.panels.training_data import OWN, Look
from dashboard.words import own_codes as own_words
from dashboard.words import training as form_words
from dashboard.words import training_data as words
from dashboard.words.explore import OWN_TAB
from regvae.formats import FORMATS, uk_registration
from regvae.formats.codes import distinct
from regvae.model.config import Data, Order
from regvae.training import jobs
from tests.dashboard import (
    PICTURE,
    has_picture,
    html_of,
    labels_of,
    open_tab,
    opened,
    press,
    problems_of,
    shown,
    text_of,
)

pytestmark = pytest.mark.usefixtures("home")

LETTERS = list("ABCDEFGHJKLMNPRSTUVWXYZ")
PATTERN = "LOT-[0-9]{4}-[A-HJ-NPR-Z]{2}"


def lots(n: int = 400) -> pd.DataFrame:
    """A table of lots: a code, a price, a date, a category and a note of each."""
    rng = np.random.default_rng(0)
    ends = ["".join(one) for one in rng.choice(LETTERS, (n, 2))]
    numbers = rng.permutation(10_000)[:n]
    return pd.DataFrame(
        {
            "lot": [f"LOT-{a:04}-{b}" for a, b in zip(numbers, ends, strict=True)],
            "price": (rng.random(n) * 100).round(2),
            "since": pd.date_range("2020-01-01", periods=n).strftime("%Y-%m-%d"),
            "kind": rng.choice(["bolt", "nut", "washer"], n),
            "remark": [f"seen {place} times" for place in range(n)],
        }
    )


def own_regs(n: int) -> list[str]:
    """Different regs, as many as asked for or a few less."""
    return distinct(uk_registration.generate(n, rng=np.random.default_rng(0))).tolist()


def text(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


@pytest.fixture
def page(home: Path) -> AppTest:  # noqa: ARG001 -- so that the page finds an empty home
    """The page Train, which waits for codes of one's own."""
    app = opened("train")
    app.radio(key=state.TRAIN_ON).set_value(OWN).run()
    assert form_words.NO_OWN in text_of(app)
    assert train_button(app).disabled
    return app


def bring(app: AppTest, name: str, content: bytes) -> None:
    """Upload a file, in place of another if there is one."""
    if app.session_state.get(state.TRAIN_SOURCE):
        app.button(key=f"clear-{state.TRAIN_SOURCE}").click().run()
    app.file_uploader(key=state.TRAIN_FILE).upload(name, content).run()
    assert not app.exception


def box(app: AppTest, label: str) -> Any:
    """A box of the form, by its label."""
    return next(
        one for kind in (app.selectbox, app.text_input) for one in kind if one.label == label
    )


def train_button(app: AppTest) -> Any:
    return next(button for button in app.button if button.label == form_words.START)


@pytest.mark.usefixtures("idle")
def test_a_table_of_a_format_that_nobody_has_seen_is_trained_on_with_nothing_corrected(
    page: AppTest,
) -> None:
    table = lots()
    bring(page, "lots.csv", table.to_csv(index=False).encode())
    told = text_of(page)
    assert f"400 of 400 lines** of the column *lot* are codes of the pattern `{PATTERN}`" in told
    assert "400 different codes: 334 to train on, 33 each for validation and test" in told
    assert "further columns, to colour and to order by: price, since, kind" in told
    assert "left out: remark (400 different texts, more than 48 classes)" in told
    assert any(">LOT-" in one for one in html_of(page))  # some of them as plates
    assert not problems_of(page)
    assert own_words.DROPPED not in {one.label for one in page.expander}
    assert {"price", "kind"} <= set(box(page, "Along axis 1").options)
    train_button(page).click().run()
    (job,) = jobs.all_jobs()
    assert job.name == "lots-ordered-2d-seed-0"
    assert job.preset.data.columns == ("price", "since", "kind")
    (order,) = job.preset.training.orders  # its own is by a number that these codes lack
    assert (order.attribute, order.axis) == ("digits_4_to_7", 1)
    assert job.own().codes.tolist() == sorted(code.replace("-", "") for code in table["lot"])


def test_files_of_other_kinds_and_pasted_text_are_the_same(page: AppTest) -> None:
    table = lots(200)
    parquet, excel = io.BytesIO(), io.BytesIO()
    table.to_parquet(parquet, index=False)
    table.to_excel(excel, index=False)
    for name, content in (
        ("lots.parquet", parquet.getvalue()),
        ("lots.xlsx", excel.getvalue()),
        ("lots.tsv", table.to_csv(index=False, sep="\t").encode()),
    ):
        bring(page, name, content)
        assert "200 of 200 lines** of the column *lot*" in text_of(page), name
        assert "price, since, kind" in text_of(page), name
    page.button(key=f"clear-{state.TRAIN_SOURCE}").click().run()
    press(page, words.USE_TEXT)
    assert words.NO_TEXT in problems_of(page)
    page.text_area(key=state.TRAIN_TEXT).input("\n".join(table["lot"]))
    press(page, words.USE_TEXT)
    assert "200 of 200 lines** are codes" in text_of(page)
    assert not train_button(page).disabled


def test_what_does_not_fit_is_told_by_line(page: AppTest) -> None:
    lines = ["lot", *lots(200)["lot"]]
    lines[50:60] = ["n/a"] * 10
    lines[60] = "LOT-12X4-AB"
    lines[70] = lines[1]
    bring(page, "lots.txt", text(lines))
    assert "189 of 200 lines** of the column *lot*" in text_of(page)
    assert "12 dropped (10: 9 characters are expected" in text_of(page)
    assert "line 51 'n/a', line 52 'n/a'" in text_of(page)
    assert "position 6 expects a digit 0 to 9, got X: line 61 'LOT-12X4-AB'" in text_of(page)
    assert not train_button(page).disabled


def test_a_built_in_format_is_chosen_where_as_many_lines_fit(page: AppTest) -> None:
    postcodes = FORMATS["uk-postcode"]
    codes = distinct(postcodes.generate(400, rng=np.random.default_rng(1)))
    bring(page, "mine.txt", text([postcodes.shown(code) for code in codes.tolist()]))
    assert box(page, words.FORMAT[0]).value == "uk-postcode"
    assert words.BUILT_IN.format(name="uk-postcode") in text_of(page)
    assert f"{Data.of_own(codes, format=postcodes).sizes[0]:,} training postcodes" in text_of(page)
    assert "sector" in box(page, "Along axis 1").options
    box(page, words.FORMAT[0]).select("uk-registration").run()
    assert "expected one code such as AB12 CDE a line" in problems_of(page)
    assert train_button(page).disabled
    bring(page, "mine.txt", text(own_regs(300)))
    assert box(page, words.FORMAT[0]).value == "uk-registration"
    assert box(page, "Along axis 1").value == "number"  # the preset's own order


@pytest.mark.usefixtures("idle")
def test_a_file_of_own_regs_is_trained_on(page: AppTest) -> None:
    own = own_regs(300)
    lines = "\r\n".join(["\ufeff" + shown(own[0]).lower(), *own[:0:-1], own[3], ""])
    bring(page, "mine.csv", lines.encode())
    assert not problems_of(page)
    train_button(page).click().run()
    (job,) = jobs.all_jobs()
    assert job.preset.data == Data.of_own(own)
    assert job.own().codes.tolist() == own


@pytest.mark.usefixtures("idle")
def test_everything_that_was_found_can_be_corrected(page: AppTest) -> None:
    table = lots()
    table["serial"] = [
        f"{number:06}" for number in np.random.default_rng(1).permutation(10**6)[:400]
    ]
    bring(page, "lots.csv", table.to_csv(index=False).encode())
    box(page, own_words.COLUMN).select("serial").run()
    assert "400 of 400 lines** of the column *serial* are codes" in text_of(page)
    box(page, own_words.COLUMN).select("lot").run()
    box(page, words.PATTERN[0]).input("LOT-[0-9]{4}-[A-Z]{2}").run()
    assert "of the pattern `LOT-[0-9]{4}-[A-Z]{2}`" in text_of(page)
    box(page, words.NOUN[0]).input("part number").run()
    assert "400 different part numbers" in text_of(page)
    box(page, "Along axis 1").select("price").run()
    # Nothing of this is lost when something else of the form changes.
    page.number_input(key="new-beta-ordered-2d").set_value(0.2).run()
    box(page, words.PLURAL[0]).input("parts").run()
    assert box(page, "Along axis 1").value == "price"
    assert not problems_of(page)
    train_button(page).click().run()
    (job,) = jobs.all_jobs()
    format = job.preset.data.format
    assert (format.noun, format.plural) == ("part number", "parts")
    assert str(format.pattern) == "LOT-[0-9]{4}-[A-Z]{2}"
    assert job.preset.training.orders == (Order("price", 1),)


def test_what_cannot_be_used_is_a_sentence_beside_it(page: AppTest) -> None:
    rng = np.random.default_rng(4)
    odd = ["".join(rng.choice(list("ABC123-./ "), size=rng.integers(1, 14))) for _ in range(200)]
    for content, sentence in (
        (b"", "mine.txt: expected a table or a list, got an empty file"),
        (b"PAR1 and no more", "mine.txt: expected a complete Parquet file, got a damaged one"),
        (b"AB12CDE\n\xff\xfe\x00", "got other bytes in line 2"),
        (b"AB12CDE\nXY67ZZZ", "expected at least 120 distinct regs to train on, got 2"),
        (b"A1", "expected at least 5 codes to infer a format from, got 1"),
        (text(odd), "expected one structure that at least half of the"),
        (text(own_regs(119)), "expected at least 120 distinct regs to train on, got 119"),
        (text([*lots(119)["lot"]]), "expected at least 120 distinct codes to train on, got 119"),
    ):
        bring(page, "mine.txt", content)
        assert sentence in problems_of(page)
        assert train_button(page).disabled
    bring(page, f"{PICTURE}.csv", lots().to_csv(index=False).encode())
    for label, typed, sentence in (
        (words.PATTERN[0], "LOT-[0-9{4}", "at character 5 of the pattern"),
        (words.PATTERN[0], "[A-Z]{3}", "expected a pattern that texts of the column lot follow"),
        (words.PATTERN[0], PICTURE, "of the pattern"),
        (words.NOUN[0], "<b>", "expected noun as words of letters and digits"),
        (words.PLURAL[0], PICTURE, "expected plural as words of letters and digits"),
    ):
        usual = box(page, label).value
        box(page, label).input(typed).run()
        assert sentence in problems_of(page)
        assert not has_picture(page)
        assert train_button(page).disabled
        box(page, label).input(usual).run()
        assert not problems_of(page)


def test_long_codes_have_the_preset_for_them_at_one_press(page: AppTest) -> None:
    iban = FORMATS["gb-iban"].generate(300, rng=np.random.default_rng(2)).tolist()
    bring(page, "accounts.txt", text([one.replace("GB", "XK") for one in iban]))
    press(page, "Start from exact-64d")
    assert page.selectbox(key=state.PRESET).value == "exact-64d"
    assert "Start from exact-64d" not in labels_of(page)
    assert "64 latent dimensions" in text_of(page)


def test_the_check_characters_that_are_found_are_told(page: AppTest) -> None:
    bring(
        page, "vin.txt", text(FORMATS["vin"].generate(300, rng=np.random.default_rng(3)).tolist())
    )
    assert words.CHECK.format(kind="vin", at="position 9") in text_of(page)


def test_a_file_is_read_once_however_often_the_form_changes(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    look = Look.of
    monkeypatch.setattr(Look, "of", lambda source: looked.append(source) or look(source))
    bring(page, "lots.csv", lots().to_csv(index=False).encode())
    page.number_input(key="new-beta-ordered-2d").set_value(0.2).run()
    page.selectbox(key=state.PRESET).select("exact-15d").run()
    assert len(looked) == 1
    # Other data, and back: the codes are still there.
    page.radio(key=state.TRAIN_ON).set_value("preset").run()
    assert not problems_of(page)
    assert not train_button(page).disabled
    page.radio(key=state.TRAIN_ON).set_value(OWN).run()
    assert "400 of 400 lines" in text_of(page)
    assert len(looked) == 1


# --- from Explore ---------------------------------------------------------------------------------


def explored(name: str, content: bytes) -> AppTest:
    """*Explore* after a file was brought to it."""
    app = opened()
    open_tab(app, OWN_TAB)
    app.file_uploader(key=state.OWN_FILE).upload(name, content).run()
    return app


def test_codes_of_another_format_on_explore_lead_to_training() -> None:
    app = explored("lots.csv", lots().to_csv(index=False).encode())
    assert "400 of 400 lines are codes such as `LOT-8" in text_of(app) or "LOT-" in text_of(app)
    assert f"of the pattern `{PATTERN}`" in text_of(app)
    assert "expected one code" not in problems_of(app)
    assert words.TRAIN_ON_THESE in labels_of(app)
    assert app.session_state[state.OWN_LOOK][1].reading.rows == 400


def test_few_codes_of_the_models_format_lead_to_training_too() -> None:
    app = explored("mixed.txt", text([*lots(300)["lot"], *own_regs(50)]))
    assert words.TRAIN_ON_THESE in labels_of(app)
    assert "50 different codes" in text_of(app)  # which are shown as well
    app = explored("mixed.txt", text([*lots(130)["lot"], *own_regs(200)]))
    assert words.TRAIN_ON_THESE not in labels_of(app)


def test_rubbish_and_few_codes_lead_nowhere() -> None:
    names = ["Anna", "Robert", "Jo", "Maximilian", "Tom", "Eve", "Christopher"] * 30
    prices = [f"{price:.2f}" for price in np.random.default_rng(0).random(300) * 100]
    prose = Path(__file__).read_text("utf-8").splitlines()
    for content in (names, prices, prose, ["n/a"] * 300):
        app = explored("rubbish.txt", text(content))
        assert words.TRAIN_ON_THESE not in labels_of(app)
    app = explored("lots.txt", text([*lots(60)["lot"]]))
    assert words.TOO_FEW.format(fewest=120) in text_of(app)
    assert words.TRAIN_ON_THESE not in labels_of(app)
