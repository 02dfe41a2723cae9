"""The explore page: points, regs, regions, and input that cannot be used."""

import re
import threading
import time
from html import unescape
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services, state
from dashboard.words import common
from dashboard.words import explore as words
from regvae.evaluation.notebook import UNWANTED
from regvae.latent.polygon import in_polygon
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.margins import Margins
from tests.dashboard import (
    SQUARE,
    html_of,
    named,
    open_tab,
    opened,
    press,
    problems_of,
    shown,
    text_of,
    typed,
)
from tests.dashboard.conftest import Sent


def test_the_first_page_welcomes_and_has_no_problem(app: AppTest) -> None:
    assert "Every dot is a car registration" in text_of(app)
    assert not problems_of(app)


def test_a_typed_point_is_pinned_until_it_is_cleared(app: AppTest, bundle: Bundle) -> None:
    app.text_input(key=state.POINT).input("0.5, 0.3").run()
    text = text_of(app)
    assert words.PINNED in text
    assert shown(str(bundle.autoencoder.decode([[0.5, 0.3]])[0])) in text
    assert words.REJECTED.format(rule="one-sided") in text
    app.text_input(key=state.POINT).input("30, 30").run()
    assert words.ACCEPTED.format(rule="one-sided") in text_of(app)
    assert words.OFF_THE_MAP in text_of(app)
    app.button(key="clear-point").click().run()
    assert words.PINNED not in text_of(app)


def test_a_pin_on_a_record_says_which(app: AppTest, bundle: Bundle) -> None:
    records, decoded = bundle.records, bundle.autoencoder.decode(bundle.records.mean)
    for exactly in (True, False):
        row = int(np.flatnonzero((decoded == records.codes) == exactly)[0])
        app.text_input(key=state.POINT).set_value(typed(records.mean[row])).run()
        read = text_of(app)
        outcome = words.RECONSTRUCTED if exactly else words.NOT_RECONSTRUCTED
        assert f"of the record **{shown(records.codes[row])}**" in read
        assert outcome in read
        probability = bundle.autoencoder.decode_with_certainty(records.mean[[row]])[1].prod()
        told = f"{probability:.1%}" if probability >= 0.001 else "less than 0.1%"
        assert f"with a probability of {told}." in read
    app.text_input(key=state.POINT).set_value("0.123, 0.456").run()
    assert "of the record" not in text_of(app)


def test_a_click_pins_a_record_in_few_digits_and_what_is_said_of_it_is_its_own(
    app: AppTest, bundle: Bundle
) -> None:
    records = bundle.records
    clicked = np.round(records.mean.astype(float), 4)
    decoded = [bundle.autoencoder.decode(z) for z in (records.mean, clicked)]
    (row,) = np.flatnonzero(decoded[0] != decoded[1])[:1]  # the rounded point decodes to another
    app.text_input(key=state.POINT).set_value(state.point_text(records.mean[row].tolist())).run()
    read = text_of(app)
    assert f"of the record **{shown(records.codes[row])}**" in read
    assert f">{shown(str(decoded[1][row]))}<" in read
    exactly = decoded[0][row] == records.codes[row]
    assert (words.RECONSTRUCTED if exactly else words.NOT_RECONSTRUCTED) in read
    app.text_input(key=state.POINT).set_value(typed(records.mean[row] + 2e-4)).run()
    assert f"of the record **{shown(records.codes[row])}**" not in text_of(app)


@pytest.mark.parametrize(
    ("colour", "sentence"),
    [
        ("at_least_50", r"\*\*([\d,]+) of ([\d,]+) \((.*)%\)\*\* have number ≥ 50; overall (.*)%"),
        ("units", r"\*\*([\d,]+) of ([\d,]+) \((.*)%\)\*\* have units digit \d; overall (.*)%"),
        ("number", r"Median number: \*\*(\d+)\*\*; overall (\d+)"),
        ("wanted", r"\*\*([\d,]+) of ([\d,]+) \((.*)%\)\*\* are wanted; overall (.*)%"),
    ],
)
def test_the_summary_of_a_region_is_of_the_colouring(
    app: AppTest, bundle: Bundle, colour: str, sentence: str
) -> None:
    app.session_state[state.REGION] = SQUARE
    app.selectbox(key=state.COLOUR).select(colour).run()
    records = bundle.records
    rows = in_polygon(records.mean, SQUARE)
    wanted = colour == state.WANTED_COLOUR
    values = records.attribute("at_least_50" if wanted else colour)
    match = re.search(sentence, text_of(app))
    assert match
    found = [float(one.replace(",", "")) for one in match.groups()]
    if colour == "number":
        assert found == [int(np.median(values[rows])), int(np.median(values))]
        return
    is_it = values == (1 if values.dtype == bool else np.bincount(values[rows]).argmax())
    shares = 100 * is_it[rows].mean(), 100 * is_it.mean()
    assert found[:2] == [is_it[rows].sum(), rows.sum()]
    assert found[2:] == pytest.approx(shares, abs=0.06)


def test_a_reg_is_known_by_its_split(app: AppTest) -> None:
    for reg, split in (("my33 wsz", "test"), ("yk66biq", "train"), ("zz99 zzz", None)):
        app.text_input(key=state.SEARCH).input(reg).run()
        assert words.MEMBERSHIP[split] in text_of(app)


def test_letters_that_are_commoner_in_a_region_are_told(app: AppTest, bundle: Bundle) -> None:
    records = bundle.records
    some = records.mean[records.mean[:, 0] > np.quantile(records.mean[:, 0], 0.999)]
    low, high = some.min(axis=0) - 0.01, some.max(axis=0) + 0.01
    corners = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]]
    app.session_state[state.REGION] = [[float(one) for one in corner] for corner in corners]
    app.run()
    told = text_of(app)
    assert words.TYPICAL in told
    letter, position, here, overall = re.search(
        r"<b>(.)</b> as character (\d)</td><td>(\d+)%, overall (\d+)%", told
    ).groups()
    rows = in_polygon(records.mean, app.session_state[state.REGION])
    has = np.array([code[int(position) - 1] == letter for code in records.codes.tolist()])
    assert [round(100 * has[rows].mean()), round(100 * has.mean())] == [int(here), int(overall)]


def test_a_region_is_summarised_and_decoded(app: AppTest, bundle: Bundle) -> None:
    app.session_state[state.REGION] = [[-9.0, -9.0], [9.0, -9.0], [9.0, 9.0], [-9.0, 9.0]]
    app.run()
    assert words.REGION.format(n=12_000, of=12_000) in text_of(app)
    assert f"{bundle.records.attribute('at_least_50').mean():.1%}" in text_of(app)
    app.session_state[state.REGION] = [[8.0, 8.0], [9.0, 8.0], [9.0, 9.0], [8.0, 9.0]]
    app.run()
    assert named(words.REGION_EMPTY) in text_of(app)
    press(app, "Decode 50")
    assert "different regs in 50 points" in text_of(app)
    first = app.session_state[state.DECODED].points
    press(app, "Decode 50")
    assert not (app.session_state[state.DECODED].points == first).any()  # others at every press
    app.session_state[state.REGION] = [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]
    app.run()
    press(app, "Decode 50")
    assert "too thin" in problems_of(app)


def test_a_click_opens_no_tab_and_a_card_tells_of_the_pin(sent: Sent) -> None:
    app = opened(tab=words.SAMPLE_TAB)
    assert sent[-1]["card"] is None
    point(app, 1, "pick", [0.5, 0.3])
    assert app.session_state[state.TAB] == words.SAMPLE_TAB
    card = sent[-1]["card"]
    assert card["verdict"] == "Rejected"
    assert re.fullmatch(r"from the unwanted [\d.]+ σ, required > 2.50 σ", card["reason"])
    point(app, 2, "card", "read")
    assert app.session_state[state.TAB] == words.READ_TAB
    assert words.PINNED in text_of(app)
    assert sent[-1]["card"] is None
    point(app, 3, "card", "close")
    assert sent[-1]["pin"] is None


def point(app: AppTest, number: int, gesture: str, value: Any) -> None:
    """Do something on the map."""
    told = [{"number": number, "name": gesture, "value": value}]
    app.session_state[state.MAP] = {"gestures": told}
    app.run()


@pytest.mark.parametrize("z", ["0.5, 0.3", "-1.9, 0.9", "30, 30", "2.5, 2.5"])
@pytest.mark.parametrize("rule", ["one-sided", "two-sided", "posterior"])
def test_the_card_and_the_panel_give_the_same_reason(z: str, rule: str, sent: Sent) -> None:
    app = opened(point=z, rule=rule, tab=words.RESULTS_TAB)
    card = sent[-1]["card"]
    open_tab(app, words.READ_TAB)
    read = text_of(app)
    accepted = words.ACCEPTED.format(rule=rule) in read
    assert card["verdict"] == ("Accepted" if accepted else "Rejected")
    failed = re.findall(r'<td>([^<]+)</td><td><b class="failed">(.+?)</b></td><td>(.+?)</td>', read)
    if not accepted:
        reason = "; ".join(f"{label} {value}, {unescape(why)}" for label, value, why in failed)
        assert card["reason"] == reason
    else:
        assert not failed
        assert card["reason"].count("required") == (1 if rule == "one-sided" else 2)
    assert ("plate unwanted" in read) == (card["kind"] == "unwanted")


def test_nothing_is_decided_on_a_card_without_a_rule(sent: Sent) -> None:
    opened(point="0.5, 0.3", tab=words.RESULTS_TAB, unwanted="nonsense")
    assert sent[-1]["card"] == {"verdict": "", "reason": "", "kind": ""}


BAD_INPUT = [
    (state.SEARCH, "A112CDE", "position 2"),
    (state.SEARCH, "AB1", "7 characters"),
    (state.POINT, "here", "expected two numbers"),
    (state.POINT, "1, nan", "expected two numbers"),
    (state.POINT, "1e999, 0", "expected two numbers"),
    (state.POINT, "1e39, 0", "expected two numbers"),
    (state.BOX_CORNERS, "1, 2, 3", "Expected four numbers"),
    (state.BOX_CORNERS, "-1e39, 0, 1, 1", "Expected four numbers"),
]


def test_input_that_cannot_be_used_is_a_sentence(app: AppTest) -> None:
    for key, text, sentence in BAD_INPUT:
        app.text_input(key=key).input(text).run()
        assert sentence in problems_of(app), text
        app.text_input(key=key).input(state.DEFAULTS.get(key, ""))
    assert not problems_of(app.run())


def test_a_typed_box_selects_the_region(app: AppTest) -> None:
    app.text_input(key=state.BOX_CORNERS).input("-1, 1, 1, -1").run()
    corners = app.session_state[state.REGION]
    assert sorted(map(tuple, corners)) == sorted(map(tuple, SQUARE))
    assert "Region: " in text_of(app)


def test_widgets_have_their_values_after_another_tab_and_another_page(app: AppTest) -> None:
    open_tab(app, words.SAMPLE_TAB)
    app.text_area(key=state.LISTED).input("AB12 CDE")
    app.number_input(key="threshold").set_value(1.5).run()
    open_tab(app, words.RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(77)
    app.checkbox(key=state.CLEAN).uncheck().run()
    app.switch_page("app_pages/figures.py").run()
    app.switch_page("app_pages/explore.py").run()
    open_tab(app, words.SAMPLE_TAB)
    assert app.text_area(key=state.LISTED).value == "AB12 CDE"
    assert app.number_input(key="threshold").value == 1.5
    open_tab(app, words.RESULTS_TAB)
    assert app.number_input(key=state.NUMBER).value == 77
    assert not app.checkbox(key=state.CLEAN).value


@pytest.mark.parametrize("rule", ["one-sided", "two-sided", "posterior"])
def test_every_rule_explains_its_rejection_and_finds_an_accepted_point(
    rule: str, bundle: Bundle
) -> None:
    app = opened(rule=rule, point="-1.9, 0.9")
    text = text_of(app)
    assert words.REJECTED.format(rule=rule) in text
    assert "nearest unwanted" in text
    assert "nearest wanted" in text
    assert 'class="failed"' in text
    press(app, words.GO_TO_NEAREST)
    assert words.ACCEPTED.format(rule=rule) in text_of(app)
    assert 'class="failed"' not in text_of(app)
    z = [[float(number) for number in app.text_input(key=state.POINT).value.split(",")]]
    assert len(app.text_input(key=state.POINT).value) < 24  # few digits, on the edge of the zone
    assert int(bundle.autoencoder.decode(z)[0][2:4]) >= 50
    assert shown(str(bundle.autoencoder.decode(z)[0])) in text_of(app)


def test_no_accepted_point_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "nearest_accepted", lambda *_: None)
    app = opened(point="-1.9, 0.9")
    press(app, words.GO_TO_NEAREST)
    assert words.NONE_ACCEPTED in text_of(app)
    app.text_input(key=state.POINT).input("0.5, 0.3").run()
    assert words.NONE_ACCEPTED not in text_of(app)


def test_why_a_decoded_code_is_refused_is_told_in_words(bundle: Bundle, exact: Bundle) -> None:
    for unwanted, reason in ((False, "is a record"), (True, "is unwanted, and a record")):
        records = exact.records
        row = int(np.flatnonzero(UNWANTED.of_records(records) == unwanted)[0])
        app = opened(model=exact.name, rule="certified", point=typed(records.mean[row]))
        (told,) = [one for one in html_of(app) if named(words.DECODED_CODE) in one]
        assert reason in told
        assert words.CODE_REQUIRED in told
        assert "inf" not in told
        assert "sparser" not in told  # which was not measured
    z = np.array([[0.0, 3.0]])
    far = opened(rule="certified", point=typed(z[0]))
    (told,) = [one for one in html_of(far) if named(words.DECODED_CODE) in one]
    margin = Margins(bundle, UNWANTED).of(z, bundle.autoencoder.decode(z))
    assert f"is unwanted, by {-margin[0]:.2f} nats" in told


def test_a_small_limit_is_not_shown_as_nothing() -> None:
    assert common.quantities("nats", 13.354, 0.001) == ("13.354 nats", "0.001 nats")
    assert common.quantities("σ", 2.5, 0.0) == ("2.50 σ", "0.00 σ")


def test_the_page_answers_while_a_rule_learns_in_many_dimensions(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, learned = threading.Event(), sampling.learned

    def slowly(*given: Any) -> Any:
        go.wait(20)
        return learned(*given)

    monkeypatch.setattr(sampling, "learned", slowly)
    monkeypatch.setattr(sampling, "points_seen", lambda _: 2_000)
    app = opened(model="exact-15d", rule="learned", seed="77")
    waiting = words.LEARNING.format(n=300_000)
    assert (sent[-1]["waiting"], sent[-1]["rule"], sent[-1]["samples"]) == (waiting, None, None)
    app.text_input(key=state.POINT).set_value(", ".join(["0.1"] * 15)).run()
    assert words.PINNED in text_of(app)
    assert sent[-1]["waiting"] == waiting
    assert not problems_of(app)
    go.set()
    end = time.monotonic() + 20
    while app.run() and sent[-1]["waiting"]:
        assert time.monotonic() < end, "it has not learned"
    assert (sent[-1]["waiting"], sent[-1]["rule"]["name"]) == ("", "learned")
    assert sent[-1]["report"]["proposed"] == 1000
    assert "by the learned rule" in text_of(app)
