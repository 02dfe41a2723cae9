"""The baseline: the same with st.slider and st.plotly_chart, rerun at every step."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

import regvae
from regvae.evaluation.notebook import UNWANTED
from regvae.rejection.rules import OneSided


@st.cache_resource
def load():
    """The shipped bundle and 1,000 samples."""
    bundle = regvae.load("notebook-2d")
    return bundle, regvae.sample(bundle, regvae.Policy(bundle.name, UNWANTED, OneSided()))


st.set_page_config(layout="wide")
bundle, samples = load()
threshold = st.slider("Threshold", 0.0, 6.0, 2.5, 0.01)
accepted = OneSided(threshold).accepts(samples.measures)
colour = np.where(accepted, np.where(samples.wanted, "#F7D117", "#D7263D"), "gray")
x, y = bundle.records.mean.T
figure = go.Figure(
    [
        go.Scattergl(x=x, y=y, mode="markers", marker={"size": 3.5}),
        go.Scattergl(
            x=samples.z[:, 0],
            y=samples.z[:, 1],
            mode="markers",
            marker={"color": colour, "size": 6},
        ),
    ]
)
st.plotly_chart(figure, key="map")
st.text(f"{threshold:.2f}: {accepted.sum()} accepted: {' '.join(samples.codes[accepted][:48])}")
