"""The dashboard: `streamlit run dashboard/app.py`, or `make run`."""

import streamlit as st

from dashboard import palette, state
from dashboard.services import STATIC
from dashboard.words import common


def main() -> None:
    """Configure the page, add the styles, and show the chosen page."""
    st.set_page_config(page_icon=STATIC / "icon.svg", layout="wide")
    st.logo(STATIC / "icon.svg", size="large")
    st.html(f"<style>{palette.CSS}</style>")
    st.html(STATIC / "style.css")
    page = st.navigation(
        [
            st.Page("app_pages/explore.py", title=common.EXPLORE, default=True),
            st.Page("app_pages/read.py", title=common.TOUR),
            st.Page("app_pages/train.py", title=common.TRAIN),
            st.Page("app_pages/report.py", title=common.REPORT),
            st.Page("app_pages/compare.py", title=common.COMPARE),
            st.Page("app_pages/figures.py", title=common.NOTEBOOK),
        ],
        position="top",
    )
    st.set_page_config(page_title=f"{page.title} · regvae")
    state.remember_address(page.url_path)
    page.run()


main()
