"""The pages for models of every kind: planes of many dimensions, journeys, two models compared."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import regvae
from dashboard import comparison, latent_map, state, text
from regvae import predicates
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.formats.uk_registration import pretty
from regvae.latent import paths
from regvae.latent.plane import Plane
from regvae.latent.polygon import in_polygon
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.rejection import calibration
from tests.test_pages import APP, words

SHIPPED = tuple(store.available(store.ASSETS))
SQUARE = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
ENDS = ["AB12CDE", "XY87ZZZ"]
Sent = list[dict[str, Any]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What the map is given at every run, in place of showing it."""
    given: Sent = []
    monkeypatch.setattr(latent_map, "_mount", lambda data, **_: given.append(data))
    return given


def shuffled_half(bundle: Bundle) -> Bundle:
    """A model with every second of its records, in another order."""
    return part_of(bundle, np.random.default_rng(3).permutation(len(bundle.records))[::2])


def part_of(bundle: Bundle, rows: np.ndarray) -> Bundle:
    """A model with some rows of its records."""
    fields = dataclasses.fields(bundle.records)
    some = Records(*(getattr(bundle.records, field.name)[rows] for field in fields))
    return dataclasses.replace(bundle, records=some)


def opened(page: str = "explore", **query: str) -> AppTest:
    """A page under an address, run."""
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in query.items():
        app.query_params[key.rstrip("_")] = value
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception
    return app


def typed(z: Any) -> str:
    return ", ".join(f"{number:.6g}" for number in z)


# --- every model on every page --------------------------------------------------------------------


def test_there_are_models_of_both_likelihoods_and_of_few_and_many_dimensions() -> None:
    made = [regvae.load(name) for name in SHIPPED]
    assert {one.autoencoder.likelihood for one in made} == {"bernoulli", "categorical"}
    assert {one.records.latent_dim for one in made} == {2, 15}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_is_shown_on_every_page(name: str) -> None:
    bundle = regvae.load(name)
    app = opened(model=name, reg="AB12CDE", painted="true")
    shown = words(app)
    assert not app.warning
    mean, sigma = bundle.autoencoder.encode(["AB12CDE"])
    assert f"<td>{text.point(mean[0])}</td>" in shown
    assert f"<td>{text.point(sigma[0])}</td>" in shown
    assert f">{pretty(bundle.autoencoder.decode(mean)[0])}<" in shown
    app.switch_page("app_pages/report.py").run()
    found = accuracy(bundle)
    active = diagnosis.dimensions(bundle).active
    assert f"{active.sum()} of {len(active)} are active" in words(app)
    assert (text.NO_RIGHT.format(n=found["n"]) in words(app)) == (found["exact"] == 0)
    app = opened("compare", right=name)
    assert app.table[0].value.columns.tolist() == ["left: notebook-2d", f"right: {name}"]


def test_a_model_that_does_not_exist_is_a_complaint_and_the_usual_one_is_shown() -> None:
    app = opened(model="nowhere")
    assert "The address says model = “nowhere”, which cannot be used here; " in words(app)
    assert "model is notebook-2d instead." in words(app)
    assert app.selectbox(key=state.MODEL).value == "notebook-2d"


@pytest.mark.parametrize(("page", "key"), [("report", "model"), ("compare", "left")])
def test_a_model_that_does_not_exist_is_a_complaint_of_that_page_alone(page: str, key: str) -> None:
    app = opened(page, **{key: "nowhere"})
    sentence = f"The address says {key} = “nowhere”, which cannot be used here; "
    assert sentence in words(app)
    assert sentence in words(app.run())
    app.switch_page("app_pages/explore.py").run()
    assert sentence not in words(app)


@pytest.mark.parametrize(
    ("key", "value"), [("steps", "3"), ("path", "nowhere"), ("painted", "perhaps")]
)
def test_a_corrupt_address_of_a_journey_is_answered_in_the_page(key: str, value: str) -> None:
    assert f"The address says {key} = “{value}”, which cannot be used here" in words(
        opened(tab="Journeys", **{key: value})
    )


# --- a line ---------------------------------------------------------------------------------------


def on_a_line(bundle: Bundle) -> Bundle:
    """A model of one dimension: another one's without its second coordinate."""
    weights = dict(bundle.weights)
    for head in ("mean", "log_sigma"):
        weights[f"{head}.kernel"] = weights[f"{head}.kernel"][:, :1]
        weights[f"{head}.bias"] = weights[f"{head}.bias"][:1]
    weights["decoder.0.kernel"] = weights["decoder.0.kernel"][:1]
    network = dataclasses.replace(bundle.preset.network, latent_dim=1)
    preset = dataclasses.replace(bundle.preset, network=network)
    return Bundle.assemble(preset, bundle.seed, weights, bundle.history)


@pytest.fixture
def line(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A kept model of one dimension, called "line"."""
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    made = on_a_line(bundle)
    bundles.save(made, tmp_path / "models" / "line")
    return made


@pytest.mark.parametrize("rule", ["one-sided", "two-sided", "posterior"])
def test_a_model_of_one_dimension_is_explored(rule: str, line: Bundle) -> None:
    app = opened(model="line", rule=rule, point="0.5", reg="AB12CDE", samples="200")
    assert not app.warning
    decoded = pretty(line.autoencoder.decode([[0.5]])[0])
    assert f'<div class="plate">{decoded}</div>' in words(app) or decoded in words(app)
    mean, _ = line.autoencoder.encode(["AB12CDE"])
    assert f"<td>{text.point(mean[0])}</td>" in words(app)
    app.text_input(key=state.POINT).input("0.5, 1").run()
    assert "A point is a number such as 0.5; “0.5, 1” is not." in words(app)


@pytest.mark.usefixtures("line")
def test_a_region_of_a_line_is_unwanted_by_no_plane() -> None:
    app = opened(model="line")
    app.session_state[state.REGION] = SQUARE
    app.checkbox(key=state.USE_REGION).check().run()
    assert not app.exception
    assert text.REGION_PLANE not in words(app)  # there are no two axes to choose
    assert "a region lies in the plane of two latent coordinates, but these records" in words(app)


@pytest.mark.parametrize("path", ["Straight", "Along the data", "One axis"])
@pytest.mark.usefixtures("line")
def test_a_journey_along_a_line(path: str) -> None:
    app = opened(tab="Journeys", model="line", path=path, from_="-1", to="AB12CDE", painted="true")
    assert not app.warning
    assert "different reg" in words(app)


@pytest.mark.usefixtures("line")
def test_a_model_of_one_dimension_has_a_report_and_is_compared() -> None:
    assert "1 of 1 are active" in words(opened("report", model="line"))
    app = opened("compare", right="line")
    assert app.table[0].value.columns.tolist() == ["left: notebook-2d", "right: line"]


# --- planes of many dimensions --------------------------------------------------------------------


def test_what_part_of_the_space_is_shown_is_said(exact: Bundle) -> None:
    app = opened(model="exact-15d")
    mean = exact.records.mean.astype(float)
    values = np.linalg.svd(mean - mean.mean(axis=0), compute_uv=False) ** 2
    assert f"Shows {values[:2].sum() / values.sum():.0%} of the variance. " in words(app)
    assert "Distances, rules and neighbours are those of all 15 coordinates." in words(app)
    other = app.selectbox(key=state.ANCHOR)
    assert (other.label, other.value) == ("The other 13 coordinates", "mean")
    assert other.options == ["those of the mean", "those of the pin"]
    assert "of the variance" not in words(opened())


def test_two_axes_are_the_plane_that_is_shown(exact: Bundle, sent: Sent) -> None:
    app = opened(model="exact-15d")
    variance = exact.records.mean.astype(float).var(axis=0)
    app.session_state[state.PLANE] = "axes"
    app.run()
    app.selectbox(key=state.ACROSS).select(4).run()
    share = (variance[3] + variance[1]) / variance.sum()
    assert f"Shows {share:.0%} of the variance" in words(app)
    assert sent[-1]["plane"]["labels"] == ["z4", "z2"]
    assert sent[-1]["plane"]["basis"] == np.eye(15)[[3, 1]].tolist()
    chosen = app.selectbox(key=state.ACROSS)
    assert chosen.options[3] == "z4"


def test_an_address_says_which_axes(sent: Sent) -> None:
    app = opened(model="exact-15d", plane="Two axes", across="z7")
    assert not app.warning
    assert sent[-1]["plane"]["labels"] == ["z7", "z2"]


def test_the_same_axis_twice_is_a_sentence(exact: Bundle, sent: Sent) -> None:
    app = opened(model="exact-15d")
    app.session_state[state.PLANE] = "axes"
    app.run()
    app.selectbox(key=state.ACROSS).select(2).run()
    assert text.SAME_AXES.format(axis=2) in words(app)
    plane = Plane.principal(exact.records)
    np.testing.assert_allclose(sent[-1]["plane"]["basis"], plane.basis)
    assert sent[-1]["plane"]["labels"] == ["widest direction", "second widest"]


@pytest.mark.parametrize("point", ["0.5, -1.2", ", ".join("0" * 14), "0," * 15 + "nan", "x"])
def test_a_point_of_another_number_of_numbers_is_a_sentence(point: str) -> None:
    app = opened(model="exact-15d", point=point)
    shown = f"A point is 15 numbers with commas between; “{point[:40]}” is not."
    assert shown in words(app)
    assert "Pinned point" not in words(app)


def test_a_point_of_all_its_numbers_is_pinned(exact: Bundle) -> None:
    z = exact.records.mean[3].astype(float)
    app = opened(model="exact-15d", point=typed(z))
    assert not app.warning
    assert f"Decoded at {text.point(z)}." in words(app)
    assert f">{pretty(exact.autoencoder.decode([z])[0])}<" in words(app)


def test_other_coordinates_are_those_of_the_pin_if_they_are_asked_for(
    exact: Bundle, sent: Sent
) -> None:
    z = exact.records.mean[3].astype(float)
    plane = Plane.principal(exact.records)
    app = opened(model="exact-15d")
    app.selectbox(key=state.ANCHOR).select("pin").run()
    assert text.NO_PIN in words(app)
    middle = exact.records.mean.mean(axis=0, dtype=float)
    np.testing.assert_allclose(sent[-1]["plane"]["rest"], plane.rest(middle), atol=1e-6)
    app.text_input(key=state.POINT).input(typed(z)).run()
    assert text.NO_PIN not in words(app)
    np.testing.assert_allclose(sent[-1]["plane"]["rest"], plane.rest(z), atol=1e-5)
    # The pin decodes to itself at the very place where it is shown.
    lifted = np.array(sent[-1]["plane"]["rest"]) + plane.project([z])[0] @ plane.basis
    np.testing.assert_allclose(lifted, z, atol=1e-5)


def test_points_proposed_from_a_region_want_a_plane(exact: Bundle) -> None:
    app = opened(model="exact-15d", proposal="region")
    app.session_state[state.REGION] = SQUARE
    app.run()
    assert (
        "Rejection sampling: a region is drawn in the plane, but exact-15d has 15 latent "
        "dimensions; propose from box, prior or records." in words(app)
    )
    inside = in_polygon(Plane.principal(exact.records).project(exact.records.mean), SQUARE)
    assert f"Region: {inside.sum():,} of 12,000 records" in words(app)


def test_a_region_is_unwanted_only_where_it_was_drawn_on_the_first_two_axes(exact: Bundle) -> None:
    app = opened(model="exact-15d", unwanted="number < 3")
    app.checkbox(key=state.USE_REGION).check()
    app.session_state[state.REGION] = SQUARE
    app.run()
    assert f"Unwanted: {text.REGION_PLANE}." in words(app)
    app.session_state[state.PLANE] = "axes"
    app.run()
    assert not app.warning
    # A record in the square of z1 and z2 is unwanted now, whatever its number is.
    inside = in_polygon(exact.records.mean[:, :2], SQUARE)
    row = np.flatnonzero(inside & (exact.records.attribute("number") > 3))[0]
    app.text_input(key=state.POINT).input(typed(exact.records.mean[row])).run()
    assert "nearest unwanted" in words(app)
    plate = pretty(exact.records.codes[row])
    assert f'<td>nearest unwanted</td><td><span class="plate small unwanted">{plate}' in words(app)
    app.selectbox(key=state.UP).select(3).run()
    assert f"Unwanted: {text.REGION_PLANE}." not in words(app)  # other axes forget the region
    assert f"Unwanted: {text.NO_REGION}." in words(app)


def test_another_model_forgets_what_lay_in_the_space_of_the_one_before() -> None:
    app = opened(tab="Journeys", point="0.5, 0.3", from_="0.1, 0.2", to="AB12CDE")
    app.session_state[state.REGION] = SQUARE
    app.number_input(key=state.WANTED).set_value(3).run()
    for label in (text.DECODE_REGION.format(n=state.DECODE), text.HUNT, text.MAKE):
        next(one for one in app.button if one.label == label).click().run()
    made = (state.REGION, state.DECODED, state.RESULTS, state.HUNT)
    assert all(app.session_state[key] for key in made)
    app.selectbox(key=state.MODEL).select("exact-15d").run()
    assert not app.warning
    assert "Pinned point" not in words(app)
    assert "Region: " not in words(app)
    assert not any(key in app.session_state for key in made)
    assert app.text_input(key=state.POINT).value == ""
    assert app.text_input(key=state.FROM).value == ""
    assert app.text_input(key=state.TO).value == "AB12CDE"  # a reg lies somewhere in every model


def test_another_model_walks_an_axis_as_far_as_its_own_map_goes(exact: Bundle) -> None:
    app = opened(tab="Journeys", path="One axis")
    app.number_input(key=state.HIGH).set_value(90.0).run()
    app.selectbox(key=state.MODEL).select("exact-15d").run()
    reach = np.ceil(Plane.principal(exact.records).extent)
    assert app.number_input(key=state.HIGH).value == reach
    assert app.number_input(key=state.LOW).value == -reach


# --- journeys -------------------------------------------------------------------------------------


def rows(app: AppTest) -> list[tuple[str, ...]]:
    """A journey's table as it is read: step, reg, how sure, what is near."""
    tables = [one.proto.body for one in app.get("html") if " near</td>" in one.proto.body]
    header, *steps = [
        tuple(re.sub("<[^>]*>", "", cell) for cell in re.findall("<t[hd]>(.*?)</t", row))
        for row in re.findall("<tr>(.*?)</tr>", tables[-1])
    ]
    assert header == text.PATH_HEADER
    return steps


def assert_tells(app: AppTest, bundle: Bundle, z: np.ndarray) -> None:
    """The table is that of the steps z (s, k), each decoded and measured by itself."""
    shown = rows(app)
    within = np.sqrt(bundle.records.latent_dim / 2)
    mean, sigma = bundle.records.mean.astype(float), bundle.records.sigma.astype(float)
    assert len(shown) == len(z)
    for number, (row, at) in enumerate(zip(shown, z, strict=True), start=1):
        near = int((np.linalg.norm((at - mean) / sigma, axis=1) <= within).sum())
        sure = min(float(block.max()) for block in bundle.autoencoder.probabilities([at]))
        assert row == (
            f"{number}",
            pretty(bundle.autoencoder.decode([at])[0]),
            f"{sure:.0%}" if sure >= 0.02 else "&lt; 2%",
            f"{near:,} near" if near else "none near",
        )
    steps, different = len(z), len({row[1] for row in shown})
    met = sum(row[3] != "none near" for row in shown)
    assert f"**{different} different reg{'s' * (different > 1)} in {steps} steps**" in words(app)
    assert f"{met} of the steps have records within {within:.1f} σ" in words(app)


@pytest.mark.parametrize("model", ["notebook-2d", "exact-15d"])
def test_a_journey_between_two_regs_is_told_step_by_step(model: str, sent: Sent) -> None:
    bundle = regvae.load(model)
    app = opened(tab="Journeys", model=model, from_="YK66 BIQ", to="my33wsz", steps="9")
    start, end = bundle.autoencoder.encode(["YK66BIQ", "MY33WSZ"])[0].astype(float)
    z = start + np.linspace(0, 1, 9)[:, None] * (end - start)
    assert not app.warning
    assert_tells(app, bundle, z)
    records = bundle.records
    plane = Plane.principal(records) if records.latent_dim > 2 else Plane.axes(records, 1, 2)
    np.testing.assert_allclose(sent[-1]["layers"][["x", "y"]], plane.project(z), atol=1e-6)
    assert set(sent[-1]["layers"]["layer"]) == {"path"}
    opened(model=model, from_="YK66 BIQ", to="my33wsz", steps="9")
    assert sent[-1]["layers"].empty  # the tab is not open


def test_a_pin_may_be_set_for_a_journey_without_leaving_its_tab() -> None:
    app = opened(tab="Journeys")
    app.text_input(key=state.POINT).input("0.5, 0.3").run()
    assert app.session_state[state.TAB] == "Journeys"
    app.session_state[state.TAB] = "Results"
    app.text_input(key=state.POINT).input("0.5, 0.4").run()
    assert app.session_state[state.TAB] == "Read"


@pytest.mark.parametrize("steps", [5, 12, 60])
def test_a_journey_has_the_steps_that_are_asked_for(bundle: Bundle, steps: int) -> None:
    app = opened(tab="Journeys", from_="-1, 0.5", to="1.2, -0.3")
    app.slider(key=state.STEPS).set_value(steps).run()
    assert_tells(app, bundle, np.linspace([-1, 0.5], [1.2, -0.3], steps))


def test_a_journey_along_the_data_is_that_of_the_library(bundle: Bundle) -> None:
    app = opened(tab="Journeys", from_="-1, 0.5", to="AB12CDE", path="Along the data")
    graph = paths.NeighbourGraph(bundle.records.mean)
    end = bundle.autoencoder.encode(["AB12CDE"])[0][0].astype(float)
    assert_tells(app, bundle, paths.along_density([-1, 0.5], end, 12, graph))


def test_a_journey_that_goes_nowhere_is_told_too(bundle: Bundle) -> None:
    app = opened(tab="Journeys", from_="AB12CDE", to="ab12 cde", steps="7")
    at = bundle.autoencoder.encode(["AB12CDE"])[0].astype(float)
    assert_tells(app, bundle, np.repeat(at, 7, axis=0))
    assert "**1 different reg in 7 steps**" in words(app)


def test_one_axis_is_walked_from_the_pin_or_else_from_the_middle(exact: Bundle) -> None:
    app = opened(tab="Journeys", model="exact-15d", path="One axis")
    app.selectbox(key=state.AXIS).select(9).run()
    app.number_input(key=state.LOW).set_value(-1.5).run()
    app.number_input(key=state.HIGH).set_value(2.5).run()
    for start in (exact.records.mean.mean(axis=0, dtype=float), exact.records.mean[8]):
        z = np.tile(start.astype(float), (12, 1))
        z[:, 8] = np.linspace(-1.5, 2.5, 12)
        assert_tells(app, exact, z)
        app.text_input(key=state.POINT).input(
            ", ".join(f"{one:.9g}" for one in exact.records.mean[8])
        ).run()


def test_an_axis_walked_backwards_is_a_sentence() -> None:
    app = opened(tab="Journeys", path="One axis")
    app.number_input(key=state.LOW).set_value(5.0).run()
    app.number_input(key=state.HIGH).set_value(2.0).run()
    assert "a traversal wants low below high, but came with 5 and 2." in words(app)


def test_the_axis_of_a_model_of_many_dimensions_is_none_of_one_of_few() -> None:
    app = opened(tab="Journeys", model="exact-15d", path="One axis")
    app.selectbox(key=state.AXIS).select(9).run()
    app.selectbox(key=state.MODEL).select("ordered-2d").run()
    assert not app.exception
    assert app.selectbox(key=state.AXIS).options == ["z1", "z2"]
    assert app.selectbox(key=state.AXIS).value == 1


@pytest.mark.parametrize("model", ["notebook-2d", "exact-15d"])
@pytest.mark.parametrize("end", ["AB1", "1, 2, 3", "![x](http://e.invalid/a.png)", "1e39, 0"])
def test_an_end_that_is_no_place_is_a_sentence(model: str, end: str) -> None:
    app = opened(tab="Journeys", model=model, from_="AB12CDE", to=end)
    wanted = {"notebook-2d": "two numbers such as 0.5, -1.2", "exact-15d": "15 numbers with commas"}
    sentence = f"“{end}” is neither a reg such as AB12 CDE nor a point, which is {wanted[model]}"
    assert sentence in words(app)
    assert text.NO_PATH not in words(app)  # both are there
    assert all("![x]" not in warning.value for warning in app.warning)


def test_a_journey_wants_both_ends() -> None:
    app = opened(tab="Journeys", from_="AB12CDE")
    assert not app.warning
    assert text.NO_PATH in words(app)


def test_an_end_that_does_not_come_back_is_said_and_one_that_does_is_not(bundle: Bundle) -> None:
    came = [pretty(one) for one in bundle.autoencoder.decode(bundle.autoencoder.encode(ENDS)[0])]
    app = opened(tab="Journeys", from_=ENDS[0], to=ENDS[1])
    assert (
        f"AB12 CDE itself comes back as {came[0]}; XY87 ZZZ itself comes back as {came[1]}: "
        "this model does not keep all of a reg." in words(app)
    )
    assert "itself comes back" not in words(opened(tab="Journeys", from_="0.5, 0.3", to="1, 1"))
    app = opened(tab="Journeys", model="exact-15d", from_=ENDS[0], to="CD34EFG")
    assert "itself comes back" not in words(app)


def test_the_pin_can_be_either_end(bundle: Bundle) -> None:
    app = opened(tab="Journeys", point="0.5, 0.3", to="-1, -1")
    app.button(key=f"pin-{state.FROM}").click().run()
    assert app.text_input(key=state.FROM).value == "0.5, 0.3"
    assert_tells(app, bundle, np.linspace([0.5, 0.3], [-1, -1], 12))


def test_the_plates_that_are_unwanted_are_marked() -> None:
    app = opened(tab="Journeys", from_="-1, 0.5", to="1.2, -0.3", steps="30")
    table = [one.proto.body for one in app.get("html") if " near</td>" in one.proto.body][-1]
    marked = re.findall('class="plate small (unwanted)?">(....) ', table)
    assert len(marked) == 30
    assert [bool(kind) for kind, _ in marked] == [int(reg[2:]) < 50 for _, reg in marked]
    assert 0 < sum(bool(kind) for kind, _ in marked) < 30


# --- two models compared --------------------------------------------------------------------------


def lit(app: AppTest) -> list[tuple[int, int]]:
    """How many records each column says are lit up, and of how many."""
    found = re.findall(r"\*\*([\d,]+) of ([\d,]+) records\*\* are lit up", words(app))
    return [(int(n.replace(",", "")), int(of.replace(",", ""))) for n, of in found]


@pytest.mark.parametrize("rule", ["number < 10", "number < 10 and area == london", "number < 0"])
def test_a_rule_lights_up_the_same_regs_in_both(rule: str) -> None:
    app = opened("compare", right="dvla-2d")
    app.text_input(key=state.SELECT_RULE).input(rule).run()
    parts = predicates.parse_all([rule])
    expected = []
    for name in ("notebook-2d", "dvla-2d"):
        records = regvae.load(name).records
        hits = [all(part.mask(np.array([reg]))[0] for part in parts) for reg in records.codes[:900]]
        assert predicates.mask(parts, records.codes[:900]).tolist() == hits
        expected.append((int(predicates.mask(parts, records.codes).sum()), len(records)))
    assert lit(app) == expected
    assert text.BRUSH_HELP not in words(app)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("number <", "a rule is 'attribute op value'"),
        ("colour == red", "there is no attribute 'colour'"),
        ("area == atlantis", "area is never 'atlantis'"),
        ("area < london", "area has no order"),
        ("![x](http://e.invalid/a.png)", "a rule is 'attribute op value'"),
    ],
)
def test_a_senseless_rule_is_a_sentence(rule: str, sentence: str) -> None:
    app = opened("compare")
    app.text_input(key=state.SELECT_RULE).input(rule).run()
    assert sentence in words(app)
    assert lit(app) == []
    assert all("![x]" not in warning.value for warning in app.warning)


def test_a_brush_lights_up_its_regs_in_both(bundle: Bundle) -> None:
    app = opened("compare", right="exact-15d")
    other = regvae.load("exact-15d").records
    app.session_state[state.BRUSH] = ("left", SQUARE)
    app.run()
    inside = in_polygon(bundle.records.mean, SQUARE)
    assert lit(app) == [(inside.sum(), 12_000)] * 2
    # The other way about: the polygon lies in the plane that shows the model at the right.
    app.session_state[state.BRUSH] = ("right", SQUARE)
    app.run()
    inside = in_polygon(Plane.principal(other).project(other.mean), SQUARE)
    assert lit(app) == [(inside.sum(), 12_000)] * 2


def test_a_brush_lights_up_what_the_other_model_has_of_its_regs(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = shuffled_half(bundle)
    (tmp_path / "models").mkdir()
    bundles.save(half, tmp_path / "models" / "half")
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path))
    app = opened("compare", right="half")
    app.session_state[state.BRUSH] = ("left", SQUARE)
    app.run()
    inside = set(bundle.records.codes[in_polygon(bundle.records.mean, SQUARE)].tolist())
    both = inside & set(half.records.codes.tolist())
    assert 0 < len(both) < len(inside)
    assert lit(app) == [(len(inside), 12_000), (len(both), 6_000)]
    table = [one.proto.body for one in app.get("html") if "rebuilt whole" in one.proto.body][1]
    rows = [row for row, reg in enumerate(half.records.codes) if reg in both]
    true, mean = half.records.codes[rows], half.records.mean[rows]
    came = half.autoencoder.decode(mean)
    first = np.mean([a[0] == b[0] for a, b in zip(true, came, strict=True)])
    assert f"<td>first letter right</td><td>{first:.1%}</td>" in table


def test_what_becomes_of_the_lit_up_regs_is_counted() -> None:
    app = opened("compare")
    app.text_input(key=state.SELECT_RULE).input("number in 7, 8").run()
    tables = [one.proto.body for one in app.get("html") if "rebuilt whole" in one.proto.body]
    for name, table in zip(("notebook-2d", "ordered-2d"), tables, strict=True):
        model = regvae.load(name)
        chosen = [row for row, reg in enumerate(model.records.codes) if reg[2:4] in ("07", "08")]
        true = model.records.codes[chosen]
        came = model.autoencoder.decode(model.records.mean[chosen])
        right = [np.mean([a[i] == b[i] for a, b in zip(true, came, strict=True)]) for i in range(7)]
        assert f"<td>rebuilt whole</td><td>{np.mean(true == came):.1%}</td>" in table
        assert f"<td>{right[2]:.1%} and {right[3]:.1%}</td>" in table
        assert f"<td>first letter right</td><td>{right[0]:.1%}</td>" in table
        assert f'>{pretty(true[0])}</span> → <span class="plate small">' in words(app)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"value": {"side": "left", "polygon": SQUARE}}, ("left", SQUARE)),
        ({"value": {"side": "right", "polygon": SQUARE[:3]}}, ("right", SQUARE[:3])),
        ({"value": None}, (None, None)),
        ({"value": {"side": "middle", "polygon": SQUARE}}, (None, None)),
        ({"value": {"side": ["left"], "polygon": SQUARE}}, (None, None)),
        ({"value": {"side": "left"}}, (None, None)),
        ({"value": {"side": "left", "polygon": "rubbish"}}, (None, None)),
        ({"value": {"side": "left", "polygon": None}}, (None, None)),
        ({"value": {"side": "left", "polygon": SQUARE[:2]}}, (None, None)),
        ({"value": {"side": "left", "polygon": [["1", "2"]] * 3}}, (None, None)),
        ({"value": {"side": "left", "polygon": [[0, 0, 0]] * 3}}, (None, None)),
        ({"value": {"side": "left", "polygon": [[0, 0], [1, 0], [1, 1e308]]}}, (None, None)),
        ({"value": {"side": "left", "polygon": [[0, 0], [1, 0], [1, float("nan")]]}}, (None, None)),
        ({"value": {"side": "left", "polygon": [[0, 0], [1], [1, 2]]}}, (None, None)),
        ({"value": {"side": "left", "polygon": [[0, 0]] * 20_000}}, (None, None)),
        ({"value": [SQUARE]}, (None, None)),
        ({}, (None, None)),
        ("rubbish", (None, None)),
        (None, (None, None)),
    ],
)
def test_what_the_browser_says_was_brushed_is_checked(
    sent: Any, kept: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison.st, "session_state", {state.COMPARISON: {"brush": sent}})
    assert comparison._brush() == kept


def test_another_model_forgets_a_brush_in_its_map_and_keeps_one_in_the_other() -> None:
    app = opened("compare")
    app.session_state[state.BRUSH] = ("left", SQUARE)
    app.run()
    before = lit(app)
    app.selectbox(key=state.RIGHT).select("principled-2d").run()
    assert lit(app) == before
    app.selectbox(key=state.LEFT).select("exact-15d").run()
    assert lit(app) == []
    assert text.BRUSH_HELP in words(app)


def test_the_figures_of_both_are_those_of_the_report() -> None:
    names = ("notebook-2d", "notebook-15d")
    app = opened("compare", left=names[0], right=names[1])
    table = app.table[0].value
    for side, name in zip(("left", "right"), names, strict=True):
        column = table[f"{side}: {name}"]
        model = regvae.load(name)
        found, nats = accuracy(model), diagnosis.rate_distortion(model, "test")
        tens, units = found["by_position"][2:4]
        letters = [found["by_position"][i] for i in (0, 1, 4, 5, 6)]
        assert column["test regs rebuilt whole"] == f"{found['exact']:.1%}"
        assert column["digits right"] == f"{tens:.1%}, {units:.1%}"
        assert column["letters right, 1st to 5th"] == ", ".join(f"{one:.0%}" for one in letters)
        assert column["nats to tell a test reg: rate + distortion"] == (
            f"{nats.rate:.2f} + {nats.distortion:.2f} = {nats.rate + nats.distortion:.2f}"
        )
        assert column["latent dimensions"] == str(model.records.latent_dim)
        assert column["of them active"] == str(diagnosis.dimensions(model).active.sum())
        scale = calibration.calibrate(model).scale
        assert column["scale under which the sigmas are true"] == f"{scale:.2f}"
        training = model.preset.training
        assert column["likelihood"] == text.LIKELIHOODS[training.likelihood]
        assert column["noise"] == f"{training.noise:g}"
        assert column["beta"] == f"{training.beta:g}"
        assert f"seed {model.seed}" in column["training"]


def test_a_model_of_many_dimensions_says_what_part_is_compared(exact: Bundle) -> None:
    said = words(opened("compare", right="exact-15d"))
    share = Plane.principal(exact.records).share
    assert f"exact-15d: the widest view, {share:.0%} of the variance of its 15 latent" in said
    assert "notebook-2d: the widest view" not in said
