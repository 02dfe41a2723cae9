"""What pointers do on a map, from the events that a browser sends."""

from itertools import pairwise
from typing import Any

import pytest

from tests.static.conftest import Blank

LISTEN = """
    const root = document.createElement("div");
    root.style = "position: fixed; left: 10px; top: 20px; width: 400px; height: 300px";
    document.body.replaceChildren(root);
    const told = [];
    const tell = (name) => (...values) => told.push([name, ...values]);
    const acts = Object.fromEntries(
        ["move", "zoom", "click", "doubleClick", "draw"].map((name) => [name, tell(name)]));
    const gestures = new module.Gestures(root, (px) => px < 350, acts);
    gestures.tool = given.tool;
    const send = (type, px, py, {id = 1, target = root, ...more} = {}) => target.dispatchEvent(
        new PointerEvent(type, {pointerId: id, isPrimary: id === 1, button: 0, bubbles: true,
                                clientX: px + 10, clientY: py + 20, ...more}));
"""


def told(blank: Blank, events: str, tool: str = "pan") -> list[list[Any]]:
    """What is told of events that are sent with `send(type, px, py, {id, …})`."""
    code = f"{LISTEN} {events}; gestures.remove(); return told;"
    return blank.run("shared/gestures.js", code, {"tool": tool})


@pytest.mark.parametrize("tool", ["pan", "select", "lasso"])
def test_a_press_that_ends_where_it_began_is_a_click_with_any_tool(blank: Blank, tool: str) -> None:
    events = "send('pointerdown', 50, 60); send('pointermove', 52, 61); send('pointerup', 52, 61)"
    assert told(blank, events, tool) == [["click", 50, 60]]


@pytest.mark.parametrize(
    "events",
    [
        "send('pointerdown', 50, 60, {button: 2}); send('pointerup', 50, 60, {button: 2})",
        "send('pointerdown', 50, 60); send('pointercancel', 50, 60); send('pointerup', 50, 60)",
        "send('pointerdown', 50, 60); send('pointerup', 50, 60, {id: 2})",
        "send('pointerdown', 370, 60); send('pointerup', 370, 60)",
        "send('pointermove', 50, 60); send('pointerup', 50, 60)",
    ],
)
def test_what_is_no_click(blank: Blank, events: str) -> None:
    assert told(blank, events) == []


PRESS = "send('pointerdown', {0}); send('pointerup', {0});"


def test_the_second_of_two_clicks_at_one_place_is_a_double_click(blank: Blank) -> None:
    events = 3 * PRESS.format("50, 60")
    assert told(blank, events) == [["click", 50, 60], ["doubleClick", 50, 60], ["click", 50, 60]]


@pytest.mark.parametrize(
    "between", ["", "send('pointerdown', 0, 0, {target: document.body});", PRESS.format("90, 60")]
)
def test_two_clicks_with_something_between_them_are_two_clicks(blank: Blank, between: str) -> None:
    first, second = "50, 60", "50, 60" if between else "60, 60"
    events = PRESS.format(first) + between + PRESS.format(second)
    assert {name for name, *_ in told(blank, events)} == {"click"}


def test_a_mouse_that_was_released_unseen_moves_nothing(blank: Blank) -> None:
    events = """const mouse = {pointerType: "mouse"};
        send('pointerdown', 50, 60, {...mouse, buttons: 1});
        send('pointermove', 80, 60, {...mouse, buttons: 1});
        send('pointermove', 200, 60, {...mouse, buttons: 0});
        send('pointermove', 300, 60, {...mouse, buttons: 1})"""
    assert told(blank, events) == [["move", 30, 0]]


def test_a_drag_that_returns_is_no_click_and_is_followed_outside(blank: Blank) -> None:
    events = """send('pointerdown', 50, 60); send('pointermove', 70, 60);
        const away = {target: window};
        send('pointermove', 500, 90, away); send('pointermove', 50, 60, away);
        send('pointerup', 50, 60, away); send('pointermove', 90, 90)"""
    assert told(blank, events) == [["move", 20, 0], ["move", 430, 30], ["move", -450, -30]]


def test_a_box_has_four_corners_until_its_end(blank: Blank) -> None:
    events = """send('pointerdown', 50, 60); send('pointermove', 80, 90);
        send('pointermove', 40, 20); send('pointerup', 40, 20)"""
    first, second, last = told(blank, events, "select")
    assert first == ["draw", [[50, 60], [80, 60], [80, 90], [50, 90]], False]
    assert second == ["draw", [[50, 60], [40, 60], [40, 20], [50, 20]], False]
    assert last == ["draw", second[1], True]


def test_a_lasso_has_a_corner_every_few_pixels(blank: Blank) -> None:
    events = """send('pointerdown', 50, 60);
        for (let i = 1; i <= 60; i++) send('pointermove', 50 + i, 60);
        send('pointerup', 110, 60)"""
    *_, (_, corners, ended) = told(blank, events, "lasso")
    assert ended
    assert corners[0] == [50, 60]
    gaps = [b[0] - a[0] for a, b in pairwise(corners)]
    assert all(3 <= gap <= 5 for gap in gaps)
    assert sum(gaps) >= 57


def test_what_is_cancelled_while_it_is_drawn_is_given_up(blank: Blank) -> None:
    events = """send('pointerdown', 50, 60); send('pointermove', 80, 90);
        send('pointercancel', 80, 90)"""
    assert told(blank, events, "lasso")[-1] == ["draw", None, False]


@pytest.mark.parametrize("tool", ["pan", "lasso"])
def test_two_fingers_move_and_stretch_the_map_with_any_tool(blank: Blank, tool: str) -> None:
    events = """send('pointerdown', 100, 100); send('pointerdown', 200, 100, {id: 2});
        send('pointermove', 300, 100, {id: 2});
        send('pointerup', 300, 100, {id: 2}); send('pointerup', 100, 100)"""
    found = told(blank, events, tool)
    assert [one for one in found if one[0] != "draw"] == [["move", 50, 0], ["zoom", 200, 100, 0.5]]
    assert [one[1:] for one in found if one[0] == "draw"] in ([], [[None, False]])


def test_a_finger_that_was_lifted_unseen_is_forgotten_at_the_next_press(blank: Blank) -> None:
    events = """send('pointerdown', 90, 90, {id: 7});
        send('pointerdown', 50, 60); send('pointerup', 50, 60)"""
    assert told(blank, events) == [["click", 50, 60]]


@pytest.mark.parametrize(
    ("turn", "factor"),
    [
        ({"deltaY": 100}, 2**0.2),
        ({"deltaY": -4, "deltaMode": 1}, 2**-0.2),
        ({"deltaY": 10, "ctrlKey": True}, 2**0.2),
        ({"deltaY": 120, "ctrlKey": True}, 2),
        ({"deltaY": 1e9}, 2),
    ],
)
def test_the_wheel_zooms_about_the_pointer(
    blank: Blank, turn: dict[str, Any], factor: float
) -> None:
    events = f"""const turn = (px) => {{
            const event = new WheelEvent("wheel", {{bubbles: true, cancelable: true,
                clientX: px + 10, clientY: 80, ...{str(turn).replace("True", "true")}}});
            root.dispatchEvent(event);
            return event.defaultPrevented;
        }};
        told.push(turn(50), turn(370))"""
    assert told(blank, events) == [["zoom", 50, 60, pytest.approx(factor)], True, False]
