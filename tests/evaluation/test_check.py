"""The check of a bundle: its records and accuracies are those of its weights and data."""

import dataclasses

import numpy as np
import pytest

from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.check import check
from regvae.formats import FORMATS, SPLITS
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.records import Records
from regvae.model.store import HISTORY, MANIFEST, RECORDS, WEIGHTS, BundleError
from tests.codes import TOY, random_bundle, toy_bundle

TINY = Preset(
    "tiny",
    Network(3, encoder=(6,), decoder=(5, 4)),
    Data(seed=1, sizes=(40, 10, 5)),
    Training((Phase(0.1, 1),), batch_size=4),
)


def measured(bundle: Bundle) -> Bundle:
    """The bundle with its accuracies as metrics."""
    shares = [accuracy(bundle, split=split) for split in SPLITS]
    return dataclasses.replace(bundle, metrics={"accuracy": shares})


@pytest.fixture(scope="module")
def tiny() -> Bundle:
    """A bundle with random weights and its accuracies."""
    return measured(random_bundle(TINY))


def with_records(bundle: Bundle, **changed: np.ndarray) -> Bundle:
    """The bundle with other arrays of records."""
    fields = {name: getattr(bundle.records, name) for name in ("codes", "split", "mean", "sigma")}
    records = Records(**fields | changed, format=bundle.format)
    return dataclasses.replace(bundle, records=records)


def assert_refused(bundle: Bundle, folder, name: str, words: str) -> None:
    """The saved bundle can be loaded, but its check fails with these words and names the file."""
    path = bundles.save(bundle, folder / "b")
    bundles.load(path)
    with pytest.raises(BundleError, match=words) as caught:
        check(path)
    assert str(path / name) in str(caught.value)


def test_a_bundle_of_its_own_weights_data_and_accuracies_passes(tiny, tmp_path):
    loaded = check(bundles.save(tiny, str(tmp_path / "b")))
    assert loaded.records.codes.tolist() == tiny.records.codes.tolist()
    assert loaded.metrics == tiny.metrics


def test_a_bundle_of_own_data_in_another_format_passes(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "toy", TOY)
    path = bundles.save(measured(toy_bundle()), tmp_path / "b")
    assert len(check(path).records) == 160


def test_other_accuracies_are_refused(tiny, tmp_path):
    without = dataclasses.replace(tiny, metrics={})
    assert_refused(without, tmp_path, MANIFEST, "the accuracies that the weights give")


@pytest.mark.parametrize("part", ["mean", "sigma"])
def test_one_record_that_the_weights_do_not_encode_is_refused(tiny, tmp_path, part):
    changed = getattr(tiny.records, part).copy()
    changed[7, 1] += 0.01 + 0.01 * abs(changed[7, 1])
    wrong = with_records(tiny, **{part: changed})
    assert_refused(wrong, tmp_path, RECORDS, f"the {part}s that the weights encode")


def test_differences_of_rounding_pass(tiny, tmp_path):
    rounded = with_records(tiny, mean=tiny.records.mean + np.float32(1e-6))
    assert len(check(bundles.save(rounded, tmp_path / "b")).records) == 55


def test_other_weights_than_those_of_the_records_are_refused(tiny, tmp_path):
    weights = {**tiny.weights, "encoder.0.kernel": tiny.weights["encoder.0.kernel"] * 1.01}
    other = dataclasses.replace(tiny, weights=weights)
    assert_refused(other, tmp_path, RECORDS, "s that the weights encode")


def test_other_data_than_the_seed_draws_are_refused(tiny, tmp_path):
    order = [1, 0, *range(2, 55)]
    names = ("codes", "split", "mean", "sigma")
    swapped = {name: getattr(tiny.records, name)[order] for name in names}
    fewer = {name: getattr(tiny.records, name)[:-1] for name in names}
    for i, arrays in enumerate((swapped, fewer)):
        (tmp_path / str(i)).mkdir()
        words = "the codes that the preset's data seed draws"
        assert_refused(with_records(tiny, **arrays), tmp_path / str(i), RECORDS, words)


def test_another_data_seed_is_refused(tiny, tmp_path):
    preset = dataclasses.replace(TINY, data=Data(seed=2, sizes=(40, 10, 5)))
    other = dataclasses.replace(tiny, preset=preset)
    assert_refused(other, tmp_path, RECORDS, "the codes that the preset's data seed draws")


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
def test_damage_that_loading_finds_is_refused(tiny, tmp_path, name):
    path = bundles.save(tiny, tmp_path / "b")
    (path / name).unlink()
    with pytest.raises(BundleError, match=name):
        check(path)
