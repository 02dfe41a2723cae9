"""A rule's sliders: what the browser gets of them, and which one it says was released."""

from typing import Any

import streamlit as st

from dashboard import state
from dashboard.components.transfer import sent_by
from regvae.rejection.rules import Rule

_LARGEST = 2**53
"""Whole numbers from here on are not exact in the browser."""


def rule_for_browser(rule: Rule, unwanted: str) -> dict[str, Any]:
    """A rule as JSON: its parameters with their sliders and limits, and its measures.

    `unwanted` describes in words what is unwanted.
    """
    return {
        "name": rule.name,
        "parameters": [
            {
                "name": one.name,
                "value": getattr(rule, one.name),
                "minimum": 0.0,
                "maximum": one.maximum,
                "step": one.step,
                "unit": one.unit,
                "before": one.before,
                "measure": one.measure,
                "operator": one.operator,
                "complement": one.complement,
            }
            for one in rule.parameters()
        ],
        "measures": [
            {"name": one.name, "unit": one.unit, "relative": one.relative} for one in rule.measures
        ],
        "tail": rule.tail,
        "notebookTail": rule.notebook_tail() is not None,
        "after": rule.after.format(unwanted=unwanted),
    }


def released(component: str) -> tuple[str, float] | None:
    """Name and value of the slider that was released in a component; None if they are not valid.

    Its sequence number counts all the same.
    """
    slider = sent_by(component, "parameter")
    if not isinstance(slider, dict):
        return None
    store_sequence(slider.get("sequence"))
    name: Any = slider.get("name")
    value: Any = slider.get("value")
    known = state.PARAMETERS.get(name) if isinstance(name, str) else None
    if known and state.is_coordinate(value) and 0 <= value <= known.maximum:
        return known.name, float(value)
    return None


def store_sequence(sequence: Any) -> None:
    """Store the number of what the browser told last; it ignores answers to what it told before."""
    if isinstance(sequence, int) and 0 <= sequence < _LARGEST:
        st.session_state[state.SEQUENCE] = max(sequence, last_sequence())


def last_sequence() -> int:
    """The number of the last release that Python has heard of."""
    return st.session_state.get(state.SEQUENCE, 0)
