"""Two models beside each other have the same colours."""

import numpy as np

from dashboard.components.geometry import Geometry
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.model.bundle import Bundle
from tests.dashboard import part_of


def test_equal_values_have_equal_colours_in_two_models_beside_each_other(bundle: Bundle) -> None:
    bundle = part_of(bundle, np.arange(3000))
    some = part_of(bundle, np.flatnonzero(np.isin(bundle.records.attribute("tens")[:900], [6, 7])))
    pair = [Geometry.of(bundle, beside=some), Geometry.of(some, beside=bundle)]
    for name in ATTRIBUTES:
        columns = [one.records.set_index("reg")[name] for one in pair]
        np.testing.assert_array_equal(
            columns[0][some.records.codes], columns[1][some.records.codes]
        )
        legends = [next(one for one in side.attributes if one["name"] == name) for side in pair]
        for key in ("low", "high", "lowLabel", "highLabel"):
            assert legends[0].get(key) == legends[1].get(key)
        left, right = ([one["label"] for one in each.get("classes", [])] for each in legends)
        assert left == right
    assert Geometry.of(some).version != pair[1].version
