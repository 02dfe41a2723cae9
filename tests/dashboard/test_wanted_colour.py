"""The map coloured by what is wanted: its classes, its paint, and which links have it."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.components.colouring import Colouring
from dashboard.components.wanted import WantedLayer, colour_attribute
from dashboard.panels import tour
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.model.bundle import Bundle
from regvae.rejection.unwanted import Unwanted
from tests.dashboard import SQUARE, opened, problems_of
from tests.dashboard.conftest import Sent


def labels(layer: WantedLayer) -> list[str]:
    """The labels of a layer's classes."""
    return [one["label"] for one in layer.legend["classes"]]


def test_classes_are_what_is_unwanted_and_what_is_wanted(bundle: Bundle) -> None:
    layer = WantedLayer.of(Unwanted.of(wanted=["first_letter == A"]), bundle)
    expected = np.char.startswith(bundle.records.codes, "A")
    np.testing.assert_array_equal(layer.table["wanted"], expected)
    assert labels(layer) == ["unwanted: first_letter != A", "wanted: first_letter == A"]
    counts = [one["count"] for one in layer.legend["classes"]]
    assert counts == [(~expected).sum(), expected.sum()]


def test_what_is_no_predicate_leaves_all_others_wanted(bundle: Bundle) -> None:
    layer = WantedLayer.of(Unwanted.of(["number < 5"], listed=["AB12CDE"]), bundle)
    assert labels(layer) == ["unwanted: number < 5 or AB12CDE", "wanted: all others"]


def test_without_anything_unwanted_all_records_are_one_class(bundle: Bundle) -> None:
    layer = WantedLayer.of(None, bundle)
    assert len(labels(layer)) == 1
    assert not layer.table["wanted"].any()


def test_other_words_for_the_same_records_are_another_version(bundle: Bundle) -> None:
    one, same, other = (
        WantedLayer.of(Unwanted.of([text]), bundle).version
        for text in ("number < 50", "number < 50", "at_least_50 == false")
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("unwanted", "positions"),
    [
        (Unwanted.of(["number < 50"]), (2,)),
        (Unwanted.of(["number < 50"], listed=["AB12CDE"]), tuple(range(7))),
        (Unwanted.of(regions=[SQUARE]), tuple(range(7))),
        (Unwanted.of(training=True), tuple(range(7))),
    ],
)
def test_paint_is_as_sure_as_the_characters_that_decide(
    bundle: Bundle, unwanted: Unwanted, positions: tuple[int, ...]
) -> None:
    attribute = colour_attribute(state.WANTED_COLOUR, unwanted, bundle)
    assert attribute.positions == positions
    values = Colouring.of(attribute, bundle.records.codes).values(bundle.records.codes)
    np.testing.assert_array_equal(values, ~unwanted.of_codes(bundle.records.codes, bundle))


def test_by_default_the_map_has_the_colours_of_what_is_wanted(sent: Sent) -> None:
    app = opened(model="ordered-2d")
    assert app.selectbox(key=state.COLOUR).value == sent[-1]["colour"] == state.WANTED_COLOUR
    before = sent[-1]["wanted"], sent[-1]["painted"]
    app.session_state[state.WANTED] = "first_letter == A"
    app.run()
    assert sent[-1]["wanted"] != before[0]
    assert sent[-1]["painted"] != before[1]


def test_a_link_with_an_attribute_shows_that_attribute_whatever_is_wanted(sent: Sent) -> None:
    app = opened(colour=ATTRIBUTES["at_least_50"].label)
    assert (sent[-1]["colour"], sent[-1]["wanted"]) == ("at_least_50", None)
    assert problems_of(app) == ""
    painted = sent[-1]["painted"]
    app.session_state[state.WANTED] = "first_letter == A"
    app.run()
    assert sent[-1]["painted"] == painted


def test_a_text_that_is_no_predicate_leaves_the_map_in_one_colour(sent: Sent) -> None:
    opened(wanted="colour == red")
    assert sent[-1]["wanted"]
    assert sent[-1]["hidden"] == ["density", "edge"]  # the switch of what is decoded stays on


def test_the_welcome_says_which_colours_the_map_has() -> None:
    def welcome(app: AppTest) -> str:
        return next(one.value for one in app.markdown if "**unwanted**" in one.value)

    app = opened(wanted="first_letter == A")
    assert "first_letter" in welcome(app).replace("\\", "")
    assert "orange" in welcome(app)
    app.selectbox(key=state.COLOUR).select("area").run()
    assert "orange" not in welcome(app)


def test_steps_of_the_tour_are_coloured_by_what_is_wanted_from_the_rule_on() -> None:
    steps = [tour.STEPS[name].get(state.COLOUR, state.WANTED_COLOUR) for name in tour.NAMES]
    first = tour.NAMES.index("rule")
    assert state.WANTED_COLOUR not in steps[:first]
    assert set(steps[first:]) == {state.WANTED_COLOUR}


# --- density --------------------------------------------------------------------------------------


def test_density_is_sent_while_it_is_shown(sent: Sent) -> None:
    app = opened(density="true")
    assert sent[-1]["density"]
    assert "density" not in sent[-1]["hidden"]
    app.session_state[state.DENSITY] = False
    app.run()
    assert sent[-1]["density"] is None
    assert "density" in sent[-1]["hidden"]
