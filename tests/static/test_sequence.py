"""A released slider is told under a number, by which the browser knows Python's answer to it."""

from typing import Any

import pytest

from dashboard import state
from dashboard.components import latent_map
from tests.static.conftest import Blank

# Sliders of one rule; `say` is Python's rule, `release` a slider let go, `drag` one on its way.
SCENE = """
const released = [];
const root = document.body.appendChild(document.createElement("div"));
const sliders = new module.Sliders(root, {
    onScrub() {}, onCommit: (one) => released.push(one),
});
const span = {minimum: 0, maximum: 6, step: 0.01, unit: "σ", operator: ">", measure: "a"};
const say = (sequence, values, name = "one") => sliders.take({
    name, after: "", measures: [{name: "a", relative: false}],
    parameters: Object.entries(values).map(
        ([name, value]) => ({...span, name, value, before: name})),
}, sequence);
const drag = (name, value) => {
    const input = root.querySelector(`[data-parameter=${name}] input`);
    input.value = value;
    input.dispatchEvent(new Event("input"));
    return input;
};
const release = (name, value) => drag(name, value).dispatchEvent(new Event("change"));
const at = () => sliders.values;
"""


def played(blank: Blank, script: str) -> Any:
    """What a script on the scene returns."""
    return blank.run("shared/sliders.js", f"{SCENE} {script} root.remove(); return said;")


def test_a_new_mount_counts_on_from_where_python_stands(blank: Blank) -> None:
    said = played(
        blank,
        """say(7, {a: 1, b: 2}); release("a", 1.5); release("b", 2.5);
        const said = released;""",
    )
    assert said == [
        {"name": "a", "value": 1.5, "sequence": 8},
        {"name": "b", "value": 2.5, "sequence": 9},
    ]


def test_an_answer_that_is_late_calls_no_slider_back(blank: Blank) -> None:
    said = played(
        blank,
        """say(0, {a: 1}); release("a", 2); release("a", 3);
        const said = [say(0, {a: 1}), at().a, say(1, {a: 2}), at().a, say(2, {a: 3}), at().a];""",
    )
    assert said == [False, 3, False, 3, False, 3]


def test_an_answer_leaves_a_slider_that_is_dragged_on_alone(blank: Blank) -> None:
    said = played(
        blank,
        """say(0, {a: 1}); release("a", 2); drag("a", 2.7);
        const said = [say(1, {a: 2}), at().a];""",
    )
    assert said == [False, 2.7]


def test_a_refused_value_goes_back_to_what_python_has(blank: Blank) -> None:
    said = played(
        blank, """say(0, {a: 1}); release("a", 5); const said = [say(1, {a: 1}), at().a];"""
    )
    assert said == [True, 1]


def test_a_number_typed_elsewhere_moves_the_slider(blank: Blank) -> None:
    said = played(
        blank,
        """say(0, {a: 1}); release("a", 2);
        const said = [say(1, {a: 2}), say(1, {a: 4.5}), at().a, say(1, {a: 4.5})];""",
    )
    assert said == [False, True, 4.5, False]


def test_another_rule_is_taken_though_a_slider_was_released_since(blank: Blank) -> None:
    said = played(
        blank,
        """say(0, {a: 1}); release("a", 2);
        const said = [say(0, {b: 3}, "two"), at(), say(1, {b: 3}, "two")];""",
    )
    assert said == [True, {"b": 3}, False]


def test_a_count_that_goes_back_is_a_new_session_s(blank: Blank) -> None:
    said = played(
        blank,
        """say(5, {a: 1}); release("a", 2);
        const said = [say(6, {a: 2}), say(0, {a: 1}), at().a];
        release("a", 3); said.push(released.at(-1).sequence);""",
    )
    assert said == [False, True, 1, 1]


@pytest.mark.parametrize(
    ("sent", "newest", "heard"),
    [
        ({"name": "margin", "value": 1.5, "sequence": 4}, 4, {"margin": 1.5}),
        ({"name": "margin", "value": 99, "sequence": 4}, 4, {}),  # refused, and answered
        ({"name": "nothing", "value": 1, "sequence": 4}, 4, {}),
        ({"name": "margin", "value": 1.5, "sequence": 2}, 3, {"margin": 1.5}),
        ({"name": "margin", "value": 1.5, "sequence": -1}, 3, {"margin": 1.5}),
        ({"name": "margin", "value": 1.5, "sequence": 1e9}, 3, {"margin": 1.5}),
        ({"name": "margin", "value": 1.5, "sequence": 10**30}, 3, {"margin": 1.5}),
        ({"name": "margin", "value": 1.5, "sequence": "5"}, 3, {"margin": 1.5}),
        ({"name": "margin", "value": 1.5}, 3, {"margin": 1.5}),
        ("rubbish", 3, {}),
    ],
)
def test_python_keeps_the_newest_number_it_has_heard(
    sent: Any, newest: int, heard: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = {state.MAP: {"parameter": {"value": sent}}, state.SEQUENCE: 3}
    monkeypatch.setattr(latent_map.st, "session_state", session)
    kept: dict = {}
    gestures = latent_map.Gestures(
        pick=lambda z: None,  # noqa: ARG005
        region=lambda polygon: None,  # noqa: ARG005
        parameter=lambda name, value: kept.update({name: value}),
        layers=lambda painted, hidden: None,  # noqa: ARG005
    )
    gestures.on_parameter()
    assert (session[state.SEQUENCE], kept) == (newest, heard)
