"""The model report draws the diagnosis, and has words for models of every kind."""

import dataclasses
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import plates
from dashboard.words import common
from dashboard.words import report as words
from regvae.evaluation import diagnosis
from regvae.formats import UK_REGISTRATION
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from tests.dashboard import charts_of, named, opened, part_of, problems_of, text_of

SPLITS = list(common.SPLITS.values())


@pytest.fixture(scope="module")
def page() -> AppTest:
    """The report of notebook-2d; the tests only read it."""
    return opened("report")


@pytest.fixture
def report_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Bundle], AppTest]:
    """Opens the report of any bundle, in the place of notebook-2d."""

    def report_of(bundle: Bundle) -> AppTest:
        bundles.save(bundle, tmp_path / "notebook-2d")
        monkeypatch.setattr(store, "ASSETS", tmp_path)
        return opened("report")

    return report_of


def changed(bundle: Bundle, data: dict[str, Any], **training: Any) -> Bundle:
    """A bundle with few records, under a preset with some other values."""
    preset = dataclasses.replace(
        bundle.preset,
        data=dataclasses.replace(bundle.preset.data, **data),
        training=dataclasses.replace(bundle.preset.training, **training),
        about="See ![this](http://x)",
    )
    some = part_of(bundle, np.arange(0, len(bundle.records), 20))
    return dataclasses.replace(some, preset=preset)


def test_the_report_describes_the_model(page: AppTest, bundle: Bundle) -> None:
    text = text_of(page)
    assert f"{words.MODEL}: notebook-2d" in text
    seconds = bundle.history["seconds"].sum()
    assert common.training_length(400, seconds, 2) in text
    assert "10,000 training, 1,000 validation, 1,000 test" in text
    assert words.NOISE.format(noise=0.1) in text
    assert bundle.command in [block.value for block in page.code]


def test_the_charts_are_those_of_the_diagnosis(page: AppTest, bundle: Bundle) -> None:
    found = diagnosis.diagnose(bundle)
    accuracy, letters, digits, nats, dimensions, aggregate, *_ = charts_of(page)
    for bars, one in zip(accuracy["data"], found.accuracies, strict=True):
        assert bars["name"] == f"{common.SPLITS[one.split]} ({one.n:,})"
        assert len(bars["x"]) == 8
    for picture, one in zip((letters, digits), found.confusions, strict=True):
        assert picture["data"][0]["x"] == picture["data"][0]["y"] == list(one.alphabet)
    assert [trace["name"] for trace in nats["data"]] == ["rate + distortion = 20.48", *SPLITS]
    assert [(trace["x"], trace["y"]) for trace in nats["data"][1:]] == [
        ([one.rate], [one.distortion]) for one in found.rates
    ]
    assert dimensions["data"][0]["x"] == ["z1", "z2"]
    assert [trace["name"] for trace in aggregate["data"]] == ["z1", "z2", "the prior, N(0, 1)"]
    text, test = " ".join(text_of(page).split()), found.rates[-1]
    assert f"**{test.bound:.2f}**, that is {test.excess:.2f} more" in text
    assert f"{test.rate:.2f} + {test.distortion:.2f}" in text
    assert f"{test.bound:.2f} ± {test.standard_error:.2f} nats" in text
    assert "2 of 2 are active" in text


def test_examples_mark_the_characters_that_are_wrong(page: AppTest, bundle: Bundle) -> None:
    text = text_of(page)
    assert named(words.NO_RIGHT, n=1000) in text
    assert words.EXAMPLES_RIGHT not in text
    for one in diagnosis.examples(bundle).wrong:
        assert plates.plate(UK_REGISTRATION, one.code, "small") + " → " in text
        assert plates.reconstruction(UK_REGISTRATION, one.reconstruction, one.code) in text


def test_the_confusion_can_be_that_of_one_position() -> None:
    app = opened("report")
    letters = app.selectbox[1]  # after the one of models
    positions = [UK_REGISTRATION.position_names[at] for at in (0, 1, 4, 5, 6)]
    assert letters.options == [words.all_positions(5), *positions]
    before = charts_of(app)[1]
    letters.select("2nd letter").run()
    assert charts_of(app)[1] != before


def test_a_model_without_noise_has_an_infinite_rate(bundle: Bundle, report_of) -> None:
    app = report_of(changed(bundle, {}, noise=0.0))
    text = " ".join(text_of(app).split())
    assert "its rate is infinite" in text
    assert "Without noise every dimension has an infinite rate" in text
    assert len(charts_of(app)) == 6
    assert not re.search(r"\b(inf|nan)\b", text)
    assert "See ![this](http://x)" in text
    raw = [str(element.value) for element in app.markdown]
    assert any(r"See \!\[this\]" in one for one in raw)  # a bundle's words are no Markdown


def test_own_regs_have_no_line_of_an_entropy(bundle: Bundle, report_of) -> None:
    app = report_of(changed(bundle, {"source": "own", "sha256": "0" * 64}))
    assert "there is no line" in " ".join(text_of(app).split())
    assert [trace["name"] for trace in charts_of(app)[3]["data"]] == SPLITS


def test_one_of_many_dimensions_is_chosen(models, report_of) -> None:
    few = models.few
    app = report_of(few)
    order = diagnosis.dimensions(few).order.tolist()
    box = next(one for one in app.selectbox if one.label == words.AGGREGATE_LABEL)
    assert box.options == [f"z{place}" for place in range(1, len(order) + 1)]
    assert charts_of(app)[5]["data"][0]["name"] == f"z{order[0] + 1}"
    box.select_index(3).run()
    assert charts_of(app)[5]["data"][0]["name"] == "z4"
    assert common.LIKELIHOODS["categorical"] in text_of(app)


def test_a_private_model_has_its_epsilon_and_what_it_means() -> None:
    text = text_of(opened("report", model="private-15d"))
    budget = bundles.load("private-15d").privacy
    assert budget is not None
    assert common.privacy(budget) in text
    factor = common.at_most(budget.epsilon)
    assert named(words.PRIVACY, factor=factor, delta=1e-5) in text
    number = float(factor.replace(",", ""))
    assert math.exp(budget.epsilon) <= number < 1.1 * math.exp(budget.epsilon)
    assert [common.at_most(one) for one in (0.0, 1.0, math.log(99.5))] == ["1", "3", "100"]


def test_a_model_that_is_not_private_says_nothing_of_it(page: AppTest) -> None:
    assert "epsilon" not in text_of(page)


def test_a_model_of_one_dimension_has_a_report(models, report_of) -> None:
    assert "1 of 1 are active" in text_of(report_of(models.line))


def test_a_model_without_test_data_is_a_sentence(bundle: Bundle, report_of) -> None:
    some = part_of(bundle, np.flatnonzero(bundle.records.split != "test")[::20])
    assert "'test'" in problems_of(report_of(some))
