"""The least that a Streamlit page can be: the baseline of the time to the first map."""

import streamlit as st

st.text("ready")
