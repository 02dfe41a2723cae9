"""Results against the library's own, and the search for leaks."""

import io
import threading
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services, state
from dashboard.generating import OnBlock
from dashboard.panels.results import Data
from dashboard.words import results as words
from dashboard.words.explore import RESULTS_TAB
from regvae.generation.results import generate
from regvae.model.bundle import Bundle
from regvae.rejection.policy import Policy
from regvae.rejection.report import Tally
from regvae.rejection.rules import Certified
from tests.dashboard import (
    generate_results,
    labels_of,
    opened,
    press,
    problems_of,
    text_of,
    unescaped,
)


def by_the_maps_rule(**query: str) -> AppTest:
    """The tab of results, with the rule on the map chosen for them."""
    app = opened(tab=RESULTS_TAB, **query)
    return app.radio(key=state.RESULTS_RULE).set_value(state.MAPS_RULE).run()


def test_results_are_certified_whatever_rule_the_map_has() -> None:
    app = opened(rule="one-sided", threshold="0.1", tab=RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(20).run()
    generate_results(app)
    outcome = app.session_state[state.RESULTS].result().outcome
    assert outcome.policy.rule == Certified()
    assert (outcome.report.purity, outcome.report.collisions) == (1, 0)
    assert words.BY_CONSTRUCTION in text_of(app)
    assert "estimate" not in text_of(app)
    app.session_state["threshold"] = 0.7
    assert words.OUTDATED not in problems_of(app.run())  # it plays no part
    app.number_input(key="results-q").set_value(0.1).run()
    assert words.OUTDATED in problems_of(app)
    generate_results(app)
    assert app.session_state[state.RESULTS].policy.rule == Certified(q=0.1)


def test_a_number_that_is_typed_just_before_the_button_is_pressed_counts() -> None:
    app = opened(tab=RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(20)  # one run for both, as on a busy machine
    generate_results(app)
    assert app.session_state[state.RESULTS].policy.results == 20


def test_the_purity_of_a_rule_that_predicts_is_an_estimate_with_its_interval() -> None:
    app = by_the_maps_rule(rule="two-sided", margin="0.0")
    app.number_input(key=state.NUMBER).set_value(200).run()
    generate_results(app)
    report = app.session_state[state.RESULTS].result().outcome.report
    low, high = report.purity_interval
    assert 0 < low < report.purity < high < 1
    text = text_of(app)
    assert f"**{report.purity:.2%}** is wanted" in text
    assert f"from {low:.2%} to {high:.2%} at 95 % confidence" in text
    assert words.BY_CONSTRUCTION not in text


def test_results_of_which_many_are_records_are_warned_of() -> None:
    app = by_the_maps_rule(model="exact-15d", threshold="0.0", scale="0.02")
    app.number_input(key=state.NUMBER).set_value(20).run()
    generate_results(app)
    report = app.session_state[state.RESULTS].result().outcome.report
    assert report.collisions > 0.5 * report.accepted
    assert "decode to records: propose with a larger scale" in problems_of(app)


def test_results_are_the_bytes_that_their_policy_gives_in_the_library(bundle: Bundle) -> None:
    app = by_the_maps_rule(rule="two-sided")
    app.number_input(key=state.NUMBER).set_value(50).run()
    generate_results(app)
    assert "50 new regs: all different, none a record, none unwanted" in text_of(app)
    stored = app.session_state[state.RESULTS]
    policy = Policy.from_toml(stored.policy.to_toml(), "policy.toml")
    assert policy.bundle_sha256 == bundle.sha256
    files = {kind: io.BytesIO() for kind in stored.result().content}
    outcome = generate(bundle, policy, files)
    assert sorted(files) == [".csv", ".parquet"]
    for kind, file in files.items():
        assert file.getvalue() == stored.result().content[kind].read()
    assert outcome.report == stored.result().outcome.report
    assert words.OUTDATED not in problems_of(app)
    app.session_state["margin"] = 0.7
    app.run()
    assert words.OUTDATED in problems_of(app)


def test_what_can_be_shared_and_what_contains_records_are_offered_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered: dict[str, bytes] = {}

    def download(_label: str, data: Data, name: str, *_: object, **__: object) -> None:
        offered[name] = data.encode() if isinstance(data, str) else data()

    monkeypatch.setattr("streamlit.download_button", download)
    app = by_the_maps_rule()
    app.session_state[state.LISTED] = "AB12CDE"
    app.run()
    app.number_input(key=state.NUMBER).set_value(5).run()
    generate_results(app)
    name = "regs-notebook-2d"
    marked = [one for one in offered if "contains-records" in one]
    assert marked == [f"{name}.contains-records.parquet", f"{name}.contains-records.toml"]
    shared = offered.keys() - set(marked)
    assert shared == {f"{name}{end}" for end in (".parquet", ".csv", ".toml", ".manifest.json")}
    assert list(pd.read_parquet(io.BytesIO(offered[f"{name}.parquet"])).columns) == ["reg"]
    assert "z_1" in pd.read_parquet(io.BytesIO(offered[marked[0]])).columns
    assert not any(b"AB12CDE" in offered[one] for one in shared)
    assert b"AB12CDE" in offered[marked[1]]
    assert words.DETAILS_CAPTION.split(".")[1].strip() in text_of(app)


def test_too_few_results_are_reported() -> None:
    app = by_the_maps_rule(threshold="6.0")
    app.number_input(key=state.NUMBER).set_value(5).run()
    generate_results(app)
    assert (
        "Expected 5 results, got 0 from 1,024 proposals, then it was stopped; "
        "none of them is accepted"
    ) in problems_of(app)


def test_leaks_are_found_and_rejected_at_the_value_that_is_offered() -> None:
    app = opened(tab=RESULTS_TAB)
    press(app, words.HUNT)
    assert "unwanted regs and 0 records found in" in text_of(app)
    clear = next(one for one in app.button if one.label.startswith("Set threshold to"))
    value = float(clear.label.split()[3])
    clear.click().run()
    assert app.session_state["threshold"] == value
    found = text_of(app).split(" leaks found are accepted now")[0].rsplit("\n", 1)[-1]
    assert found.startswith("0 of the ")
    press(app, words.HUNT)
    assert "none in" in text_of(app)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Sampling runs that count one block and wait for this event; then they raise."""
    go = threading.Event()

    def work(*given: Any) -> None:
        on_block: OnBlock = given[-2]
        ended = on_block(Tally(proposed=2_000, accepted=30, kept=20))
        go.wait(20)
        raise ValueError("expected nothing" if ended else "expected no end")

    monkeypatch.setattr(services, "result_files", work)
    return go


def test_a_run_names_its_model_and_that_the_settings_are_others_now(held: threading.Event) -> None:
    app = opened(tab=RESULTS_TAB)
    press(app, words.GENERATE)
    (bar,) = app.get("progress")
    shown = unescaped(bar.proto.text)
    assert shown.startswith("**notebook-2d**: 20 of 1,000 different regs; 2,000 points")
    told = words.RUNNING_OTHER.format(rule="certified")
    assert told not in text_of(app)
    app.number_input(key=state.NUMBER).set_value(50).run()
    assert told in text_of(app)
    app.number_input(key=state.NUMBER).set_value(1000).run()
    assert told not in text_of(app)
    app.session_state[state.RESULTS].stop()
    held.set()


def test_another_model_ends_the_run(held: threading.Event) -> None:
    app = opened(tab=RESULTS_TAB)
    press(app, words.GENERATE)
    run = app.session_state[state.RESULTS]
    app.selectbox(key=state.MODEL).select("ordered-2d").run()
    assert state.RESULTS not in app.session_state
    assert not app.get("progress")
    assert words.GENERATE in labels_of(app)
    assert run._stop.is_set()
    held.set()


def test_an_empty_number_takes_what_the_points_give() -> None:
    app = by_the_maps_rule(rule="two-sided", samples="300")
    app.number_input(key=state.NUMBER).set_value(None).run()
    assert app.number_input(key=state.NUMBER).placeholder == words.ALL.format(n=300)
    generate_results(app)
    policy = app.session_state[state.RESULTS].policy
    assert (policy.results, policy.proposals) == (None, 300)
    outcome = app.session_state[state.RESULTS].result().outcome
    assert (outcome.report.proposed, outcome.shortfall) == (300, None)


def test_the_reasons_of_refusals_are_counted_and_the_way_to_more_is_named() -> None:
    app = opened(model="ordered-2d", tab=RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(40).run()
    generate_results(app)
    files = app.session_state[state.RESULTS].result()
    report, refused = files.outcome.report, files.refused
    assert files.explained == report.proposed < 2_000
    assert report.accepted + sum(refused.values()) == report.proposed
    assert refused["q"] > 0.3 * report.proposed
    text = text_of(app)
    assert f"**{refused['q']:,}** lie where records are too rare (q)" in text
    assert f"**{refused['unwanted']:,}** decode to something unwanted" in text
    assert "propose points *around* records under *Sample*, or lower q" in text
    app.session_state[state.PROPOSAL] = "around"
    generate_results(app.run())
    around = app.session_state[state.RESULTS].result()
    assert around.outcome.report.acceptance > 0.4 > 10 * report.acceptance
    assert "To accept more" not in text_of(app)


def test_where_nothing_is_accepted_the_reason_is_there() -> None:
    app = by_the_maps_rule(threshold="6.0")
    generate_results(app)
    text = text_of(app)
    assert "counted on the first 1,024: **1,024** lie too near an unwanted record" in text
    assert "choose a less strict threshold" in text


def test_a_run_tells_its_pace_in_two_digits_and_how_long_it_still_takes(
    held: threading.Event,
) -> None:
    app = opened(tab=RESULTS_TAB)
    press(app, words.GENERATE)
    run = app.session_state[state.RESULTS]
    assert words.MEANWHILE not in text_of(app)  # a run that ends soon does not say so

    def told() -> str:
        app.run()
        (bar,) = app.get("progress")
        return unescaped(bar.proto.text)

    run._marks[:] = [(0.0, Tally(kept=0)), (2.0, Tally(proposed=5_000, kept=246))]
    assert "246 of 1,000 different regs (120 a second, about 6 s left); 5,000 points" in told()
    assert words.MEANWHILE in text_of(app)
    run._marks[:] = [(0.0, Tally(kept=20)), (2.0, Tally(proposed=5_000, kept=20))]
    assert "20 of 1,000 different regs (0 a second); 5,000 points" in told()
    run.stop()
    held.set()
