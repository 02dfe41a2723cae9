"""Shadow models: other splits of the same codes, trained once, and resumed."""

from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from regvae.formats import FORMATS, UK_REGISTRATION, CodeTable
from regvae.formats.definition import of_definition
from regvae.model.bundle import NoRecordsError, load, save
from regvae.model.config import Data
from regvae.model.likelihood import nats_at_means
from regvae.model.release import release
from regvae.training import shadows as module
from regvae.training.checkpoint import TrainingError
from regvae.training.shadows import train_shadows
from regvae.training.trainer import Trainer, train
from tests.training.networks import EVERYTHING, OWN, SMALL

pytestmark = pytest.mark.training

TOY_OF_A_FILE = of_definition(
    {
        "name": "part",
        "noun": "part",
        "plural": "parts",
        "pattern": "[A-D][0-9]{2}[A-D]",
        "example": "A00B",
    }
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module", params=[SMALL, EVERYTHING], ids=["small", "everything"])
def trained(request, tmp_path_factory):
    return train(request.param, tmp_path_factory.mktemp("models") / "original")


class AtOnce:
    """An executor that works in this process, and fails from a number of tasks on."""

    def __init__(self, most=99):
        self.most, self.done = most, 0

    def submit(self, work, *arguments):
        if self.done == self.most:
            raise KeyboardInterrupt
        self.done += 1
        future = Future()
        future.set_result(work(*arguments))
        return future


def test_shadow_models_split_the_same_codes_as_the_original_does(trained):
    found = train_shadows(trained, 3, executor=AtOnce())
    sizes = trained.records.sizes()
    assert found.nats.shape == found.members.shape == (3, len(trained.records))
    assert (found.members.sum(axis=1) == sizes["train"]).all()
    assert (found.members[0] != found.members[1]).any()
    study = module._Study.of(trained)
    trainer = Trainer(*study.of_number(1), study.table)
    while not trainer.finished:
        trainer.run_epoch()
    codes, autoencoder = trained.records.codes, trainer.autoencoder()
    nats = nats_at_means(autoencoder, codes)
    np.testing.assert_allclose(found.nats[1], nats, rtol=1e-3, atol=1e-4)
    assert set(codes[found.members[1]]) == set(trainer.splits["train"])


def test_a_model_of_own_codes_is_not_its_own_shadow_model(tmp_path):
    preset = replace(SMALL, data=Data.of_own(OWN))  # with the seeds that everybody has
    original = train(preset, tmp_path / "original", own=OWN, seed=0)
    found = train_shadows(original, 8, executor=AtOnce())
    target = original.records.split == "train"
    assert not (found.members == target).all(axis=1).any()
    nats = nats_at_means(original.autoencoder, original.records.codes)
    assert (np.abs(found.nats - nats).max(axis=1) > 0.1).all()


def test_what_was_interrupted_goes_on_and_a_damaged_file_is_made_anew(trained, home):
    with pytest.raises(KeyboardInterrupt):
        train_shadows(trained, 3, executor=AtOnce(most=2))
    seen = []
    again = AtOnce()
    first = train_shadows(trained, 3, executor=again, on_done=seen.append)
    assert (again.done, seen) == (1, [2, 3])
    nothing = AtOnce()
    second = train_shadows(trained, 3, executor=nothing)
    assert nothing.done == 0
    assert np.array_equal(first.nats, second.nats)
    (path,) = home.glob("shadows/*/0001.safetensors")
    path.write_bytes(path.read_bytes()[:100])
    repaired = AtOnce()
    third = train_shadows(trained, 3, executor=repaired)
    assert repaired.done == 1
    np.testing.assert_allclose(third.nats, first.nats, rtol=1e-4)


def test_models_of_the_same_preset_and_codes_share_their_shadow_models(trained, tmp_path):
    train_shadows(trained, 2, executor=AtOnce())
    other = train(trained.preset, tmp_path / "other", seed=5)
    executor = AtOnce()
    train_shadows(other, 2, executor=executor)
    assert executor.done == 0


@pytest.mark.parametrize("format", [UK_REGISTRATION, FORMATS["vin"], TOY_OF_A_FILE])
def test_shadow_models_are_trained_in_processes_of_their_own(tmp_path, format):
    codes = np.unique(format.generate(200, rng=np.random.default_rng(3)))
    table = CodeTable(format, codes, pd.DataFrame({"price": np.arange(len(codes), dtype=float)}))
    preset = replace(SMALL, data=Data.of_own(table, format=format))
    original = train(preset, tmp_path / "original", own=table)
    found = train_shadows(original, 2)
    assert np.isfinite(found.nats).all()


@pytest.mark.parametrize("n", [0, -1, 1_025])
def test_another_number_of_shadow_models_is_refused(trained, n):
    with pytest.raises(ValueError, match=f"expected 1 to 1,024 shadow models, got {n:,}; change"):
        train_shadows(trained, n)


def test_a_release_is_refused(trained, tmp_path):
    save(trained, tmp_path / "original")
    released = load(release(tmp_path / "original", tmp_path / "released"))
    with pytest.raises(NoRecordsError, match="expected a bundle with its records to train shadow"):
        train_shadows(released, 2)


def test_an_error_in_a_process_is_a_sentence_and_ends_the_others(tmp_path, monkeypatch):
    original = train(SMALL, tmp_path / "original")
    monkeypatch.setattr(module.Preset, "to_dict", lambda _: {"name": "wrong"})
    with pytest.raises(TrainingError, match=r"expected a shadow model to be trained, got an error"):
        train_shadows(original, 2)
