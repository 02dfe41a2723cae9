"""Against the notebook: published figures beside ours, as charts and a table."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboard import charts, model_box, services
from dashboard.words import common
from dashboard.words import notebook as words
from regvae.evaluation.notebook import PUBLISHED_BY_POSITION
from regvae.evaluation.study import RuleOutcome, over_seeds


def page() -> None:
    """Accuracy, training, the rules over many training runs, and every figure of the notebook."""
    chosen = model_box.of_the_notebook()
    if chosen is None:
        return
    name, version = chosen
    bundle = services.bundle(name, version)
    st.markdown(words.INTRO)
    left, right = st.columns(2, gap="large")
    with left:
        accuracy(name, version)
    with right:
        st.markdown(f"##### {words.LOSSES}")
        st.plotly_chart(charts.loss_curves(bundle.history), config=charts.CONFIG)
        st.caption(words.LOSSES_CAPTION.format(command=common.plain(bundle.command)))
    rule_study()
    st.markdown(f"##### {words.TABLE}")
    table = pd.DataFrame(asdict(figure) for figure in services.notebook_figures(name, version))
    table.columns = ["figure", "published", "this model", "what differs"]
    st.table(table, hide_index=True)


def rule_study() -> None:
    """Accepted share and purity of every rule over many training runs."""
    st.markdown(f"##### {words.STUDY}")
    try:
        study = services.rule_study(services.STUDY)
    except ValueError as error:
        st.warning(common.sentence(str(error)))
        return
    presets = list(dict.fromkeys(one.preset for one in study))
    preset = presets[0]
    if len(presets) > 1:
        preset = st.segmented_control(
            words.STUDY_MODEL, presets, default=preset, required=True, key="study-preset"
        )
    outcomes = [one for one in study if one.preset == preset]
    runs, proposed = len({one.seed for one in outcomes}), outcomes[0].proposed
    st.markdown(words.STUDY_INTRO.format(preset=preset, runs=runs, n=proposed))
    for column, chosen in zip(st.columns(2, gap="large"), (False, True), strict=True):
        part = [one for one in outcomes if (one.target is not None) == chosen]
        if not part:
            continue
        with column:
            targets = " or ".join(f"{one:.4g}" for one in {one.target for one in part} if one)
            title = words.STUDY_CHOSEN.format(target=targets) if chosen else words.STUDY_DEFAULTS
            st.markdown(f"**{title}**")
            st.plotly_chart(charts.rule_study(part), config=charts.CONFIG, key=f"study-{chosen}")
    st.dataframe(_over_runs(outcomes), hide_index=True)  # it scrolls by keys in a narrow window
    st.markdown("\n".join(f"- {common.sentence(one)}" for one in over_seeds(outcomes)))
    st.caption(words.STUDY_CAPTION)


def _over_runs(outcomes: list[RuleOutcome]) -> pd.DataFrame:
    """A row for every rule, with its default numbers and with those chosen by tests."""
    groups: dict[tuple[str, float | None], list[RuleOutcome]] = {}
    for one in outcomes:
        groups.setdefault((one.rule, one.target), []).append(one)
    return pd.DataFrame(
        {
            "rule": rule,
            "numbers": "defaults" if target is None else f"for purity {target:g}",
            "abstains": f"{sum(one.abstains for one in part)} of {len(part)}",
            "accepted": _span([one.acceptance for one in part if not one.abstains]),
            "purity": _span([one.purity for one in part], digits=2),
            "proposed from": ", ".join(dict.fromkeys(one.proposal for one in part)),
            "oracle accepts": _span([one.oracle for one in part]),
            "recall": _span([one.recall for one in part if not one.abstains]),
        }
        for (rule, target), part in groups.items()
    )


def _span(shares: Sequence[float | None], digits: int = 1) -> str:
    """The smallest and the largest of some shares, or the one that all are."""
    found = sorted({f"{one:.{digits}%}": one for one in shares if one is not None}.values())
    ends = dict.fromkeys(f"{one:.{digits}%}" for one in (found[:1] + found[-1:]))
    return " to ".join(ends) or "none"


def accuracy(name: str, version: str) -> None:
    """Per-character accuracy: published, decoding a sample, decoding the mean."""
    sampled, test = (services.accuracy(name, version, sampled=one) for one in (True, False))
    rows = [
        ("published", PUBLISHED_BY_POSITION),
        ("this model, decoding a sample", sampled["by_position"]),
        ("this model, decoding the mean", test["by_position"]),
    ]
    st.markdown(f"##### {words.ACCURACY}")
    chart = charts.accuracy_by_position(rows, services.bundle(name, version).format)
    st.plotly_chart(chart, config={"staticPlot": True})
    st.caption(words.ACCURACY_CAPTION.format(n=test["n"]))


page()
