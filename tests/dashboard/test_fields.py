"""What covers the map: painted points decoded one by one, measures of all dimensions."""

import math
from collections.abc import Iterable

import numpy as np
import pytest

from dashboard import state
from dashboard.components import fields
from dashboard.components.colouring import Colouring
from dashboard.components.fields import DensityLayer, PaintedLayer, SampleLayer
from regvae.evaluation.notebook import UNWANTED
from regvae.formats import FORMATS
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.latent.mixture import Mixture
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import RULES, OneSided, Rule, TwoSided
from regvae.rejection.samples import Samples
from tests.codes import bundle_of
from tests.dashboard.conftest import Models


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grids of few points, so that layers are quick."""
    monkeypatch.setattr(fields, "_GRID", 61)
    monkeypatch.setattr(fields, "_COARSE_GRID", 21)


def plane_of(bundle: Bundle) -> Plane:
    """The plane that the map shows by default."""
    records = bundle.records
    return Plane.principal(records) if records.latent_dim > 2 else Plane.axes(records, 1, 2)


def places(
    layer: PaintedLayer | SampleLayer | DensityLayer, rows: np.ndarray | list[int]
) -> np.ndarray:
    """Where grid points (n,) of a layer lie: x runs fastest, both go up from `low`."""
    at = np.array([[row % layer.grid.size, row // layer.grid.size] for row in rows])
    return layer.grid.low + layer.grid.step * at


# --- the painted map ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "name", "learned"),
    [
        ("gb-iban", "sort_code", range(4, 10)),  # after four letters; GB and check digits are not
        ("gb-iban", "first_letter", [0]),
        ("vin", "model_year", [8]),  # the ninth position has the check digit
        ("vin", "check_digit", range(16)),  # which all others decide
        ("uk-postcode", "second_letter", [1]),
    ],
)
def test_the_certainty_is_that_of_the_learned_characters_that_decide(
    format: str, name: str, learned: Iterable[int]
) -> None:
    bundle = bundle_of(FORMATS[format])
    plane, anchor = plane_of(bundle), np.zeros(3)
    colours = Colouring.of(bundle.format.attribute(name), bundle.records.codes)
    layer = PaintedLayer.of(bundle, colours, plane, anchor)
    z = plane.lift(places(layer, range(len(layer.table))), anchor)
    shares = [one.max(axis=1) for one in bundle.autoencoder.probabilities(z)]
    expected = np.prod([shares[index] for index in learned], axis=0)
    np.testing.assert_allclose(layer.table["certainty"], expected, atol=0.006)


@pytest.mark.parametrize("name", ["area", "number", "at_least_50", "period"])
@pytest.mark.parametrize("model", ["notebook-2d", "few"])
def test_every_point_is_painted_with_what_it_decodes_to(
    bundle: Bundle, models: Models, model: str, name: str
) -> None:
    bundle = models.few if model == "few" else bundle
    anchor = bundle.records.mean[17].astype(float)
    plane, attribute = plane_of(bundle), ATTRIBUTES[name]
    colours = Colouring.of(attribute, bundle.records.codes)
    layer = PaintedLayer.of(bundle, colours, plane, anchor)
    assert len(layer.table) == layer.grid.size**2
    rows = np.random.default_rng(2).integers(len(layer.table), size=25)
    for row, (x, y) in zip(rows, places(layer, rows), strict=True):
        z = plane.rest(anchor) + x * plane.basis[0] + y * plane.basis[1]
        code, certainty = "", 1.0
        for position, shares in enumerate(bundle.autoencoder.probabilities([z])):
            code += bundle.format.alphabets[position][int(shares[0].argmax())]
            certainty *= float(shares[0].max()) if position in attribute.positions else 1.0
        value = colours.values(np.array([code]))
        np.testing.assert_array_equal(layer.table["code"][row : row + 1], value)
        assert layer.table["certainty"][row] == pytest.approx(certainty, abs=0.0051)


def test_the_painting_reaches_beyond_the_map_on_all_sides(models: Models) -> None:
    plane = plane_of(models.few)
    colours = Colouring.of(ATTRIBUTES["tens"], models.few.records.codes)
    layer = PaintedLayer.of(models.few, colours, plane, plane.origin)
    (left, down), (right, up) = places(layer, [0, len(layer.table) - 1])
    assert left == down == pytest.approx(-right)
    assert up == right > 1.5 * plane.extent


def test_another_attribute_anchor_or_plane_is_another_version(models: Models) -> None:
    records = models.few.records
    principal, axes = Plane.principal(records), Plane.axes(records, 3, 1)
    first, second = records.mean[:2].astype(float)
    versions = [
        PaintedLayer.of(
            models.few, Colouring.of(ATTRIBUTES[name], records.codes), plane, anchor
        ).version
        for name, plane, anchor in (
            ("tens", principal, first),
            ("tens", principal, first),
            ("tens", principal, second),
            ("tens", axes, first),
            ("units", principal, first),
        )
    ]
    assert versions[0] == versions[1]
    assert len(set(versions)) == 4


# --- samples and zones ----------------------------------------------------------------------------


def layer_of(
    bundle: Bundle, rule: Rule, plane: Plane, anchor: np.ndarray
) -> tuple[SampleLayer, Samples, sampling.Measurer]:
    """The layer of 200 samples, with the samples and what measured them."""
    policy = Policy(bundle.name, UNWANTED, rule, proposals=200)
    measurer = sampling.make_measurer(bundle, policy)
    samples = sampling.sample(bundle, policy, measurer)
    layer = SampleLayer.of(rule, samples, measurer, None, plane=plane, anchor=anchor, box=3.0)
    return layer, samples, measurer


@pytest.mark.parametrize("name", RULES)
def test_the_zone_of_many_dimensions_is_measured_at_points_of_the_slice(
    models: Models, name: str
) -> None:
    records, rule = models.few.records, RULES[name]()
    plane, anchor = Plane.principal(records), records.mean[5].astype(float)
    layer, samples, measurer = layer_of(models.few, rule, plane, anchor)
    rows = np.random.default_rng(4).integers(len(layer.field), size=40)
    z = np.array(
        [
            plane.rest(anchor) + x * plane.basis[0] + y * plane.basis[1]
            for x, y in places(layer, rows)
        ]
    )
    measured = measurer.measure(rule, z)
    assert len(layer.field) == layer.grid.size**2
    assert layer.measures == [limit.measure for limit in rule.limits]
    for measure in layer.measures:
        np.testing.assert_allclose(
            layer.field[measure][rows], measured[measure], rtol=1e-4, atol=1e-6
        )
        np.testing.assert_array_equal(layer.samples[measure], samples.measures[measure])
    columns = [f"z_{axis}" for axis in range(1, 16)]
    np.testing.assert_array_equal(layer.samples[columns], samples.z)


def test_the_zone_is_a_distance_in_all_dimensions_not_in_the_two_that_are_shown(
    models: Models,
) -> None:
    records = models.few.records
    plane = Plane.axes(records, 1, 2)
    anchor = records.mean.mean(axis=0, dtype=np.float64)
    layer, _, _ = layer_of(models.few, OneSided(), plane, anchor)
    z = plane.lift(places(layer, [123]), anchor)[0]
    rows = np.flatnonzero(UNWANTED.of_records(records))
    mean, sigma = (part[rows].astype(float) for part in (records.mean, records.sigma))
    nearest = np.sqrt((((z - mean) / sigma) ** 2).sum(axis=1)).min()
    assert layer.field["to_unwanted"][123] == pytest.approx(nearest, rel=1e-5)


@pytest.mark.parametrize(("rule", "k"), [(OneSided(), 15), (TwoSided(), 15), (OneSided(), 2)])
def test_tails_are_those_of_chi_square_with_a_degree_for_each_dimension(
    models: Models, bundle: Bundle, rule: Rule, k: int
) -> None:
    of = models.few if k == 15 else bundle
    layer, _, _ = layer_of(of, rule, Plane.axes(of.records, 1, 2), of.records.mean[0])
    slider = state.PARAMETERS["threshold" if rule.name == "one-sided" else "support"]
    assert len(layer.tails) == round(slider.maximum / slider.step) + 1
    for row in (0, 1, 100, 250, 400):
        t = row * slider.step
        # Chi-square's upper tail in closed form: a sum of Poisson's terms, in steps of 1; with an
        # odd number of degrees it starts from the normal's two tails instead of from one term.
        half = t * t / 2
        tail = math.erfc(math.sqrt(half)) if k % 2 else 0.0
        for i in range(k // 2):
            power = i + (k % 2) / 2
            tail += math.exp(-half) * half**power / math.gamma(power + 1)
        assert layer.tails["tail"][row] == pytest.approx(tail, rel=1e-9)


def test_the_box_of_proposals_is_drawn_only_where_it_is_a_square(models: Models) -> None:
    records = models.few.records
    anchor = records.mean[0].astype(float)
    square, _, _ = layer_of(models.few, OneSided(), Plane.axes(records, 4, 2), anchor)
    tilted, _, _ = layer_of(models.few, OneSided(), Plane.principal(records), anchor)
    assert (square.box, tilted.box) == (3.0, None)


# --- density --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["notebook-2d", "few"])
def test_density_has_the_rank_of_every_point_of_the_slice(
    bundle: Bundle, models: Models, model: str
) -> None:
    records = (models.few if model == "few" else bundle).records
    plane, anchor = plane_of(models.few if model == "few" else bundle), records.mean[17]
    layer = DensityLayer.of(records, plane, anchor)
    assert len(layer.table) == layer.grid.size**2
    rows = [*np.random.default_rng(6).integers(len(layer.table), size=5), len(layer.table) // 2]
    at = plane.lift(places(layer, rows), anchor)
    mixture = Mixture(records.mean, records.sigma, np.ones(len(records), bool))
    at_means = mixture.query(records.mean)[0]
    expected = [(at_means < one).mean() for one in mixture.query(at)[0]]
    np.testing.assert_allclose(layer.table["rank"][rows], expected, atol=0.00051)
    assert layer.table["rank"].max() > 0.3
