"""The check of a bundle whose parts are from different bundles, and of another format."""

import dataclasses

import pytest

from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.check import check
from regvae.formats import FORMATS, SPLITS
from regvae.model import bundle as bundles
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.store import HISTORY, RECORDS, WEIGHTS, BundleError
from tests.codes import TOY, random_bundle, random_weights, toy_bundle

TINY = Preset(
    "tiny",
    Network(3, encoder=(6,), decoder=(5, 4)),
    Data(seed=1, sizes=(40, 10, 5)),
    Training((Phase(0.1, 1),), batch_size=4),
)


@pytest.fixture(scope="module")
def tiny():
    """A bundle with random weights."""
    return random_bundle(TINY)


def assert_refused(bundle, folder, words):
    """The saved bundle loads, but its check fails with these words and names the records."""
    path = bundles.save(bundle, folder / "b")
    bundles.load(path)
    with pytest.raises(BundleError, match=words) as caught:
        check(path)
    assert str(path / RECORDS) in str(caught.value)


def test_a_bundle_of_another_format_passes(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "toy", TOY)
    toy = toy_bundle()
    shares = [accuracy(toy, split=split) for split in SPLITS]
    measured = dataclasses.replace(toy, metrics={"accuracy": shares})
    assert len(check(bundles.save(measured, tmp_path / "b")).records) == 160


def test_weights_of_another_bundle_are_refused(tiny, tmp_path):
    other = dataclasses.replace(tiny, weights=random_weights(TINY, seed=6))
    assert_refused(other, tmp_path, "s that the weights encode")


def test_the_data_seed_of_another_bundle_is_refused(tiny, tmp_path):
    preset = dataclasses.replace(TINY, data=Data(seed=2, sizes=(40, 10, 5)))
    other = dataclasses.replace(tiny, preset=preset)
    assert_refused(other, tmp_path, "the codes that the preset's data seed draws")


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
def test_damage_that_loading_finds_is_refused(tiny, tmp_path, name):
    path = bundles.save(tiny, tmp_path / "b")
    (path / name).unlink()
    with pytest.raises(BundleError, match=name):
        check(path)
