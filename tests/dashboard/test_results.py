"""Results against the library's own, and the search for leaks."""

import io

from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.words import results as words
from dashboard.words.explore import RESULTS_TAB
from regvae.generation.results import generate
from regvae.model.bundle import Bundle
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Certified
from tests.dashboard import generate_results, opened, press, problems_of, text_of


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
        assert file.getvalue() == stored.result().content[kind]
    assert outcome.report == stored.result().outcome.report
    assert words.OUTDATED not in problems_of(app)
    app.session_state["margin"] = 0.7
    app.run()
    assert words.OUTDATED in problems_of(app)


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
