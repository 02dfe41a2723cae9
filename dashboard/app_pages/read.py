"""What am I looking at?: the map, and why the notebook's threshold misleads."""

import streamlit as st

from dashboard import charts, model_box, plates, services
from dashboard.words import tour as words
from regvae.evaluation.notebook import PUBLISHED_PURITY, RERUN_PURITIES, UNWANTED
from regvae.model.autoencoder import Autoencoder
from regvae.rejection import sampling
from regvae.rejection.policy import Policy

EXAMPLE = "MY33WSZ"  # the first reg of the test data: the model never trained on it


def page() -> None:
    """Everything in one column, narrow enough to read."""
    with st.container(key="prose"):
        shown = model_box.of_the_notebook()
        if shown is None:
            return
        name, version = shown
        autoencoder = services.bundle(name, version).autoencoder
        st.markdown(words.START)
        round_trip(autoencoder)
        st.markdown(words.STRIPES)
        st.markdown(words.REJECTION)
        policy = Policy(name, UNWANTED)  # the notebook's: 1,000 points, threshold 2.5
        samples = services.samples(name, version, policy)
        purity = sampling.report(samples, policy.rule).purity
        st.markdown(words.MISLEADS.format(purity=purity))
        figure = charts.purity_of_reruns(RERUN_PURITIES, PUBLISHED_PURITY)
        st.plotly_chart(figure, config={"staticPlot": True})
        st.caption(words.RERUNS_CAPTION)
        st.markdown(words.WHY)


def round_trip(autoencoder: Autoencoder) -> None:
    """One reg, encoded to two numbers and decoded to a reg by the shipped model."""
    st.markdown(words.ROUND_TRIP)
    mean, sigma = autoencoder.encode([EXAMPLE])
    steps = (
        plates.plate(EXAMPLE),
        "<b>encoder</b> →",
        f"({mean[0, 0]:.2f}, {mean[0, 1]:.2f})<br><small>± "
        f"({sigma[0, 0]:.2f}, {sigma[0, 1]:.2f})</small>",
        "<b>decoder</b> →",
        plates.plate(str(autoencoder.decode(mean)[0])),
    )
    st.html(f'<div class="steps">{"".join(f"<span>{step}</span>" for step in steps)}</div>')


page()
