"""Against the notebook: published figures beside ours, as charts and a table."""

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboard import charts, model_box, services
from dashboard.words import common
from dashboard.words import notebook as words
from regvae.evaluation.notebook import PUBLISHED_BY_POSITION


def page() -> None:
    """Accuracy, training, the rules over ten training runs, and every figure of the notebook."""
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
    """Accepted share and purity of every rule over ten training runs."""
    study = services.rule_study()
    st.markdown(f"##### {words.STUDY}")
    lowest = study.groupby("rule", sort=False)["purity"].min()
    listed = ", ".join(f"**{rule}** {purity:.1%}" for rule, purity in lowest.items())
    st.markdown(words.STUDY_INTRO.format(lowest=listed))
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(charts.rule_study(study), config=charts.CONFIG)
        st.caption(words.STUDY_CAPTION.format(n=study["proposed"].iloc[0]))
    with right:
        names = list(study["rule"].unique())
        purity = study.pivot(index="seed", columns="rule", values="purity")[names]
        accepted = study.pivot(index="seed", columns="rule", values="acceptance")[names]
        shown = accepted.map("{:.1%}".format) + ", " + purity.map("{:.1%}".format)
        shown.columns = [f"{rule}: accepted, purity" for rule in names]
        shown.insert(0, "scale", study.groupby("seed")["scale"].first().map("{:.2f}".format))
        st.table(shown.reset_index(), hide_index=True)


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
