"""What start-up prepares is what the first page shows."""

import gc

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import APP
from dashboard.components.fields import PaintedLayer, SampleLayer
from dashboard.components.geometry import Geometry
from dashboard.prepare import prepare
from regvae.rejection.measures import Measurer


def test_a_first_visit_computes_nothing_that_was_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        prepare()
        for kind in (Geometry, PaintedLayer, SampleLayer, Measurer):
            monkeypatch.setattr(kind, "of", lambda *_, **__: pytest.fail("computed again"))
        app = AppTest.from_file(str(APP), default_timeout=60).run()
    finally:
        gc.unfreeze()
    assert not app.exception
    assert app.session_state["model"] == "ordered-2d"
