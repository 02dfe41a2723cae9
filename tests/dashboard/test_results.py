"""Results against the library's own, and the search for leaks."""

import io

from dashboard import state
from dashboard.words import results as words
from dashboard.words.explore import RESULTS_TAB
from regvae.generation.results import generate
from regvae.model.bundle import Bundle
from regvae.rejection.policy import Policy
from tests.dashboard import generate_results, opened, press, problems_of, text_of


def test_results_are_the_bytes_that_their_policy_gives_in_the_library(bundle: Bundle) -> None:
    app = opened(rule="two-sided", tab=RESULTS_TAB)
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
    app = opened(threshold="6.0", tab=RESULTS_TAB)
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
