"""A rule's sliders: what the browser gets of them, and which one it says was released."""

from typing import Any

from dashboard import state
from regvae.rejection.rules import Rule


def rule_for_browser(
    rule: Rule, unwanted: str, noun: str, *, released: bool = False
) -> dict[str, Any]:
    """A rule as JSON: its parameters with their sliders and limits, and its measures.

    `unwanted` describes in words what is unwanted, `noun` what a code is called. For a model that
    was `released` without its records, what is about these is left out: it is 0, and no limit.
    """
    given = [one for one in rule.parameters() if not (released and one.of_records)]
    after = rule.after if len(given) == len(rule.parameters()) else ""
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
            for one in given
        ],
        "measures": [
            {"name": one.name, "unit": one.unit, "relative": one.relative} for one in rule.measures
        ],
        "tail": rule.tail,
        "notebookTail": rule.notebook_tail() is not None,
        "after": after.format(unwanted=unwanted, noun=noun),
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
