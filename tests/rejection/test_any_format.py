"""Rejection in formats with empty positions, constants, check characters and exclusions."""

import numpy as np
import pytest

from regvae.formats import FORMATS
from regvae.formats.definition import of_definition
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.predicates import mask, positions
from regvae.rejection import sampling
from regvae.rejection.decision_regions import DecisionRegions
from regvae.rejection.margins import Margins
from regvae.rejection.policy import DRAWN, LIKELIEST, Policy
from regvae.rejection.proposals import Box
from regvae.rejection.rules import Certified
from regvae.rejection.unwanted import Unwanted
from tests.codes import random_bundle

MOVING = of_definition(
    {
        "name": "moving",
        "noun": "tag",
        "plural": "tags",
        "pattern": "[0-9]{2}X-[AB]{1,3}",
        "example": "12X-AB",
        "attributes": {
            "number": {"kind": "number", "span": [1, 2]},
            "last": {"kind": "character", "position": 6},
        },
    }
)
CHECKED = of_definition(
    {
        "name": "checked",
        "noun": "tag",
        "plural": "tags",
        "pattern": "[0-9]{4}",
        "example": "1818",
        "check": {"kind": "luhn"},
        "excluded": {"1": ["00", "31", "7"]},
        "attributes": {
            "number": {"kind": "number", "span": [1, 2]},
            "check_digit": {"kind": "number", "span": [4, 4]},
        },
    }
)
PREDICATES = [
    (MOVING, "number >= 50", (0,)),
    (MOVING, "last == none", (4, 5)),
    (CHECKED, "number < 60", (0,)),
    (CHECKED, "check_digit >= 5", (0, 1, 2)),
]
EACH = pytest.mark.parametrize(
    ("format", "predicate"), [one[:2] for one in PREDICATES], ids=lambda one: str(one)[:20]
)


def bundle_of(format, k=2):
    """A bundle with random weights, of generated codes of a format."""
    own = np.unique(format.generate(300, rng=np.random.default_rng(1)))
    network = Network(k, encoder=(12,), decoder=(16,))
    training = Training((Phase(0.1, 2),), likelihood="categorical")
    preset = Preset("any", network, Data.of_own(own, format=format), training)
    return random_bundle(preset, own=own, seed=3)


def every_choice(bundle):
    """All choices of a character at each learned position, (c, b), and the codes that they are."""
    onehot = bundle.autoencoder.onehot
    shape = [len(block.alphabet) for block in onehot.blocks]
    places = np.indices(shape).reshape(len(shape), -1).T
    return places, onehot.codes(places)


@pytest.mark.parametrize(("format", "predicate", "expected"), PREDICATES)
def test_a_predicate_depends_on_the_learned_positions_that_can_change_it(
    format, predicate, expected
):
    unwanted = Unwanted.of([predicate], format=format)
    assert positions(unwanted.predicates, format) == expected


@EACH
def test_margins_are_those_of_all_choices_of_characters(format, predicate):
    bundle = bundle_of(format)
    unwanted = Unwanted.of([predicate], format=format)
    z = np.random.default_rng(2).normal(size=(60, 2)) * 2
    places, codes = every_choice(bundle)
    refused = mask(unwanted.predicates, codes, format)
    log_p = sum(
        block[:, places[:, index]]
        for index, block in enumerate(bundle.autoencoder.log_probabilities(z))
    )
    expected = log_p[:, ~refused].max(axis=1) - log_p[:, refused].max(axis=1)
    decoded = bundle.autoencoder.decode(z)
    found = Margins(bundle, unwanted).of(z, decoded)
    judged = np.isfinite(found)
    np.testing.assert_allclose(found[judged], expected[judged], atol=1e-4)
    allowed = format.permits(decoded) & ~bundle.records.contains(decoded)
    assert (judged | (expected < 0) | ~allowed).all()


@EACH
def test_regions_are_told_apart_by_what_they_decode_to(format, predicate):
    bundle = bundle_of(format)
    found = DecisionRegions.of(bundle, Unwanted.of([predicate], format=format))
    z = np.random.default_rng(3).uniform(-3, 3, (4_000, 2))
    decoded = bundle.autoencoder.decode(z)
    unwanted = Unwanted.of([predicate], format=format).of_codes(decoded, bundle)
    assert found.share_wanted == pytest.approx(1 - unwanted.mean(), abs=0.03)
    assert found.areas.sum() == pytest.approx(36, abs=1e-8)


@pytest.mark.parametrize("decode", [LIKELIEST, DRAWN])
@pytest.mark.parametrize(
    ("format", "predicate"), [one[:2] for one in PREDICATES], ids=lambda one: str(one)[:20]
)
def test_all_that_certified_accepts_is_permitted_wanted_and_no_record(format, predicate, decode):
    bundle = bundle_of(format)
    unwanted = Unwanted.of([predicate], format=format)
    rule = Certified(0.0, 0.0)
    policy = Policy("any", unwanted, rule, Box(3.0), 3_000, repeats=True, decode=decode)
    accepted = [block.accepted for block in sampling.stream(bundle, policy)]
    codes = np.concatenate([one.codes for one in accepted])
    assert len(codes) > 0
    assert format.permits(codes).all()
    assert format.match(codes)[0].tolist() == codes.tolist()
    assert not mask(unwanted.predicates, codes, format).any()
    assert not bundle.records.contains(codes).any()


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda one: one.name)
def test_what_a_model_of_a_built_in_format_decodes_is_normalised_with_its_check_characters(format):
    bundle = bundle_of(format, k=4)
    codes = bundle.autoencoder.decode(np.random.default_rng(4).normal(size=(2_000, 4)) * 3)
    some = codes[format.permits(codes)]
    assert len(some) > 100
    assert format.match([format.shown(code) for code in some.tolist()])[0].tolist() == some.tolist()


def test_what_is_excluded_is_unwanted_though_no_predicate_says_so():
    bundle = bundle_of(CHECKED)
    codes = CHECKED.completed(CHECKED.array(["0010", "3150", "7120", "1810"]))
    unwanted = Unwanted.of(["number > 90"], format=CHECKED)
    assert unwanted.of_codes(codes, bundle).tolist() == [True, True, True, False]
