"""The pages through Streamlit's own test driver, in this process: helpers of several tests."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.words import common
from dashboard.words.results import GENERATE
from regvae.formats import UK_REGISTRATION, Format
from regvae.model.bundle import Bundle
from regvae.model.records import Records

APP = str(Path(__file__).resolve().parents[2] / "dashboard" / "app.py")
SQUARE = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
PICTURE = "![x](http://e.invalid/a.png)"
"""Markdown that must never reach the page as such."""

shown = UK_REGISTRATION.shown


def named(words: str, format: Format = UK_REGISTRATION, **values: Any) -> str:
    """Words of a page as they are shown for a format's codes."""
    return common.named(words, format, **values)


def opened(page: str = "explore", **query: str) -> AppTest:
    """A page under an address, run once; a trailing underscore keeps a key from being a keyword.

    The map is that of the notebook's model unless another is given.
    """
    if page in ("explore", "report"):
        query = {"model": state.NOTEBOOK} | query
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in query.items():
        app.query_params[key.rstrip("_")] = value
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception
    return app


def open_tab(app: AppTest, tab: str) -> None:
    """Open a tab of the panel; only that one has widgets."""
    app.query_params[state.TAB] = app.session_state[state.TAB] = tab
    app.run()


def unescaped(text: str) -> str:
    """Markdown as it is read, without the backslashes that protect characters."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)  # and no other characters


def text_of(app: AppTest) -> str:
    """Everything that can be read in the app's text elements, none of which is an exception."""
    assert not app.exception
    kinds = (app.markdown, app.caption, app.warning, app.error, app.info, app.success, app.table)
    read = "\n".join(str(element.value) for kind in kinds for element in kind)
    return unescaped(read) + "\n".join(html_of(app))


def html_of(app: AppTest) -> list[str]:
    """The app's pieces of HTML, but for its styles."""
    bodies = [one.proto.body for one in app.get("html")]
    return [one for one in bodies if not one.startswith("<style")]


def problems_of(app: AppTest) -> str:
    """The app's warnings and errors as they are read."""
    assert not app.exception
    return unescaped("\n".join(one.value for kind in (app.warning, app.error) for one in kind))


def has_picture(app: AppTest) -> bool:
    """Whether `PICTURE` reached a warning or an error without backslashes."""
    return any("![x]" in one.value for kind in (app.warning, app.error) for one in kind)


def labels_of(app: AppTest) -> set[str]:
    """Labels of all buttons."""
    return {button.label for button in app.button}


def press(app: AppTest, label: str) -> None:
    """Press the button whose label begins so."""
    next(button for button in app.button if button.label.startswith(label)).click().run()


def charts_of(app: AppTest) -> list[dict]:
    """Every chart of the page as Plotly gets it."""
    return [json.loads(element.proto.spec) for element in app.get("plotly_chart")]


def typed(z: Any) -> str:
    """A latent point as it is typed."""
    return ", ".join(f"{number:.9g}" for number in z)


def part_of(bundle: Bundle, rows: np.ndarray) -> Bundle:
    """A model with some rows of its records."""
    old = bundle.records
    records = Records(old.codes[rows], old.split[rows], old.mean[rows], old.sigma[rows], old.format)
    return dataclasses.replace(bundle, records=records)


def generate_results(app: AppTest) -> None:
    """Press the button that generates results, and wait for them."""
    press(app, GENERATE)
    app.session_state[state.RESULTS].result()
    app.run()
