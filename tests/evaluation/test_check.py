"""The check of a bundle: each part altered on its own, with all hashes right."""

import dataclasses

import numpy as np
import pytest

from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.check import check
from regvae.formats import SPLITS, UK_REGISTRATION, uk_registration
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.model.config import Data
from regvae.model.store import MANIFEST, RECORDS, BundleError
from tests.evaluation.models import random_bundle


def measured(bundle):
    """The same bundle with its accuracies among the metrics."""
    shares = [accuracy(bundle, split=split) for split in SPLITS]
    return dataclasses.replace(bundle, metrics={"accuracy": shares})


@pytest.fixture(scope="module")
def good():
    """A bundle that passes."""
    return measured(random_bundle(2))


def with_records(bundle, **parts):
    return dataclasses.replace(bundle, records=dataclasses.replace(bundle.records, **parts))


def changed(array, row, value):
    array = array.copy()
    array[row] = value
    return array


def refused(bundle, folder, file, *words):
    path = bundles.save(bundle, folder / "altered")
    bundles.load(path)  # its hashes are right
    with pytest.raises(BundleError) as caught:
        check(path)
    assert str(caught.value).startswith(f"{path / file}: expected ")
    assert all(word in str(caught.value) for word in words)


def test_a_good_bundle_passes(good, tmp_path):
    checked = check(bundles.save(good, tmp_path / "good"))
    np.testing.assert_array_equal(checked.records.mean, good.records.mean)
    assert checked.metrics == good.metrics


def test_a_shipped_bundle_passes(bundle):
    assert check("notebook-2d").sha256 == bundle.sha256


def test_a_bundle_of_own_codes_passes_with_its_own_records(good, tmp_path):
    own = uk_registration.generate(150, rng=np.random.default_rng(5))
    preset = dataclasses.replace(good.preset, data=Data.of_own(own))
    bundle = Bundle.assemble(preset, 0, good.weights, good.history, own=own)
    assert check(bundles.save(measured(bundle), tmp_path / "own")).records.format == UK_REGISTRATION


def test_rounding_of_another_machine_passes(good, tmp_path):
    almost = with_records(good, mean=good.records.mean + np.float32(1e-6))
    check(bundles.save(almost, tmp_path / "almost"))


@pytest.mark.parametrize("part", ["mean", "sigma"])
def test_a_gaussian_that_the_weights_do_not_encode_is_refused(good, tmp_path, part):
    values = getattr(good.records, part)
    altered = with_records(good, **{part: changed(values, (7, 1), values[7, 1] + 0.01)})
    refused(altered, tmp_path, RECORDS, f"{part}s that the weights encode")


@pytest.mark.parametrize("rows", [[1, 0], [0]], ids=["two swapped", "one missing"])
def test_codes_that_the_data_seed_does_not_draw_are_refused(good, tmp_path, rows):
    order = [*rows, *range(2, len(good.records))]
    names = ("codes", "split", "mean", "sigma")
    altered = with_records(good, **{name: getattr(good.records, name)[order] for name in names})
    refused(altered, tmp_path, RECORDS, "the codes that the preset's data seed draws")


def test_accuracies_that_the_weights_do_not_give_are_refused(good, tmp_path):
    train, *others = good.metrics["accuracy"]
    wrong = [
        [],
        others,
        [train | {"exact": train["exact"] + 0.1}, *others],
        [train | {"by_position": [*train["by_position"][:6], 0.9]}, *others],
        [train | {"n": 299}, *others],
    ]
    for number, accuracies in enumerate(wrong):
        folder = tmp_path / str(number)
        folder.mkdir()
        altered = dataclasses.replace(good, metrics={"accuracy": accuracies})
        refused(altered, folder, MANIFEST, "accuracies that the weights give")
