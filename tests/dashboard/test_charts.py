"""Charts draw what they are given."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard import charts, palette
from regvae.evaluation.diagnosis import Confusion, Dimensions, diagnose
from regvae.evaluation.study import RuleOutcome
from regvae.model.bundle import Bundle
from regvae.rejection.rules import RULES
from tests.dashboard import part_of


def test_shares_in_a_region_are_bars_before_the_line_of_all_records() -> None:
    shares = np.array([0.5, 0.25, 0.25]), np.array([0.2, 0.3, 0.5])
    figure = charts.distribution("area", ["A", "B", "C"], shares, ["red", "blue"])
    bars, line = figure.data
    assert list(bars.x) == list(line.x) == ["A", "B", "C"]
    assert (list(bars.y), list(line.y)) == (list(shares[0]), list(shares[1]))
    assert list(bars.marker.color) == ["red", "blue", "red"]
    assert figure.layout.xaxis.title.text == "area (dotted: all records)"


def test_histories_are_drawn_over_the_seconds_of_training() -> None:
    columns = {f"validation_right_{place}": [0.1 * place, 0.2] for place in range(1, 8)}
    history = pd.DataFrame({"seconds": [2.0, 3.0], "validation_loss": [9.0, 8.0]} | columns)
    both = [("one", history), ("other", history[:1])]
    accuracy, other = charts.accuracy_histories(both).data
    loss, _ = charts.loss_histories(both).data
    assert (accuracy.name, other.name) == ("one", "other")
    assert list(accuracy.x) == list(loss.x) == [2, 5]
    assert list(accuracy.y) == pytest.approx([0.4, 0.2])
    assert list(loss.y) == [9, 8]


def test_colours_of_the_confusion_go_by_the_square_root_of_the_share() -> None:
    found = Confusion("01", (3,), np.array([[3, 1], [0, 4]]))
    (cells,) = charts.confusion(found).data
    np.testing.assert_allclose(cells.z, np.sqrt([[0.75, 0.25], [0, 1]]))
    np.testing.assert_array_equal(cells.customdata[:, :, 1], [[3, 1], [0, 4]])


def test_the_confusion_names_an_empty_position() -> None:
    (cells,) = charts.confusion(Confusion(" AB", (3,), np.eye(3, dtype=int))).data
    assert list(cells.x) == list(cells.y) == ["none", "A", "B"]


def test_dimensions_are_rates_or_variances_if_rates_are_infinite() -> None:
    variance = np.array([1.0, 0.001])
    for kl, height in ((np.array([2.0, 0.1]), [2.0, 0.1]), (np.full(2, np.inf), [1.0, 0.001])):
        figure = charts.dimensions(Dimensions(variance, kl))
        (bars,) = figure.data
        assert list(bars.y) == height
        assert list(bars.x) == ["z1", "z2"]
        assert list(bars.marker.color) == [palette.MODELS[1], palette.MODELS[0]]


def test_accuracies_have_their_intervals_as_whiskers(bundle: Bundle) -> None:
    found = diagnose(part_of(bundle, np.arange(0, len(bundle.records), 30)))
    figure = charts.accuracy_of_splits(found.accuracies, bundle.format)
    for marks, one in zip(figure.data, found.accuracies, strict=True):
        shares = [*one.by_position, one.exact]
        assert list(marks.y) == [share.value for share in shares]
        high = np.array(marks.y) + marks.error_y.array
        low = np.array(marks.y) - marks.error_y.arrayminus
        np.testing.assert_allclose(list(zip(low, high, strict=True)), [s.interval for s in shares])
    assert [shape.y0 for shape in figure.layout.shapes] == [1 / 26, 1 / 26, 0.1, 0.1, *[1 / 26] * 3]


def test_names_of_positions_that_are_numbers_are_places_all_the_same(bundle: Bundle) -> None:
    found = diagnose(part_of(bundle, np.arange(0, len(bundle.records), 30))).accuracies
    numbered = replace(bundle.format, position_names=tuple("1234567"))
    for figure in (
        charts.accuracy_of_splits(found, numbered),
        charts.accuracy_by_position([("one", [1.0] * 7)], numbered),
        charts.distribution(
            "sold", ["2024-01-01", "2024-01-02"], (np.ones(2), np.ones(2)), ["red"]
        ),
    ):
        assert figure.layout.xaxis.type == "category"


def test_every_rule_of_a_study_has_marks_of_its_own() -> None:
    outcomes = [
        RuleOutcome(
            *("notebook-2d", 0, name, None, "box", "", False, 0.1, 100, 20),
            *(0.2, 0.9, 0.8, 0.95, 0.5, 0.4, None),
        )
        for name in RULES
    ]
    *marks, oracle = charts.rule_study(outcomes).data
    assert [one.name for one in marks] == list(RULES)
    assert len({(one.marker.color, one.marker.symbol) for one in marks}) == len(RULES)
    assert (oracle.name, list(oracle.x), list(oracle.y)) == ("oracle", [0.5], [1.0])


def test_membership_attacks_have_their_intervals_and_the_line_of_guessing() -> None:
    attacks = [
        ("one", {"auc": 0.75, "auc_interval": (0.7, 0.8)}),
        ("other", {"auc": 0.4, "auc_interval": [0.3, 0.5]}),
    ]
    figure = charts.membership(attacks)
    (dots,) = figure.data
    assert (list(dots.x), list(dots.y)) == ([0.75, 0.4], ["one", "other"])
    high, low = dots.x + dots.error_x.array, dots.x - dots.error_x.arrayminus
    np.testing.assert_allclose([low, high], [[0.7, 0.3], [0.8, 0.5]])
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1 == 0.5
    assert figure.layout.xaxis.range[0] < 0.3  # no whisker is cut off
