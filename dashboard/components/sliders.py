"""A rule's sliders: what the browser gets of them, and which one it says was released."""

from typing import Any

from dashboard import state
from regvae.rejection.rules import Rule


def rule_for_browser(rule: Rule, unwanted: str, noun: str) -> dict[str, Any]:
    """A rule as JSON: its parameters with their sliders and limits, and its measures.

    `unwanted` describes in words what is unwanted, `noun` what a code is called.
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
                "help": one.help,
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
        "after": rule.after.format(unwanted=unwanted, noun=noun),
    }


def released(sent: Any) -> tuple[str, float] | None:
    """Name and value of a slider that was released; None if what was sent is not valid."""
    if not isinstance(sent, dict):
        return None
    name: Any = sent.get("name")
    value: Any = sent.get("value")
    known = state.PARAMETERS.get(name) if isinstance(name, str) else None
    if known and state.is_coordinate(value) and 0 <= value <= known.maximum:
        return known.name, float(value)
    return None
