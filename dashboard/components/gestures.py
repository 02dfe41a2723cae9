"""What a person did on a component: gestures are handled in their order, at the beginning of a run.

A gesture sets values of widgets. The browser does not know them before it has an answer; the next
message, which may come first and interrupt the run, still has the old values. So whatever the
browser had no answer to, and whatever a run that was interrupted has handled, is handled again.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard import state

_LARGEST = 2**53
"""Whole numbers from here on are not exact in the browser."""

Handlers = Mapping[str, Callable[[Any], None]]


def handle(component: str, handlers: Handlers) -> None:
    """Call the handlers of what was done on a component, before any widget of the run.

    The browser sends a list of `{"number", "name", "value"}`: what it has no answer to. What is
    anything else, or has no handler, is dropped; a handler checks its own value.
    """
    sent = _valid(st.session_state.get(component, {}).get("gestures"))
    pending: dict[int, Any] = st.session_state.get(state.UNSETTLED, {}).get(component, {})
    if max(sent, default=0) > last_handled():  # else it is what was sent last, once more
        pending = dict(sorted({**pending, **sent}.items()))
    for one in pending.values():
        if isinstance(one.get("name"), str) and one["name"] in handlers:
            handlers[one["name"]](one.get("value"))
    st.session_state.setdefault(state.UNSETTLED, {})[component] = pending
    st.session_state[state.HANDLED] = max([*pending, last_handled()])


def _valid(sent: Any) -> dict[int, dict[str, Any]]:
    """The gestures of a message, by their numbers."""
    found = {}
    for one in sent if isinstance(sent, list) else []:
        number = one.get("number") if isinstance(one, dict) else None
        if isinstance(number, int) and 0 < number < _LARGEST:
            found[number] = one
    return found


def last_handled() -> int:
    """The number of the last gesture that was handled: the answer to the browser."""
    return st.session_state.get(state.HANDLED, 0)


def settle(component: str) -> None:
    """The run ends, so that what it has set remains."""
    st.session_state[state.UNSETTLED][component] = {}
