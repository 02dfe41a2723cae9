"""What is done is told under a number, by which the browser knows Python's answer to it."""

from typing import Any

import pytest

from dashboard import state
from dashboard.components import gestures
from tests.static.conftest import Blank

# Sliders of one rule; `say` is Python's rule, `release` a slider let go, `drag` one on its way.
SCENE = """
const released = [];
let number = 0;
const root = document.body.appendChild(document.createElement("div"));
const sliders = new module.Sliders(root, {
    onScrub() {}, onCommit: (one) => (number = (released.push(one), number + 1)),
});
const span = {minimum: 0, maximum: 6, step: 0.01, unit: "σ", operator: ">", measure: "a"};
const say = (handled, values, name = "one") => sliders.take({
    name, after: "", measures: [{name: "a", relative: false}],
    parameters: Object.entries(values).map(
        ([name, value]) => ({...span, name, value, before: name})),
}, handled);
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
        """number = 5; say(5, {a: 1}); release("a", 2);
        const said = [say(6, {a: 2}), say(0, {a: 1}), at().a];""",
    )
    assert said == [False, True, 1]


# --- what is told, and what is handled ------------------------------------------------------------


def told(blank: Blank, script: str) -> Any:
    """What an outbox hands to Streamlit, as [number, value] pairs for each message."""
    return blank.run(
        "shared/outbox.js",
        f"""const messages = [];
        const component = {{setStateValue: (name, list) =>
            messages.push(list.map(({{number, value}}) => [number, value]))}};
        const outbox = new module.Outbox();
        const send = (value) => outbox.send(component, "pick", value);
        {script}; return messages;""",
    )


def test_what_has_no_answer_is_told_again_with_what_follows(blank: Blank) -> None:
    messages = told(blank, "send('a'); send('b'); outbox.handled(1); send('c'); send('c')")
    assert messages == [
        [[1, "a"]],
        [[1, "a"], [2, "b"]],
        [[2, "b"], [3, "c"]],
        [[2, "b"], [3, "c"], [4, "c"]],
    ]


def test_a_new_mount_counts_on_from_where_python_stands(blank: Blank) -> None:
    assert told(blank, "outbox.handled(7); send('a')") == [[[8, "a"]]]


def test_a_new_session_gets_what_the_old_one_did_not_answer(blank: Blank) -> None:
    script = "outbox.handled(7); send('a'); outbox.handled(0); send('b')"
    assert told(blank, script)[-1] == [[8, "a"], [9, "b"]]


class Session:
    """Runs of a page: each handles a message first, and may end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **session: Any) -> None:
        self.session = session
        monkeypatch.setattr(gestures.st, "session_state", session)

    def run(self, sent: Any, *, ends: bool = True) -> list:
        """What is handled of a message."""
        self.session[state.MAP] = {"gestures": sent}
        got: list = []
        gestures.handle(state.MAP, {"pick": got.append})
        if ends:
            gestures.settle(state.MAP)
        return got


def pick(number: Any, value: Any = "z") -> dict:
    return {"number": number, "name": "pick", "value": value}


@pytest.mark.parametrize(
    ("sent", "expected", "answer"),
    [
        ([pick(4, "a"), pick(5, "b")], ["a", "b"], 5),
        ([pick(3, "a"), pick(4, "b")], ["a", "b"], 4),  # the browser had no answer to 3
        ([pick(2), pick(3)], [], 3),  # the same message as before
        ([{"number": 4, "name": "sail", "value": 1}, pick(5)], ["z"], 5),
        ([{"number": 4, "name": ["pick"]}], [], 4),
        ([pick(-1), pick("5"), pick(4.5), pick(10**30), pick(None), "rubbish"], [], 3),
        ("rubbish", [], 3),
        (None, [], 3),
    ],
)
def test_new_gestures_are_handled_in_their_order(
    sent: Any, expected: list, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Session(monkeypatch, **{state.HANDLED: 3})
    assert page.run(sent) == expected
    assert gestures.last_handled() == answer


def test_what_an_interrupted_run_handled_is_handled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Session(monkeypatch)
    one, two = pick(1, "a"), pick(2, "b")
    assert page.run([one], ends=False) == ["a"]
    assert page.run([one], ends=False) == ["a"]  # another widget's message
    assert page.run([two]) == ["a", "b"]  # 1 was answered, but not to the end
    assert page.run([two]) == []


def test_what_was_done_on_another_page_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Session(monkeypatch)
    page.run([pick(1, "a")], ends=False)
    page.session[state.TOUR_MAP] = {"gestures": [pick(2, "b")]}
    got: list = []
    gestures.handle(state.TOUR_MAP, {"pick": got.append})
    assert got == ["b"]
    assert page.run([pick(1, "a")]) == ["a"]


def test_before_the_first_gesture_nothing_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gestures.st, "session_state", {})
    gestures.handle(state.MAP, {})
    assert gestures.last_handled() == 0
