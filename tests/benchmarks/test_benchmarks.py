"""What the figures are measured against must itself run."""

from streamlit.testing.v1 import AppTest

from tests.benchmarks.browser import BASELINE


def test_the_baseline_app_answers_its_slider() -> None:
    app = AppTest.from_file(str(BASELINE), default_timeout=60).run()
    assert not app.exception
    before = app.text[0].value
    app.slider[0].set_value(1.0).run()
    assert not app.exception
    assert app.text[0].value != before
