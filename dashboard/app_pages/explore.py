"""The latent map with its reading panel."""

import numpy as np
import streamlit as st

from dashboard import services, state, text
from dashboard.latent_map import View, latent_map, read_event, send_geometry
from regvae import rules, sampling

name = 'notebook-2d'
version = services.version_of(name)
geometry = services.geometry(name, version)
send_geometry(geometry)
def commit():
    st.session_state[state.THRESHOLD] = read_event().threshold

@st.fragment
def explore():
    left, right = st.columns([2, 1])
    st.session_state.setdefault(state.THRESHOLD, 2.5)
    t = st.session_state[state.THRESHOLD]
    unwanted = rules.parse_all(["number < 50"])
    s = services.samples(name, version, unwanted, 1000, 3.0, 0)
    event = read_event()
    with left:
        latent_map(geometry, s.layer, View('at_least_50', t, sampling.report(s.samples, t), pin=event.pick), on_threshold=commit)
    with right:
        st.write(event.pick, str(event.region)[:100], t)
explore()
