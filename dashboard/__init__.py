"""The Streamlit dashboard: a window on `regvae`."""
