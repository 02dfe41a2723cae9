"""The Streamlit dashboard: a window on `regvae`."""

from pathlib import Path

APP = Path(__file__).with_name("app.py")
"""The script that Streamlit runs."""
