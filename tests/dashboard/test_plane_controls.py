"""The plane of a model of many dimensions, what lies on it, and a model of one dimension."""

import numpy as np
import pytest

from dashboard import plates, state
from dashboard.words import common
from dashboard.words import explore as words
from dashboard.words import sampling as sampling_words
from regvae.latent.plane import Plane
from regvae.latent.polygon import in_polygon
from tests.dashboard import SQUARE, open_tab, opened, problems_of, shown, text_of, typed
from tests.dashboard.conftest import Models, Sent


def test_the_share_of_the_variance_is_that_of_the_singular_values(models: Models) -> None:
    app = opened(model="few")
    mean = models.few.records.mean.astype(float)
    values = np.linalg.svd(mean - mean.mean(axis=0), compute_uv=False) ** 2
    share = values[:2].sum() / values.sum()
    assert words.PLANE_SHARE.format(share=share, k=15) in text_of(app)
    other = app.selectbox(key=state.ANCHOR)
    assert (other.label, other.value) == (words.ANCHOR_LABEL.format(rest=13), "mean")
    assert other.options == list(words.ANCHORS.values())
    assert "of the variance" not in text_of(opened())


def test_two_axes_are_the_plane_that_is_shown(models: Models, sent: Sent) -> None:
    app = opened(model="few", plane="Two axes", across="z7")
    assert not problems_of(app)
    assert sent[-1]["plane"]["labels"] == ["z7", "z2"]
    app.selectbox(key=state.ACROSS).select(4).run()
    variance = models.few.records.mean.astype(float).var(axis=0)
    share = (variance[3] + variance[1]) / variance.sum()
    assert f"Shows {share:.0%} of the variance" in text_of(app)
    assert sent[-1]["plane"]["labels"] == ["z4", "z2"]
    assert sent[-1]["plane"]["basis"] == np.eye(15)[[3, 1]].tolist()
    assert app.selectbox(key=state.ACROSS).options[3] == "z4"
    app.selectbox(key=state.ACROSS).select(2).run()
    assert words.SAME_AXES.format(axis=2) in problems_of(app)
    plane = Plane.principal(models.few.records)
    np.testing.assert_allclose(sent[-1]["plane"]["basis"], plane.basis)
    assert sent[-1]["plane"]["labels"] == list(common.axis_labels(None))


def test_a_point_has_as_many_numbers_as_the_model_has_dimensions(models: Models) -> None:
    z = models.few.records.mean[3].astype(float)
    app = opened(model="few", point=typed(z))
    assert not problems_of(app)
    assert f"Decoded at {common.point(z)}, with a probability of " in text_of(app)
    assert f">{shown(str(models.few.autoencoder.decode([z])[0]))}<" in text_of(app)
    for point in ("0.5, -1.2", ", ".join("0" * 14), "0," * 15 + "nan", "x"):
        app.text_input(key=state.POINT).input(point).run()
        expected = words.NO_POINT.format(coordinates=common.coordinates(15), typed=point[:40])
        assert expected in problems_of(app)
        assert words.PINNED not in text_of(app)


def test_the_other_coordinates_can_be_those_of_the_pin(models: Models, sent: Sent) -> None:
    records = models.few.records
    z = records.mean[3].astype(float)
    plane = Plane.principal(records)
    app = opened(model="few")
    app.selectbox(key=state.ANCHOR).select("pin").run()
    assert words.NO_PIN in text_of(app)
    middle = records.mean.mean(axis=0, dtype=float)
    np.testing.assert_allclose(sent[-1]["plane"]["rest"], plane.rest(middle), atol=1e-6)
    app.text_input(key=state.POINT).input(typed(z)).run()
    assert words.NO_PIN not in text_of(app)
    np.testing.assert_allclose(sent[-1]["plane"]["rest"], plane.rest(z), atol=1e-5)
    # The pin is decoded at the very place where it is shown.
    lifted = np.array(sent[-1]["plane"]["rest"]) + plane.project([z])[0] @ plane.basis
    np.testing.assert_allclose(lifted, z, atol=1e-5)


def test_a_region_is_unwanted_only_on_the_first_two_axes(models: Models) -> None:
    records = models.few.records
    other_plane = sampling_words.UNWANTED_PROBLEM.format(problem=sampling_words.OTHER_PLANE)
    no_region = sampling_words.UNWANTED_PROBLEM.format(problem=sampling_words.NO_REGION)
    app = opened(model="few", unwanted="number < 3", tab=words.SAMPLE_TAB)
    app.checkbox(key=state.USE_REGION).check()
    app.session_state[state.REGION] = SQUARE
    app.run()
    assert other_plane in problems_of(app)
    open_tab(app, words.READ_TAB)
    inside = in_polygon(Plane.principal(records).project(records.mean), SQUARE)
    assert words.REGION.format(n=inside.sum(), of=len(records)) in text_of(app)
    app.session_state[state.PLANE] = "axes"
    app.run()
    assert not problems_of(app)
    # A record in the square of z1 and z2 is unwanted now, whatever its number is.
    inside = in_polygon(records.mean[:, :2], SQUARE)
    row = np.flatnonzero(inside & (records.attribute("number") > 3))[0]
    app.text_input(key=state.POINT).input(typed(records.mean[row])).run()
    plate = plates.plate(records.format, str(records.codes[row]), "small unwanted")
    assert f"<td>nearest unwanted</td><td>{plate}" in text_of(app)
    app.selectbox(key=state.UP).select(3).run()
    assert other_plane not in problems_of(app)  # other axes drop the region
    assert no_region in problems_of(app)


@pytest.mark.usefixtures("models")
def test_points_cannot_be_proposed_from_a_region_of_many_dimensions() -> None:
    app = opened(model="few", proposal="region")
    app.session_state[state.REGION] = SQUARE
    app.run()
    assert f"{sampling_words.TITLE}: " in problems_of(app)
    assert "got 15" in problems_of(app)


# --- one dimension --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["one-sided", "two-sided", "posterior"])
def test_a_model_of_one_dimension_is_explored(rule: str, models: Models) -> None:
    app = opened(model="line", rule=rule, point="0.5", reg="AB12CDE", samples="200")
    assert not problems_of(app)
    assert shown(str(models.line.autoencoder.decode([[0.5]])[0])) in text_of(app)
    mean, sigma = models.line.autoencoder.encode(["AB12CDE"])
    assert f"<td>{common.point(mean[0])}</td>" in text_of(app)
    assert f"<td>{common.point(sigma[0])}</td>" in text_of(app)
    app.text_input(key=state.POINT).input("0.5, 1").run()
    expected = words.NO_POINT.format(coordinates=common.coordinates(1), typed="0.5, 1")
    assert expected in problems_of(app)


@pytest.mark.usefixtures("models")
def test_a_region_of_a_line_cannot_be_unwanted() -> None:
    app = opened(model="line", tab=words.SAMPLE_TAB)
    app.session_state[state.REGION] = SQUARE
    app.checkbox(key=state.USE_REGION).check().run()
    assert sampling_words.OTHER_PLANE not in problems_of(app)  # there are no two axes to choose
    assert "two latent coordinates" in problems_of(app)
