"""What the browser gets of a bundle: the same colours in two models, and its format."""

import json
from dataclasses import replace

import numpy as np

from dashboard.components.geometry import Geometry, format_for_browser
from regvae.formats import FORMATS, of_definition
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.model.bundle import Bundle
from tests.codes import bundle_of
from tests.dashboard import part_of


def test_equal_values_have_equal_colours_in_two_models_beside_each_other(bundle: Bundle) -> None:
    bundle = part_of(bundle, np.arange(3000))
    some = part_of(bundle, np.flatnonzero(np.isin(bundle.records.attribute("tens")[:900], [6, 7])))
    pair = [Geometry.of(bundle, beside=some), Geometry.of(some, beside=bundle)]
    for name in ATTRIBUTES:
        columns = [one.values[name].set_axis(one.records["code"]) for one in pair]
        np.testing.assert_array_equal(
            columns[0][some.records.codes], columns[1][some.records.codes]
        )
        legends = [next(one for one in side.attributes if one["name"] == name) for side in pair]
        for key in ("low", "high", "lowLabel", "highLabel"):
            assert legends[0].get(key) == legends[1].get(key)
        left, right = ([one["label"] for one in each.get("classes", [])] for each in legends)
        assert left == right
    assert Geometry.of(some).version != pair[1].version


def test_attributes_may_have_any_name() -> None:
    """Also that of what else is sent of a record."""
    number = {"kind": "number", "span": [1, 3]}
    words = {"name": "a", "noun": "tag", "plural": "tags", "example": "123"}
    named = {"code": number, "split": number, "z_1": number}
    bundle = bundle_of(of_definition({**words, "pattern": "[0-9]{3}", "attributes": named}))
    geometry = Geometry.of(bundle)
    np.testing.assert_array_equal(geometry.records["code"], bundle.records.codes)
    np.testing.assert_array_equal(geometry.records["split"], bundle.records.split)
    np.testing.assert_array_equal(geometry.records["z_1"], bundle.records.mean[:, 0])
    for name in named:
        np.testing.assert_array_equal(geometry.values[name], bundle.records.codes.astype(int))


def test_a_model_of_other_codes_beside_a_model_changes_nothing() -> None:
    postcodes, ibans = (bundle_of(FORMATS[name]) for name in ("uk-postcode", "gb-iban"))
    assert Geometry.of(postcodes, beside=ibans).version == Geometry.of(postcodes).version


def test_a_format_is_sent_as_json() -> None:
    for format in FORMATS.values():
        sent = format_for_browser(format)
        assert json.loads(json.dumps(sent)) == sent
    sent = format_for_browser(FORMATS["gb-iban"])
    assert sent["learned"] == [*range(4, 22)]
    assert sent["check"]["positions"] == [2, 3]
    assert not sent["movable"]


def test_another_way_to_show_codes_is_another_version() -> None:
    bundle = bundle_of(FORMATS["uk-postcode"])
    other = replace(bundle.format, noun="code")
    data = replace(bundle.preset.data, format=other)
    shown = replace(bundle, preset=replace(bundle.preset, data=data))
    assert Geometry.of(shown).version != Geometry.of(bundle).version
