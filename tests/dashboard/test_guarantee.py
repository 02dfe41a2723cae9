"""Numbers of a rule that tests choose: sliders, the exact rule, the sentence, the results."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.words import guarantee as words
from dashboard.words.explore import RESULTS_TAB, SAMPLE_TAB
from regvae.evaluation.notebook import UNWANTED
from regvae.model import bundle as bundles
from regvae.rejection.guarantee import guaranteed
from regvae.rejection.policy import DRAWN, Policy
from regvae.rejection.rules import TwoSided
from tests.dashboard import (
    generate_results,
    labels_of,
    open_tab,
    opened,
    press,
    problems_of,
    text_of,
)
from tests.dashboard.conftest import Sent


@pytest.fixture(scope="module")
def expected() -> Policy:
    """What the library chooses for the page's own settings."""
    bundle = bundles.load("ordered-2d")
    policy = Policy(bundle.name, UNWANTED, TwoSided(), decode=DRAWN)
    return guaranteed(bundle, policy, 0.999)


def chosen(**query: str) -> AppTest:
    """The page after it has chosen a rule's numbers by tests."""
    usual = {"model": "ordered-2d", "rule": "two-sided", "tab": SAMPLE_TAB}
    app = opened(**usual | query)
    press(app, words.CHOOSE)
    app.session_state[state.TESTS].found.exception()  # waits
    return app.run()


def test_the_exact_numbers_decide_and_the_sliders_stand_nearest(
    sent: Sent, expected: Policy
) -> None:
    app = chosen()
    assert expected.guarantee is not None
    rule = expected.rule
    assert rule.margin > 10  # type: ignore[attr-defined]  # beyond the slider
    assert app.number_input(key="margin").value == 10
    now = {one["name"]: one["value"] for one in sent[-1]["rule"]["parameters"]}
    assert now == rule.values() == sent[-1]["report"]["parameters"]
    assert "the exact numbers of the rule" in sent[-1]["link"]["without"]
    (told,) = app.success
    assert expected.guarantee.sentence("box")[1:] in told.value.replace("\\", "")
    assert f"margin {rule.margin:.4g} σ" in text_of(app)  # type: ignore[attr-defined]
    assert words.ABOUT_DRAWN in text_of(app)


def test_a_moved_slider_ends_the_guarantee_and_the_numbers_can_be_had_back(sent: Sent) -> None:
    app = chosen()
    found = app.session_state[state.TESTS].found.result().rule
    app.number_input(key="support").set_value(2.5).run()
    assert words.MOVED in text_of(app)
    assert not app.success
    moved = sent[-1]["report"]["parameters"]
    assert moved == {"margin": found.margin, "support": 2.5}  # what was not moved stays exact
    press(app, words.BACK)
    assert app.success
    assert sent[-1]["report"]["parameters"] == found.values()
    app.number_input(key=state.SEED).set_value(5).run()
    assert words.OTHER_SETTINGS in text_of(app)
    assert sent[-1]["report"]["parameters"] == {"margin": 10, "support": 10}


def test_results_of_the_rule_on_the_map_have_its_guarantee(expected: Policy) -> None:
    app = chosen()
    open_tab(app, RESULTS_TAB)
    app.radio(key=state.RESULTS_RULE).set_value(state.MAPS_RULE).run()
    app.number_input(key=state.NUMBER).set_value(20).run()
    generate_results(app)
    outcome = app.session_state[state.RESULTS].result().outcome
    assert outcome.policy.guarantee == expected.guarantee
    assert outcome.policy.rule == expected.rule
    app.radio(key=state.DECODING).set_value("likeliest").run()
    assert words.OTHER_SETTINGS in text_of(app)  # it is about codes that are drawn


def test_a_guarantee_on_likeliest_codes_is_about_what_the_map_shows() -> None:
    app = opened(model="ordered-2d", rule="two-sided", tab=RESULTS_TAB)
    app.radio(key=state.RESULTS_RULE).set_value(state.MAPS_RULE).run()
    app.radio(key=state.DECODING).set_value("likeliest").run()
    press(app, words.CHOOSE)
    found = app.session_state[state.TESTS].found.result()
    assert (found.decode, found.abstains) == ("likeliest", False)
    assert app.run().success
    assert words.ABOUT_DRAWN not in text_of(app)


def test_numbers_that_no_test_certifies_are_a_sentence_and_move_nothing() -> None:
    app = chosen(model="notebook-2d", rule="one-sided")
    assert "Expected numbers of this rule with purity at least 0.999" in problems_of(app)
    assert app.number_input(key="threshold").value == 2.5
    assert not app.success


def test_a_rule_that_is_certain_needs_no_guarantee() -> None:
    app = opened(rule="certified", tab=SAMPLE_TAB)
    assert words.CERTAIN.format(rule="certified") in text_of(app)
    assert words.CHOOSE not in labels_of(app)


def test_the_purity_that_is_chosen_is_what_the_tests_are_about() -> None:
    app = opened(model="ordered-2d", rule="one-sided", tab=SAMPLE_TAB)
    app.segmented_control(key=state.TARGET).set_value(0.99)  # one run for both
    press(app, words.CHOOSE)
    found = app.session_state[state.TESTS].found.result()
    assert found.guarantee.purity == 0.99
    assert 0.99 <= found.guarantee.bound < 0.999
    assert "Purity at least 0.99 at" in text_of(app.run())


def test_tests_of_another_rule_are_not_waited_for() -> None:
    app = opened(model="ordered-2d", rule="two-sided", tab=SAMPLE_TAB)
    press(app, words.CHOOSE)
    app.segmented_control(key=state.RULE).set_value("certified").run()
    assert words.CERTAIN.format(rule="certified") in text_of(app)
    assert "Testing" not in text_of(app)
